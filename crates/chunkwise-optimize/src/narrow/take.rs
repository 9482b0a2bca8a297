//! Chosen positions: the choice of a choice, from the stretch of the input that holds them.

use std::sync::Arc;

use chunkwise_core::{Error, Result};
use chunkwise_expr::{Expr, Kind};
use smallvec::smallvec;

use super::{Narrowing, Needs};
use crate::selection::{Selection, Span};

pub(super) static NARROWING: Narrowing = Narrowing {
    name: "part of a take",
    widen: |_, s| s,
    needs,
    rebuild,
};

/// The chosen positions and the stretch of the input's axis that holds them.
fn chosen(indices: &Arc<[usize]>, wanted: &Span) -> (Arc<[usize]>, Span) {
    let indices: Arc<[usize]> = match wanted.len == indices.len() {
        true => Arc::clone(indices),
        false => (0..wanted.len).map(|i| indices[wanted.at(i)]).collect(),
    };
    let stretch = Span::of(&indices);
    (indices, stretch)
}

fn needs(e: &Expr, wanted: &Selection) -> Needs {
    let Kind::Take { axis, indices, .. } = e.kind() else {
        return smallvec![];
    };
    let mut need = wanted.clone();
    need.spans[*axis] = chosen(indices, &wanted.spans[*axis]).1;
    smallvec![Some(need)]
}

fn rebuild(e: &Expr, wanted: &Selection, inputs: &[Option<Expr>]) -> Result<Expr> {
    let (
        Kind::Take {
            axis,
            indices,
            input: old,
        },
        [Some(input)],
    ) = (e.kind(), inputs)
    else {
        return Err(Error::internal("optimizer", e.label()));
    };
    let (indices, stretch) = chosen(indices, &wanted.spans[*axis]);
    if stretch == Span::whole(old.shape()[*axis]) && wanted.is_whole(e.shape()) {
        return e.with_inputs(std::slice::from_ref(input));
    }
    let places: Vec<isize> = indices
        .iter()
        .map(|i| ((i - stretch.start) / stretch.step) as isize)
        .collect();
    input.take(&places, *axis as isize)
}
