//! Tasks on threads.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering, fence};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chunkwise_core::{Error, Result};
use crossbeam_deque::{Steal, Stealer, Worker as Stack};

use super::Graph;
use super::memory::Memory;
use super::tell::Tell;
use crate::call::panicked;
use crate::{CancelToken, RunOptions, Subscriber};

/// How many tasks without inputs a thread takes at once, at most.
const BATCH: usize = 64;
/// How long a thread sleeps before it looks whether the run was cancelled.
const NAP: Duration = Duration::from_millis(20);
/// How many dependents of a failed task are named.
const CHAIN: usize = 8;

/// What the tasks of a graph do. The results are kept here, and read by those who need them.
pub trait Tasks: Sized + Send + Sync + 'static {
    /// Does a task whose inputs are there, and keeps its result.
    fn run(&self, task: usize) -> Result<()>;

    /// Drops a result: all who read it have ended. Not called for those that were asked for.
    fn release(&self, task: usize);

    /// What a task is called in errors.
    fn name(&self, task: usize) -> String;

    /// Where a thread spends the run: calls [`Worker::work`].
    fn within(&self, worker: &Worker<Self>) {
        worker.work();
    }

    /// Where a thread waits for others: calls `wait`.
    fn idle(&self, wait: &mut (dyn FnMut() + Send)) {
        wait();
    }
}

/// Runs the tasks of a graph on at most `threads` threads, and returns when all have ended or one has
/// failed.
///
/// # Errors
///
/// [`Error::GraphTask`] with the task, and those that wait for it, for the first error or panic of a
/// task; [`Error::OverBudget`], before anything is run, where the declared bytes do not fit the memory
/// limit; [`Error::Cancelled`].
pub fn run_graph<T: Tasks>(
    graph: &Arc<Graph>,
    tasks: Arc<T>,
    threads: usize,
    options: &RunOptions<'_>,
) -> Result<()> {
    let count = graph.order().len();
    let memory = Memory::new(graph, options.memory_limit)?;
    if count == 0 {
        return Ok(());
    }
    let threads = threads.min(options.executor.threads()).min(count).max(1);
    options.pool.reset_peak();
    let run = Arc::new(Run::new(graph, tasks, memory, threads, options));
    options.executor.on_threads(threads, |thread, help| {
        let worker = Worker {
            run: Arc::clone(&run),
            thread,
        };
        run.workers.fetch_add(1, Ordering::Relaxed);
        loop {
            // Threads that another run has used may be free by now.
            help();
            run.tasks.within(&worker);
            if run.stop.load(Ordering::Acquire) {
                break;
            }
        }
    });
    let failure = run.failure().take();
    if let Some(tell) = &run.tell {
        tell.finished(failure.is_none(), options);
    }
    match failure {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

struct Run<T> {
    graph: Arc<Graph>,
    tasks: Arc<T>,
    memory: Option<Memory>,
    threads: usize,
    workers: AtomicUsize,
    /// For each task, inputs that are not there yet.
    waiting: Vec<AtomicU32>,
    /// For each task, readers that have not ended; the caller is one of those asked for.
    readers: Vec<AtomicU32>,
    /// The tasks without inputs, in order, and how many of them have been taken.
    first: Vec<u32>,
    taken: AtomicUsize,
    /// Each thread's stack, while the thread does not have it.
    stacks: Vec<Mutex<Option<Stack<u32>>>>,
    stealers: Vec<Stealer<u32>>,
    /// Tasks that have not ended.
    left: AtomicUsize,
    stop: AtomicBool,
    failure: Mutex<Option<Error>>,
    sleepers: AtomicUsize,
    door: Mutex<()>,
    bell: Condvar,
    cancel: CancelToken,
    subscribers: Vec<Arc<dyn Subscriber>>,
    tell: Option<Tell>,
}

/// A thread of a run.
pub struct Worker<T: Tasks> {
    run: Arc<Run<T>>,
    thread: usize,
}

impl<T: Tasks> Clone for Worker<T> {
    fn clone(&self) -> Self {
        Worker {
            run: Arc::clone(&self.run),
            thread: self.thread,
        }
    }
}

impl<T: Tasks> Worker<T> {
    /// Which thread, from 0.
    pub fn thread(&self) -> usize {
        self.thread
    }

    /// Runs tasks. Returns when the run is over, and, to be called again, on the first thread now and
    /// then while there are fewer threads than the run would like.
    pub fn work(&self) {
        self.run.work(self.thread);
    }
}

impl<T: Tasks> Run<T> {
    fn new(
        graph: &Arc<Graph>,
        tasks: Arc<T>,
        memory: Option<Memory>,
        threads: usize,
        options: &RunOptions<'_>,
    ) -> Run<T> {
        let all = 0..graph.rank.len();
        let waiting = all.clone().map(|t| graph.inputs(t).len() as u32);
        let readers = all.map(|t| AtomicU32::new(graph.readers(t).len() as u32));
        let readers: Vec<AtomicU32> = readers.collect();
        for task in graph.wanted() {
            readers[*task as usize].fetch_add(1, Ordering::Relaxed);
        }
        let first = graph.order().iter().copied();
        let first = first.filter(|t| graph.inputs(*t as usize).is_empty());
        let stacks: Vec<Stack<u32>> = (0..threads).map(|_| Stack::new_lifo()).collect();
        Run {
            graph: Arc::clone(graph),
            tasks,
            memory,
            threads,
            workers: AtomicUsize::new(0),
            waiting: waiting.map(AtomicU32::new).collect(),
            readers,
            first: first.collect(),
            taken: AtomicUsize::new(0),
            stealers: stacks.iter().map(Stack::stealer).collect(),
            stacks: stacks.into_iter().map(|s| Mutex::new(Some(s))).collect(),
            left: AtomicUsize::new(graph.order().len()),
            stop: AtomicBool::new(false),
            failure: Mutex::new(None),
            sleepers: AtomicUsize::new(0),
            door: Mutex::new(()),
            bell: Condvar::new(),
            cancel: options.cancel.clone(),
            subscribers: options.subscribers.clone(),
            tell: Tell::started(graph, threads, options),
        }
    }

    fn failure(&self) -> MutexGuard<'_, Option<Error>> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self, thread: usize) {
        let slot = &self.stacks[thread];
        let stack = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(stack) = stack else {
            return;
        };
        let since = Instant::now();
        let mut ended = 0;
        let mut ready = Vec::new();
        while !self.stop.load(Ordering::Acquire) {
            if self.cancel.is_cancelled() {
                self.fail(Error::Cancelled);
                break;
            }
            if let Some(task) = self.next(&stack) {
                ended += usize::from(self.execute(task as usize, thread, &stack, &mut ready));
            } else if self.is_over(std::mem::take(&mut ended)) {
                self.end();
            } else {
                self.tasks.idle(&mut || self.sleep());
            }
            let lonely = thread == 0 && self.workers.load(Ordering::Relaxed) < self.threads;
            if lonely && since.elapsed() > NAP {
                break;
            }
        }
        if self.is_over(ended) {
            self.end();
        }
        *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(stack);
    }

    /// Counts tasks that have ended; whether that was the last of all.
    fn is_over(&self, ended: usize) -> bool {
        ended > 0 && self.left.fetch_sub(ended, Ordering::AcqRel) == ended
    }

    fn end(&self) {
        self.stop.store(true, Ordering::Release);
        drop(self.door.lock().unwrap_or_else(PoisonError::into_inner));
        self.bell.notify_all();
    }

    fn fail(&self, error: Error) {
        self.failure().get_or_insert(error);
        self.end();
    }

    fn next(&self, stack: &Stack<u32>) -> Option<u32> {
        stack
            .pop()
            .or_else(|| self.take_first(stack))
            .or_else(|| self.steal())
    }

    /// The next tasks without inputs: several at once, fewer towards the end.
    fn take_first(&self, stack: &Stack<u32>) -> Option<u32> {
        let count = self.first.len();
        let taken = self.taken.load(Ordering::Relaxed);
        if taken >= count {
            return None;
        }
        // With declared bytes, near the order: what is begun early takes room.
        let batch = match self.memory {
            Some(_) => 1,
            None => ((count - taken) / (4 * self.threads)).clamp(1, BATCH),
        };
        let from = self.taken.fetch_add(batch, Ordering::Relaxed);
        let batch = self.first.get(from..count.min(from + batch))?;
        let (now, later) = batch.split_first()?;
        later.iter().rev().for_each(|t| stack.push(*t));
        if !later.is_empty() {
            self.ring();
        }
        Some(*now)
    }

    fn steal(&self) -> Option<u32> {
        loop {
            let mut again = false;
            for stealer in &self.stealers {
                match stealer.steal() {
                    Steal::Success(task) => return Some(task),
                    Steal::Retry => again = true,
                    Steal::Empty => {}
                }
            }
            if !again {
                return None;
            }
        }
    }

    /// Wakes a thread that sleeps, if there is one: there is more than the caller can do at once.
    fn ring(&self) {
        // Either the sleeper sees the task, or this sees the sleeper.
        fence(Ordering::SeqCst);
        if self.sleepers.load(Ordering::Relaxed) > 0 {
            drop(self.door.lock().unwrap_or_else(PoisonError::into_inner));
            self.bell.notify_one();
        }
    }

    fn sleep(&self) {
        let door = self.door.lock().unwrap_or_else(PoisonError::into_inner);
        self.sleepers.fetch_add(1, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        let more = self.taken.load(Ordering::Relaxed) < self.first.len()
            || self.stealers.iter().any(|s| !s.is_empty());
        if !more && !self.stop.load(Ordering::Acquire) {
            // Spurious and early wakings are harmless: the caller looks again.
            drop(self.bell.wait_timeout(door, NAP));
        }
        self.sleepers.fetch_sub(1, Ordering::Relaxed);
    }

    /// Runs a task, if there is room for it; whether it has ended well.
    fn execute(
        &self,
        task: usize,
        thread: usize,
        stack: &Stack<u32>,
        ready: &mut Vec<u32>,
    ) -> bool {
        if let Some(memory) = &self.memory
            && !memory.admit(&self.graph, task)
        {
            return false;
        }
        let start = self.tell.as_ref().map(Tell::now);
        let done = catch_unwind(AssertUnwindSafe(|| self.tasks.run(task)));
        if let Err(cause) = done.unwrap_or_else(|panic| Err(panicked(&*panic))) {
            self.fail(self.named(task, cause));
            return false;
        }
        if let (Some(tell), Some(start)) = (&self.tell, start) {
            let number = self.graph.rank[task] as usize;
            let event = tell.task(number, thread, start);
            self.subscribers.iter().for_each(|s| s.event(&event));
        }
        ready.clear();
        for reader in self.graph.readers(task) {
            if self.waiting[*reader as usize].fetch_sub(1, Ordering::AcqRel) == 1 {
                ready.push(*reader);
            }
        }
        if let Some(memory) = &self.memory {
            memory.ended(&self.graph, task, ready);
        }
        for input in self.graph.inputs(task) {
            let input = *input as usize;
            if self.readers[input].fetch_sub(1, Ordering::AcqRel) == 1 {
                self.tasks.release(input);
                if let Some(memory) = &self.memory {
                    memory.released(&self.graph, input, ready);
                }
            }
        }
        // The one that comes first in the order is on top.
        if ready.len() > 1 {
            ready.sort_unstable_by_key(|t| std::cmp::Reverse(self.graph.rank[*t as usize]));
        }
        ready.iter().for_each(|t| stack.push(*t));
        if ready.len() > 1 {
            self.ring();
        }
        true
    }

    fn named(&self, task: usize, cause: Error) -> Error {
        if matches!(cause, Error::Cancelled) {
            return cause;
        }
        let mut dependents = Vec::new();
        let mut at = task;
        while let Some(next) = self.graph.readers(at).first() {
            at = *next as usize;
            if dependents.len() == CHAIN {
                dependents.push("...".to_owned());
                break;
            }
            dependents.push(self.tasks.name(at));
        }
        Error::GraphTask {
            task: self.tasks.name(task),
            dependents,
            cause: Arc::new(cause),
        }
    }
}
