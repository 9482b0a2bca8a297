//! Special functions.

use super::exp::exp;
use super::select;

/// The modified Bessel function of the first kind and order 0: its power series up to 30, its
/// asymptotic series beyond (Abramowitz and Stegun 9.6.12 and 9.7.1).
#[inline(always)]
pub(in super::super) fn i0(x: f64) -> f64 {
    let a = x.abs();
    let inner = select(a < 30.0, a, 30.0);
    let quarter = inner * inner * 0.25;
    let (mut term, mut sum) = (1.0, 1.0);
    let mut k = 1.0;
    while k < 75.0 {
        term *= quarter / (k * k);
        sum += term;
        k += 1.0;
    }
    let outer = select(a > 30.0, a, 30.0);
    let (mut late, mut tail) = (1.0, 1.0);
    let mut k = 1.0;
    while k < 26.0 {
        late *= (2.0 * k - 1.0) * (2.0 * k - 1.0) / (8.0 * k * outer);
        tail += late;
        k += 1.0;
    }
    let half = exp(0.5 * outer);
    let far = half * (tail / (2.0 * std::f64::consts::PI * outer).sqrt()) * half;
    let y = select(a > 30.0, far, sum);
    let y = select(a == f64::INFINITY, a, y);
    select(x.is_nan(), x, y)
}
