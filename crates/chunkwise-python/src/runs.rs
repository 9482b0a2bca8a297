//! The runs that are under way: none may outlive the interpreter, whose threads they call.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chunkwise::CancelToken;
use pyo3::prelude::*;

use crate::errors::CancelledError;

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(close, m)?)?;
    m.add_function(wrap_pyfunction!(forked, m)?)
}

struct Runs {
    tokens: Vec<(u64, CancelToken)>,
    begun: u64,
    closed: bool,
}

static RUNS: Mutex<Runs> = Mutex::new(Runs {
    tokens: Vec::new(),
    begun: 0,
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

/// Stops all runs and lets no new one begin; waits for at most `seconds` for those under way.
#[pyfunction]
fn close(py: Python<'_>, seconds: f64) {
    runs().closed = true;
    let until = Instant::now() + Duration::from_secs_f64(seconds.clamp(0.0, 60.0));
    py.detach(|| {
        loop {
            let running = runs().tokens.clone();
            running.iter().for_each(|(_, token)| token.cancel());
            if running.is_empty() || Instant::now() > until {
                return;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    });
}

/// In a forked child: what its parent runs is not run here.
#[pyfunction]
fn forked() {
    runs().tokens.clear();
}
