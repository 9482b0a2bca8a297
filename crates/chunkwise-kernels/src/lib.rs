//! Compute kernels: one tile or chunk at a time, no grids, files or threads.
//!
//! - [`elementwise`]: the table of functions, one row each.
//! - [`random`]: counter-based generators and distributions.
//! - [`reduce`]: the table of reductions.
//! - [`scan`]: cumulative sums and products.
//! - [`movement`]: strided copies.

pub mod elementwise;
pub mod movement;
pub mod random;
pub mod reduce;
pub mod scan;
mod simd;
