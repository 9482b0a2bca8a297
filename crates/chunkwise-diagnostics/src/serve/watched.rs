//! A run, as far as the page shows it: written by the run's threads, read now and then.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use chunkwise_core::{Error, Location, Pool};
use chunkwise_exec::{Event, Subscriber};
use chunkwise_plan::Plan;

use super::board::Board;
use super::lane::{Counts, Lane};

/// Threads with a lane of their own; others share them.
const LANES: usize = 64;
/// Bars of all lanes of a run together.
const BARS: usize = 4096;
/// Counters of all lanes of a run together.
const COUNTERS: usize = 1 << 20;
/// Characters of a label that are kept.
const LABEL: usize = 200;

/// A stage of a run.
#[derive(Debug)]
pub(super) struct Stage {
    pub label: String,
    pub location: Option<Location>,
    pub tasks: u64,
    /// Elements of its index space.
    pub elements: f64,
    /// Nanoseconds of one core that the plan reckons for it.
    pub cost: f64,
    /// The most bytes that a task needs.
    pub memory: u64,
}

/// How a run ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    pub elapsed: Duration,
    pub ok: bool,
    pub cancelled: bool,
    pub peak: u64,
}

/// A run.
#[derive(Debug)]
pub(super) struct Watched {
    pub id: u64,
    pub name: String,
    /// On the axis of [`now`](crate::now).
    pub begun: Duration,
    pub threads: usize,
    pub limit: u64,
    pub pool: Pool,
    pub stages: Vec<Stage>,
    lanes: Vec<Mutex<Lane>>,
    pub spilled: AtomicU64,
    pub loaded: AtomicU64,
    end: Mutex<Option<End>>,
}

impl Watched {
    pub fn new(id: u64, plan: &Plan, threads: usize, limit: u64, pool: &Pool) -> Watched {
        let stages: Vec<Stage> = plan
            .stages
            .iter()
            .map(|s| {
                let elements: f64 = s.tasks.shape().iter().map(|d| *d as f64).product();
                Stage {
                    label: shortened(&s.label, LABEL),
                    location: s.location,
                    tasks: s.task_count() as u64,
                    elements,
                    cost: elements * f64::from(s.cost),
                    memory: s.memory.total(),
                }
            })
            .collect();
        let most = (COUNTERS / stages.len().max(1)).clamp(1, LANES);
        let lanes = threads.clamp(1, most);
        let last = plan.outputs.last().and_then(|o| stages.get(o.stage));
        Watched {
            id,
            name: last.map_or_else(String::new, |s| s.label.clone()),
            begun: crate::now(),
            threads,
            limit,
            pool: pool.clone(),
            lanes: (0..lanes)
                .map(|_| Mutex::new(Lane::new(BARS / lanes)))
                .collect(),
            stages,
            spilled: AtomicU64::new(0),
            loaded: AtomicU64::new(0),
            end: Mutex::new(None),
        }
    }

    fn lane(&self, thread: usize) -> MutexGuard<'_, Lane> {
        let lane = &self.lanes[thread % self.lanes.len()];
        lane.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The lanes, one after another.
    pub fn each_lane(&self, mut tell: impl FnMut(usize, &Lane)) {
        for n in 0..self.lanes.len() {
            tell(n, &self.lane(n));
        }
    }

    /// What was done in each stage, and how many of its tasks run at present.
    pub fn counts(&self) -> Vec<(Counts, u64)> {
        let mut all = vec![(Counts::default(), 0); self.stages.len()];
        self.each_lane(|_, lane| {
            for (sum, own) in all.iter_mut().zip(&lane.counts) {
                sum.0.add(own);
            }
            if let Some((stage, _)) = lane.running
                && let Some(of) = all.get_mut(stage)
            {
                of.1 += 1;
            }
        });
        all
    }

    /// How it ended; `None` while it goes on.
    pub fn end(&self) -> Option<End> {
        *self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn event(&self, event: &Event<'_>) {
        match event {
            Event::TaskStarted {
                stage,
                thread,
                start,
                ..
            } => self.lane(*thread).running = Some((*stage, nanoseconds(*start))),
            Event::TaskFinished {
                stage,
                thread,
                start,
                end,
                read,
                written,
                ..
            } if *stage < self.stages.len() => {
                let (start, end) = (nanoseconds(*start), nanoseconds(*end));
                self.lane(*thread).push(*stage, start, end, *read, *written);
            }
            Event::Spilled { bytes } => {
                self.spilled.fetch_add(*bytes, Ordering::Relaxed);
            }
            Event::Loaded { bytes } => {
                self.loaded.fetch_add(*bytes, Ordering::Relaxed);
            }
            Event::Finished { elapsed, ok, peak } => self.ended(End {
                elapsed: *elapsed,
                ok: *ok,
                cancelled: false,
                peak: *peak,
            }),
            Event::Failed { error, .. } => {
                let end = &mut *self.end.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(end) = end {
                    end.ok = false;
                    end.cancelled = matches!(error.root(), Error::Cancelled);
                }
            }
            _ => {}
        }
    }

    fn ended(&self, how: End) {
        for lane in &self.lanes {
            lane.lock().unwrap_or_else(PoisonError::into_inner).running = None;
        }
        let mut end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        end.get_or_insert(how);
    }

    /// Nobody tells of it any more.
    fn lost(&self) {
        self.ended(End {
            elapsed: crate::now().saturating_sub(self.begun),
            ok: false,
            cancelled: true,
            peak: self.pool.peak() as u64,
        });
    }
}

/// Hears of one run after another.
#[derive(Debug)]
pub(super) struct Recorder {
    board: Arc<Board>,
    run: RwLock<Option<Arc<Watched>>>,
}

impl Recorder {
    pub fn new(board: Arc<Board>) -> Recorder {
        Recorder {
            board,
            run: RwLock::new(None),
        }
    }
}

impl Subscriber for Recorder {
    fn event(&self, event: &Event<'_>) {
        if let Event::Started {
            plan,
            threads,
            memory_limit,
            pool,
        } = event
        {
            let run = self.board.begin(plan, *threads, *memory_limit, pool);
            let mut current = self.run.write().unwrap_or_else(PoisonError::into_inner);
            if let Some(before) = current.replace(run)
                && before.end().is_none()
            {
                before.lost();
                self.board.ended(&before);
            }
            return;
        }
        let current = self.run.read().unwrap_or_else(PoisonError::into_inner);
        if let Event::Failed { error, begun } = event {
            let run = current.as_ref().filter(|_| *begun);
            self.board.failed(run.map(|r| r.id), error);
            run.inspect(|r| r.event(event));
            return;
        }
        let Some(run) = current.as_ref() else {
            return;
        };
        run.event(event);
        if matches!(event, Event::Finished { .. }) {
            self.board.ended(run);
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        let run = self.run.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(run) = run.take().filter(|r| r.end().is_none()) {
            run.lost();
            self.board.ended(&run);
        }
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// At most so many characters, the last one of what was cut being an ellipsis.
pub(super) fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => text.chars().take(most - 1).chain(['…']).collect(),
    }
}
