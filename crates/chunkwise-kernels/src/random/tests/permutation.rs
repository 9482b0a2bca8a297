use super::*;

fn images(n: u64, seed: u64, count: usize) -> Vec<i64> {
    let mut spec = spec(Generator::Ars7, Distribution::Permutation { n }, DType::I64);
    spec.seed = seed;
    Sampler::new(&spec).unwrap().sample(0, count).unwrap()
}

#[test]
fn every_value_comes_once() {
    for n in [
        1, 2, 3, 10, 1023, 1024, 1025, 1500, 2048, 2049, 4095, 65536, 100_003,
    ] {
        let mut all = images(n, 5, n as usize);
        assert!(!(n > 10 && all.is_sorted()), "{n}");
        all.sort_unstable();
        assert!(all.iter().enumerate().all(|(i, v)| i as i64 == *v), "{n}");
    }
    assert_eq!(images(0, 5, 3), [0; 3]);
    let n = 1 << 62;
    assert!(images(n, 5, 1000).iter().all(|v| (0..n as i64).contains(v)));
    assert_eq!(images(7, 5, 14)[..7], images(7, 5, 14)[7..]);
}

#[test]
fn every_order_of_four_is_as_likely() {
    let draws = 24_000;
    let mut counts = std::collections::HashMap::new();
    for seed in 0..draws {
        *counts.entry(images(4, seed, 4)).or_insert(0.0) += 1.0;
    }
    assert_eq!(counts.len(), 24);
    let expected = draws as f64 / 24.0;
    let chi2: f64 = counts
        .values()
        .map(|c: &f64| (c - expected).powi(2) / expected)
        .sum();
    assert!(statistics::chi2_p(chi2, 23.0) > 1e-6, "{chi2}");
}

// The image of a fixed index over seeds, and the difference of neighbouring images, are uniform.
#[test]
fn images_are_uniform_over_seeds() {
    let (n, draws, bins) = (5000u64, 40_000, 50);
    for what in 0..3 {
        let mut counts = vec![0.0; bins];
        for seed in 0..draws {
            let v = images(n, seed, 4);
            let x = match what {
                0 => v[0],
                1 => v[3],
                // Without the difference 0 there are n - 1 values.
                _ => (v[1] - v[0]).rem_euclid(n as i64) - 1,
            };
            counts[x as usize * bins / n as usize] += 1.0;
        }
        let expected = draws as f64 / bins as f64;
        let chi2: f64 = counts
            .iter()
            .map(|c: &f64| (c - expected).powi(2) / expected)
            .sum();
        assert!(
            statistics::chi2_p(chi2, bins as f64 - 1.0) > 1e-6,
            "{what}: {chi2}"
        );
    }
}
