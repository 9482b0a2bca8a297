//! What a run shows of itself.
//!
//! - [`progress`]: how far it is, how fast, how long still.
//! - [`resources`]: memory and processors of this process.
//! - [`profile`]: the tasks and the runs that there were.
//! - [`sampler`]: memory and processors over time.
//! - [`trace`]: both as a file for trace viewers.
//! - [`serve`]: a page that shows runs as they go on.
//!
//! The times of profiles and samples are on one axis, [`now`].
#![forbid(unsafe_code)]

use std::sync::LazyLock;
use std::time::{Duration, Instant};

pub mod profile;
pub mod progress;
pub mod resources;
pub mod sampler;
pub mod serve;
pub mod trace;

/// The time since a moment in this process that stays the same: an axis that profiles share.
pub fn now() -> Duration {
    static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);
    EPOCH.elapsed()
}
