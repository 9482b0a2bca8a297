//! Special values against NumPy 2.4 (numpy_specials.txt).

use chunkwise_core::{Complex64, DType};

use super::{Elements, call};
use crate::elementwise::function;

/// Where NumPy's own result depends on the platform or is otherwise not the model.
fn is_free(name: &str, a: f64, b: f64) -> bool {
    match name {
        // Either zero is right.
        "maximum" | "minimum" | "fmax" | "fmin" => a == 0.0 && b == 0.0,
        // NumPy's formula overflows early, and has no value at infinity.
        "i0" => a.abs() > 709.0,
        _ => false,
    }
}

fn close(got: f64, want: f64, name: &str) -> bool {
    let tolerance = match name {
        "i0" => 4e-15,
        _ => 1e-15,
    };
    if want.is_nan() {
        return got.is_nan();
    }
    got.to_bits() == want.to_bits()
        || (want != 0.0 && want.is_finite() && (got - want).abs() <= tolerance * want.abs())
        || (want != 0.0 && (got - want).abs() <= 5e-324)
}

#[test]
fn special_values_are_those_of_numpy() {
    let mut lines = include_str!("numpy_specials.txt").lines();
    let mut values = || -> Vec<f64> {
        let line = lines.next().unwrap().trim_start_matches("# ");
        line.split(' ').map(|s| s.parse().unwrap()).collect()
    };
    let (unary, binary) = (values(), values());
    let mut wrong = Vec::new();
    for line in lines {
        let (name, want) = line.split_once(' ').unwrap();
        let f = function(name).unwrap();
        let (a, b): (Vec<f64>, Vec<f64>) = match f.arity {
            1 => (unary.clone(), unary.clone()),
            _ => binary
                .iter()
                .flat_map(|a| binary.iter().map(move |b| (*a, *b)))
                .unzip(),
        };
        let (x, y) = (Elements::of(&a), Elements::of(&b));
        let out = match f.resolve(&vec![DType::F64; f.arity]).unwrap().inputs[0] {
            DType::Bool => {
                let truth =
                    |v: &[f64]| Elements::of(&v.iter().map(|x| *x != 0.0).collect::<Vec<_>>());
                let (x, y) = (truth(&a), truth(&b));
                call(f, &[&x, &y][..f.arity])
            }
            _ => call(f, &[&x, &y][..f.arity]),
        };
        for (i, want) in want.split(' ').enumerate() {
            let (ok, got) = if out.dtype == DType::Bool {
                let got = out.get::<bool>(i);
                (got == (want == "true"), got.to_string())
            } else {
                let got = out.get::<f64>(i);
                (close(got, want.parse().unwrap(), name), format!("{got:?}"))
            };
            if !ok && !is_free(name, a[i], b[i]) {
                let args = if f.arity == 1 {
                    format!("{:?}", a[i])
                } else {
                    format!("{:?}, {:?}", a[i], b[i])
                };
                wrong.push(format!("{name}({args}) = {got}, NumPy {want}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn complex_special_values_are_those_of_the_array_standard() {
    const INF: f64 = f64::INFINITY;
    const NAN: f64 = f64::NAN;
    // (function, argument, result): https://data-apis.org/array-api, the special cases of each. The
    // sign of a zero is compared, but for those that the standard leaves open.
    let cases = [
        ("expm1", (-INF, INF), (-1.0, 0.0)),
        ("expm1", (-INF, NAN), (-1.0, 0.0)),
        ("expm1", (INF, INF), (INF, NAN)),
        ("expm1", (INF, NAN), (INF, NAN)),
        ("expm1", (INF, 0.0), (INF, 0.0)),
        ("expm1", (NAN, 0.0), (NAN, 0.0)),
        ("expm1", (1.0, INF), (NAN, NAN)),
        ("expm1", (-0.0, 0.0), (0.0, 0.0)),
        ("tanh", (30.0, INF), (NAN, NAN)),
        ("tanh", (1.0, NAN), (NAN, NAN)),
        ("tanh", (0.0, INF), (0.0, NAN)),
        ("tanh", (INF, 3.0), (1.0, 0.0)),
        ("tanh", (INF, -3.0), (1.0, -0.0)),
        ("tanh", (INF, INF), (1.0, 0.0)),
        ("tanh", (NAN, 0.0), (NAN, 0.0)),
        ("tanh", (NAN, 1.0), (NAN, NAN)),
    ];
    for (name, (re, im), want) in cases {
        let z = Elements::of(&[Complex64::new(re, im)]);
        let got = call(function(name).unwrap(), &[&z]).get::<Complex64>(0);
        let same = |a: f64, b: f64| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
        assert!(
            same(got.re, want.0) && same(got.im, want.1),
            "{name}({re}, {im}): {got:?} instead of {want:?}"
        );
    }
}
