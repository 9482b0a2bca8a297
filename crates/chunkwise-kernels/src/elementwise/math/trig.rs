//! Trigonometry: `x = n pi/2 + r + low` by Cody and Waite's subtraction with `mul_add`, then one
//! polynomial each for the sine and cosine of `r`, of which the quadrant picks.

use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, PI};

use super::reduction::reduce_large;
use super::{SHIFT, polynomial, select};

/// `(sin(r) / r - 1) / r^2` in `r^2`.
const SIN: [f64; 6] = [
    -0.16666666666666666,
    0.008333333333330948,
    -0.00019841269836756774,
    2.7557316101617874e-06,
    -2.505113165023518e-08,
    1.5918115263265974e-10,
];
/// `(cos(r) - 1 + r^2/2) / r^4` in `r^2`.
const COS: [f64; 6] = [
    0.041666666666666664,
    -0.0013888888888887398,
    2.480158729876456e-05,
    -2.7557317271145144e-07,
    2.087614614655861e-09,
    -1.1382623647474604e-11,
];
/// `(asin(x) / x - 1) / x^2` in `x^2`.
const ASIN: [f64; 13] = [
    0.16666666666666669,
    0.07499999999998433,
    0.04464285714635543,
    0.030381944138531247,
    0.02237217294214989,
    0.017352392720869973,
    0.013971212973552933,
    0.011479177415184906,
    0.01032281435018578,
    0.005457506718640358,
    0.01740087944269402,
    -0.014851887071247204,
    0.028757851367421566,
];
/// `(atan(x) / x - 1) / x^2` in `x^2`.
const ATAN: [f64; 11] = [
    -0.33333333333333326,
    0.19999999999987716,
    -0.14285714283139067,
    0.11111110899870873,
    -0.09090900170460428,
    0.07692086826404283,
    -0.06663232707208805,
    0.05847673416895346,
    -0.050337022399687285,
    0.037818992549736224,
    -0.017540403246307516,
];
/// The second and third parts of pi/2, 53 bits each.
const PIO2_MIDDLE: f64 = 6.123233995736766e-17;
const PIO2_LOW: f64 = -1.4973849048591698e-33;

/// Up to here `n pi/2` is subtracted exactly enough.
const LARGE: f64 = 1e6;

/// Whether an argument needs the long reduction.
#[inline(always)]
pub(in super::super) fn is_large(x: f64) -> bool {
    x.abs() > LARGE
}

/// The quadrant in the low bits, and `r + low`.
#[inline(always)]
fn reduce(x: f64) -> (u64, f64, f64) {
    let shifted = x.mul_add(std::f64::consts::FRAC_2_PI, SHIFT);
    let n = shifted - SHIFT;
    let first = (-n).mul_add(FRAC_PI_2, x);
    let r = (-n).mul_add(PIO2_MIDDLE, first);
    let low = (-n).mul_add(PIO2_MIDDLE, first - r);
    (shifted.to_bits(), r, (-n).mul_add(PIO2_LOW, low))
}

#[inline(always)]
fn sin_kernel(r: f64, low: f64) -> f64 {
    let z = r * r;
    let t = z.mul_add(polynomial(z, &SIN), 0.0) * r;
    r + low.mul_add(z.mul_add(-0.5, 1.0), t)
}

#[inline(always)]
fn cos_kernel(r: f64, low: f64) -> f64 {
    let z = r * r;
    let half = 0.5 * z;
    let w = 1.0 - half;
    let rest = (1.0 - w) - half;
    w + (z * z).mul_add(polynomial(z, &COS), (-r).mul_add(low, rest))
}

/// `value` negated where `bit` 1 of the quadrant is set.
#[inline(always)]
fn signed(value: f64, quadrant: u64) -> f64 {
    f64::from_bits(value.to_bits() ^ ((quadrant & 2) << 62))
}

#[inline(always)]
fn sin_of(quadrant: u64, r: f64, low: f64) -> f64 {
    let value = select(quadrant & 1 == 0, sin_kernel(r, low), cos_kernel(r, low));
    signed(value, quadrant)
}

#[inline(always)]
fn tan_of(quadrant: u64, r: f64, low: f64) -> f64 {
    let (s, c) = (sin_kernel(r, low), cos_kernel(r, low));
    let odd = quadrant & 1 == 1;
    select(odd, -c, s) / select(odd, s, c)
}

/// The sine, for `|x|` up to a million.
#[inline(always)]
pub(in super::super) fn sin(x: f64) -> f64 {
    let (q, r, low) = reduce(x);
    select(x.abs() < 1e-10, x, sin_of(q, r, low))
}

/// The cosine, for `|x|` up to a million.
#[inline(always)]
pub(in super::super) fn cos(x: f64) -> f64 {
    let (q, r, low) = reduce(x);
    sin_of(q.wrapping_add(1), r, low)
}

/// The tangent, for `|x|` up to a million.
#[inline(always)]
pub(in super::super) fn tan(x: f64) -> f64 {
    let (q, r, low) = reduce(x);
    select(x.abs() < 1e-10, x, tan_of(q, r, low))
}

/// The sine of any number.
pub(in super::super) fn sin_large(x: f64) -> f64 {
    let (q, r, low) = reduce_large(x);
    sin_of(q, r, low)
}

/// The cosine of any number.
pub(in super::super) fn cos_large(x: f64) -> f64 {
    let (q, r, low) = reduce_large(x);
    sin_of(q.wrapping_add(1), r, low)
}

/// The tangent of any number.
pub(in super::super) fn tan_large(x: f64) -> f64 {
    let (q, r, low) = reduce_large(x);
    tan_of(q, r, low)
}

/// `asin(x) - x` for `|x| <= 1/2`, of `z = x^2`.
#[inline(always)]
fn asin_rest(x: f64, z: f64) -> f64 {
    x * (z * polynomial(z, &ASIN))
}

/// The inverse sine.
#[inline(always)]
pub(in super::super) fn asin(x: f64) -> f64 {
    let a = x.abs();
    let outer = a > 0.5;
    let z = select(outer, 0.5 - 0.5 * a, a * a);
    let s = select(outer, z.sqrt(), a);
    let rest = asin_rest(s, z);
    // What the square root lost.
    let lost = select(outer, (-s).mul_add(s, z) / (s + s), 0.0);
    let lost = select(s == 0.0, 0.0, lost);
    let far = FRAC_PI_2 - 2.0 * (s + ((rest + lost) - 0.5 * PIO2_MIDDLE));
    select(outer, far, s + rest).copysign(x)
}

/// The inverse cosine.
#[inline(always)]
pub(in super::super) fn acos(x: f64) -> f64 {
    let a = x.abs();
    let outer = a > 0.5;
    let z = select(outer, 0.5 - 0.5 * a, a * a);
    let s = select(outer, z.sqrt(), x);
    let rest = asin_rest(s, z);
    let lost = select(s == 0.0, 0.0, (-s).mul_add(s, z) / (s + s));
    let near = FRAC_PI_2 - (x - (PIO2_MIDDLE - rest));
    let positive = 2.0 * (s + (rest + lost));
    let negative = PI - 2.0 * (s + ((rest + lost) - PIO2_MIDDLE));
    select(outer, select(x < 0.0, negative, positive), near)
}

/// `atan(num / den)` for a quotient from 0 to infinity, plus nothing where it is NaN.
#[inline(always)]
fn atan_quotient(num: f64, den: f64) -> f64 {
    // atan(t) = atan(c) + atan((t - c) / (1 + c t)) with c of 0, 1/2, 1, 3/2, infinity.
    let (c0, c1, c2, c3) = (
        num < 0.4375 * den,
        num < 0.6875 * den,
        num < 1.1875 * den,
        num < 2.4375 * den,
    );
    let by = |a, b, c, d, e| select(c0, a, select(c1, b, select(c2, c, select(c3, d, e))));
    let top = by(
        num,
        (-0.5f64).mul_add(den, num),
        num - den,
        (-1.5f64).mul_add(den, num),
        -den,
    );
    let bottom = by(
        den,
        0.5f64.mul_add(num, den),
        num + den,
        1.5f64.mul_add(num, den),
        num,
    );
    let high = by(
        0.0,
        0.4636476090008061,
        FRAC_PI_4,
        0.982793723247329,
        FRAC_PI_2,
    );
    let low = by(
        0.0,
        2.2698777452961687e-17,
        3.061616997868383e-17,
        1.3903311031230998e-17,
        PIO2_MIDDLE,
    );
    let t = top / bottom;
    let z = t * t;
    let rest = t * (z * polynomial(z, &ATAN));
    high + (t + (rest + low))
}

/// The inverse tangent.
#[inline(always)]
pub(in super::super) fn atan(x: f64) -> f64 {
    atan_quotient(x.abs(), 1.0).copysign(x)
}

/// The angle of the point `(x, y)`.
#[inline(always)]
pub(in super::super) fn atan2(y: f64, x: f64) -> f64 {
    let (a, b) = (y.abs(), x.abs());
    let (larger, smaller) = (select(a > b, a, b), select(a > b, b, a));
    // Away from overflow and underflow in the sums above; a quotient below 2^-1000 is lost to
    // the subnormals either way.
    let scale = select(larger > 1e300, 1e-10, select(larger < 1e-290, 1e18, 1.0));
    let scale = select(smaller == 0.0, 1.0, scale);
    let both = a == f64::INFINITY && b == f64::INFINITY;
    let num = select(both, 1.0, select(b == f64::INFINITY, 0.0, a * scale));
    let den = select(both, 1.0, select(a == f64::INFINITY, 0.0, b * scale));
    let origin = a == 0.0 && b == 0.0;
    let acute = select(origin, 0.0, atan_quotient(num, den));
    let angle = select(
        x.is_sign_negative(),
        PI - (acute - 2.0 * PIO2_MIDDLE),
        acute,
    );
    let angle = angle.copysign(y);
    select(x.is_nan() || y.is_nan(), x + y, angle)
}
