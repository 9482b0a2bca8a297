//! Views: what they show of their input; the arrangement stays.

use chunkwise_core::{Error, IndexMap, Result};
use chunkwise_expr::{Expr, Kind};
use smallvec::smallvec;

use super::{Narrowing, Needs};
use crate::selection::Selection;

pub(super) static NARROWING: Narrowing = Narrowing {
    name: "part of a view",
    widen: |_, s| s,
    needs,
    rebuild,
};

fn split(map: &IndexMap, wanted: &Selection) -> (Selection, IndexMap) {
    Selection::split(&wanted.map().after(map), &wanted.shape())
}

fn needs(e: &Expr, wanted: &Selection) -> Needs {
    match e.kind() {
        Kind::View { map, .. } => smallvec![Some(split(map, wanted).0)],
        _ => smallvec![],
    }
}

fn rebuild(e: &Expr, wanted: &Selection, inputs: &[Option<Expr>]) -> Result<Expr> {
    match (e.kind(), inputs) {
        (Kind::View { map, .. }, [Some(input)]) => {
            input.view(split(map, wanted).1, &wanted.shape())
        }
        _ => Err(Error::internal("optimizer", e.label())),
    }
}
