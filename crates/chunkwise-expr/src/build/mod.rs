//! The constructors: each checks its arguments and settles shape, dtype and chunks.

mod contract;
mod leaf;
mod map;
mod reduce;
mod sort;
mod structure;
mod user;
mod view;

pub use map::Operand;
