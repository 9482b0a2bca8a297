//! The order of elements. Complex numbers are ordered by real part, then imaginary part, as in NumPy.

use chunkwise_core::Complex;

/// `<` and `<=` that are false for NaN, and choices of the larger and smaller.
pub(super) trait Ordered: Copy {
    fn less(self, other: Self) -> bool;
    fn less_equal(self, other: Self) -> bool;
    fn is_nan_(self) -> bool;
    /// The larger, or a NaN.
    #[inline(always)]
    fn larger(self, other: Self) -> Self {
        if other.less(self) || self.is_nan_() {
            self
        } else {
            other
        }
    }
    /// The smaller, or a NaN.
    #[inline(always)]
    fn smaller(self, other: Self) -> Self {
        if self.less(other) || self.is_nan_() {
            self
        } else {
            other
        }
    }
    /// The larger, NaN only where both are.
    #[inline(always)]
    fn larger_number(self, other: Self) -> Self {
        if other.less(self) || other.is_nan_() {
            self
        } else {
            other
        }
    }
    /// The smaller, NaN only where both are.
    #[inline(always)]
    fn smaller_number(self, other: Self) -> Self {
        if self.less(other) || other.is_nan_() {
            self
        } else {
            other
        }
    }
}

macro_rules! ordered {
    ($($t:ty, $nan:expr);*) => {$(
        impl Ordered for $t {
            #[inline(always)]
            fn less(self, other: $t) -> bool {
                self < other
            }
            #[inline(always)]
            fn less_equal(self, other: $t) -> bool {
                self <= other
            }
            #[inline(always)]
            fn is_nan_(self) -> bool {
                let is_nan: fn($t) -> bool = $nan;
                is_nan(self)
            }
        }
    )*};
}
ordered!(i8, |_| false; i16, |_| false; i32, |_| false; i64, |_| false;
         u8, |_| false; u16, |_| false; u32, |_| false; u64, |_| false;
         f32, |x| x.is_nan(); f64, |x| x.is_nan());

macro_rules! ordered_complex {
    ($($t:ty),*) => {$(
        impl Ordered for Complex<$t> {
            #[inline(always)]
            fn less(self, other: Self) -> bool {
                let first = self.re < other.re && !self.im.is_nan() && !other.im.is_nan();
                first | (self.re == other.re && self.im < other.im)
            }
            #[inline(always)]
            fn less_equal(self, other: Self) -> bool {
                let first = self.re < other.re && !self.im.is_nan() && !other.im.is_nan();
                first | (self.re == other.re && self.im <= other.im)
            }
            #[inline(always)]
            fn is_nan_(self) -> bool {
                self.re.is_nan() || self.im.is_nan()
            }
        }
    )*};
}
ordered_complex!(f32, f64);
