//! Integers by multiplication (Lemire, "Fast random integer generation in an interval", 2019): a random
//! fraction of 64 bits, or 128 where the range is above 2^32, times the range. A value's chance is off
//! by less than `range / 2^64` or `range / 2^128` of itself, so nothing needs to be drawn again.

use crate::simd::simd_fn;

/// How a range is covered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Range {
    /// Fewer than 2^32 values: a word an element.
    Narrow(u32),
    /// 2^32 values: the upper half of a word.
    Half,
    /// More: a block an element.
    Wide(u64),
    /// 2^64 values: the upper word of a block.
    Full,
}

/// The number of values, 1 to 2^64.
pub(super) fn range(count: u128) -> Range {
    match (u32::try_from(count), u64::try_from(count)) {
        (Ok(n), _) => Range::Narrow(n),
        (_, Ok(n)) if n == 1 << 32 => Range::Half,
        (_, Ok(n)) => Range::Wide(n),
        _ => Range::Full,
    }
}

/// What an offset becomes: the truncated sum with the low end.
pub(super) trait Offset: Copy + Default {
    fn from_sum(sum: u64) -> Self;
}

macro_rules! offsets {
    ($($t:ty),*) => {$(
        impl Offset for $t {
            #[inline(always)]
            fn from_sum(sum: u64) -> $t {
                sum as $t
            }
        }
    )*};
}
offsets!(u8, u16, u32, u64);

simd_fn! {
    /// # Safety
    /// `words` is readable and `out` writable for `n`; `out` need not be aligned.
    pub(super) unsafe fn narrow[T: Offset](words: *const u64, n: usize, low: u64, range: u32, out: *mut T) {
        let range = u64::from(range);
        for i in 0..n {
            let w = words.add(i).read();
            let v = ((w >> 32) * range + ((w & 0xFFFF_FFFF) * range >> 32)) >> 32;
            out.add(i).write_unaligned(T::from_sum(low.wrapping_add(v)));
        }
    }
}

simd_fn! {
    /// # Safety
    /// As `narrow`.
    pub(super) unsafe fn half[T: Offset](words: *const u64, n: usize, low: u64, out: *mut T) {
        for i in 0..n {
            let v = words.add(i).read() >> 32;
            out.add(i).write_unaligned(T::from_sum(low.wrapping_add(v)));
        }
    }
}

/// # Safety
/// `words` is readable for `2 * n` and `out` writable for `n`; `out` need not be aligned.
pub(super) unsafe fn wide<T: Offset>(
    words: *const u64,
    n: usize,
    low: u64,
    range: u64,
    out: *mut T,
) {
    for i in 0..n {
        // SAFETY: the caller's contract.
        let (a, b) = unsafe { (words.add(2 * i).read(), words.add(2 * i + 1).read()) };
        let carry = u128::from(a) * u128::from(range) >> 64;
        let v = (u128::from(b) * u128::from(range) + carry) >> 64;
        // SAFETY: as above.
        unsafe {
            out.add(i)
                .write_unaligned(T::from_sum(low.wrapping_add(v as u64)))
        };
    }
}

/// # Safety
/// As [`wide`].
pub(super) unsafe fn full<T: Offset>(words: *const u64, n: usize, low: u64, out: *mut T) {
    for i in 0..n {
        // SAFETY: the caller's contract.
        unsafe {
            let v = words.add(2 * i + 1).read();
            out.add(i).write_unaligned(T::from_sum(low.wrapping_add(v)));
        }
    }
}
