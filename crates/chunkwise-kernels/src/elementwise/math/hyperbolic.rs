//! Hyperbolic functions and their inverses, from `expm1` and `log1p`.

use super::exp::{expm1, half_exp, half_expm1};
use super::log::{log, log1p};
use super::select;
use std::f64::consts::LN_2;

/// The hyperbolic sine.
#[inline(always)]
pub(in super::super) fn sinh(x: f64) -> f64 {
    let a = x.abs();
    let h = half_expm1(a);
    let y = select(a > 40.0, h, h + h / (2.0 * h + 1.0));
    select(a < 1e-10, a, y).copysign(x)
}

/// The hyperbolic cosine.
#[inline(always)]
pub(in super::super) fn cosh(x: f64) -> f64 {
    let h = half_exp(x.abs());
    h + 0.25 / h
}

/// The hyperbolic tangent.
#[inline(always)]
pub(in super::super) fn tanh(x: f64) -> f64 {
    let a = x.abs();
    let a = select(a > 22.0, 22.0, a);
    let t = expm1(2.0 * a);
    let y = t / (t + 2.0);
    select(a < 1e-10, a, y).copysign(x)
}

/// The inverse hyperbolic sine.
#[inline(always)]
pub(in super::super) fn asinh(x: f64) -> f64 {
    let a = x.abs();
    let square = a * a;
    let near = log1p(a + square / (1.0 + (1.0 + square).sqrt()));
    let far = log(a) + LN_2;
    select(a > 1e9, far, select(a < 1e-10, a, near)).copysign(x)
}

/// The inverse hyperbolic cosine.
#[inline(always)]
pub(in super::super) fn acosh(x: f64) -> f64 {
    let t = x - 1.0;
    let near = log1p(t + t.mul_add(t, 2.0 * t).sqrt());
    select(x > 1e9, log(x) + LN_2, near)
}

/// The inverse hyperbolic tangent.
#[inline(always)]
pub(in super::super) fn atanh(x: f64) -> f64 {
    let a = x.abs();
    let y = 0.5 * log1p(2.0 * a / (1.0 - a));
    let y = select(a > 1.0, f64::NAN, y);
    select(a < 1e-10, a, y).copysign(x)
}
