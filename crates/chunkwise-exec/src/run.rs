//! A plan on threads, within a memory budget.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chunkwise_core::{Chunk, Error, Grid, Pool, Result, Sink, ViewMut};
use chunkwise_kernels::movement::copy;
use chunkwise_kernels::tile::Scratch;
use chunkwise_plan::{CellRef, PassOutput, Plan, ScanStage, StageKind};
use chunkwise_storage::ScratchDir;

use crate::ahead::ReadAhead;
use crate::call::panicked;
use crate::cells::CellStore;
use crate::combine::Combiner;
use crate::destination::{Destination, Destinations};
use crate::evaluate::Context;
use crate::executor::Help;
use crate::scheduler::{Action, Scheduler, Task};
use crate::task::{Product, run_task};
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
    let destinations = Destinations::new(plan, targets, options.pool)?;
    let work = PlanWork::new(plan);
    let read = work.read.clone();
    let tasks = plan.task_count();
    let threads = match is_quick(plan) && !options.spread {
        true => 1,
        false => options.executor.threads().min(tasks).max(1),
    };
    let room = options.memory_limit.saturating_sub(results);
    let spare = room.saturating_sub(plan.least_memory());
    let ahead = ReadAhead::new(plan, options.memory_limit, spare);
    let run = Run {
        plan,
        options,
        read,
        destinations: &destinations,
        cells: CellStore::new(plan, ScratchDir::new(options.scratch_directory.as_deref())?),
        combiners: plan.stages.iter().map(|_| Combiner::default()).collect(),
        shared: Mutex::new(Shared {
            scheduler: Scheduler::new(work, room - ahead.bytes()),
            failed: None,
            idle: 0,
        }),
        ahead,
        wake: Condvar::new(),
        started: Instant::now(),
    };
    options.pool.reset_peak();
    *begun = true;
    run.tell(&Event::Started {
        plan,
        threads,
        memory_limit: options.memory_limit,
        pool: options.pool,
    });
    options
        .executor
        .on_threads(threads, |thread, help| run.work(thread, help));
    let failed = run.lock().failed.take();
    run.tell(&Event::Finished {
        elapsed: run.started.elapsed(),
        ok: failed.is_none(),
        peak: options.pool.peak() as u64,
    });
    drop(run);
    match failed {
        Some(error) => Err(error),
        None => destinations.finish(options.pool),
    }
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

struct Shared<'a> {
    scheduler: Scheduler<PlanWork<'a>>,
    failed: Option<Error>,
    idle: usize,
}

struct Run<'a, 'd> {
    plan: &'a Plan,
    options: &'a RunOptions<'a>,
    /// Which outputs later stages read.
    read: Vec<Vec<bool>>,
    destinations: &'d Destinations<'a>,
    cells: CellStore<'a>,
    combiners: Vec<Combiner>,
    shared: Mutex<Shared<'a>>,
    ahead: ReadAhead<'a>,
    wake: Condvar,
    started: Instant,
}

thread_local! {
    /// A thread's tile registers, kept between runs.
    static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch::new());
}

impl<'a> Run<'a, '_> {
    /// What each thread does until all is done.
    fn work(&self, thread: usize, help: Help<'_>) {
        // Taken, not borrowed: a user's function may run a plan of its own on this thread.
        let mut scratch = SCRATCH.take();
        help();
        let mut shared = self.lock();
        loop {
            if shared.failed.is_some() {
                break;
            }
            if self.options.cancel.is_cancelled() {
                shared.failed = Some(Error::Cancelled);
                break;
            }
            match shared.scheduler.next_action() {
                Action::Done => break,
                Action::Wait => {
                    shared.idle += 1;
                    let pause = Duration::from_millis(50);
                    let (back, _) = self
                        .wake
                        .wait_timeout(shared, pause)
                        .unwrap_or_else(PoisonError::into_inner);
                    shared = back;
                    shared.idle -= 1;
                }
                Action::Spill(cell) => {
                    drop(shared);
                    let spilled = self.cells.spill(&cell);
                    shared = self.lock();
                    match spilled {
                        Ok(bytes) => {
                            shared.scheduler.spilled(&cell);
                            self.tell(&Event::Spilled { bytes });
                        }
                        Err(error) => self.fail(&mut shared, error),
                    }
                    self.wake_others(&shared);
                }
                Action::Run(task) => {
                    drop(shared);
                    let made = self.task(task, thread, &mut scratch);
                    help();
                    shared = self.lock();
                    match made {
                        Ok((made, change)) => {
                            shared.scheduler.stands(change);
                            for cell in shared.scheduler.finished(task, &made) {
                                self.cells.remove(&cell);
                            }
                        }
                        Err(error) => self.fail(&mut shared, error),
                    }
                    self.wake_others(&shared);
                }
            }
        }
        self.wake.notify_all();
        drop(shared);
        SCRATCH.replace(scratch);
    }

    fn lock(&self) -> MutexGuard<'_, Shared<'a>> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake_others(&self, shared: &Shared<'_>) {
        if shared.idle > 0 {
            self.wake.notify_all();
        }
    }

    fn fail(&self, shared: &mut Shared<'_>, error: Error) {
        shared.failed.get_or_insert(error);
    }

    fn tell(&self, event: &Event<'_>) {
        self.options.subscribers.iter().for_each(|s| s.event(event));
    }

    /// Runs a task and hands on what it made; answers the cells that later tasks read, and by how many
    /// bytes what unfinished reductions and scans hold grew.
    fn task(&self, task: Task, thread: usize, scratch: &mut Scratch) -> Result<Made> {
        let stage = &self.plan.stages[task.stage];
        let index = stage.task_index(task.number);
        let begun = (!self.options.subscribers.is_empty()).then(|| self.started.elapsed());
        if let Some(start) = begun {
            self.tell(&Event::TaskStarted {
                stage: task.stage,
                number: task.number,
                thread,
                start,
            });
        }
        let mut moved = Moved::default();
        let made = catch_unwind(AssertUnwindSafe(|| {
            self.try_task(task, &index, scratch, &mut moved)
        }))
        .unwrap_or_else(|panic| Err(panicked(&*panic)));
        self.ahead.done(task);
        let made = made.map_err(|cause| match cause {
            Error::Cancelled | Error::OutOfMemory { .. } => cause,
            cause => Error::Task {
                operation: stage.label.clone(),
                location: stage.location,
                index: index.to_vec(),
                cause: Arc::new(cause),
            },
        })?;
        if let Some(start) = begun {
            let elements: usize = stage.tasks.region(&index).len();
            self.tell(&Event::TaskFinished {
                stage: task.stage,
                number: task.number,
                thread,
                start,
                end: self.started.elapsed(),
                cost: elements as f64 * stage.cost as f64,
                read: moved.read,
                written: moved.written,
            });
            match self.cells.take_loaded() {
                0 => {}
                bytes => self.tell(&Event::Loaded { bytes }),
            }
        }
        Ok(made)
    }

    fn try_task(
        &self,
        task: Task,
        index: &[usize],
        scratch: &mut Scratch,
        moved: &mut Moved,
    ) -> Result<Made> {
        let stage = &self.plan.stages[task.stage];
        if self.is_stored(task.stage, index)? {
            return Ok((Vec::new(), 0));
        }
        self.ahead.look(task);
        let place = |output: usize| -> Result<Option<ViewMut<'_>>> {
            match self.destinations.of(task.stage, output) {
                [Destination::Canvas(canvas)] if !self.read[task.stage][output] => {
                    canvas.claim(index).map(Some)
                }
                _ => Ok(None),
            }
        };
        let mut cx = Context {
            pool: self.options.pool,
            cells: &self.cells,
            cancelled: self.options.cancel.flag(),
            scratch,
            read: 0,
        };
        let products = run_task(self.plan, task.stage, index, &place, &mut cx)?;
        moved.read = cx.read;
        let mut made = Vec::new();
        let mut change = match &stage.kind {
            StageKind::Scan(s) if index[s.axis] > 0 => {
                -(carry_bytes(s, &stage.tasks, index) as i64)
            }
            _ => 0,
        };
        for (output, product) in products.into_iter().enumerate() {
            match product {
                Product::Written => {}
                Product::Cell(chunk) => {
                    self.deliver(task.stage, output, index, chunk, &mut made, moved)?
                }
                // The last one is nobody's.
                Product::Carry(_) if self.is_last(task.stage, index) => {}
                Product::Carry(state) => {
                    change += Pool::footprint(state.nbytes()) as i64;
                    let cell = CellRef {
                        stage: task.stage,
                        output,
                        cell: stage.outputs[output].grid.ravel(index),
                    };
                    self.cells.put_carry(task.stage, cell.cell, state);
                    made.push((cell, 0));
                }
                Product::Part(state) => {
                    let StageKind::Pass(pass) = &stage.kind else {
                        continue;
                    };
                    let PassOutput::Reduce(reduce) = &pass.outputs[output] else {
                        continue;
                    };
                    let (cell, leaf, leaves) = reduce.place(&stage.tasks, index);
                    let number = stage.outputs[output].grid.ravel(&cell);
                    let (whole, grown) =
                        self.combiners[task.stage].add(output, number, leaf, leaves, state)?;
                    change += grown;
                    if let Some(whole) = whole {
                        let shape = stage.outputs[output].grid.region(&cell).shape;
                        let chunk = whole.finish(self.options.pool, &shape)?;
                        self.deliver(task.stage, output, &cell, chunk, &mut made, moved)?;
                    }
                }
            }
        }
        Ok((made, change))
    }

    /// Whether all that a task makes was stored by an earlier run, which this one continues.
    fn is_stored(&self, stage: usize, index: &[usize]) -> Result<bool> {
        let of = &self.plan.stages[stage];
        let StageKind::Pass(pass) = &of.kind else {
            return Ok(false);
        };
        let region = of.tasks.region(index);
        for (output, at) in pass.outputs.iter().enumerate() {
            let sinks = self.destinations.of(stage, output);
            if !matches!(at, PassOutput::Store) || self.read[stage][output] || sinks.is_empty() {
                return Ok(false);
            }
            for destination in sinks {
                let Destination::Sink(sink) = destination else {
                    return Ok(false);
                };
                if !sink.holds(&region)? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Whether a task of a scan is the last along its axis.
    fn is_last(&self, stage: usize, index: &[usize]) -> bool {
        let stage = &self.plan.stages[stage];
        match &stage.kind {
            StageKind::Scan(s) => index[s.axis] + 1 == stage.tasks.axes()[s.axis].count(),
            _ => false,
        }
    }

    /// Hands a cell to its destinations, and keeps it where later tasks read it.
    fn deliver(
        &self,
        stage: usize,
        output: usize,
        index: &[usize],
        chunk: Chunk,
        made: &mut Vec<(CellRef, u64)>,
        moved: &mut Moved,
    ) -> Result<()> {
        let grid = &self.plan.stages[stage].outputs[output].grid;
        for destination in self.destinations.of(stage, output) {
            match destination {
                Destination::Canvas(canvas) => copy(&chunk.view(), &mut canvas.claim(index)?)?,
                Destination::Sink(sink) => {
                    sink.write(&grid.region(index), chunk.view())?;
                    moved.written += chunk.nbytes() as u64;
                }
                Destination::Collected(parts, _) => {
                    let mut parts = parts.lock().unwrap_or_else(PoisonError::into_inner);
                    parts.insert(grid.ravel(index), chunk.clone());
                }
            }
        }
        if self.read[stage][output] {
            let cell = CellRef {
                stage,
                output,
                cell: grid.ravel(index),
            };
            let bytes = Pool::footprint(chunk.nbytes()) as u64;
            self.cells.put(cell.clone(), chunk);
            made.push((cell, bytes));
        }
        Ok(())
    }
}

/// What a task made: cells that later tasks read, with their bytes, and by how many bytes what
/// unfinished reductions and scans hold grew.
type Made = (Vec<(CellRef, u64)>, i64);

/// Bytes that a task read from sources and wrote to sinks.
#[derive(Default)]
struct Moved {
    read: u64,
    written: u64,
}

/// Bytes of the carry that a task of a scan hands to the next.
fn carry_bytes(s: &ScanStage, tasks: &Grid, index: &[usize]) -> usize {
    let region = tasks.region(index);
    let cells = (0..region.ndim()).filter(|a| *a != s.axis);
    let cells = cells.map(|a| region.shape[a]).product();
    Pool::footprint(s.scanner.carry.state_len(cells))
}
