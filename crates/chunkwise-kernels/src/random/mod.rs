//! Counter-based random numbers: every value is a pure function of (seed, stream, distribution, element
//! index), so any slice, chunking, thread count and machine gives the same ones.
//!
//! The mapping from index to value is a stable format, version 1, written down in `docs/random.md`:
//! values do not change between releases.

mod ars;
mod bits;
mod counts;
mod exponential;
mod integers;
mod math;
mod normal;
mod permutation;
mod philox;
mod sampler;
mod spec;
mod table;
#[cfg(test)]
mod tests;
mod uniform;
pub(crate) mod variates;

pub use sampler::Sampler;
pub use spec::{Distribution, Generator, RandomSpec};
