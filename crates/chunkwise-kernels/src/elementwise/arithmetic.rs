//! Scalar bodies of division, remainders, powers and their kin.

/// What integers do where NumPy and Rust's operators differ: nothing here panics.
pub(super) trait Integer: Copy {
    /// The quotient rounded down; 0 where `d` is 0; wraps for the smallest by -1.
    fn floor_quotient(self, d: Self) -> Self;
    /// The remainder with the sign of `d`; 0 where `d` is 0.
    fn floor_remainder(self, d: Self) -> Self;
    /// The remainder with the sign of `self`; 0 where `d` is 0.
    fn c_remainder(self, d: Self) -> Self;
    /// The power, wrapping. A negative exponent gives the true power truncated: 0 but for 1 and -1,
    /// and 0 for 0.
    fn power(self, n: Self) -> Self;
    /// Shifted left; 0 where `n` is negative or at least the width.
    fn left(self, n: Self) -> Self;
    /// Shifted right; the sign everywhere where `n` is negative or at least the width.
    fn right(self, n: Self) -> Self;
    /// 1/x truncated; 0 for 0.
    fn inverse(self) -> Self;
    /// -1, 0 or 1.
    fn sign(self) -> Self;
    /// The absolute value, wrapping.
    fn magnitude(self) -> Self;
    /// The greatest common divisor of the absolute values, wrapping.
    fn gcd(self, other: Self) -> Self;
    /// The least common multiple of the absolute values, wrapping.
    fn lcm(self, other: Self) -> Self;
    /// The number of ones in the binary form of the absolute value.
    fn ones(self) -> u8;
}

macro_rules! integers {
    ($($t:ident $u:ident $signed:literal),*) => {$(
        impl Integer for $t {
            #[inline(always)]
            fn floor_quotient(self, d: $t) -> $t {
                if d == 0 {
                    return 0;
                }
                let q = self.wrapping_div(d);
                let r = self.wrapping_rem(d);
                q.wrapping_sub((r != 0 && (r < 0 as $t) != (d < 0 as $t)) as $t)
            }
            #[inline(always)]
            fn floor_remainder(self, d: $t) -> $t {
                let r = self.c_remainder(d);
                if r != 0 && (r < 0 as $t) != (d < 0 as $t) { r.wrapping_add(d) } else { r }
            }
            #[inline(always)]
            fn c_remainder(self, d: $t) -> $t {
                if d == 0 { 0 } else { self.wrapping_rem(d) }
            }
            #[inline(always)]
            fn power(self, n: $t) -> $t {
                #[allow(unused_comparisons)]
                if n < 0 {
                    let odd = n & 1 == 1;
                    return match self {
                        1 => 1,
                        x if $signed && x == <$t>::MAX.wrapping_add(1).wrapping_shr(<$t>::BITS - 1) => {
                            if odd { x } else { 1 }
                        }
                        _ => 0,
                    };
                }
                let (mut base, mut n, mut product) = (self, n as $u, 1 as $t);
                while n != 0 {
                    if n & 1 == 1 {
                        product = product.wrapping_mul(base);
                    }
                    base = base.wrapping_mul(base);
                    n >>= 1;
                }
                product
            }
            #[inline(always)]
            fn left(self, n: $t) -> $t {
                let n = n as $u;
                if n < <$t>::BITS as $u { self.wrapping_shl(n as u32) } else { 0 }
            }
            #[inline(always)]
            fn right(self, n: $t) -> $t {
                let n = n as $u;
                let inside = n < <$t>::BITS as $u;
                if $signed {
                    self.wrapping_shr(if inside { n as u32 } else { <$t>::BITS - 1 })
                } else if inside {
                    self.wrapping_shr(n as u32)
                } else {
                    0
                }
            }
            #[inline(always)]
            fn inverse(self) -> $t {
                if self == 1 || self.wrapping_add(1) == 0 && $signed { self } else { 0 }
            }
            #[inline(always)]
            fn sign(self) -> $t {
                #[allow(unused_comparisons)]
                ((self > 0) as $t).wrapping_sub((self < 0) as $t)
            }
            #[inline(always)]
            fn magnitude(self) -> $t {
                #[allow(unused_comparisons)]
                if self < 0 { (0 as $t).wrapping_sub(self) } else { self }
            }
            #[inline(always)]
            fn gcd(self, other: $t) -> $t {
                let (mut a, mut b) = (self.magnitude() as $u, other.magnitude() as $u);
                while b != 0 {
                    (a, b) = (b, a % b);
                }
                a as $t
            }
            #[inline(always)]
            fn lcm(self, other: $t) -> $t {
                let (a, b) = (self.magnitude() as $u, other.magnitude() as $u);
                let g = self.gcd(other) as $u;
                if g == 0 { 0 } else { (a / g).wrapping_mul(b) as $t }
            }
            #[inline(always)]
            fn ones(self) -> u8 {
                (self.magnitude() as $u).count_ones() as u8
            }
        }
    )*};
}
integers!(i8 u8 true, i16 u16 true, i32 u32 true, i64 u64 true,
          u8 u8 false, u16 u16 false, u32 u32 false, u64 u64 false);

/// What both float types do alike.
pub(super) trait Float: Copy {
    /// The remainder with the sign of `self`, unless [`Float::is_hard_remainder`].
    fn c_remainder(self, d: Self) -> Self;
    /// Whether the quotient is too large, or not finite, for one step.
    fn is_hard_remainder(self, d: Self) -> bool;
    /// NumPy's `remainder` from the C remainder.
    fn floor_remainder(self, d: Self, c: Self) -> Self;
    /// NumPy's `floor_divide` from the C remainder.
    fn floor_quotient(self, d: Self, c: Self) -> Self;
    /// The neighbour in the direction of `to`.
    fn nextafter(self, to: Self) -> Self;
    /// The distance to the neighbour away from zero, with the number's sign.
    fn spacing(self) -> Self;
    /// `self * 2^n`, rounded once.
    fn ldexp(self, n: i64) -> Self;
    /// The `e` of `m * 2^e` with `m` in [0.5, 1); 0 for zero, infinities and NaN.
    fn exponent(self) -> i32;
    /// The `m` of `m * 2^e` with its size in [0.5, 1); zero, infinities and NaN as they are.
    fn mantissa(self) -> Self;
    /// What is behind the decimal point, with the number's sign.
    fn fraction(self) -> Self;
    /// -1, 0, 1 or NaN.
    fn sign(self) -> Self;
    /// NaN to 0, infinities to the largest numbers.
    fn nan_to_num(self) -> Self;
}

/// A number scaled out of the subnormal range, and by which power of two.
#[inline(always)]
fn normal(x: f64) -> (f64, i32) {
    if x.abs() < f64::MIN_POSITIVE {
        (x * f64::from_bits((1023 + 54) << 52), 54)
    } else {
        (x, 0)
    }
}

macro_rules! floats {
    ($($t:ident $u:ident),*) => {$(
        impl Float for $t {
            #[inline(always)]
            fn c_remainder(self, d: $t) -> $t {
                let (a, b) = (self as f64, d as f64);
                // The quotient may be rounded up to the next integer, never past one: the
                // difference is exact, and at most one divisor short.
                let r = (-(a / b).trunc()).mul_add(b, a);
                let past = r != 0.0 && (r < 0.0) != (a < 0.0);
                let r = if past { r + b.copysign(a) } else { r };
                r.copysign(a) as $t
            }
            #[inline(always)]
            fn is_hard_remainder(self, d: $t) -> bool {
                let q = (self as f64 / d as f64).abs();
                !(q < 4503599627370496.0 && d.abs() < $t::INFINITY)
            }
            #[inline(always)]
            fn floor_remainder(self, d: $t, c: $t) -> $t {
                if c == 0.0 {
                    c.copysign(d)
                } else if (d < 0.0) != (c < 0.0) {
                    c + d
                } else {
                    c
                }
            }
            #[inline(always)]
            fn floor_quotient(self, d: $t, c: $t) -> $t {
                let q = (self - c) / d;
                let q = if c != 0.0 && (d < 0.0) != (c < 0.0) { q - 1.0 } else { q };
                let f = q.floor();
                let f = if q - f > 0.5 { f + 1.0 } else { f };
                let f = if q == 0.0 { (0.0 as $t).copysign(self / d) } else { f };
                if d == 0.0 { self / d } else { f }
            }
            #[inline(always)]
            fn nextafter(self, to: $t) -> $t {
                let bits = self.to_bits();
                let away = (to > self) == (self > 0.0);
                let next = $t::from_bits(if away { bits.wrapping_add(1) } else { bits.wrapping_sub(1) });
                let next = if self == 0.0 { $t::from_bits(1).copysign(to) } else { next };
                if self.is_nan() || to.is_nan() {
                    self + to
                } else if self == to {
                    to
                } else {
                    next
                }
            }
            #[inline(always)]
            fn spacing(self) -> $t {
                let next = $t::from_bits(self.abs().to_bits().wrapping_add(1)) - self.abs();
                let signed = if self < 0.0 { -next } else { next };
                if self.abs() < $t::INFINITY { signed } else { $t::NAN }
            }
            #[inline(always)]
            fn ldexp(self, n: i64) -> $t {
                // In three steps of the range of f64: the first two are exact unless the result is
                // zero or infinite, for both types.
                let n = n.clamp(-2200, 2200);
                let x = self as f64;
                let big = f64::from_bits(2046 << 52);
                let small = f64::from_bits(54 << 52);
                let power = |n: i64| f64::from_bits(((1023 + n) as u64) << 52);
                let y = if n > 1023 {
                    let x = x * big;
                    if n > 2046 { x * big * power((n - 2046).min(1023)) } else { x * power(n - 1023) }
                } else if n < -1022 {
                    let x = x * small;
                    if n < -1991 { x * small * power((n + 1938).max(-1022)) } else { x * power(n + 969) }
                } else {
                    x * power(n)
                };
                y as $t
            }
            #[inline(always)]
            fn exponent(self) -> i32 {
                let (x, below) = normal(self as f64);
                let biased = (x.to_bits() >> 52) as i32 & 0x7ff;
                let none = self == 0.0 || !self.is_finite();
                if none { 0 } else { biased - 1022 - below }
            }
            #[inline(always)]
            fn mantissa(self) -> $t {
                let (x, _) = normal(self as f64);
                let bits = (x.to_bits() & !(0x7ff << 52)) | 1022 << 52;
                let none = self == 0.0 || !self.is_finite();
                if none { self } else { f64::from_bits(bits) as $t }
            }
            #[inline(always)]
            fn fraction(self) -> $t {
                let rest = self - self.trunc();
                let rest = if self.abs() == $t::INFINITY { 0.0 } else { rest };
                rest.copysign(self)
            }
            #[inline(always)]
            fn sign(self) -> $t {
                let s = (self > 0.0) as u8 as $t - (self < 0.0) as u8 as $t;
                if self.is_nan() { self } else { s }
            }
            #[inline(always)]
            fn nan_to_num(self) -> $t {
                let x = if self > $t::MAX { $t::MAX } else { self };
                let x = if x < $t::MIN { $t::MIN } else { x };
                if x.is_nan() { 0.0 } else { x }
            }
        }
    )*};
}
floats!(f32 u32, f64 u64);
