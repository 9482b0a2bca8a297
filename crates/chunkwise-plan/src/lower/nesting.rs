//! Bodies within bodies: what is kept so that they stay few.
//!
//! A body is a tree: each reader of a concatenation, take, reshape or elementwise call has what that is
//! made of within itself. Where a node is read by several such, again and again (`x = roll(x) + x`), there
//! would be twice or three times as many copies with each step; so what would be there too often gets a
//! stage, and is read from there.

use std::collections::{HashMap, HashSet};

use chunkwise_core::IndexMap;
use chunkwise_expr::{Expr, Kind, NodeId};

use super::Options;
use super::group::is_barrier;

/// Concatenations, takes and reshapes within each other beyond this many are kept between.
const DEEPEST: usize = 24;
/// A body may have so many within itself, and one more for each input of what it is made of: a
/// concatenation has its parts.
const COPIES: usize = 16;
/// A take from takes that are so many within each other keeps them: of each, a task needs all that lies
/// between the first and the last position that it asks for.
const TAKES: usize = 3;

/// Adds to `kept` the nodes that are kept because too much lies within each other below them. `nodes` has
/// inputs first.
pub(super) fn too_nested(
    nodes: &[Expr],
    kept: HashSet<NodeId>,
    options: &Options,
) -> HashSet<NodeId> {
    let mut nesting = Nesting {
        options,
        kept,
        copies: HashMap::new(),
    };
    // How many bodies lie within each other below a node, and how many takes.
    let mut depths: HashMap<NodeId, (usize, usize)> = HashMap::new();
    for e in nodes {
        let nests = nesting.nests(e);
        let takes = matches!(e.kind(), Kind::Take { .. });
        if nests {
            for input in e.inputs() {
                let read = behind_views(input);
                if nesting.keeps(read, takes && depths[&read.id()].1 >= TAKES) {
                    depths.insert(read.id(), (0, 0));
                    depths.insert(input.id(), (0, 0));
                }
            }
        }
        let mut own = (0, 0);
        if !nesting.has_stage(e) {
            for below in e.inputs().iter().map(|i| depths[&i.id()]) {
                own = (own.0.max(below.0), own.1.max(below.1));
            }
            own = (own.0 + usize::from(nests), own.1 + usize::from(takes));
        }
        if own.0 > DEEPEST {
            nesting.kept.insert(e.id());
            own = (0, 0);
        }
        depths.insert(e.id(), own);
    }
    nesting.kept
}

struct Nesting<'a> {
    options: &'a Options,
    kept: HashSet<NodeId>,
    /// How many bodies the body of a node is, itself among them.
    copies: HashMap<NodeId, usize>,
}

impl Nesting<'_> {
    /// Whether bodies of a node's inputs lie within its own.
    fn nests(&self, e: &Expr) -> bool {
        let nests = matches!(
            e.kind(),
            Kind::Concat { .. } | Kind::Take { .. } | Kind::Reshape(_) | Kind::Call { .. }
        );
        nests && !is_barrier(e, self.options)
    }

    fn has_stage(&self, e: &Expr) -> bool {
        is_barrier(e, self.options) || self.kept.contains(&e.id())
    }

    /// Whether what a body reads has to be kept, as it is in any case where it is `costly`; notes how many
    /// bodies it is.
    fn keeps(&mut self, read: &Expr, costly: bool) -> bool {
        if !costly && self.copies.contains_key(&read.id()) {
            return self.kept.contains(&read.id());
        }
        let copies = self.count(read);
        let many = copies > COPIES && copies > COPIES.saturating_add(self.inputs_below(read));
        let keep = costly || many;
        if keep {
            self.kept.insert(read.id());
        }
        self.copies.insert(read.id(), if keep { 1 } else { copies });
        keep
    }

    /// A body has its elementwise operations once for each view that they are seen through, and so every
    /// body that they read.
    fn count(&self, root: &Expr) -> usize {
        let mut maps = vec![IndexMap::identity(root.ndim())];
        let mut numbers: HashMap<IndexMap, usize> = HashMap::new();
        let mut seen: HashSet<(NodeId, usize)> = HashSet::new();
        let mut stack = vec![(root, 0)];
        let mut copies = 1_usize;
        while let Some((e, map)) = stack.pop() {
            if self.has_stage(e) || !seen.insert((e.id(), map)) {
                continue;
            }
            if self.nests(e) {
                let inputs = e.inputs();
                let own = inputs.iter().map(|i| self.copies[&behind_views(i).id()]);
                copies = own.fold(copies, usize::saturating_add);
            } else if let Kind::View { input, map: view } = e.kind() {
                let through = maps[map].after(view);
                let number = *numbers.entry(through.clone()).or_insert(maps.len());
                if number == maps.len() {
                    maps.push(through);
                }
                stack.push((input, number));
            } else {
                stack.extend(e.inputs().into_iter().map(|i| (i, map)));
            }
        }
        copies
    }

    /// How many inputs the nodes below have that have no stage, each node counted once.
    fn inputs_below(&self, root: &Expr) -> usize {
        let mut seen: HashSet<NodeId> = HashSet::new();
        let mut stack = vec![root];
        let mut count = 0;
        while let Some(e) = stack.pop() {
            if seen.insert(e.id()) && !self.has_stage(e) {
                let inputs = e.inputs();
                count += inputs.len();
                stack.extend(inputs);
            }
        }
        count
    }
}

/// What views show.
fn behind_views(mut e: &Expr) -> &Expr {
    while let Kind::View { input, .. } | Kind::Rechunk(input) = e.kind() {
        e = input;
    }
    e
}
