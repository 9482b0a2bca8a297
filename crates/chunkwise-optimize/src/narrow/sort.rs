//! Sorts: any part of the other axes; along the axis all.

use chunkwise_core::{Error, Result};
use chunkwise_expr::{Expr, Kind};
use smallvec::smallvec;

use super::Narrowing;
use crate::selection::{Selection, Span};

pub(super) static NARROWING: Narrowing = Narrowing {
    name: "part of a sort",
    widen,
    needs: |_, s| smallvec![Some(s.clone())],
    rebuild,
};

fn widen(e: &Expr, mut s: Selection) -> Selection {
    if let Kind::Sort { axis, .. } = e.kind() {
        s.spans[*axis] = Span::whole(e.shape()[*axis]);
    }
    s
}

fn rebuild(e: &Expr, _: &Selection, inputs: &[Option<Expr>]) -> Result<Expr> {
    match (e.kind(), inputs) {
        (
            Kind::Sort {
                axis,
                descending,
                indices,
                ..
            },
            [Some(input)],
        ) => input.sort(*axis as isize, *descending, *indices),
        _ => Err(Error::internal("optimizer", e.label())),
    }
}
