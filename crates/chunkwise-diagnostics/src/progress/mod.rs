//! How far a run is: a [`Meter`] keeps the numbers and has no clock, a [`Terminal`] shows them, and a
//! [`ProgressBar`] feeds both from a run's events.

mod bar;
mod meter;
mod terminal;

pub use bar::ProgressBar;
pub use meter::Meter;
pub use terminal::Terminal;
