//! The same seed gives the same bits whatever the chunks, the threads, and the part that is asked for.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use chunkwise::*;
use support::compare::{bits, same};
use support::numbers::Numbers;

type Make = fn(&Random, &[usize], Chunks) -> Result<Array>;

const DISTRIBUTIONS: &[(&str, Make)] = &[
    ("random", |r, s, c| r.random(s, c)),
    ("uniform", |r, s, c| r.uniform(-3.0, 5.0, s, c)),
    ("standard_normal", |r, s, c| r.standard_normal(s, c)),
    ("normal", |r, s, c| r.normal(1.0, 2.5, s, c)),
    ("exponential", |r, s, c| r.exponential(1.5, s, c)),
    ("poisson", |r, s, c| r.poisson(4.0, s, c)),
    ("poisson, large", |r, s, c| r.poisson(1e7, s, c)),
    ("binomial", |r, s, c| r.binomial(20, 0.3, s, c)),
    ("binomial, large", |r, s, c| r.binomial(1 << 40, 0.3, s, c)),
    ("bernoulli", |r, s, c| r.bernoulli(0.3, s, c)),
    ("integers", |r, s, c| {
        r.with_dtype(DType::I16).integers(-5, 1000, s, c)
    }),
    ("choice", |r, s, c| r.choice(7, s, c)),
    ("weighted_choice", |r, s, c| {
        r.weighted_choice(&[1.0, 0.0, 2.5], s, c)
    }),
    ("permutation", |r, s, c| {
        r.permutation(s.iter().product(), 17)?
            .reshape(s)?
            .rechunk(c)
    }),
    ("bits", |r, s, c| r.with_dtype(DType::U64).bits(s, c)),
];

fn for_each_kind(mut f: impl FnMut(&str, &Random, Make)) {
    for generator in [Generator::Ars7, Generator::Philox4x32] {
        for dtype in [DType::F64, DType::F32] {
            for (name, make) in DISTRIBUTIONS {
                let random = Random::new(0xdead_beef).with_generator(generator);
                f(
                    &format!("{name} {generator:?} {dtype}"),
                    &random.with_dtype(dtype),
                    *make,
                );
            }
        }
    }
}

/// The first array of a seed.
fn first(random: &Random, make: Make, shape: &[usize], chunks: impl Into<Chunks>) -> Array {
    make(&random.stream(0), shape, chunks.into()).unwrap()
}

#[test]
fn chunks_threads_and_tasks_do_not_matter() {
    let shape = [37, 41];
    for_each_kind(|name, random, make| {
        let whole = first(random, make, &shape, -1).compute().unwrap();
        for (chunks, threads, grain) in [(5, 1, 1), (10, 3, 64), (-1, 2, 333), (41, 4, 7)] {
            let array = first(random, make, &shape, chunks);
            let session = Session::new(threads, 1 << 26).unwrap().with_grain(grain);
            let got = session.compute(&[&array]).unwrap();
            same(&got[0], &whole).unwrap_or_else(|e| panic!("{name} {chunks} {grain}: {e}"));
        }
    });
}

#[test]
fn any_part_is_the_part_of_the_whole() {
    let shape = [23, 9, 17];
    let mut numbers = Numbers::new(5);
    for_each_kind(|name, random, make| {
        let lazy = first(random, make, &shape, 8);
        let held = Array::from_chunk(lazy.compute().unwrap(), 8).unwrap();
        for _ in 0..6 {
            let order: Vec<isize> = numbers.shuffled(3).iter().map(|a| *a as isize).collect();
            let index: Vec<Index> = (0..3)
                .map(|_| match numbers.below(4) {
                    0 => Index::At(numbers.between(-9, 8)),
                    1 => Index::FULL,
                    _ => {
                        let (start, stop) = (numbers.between(-25, 25), numbers.between(-25, 25));
                        let step = *numbers.pick(&[1, 2, 5, -1, -3]);
                        Index::slice(Some(start), (start % 2 == 0).then_some(stop), step)
                    }
                })
                .collect();
            let part = |a: &Array| a.transpose(&order)?.get(&index)?.compute();
            same(&part(&lazy).unwrap(), &part(&held).unwrap())
                .unwrap_or_else(|e| panic!("{name} {order:?} {index:?}: {e}"));
        }
    });
}

#[test]
fn far_elements_of_huge_arrays_are_addressed() {
    // Row 3 * 10^6 of 10^7 columns, asked for alone and within others.
    let random = Random::new(9);
    let x = random
        .standard_normal([10_000_000, 10_000_000], 1000)
        .unwrap();
    let row = x.get(s![3_000_000, 500..700]).unwrap().compute().unwrap();
    let more = x.get(s![2_999_999..3_000_002, 400..800]).unwrap();
    let held = Array::from_chunk(more.compute().unwrap(), 100).unwrap();
    let again = held.get(s![1, 100..300]).unwrap().compute().unwrap();
    same(&row, &again).unwrap();
}

#[test]
fn streams_seeds_and_generators_differ() {
    let mut seen: Vec<(String, Vec<u8>)> = Vec::new();
    for seed in [0, 1, u64::MAX] {
        for generator in [Generator::Ars7, Generator::Philox4x32] {
            for stream in [0, 1, 2] {
                let random = Random::new(seed).with_generator(generator).stream(stream);
                let name = format!("{seed} {generator:?} {stream}");
                let got = bits(&random.bits([8], 8).unwrap().compute().unwrap());
                if let Some((other, _)) = seen.iter().find(|(_, b)| *b == got) {
                    panic!("{name} gives what {other} gives");
                }
                seen.push((name, got));
            }
        }
    }
}
