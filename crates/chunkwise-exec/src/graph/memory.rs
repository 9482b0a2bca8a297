//! Which tasks may begin, where they declare bytes.
//!
//! One thread that runs the tasks in order needs at most the *peak*, which is known beforehand. The
//! *front* is the first task in that order which has not ended. What tasks before it hold, and itself,
//! is within the peak. Tasks behind it may begin as long as their bytes, those of their results that are
//! still held among them, fit beside the peak. So the front can always run, and no run gets stuck.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chunkwise_core::{Error, Result};

use super::Graph;

/// The most declared bytes at once if one thread runs all tasks in order.
pub(super) fn sequential_peak(graph: &Graph) -> u64 {
    let mut readers: Vec<u32> = (0..graph.rank.len())
        .map(|t| graph.readers(t).len() as u32)
        .collect();
    for task in graph.wanted() {
        readers[*task as usize] += 1;
    }
    let (mut held, mut peak) = (0_u64, 0_u64);
    for task in graph.order() {
        let bytes = graph.declared(*task as usize);
        held = held.saturating_add(bytes.result);
        peak = peak.max(held.saturating_add(bytes.scratch));
        for input in graph.inputs(*task as usize) {
            let left = &mut readers[*input as usize];
            *left -= 1;
            if *left == 0 {
                held = held.saturating_sub(graph.declared(*input as usize).result);
            }
        }
    }
    peak
}

pub(super) struct Memory {
    /// Bytes for tasks behind the front.
    spare: u64,
    state: Mutex<State>,
}

struct State {
    /// Place of the front in the order.
    front: usize,
    /// Bytes of tasks behind the front.
    ahead: u64,
    /// For each task, how many of these are its own.
    counted: Vec<u64>,
    ended: Vec<bool>,
    /// Places in the order of tasks that were refused.
    parked: BTreeSet<u32>,
}

impl Memory {
    /// Nothing where no task declares bytes; an error where one thread would need more than the limit.
    pub(super) fn new(graph: &Graph, limit: u64) -> Result<Option<Memory>> {
        if graph.declared.is_empty() {
            return Ok(None);
        }
        if graph.peak() > limit {
            return Err(Error::OverBudget {
                operation: "graph".to_owned(),
                location: None,
                needed: graph.peak(),
                limit,
                smallest: graph.peak(),
            });
        }
        let tasks = graph.rank.len();
        Ok(Some(Memory {
            spare: limit - graph.peak(),
            state: Mutex::new(State {
                front: 0,
                ahead: 0,
                counted: vec![0; tasks],
                ended: vec![false; tasks],
                parked: BTreeSet::new(),
            }),
        }))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a task may begin now; one that may not is kept, and answered by a later
    /// [`ended`](Self::ended) or [`released`](Self::released).
    pub(super) fn admit(&self, graph: &Graph, task: usize) -> bool {
        let mut state = self.lock();
        let admitted = self.fits(&mut state, graph, task);
        if !admitted {
            state.parked.insert(graph.rank[task]);
        }
        admitted
    }

    fn fits(&self, state: &mut State, graph: &Graph, task: usize) -> bool {
        let bytes = graph.declared(task);
        let need = bytes.result.saturating_add(bytes.scratch);
        // One that has been kept comes a second time.
        let known = state.counted[task] > 0;
        if need == 0 || known || graph.rank[task] as usize <= state.front {
            return true;
        }
        if state.ahead.saturating_add(need) > self.spare {
            return false;
        }
        state.ahead += need;
        state.counted[task] = need;
        true
    }

    /// A task has ended; adds to `ready` the kept ones that may begin now.
    pub(super) fn ended(&self, graph: &Graph, task: usize, ready: &mut Vec<u32>) {
        let mut state = self.lock();
        let state = &mut *state;
        state.ended[task] = true;
        let scratch = graph.declared(task).scratch.min(state.counted[task]);
        state.counted[task] -= scratch;
        state.ahead -= scratch;
        while let Some(next) = graph.order().get(state.front) {
            // What is before the front, and itself, is within the peak.
            state.ahead -= std::mem::take(&mut state.counted[*next as usize]);
            if !state.ended[*next as usize] {
                break;
            }
            state.front += 1;
        }
        self.unpark(state, graph, ready);
    }

    /// A result has been released.
    pub(super) fn released(&self, graph: &Graph, task: usize, ready: &mut Vec<u32>) {
        let mut state = self.lock();
        let state = &mut *state;
        state.ahead -= std::mem::take(&mut state.counted[task]);
        self.unpark(state, graph, ready);
    }

    fn unpark(&self, state: &mut State, graph: &Graph, ready: &mut Vec<u32>) {
        while let Some(first) = state.parked.first().copied() {
            let task = graph.order()[first as usize];
            if !self.fits(state, graph, task as usize) {
                break;
            }
            state.parked.pop_first();
            ready.push(task);
        }
    }
}
