//! The dtype rules against those of NumPy 2.4, `float16` read as `float32` (numpy_dtypes.txt).

use chunkwise_core::DType;

use crate::elementwise::{FUNCTIONS, function};

fn letter(d: Option<DType>) -> char {
    let at = d.and_then(|d| DType::ALL.iter().position(|e| *e == d));
    at.map_or('.', |i| char::from(b"?bhilBHILfdFD"[i]))
}

#[test]
fn results_have_the_dtypes_of_numpy() {
    let mut wrong = Vec::new();
    for line in include_str!("numpy_dtypes.txt").lines() {
        let (name, table) = line.split_once(' ').unwrap();
        let f = function(name).unwrap();
        for (a, row) in DType::ALL.iter().zip(table.split(',').cycle()) {
            for (b, want) in DType::ALL.iter().zip(row.chars()) {
                let args = if f.arity == 1 { vec![*b] } else { vec![*a, *b] };
                let got = letter(f.resolve(&args).ok().map(|r| r.output));
                if got != want {
                    wrong.push(format!("{name} {args:?}: {got}, NumPy {want}"));
                }
            }
        }
    }
    wrong.dedup();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn three_arguments() {
    use DType::*;
    let clip = function("clip").unwrap().resolve(&[I8, U8, F32]).unwrap();
    assert_eq!(
        (clip.inputs.as_slice(), clip.output),
        ([F32; 3].as_slice(), F32)
    );
    let choose = function("where").unwrap().resolve(&[F64, I8, U8]).unwrap();
    assert_eq!(
        (choose.inputs.as_slice(), choose.output),
        ([Bool, I16, I16].as_slice(), I16)
    );
}

#[test]
fn names_are_unique_and_sorted() {
    for pair in FUNCTIONS.windows(2) {
        assert!(pair[0].name < pair[1].name, "{:?} {:?}", pair[0], pair[1]);
    }
    assert!(function("add").unwrap().resolve(&[DType::F64]).is_err());
}

#[test]
fn what_resolves_has_a_kernel() {
    for f in FUNCTIONS {
        for d in DType::ALL {
            let args = vec![d; f.arity];
            let ruled = (f.rule)(&args).is_some();
            assert_eq!(ruled, f.resolve(&args).is_ok(), "{f:?} {d}");
        }
    }
}
