//! Order and counting: sorts, quantiles, sets, histograms.

mod counting;
mod pieces;
mod searching;
mod sorting;

pub use counting::Bins;
pub use searching::Side;
