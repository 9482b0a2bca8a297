//! Graphs of any functions as tasks, on the threads and within the memory limit of every other run.
//!
//! - [`Graph`]: which task reads which results; what each needs; the order of one thread.
//! - [`Tasks`]: what the tasks do, and where their results are: the caller's.
//! - [`run_graph`]: runs them. Depth first; each once; a result is released after its last reader.
//!
//! The order (`order.rs`) keeps few results alive. Threads follow it as near as they can: each has a stack
//! of tasks that its own results have made ready, takes the next ones without inputs when that is empty,
//! and the oldest of another's stack when there are none.
//!
//! Where tasks declare bytes, `memory.rs` proves before the run that one thread in that order stays
//! within the limit, and lets other tasks begin early only while the proof holds.

mod memory;
mod order;
mod run;
mod tell;

use std::sync::Arc;

use chunkwise_core::{Error, Result};

pub use run::{Tasks, Worker, run_graph};

/// Lists of tasks, one for each task, one behind the other.
#[derive(Clone, Debug, Default)]
struct Lists {
    starts: Vec<u32>,
    items: Vec<u32>,
}

impl Lists {
    fn of(&self, task: usize) -> &[u32] {
        &self.items[self.starts[task] as usize..self.starts[task + 1] as usize]
    }
}

/// The bytes that a task declares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Declared {
    /// Of its result, from the task's start until the last reader has ended.
    pub result: u64,
    /// Beside it, while the task runs.
    pub scratch: u64,
}

/// Collects tasks. They are numbered from 0 in the order in which they come; a task may read the results
/// of later ones.
///
/// ```
/// use chunkwise_exec::graph::GraphBuilder;
/// let mut graph = GraphBuilder::default();
/// let sum = graph.task([1, 2]);
/// let (a, b) = (graph.task([]), graph.task([]));
/// let graph = graph.finish(&[sum], &|n| format!("task {n}"))?;
/// assert_eq!(graph.order(), [a as u32, b as u32, sum as u32]);
/// # Ok::<_, chunkwise_core::Error>(())
/// ```
#[derive(Debug)]
pub struct GraphBuilder {
    inputs: Lists,
    declared: Vec<Declared>,
}

impl Default for GraphBuilder {
    fn default() -> GraphBuilder {
        GraphBuilder {
            inputs: Lists {
                starts: vec![0],
                items: Vec::new(),
            },
            declared: Vec::new(),
        }
    }
}

impl GraphBuilder {
    /// One more task, which reads the results of `inputs`; answers its number.
    pub fn task(&mut self, inputs: impl IntoIterator<Item = usize>) -> usize {
        let number = self.len();
        self.inputs
            .items
            .extend(inputs.into_iter().map(|n| n as u32));
        self.inputs.starts.push(self.inputs.items.len() as u32);
        number
    }

    /// Number of tasks.
    pub fn len(&self) -> usize {
        self.inputs.starts.len() - 1
    }

    /// Whether there are no tasks.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Says what a task needs. One that says nothing is let run at any time.
    pub fn declare(&mut self, task: usize, bytes: Declared) {
        if self.declared.len() <= task {
            self.declared.resize(task + 1, Declared::default());
        }
        self.declared[task] = bytes;
    }

    /// The graph of what `wanted` needs: other tasks are not run. `name` is what tasks are called in
    /// errors.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] for a cycle, which is named, for an input that is no task, and for
    /// more tasks or inputs than 2^32 - 2.
    pub fn finish(
        mut self,
        wanted: &[usize],
        name: &dyn Fn(usize) -> String,
    ) -> Result<Arc<Graph>> {
        let tasks = self.len();
        let most = u32::MAX as usize - 1;
        if tasks > most || self.inputs.items.len() > most {
            return Err(Error::argument("graph", "tasks", tasks, "too many"));
        }
        let inputs = self.inputs.items.iter().map(|n| *n as usize);
        if let Some(missing) = wanted.iter().copied().chain(inputs).find(|n| *n >= tasks) {
            let reason = format!("there are {tasks} tasks");
            return Err(Error::argument("graph", "task", missing, reason));
        }
        if !self.declared.is_empty() {
            self.declared.resize(tasks, Declared::default());
        }
        let wanted: Vec<u32> = wanted.iter().map(|n| *n as u32).collect();
        let order = order::depth_first(&self.inputs, &self.declared, &wanted, name)?;
        let mut rank = vec![u32::MAX; tasks];
        for (place, task) in order.iter().enumerate() {
            rank[*task as usize] = place as u32;
        }
        let readers = readers(&self.inputs, &order, tasks);
        let mut graph = Graph {
            inputs: self.inputs,
            readers,
            rank,
            order,
            wanted,
            declared: self.declared,
            peak: 0,
        };
        if !graph.declared.is_empty() {
            graph.peak = memory::sequential_peak(&graph);
        }
        Ok(Arc::new(graph))
    }
}

/// Who reads each task's result, among those in `order`.
fn readers(inputs: &Lists, order: &[u32], tasks: usize) -> Lists {
    let mut starts = vec![0_u32; tasks + 1];
    for task in order {
        for input in inputs.of(*task as usize) {
            starts[*input as usize + 1] += 1;
        }
    }
    for task in 0..tasks {
        starts[task + 1] += starts[task];
    }
    let mut next = starts.clone();
    let mut items = vec![0; starts[tasks] as usize];
    for task in order {
        for input in inputs.of(*task as usize) {
            let place = &mut next[*input as usize];
            items[*place as usize] = *task;
            *place += 1;
        }
    }
    Lists { starts, items }
}

/// Which task reads which results, and in what order one thread would run them.
#[derive(Debug)]
pub struct Graph {
    inputs: Lists,
    readers: Lists,
    /// The place in the order; `u32::MAX` for tasks that are not run.
    rank: Vec<u32>,
    order: Vec<u32>,
    wanted: Vec<u32>,
    /// Empty where no task declares anything.
    declared: Vec<Declared>,
    /// The most declared bytes at once, if one thread runs all in order.
    peak: u64,
}

impl Graph {
    /// The tasks that are run, in the order of one thread.
    pub fn order(&self) -> &[u32] {
        &self.order
    }

    /// The tasks whose results a task reads, as they were given.
    pub fn inputs(&self, task: usize) -> &[u32] {
        self.inputs.of(task)
    }

    /// The tasks that read a task's result.
    pub fn readers(&self, task: usize) -> &[u32] {
        self.readers.of(task)
    }

    /// The tasks that were asked for.
    pub fn wanted(&self) -> &[u32] {
        &self.wanted
    }

    /// The most declared bytes at once if one thread runs all in order: the smallest memory limit that
    /// would do.
    pub fn peak(&self) -> u64 {
        self.peak
    }

    fn declared(&self, task: usize) -> Declared {
        self.declared.get(task).copied().unwrap_or_default()
    }
}
