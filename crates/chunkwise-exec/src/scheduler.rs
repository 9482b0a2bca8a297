//! Which task is next: events in, actions out.
//!
//! The scheduler knows tasks, cells, bytes and the budget; it has no threads, no clock and does no
//! I/O, so its policy is tested by small simulated cases. It is driven by demand: the tasks of the
//! last stages are asked for in order, and each brings the tasks that it needs in front of itself.
//! So producers never run ahead of their consumers, and what was read for the last time is dropped at
//! once.

use std::collections::{HashMap, HashSet};

pub use chunkwise_plan::CellRef;

/// A task: a stage, and a place in the stage's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Task {
    /// The stage.
    pub stage: usize,
    /// Its place in the stage's order.
    pub number: usize,
}

/// What makes a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Producer {
    /// One task.
    Task(Task),
    /// All tasks of the stage together.
    Stage(usize),
}

/// The work to be scheduled.
pub trait Work {
    /// Number of stages.
    fn stages(&self) -> usize;
    /// Number of tasks of a stage.
    fn tasks(&self, stage: usize) -> usize;
    /// Bytes that a task of a stage needs while it runs, beside the cells that it reads.
    fn task_bytes(&self, stage: usize) -> u64;
    /// Whether tasks of a stage read cells at all.
    fn reads_cells(&self, stage: usize) -> bool;
    /// Whether tasks of a stage read small parts of cells, in scratch as in memory.
    fn reads_parts(&self, stage: usize) -> bool {
        let _ = stage;
        false
    }
    /// The cells that a task reads, each once.
    fn reads(&self, task: Task) -> Vec<CellRef>;
    /// What makes a cell.
    fn producer(&self, cell: &CellRef) -> Producer;
    /// The stages whose results are asked for.
    fn wanted(&self, stage: usize) -> bool;
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Run a task; its cells are there.
    Run(Task),
    /// Write a cell to scratch, to make room.
    Spill(CellRef),
    /// Nothing until something ends.
    Wait,
    /// All is done.
    Done,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Memory,
    Spilling,
    Scratch,
}

#[derive(Debug)]
struct Cell {
    bytes: u64,
    place: Place,
    readers: usize,
}

/// The tasks of a stage, handed out in order.
#[derive(Debug)]
struct Stream {
    stage: usize,
    next: usize,
}

/// A stream is not drawn from while this many of the tasks it gave wait for cells.
const WAITING: usize = 64;

/// The state of a run.
#[derive(Debug)]
pub struct Scheduler<W> {
    work: W,
    limit: u64,
    held: u64,
    /// Bytes that unfinished reductions and scans hold between tasks.
    standing: u64,
    running_bytes: u64,
    running: usize,
    streams: Vec<Stream>,
    started: HashSet<usize>,
    /// Tasks asked for out of their stream's order.
    demanded: HashSet<Task>,
    ready: Vec<Task>,
    /// How many cells a task still waits for.
    waiting: HashMap<Task, usize>,
    waiters: HashMap<CellRef, Vec<Task>>,
    cells: HashMap<CellRef, Cell>,
    /// How many tasks will yet read a cell, and the first of them; for stages that are read by many.
    uses: HashMap<CellRef, (u32, usize)>,
    spilling: usize,
    in_flight: HashMap<Task, InFlight>,
}

/// What a running task reads, and the bytes that it brings back from scratch at once.
#[derive(Debug)]
struct InFlight {
    reads: Vec<CellRef>,
    loaded: u64,
}

impl<W: Work> Scheduler<W> {
    /// A run that has not begun, under a budget for cells and running tasks.
    pub fn new(work: W, limit: u64) -> Scheduler<W> {
        let mut uses: HashMap<CellRef, (u32, usize)> = HashMap::new();
        for stage in 0..work.stages() {
            if !work.reads_cells(stage) {
                continue;
            }
            for number in 0..work.tasks(stage) {
                for cell in work.reads(Task { stage, number }) {
                    let entry = uses.entry(cell).or_insert((0, usize::MAX));
                    entry.0 += 1;
                    entry.1 = entry.1.min(number);
                }
            }
        }
        let mut scheduler = Scheduler {
            work,
            limit,
            held: 0,
            standing: 0,
            running_bytes: 0,
            running: 0,
            streams: Vec::new(),
            started: HashSet::new(),
            demanded: HashSet::new(),
            ready: Vec::new(),
            waiting: HashMap::new(),
            waiters: HashMap::new(),
            cells: HashMap::new(),
            uses,
            spilling: 0,
            in_flight: HashMap::new(),
        };
        for stage in (0..scheduler.work.stages()).rev() {
            if scheduler.work.wanted(stage) {
                scheduler.start(stage);
            }
        }
        scheduler
    }

    /// What to do now.
    pub fn next_action(&mut self) -> Action {
        loop {
            if let Some(&task) = self.ready.last() {
                return self.admit(task);
            }
            let Some(top) = self.streams.last_mut() else {
                let idle = self.running == 0 && self.spilling == 0 && self.waiting.is_empty();
                return if idle { Action::Done } else { Action::Wait };
            };
            if top.next == self.work.tasks(top.stage) {
                self.streams.pop();
                continue;
            }
            // With nothing under way, only a stream can bring what is waited for.
            if self.waiting.len() >= WAITING && self.running + self.spilling > 0 {
                return Action::Wait;
            }
            let task = Task {
                stage: top.stage,
                number: top.next,
            };
            top.next += 1;
            if !self.demanded.remove(&task) {
                self.request(task);
            }
        }
    }

    /// A task ended; `made` are the cells that are there now and are read by later tasks, with their
    /// bytes. Answers the cells that nobody will read any more.
    pub fn finished(&mut self, task: Task, made: &[(CellRef, u64)]) -> Vec<CellRef> {
        self.running -= 1;
        self.running_bytes -= self.work.task_bytes(task.stage);
        let mut dropped = Vec::new();
        let read = self.in_flight.remove(&task);
        self.running_bytes -= read.as_ref().map_or(0, |r| r.loaded);
        for cell in read.map(|r| r.reads).unwrap_or_default() {
            let last = self.uses.get_mut(&cell).is_none_or(|(left, _)| {
                *left = left.saturating_sub(1);
                *left == 0
            });
            if let Some(known) = self.cells.get_mut(&cell) {
                known.readers -= 1;
                if last && known.readers == 0 && known.place != Place::Spilling {
                    if known.place == Place::Memory {
                        self.held -= known.bytes;
                    }
                    self.cells.remove(&cell);
                    dropped.push(cell);
                }
            }
        }
        for (cell, bytes) in made {
            if !self.uses.contains_key(cell) {
                dropped.push(cell.clone());
                continue;
            }
            self.held += bytes;
            self.cells.insert(
                cell.clone(),
                Cell {
                    bytes: *bytes,
                    place: Place::Memory,
                    readers: 0,
                },
            );
            for waiter in self.waiters.remove(cell).unwrap_or_default() {
                if let Some(missing) = self.waiting.get_mut(&waiter) {
                    *missing -= 1;
                    if *missing == 0 {
                        self.waiting.remove(&waiter);
                        self.ready.push(waiter);
                    }
                }
            }
        }
        dropped
    }

    /// A cell is in scratch now.
    pub fn spilled(&mut self, cell: &CellRef) {
        self.spilling -= 1;
        if let Some(known) = self.cells.get_mut(cell) {
            known.place = Place::Scratch;
            self.held -= known.bytes;
        }
    }

    /// What unfinished reductions and scans hold changed by so many bytes.
    pub fn stands(&mut self, change: i64) {
        self.standing = self.standing.saturating_add_signed(change);
    }

    /// Bytes of the cells in memory, of the running tasks and of unfinished reductions and scans.
    pub fn committed(&self) -> u64 {
        self.held + self.standing + self.running_bytes
    }

    fn start(&mut self, stage: usize) {
        if self.started.insert(stage) {
            self.streams.push(Stream { stage, next: 0 });
        }
    }

    /// Makes a task ready, or lets it wait for its cells and asks for those.
    fn request(&mut self, task: Task) {
        if !self.work.reads_cells(task.stage) {
            self.ready.push(task);
            return;
        }
        let mut pending = vec![task];
        while let Some(task) = pending.pop() {
            let missing: Vec<CellRef> = self
                .work
                .reads(task)
                .into_iter()
                .filter(|c| !self.cells.contains_key(c))
                .collect();
            if missing.is_empty() {
                self.ready.push(task);
                continue;
            }
            self.waiting.insert(task, missing.len());
            for cell in missing {
                let producer = self.work.producer(&cell);
                let waiters = self.waiters.entry(cell).or_default();
                let asked = !waiters.is_empty();
                waiters.push(task);
                match producer {
                    Producer::Stage(stage) => self.start(stage),
                    Producer::Task(producer) => {
                        if !asked && self.is_new(producer) {
                            pending.push(producer);
                        }
                    }
                }
            }
        }
    }

    /// Whether a task was not asked for before; notes that it is now.
    fn is_new(&mut self, task: Task) -> bool {
        let streamed = self.streams.iter().find(|s| s.stage == task.stage);
        match streamed {
            // Its stream is past it, or will skip it.
            Some(stream) if task.number < stream.next => false,
            None if self.started.contains(&task.stage) => false,
            _ => self.demanded.insert(task),
        }
    }

    fn admit(&mut self, task: Task) -> Action {
        let own = self.work.task_bytes(task.stage);
        let reads = if self.work.reads_cells(task.stage) {
            self.work.reads(task)
        } else {
            Vec::new()
        };
        // What is on its way out would have to be brought back.
        let leaving = |c: &CellRef| {
            let known = self.cells.get(c);
            known.is_some_and(|k| k.place == Place::Spilling)
        };
        if reads.iter().any(leaving) {
            return Action::Wait;
        }
        let parts = self.work.reads_parts(task.stage);
        let (loaded, keep) = match parts {
            true => (0, &[][..]),
            false => (self.loaded(&reads), &reads[..]),
        };
        if self.committed() + own + loaded > self.limit {
            if let Some(cell) = self.furthest(keep) {
                return self.spill(cell);
            }
            // What is running will make room; alone, a task has the room that the plan was checked
            // to have, where it brings back what it reads one by one.
            if self.running > 0 || self.spilling > 0 {
                return Action::Wait;
            }
            if let Some(cell) = self.furthest(&[]) {
                return self.spill(cell);
            }
        }
        self.ready.pop();
        for cell in &reads {
            if let Some(known) = self.cells.get_mut(cell) {
                known.readers += 1;
            }
        }
        if !reads.is_empty() {
            self.in_flight.insert(task, InFlight { reads, loaded });
        }
        self.running += 1;
        self.running_bytes += own + loaded;
        Action::Run(task)
    }

    fn spill(&mut self, cell: CellRef) -> Action {
        self.spilling += 1;
        if let Some(known) = self.cells.get_mut(&cell) {
            known.place = Place::Spilling;
        }
        Action::Spill(cell)
    }

    /// Bytes that are brought back from scratch at once: of each output one cell after another.
    fn loaded(&self, reads: &[CellRef]) -> u64 {
        let mut loaded = 0;
        for of_one in reads.chunk_by(|a, b| (a.stage, a.output) == (b.stage, b.output)) {
            let in_scratch = of_one
                .iter()
                .filter_map(|c| self.cells.get(c))
                .filter(|c| c.place == Place::Scratch);
            loaded += in_scratch.map(|c| c.bytes).max().unwrap_or(0);
        }
        loaded
    }

    /// The cell in memory that is read again the latest, and neither now nor by `keep`'s task.
    fn furthest(&self, keep: &[CellRef]) -> Option<CellRef> {
        self.cells
            .iter()
            .filter(|(cell, known)| {
                known.place == Place::Memory
                    && known.readers == 0
                    && known.bytes > 0
                    && !keep.contains(cell)
            })
            .max_by_key(|(cell, known)| {
                (
                    self.uses.get(cell).map_or(usize::MAX, |(_, first)| *first),
                    known.bytes,
                    (*cell).clone(),
                )
            })
            .map(|(cell, _)| cell.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stage whose tasks each make a cell.
    struct Simulation {
        tasks: usize,
        bytes: u64,
        /// The (stage, cell) pairs that a task reads.
        reads: Reads,
        wanted: bool,
    }

    struct Simulated(Vec<Simulation>);

    type Reads = fn(usize) -> Vec<(usize, usize)>;

    fn simulated<const N: usize>(stages: [(usize, u64, Reads, bool); N]) -> Simulated {
        let stage = |(tasks, bytes, reads, wanted)| Simulation {
            tasks,
            bytes,
            reads,
            wanted,
        };
        Simulated(stages.into_iter().map(stage).collect())
    }

    impl Work for Simulated {
        fn stages(&self) -> usize {
            self.0.len()
        }
        fn tasks(&self, stage: usize) -> usize {
            self.0[stage].tasks
        }
        fn task_bytes(&self, stage: usize) -> u64 {
            self.0[stage].bytes
        }
        fn reads_cells(&self, stage: usize) -> bool {
            (0..self.0[stage].tasks).any(|n| !(self.0[stage].reads)(n).is_empty())
        }
        fn reads(&self, task: Task) -> Vec<CellRef> {
            (self.0[task.stage].reads)(task.number)
                .into_iter()
                .map(|(s, c)| cell(s, c))
                .collect()
        }
        fn producer(&self, cell: &CellRef) -> Producer {
            Producer::Task(Task {
                stage: cell.stage,
                number: cell.cell,
            })
        }
        fn wanted(&self, stage: usize) -> bool {
            self.0[stage].wanted
        }
    }

    fn cell(stage: usize, cell: usize) -> CellRef {
        CellRef {
            stage,
            output: 0,
            cell,
        }
    }

    /// Runs one task at a time, every task making a cell of `bytes`; tells what was done.
    fn play(work: Simulated, limit: u64, bytes: u64) -> (Vec<String>, u64) {
        let read_later: HashSet<usize> = (0..work.stages())
            .flat_map(|s| (0..work.tasks(s)).flat_map(move |n| [(s, n)]))
            .flat_map(|(s, n)| (work.0[s].reads)(n))
            .map(|(s, _)| s)
            .collect();
        let mut scheduler = Scheduler::new(work, limit);
        let mut log = Vec::new();
        let mut most = 0;
        loop {
            match scheduler.next_action() {
                Action::Run(task) => {
                    most = most.max(scheduler.committed());
                    let made = [(cell(task.stage, task.number), bytes)];
                    let made = if read_later.contains(&task.stage) {
                        &made[..]
                    } else {
                        &[]
                    };
                    scheduler.finished(task, made);
                    log.push(format!("{}.{}", task.stage, task.number));
                }
                Action::Spill(cell) => {
                    scheduler.spilled(&cell);
                    log.push(format!("spill {}.{}", cell.stage, cell.cell));
                }
                Action::Wait => panic!("waits with nothing running: {log:?}"),
                Action::Done => return (log, most),
            }
        }
    }

    #[test]
    fn producers_run_just_before_their_consumer() {
        let work = simulated([(3, 1, |_| vec![], false), (3, 1, |n| vec![(0, n)], true)]);
        let (log, _) = play(work, 100, 1);
        assert_eq!(log, ["0.0", "1.0", "0.1", "1.1", "0.2", "1.2"]);
    }

    #[test]
    fn only_what_is_needed_is_made() {
        let work = simulated([(100, 1, |_| vec![], false), (1, 1, |_| vec![(0, 42)], true)]);
        assert_eq!(play(work, 100, 1).0, ["0.42", "1.0"]);
    }

    #[test]
    fn a_stage_that_is_wanted_and_read_runs_each_task_once() {
        let work = simulated([(2, 1, |_| vec![], true), (2, 1, |n| vec![(0, 1 - n)], true)]);
        let (mut log, _) = play(work, 100, 1);
        log.sort();
        assert_eq!(log, ["0.0", "0.1", "1.0", "1.1"]);
    }

    #[test]
    fn the_cell_that_is_read_last_is_spilled() {
        // Stage 1 needs all cells at once before stage 2 reads them again in order.
        let work = simulated([
            (4, 1, |_| vec![], false),
            (4, 1, |n| vec![(0, 3 - n), (0, 3)], true),
        ]);
        let (log, most) = play(work, 6, 2);
        assert!(most <= 6, "{most} {log:?}");
        let chain = simulated([
            (3, 1, |_| vec![], false),
            (1, 1, |_| vec![(0, 0), (0, 1), (0, 2)], true),
            (3, 1, |n| vec![(0, n), (1, 0)], true),
        ]);
        let (log, _) = play(chain, 4, 1);
        assert_eq!(log.iter().filter(|l| !l.starts_with("spill")).count(), 7);
    }

    #[test]
    fn chains_along_a_stage_run_in_order() {
        let work = simulated([(
            4,
            1,
            |n| if n == 0 { vec![] } else { vec![(0, n - 1)] },
            true,
        )]);
        assert_eq!(play(work, 10, 1).0, ["0.0", "0.1", "0.2", "0.3"]);
    }
}
