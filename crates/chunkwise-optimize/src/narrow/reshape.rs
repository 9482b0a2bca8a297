//! Reshapes: axes that keep their length pass through, and where axes are regrouped, a range of the
//! first of them is a range of rows of the input.

use chunkwise_core::{AxisGroup, Error, Result};
use chunkwise_expr::{Expr, Kind};
use smallvec::smallvec;

use super::{Narrowing, Needs};
use crate::selection::{Selection, Span, gcd};

pub(super) static NARROWING: Narrowing = Narrowing {
    name: "part of a reshape",
    widen,
    needs,
    rebuild,
};

fn of(e: &Expr) -> Option<(&Expr, Vec<AxisGroup>)> {
    match e.kind() {
        Kind::Reshape(input) if !e.is_empty() => {
            Some((input, AxisGroup::between(input.shape(), e.shape())))
        }
        _ => None,
    }
}

fn widen(e: &Expr, mut s: Selection) -> Selection {
    let Some((input, groups)) = of(e) else {
        return Selection::whole(e.shape());
    };
    for group in groups {
        let (Some(&first), 2..) = (group.to.first(), group.from.len() + group.to.len() - 1) else {
            continue;
        };
        let others_whole = group.to[1..]
            .iter()
            .all(|a| s.spans[*a].len == e.shape()[*a]);
        // Down to rows of the input's first axis.
        let own = AxisGroup::row(input.shape(), &group.from);
        let unit = own / gcd(own, AxisGroup::row(e.shape(), &group.to));
        let span = s.spans[first];
        let end = span.last().map_or(0, |last| last + 1);
        let start = span.start / unit * unit;
        let end = end.next_multiple_of(unit).min(e.shape()[first]);
        s.spans[first] = Span::new(start, 1, end - start);
        if !others_whole {
            for a in &group.to[1..] {
                s.spans[*a] = Span::whole(e.shape()[*a]);
            }
        }
    }
    s
}

fn needs(e: &Expr, wanted: &Selection) -> Needs {
    let Some((input, groups)) = of(e) else {
        return e
            .inputs()
            .iter()
            .map(|i| Some(Selection::whole(i.shape())))
            .collect();
    };
    let mut need = Selection::whole(input.shape());
    for group in groups {
        let (Some(&from), Some(&to)) = (group.from.first(), group.to.first()) else {
            continue;
        };
        let span = wanted.spans[to];
        need.spans[from] = if group.from.len() == 1 && group.to.len() == 1 {
            span
        } else {
            let (own, new) = (
                AxisGroup::row(input.shape(), &group.from),
                AxisGroup::row(e.shape(), &group.to),
            );
            Span::new(span.start * new / own, 1, span.len * new / own)
        };
    }
    smallvec![Some(need)]
}

fn rebuild(e: &Expr, wanted: &Selection, inputs: &[Option<Expr>]) -> Result<Expr> {
    match inputs {
        [Some(input)] => input.reshape(&wanted.shape()),
        _ => Err(Error::internal("optimizer", e.label())),
    }
}
