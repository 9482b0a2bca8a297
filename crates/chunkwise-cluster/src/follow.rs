//! Fragments where the data is: who reads what one bundle has runs beside it, and nothing moves.

use std::ops::Range;

use chunkwise_plan::{CellRef, OutputRef, StageKind};

use crate::cutter::Cutter;
use crate::needs::Read;

/// A stage of more tasks is not looked at task by task.
const MOST: usize = 1 << 20;
/// Bundles of fewer bytes may as well move.
const SMALL: u64 = 4 << 20;

/// What tasks that follow each other read together.
#[derive(PartialEq)]
enum Place {
    /// Of a bundle.
    Bundle(Read),
    /// A cell that they make for themselves.
    Own(usize),
}

impl Cutter<'_> {
    /// The tasks of a stage in stretches that read of one bundle each, or whole cells that they make for themselves,
    /// where about `count` are wanted and its tasks are the cells, or parts of the cells, of another stage.
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
            let within = grid.ndim() == of.tasks.ndim() && grid.shape() == of.tasks.shape();
            let given = self.holders.is_handed(s) || self.own.contains(&s);
            if within && given && found.is_none() {
                found = Some(OutputRef { stage: s, output });
            }
        });
        let from = found?;
        let is_own = self.own.contains(&from.stage);
        let grid = &self.plan.stages[from.stage].outputs[from.output].grid;
        let mut stretches: Vec<(Place, Range<usize>)> = Vec::new();
        for number in 0..tasks {
            let region = of.tasks.region(&of.task_index(number));
            let cell = CellRef {
                stage: from.stage,
                output: from.output,
                cell: grid.ravel(&grid.covering(&region).next()?),
            };
            let place = match is_own {
                true => Place::Own(cell.cell),
                false => Place::Bundle(self.holders.of(self.plan, &cell)?),
            };
            match stretches.last_mut() {
                Some((last, stretch)) if *last == place => stretch.end = number + 1,
                _ => stretches.push((place, number..number + 1)),
            }
        }
        // Not where few would have work, nor where there would be many more for little.
        if 2 * stretches.len() < count {
            return None;
        }
        if is_own {
            let many = stretches.len().div_ceil(count.max(1));
            let joined = stretches.chunks(many).filter_map(|few| {
                let (first, last) = (few.first()?, few.last()?);
                Some(first.1.start..last.1.end)
            });
            return Some(joined.collect());
        }
        let held = stretches.iter().map(|(place, _)| match place {
            Place::Bundle(read) => self.size(*read),
            Place::Own(_) => 0,
        });
        let each = held.sum::<u64>() / stretches.len().max(1) as u64;
        let found = stretches.into_iter().map(|(_, stretch)| stretch);
        let found: Vec<Range<usize>> = found.collect();
        (found.len() <= 2 * count || each >= SMALL).then_some(found)
    }
}
