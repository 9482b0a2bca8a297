//! Boolean indices: any part of the other axes.

use chunkwise_core::{Error, Result};
use chunkwise_expr::{Expr, Kind};
use smallvec::smallvec;

use super::{Narrowing, Needs};
use crate::selection::{Selection, Span};

pub(super) static NARROWING: Narrowing = Narrowing {
    name: "part of a boolean index",
    widen,
    needs,
    rebuild,
};

fn widen(e: &Expr, mut s: Selection) -> Selection {
    if let Kind::Compress { axis, .. } = e.kind() {
        s.spans[*axis] = Span::whole(e.shape()[*axis]);
    }
    s
}

fn needs(e: &Expr, wanted: &Selection) -> Needs {
    match e.kind() {
        Kind::Compress { mask, .. } => {
            smallvec![Some(wanted.clone()), Some(Selection::whole(mask.shape()))]
        }
        _ => smallvec![],
    }
}

fn rebuild(e: &Expr, _: &Selection, inputs: &[Option<Expr>]) -> Result<Expr> {
    match (e.kind(), inputs) {
        (Kind::Compress { axis, .. }, [Some(input), Some(mask)]) => {
            input.compress(mask, *axis as isize)
        }
        _ => Err(Error::internal("optimizer", e.label())),
    }
}
