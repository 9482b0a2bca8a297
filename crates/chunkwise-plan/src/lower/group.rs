//! The nodes of expressions in their order, and which of them share a stage.

use std::collections::{HashMap, HashSet};

use chunkwise_core::Dims;
use chunkwise_expr::{Expr, Kind, NodeId};

use super::Options;

/// Every node once, inputs first.
pub(super) fn postorder(exprs: &[Expr]) -> Vec<Expr> {
    let mut seen: HashSet<NodeId> = HashSet::new();
    let mut order = Vec::new();
    let mut stack: Vec<(Expr, bool)> = exprs.iter().rev().map(|e| (e.clone(), false)).collect();
    while let Some((e, done)) = stack.pop() {
        if done {
            order.push(e);
        } else if seen.insert(e.id()) {
            let inputs: Vec<Expr> = e.inputs().into_iter().cloned().collect();
            stack.push((e, true));
            stack.extend(inputs.into_iter().rev().map(|i| (i, false)));
        }
    }
    order
}

/// Whether a node needs a stage whatever it is used for.
pub(super) fn is_barrier(e: &Expr, options: &Options) -> bool {
    match e.kind() {
        Kind::Source(source) => options.brought && source.elsewhere().is_some(),
        Kind::Reduce { .. }
        | Kind::Scan { .. }
        | Kind::Contract { .. }
        | Kind::Compress { .. }
        | Kind::Sort { .. } => true,
        Kind::Call { call, .. } => !call.is_elementwise(),
        _ => false,
    }
}

/// Nodes that are computed in one pass over the same index space.
pub(super) struct Group {
    level: usize,
    pub shape: Dims,
    leaves: HashSet<NodeId>,
    pub members: Vec<Expr>,
    pub fused: bool,
    /// The call whose outputs the members are.
    call: Option<(u64, u64)>,
}

impl Group {
    /// What the members are called together.
    pub fn label(&self) -> String {
        let mut labels: Vec<String> = self.members.iter().map(Expr::label).collect();
        if labels.len() > 4 {
            let more = labels.len() - 3;
            labels.truncate(3);
            labels.push(format!("{more} more"));
        }
        labels.join(", ")
    }
}

/// The stages' members: nodes of equal depth over the same index space that read a leaf in common
/// share a pass, and the outputs of one call.
pub(super) fn group(
    nodes: &[Expr],
    options: &Options,
    has_stage: impl Fn(&Expr) -> bool,
) -> Vec<Group> {
    let mut level: HashMap<NodeId, usize> = HashMap::new();
    let mut leaves: HashMap<NodeId, HashSet<NodeId>> = HashMap::new();
    let mut groups: Vec<Group> = Vec::new();
    for e in nodes {
        let own = e
            .inputs()
            .iter()
            .map(|i| level[&i.id()] + usize::from(has_stage(i)))
            .max()
            .unwrap_or(0);
        level.insert(e.id(), own);
        if !has_stage(e) {
            continue;
        }
        let (fused, shape) = match e.kind() {
            Kind::Reduce { input, .. } => (true, input.shape()),
            _ => (!is_barrier(e, options), e.shape()),
        };
        let read = if fused {
            leaves_below(e, &has_stage, &mut leaves)
        } else {
            HashSet::new()
        };
        let call = match e.kind() {
            Kind::Call { call, .. } if !fused => Some(call.key()),
            _ => None,
        };
        let company = groups.iter_mut().find(|g| {
            let pass =
                g.fused && fused && g.shape.as_slice() == shape && !g.leaves.is_disjoint(&read);
            g.level == own && (pass || (call.is_some() && g.call == call))
        });
        match company {
            Some(group) => {
                group.members.push(e.clone());
                group.leaves.extend(read);
            }
            None => groups.push(Group {
                level: own,
                shape: shape.into(),
                leaves: read,
                members: vec![e.clone()],
                fused,
                call,
            }),
        }
    }
    groups.sort_by_key(|g| g.level);
    groups
}

/// The data that a node's own stage reads.
fn leaves_below(
    e: &Expr,
    has_stage: &impl Fn(&Expr) -> bool,
    known: &mut HashMap<NodeId, HashSet<NodeId>>,
) -> HashSet<NodeId> {
    if let Some(found) = known.get(&e.id()) {
        return found.clone();
    }
    let mut found = HashSet::new();
    let mut seen = HashSet::new();
    let mut stack: Vec<Expr> = e.inputs().into_iter().cloned().collect();
    if stack.is_empty() {
        found.insert(e.id());
    }
    while let Some(i) = stack.pop() {
        if !seen.insert(i.id()) {
            continue;
        }
        if has_stage(&i) || matches!(i.kind(), Kind::Source(_) | Kind::Random(_)) {
            found.insert(i.id());
        } else {
            stack.extend(i.inputs().into_iter().cloned());
        }
    }
    known.insert(e.id(), found.clone());
    found
}
