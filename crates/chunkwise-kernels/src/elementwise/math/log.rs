//! Logarithms: `x = 2^k m` with `m` in `[sqrt(1/2), sqrt(2))`, then with `f = m - 1` and
//! `s = f / (2 + f)` the series `log m = 2 atanh s = f - (f^2/2 - s (f^2/2 + R(s^2)))` as arranged in
//! FreeBSD's msun (`e_log.c`, `s_log1p.c`).

use super::{polynomial, select};

/// `(2 atanh(s) / s - 2) / s^2` in `s^2`.
const LOG: [f64; 7] = [
    0.666666666666667,
    0.3999999999989924,
    0.2857142862609589,
    0.2222221111514416,
    0.18182890556695602,
    0.1533167403016786,
    0.1461703754879165,
];
/// ln 2, its first 41 bits and the rest: `k` times the first is exact.
const LN2_HIGH: f64 = 0.693147180559663;
const LN2_LOW: f64 = 2.8235290563031577e-13;
/// 1 / ln 2 and what that `f64` lacks.
const LOG2_E: f64 = std::f64::consts::LOG2_E;
const LOG2_E_LOW: f64 = 2.0355273740931033e-17;
/// 1 / ln 10 and what that `f64` lacks.
const LOG10_E: f64 = std::f64::consts::LOG10_E;
const LOG10_E_LOW: f64 = 1.098319650216765e-17;
/// log10 2, its first 41 bits and the rest.
const LOG10_2_HIGH: f64 = 0.30102999566383914;
const LOG10_2_LOW: f64 = 1.42050232272661e-13;

const TWO_54: f64 = 18014398509481984.0;
const TWO_52: f64 = 4503599627370496.0;
const SQRT_HALF: u64 = 0x3fe6_a09e_667f_3bcd;
const ONE: u64 = 0x3ff0_0000_0000_0000;

/// `k` and `m` of a positive, finite, normal `x = 2^k m`.
#[inline(always)]
fn split(x: f64) -> (f64, f64) {
    let bits = x.to_bits().wrapping_add(ONE - SQRT_HALF);
    let k = f64::from_bits((bits >> 52) | TWO_52.to_bits()) - (TWO_52 + 1023.0);
    let m = f64::from_bits((bits & 0x000f_ffff_ffff_ffff).wrapping_add(SQRT_HALF));
    (k, m)
}

/// [`split`] that takes subnormal numbers too.
#[inline(always)]
pub(super) fn split_any(x: f64) -> (f64, f64) {
    let tiny = x < f64::MIN_POSITIVE;
    let (k, m) = split(select(tiny, x * TWO_54, x));
    (select(tiny, k - 54.0, k), m)
}

/// `f^2 / 2` and `s (f^2 / 2 + R)`, so that `log(1 + f) = f - (first - second)`.
#[inline(always)]
fn tail(f: f64) -> (f64, f64) {
    let s = f / (2.0 + f);
    let z = s * s;
    let half = 0.5 * f * f;
    (half, s * z.mul_add(polynomial(z, &LOG), half))
}

/// The results at and beyond the ends of the domain.
#[inline(always)]
fn ends(x: f64, y: f64) -> f64 {
    let y = select(x < f64::INFINITY, y, x);
    let y = select(x == 0.0, f64::NEG_INFINITY, y);
    select(x < 0.0, f64::NAN, y)
}

/// The natural logarithm. Within 0.9 ULP.
#[inline(always)]
pub(in super::super) fn log(x: f64) -> f64 {
    let (k, m) = split_any(x);
    let f = m - 1.0;
    let (half, t) = tail(f);
    let y = k.mul_add(LN2_HIGH, f - (half - k.mul_add(LN2_LOW, t)));
    ends(x, y)
}

/// `log m` as a sum of two numbers, the first without the last half of its bits' error.
#[inline(always)]
fn log_pair(m: f64) -> (f64, f64) {
    let f = m - 1.0;
    let (half, t) = tail(f);
    let high = f - half;
    // What f^2 / 2 and the difference lost.
    let lost = (0.5 * f).mul_add(f, -half);
    let low = ((f - high) - half) - lost + t;
    (high, low)
}

/// The logarithm to base 2; exact for powers of two. Within 0.75 ULP.
#[inline(always)]
pub(in super::super) fn log2(x: f64) -> f64 {
    let (k, m) = split_any(x);
    let (high, low) = log_pair(m);
    let p = high * LOG2_E;
    let rest = high.mul_add(LOG2_E, -p) + high.mul_add(LOG2_E_LOW, low * LOG2_E);
    let sum = k + p;
    ends(x, sum + (((k - sum) + p) + rest))
}

/// The logarithm to base 10; exact for the powers of ten that are exact. Within 0.7 ULP.
#[inline(always)]
pub(in super::super) fn log10(x: f64) -> f64 {
    let (k, m) = split_any(x);
    let (high, low) = log_pair(m);
    let p = high * LOG10_E;
    let rest = high.mul_add(LOG10_E, -p) + high.mul_add(LOG10_E_LOW, low * LOG10_E);
    let whole = k * LOG10_2_HIGH;
    let sum = whole + p;
    ends(
        x,
        sum + (((whole - sum) + p) + k.mul_add(LOG10_2_LOW, rest)),
    )
}

/// `log(1 + x)`, accurate near zero. Within 0.9 ULP.
#[inline(always)]
pub(in super::super) fn log1p(x: f64) -> f64 {
    let u = 1.0 + x;
    // What the sum lost, in units of u.
    let lost = select(x > 1.0, 1.0 - (u - x), x - (u - 1.0)) / u;
    let (k, m) = split(u);
    let direct = k == 0.0;
    let f = select(direct, x, m - 1.0);
    let lost = select(direct, 0.0, lost);
    let (half, t) = tail(f);
    let y = k.mul_add(LN2_HIGH, f - (half - (t + k.mul_add(LN2_LOW, lost))));
    let y = select(x < f64::INFINITY, y, x);
    let y = select(x == -1.0, f64::NEG_INFINITY, y);
    let y = select(x < -1.0, f64::NAN, y);
    // Keeps the sign of zero and numbers whose square vanishes.
    select(x.abs() < 1e-20, x, y)
}

/// `log(e^x + e^y)` without overflow. Within 1.2 ULP of the larger of result and arguments.
#[inline(always)]
pub(in super::super) fn logaddexp(x: f64, y: f64) -> f64 {
    let d = x - y;
    let larger = select(d > 0.0, x, y);
    let sum = larger + log1p(super::exp::exp(-d.abs()));
    select(x == y, x + std::f64::consts::LN_2, sum)
}

/// `log2(2^x + 2^y)` without overflow. Within 1.6 ULP of the larger of result and arguments.
#[inline(always)]
pub(in super::super) fn logaddexp2(x: f64, y: f64) -> f64 {
    let d = x - y;
    let larger = select(d > 0.0, x, y);
    let sum = larger + log1p(super::exp::exp2(-d.abs())) * LOG2_E;
    select(x == y, x + 1.0, sum)
}
