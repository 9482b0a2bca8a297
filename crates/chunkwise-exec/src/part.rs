//! Parts of a plan: some tasks of a stage, of which the others are run elsewhere.
//!
//! What passes between parts are [`Item`]s. The trees of reductions are those of the whole plan, whoever
//! has which of their leaves; so the bits of a result do not depend on how a plan is cut into parts.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use chunkwise_core::{AxisGrid, Chunk, Error, Pool, Region, Result, Sink};
use chunkwise_kernels::tile::State;
use chunkwise_plan::{CellRef, PassOutput, Plan, ReduceOutput, StageKind};
use chunkwise_storage::ScratchDir;

use crate::cells::CellStore;
use crate::combine::{Combiner, Node};
use crate::run::RunOptions;
use crate::runner::{Destination, Run};
use crate::work::{Numbers, PlanWork};
use crate::{CancelToken, Event};

/// Some tasks of a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The stage.
    pub stage: usize,
    /// The tasks, by their places in the stage's order.
    pub tasks: Range<usize>,
    /// Earlier stages of which this part makes for itself what it reads.
    pub own: Vec<usize>,
}

/// What a part of a plan makes, and what another is given.
#[derive(Debug)]
pub enum Item {
    /// A cell, or of it the region that is read, counted from the cell's start.
    Cell {
        /// Which.
        at: CellRef,
        /// The region; the whole by default.
        region: Option<Region>,
        /// Its elements.
        chunk: Chunk,
    },
    /// Of a reduction, a node of the tree in which the states of a cell's tasks are merged.
    Node {
        /// The cell.
        at: CellRef,
        /// The level above the leaves.
        level: u32,
        /// The place in the level.
        place: usize,
        /// What the tasks below have seen.
        state: State,
    },
    /// What a task of a scan hands to the next.
    Carry {
        /// The cell of the task's second output.
        at: CellRef,
        /// What the tasks so far have seen.
        state: State,
    },
}

impl Item {
    /// Bytes of its elements or state.
    pub fn nbytes(&self) -> usize {
        match self {
            Item::Cell { chunk, .. } => chunk.nbytes(),
            Item::Node { state, .. } | Item::Carry { state, .. } => state.nbytes(),
        }
    }

    /// What it is, or belongs to.
    pub fn at(&self) -> &CellRef {
        match self {
            Item::Cell { at, .. } | Item::Node { at, .. } | Item::Carry { at, .. } => at,
        }
    }
}

impl Part {
    /// The tasks of each stage that run when this part does.
    fn numbers(&self, plan: &Plan) -> Vec<Numbers> {
        let mut needed: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); plan.stages.len()];
        if !self.own.is_empty() {
            let mut pending: Vec<(usize, usize)> =
                self.tasks.clone().map(|n| (self.stage, n)).collect();
            while let Some((stage, number)) = pending.pop() {
                let index = plan.stages[stage].task_index(number);
                for cell in plan.dependencies(stage, &index) {
                    if let Some(number) = plan.producer(&cell)
                        && self.own.contains(&cell.stage)
                        && needed[cell.stage].insert(number)
                    {
                        pending.push((cell.stage, number));
                    }
                }
            }
        }
        let mut numbers: Vec<Numbers> = needed
            .into_iter()
            .map(|set| Numbers::List(set.into_iter().collect()))
            .collect();
        numbers[self.stage] = Numbers::Range(self.tasks.clone());
        numbers
    }

    /// Bytes of the cells that this part hands on: `kept` says of which outputs. Those of reductions are left
    /// aside.
    pub fn kept_bytes(&self, plan: &Plan, kept: &[bool]) -> u64 {
        let stage = &plan.stages[self.stage];
        let outputs = stage.outputs.iter().enumerate().zip(kept);
        let kept = outputs.filter(|((n, _), kept)| **kept && !stage.is_reduction(*n));
        let bytes = |elements: usize, item: usize| Pool::footprint(elements * item) as u64;
        kept.map(|((_, o), _)| {
            let item = o.dtype.size();
            let axes = o.grid.axes();
            if axes.iter().all(|a| matches!(a, AxisGrid::Regular { .. })) {
                let cell: usize = o.grid.largest().iter().product();
                return self.tasks.len() as u64 * bytes(cell, item);
            }
            // Chunks of a user's may be of any sizes.
            let cells = self
                .tasks
                .clone()
                .map(|n| o.grid.region(&stage.task_index(n)).len());
            cells.map(|elements| bytes(elements, item)).sum()
        })
        .sum()
    }

    /// Bytes that a run of this part needs at most, what it is given left aside: `kept` says which outputs
    /// it hands on, in memory.
    pub fn memory(&self, plan: &Plan, kept: &[bool]) -> u64 {
        let run = || self.own.iter().chain([&self.stage]);
        let standing: u64 = run().map(|s| plan.stages[*s].memory.standing).sum();
        let largest = run().map(|s| plan.stages[*s].memory.total()).max();
        self.kept_bytes(plan, kept) + standing + largest.unwrap_or(0)
    }

    fn check(&self, plan: &Plan) -> Result<()> {
        let known = plan.stages.get(self.stage);
        let fits = known.is_some_and(|s| self.tasks.end <= s.task_count());
        let own = self.own.iter().all(|own| *own < self.stage);
        if fits && own && self.tasks.start <= self.tasks.end {
            return Ok(());
        }
        Err(Error::argument(
            "run of a part",
            "part",
            format!("{self:?}"),
            format!("of a plan of {} stages", plan.stages.len()),
        ))
    }
}

/// Runs a part of a plan: with what its tasks read from others, gives what it makes. For each output of its
/// stage, `sinks` has where its cells go, and `kept` whether they are handed on. Sinks are neither committed
/// nor aborted. Who listens is told of the whole plan's stages and of the tasks that run.
///
/// # Errors
/// [`Error::OverBudget`] where what it [needs](Part::memory) is more than the memory limit, and the errors
/// of tasks.
pub fn run_part(
    plan: &Plan,
    part: &Part,
    given: Vec<Item>,
    sinks: &[Vec<Arc<dyn Sink>>],
    kept: &[bool],
    options: &RunOptions<'_>,
) -> Result<Vec<Item>> {
    part.check(plan)?;
    let stage = &plan.stages[part.stage];
    let sinks_of = |output: usize| sinks.get(output).map_or(&[][..], |s| &s[..]);
    let needed = part.memory(plan, kept);
    if needed > options.memory_limit {
        return Err(Error::OverBudget {
            operation: stage.label.clone(),
            location: stage.location,
            needed,
            limit: options.memory_limit,
            smallest: needed,
        });
    }
    let empty = |s: &chunkwise_plan::Stage| s.outputs.iter().map(|_| Vec::new()).collect();
    let mut destinations: Vec<Vec<Vec<Destination<'_>>>> = plan.stages.iter().map(empty).collect();
    for (output, list) in destinations[part.stage].iter_mut().enumerate() {
        list.extend(sinks_of(output).iter().cloned().map(Destination::Sink));
        if kept.get(output).copied().unwrap_or(false) {
            list.push(Destination::Kept(Mutex::default()));
        }
    }
    let cells = CellStore::new(plan, ScratchDir::new(options.scratch_directory.as_deref())?);
    for item in given {
        match item {
            Item::Cell { at, region, chunk } => match region {
                None => cells.put(at, chunk),
                Some(region) => cells.put_part(at, region, chunk),
            },
            Item::Carry { at, state } => cells.put_carry(at.stage, at.cell, state),
            Item::Node { at, .. } => {
                return Err(Error::internal(
                    "executor",
                    format!("a part of {at:?} where the whole is read"),
                ));
            }
        }
    }
    let work = PlanWork::part(plan, part.numbers(plan), part.stage);
    let threads = options.executor.threads().min(part.tasks.len()).max(1);
    let room = options.memory_limit - part.kept_bytes(plan, kept);
    let spare = options.memory_limit - needed;
    let run = Run::new(plan, options, work, &destinations, cells, room, spare);
    run.tell(&Event::Started {
        plan,
        threads,
        memory_limit: options.memory_limit,
        pool: options.pool,
    });
    let (ended, left) = run.on_threads(threads);
    ended?;
    let mut made = Vec::new();
    for list in std::mem::take(&mut destinations[part.stage]) {
        for destination in list {
            if let Destination::Kept(cells) = destination {
                let mut cells = cells.into_inner().unwrap_or_else(PoisonError::into_inner);
                cells.sort_unstable_by(|a, b| a.0.cmp(&b.0));
                made.extend(cells.into_iter().map(|(at, chunk)| Item::Cell {
                    at,
                    region: None,
                    chunk,
                }));
            }
        }
    }
    for (stage, nodes) in left.nodes.into_iter().enumerate() {
        made.extend(nodes.into_iter().map(|left| waiting(stage, left)));
    }
    made.extend(left.carries.into_iter().map(|(stage, cell, state)| {
        let at = CellRef {
            stage,
            output: 1,
            cell,
        };
        Item::Carry { at, state }
    }));
    Ok(made)
}

/// Merges nodes of reductions' trees as far as they belong together: cells whose trees are whole, and the
/// nodes that wait for others.
///
/// # Errors
/// [`Error::Internal`] for anything but nodes of this plan.
pub fn merge(
    plan: &Plan,
    given: Vec<Item>,
    pool: &Pool,
    cancel: &CancelToken,
) -> Result<Vec<Item>> {
    let mut made = Vec::new();
    let mut left: Vec<(usize, Combiner)> = Vec::new();
    for item in given {
        if cancel.is_cancelled() {
            return Err(Error::Cancelled);
        }
        let Item::Node {
            at,
            level,
            place,
            state,
        } = item
        else {
            return Err(Error::internal("executor", "no part of a reduction"));
        };
        let reduce = reduction(plan, &at)?;
        let stage = &plan.stages[at.stage];
        let combiner = match left.iter().position(|(stage, _)| *stage == at.stage) {
            Some(n) => &left[n].1,
            None => {
                left.push((at.stage, Combiner::default()));
                &left[left.len() - 1].1
            }
        };
        let node = (at.output, at.cell, level, place);
        let (whole, _) = combiner.join(node, reduce.leaves(&stage.tasks), state)?;
        if let Some(whole) = whole {
            let grid = &stage.outputs[at.output].grid;
            let shape = grid.region(&grid.unravel(at.cell)).shape;
            let chunk = whole.finish(pool, &shape)?;
            made.push(Item::Cell {
                at,
                region: None,
                chunk,
            });
        }
    }
    for (stage, combiner) in left {
        let nodes = combiner.left().into_iter();
        made.extend(nodes.map(|left| waiting(stage, left)));
    }
    Ok(made)
}

/// A node of a stage's reduction that waits for others.
fn waiting(stage: usize, ((output, cell, level, place), state): (Node, State)) -> Item {
    let at = CellRef {
        stage,
        output,
        cell,
    };
    Item::Node {
        at,
        level,
        place,
        state,
    }
}

/// The reduction that makes a cell.
pub fn reduction<'p>(plan: &'p Plan, at: &CellRef) -> Result<&'p ReduceOutput> {
    if let Some(stage) = plan.stages.get(at.stage)
        && let StageKind::Pass(pass) = &stage.kind
        && let Some(PassOutput::Reduce(reduce)) = pass.outputs.get(at.output)
    {
        return Ok(reduce);
    }
    Err(Error::internal(
        "executor",
        format!("{at:?} is no cell of a reduction"),
    ))
}
