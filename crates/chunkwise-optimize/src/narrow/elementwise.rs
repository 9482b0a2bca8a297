//! Elementwise functions and casts: the same part of every argument.

use chunkwise_core::{Error, Result};
use chunkwise_expr::{Expr, Kind, Operand};
use smallvec::SmallVec;

use super::{Narrowing, Needs};
use crate::selection::Selection;

pub(super) static NARROWING: Narrowing = Narrowing {
    name: "part of an elementwise function",
    widen: |_, s| s,
    needs,
    rebuild,
};

fn needs(e: &Expr, wanted: &Selection) -> Needs {
    e.inputs().iter().map(|_| Some(wanted.clone())).collect()
}

fn rebuild(e: &Expr, _: &Selection, inputs: &[Option<Expr>]) -> Result<Expr> {
    match (e.kind(), inputs) {
        (Kind::Cast(_), [Some(input)]) => input.cast(e.dtype()),
        (Kind::Map { function, .. }, _) => {
            let args: SmallVec<[Operand; 3]> = inputs.iter().flatten().map(Operand::from).collect();
            Expr::map(function, &args)
        }
        _ => Err(Error::internal("optimizer", e.label())),
    }
}
