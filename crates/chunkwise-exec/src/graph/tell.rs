//! Events of a graph's run: those of a plan with one stage, a task for each task.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chunkwise_core::{AxisGrid, Error, Grid};
use chunkwise_plan::{Call, CallStage, Plan, Stage, StageKind, TaskMemory};

use super::Graph;
use crate::{Event, RunOptions};

/// Tells subscribers, where there are any.
pub(super) struct Tell {
    began: Instant,
    plan: Plan,
    cost: f64,
}

impl Tell {
    pub(super) fn started(graph: &Graph, threads: usize, options: &RunOptions<'_>) -> Option<Tell> {
        if options.subscribers.is_empty() {
            return None;
        }
        let tasks = graph.order().len();
        // The tasks' functions are not called this way.
        let call = Call::new("tasks", Vec::new(), |_, _| {
            Err(Error::internal("graph", "its plan is for telling only"))
        });
        let bytes = |f: fn(&super::Declared) -> u64| graph.declared.iter().map(f).max();
        let stage = Stage {
            label: "tasks".to_owned(),
            location: None,
            kind: StageKind::Call(CallStage {
                call: Arc::new(call),
                inputs: Vec::new(),
                made: Vec::new(),
            }),
            tasks: Grid::new([AxisGrid::regular(tasks, 1)]),
            order: [0].into_iter().collect(),
            outputs: Vec::new(),
            memory: TaskMemory {
                scratch: bytes(|d| d.scratch).unwrap_or(0),
                output: bytes(|d| d.result).unwrap_or(0),
                ..TaskMemory::default()
            },
            cost: 1.0,
        };
        let plan = Plan {
            stages: vec![stage],
            outputs: Vec::new(),
            expressions: Vec::new(),
        };
        let cost = plan.cost() / tasks.max(1) as f64;
        let tell = Tell {
            began: Instant::now(),
            plan,
            cost,
        };
        let event = Event::Started {
            plan: &tell.plan,
            threads,
            memory_limit: options.memory_limit,
            pool: options.pool,
        };
        options.subscribers.iter().for_each(|s| s.event(&event));
        Some(tell)
    }

    pub(super) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    pub(super) fn task(&self, number: usize, thread: usize, start: Duration) -> Event<'static> {
        Event::TaskFinished {
            stage: 0,
            number,
            thread,
            start,
            end: self.now(),
            cost: self.cost,
            read: 0,
            written: 0,
        }
    }

    pub(super) fn finished(&self, ok: bool, options: &RunOptions<'_>) {
        let event = Event::Finished {
            elapsed: self.now(),
            ok,
            peak: options.pool.peak() as u64,
        };
        options.subscribers.iter().for_each(|s| s.event(&event));
    }
}
