//! Cumulative operations: any part of the other axes, and along the axis all up to the last element
//! that is asked for.

use chunkwise_core::{Error, Result};
use chunkwise_expr::{Expr, Kind};
use smallvec::smallvec;

use super::Narrowing;
use crate::selection::{Selection, Span};

pub(super) static NARROWING: Narrowing = Narrowing {
    name: "part of a scan",
    widen,
    needs: |_, s| smallvec![Some(s.clone())],
    rebuild,
};

fn widen(e: &Expr, mut s: Selection) -> Selection {
    if let Kind::Scan { axis, .. } = e.kind() {
        let span = &mut s.spans[*axis];
        *span = Span::whole(span.last().map_or(0, |last| last + 1));
    }
    s
}

fn rebuild(e: &Expr, _: &Selection, inputs: &[Option<Expr>]) -> Result<Expr> {
    match (e.kind(), inputs) {
        (Kind::Scan { scan, axis, .. }, [Some(input)]) => input.scan(scan, *axis as isize),
        _ => Err(Error::internal("optimizer", e.label())),
    }
}
