//! Concatenations: parts that nothing is asked of are left out.

use chunkwise_core::{Error, Result};
use chunkwise_expr::{Expr, Kind};
use smallvec::smallvec;

use super::{Narrowing, Needs};
use crate::selection::{Selection, Span};

pub(super) static NARROWING: Narrowing = Narrowing {
    name: "part of a concatenation",
    widen: |_, s| s,
    needs,
    rebuild,
};

fn needs(e: &Expr, wanted: &Selection) -> Needs {
    let Kind::Concat { inputs, axis } = e.kind() else {
        return smallvec![];
    };
    let mut begin = 0;
    inputs
        .iter()
        .map(|input| {
            let end = begin + input.shape()[*axis];
            let span = between(&wanted.spans[*axis], begin, end);
            begin = end;
            (span.len > 0).then(|| {
                let mut part = wanted.clone();
                part.spans[*axis] = span;
                part
            })
        })
        .collect()
}

/// The positions of a span from `begin` to `end`, counted from `begin`.
fn between(span: &Span, begin: usize, end: usize) -> Span {
    let before = |p: usize| {
        p.saturating_sub(span.start)
            .div_ceil(span.step)
            .min(span.len)
    };
    let (first, past) = (before(begin), before(end));
    if first >= past {
        return Span::new(0, 1, 0);
    }
    Span::new(span.at(first) - begin, span.step, past - first)
}

fn rebuild(e: &Expr, _: &Selection, inputs: &[Option<Expr>]) -> Result<Expr> {
    let Kind::Concat { axis, .. } = e.kind() else {
        return Err(Error::internal("optimizer", e.label()));
    };
    let parts: Vec<Expr> = inputs.iter().flatten().cloned().collect();
    Expr::concat(&parts, *axis as isize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_position_is_asked_of_the_part_that_holds_it() {
        for start in 0..4 {
            for step in 1..5 {
                for len in 1..6 {
                    let span = Span::new(start, step, len);
                    let mut got = Vec::new();
                    for (begin, end) in [(0, 3), (3, 4), (4, 4), (4, 11), (11, 30)] {
                        let part = between(&span, begin, end);
                        got.extend((0..part.len).map(|i| begin + part.at(i)));
                    }
                    let want: Vec<usize> = (0..len).map(|i| span.at(i)).collect();
                    assert_eq!(got, want, "{span:?}");
                }
            }
        }
    }
}
