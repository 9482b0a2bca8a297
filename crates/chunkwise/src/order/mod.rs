//! Order and counting: sorts, quantiles, sets, histograms.

mod counting;
mod method;
mod pieces;
mod quantile;
mod searching;
mod select;
mod sets;
mod sorting;

pub use counting::Bins;
pub use method::Method;
pub use searching::Side;
pub use sets::Unique;
