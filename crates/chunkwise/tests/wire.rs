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

/// The names of the functions on chunks that an array is made by.
fn functions(array: &Array, seen: &mut BTreeSet<&'static str>) {
    let mut pending = vec![array.expr().unwrap().clone()];
    while let Some(expr) = pending.pop() {
        if let chunkwise_expr::Kind::Call { call, .. } = expr.kind() {
            let (name, _) = call.function.plain().unwrap();
            seen.insert(name);
        }
        pending.extend(expr.inputs().into_iter().cloned());
    }
}

#[test]
fn every_function_of_the_library_on_chunks() {
    let random = Random::new(7);
    let x = random.standard_normal([6, 4], 3).unwrap();
    let square = x.transpose(&[1, 0]).unwrap().matmul(&x).unwrap();
    let definite = &square + &Array::eye(4, 4, 0, DType::F64, 2).unwrap() * 4.0;
    let b = random.standard_normal([4, 6], 2).unwrap();
    let tall = random.standard_normal([200_000, 3], 5000).unwrap();
    let long = random.standard_normal([1 << 21], 1 << 18).unwrap();
    let stack = random.standard_normal([5, 3, 2], 2).unwrap();
    let (q, r) = x.qr(QrMode::Reduced).unwrap();
    let (u, s, v) = stack.svd(false).unwrap();
    let (p, l, up) = x.lu().unwrap();
    let (w, vectors) = definite.eigh(false).unwrap();
    let (least, left, rank, values) = x
        .lstsq(&random.standard_normal([6], 2).unwrap(), None)
        .unwrap();
    let sorted = x.ravel().unwrap().sort(0, false).unwrap();
    let mask = x.greater(0.0).unwrap();
    let count = mask.sum(..).unwrap().compute().unwrap();
    let count = count.item::<i64>().unwrap() as usize;
    let rows = Array::arange(0.0, count as f64, 1.0, 3).unwrap();
    let order = x.argsort(1, false).unwrap();
    let picked = x.sum(1).unwrap().greater(0.0).unwrap();
    let wanted = [0.1, 0.5];
    let backward = fft::Norm::Backward;
    let mut made = vec![
        fft::fftn(&x, None, None, fft::Norm::Ortho).unwrap(),
        fft::ifft(&x, Some(9), 0, backward).unwrap(),
        fft::rfft(&x, Some(3), 1, backward).unwrap(),
        fft::irfft2(&x, None, [0, 1], backward).unwrap(),
        fft::hfft(&x, None, 0, fft::Norm::Forward).unwrap(),
        tall.qr(QrMode::Reduced).unwrap().0.sum(0).unwrap(),
        definite.cholesky(true).unwrap(),
        definite.solve(&b).unwrap(),
        definite.inv().unwrap(),
        definite.det().unwrap(),
        x.quantile(&wanted, 0, Method::Linear).unwrap(),
        x.nanquantile(&wanted, .., Method::Nearest).unwrap(),
        long.quantile(&wanted, .., Method::Hazen).unwrap(),
        long.multiply(100.0)
            .unwrap()
            .astype(DType::I16)
            .unwrap()
            .median(..)
            .unwrap(),
        sorted.searchsorted(&b, Side::Right).unwrap(),
        x.digitize(&[1.0, 0.0, -1.0], true).unwrap(),
        x.isin(&b, true).unwrap(),
        x.histogram(vec![-1.0, 0.0, 0.5], None, false).unwrap().0,
        x.unique(true).unwrap(),
        x.take_lazily(&picked.cumsum(0).unwrap().subtract(1).unwrap(), 0)
            .unwrap(),
        x.take_along_axis(&order, 1).unwrap(),
        x.assign(&[Part::Mask(mask)], &rows).unwrap(),
        x.compress(&picked, 0).unwrap().max(..).unwrap(),
    ];
    made.extend([
        q, r, u, s, v, p, l, up, w, vectors, least, left, rank, values,
    ]);
    let refs: Vec<&Array> = made.iter().collect();
    assert!(encode(&refs).unwrap().functions.is_empty());
    let back = again(&refs);
    let mut seen = BTreeSet::new();
    for (n, (a, b)) in made.iter().zip(&back).enumerate() {
        functions(b, &mut seen);
        same(&a.compute().unwrap(), &b.compute().unwrap()).unwrap_or_else(|e| panic!("{n}: {e}"));
    }
    let all = [
        "factorization",
        "fft",
        "in_order",
        "lookup",
        "not_empty",
        "quantile_digit",
        "quantile_found",
        "quantiles",
        "reflected",
        "take_along",
        "take_at",
    ];
    assert_eq!(seen, BTreeSet::from(all));
}

#[test]
fn equal_functions_on_equal_inputs_are_one() {
    let x = Random::new(7).standard_normal([6, 4], 3).unwrap();
    let id = |a: Result<Array>| a.unwrap().expr().unwrap().id();
    let sorted = Array::arange(0.0, 3.0, 1.0, 3).unwrap();
    let search = |side| id(sorted.searchsorted(&x, side));
    assert_eq!(search(Side::Left), search(Side::Left));
    assert_ne!(search(Side::Left), search(Side::Right));
    assert_ne!(id(x.median(0)), id(x.nanmedian(0)));
    let first = |norm| id(fft::fft(&x, None, 0, norm));
    assert_eq!(first(fft::Norm::Ortho), first(fft::Norm::Ortho));
    assert_ne!(first(fft::Norm::Ortho), first(fft::Norm::Forward));
    assert_ne!(
        id(fft::fft(&x, None, 0, fft::Norm::Ortho)),
        id(fft::ifft(&x, None, 0, fft::Norm::Ortho))
    );
}

#[test]
fn unknown_functions_and_wrong_parameters_are_errors() {
    let x = Random::new(7).standard_normal([6, 4], 3).unwrap();
    let sorted = Array::arange(0.0, 3.0, 1.0, 3).unwrap();
    let encoded = encode(&[&sorted.searchsorted(&x, Side::Right).unwrap()]).unwrap();
    let name = b"\x06lookup\x01\x01";
    let at = encoded.bytes.windows(name.len()).position(|w| w == name);
    let at = at.unwrap();
    let error = |place: usize, byte: u8| {
        let mut bytes = encoded.bytes.clone();
        bytes[at + place] = byte;
        let made = decode(&bytes, encoded.sources.clone(), vec![]);
        made.unwrap_err().to_string()
    };
    let unknown = error(1, b'c');
    assert!(
        unknown.contains("unknown function on chunks \"cookup\""),
        "{unknown}"
    );
    let wrong = error(8, 9);
    assert!(
        wrong.contains("[9] are no parameters of \"lookup\""),
        "{wrong}"
    );
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

#[test]
fn packed_arrays_bring_their_data() {
    let folder = std::env::temp_dir().join(format!("cw-packed-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let x = Random::new(5).integers(0, 100, [40, 30], 10).unwrap();
    let npy = folder.join("x.npy");
    x.to_npy(&npy).unwrap();
    let store = folder.join("x.zarr");
    let store = store.to_str().unwrap();
    x.to_zarr(store, &chunkwise::Layout::new(&[7, 8])).unwrap();
    let memory = x.persist().unwrap();
    let arrays = [
        memory.transpose(&[1, 0]).unwrap(),
        memory.get(chunkwise::s![..;2, ..]).unwrap(),
        memory.greater(50).unwrap(),
        Array::from_npy(&npy).unwrap().sum(0).unwrap(),
        Array::from_zarr(store).unwrap().subtract(&memory).unwrap(),
    ];
    let refs: Vec<&Array> = arrays.iter().collect();
    let bytes = wire::pack(&refs).unwrap();
    let back = wire::unpack(&bytes).unwrap();
    for (a, b) in arrays.iter().zip(&back) {
        let (a, b) = (a.compute().unwrap(), b.compute().unwrap());
        assert_eq!(a.shape(), b.shape());
        assert_eq!(a.view().as_bytes(), b.view().as_bytes());
    }
    for at in 0..bytes.len().min(200) {
        assert!(wire::unpack(&bytes[..at]).is_err(), "{at} bytes of it");
    }
    std::fs::remove_dir_all(&folder).unwrap();
    let gone = wire::unpack(&bytes).unwrap_err().to_string();
    assert!(gone.contains("x.npy"), "{gone}");
}

#[test]
fn functions_of_the_program_are_not_packed() {
    let x = Array::arange(0, 10, 1, 5).unwrap();
    let y = x
        .map_blocks(|c: ndarray::ArrayViewD<'_, i64>| c.to_owned())
        .unwrap();
    let error = wire::pack(&[&y]).unwrap_err().to_string();
    assert!(error.contains("functions of this program"), "{error}");
}
