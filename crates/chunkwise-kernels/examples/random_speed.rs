//! Prints nanoseconds per element, one core: `cargo run --release -p chunkwise-kernels --example random_speed`.
//! Each line is the best of several repetitions over a tile that stays in the first-level cache; "+sum"
//! adds the values up as well, as a fused reduction does.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use chunkwise_core::DType;
use chunkwise_kernels::random::{Distribution, Generator, RandomSpec, Sampler};

const TILE: usize = 1024;
const TILES: usize = 2000;

fn time(mut once: impl FnMut(u64)) -> f64 {
    (0..15)
        .map(|_| {
            let start = Instant::now();
            for i in 0..TILES {
                once((i * TILE) as u64);
            }
            start.elapsed().as_nanos() as f64 / (TILES * TILE) as f64
        })
        .fold(f64::INFINITY, f64::min)
}

fn sum(x: &[f64]) -> f64 {
    let mut lanes = [0.0; 32];
    for row in x.chunks_exact(32) {
        for (lane, v) in lanes.iter_mut().zip(row) {
            *lane += v;
        }
    }
    lanes.iter().sum()
}

fn main() {
    let uniform = Distribution::Uniform {
        low: 0.0,
        high: 1.0,
    };
    let scaled = Distribution::Uniform {
        low: -2.0,
        high: 3.0,
    };
    let normal = Distribution::Normal {
        mean: 0.0,
        std: 1.0,
    };
    let rows = [
        (Distribution::Bits, DType::U64),
        (uniform.clone(), DType::F64),
        (scaled, DType::F64),
        (uniform, DType::F32),
        (normal.clone(), DType::F64),
        (normal, DType::F32),
        (Distribution::Exponential { scale: 1.0 }, DType::F64),
        (Distribution::Exponential { scale: 1.0 }, DType::F32),
        (Distribution::Integers { low: 0, high: 1000 }, DType::I64),
        (Distribution::Integers { low: 0, high: 1000 }, DType::I32),
        (
            Distribution::Integers {
                low: 0,
                high: 1 << 40,
            },
            DType::I64,
        ),
        (Distribution::Poisson { rate: 3.0 }, DType::I64),
        (Distribution::Poisson { rate: 1e3 }, DType::I64),
        (Distribution::Binomial { n: 10, p: 0.3 }, DType::I64),
        (Distribution::Binomial { n: 1000, p: 0.3 }, DType::I64),
        (Distribution::Bernoulli { p: 0.3 }, DType::Bool),
        (
            Distribution::Choice {
                n: 1000,
                cumulative: None,
            },
            DType::I64,
        ),
        (
            Distribution::Choice {
                n: 1000,
                cumulative: Some(
                    (1..=1000)
                        .map(|i| f64::from(i) / 1000.0)
                        .collect::<Arc<[f64]>>(),
                ),
            },
            DType::I64,
        ),
        (Distribution::Permutation { n: 1000 }, DType::I64),
        (Distribution::Permutation { n: 1_000_000 }, DType::I64),
    ];
    let mut tile = vec![0.0f64; TILE];
    println!(
        "{:28} {:>8} {:>8} {:>8} {:>8}  (ns per element)",
        "", "fill", "+sum", "runs 64", "step 7"
    );
    for generator in [Generator::Ars7, Generator::Philox4x32] {
        for (distribution, dtype) in &rows {
            let spec = RandomSpec {
                generator,
                seed: 1,
                stream: 2,
                distribution: distribution.clone(),
                dtype: *dtype,
            };
            let Ok(sampler) = Sampler::new(&spec) else {
                continue;
            };
            let out = tile.as_mut_ptr().cast::<u8>();
            // SAFETY: the tile has room for `TILE` elements of at most 8 bytes, here and below.
            let fill = time(|at| unsafe { sampler.fill(at, 1, black_box(out), TILE) });
            let fused = time(|at| {
                // SAFETY: as above.
                unsafe { sampler.fill(at, 1, black_box(out), TILE) };
                black_box(sum(black_box(&tile)));
            });
            let runs = time(|at| {
                for run in 0..TILE / 64 {
                    // SAFETY: as above.
                    unsafe { sampler.fill(at + 1001 * run as u64, 1, black_box(out), 64) };
                }
            });
            // SAFETY: as above.
            let strided = time(|at| unsafe { sampler.fill(at, 7, black_box(out), TILE) });
            println!(
                "{:28} {fill:8.3} {fused:8.3} {runs:8.3} {strided:8.3}",
                format!("{generator:?} {} {dtype}", distribution.name()),
            );
        }
    }
}
