use std::io::{Stderr, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chunkwise_core::format_bytes;
use chunkwise_exec::{Event, Subscriber};
use chunkwise_plan::Plan;

use super::{Meter, Terminal};

/// Shows how far a run is: on a terminal a line that is redrawn, elsewhere nothing unless forced.
///
/// Work is measured by the plan's own reckoning of what each task costs, so that stages of different
/// speed do not make it jump.
#[derive(Debug)]
pub struct ProgressBar<W: Write + Send + std::fmt::Debug = Stderr> {
    state: Mutex<State<W>>,
}

#[derive(Debug)]
struct State<W: Write> {
    terminal: Terminal<W>,
    meter: Meter,
    done: f64,
    /// What the run moves, where rates are in bytes.
    bytes: Option<u64>,
}

impl ProgressBar<Stderr> {
    /// On the standard error stream, where that is a terminal.
    pub fn stderr() -> ProgressBar<Stderr> {
        ProgressBar::new(Terminal::stderr())
    }
}

impl<W: Write + Send + std::fmt::Debug> ProgressBar<W> {
    /// On a terminal line of one's own.
    pub fn new(terminal: Terminal<W>) -> ProgressBar<W> {
        ProgressBar {
            state: Mutex::new(State {
                terminal,
                meter: Meter::new(0),
                done: 0.0,
                bytes: None,
            }),
        }
    }

    /// The same for runs that move so many bytes each: rates are in bytes per second.
    pub fn in_bytes(self, bytes: u64) -> ProgressBar<W> {
        let state = self.state.into_inner();
        let state = state.unwrap_or_else(PoisonError::into_inner);
        ProgressBar {
            state: Mutex::new(State {
                bytes: Some(bytes),
                ..state
            }),
        }
    }
}

impl<W: Write + Send + std::fmt::Debug> Subscriber for ProgressBar<W> {
    fn event(&self, event: &Event<'_>) {
        let mut guard = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = &mut *guard;
        match event {
            Event::Started { plan, .. } => {
                state.meter = match state.bytes {
                    None => Meter::of_plan(plan),
                    Some(bytes) => Meter::of_bytes(plan, bytes),
                };
                state.done = 0.0;
                state.terminal.draw(&state.meter, Duration::ZERO);
            }
            Event::TaskFinished { cost, end, .. } => {
                state.done += cost;
                state.meter.update(state.done as u64, *end);
                state.terminal.draw(&state.meter, *end);
            }
            Event::Finished { elapsed, ok, .. } => {
                if *ok {
                    // Rounding of the tasks' shares must not leave it short of the whole.
                    let whole = state.done.ceil() as u64 + 1;
                    state.meter.update(whole, *elapsed);
                }
                state.terminal.finish(&state.meter, *elapsed);
            }
            _ => {}
        }
    }
}

impl Meter {
    /// A meter of a plan that moves so many bytes: units are its reckoned cost, rates are in bytes per
    /// second, of the whole that is said as well.
    pub fn of_bytes(plan: &Plan, bytes: u64) -> Meter {
        let cost = plan.cost();
        let per_unit = if cost > 0.0 { bytes as f64 / cost } else { 0.0 };
        let whole = format_bytes(bytes);
        Meter::new(cost as u64).with_rate(move |r| {
            let rate = format_bytes((r * per_unit) as u64);
            format!("{whole} at {rate}/s")
        })
    }

    /// A meter of a plan: units are its reckoned cost, rates are in values per second.
    pub fn of_plan(plan: &Plan) -> Meter {
        let cost = plan.cost();
        let values: f64 = plan
            .stages
            .iter()
            .map(|s| s.tasks.shape().iter().map(|d| *d as f64).product::<f64>())
            .sum();
        let per_unit = if cost > 0.0 { values / cost } else { 0.0 };
        Meter::new(cost as u64).with_rate(move |r| rate(r * per_unit))
    }
}

/// Values per second, for people.
fn rate(per_second: f64) -> String {
    let (value, unit) = match per_second {
        r if r >= 1e9 => (r / 1e9, " billion"),
        r if r >= 1e6 => (r / 1e6, " million"),
        r if r >= 1e3 => (r / 1e3, " thousand"),
        r => (r, ""),
    };
    format!("{value:.3}{unit} values/s")
}
