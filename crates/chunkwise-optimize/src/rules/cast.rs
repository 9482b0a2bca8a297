//! A cast that loses nothing on the way to another dtype is left out.

use chunkwise_core::{DType, Kind as Family, Result};
use chunkwise_expr::{Expr, Kind};

use crate::Rule;

pub(super) const RULE: Rule = Rule {
    name: "cast of a cast",
    apply,
};

fn apply(e: &Expr) -> Result<Option<Expr>> {
    let Kind::Cast(middle) = e.kind() else {
        return Ok(None);
    };
    match middle.kind() {
        Kind::Constant(_) => middle.cast(e.dtype()).map(Some),
        Kind::Cast(input) if skips(input.dtype(), middle.dtype(), e.dtype()) => {
            input.cast(e.dtype()).map(Some)
        }
        _ => Ok(None),
    }
}

/// Whether `from -> to` gives what `from -> middle -> to` gives, for every value.
///
/// The middle must hold every value of the first. Integers that do not fit another integer dtype
/// wrap, but saturate when they come by way of a float: there the direct way is another.
fn skips(from: DType, middle: DType, to: DType) -> bool {
    let by_float = from.is_integer() && middle.is_inexact() && to.is_integer();
    holds(middle, from) && (!by_float || holds(to, from))
}

/// Whether every value of a dtype is one of another's.
fn holds(wide: DType, narrow: DType) -> bool {
    // Bits of the largest integer of which all smaller ones are held.
    let digits = |d: DType| match (d.kind(), d.real()) {
        (Family::Float | Family::Complex, DType::F32) => 24,
        (Family::Float | Family::Complex, _) => 53,
        (Family::Signed, _) => 8 * d.size() - 1,
        (Family::Unsigned, _) => 8 * d.size(),
        (Family::Bool, _) => 1,
    };
    let fits = digits(wide) >= digits(narrow);
    match (narrow.kind(), wide.kind()) {
        (Family::Bool, _) => true,
        (_, Family::Bool) => false,
        (Family::Unsigned, _) => fits,
        (Family::Signed, to) => fits && to != Family::Unsigned,
        (Family::Float, Family::Float | Family::Complex) => fits,
        (Family::Complex, Family::Complex) => fits,
        (Family::Float | Family::Complex, _) => false,
    }
}

#[cfg(test)]
mod tests {
    use chunkwise_core::{Complex64, Element, Scalar, dispatch};

    use super::*;
    use crate::rules::cases::{applied, array};

    fn through(value: Scalar, dtype: DType) -> Scalar {
        dispatch!(all dtype, T => T::from_scalar(value).to_scalar())
    }

    /// Values that lie at the edges of the dtypes.
    fn edges(dtype: DType) -> Vec<Scalar> {
        let ints = (0..65).flat_map(|b| {
            [
                1i128 << b,
                (1i128 << b) - 1,
                -(1i128 << b),
                1 - (1i128 << b),
            ]
        });
        match dtype.kind() {
            Family::Bool => vec![Scalar::Bool(false), Scalar::Bool(true)],
            Family::Signed | Family::Unsigned => {
                ints.map(Scalar::Int).filter(|s| s.fits(dtype)).collect()
            }
            kind => ints
                .map(|i| i as f64 + 0.25)
                .chain([0.1, -0.1, f64::INFINITY, f64::NAN, -0.0, 1e-300])
                .flat_map(|x| match kind {
                    Family::Float => vec![Scalar::Float(x)],
                    _ => vec![
                        Scalar::Complex(Complex64::new(x, 0.0)),
                        Scalar::Complex(Complex64::new(0.5, x)),
                    ],
                })
                .map(|s| through(s, dtype))
                .collect(),
        }
    }

    #[test]
    fn the_direct_way_gives_the_same_for_all_triples() {
        let mut skipped = 0;
        for from in DType::ALL {
            for middle in DType::ALL {
                for to in DType::ALL {
                    if !skips(from, middle, to) {
                        continue;
                    }
                    skipped += 1;
                    for value in edges(from) {
                        let direct = through(value, to).to_bytes(to);
                        let around = through(through(value, middle), to).to_bytes(to);
                        assert_eq!(direct, around, "{value} {from} {middle} {to}");
                    }
                }
            }
        }
        assert!(skipped > 500, "{skipped}");
    }

    #[test]
    fn known_pairs() {
        for (from, middle, to, want) in [
            (DType::F32, DType::F64, DType::F32, true),
            (DType::F64, DType::F32, DType::F64, false),
            (DType::I32, DType::F64, DType::I32, true),
            (DType::I32, DType::F64, DType::U8, false),
            (DType::I64, DType::F64, DType::I64, false),
            (DType::Bool, DType::U8, DType::C64, true),
            (DType::I8, DType::U64, DType::I64, false),
        ] {
            assert_eq!(skips(from, middle, to), want, "{from} {middle} {to}");
        }
        let x = array(DType::F32, &[4]);
        let there = x.cast(DType::F64).unwrap();
        let back = there.cast(DType::F32).unwrap();
        assert!(applied(&RULE, &back).unwrap().is_same(&x));
        assert!(applied(&RULE, &there).is_none());
    }
}
