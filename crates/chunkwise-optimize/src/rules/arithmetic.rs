//! Functions that give their argument, and powers with a known exponent.
//!
//! Only what is exact to the bit: `x + 0.0` is not (`-0.0`), nor is a complex number times one. The
//! one exception is `x ** 2`, which becomes `square(x)` as in NumPy: correctly rounded, where a power
//! may be off in the last bit.

use chunkwise_core::{Complex64, DType, Result, Scalar};
use chunkwise_expr::{Expr, Kind, Operand};
use chunkwise_kernels::elementwise::function;

use crate::Rule;

pub(super) const RULE: Rule = Rule {
    name: "arithmetic identity",
    apply,
};

fn apply(e: &Expr) -> Result<Option<Expr>> {
    let Kind::Map {
        function: row,
        inputs,
    } = e.kind()
    else {
        return Ok(None);
    };
    let same = |x: &Expr| x.dtype() == e.dtype();
    let x = match (row.name, inputs.as_slice()) {
        ("positive", [x]) => x,
        ("conj" | "real", [x]) if !x.dtype().is_complex() => x,
        ("floor" | "ceil" | "trunc" | "round", [x]) if !x.dtype().is_inexact() => x,
        ("abs", [x])
            if matches!(
                x.dtype().kind(),
                chunkwise_core::Kind::Unsigned | chunkwise_core::Kind::Bool
            ) =>
        {
            x
        }
        ("multiply", [x, y] | [y, x]) if is(y, 1.0) && exact_times_one(e.dtype()) => x,
        ("divide", [x, y]) if is(y, 1.0) && e.dtype().is_float() => x,
        ("add", [x, y] | [y, x]) if is(y, 0.0) && e.dtype().is_integer() => x,
        ("subtract", [x, y]) if is(y, 0.0) && !e.dtype().is_complex() => x,
        ("pow", [x, y]) if is(y, 1.0) && !e.dtype().is_complex() => x,
        ("pow", [x, y]) if is(y, 2.0) && !e.dtype().is_complex() && same(x) => {
            let Some(square) = function("square") else {
                return Ok(None);
            };
            return Expr::map(square, &[Operand::from(x)]).map(Some);
        }
        _ => return Ok(None),
    };
    Ok(same(x).then(|| x.clone()))
}

fn exact_times_one(dtype: DType) -> bool {
    !dtype.is_complex()
}

/// Whether it is this number everywhere, and not its negative zero.
fn is(e: &Expr, number: f64) -> bool {
    let Kind::Constant(value) = e.kind() else {
        return false;
    };
    match *value {
        Scalar::Bool(b) => f64::from(b) == number,
        Scalar::Int(i) => i == number as i128,
        Scalar::Float(x) => x.to_bits() == number.to_bits(),
        Scalar::Complex(z) => z == Complex64::new(number, 0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::cases::{applied, array, map, number};

    #[test]
    fn exact_identities_give_the_argument() {
        let f = array(DType::F64, &[4, 3]);
        let i = array(DType::I32, &[4, 3]);
        let b = array(DType::Bool, &[4, 3]);
        for (e, x) in [
            (map("positive", &[(&f).into()]), &f),
            (map("multiply", &[(&f).into(), number(1.0)]), &f),
            (map("multiply", &[number(1), (&i).into()]), &i),
            (map("multiply", &[(&b).into(), number(true)]), &b),
            (map("divide", &[(&f).into(), number(1)]), &f),
            (map("add", &[number(0), (&i).into()]), &i),
            (map("subtract", &[(&f).into(), number(0.0)]), &f),
            (map("pow", &[(&i).into(), number(1)]), &i),
            (map("floor", &[(&i).into()]), &i),
            (map("conj", &[(&f).into()]), &f),
        ] {
            assert!(
                applied(&RULE, &e).is_some_and(|made| made.is_same(x)),
                "{e}"
            );
        }
    }

    #[test]
    fn what_changes_a_bit_or_a_dtype_stays() {
        let f = array(DType::F64, &[4]);
        let i = array(DType::I32, &[4]);
        let z = array(DType::C128, &[4]);
        for e in [
            map("add", &[(&f).into(), number(0.0)]),
            map("subtract", &[(&f).into(), number(-0.0)]),
            map("multiply", &[(&f).into(), number(-1.0)]),
            map("multiply", &[(&z).into(), number(1.0)]),
            map("conj", &[(&z).into()]),
            map("floor", &[(&f).into()]),
            map("abs", &[(&i).into()]),
            map("pow", &[(&f).into(), number(3.0)]),
            map("subtract", &[number(0.0), (&f).into()]),
            map("divide", &[number(1.0), (&f).into()]),
        ] {
            assert!(applied(&RULE, &e).is_none(), "{e}");
        }
    }

    #[test]
    fn second_powers_are_squares() {
        for dtype in [DType::F32, DType::F64, DType::I16, DType::U64] {
            let x = array(dtype, &[5]);
            let made = applied(&RULE, &map("pow", &[(&x).into(), number(2)])).unwrap();
            assert_eq!(made.label(), "square");
            assert_eq!(made.dtype(), dtype);
        }
    }
}
