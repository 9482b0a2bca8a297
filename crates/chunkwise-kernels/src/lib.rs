//! Compute kernels: one tile or chunk at a time, no grids, files or threads.
//!
//! - [`elementwise`]: the table of functions, one row each.
//! - [`random`]: counter-based generators and distributions.
//! - [`reduce`]: the table of reductions.
//! - [`scan`]: cumulative sums and products.
//! - [`tile`]: the interpreter that runs fused chains tile by tile.
//! - [`contract`]: matrix products.
//! - [`movement`]: strided copies. [`gather`]: elements at scattered positions.
//! - [`order`]: sorting, selecting, searching.

pub mod contract;
pub mod elementwise;
pub mod gather;
pub mod movement;
pub mod order;
pub mod random;
pub mod reduce;
pub mod scan;
mod simd;
pub mod tile;
