//! Exponential values by inversion: `-ln(u) * scale`, `u` in `(0, 1]`. The largest is 36.04 `scale`
//! from the 52 bits of an `f64`, 22.18 `scale` from the 31 bits and a half of an `f32`.

use super::math::{ln, ln_f32};
use super::uniform::{one_to_two, zero_to_one_f32};
use crate::simd::simd_fn;

simd_fn! {
    /// Turns `n` words into values where they lie.
    ///
    /// # Safety
    /// `at` is readable and writable for `n` words.
    pub(super) unsafe fn exponential64(at: *mut u64, n: usize, scale: f64) {
        for i in 0..n {
            let u = 2.0 - one_to_two(at.add(i).read_unaligned());
            at.add(i).write_unaligned(((0.0 - ln(u)) * scale).to_bits());
        }
    }
}

simd_fn! {
    /// Turns `n` words into values where they lie.
    ///
    /// # Safety
    /// `at` is readable and writable for `n` words.
    pub(super) unsafe fn exponential32(at: *mut u32, n: usize, scale: f32) {
        for i in 0..n {
            let u = zero_to_one_f32(at.add(i).read_unaligned());
            at.add(i).write_unaligned(((0.0 - ln_f32(u)) * scale).to_bits());
        }
    }
}
