mod distribution;
mod format;
mod invariance;
mod permutation;
mod statistics;
mod validation;
mod variates;

use chunkwise_core::DType;

use super::{Distribution, Generator, RandomSpec, Sampler};

fn spec(generator: Generator, distribution: Distribution, dtype: DType) -> RandomSpec {
    RandomSpec {
        generator,
        seed: 2026,
        stream: 3,
        distribution,
        dtype,
    }
}

fn sampler(distribution: Distribution, dtype: DType) -> Sampler {
    Sampler::new(&spec(Generator::Ars7, distribution, dtype)).unwrap()
}

/// One of each way of making values.
fn cases() -> Vec<(Distribution, DType)> {
    use DType::*;
    use Distribution::*;
    let weights = [0.1, 0.1, 0.35, 0.35, 0.9, 1.0];
    vec![
        (Bits, U32),
        (Bits, U64),
        (
            Uniform {
                low: 0.0,
                high: 1.0,
            },
            F64,
        ),
        (
            Uniform {
                low: -3.5,
                high: 2.25,
            },
            F64,
        ),
        (
            Uniform {
                low: -3.5,
                high: 2.25,
            },
            F32,
        ),
        (
            Normal {
                mean: 0.0,
                std: 1.0,
            },
            F64,
        ),
        (
            Normal {
                mean: 10.0,
                std: 0.3,
            },
            F64,
        ),
        (
            Normal {
                mean: 10.0,
                std: 0.3,
            },
            F32,
        ),
        (Exponential { scale: 2.5 }, F64),
        (Exponential { scale: 2.5 }, F32),
        (
            Integers {
                low: -100,
                high: 28,
            },
            I8,
        ),
        (Integers { low: 0, high: 256 }, U8),
        (
            Integers {
                low: -7,
                high: 20000,
            },
            I16,
        ),
        (
            Integers {
                low: 3,
                high: 65536,
            },
            U16,
        ),
        (
            Integers {
                low: -(1 << 31),
                high: 1 << 31,
            },
            I32,
        ),
        (Integers { low: 0, high: 10 }, U32),
        (
            Integers {
                low: -(1 << 40),
                high: 1 << 41,
            },
            I64,
        ),
        (
            Integers {
                low: 0,
                high: 1 << 64,
            },
            U64,
        ),
        (Poisson { rate: 3.5 }, I64),
        (Poisson { rate: 5e5 }, I64),
        (Binomial { n: 20, p: 0.8 }, I64),
        (Binomial { n: 5000, p: 0.4 }, I64),
        (Bernoulli { p: 0.3 }, Bool),
        (
            Choice {
                n: 12,
                cumulative: None,
            },
            I64,
        ),
        (
            Choice {
                n: 6,
                cumulative: Some(weights.into()),
            },
            I64,
        ),
        (Permutation { n: 900 }, I64),
        (Permutation { n: 1 << 50 }, I64),
    ]
}

/// The bytes of elements `start`, `start + step`, ...
fn bytes(sampler: &Sampler, start: u64, step: i64, n: usize) -> Vec<u8> {
    let size = sampler.dtype().size();
    let mut out = vec![0u64; (n * size).div_ceil(8) + 1];
    // SAFETY: room for `n` elements, aligned to 8.
    unsafe { sampler.fill(start, step, out.as_mut_ptr().cast(), n) };
    let all: Vec<u8> = out.iter().flat_map(|w| w.to_ne_bytes()).collect();
    assert!(
        all[n * size..].iter().all(|b| *b == 0),
        "wrote past the end"
    );
    all[..n * size].to_vec()
}
