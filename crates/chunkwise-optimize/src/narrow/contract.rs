//! Matrix products: a part of the rows is a product of those rows, a part of the columns one of
//! those columns, a part of the batch one of that part of both.

use chunkwise_core::{Error, Result};
use chunkwise_expr::{Expr, Kind};
use smallvec::smallvec;

use super::{Narrowing, Needs};
use crate::selection::{Selection, Span};

pub(super) static NARROWING: Narrowing = Narrowing {
    name: "part of a matrix product",
    widen: |_, s| s,
    needs,
    rebuild,
};

fn needs(e: &Expr, wanted: &Selection) -> Needs {
    let Kind::Contract { a, b, batch, k } = e.kind() else {
        return smallvec![];
    };
    let rows = a.ndim() - k;
    let whole = |shape: &[usize]| shape.iter().map(|d| Span::whole(*d)).collect::<Vec<_>>();
    let spans = &wanted.spans;
    let left = spans[..rows]
        .iter()
        .copied()
        .chain(whole(&a.shape()[rows..]));
    let contracted = whole(&b.shape()[*batch..batch + k]);
    let right = spans[..*batch]
        .iter()
        .copied()
        .chain(contracted)
        .chain(spans[rows..].iter().copied());
    smallvec![Some(Selection::new(left)), Some(Selection::new(right))]
}

fn rebuild(e: &Expr, _: &Selection, inputs: &[Option<Expr>]) -> Result<Expr> {
    match (e.kind(), inputs) {
        (Kind::Contract { batch, k, .. }, [Some(a), Some(b)]) => Expr::contract(a, b, *batch, *k),
        _ => Err(Error::internal("optimizer", e.label())),
    }
}
