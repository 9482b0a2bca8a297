//! Expressions survive being bytes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod reference;
mod support;

use std::collections::BTreeSet;
use std::panic::catch_unwind;
use std::sync::Arc;

use chunkwise::wire::{decode, encode};
use chunkwise::*;
use support::compare::same;
use support::numbers::Numbers;
use support::programs::program;

/// The array through bytes, which must give the same bytes again.
fn again(arrays: &[&Array]) -> Vec<Array> {
    let first = encode(arrays).unwrap();
    let back = decode(&first.bytes, first.sources, first.functions).unwrap();
    let second = encode(&back.iter().collect::<Vec<_>>()).unwrap();
    assert_eq!(first.bytes, second.bytes);
    for (a, b) in arrays.iter().zip(&back) {
        assert_eq!((a.shape(), a.dtype()), (b.shape(), b.dtype()));
        assert_eq!(a.chunks(), b.chunks());
        assert_eq!(a.location(), b.location());
    }
    back
}

fn kinds(array: &Array, seen: &mut BTreeSet<String>) {
    let mut pending = vec![array.expr().unwrap().clone()];
    while let Some(expr) = pending.pop() {
        let text = format!("{:?}", expr.kind());
        seen.insert(
            text.split(|c: char| !c.is_alphanumeric())
                .next()
                .unwrap()
                .to_owned(),
        );
        pending.extend(expr.inputs().into_iter().cloned());
    }
}

#[test]
fn random_programs_compute_the_same_bits() {
    let session = Session::new(1, 1 << 30).unwrap();
    let mut seen = BTreeSet::new();
    for seed in 1..=support::setting("CHUNKWISE_PROGRAMS", 300) {
        let made = program(seed, 1 + seed as usize % 8);
        let arrays: Vec<&Array> = made.outputs.iter().map(|m| &m.array).collect();
        if arrays.iter().any(|a| a.check().is_err()) {
            continue;
        }
        arrays.iter().for_each(|a| kinds(a, &mut seen));
        let back = again(&arrays);
        let computed = session.compute(&arrays);
        let other = session.compute(&back.iter().collect::<Vec<_>>());
        match (computed, other) {
            (Ok(a), Ok(b)) => a
                .iter()
                .zip(&b)
                .try_for_each(|(a, b)| same(a, b))
                .unwrap_or_else(|e| panic!("seed {seed}: {e}\n{}", made.text)),
            (a, b) => assert_eq!(a.is_err(), b.is_err(), "seed {seed}"),
        }
    }
    for kind in [
        "Source", "Constant", "Index", "Random", "Map", "Cast", "View", "Reduce", "Scan",
        "Reshape", "Concat", "Take", "Compress", "Contract", "Rechunk", "Call",
    ] {
        assert!(seen.contains(kind), "no program has a {kind}: {seen:?}");
    }
}

#[test]
fn every_row_of_the_tables() {
    let x = Array::from_vec(vec![0.25, 0.5, 0.75, 1.0], [2, 2], 1).unwrap();
    let n = Array::from_vec(vec![1i64, 2, 3, 4], [2, 2], 1).unwrap();
    let mut arrays = Vec::new();
    for row in FUNCTIONS {
        for own in [&x, &n] {
            let arguments: Vec<Operand> = (0..row.arity).map(|_| Operand::from(own)).collect();
            arrays.extend(chunkwise::apply(row.name, &arguments).ok());
        }
    }
    assert!(arrays.len() > FUNCTIONS.len());
    arrays.push(n.sort(0, false).unwrap());
    arrays.push(x.argsort(-1, true).unwrap());
    let refs: Vec<&Array> = arrays.iter().collect();
    let back = again(&refs);
    for (a, b) in arrays.iter().zip(&back) {
        same(&a.compute().unwrap(), &b.compute().unwrap()).unwrap();
    }
}

#[test]
fn what_is_shared_is_written_once() {
    let x = Random::new(1).standard_normal([1000, 1000], 100).unwrap();
    let mut y = x.clone();
    for _ in 0..2000 {
        y = (&y + &y) * 0.5;
    }
    let encoded = encode(&[&y, &x]).unwrap();
    // About ten bytes of text and numbers for each of the 4000 operations and their constants.
    assert!(encoded.bytes.len() < 400_000, "{}", encoded.bytes.len());
    again(&[&y, &x]);
}

#[test]
fn attachments_are_numbered_and_must_be_there() {
    let data = Array::from_vec(vec![1.0, 2.0, 3.0], [3], 2).unwrap();
    let twice = data
        .map_blocks(|c: ndarray::ArrayViewD<f64>| c.mapv(|v| v * 2.0))
        .unwrap();
    let sum = (&twice + &data + &twice).check().unwrap().clone();
    let encoded = encode(&[&sum]).unwrap();
    assert_eq!((encoded.sources.len(), encoded.functions.len()), (1, 1));
    let other: Arc<dyn Source> = Arc::new(MemorySource::new(
        "other",
        Chunk::from_owner(vec![10.0, 20.0, 30.0], &[3]).unwrap(),
    ));
    let functions = encoded.functions.clone();
    let back = decode(&encoded.bytes, vec![other], functions.clone()).unwrap();
    let got = back[0].compute().unwrap().to_vec::<f64>().unwrap();
    assert_eq!(got, [50.0, 100.0, 150.0]);
    let error = decode(&encoded.bytes, vec![], functions).unwrap_err();
    assert!(error.to_string().contains("source 0 is missing"), "{error}");
    let error = decode(&encoded.bytes, encoded.sources, vec![]).unwrap_err();
    assert!(
        error.to_string().contains("function 0 is missing"),
        "{error}"
    );
}

#[test]
fn changed_bytes_are_errors_and_never_panics() {
    let mut numbers = Numbers::new(99);
    let mut refused = 0;
    for seed in 1..60 {
        let made = program(seed, 6);
        let arrays: Vec<&Array> = made.outputs.iter().map(|m| &m.array).collect();
        let Ok(encoded) = encode(&arrays) else {
            continue;
        };
        for round in 0..200 {
            let mut bytes = encoded.bytes.clone();
            if round % 5 == 0 {
                bytes.truncate(numbers.below(bytes.len()));
            }
            for _ in 0..1 + numbers.below(3) {
                if !bytes.is_empty() {
                    let at = numbers.below(bytes.len());
                    bytes[at] = numbers.next() as u8;
                }
            }
            let (sources, functions) = (encoded.sources.clone(), encoded.functions.clone());
            let outcome = catch_unwind(std::panic::AssertUnwindSafe(|| {
                decode(&bytes, sources, functions).is_err()
            }));
            match outcome {
                Ok(is_error) => refused += usize::from(is_error),
                Err(_) => panic!("seed {seed}, round {round}: panicked on {bytes:?}"),
            }
        }
    }
    assert!(refused > 5000, "{refused}");
    let error = decode(b"cw\xff", vec![], vec![]).unwrap_err().to_string();
    assert!(error.contains("version 255"), "{error}");
    let error = decode(b"", vec![], vec![]).unwrap_err().to_string();
    assert!(error.contains("not an expression"), "{error}");
}
