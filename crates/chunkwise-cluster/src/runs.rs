//! Sorted runs on their way to merges: of a run, a merge reads the stretch that the table says, which is known
//! when the table has been made.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use chunkwise_core::{Error, Pool, Region, Result};
use chunkwise_exec::Item;
use chunkwise_plan::{CellRef, MergeStage, OutputRef, Plan, StageKind};

use crate::needs::{Cells, bounds};

/// The merge that a stage is.
pub(crate) fn merge_of(plan: &Plan, stage: usize) -> Option<&MergeStage> {
    match &plan.stages.get(stage)?.kind {
        StageKind::Merge(m) => Some(m),
        _ => None,
    }
}

/// Whether these cells are runs that a merge reads, not its table.
pub(crate) fn are_runs(m: &MergeStage, cells: &Cells) -> bool {
    cells.iter().any(|(cell, _)| cell.stage == m.values.stage)
}

/// Whether some tasks of a merge make so much of their lanes that they are given whole runs.
pub(crate) fn are_most(plan: &Plan, stage: usize, m: &MergeStage, tasks: &Range<usize>) -> bool {
    2 * tasks.len() >= lanes(plan, stage, tasks) * m.split.parts()
}

/// The most bytes of runs that some tasks of a merge read: a part of the lane is made of few more
/// elements than it has.
pub(crate) fn bytes(plan: &Plan, stage: usize, m: &MergeStage, tasks: &Range<usize>) -> u64 {
    let slack = lanes(plan, stage, tasks) * (m.split.most() - m.split.part);
    let elements = tasks.len() * m.split.part + slack;
    let item = m.dtype.size() + 8 * usize::from(m.indices.is_some());
    // Of each run it is a buffer of its own.
    let each = Pool::footprint(1) * m.split.runs() * lanes(plan, stage, tasks);
    (Pool::footprint(elements * item) + each) as u64
}

fn lanes(plan: &Plan, stage: usize, tasks: &Range<usize>) -> usize {
    let Some(m) = merge_of(plan, stage) else {
        return 0;
    };
    // Parts of a lane follow each other where its axis is the last; else each is of another lane.
    let of = &plan.stages[stage];
    let inner: usize = of.tasks.axes()[m.axis + 1..]
        .iter()
        .map(chunkwise_core::AxisGrid::count)
        .product();
    let parts = m.split.parts().max(1);
    let whole = tasks.len().div_ceil(parts * inner.max(1)) * inner.max(1);
    whole.min(tasks.len()).max(1)
}

/// Of the runs among some items, what tasks of a merge read by the table that is among them too.
pub(crate) fn stretched(
    plan: &Plan,
    stage: usize,
    tasks: Range<usize>,
    items: &[Item],
) -> Result<Vec<Item>> {
    let missing = |what: &str| Error::internal("cluster", format!("{what} of stage {stage}"));
    let m = merge_of(plan, stage).ok_or_else(|| missing("no merge"))?;
    let of = &plan.stages[stage];
    if tasks.end > of.task_count() {
        return Err(missing("more tasks than those"));
    }
    let tables = &plan.stages[m.table.stage].outputs[m.table.output].grid;
    let table = |region: &Region| -> Result<Vec<i64>> {
        let cell = tables.covering(region).next().map(|at| tables.ravel(&at));
        let held = items.iter().find_map(|item| match item {
            Item::Cell { at, chunk, .. }
                if (at.stage, at.output) == (m.table.stage, m.table.output)
                    && Some(at.cell) == cell =>
            {
                Some((at, chunk))
            }
            _ => None,
        });
        let (at, chunk) = held.ok_or_else(|| missing("the table"))?;
        let own = tables.region(&tables.unravel(at.cell));
        chunk
            .region(&region.relative_to(&own.start))?
            .to_vec::<i64>()
    };
    let mut wanted: BTreeMap<CellRef, Region> = BTreeMap::new();
    for number in tasks {
        let index = of.task_index(number);
        for (run, pair) in table(&m.table_region(&index))?.chunks_exact(2).enumerate() {
            let (start, len) = (pair[0].max(0) as usize, (pair[1] - pair[0]).max(0) as usize);
            if len == 0 {
                continue;
            }
            let part = m.lane_region(&index, run * m.split.run + start, len);
            for from in [Some(m.values), m.indices].into_iter().flatten() {
                want(plan, from, &part, &mut wanted);
            }
        }
    }
    let mut seen: BTreeSet<CellRef> = BTreeSet::new();
    let mut found = Vec::new();
    for item in items {
        if let Item::Cell {
            at,
            region: None,
            chunk,
        } = item
            && let Some(region) = wanted.get(at)
            && seen.insert(at.clone())
        {
            let chunk = chunk.region(region)?;
            let (at, region) = (at.clone(), Some(region.clone()));
            found.push(Item::Cell { at, region, chunk });
        }
    }
    Ok(found)
}

/// Adds a region of an output to what is wanted of its cells.
fn want(plan: &Plan, from: OutputRef, region: &Region, wanted: &mut BTreeMap<CellRef, Region>) {
    let grid = &plan.stages[from.stage].outputs[from.output].grid;
    for at in grid.covering(region) {
        let own = grid.region(&at);
        let Some(part) = own.intersect(region) else {
            continue;
        };
        let part = part.relative_to(&own.start);
        let cell = CellRef {
            stage: from.stage,
            output: from.output,
            cell: grid.ravel(&at),
        };
        wanted
            .entry(cell)
            .and_modify(|all| *all = bounds(all, &part))
            .or_insert(part);
    }
}
