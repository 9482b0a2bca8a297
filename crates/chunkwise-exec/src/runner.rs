//! The threads of a run: each takes tasks from the scheduler, and hands on what they make.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chunkwise_core::{Canvas, Chunk, Error, Grid, Pool, Result, Sink, ViewMut};
use chunkwise_kernels::movement::copy;
use chunkwise_kernels::tile::{Scratch, State};
use chunkwise_plan::{CellRef, PassOutput, Plan, ScanStage, StageKind};

use crate::Event;
use crate::ahead::ReadAhead;
use crate::call::panicked;
use crate::cells::CellStore;
use crate::combine::{Combiner, Node};
use crate::evaluate::Context;
use crate::executor::Help;
use crate::run::RunOptions;
use crate::scheduler::{Action, Scheduler, Task};
use crate::task::{Product, run_task};
use crate::work::{Numbers, PlanWork, in_plan, read_later};

#[expect(clippy::large_enum_variant, reason = "one for each result of a run")]
pub(crate) enum Destination<'a> {
    Canvas(Canvas<'a>),
    Sink(Arc<dyn Sink>),
    /// Parts of unknown length by their place, and the axis along which they are joined.
    Collected(Mutex<BTreeMap<usize, Chunk>>, usize),
    /// Cells that others take over.
    Kept(Mutex<Vec<(CellRef, Chunk)>>),
}

struct Shared<'a> {
    scheduler: Scheduler<PlanWork<'a>>,
    failed: Option<Error>,
    idle: usize,
}

pub(crate) struct Run<'a, 'd> {
    plan: &'a Plan,
    options: &'a RunOptions<'a>,
    /// Which outputs later stages read.
    read: Vec<Vec<bool>>,
    destinations: &'d [Vec<Vec<Destination<'a>>>],
    /// The tasks of each stage that are run.
    numbers: Vec<Numbers>,
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

impl<'a, 'd> Run<'a, 'd> {
    /// A run that has not begun: in `room` bytes, of which it can do without `spare`.
    pub(crate) fn new(
        plan: &'a Plan,
        options: &'a RunOptions<'a>,
        work: PlanWork<'a>,
        destinations: &'d [Vec<Vec<Destination<'a>>>],
        cells: CellStore<'a>,
        room: u64,
        spare: u64,
    ) -> Run<'a, 'd> {
        let numbers = work.numbers().to_vec();
        let ahead = ReadAhead::new(plan, &numbers, options.memory_limit, spare);
        Run {
            plan,
            options,
            read: read_later(plan),
            destinations,
            numbers,
            cells,
            combiners: plan.stages.iter().map(|_| Combiner::default()).collect(),
            shared: Mutex::new(Shared {
                scheduler: Scheduler::new(work, room - ahead.bytes()),
                failed: None,
                idle: 0,
            }),
            ahead,
            wake: Condvar::new(),
            started: Instant::now(),
        }
    }

    /// Runs it to its end; then what is left over of reductions and scans whose rest is run elsewhere.
    pub(crate) fn on_threads(self, threads: usize) -> (Result<()>, LeftOver) {
        self.options
            .executor
            .on_threads(threads, |thread, help| self.work(thread, help));
        let failed = self.lock().failed.take();
        self.tell(&Event::Finished {
            elapsed: self.started.elapsed(),
            ok: failed.is_none(),
            peak: self.options.pool.peak() as u64,
        });
        let left = LeftOver {
            nodes: self.combiners.into_iter().map(Combiner::left).collect(),
            carries: self.cells.carries_left(),
        };
        (failed.map_or(Ok(()), Err), left)
    }

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

    pub(crate) fn tell(&self, event: &Event<'_>) {
        self.options.subscribers.iter().for_each(|s| s.event(event));
    }

    /// Runs a task and hands on what it made; answers the cells that later tasks read, and by how many
    /// bytes what unfinished reductions and scans hold grew.
    fn task(&self, task: Task, thread: usize, scratch: &mut Scratch) -> Result<Made> {
        let task = in_plan(&self.numbers, task);
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
        let destinations = &self.destinations[task.stage];
        if self.is_stored(task.stage, index)? {
            return Ok((Vec::new(), 0));
        }
        self.ahead.look(task);
        let place = |output: usize| -> Result<Option<ViewMut<'_>>> {
            match &destinations[output][..] {
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
            let sinks = &self.destinations[stage][output];
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
        for destination in &self.destinations[stage][output] {
            match destination {
                Destination::Canvas(canvas) => copy(&chunk.view(), &mut canvas.claim(index)?)?,
                Destination::Sink(sink) => {
                    sink.write(&grid.region(index), chunk.view())?;
                    moved.written += chunk.nbytes() as u64;
                }
                Destination::Kept(cells) => {
                    let cell = CellRef {
                        stage,
                        output,
                        cell: grid.ravel(index),
                    };
                    let mut cells = cells.lock().unwrap_or_else(PoisonError::into_inner);
                    cells.push((cell, chunk.clone()));
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

/// What is left over of a part of a plan's reductions and scans.
pub(crate) struct LeftOver {
    /// Of each stage, nodes of its reductions' trees that wait for others.
    pub(crate) nodes: Vec<Vec<(Node, State)>>,
    /// What tasks of scans hand to others: the stage, the cell, the carry.
    pub(crate) carries: Vec<(usize, usize, State)>,
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
