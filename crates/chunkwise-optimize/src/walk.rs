use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use chunkwise_expr::{Expr, NodeId};
use smallvec::SmallVec;

/// A node's id is a hash already: half of it serves as it is.
#[derive(Default)]
struct HalfOf(u64);

impl Hasher for HalfOf {
    fn write(&mut self, bytes: &[u8]) {
        for b in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*b);
        }
    }

    fn write_u128(&mut self, id: u128) {
        self.0 = id as u64;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The nodes below some roots, each once. Nodes of equal value are one, even where the user made
/// them twice.
pub(crate) struct Graph {
    /// Inputs before what is made of them.
    pub nodes: Vec<Expr>,
    /// The places of each node's inputs.
    pub inputs: Vec<SmallVec<[usize; 3]>>,
    /// The places of the roots.
    pub roots: Vec<usize>,
}

impl Graph {
    pub fn below(roots: &[Expr]) -> Graph {
        let mut graph = Graph {
            nodes: Vec::new(),
            inputs: Vec::new(),
            roots: Vec::new(),
        };
        let mut places: HashMap<NodeId, usize, BuildHasherDefault<HalfOf>> = HashMap::default();
        let mut stack: Vec<(&Expr, bool)> = roots.iter().rev().map(|e| (e, false)).collect();
        while let Some((e, inputs_done)) = stack.pop() {
            if places.contains_key(&e.id()) {
                continue;
            }
            if inputs_done {
                places.insert(e.id(), graph.nodes.len());
                let inputs = e.inputs().iter().map(|i| places[&i.id()]).collect();
                graph.inputs.push(inputs);
                graph.nodes.push(e.clone());
            } else {
                stack.push((e, true));
                stack.extend(e.inputs().into_iter().rev().map(|i| (i, false)));
            }
        }
        graph.roots = roots.iter().map(|r| places[&r.id()]).collect();
        graph
    }
}
