//! The tile interpreter: runs a fused chain of operations over a region, tile by tile in cache.
//!
//! A [`Program`] is a list of operations on values. [`run`] walks the region in tiles of at most
//! [`TILE`] elements: each leaf is loaded (in place where it lies dense in memory, gathered where it
//! does not, generated where it is random), each operation is one call of a vectorised kernel over
//! the tile, and the outputs are stored or accumulated. Slices, steps, transposes and broadcasts are
//! strides of the leaves, so they cost no pass of their own.

mod layout;
mod peephole;
mod program;
mod run;
mod scratch;
mod state;

pub use program::{Program, Value};
pub use run::{Accumulator, Leaf, Output, run};
pub use scratch::Scratch;
pub use state::State;

/// Elements of a tile. Short enough that the memory's own prefetching reaches from one tile into the
/// next while kernels work in the first-level cache; long enough that calling them costs little.
pub const TILE: usize = 512;
