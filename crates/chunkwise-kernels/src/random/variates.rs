//! Random values whose parameters differ from element to element: functions of a random word and the
//! parameters. A word seeds a sequence of its own (SplitMix64: Steele, Lea and Flood, "Fast splittable
//! pseudorandom number generators", 2014), so that rejection takes as many numbers as it needs.
//!
//! Where a parameter has no meaning, a value is NaN, or the least `int64`.

use super::bits::mix;
use super::counts::Rejection;
use super::math::{cos_sin_turn, exp, ln, ln_1p};
use crate::elementwise::Math;

/// What counts are where a parameter has no meaning.
const NO_COUNT: i64 = i64::MIN;

/// Above this mean counts are drawn by rejection, below by adding up probabilities.
const SMALL_MEAN: f64 = 10.0;

/// The largest number of trials, and the largest mean: counts stay exact as `f64`.
const MOST_TRIALS: f64 = 9_007_199_254_740_992.0;
const LARGEST_RATE: f64 = 1_125_899_906_842_624.0;

/// The sequence of numbers that a word seeds.
struct Words(u64);

impl Words {
    #[inline(always)]
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// In (0, 1): odd multiples of 2^-53.
    #[inline(always)]
    fn unit(&mut self) -> f64 {
        ((self.next() >> 12) as f64 + 0.5) * 2.0f64.powi(-52)
    }

    /// Gaussian: the cosine half of Box and Muller's pair.
    #[inline(always)]
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * ln(self.unit())).sqrt();
        let word = self.next();
        let turn = (word << 2 >> 12) as f64 * 2.0f64.powi(-52) - 0.5;
        radius * cos_sin_turn(word >> 62, turn).0
    }
}

/// A gamma variate as a number and the logarithm of a factor, which a shape below 1 needs: the
/// factor underflows where the shape is small. By Marsaglia and Tsang, "A simple method for
/// generating gamma variables", 2000.
#[inline(always)]
pub(crate) fn gamma(word: u64, shape: f64) -> (f64, f64) {
    if shape == 0.0 {
        return (0.0, 0.0);
    }
    if !(shape > 0.0 && shape.is_finite()) {
        return (f64::NAN, 0.0);
    }
    let mut words = Words(word);
    let (a, ln_factor) = if shape < 1.0 {
        (shape + 1.0, ln(words.unit()) / shape)
    } else {
        (shape, 0.0)
    };
    let d = a - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = words.normal();
        let t = 1.0 + c * x;
        let u = words.unit();
        if t > 0.0 {
            let v = t * t * t;
            if ln(u) < 0.5 * x * x + d * (1.0 - v + ln(v)) {
                return (d * v, ln_factor);
            }
        }
    }
}

/// A Poisson count.
pub(crate) fn poisson(word: u64, rate: f64) -> i64 {
    if !(0.0..=LARGEST_RATE).contains(&rate) {
        return NO_COUNT;
    }
    let mut words = Words(word);
    if rate >= SMALL_MEAN {
        return Rejection::poisson(rate).attempts(|| [words.next(), words.next()]) as i64;
    }
    search(words.unit(), exp(-rate), f64::INFINITY, |k| rate / k) as i64
}

/// A binomial count; `n` is an integer.
pub(crate) fn binomial(word: u64, n: f64, p: f64) -> i64 {
    if !((0.0..=MOST_TRIALS).contains(&n) && (0.0..=1.0).contains(&p)) {
        return NO_COUNT;
    }
    let mut words = Words(word);
    let rare = if p > 0.5 { 1.0 - p } else { p };
    let k = if n * rare >= SMALL_MEAN {
        Rejection::binomial(n, rare).attempts(|| [words.next(), words.next()]) as f64
    } else {
        let odds = rare / (1.0 - rare);
        search(words.unit(), exp(n * ln_1p(-rare)), n, |k| {
            (n - k + 1.0) / k * odds
        })
    };
    (if p > 0.5 { n - k } else { k }) as i64
}

/// The first count up to `last` whose cumulative probability is not below `u`, from the probability of
/// 0 and the ratios of neighbours.
fn search(u: f64, zero: f64, last: f64, ratio: impl Fn(f64) -> f64) -> f64 {
    // Probabilities of counts above this are below 2^-53 for every small mean.
    let last = last.min(100.0);
    let (mut k, mut p, mut sum) = (0.0, zero, zero);
    while sum < u && k < last {
        k += 1.0;
        p *= ratio(k);
        sum += p;
    }
    k
}

/// The cosine of a von Mises angle around 0, and its sign; beyond a concentration of 10^6 a Gaussian
/// angle. By Best and Fisher, "Efficient simulation of the von Mises distribution", 1979.
#[inline(always)]
pub(crate) fn von_mises(word: u64, kappa: f64) -> f64 {
    if kappa.is_nan() || kappa < 0.0 {
        return f64::NAN;
    }
    let mut words = Words(word);
    if kappa > 1e6 {
        return words.normal() / kappa.sqrt();
    }
    let sign = if words.next() >> 63 == 0 { 1.0 } else { -1.0 };
    // Where `2 kappa^2` is lost beside 1, the series of the term below.
    let s = if kappa < 1e-5 {
        1.0 / kappa + kappa
    } else {
        let r = 1.0 + (1.0 + 4.0 * kappa * kappa).sqrt();
        let rho = (r - (2.0 * r).sqrt()) / (2.0 * kappa);
        (1.0 + rho * rho) / (2.0 * rho)
    };
    if !s.is_finite() {
        return sign * std::f64::consts::PI * words.unit();
    }
    loop {
        let word = words.next();
        let turn = (word << 2 >> 12) as f64 * 2.0f64.powi(-52) - 0.5;
        let z = cos_sin_turn(word >> 62, turn).0;
        let w = (1.0 + s * z) / (s + z);
        let y = kappa * (s - w);
        let v = words.unit();
        if y * (2.0 - y) >= v || ln(y / v) + 1.0 >= y {
            return sign * w.clamp(-1.0, 1.0).acos_();
        }
    }
}

/// A count with chances proportional to `k^-a`, `a` above 1. By Devroye, "Non-uniform random variate
/// generation", 1986, X.6.1.
#[inline(always)]
pub(crate) fn zipf(word: u64, a: f64) -> i64 {
    if a.is_nan() || a <= 1.0 {
        return NO_COUNT;
    }
    let less = a - 1.0;
    // All others together have less than the smallest chance of a uniform number.
    if less > 60.0 {
        return 1;
    }
    let mut words = Words(word);
    let b = 2.0f64.pow_(less);
    let least = (i64::MAX as f64).pow_(-less);
    loop {
        let u = words.unit();
        let v = words.unit();
        let x = (u * least + (1.0 - u)).pow_(-1.0 / less).floor();
        if !(1.0..9.2e18).contains(&x) {
            continue;
        }
        // (1 + 1/x)^less - 1, which cancels for large x.
        let grown = (less * (1.0 / x).log1p_()).expm1_();
        if v * x * grown / (b - 1.0) <= (grown + 1.0) / b {
            return x as i64;
        }
    }
}

/// An integer below `n`, all equally likely but for `n / 2^64` of their chance; the word where `n` is 0.
#[inline(always)]
pub(crate) fn below(word: u64, n: u64) -> u64 {
    if n == 0 {
        return word;
    }
    ((word as u128 * n as u128) >> 64) as u64
}
