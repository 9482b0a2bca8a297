//! Runs a plan.
//!
//! - [`run`]: a plan on threads, within a memory budget.
//! - [`scheduler`]: which task is next; events in, actions out, no threads, clock or I/O.
//! - [`graph`]: tasks of any functions, on the same threads.
//! - [`evaluate`]: any region of a body, filled.
//! - [`Event`], [`Subscriber`]: what happens, for whoever wants to see it.
//!
//! The executor knows cores, the budget and dependencies; what a kernel means it does not know.
#![forbid(unsafe_code)]

mod ahead;
mod call;
mod cancel;
mod cells;
mod combine;
mod destination;
pub mod evaluate;
mod events;
mod executor;
pub mod graph;
mod order;
mod run;
pub mod scheduler;
mod target;
mod task;
mod work;

pub use cancel::CancelToken;
pub use events::{Event, Subscriber};
pub use executor::Executor;
pub use run::{RunOptions, check_budget, is_quick, result_bytes, run};
pub use target::Target;
