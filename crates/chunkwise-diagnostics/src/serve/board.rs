//! What the page shows: the runs that go on, the last ones, errors, and samples. All of it is bounded.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chunkwise_core::{Error, Location, Pool};
use chunkwise_plan::Plan;

use super::history::History;
use super::watched::{Watched, shortened};

/// Runs that are shown as they go on; of others only their number.
pub(super) const RUNNING: usize = 8;
/// Runs that are remembered after their end.
const PAST: usize = 20;
/// Errors that are remembered.
const ERRORS: usize = 20;
/// Characters of an error's message that are kept.
const MESSAGE: usize = 2000;

/// Something that went wrong.
#[derive(Debug)]
pub(super) struct Failure {
    /// On the axis of [`now`](crate::now).
    pub time: Duration,
    /// The run, if it had begun.
    pub run: Option<u64>,
    pub operation: Option<String>,
    pub location: Option<Location>,
    pub message: String,
}

/// What the page shows.
#[derive(Debug)]
pub(super) struct Board {
    /// Whether places in the user's program are shown.
    pub places: bool,
    started: AtomicU64,
    shown: Mutex<Shown>,
}

#[derive(Debug, Default)]
pub(super) struct Shown {
    pub running: Vec<Arc<Watched>>,
    /// The latest last.
    pub past: VecDeque<Arc<Watched>>,
    /// The latest last.
    pub errors: VecDeque<Failure>,
    pub history: History,
    /// Where buffers of the runs that were seen come from.
    pools: Vec<Pool>,
    pub limit: Option<u64>,
}

impl Board {
    pub fn new(places: bool) -> Board {
        Board {
            places,
            started: AtomicU64::new(0),
            shown: Mutex::default(),
        }
    }

    pub fn lock(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A run begins.
    pub fn begin(&self, plan: &Plan, threads: usize, limit: u64, pool: &Pool) -> Arc<Watched> {
        let id = self.started.fetch_add(1, Ordering::Relaxed) + 1;
        let run = Arc::new(Watched::new(id, plan, threads, limit, pool));
        let mut shown = self.lock();
        shown.limit = Some(limit);
        if !shown.pools.iter().any(|p| p.is_same(pool)) {
            // Those of sessions that are gone hold nothing; the others are few.
            shown.pools.retain(|p| p.used() > 0);
            shown.pools.push(pool.clone());
        }
        shown.running.push(Arc::clone(&run));
        run
    }

    /// A run has ended.
    pub fn ended(&self, run: &Arc<Watched>) {
        let mut shown = self.lock();
        let before = shown.running.len();
        shown.running.retain(|r| !Arc::ptr_eq(r, run));
        if shown.running.len() == before {
            return;
        }
        if shown.past.len() == PAST {
            shown.past.pop_front();
        }
        shown.past.push_back(Arc::clone(run));
    }

    /// Something went wrong.
    pub fn failed(&self, run: Option<u64>, error: &Error) {
        if matches!(error.root(), Error::Cancelled) {
            return;
        }
        let (operation, location, message) = described(error);
        let mut shown = self.lock();
        if shown.errors.len() == ERRORS {
            shown.errors.pop_front();
        }
        shown.errors.push_back(Failure {
            time: crate::now(),
            run,
            operation,
            location: location.filter(|_| self.places),
            message: shortened(&message, MESSAGE),
        });
    }
}

impl Shown {
    /// Bytes in array buffers of the runs that were seen, and of their results.
    pub fn arrays(&self) -> u64 {
        self.pools.iter().map(|p| p.used() as u64).sum()
    }

    /// Takes a sample.
    pub fn sample(&mut self) {
        let (arrays, limit) = (self.arrays(), self.limit);
        self.history.take(arrays, limit);
    }
}

/// The operation, where the user made it, and what went wrong.
fn described(error: &Error) -> (Option<String>, Option<Location>, String) {
    match error {
        Error::Task {
            operation,
            location,
            cause,
            ..
        } => (Some(operation.clone()), *location, cause.to_string()),
        Error::OverBudget {
            operation,
            location,
            needed,
            limit,
            smallest,
        } => {
            let without = Error::OverBudget {
                operation: operation.clone(),
                location: None,
                needed: *needed,
                limit: *limit,
                smallest: *smallest,
            };
            (Some(operation.clone()), *location, without.to_string())
        }
        Error::Deferred {
            cause, location, ..
        } => (None, Some(*location), cause.to_string()),
        other => (None, None, other.to_string()),
    }
}
