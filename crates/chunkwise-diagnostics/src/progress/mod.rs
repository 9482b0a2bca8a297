//! How far a run is: a [`Meter`] keeps the numbers and has no clock, a [`Terminal`] shows them, and a
//! [`ProgressBar`] feeds both from a run's events. A [`Ticker`] feeds a function of one's own, at a
//! steady pace.

mod bar;
mod meter;
mod terminal;
mod ticker;

pub use bar::ProgressBar;
pub use meter::Meter;
pub use terminal::Terminal;
pub use ticker::{Progress, Ticker, Turn};
