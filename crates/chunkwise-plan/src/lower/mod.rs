//! Lowering: which nodes get a stage, which share one, and what each stage does.

mod group;
mod nesting;
mod pass;
mod uses;
mod views;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chunkwise_core::{AxisGrid, Grid, Result};
use chunkwise_expr::{CallInput, Expr, Follow, Kind, NodeId};

use crate::cuts;
use crate::fuse::{Placed, body};
use crate::memory::task_memory;
use crate::sort::Sort;
use crate::stage::{
    CallStage, CompressStage, ContractStage, OutputRef, Plan, ScanStage, Stage, StageKind,
    StageOutput,
};
use crate::{Body, TaskMemory, grain};
use group::{Group, group, is_barrier, postorder};
use nesting::too_nested;
use pass::read_in_parts;
use uses::Uses;
use views::seen_too_often;

/// What the planner is told of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Bytes that the whole run may hold at once.
    pub memory_limit: u64,
    /// The most elements of a task; as many as are good for speed by default. Small grains cut small
    /// arrays into many tasks, for tests.
    pub grain: Option<usize>,
    /// Whether cells of data that lies [elsewhere](chunkwise_core::Source::elsewhere) are brought by whoever
    /// runs the plan; otherwise it is read as other sources are.
    pub brought: bool,
}

/// Where a result goes, as far as a plan depends on it.
#[derive(Clone, Debug, Default)]
pub struct Delivery {
    /// The chunks in which it is stored: each is made by one task.
    pub grid: Option<Grid>,
    /// Bytes that storing one allocates.
    pub scratch: u64,
}

/// How often a plan that does not fit is made again, each time for half the memory.
const SMALLER: usize = 4;
/// Rounds of deciding what to keep: what is kept changes what is shared.
const ROUNDS: usize = 4;

/// The plan that computes some arrays, with everything they share done once.
///
/// This is the only way from expressions to a plan, so that every executor runs the same stages.
pub fn plan(exprs: &[Expr], options: &Options) -> Result<Plan> {
    plan_into(exprs, &vec![Delivery::default(); exprs.len()], options)
}

/// The same for results that are stored in chunks: `deliveries` has one for each array.
pub fn plan_into(exprs: &[Expr], deliveries: &[Delivery], options: &Options) -> Result<Plan> {
    let nodes = postorder(exprs);
    let nested = too_nested(&nodes, seen_too_often(&nodes, exprs, options), options);
    let mut best = keeping(exprs, deliveries, &nodes, nested.clone(), options)?;
    let mut memory_limit = options.memory_limit;
    for _ in 0..SMALLER {
        if best.least_memory() <= options.memory_limit {
            break;
        }
        // Without what it keeps for speed, and cut as for less memory, it is slower, but may fit.
        let options = Options {
            memory_limit,
            ..*options
        };
        let lowering = Lowering::run(exprs, deliveries, &nodes, &nested, &options)?;
        let plan = lowering.finish(exprs, deliveries)?;
        if plan.least_memory() < best.least_memory() {
            best = plan;
        }
        memory_limit /= 2;
    }
    Ok(best)
}

/// The plan that keeps what is worth it, beside `kept`.
fn keeping(
    exprs: &[Expr],
    deliveries: &[Delivery],
    nodes: &[Expr],
    mut kept: HashSet<NodeId>,
    options: &Options,
) -> Result<Plan> {
    for _ in 0..ROUNDS {
        let lowering = Lowering::run(exprs, deliveries, nodes, &kept, options)?;
        let uses = &lowering.uses;
        let more = uses.worth_keeping(nodes, &kept, &lowering.placed, options.memory_limit)?;
        if more.is_empty() {
            return lowering.finish(exprs, deliveries);
        }
        kept.extend(more);
    }
    Lowering::run(exprs, deliveries, nodes, &kept, options)?.finish(exprs, deliveries)
}

struct Lowering<'a> {
    options: &'a Options,
    placed: Placed,
    stages: Vec<Stage>,
    uses: Uses,
    /// The chunks in which results are stored.
    stored: HashMap<NodeId, Grid>,
    /// Nodes that are kept although they could be made again where they are used.
    kept: &'a HashSet<NodeId>,
}

impl<'a> Lowering<'a> {
    fn run(
        roots: &[Expr],
        deliveries: &[Delivery],
        nodes: &[Expr],
        kept: &'a HashSet<NodeId>,
        options: &'a Options,
    ) -> Result<Lowering<'a>> {
        let stored = roots.iter().zip(deliveries).filter_map(|(root, to)| {
            let grid = to
                .grid
                .clone()
                .filter(|g| g.shape().as_slice() == root.shape());
            Some((root.id(), grid?))
        });
        let stored = stored.collect();
        let roots: HashSet<NodeId> = roots.iter().map(Expr::id).collect();
        let has_stage =
            |e: &Expr| is_barrier(e, options) || roots.contains(&e.id()) || kept.contains(&e.id());
        let mut lowering = Lowering {
            options,
            placed: HashMap::new(),
            stages: Vec::new(),
            uses: Uses::default(),
            stored,
            kept,
        };
        for group in group(nodes, options, has_stage) {
            lowering.stage(&group)?;
        }
        for e in nodes {
            if let Kind::Call { call, .. } = e.kind()
                && call.is_elementwise()
            {
                // Once for each task, of which there are about so many.
                let tasks = 1 + e.shape().iter().product::<usize>() / grain::SMALLEST;
                for input in call.inputs.iter().skip(1) {
                    lowering.uses.repeat(input.expr.clone(), tasks);
                }
            }
        }
        Ok(lowering)
    }

    fn finish(mut self, roots: &[Expr], deliveries: &[Delivery]) -> Result<Plan> {
        let mut outputs = Vec::new();
        for (root, delivery) in roots.iter().zip(deliveries) {
            let mut at = self.placed[&root.id()];
            // Its own chunks: the same array may be stored in others too.
            let stored = delivery.grid.clone();
            if let Some(stored) = stored.filter(|g| g.shape().as_slice() == root.shape()) {
                let of = &self.stages[at.stage];
                let made = &of.outputs[at.output].grid;
                let mut whole = made.axes().iter().zip(stored.axes());
                // What lies elsewhere is made by no task that could store it.
                let is_made = !matches!(of.kind, StageKind::Brought(_));
                if !is_made || !whole.all(|(made, stored)| made.holds(stored)) {
                    let stage = self.storing(root, stored)?;
                    let stage = push(&mut self.stages, stage);
                    at = OutputRef { stage, output: 0 };
                }
            }
            self.stages[at.stage].memory.scratch += delivery.scratch;
            outputs.push(at);
        }
        read_in_parts(&mut self.stages);
        Ok(Plan {
            outputs,
            expressions: roots.iter().map(Expr::to_string).collect(),
            stages: self.stages,
        })
    }

    fn stage(&mut self, group: &Group) -> Result<()> {
        let (stage, members) = if group.fused {
            (self.pass(group)?, &group.members[..])
        } else {
            let e = &group.members[0];
            let stage = match e.kind() {
                Kind::Contract { a, b, batch, k } => self.contract(e, a, b, *batch, *k)?,
                Kind::Scan { scan, input, axis } => {
                    let (item, limit) = (e.dtype().size(), self.options.memory_limit);
                    let most = self.options.grain;
                    let body_of = body(input, &self.placed)?;
                    let cuts = cuts::of_body(&body_of, &self.stages);
                    let (tasks, order) =
                        grain::scan(e.shape(), *axis, item, limit, most, cuts.as_ref());
                    self.reads(&body_of, &tasks, 1);
                    // A carry is opaque; its cell stands for it between tasks.
                    let counts = tasks.counts();
                    let carry = StageOutput::new(
                        chunkwise_core::DType::U8,
                        Grid::new(counts.iter().map(|n| AxisGrid::regular(*n, 1))),
                    );
                    let kind = StageKind::Scan(ScanStage {
                        scanner: scan.resolve(input.dtype())?,
                        axis: *axis,
                        input: body_of,
                    });
                    let mut stage = single(e, kind, tasks);
                    stage.order = order;
                    stage.outputs.push(carry);
                    stage
                }
                Kind::Call { call, .. } => {
                    let inputs = call.inputs.iter().map(|i| body(&i.expr, &self.placed));
                    let made = group.members.iter().filter_map(|m| match m.kind() {
                        Kind::Call { output, .. } => Some(*output),
                        _ => None,
                    });
                    let kind = StageKind::Call(CallStage {
                        call: call.clone(),
                        inputs: inputs.collect::<Result<_>>()?,
                        made: made.collect(),
                    });
                    let tasks = call.outputs[0].grid.clone();
                    for (n, input) in call.inputs.iter().enumerate() {
                        // Once for each task that is given the same part.
                        let mut counts = tasks.counts();
                        for follow in &input.follow {
                            if let Follow::Chunk { axis } | Follow::Window { axis, .. } = follow {
                                counts[*axis] = 1;
                            }
                        }
                        let times = counts.iter().product();
                        if let StageKind::Call(c) = &kind {
                            self.reads(&c.inputs[n], &read_by(input, &tasks), times);
                        }
                        self.uses.repeat(input.expr.clone(), times);
                    }
                    let mut stage = single(e, kind, tasks);
                    if let StageKind::Call(c) = &stage.kind {
                        let outputs = c.made.iter().map(|n| {
                            let made = &call.outputs[*n];
                            StageOutput::new(made.dtype, made.grid.clone())
                        });
                        stage.outputs = outputs.collect();
                    }
                    stage
                }
                Kind::Sort {
                    input,
                    axis,
                    descending,
                    indices,
                } => {
                    let sort = Sort {
                        e,
                        input,
                        axis: *axis,
                        descending: *descending,
                        indices: *indices,
                    };
                    let (options, stages) = (self.options, &mut self.stages);
                    let before = stages.len();
                    let last =
                        sort.lower(options, &self.placed, &mut |stage| push(stages, stage))?;
                    for stage in self.stages[before..].iter().chain([&last]) {
                        if let StageKind::Sort(s) = &stage.kind {
                            let uses = &mut self.uses;
                            cuts::times_read(&s.input, &stage.tasks, &mut |source, own| {
                                uses.read(source, own);
                            });
                        }
                    }
                    last
                }
                Kind::Compress { input, mask, axis } => {
                    let (item, limit) = (e.dtype().size(), self.options.memory_limit);
                    let kind = StageKind::Compress(CompressStage {
                        input: body(input, &self.placed)?,
                        mask: body(mask, &self.placed)?,
                        axis: *axis,
                    });
                    let most = self.options.grain;
                    let tasks = grain::compress(e.shape(), *axis, item, limit, most);
                    if let StageKind::Compress(c) = &kind {
                        self.reads(&c.input, &tasks, 1);
                    }
                    single(e, kind, tasks)
                }
                Kind::Source(source) if source.elsewhere().is_some() => {
                    let cells = source.elsewhere().map(|e| e.grid.clone());
                    let kind = StageKind::Brought(Arc::clone(source));
                    single(e, kind, cells.unwrap_or_else(|| Grid::single(e.shape())))
                }
                _ => {
                    return Err(chunkwise_core::Error::internal(
                        "planner",
                        format!("no stage for {}", e.label()),
                    ));
                }
            };
            (stage, &group.members[..])
        };
        let number = push(&mut self.stages, stage);
        for (output, member) in members.iter().enumerate() {
            self.placed.insert(
                member.id(),
                OutputRef {
                    stage: number,
                    output,
                },
            );
        }
        Ok(())
    }

    fn contract(&mut self, e: &Expr, a: &Expr, b: &Expr, batch: usize, k: usize) -> Result<Stage> {
        let m = a.ndim() - batch - k;
        let n = b.ndim() - batch - k;
        let contracted = &b.shape()[batch..batch + k];
        let (item, limit) = (e.dtype().size(), self.options.memory_limit);
        let most = self.options.grain;
        let (tasks, panels) =
            grain::contraction(e.shape(), contracted, (batch, batch + m), item, limit, most);
        let cells = |axes: std::ops::Range<usize>| -> usize {
            tasks.axes()[axes].iter().map(AxisGrid::count).product()
        };
        let (body_a, body_b) = (body(a, &self.placed)?, body(b, &self.placed)?);
        for (of, e, times) in [
            (&body_a, a, cells(batch + m..batch + m + n)),
            (&body_b, b, cells(batch..batch + m)),
        ] {
            self.reads(of, &Grid::single(e.shape()), times);
            self.uses.repeat(e.clone(), times);
        }
        let kind = ContractStage {
            a: body_a,
            b: body_b,
            batch,
            m,
            n,
            panels,
        };
        let mut stage = single(e, StageKind::Contract(kind), tasks);
        let depth: usize = contracted.iter().product();
        stage.cost = depth as f32 / 12.0;
        Ok(stage)
    }

    /// Notes how often the dear sources of a body are read by tasks, each of which is run `times`.
    fn reads(&mut self, body: &Body, tasks: &Grid, times: usize) {
        let uses = &mut self.uses;
        cuts::times_read(body, tasks, &mut |source, once| {
            uses.read(source, once.repeated(times as f32));
        });
    }
}

/// How a call's tasks cut one of its inputs.
fn read_by(input: &CallInput, tasks: &Grid) -> Grid {
    let own = input.expr.grid().axes();
    let axes = input
        .follow
        .iter()
        .zip(own)
        .map(|(follow, own)| match follow {
            Follow::Whole => AxisGrid::regular(own.len(), usize::MAX),
            Follow::Window { axis, .. } if tasks.axes()[*axis].len() == own.len() => {
                tasks.axes()[*axis].clone()
            }
            Follow::Chunk { .. } | Follow::Window { .. } => own.clone(),
        });
    Grid::new(axes)
}

/// Adds a stage with the bytes that its tasks need; answers its number.
fn push(stages: &mut Vec<Stage>, mut stage: Stage) -> usize {
    let cell_bytes = |s: usize, o: usize| stages[s].outputs[o].cell_bytes();
    stage.memory = task_memory(
        &stage.kind,
        (&stage.tasks, &stage.order),
        &stage.outputs,
        &cell_bytes,
    );
    stages.push(stage);
    stages.len() - 1
}

/// A stage with one output that is cut as its tasks are.
fn single(e: &Expr, kind: StageKind, tasks: Grid) -> Stage {
    let cost = match &kind {
        StageKind::Scan(s) => s.input.cost() + 1.0,
        StageKind::Call(c) => c.inputs.iter().map(Body::cost).sum::<f32>() + 2.0,
        StageKind::Compress(c) => c.input.cost() + c.mask.cost() + 1.0,
        StageKind::Brought(_) => 0.0,
        StageKind::Pass(_)
        | StageKind::Contract(_)
        | StageKind::Sort(_)
        | StageKind::Split(_)
        | StageKind::Merge(_) => 1.0,
    };
    Stage {
        label: e.label(),
        location: e.location(),
        kind,
        order: (0..tasks.ndim()).collect(),
        outputs: vec![StageOutput::new(e.dtype(), tasks.clone())],
        tasks,
        memory: TaskMemory::default(),
        cost,
    }
}
