//! The tasks of runs: which thread did what, when.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chunkwise_core::Pool;
use chunkwise_exec::{Event, Subscriber};

/// A run. Times are on the axis of [`now`](crate::now).
#[derive(Clone, Debug)]
pub struct Run {
    /// What each stage does, in a word or two.
    pub stages: Vec<String>,
    /// Threads that it might use.
    pub threads: usize,
    /// The memory limit, in bytes.
    pub memory_limit: u64,
    /// When it began.
    pub start: Duration,
    /// When it ended; `None` while it goes on.
    pub end: Option<Duration>,
    /// Whether it ended well.
    pub ok: bool,
    /// The most bytes that array buffers held at once.
    pub peak: u64,
    /// Bytes written to scratch files.
    pub spilled: u64,
    /// Bytes read back from them.
    pub loaded: u64,
    /// Bytes read from sources that are not in memory, as elements.
    pub read: u64,
    /// Bytes written to sinks, as elements.
    pub written: u64,
}

/// A task. Times are on the axis of [`now`](crate::now).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Task {
    /// Its run: a place in [`Profile::runs`].
    pub run: usize,
    /// Its stage: a place in [`Run::stages`].
    pub stage: usize,
    /// Its place in the stage's order.
    pub number: usize,
    /// Which thread of the run did it, from 0.
    pub thread: usize,
    /// When it began.
    pub start: Duration,
    /// When it ended.
    pub end: Duration,
    /// Bytes in array buffers then.
    pub arrays: u64,
}

/// Records of runs and their tasks, which [`recorder`](Self::recorder) makes.
///
/// ```
/// use chunkwise_diagnostics::profile::Profile;
/// use std::sync::Arc;
/// let profile = Arc::new(Profile::default());
/// // session.with_subscriber(profile.recorder())
/// # let _ = profile.recorder();
/// assert!(profile.tasks().is_empty());
/// ```
#[derive(Debug, Default)]
pub struct Profile {
    records: Mutex<Records>,
}

#[derive(Debug, Default)]
struct Records {
    runs: Vec<Run>,
    tasks: Vec<Task>,
    /// How often all was forgotten: runs from before write nothing more.
    generation: u64,
}

impl Profile {
    /// Writes down what it is told of one run after another. For runs at the same time, make one each.
    pub fn recorder(self: &Arc<Self>) -> Arc<dyn Subscriber> {
        Arc::new(Recorder {
            profile: Arc::clone(self),
            run: Mutex::new(None),
        })
    }

    /// The runs, in the order in which they began.
    pub fn runs(&self) -> Vec<Run> {
        self.lock().runs.clone()
    }

    /// The tasks, in the order in which they ended.
    pub fn tasks(&self) -> Vec<Task> {
        self.lock().tasks.clone()
    }

    /// Forgets all.
    pub fn clear(&self) {
        let mut records = self.lock();
        records.runs.clear();
        records.tasks.clear();
        records.generation += 1;
    }

    fn lock(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
struct Recorder {
    profile: Arc<Profile>,
    run: Mutex<Option<Current>>,
}

#[derive(Debug)]
struct Current {
    generation: u64,
    /// A place among the runs.
    place: usize,
    begun: Duration,
    pool: Pool,
}

impl Subscriber for Recorder {
    fn event(&self, event: &Event<'_>) {
        if matches!(event, Event::TaskStarted { .. }) {
            return;
        }
        let mut current = self.run.lock().unwrap_or_else(PoisonError::into_inner);
        let mut records = self.profile.lock();
        if let Event::Started {
            plan,
            threads,
            memory_limit,
            pool,
        } = event
        {
            let start = crate::now();
            *current = Some(Current {
                generation: records.generation,
                place: records.runs.len(),
                begun: start,
                pool: (*pool).clone(),
            });
            records.runs.push(Run {
                stages: plan.stages.iter().map(|s| s.label.clone()).collect(),
                threads: *threads,
                memory_limit: *memory_limit,
                start,
                end: None,
                ok: false,
                peak: 0,
                spilled: 0,
                loaded: 0,
                read: 0,
                written: 0,
            });
            return;
        }
        let Some(Current {
            generation,
            place,
            begun,
            pool,
        }) = &*current
        else {
            return;
        };
        let (place, begun) = (*place, *begun);
        if *generation != records.generation {
            return;
        }
        if let Event::TaskFinished {
            stage,
            number,
            thread,
            start,
            end,
            read,
            written,
            ..
        } = event
        {
            if let Some(run) = records.runs.get_mut(place) {
                run.read += read;
                run.written += written;
            }
            records.tasks.push(Task {
                run: place,
                stage: *stage,
                number: *number,
                thread: *thread,
                start: begun + *start,
                end: begun + *end,
                arrays: pool.used() as u64,
            });
            return;
        }
        let Some(run) = records.runs.get_mut(place) else {
            return;
        };
        match event {
            Event::Spilled { bytes } => run.spilled += bytes,
            Event::Loaded { bytes } => run.loaded += bytes,
            Event::Finished { elapsed, ok, peak } => {
                run.end = Some(run.start + *elapsed);
                (run.ok, run.peak) = (*ok, *peak);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chunkwise_plan::Plan;

    fn plan() -> Plan {
        Plan {
            stages: Vec::new(),
            outputs: Vec::new(),
            expressions: Vec::new(),
        }
    }

    fn started(to: &Arc<dyn Subscriber>, plan: &Plan) {
        to.event(&Event::Started {
            plan,
            threads: 2,
            memory_limit: 64,
            pool: &Pool::new(1),
        });
    }

    fn task(to: &Arc<dyn Subscriber>, number: usize) {
        to.event(&Event::TaskFinished {
            stage: 0,
            number,
            thread: 1,
            start: Duration::from_millis(2),
            end: Duration::from_millis(5),
            cost: 1.0,
            read: 0,
            written: 0,
        });
    }

    #[test]
    fn runs_at_the_same_time_are_kept_apart() {
        let profile = Arc::new(Profile::default());
        let plan = plan();
        let both = [profile.recorder(), profile.recorder()];
        both.iter().for_each(|r| started(r, &plan));
        task(&both[1], 7);
        task(&both[0], 8);
        both[0].event(&Event::Finished {
            elapsed: Duration::from_millis(9),
            ok: true,
            peak: 33,
        });
        let (runs, tasks) = (profile.runs(), profile.tasks());
        let places: Vec<(usize, usize)> = tasks.iter().map(|t| (t.run, t.number)).collect();
        assert_eq!(places, [(1, 7), (0, 8)]);
        assert_eq!(tasks[0].end - tasks[0].start, Duration::from_millis(3));
        assert_eq!(tasks[0].start, runs[1].start + Duration::from_millis(2));
        assert_eq!(runs[0].end, Some(runs[0].start + Duration::from_millis(9)));
        assert_eq!((runs[0].ok, runs[0].peak), (true, 33));
        assert_eq!((runs[1].ok, runs[1].end), (false, None));
    }

    #[test]
    fn a_run_that_was_forgotten_stays_so() {
        let profile = Arc::new(Profile::default());
        let plan = plan();
        let old = profile.recorder();
        started(&old, &plan);
        profile.clear();
        started(&profile.recorder(), &plan);
        task(&old, 0);
        old.event(&Event::Spilled { bytes: 5 });
        assert_eq!((profile.runs().len(), profile.tasks().len()), (1, 0));
        assert_eq!(profile.runs()[0].spilled, 0);
    }
}
