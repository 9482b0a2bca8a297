//! Exponentials: `x = n ln 2 + r` with `|r| <= ln(2) / 2`, a polynomial in `r`, and a scaling by `2^n`.

use std::f64::consts::{LN_2, LOG2_E};

use super::{nearest, polynomial, power_of_two, select};

/// `(e^r - 1 - r) / r^2`.
const EXP: [f64; 10] = [
    0.5000000000000001,
    0.16666666666666669,
    0.04166666666662404,
    0.008333333333330055,
    0.0013888888917258759,
    0.00019841269863088255,
    2.4801521225986432e-05,
    2.7557268406190795e-06,
    2.7620121717381933e-07,
    2.51004110820149e-08,
];
/// `(2^r - 1 - r ln 2) / r^2`.
const EXP2: [f64; 10] = [
    0.24022650695910075,
    0.05550410866482158,
    0.00961812910761865,
    0.0013333558146423204,
    0.0001540353042481424,
    1.5252733820815906e-05,
    1.321545160506755e-06,
    1.0178067252442298e-07,
    7.070984300546448e-09,
    4.4541068401718915e-10,
];
/// What `LN_2` lacks of ln 2.
pub(super) const LN_2_LOW: f64 = 2.3190468138462996e-17;

/// `n`, `r` and `e^r - 1 - r` of `x = n ln 2 + r`.
#[inline(always)]
fn reduce(x: f64) -> (f64, f64, f64) {
    let n = nearest(x * LOG2_E);
    let r = (-n).mul_add(LN_2_LOW, (-n).mul_add(LN_2, x));
    (n, r, r * r * polynomial(r, &EXP))
}

/// `x * 2^n` for `|n| <= 2040`, in two steps so that only the last rounds or overflows.
#[inline(always)]
pub(super) fn scale(x: f64, n: f64) -> f64 {
    let half = nearest(n * 0.5);
    x * power_of_two(half) * power_of_two(n - half)
}

/// Keeps NaN.
#[inline(always)]
fn clamp(x: f64, low: f64, high: f64) -> f64 {
    let x = select(x > high, high, x);
    select(x < low, low, x)
}

/// The exponential. Within 1.02 ULP.
#[inline(always)]
pub(in super::super) fn exp(x: f64) -> f64 {
    let (n, r, q) = reduce(clamp(x, -746.0, 710.0));
    scale(1.0 + (r + q), n)
}

/// Half the exponential, which does not overflow before `cosh` does.
#[inline(always)]
pub(in super::super) fn half_exp(x: f64) -> f64 {
    let (n, r, q) = reduce(clamp(x, -746.0, 711.0));
    scale(1.0 + (r + q), n - 1.0)
}

/// `2^r - 1 - r ln 2` for `|r| <= 1/2`.
#[inline(always)]
pub(super) fn exp2_fraction(r: f64) -> f64 {
    r * r * polynomial(r, &EXP2)
}

/// Two to the power of `x`. Within 1.0 ULP.
#[inline(always)]
pub(in super::super) fn exp2(x: f64) -> f64 {
    let x = clamp(x, -1076.0, 1025.0);
    let n = nearest(x);
    let r = x - n;
    scale(1.0 + r.mul_add(LN_2, exp2_fraction(r)), n)
}

/// Half of `e^x - 1`, which does not overflow before `sinh` does.
#[inline(always)]
pub(in super::super) fn half_expm1(x: f64) -> f64 {
    let clamped = clamp(x, -50.0, 710.6);
    let n = nearest(clamped * LOG2_E);
    let first = (-n).mul_add(LN_2, clamped);
    let r = (-n).mul_add(LN_2_LOW, first);
    let low = (-n).mul_add(LN_2_LOW, first - r);
    let q = (r * r).mul_add(polynomial(r, &EXP), low);
    // 2^(n-2) (e^r - 1) + (2^(n-2) - 1/4), smaller by two than would overflow for the largest n.
    let scale = power_of_two(n - 2.0);
    let y = 2.0 * q.mul_add(scale, r.mul_add(scale, scale - 0.25));
    select(x == 0.0, x, y)
}

/// `e^x - 1`, accurate near zero. Within 1.4 ULP.
#[inline(always)]
pub(in super::super) fn expm1(x: f64) -> f64 {
    let y = 2.0 * half_expm1(x);
    // Halving loses bits below the normal numbers, where the result is the argument.
    select(x.abs() < 1e-300, x, y)
}
