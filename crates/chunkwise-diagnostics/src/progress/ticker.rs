use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use chunkwise_exec::{Event, Subscriber};

use super::Meter;
use crate::now;

/// Calls a function again and again while a run goes on, at a steady pace however long the tasks are,
/// and once more when it has ended.
///
/// The calls come from a thread of the ticker's own, the last one from the run's: when the run returns
/// all has been drawn.
pub struct Ticker {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// Of tickers that share one, only one draws at a time: a run that begins while another is drawn, as
/// one within a user's function does, is not shown.
#[derive(Clone, Debug, Default)]
pub struct Turn(Arc<AtomicBool>);

/// How far a run is: what a [`Ticker`] shows to its function.
#[derive(Clone, Debug)]
pub struct Progress(Arc<Shared>);

/// Shows a run; the second argument says whether it has ended.
type Draw = dyn Fn(&Progress, bool) + Send + Sync;

struct Shared {
    state: Mutex<State>,
    wake: Condvar,
    draw: Box<Draw>,
    pause: Duration,
    minimum: Duration,
    turn: Turn,
}

#[derive(Debug)]
struct State {
    meter: Meter,
    done: f64,
    /// On the axis of [`now`].
    begun: Duration,
    elapsed: Option<Duration>,
    running: bool,
    ok: bool,
    drawn: bool,
}

impl Ticker {
    /// A ticker that calls `draw` every `pause`, from `minimum` after the begin of a run on, and with
    /// `true` once it has ended; not at all for runs that end before.
    pub fn new(
        pause: Duration,
        minimum: Duration,
        turn: Turn,
        draw: impl Fn(&Progress, bool) + Send + Sync + 'static,
    ) -> Ticker {
        Ticker {
            shared: Arc::new(Shared {
                state: Mutex::new(State {
                    meter: Meter::new(0),
                    done: 0.0,
                    begun: Duration::ZERO,
                    elapsed: None,
                    running: false,
                    ok: false,
                    drawn: false,
                }),
                wake: Condvar::new(),
                draw: Box::new(draw),
                pause: pause.max(Duration::from_millis(1)),
                minimum,
                turn,
            }),
            thread: Mutex::default(),
        }
    }

    fn start(&self, meter: Meter) {
        let shared = &self.shared;
        if shared.turn.0.swap(true, Ordering::AcqRel) {
            return;
        }
        *shared.lock() = State {
            meter,
            done: 0.0,
            begun: now(),
            elapsed: None,
            running: true,
            ok: false,
            drawn: false,
        };
        let of_thread = Arc::clone(shared);
        let spawned = std::thread::Builder::new()
            .name("chunkwise-progress".to_owned())
            .spawn(move || of_thread.tick());
        // Without a thread there is only the end to be drawn.
        *self.thread() = spawned.ok();
    }

    /// Ends the ticking; whether anything was going on.
    fn stop(&self, elapsed: Option<Duration>, ok: bool) -> bool {
        let shared = &self.shared;
        let mut state = shared.lock();
        if !state.running {
            return false;
        }
        state.running = false;
        state.ok = ok;
        state.elapsed = elapsed;
        if ok {
            // Rounding of the tasks' shares must not leave it short of the whole.
            let (whole, at) = (state.done.ceil() as u64 + 1, state.now());
            state.meter.update(whole, at);
        }
        drop(state);
        shared.wake.notify_all();
        if let Some(thread) = self.thread().take() {
            // A function that panics draws no more.
            let _ = thread.join();
        }
        true
    }

    fn thread(&self) -> MutexGuard<'_, Option<JoinHandle<()>>> {
        self.thread.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Subscriber for Ticker {
    fn event(&self, event: &Event<'_>) {
        match event {
            Event::Started { plan, .. } => self.start(Meter::of_plan(plan)),
            Event::TaskFinished { cost, end, .. } => {
                let mut state = self.shared.lock();
                if state.running {
                    state.done += cost;
                    let done = state.done as u64;
                    state.meter.update(done, *end);
                }
            }
            Event::Finished { elapsed, ok, .. } if self.stop(Some(*elapsed), *ok) => {
                let shown = self.shared.lock().drawn || *elapsed >= self.shared.minimum;
                if shown {
                    (self.shared.draw)(&Progress(Arc::clone(&self.shared)), true);
                }
                self.shared.turn.0.store(false, Ordering::Release);
            }
            _ => {}
        }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        // A run that never told its end.
        if self.stop(None, false) {
            self.shared.turn.0.store(false, Ordering::Release);
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tick(self: Arc<Self>) {
        let progress = Progress(Arc::clone(&self));
        let mut state = self.lock();
        // A run that is over at once is not drawn before its end.
        let mut due = state.begun + self.minimum.max(self.pause.min(FIRST));
        while state.running {
            let wait = due.saturating_sub(now());
            if !wait.is_zero() {
                let waited = self.wake.wait_timeout(state, wait);
                (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            state.drawn = true;
            drop(state);
            (self.draw)(&progress, false);
            due = now() + self.pause;
            state = self.lock();
        }
    }
}

/// When the first drawing comes.
const FIRST: Duration = Duration::from_millis(50);

impl State {
    fn now(&self) -> Duration {
        let since = || now().saturating_sub(self.begun);
        self.elapsed.unwrap_or_else(since)
    }
}

impl Progress {
    /// The line of [`Meter::line_with_bar`].
    pub fn line(&self, width: usize, cells: usize) -> String {
        let state = self.0.lock();
        state.meter.line_with_bar(state.now(), width, cells)
    }

    /// The last words of [`Meter::summary`].
    pub fn summary(&self) -> String {
        let state = self.0.lock();
        state.meter.summary(state.now())
    }

    /// The share done, 0 to 1.
    pub fn fraction(&self) -> f64 {
        self.0.lock().meter.fraction()
    }

    /// The time since the run began, or that it took.
    pub fn elapsed(&self) -> Duration {
        self.0.lock().now()
    }

    /// Whether the run has ended well.
    pub fn ok(&self) -> bool {
        self.0.lock().ok
    }
}

impl fmt::Debug for Ticker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shared.fmt(f)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ticker({:?})", self.lock().meter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chunkwise_core::Pool;
    use chunkwise_plan::Plan;

    type Drawn = Arc<Mutex<Vec<(String, bool)>>>;

    fn ticker(minimum: u64, turn: &Turn) -> (Ticker, Drawn) {
        let drawn = Drawn::default();
        let to = Arc::clone(&drawn);
        let draw = move |p: &Progress, last: bool| {
            let text = if last { p.summary() } else { p.line(60, 10) };
            to.lock().unwrap().push((text, last));
        };
        let ms = Duration::from_millis;
        (Ticker::new(ms(10), ms(minimum), turn.clone(), draw), drawn)
    }

    fn start(t: &Ticker) {
        t.event(&Event::Started {
            plan: &Plan {
                stages: Vec::new(),
                outputs: Vec::new(),
                expressions: Vec::new(),
            },
            threads: 1,
            memory_limit: 1,
            pool: &Pool::new(1),
        });
    }

    fn finish(t: &Ticker, ms: u64) {
        t.event(&Event::Finished {
            elapsed: Duration::from_millis(ms),
            ok: true,
            peak: 0,
        });
    }

    #[test]
    fn it_draws_without_any_task_and_ends_with_the_run() {
        let (t, drawn) = ticker(0, &Turn::default());
        for _ in 0..2 {
            start(&t);
            while drawn.lock().unwrap().len() < 2 {
                std::thread::sleep(Duration::from_millis(1));
            }
            finish(&t, 7_000);
            let mut all = drawn.lock().unwrap();
            let (last, before) = all.split_last().unwrap();
            assert_eq!(*last, ("done in 0:07".to_owned(), true));
            assert!(
                before
                    .iter()
                    .all(|(line, last)| !last && line.contains('['))
            );
            all.clear();
        }
        std::thread::sleep(Duration::from_millis(30));
        assert!(drawn.lock().unwrap().is_empty());
    }

    #[test]
    fn short_runs_are_not_shown() {
        let (t, drawn) = ticker(100_000, &Turn::default());
        start(&t);
        finish(&t, 1);
        assert!(drawn.lock().unwrap().is_empty());
    }

    #[test]
    fn one_at_a_time_and_the_next_after_it() {
        let turn = Turn::default();
        let ((a, of_a), (b, of_b)) = (ticker(0, &turn), ticker(0, &turn));
        start(&a);
        start(&b);
        finish(&b, 1);
        assert!(of_b.lock().unwrap().is_empty());
        finish(&a, 1);
        assert!(of_a.lock().unwrap().last().unwrap().1);
        start(&b);
        drop(b);
        start(&a);
        of_a.lock().unwrap().clear();
        finish(&a, 1);
        assert_eq!(of_a.lock().unwrap().last().unwrap().0, "done in 0:00");
    }
}
