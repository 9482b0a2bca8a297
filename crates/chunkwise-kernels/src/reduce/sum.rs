//! Sums and means.

use std::marker::PhantomData;
use std::ops::{Add, Sub};

use chunkwise_core::{Complex32, Complex64, DType, Result, dispatch};

use super::Build;
use super::adapt::{Via, converted, paired};
use super::fold::{Fold, part};
use super::logic::{NotNan, count};
use super::state::{Finish, Part};

/// What sums of inexact numbers are carried in: `f64`, or two of them.
pub(crate) trait Wide: Copy + Add<Output = Self> + Sub<Output = Self> + 'static {
    const MINUS_ZERO: Self;
    const ZERO: Self;
    fn times(self, n: f64) -> Self;
    fn over(self, n: f64) -> Self;
    /// A finite value plus its error term; any other value alone, part by part.
    fn settle(self, error: Self) -> Self;
    fn norm_sqr(self) -> f64;
}

impl Wide for f64 {
    const MINUS_ZERO: f64 = -0.0;
    const ZERO: f64 = 0.0;
    #[inline(always)]
    fn times(self, n: f64) -> f64 {
        self * n
    }
    #[inline(always)]
    fn over(self, n: f64) -> f64 {
        self / n
    }
    #[inline(always)]
    fn settle(self, error: f64) -> f64 {
        if self.is_nan() {
            f64::NAN
        } else if self.is_finite() && error != 0.0 {
            self + error
        } else {
            self
        }
    }
    #[inline(always)]
    fn norm_sqr(self) -> f64 {
        self * self
    }
}

impl Wide for Complex64 {
    const MINUS_ZERO: Complex64 = Complex64::new(-0.0, -0.0);
    const ZERO: Complex64 = Complex64::new(0.0, 0.0);
    #[inline(always)]
    fn times(self, n: f64) -> Complex64 {
        Complex64::new(self.re * n, self.im * n)
    }
    #[inline(always)]
    fn over(self, n: f64) -> Complex64 {
        Complex64::new(self.re / n, self.im / n)
    }
    #[inline(always)]
    fn settle(self, error: Complex64) -> Complex64 {
        Complex64::new(self.re.settle(error.re), self.im.settle(error.im))
    }
    #[inline(always)]
    fn norm_sqr(self) -> f64 {
        self.re * self.re + self.im * self.im
    }
}

/// The sum and its exact rounding error (Knuth, TAOCP 4.2.2 B).
#[inline(always)]
pub(crate) fn two_sum<W: Wide>(a: W, b: W) -> (W, W) {
    let s = a + b;
    let t = s - a;
    (s, (a - (s - t)) + (b - t))
}

/// A number that can be added up in a [`Wide`].
pub(crate) trait Summand: Copy + 'static {
    type Wide: Wide;
    /// An element that changes no sum.
    const NOTHING: Self;
    fn wide(self) -> Self::Wide;
    fn from_wide(w: Self::Wide) -> Self;
    fn is_nan(self) -> bool;
}

macro_rules! summands {
    ($($t:ty, $w:ty, $nothing:expr, $x:ident => $wide:expr, $from:ident => $narrow:expr, $nan:expr);* $(;)?) => {$(
        impl Summand for $t {
            type Wide = $w;
            const NOTHING: $t = $nothing;
            #[inline(always)]
            fn wide(self) -> $w {
                let $x = self;
                $wide
            }
            #[inline(always)]
            fn from_wide($from: $w) -> $t {
                $narrow
            }
            #[inline(always)]
            fn is_nan(self) -> bool {
                let $x = self;
                let _ = $x;
                $nan
            }
        }
    )*};
}

summands! {
    i8, f64, 0, x => x as f64, w => w as i8, false;
    i16, f64, 0, x => x as f64, w => w as i16, false;
    i32, f64, 0, x => x as f64, w => w as i32, false;
    i64, f64, 0, x => x as f64, w => w as i64, false;
    u8, f64, 0, x => x as f64, w => w as u8, false;
    u16, f64, 0, x => x as f64, w => w as u16, false;
    u32, f64, 0, x => x as f64, w => w as u32, false;
    u64, f64, 0, x => x as f64, w => w as u64, false;
    f32, f64, -0.0, x => x as f64, w => w as f32, x.is_nan();
    f64, f64, -0.0, x => x, w => w, x.is_nan();
    Complex32, Complex64, Complex32::new(-0.0, -0.0), z => Complex64::new(z.re as f64, z.im as f64),
        w => Complex32::new(w.re as f32, w.im as f32), z.re.is_nan() || z.im.is_nan();
    Complex64, Complex64, Complex64::new(-0.0, -0.0), z => z, w => w, z.re.is_nan() || z.im.is_nan();
}

/// Compensated sums of numbers in a [`Wide`], without the NaN ones where `SKIP`.
pub(crate) struct WideSum<T, const SKIP: bool>(PhantomData<T>);

impl<T: Summand, const SKIP: bool> Fold for WideSum<T, SKIP> {
    type In = T;
    type Acc = T::Wide;
    type Value = T::Wide;
    const PAD: T = T::NOTHING;
    const START: T::Wide = T::Wide::MINUS_ZERO;
    const EMPTY: T::Wide = T::Wide::MINUS_ZERO;
    const RUN: usize = 16;
    const COMPENSATED: bool = true;

    #[inline(always)]
    fn step(acc: T::Wide, x: T) -> T::Wide {
        if SKIP && x.is_nan() {
            acc
        } else {
            acc + x.wide()
        }
    }
    #[inline(always)]
    fn widen(acc: T::Wide) -> T::Wide {
        acc
    }
    #[inline(always)]
    fn join(a: T::Wide, b: T::Wide) -> T::Wide {
        a + b
    }
    #[inline(always)]
    fn absorb(value: T::Wide, error: T::Wide, x: T::Wide) -> (T::Wide, T::Wide) {
        let (s, e) = two_sum(value, x);
        (s, error + e)
    }
    #[inline(always)]
    fn absorb_error(error: T::Wide, other: T::Wide) -> T::Wide {
        error + other
    }
}

/// Wrapping sums of integers in 64 bits.
pub(crate) struct IntegerSum<T>(PhantomData<T>);

/// An integer, as 64 bits in two's complement.
pub(crate) trait Bits: Copy + 'static {
    const ZERO: Self;
    const ONE: Self;
    fn bits(self) -> u64;
}

macro_rules! bits {
    ($($t:ty, $zero:expr, $one:expr, $x:ident => $bits:expr);* $(;)?) => {$(
        impl Bits for $t {
            const ZERO: $t = $zero;
            const ONE: $t = $one;
            #[inline(always)]
            fn bits(self) -> u64 {
                let $x = self;
                $bits
            }
        }
    )*};
}
bits! {
    i8, 0, 1, x => x as u64;
    i16, 0, 1, x => x as u64;
    i32, 0, 1, x => x as u64;
    i64, 0, 1, x => x as u64;
    u8, 0, 1, x => x as u64;
    u16, 0, 1, x => x as u64;
    u32, 0, 1, x => x as u64;
    u64, 0, 1, x => x;
}

impl<T: Bits> Fold for IntegerSum<T> {
    type In = T;
    type Acc = u64;
    type Value = u64;
    const PAD: T = T::ZERO;
    const START: u64 = 0;
    const EMPTY: u64 = 0;
    const RUN: usize = 1 << 20;

    #[inline(always)]
    fn step(acc: u64, x: T) -> u64 {
        acc.wrapping_add(x.bits())
    }
    #[inline(always)]
    fn widen(acc: u64) -> u64 {
        acc
    }
    #[inline(always)]
    fn join(a: u64, b: u64) -> u64 {
        a.wrapping_add(b)
    }
}

/// The kernel's dtype for booleans, which are stored as `u8`; others stay.
pub(crate) fn stored(input: DType) -> DType {
    if input == DType::Bool {
        DType::U8
    } else {
        input
    }
}

/// `sum`, or `nansum` where `SKIP`.
pub(crate) fn sum<const SKIP: bool>(input: DType) -> Option<Build> {
    if let Some(build) = dispatch!(integer stored(input), T => {
        Some(Build::one(part::<IntegerSum<T>, 32>(), finish_bits))
    }, else None)
    {
        return Some(build);
    }
    dispatch!(inexact input, T => {
        let part = if SKIP { part::<WideSum<T, true>, 32>() } else { wide_sum(input)? };
        Some(Build::one(part, finish_sum::<T, SKIP>))
    }, else None)
}

/// Compensated sums of the elements of a real dtype.
struct Real<T>(PhantomData<T>);

impl<T: Summand<Wide = f64>> Via for Real<T> {
    fn part() -> Part {
        part::<WideSum<T, false>, 32>()
    }
}

/// The part that adds up elements of a dtype in [`Wide`].
fn wide_sum(input: DType) -> Option<Part> {
    match stored(input) {
        DType::F32 => Some(Real::<f32>::part()),
        DType::F64 => Some(Real::<f64>::part()),
        DType::C64 => Some(paired::<f32, Real<f32>>()),
        DType::C128 => Some(paired::<f64, Real<f64>>()),
        other => dispatch!(integer other, T => Some(converted::<T, Real<f64>>()), else None),
    }
}

/// `mean`.
pub(crate) fn mean(input: DType) -> Option<Build> {
    let finish = dispatch!(inexact input, T => finish_mean::<T>, else finish_mean::<f64>);
    Some(Build::one(wide_sum(input)?, finish))
}

/// `nanmean` of inexact numbers.
pub(crate) fn nanmean(input: DType) -> Option<Build> {
    dispatch!(inexact input, T => Some(Build::two(
        part::<WideSum<T, true>, 32>(),
        count::<T, NotNan>(),
        finish_nanmean::<T>,
    )), else mean(input))
}

pub(crate) unsafe fn finish_bits(f: &Finish<'_>) -> Result<()> {
    // SAFETY: field 0 and the output are 64-bit integers.
    unsafe { f.each(|cell| f.get::<u64>(0, cell)) }
}

/// The value of a compensated sum.
///
/// # Safety
/// Fields 0 and 1 are those of a [`WideSum`].
unsafe fn total<W: Wide>(f: &Finish<'_>, cell: usize) -> W {
    // SAFETY: by the caller's contract.
    let (value, error) = unsafe { (f.get::<W>(0, cell), f.get::<W>(1, cell)) };
    value.settle(error)
}

unsafe fn finish_sum<T: Summand, const SKIP: bool>(f: &Finish<'_>) -> Result<()> {
    // SAFETY: the build pairs this with a `WideSum` and an output of T.
    unsafe {
        f.each(|cell| {
            let total = total::<T::Wide>(f, cell);
            // No element at all leaves the -0.0 that sums start from.
            let none = SKIP || f.count == 0;
            T::from_wide(if none { total + T::Wide::ZERO } else { total })
        })
    }
}

unsafe fn finish_mean<T: Summand>(f: &Finish<'_>) -> Result<()> {
    let n = f.count as f64;
    // SAFETY: as above.
    unsafe {
        f.each(|cell| {
            T::from_wide(
                total::<T::Wide>(f, cell)
                    .over(n)
                    .settle(T::Wide::MINUS_ZERO),
            )
        })
    }
}

unsafe fn finish_nanmean<T: Summand>(f: &Finish<'_>) -> Result<()> {
    // SAFETY: as above; field 2 is the count's.
    unsafe {
        f.each(|cell| {
            let n = f.get::<u64>(2, cell) as f64;
            T::from_wide(
                total::<T::Wide>(f, cell)
                    .over(n)
                    .settle(T::Wide::MINUS_ZERO),
            )
        })
    }
}
