//! Reshapes of reshapes and concatenations within each other, which rewriting has brought together;
//! reshapes of constants.

use chunkwise_core::Result;
use chunkwise_expr::{Expr, Kind};

use crate::Rule;

pub(super) const RULE: Rule = Rule {
    name: "nested structure",
    apply,
};

fn apply(e: &Expr) -> Result<Option<Expr>> {
    match e.kind() {
        Kind::Reshape(input) if matches!(input.kind(), Kind::Reshape(_) | Kind::Constant(_)) => {
            input.reshape(e.shape()).map(Some)
        }
        Kind::Concat { inputs, axis } => {
            let nested =
                |i: &Expr| matches!(i.kind(), Kind::Concat { axis: own, .. } if own == axis);
            let one = inputs.len() == 1;
            if one || inputs.iter().any(|i| nested(i) || i.shape()[*axis] == 0) {
                return Expr::concat(inputs, *axis as isize).map(Some);
            }
            Ok(None)
        }
        Kind::Rechunk(input) if matches!(input.kind(), Kind::Rechunk(_)) => {
            let [inner] = input.inputs()[..] else {
                return Ok(None);
            };
            e.with_inputs(std::slice::from_ref(inner)).map(Some)
        }
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use chunkwise_core::{Chunks, DType};
    use chunkwise_expr::Index;

    use super::*;
    use crate::rules::cases::{applied, array};

    #[test]
    fn nested_reshapes_are_one() {
        let x = array(DType::F64, &[4, 6]);
        let shifted = x.get(&[Index::from(0..4)]).unwrap();
        assert!(shifted.is_same(&x));
        let outer = array(DType::F64, &[3, 8]).reshape(&[24]).unwrap();
        let nested = outer
            .with_inputs(&[array(DType::F64, &[24]).reshape(&[3, 8]).unwrap()])
            .unwrap();
        let made = applied(&RULE, &nested).unwrap();
        assert!(!matches!(made.kind(), Kind::Reshape(_)));
        assert_eq!(made.shape(), [24]);
        assert!(applied(&RULE, &outer).is_none());
    }

    #[test]
    fn nested_concatenations_are_one_along_the_same_axis_only() {
        let part = |n: usize| array(DType::F64, &[n, n]);
        let row = |a: &Expr, b: &Expr, axis| Expr::concat(&[a.clone(), b.clone()], axis).unwrap();
        let flat = row(&array(DType::F64, &[4, 4]), &part(4), 0);
        for (axis, want) in [(0, 3), (1, 0)] {
            let inner = match axis {
                0 => row(&array(DType::F64, &[1, 4]), &array(DType::F64, &[3, 4]), 0),
                _ => row(&array(DType::F64, &[4, 1]), &array(DType::F64, &[4, 3]), 1),
            };
            let nested = flat.with_inputs(&[inner, part(4)]).unwrap();
            let made = applied(&RULE, &nested);
            assert_eq!(made.map_or(0, |m| m.inputs().len()), want);
        }
    }

    #[test]
    fn nested_rechunks_are_the_last() {
        let x = array(DType::F64, &[12]);
        let last = x.rechunk(&Chunks::from(5)).unwrap();
        let nested = last
            .with_inputs(&[x.rechunk(&Chunks::from(4)).unwrap()])
            .unwrap();
        let made = applied(&RULE, &nested).unwrap();
        assert!(made.inputs()[0].is_same(&x));
        assert_eq!(made.grid(), last.grid());
    }
}
