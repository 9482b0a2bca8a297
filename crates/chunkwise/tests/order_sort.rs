//! Sorts against a plain stable sort: dtypes, axes, cuts, ties, NaN, the memory limit.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "support/compare.rs"]
#[allow(dead_code, reason = "a part is used")]
mod compare;

use std::cmp::Ordering;

use chunkwise::*;

/// Where NumPy holds one element smaller than another: NaN last, complex numbers part by part, those
/// with NaN by which part is.
fn order(a: &Scalar, b: &Scalar) -> Ordering {
    let real = |x: f64, y: f64| match (x.is_nan(), y.is_nan()) {
        (false, false) => x.partial_cmp(&y).unwrap(),
        (x, y) => x.cmp(&y),
    };
    match (a, b) {
        (Scalar::Int(a), Scalar::Int(b)) => a.cmp(b),
        (Scalar::Bool(a), Scalar::Bool(b)) => a.cmp(b),
        (Scalar::Float(a), Scalar::Float(b)) => real(*a, *b),
        (Scalar::Complex(a), Scalar::Complex(b)) => {
            let class = |z: &Complex64| (z.re.is_nan(), z.im.is_nan());
            (class(a).cmp(&class(b)))
                .then(real(a.re, b.re))
                .then(real(a.im, b.im))
        }
        _ => panic!("{a:?} and {b:?}"),
    }
}

/// Numbers without order, few of them different where `few`.
fn numbers(n: usize, few: u64, seed: u64) -> Vec<u64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % few
    };
    std::iter::repeat_with(next).take(n).collect()
}

/// An element of a dtype for a number; floats among them NaN, infinities and zeros of both signs.
fn element(dtype: DType, n: u64) -> Scalar {
    let float = |n: u64| match n % 11 {
        0 => f64::NAN,
        1 => -0.0,
        2 => 0.0,
        3 => f64::INFINITY,
        4 => f64::NEG_INFINITY,
        5 => -f64::NAN,
        _ => (n as f64 - 40.0) * 0.75,
    };
    match dtype {
        DType::Bool => (n % 2 == 1).into(),
        d if d.is_complex() => Complex64::new(float(n / 13), float(n)).into(),
        d if d.is_float() => float(n).into(),
        DType::I8 | DType::I16 | DType::I32 | DType::I64 => Scalar::Int(n as i128 - 60),
        _ => Scalar::Int(n as i128),
    }
}

const DTYPES: [DType; 13] = [
    DType::Bool,
    DType::I8,
    DType::I16,
    DType::I32,
    DType::I64,
    DType::U8,
    DType::U16,
    DType::U32,
    DType::U64,
    DType::F32,
    DType::F64,
    DType::C64,
    DType::C128,
];

fn chunk(dtype: DType, shape: &[usize], numbers: &[u64]) -> Chunk {
    chunkwise_core::dispatch!(all dtype, T => {
        let data: Vec<T> = numbers
            .iter()
            .map(|n| T::from_scalar(element(dtype, *n)))
            .collect();
        Chunk::from_owner(data, shape).unwrap()
    })
}

/// A chunk with each lane along `axis` sorted, and where its elements stood.
fn expected(data: &Chunk, axis: usize, descending: bool) -> (Chunk, Chunk) {
    let shape = data.shape().to_vec();
    let inner: usize = shape[axis + 1..].iter().product();
    let outer: usize = shape[..axis].iter().product();
    let len = shape[axis];
    chunkwise_core::dispatch!(all data.dtype(), T => {
        let values = data.to_vec::<T>().unwrap();
        let (mut sorted, mut places) = (values.clone(), vec![0i64; values.len()]);
        for o in 0..outer {
            for i in 0..inner {
                let at = |k: usize| (o * len + k) * inner + i;
                let mut lane: Vec<usize> = (0..len).collect();
                lane.sort_by(|a, b| {
                    let of = |k: usize| values[at(k)].to_scalar();
                    let ordering = order(&of(*a), &of(*b));
                    if descending { ordering.reverse() } else { ordering }
                });
                for (k, from) in lane.iter().enumerate() {
                    sorted[at(k)] = values[at(*from)];
                    places[at(k)] = *from as i64;
                }
            }
        }
        (
            Chunk::from_owner(sorted, &shape).unwrap(),
            Chunk::from_owner(places, &shape).unwrap(),
        )
    })
}

fn check(data: &Chunk, chunks: usize, sessions: &[Session]) {
    let x = Array::from_chunk(data.clone(), chunks).unwrap();
    for axis in 0..data.shape().len() {
        for descending in [false, true] {
            let (values, places) = expected(data, axis, descending);
            let sorted = x.sort(axis as isize, descending).unwrap();
            let positions = x.argsort(axis as isize, descending).unwrap();
            for session in sessions {
                let what = format!(
                    "{} {:?} axis {axis} descending {descending} {session:?}",
                    data.dtype(),
                    data.shape()
                );
                let got = session.compute(&[&sorted, &positions]).unwrap();
                if let Err(e) = compare::same(&got[0], &values) {
                    panic!("sort of {what}: {e}");
                }
                if let Err(e) = compare::same(&got[1], &places) {
                    panic!("argsort of {what}: {e}");
                }
            }
        }
    }
}

fn sessions() -> Vec<Session> {
    let session = |threads| Session::new(threads, 1 << 28).unwrap();
    vec![
        session(1),
        session(3).with_grain(50),
        session(2).with_grain(7),
    ]
}

#[test]
fn every_dtype_along_every_axis() {
    let sessions = sessions();
    for dtype in DTYPES {
        for few in [3, 150] {
            for shape in [&[41][..], &[6, 35], &[3, 20, 4]] {
                let n = shape.iter().product();
                let data = chunk(dtype, shape, &numbers(n, few, n as u64));
                check(&data, 7, &sessions);
            }
        }
    }
}

#[test]
fn small_shapes() {
    let sessions = sessions();
    for shape in [&[0][..], &[1], &[2], &[0, 3], &[3, 0], &[1, 1]] {
        let n = shape.iter().product();
        check(&chunk(DType::F64, shape, &numbers(n, 90, 5)), 2, &sessions);
    }
}

#[test]
fn long_lanes_of_equal_and_of_sorted_elements() {
    let sessions = sessions();
    let n = 2000u64;
    let cases: [Vec<u64>; 4] = [
        vec![7; n as usize],
        (0..n).collect(),
        (0..n).rev().collect(),
        (0..n).map(|i| i % 5 + 6).collect(),
    ];
    for numbers in cases {
        check(
            &chunk(DType::I64, &[n as usize], &numbers),
            300,
            &sessions[1..2],
        );
        check(
            &chunk(DType::F32, &[n as usize], &numbers),
            300,
            &sessions[1..2],
        );
    }
}

#[test]
fn what_is_not_asked_for_is_not_sorted() {
    let x = Random::new(1).uniform(0.0, 1.0, [1000, 500], 100).unwrap();
    let some = x.sort(0, false).unwrap().get(s![.., 3..5]).unwrap();
    let text = some.explain().unwrap();
    assert!(text.contains("over [1000, 2]"), "{text}");
}

#[test]
fn scratch_files_change_nothing() {
    let n = 300_000;
    let x = Random::new(3).uniform(0.0, 1.0, [n], 1000).unwrap();
    let (sorted, places) = (x.sort(0, false).unwrap(), x.argsort(0, false).unwrap());
    let roomy = Session::new(2, 1 << 28).unwrap();
    let want = roomy.compute(&[&sorted, &places]).unwrap();
    let (values, at) = (&want[0], want[1].to_vec::<i64>().unwrap());
    assert!(values.as_slice::<f64>().unwrap().is_sorted());
    let mut seen = vec![false; n];
    at.iter().for_each(|p| seen[*p as usize] = true);
    assert!(seen.iter().all(|s| *s));
    // The result is 2.4 MB; runs of as much, or of twice that, do not fit beside it.
    for threads in [1, 3] {
        for (array, want, limit) in [
            (&sorted, &want[0], 4_500_000),
            (&places, &want[1], 6_500_000),
        ] {
            let tight = Session::new(threads, limit).unwrap();
            let got = tight.compute(&[array]).unwrap();
            compare::same(&got[0], want).unwrap();
            let (used, peak) = tight.memory_used();
            assert!(used > 0 && peak <= tight.memory_limit(), "{peak}");
        }
    }
}

#[test]
fn mistakes() {
    let x = Array::ones([3, 4], DType::F64, 2).unwrap();
    assert!(x.sort(2, false).is_err());
    assert!(x.argsort(-3, true).is_err());
    let none = Array::ones([], DType::F64, 1).unwrap();
    assert!(none.sort(-1, false).is_err());
    let some = x.mask(&x.greater(0.0).unwrap()).unwrap();
    let error = some.sort(0, false).unwrap_err().to_string();
    assert!(error.contains("known only after computing"), "{error}");
}
