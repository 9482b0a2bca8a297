//! Nodes that one program would see through very many views.
//!
//! A program computes a node once for each view that it is seen through. In `x = x[::2] + x[1::2]` each step
//! sees what came before through two, so there would be twice as many with each step: what would be seen
//! too often gets a stage, and is read from there.

use std::collections::{HashMap, HashSet};

use chunkwise_core::IndexMap;
use chunkwise_expr::{Expr, Kind, NodeId};

use super::Options;
use super::group::is_barrier;
use crate::fuse::Maps;

/// A node may be seen through this many views, or twice as many as look at it directly: those have been
/// asked for one by one.
const VIEWS: usize = 16;
/// So many times more, where keeping it means writing it to scratch files.
const SPILLED: usize = 4;

/// So few views show nothing through more than [`VIEWS`].
const FEW: usize = VIEWS.ilog2() as usize;

/// How what is made of a node sees it.
#[derive(Default)]
struct Seen {
    /// The programs, and the maps in them, each by its number.
    through: HashSet<(usize, usize)>,
    /// The views that look at it, or at what is computed of it without another view between.
    views: HashSet<NodeId>,
}

impl Seen {
    fn too_often(&self, e: &Expr, options: &Options) -> bool {
        let fits = e.nbytes() <= options.memory_limit / 4;
        let views = if fits { VIEWS } else { SPILLED * VIEWS };
        let most = views.max(2 * self.views.len());
        if self.through.len() <= most {
            return false;
        }
        let mut times: HashMap<usize, usize> = HashMap::new();
        for (program, _) in &self.through {
            *times.entry(*program).or_default() += 1;
        }
        times.values().any(|n| *n > most)
    }
}

/// Nodes that are kept because a program would see them through too many views. `nodes` has inputs first.
pub(super) fn seen_too_often(nodes: &[Expr], roots: &[Expr], options: &Options) -> HashSet<NodeId> {
    let roots: HashSet<NodeId> = roots.iter().map(Expr::id).collect();
    let mut kept = HashSet::new();
    let views = nodes
        .iter()
        .filter(|e| matches!(e.kind(), Kind::View { .. }));
    if views.take(FEW).count() < FEW {
        return kept;
    }
    let mut maps = Maps::default();
    let mut below: HashMap<NodeId, Seen> = HashMap::new();
    let places: HashMap<NodeId, usize> = (0..).zip(nodes).map(|(n, e)| (e.id(), n)).collect();
    // From what is asked for down, so that all that a node is used for is known when it is met.
    for (place, e) in nodes.iter().enumerate().rev() {
        let mut seen = below.remove(&e.id()).unwrap_or_default();
        if !is_program(e) {
            // Each input is the root of a program, or of a body, that begins anew.
            let keep =
                !is_barrier(e, options) && !e.inputs().is_empty() && seen.too_often(e, options);
            if keep {
                kept.insert(e.id());
            }
            for input in e.inputs() {
                let whole = maps.number(IndexMap::identity(input.ndim()));
                let of = below.entry(input.id()).or_default();
                of.through.insert((places[&input.id()], whole));
            }
            continue;
        }
        let moves = matches!(e.kind(), Kind::Map { .. } | Kind::Cast(_));
        let keep = moves && seen.too_often(e, options);
        if keep {
            kept.insert(e.id());
        }
        if keep || roots.contains(&e.id()) {
            let whole = maps.number(IndexMap::identity(e.ndim()));
            seen.through = HashSet::from([(place, whole)]);
            seen.views.clear();
        }
        if let Kind::View { input, map } = e.kind() {
            let of = below.entry(input.id()).or_default();
            of.views.insert(e.id());
            for (program, outer) in seen.through {
                of.through.insert((program, maps.after(outer, map)));
            }
            continue;
        }
        for input in e.inputs() {
            let of = below.entry(input.id()).or_default();
            of.through.extend(&seen.through);
            of.views.extend(&seen.views);
        }
    }
    kept
}

/// Whether a node is computed within the program of what it is used for.
fn is_program(e: &Expr) -> bool {
    matches!(
        e.kind(),
        Kind::Map { .. } | Kind::Cast(_) | Kind::View { .. } | Kind::Rechunk(_)
    )
}
