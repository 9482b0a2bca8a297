//! Fragments where the data is: who reads what one bundle has runs beside it, and nothing moves.

use std::ops::Range;

use chunkwise_plan::{CellRef, OutputRef, StageKind};

use crate::cutter::Cutter;
use crate::needs::Read;

/// A stage of more tasks is not looked at task by task.
const MOST: usize = 1 << 20;
/// Bundles of fewer bytes may as well move.
const SMALL: u64 = 4 << 20;

impl Cutter<'_> {
    /// The tasks of a stage in stretches that read of one bundle each, where about `count` are wanted and its tasks
    /// are the cells, or parts of the cells, that another stage has made.
    pub(crate) fn followed(&self, stage: usize, count: usize) -> Option<Vec<Range<usize>>> {
        let of = &self.plan.stages[stage];
        let tasks = of.task_count();
        let apart = matches!(of.kind, StageKind::Pass(_) | StageKind::Call(_));
        if !apart || tasks > MOST {
            return None;
        }
        let mut found: Option<OutputRef> = None;
        self.plan.visit_inputs(stage, &mut |s, output| {
            let grid = &self.plan.stages[s].outputs[output].grid;
            let within = grid.ndim() == of.tasks.ndim()
                && grid.shape() == of.tasks.shape()
                && self.holders.is_handed(s);
            if within && found.is_none() {
                found = Some(OutputRef { stage: s, output });
            }
        });
        let from = found?;
        let grid = &self.plan.stages[from.stage].outputs[from.output].grid;
        let mut stretches: Vec<(Read, Range<usize>)> = Vec::new();
        for number in 0..tasks {
            let region = of.tasks.region(&of.task_index(number));
            let cell = CellRef {
                stage: from.stage,
                output: from.output,
                cell: grid.ravel(&grid.covering(&region).next()?),
            };
            let read = self.holders.of(self.plan, &cell)?;
            match stretches.last_mut() {
                Some((last, stretch)) if *last == read => stretch.end = number + 1,
                _ => stretches.push((read, number..number + 1)),
            }
        }
        let held: u64 = stretches.iter().map(|(read, _)| self.size(*read)).sum();
        let each = held / stretches.len().max(1) as u64;
        // Not where few would have work, nor where there would be many more for little.
        let enough = 2 * stretches.len() >= count;
        let worth = stretches.len() <= 2 * count || each >= SMALL;
        let found = stretches.into_iter().map(|(_, stretch)| stretch);
        (enough && worth).then(|| found.collect())
    }
}
