use chunkwise_core::{Error, Result};
use chunkwise_expr::Expr;

use crate::promise::{keep, located};
use crate::walk::Graph;

/// Rules applied to one node before it counts as a rule that undoes another.
const BOUND: usize = 32;

/// A local rewrite.
#[derive(Clone, Copy)]
pub struct Rule {
    /// What errors call it.
    pub name: &'static str,
    /// An equal expression that is better, if the rule applies: the same values, shape
    /// and dtype. The chunks are restored by the caller.
    pub apply: fn(&Expr) -> Result<Option<Expr>>,
}

/// Applies rules to every node, inputs first, in order and again from the first after each that
/// applied. Nodes that a rule makes below the one it returns are not visited.
pub fn rewrite(roots: &[Expr], rules: &[Rule]) -> Result<Vec<Expr>> {
    let graph = Graph::below(roots);
    let mut made: Vec<Expr> = Vec::with_capacity(graph.nodes.len());
    let mut inputs: Vec<Expr> = Vec::new();
    for (e, places) in graph.nodes.iter().zip(&graph.inputs) {
        inputs.clear();
        inputs.extend(places.iter().map(|p| made[*p].clone()));
        let new = located(e.with_inputs(&inputs)?, e.location());
        made.push(simplest(new, rules)?);
    }
    let made = graph.roots.iter().map(|p| &made[*p]);
    Ok(roots
        .iter()
        .zip(made)
        .map(|(r, m)| m.with_grid(r.grid()))
        .collect())
}

fn simplest(mut e: Expr, rules: &[Rule]) -> Result<Expr> {
    let mut last = "none";
    'again: for _ in 0..BOUND {
        for rule in rules {
            if let Some(made) = (rule.apply)(&e)? {
                e = keep(rule.name, made, e.dtype(), e.grid(), e.location())?;
                last = rule.name;
                continue 'again;
            }
        }
        return Ok(e);
    }
    Err(Error::internal(
        "optimizer",
        format!(
            "rule {last} still applies to {} after {BOUND} rounds",
            e.label()
        ),
    ))
}
