//! `any`, `all` and counts: all of them count the elements that pass a test.

use std::marker::PhantomData;

use chunkwise_core::{Complex32, Complex64, DType, Result, dispatch};

use super::Build;
use super::fold::{Fold, part};
use super::state::{Finish, Part};
use super::sum::{finish_bits, stored};

/// What is counted.
pub(super) trait Test<T>: 'static {
    fn passes(x: T) -> bool;
    /// An element that does not pass.
    const FAILS: T;
}

/// An element that can be counted, with the integer of about its width that a lane counts in.
pub(super) trait Countable: Copy + 'static {
    type Lane: Copy;
    const LANE_ZERO: Self::Lane;
    const RUN: usize;
    const ZERO: Self;
    const ONE: Self;
    fn is_zero(self) -> bool;
    fn add(lane: Self::Lane, one: bool) -> Self::Lane;
    fn widen(lane: Self::Lane) -> u64;
}

macro_rules! countables {
    ($($t:ty, $lane:ty, $run:expr, $zero:expr, $one:expr);* $(;)?) => {$(
        impl Countable for $t {
            type Lane = $lane;
            const LANE_ZERO: $lane = 0;
            const RUN: usize = $run;
            const ZERO: $t = $zero;
            const ONE: $t = $one;
            #[inline(always)]
            fn is_zero(self) -> bool {
                self == $zero
            }
            #[inline(always)]
            fn add(lane: $lane, one: bool) -> $lane {
                lane.wrapping_add(one as $lane)
            }
            #[inline(always)]
            fn widen(lane: $lane) -> u64 {
                lane as u64
            }
        }
    )*};
}
countables! {
    i8, u8, 255, 0, 1;
    u8, u8, 255, 0, 1;
    i16, u16, 65535, 0, 1;
    u16, u16, 65535, 0, 1;
    i32, u32, 1 << 20, 0, 1;
    u32, u32, 1 << 20, 0, 1;
    f32, u32, 1 << 20, 0.0, 1.0;
    i64, u64, 1 << 20, 0, 1;
    u64, u64, 1 << 20, 0, 1;
    f64, u64, 1 << 20, 0.0, 1.0;
    Complex32, u64, 1 << 20, Complex32::ZERO, Complex32::ONE;
    Complex64, u64, 1 << 20, Complex64::ZERO, Complex64::ONE;
}

pub(super) struct NonZero;
impl<T: Countable> Test<T> for NonZero {
    const FAILS: T = T::ZERO;
    #[inline(always)]
    fn passes(x: T) -> bool {
        !x.is_zero()
    }
}

pub(super) struct Zero;
impl<T: Countable> Test<T> for Zero {
    const FAILS: T = T::ONE;
    #[inline(always)]
    fn passes(x: T) -> bool {
        x.is_zero()
    }
}

pub(super) struct NotNan;
macro_rules! not_nan {
    ($($t:ty, $nan:expr);*) => {$(
        impl Test<$t> for NotNan {
            const FAILS: $t = $nan;
            #[inline(always)]
            fn passes(x: $t) -> bool {
                !super::sum::Summand::is_nan(x)
            }
        }
    )*};
}
not_nan!(f32, f32::NAN; f64, f64::NAN; Complex32, Complex32::new(f32::NAN, 0.0);
    Complex64, Complex64::new(f64::NAN, 0.0));

/// Counts the elements that pass.
struct Count<T, P>(PhantomData<(T, P)>);

impl<T: Countable, P: Test<T>> Fold for Count<T, P> {
    type In = T;
    type Acc = T::Lane;
    type Value = u64;
    const PAD: T = P::FAILS;
    const START: T::Lane = T::LANE_ZERO;
    const EMPTY: u64 = 0;
    const RUN: usize = T::RUN;

    #[inline(always)]
    fn step(acc: T::Lane, x: T) -> T::Lane {
        T::add(acc, P::passes(x))
    }
    #[inline(always)]
    fn widen(acc: T::Lane) -> u64 {
        T::widen(acc)
    }
    #[inline(always)]
    fn join(a: u64, b: u64) -> u64 {
        a + b
    }
}

/// The part that counts the elements that pass.
pub(super) fn count<T: Countable, P: Test<T>>() -> Part {
    match size_of::<T>() {
        8.. => part::<Count<T, P>, 32>(),
        _ => part::<Count<T, P>, 64>(),
    }
}

fn counting<P>(input: DType, finish: unsafe fn(&Finish<'_>) -> Result<()>) -> Option<Build>
where
    P: Test<i8> + Test<i16> + Test<i32> + Test<i64> + Test<u8> + Test<u16> + Test<u32>,
    P: Test<u64> + Test<f32> + Test<f64> + Test<Complex32> + Test<Complex64>,
{
    // A zero of an integer does not depend on its sign, so the unsigned kernels do for both.
    let stored = match stored(input) {
        DType::I8 => DType::U8,
        DType::I16 => DType::U16,
        DType::I32 => DType::U32,
        DType::I64 => DType::U64,
        other => other,
    };
    dispatch!(numeric stored, T => Some(Build::one(count::<T, P>(), finish)), else None)
}

/// `count_nonzero`.
pub(super) fn count_nonzero(input: DType) -> Option<Build> {
    counting::<NonZero>(input, finish_bits)
}

/// `any`: the count of non-zeros is not 0.
pub(super) fn any(input: DType) -> Option<Build> {
    // SAFETY: field 0 is the count's, the output is bool.
    counting::<NonZero>(input, |f| unsafe {
        f.each(|cell| f.get::<u64>(0, cell) != 0)
    })
}

/// `all`: the count of zeros is 0.
pub(super) fn all(input: DType) -> Option<Build> {
    // SAFETY: as above.
    counting::<Zero>(input, |f| unsafe {
        f.each(|cell| f.get::<u64>(0, cell) == 0)
    })
}
