//! Roots and powers.

use super::{nearest, polynomial, power_of_two, select};

/// The cube root on `[1, 8]`, to within 1%.
const CBRT: [f64; 6] = [
    0.6084349186865862,
    0.48881233581505845,
    -0.11212010655657866,
    0.018251656689589422,
    -0.001596887337316374,
    5.655254894221102e-05,
];

/// The cube root.
#[inline(always)]
pub(in super::super) fn cbrt(x: f64) -> f64 {
    let a = x.abs();
    let tiny = a < f64::MIN_POSITIVE;
    let scaled = select(tiny, a * 18014398509481984.0, a);
    let bits = scaled.to_bits();
    let e = f64::from_bits((bits >> 52) | 4503599627370496f64.to_bits())
        - (4503599627370496.0 + 1023.0);
    let mantissa = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) | 1f64.to_bits());
    // e = 3 third + over, with over in 0..3.
    let third = nearest(e * (1.0 / 3.0) - 1.0 / 3.0);
    let over = e - 3.0 * third;
    let m = mantissa * power_of_two(over);
    let y = polynomial(m, &CBRT);
    let y = halley(y, m);
    let y = halley(y, m);
    // A step of Newton's with y^3 - m in twice the precision.
    let square = y * y;
    let rest = y.mul_add(y, -square);
    let residual = square.mul_add(y, -m) + rest * y;
    let y = y - residual / (3.0 * square);
    let root = y * power_of_two(third - select(tiny, 18.0, 0.0));
    let root = select(a == 0.0 || a == f64::INFINITY || a.is_nan(), a, root);
    root.copysign(x)
}

#[inline(always)]
fn halley(y: f64, m: f64) -> f64 {
    let cube = y * y * y;
    y * ((cube + 2.0 * m) / (2.0 * cube + m))
}

/// The length of the vector `(x, y)`, with the correction of Borges (2019), *An improved algorithm for
/// hypot(a, b)*.
#[inline(always)]
pub(in super::super) fn hypot(x: f64, y: f64) -> f64 {
    let (x, y) = (x.abs(), y.abs());
    let (a, b) = (select(x > y, x, y), select(x > y, y, x));
    // Powers of two, exact: 2^-600 and 2^600.
    let down = f64::from_bits((1023 - 600) << 52);
    let up = f64::from_bits((1023 + 600) << 52);
    let scale = select(a > 1e150, down, select(a < 1e-140, up, 1.0));
    let back = select(a > 1e150, up, select(a < 1e-140, down, 1.0));
    let (p, q) = (a * scale, b * scale);
    let h = p.mul_add(p, q * q).sqrt();
    let square = h * h;
    let pp = p * p;
    let lost = (-q).mul_add(q, square - pp) + (h.mul_add(h, -square) - p.mul_add(p, -pp));
    let fixed = select(h > 0.0, h - lost / (2.0 * h), h);
    let h = fixed * back;
    let h = select(x.is_nan() || y.is_nan(), x + y, h);
    select(x == f64::INFINITY || y == f64::INFINITY, f64::INFINITY, h)
}
