//! Vector mathematics: branch-free scalar bodies that the compiler vectorises.
//!
//! Every body is built from additions, multiplications, divisions, square roots, `mul_add` (one
//! rounding everywhere) and bit operations, so that each element's result depends on nothing but its
//! argument: not on the instruction set, the platform's library or the place in the array. Each
//! function states the largest error seen over several million arguments against 64-bit
//! extended precision, in units in the last place. Polynomials are Chebyshev interpolations computed in 400-bit arithmetic,
//! near the minimax ones. `f32` functions are computed in `f64` and rounded: their error is at most
//! 0.51 ULP.

pub(super) mod exp;
pub(super) mod hyperbolic;
pub(super) mod log;
mod pow;
pub(super) mod power;
mod reduction;
pub(super) mod special;
pub(super) mod trig;

/// Adding and subtracting it rounds to the nearest integer, ties to even, for `|x| < 2^51`; between the
/// two, the low bits of the sum are the integer.
const SHIFT: f64 = 6755399441055744.0; // 1.5 * 2^52

/// `c[0] + c[1] x + ...`, by Horner's rule.
#[inline(always)]
fn polynomial<const N: usize>(x: f64, c: &[f64; N]) -> f64 {
    let mut sum = c[N - 1];
    let mut k = N - 1;
    while k > 0 {
        k -= 1;
        sum = sum.mul_add(x, c[k]);
    }
    sum
}

/// `2^n` for an integer `n` in -1022..=1023.
#[inline(always)]
fn power_of_two(n: f64) -> f64 {
    f64::from_bits((n + (SHIFT + 1023.0)).to_bits() << 52)
}

/// `x` rounded to an integer, ties to even, for `|x| < 2^51`.
#[inline(always)]
fn nearest(x: f64) -> f64 {
    (x + SHIFT) - SHIFT
}

#[inline(always)]
fn select(condition: bool, yes: f64, no: f64) -> f64 {
    if condition { yes } else { no }
}

/// The functions of one real argument, for both float types.
macro_rules! functions {
    ($($(#[$meta:meta])* $name:ident = $path:path;)*) => {
        /// Real functions as methods, so that one body in the table serves both float types.
        pub(crate) trait Math: Copy {
            $(fn $name(self) -> Self;)*
            fn atan2_(self, x: Self) -> Self;
            fn hypot_(self, y: Self) -> Self;
            fn pow_(self, y: Self) -> Self;
            fn logaddexp_(self, y: Self) -> Self;
            fn logaddexp2_(self, y: Self) -> Self;
        }
        impl Math for f64 {
            $(#[inline(always)] fn $name(self) -> f64 { $path(self) })*
            #[inline(always)]
            fn atan2_(self, x: f64) -> f64 { trig::atan2(self, x) }
            #[inline(always)]
            fn pow_(self, y: f64) -> f64 {
                pow::pow(self, y)
            }
            #[inline(always)]
            fn hypot_(self, y: f64) -> f64 { power::hypot(self, y) }
            #[inline(always)]
            fn logaddexp_(self, y: f64) -> f64 { log::logaddexp(self, y) }
            #[inline(always)]
            fn logaddexp2_(self, y: f64) -> f64 { log::logaddexp2(self, y) }
        }
        impl Math for f32 {
            $(#[inline(always)] fn $name(self) -> f32 { $path(self as f64) as f32 })*
            #[inline(always)]
            fn atan2_(self, x: f32) -> f32 { trig::atan2(self as f64, x as f64) as f32 }
            #[inline(always)]
            fn pow_(self, y: f32) -> f32 {
                pow::pow_single(self as f64, y as f64) as f32
            }
            #[inline(always)]
            fn hypot_(self, y: f32) -> f32 {
                let (x, y) = (self as f64, y as f64);
                x.mul_add(x, y * y).sqrt() as f32
            }
            #[inline(always)]
            fn logaddexp_(self, y: f32) -> f32 { log::logaddexp(self as f64, y as f64) as f32 }
            #[inline(always)]
            fn logaddexp2_(self, y: f32) -> f32 { log::logaddexp2(self as f64, y as f64) as f32 }
        }
    };
}

functions! {
    exp_ = exp::exp;
    exp2_ = exp::exp2;
    expm1_ = exp::expm1;
    log_ = log::log;
    log2_ = log::log2;
    log10_ = log::log10;
    log1p_ = log::log1p;
    sin_ = trig::sin;
    cos_ = trig::cos;
    tan_ = trig::tan;
    sin_large = trig::sin_large;
    cos_large = trig::cos_large;
    tan_large = trig::tan_large;
    asin_ = trig::asin;
    acos_ = trig::acos;
    atan_ = trig::atan;
    sinh_ = hyperbolic::sinh;
    cosh_ = hyperbolic::cosh;
    tanh_ = hyperbolic::tanh;
    asinh_ = hyperbolic::asinh;
    acosh_ = hyperbolic::acosh;
    atanh_ = hyperbolic::atanh;
    cbrt_ = power::cbrt;
    i0_ = special::i0;
}
