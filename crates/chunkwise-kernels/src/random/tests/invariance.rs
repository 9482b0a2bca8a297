//! A value depends on its index and on nothing else.

use super::super::ars::{Aes, Ars, ROUNDS};
use super::super::uniform::{Convert, Uniform32, Uniform64};
use super::*;

fn samplers() -> Vec<(String, Sampler)> {
    let mut all = Vec::new();
    for generator in [Generator::Ars7, Generator::Philox4x32] {
        for (distribution, dtype) in cases() {
            let name = format!("{generator:?} {distribution:?} {dtype}");
            all.push((
                name,
                Sampler::new(&spec(generator, distribution, dtype)).unwrap(),
            ));
        }
    }
    all
}

/// Numbers for choosing splits, by a linear congruence.
fn pick(state: &mut u64, below: u64) -> u64 {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) % below
}

#[test]
fn any_split_gives_the_long_fill() {
    let mut state = 1;
    for (name, sampler) in samplers() {
        let size = sampler.dtype().size();
        for base in [0, 12345, (1 << 40) - 7] {
            let whole = bytes(&sampler, base, 1, 2500);
            for most in [3, 10, 100, 1500] {
                let mut at = 0;
                while at < 2500 {
                    let n = (1 + pick(&mut state, most)).min(2500 - at);
                    let (from, to) = (at as usize * size, (at + n) as usize * size);
                    let part = bytes(&sampler, base + at, 1, n as usize);
                    assert!(part == whole[from..to], "{name}: {n} from {base} + {at}");
                    at += n;
                }
            }
        }
    }
}

#[test]
fn any_step_picks_from_the_long_fill() {
    for (name, sampler) in samplers() {
        let size = sampler.dtype().size();
        let whole = bytes(&sampler, 1000, 1, 8001);
        for step in [-9, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 13i64] {
            let n = 301;
            let want: Vec<u8> = (0..n)
                .flat_map(|i| {
                    let at = (4000 + step * i) as usize * size;
                    whole[at..at + size].to_vec()
                })
                .collect();
            assert!(
                bytes(&sampler, 5000, step, n as usize) == want,
                "{name}: step {step}"
            );
        }
    }
}

#[test]
fn indices_wrap() {
    for (name, sampler) in samplers() {
        let size = sampler.dtype().size();
        let mut want = bytes(&sampler, u64::MAX - 4, 1, 5);
        want.extend(bytes(&sampler, 0, 1, 6));
        assert_eq!(bytes(&sampler, u64::MAX - 4, 1, 11), want, "{name}");
        let mut backwards: Vec<u8> = Vec::new();
        for element in want.chunks(size).rev() {
            backwards.extend(element);
        }
        assert_eq!(bytes(&sampler, 5, -1, 11), backwards, "{name}");
        assert_eq!(bytes(&sampler, 5, 1, 0), []);
    }
}

#[test]
fn conversions_agree_on_every_instruction_set() {
    fn check<C: Convert>(convert: &C) {
        let key = [11, 12];
        let make = |aes: Aes| {
            let mut out = vec![[0u64; 2]; 77];
            let ars = Ars::<ROUNDS>::with(key, aes);
            // SAFETY: the vector has 77 blocks.
            unsafe { ars.blocks(5, 0, out.as_mut_ptr().cast(), 77, convert) };
            out
        };
        for aes in Aes::available() {
            assert_eq!(make(aes), make(Aes::Software), "{aes:?}");
        }
    }
    check(&Uniform64::<true>::new(0.0, 1.0));
    check(&Uniform64::<false>::new(0.0, 1.0));
    check(&Uniform64::<false>::new(-0.1, 1e9));
    check(&Uniform32::new(-0.1, 1e9));
    let unit = |i| {
        let sampler = sampler(
            Distribution::Uniform {
                low: 0.0,
                high: [1.0, 2.0][i],
            },
            DType::F64,
        );
        sampler.sample::<f64>(0, 1000).unwrap()
    };
    let doubled: Vec<f64> = unit(0).iter().map(|x| 2.0 * x).collect();
    assert_eq!(doubled, unit(1));
}

#[test]
fn seeds_streams_and_generators_differ() {
    let mut seen = std::collections::HashSet::new();
    for generator in [Generator::Ars7, Generator::Philox4x32] {
        for seed in 0..20 {
            for stream in (0..20).chain([u64::MAX, 1 << 32]) {
                let distribution = Distribution::Bits;
                let spec = RandomSpec {
                    generator,
                    seed,
                    stream,
                    distribution,
                    dtype: DType::U64,
                };
                let words = Sampler::new(&spec).unwrap().sample::<u64>(0, 8).unwrap();
                for w in words {
                    assert!(seen.insert(w), "a word came twice");
                }
            }
        }
    }
}
