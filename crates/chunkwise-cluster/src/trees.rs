//! What a stretch of a stage's tasks leaves of its reductions: cells that are whole, and nodes of trees.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use chunkwise_core::Pool;
use chunkwise_plan::{PassOutput, Plan, ReduceOutput, StageKind};

use crate::share::lines;

/// What is left of one output.
#[derive(Debug, Default)]
pub(crate) struct Left {
    /// Cells that are whole.
    pub whole: Vec<usize>,
    /// Cells that wait for other stretches.
    pub waiting: Vec<usize>,
    /// Bytes of the states of the latter.
    pub bytes: u64,
}

/// What is left of each reduction of a stage.
pub(crate) fn left(plan: &Plan, stage: usize, tasks: &Range<usize>) -> Vec<(usize, Left)> {
    let StageKind::Pass(pass) = &plan.stages[stage].kind else {
        return Vec::new();
    };
    let outputs = pass.outputs.iter().enumerate();
    // Counted without a look at each task, where a stretch has whole cells or is within one.
    let line = lines(plan, stage).filter(|leaves| {
        let whole = tasks.start.is_multiple_of(*leaves) && tasks.end.is_multiple_of(*leaves);
        whole || tasks.start / leaves == tasks.end.saturating_sub(1) / leaves
    });
    let reduced = outputs.filter_map(|(n, o)| match o {
        PassOutput::Reduce(r) => Some((n, r)),
        PassOutput::Store => None,
    });
    let left = reduced.map(|(n, r)| match line {
        Some(leaves) => (n, left_in_lines(plan, stage, n, r, tasks, leaves)),
        None => (n, left_of(plan, stage, n, r, tasks)),
    });
    left.collect()
}

/// The same where the tasks of a cell follow each other, `leaves` of them, and a stretch has whole cells or is
/// within one: nothing is counted task by task, of which there may be 10^9.
fn left_in_lines(
    plan: &Plan,
    stage: usize,
    output: usize,
    reduce: &ReduceOutput,
    tasks: &Range<usize>,
    leaves: usize,
) -> Left {
    let cells = tasks.start / leaves..tasks.end.div_ceil(leaves);
    if tasks.start.is_multiple_of(leaves) && tasks.end.is_multiple_of(leaves) {
        return Left {
            whole: cells.collect(),
            ..Left::default()
        };
    }
    let first = cells.start * leaves;
    let (mut at, end) = (tasks.start - first, tasks.end - first);
    let mut nodes = 0;
    while at < end {
        // The largest whole tree that starts here: one may reach beyond the last leaf.
        let fits = |size: usize| at.is_multiple_of(size) && (at + size <= end || end == leaves);
        let mut size = 1;
        while size < leaves && fits(2 * size) {
            size *= 2;
        }
        at += size;
        nodes += 1;
    }
    Left {
        whole: Vec::new(),
        bytes: nodes * state_bytes(plan, stage, output, reduce, cells.start),
        waiting: cells.collect(),
    }
}

/// Bytes of a state of a cell.
fn state_bytes(
    plan: &Plan,
    stage: usize,
    output: usize,
    reduce: &ReduceOutput,
    cell: usize,
) -> u64 {
    let grid = &plan.stages[stage].outputs[output].grid;
    let elements: usize = grid.region(&grid.unravel(cell)).shape.iter().product();
    let cells = elements / reduce.reducer.outputs_per_cell.max(1);
    Pool::footprint(reduce.reducer.state_len(cells)) as u64
}

fn left_of(
    plan: &Plan,
    stage: usize,
    output: usize,
    reduce: &ReduceOutput,
    tasks: &Range<usize>,
) -> Left {
    let of = &plan.stages[stage];
    let grid = &of.outputs[output].grid;
    let leaves = reduce.leaves(&of.tasks);
    let mut nodes: HashMap<usize, HashSet<(u32, usize)>> = HashMap::new();
    let mut left = Left::default();
    for number in tasks.clone() {
        let (cell, leaf, _) = reduce.place(&of.tasks, &of.task_index(number));
        let cell = grid.ravel(&cell);
        let waiting = nodes.entry(cell).or_default();
        if joined(waiting, leaf, leaves) {
            nodes.remove(&cell);
            left.whole.push(cell);
        }
    }
    for (cell, waiting) in nodes {
        left.bytes += waiting.len() as u64 * state_bytes(plan, stage, output, reduce, cell);
        left.waiting.push(cell);
    }
    left.whole.sort_unstable();
    left.waiting.sort_unstable();
    left
}

/// Adds a leaf to a tree; whether the tree is whole now.
fn joined(waiting: &mut HashSet<(u32, usize)>, leaf: usize, leaves: usize) -> bool {
    let (mut level, mut place, mut width) = (0u32, leaf, leaves);
    while width > 1 {
        let sibling = place ^ 1;
        if sibling < width && !waiting.remove(&(level, sibling)) {
            waiting.insert((level, place));
            return false;
        }
        level += 1;
        place /= 2;
        width = width.div_ceil(2);
    }
    true
}
