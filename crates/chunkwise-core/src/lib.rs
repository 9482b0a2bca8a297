//! The vocabulary that every other crate of chunkwise speaks.
//!
//! - [`DType`], [`Element`], [`Scalar`]: what an element is, and the promotion rules.
//! - [`Region`], [`Grid`], [`IndexMap`]: which elements, how an index space is cut into chunks, and views.
//! - [`Buffer`], [`Pool`]: aligned bytes with exact accounting.
//! - [`Chunk`], [`View`], [`ViewMut`], [`Canvas`]: N-dimensional data over those bytes.
//! - [`Source`], [`Sink`]: where arrays come from and go to.
//! - [`Error`]: one enum for everything that can go wrong.
//!
//! Nothing here knows about operations, plans or threads.

mod buffer;
mod bytes;
mod canvas;
mod chunk;
mod dispatch;
mod dtype;
mod element;
mod error;
mod grid;
mod index_map;
mod region;
mod regroup;
mod scalar;
mod shape;
mod source;
mod strided;
mod view;

pub use buffer::{Buffer, Pool};
pub use bytes::{format_bytes, format_count, parse_bytes};
pub use canvas::Canvas;
pub use chunk::Chunk;
pub use dtype::{DType, Kind};
pub use element::Element;
pub use error::{Error, Location, Result};
pub use grid::{AxisGrid, Chunks, Grid};
pub use index_map::{AxisIndex, IndexMap};
pub use region::Region;
pub use regroup::AxisGroup;
pub use scalar::Scalar;
pub use shape::{
    Dims, Strides, broadcast_shapes, c_strides, element_count, normalize_axes, normalize_axis,
};
pub use source::{Elsewhere, Sink, Source, SourceId};
pub use view::{View, ViewMut};

/// Complex numbers, from the `num-complex` crate.
pub use num_complex::{Complex, Complex32, Complex64};
