//! Where arrays come from and go to: one folder or file per format, each a
//! [`Source`](chunkwise_core::Source) or a [`Sink`](chunkwise_core::Sink).
//!
//! - [`npy`]: NumPy's `.npy` files.
//! - [`npz`]: NumPy's `.npz` files.
//! - [`raw`]: elements without a header.
//! - [`MemorySource`], [`FunctionSource`]: arrays that are no file.
//! - [`ScratchDir`]: chunks that wait on disk for their next use.
//! - [`PieceWriter`], [`PieceFile`]: what one process has for each of many others.
//! - [`conformance`]: the script that every source and sink passes.
//!
//! Nothing here knows about tasks: a call moves one region.
#![forbid(unsafe_code)]

mod blocks;
pub mod conformance;
mod flat;
mod function;
mod identity;
mod memory;
pub mod npy;
pub mod npz;
mod pieces;
mod positioned;
pub mod raw;
mod replacement;
mod scratch;
mod staging;

pub use function::FunctionSource;
pub use memory::MemorySource;
pub use npy::{NpySink, NpySource, write_npy};
pub use npz::{Npz, NpzSink, NpzSource};
pub use pieces::{PieceFile, PieceWriter};
pub use raw::{RawLayout, RawSink, RawSource};
pub use scratch::{ScratchDir, ScratchFile};
