//! A stretch of a stage's tasks: what it reads, what it leaves, and its bytes.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::Range;

use chunkwise_core::{Pool, Region};
use chunkwise_exec::Part;
use chunkwise_plan::{CellRef, StageKind};

use crate::bundle::carry_cells;
use crate::cutter::Cutter;
use crate::needs::{Cells, Read, bytes, needs, visit_cells};
use crate::runs;
use crate::trees::{Left, left};

/// A stretch of a stage's tasks on its way to a fragment.
pub(crate) struct Stretch {
    pub(crate) tasks: Range<usize>,
    pub(crate) needs: BTreeMap<Read, Cells>,
    pub(crate) left: Vec<(usize, Left)>,
    pub(crate) size: u64,
    pub(crate) peak: u64,
}

impl Cutter<'_> {
    /// What the first task of a stretch of a scan takes from the task before it, and who has it: the stretch
    /// before this one, as tasks go along the axis.
    pub(crate) fn carry(
        &self,
        stage: usize,
        first: usize,
        numbers: &[usize],
    ) -> Option<(Read, Cells)> {
        let of = &self.plan.stages[stage];
        let StageKind::Scan(s) = &of.kind else {
            return None;
        };
        let mut before = of.task_index(first);
        before[s.axis] = before[s.axis].checked_sub(1)?;
        let grid = &of.outputs[1].grid;
        let cell = CellRef {
            stage,
            output: 1,
            cell: grid.ravel(&before),
        };
        let region = Region::whole(&grid.region(&before).shape);
        let carry = vec![(cell, (region, self.carry_bytes(stage, first)))];
        Some((Read::Fragment(*numbers.last()?), carry))
    }

    /// Bytes of what the task before a task of a scan hands to it.
    pub(crate) fn carry_bytes(&self, stage: usize, task: usize) -> u64 {
        let of = &self.plan.stages[stage];
        match &of.kind {
            StageKind::Scan(s) if task < of.task_count() => {
                let cells = carry_cells(self.plan, stage, &of.task_index(task));
                Pool::footprint(s.scanner.carry.state_len(cells)) as u64
            }
            _ => 0,
        }
    }

    /// The stages that the tasks of a stage make for themselves.
    pub(crate) fn own_of(&self, stage: usize) -> Vec<usize> {
        let mut own = BTreeSet::new();
        self.plan.visit_inputs(stage, &mut |s, _| {
            if self.own.contains(&s) {
                own.insert(s);
            }
        });
        own.into_iter().collect()
    }

    /// How many tasks of each own stage some tasks of a stage run.
    pub(crate) fn own_tasks(&self, stage: usize, tasks: &Range<usize>) -> BTreeMap<usize, usize> {
        let mut run: HashSet<(usize, usize)> = HashSet::new();
        visit_cells(self.plan, stage, tasks, &mut |cell, _| {
            if self.own.contains(&cell.stage) {
                run.insert((cell.stage, cell.cell));
            }
        });
        let mut counts = BTreeMap::new();
        run.iter()
            .for_each(|(s, _)| *counts.entry(*s).or_default() += 1);
        counts
    }

    pub(crate) fn stretch(
        &self,
        stage: usize,
        tasks: Range<usize>,
        own: &[usize],
        kept: &[bool],
    ) -> Stretch {
        let plan = self.plan;
        let needs = match plan.has_dependencies(stage) {
            true => needs(plan, &self.holders, stage, &tasks),
            false => BTreeMap::new(),
        };
        let left = left(plan, stage, &tasks);
        let of = &plan.stages[stage];
        let reduced: u64 = left
            .iter()
            .map(|(n, l)| l.bytes + l.whole.len() as u64 * of.outputs[*n].cell_bytes())
            .sum();
        let part = Part {
            stage,
            tasks: tasks.clone(),
            own: own.to_vec(),
        };
        let stored = part.kept_bytes(plan, kept);
        let carry = self.carry_bytes(stage, tasks.start);
        let merge = runs::merge_of(plan, stage);
        let some = merge.filter(|m| !runs::are_most(plan, stage, m, &tasks));
        let in_part = |cells: &Cells| some.is_some_and(|m| runs::are_runs(m, cells));
        let given: u64 = needs
            .iter()
            .map(|(read, cells)| match self.is_whole(*read, cells) {
                _ if in_part(cells) => 0,
                true => self.size(*read),
                false => bytes(cells),
            })
            .sum();
        let given = given + carry + some.map_or(0, |m| runs::bytes(plan, stage, m, &tasks));
        let peak = part.memory(plan, kept) + reduced + given;
        Stretch {
            tasks,
            needs,
            left,
            size: stored + reduced + carry,
            peak,
        }
    }
}
