//! Narrowing: every operation is made for the elements that are asked of it.
//!
//! First, from the roots down, each node gathers what is asked of it: a few [`Selection`]s, merged
//! where one operation for both costs little more than two. Then, from the leaves up, each node is
//! made again for its selections, and whoever uses it looks at the part it needs through a view.
//! What only arranges (order, direction, repetition) stays in those views, above the operation, so
//! that an operation that is used in several arrangements is still done once.
//!
//! Adding a kind of node: one file with a [`Narrowing`], one line in [`narrowing`].

mod compress;
mod concat;
mod contract;
mod demands;
mod each;
mod elementwise;
mod rechunk;
mod reduce;
mod reshape;
mod scan;
mod sort;
mod take;
mod view;

use chunkwise_core::{Chunks, Error, Result, Scalar};
use chunkwise_expr::{Expr, Kind};
use smallvec::SmallVec;

use crate::promise::{keep, located, regrid};
use crate::selection::Selection;
use crate::walk::Graph;
use demands::Demands;

/// What is asked of each input, in the order of [`Expr::inputs`]; `None` where nothing is.
pub type Needs = SmallVec<[Option<Selection>; 3]>;

/// How one kind of node is made for a part of its elements.
pub struct Narrowing {
    /// What errors call it.
    pub name: &'static str,
    /// The smallest selection that holds what is asked and that the node can be made for.
    pub widen: fn(&Expr, Selection) -> Selection,
    /// What making it for a (widened) selection asks of the inputs.
    pub needs: fn(&Expr, &Selection) -> Needs,
    /// The node for a (widened) selection, of inputs that are just what it needs.
    pub rebuild: fn(&Expr, &Selection, &[Option<Expr>]) -> Result<Expr>,
}

/// How a node is narrowed; `None` where it is made whole or not at all: leaves, which are cheap to
/// look at through a view, and user's functions.
pub fn narrowing(e: &Expr) -> Option<&'static Narrowing> {
    match e.kind() {
        Kind::Source(_) | Kind::Constant(_) | Kind::Index { .. } | Kind::Random(_) => None,
        Kind::Call { call, .. } => call.is_elementwise().then_some(&each::NARROWING),
        Kind::Map { .. } | Kind::Cast(_) => Some(&elementwise::NARROWING),
        Kind::View { .. } => Some(&view::NARROWING),
        Kind::Reduce { .. } => Some(&reduce::NARROWING),
        Kind::Scan { .. } => Some(&scan::NARROWING),
        Kind::Sort { .. } => Some(&sort::NARROWING),
        Kind::Reshape(_) => Some(&reshape::NARROWING),
        Kind::Concat { .. } => Some(&concat::NARROWING),
        Kind::Take { .. } => Some(&take::NARROWING),
        Kind::Compress { .. } => Some(&compress::NARROWING),
        Kind::Contract { .. } => Some(&contract::NARROWING),
        Kind::Rechunk(_) => Some(&rechunk::NARROWING),
    }
}

/// Whether a node may ask for less of its inputs than all when it is made whole.
fn selects(e: &Expr) -> bool {
    matches!(e.kind(), Kind::View { .. } | Kind::Take { .. })
}

fn everything(e: &Expr) -> Needs {
    e.inputs()
        .iter()
        .map(|i| Some(Selection::whole(i.shape())))
        .collect()
}

/// Whether nothing is asked of a node that has elements.
fn is_nothing(e: &Expr, wanted: &Selection) -> bool {
    wanted.elements() == 0 && !e.is_empty()
}

fn needs(e: &Expr, wanted: &Selection) -> Needs {
    match narrowing(e) {
        Some(_) if is_nothing(e, wanted) => e.inputs().iter().map(|_| None).collect(),
        Some(n) if selects(e) || !wanted.is_whole(e.shape()) => (n.needs)(e, wanted),
        _ => everything(e),
    }
}

/// A node made for a selection.
struct Made {
    selection: Selection,
    expr: Expr,
}

/// Expressions with the same values, every operation below made only for what is asked of it.
pub fn narrow(roots: &[Expr]) -> Result<Vec<Expr>> {
    let graph = Graph::below(roots);
    if !graph.nodes.iter().any(selects) {
        return Ok(roots.to_vec());
    }
    let mut demands: Vec<Demands> = graph.nodes.iter().map(|_| Demands::default()).collect();
    for (root, place) in roots.iter().zip(&graph.roots) {
        demands[*place].add(root, Selection::whole(root.shape()));
    }
    for (place, e) in graph.nodes.iter().enumerate().rev() {
        let asked = std::mem::take(&mut demands[place]);
        for wanted in asked.selections() {
            for (input, need) in graph.inputs[place].iter().zip(needs(e, wanted)) {
                if let Some(need) = need {
                    demands[*input].add(&graph.nodes[*input], need);
                }
            }
        }
        demands[place] = asked;
    }
    reduce::join_siblings(&graph, &mut demands);

    let mut made: Vec<SmallVec<[Made; 1]>> = Vec::with_capacity(graph.nodes.len());
    for (place, e) in graph.nodes.iter().enumerate() {
        let versions = demands[place].selections().iter().map(|selection| {
            let inputs = graph.inputs[place]
                .iter()
                .zip(needs(e, selection))
                .map(|(input, need)| need.map(|n| part(&made[*input], &n)).transpose())
                .collect::<Result<SmallVec<[Option<Expr>; 3]>>>()?;
            Ok(Made {
                selection: selection.clone(),
                expr: make(e, selection, &inputs)?,
            })
        });
        let versions = versions.collect::<Result<_>>()?;
        made.push(versions);
    }
    let made = graph.roots.iter().map(|place| &made[*place]);
    roots
        .iter()
        .zip(made)
        .map(|(r, made)| Ok(part(made, &Selection::whole(r.shape()))?.with_grid(r.grid())))
        .collect()
}

/// The selected part, seen in a version that holds it.
fn part(versions: &[Made], need: &Selection) -> Result<Expr> {
    let Some(made) = versions.iter().find(|m| m.selection.holds(need)) else {
        return Err(Error::internal(
            "optimizer",
            format!("nothing was made for {need:?}"),
        ));
    };
    if made.selection == *need {
        return Ok(made.expr.clone());
    }
    let within = need.within(&made.selection);
    let view = made.expr.view(within.map(), &within.shape())?;
    Ok(located(view, made.expr.location()))
}

fn make(e: &Expr, selection: &Selection, inputs: &[Option<Expr>]) -> Result<Expr> {
    let whole = selection.is_whole(e.shape());
    if narrowing(e).is_some() && is_nothing(e, selection) {
        let chunks = Chunks::Uniform(-1);
        return Expr::constant(Scalar::Bool(false), e.dtype(), &selection.shape(), &chunks);
    }
    let all: Option<SmallVec<[Expr; 3]>> = inputs.iter().cloned().collect();
    match (narrowing(e), all) {
        (Some(n), _) if selects(e) || !whole => {
            let new = (n.rebuild)(e, selection, inputs)?;
            if whole && new.id() == e.id() {
                // Equal to what was there: the old node, which others may hold too.
                return unchanged(e, new);
            }
            let grid = match whole {
                true => e.grid().clone(),
                false => selection.map().grid(e.grid(), &selection.shape()),
            };
            keep(n.name, new, e.dtype(), &grid, e.location())
        }
        (_, Some(inputs)) => Ok(located(e.with_inputs(&inputs)?, e.location())),
        _ => Err(Error::internal(
            "optimizer",
            format!("{} lacks an input", e.label()),
        )),
    }
}

fn unchanged(e: &Expr, new: Expr) -> Result<Expr> {
    let same = new.inputs().len() == e.inputs().len()
        && new
            .inputs()
            .iter()
            .zip(e.inputs())
            .all(|(a, b)| a.is_same(b));
    if same {
        return Ok(e.clone());
    }
    Ok(located(regrid(new, e.grid()), e.location()))
}
