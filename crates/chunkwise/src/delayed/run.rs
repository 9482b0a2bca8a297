//! From a [`Delayed`] to its value.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chunkwise_core::{Error, Result};
use chunkwise_exec::RunOptions;
use chunkwise_exec::graph::{Graph, GraphBuilder, Tasks, run_graph};
use smallvec::SmallVec;

use super::Delayed;
use super::node::{Node, Step, Value};
use crate::session::default_session;
use crate::{Array, Session};

/// The nodes of a graph, numbered, and their values.
struct Calls {
    graph: Arc<Graph>,
    nodes: Vec<Arc<Node>>,
    values: Vec<Mutex<Option<Value>>>,
    /// Whether a task's only reader may take its value.
    taken: Vec<bool>,
}

fn lock(value: &Mutex<Option<Value>>) -> MutexGuard<'_, Option<Value>> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Tasks for Calls {
    fn run(&self, task: usize) -> Result<()> {
        let Step::Call(function) = &self.nodes[task].step else {
            // Arrays have been computed before.
            return Ok(());
        };
        let inputs = self.graph.inputs(task).iter();
        let inputs = inputs.map(|i| {
            let mut value = lock(&self.values[*i as usize]);
            match self.taken[*i as usize] {
                true => value.take(),
                false => value.clone(),
            }
        });
        let inputs: Option<SmallVec<[Value; 4]>> = inputs.collect();
        let inputs = inputs.ok_or_else(|| Error::internal("delayed", "an input is missing"))?;
        let value = function(&inputs)?;
        *lock(&self.values[task]) = Some(value);
        Ok(())
    }

    fn release(&self, task: usize) {
        if !self.taken[task] {
            let value = lock(&self.values[task]).take();
            drop(value);
        }
    }

    fn name(&self, task: usize) -> String {
        self.nodes[task].called()
    }
}

/// Numbers of nodes are different enough, and a graph may have many: neighbours are found near each other.
#[derive(Default)]
struct NearHasher(u64);

/// Neighbours that stay together.
const NEAR: u64 = 63;

impl Hasher for NearHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|b| self.write_u64(u64::from(*b)));
    }

    fn write_u64(&mut self, n: u64) {
        // Multiplied by 2^64 over the golden ratio; both halves, so that all bits tell.
        let wide = u128::from(self.0 ^ (n & !NEAR)) * 0x9E37_79B9_7F4A_7C15;
        let far = wide as u64 ^ (wide >> 64) as u64;
        // The highest bits tell neighbours apart.
        self.0 = ((far & !NEAR) | (n & NEAR)) ^ (n << 57);
    }
}

/// Numbers what some nodes need, inputs before those that read them: neighbours in the graph are
/// neighbours in memory.
fn numbered(wanted: &[Arc<Node>]) -> Result<(Arc<Graph>, Vec<Arc<Node>>)> {
    let mut builder = GraphBuilder::default();
    let mut nodes: Vec<Arc<Node>> = Vec::new();
    let mut numbers: HashMap<u64, usize, BuildHasherDefault<NearHasher>> = HashMap::default();
    // Nodes whose inputs are being numbered, with how many of them are; and the numbers of these.
    let mut open: Vec<(&Arc<Node>, usize)> = Vec::new();
    let mut found: Vec<usize> = Vec::new();
    for root in wanted {
        let mut next = Some(root);
        loop {
            if let Some(node) = next.take() {
                match numbers.get(&node.number) {
                    Some(number) => found.push(*number),
                    None => open.push((node, 0)),
                }
            }
            let Some((node, at)) = open.last_mut() else {
                break;
            };
            if let Some(input) = node.inputs.get(*at) {
                *at += 1;
                next = Some(input);
                continue;
            }
            let node = *node;
            open.pop();
            let task = builder.task(found.drain(found.len() - node.inputs.len()..));
            if let Some(bytes) = node.declared() {
                builder.declare(task, bytes);
            }
            numbers.insert(node.number, task);
            nodes.push(Arc::clone(node));
            found.push(task);
        }
    }
    // What is left are the numbers of those that were asked for.
    let graph = builder.finish(&found, &|n| nodes[n].called())?;
    Ok((graph, nodes))
}

impl Session {
    /// Makes a value, running each task that it needs once.
    ///
    /// Arrays among the tasks are computed first, all in one run. Declared bytes
    /// ([`Delayed::needs`]) are kept within the memory limit.
    ///
    /// # Errors
    ///
    /// [`Error::GraphTask`] with the task and those that wait for it, for an error or a panic;
    /// [`Error::OverBudget`] before anything runs; [`Error::Cancelled`].
    ///
    /// ```
    /// use chunkwise::{Session, delayed};
    /// let session = Session::new(2, 1 << 20)?;
    /// let mut chain = delayed(|| 0_u64);
    /// for _ in 0..100_000 {
    ///     chain = chain.then(|n| n + 1);
    /// }
    /// assert_eq!(session.compute_delayed(&chain)?, 100_000);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    pub fn compute_delayed<T: Send + Sync + 'static>(&self, delayed: &Delayed<T>) -> Result<T> {
        let mut values = self.compute_all_delayed(std::slice::from_ref(delayed))?;
        values
            .pop()
            .and_then(Arc::into_inner)
            .ok_or_else(|| Error::internal("delayed", "somebody else holds the result"))
    }

    /// Makes several values, what they share once.
    ///
    /// ```
    /// use chunkwise::{Session, delayed};
    /// let base = delayed(|| 5);
    /// let both = [base.then(|n| n + 1), base.then(|n| n * n)];
    /// let values = Session::new(2, 1 << 20)?.compute_all_delayed(&both)?;
    /// assert_eq!((*values[0], *values[1]), (6, 25));
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    pub fn compute_all_delayed<T: Send + Sync + 'static>(
        &self,
        delayed: &[Delayed<T>],
    ) -> Result<Vec<Arc<T>>> {
        let wanted: Vec<Arc<Node>> = delayed.iter().map(|d| Arc::clone(&d.node)).collect();
        let (graph, nodes) = numbered(&wanted)?;
        let values = nodes.iter().map(|_| Mutex::new(None)).collect();
        let once = |n| graph.readers(n).len() == 1;
        let mut taken: Vec<bool> = (0..nodes.len()).map(once).collect();
        for task in graph.wanted() {
            taken[*task as usize] = false;
        }
        let calls = Arc::new(Calls {
            graph,
            nodes,
            values,
            taken,
        });
        self.compute_arrays_of(&calls)?;
        self.run_graph(&calls.graph, Arc::clone(&calls), self.threads())?;
        let wanted = calls.graph.wanted().to_vec();
        let each = wanted.iter().map(|task| {
            let value = lock(&calls.values[*task as usize]).clone();
            value
                .and_then(|v| v.downcast::<T>().ok())
                .ok_or_else(|| Error::internal("delayed", "a result is missing"))
        });
        each.collect()
    }

    /// Runs a graph whose tasks keep their results themselves, on at most `threads` threads:
    /// what [`compute_delayed`](Self::compute_delayed) is made of.
    ///
    /// # Errors
    ///
    /// Those of [`graph::run_graph`](run_graph).
    pub fn run_graph<T: Tasks>(
        &self,
        graph: &Arc<Graph>,
        tasks: Arc<T>,
        threads: usize,
    ) -> Result<()> {
        let options = RunOptions {
            executor: &self.executor,
            pool: &self.pool,
            memory_limit: self.memory_limit,
            scratch_directory: None,
            cancel: self.cancel.clone(),
            subscribers: self.subscribers.clone(),
            spread: false,
        };
        run_graph(graph, tasks, threads, &options)
    }

    /// The arrays among the nodes, in one run.
    fn compute_arrays_of(&self, calls: &Calls) -> Result<()> {
        let all = calls.nodes.iter().enumerate();
        let arrays: Vec<(usize, &Array)> = all
            .filter_map(|(n, node)| match &node.step {
                Step::Array(array) => Some((n, array)),
                Step::Call(_) => None,
            })
            .collect();
        if arrays.is_empty() {
            return Ok(());
        }
        let refs: Vec<&Array> = arrays.iter().map(|(_, array)| *array).collect();
        for ((n, _), chunk) in arrays.iter().zip(self.compute(&refs)?) {
            *lock(&calls.values[*n]) = Some(Arc::new(chunk));
        }
        Ok(())
    }
}

impl<T: Send + Sync + 'static> Delayed<T> {
    /// The value, made with the default [`Session`].
    ///
    /// ```
    /// assert_eq!(chunkwise::delayed(|| 1).then(|n| n + 1).compute()?, 2);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    pub fn compute(&self) -> Result<T> {
        default_session()?.compute_delayed(self)
    }
}
