//! Samples against the distributions they are said to have; seeds are fixed, so a pass stays one.

use super::super::normal::{LARGEST, LARGEST_F32};
use super::statistics::*;
use super::*;

const LEAST_P: f64 = 1e-6;
/// Standard errors that are exceeded with chance 1e-6.
const MOST_Z: f64 = 4.9;
const N: usize = 500_000;

fn floats(sampler: &Sampler, n: usize) -> Vec<f64> {
    match sampler.dtype() {
        DType::F64 => sampler.sample::<f64>(1, n).unwrap(),
        _ => sampler
            .sample::<f32>(1, n)
            .unwrap()
            .into_iter()
            .map(f64::from)
            .collect(),
    }
}

fn both() -> [Generator; 2] {
    [Generator::Ars7, Generator::Philox4x32]
}

fn check_continuous(
    distribution: Distribution,
    dtypes: &[DType],
    (mean, variance): (f64, f64),
    cdf: impl Fn(f64) -> f64,
) {
    for generator in both() {
        for dtype in dtypes {
            let sampler = Sampler::new(&spec(generator, distribution.clone(), *dtype)).unwrap();
            let values = floats(&sampler, N);
            let (m, v) = moments_z(&values, mean, variance);
            assert!(
                m.abs() < MOST_Z && v.abs() < MOST_Z,
                "{distribution:?} {dtype}: {m} {v}"
            );
            let p = ks_p(values, &cdf);
            assert!(
                p > LEAST_P,
                "{generator:?} {distribution:?} {dtype}: p = {p:e}"
            );
        }
    }
}

#[test]
fn uniform() {
    for (low, high) in [(0.0, 1.0), (-5.0, 7.0), (1e-3, 1.001), (0.0, 1e-20)] {
        let distribution = Distribution::Uniform { low, high };
        let moments = ((low + high) / 2.0, (high - low) * (high - low) / 12.0);
        let cdf = |x: f64| (x - low) / (high - low);
        check_continuous(distribution, &[DType::F64], moments, cdf);
    }
    let distribution = Distribution::Uniform {
        low: -2.0,
        high: 6.0,
    };
    check_continuous(distribution, &[DType::F32], (2.0, 64.0 / 12.0), |x| {
        (x + 2.0) / 8.0
    });
}

// Rounding `low + u * range` may reach `high`; few representable values make it likely.
#[test]
fn uniform_stays_below_high() {
    let (low, high) = (1.0, 1.0 + 4.0 * f64::EPSILON);
    let values = floats(
        &sampler(Distribution::Uniform { low, high }, DType::F64),
        10_000,
    );
    assert!(values.iter().all(|x| (low..high).contains(x)));
    let high = 1.0 + 4.0 * f64::from(f32::EPSILON);
    let values = floats(
        &sampler(Distribution::Uniform { low, high }, DType::F32),
        10_000,
    );
    assert!(values.iter().all(|x| (low..high).contains(x)));
}

#[test]
fn normal() {
    for (mean, std) in [(0.0, 1.0), (-3.0, 0.5), (100.0, 20.0)] {
        let distribution = Distribution::Normal { mean, std };
        let cdf = |x: f64| normal_cdf((x - mean) / std);
        check_continuous(
            distribution,
            &[DType::F64, DType::F32],
            (mean, std * std),
            cdf,
        );
    }
    let constant = sampler(
        Distribution::Normal {
            mean: 2.5,
            std: 0.0,
        },
        DType::F64,
    );
    assert_eq!(floats(&constant, 9), [2.5; 9]);
}

#[test]
fn normal_tails_are_full() {
    for dtype in [DType::F64, DType::F32] {
        let n = 4_000_000;
        let values = floats(
            &sampler(
                Distribution::Normal {
                    mean: 0.0,
                    std: 1.0,
                },
                dtype,
            ),
            n,
        );
        for z in [3.0, 3.5, 4.0, 4.5] {
            let expected = n as f64 * two_sided(z);
            let seen = values.iter().filter(|x| x.abs() > z).count() as f64;
            assert!(
                (seen - expected).abs() < MOST_Z * expected.sqrt(),
                "{z}: {seen} {expected}"
            );
        }
    }
}

// The transform itself, word by word, against the platform's functions and its extremes.
#[test]
fn normal_is_box_muller_of_its_words() {
    use super::super::normal::{normal32, normal64};
    let words = sampler(Distribution::Bits, DType::U64)
        .sample::<u64>(0, 20_000)
        .unwrap();
    let mut z = words.clone();
    // SAFETY: as many words as twice the pairs.
    unsafe { normal64(z.as_mut_ptr(), 10_000, 0.0, 1.0) };
    for (w, z) in words.chunks(2).zip(z.chunks(2)) {
        let u = 1.0 - (w[0] >> 12) as f64 * 2f64.powi(-52);
        let t = (w[1] << 2 >> 12) as f64 * 2f64.powi(-52) - 0.5;
        let angle = ((w[1] >> 62) as f64 + t) * std::f64::consts::FRAC_PI_2;
        let r = (-2.0 * u.ln()).sqrt();
        for (got, want) in z.iter().zip([r * angle.cos(), r * angle.sin()]) {
            assert!((f64::from_bits(*got) - want).abs() < 4e-15, "{want}");
        }
    }
    let mut most = [!0, 1u64 << 61, 0, 0];
    // SAFETY: two pairs.
    unsafe { normal64(most.as_mut_ptr(), 2, 0.0, 1.0) };
    let most = most.map(f64::from_bits);
    assert!(
        (most[0] - LARGEST).abs() < 1e-4 && most[1].abs() < 1e-12,
        "{most:?}"
    );
    assert!(most[2] == 0.0 && most[3] == 0.0, "{most:?}");
    let mut most = [0u32, 0, !0, 0];
    // SAFETY: two pairs.
    unsafe { normal32(most.as_mut_ptr(), 2, 0.0, 1.0) };
    let most = most.map(f32::from_bits);
    assert!((f64::from(most[0]) - LARGEST_F32).abs() < 1e-4, "{most:?}");
    assert!(most[2].abs() < 1e-3, "{most:?}");
}

#[test]
fn exponential() {
    for scale in [1.0, 0.01, 1e6] {
        let distribution = Distribution::Exponential { scale };
        let cdf = |x: f64| -(-x / scale).exp_m1();
        check_continuous(
            distribution,
            &[DType::F64, DType::F32],
            (scale, scale * scale),
            cdf,
        );
    }
    let values = floats(
        &sampler(Distribution::Exponential { scale: 1.0 }, DType::F64),
        N,
    );
    assert!(values.iter().all(|x| *x >= 0.0 && x.is_finite()));
}

fn check_counts(distribution: Distribution, pmf: &[f64]) {
    for generator in both() {
        let sampler = Sampler::new(&spec(generator, distribution.clone(), DType::I64)).unwrap();
        let p = counts_p(&sampler.sample::<i64>(0, N).unwrap(), pmf);
        assert!(p > LEAST_P, "{generator:?} {distribution:?}: p = {p:e}");
    }
}

/// Values far above the table's mean, against the normal distribution that they approach.
fn check_large(distribution: Distribution, mean: f64, variance: f64) {
    let sampler = sampler(distribution.clone(), DType::I64);
    let values: Vec<f64> = sampler
        .sample::<i64>(0, 100_000)
        .unwrap()
        .iter()
        .map(|k| *k as f64)
        .collect();
    let (m, v) = moments_z(&values, mean, variance);
    assert!(
        m.abs() < MOST_Z && v.abs() < MOST_Z,
        "{distribution:?}: {m} {v}"
    );
    let p = ks_p(values, |x| normal_cdf((x + 0.5 - mean) / variance.sqrt()));
    assert!(p > LEAST_P, "{distribution:?}: p = {p:e}");
}

/// `ln(k!)` for `k` up to `n`, summed up.
fn ln_factorials(n: usize) -> Vec<f64> {
    let mut sum = 0.0;
    (0..=n)
        .map(|k| {
            sum += (k.max(1) as f64).ln();
            sum
        })
        .collect()
}

#[test]
fn poisson() {
    for rate in [0.01, 1.0, 9.5, 127.0, 129.0, 150.0, 1000.0, 20_000.0f64] {
        let most = (rate + 12.0 * rate.sqrt() + 40.0) as usize;
        let facts = ln_factorials(most);
        let pmf: Vec<f64> = (0..=most)
            .map(|k| (k as f64 * rate.ln() - rate - facts[k]).exp())
            .collect();
        check_counts(Distribution::Poisson { rate }, &pmf);
    }
    for rate in [1e7, 1e9, 1e15] {
        check_large(Distribution::Poisson { rate }, rate, rate);
    }
    let none = sampler(Distribution::Poisson { rate: 0.0 }, DType::I64);
    assert_eq!(none.sample::<i64>(0, 100).unwrap(), [0; 100]);
}

#[test]
fn binomial() {
    for (n, p) in [
        (1, 0.5),
        (10, 0.3),
        (10, 0.93),
        (300, 0.4),
        (300, 0.5),
        (500, 0.3),
        (1000, 0.7),
        (20_000, 0.02),
        (20_000, 0.0001),
    ] {
        let facts = ln_factorials(n);
        let pmf: Vec<f64> = (0..=n)
            .map(|k| {
                let ways = facts[n] - facts[k] - facts[n - k];
                (ways + k as f64 * f64::ln(p) + (n - k) as f64 * f64::ln_1p(-p)).exp()
            })
            .collect();
        check_counts(Distribution::Binomial { n: n as u64, p }, &pmf);
    }
    for (n, p) in [
        (1u64 << 40, 0.25),
        (1 << 53, 0.5),
        (1 << 53, 1e-8),
        (1 << 40, 0.9),
    ] {
        let mean = n as f64 * p;
        check_large(Distribution::Binomial { n, p }, mean, mean * (1.0 - p));
    }
    // Rare events among very many trials are Poisson events.
    let facts = ln_factorials(60);
    let rate = (1u64 << 53) as f64 * 1e-15;
    let pmf: Vec<f64> = (0..=60)
        .map(|k| (k as f64 * rate.ln() - rate - facts[k]).exp())
        .collect();
    check_counts(
        Distribution::Binomial {
            n: 1 << 53,
            p: 1e-15,
        },
        &pmf,
    );
    for (n, p, all) in [
        (0, 0.5, 0),
        (7, 0.0, 0),
        (7, 1.0, 7),
        (1 << 53, 1.0, 1 << 53),
    ] {
        let sampler = sampler(Distribution::Binomial { n, p }, DType::I64);
        assert_eq!(sampler.sample::<i64>(0, 50).unwrap(), [all; 50]);
    }
}

#[test]
fn bernoulli() {
    for p in [0.0, 1.0, 0.5, 0.001] {
        let hits = sampler(Distribution::Bernoulli { p }, DType::Bool)
            .sample::<bool>(0, N)
            .unwrap();
        let seen = hits.iter().filter(|b| **b).count() as f64;
        let (expected, variance) = (N as f64 * p, N as f64 * p * (1.0 - p));
        assert!(
            (seen - expected).abs() <= MOST_Z * variance.sqrt(),
            "{p}: {seen}"
        );
    }
}

#[test]
fn choice() {
    for n in [1, 2, 7, 1000u64] {
        let pmf = vec![1.0 / n as f64; n as usize];
        check_counts(
            Distribution::Choice {
                n,
                cumulative: None,
            },
            &pmf,
        );
    }
    let weights: [&[f64]; 4] = [
        &[1.0],
        &[0.0, 0.25, 0.0, 0.0, 0.75, 0.0],
        &[0.999, 0.0005, 0.0005],
        &[1e-9, 0.5, 0.2, 0.1, 0.1, 0.1 - 1e-9],
    ];
    for w in weights {
        let cumulative = w.iter().scan(0.0, |sum, x| {
            *sum += x;
            Some(*sum)
        });
        let cumulative = Some(cumulative.collect());
        let distribution = Distribution::Choice {
            n: w.len() as u64,
            cumulative,
        };
        let values = sampler(distribution.clone(), DType::I64)
            .sample::<i64>(0, N)
            .unwrap();
        assert!(
            values.iter().all(|v| w[*v as usize] > 0.0),
            "a weight of 0 was chosen"
        );
        check_counts(distribution, w);
    }
}

#[test]
fn integers() {
    for n in [1, 2, 10, 256, 1000] {
        let pmf = vec![1.0 / n as f64; n];
        check_counts(
            Distribution::Integers {
                low: 0,
                high: n as i128,
            },
            &pmf,
        );
    }
    // The upper digits of wide ranges, in cells.
    for (low, high) in [
        (0, 1i128 << 32),
        (-(1 << 63), 1 << 63),
        (5, 3 << 61),
        (-9, (1 << 33) + 1),
    ] {
        let sampler = sampler(Distribution::Integers { low, high }, DType::I64);
        let values = sampler.sample::<i64>(0, N).unwrap();
        assert!(values.iter().all(|v| (low..high).contains(&i128::from(*v))));
        let cells: Vec<i64> = values
            .iter()
            .map(|v| ((i128::from(*v) - low) * 100 / (high - low)) as i64)
            .collect();
        let p = counts_p(&cells, &[0.01; 100]);
        assert!(p > LEAST_P, "{low}..{high}: p = {p:e}");
    }
    let bytes = sampler(
        Distribution::Integers {
            low: -128,
            high: 128,
        },
        DType::I8,
    );
    let values: Vec<i64> = bytes
        .sample::<i8>(0, N)
        .unwrap()
        .iter()
        .map(|v| i64::from(*v) + 128)
        .collect();
    assert!(counts_p(&values, &[1.0 / 256.0; 256]) > LEAST_P);
    let words = sampler(
        Distribution::Integers {
            low: 0,
            high: 1 << 64,
        },
        DType::U64,
    );
    let values: Vec<i64> = words
        .sample::<u64>(0, N)
        .unwrap()
        .iter()
        .map(|v| (v >> 57) as i64)
        .collect();
    assert!(counts_p(&values, &[1.0 / 128.0; 128]) > LEAST_P);
}

#[test]
fn neighbours_are_uncorrelated() {
    let n = 100_000;
    let values = |generator, seed, stream, from: u64| -> Vec<f64> {
        let distribution = Distribution::Uniform {
            low: -0.5,
            high: 0.5,
        };
        let spec = RandomSpec {
            generator,
            seed,
            stream,
            distribution,
            dtype: DType::F64,
        };
        Sampler::new(&spec).unwrap().sample(from, n).unwrap()
    };
    let z = |a: &[f64], b: &[f64]| {
        let sum: f64 = a.iter().zip(b).map(|(x, y)| 12.0 * x * y).sum();
        sum / (n as f64).sqrt()
    };
    for generator in both() {
        let base = values(generator, 1, 1, 0);
        for (seed, stream) in [
            (2, 1),
            (1, 2),
            (0, 1),
            (1, 0),
            (2, 2),
            (3, 1),
            (1 | 1 << 63, 1),
            (1, 1 | 1 << 63),
        ] {
            let z = z(&base, &values(generator, seed, stream, 0));
            assert!(z.abs() < MOST_Z, "{generator:?} {seed} {stream}: {z}");
        }
        for lag in [1, 2, 3, 4, 8, 64, 1024] {
            let z = z(&base, &values(generator, 1, 1, lag));
            assert!(z.abs() < MOST_Z, "{generator:?} lag {lag}: {z}");
        }
    }
}
