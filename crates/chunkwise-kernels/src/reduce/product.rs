//! Products.

use std::marker::PhantomData;

use chunkwise_core::{Complex32, Complex64, DType, Result, dispatch};

use super::Build;
use super::fold::{Fold, part};
use super::state::Finish;
use super::sum::{Bits, Summand, Wide, finish_bits, stored};

/// Products of inexact numbers in `f64` or `complex128`, without the NaN ones where `SKIP`.
pub(crate) struct WideProduct<T, const SKIP: bool>(PhantomData<T>);

/// A number that can be multiplied up.
pub(crate) trait Factor: Summand {
    const ONE: Self;
    const WIDE_ONE: Self::Wide;
    fn times(a: Self::Wide, b: Self::Wide) -> Self::Wide;
}

macro_rules! factors {
    ($($t:ty, $one:expr, $wide:expr);*) => {$(
        impl Factor for $t {
            const ONE: $t = $one;
            const WIDE_ONE: Self::Wide = $wide;
            #[inline(always)]
            fn times(a: Self::Wide, b: Self::Wide) -> Self::Wide {
                a * b
            }
        }
    )*};
}
factors!(f32, 1.0, 1.0; f64, 1.0, 1.0; Complex32, Complex32::ONE, Complex64::ONE;
    Complex64, Complex64::ONE, Complex64::ONE);

impl<T: Factor, const SKIP: bool> Fold for WideProduct<T, SKIP> {
    type In = T;
    type Acc = T::Wide;
    type Value = T::Wide;
    const PAD: T = T::ONE;
    const START: T::Wide = T::WIDE_ONE;
    const EMPTY: T::Wide = T::WIDE_ONE;
    const RUN: usize = 1 << 20;

    #[inline(always)]
    fn step(acc: T::Wide, x: T) -> T::Wide {
        if SKIP && x.is_nan() {
            acc
        } else {
            T::times(acc, x.wide())
        }
    }
    #[inline(always)]
    fn widen(acc: T::Wide) -> T::Wide {
        acc
    }
    #[inline(always)]
    fn join(a: T::Wide, b: T::Wide) -> T::Wide {
        T::times(a, b)
    }
}

/// Wrapping products of integers in 64 bits.
pub(crate) struct IntegerProduct<T>(PhantomData<T>);

impl<T: Bits> Fold for IntegerProduct<T> {
    type In = T;
    type Acc = u64;
    type Value = u64;
    const PAD: T = T::ONE;
    const START: u64 = 1;
    const EMPTY: u64 = 1;
    const RUN: usize = 1 << 20;

    #[inline(always)]
    fn step(acc: u64, x: T) -> u64 {
        acc.wrapping_mul(x.bits())
    }
    #[inline(always)]
    fn widen(acc: u64) -> u64 {
        acc
    }
    #[inline(always)]
    fn join(a: u64, b: u64) -> u64 {
        a.wrapping_mul(b)
    }
}

/// `prod`, or `nanprod` where `SKIP`.
pub(crate) fn product<const SKIP: bool>(input: DType) -> Option<Build> {
    dispatch!(integer stored(input), T => {
        Some(Build::one(part::<IntegerProduct<T>, 32>(), finish_bits))
    }, else dispatch!(inexact input, T => {
        Some(Build::one(part::<WideProduct<T, SKIP>, 32>(), finish::<T>))
    }, else None))
}

unsafe fn finish<T: Factor>(f: &Finish<'_>) -> Result<()> {
    // SAFETY: the build pairs this with a `WideProduct` and an output of T.
    unsafe { f.each(|cell| T::from_wide(f.get::<T::Wide>(0, cell).settle(T::Wide::MINUS_ZERO))) }
}
