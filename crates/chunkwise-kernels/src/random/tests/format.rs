//! Version 1 of the mapping: these digests never change, and every vector level gives them.

use super::*;

/// FNV-1a of the values from two places in the sequence, little-endian.
fn digest(sampler: &Sampler) -> u64 {
    let size = sampler.dtype().size();
    [
        bytes(sampler, 0, 1, 10_007),
        bytes(sampler, (1 << 45) + 1, 1, 101),
    ]
    .iter()
    .flat_map(|part| part.chunks(size))
    .flat_map(|element| {
        let mut e = element.to_vec();
        if cfg!(target_endian = "big") {
            e.reverse();
        }
        e
    })
    .fold(0xCBF2_9CE4_8422_2325, |h, b| {
        (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01B3)
    })
}

const DIGESTS: [[u64; 2]; 27] = [[0x43d2_2370_2ff3_339c, 0x5071_0e1d_2813_1ab7]];

#[test]
fn values_are_those_of_version_1() {
    let got: Vec<[u64; 2]> = cases()
        .into_iter()
        .map(|(distribution, dtype)| {
            [Generator::Ars7, Generator::Philox4x32].map(|generator| {
                digest(&Sampler::new(&spec(generator, distribution.clone(), dtype)).unwrap())
            })
        })
        .collect();
    for ((case, got), want) in cases().iter().zip(&got).zip(&DIGESTS) {
        assert_eq!(got, want, "{case:?}\nall: {got:#018x?}");
    }
    assert_eq!(got.len(), DIGESTS.len());
}

// The level is found once for a process, so other levels need processes of their own.
#[test]
fn every_vector_level_gives_the_values_of_version_1() {
    let me = std::env::current_exe().unwrap();
    for level in ["baseline", "avx2", "avx512"] {
        let run = std::process::Command::new(&me)
            .args([
                "--exact",
                "random::tests::format::values_are_those_of_version_1",
            ])
            .env("CHUNKWISE_SIMD", level)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&run.stdout).into_owned();
        assert!(
            run.status.success() && said.contains("1 passed"),
            "{level}: {said}"
        );
    }
}
