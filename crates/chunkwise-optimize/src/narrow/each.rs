//! Elementwise calls: the same part of the first input, all of the others.

use std::sync::Arc;

use chunkwise_core::{Error, Result};
use chunkwise_expr::{Expr, Kind};

use super::{Narrowing, Needs};
use crate::selection::Selection;

pub(super) static NARROWING: Narrowing = Narrowing {
    name: "part of an elementwise call",
    widen: |_, s| s,
    needs,
    rebuild,
};

fn needs(e: &Expr, wanted: &Selection) -> Needs {
    let each = e.inputs().into_iter().enumerate();
    each.map(|(n, input)| match n {
        0 => Some(wanted.clone()),
        _ => Some(Selection::whole(input.shape())),
    })
    .collect()
}

fn rebuild(e: &Expr, _: &Selection, inputs: &[Option<Expr>]) -> Result<Expr> {
    let Kind::Call { call, .. } = e.kind() else {
        return Err(Error::internal("optimizer", e.label()));
    };
    let function = Arc::clone(&call.function);
    Expr::each(
        &call.name,
        function,
        inputs.iter().flatten().cloned(),
        e.dtype(),
    )
}
