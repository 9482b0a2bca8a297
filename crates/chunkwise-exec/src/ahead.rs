//! Reading ahead: while tasks run, services are asked for what the next ones read.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

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
        let mut progress = ahead
            .progress
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if task.number >= progress.next {
            progress.begun.insert(task.number);
        }
        let end = ahead.end.min(task.number + 1 + TASKS);
        while progress.next < end {
            let next = progress.next;
            if !progress.begun.remove(&next) && !self.ask(task.stage, next) {
                return;
            }
            progress.next += 1;
        }
    }

    fn ask(&self, stage: usize, number: usize) -> bool {
        let mut all = true;
        waiting(self.plan, stage, number, &mut |source, region| {
            all = all && source.prefetch(region, self.room);
        });
        all
    }

    /// A task has run, or was found to be done: what it did not read will not be read.
    pub fn done(&self, task: Task) {
        if self.stages[task.stage].is_some() {
            waiting(self.plan, task.stage, task.number, &mut |source, region| {
                source.forget(region);
            });
        }
    }
}

impl Drop for ReadAhead<'_> {
    /// A run that was stopped leaves nothing behind.
    fn drop(&mut self) {
        for (stage, ahead) in self.stages.iter().enumerate() {
            if ahead.is_some() {
                self.plan.visit_sources(stage, &mut |source| {
                    source.forget(&Region::whole(source.shape()));
                });
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
