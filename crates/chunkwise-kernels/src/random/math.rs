//! Elementary functions whose bits are the same on every machine: nothing from the platform's libm,
//! `mul_add` where it is written and nowhere else. Coefficients are those of fdlibm (Sun Microsystems,
//! 1993) and, for `f32`, of Cephes (Moshier); errors are below 1 ULP for the logarithm and within a
//! few for the others.

/// `sqrt(1/2)` as bits: mantissas are brought into `[sqrt(1/2), sqrt(2))`.
const HALF_ROOT: u64 = 0x3FE6_A09E_667F_3BCD;
const ONE: u64 = 0x3FF0_0000_0000_0000;
const LN2_HIGH: f64 = 6.931_471_803_691_238_2e-1;
const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// The natural logarithm of a positive, normal number.
#[inline(always)]
pub(super) fn ln(x: f64) -> f64 {
    let shifted = x.to_bits().wrapping_add(ONE - HALF_ROOT);
    let f = f64::from_bits((shifted & 0x000F_FFFF_FFFF_FFFF) + HALF_ROOT) - 1.0;
    // The biased exponent as a float, without an integer conversion that AVX2 lacks.
    let k =
        f64::from_bits(0x4330_0000_0000_0000 | shifted >> 52) - (4_503_599_627_370_496.0 + 1023.0);
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let even = w.mul_add(
        w.mul_add(1.531_383_769_920_937_3e-1, 2.222_219_843_214_978_4e-1),
        3.999_999_999_940_941_9e-1,
    ) * w;
    let odd = w.mul_add(
        w.mul_add(
            w.mul_add(1.479_819_860_511_658_6e-1, 1.818_357_216_161_805e-1),
            2.857_142_874_366_239_1e-1,
        ),
        6.666_666_666_666_735e-1,
    );
    let r = odd.mul_add(z, even);
    let half_square = 0.5 * f * f;
    let low = k.mul_add(LN2_LOW, s * (half_square + r));
    k.mul_add(LN2_HIGH, f - (half_square - low))
}

/// Cosine and sine of `quarter + t` quarter turns, `t` in `[-1/2, 1/2]`.
#[inline(always)]
pub(super) fn cos_sin_turn(quarter: u64, t: f64) -> (f64, f64) {
    let x = t * std::f64::consts::FRAC_PI_2;
    let z = x * x;
    let w = z * z;
    let s = w.mul_add(
        z.mul_add(1.589_690_995_211_550_1e-10, -2.505_076_025_340_686_3e-8),
        z.mul_add(2.755_731_370_707_006_8e-6, -1.984_126_982_985_795e-4),
    );
    let s = z.mul_add(
        s.mul_add(z, 8.333_333_333_322_49e-3),
        -1.666_666_666_666_663_2e-1,
    );
    let sin = (x * z).mul_add(s, x);
    let c = w.mul_add(
        z.mul_add(-1.135_964_755_778_819_5e-11, 2.087_572_321_298_175e-9),
        z.mul_add(-2.755_731_435_139_066_3e-7, 2.480_158_728_947_673e-5),
    );
    let c = z.mul_add(
        c.mul_add(z, -1.388_888_888_887_411e-3),
        4.166_666_666_666_66e-2,
    );
    let cos = w.mul_add(c, z.mul_add(-0.5, 1.0));
    // A quarter turn exchanges them; the signs are bits of the quarter and of the next one.
    let (a, b) = if quarter & 1 == 0 {
        (cos, sin)
    } else {
        (sin, cos)
    };
    let sign = |v: f64, bit: u64| f64::from_bits(v.to_bits() ^ (bit << 62 & 1 << 63));
    (sign(a, quarter.wrapping_add(1)), sign(b, quarter))
}

/// The natural logarithm of a positive, normal number.
#[inline(always)]
pub(super) fn ln_f32(x: f32) -> f32 {
    const HALF_ROOT: u32 = 0x3F35_04F3;
    let shifted = x.to_bits().wrapping_add(0x3F80_0000 - HALF_ROOT);
    let f = f32::from_bits((shifted & 0x007F_FFFF) + HALF_ROOT) - 1.0;
    let k = ((shifted >> 23) as i32 - 127) as f32;
    let s = f / (2.0 + f);
    let z = s * s;
    let r = z.mul_add(
        z.mul_add(z.mul_add(0.242_790_79, 0.284_987_87), 0.400_009_72),
        0.666_666_63,
    ) * z;
    let half_square = 0.5 * f * f;
    let low = k.mul_add(9.058_000_6e-6, s * (half_square + r));
    k.mul_add(6.931_381e-1, f - (half_square - low))
}

/// Cosine and sine of `quarter + t` quarter turns, `t` in `[-1/2, 1/2]`.
#[inline(always)]
pub(super) fn cos_sin_turn_f32(quarter: u32, t: f32) -> (f32, f32) {
    let x = t * std::f32::consts::FRAC_PI_2;
    let z = x * x;
    let s = z.mul_add(z.mul_add(-1.951_529_6e-4, 8.332_161e-3), -1.666_665_5e-1);
    let sin = (x * z).mul_add(s, x);
    let c = z.mul_add(z.mul_add(2.443_315_7e-5, -1.388_731_6e-3), 4.166_664_6e-2);
    let cos = (z * z).mul_add(c, z.mul_add(-0.5, 1.0));
    let (a, b) = if quarter & 1 == 0 {
        (cos, sin)
    } else {
        (sin, cos)
    };
    let sign = |v: f32, bit: u32| f32::from_bits(v.to_bits() ^ (bit << 30 & 1 << 31));
    (sign(a, quarter.wrapping_add(1)), sign(b, quarter))
}

/// `e^x` for `x` in `[-700, 700]`.
pub(super) fn exp(x: f64) -> f64 {
    let k = (x * std::f64::consts::LOG2_E).round_ties_even();
    let r = k.mul_add(-LN2_LOW, k.mul_add(-LN2_HIGH, x));
    let mut sum = 0.0f64;
    let mut factor = 13.0;
    // Horner's form of the Taylor series: 1 + r/1 (1 + r/2 (1 + r/3 ...)).
    while factor >= 1.0 {
        sum = (1.0 + sum) * r / factor;
        factor -= 1.0;
    }
    (1.0 + sum) * f64::from_bits(((k as i64 + 1023) as u64) << 52)
}

/// `ln(1 + x)` for `x` in `(-1, 1]`, accurate near 0 (the quotient cancels the rounding of `1 + x`;
/// Kahan).
pub(super) fn ln_1p(x: f64) -> f64 {
    let u = 1.0 + x;
    if u == 1.0 { x } else { ln(u) * x / (u - 1.0) }
}

/// `ln(n!) - ln(sqrt(2 pi n) (n / e)^n)`, the error of Stirling's formula, for `n >= 1`.
pub(super) fn stirling_error(n: f64) -> f64 {
    if n < 16.0 {
        let mut factorial = 1.0;
        let mut i = 2.0;
        while i <= n {
            factorial *= i;
            i += 1.0;
        }
        return ln(factorial) - (n + 0.5) * ln(n) + n - HALF_LN_TAU;
    }
    let z = 1.0 / (n * n);
    (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - (1.0 / 1680.0 - z / 1188.0) * z) * z) * z) / n
}

/// `ln(2 pi) / 2`.
pub(super) const HALF_LN_TAU: f64 = 0.918_938_533_204_672_8;

/// `x ln(x / m) + m - x` without cancellation, for positive `x` and `m` (Loader, "Fast and accurate
/// computation of binomial probabilities", 2000).
pub(super) fn deviance(x: f64, m: f64) -> f64 {
    let d = x - m;
    if d.abs() >= 0.1 * (x + m) {
        return x * ln(x / m) + m - x;
    }
    let v = d / (x + m);
    let mut sum = d * v;
    let mut term = 2.0 * x * v;
    let mut odd = 3.0;
    loop {
        term *= v * v;
        let next = sum + term / odd;
        if next == sum {
            return sum;
        }
        sum = next;
        odd += 2.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The platform's functions are good to an ULP, which is enough to measure ours by.
    #[test]
    fn logarithm_is_within_an_ulp_of_the_platform() {
        let mut x = f64::MIN_POSITIVE;
        while x < 1e300 {
            let want = x.ln();
            assert!((ln(x) - want).abs() <= 2.5e-16 * want.abs(), "{x:e}");
            x *= 1.000_37;
        }
        for i in 1..100_000 {
            for x in [
                1.0 - f64::from(i) * 2f64.powi(-52),
                1.0 - f64::from(i) * 1e-6,
            ] {
                let want = x.ln();
                assert!((ln(x) - want).abs() <= 4.5e-16 * want.abs(), "{x:e}");
            }
            let x = i as f32 * 1e-5;
            let want = f64::from(x).ln();
            assert!(
                (f64::from(ln_f32(x)) - want).abs() <= 1.2e-7 * want.abs(),
                "{x:e}"
            );
        }
        assert_eq!((ln(1.0), ln_f32(1.0)), (0.0, 0.0));
    }

    #[test]
    fn turns_are_within_two_ulp_of_the_platform() {
        for quarter in 0..4u32 {
            for i in -5000..=5000 {
                let t = f64::from(i) / 10000.0;
                let angle = (f64::from(quarter) + t) * std::f64::consts::FRAC_PI_2;
                let (c, s) = cos_sin_turn(u64::from(quarter), t);
                assert!((c - angle.cos()).abs() < 1e-15, "{quarter} {t}");
                assert!((s - angle.sin()).abs() < 1e-15, "{quarter} {t}");
                let (c, s) = cos_sin_turn_f32(quarter, t as f32);
                assert!((f64::from(c) - angle.cos()).abs() < 2e-7, "{quarter} {t}");
                assert!((f64::from(s) - angle.sin()).abs() < 2e-7, "{quarter} {t}");
            }
        }
    }
}
