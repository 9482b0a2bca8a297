//! The rows: name, arity, cost in nanoseconds, dtype rule, documentation, bodies by group of dtypes.
//!
//! In a body `T` is the argument's type and `Real` the type of its real part.

// Bodies serve several types, for one of which a cast does nothing.
#![allow(clippy::unnecessary_cast)]

use std::f64::consts::PI;

use num_complex::Complex;

use super::arithmetic::{Float, Integer};
use super::compare::Ordered;
use super::complex::{ComplexMath, multiply};
use super::math::Math;
use super::math::trig::is_large;
use super::stamp::row;
use super::{Function, rule};

/// Every elementwise function, by name.
pub static FUNCTIONS: &[Function] = &[
    row!("abs", 1, 0.1, rule::real_part, "The absolute value.",
        bool |a| -> T { a }
        unsigned |a| -> T { a }
        signed |a| -> T { a.wrapping_abs() }
        float |a| -> T { a.abs() }
        complex |a| -> Real { a.re.hypot_(a.im) }),
    row!("acos", 1, 2.0, rule::inexact, "The inverse cosine, in radians.",
        float |a| -> T { a.acos_() }
        complex |a| -> T { a.acos_() }),
    row!("acosh", 1, 4.0, rule::inexact, "The inverse hyperbolic cosine.",
        float |a| -> T { a.acosh_() }
        complex |a| -> T { a.acosh_() }),
    row!("add", 2, 0.1, rule::promote, "The sum; for `bool` the logical or.",
        bool |a, b| -> T { a | b }
        width |a, b| -> T { a.wrapping_add(b) }
        float |a, b| -> T { a + b }
        complex |a, b| -> T { Complex::new(a.re + b.re, a.im + b.im) }),
    row!("angle", 1, 3.0, rule::angle, "The angle of a complex number with the positive real axis, in radians.",
        float |a| -> T { (0.0 as T).atan2_(a) }
        complex |a| -> Real { a.im.atan2_(a.re) }),
    row!("asin", 1, 2.0, rule::inexact, "The inverse sine, in radians.",
        float |a| -> T { a.asin_() }
        complex |a| -> T { a.asin_() }),
    row!("asinh", 1, 4.0, rule::inexact, "The inverse hyperbolic sine.",
        float |a| -> T { a.asinh_() }
        complex |a| -> T { a.asinh_() }),
    row!("atan", 1, 2.0, rule::inexact, "The inverse tangent, in radians.",
        float |a| -> T { a.atan_() }
        complex |a| -> T { a.atan_() }),
    row!("atan2", 2, 3.0, rule::float, "The angle of the point (second, first) with the positive x axis, in radians.",
        float #heavy |a, b| -> T { a.atan2_(b) }),
    row!("atanh", 1, 3.0, rule::inexact, "The inverse hyperbolic tangent.",
        float |a| -> T { a.atanh_() }
        complex |a| -> T { a.atanh_() }),
    row!("bitwise_and", 2, 0.1, rule::bits, "The bits set in both.",
        bool |a, b| -> T { a & b }
        width |a, b| -> T { a & b }),
    row!("bitwise_count", 1, 0.2, rule::count, "The number of bits set in the absolute value.",
        integer |a| -> u8 { a.ones() }),
    row!("bitwise_invert", 1, 0.1, rule::bits, "The bits not set; for `bool` the negation.",
        bool |a| -> T { !a }
        width |a| -> T { !a }),
    row!("bitwise_left_shift", 2, 0.1, rule::shift, "The bits moved to the left; 0 for a shift that is negative or at least the width.",
        width |a, b| -> T { a.left(b) }),
    row!("bitwise_or", 2, 0.1, rule::bits, "The bits set in either.",
        bool |a, b| -> T { a | b }
        width |a, b| -> T { a | b }),
    row!("bitwise_right_shift", 2, 0.1, rule::shift, "The bits moved to the right, keeping the sign; only the sign is left for a shift that is negative or at least the width.",
        integer |a, b| -> T { a.right(b) }),
    row!("bitwise_xor", 2, 0.1, rule::bits, "The bits set in exactly one.",
        bool |a, b| -> T { a ^ b }
        width |a, b| -> T { a ^ b }),
    row!("cbrt", 1, 3.0, rule::float, "The cube root.",
        float |a| -> T { a.cbrt_() }),
    row!("ceil", 1, 0.1, rule::not_complex, "The smallest integer not below; integers as they are.",
        bool |a| -> T { a }
        width |a| -> T { a }
        float |a| -> T { a.ceil() }),
    row!("clip", 3, 0.2, rule::promote, "The first argument limited to lie between the second and the third; NaN where any is NaN; the upper limit wins.",
        bool |a, b, c| -> T { (a | b) & c }
        real |a, b, c| -> T { a.larger(b).smaller(c) }
        complex |a, b, c| -> T { a.larger(b).smaller(c) }),
    row!("conj", 1, 0.1, rule::widen_bool, "The complex conjugate.",
        width |a| -> T { a }
        float |a| -> T { a }
        complex |a| -> T { Complex::new(a.re, -a.im) }),
    row!("copysign", 2, 0.1, rule::float, "The first argument's size with the second's sign.",
        float |a, b| -> T { a.copysign(b) }),
    row!("cos", 1, 2.5, rule::inexact, "The cosine of an angle in radians.",
        float |a| -> T { a.cos_() } rare { is_large(a as f64) } slow { a.cos_large() }
        complex |a| -> T { a.cos_() }),
    row!("cosh", 1, 3.0, rule::inexact, "The hyperbolic cosine.",
        float |a| -> T { a.cosh_() }
        complex |a| -> T { a.cosh_() }),
    row!("deg2rad", 1, 0.1, rule::float, "Degrees in radians.",
        float |a| -> T { a * (PI / 180.0) as T }),
    row!("divide", 2, 0.4, rule::divide, "The quotient, in floating point for integers too.",
        float |a, b| -> T { a / b }
        complex #heavy |a, b| -> T { a.over(b) }),
    row!("equal", 2, 0.1, rule::compare, "Whether the two are equal; NaN equals nothing.",
        mixed |a, b| -> bool { a == b }
        bool |a, b| -> bool { a == b }
        width |a, b| -> bool { a == b }
        float |a, b| -> bool { a == b }
        complex |a, b| -> bool { (a.re == b.re) & (a.im == b.im) }),
    row!("exp", 1, 2.0, rule::inexact, "The exponential.",
        float |a| -> T { a.exp_() }
        complex |a| -> T { a.exp_() }),
    row!("exp2", 1, 2.0, rule::inexact, "Two to the power of the argument.",
        float |a| -> T { a.exp2_() }
        complex |a| -> T { a.exp2_() }),
    row!("expm1", 1, 2.0, rule::inexact, "The exponential minus one, accurate near zero.",
        float |a| -> T { a.expm1_() }
        complex |a| -> T { a.expm1_() }),
    row!("fabs", 1, 0.1, rule::float, "The absolute value, in floating point for integers too.",
        float |a| -> T { a.abs() }),
    row!("float_power", 2, 5.0, rule::double, "The first argument to the power of the second, in double precision at least.",
        float #heavy |a, b| -> T { a.pow_(b) }
        complex #heavy |a, b| -> T { a.power(b) }),
    row!("floor", 1, 0.1, rule::not_complex, "The largest integer not above; integers as they are.",
        bool |a| -> T { a }
        width |a| -> T { a }
        float |a| -> T { a.floor() }),
    row!("floor_divide", 2, 1.5, rule::widen_bool_real, "The quotient rounded down; 0 for an integer over 0.",
        integer #heavy |a, b| -> T { a.floor_quotient(b) }
        float #heavy |a, b| -> T { a.floor_quotient(b, Float::c_remainder(a, b)) }
            rare { a.is_hard_remainder(b) } slow { a.floor_quotient(b, a % b) }),
    row!("fmax", 2, 0.1, rule::promote, "The larger of the two; NaN only where both are.",
        bool |a, b| -> T { a | b }
        real |a, b| -> T { a.larger_number(b) }
        complex |a, b| -> T { a.larger_number(b) }),
    row!("fmin", 2, 0.1, rule::promote, "The smaller of the two; NaN only where both are.",
        bool |a, b| -> T { a & b }
        real |a, b| -> T { a.smaller_number(b) }
        complex |a, b| -> T { a.smaller_number(b) }),
    row!("fmod", 2, 1.5, rule::widen_bool_real, "The remainder with the sign of the first argument; 0 for an integer over 0.",
        integer #heavy |a, b| -> T { a.c_remainder(b) }
        float #heavy |a, b| -> T { Float::c_remainder(a, b) } rare { a.is_hard_remainder(b) } slow { a % b }),
    row!("frexp_exponent", 1, 0.3, rule::float_exponent, "The exponent of the argument written as m * 2^e with m in [0.5, 1).",
        float |a| -> i32 { a.exponent() }),
    row!("frexp_mantissa", 1, 0.3, rule::float, "The m of the argument written as m * 2^e with m in [0.5, 1).",
        float |a| -> T { a.mantissa() }),
    row!("gcd", 2, 40.0, rule::integers, "The greatest common divisor.",
        integer #heavy |a, b| -> T { a.gcd(b) }),
    row!("greater", 2, 0.1, rule::compare, "Whether the first is greater.",
        mixed |a, b| -> bool { a > b }
        bool |a, b| -> bool { a & !b }
        real |a, b| -> bool { a > b }
        complex |a, b| -> bool { b.less(a) }),
    row!("greater_equal", 2, 0.1, rule::compare, "Whether the first is greater or equal.",
        mixed |a, b| -> bool { a >= b }
        bool |a, b| -> bool { a | !b }
        real |a, b| -> bool { a >= b }
        complex |a, b| -> bool { b.less_equal(a) }),
    row!("heaviside", 2, 0.1, rule::float, "0 for negative numbers, 1 for positive, the second argument for 0.",
    float |a, b| -> T {
        let step = if a > 0.0 { 1.0 } else { b };
        let step = if a < 0.0 { 0.0 } else { step };
        if a.is_nan() { a } else { step }
    }),
    row!("hypot", 2, 1.5, rule::float, "The length of the vector of the two, without overflow on the way.",
        float #heavy |a, b| -> T { a.hypot_(b) }),
    row!("i0", 1, 150.0, rule::divide_real, "The modified Bessel function of the first kind, order 0.",
        float |a| -> T { a.i0_() }),
    row!("imag", 1, 0.1, rule::real_part, "The imaginary part; 0 for real numbers.",
        bool |_a| -> T { false }
        width |_a| -> T { 0 }
        float |_a| -> T { 0.0 }
        complex |a| -> Real { a.im }),
    row!("iscomplex", 1, 0.1, rule::predicate, "Whether the imaginary part is not zero.",
        bool |_a| -> bool { false }
        width |_a| -> bool { false }
        float |_a| -> bool { false }
        complex |a| -> bool { a.im != 0.0 }),
    row!("isfinite", 1, 0.1, rule::predicate, "Whether neither infinite nor NaN.",
        bool |_a| -> bool { true }
        width |_a| -> bool { true }
        float |a| -> bool { a.abs() < T::INFINITY }
        complex |a| -> bool { (a.re.abs() < Real::INFINITY) & (a.im.abs() < Real::INFINITY) }),
    row!("isinf", 1, 0.1, rule::predicate, "Whether infinite, in either part.",
        bool |_a| -> bool { false }
        width |_a| -> bool { false }
        float |a| -> bool { a.abs() == T::INFINITY }
        complex |a| -> bool { (a.re.abs() == Real::INFINITY) | (a.im.abs() == Real::INFINITY) }),
    row!("isnan", 1, 0.1, rule::predicate, "Whether NaN, in either part.",
        bool |_a| -> bool { false }
        width |_a| -> bool { false }
        float |a| -> bool { a.is_nan() }
        complex |a| -> bool { a.re.is_nan() | a.im.is_nan() }),
    row!("isneginf", 1, 0.1, rule::predicate_real, "Whether negative infinity.",
        bool |_a| -> bool { false }
        width |_a| -> bool { false }
        float |a| -> bool { a == T::NEG_INFINITY }),
    row!("isposinf", 1, 0.1, rule::predicate_real, "Whether positive infinity.",
        bool |_a| -> bool { false }
        width |_a| -> bool { false }
        float |a| -> bool { a == T::INFINITY }),
    row!("isreal", 1, 0.1, rule::predicate, "Whether the imaginary part is zero.",
        bool |_a| -> bool { true }
        width |_a| -> bool { true }
        float |_a| -> bool { true }
        complex |a| -> bool { a.im == 0.0 }),
    row!("lcm", 2, 40.0, rule::integers, "The least common multiple.",
        integer #heavy |a, b| -> T { a.lcm(b) }),
    row!("ldexp", 2, 1.0, rule::exponent, "The first argument times two to the power of the second, an integer.",
        float #heavy |a, b: i64| -> T { a.ldexp(b) }),
    row!("less", 2, 0.1, rule::compare, "Whether the first is less.",
        mixed |a, b| -> bool { a < b }
        bool |a, b| -> bool { !a & b }
        real |a, b| -> bool { a < b }
        complex |a, b| -> bool { a.less(b) }),
    row!("less_equal", 2, 0.1, rule::compare, "Whether the first is less or equal.",
        mixed |a, b| -> bool { a <= b }
        bool |a, b| -> bool { !a | b }
        real |a, b| -> bool { a <= b }
        complex |a, b| -> bool { a.less_equal(b) }),
    row!("log", 1, 2.0, rule::inexact, "The natural logarithm.",
        float |a| -> T { a.log_() }
        complex |a| -> T { a.log_() }),
    row!("log10", 1, 2.0, rule::inexact, "The logarithm to base 10.",
        float |a| -> T { a.log10_() }
        complex |a| -> T { a.log10_() }),
    row!("log1p", 1, 2.5, rule::inexact, "The natural logarithm of one plus the argument, accurate near zero.",
        float |a| -> T { a.log1p_() }
        complex |a| -> T { a.log1p_() }),
    row!("log2", 1, 2.0, rule::inexact, "The logarithm to base 2.",
        float |a| -> T { a.log2_() }
        complex |a| -> T { a.log2_() }),
    row!("logaddexp", 2, 5.0, rule::float, "The logarithm of the sum of the exponentials, without overflow on the way.",
        float #heavy |a, b| -> T { a.logaddexp_(b) }),
    row!("logaddexp2", 2, 5.0, rule::float, "The logarithm to base 2 of the sum of the powers of 2, without overflow on the way.",
        float #heavy |a, b| -> T { a.logaddexp2_(b) }),
    row!("logical_and", 2, 0.05, rule::logical, "Whether both are true (not zero).",
        bool |a, b| -> T { a & b }),
    row!("logical_not", 1, 0.05, rule::logical, "Whether false (zero).",
        bool |a| -> T { !a }),
    row!("logical_or", 2, 0.05, rule::logical, "Whether either is true (not zero).",
        bool |a, b| -> T { a | b }),
    row!("logical_xor", 2, 0.05, rule::logical, "Whether exactly one is true (not zero).",
        bool |a, b| -> T { a ^ b }),
    row!("maximum", 2, 0.1, rule::promote, "The larger of the two; NaN where either is.",
        bool |a, b| -> T { a | b }
        real |a, b| -> T { a.larger(b) }
        complex |a, b| -> T { a.larger(b) }),
    row!("minimum", 2, 0.1, rule::promote, "The smaller of the two; NaN where either is.",
        bool |a, b| -> T { a & b }
        real |a, b| -> T { a.smaller(b) }
        complex |a, b| -> T { a.smaller(b) }),
    row!("modf_fraction", 1, 0.2, rule::float, "What is behind the decimal point, with the argument's sign.",
        float |a| -> T { a.fraction() }),
    row!("modf_integer", 1, 0.1, rule::float, "What is before the decimal point, as a float.",
        float |a| -> T { a.trunc() }),
    row!("multiply", 2, 0.1, rule::promote, "The product; for `bool` the logical and.",
        bool |a, b| -> T { a & b }
        width |a, b| -> T { a.wrapping_mul(b) }
        float |a, b| -> T { a * b }
        complex |a, b| -> T { multiply(a, b) }),
    row!("nan_to_num", 1, 0.2, rule::promote, "NaN to 0, infinities to the largest finite numbers, anything else as it is.",
        bool |a| -> T { a }
        width |a| -> T { a }
        float |a| -> T { a.nan_to_num() }
        complex |a| -> T { Complex::new(a.re.nan_to_num(), a.im.nan_to_num()) }),
    row!("negative", 1, 0.1, rule::numeric, "The argument with the opposite sign.",
        width |a| -> T { a.wrapping_neg() }
        float |a| -> T { -a }
        complex |a| -> T { Complex::new(-a.re, -a.im) }),
    row!("nextafter", 2, 0.5, rule::float, "The next number after the first argument in the direction of the second.",
        float |a, b| -> T { a.nextafter(b) }),
    row!("not_equal", 2, 0.1, rule::compare, "Whether the two differ; NaN differs from everything.",
        mixed |a, b| -> bool { a != b }
        bool |a, b| -> bool { a != b }
        width |a, b| -> bool { a != b }
        float |a, b| -> bool { a != b }
        complex |a, b| -> bool { (a.re != b.re) | (a.im != b.im) }),
    row!("positive", 1, 0.1, rule::numeric, "The argument itself.",
        width |a| -> T { a }
        float |a| -> T { a }
        complex |a| -> T { a }),
    row!("pow", 2, 5.0, rule::widen_bool, "The first argument to the power of the second. Integers wrap; a negative integer exponent gives the power truncated, and 0 for 0.",
        integer #heavy |a, b| -> T { a.power(b) }
        float #heavy |a, b| -> T { a.pow_(b) }
        complex #heavy |a, b| -> T { a.power(b) }),
    row!("rad2deg", 1, 0.1, rule::float, "Radians in degrees.",
        float |a| -> T { a * (180.0 / PI) as T }),
    row!("real", 1, 0.1, rule::real_part, "The real part.",
        bool |a| -> T { a }
        width |a| -> T { a }
        float |a| -> T { a }
        complex |a| -> Real { a.re }),
    row!("reciprocal", 1, 0.3, rule::widen_bool, "One over the argument; truncated for integers, and 0 for 0.",
        integer |a| -> T { a.inverse() }
        float |a| -> T { 1.0 / a }
        complex |a| -> T { Complex::new(1.0, 0.0).over(a) }),
    row!("remainder", 2, 1.5, rule::widen_bool_real, "The remainder with the sign of the second argument; 0 for an integer over 0.",
        integer #heavy |a, b| -> T { a.floor_remainder(b) }
        float #heavy |a, b| -> T { a.floor_remainder(b, Float::c_remainder(a, b)) }
            rare { a.is_hard_remainder(b) } slow { a.floor_remainder(b, a % b) }),
    row!("rint", 1, 0.1, rule::inexact, "The nearest integer as a float, the even one of two.",
        float |a| -> T { a.round_ties_even() }
        complex |a| -> T { Complex::new(a.re.round_ties_even(), a.im.round_ties_even()) }),
    row!("round", 1, 0.1, rule::float_bool, "The nearest integer, the even one of two; integers as they are.",
        width |a| -> T { a }
        float |a| -> T { a.round_ties_even() }
        complex |a| -> T { Complex::new(a.re.round_ties_even(), a.im.round_ties_even()) }),
    row!("sign", 1, 0.1, rule::numeric, "-1, 0 or 1; for complex numbers the number over its absolute value.",
        integer |a| -> T { Integer::sign(a) }
        float |a| -> T { Float::sign(a) }
        complex |a| -> T { a.sign_() }),
    row!("signbit", 1, 0.1, rule::predicate_real, "Whether the sign bit is set: negative numbers, -0 and some NaN.",
        bool |_a| -> bool { false }
        unsigned |_a| -> bool { false }
        signed |a| -> bool { a < 0 }
        float |a| -> bool { a.is_sign_negative() }),
    row!("sin", 1, 2.5, rule::inexact, "The sine of an angle in radians.",
        float |a| -> T { a.sin_() } rare { is_large(a as f64) } slow { a.sin_large() }
        complex |a| -> T { a.sin_() }),
    row!("sinc", 1, 3.0, rule::divide, "sin(pi x) / (pi x), 1 at 0.",
        float |a| -> T {
            let y = PI as T * a;
            if a == 0.0 { 1.0 } else { y.sin_() / y }
        } rare { is_large(a as f64 * 4.0) } slow {
            let y = PI as T * a;
            if is_large(y as f64) { y.sin_large() / y } else { y.sin_() / y }
        }
        complex |a| -> T { a.sinc_() }),
    row!("sinh", 1, 3.0, rule::inexact, "The hyperbolic sine.",
        float |a| -> T { a.sinh_() }
        complex |a| -> T { a.sinh_() }),
    row!("spacing", 1, 0.2, rule::float, "The distance to the next number away from zero.",
        float |a| -> T { a.spacing() }),
    row!("sqrt", 1, 0.6, rule::inexact, "The square root; NaN for negative real numbers.",
        float |a| -> T { a.sqrt() }
        complex |a| -> T { a.sqrt_() }),
    row!("square", 1, 0.1, rule::widen_bool, "The argument times itself.",
        width |a| -> T { a.wrapping_mul(a) }
        float |a| -> T { a * a }
        complex |a| -> T { multiply(a, a) }),
    row!("subtract", 2, 0.1, rule::numeric, "The difference.",
        width |a, b| -> T { a.wrapping_sub(b) }
        float |a, b| -> T { a - b }
        complex |a, b| -> T { Complex::new(a.re - b.re, a.im - b.im) }),
    row!("tan", 1, 3.0, rule::inexact, "The tangent of an angle in radians.",
        float |a| -> T { a.tan_() } rare { is_large(a as f64) } slow { a.tan_large() }
        complex |a| -> T { a.tan_() }),
    row!("tanh", 1, 3.0, rule::inexact, "The hyperbolic tangent.",
        float |a| -> T { a.tanh_() }
        complex |a| -> T { a.tanh_() }),
    row!("trunc", 1, 0.1, rule::not_complex, "The nearest integer towards zero; integers as they are.",
        bool |a| -> T { a }
        width |a| -> T { a }
        float |a| -> T { a.trunc() }),
    row!("where", 3, 0.1, rule::choose, "The second argument where the first is true, else the third.",
        bool |a: bool, b, c| -> T { if a { b } else { c } }
        width |a: bool, b, c| -> T { if a { b } else { c } }
        float |a: bool, b, c| -> T { if a { b } else { c } }
        complex |a: bool, b, c| -> T { if a { b } else { c } }),
];

/// Pairs of operations in one pass, for the tile interpreter: each rounds as the two would.
pub static FUSED: &[Function] = &[
    row!("multiply_add", 3, 0.15, rule::numeric, "a * b + c.",
        width |a, b, c| -> T { a.wrapping_mul(b).wrapping_add(c) }
        float |a, b, c| -> T { a * b + c }
        complex |a, b, c| -> T { let p = multiply(a, b); Complex::new(p.re + c.re, p.im + c.im) }),
    row!("multiply_subtract", 3, 0.15, rule::numeric, "a * b - c.",
        width |a, b, c| -> T { a.wrapping_mul(b).wrapping_sub(c) }
        float |a, b, c| -> T { a * b - c }
        complex |a, b, c| -> T { let p = multiply(a, b); Complex::new(p.re - c.re, p.im - c.im) }),
    row!("subtract_multiply", 3, 0.15, rule::numeric, "c - a * b.",
        width |a, b, c| -> T { c.wrapping_sub(a.wrapping_mul(b)) }
        float |a, b, c| -> T { c - a * b }
        complex |a, b, c| -> T { let p = multiply(a, b); Complex::new(c.re - p.re, c.im - p.im) }),
    row!("square_add", 2, 0.1, rule::numeric, "a * a + b.",
        width |a, b| -> T { a.wrapping_mul(a).wrapping_add(b) }
        float |a, b| -> T { a * a + b }
        complex |a, b| -> T { let p = multiply(a, a); Complex::new(p.re + b.re, p.im + b.im) }),
    row!("sum_of_squares", 2, 0.1, rule::numeric, "a * a + b * b.",
    width |a, b| -> T { a.wrapping_mul(a).wrapping_add(b.wrapping_mul(b)) }
    float |a, b| -> T { a * a + b * b }
    complex |a, b| -> T {
        let (p, q) = (multiply(a, a), multiply(b, b));
        Complex::new(p.re + q.re, p.im + q.im)
    }),
];
