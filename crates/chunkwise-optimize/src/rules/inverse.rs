//! Functions that undo themselves.

use chunkwise_core::Result;
use chunkwise_expr::{Expr, Kind};

use crate::Rule;

pub(super) const RULE: Rule = Rule {
    name: "function of itself",
    apply,
};

/// Their own inverses, to the bit.
const INVERSES: [&str; 4] = ["negative", "logical_not", "bitwise_invert", "conj"];

fn apply(e: &Expr) -> Result<Option<Expr>> {
    let Some((outer, middle)) = unary(e) else {
        return Ok(None);
    };
    let Some((inner, x)) = unary(middle) else {
        return Ok(None);
    };
    let undone = outer == inner && INVERSES.contains(&outer) && x.dtype() == e.dtype();
    Ok(undone.then(|| x.clone()))
}

fn unary(e: &Expr) -> Option<(&'static str, &Expr)> {
    match e.kind() {
        Kind::Map { function, inputs } => match inputs.as_slice() {
            [x] => Some((function.name, x)),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use chunkwise_core::DType;

    use super::*;
    use crate::rules::cases::{applied, array, map};

    #[test]
    fn twice_is_not_at_all() {
        for (name, dtype) in [
            ("negative", DType::F32),
            ("negative", DType::U8),
            ("logical_not", DType::Bool),
            ("bitwise_invert", DType::I16),
            ("conj", DType::C64),
        ] {
            let x = array(dtype, &[5]);
            let once = map(name, &[(&x).into()]);
            assert!(applied(&RULE, &once).is_none());
            let twice = map(name, &[(&once).into()]);
            assert!(
                applied(&RULE, &twice).is_some_and(|made| made.is_same(&x)),
                "{name}"
            );
        }
    }

    #[test]
    fn others_stay() {
        let x = array(DType::F64, &[5]);
        for (outer, inner) in [
            ("negative", "conj"),
            ("reciprocal", "reciprocal"),
            ("exp", "log"),
        ] {
            let e = map(outer, &[map(inner, &[(&x).into()]).into()]);
            assert!(applied(&RULE, &e).is_none(), "{outer} {inner}");
        }
        // The truth of a number is not the number.
        let truth = map("logical_not", &[map("logical_not", &[(&x).into()]).into()]);
        assert_eq!(applied(&RULE, &truth).map(|e| e.dtype()), Some(DType::Bool));
    }
}
