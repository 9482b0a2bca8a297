//! What the tests of laws share.
#![allow(dead_code, reason = "each test uses a part")]

pub mod compare;
pub mod numbers;
pub mod programs;

use std::sync::mpsc;
use std::time::Duration;

/// Runs `f` on a thread of its own; a failure with `what` where it takes longer than `limit`.
pub fn within<R: Send + 'static>(
    limit: Duration,
    what: &str,
    f: impl FnOnce() -> R + Send + 'static,
) -> R {
    let (done, waits) = mpsc::channel();
    let thread = std::thread::Builder::new()
        .stack_size(8 << 20)
        .spawn(move || {
            let _ = done.send(f());
        });
    match waits.recv_timeout(limit) {
        Ok(result) => result,
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("not done after {limit:?}: {what}"),
        Err(mpsc::RecvTimeoutError::Disconnected) => {
            let cause = thread.unwrap().join().err();
            let text = cause.and_then(|c| {
                c.downcast_ref::<String>()
                    .cloned()
                    .or_else(|| c.downcast_ref::<&str>().map(|s| (*s).to_owned()))
            });
            panic!("{what}: {}", text.unwrap_or_default());
        }
    }
}

/// A number from the environment.
pub fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|v| v.parse().ok())
        .unwrap_or(default)
}
