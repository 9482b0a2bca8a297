//! Reductions: a part of the kept axes is reduced from that part of the input. The last axis of
//! `topk` and `bincount` is made whole.

use chunkwise_core::{Error, Result};
use chunkwise_expr::{Expr, Kind};
use smallvec::smallvec;

use std::collections::HashSet;

use super::demands::Demands;
use super::{Narrowing, Needs};
use crate::selection::{Selection, Span};
use crate::walk::Graph;

/// A reduction is made whole beside another of the same input that is, where it has at least one in
/// this many of its elements: they then share one pass over the input.
const JOINED: usize = 2;

pub(super) static NARROWING: Narrowing = Narrowing {
    name: "part of a reduction",
    widen,
    needs,
    rebuild,
};

fn widen(e: &Expr, mut s: Selection) -> Selection {
    if let (Kind::Reduce { reduction, .. }, Some(last)) = (e.kind(), s.spans.last_mut())
        && reduction.adds_axis()
    {
        *last = Span::whole(e.shape()[e.ndim() - 1]);
    }
    s
}

fn needs(e: &Expr, wanted: &Selection) -> Needs {
    let Kind::Reduce { input, axes, .. } = e.kind() else {
        return smallvec![];
    };
    let mut kept = wanted.spans.iter();
    let spans = input
        .shape()
        .iter()
        .enumerate()
        .map(|(axis, len)| match axes.contains(&axis) {
            true => Span::whole(*len),
            false => kept.next().copied().unwrap_or(Span::whole(*len)),
        });
    smallvec![Some(Selection::new(spans))]
}

fn rebuild(e: &Expr, _: &Selection, inputs: &[Option<Expr>]) -> Result<Expr> {
    match (e.kind(), inputs) {
        (
            Kind::Reduce {
                reduction,
                params,
                axes,
                ..
            },
            [Some(input)],
        ) => input.reduce(reduction, *params, axes),
        _ => Err(Error::internal("optimizer", e.label())),
    }
}

/// Makes reductions whole that then share the pass of another.
pub(super) fn join_siblings(graph: &Graph, demands: &mut [Demands]) {
    let reductions = || {
        let nodes = graph.nodes.iter().enumerate();
        nodes.filter(|(_, e)| matches!(e.kind(), Kind::Reduce { .. }))
    };
    let passes: HashSet<usize> = reductions()
        .filter(|(place, e)| demands[*place].is_whole(e))
        .map(|(place, _)| graph.inputs[place][0])
        .collect();
    for (place, e) in reductions() {
        let asked: usize = demands[place]
            .selections()
            .iter()
            .map(Selection::elements)
            .sum();
        if passes.contains(&graph.inputs[place][0]) && asked * JOINED >= e.len() {
            demands[place].add(e, Selection::whole(e.shape()));
        }
    }
}
