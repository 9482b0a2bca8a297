//! Chosen positions: choices of choices are one, evenly spaced ones a view.

use chunkwise_core::{AxisIndex, IndexMap, Result};
use chunkwise_expr::{Expr, Kind};

use crate::Rule;

pub(super) const RULE: Rule = Rule {
    name: "take",
    apply,
};

fn apply(e: &Expr) -> Result<Option<Expr>> {
    let Kind::Take {
        input,
        axis,
        indices,
    } = e.kind()
    else {
        return Ok(None);
    };
    if let Kind::Constant(_) = input.kind() {
        return view(e, input, *axis, 0, 0).map(Some);
    }
    if let Some((start, step)) = evenly(indices) {
        return view(e, input, *axis, start, step).map(Some);
    }
    if let Kind::Take {
        input: inner,
        axis: own,
        indices: first,
    } = input.kind()
        && own == axis
    {
        let both: Vec<isize> = indices.iter().map(|i| first[*i] as isize).collect();
        return inner.take(&both, *axis as isize).map(Some);
    }
    Ok(None)
}

/// The first position and the distance, where it is the same everywhere.
fn evenly(indices: &[usize]) -> Option<(usize, isize)> {
    let (&start, rest) = indices.split_first()?;
    let step = rest
        .first()
        .map_or(1, |second| *second as isize - start as isize);
    let even = indices
        .windows(2)
        .all(|w| w[1] as isize - w[0] as isize == step);
    even.then_some((start, step))
}

/// `e` as a view of its input, whose axis is read from `start` by `step`.
fn view(e: &Expr, input: &Expr, axis: usize, start: usize, step: isize) -> Result<Expr> {
    let map = (0..input.ndim()).map(|a| {
        let (start, step) = if a == axis { (start, step) } else { (0, 1) };
        AxisIndex {
            from: (step != 0).then_some(a),
            start,
            step,
        }
    });
    input.view(IndexMap::new(map, input.ndim()), e.shape())
}

#[cfg(test)]
mod tests {
    use chunkwise_core::{Chunks, DType};

    use super::*;
    use crate::rules::cases::{applied, array};

    #[test]
    fn evenly_spaced_positions_are_a_view() {
        let x = array(DType::F64, &[3, 10]);
        for (indices, start, step, from) in [
            (&[2isize, 3, 4][..], 2, 1, Some(1)),
            (&[9, 6, 3, 0], 9, -3, Some(1)),
            (&[5], 5, 1, Some(1)),
            (&[4, 4, 4], 4, 0, None),
        ] {
            let e = x.take(indices, 1).unwrap();
            let made = applied(&RULE, &e).unwrap();
            let Kind::View { map, .. } = made.kind() else {
                panic!("{made}");
            };
            assert_eq!(map.axes()[1], AxisIndex { from, start, step });
            assert_eq!(made.shape(), e.shape());
        }
        assert!(applied(&RULE, &x.take(&[0, 1, 3], 1).unwrap()).is_none());
    }

    #[test]
    fn takes_of_takes_compose_along_one_axis() {
        let x = array(DType::F64, &[4, 10]);
        let first = x.take(&[9, 2, 5, 0], 1).unwrap();
        let made = applied(&RULE, &first.take(&[3, 3, 1], 1).unwrap()).unwrap();
        let Kind::Take { indices, input, .. } = made.kind() else {
            panic!("{made}");
        };
        assert_eq!(indices[..], [0, 0, 2]);
        assert!(input.is_same(&x));
        assert!(applied(&RULE, &first.take(&[3, 3, 1], 0).unwrap()).is_none());
    }

    #[test]
    fn takes_of_constants_are_constants() {
        let one = Expr::constant(1.5.into(), DType::F64, &[4], &Chunks::AUTO).unwrap();
        let made = applied(&RULE, &one.take(&[0, 0, 3, 1, 1, 2], 0).unwrap()).unwrap();
        assert!(matches!(made.kind(), Kind::Constant(_)));
        assert_eq!(made.shape(), [6]);
    }
}
