//! The runs that are under way, and the threads that have a Python state: none may outlive the
//! interpreter.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use chunkwise::{CancelToken, Session};
use pyo3::prelude::*;

use crate::errors::CancelledError;

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(close, m)?)?;
    m.add_function(wrap_pyfunction!(forked, m)?)
}

struct Runs {
    tokens: Vec<(u64, CancelToken)>,
    begun: u64,
    sessions: Vec<Weak<Session>>,
    /// Threads with a Python state.
    attached: usize,
    closed: bool,
}

static RUNS: Mutex<Runs> = Mutex::new(Runs {
    tokens: Vec::new(),
    begun: 0,
    sessions: Vec::new(),
    attached: 0,
    closed: false,
});

fn runs() -> MutexGuard<'static, Runs> {
    RUNS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A run that is under way, for as long as this lives.
pub(crate) struct Running(u64);

impl Running {
    /// An error once the interpreter goes down.
    pub(crate) fn new(cancel: &CancelToken) -> PyResult<Running> {
        let mut runs = runs();
        if runs.closed {
            return Err(CancelledError::new_err(
                "nothing is computed while the interpreter goes down",
            ));
        }
        runs.begun += 1;
        let id = runs.begun;
        runs.tokens.push((id, cancel.clone()));
        Ok(Running(id))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        runs().tokens.retain(|(id, _)| *id != self.0);
    }
}

/// A session whose threads are to end before the interpreter does.
pub(crate) fn began(session: &Arc<Session>) {
    let mut runs = runs();
    runs.sessions.retain(|s| s.strong_count() > 0);
    runs.sessions.push(Arc::downgrade(session));
}

/// That a thread has a Python state, or is about to have one: dropped when it has none any more.
pub(crate) struct Attached(());

impl Attached {
    /// Nothing once the interpreter goes down.
    pub(crate) fn new() -> Option<Attached> {
        let mut runs = runs();
        (!runs.closed).then(|| {
            runs.attached += 1;
            Attached(())
        })
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        let mut runs = runs();
        // In a forked child there are none of those that its parent counted.
        runs.attached = runs.attached.saturating_sub(1);
    }
}

/// Stops all runs and lets no new one begin, then ends the threads; waits for at most `seconds` until
/// both are done.
#[pyfunction]
fn close(py: Python<'_>, seconds: f64) {
    let sessions: Vec<Arc<Session>> = {
        let mut runs = runs();
        runs.closed = true;
        runs.sessions
            .drain(..)
            .filter_map(|s| s.upgrade())
            .collect()
    };
    let until = Instant::now() + Duration::from_secs_f64(seconds.clamp(0.0, 60.0));
    py.detach(|| {
        sessions.iter().for_each(|s| s.stop());
        drop(sessions);
        loop {
            let (running, attached) = {
                let runs = runs();
                (runs.tokens.clone(), runs.attached)
            };
            running.iter().for_each(|(_, token)| token.cancel());
            if running.is_empty() && attached == 0 || Instant::now() > until {
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    });
}

/// In a forked child: what its parent runs is not run here, and its threads are not here.
#[pyfunction]
fn forked() {
    let mut runs = runs();
    runs.tokens.clear();
    runs.sessions.clear();
    runs.attached = 0;
}
