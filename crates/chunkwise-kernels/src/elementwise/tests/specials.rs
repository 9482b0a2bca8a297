//! Special values against NumPy 2.4 (numpy_specials.txt).

use chunkwise_core::DType;

use super::{Elements, call};
use crate::elementwise::function;

/// Where NumPy's own result depends on the platform or is otherwise not the model.
fn is_free(name: &str, a: f64, b: f64) -> bool {
    match name {
        // Either zero is right.
        "maximum" | "minimum" | "fmax" | "fmin" => a == 0.0 && b == 0.0,
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
                (close(got, want.parse().unwrap(), name), got.to_string())
            };
            if !ok && !is_free(name, a[i], b[i]) {
                let args = if f.arity == 1 {
                    format!("{}", a[i])
                } else {
                    format!("{}, {}", a[i], b[i])
                };
                wrong.push(format!("{name}({args}) = {got}, NumPy {want}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
