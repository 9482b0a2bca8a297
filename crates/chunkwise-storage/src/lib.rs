//! Where arrays come from and go to: one folder or file per format, each a
//! [`Source`](chunkwise_core::Source) or a [`Sink`](chunkwise_core::Sink).
//!
//! - [`npy`]: NumPy's `.npy` files.
//! - [`MemorySource`], [`FunctionSource`]: arrays that are no file.
//! - [`ScratchDir`]: chunks that wait on disk for their next use.
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
mod positioned;
mod replacement;
mod scratch;
mod staging;

pub use function::FunctionSource;
pub use memory::MemorySource;
pub use npy::{NpySink, NpySource, write_npy};
pub use scratch::{ScratchDir, ScratchFile};
