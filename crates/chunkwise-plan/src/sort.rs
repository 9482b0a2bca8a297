//! How a sort is cut: whole lanes in a task where they fit one; else sorted runs, and a merge whose
//! tasks each make a part of the sorted lane from the stretches of the runs that can belong to it.

use chunkwise_core::{AxisGrid, DType, Dims, Grid, Result};
use chunkwise_expr::Expr;
use chunkwise_kernels::order::{Split, pair_bytes};

use crate::fuse::{Placed, body};
use crate::grain::{LARGEST, SMALLEST, even};
use crate::stage::{MergeStage, OutputRef, SortStage, SplitStage, Stage, StageKind, StageOutput};
use crate::{Options, TaskMemory};

/// About what sorting or merging takes, in nanoseconds per element.
const SORT_COST: f32 = 20.0;
/// A lane is cut into at most so many runs: a part is made from a stretch of each.
const RUNS: usize = 1024;
/// The share of the memory limit that a task may take.
const SHARE: usize = 12;
/// A part is made from at most about a quarter more elements than it has, on either side.
const SLACK: usize = 4;

/// A sort, as it is asked for.
pub(crate) struct Sort<'a> {
    pub e: &'a Expr,
    pub input: &'a Expr,
    pub axis: usize,
    pub descending: bool,
    pub indices: bool,
}

impl Sort<'_> {
    /// The last stage of the sort; `push` takes those that come before it.
    pub(crate) fn lower(
        &self,
        options: &Options,
        placed: &Placed,
        push: &mut dyn FnMut(Stage) -> usize,
    ) -> Result<Stage> {
        let (shape, axis) = (self.e.shape(), self.axis);
        let most = self.most_elements(options);
        let first = SortStage {
            input: body(self.input, placed)?,
            axis,
            descending: self.descending,
            indices: self.indices,
            sampled: None,
        };
        let cost = first.input.cost() + SORT_COST;
        let dtype = self.input.dtype();
        if shape[axis] <= most {
            let tasks = lanes(shape, axis, most);
            let outputs = vec![output(self.e.dtype(), tasks.clone())];
            return Ok(self.stage(StageKind::Sort(first), tasks, outputs, cost));
        }
        let len = shape[axis];
        let part = even(len, most.max(len.div_ceil(RUNS)));
        let runs = len.div_ceil(part);
        let split = Split {
            len,
            run: part,
            step: (part / (SLACK * runs)).max(1),
            part,
            descending: self.descending,
        };
        let cut = |len: usize, extent: usize| {
            Grid::new(shape.iter().enumerate().map(|(a, &other)| match a == axis {
                true => AxisGrid::regular(len, extent),
                false => AxisGrid::regular(other, 1),
            }))
        };
        let tasks = cut(len, part);
        let mut outputs = vec![output(dtype, tasks.clone())];
        if self.indices {
            outputs.push(output(DType::I64, tasks.clone()));
        }
        let samples = cut(split.samples(), part.div_ceil(split.step));
        outputs.push(output(dtype, samples));
        let last = outputs.len() - 1;
        let kind = StageKind::Sort(SortStage {
            sampled: Some(split.step),
            ..first
        });
        let stage = push(self.stage(kind, tasks.clone(), outputs, cost));
        let at = |output: usize| OutputRef { stage, output };

        let entries = 2 * split.runs() * split.parts();
        let whole = cut(entries, entries);
        let kind = StageKind::Split(SplitStage {
            axis,
            samples: at(last),
            dtype,
            split,
        });
        let outputs = vec![output(DType::I64, whole.clone())];
        let table = push(self.stage(kind, whole, outputs, 1.0));

        let kind = StageKind::Merge(MergeStage {
            axis,
            values: at(0),
            dtype,
            indices: self.indices.then(|| at(1)),
            table: OutputRef {
                stage: table,
                output: 0,
            },
            split,
        });
        let outputs = vec![output(self.e.dtype(), tasks.clone())];
        Ok(self.stage(kind, tasks, outputs, SORT_COST))
    }

    /// The most elements of a task.
    fn most_elements(&self, options: &Options) -> usize {
        let dtype = self.input.dtype();
        let moved = dtype.size() + 8 * usize::from(self.indices);
        let each = 2 * (3 * moved + pair_bytes(dtype, self.indices));
        let limited = usize::try_from(options.memory_limit).unwrap_or(usize::MAX) / SHARE / each;
        LARGEST
            .min(limited)
            .min(options.grain.unwrap_or(usize::MAX))
            .max(1)
    }

    fn stage(&self, kind: StageKind, tasks: Grid, outputs: Vec<StageOutput>, cost: f32) -> Stage {
        Stage {
            label: self.e.label(),
            location: self.e.location(),
            kind,
            order: (0..tasks.ndim()).collect(),
            tasks,
            outputs,
            memory: TaskMemory::default(),
            cost,
        }
    }
}

fn output(dtype: DType, grid: Grid) -> StageOutput {
    StageOutput::new(dtype, grid)
}

/// Tasks of whole lanes, as many as make a task.
fn lanes(shape: &[usize], axis: usize, most: usize) -> Grid {
    let total: usize = shape.iter().fold(1usize, |n, d| n.saturating_mul(*d));
    let mut left = most.min((total / 16).max(SMALLEST)) / shape[axis].max(1);
    let mut extent: Dims = smallvec::smallvec![1; shape.len()];
    extent[axis] = shape[axis].max(1);
    for a in (0..shape.len()).rev().filter(|a| *a != axis) {
        extent[a] = even(shape[a], left.max(1));
        left /= extent[a].max(1);
    }
    Grid::regular(shape, &extent)
}
