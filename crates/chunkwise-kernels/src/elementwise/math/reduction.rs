//! Argument reduction for large angles, after Payne and Hanek (SIGNUM Newsletter 18, 1983): only the
//! bits of `2/pi` that can reach the quadrant and the fraction are multiplied.

use std::f64::consts::FRAC_PI_2;

/// The first 1280 bits of `2/pi` after the point.
const TWO_OVER_PI: [u64; 20] = [
    0xa2f9_836e_4e44_1529,
    0xfc27_57d1_f534_ddc0,
    0xdb62_9599_3c43_9041,
    0xfe51_63ab_debb_c561,
    0xb724_6e3a_424d_d2e0,
    0x0649_2eea_09d1_921c,
    0xfe1d_eb1c_b129_a73e,
    0xe882_35f5_2ebb_4484,
    0xe99c_7026_b45f_7e41,
    0x3991_d639_8353_39f4,
    0x9c84_5f8b_bdf9_283b,
    0x1ff8_97ff_de05_980f,
    0xef2f_118b_5a0a_6d1f,
    0x6d36_7ecf_27cb_09b7,
    0x4f46_3f66_9e5f_ea2d,
    0x7527_bac7_ebe5_f17b,
    0x3d07_39f7_8a52_92ea,
    0x6bfb_5fb1_1f8d_5d08,
    0x5603_3046_fc7b_6bab,
    0xf0cf_bc20_9af4_361d,
];

/// What `FRAC_PI_2` lacks of pi/2.
const PIO2_MIDDLE: f64 = 6.123233995736766e-17;

/// 64 bits of `2/pi` from bit `from` after the point; zeros before the point.
fn bits(from: i32) -> u64 {
    let word = |i: i32| {
        usize::try_from(i)
            .ok()
            .and_then(|i| TWO_OVER_PI.get(i))
            .copied()
            .unwrap_or(0)
    };
    let (index, shift) = (from.div_euclid(64), from.rem_euclid(64) as u32);
    let (a, b) = (word(index), word(index + 1));
    match shift {
        0 => a,
        s => a << s | b >> (64 - s),
    }
}

/// The quadrant in the low bits and `r + low` with `x = n pi/2 + r + low`, for any `|x| >= 1`; NaN for
/// infinities and NaN.
pub(super) fn reduce_large(x: f64) -> (u64, f64, f64) {
    if !x.is_finite() {
        return (0, f64::NAN, 0.0);
    }
    let raw = x.to_bits();
    let exponent = (raw >> 52 & 0x7ff) as i32 - 1075;
    let mantissa = (raw & 0x000f_ffff_ffff_ffff | 0x0010_0000_0000_0000) as u128;
    // |x| 2/pi mod 4, with 2 bits before the point: bits of weight above 2 are multiples of 4.
    let start = exponent - 2;
    let [a, b, c] = [bits(start), bits(start + 64), bits(start + 128)].map(|w| w as u128);
    // mantissa * (a, b, c) with a's top bit of weight 2^1 * 2^... modulo 2^192.
    let low = mantissa * c;
    let middle = mantissa * b + (low >> 64);
    let high = (mantissa * a).wrapping_add(middle >> 64) as u64;
    let (middle, low) = (middle as u64, low as u64);
    let mut quadrant = high >> 62;
    // The fraction of a quarter turn as a signed number of 190 bits, from -1/2 to 1/2.
    let mut fraction = (high as u128) << 66 | (middle as u128) << 2 | (low >> 62) as u128;
    let negative = fraction >> 127 == 1;
    if negative {
        quadrant += 1;
        fraction = fraction.wrapping_neg();
    }
    let zeros = fraction.leading_zeros().min(127);
    let top = (fraction << zeros >> 64) as u64;
    // 53 bits at once, and 53 more.
    let scale = |shift: u32| f64::from_bits(((1023 - shift as u64) & 0x7ff) << 52);
    let first = (top >> 11) as f64 * scale(zeros + 53);
    let rest = (fraction << zeros << 53 >> 64) as u64;
    let second = (rest >> 11) as f64 * scale(zeros + 106);
    let r = first * FRAC_PI_2;
    let lost = first.mul_add(FRAC_PI_2, -r);
    let mut low = first.mul_add(PIO2_MIDDLE, second.mul_add(FRAC_PI_2, lost));
    let high = r + low;
    low += r - high;
    let flip = negative != x.is_sign_negative();
    let sign = if flip { -1.0 } else { 1.0 };
    if x.is_sign_negative() {
        quadrant = quadrant.wrapping_neg();
    }
    (quadrant, sign * high, sign * low)
}
