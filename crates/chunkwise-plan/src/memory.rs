//! The bytes that a task needs: the same figures that the executor admits tasks by.

use chunkwise_core::{AxisGrid, Dims, Grid, Pool, Region};

use chunkwise_kernels::order::{SAMPLE_BYTES, pair_bytes};

use crate::body::TAKE_SPAN;
use crate::body::each_region;
use crate::pick::Picks;
use crate::reshape::largest_span;
use crate::{Body, Fused, Input, PassOutput, ReduceOutput, StageKind, StageOutput};

/// The largest cell of an output of an earlier stage, in bytes.
type CellBytes<'a> = &'a dyn Fn(usize, usize) -> u64;

/// The most bytes that a task of a stage needs at once, by what they are for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TaskMemory {
    /// Loaded or computed on the way, given back at the end of the task.
    pub scratch: u64,
    /// What it leaves behind: cells, or the states of reductions.
    pub output: u64,
    /// Cells of earlier stages that it reads.
    pub input: u64,
    /// What unfinished reductions and scans hold between tasks: of the whole stage, not of a task.
    pub standing: u64,
}

impl TaskMemory {
    /// Everything that a task needs together.
    pub fn total(&self) -> u64 {
        self.scratch + self.output + self.input
    }
}

fn bytes(shape: &[usize], item: usize) -> u64 {
    let n = shape.iter().fold(1usize, |n, d| n.saturating_mul(*d));
    Pool::footprint(n.saturating_mul(item)) as u64
}

/// What a task of a stage needs, where its largest region has the shape `largest`.
pub(crate) fn task_memory(
    kind: &StageKind,
    (tasks, order): (&Grid, &[usize]),
    outputs: &[StageOutput],
    cell_bytes: CellBytes<'_>,
) -> TaskMemory {
    let largest = &tasks.largest();
    let stored: u64 = outputs
        .iter()
        .map(|o| bytes(&o.grid.largest(), o.dtype.size()))
        .sum();
    let mut memory = TaskMemory {
        output: stored,
        ..TaskMemory::default()
    };
    let whole = Region::whole(largest);
    match kind {
        StageKind::Pass(pass) => {
            let mut part = whole;
            if let Some(bands) = pass.bands {
                part.shape[bands.axis] = part.shape[bands.axis].min(bands.len);
            }
            match pass.unchanged() {
                Some(input) => unchanged(input, &part, &mut memory, cell_bytes),
                None => fused(&pass.fused, &part, &mut memory, cell_bytes),
            }
            for (output, at) in pass.outputs.iter().zip(outputs) {
                if let PassOutput::Reduce(r) = output {
                    let cells: usize = at.grid.largest().iter().product::<usize>()
                        / r.reducer.outputs_per_cell.max(1);
                    // Its own state, and the one that it is merged with.
                    let state = Pool::footprint(r.reducer.state_len(cells)) as u64;
                    memory.output += 2 * state;
                    memory.standing += state * waiting_states(tasks, order, at, r);
                }
            }
        }
        StageKind::Contract(c) => {
            let panel = Region::whole(&c.panels.largest());
            let (a, b) = c.operand_regions(&whole, &panel);
            for (input, region) in [(&c.a, a), (&c.b, b)] {
                memory.scratch += bytes(&region.shape, input.dtype().size());
                body(input, &region, &mut memory, cell_bytes);
            }
        }
        StageKind::Scan(s) => {
            memory.scratch += 2 * bytes(largest, s.input.dtype().size());
            // The result before it goes to its place, and the carry.
            memory.scratch += bytes(largest, s.scanner.output.size());
            let cells = (0..largest.len())
                .filter(|a| *a != s.axis)
                .map(|a| largest[a])
                .product();
            let carry = Pool::footprint(s.scanner.carry.state_len(cells)) as u64;
            memory.output += carry;
            // Later stages that walk in C order ask for the lines of all later axes side by side.
            let later = &tasks.axes()[s.axis + 1..];
            let lines: usize = later.iter().map(AxisGrid::count).product();
            memory.standing += carry * lines as u64;
            body(&s.input, &whole, &mut memory, cell_bytes);
        }
        StageKind::Call(c) => {
            for (input, body_of) in c.call.inputs.iter().zip(&c.inputs) {
                let mut region = Region::whole(&input.expr.grid().largest());
                for (axis, follow) in input.follow.iter().enumerate() {
                    use chunkwise_expr::Follow;
                    region.shape[axis] = match follow {
                        Follow::Whole => input.expr.shape()[axis],
                        Follow::Chunk { .. } => region.shape[axis],
                        Follow::Window {
                            axis: of,
                            before,
                            after,
                            ..
                        } => (largest[*of] + before + after).min(input.expr.shape()[axis]),
                    };
                }
                memory.scratch += bytes(&region.shape, input.expr.dtype().size());
                body(body_of, &region, &mut memory, cell_bytes);
            }
            let made: u64 = c
                .call
                .outputs
                .iter()
                .map(|o| bytes(&o.grid.largest(), o.dtype.size()))
                .sum();
            memory.scratch += match c.call.scratch {
                // What is made for nobody, and what the function says.
                Some(scratch) => made - stored + scratch,
                // What the function makes before it is trimmed, and room of its own.
                None => 2 * made,
            };
        }
        StageKind::Brought(_) => memory.output = 0,
        StageKind::Sort(s) => {
            let n: usize = largest.iter().product();
            let item = s.input.dtype().size();
            // The rows that are sorted, and the input where it lies otherwise.
            memory.scratch += 2 * bytes(largest, item);
            memory.scratch += bytes(&[n], pair_bytes(s.input.dtype(), s.indices));
            body(&s.input, &whole, &mut memory, cell_bytes);
        }
        StageKind::Split(s) => {
            let dtype = s.dtype;
            memory.scratch += bytes(&[s.split.samples()], dtype.size() + SAMPLE_BYTES);
            memory.scratch += stored;
            memory.input += cell_bytes(s.samples.stage, s.samples.output);
        }
        StageKind::Merge(m) => {
            let item = m.dtype.size() + 8 * usize::from(m.indices.is_some());
            let most = m.split.most().min(m.split.len);
            memory.scratch += bytes(&[most], 2 * item);
            memory.scratch += bytes(&[most], pair_bytes(m.dtype, m.indices.is_some()));
            // A part of one run at a time, before it stands beside the others.
            memory.scratch += bytes(&[m.split.run.min(most)], item);
            memory.input += bytes(&[2 * m.split.runs()], 8);
        }
        StageKind::Compress(c) => {
            memory.scratch += bytes(largest, c.input.dtype().size());
            body(&c.input, &whole, &mut memory, cell_bytes);
            let mask = Region::whole(&[largest[c.axis]]);
            memory.scratch += bytes(&mask.shape, 1);
            body(&c.mask, &mask, &mut memory, cell_bytes);
        }
    }
    memory
}

/// How many states of a reduction wait at once to be merged with their neighbours, while tasks run in
/// the stage's order.
fn waiting_states(tasks: &Grid, order: &[usize], cells: &StageOutput, of: &ReduceOutput) -> u64 {
    let leaves: usize = of.axes.iter().map(|a| tasks.axes()[*a].count()).product();
    if leaves < 2 {
        return 0;
    }
    let per_cell = leaves.next_power_of_two().ilog2() as u64 + 1;
    // Where its axes come last, a cell is finished before the next begins.
    let cut = order.iter().filter(|a| tasks.axes()[**a].count() > 1);
    let mut last = cut.skip_while(|a| !of.axes.contains(a));
    if last.all(|a| of.axes.contains(a)) {
        per_cell
    } else {
        per_cell * cells.grid.count() as u64
    }
}

/// Adds what filling a region of a body's result needs beside the region's own bytes.
fn body(of: &Body, region: &Region, memory: &mut TaskMemory, cell_bytes: CellBytes<'_>) {
    match of {
        Body::Fused(f) => match f.unchanged() {
            Some(input) => unchanged(input, region, memory, cell_bytes),
            None => fused(f, region, memory, cell_bytes),
        },
        Body::Concat { parts, .. } => {
            // One part after another: the most of all.
            let mut most = TaskMemory::default();
            for part in parts {
                let mut own = TaskMemory::default();
                let shape: Dims = region
                    .shape
                    .iter()
                    .zip(part.shape())
                    .map(|(a, b)| (*a).min(b))
                    .collect();
                body(part, &Region::whole(&shape), &mut own, cell_bytes);
                most.scratch = most.scratch.max(own.scratch);
                most.input = most.input.max(own.input);
            }
            memory.scratch += most.scratch;
            memory.input += most.input;
        }
        Body::Take { axis, input, .. } => {
            // At most so much more than what is taken, where positions are read as one span.
            let mut span = region.clone();
            span.shape[*axis] = (TAKE_SPAN * region.shape[*axis]).min(input.shape()[*axis]);
            memory.scratch += bytes(&span.shape, input.dtype().size());
            body(input, &span, memory, cell_bytes);
        }
        Body::Each { call, inputs } => {
            // Each input, once more where it is not dense, and the result.
            for (n, input) in inputs.iter().enumerate() {
                let part = each_region(n, input, region);
                memory.scratch += 2 * bytes(&part.shape, input.dtype().size());
                body(input, &part, memory, cell_bytes);
            }
            let made = bytes(&region.shape, call.outputs[0].dtype.size());
            memory.scratch += made + call.scratch.unwrap_or(0);
        }
        Body::Reshape { from, to, input } => {
            if region.is_empty() {
                return;
            }
            let span = Region::whole(&largest_span(from, to, &region.shape));
            // Once more where cells are not dense.
            let item = input.dtype().size();
            let asked = bytes(&span.shape, item).min(bytes(&[2 * region.len() + 2048], item));
            memory.scratch += match reads_cells(input) {
                true => 2 * asked,
                false => asked,
            };
            body(input, &span, memory, cell_bytes);
        }
    }
}

/// The same where the region is the input's, which fills it itself.
fn unchanged(input: &Input, region: &Region, memory: &mut TaskMemory, cell_bytes: CellBytes<'_>) {
    if region.is_empty() {
        return;
    }
    match input {
        Input::Source(source) => memory.scratch += source.scratch_bytes(region) as u64,
        Input::Stage { stage, output } => memory.input += cell_bytes(*stage, *output),
        Input::Body(inner) => body(inner, region, memory, cell_bytes),
        Input::Random(..) | Input::Index { .. } => {}
    }
}

fn fused(f: &Fused, region: &Region, memory: &mut TaskMemory, cell_bytes: CellBytes<'_>) {
    if region.is_empty() {
        return;
    }
    memory.scratch += f.program.scratch_bytes() as u64;
    let mut picked = Vec::new();
    for leaf in &f.leaves {
        let bounds = leaf.map.bounds(region);
        let picks = Picks::of(&leaf.map, region).map(|(picks, _)| picks);
        let item = leaf.dtype.size();
        let size = bytes(&bounds.shape, item);
        match &leaf.input {
            Input::Source(source) if source.in_memory().is_none() => {
                let (bounds, size) = match picks {
                    // The picks, and a part of the source at a time.
                    Some(picks) => {
                        let part = picks.largest_part_of(&**source);
                        let picked = bytes(picks.shape(), item);
                        (part.clone(), picked + bytes(&part.shape, item))
                    }
                    None => (bounds, size),
                };
                memory.scratch += size + source.scratch_bytes(&bounds) as u64;
            }
            Input::Source(_) | Input::Random(..) | Input::Index { .. } => {}
            // One cell at a time where they are in scratch, and a copy where they are put together.
            Input::Stage { stage, output } => {
                // Picks leave nothing of a cell: the next leaf has room for it.
                if picks.is_none() || !picked.contains(&(*stage, *output)) {
                    memory.input += cell_bytes(*stage, *output);
                }
                if picks.is_some() {
                    picked.push((*stage, *output));
                }
                memory.scratch += picks.map_or(size, |picks| bytes(picks.shape(), item));
            }
            Input::Body(inner) => {
                memory.scratch += size;
                body(inner, &bounds, memory, cell_bytes);
            }
        }
    }
}

/// Whether a body is an output of an earlier stage as it is.
fn reads_cells(body: &Body) -> bool {
    body.as_leaf()
        .is_some_and(|leaf| matches!(leaf.input, Input::Stage { .. }))
}
