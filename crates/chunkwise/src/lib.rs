//! Lazy chunked arrays with NumPy's semantics, larger than memory.
//!
//! An [`Array`] describes what to compute: making one checks shapes, dtypes and axes, and costs about
//! a microsecond however large the array is.
//!
//! ```
//! use chunkwise::{Axes, Random};
//! let x = Random::new(42).normal(10.0, 0.1, [10_000, 10_000], 1000)?;
//! let scaled = (&x - x.mean(0)?) / x.std(0, 0.0)?;
//! let first = scaled.sum(Axes::from(1).keepdims())?.get_str("0:100")?;
//! assert_eq!(first.to_string(), "Array<float64 (100, 1) chunks (100, 1), 800 B>");
//! # Ok::<_, chunkwise::Error>(())
//! ```
//!
//! Where things are:
//! - [`Array`]: the handle, its operators, and what a failed array is.
//! - Making arrays: `zeros`, `arange`, `linspace`, `eye`, `from_ndarray`, `from_function`, ... of
//!   [`Array`]; [`meshgrid`]; [`Random`].
//! - Elementwise: `exp`, `add`, `clip`, `isclose`, ... of [`Array`]; [`where_`]; [`Operand`].
//! - Reductions and cumulative sums: `mean`, `argmax`, `topk`, `cumsum`, ... of [`Array`]; [`Axes`].
//! - Indexing: [`Array::get`] with [`s!`], [`Array::take`], [`Array::mask`], [`Array::index_advanced`].
//! - Shapes: `reshape`, `transpose`, `roll`, [`Array::pad`], `repeat`, `rechunk`, ... of [`Array`];
//!   [`concatenate`], [`stack`], [`broadcast_arrays`].
//! - Products: [`Array::matmul`], [`Array::tensordot`], [`einsum`], [`multi_dot`].
//! - Linear algebra: `qr`, `svd`, `svd_compressed`, `eigh`, `cholesky`, `lu`, `solve`, `lstsq`, `inv`,
//!   `det`, `norm`, `matrix_rank`, `pinv`, ... of [`Array`].
//! - Fourier transforms: [`fft`].
//! - Functions of your own on chunks: [`map_blocks`], [`Array::map_blocks`], [`Array::map_overlap`];
//!   on the last axes, with several results: [`apply_gufunc`].
//! - Functions of any kind as tasks: [`delayed`](fn@delayed), [`join`], [`gather`], [`Delayed`];
//!   [`Array::to_delayed`], [`Array::from_delayed`].
//! - Running: [`Array::compute`], [`Array::persist`], [`Array::to_npy`], [`Array::explain`];
//!   [`compute`]; [`Session`] for threads, the memory limit, cancelling and events.
//! - Plans that run in several processes: [`cluster`]; a client of Dask's clusters: `distributed`, behind a feature.
//! - Files and stores of every known format, copies between them: [`formats`].
//! - Expressions as bytes: [`wire`].
//! - Results as `ndarray` arrays: [`IntoNdarray`], [`chunk_from_ndarray`].
#![forbid(unsafe_code)]

mod advanced;
mod array;
mod assign;
mod axes;
mod axes_order;
mod blocks;
pub mod cluster;
mod compute;
mod creation;
mod data;
mod delayed;
#[cfg(feature = "distributed")]
pub mod distributed;
mod einsum;
mod elementwise;
pub mod fft;
pub mod formats;
mod gufunc;
mod indexing;
mod joining;
mod linalg;
mod masked;
mod nonzero;
mod operand;
mod ops;
mod order;
mod padding;
mod random;
mod reductions;
mod reshaping;
mod result;
mod scans;
mod session;
mod shape;
pub mod wire;
mod zarr;

pub use advanced::Part;
pub use array::Array;
pub use axes::Axes;
pub use axes_order::broadcast_arrays;
pub use blocks::{Blocks, Boundary, Overlap, map_blocks};
pub use compute::compute;
pub use creation::meshgrid;
pub use delayed::{Delayed, delayed, gather, join, try_delayed};
pub use einsum::einsum;
pub use elementwise::{Limit, apply, where_};
pub use gufunc::{Gufunc, GufuncOutput, GufuncTask, apply_gufunc};
#[doc(hidden)]
pub use indexing::stepped;
pub use joining::{concatenate, dstack, hstack, stack, vstack};
pub use linalg::{Contracted, Norm, QrMode, SvdCompressed, compression_level, multi_dot};
pub use nonzero::select;
pub use operand::Operand;
pub use order::{Bins, Method, Side, Unique};
pub use padding::Pad;
pub use random::Random;
pub use result::{IntoChunk, IntoNdarray, TypedChunk, chunk_from_ndarray};
pub use session::Session;
pub use shape::{NewShape, Shape};

pub use chunkwise_core::Sink;
pub use chunkwise_core::{
    Chunk, Chunks, Complex32, Complex64, DType, Element, Error, Grid, Location, Region, Result,
    Scalar, Source, ViewMut,
};
pub use chunkwise_diagnostics as diagnostics;
pub use chunkwise_exec::graph;
pub use chunkwise_exec::{CancelToken, Event, Subscriber, Target, is_quick};
pub use chunkwise_expr::{
    Call, CallFunction, CallInput, CallOutput, CallTask, Expr, Follow, Index,
};
pub use chunkwise_kernels::elementwise::{FUNCTIONS, Function};
pub use chunkwise_kernels::random::Generator;
pub use chunkwise_kernels::reduce::{REDUCTIONS, Reduction};
pub use chunkwise_kernels::scan::{SCANS, Scan};
#[cfg(feature = "parquet")]
pub use chunkwise_parquet::{ParquetColumn, ParquetFile};
pub use chunkwise_plan::Plan;
pub use chunkwise_storage::{
    FunctionSource, MemorySource, NpySource, Npz, NpzSink, NpzSource, RawLayout, RawSink,
    RawSource, npy,
};
/// Arrays in Zarr stores: how they are found, opened and laid out.
pub use chunkwise_zarr as zarr_store;
pub use chunkwise_zarr::{
    Compressor, Layout, Location as StoreLocation, ZarrArray, ZarrSink, ZarrSource,
};

/// The README's example compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
