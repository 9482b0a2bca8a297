//! Reductions: a part of the kept axes is reduced from that part of the input. The last axis of
//! `topk` is made whole.

use chunkwise_core::{Error, Result};
use chunkwise_expr::{Expr, Kind};
use smallvec::smallvec;

use super::{Narrowing, Needs};
use crate::selection::{Selection, Span};

pub(super) static NARROWING: Narrowing = Narrowing {
    name: "part of a reduction",
    widen,
    needs,
    rebuild,
};

fn widen(e: &Expr, mut s: Selection) -> Selection {
    if let (Kind::Reduce { reduction, .. }, Some(last)) = (e.kind(), s.spans.last_mut())
        && reduction.is_topk()
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
