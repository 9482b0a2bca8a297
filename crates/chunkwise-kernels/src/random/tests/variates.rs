//! Samplers: their distributions, and that parameters without meaning give no value and end.

use super::statistics::{counts_p, ks_p, moments_z};
use crate::random::variates::{below, binomial, gamma, poisson, von_mises, zipf};

const N: u64 = 100_000;

fn words() -> impl Iterator<Item = u64> {
    let spec = super::spec(
        super::Generator::Ars7,
        super::Distribution::Bits,
        chunkwise_core::DType::U64,
    );
    let words = super::Sampler::new(&spec).unwrap();
    words.sample::<u64>(0, N as usize).unwrap().into_iter()
}

fn close(values: &[f64], mean: f64, variance: f64, what: &str) {
    let (of_mean, of_variance) = moments_z(values, mean, variance);
    assert!(
        of_mean.abs() < 4.0 && of_variance.abs() < 4.0,
        "{what}: {of_mean} and {of_variance} standard errors off"
    );
}

#[test]
fn gamma_has_its_moments() {
    for shape in [0.3, 1.0, 2.5, 40.0] {
        let values: Vec<f64> = words()
            .map(|w| {
                let (x, ln_factor) = gamma(w, shape);
                x * ln_factor.exp()
            })
            .collect();
        close(&values, shape, shape, &format!("gamma({shape})"));
        if shape == 1.0 {
            assert!(ks_p(values, |x| 1.0 - (-x).exp()) > 1e-3);
        }
    }
}

#[test]
fn counts_have_their_probabilities() {
    let poisson_pmf = |rate: f64| -> Vec<f64> {
        let chances = std::iter::successors(Some((0.0, (-rate).exp())), |(k, p)| {
            Some((k + 1.0, p * rate / (k + 1.0)))
        });
        chances.take(300).map(|(_, p)| p).collect()
    };
    for rate in [0.2, 4.0, 9.99, 10.0, 60.0] {
        let values: Vec<i64> = words().map(|w| poisson(w, rate)).collect();
        let p = counts_p(&values, &poisson_pmf(rate));
        assert!(p > 1e-3, "poisson({rate}): p = {p}");
    }
    for (n, chance) in [(10.0, 0.3), (30.0, 0.9), (200.0, 0.5), (400.0, 0.97)] {
        let odds = chance / (1.0 - chance);
        let first = (0.0, f64::powf(1.0 - chance, n));
        let chances = std::iter::successors(Some(first), |(k, p)| {
            (*k < n).then(|| (k + 1.0, p * (n - k) / (k + 1.0) * odds))
        });
        let pmf: Vec<f64> = chances.map(|(_, p)| p).collect();
        // From the other end where the first chance underflows.
        let pmf: Vec<f64> = if first.1 > 0.0 {
            pmf
        } else {
            let last = (n, f64::powf(chance, n));
            let back = std::iter::successors(Some(last), |(k, p)| {
                (*k > 0.0).then(|| (k - 1.0, p * *k / (n - k + 1.0) / odds))
            });
            let mut pmf: Vec<f64> = back.map(|(_, p)| p).collect();
            pmf.reverse();
            pmf
        };
        let values: Vec<i64> = words().map(|w| binomial(w, n, chance)).collect();
        let p = counts_p(&values, &pmf);
        assert!(p > 1e-3, "binomial({n}, {chance}): p = {p}");
    }
}

#[test]
fn zipf_has_its_probabilities() {
    let a = 2.5f64;
    let zeta: f64 = (1..2_000_000).map(|k| f64::from(k).powf(-a)).sum();
    let ones = words().filter(|w| zipf(*w, a) == 1).count() as f64 / N as f64;
    let threes = words().filter(|w| zipf(*w, a) == 3).count() as f64 / N as f64;
    assert!((ones - 1.0 / zeta).abs() < 0.006, "{ones}");
    assert!((threes - 3f64.powf(-a) / zeta).abs() < 0.004, "{threes}");
}

#[test]
fn von_mises_has_its_moments() {
    // The mean cosine is I1(k) / I0(k).
    for (kappa, cosine) in [
        (0.5, 0.242_499_61),
        (2.0, 0.697_774_66),
        (20.0, 0.974_672_2),
    ] {
        let values: Vec<f64> = words().map(|w| von_mises(w, kappa)).collect();
        let mean = values.iter().map(|x| x.cos()).sum::<f64>() / N as f64;
        assert!((mean - cosine).abs() < 0.01, "{kappa}: {mean}");
        let sine = values.iter().map(|x| x.sin()).sum::<f64>() / N as f64;
        assert!(sine.abs() < 0.01, "{kappa}: {sine}");
    }
    let values: Vec<f64> = words().map(|w| von_mises(w, 0.0)).collect();
    let tau = std::f64::consts::TAU;
    assert!(ks_p(values, |x| x / tau + 0.5) > 1e-3);
}

#[test]
fn integers_below_are_even() {
    let values: Vec<i64> = words().map(|w| below(w, 7) as i64).collect();
    assert!(counts_p(&values, &[1.0 / 7.0; 7]) > 1e-3);
    assert_eq!(below(u64::MAX, u64::MAX), u64::MAX - 1);
    assert_eq!(below(12345, 0), 12345);
}

#[test]
fn parameters_without_meaning_give_no_value() {
    for bad in [-1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert!(gamma(1, bad).0.is_nan(), "{bad}");
        assert_eq!(poisson(1, bad), i64::MIN, "{bad}");
        assert_eq!(binomial(1, bad, 0.5), i64::MIN, "{bad}");
        assert_eq!(binomial(1, 5.0, bad), i64::MIN, "{bad}");
    }
    assert!(von_mises(1, -1.0).is_nan() && von_mises(1, f64::NAN).is_nan());
    assert_eq!((zipf(1, 1.0), zipf(1, f64::NAN)), (i64::MIN, i64::MIN));
    assert_eq!(zipf(1, f64::INFINITY), 1);
    assert_eq!((poisson(1, 0.0), binomial(1, 0.0, 0.5)), (0, 0));
    assert_eq!((binomial(1, 9.0, 0.0), binomial(1, 9.0, 1.0)), (0, 9));
    assert_eq!(gamma(1, 0.0).0, 0.0);
}

/// Version 1 of the mapping: these values never change.
#[test]
fn values_are_those_of_version_1() {
    let digest = |f: &dyn Fn(u64) -> u64| {
        (0..1000u64).fold(0xCBF2_9CE4_8422_2325, |h: u64, i| {
            (h ^ f(super::super::bits::mix(i + 1))).wrapping_mul(0x0100_0000_01B3)
        })
    };
    let parts = |shape: f64| {
        move |w: u64| {
            let (x, ln_factor) = gamma(w, shape);
            x.to_bits() ^ ln_factor.to_bits().rotate_left(32)
        }
    };
    let got = [
        digest(&parts(0.3)),
        digest(&parts(7.5)),
        digest(&|w| poisson(w, 3.0) as u64),
        digest(&|w| poisson(w, 300.0) as u64),
        digest(&|w| binomial(w, 12.0, 0.7) as u64),
        digest(&|w| binomial(w, 1200.0, 0.7) as u64),
        digest(&|w| von_mises(w, 1.5).to_bits()),
        digest(&|w| zipf(w, 1.8) as u64),
        digest(&|w| below(w, 1 << 40)),
    ];
    let want: [u64; 9] = [
        0x2b82_7437_c00a_4b34,
        0x7ea4_6f28_7a59_4409,
        0x682c_77ca_e576_e5cf,
        0xdb50_ba44_d323_ad16,
        0xec32_c93d_7376_cb28,
        0x0be2_23f1_6b78_267b,
        0x85d5_c061_3a65_aad9,
        0x3a34_19ca_bb84_6dc4,
        0xf11a_f9e1_4855_2318,
    ];
    assert_eq!(got, want, "all: {got:#018x?}");
}
