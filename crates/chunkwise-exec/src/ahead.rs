//! Reading ahead: while tasks run, services are asked for what the next ones read.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chunkwise_core::{Region, Source};
use chunkwise_plan::{Input, Plan};

use crate::scheduler::Task;
use crate::work::Numbers;

/// Tasks that are looked ahead at most each time.
const TASKS: usize = 64;
/// The most bytes that are held for later: enough to keep a fast network busy for a second.
const MOST: u64 = 256 << 20;

/// What is asked for ahead in a run.
pub(crate) struct ReadAhead<'a> {
    plan: &'a Plan,
    /// Bytes for each source.
    room: usize,
    /// Number of sources that wait.
    sources: usize,
    /// Of each stage that reads a source that waits: how far its tasks were looked at.
    stages: Vec<Option<Ahead>>,
}

struct Ahead {
    /// The end of the tasks that are run.
    end: usize,
    progress: Mutex<Progress>,
}

#[derive(Default)]
struct Progress {
    /// Tasks before this one were asked for, or have begun.
    next: usize,
    /// Later ones that have begun: several at once, and cells are made as they are wanted.
    begun: HashSet<usize>,
    /// Those that something was asked for and that have not ended, and for how many of their reads.
    asked: HashMap<usize, usize>,
}

impl<'a> ReadAhead<'a> {
    /// For these tasks of a plan, in a part of the `spare` bytes that it leaves.
    pub fn new(plan: &'a Plan, numbers: &[Numbers], limit: u64, spare: u64) -> ReadAhead<'a> {
        let mut sources = HashSet::new();
        let stages = numbers.iter().enumerate().map(|(n, numbers)| {
            // Tasks here and there are few.
            let Numbers::Range(range) = numbers else {
                return None;
            };
            if range.len() < 2 {
                return None;
            }
            let mut found = false;
            plan.visit_sources(n, &mut |source| {
                if source.waits() {
                    sources.insert(source.id());
                    found = true;
                }
            });
            found.then(|| Ahead {
                end: range.end,
                progress: Mutex::new(Progress {
                    next: range.start,
                    ..Progress::default()
                }),
            })
        });
        let stages = stages.collect();
        let room = match sources.len() {
            0 => 0,
            n => (limit / 4).min(MOST).min(spare) as usize / n,
        };
        let sources = sources.len();
        ReadAhead {
            plan,
            room,
            sources,
            stages,
        }
    }

    /// Bytes that may be held.
    pub fn bytes(&self) -> u64 {
        (self.room * self.sources) as u64
    }

    /// A task begins: asks for what those after it read, as far as there is room.
    pub fn look(&self, task: Task) {
        let Some(ahead) = &self.stages[task.stage] else {
            return;
        };
        let mut progress = ahead.lock();
        if task.number >= progress.next {
            progress.begun.insert(task.number);
        }
        let end = ahead.end.min(task.number + 1 + TASKS);
        while progress.next < end {
            let next = progress.next;
            if !progress.begun.remove(&next) {
                // What does not fit now is asked for another time.
                let known = progress.asked.get(&next).copied().unwrap_or(0);
                let (reads, all) = self.ask(task.stage, next, known);
                if reads > 0 {
                    progress.asked.insert(next, reads);
                }
                if !all {
                    return;
                }
            }
            progress.next += 1;
        }
    }

    /// Asks for what a task reads beyond the first `known` reads; how many have been asked for then, and
    /// whether that is all.
    fn ask(&self, stage: usize, number: usize, known: usize) -> (usize, bool) {
        let (mut reads, mut asked, mut all) = (0, known, true);
        waiting(self.plan, stage, number, &mut |source, region| {
            if all && reads >= known {
                all = source.prefetch(region, self.room);
                asked += usize::from(all);
            }
            reads += 1;
        });
        (asked, all)
    }

    /// A task has run, or was found to be done: what it did not read will not be read.
    pub fn done(&self, task: Task) {
        let Some(ahead) = &self.stages[task.stage] else {
            return;
        };
        let asked = ahead.lock().asked.remove(&task.number);
        if let Some(reads) = asked {
            self.forget(task.stage, task.number, reads);
        }
    }

    fn forget(&self, stage: usize, number: usize, mut reads: usize) {
        waiting(self.plan, stage, number, &mut |source, region| {
            if reads > 0 {
                reads -= 1;
                source.forget(region);
            }
        });
    }
}

impl Ahead {
    fn lock(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for ReadAhead<'_> {
    /// A run that was stopped leaves nothing behind; what others have asked for is theirs.
    fn drop(&mut self) {
        for (stage, ahead) in self.stages.iter().enumerate() {
            let asked = ahead.as_ref().map(|a| std::mem::take(&mut a.lock().asked));
            for (number, reads) in asked.into_iter().flatten() {
                self.forget(stage, number, reads);
            }
        }
    }
}

/// Tells the regions of sources that wait for a service that a task reads.
fn waiting(
    plan: &Plan,
    stage: usize,
    number: usize,
    visit: &mut dyn FnMut(&Arc<dyn Source>, &Region),
) {
    let index = plan.stages[stage].task_index(number);
    plan.visit_reads(stage, &index, &mut |input, region| {
        if let Input::Source(source) = input
            && source.waits()
        {
            visit(source, region);
        }
    });
}
