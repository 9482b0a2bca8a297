use std::sync::Arc;

use chunkwise_core::{AxisGrid, DType, Dims, Grid, Location, Region, Source};
use chunkwise_expr::Call;
use chunkwise_kernels::order::Split;
use chunkwise_kernels::reduce::Reducer;
use chunkwise_kernels::scan::Scanner;
use smallvec::SmallVec;

use crate::{Body, Fused, Input, TaskMemory};

/// What is to be done: stages in an order in which each comes after those that it reads.
#[derive(Debug)]
pub struct Plan {
    /// The stages.
    pub stages: Vec<Stage>,
    /// For each array asked for, where it comes out.
    pub outputs: Vec<OutputRef>,
    /// The optimised expressions, as text.
    pub expressions: Vec<String>,
}

impl Plan {
    /// Bytes that the plan needs beside its results, whatever else is given up: for its largest task, and
    /// for what stands between tasks.
    pub fn least_memory(&self) -> u64 {
        let largest = self.stages.iter().map(|s| s.memory.total()).max();
        let standing: u64 = self.stages.iter().map(|s| s.memory.standing).sum();
        standing + largest.unwrap_or(0)
    }
}

/// An output of a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OutputRef {
    /// The stage.
    pub stage: usize,
    /// Which of its outputs.
    pub output: usize,
}

/// One pass over data.
#[derive(Debug)]
pub struct Stage {
    /// The operations in a few words, for plans and errors.
    pub label: String,
    /// Where the user made the last of them.
    pub location: Option<Location>,
    /// What a task does.
    pub kind: StageKind,
    /// How the index space is cut into tasks.
    pub tasks: Grid,
    /// The axes of the index space in the order in which tasks are enumerated, slowest first.
    pub order: Dims,
    /// What comes out.
    pub outputs: Vec<StageOutput>,
    /// The bytes that a task needs.
    pub memory: TaskMemory,
    /// About how many nanoseconds an element of the index space takes.
    pub cost: f32,
}

/// An output of a stage: an array in cells.
#[derive(Clone, Debug)]
pub struct StageOutput {
    /// The elements' dtype.
    pub dtype: DType,
    /// Its cells.
    pub grid: Grid,
    /// The parts in which later tasks read it, where these are not whole cells.
    pub read_in: Option<Grid>,
}

impl StageOutput {
    /// An array in cells that are read whole.
    pub fn new(dtype: DType, grid: Grid) -> StageOutput {
        StageOutput {
            dtype,
            grid,
            read_in: None,
        }
    }

    /// Bytes of the whole.
    pub fn nbytes(&self) -> u64 {
        self.grid.shape().iter().map(|d| *d as u64).product::<u64>() * self.dtype.size() as u64
    }

    /// Bytes of the largest cell.
    pub fn cell_bytes(&self) -> u64 {
        self.grid
            .largest()
            .iter()
            .map(|d| *d as u64)
            .product::<u64>()
            * self.dtype.size() as u64
    }
}

/// What the tasks of a stage do.
#[derive(Debug)]
pub enum StageKind {
    /// A fused chain over the index space, whose outputs are stored or reduced.
    Pass(Pass),
    /// A matrix product, a task per cell of the result.
    Contract(ContractStage),
    /// A cumulative operation: each task takes the carry of the one before it along the axis.
    Scan(ScanStage),
    /// A function on whole chunks, a task per chunk of its results.
    Call(CallStage),
    /// A boolean index: each task keeps the chosen part of a cell.
    Compress(CompressStage),
    /// A sort of whole lanes, or of runs that are merged afterwards.
    Sort(SortStage),
    /// Where the runs of a lane are cut for the merge; a task per lane.
    Split(SplitStage),
    /// A merge of runs: each task makes a part of the sorted lane.
    Merge(MergeStage),
    /// Nothing: its cells lie with other processes, and whoever runs a task brings those that it reads.
    Brought(Arc<dyn Source>),
}

/// A fused chain whose outputs are stored or reduced.
#[derive(Debug)]
pub struct Pass {
    /// The chain.
    pub fused: Fused,
    /// What is done with each of its outputs.
    pub outputs: Vec<PassOutput>,
    /// In how long pieces along which axis a task computes its region, where cells are put together
    /// for it: piece by piece in cache, and in little memory.
    pub bands: Option<Bands>,
}

/// Pieces of a task's region along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bands {
    /// The axis, which is among the reduced ones of each reduction.
    pub axis: usize,
    /// The length of a piece, the last one's being less.
    pub len: usize,
}

impl Pass {
    /// The input whose elements the only output is, unchanged: a task fills its result from it.
    pub fn unchanged(&self) -> Option<&Input> {
        match self.outputs[..] {
            [PassOutput::Store] => self.fused.unchanged(),
            _ => None,
        }
    }
}

/// What is done with an output of a fused chain.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "a handful for each plan")]
pub enum PassOutput {
    /// It is an array; a cell per task.
    Store,
    /// It is reduced.
    Reduce(ReduceOutput),
}

/// A reduction of an output.
#[derive(Debug)]
pub struct ReduceOutput {
    /// The reduction.
    pub reducer: Reducer,
    /// The reduced axes, sorted.
    pub axes: SmallVec<[usize; 4]>,
    /// Whether the result has a last axis of what is kept for each cell.
    pub adds_axis: bool,
}

impl ReduceOutput {
    /// The cell of a task, and the place of the task among those of the cell, of which there are
    /// `leaves`.
    pub fn place(&self, tasks: &Grid, index: &[usize]) -> (Dims, usize, usize) {
        let mut cell = Dims::new();
        let (mut leaf, mut leaves) = (0, 1);
        for (axis, grid) in tasks.axes().iter().enumerate() {
            if self.axes.contains(&axis) {
                leaf = leaf * grid.count() + index[axis];
                leaves *= grid.count();
            } else {
                cell.push(index[axis]);
            }
        }
        if self.adds_axis {
            cell.push(0);
        }
        (cell, leaf, leaves)
    }

    /// How many tasks a cell has.
    pub fn leaves(&self, tasks: &Grid) -> usize {
        let axes = tasks.axes().iter().enumerate();
        let reduced = axes.filter(|(axis, _)| self.axes.contains(axis));
        reduced.map(|(_, grid)| grid.count()).product()
    }

    /// The cells of the result for tasks cut as `tasks`; `last` is the length of the axis that the
    /// reduction adds.
    pub fn cells(&self, tasks: &Grid, last: Option<usize>) -> Grid {
        let kept = (0..tasks.ndim())
            .filter(|a| !self.axes.contains(a))
            .map(|a| tasks.axes()[a].clone());
        Grid::new(kept.chain(last.map(|k| AxisGrid::regular(k, k))))
    }
}

/// A matrix product: `a[batch.., m.., k..]` with `b[batch.., k.., n..]`.
#[derive(Debug)]
pub struct ContractStage {
    /// Left operand.
    pub a: Body,
    /// Right operand.
    pub b: Body,
    /// Number of batch axes.
    pub batch: usize,
    /// Number of rows' axes.
    pub m: usize,
    /// Number of columns' axes.
    pub n: usize,
    /// How the contracted axes are cut into panels.
    pub panels: Grid,
}

impl ContractStage {
    /// The regions of both operands for a cell of the result and a panel of the contracted axes.
    pub fn operand_regions(&self, cell: &Region, panel: &Region) -> (Region, Region) {
        let (b, m) = (self.batch, self.batch + self.m);
        let join = |parts: [(&Region, std::ops::Range<usize>); 3]| {
            let mut out = Region::default();
            for (region, axes) in parts {
                out.start.extend_from_slice(&region.start[axes.clone()]);
                out.shape.extend_from_slice(&region.shape[axes]);
            }
            out
        };
        let k = panel.ndim();
        (
            join([(cell, 0..b), (cell, b..m), (panel, 0..k)]),
            join([(cell, 0..b), (panel, 0..k), (cell, m..m + self.n)]),
        )
    }
}

/// A cumulative operation. Output 0 is the result; output 1 stands for the carries that tasks hand to
/// the next along the axis.
#[derive(Debug)]
pub struct ScanStage {
    /// The operation.
    pub scanner: Scanner,
    /// The axis.
    pub axis: usize,
    /// The input.
    pub input: Body,
}

/// A function on whole chunks with the bodies of its inputs.
#[derive(Debug)]
pub struct CallStage {
    /// The function, and which part of each input it is given.
    pub call: Arc<Call>,
    /// The inputs.
    pub inputs: Vec<Body>,
    /// For each output of the stage, which of the call's it is: those that nobody asks for are not
    /// kept.
    pub made: Vec<usize>,
}

/// A boolean index along an axis. The cells of the result are at most as long as the grid says.
#[derive(Debug)]
pub struct CompressStage {
    /// The input.
    pub input: Body,
    /// The mask, 1-dimensional.
    pub mask: Body,
    /// The axis.
    pub axis: usize,
}

/// A sort of pieces of lanes: each task sorts its region along the axis. Where the pieces are runs of
/// longer lanes, output 0 has the values, then come the indices if they are asked for, then samples.
#[derive(Debug)]
pub struct SortStage {
    /// The input.
    pub input: Body,
    /// The axis.
    pub axis: usize,
    /// Whether the largest come first.
    pub descending: bool,
    /// Whether the places of the elements are asked for.
    pub indices: bool,
    /// The spacing of the samples, where the pieces are runs.
    pub sampled: Option<usize>,
}

/// Where the runs of a lane are cut: output 0 has, for each part of the sorted lane and each run, the
/// start and the end of the elements of the run that the part is made from.
#[derive(Debug)]
pub struct SplitStage {
    /// The axis.
    pub axis: usize,
    /// The samples of the runs.
    pub samples: OutputRef,
    /// Their dtype.
    pub dtype: DType,
    /// How the lanes are cut.
    pub split: Split,
}

/// A merge of the runs of each lane.
#[derive(Debug)]
pub struct MergeStage {
    /// The axis.
    pub axis: usize,
    /// The elements of the runs.
    pub values: OutputRef,
    /// Their dtype.
    pub dtype: DType,
    /// Where they stood in the lane, if that is asked for.
    pub indices: Option<OutputRef>,
    /// Where the runs are cut.
    pub table: OutputRef,
    /// How the lanes are cut.
    pub split: Split,
}

impl MergeStage {
    /// The part of the table that a task reads.
    pub fn table_region(&self, index: &[usize]) -> Region {
        let mut region = lane(index);
        let runs = self.split.runs();
        region.start[self.axis] = index[self.axis] * runs * 2;
        region.shape[self.axis] = runs * 2;
        region
    }

    /// The lane of a task, from `from` on.
    pub fn lane_region(&self, index: &[usize], from: usize, len: usize) -> Region {
        let mut region = lane(index);
        region.start[self.axis] = from;
        region.shape[self.axis] = len;
        region
    }
}

impl SplitStage {
    /// The samples of a run of a task's lane.
    pub fn samples_region(&self, index: &[usize], run: usize) -> Region {
        let mut region = lane(index);
        let (start, len) = self.split.samples_of(run);
        region.start[self.axis] = start;
        region.shape[self.axis] = len;
        region
    }

    /// All samples of a task's lane.
    pub fn lane_region(&self, index: &[usize]) -> Region {
        let mut region = lane(index);
        region.start[self.axis] = 0;
        region.shape[self.axis] = self.split.samples();
        region
    }
}

/// The region of one element at a task's index: tasks on long lanes have length 1 along the other
/// axes. Its place along the axis of the lanes is yet to be set.
fn lane(index: &[usize]) -> Region {
    Region {
        start: index.into(),
        shape: smallvec::smallvec![1; index.len()],
    }
}

impl Stage {
    /// Number of tasks.
    pub fn task_count(&self) -> usize {
        self.tasks.count()
    }

    /// The index of the `n`-th task in the order of enumeration.
    pub fn task_index(&self, mut n: usize) -> Dims {
        let mut index: Dims = smallvec::smallvec![0; self.tasks.ndim()];
        for &axis in self.order.iter().rev() {
            let count = self.tasks.axes()[axis].count();
            index[axis] = n % count;
            n /= count;
        }
        index
    }

    /// The place of a task in the order of enumeration.
    pub fn task_number(&self, index: &[usize]) -> usize {
        self.order.iter().fold(0, |n, &axis| {
            n * self.tasks.axes()[axis].count() + index[axis]
        })
    }

    /// Whether a cell of an output is made by many tasks together.
    pub fn is_reduction(&self, output: usize) -> bool {
        matches!(&self.kind, StageKind::Pass(p) if matches!(p.outputs[output], PassOutput::Reduce(_)))
    }
}
