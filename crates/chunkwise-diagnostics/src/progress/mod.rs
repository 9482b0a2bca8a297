//! How far a run is: a [`Meter`] keeps the numbers and has no clock, a [`Terminal`] shows them.

mod meter;
mod terminal;

pub use meter::Meter;
pub use terminal::Terminal;
