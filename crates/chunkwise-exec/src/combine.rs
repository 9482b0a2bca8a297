use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chunkwise_core::{Pool, Result};
use chunkwise_kernels::tile::State;

/// Partial reductions, merged in a fixed binary tree: the parts of a cell are its leaves in order, and
/// two neighbours are merged by whoever brings the second. So the result does not depend on which
/// task ended first.
#[derive(Default)]
pub(crate) struct Combiner {
    waiting: Mutex<HashMap<Node, State>>,
}

/// A node of a cell's tree: the output, the cell, the level above the leaves, the place in it.
pub(crate) type Node = (usize, usize, u32, usize);

impl Combiner {
    /// Takes in the state of leaf `leaf` of `leaves`; answers the cell's state once it is whole, and
    /// by how many bytes what waits here grew.
    pub(crate) fn add(
        &self,
        output: usize,
        cell: usize,
        leaf: usize,
        leaves: usize,
        state: State,
    ) -> Result<(Option<State>, i64)> {
        self.join((output, cell, 0, leaf), leaves, state)
    }

    /// The same of a node of the tree: what a run over a part of the leaves has [left](Self::left).
    pub(crate) fn join(
        &self,
        (output, cell, mut level, mut place): Node,
        leaves: usize,
        state: State,
    ) -> Result<(Option<State>, i64)> {
        let bytes = |state: &State| Pool::footprint(state.nbytes()) as i64;
        let mut change = 0;
        let mut width = leaves;
        for _ in 0..level {
            width = width.div_ceil(2);
        }
        let mut state = state;
        while width > 1 {
            let sibling = place ^ 1;
            if sibling < width {
                let other = {
                    let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
                    match waiting.remove(&(output, cell, level, sibling)) {
                        Some(other) => {
                            change -= bytes(&other);
                            other
                        }
                        None => {
                            change += bytes(&state);
                            waiting.insert((output, cell, level, place), state);
                            return Ok((None, change));
                        }
                    }
                };
                let (mut first, second) = if place < sibling {
                    (state, other)
                } else {
                    (other, state)
                };
                first.merge(&second)?;
                state = first;
            }
            level += 1;
            place /= 2;
            width = width.div_ceil(2);
        }
        Ok((Some(state), change))
    }

    /// The nodes that wait for others, in order.
    pub(crate) fn left(self) -> Vec<(Node, State)> {
        let waiting = self.waiting.into_inner();
        let waiting = waiting.unwrap_or_else(PoisonError::into_inner);
        let mut nodes: Vec<(Node, State)> = waiting.into_iter().collect();
        nodes.sort_unstable_by_key(|(node, _)| *node);
        nodes
    }
}
