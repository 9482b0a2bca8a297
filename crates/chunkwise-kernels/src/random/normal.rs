//! Normal values by the Box-Muller transform (1958): of the two words of a pair, the first gives the
//! radius and the second the angle; element `2k` is the cosine's, `2k + 1` the sine's.

use super::math::{cos_sin_turn, cos_sin_turn_f32, ln, ln_f32};
use super::uniform::{one_to_two, zero_to_one_f32};
use crate::simd::simd_fn;

/// The largest value for `mean` 0 and `std` 1, `sqrt(2 * 52 * ln 2)`: the radius comes from 52 bits.
#[cfg(test)]
pub(super) const LARGEST: f64 = 8.490_2;

/// As [`LARGEST`], for `f32`, whose radius comes from 31 bits and a half: `sqrt(2 * 32 * ln 2)`.
#[cfg(test)]
pub(super) const LARGEST_F32: f64 = 6.660_5;

/// A pair of words as a pair of standard normal values.
#[inline(always)]
fn pair(radius: u64, angle: u64) -> (f64, f64) {
    let u = 2.0 - one_to_two(radius);
    let r = (-2.0 * ln(u)).sqrt();
    let (c, s) = cos_sin_turn(angle >> 62, one_to_two(angle << 2) - 1.5);
    (r * c, r * s)
}

#[inline(always)]
fn pair_f32(radius: u32, angle: u32) -> (f32, f32) {
    let u = zero_to_one_f32(radius);
    let r = (-2.0 * ln_f32(u)).sqrt();
    let t = (angle << 2) as i32 as f32 * (1.0 / 4_294_967_296.0);
    let (c, s) = cos_sin_turn_f32(angle >> 30, t);
    (r * c, r * s)
}

simd_fn! {
    /// Turns `pairs` pairs of 64-bit words into normal values where they lie.
    ///
    /// # Safety
    /// `at` is readable and writable for `2 * pairs` words.
    pub(super) unsafe fn normal64(at: *mut u64, pairs: usize, mean: f64, std: f64) {
        for i in 0..pairs {
            let p = at.add(2 * i);
            let (a, b) = pair(p.read_unaligned(), p.add(1).read_unaligned());
            p.write_unaligned(a.mul_add(std, mean).to_bits());
            p.add(1).write_unaligned(b.mul_add(std, mean).to_bits());
        }
    }
}

simd_fn! {
    /// Turns `pairs` pairs of 32-bit words into normal values where they lie.
    ///
    /// # Safety
    /// `at` is readable and writable for `2 * pairs` words.
    pub(super) unsafe fn normal32(at: *mut u32, pairs: usize, mean: f32, std: f32) {
        for i in 0..pairs {
            let p = at.add(2 * i);
            let (a, b) = pair_f32(p.read_unaligned(), p.add(1).read_unaligned());
            p.write_unaligned(a.mul_add(std, mean).to_bits());
            p.add(1).write_unaligned(b.mul_add(std, mean).to_bits());
        }
    }
}
