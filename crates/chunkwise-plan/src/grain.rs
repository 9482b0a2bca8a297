//! The scheduling grain: how an index space is cut into tasks.
//!
//! The cuts depend on the shape, the operations, where the data lies and the memory limit; never on
//! the number of threads, and on the user's chunks only where data is kept in them. So results do not
//! depend on threads, and plans do not grow with the number of chunks.

use chunkwise_core::{AxisGrid, Dims, Grid, Source};

use crate::cuts::{self, Cuts};
use crate::{Bands, Fused, Input, LeafSpec, PassOutput, Stage};

/// A task should take about this long, in nanoseconds: long against scheduling, short against the
/// whole, so that threads finish together and a run can be stopped soon.
const TASK_NANOSECONDS: f32 = 1.0e6;
/// Bounds of the elements of a task.
pub(crate) const SMALLEST: usize = 1 << 15;
pub(crate) const LARGEST: usize = 1 << 20;
/// There should be about this many tasks at least, where there is work for them.
const TASKS: usize = 64;
/// Elements of the pieces in which cells are put together: a few operands of them lie in cache.
const BAND: usize = 1 << 16;
/// About how many bytes the state of an element of a reduction's result has.
const STATE: u64 = 16;
/// And how many levels a tree of states has, at most.
const LEVELS: u64 = 16;
/// Bytes that a task may load at once.
const TASK_BYTES: usize = 16 << 20;
/// A scan should have about so many columns of tasks, which are all that runs at once.
const COLUMNS_OF_SCAN: usize = 32;
/// But none narrower than this: rows of so many elements are read and stored in pieces that are long enough.
const NARROWEST: usize = 1024;
/// A sum over rows keeps a state for this many columns at a time: within a second-level cache.
const COLUMNS: usize = 4096;

/// What a grain is chosen by.
pub(crate) struct Wants<'a> {
    pub fused: &'a Fused,
    /// Bytes that are loaded or stored in new memory per element.
    pub bytes: usize,
    /// The reduced axes, of each reduction.
    pub reduced: Vec<&'a [usize]>,
    pub memory_limit: u64,
    /// Whether cells of an earlier stage are gone through in its own order: so that stretches of tasks
    /// that follow each other read stretches.
    pub as_made: bool,
    /// The most elements of a task, where that is given.
    pub most: Option<usize>,
    /// The chunks in which the result is stored: each is made by one task.
    pub stored: Option<Grid>,
}

impl Wants<'_> {
    /// Whether the states of all cells of all reductions may wait at once.
    fn has_small_states(&self) -> bool {
        let states = self.reduced.iter().map(|reduced| {
            let kept = self.fused.shape.iter().enumerate();
            let kept = kept.filter(|(axis, _)| !reduced.contains(axis));
            let cells = kept.fold(STATE, |n, (_, len)| n.saturating_mul(*len as u64));
            // On each level of a tree one may wait.
            cells.saturating_mul(LEVELS)
        });
        states.fold(0, u64::saturating_add) <= self.memory_limit / 16
    }
}

/// The tasks of a pass over the results of `stages`, and the order of their axes, slowest first.
pub(crate) fn tasks(wants: &Wants<'_>, stages: &[Stage]) -> (Grid, Dims) {
    let shape = &wants.fused.shape;
    let ndim = shape.len();
    let (priority, crossed) = axis_priority(wants.fused);
    let order = execution_order(ndim, &wants.reduced);
    let total: usize = shape.iter().fold(1usize, |n, d| n.saturating_mul(*d));
    let by_cost = (TASK_NANOSECONDS / wants.fused.cost().max(0.1)) as usize;
    let mut elements = by_cost
        .clamp(SMALLEST, LARGEST)
        .min((total / TASKS).max(SMALLEST));
    if let Some(most) = TASK_BYTES.checked_div(wants.bytes) {
        let limited = (wants.memory_limit / 16) as usize / wants.bytes;
        elements = elements.min(most).min(limited).max(1);
    }
    elements = elements.min(wants.most.unwrap_or(usize::MAX)).max(1);
    if wants.stored.is_none()
        && let Some((natural, as_made)) = natural_grid(wants, &priority, elements, stages)
    {
        let order = as_made
            .filter(|_| wants.has_small_states())
            .unwrap_or(order);
        return (natural, order);
    }
    let whole_chunks = |cuts: &Cuts, may_split: bool| {
        // A part of a chunk takes unpacking all of it.
        let most = (wants.memory_limit / 6) as usize / wants.bytes.max(1);
        let split = may_split.then_some(most.max(1));
        made_of_chunks(shape, cuts, &priority, elements, split)
    };
    if let Some(stored) = &wants.stored {
        let cuts = stored.axes().iter().cloned().map(Some).collect();
        return (whole_chunks(&cuts, false), order);
    }
    if let Some(cuts) = cuts::of_fused(wants.fused, stages) {
        return (whole_chunks(&cuts, true), order);
    }

    let mut extent: Dims = smallvec::smallvec![1; ndim];
    let mut left = elements;
    for (rank, &axis) in priority.iter().rev().enumerate() {
        let mut most = left;
        let columns = wants
            .reduced
            .iter()
            .any(|r| !r.is_empty() && !r.contains(&axis));
        if rank == 0 && columns {
            most = most.min(COLUMNS);
        }
        if rank == 0 && crossed && ndim > 1 {
            most = most.min(elements.isqrt().max(32));
        }
        extent[axis] = even(shape[axis], most.max(1));
        left = (left / extent[axis].max(1)).max(1);
    }
    (
        Grid::new(
            shape
                .iter()
                .zip(&extent)
                .map(|(l, e)| AxisGrid::regular(*l, *e)),
        ),
        order,
    )
}

/// Tasks of whole chunks, of about `elements` each where chunks are smaller. Chunks of more than `split`
/// elements are cut, along their slowest axes.
fn made_of_chunks(
    shape: &[usize],
    cuts: &Cuts,
    priority: &[usize],
    elements: usize,
    split: Option<usize>,
) -> Grid {
    let mut axes: Vec<AxisGrid> = shape
        .iter()
        .zip(cuts)
        .map(|(len, cut)| cut.clone().unwrap_or_else(|| AxisGrid::regular(*len, 1)))
        .collect();
    let size = |axes: &[AxisGrid]| -> usize {
        let longest = axes.iter().map(|a| a.longest().max(1));
        longest.fold(1, usize::saturating_mul)
    };
    for &axis in priority {
        let (now, len) = (size(&axes), axes[axis].longest().max(1));
        let Some(most) = split.filter(|most| now > *most) else {
            break;
        };
        let part = (len / now.div_ceil(most)).max(1);
        // Parts that divide the chunk do not reach into the next one.
        let part = (1..=part).rev().find(|p| len % p == 0).unwrap_or(1);
        axes[axis] = AxisGrid::regular(shape[axis], part);
    }
    for &axis in priority.iter().rev() {
        let room = elements / size(&axes);
        if room > 1 {
            axes[axis] = match &cuts[axis] {
                Some(_) => axes[axis].grouped(room),
                None => AxisGrid::regular(shape[axis], even(shape[axis], room)),
            };
        }
    }
    Grid::new(axes)
}

/// The length of equal parts of at most `most`.
pub(crate) fn even(len: usize, most: usize) -> usize {
    len.div_ceil(len.div_ceil(most).max(1)).max(1)
}

/// The axes from the slowest to the fastest in memory, and whether leaves disagree about the fastest.
fn axis_priority(fused: &Fused) -> (Vec<usize>, bool) {
    let ndim = fused.shape.len();
    let mut order: Vec<usize> = (0..ndim).collect();
    let mut fast: Vec<usize> = fused.leaves.iter().filter_map(fast_axis).collect();
    fast.sort_unstable();
    fast.dedup();
    match fast[..] {
        [one] if one + 1 != ndim => {
            order.retain(|a| *a != one);
            order.push(one);
            (order, false)
        }
        [_, .., last] => {
            // The two that matter most are walked in squares; keep them next to each other.
            order.retain(|a| !fast.contains(a) || *a == last);
            let place = order.iter().position(|a| *a == last).unwrap_or(0);
            let others: Vec<usize> = fast.iter().copied().filter(|a| *a != last).collect();
            order.splice(place..place, others);
            order.retain(|a| *a != last);
            order.push(last);
            (order, true)
        }
        _ => (order, false),
    }
}

/// The axis of the index space along which a leaf's elements follow each other.
fn fast_axis(leaf: &LeafSpec) -> Option<usize> {
    let within = match &leaf.input {
        Input::Source(source) => source_fast_axis(source.as_ref()),
        Input::Index { .. } => None,
        Input::Random(..) | Input::Stage { .. } | Input::Body(_) => leaf.shape.len().checked_sub(1),
    }?;
    let at = leaf.map.axes()[within];
    at.from.filter(|_| leaf.shape[within] > 1 && at.step != 0)
}

fn source_fast_axis(source: &dyn Source) -> Option<usize> {
    match source.in_memory() {
        Some(view) => (0..view.shape().len())
            .filter(|a| view.shape()[*a] > 1)
            .min_by_key(|a| (view.strides()[*a].unsigned_abs(), std::cmp::Reverse(*a))),
        None => source.fast_axis(),
    }
}

/// Axes kept by reductions come first, so that a cell is finished before the next begins.
fn execution_order(ndim: usize, reduced: &[&[usize]]) -> Dims {
    let is_reduced = |axis: &usize| reduced.first().is_some_and(|r| r.contains(axis));
    let (inner, outer): (Vec<usize>, Vec<usize>) = (0..ndim).partition(is_reduced);
    outer.into_iter().chain(inner).collect()
}

/// Where the input is kept in cells, tasks are those cells, or parts of them where they are large: nothing is copied
/// together, and nothing is read twice. With the order in which the cells are made, if that is to be theirs too.
fn natural_grid(
    wants: &Wants<'_>,
    priority: &[usize],
    elements: usize,
    stages: &[Stage],
) -> Option<(Grid, Option<Dims>)> {
    let size = |grid: &Grid| grid.largest().iter().product::<usize>();
    let sensible = match wants.most {
        None => SMALLEST / 8..=4 * LARGEST,
        Some(most) => most / 8..=4 * most,
    };
    let fits = |grid: &Grid| {
        let limited = (wants.memory_limit / 16) as usize / wants.bytes.max(1);
        let cell = size(grid);
        grid.count() > 1 && sensible.contains(&cell) && cell <= limited.max(SMALLEST)
    };
    let own = wants.fused.leaves.iter();
    let mut own = own.filter(|l| l.map.is_identity() && l.shape == wants.fused.shape);
    own.find_map(|leaf| match &leaf.input {
        Input::Stage { stage, output } => {
            let of = &stages[*stage];
            let grid = &of.outputs[*output].grid;
            let order = (grid.counts() == of.tasks.counts()).then(|| of.order.clone());
            if fits(grid) {
                return Some((grid.clone(), order.filter(|_| wants.as_made)));
            }
            let regular = |a: &AxisGrid| matches!(a, AxisGrid::Regular { .. });
            if grid.count() < 2 || size(grid) <= *sensible.end() || !grid.axes().iter().all(regular)
            {
                return None;
            }
            let cuts = grid.axes().iter().cloned().map(Some).collect();
            let parts = made_of_chunks(&leaf.shape, &cuts, priority, elements, Some(elements));
            // The parts of a cell follow each other.
            let is_cut = |axis: &usize| parts.axes()[*axis].count() != grid.axes()[*axis].count();
            let order = order.unwrap_or_else(|| (0..leaf.shape.len()).collect());
            let (cut, whole): (Vec<usize>, Vec<usize>) = order.iter().partition(|a| is_cut(a));
            Some((parts, Some(whole.into_iter().chain(cut).collect())))
        }
        Input::Source(source) => {
            let grid = source.grid().filter(|_| !cuts::is_dear(&**source));
            grid.filter(fits).map(|grid| (grid, None))
        }
        _ => None,
    })
}

/// The pieces in which a task computes its region, where cells have to be put together for it. What is
/// read from elsewhere is read once for a task, not piece by piece.
pub(crate) fn bands(
    fused: &Fused,
    tasks: &Grid,
    outputs: &[PassOutput],
    stages: &[Stage],
) -> Option<Bands> {
    let largest = tasks.largest();
    let joined = |leaf: &LeafSpec| match &leaf.input {
        Input::Stage { stage, output } => {
            let cells = &stages[*stage].outputs[*output].grid;
            let same = leaf.map.is_identity() && leaf.shape == fused.shape;
            !(same && cells.axes().iter().zip(tasks.axes()).all(|(c, t)| c == t))
        }
        _ => false,
    };
    let near = |leaf: &LeafSpec| match &leaf.input {
        Input::Source(source) => source.in_memory().is_some(),
        Input::Body(_) => false,
        Input::Stage { .. } | Input::Random(..) | Input::Index { .. } => true,
    };
    let reduced = |axis: usize| {
        outputs.iter().all(|output| match output {
            PassOutput::Store => true,
            PassOutput::Reduce(r) => r.axes.contains(&axis),
        })
    };
    if fused.unchanged().is_some() || !fused.leaves.iter().all(near) {
        return None;
    }
    let axis = (0..largest.len()).find(|a| largest[*a] > 1 && reduced(*a))?;
    let row: usize = largest.iter().product::<usize>() / largest[axis];
    let len = (BAND / row.max(1)).max(1);
    (fused.leaves.iter().any(joined) && len < largest[axis]).then_some(Bands { axis, len })
}

/// Cells of a matrix product and panels of its contracted axes.
pub(crate) fn contraction(
    shape: &[usize],
    k: &[usize],
    (batch, m): (usize, usize),
    item: usize,
    memory_limit: u64,
    most: Option<usize>,
) -> (Grid, Grid) {
    let largest = most.map_or(usize::MAX, |n| n.isqrt().max(1));
    let mut side = 1024usize.min(largest);
    let budget = (memory_limit / 16) as usize / item;
    while side > 64 && 3 * side * side > budget {
        side /= 2;
    }
    let cut = |dims: &[usize], most: usize| -> Dims {
        let mut left = most;
        let mut out: Dims = smallvec::smallvec![1; dims.len()];
        for axis in (0..dims.len()).rev() {
            out[axis] = even(dims[axis], left.max(1));
            left /= out[axis].max(1);
        }
        out
    };
    // Few cells are cut finer, so that there is work for several threads.
    let product = |s: &[usize]| s.iter().product::<usize>();
    let (rows, cols) = (product(&shape[batch..m]), product(&shape[m..]));
    let cells = |s: usize| rows.div_ceil(s) * cols.div_ceil(s) * product(&shape[..batch]);
    while side > 128 && cells(side) < 16 && rows * cols * product(k) > 1 << 24 {
        side /= 2;
    }
    let mut extent: Dims = smallvec::smallvec![1; batch];
    extent.extend(cut(&shape[batch..m], side));
    extent.extend(cut(&shape[m..], side));
    (
        Grid::regular(shape, &extent),
        Grid::regular(k, &cut(k, side.max(256.min(largest)))),
    )
}

/// The tasks of a cumulative operation along an axis: long along it, and as many columns as make a
/// task.
pub(crate) fn scan(
    shape: &[usize],
    axis: usize,
    item: usize,
    memory_limit: u64,
    most: Option<usize>,
    cuts: Option<&Cuts>,
) -> (Grid, Dims) {
    let elements = LARGEST
        .min(((memory_limit / 16) as usize / (2 * item)).max(1))
        .min(most.unwrap_or(usize::MAX));
    let order: Dims = (0..shape.len())
        .filter(|a| *a != axis)
        .chain([axis])
        .collect();
    if let Some(cuts) = cuts {
        let priority: Vec<usize> = (0..shape.len()).collect();
        let split = ((memory_limit / 12) as usize / (2 * item)).max(1);
        let tasks = made_of_chunks(shape, cuts, &priority, elements, Some(split));
        return (tasks, order);
    }
    let total: usize = shape.iter().fold(1usize, |n, d| n.saturating_mul(*d));
    let mut left = elements.min((total / 16).max(SMALLEST));
    let mut extent: Dims = smallvec::smallvec![1; shape.len()];
    // Neighbours in memory first, but leave room for a good length along the axis, and columns for others: the
    // tasks of a column wait for each other.
    for a in (axis + 1..shape.len()).rev() {
        let others = (shape[a] / COLUMNS_OF_SCAN).max(NARROWEST);
        extent[a] = even(shape[a], (left / 64).min(others).max(1));
        left = (left / extent[a].max(1)).max(1);
    }
    extent[axis] = even(shape[axis], left);
    left = (left / extent[axis].max(1)).max(1);
    for a in (0..axis).rev() {
        extent[a] = even(shape[a], left);
        left = (left / extent[a].max(1)).max(1);
    }
    (Grid::regular(shape, &extent), order)
}

/// The tasks of a boolean index: whole in all axes but the masked one.
pub(crate) fn compress(
    shape: &[usize],
    axis: usize,
    item: usize,
    memory_limit: u64,
    most: Option<usize>,
) -> Grid {
    let row: usize = shape
        .iter()
        .enumerate()
        .filter(|(a, _)| *a != axis)
        .map(|(_, d)| *d)
        .product();
    let most = LARGEST
        .min(((memory_limit / 16) as usize / item).max(1))
        .min(most.unwrap_or(usize::MAX))
        / row.max(1);
    Grid::new(shape.iter().enumerate().map(|(a, &len)| {
        AxisGrid::regular(
            len,
            if a == axis {
                even(len, most.max(1))
            } else {
                len
            },
        )
    }))
}
