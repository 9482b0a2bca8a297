//! Reshapes: axes that keep their length pass through, and where axes are regrouped, a range of the
//! first of them is a range of rows of the input.

use chunkwise_core::{Error, Result};
use chunkwise_expr::{Expr, Kind};
use smallvec::{SmallVec, smallvec};

use super::{Narrowing, Needs};
use crate::selection::{Selection, Span, gcd};

pub(super) static NARROWING: Narrowing = Narrowing {
    name: "part of a reshape",
    widen,
    needs,
    rebuild,
};

/// Axes of the input and of the result that hold the same elements, without those of length 1: the
/// smallest such groups.
#[derive(Debug, Default, PartialEq)]
struct Group {
    from: SmallVec<[usize; 4]>,
    to: SmallVec<[usize; 4]>,
}

fn groups(from: &[usize], to: &[usize]) -> Vec<Group> {
    let real = |s: &[usize]| {
        (0..s.len())
            .filter(|a| s[*a] != 1)
            .collect::<SmallVec<[usize; 4]>>()
    };
    let (own, new) = (real(from), real(to));
    let mut found = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < own.len() && j < new.len() {
        let mut group = Group::default();
        let (mut a, mut b) = (1, 1);
        while a != b || group.from.is_empty() {
            if a <= b && i < own.len() {
                a *= from[own[i]];
                group.from.push(own[i]);
                i += 1;
            } else if j < new.len() {
                b *= to[new[j]];
                group.to.push(new[j]);
                j += 1;
            } else {
                break;
            }
        }
        found.push(group);
    }
    found
}

/// The elements of one row of the first of some axes.
fn row(shape: &[usize], axes: &[usize]) -> usize {
    axes.iter().skip(1).map(|a| shape[*a]).product()
}

fn of(e: &Expr) -> Option<(&Expr, Vec<Group>)> {
    match e.kind() {
        Kind::Reshape(input) if !e.is_empty() => Some((input, groups(input.shape(), e.shape()))),
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
        let own = row(input.shape(), &group.from);
        let unit = own / gcd(own, row(e.shape(), &group.to));
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
            let (own, new) = (row(input.shape(), &group.from), row(e.shape(), &group.to));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_the_smallest_that_hold_the_same_elements() {
        let text = |from: &[usize], to: &[usize]| {
            let all: Vec<String> = groups(from, to)
                .iter()
                .map(|g| format!("{:?}-{:?}", g.from.as_slice(), g.to.as_slice()))
                .collect();
            all.join(" ")
        };
        assert_eq!(
            text(&[2, 3, 4, 5], &[2, 12, 5]),
            "[0]-[0] [1, 2]-[1] [3]-[2]"
        );
        assert_eq!(text(&[1, 6, 4], &[6, 1, 2, 2]), "[1]-[0] [2]-[2, 3]");
        assert_eq!(text(&[4, 3], &[2, 6]), "[0, 1]-[0, 1]");
        assert_eq!(text(&[24], &[2, 3, 4]), "[0]-[0, 1, 2]");
        assert_eq!(text(&[1, 1], &[1]), "");
    }
}
