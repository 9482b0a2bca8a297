//! What a run shows of itself.
//!
//! - [`progress`]: how far it is, how fast, how long still.
//! - [`resources`]: memory and processors of this process.
#![forbid(unsafe_code)]

pub mod progress;
pub mod resources;
