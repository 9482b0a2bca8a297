//! Powers: `x^y = 2^(y log2 x)` with the logarithm and the product in twice the precision.

use std::f64::consts::LN_2;

use super::exp::{LN_2_LOW, exp2, exp2_fraction, scale};
use super::log::{log2, split_any};
use super::{nearest, polynomial, select};

/// `(atanh(s) / s - 1 - s^2/3) / s^4` in `s^2`.
const POW: [f64; 7] = [
    0.20000000000000012,
    0.14285714285669163,
    0.11111111135592656,
    0.09090904117001572,
    0.07692787891410022,
    0.06642962328621099,
    0.0645701135847418,
];
const THIRD: f64 = 1.0 / 3.0;
const THIRD_LOW: f64 = 1.850371707708594e-17;
/// 2 / ln 2 and what that `f64` lacks.
const TWO_LOG2_E: f64 = 2.0 * std::f64::consts::LOG2_E;
const TWO_LOG2_E_LOW: f64 = 4.0710547481862066e-17;

/// The logarithm to base 2 of a positive finite number as a sum of two, to about 65 bits.
#[inline(always)]
fn log2_pair(x: f64) -> (f64, f64) {
    let (k, m) = split_any(x);
    // s = (m - 1) / (m + 1), log2 m = 2/ln2 (s + s^3/3 + ...)
    let f = m - 1.0;
    let g = m + 1.0;
    let g_low = m - (g - 1.0);
    let inverse = 1.0 / g;
    let s = f * inverse;
    let s_low = (-s).mul_add(g_low, (-s).mul_add(g, f)) * inverse;
    let z = s * s;
    let z_low = (2.0 * s).mul_add(s_low, s.mul_add(s, -z));
    let t = z * THIRD;
    let t_low = z.mul_add(THIRD, -t) + z.mul_add(THIRD_LOW, z_low * THIRD);
    let t_low = (z * z).mul_add(polynomial(z, &POW), t_low);
    let u = 1.0 + t;
    let u_low = ((1.0 - u) + t) + t_low;
    let v = s * u;
    let v_low = s.mul_add(u, -v) + s.mul_add(u_low, s_low * u);
    let w = v * TWO_LOG2_E;
    let w_low = v.mul_add(TWO_LOG2_E, -w) + v.mul_add(TWO_LOG2_E_LOW, v_low * TWO_LOG2_E);
    let sum = k + w;
    let low = ((k - sum) + w) + w_low;
    let high = sum + low;
    (high, (sum - high) + low)
}

/// C99's results for the arguments where a logarithm does not help, and the sign.
#[inline(always)]
fn finish(x: f64, y: f64, size: f64) -> f64 {
    let whole = y == y.trunc();
    let odd = whole && y * 0.5 != (y * 0.5).trunc() && y.abs() < f64::INFINITY;
    let result = select(x.is_sign_negative() && odd, -size, size);
    let result = select(x < 0.0 && x > f64::NEG_INFINITY && !whole, f64::NAN, result);
    let result = select(x.abs() == 1.0 && y.abs() == f64::INFINITY, 1.0, result);
    let result = select(x.is_nan() || y.is_nan(), f64::NAN, result);
    select(x == 1.0 || y == 0.0, 1.0, result)
}

/// `x` to the power of `y`. Within 1.04 ULP; small whole powers that fit are exact.
#[inline(always)]
pub(in super::super) fn pow(x: f64, y: f64) -> f64 {
    let a = x.abs();
    let (high, low) = log2_pair(a);
    let high = select(
        a == 0.0,
        f64::NEG_INFINITY,
        select(a == f64::INFINITY, a, high),
    );
    let p = y * high;
    let p_low = y.mul_add(high, -p) + y * low;
    let far = p.abs() > 1100.0;
    let p = select(far, 1100f64.copysign(p), p);
    let p_low = select(far, 0.0, p_low);
    let n = nearest(p);
    let first = p - n;
    let r = first + p_low;
    let r_low = (first - r) + p_low;
    let rest = r_low.mul_add(LN_2, r.mul_add(LN_2_LOW, exp2_fraction(r)));
    finish(x, y, scale(1.0 + r.mul_add(LN_2, rest), n))
}

/// The power of numbers that were `f32`, to about 44 bits.
#[inline(always)]
pub(in super::super) fn pow_single(x: f64, y: f64) -> f64 {
    finish(x, y, exp2(y * log2(x.abs())))
}
