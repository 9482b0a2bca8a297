//! How often what an expression is made of would be computed and read, and what is therefore kept.

use std::collections::{HashMap, HashSet};

use chunkwise_core::{Result, SourceId};
use chunkwise_expr::{Expr, Kind, NodeId};

use crate::cuts::{self, Read};
use crate::fuse::{Placed, body};

/// An intermediate is kept where making it again would take longer than this per byte, in
/// nanoseconds: about what writing and reading it takes in memory.
const KEEP_COST: f32 = 0.75;
/// The same where it does not fit in memory, and is written to scratch files.
const SPILL_COST: f32 = 2.0;

/// What is computed so many times over is as good as computed once.
const ONCE: f32 = 1.05;

/// What the stages of a plan compute and read.
#[derive(Default)]
pub(super) struct Uses {
    /// How many elements of each node are computed, in all places together.
    computed: HashMap<NodeId, usize>,
    /// Inputs that a stage would compute several times over, and how often.
    repeated: Vec<(Expr, usize)>,
    /// How the chunks of dear sources are read.
    read: HashMap<SourceId, Read>,
}

impl Uses {
    /// Notes that a stage computes so many elements of a node in one place.
    pub fn compute(&mut self, node: NodeId, elements: usize) {
        let all = self.computed.entry(node).or_default();
        *all = all.saturating_add(elements);
    }

    /// Notes that a stage computes an input so many times over.
    pub fn repeat(&mut self, input: Expr, times: usize) {
        self.repeated.push((input, times));
    }

    /// Adds what a stage reads of a source: stages run one after another, and what two of them read has to
    /// be held from the one to the other.
    pub fn read(&mut self, source: SourceId, own: Read) {
        self.read
            .entry(source)
            .and_modify(|all| {
                all.times += own.times;
                all.held = usize::MAX;
            })
            .or_insert(own);
    }

    /// Nodes that would be computed again and again for more than keeping them costs.
    pub fn worth_keeping(
        &self,
        nodes: &[Expr],
        kept: &HashSet<NodeId>,
        placed: &Placed,
        memory_limit: u64,
    ) -> Result<HashSet<NodeId>> {
        let mut keep = HashSet::new();
        let mut below: HashSet<NodeId> = HashSet::new();
        let uses = |e: &Expr| {
            let repeated = self
                .repeated
                .iter()
                .filter(|(r, _)| r.id() == e.id())
                .map(|(_, n)| *n);
            let computed = self.computed.get(&e.id()).copied().unwrap_or_default();
            let whole = e.shape().iter().fold(1_usize, |n, d| n.saturating_mul(*d));
            repeated.sum::<usize>() as f32 + computed as f32 / whole.max(1) as f32
        };
        for e in nodes.iter().rev() {
            if below.contains(&e.id()) {
                below.extend(e.inputs().iter().map(|i| i.id()));
                continue;
            }
            if let Kind::Source(source) = e.kind()
                && cuts::is_dear(&**source)
            {
                let Some(Read { times, held }) = self.read.get(&source.id()).copied() else {
                    continue;
                };
                let fits = e.nbytes().min(held as u64) <= memory_limit / 4;
                let keeping = if fits { KEEP_COST } else { SPILL_COST };
                let used = narrowest(e, nodes);
                if (times - 1.0) * source.byte_cost() * (used.nbytes() as f32) / (e.nbytes() as f32)
                    > keeping
                    && !kept.contains(&used.id())
                {
                    keep.insert(used.id());
                }
                continue;
            }
            let free = matches!(
                e.kind(),
                Kind::Source(_)
                    | Kind::Constant(_)
                    | Kind::Index { .. }
                    | Kind::View { .. }
                    | Kind::Rechunk(_)
            );
            let times = uses(e);
            if free
                || times <= ONCE
                || placed.contains_key(&e.id())
                || e.nbytes() > memory_limit / 4
            {
                continue;
            }
            let again = (times - 1.0) * body(e, placed)?.cost();
            if again > KEEP_COST * e.dtype().size() as f32 {
                keep.insert(e.id());
                below.extend(e.inputs().iter().map(|i| i.id()));
            }
        }
        Ok(keep)
    }
}

/// What is read of a source: the view of it through which alone it is used, or itself.
fn narrowest(source: &Expr, nodes: &[Expr]) -> Expr {
    let mut at = source.clone();
    loop {
        let mut users = nodes
            .iter()
            .filter(|n| n.inputs().iter().any(|i| i.id() == at.id()));
        match (users.next(), users.next()) {
            (Some(one), None)
                if matches!(one.kind(), Kind::View { .. } | Kind::Rechunk(_))
                    && one.nbytes() <= at.nbytes() =>
            {
                at = one.clone();
            }
            _ => return at,
        }
    }
}
