//! Vector mathematics against the platform's library, which is within 1 ULP for most of these: the
//! bound is the stated error and one more.

use chunkwise_core::Complex64;

use super::{Bits, Elements, call};
use crate::elementwise::function;

const POINTS: usize = 20_000;

fn ulps(got: f64, want: f64) -> f64 {
    if got == want || got.is_nan() && want.is_nan() {
        return 0.0;
    }
    let unit = f64::from_bits(want.abs().to_bits() + 1) - want.abs();
    (got - want).abs() / unit
}

#[test]
fn functions_are_within_their_stated_error() {
    type Row = (&'static str, fn(f64) -> f64, f64, &'static [(f64, f64)]);
    let rows: &[Row] = &[
        ("exp", f64::exp, 2.0, &[(-745.0, 709.0), (-1.0, 1.0)]),
        ("exp2", f64::exp2, 2.0, &[(-1070.0, 1024.0), (-1.0, 1.0)]),
        (
            "expm1",
            f64::exp_m1,
            2.5,
            &[(-40.0, 709.0), (-3.0, 3.0), (-1e-9, 1e-9)],
        ),
        (
            "log",
            f64::ln,
            2.0,
            &[(0.0, 1e300), (0.4, 2.5), (0.0, 1e-310)],
        ),
        (
            "log2",
            f64::log2,
            2.0,
            &[(0.0, 1e300), (0.4, 2.5), (0.0, 1e-310)],
        ),
        (
            "log10",
            f64::log10,
            2.0,
            &[(0.0, 1e300), (0.4, 2.5), (0.0, 1e-310)],
        ),
        (
            "log1p",
            f64::ln_1p,
            2.0,
            &[(-1.0, 1.0), (0.0, 1e20), (-1e-9, 1e-9)],
        ),
        (
            "sin",
            f64::sin,
            2.0,
            &[(-8.0, 8.0), (-1e6, 1e6), (-1e22, 1e22), (-1.7e308, 1.7e308)],
        ),
        (
            "cos",
            f64::cos,
            2.0,
            &[(-8.0, 8.0), (-1e6, 1e6), (-1e22, 1e22), (-1.7e308, 1.7e308)],
        ),
        (
            "tan",
            f64::tan,
            3.3,
            &[(-8.0, 8.0), (-1e6, 1e6), (-1e22, 1e22), (-1.7e308, 1.7e308)],
        ),
        (
            "asin",
            f64::asin,
            2.2,
            &[(-1.0, 1.0), (0.999, 1.0), (-1e-9, 1e-9)],
        ),
        (
            "acos",
            f64::acos,
            2.0,
            &[(-1.0, 1.0), (0.999, 1.0), (-1e-9, 1e-9)],
        ),
        (
            "atan",
            f64::atan,
            2.0,
            &[(-3.0, 3.0), (-1e9, 1e9), (-1e-9, 1e-9)],
        ),
        (
            "sinh",
            f64::sinh,
            4.0,
            &[(-710.0, 710.0), (-3.0, 3.0), (-1e-9, 1e-9)],
        ),
        ("cosh", f64::cosh, 3.0, &[(-710.0, 710.0), (-3.0, 3.0)]),
        (
            "tanh",
            f64::tanh,
            4.5,
            &[(-25.0, 25.0), (-1.0, 1.0), (-1e-9, 1e-9)],
        ),
        (
            "cbrt",
            f64::cbrt,
            1.6,
            &[(-9.0, 9.0), (-1e300, 1e300), (0.0, 1e-310)],
        ),
    ];
    let mut bits = Bits(12345);
    for (name, want, bound, ranges) in rows {
        for (low, high) in *ranges {
            let x: Vec<f64> = (0..POINTS).map(|_| bits.uniform(*low, *high)).collect();
            let got = call(function(name).unwrap(), &[&Elements::of(&x)]);
            let single: Vec<f32> = x.iter().map(|x| *x as f32).collect();
            let got_single = call(function(name).unwrap(), &[&Elements::of(&single)]);
            for i in 0..POINTS {
                let error = ulps(got.get::<f64>(i), want(x[i]));
                assert!(error <= *bound, "{name}({:?}): {error} ULP", x[i]);
                let exact = want(single[i] as f64);
                let error = (got_single.get::<f32>(i) as f64 - exact).abs();
                let unit = (f32::EPSILON as f64 * exact.abs()).max(f32::from_bits(1) as f64);
                let fine = error <= 0.51 * unit || got_single.get::<f32>(i) == exact as f32;
                assert!(fine || exact.is_nan(), "{name}({:?}f32)", single[i]);
            }
        }
    }
}

#[test]
fn powers_are_within_their_stated_error() {
    let mut bits = Bits(31);
    for (bases, exponents) in [
        ((0.0, 20.0), (-20.0, 20.0)),
        ((0.9, 1.1), (-7000.0, 7000.0)),
    ] {
        let x: Vec<f64> = (0..POINTS)
            .map(|_| bits.uniform(bases.0, bases.1))
            .collect();
        let y: Vec<f64> = (0..POINTS)
            .map(|_| bits.uniform(exponents.0, exponents.1))
            .collect();
        let got = call(
            function("pow").unwrap(),
            &[&Elements::of(&x), &Elements::of(&y)],
        );
        for i in 0..POINTS {
            let error = ulps(got.get::<f64>(i), x[i].powf(y[i]));
            assert!(error <= 2.0, "pow({:?}, {:?}): {error} ULP", x[i], y[i]);
        }
    }
    let (x, y): (Vec<f64>, Vec<f64>) = (-9..=9)
        .flat_map(|a| (0..=16).map(move |n| (a as f64, n as f64)))
        .unzip();
    let got = call(
        function("pow").unwrap(),
        &[&Elements::of(&x), &Elements::of(&y)],
    );
    for i in 0..x.len() {
        assert_eq!(
            got.get::<f64>(i),
            (x[i] as i64).pow(y[i] as u32) as f64,
            "{} {}",
            x[i],
            y[i]
        );
    }
}

/// The inverse hyperbolic functions of Rust are not accurate enough to compare with: their own
/// inverses are.
#[test]
fn inverse_hyperbolic_functions_invert() {
    let mut bits = Bits(99);
    let x: Vec<f64> = (0..POINTS).map(|_| bits.uniform(0.0, 3.0)).collect();
    let inputs = Elements::of(&x);
    for (forward, back, slack) in [
        ("sinh", "asinh", 1.0),
        ("cosh", "acosh", 1.0),
        ("tanh", "atanh", 100.0),
    ] {
        let there = call(function(forward).unwrap(), &[&inputs]);
        let again = call(function(back).unwrap(), &[&there]);
        for (i, x) in x.iter().enumerate() {
            let bound = slack * 1e-15 * (1.0 + 1.0 / x);
            assert!(
                (again.get::<f64>(i) - x).abs() <= bound * x.max(1.0),
                "{back}({forward}({x}))"
            );
        }
    }
}

#[test]
fn complex_functions_keep_their_identities() {
    let mut bits = Bits(4711);
    let z: Vec<Complex64> = (0..2000)
        .map(|_| Complex64::new(bits.uniform(-3.0, 3.0), bits.uniform(-3.0, 3.0)))
        .collect();
    let apply = |name: &str, z: &Elements| call(function(name).unwrap(), &[z]);
    let inputs = Elements::of(&z);
    for (first, second) in [
        ("log", "exp"),
        ("asin", "sin"),
        ("acos", "cos"),
        ("atan", "tan"),
        ("asinh", "sinh"),
        ("acosh", "cosh"),
        ("atanh", "tanh"),
        ("sqrt", "square"),
        ("log1p", "expm1"),
        ("log2", "exp2"),
    ] {
        let again = apply(second, &apply(first, &inputs));
        for (i, z) in z.iter().enumerate() {
            let got = again.get::<Complex64>(i);
            assert!(
                (got - z).norm() <= 1e-13 * z.norm(),
                "{second}({first}({z})) = {got}"
            );
        }
    }
}
