//! Smallest and largest elements.

use std::marker::PhantomData;

use chunkwise_core::{Complex32, Complex64, DType, Result, dispatch};

use super::Build;
use super::fold::{Fold, part};
use super::state::{Finish, Part};
use super::sum::stored;

/// An element with an order; complex numbers are ordered by real part, then by imaginary part.
pub(crate) trait Ordered: Copy + 'static {
    const LOWEST: Self;
    const HIGHEST: Self;
    /// NaN, or where there is none the value that [`Self::is_nan`] never holds for.
    const NAN: Self;
    fn below(self, other: Self) -> bool;
    fn is_nan(self) -> bool;
    fn minus(self, other: Self) -> Self;
}

macro_rules! ordered {
    (integers $($t:ty),*) => {$(
        impl Ordered for $t {
            const LOWEST: $t = <$t>::MIN;
            const HIGHEST: $t = <$t>::MAX;
            const NAN: $t = 0;
            #[inline(always)]
            fn below(self, other: $t) -> bool {
                self < other
            }
            #[inline(always)]
            fn is_nan(self) -> bool {
                false
            }
            #[inline(always)]
            fn minus(self, other: $t) -> $t {
                self.wrapping_sub(other)
            }
        }
    )*};
    (floats $($t:ty, $c:ty);*) => {$(
        impl Ordered for $t {
            const LOWEST: $t = <$t>::NEG_INFINITY;
            const HIGHEST: $t = <$t>::INFINITY;
            const NAN: $t = <$t>::NAN;
            #[inline(always)]
            fn below(self, other: $t) -> bool {
                self < other
            }
            #[inline(always)]
            fn is_nan(self) -> bool {
                <$t>::is_nan(self)
            }
            #[inline(always)]
            fn minus(self, other: $t) -> $t {
                self - other
            }
        }
        impl Ordered for $c {
            const LOWEST: $c = <$c>::new(<$t>::NEG_INFINITY, <$t>::NEG_INFINITY);
            const HIGHEST: $c = <$c>::new(<$t>::INFINITY, <$t>::INFINITY);
            const NAN: $c = <$c>::new(<$t>::NAN, <$t>::NAN);
            #[inline(always)]
            fn below(self, other: $c) -> bool {
                let less = self.re < other.re || (self.re == other.re && self.im < other.im);
                less && !self.is_nan() && !other.is_nan()
            }
            #[inline(always)]
            fn is_nan(self) -> bool {
                self.re.is_nan() || self.im.is_nan()
            }
            #[inline(always)]
            fn minus(self, other: $c) -> $c {
                self - other
            }
        }
    )*};
}
ordered!(integers i8, i16, i32, i64, u8, u16, u32, u64);
ordered!(floats f32, Complex32; f64, Complex64);

/// Whether `a` is better than `b`: above it where `MAX`, below it otherwise.
#[inline(always)]
pub(crate) fn beats<T: Ordered, const MAX: bool>(a: T, b: T) -> bool {
    if MAX { b.below(a) } else { a.below(b) }
}

/// The largest element where `MAX`, else the smallest. A NaN wins over all, or loses where `SKIP`.
pub(crate) struct Extremum<T, const MAX: bool, const SKIP: bool>(PhantomData<T>);

impl<T: Ordered, const MAX: bool, const SKIP: bool> Fold for Extremum<T, MAX, SKIP> {
    type In = T;
    type Acc = T;
    type Value = T;
    const PAD: T = if SKIP {
        T::NAN
    } else if MAX {
        T::LOWEST
    } else {
        T::HIGHEST
    };
    const START: T = Self::PAD;
    const EMPTY: T = Self::PAD;
    const RUN: usize = 1 << 20;

    #[inline(always)]
    fn step(acc: T, x: T) -> T {
        let better = if beats::<T, MAX>(x, acc) { x } else { acc };
        let nan_decides = if SKIP { acc.is_nan() } else { x.is_nan() };
        if nan_decides { x } else { better }
    }
    #[inline(always)]
    fn widen(acc: T) -> T {
        acc
    }
    #[inline(always)]
    fn join(a: T, b: T) -> T {
        Self::step(a, b)
    }
}

fn extremum_part<T: Ordered, const MAX: bool, const SKIP: bool>() -> Part {
    match size_of::<T>() {
        4.. => part::<Extremum<T, MAX, SKIP>, 32>(),
        _ => part::<Extremum<T, MAX, SKIP>, 64>(),
    }
}

/// `min` and `max`.
pub(crate) fn extremum<const MAX: bool>(input: DType) -> Option<Build> {
    dispatch!(numeric stored(input), T => Some(Build::one(
        extremum_part::<T, MAX, false>(),
        finish::<T>,
    )), else None)
}

/// `nanmin` and `nanmax`: NaN where all are.
pub(crate) fn nan_extremum<const MAX: bool>(input: DType) -> Option<Build> {
    dispatch!(inexact input, T => Some(Build::one(
        extremum_part::<T, MAX, true>(),
        finish::<T>,
    )), else extremum::<MAX>(input))
}

/// `ptp`: the largest minus the smallest.
pub(crate) fn range(input: DType) -> Option<Build> {
    dispatch!(real input, T => Some(Build::two(
        extremum_part::<T, true, false>(),
        extremum_part::<T, false, false>(),
        finish_range::<T>,
    )), else None)
}

/// One bit pattern for every NaN.
fn settle<T: Ordered>(x: T) -> T {
    if x.is_nan() { T::NAN } else { x }
}

unsafe fn finish<T: Ordered>(f: &Finish<'_>) -> Result<()> {
    // SAFETY: field 0 and the output are of T.
    unsafe { f.each(|cell| settle(f.get::<T>(0, cell))) }
}

unsafe fn finish_range<T: Ordered>(f: &Finish<'_>) -> Result<()> {
    // SAFETY: fields 0 and 1 and the output are of T.
    unsafe { f.each(|cell| settle(f.get::<T>(0, cell).minus(f.get::<T>(1, cell)))) }
}
