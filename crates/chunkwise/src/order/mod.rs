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
pub(crate) use quantile::Lanes;
pub(crate) use searching::Lookup;
pub use searching::Side;
pub(crate) use select::{Digit, Found};
pub use sets::Unique;
