//! Into how many fragments a stage is cut.

use std::ops::Range;

use chunkwise_plan::{PassOutput, Plan, StageKind};

use crate::Limits;

/// Where there are fewer than a few fragments for each slot they may be this part as long.
const SHORTEST: f64 = 0.2;
/// Fragments for each slot, so that all slots end together.
const FOR_EACH_SLOT: usize = 4;
/// More fragments than this are made of a stage only where they would not fit otherwise.
const MOST: f64 = 1000.0;
/// What a fragment makes should take at most this part of a worker's room.
const OF_ROOM: u64 = 4;
/// And at most this many bytes, if there are not too many fragments then: bundles are moved as a whole.
pub(crate) const BYTES: u64 = 128 << 20;

/// About how many seconds of one core all tasks of a stage take.
pub(crate) fn seconds(plan: &Plan, stage: usize) -> f64 {
    let of = &plan.stages[stage];
    let elements: f64 = of.tasks.shape().iter().map(|d| *d as f64).product();
    elements * f64::from(of.cost) * 1e-9
}

/// How many fragments are right for a stage that makes `bytes`, of which each makes at most `largest`, and takes
/// `seconds`; of functions that it `calls`, nobody knows how long they take.
pub(crate) fn fragments(
    tasks: usize,
    (bytes, largest): (u64, u64),
    (seconds, calls): (f64, bool),
    limits: &Limits,
) -> usize {
    let for_slots = (enough(limits) as f64).min(seconds / (limits.seconds * SHORTEST));
    let by_time = (seconds / limits.seconds).clamp(1.0, MOST).max(for_slots);
    let each = (limits.room / OF_ROOM).clamp(1, largest);
    let by_time = match calls {
        true => by_time.max(enough(limits) as f64),
        false => by_time,
    };
    let by_size = bytes.div_ceil(each) as usize;
    (by_time.ceil() as usize)
        .max(by_size)
        .clamp(1, tasks.max(1))
}

/// Fragments that keep all slots at work, so that they end together.
pub(crate) fn enough(limits: &Limits) -> usize {
    limits.slots.saturating_mul(FOR_EACH_SLOT)
}

/// Whether tasks of a stage call functions of the user's.
pub(crate) fn calls(plan: &Plan, stage: usize) -> bool {
    matches!(&plan.stages[stage].kind, StageKind::Call(c) if c.call.scratch.is_none())
}

/// The tasks of a stage in about `count` stretches. Where cells of a reduction have many tasks each, a
/// stretch has whole cells or is within one, and there a power of two of them: few nodes of a cell's tree are then left over.
pub(crate) fn stretches(plan: &Plan, stage: usize, count: usize) -> Vec<Range<usize>> {
    let of = &plan.stages[stage];
    let tasks = of.task_count();
    let mut size = tasks.div_ceil(count.max(1)).max(1);
    let within = match lines(plan, stage) {
        Some(leaves) if size >= leaves => {
            size = size.next_multiple_of(leaves);
            tasks
        }
        Some(leaves) => {
            size = size.next_power_of_two();
            leaves
        }
        None => {
            size = round(size);
            tasks
        }
    };
    let mut out = Vec::new();
    let mut start = 0;
    while start < tasks {
        let line = (start / within + 1) * within;
        let end = (start + size).min(line).min(tasks);
        out.push(start..end);
        start = end;
    }
    out
}

/// A size whose multiples have few nodes in a tree: two at most, of powers of two, have to wait for their neighbours.
fn round(size: usize) -> usize {
    let digits = usize::BITS - size.leading_zeros();
    size >> digits.saturating_sub(2) << digits.saturating_sub(2)
}

/// How many tasks, one after another, make a cell of the stage's reductions, where that is so; and of a
/// scan, how many hand on to each other.
pub(crate) fn lines(plan: &Plan, stage: usize) -> Option<usize> {
    let of = &plan.stages[stage];
    let count = match &of.kind {
        StageKind::Pass(pass) => {
            let mut reduced = pass.outputs.iter().filter_map(|o| match o {
                PassOutput::Reduce(r) => Some(r),
                PassOutput::Store => None,
            });
            let first = reduced.next()?;
            if reduced.any(|r| r.axes != first.axes) {
                return None;
            }
            let (kept, last) = of.order.split_at(of.order.len() - first.axes.len());
            // Numbers of cells and leaves go as their axes do.
            if kept.iter().any(|a| first.axes.contains(a))
                || last.is_empty()
                || !kept.is_sorted()
                || !last.is_sorted()
            {
                return None;
            }
            first.leaves(&of.tasks)
        }
        StageKind::Scan(s) => of.tasks.axes()[s.axis].count(),
        _ => return None,
    };
    (count > 0).then_some(count)
}
