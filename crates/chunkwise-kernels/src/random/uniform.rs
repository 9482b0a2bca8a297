//! Uniform values in `[low, high)`, made from a block's words in the registers that the generator
//! leaves them in.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

use crate::simd::simd_fn;

/// Turns the words of a block into values of the same width. Every width of vector gives the same
/// bits: the operations are single IEEE ones.
pub(super) trait Convert {
    /// Converts one vector and stores it, unaligned.
    ///
    /// # Safety
    /// The machine has the vectors; `out` is writable for one.
    #[cfg(target_arch = "x86_64")]
    unsafe fn put128(&self, words: __m128i, out: *mut u8);
    /// As [`put128`](Self::put128), with AVX2.
    ///
    /// # Safety
    /// As there.
    #[cfg(target_arch = "x86_64")]
    unsafe fn put256(&self, words: __m256i, out: *mut u8);
    /// As [`put128`](Self::put128), with AVX-512.
    ///
    /// # Safety
    /// As there.
    #[cfg(target_arch = "x86_64")]
    unsafe fn put512(&self, words: __m512i, out: *mut u8);
    /// Converts `n` blocks of words where they lie.
    ///
    /// # Safety
    /// `at` is readable and writable for `n` blocks of 16 bytes.
    unsafe fn in_place(&self, at: *mut u8, n: usize);
}

/// The words themselves.
pub(super) struct Raw;

impl Convert for Raw {
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    unsafe fn put128(&self, words: __m128i, out: *mut u8) {
        // SAFETY: the caller's contract.
        unsafe { _mm_storeu_si128(out.cast(), words) }
    }
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    unsafe fn put256(&self, words: __m256i, out: *mut u8) {
        // SAFETY: the caller's contract.
        unsafe { _mm256_storeu_si256(out.cast(), words) }
    }
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    unsafe fn put512(&self, words: __m512i, out: *mut u8) {
        // SAFETY: the caller's contract.
        unsafe { _mm512_storeu_si512(out.cast(), words) }
    }
    #[inline(always)]
    unsafe fn in_place(&self, _: *mut u8, _: usize) {}
}

/// `f64` in `[low, high)`: the word's upper 52 bits as the fraction of a number in `[1, 2)`, less 1,
/// scaled. `UNIT` leaves the scaling out where it is by 1 and 0.
#[derive(Clone, Copy, Debug)]
pub(super) struct Uniform64<const UNIT: bool> {
    low: f64,
    range: f64,
    last: f64,
}

impl<const UNIT: bool> Uniform64<UNIT> {
    pub(super) fn new(low: f64, high: f64) -> Uniform64<UNIT> {
        Uniform64 {
            low,
            range: high - low,
            last: high.next_down().max(low),
        }
    }
}

/// The upper 52 bits as a number in `[1, 2)`.
#[inline(always)]
pub(super) fn one_to_two(word: u64) -> f64 {
    f64::from_bits(word >> 12 | 0x3FF0_0000_0000_0000)
}

/// The upper 31 bits as the middle of one of the `2^31` parts of `(0, 1]`, rounded.
#[inline(always)]
pub(super) fn zero_to_one_f32(word: u32) -> f32 {
    ((word >> 1) as i32 as f32).mul_add(1.0 / 2_147_483_648.0, 1.0 / 4_294_967_296.0)
}

impl<const UNIT: bool> Convert for Uniform64<UNIT> {
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    unsafe fn put128(&self, words: __m128i, out: *mut u8) {
        // SAFETY: the caller's contract.
        unsafe {
            let one = _mm_set1_pd(1.0);
            let bits = _mm_or_si128(_mm_srli_epi64::<12>(words), _mm_castpd_si128(one));
            let mut v = _mm_sub_pd(_mm_castsi128_pd(bits), one);
            if !UNIT {
                v = _mm_mul_pd(v, _mm_set1_pd(self.range));
                v = _mm_add_pd(v, _mm_set1_pd(self.low));
                v = _mm_min_pd(v, _mm_set1_pd(self.last));
            }
            _mm_storeu_pd(out.cast(), v);
        }
    }
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    unsafe fn put256(&self, words: __m256i, out: *mut u8) {
        // SAFETY: the caller's contract.
        unsafe {
            let one = _mm256_set1_pd(1.0);
            let bits = _mm256_or_si256(_mm256_srli_epi64::<12>(words), _mm256_castpd_si256(one));
            let mut v = _mm256_sub_pd(_mm256_castsi256_pd(bits), one);
            if !UNIT {
                v = _mm256_mul_pd(v, _mm256_set1_pd(self.range));
                v = _mm256_add_pd(v, _mm256_set1_pd(self.low));
                v = _mm256_min_pd(v, _mm256_set1_pd(self.last));
            }
            _mm256_storeu_pd(out.cast(), v);
        }
    }
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    unsafe fn put512(&self, words: __m512i, out: *mut u8) {
        // SAFETY: the caller's contract.
        unsafe {
            let one = _mm512_set1_pd(1.0);
            let bits = _mm512_or_si512(_mm512_srli_epi64::<12>(words), _mm512_castpd_si512(one));
            let mut v = _mm512_sub_pd(_mm512_castsi512_pd(bits), one);
            if !UNIT {
                v = _mm512_mul_pd(v, _mm512_set1_pd(self.range));
                v = _mm512_add_pd(v, _mm512_set1_pd(self.low));
                v = _mm512_min_pd(v, _mm512_set1_pd(self.last));
            }
            _mm512_storeu_pd(out.cast(), v);
        }
    }
    #[inline]
    unsafe fn in_place(&self, at: *mut u8, n: usize) {
        // SAFETY: `n` blocks are `2 n` words, which the caller says are there.
        unsafe { scale64(at.cast(), 2 * n, self.low, self.range, self.last) }
    }
}

simd_fn! {
    /// # Safety
    /// `at` is readable and writable for `n` words.
    unsafe fn scale64(at: *mut u64, n: usize, low: f64, range: f64, last: f64) {
        for i in 0..n {
            let word = at.add(i).read_unaligned();
            let v = (one_to_two(word) - 1.0) * range + low;
            let v = if v < last { v } else { last };
            at.add(i).write_unaligned(v.to_bits());
        }
    }
}

/// `f32` in `[low, high)`: the upper 24 bits of a 32-bit word, scaled.
#[derive(Clone, Copy, Debug)]
pub(super) struct Uniform32 {
    low: f32,
    scale: f32,
    last: f32,
}

impl Uniform32 {
    pub(super) fn new(low: f64, high: f64) -> Uniform32 {
        let (low, high) = (low as f32, high as f32);
        Uniform32 {
            low,
            scale: (high - low) * (1.0 / 16_777_216.0),
            last: high.next_down().max(low),
        }
    }
}

impl Convert for Uniform32 {
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    unsafe fn put128(&self, words: __m128i, out: *mut u8) {
        // SAFETY: the caller's contract.
        unsafe {
            let v = _mm_cvtepi32_ps(_mm_srli_epi32::<8>(words));
            let v = _mm_add_ps(
                _mm_mul_ps(v, _mm_set1_ps(self.scale)),
                _mm_set1_ps(self.low),
            );
            _mm_storeu_ps(out.cast(), _mm_min_ps(v, _mm_set1_ps(self.last)));
        }
    }
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    unsafe fn put256(&self, words: __m256i, out: *mut u8) {
        // SAFETY: the caller's contract.
        unsafe {
            let v = _mm256_cvtepi32_ps(_mm256_srli_epi32::<8>(words));
            let v = _mm256_mul_ps(v, _mm256_set1_ps(self.scale));
            let v = _mm256_add_ps(v, _mm256_set1_ps(self.low));
            _mm256_storeu_ps(out.cast(), _mm256_min_ps(v, _mm256_set1_ps(self.last)));
        }
    }
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    unsafe fn put512(&self, words: __m512i, out: *mut u8) {
        // SAFETY: the caller's contract.
        unsafe {
            let v = _mm512_cvtepi32_ps(_mm512_srli_epi32::<8>(words));
            let v = _mm512_mul_ps(v, _mm512_set1_ps(self.scale));
            let v = _mm512_add_ps(v, _mm512_set1_ps(self.low));
            _mm512_storeu_ps(out.cast(), _mm512_min_ps(v, _mm512_set1_ps(self.last)));
        }
    }
    #[inline]
    unsafe fn in_place(&self, at: *mut u8, n: usize) {
        // SAFETY: `n` blocks are `4 n` words, which the caller says are there.
        unsafe { scale32(at.cast(), 4 * n, self.low, self.scale, self.last) }
    }
}

simd_fn! {
    /// # Safety
    /// `at` is readable and writable for `n` words.
    unsafe fn scale32(at: *mut u32, n: usize, low: f32, scale: f32, last: f32) {
        for i in 0..n {
            let word = at.add(i).read_unaligned();
            let v = (word >> 8) as i32 as f32 * scale + low;
            let v = if v < last { v } else { last };
            at.add(i).write_unaligned(v.to_bits());
        }
    }
}
