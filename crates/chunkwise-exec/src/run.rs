//! A plan on threads, within a memory budget.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use chunkwise_core::{Canvas, Chunk, Dims, Error, Pool, Region, Result, Sink};
use chunkwise_kernels::movement::copy;
use chunkwise_plan::{Plan, StageKind};
use chunkwise_storage::ScratchDir;

use crate::cells::CellStore;
use crate::runner::{Destination, Run};
use crate::work::PlanWork;
use crate::{CancelToken, Event, Executor, Subscriber, Target};

/// A plan that takes less than this, in nanoseconds of one core, runs on the calling thread: waking
/// others costs more.
const INLINE_COST: f64 = 60_000.0;

/// Whether a plan is over so soon that it runs on the calling thread alone.
pub fn is_quick(plan: &Plan) -> bool {
    plan.cost() < INLINE_COST
}

/// How a plan is run.
#[derive(Clone)]
pub struct RunOptions<'a> {
    /// The threads.
    pub executor: &'a Executor,
    /// Where buffers come from.
    pub pool: &'a Pool,
    /// Bytes that the run may hold at once.
    pub memory_limit: u64,
    /// Where cells go that do not fit; the system's folder for temporary files by default.
    pub scratch_directory: Option<PathBuf>,
    /// Stops the run.
    pub cancel: CancelToken,
    /// Who is told of events.
    pub subscribers: Vec<Arc<dyn Subscriber>>,
    /// Whether plans that are over soon use all threads too, for tests.
    pub spread: bool,
}

/// Runs a plan; answers a chunk for each output whose target is [`Target::Memory`].
///
/// Refuses before it starts what cannot fit the memory limit. On an error, and when cancelled, sinks
/// are aborted, so that nothing half-written stays.
pub fn run(
    plan: &Plan,
    targets: Vec<Target<'_>>,
    options: &RunOptions<'_>,
) -> Result<Vec<Option<Chunk>>> {
    let sinks: Vec<Arc<dyn Sink>> = targets
        .iter()
        .filter_map(|t| match t {
            Target::Sink(sink) => Some(Arc::clone(sink)),
            Target::Memory | Target::View(_) => None,
        })
        .collect();
    let mut begun = false;
    let result = try_run(plan, targets, options, &mut begun);
    let committed = result.and_then(|chunks| {
        sinks.iter().try_for_each(|s| s.commit())?;
        Ok(chunks)
    });
    if let Err(error) = &committed {
        sinks.iter().for_each(|s| s.abort());
        let event = Event::Failed { error, begun };
        options.subscribers.iter().for_each(|s| s.event(&event));
    }
    committed
}

fn try_run(
    plan: &Plan,
    targets: Vec<Target<'_>>,
    options: &RunOptions<'_>,
    begun: &mut bool,
) -> Result<Vec<Option<Chunk>>> {
    let results = result_bytes(plan, targets.iter().map(|t| matches!(t, Target::Memory)));
    check_budget(plan, results, options.memory_limit)?;
    let mut destinations: Vec<Vec<Vec<Destination<'_>>>> = plan
        .stages
        .iter()
        .map(|s| s.outputs.iter().map(|_| Vec::new()).collect())
        .collect();
    let mut asked: Vec<Option<(usize, usize, usize)>> = Vec::new();
    for (target, output) in targets.into_iter().zip(&plan.outputs) {
        let of = &plan.stages[output.stage].outputs[output.output];
        let unknown = match &plan.stages[output.stage].kind {
            StageKind::Compress(c) => Some(c.axis),
            _ => None,
        };
        let list = &mut destinations[output.stage][output.output];
        let (destination, back) = match (target, unknown) {
            (Target::Memory, Some(axis)) => (Destination::Collected(Mutex::default(), axis), true),
            (Target::Memory, None) => (
                Destination::Canvas(Canvas::owned(options.pool, of.dtype, of.grid.clone())?),
                true,
            ),
            (Target::View(_) | Target::Sink(_), Some(axis)) => {
                return Err(Error::UnknownLength {
                    operation: "store",
                    axis,
                });
            }
            (Target::View(view), None) => {
                if view.dtype() != of.dtype {
                    return Err(Error::DTypeMismatch {
                        operation: "filling a buffer",
                        expected: of.dtype,
                        got: view.dtype(),
                    });
                }
                (
                    Destination::Canvas(Canvas::borrowed(view, of.grid.clone())?),
                    false,
                )
            }
            (Target::Sink(sink), None) => (Destination::Sink(sink), false),
        };
        asked.push(back.then_some((output.stage, output.output, list.len())));
        list.push(destination);
    }

    let work = PlanWork::whole(plan);
    let tasks = plan.task_count();
    let threads = match is_quick(plan) && !options.spread {
        true => 1,
        false => options.executor.threads().min(tasks).max(1),
    };
    let room = options.memory_limit.saturating_sub(results);
    let spare = room.saturating_sub(plan.least_memory());
    let cells = CellStore::new(plan, ScratchDir::new(options.scratch_directory.as_deref())?);
    let run = Run::new(plan, options, work, &destinations, cells, room, spare);
    options.pool.reset_peak();
    *begun = true;
    run.tell(&Event::Started {
        plan,
        threads,
        memory_limit: options.memory_limit,
        pool: options.pool,
    });
    let (ended, _) = run.on_threads(threads);
    ended?;
    let mut chunks = Vec::new();
    for place in asked.into_iter().rev() {
        let chunk = match place {
            None => None,
            // The last of a list is taken first, so the places of the others stay.
            Some((stage, output, at)) => match destinations[stage][output].remove(at) {
                Destination::Canvas(canvas) => {
                    if !canvas.is_complete() {
                        return Err(Error::internal("executor", "a result was not filled"));
                    }
                    canvas.finish()
                }
                Destination::Collected(parts, axis) => {
                    let parts = parts.into_inner().unwrap_or_else(PoisonError::into_inner);
                    Some(join(parts, axis, options.pool)?)
                }
                Destination::Sink(_) | Destination::Kept(_) => None,
            },
        };
        chunks.push(chunk);
    }
    chunks.reverse();
    Ok(chunks)
}

/// Bytes of the results that are made in new memory.
pub fn result_bytes(plan: &Plan, in_memory: impl Iterator<Item = bool>) -> u64 {
    in_memory
        .zip(&plan.outputs)
        .filter(|(in_memory, _)| *in_memory)
        .map(|(_, o)| {
            let stage = &plan.stages[o.stage];
            let bytes = stage.outputs[o.output].nbytes();
            let bytes = usize::try_from(bytes).map_or(bytes, |b| Pool::footprint(b) as u64);
            // Parts of unknown length are joined at the end.
            match stage.kind {
                StageKind::Compress(_) => {
                    let part = stage.outputs[o.output].cell_bytes() as usize;
                    bytes + stage.task_count() as u64 * Pool::footprint(part) as u64
                }
                _ => bytes,
            }
        })
        .sum()
}

/// Refuses what cannot fit: every task must be able to run alone beside the results, of which those
/// in new memory take `results` bytes.
pub fn check_budget(plan: &Plan, results: u64, limit: u64) -> Result<()> {
    let Some(worst) = plan.stages.iter().max_by_key(|s| s.memory.total()) else {
        return Ok(());
    };
    let smallest = results + plan.least_memory();
    if smallest <= limit {
        return Ok(());
    }
    Err(Error::OverBudget {
        operation: worst.label.clone(),
        location: worst.location,
        needed: smallest,
        limit,
        smallest,
    })
}

/// Parts of unknown length, one after another.
fn join(parts: BTreeMap<usize, Chunk>, axis: usize, pool: &Pool) -> Result<Chunk> {
    let Some(first) = parts.values().next() else {
        return Err(Error::internal("executor", "a boolean index without parts"));
    };
    let mut shape: Dims = first.shape().into();
    shape[axis] = parts.values().map(|p| p.shape()[axis]).sum();
    Chunk::build(pool, first.dtype(), &shape, |mut out| {
        let mut at = 0;
        for part in parts.values() {
            let mut place = Region::whole(part.shape());
            place.start[axis] = at;
            at += part.shape()[axis];
            copy(&part.view(), &mut out.region(&place))?;
        }
        Ok(())
    })
}
