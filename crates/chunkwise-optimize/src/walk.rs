use std::collections::HashMap;

use chunkwise_expr::{Expr, NodeId};

/// The nodes below some roots, each once.
pub(crate) struct Graph {
    /// Inputs before what is made of them.
    pub nodes: Vec<Expr>,
    places: HashMap<NodeId, usize>,
}

impl Graph {
    pub fn below(roots: &[Expr]) -> Graph {
        let mut nodes = Vec::new();
        let mut places = HashMap::new();
        let mut stack: Vec<(&Expr, bool)> = roots.iter().rev().map(|e| (e, false)).collect();
        const PENDING: usize = usize::MAX;
        while let Some((e, inputs_done)) = stack.pop() {
            if inputs_done {
                places.insert(e.id(), nodes.len());
                nodes.push(e.clone());
            } else if !places.contains_key(&e.id()) {
                places.insert(e.id(), PENDING);
                stack.push((e, true));
                stack.extend(e.inputs().into_iter().rev().map(|i| (i, false)));
            }
        }
        Graph { nodes, places }
    }

    /// Where a node of this graph, or one with the same value, stands in it.
    pub fn place(&self, e: &Expr) -> usize {
        self.places[&e.id()]
    }
}
