//! Every transform against the sum that defines it.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::f64::consts::TAU;

use chunkwise_core::{Chunk, Complex32, Complex64, DType, Pool, Region};
use chunkwise_fft::{Kind, Norm, Transform};

const KINDS: [Kind; 4] = [
    Kind::Full { inverse: false },
    Kind::Full { inverse: true },
    Kind::Half,
    Kind::Real,
];

/// By the definition, in C order: the line continued to `n` elements, and its first `made` sums.
fn slow(kind: Kind, line: &[Complex64], n: usize, norm: Norm) -> Vec<Complex64> {
    let at = |j: usize| line.get(j).copied().unwrap_or_default();
    let (full, sign, made): (Vec<Complex64>, f64, usize) = match kind {
        Kind::Full { inverse } => (
            (0..n).map(at).collect(),
            if inverse { 1.0 } else { -1.0 },
            n,
        ),
        Kind::Half => ((0..n).map(at).collect(), -1.0, n / 2 + 1),
        Kind::Real => {
            let half = |j: usize| match j {
                0 => at(0).re.into(),
                j if 2 * j == n => at(j).re.into(),
                j if 2 * j < n => at(j),
                j => at(n - j).conj(),
            };
            ((0..n).map(half).collect(), 1.0, n)
        }
    };
    let inverse = sign > 0.0;
    (0..made)
        .map(|k| {
            let terms = full.iter().enumerate().map(|(j, z)| {
                let turn = sign * TAU * ((j * k) % n) as f64 / n as f64;
                z * Complex64::from_polar(1.0, turn)
            });
            terms.sum::<Complex64>() * norm.factor(n, inverse)
        })
        .collect()
}

/// Numbers without a pattern.
fn noise(n: usize) -> Vec<Complex64> {
    let mut state = 7u64;
    let mut next = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1);
        (state >> 11) as f64 / (1u64 << 53) as f64 - 0.5
    };
    (0..n).map(|_| Complex64::new(next(), next())).collect()
}

fn chunk(data: &[Complex64], dtype: DType, shape: &[usize]) -> Chunk {
    let all = data.iter();
    match dtype {
        DType::F32 => Chunk::from_owner(all.map(|z| z.re as f32).collect::<Vec<_>>(), shape),
        DType::F64 => Chunk::from_owner(all.map(|z| z.re).collect::<Vec<_>>(), shape),
        DType::C64 => {
            let single = |z: &Complex64| Complex32::new(z.re as f32, z.im as f32);
            Chunk::from_owner(all.map(single).collect::<Vec<_>>(), shape)
        }
        _ => Chunk::from_owner(data.to_vec(), shape),
    }
    .unwrap()
}

fn values(chunk: &Chunk) -> Vec<Complex64> {
    match chunk.dtype() {
        DType::F32 => chunk
            .to_vec::<f32>()
            .unwrap()
            .iter()
            .map(|x| Complex64::from(f64::from(*x)))
            .collect(),
        DType::F64 => chunk
            .to_vec::<f64>()
            .unwrap()
            .iter()
            .map(|x| Complex64::from(*x))
            .collect(),
        DType::C64 => {
            let wide = |z: &Complex32| Complex64::new(z.re.into(), z.im.into());
            chunk
                .to_vec::<Complex32>()
                .unwrap()
                .iter()
                .map(wide)
                .collect()
        }
        _ => chunk.to_vec::<Complex64>().unwrap(),
    }
}

fn check(kind: Kind, dtype: DType, shape: &[usize], axis: usize, n: usize, norm: Norm, part: bool) {
    let Ok(input) = kind.input(dtype) else {
        assert!(kind == Kind::Half && dtype.is_complex());
        return;
    };
    let transform = Transform::new(kind, dtype, n, axis, norm).unwrap();
    // Part of a larger chunk, whose rows are dense and not more.
    let mut given = if part {
        let larger: Vec<usize> = shape.iter().map(|d| d + 2).collect();
        let size = larger.iter().product();
        let region = Region::new(vec![1; shape.len()], shape);
        chunk(&noise(size), input, &larger).region(&region).unwrap()
    } else {
        chunk(&noise(shape.iter().product()), input, shape)
    };
    let before = values(&given);
    let made = transform.apply(&given, &Pool::new(1 << 30)).unwrap();
    assert_eq!(made.dtype(), transform.output());
    assert_eq!(made.shape()[axis], transform.made());
    let got = values(&made);
    given = given.clone();
    assert_eq!(values(&given), before, "the input is not touched");
    let inner: usize = shape[axis + 1..].iter().product();
    let outer: usize = shape[..axis].iter().product();
    let tolerance = if input.real() == DType::F32 {
        2e-5
    } else {
        1e-12
    } * (n as f64).sqrt();
    for o in 0..outer {
        for i in 0..inner {
            let line: Vec<Complex64> = (0..shape[axis])
                .map(|k| before[(o * shape[axis] + k) * inner + i])
                .collect();
            for (k, want) in slow(kind, &line, n, norm).iter().enumerate() {
                let got = got[(o * transform.made() + k) * inner + i];
                assert!(
                    (got - want).norm() <= tolerance,
                    "{transform:?} of {shape:?}: {got} instead of {want}"
                );
            }
        }
    }
}

#[test]
fn lines_of_every_length() {
    for kind in KINDS {
        for dtype in [DType::F32, DType::F64, DType::C64, DType::C128] {
            for n in (1..20).chain([30, 31, 64, 97, 128, 210, 222]) {
                for norm in [Norm::Backward, Norm::Ortho, Norm::Forward] {
                    let len = match kind {
                        Kind::Real => n / 2 + 1,
                        _ => n,
                    };
                    check(kind, dtype, &[2, len], 1, n, norm, false);
                }
            }
        }
    }
}

#[test]
fn any_axis_cut_and_continued() {
    for kind in KINDS {
        for dtype in [DType::F32, DType::C128] {
            for shape in [&[5, 6, 70][..], &[3, 9], &[40, 1], &[1, 2, 3, 4], &[7]] {
                for axis in 0..shape.len() {
                    for n in [1, 2, 3, 5, 8, 12] {
                        for part in [false, true] {
                            check(kind, dtype, shape, axis, n, Norm::Backward, part);
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn nothing_makes_nothing_and_wrong_input_is_refused() {
    let forward = Kind::Full { inverse: false };
    let transform = Transform::new(forward, DType::F64, 4, 1, Norm::Backward).unwrap();
    let pool = Pool::new(1 << 20);
    let none = Chunk::from_owner(Vec::<f64>::new(), &[0, 4]).unwrap();
    assert_eq!(transform.apply(&none, &pool).unwrap().shape(), [0, 4]);
    let zeros = Chunk::from_owner(Vec::<f64>::new(), &[2, 0]).unwrap();
    let made = transform.apply(&zeros, &pool).unwrap();
    assert_eq!(
        made.to_vec::<Complex64>().unwrap(),
        vec![Complex64::default(); 8]
    );
    let flat = Chunk::from_owner(vec![0.0; 4], &[4]).unwrap();
    assert!(transform.apply(&flat, &pool).is_err());
    let single = Chunk::from_owner(vec![0f32; 4], &[1, 4]).unwrap();
    assert!(transform.apply(&single, &pool).is_err());
    assert!(Transform::new(forward, DType::F64, 0, 0, Norm::Backward).is_err());
}

#[test]
fn not_a_number_stays_in_its_line() {
    let mut data = vec![1.0; 16];
    data[5] = f64::NAN;
    data[9] = f64::INFINITY;
    let lines = Chunk::from_owner(data, &[4, 4]).unwrap();
    let transform = Transform::new(KINDS[0], DType::F64, 4, 1, Norm::Backward).unwrap();
    let made = values(&transform.apply(&lines, &Pool::new(1 << 20)).unwrap());
    assert!(made[..4].iter().chain(&made[12..]).all(|z| z.is_finite()));
    assert!(made[4..12].iter().all(|z| !z.is_finite()));
}
