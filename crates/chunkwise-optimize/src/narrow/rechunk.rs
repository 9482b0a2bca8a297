//! Rechunks: a part of other chunks is a part of the input, with the chunks kept beside it.

use chunkwise_core::{Error, Result};
use chunkwise_expr::Expr;
use smallvec::smallvec;

use super::Narrowing;
use crate::selection::Selection;

pub(super) static NARROWING: Narrowing = Narrowing {
    name: "part of a rechunk",
    widen: |_, s| s,
    needs: |_, s| smallvec![Some(s.clone())],
    rebuild,
};

fn rebuild(e: &Expr, _: &Selection, inputs: &[Option<Expr>]) -> Result<Expr> {
    match inputs {
        [Some(input)] => Ok(input.clone()),
        _ => Err(Error::internal("optimizer", e.label())),
    }
}
