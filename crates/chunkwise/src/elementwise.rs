//! Elementwise functions: a method per row of the table in `chunkwise-kernels`, and what is made of
//! several of them.

use std::collections::HashMap;
use std::sync::LazyLock;

use chunkwise_core::{DType, Error, Result, Scalar};
use chunkwise_expr::Expr;
use chunkwise_kernels::elementwise::{FUNCTIONS, Function};
use smallvec::SmallVec;

use crate::array::Here;
use crate::{Array, Axes, Operand};

static ROWS: LazyLock<HashMap<&'static str, &'static Function>> =
    LazyLock::new(|| FUNCTIONS.iter().map(|f| (f.name, f)).collect());

/// A function of the table, by its NumPy name, of arguments broadcast together.
///
/// ```
/// use chunkwise::{Array, DType, apply};
/// let x = Array::ones([2, 3], DType::F64, 2)?;
/// assert_eq!(apply("hypot", &[(&x).into(), 2.0.into()])?.shape(), [2, 3]);
/// assert!(apply("hypotenuse", &[x.into()]).is_err());
/// # Ok::<_, chunkwise::Error>(())
/// ```
///
/// # Errors
/// A name that is not in the table, a wrong number of arguments, shapes that do not broadcast, dtypes
/// for which the function has no meaning.
#[track_caller]
pub fn apply(name: &str, args: &[Operand]) -> Result<Array> {
    let row = *ROWS
        .get(name)
        .ok_or_else(|| Error::argument("apply", "name", name, "no such elementwise function"))?;
    let lowered = args
        .iter()
        .map(Operand::lower)
        .collect::<Result<SmallVec<[_; 3]>>>()?;
    Expr::map(row, &lowered).here()
}

macro_rules! unary {
    ($($method:ident $name:literal $dtype:ident $doc:literal;)*) => {
        impl Array {$(
            #[doc = $doc]
            ///
            /// ```
            /// # use chunkwise::{Array, DType};
            #[doc = concat!("let x = Array::ones([2, 3], DType::", stringify!($dtype), ", 2)?;")]
            #[doc = concat!("assert_eq!(x.", stringify!($method), "()?.shape(), [2, 3]);")]
            /// # Ok::<_, chunkwise::Error>(())
            /// ```
            #[track_caller]
            pub fn $method(&self) -> Result<Array> {
                apply($name, &[self.into()])
            }
        )*}
        #[cfg(test)]
        const UNARY: &[&str] = &[$($name),*];
    };
}

macro_rules! binary {
    ($($method:ident $name:literal $dtype:ident $doc:literal;)*) => {
        impl Array {$(
            #[doc = $doc]
            ///
            /// ```
            /// # use chunkwise::{Array, DType};
            #[doc = concat!("let x = Array::ones([2, 3], DType::", stringify!($dtype), ", 2)?;")]
            #[doc = concat!("let y = Array::ones([3], DType::", stringify!($dtype), ", 2)?;")]
            #[doc = concat!("assert_eq!(x.", stringify!($method), "(&y)?.shape(), [2, 3]);")]
            /// # Ok::<_, chunkwise::Error>(())
            /// ```
            #[track_caller]
            pub fn $method(&self, other: impl Into<Operand>) -> Result<Array> {
                apply($name, &[self.into(), other.into()])
            }
        )*}
        #[cfg(test)]
        const BINARY: &[&str] = &[$($name),*];
    };
}

unary! {
    abs "abs" F64 "The absolute value; the modulus where complex.";
    acos "acos" F64 "The inverse cosine, in radians.";
    acosh "acosh" F64 "The inverse hyperbolic cosine.";
    angle "angle" F64 "The argument of a complex number, in radians.";
    asin "asin" F64 "The inverse sine, in radians.";
    asinh "asinh" F64 "The inverse hyperbolic sine.";
    atan "atan" F64 "The inverse tangent, in radians.";
    atanh "atanh" F64 "The inverse hyperbolic tangent.";
    bitwise_count "bitwise_count" I64 "The number of one bits of the absolute value.";
    bitwise_invert "bitwise_invert" I64 "Every bit inverted; logical not where bool.";
    cbrt "cbrt" F64 "The cube root.";
    ceil "ceil" F64 "The smallest integer that is not below.";
    conj "conj" F64 "The complex conjugate.";
    cos "cos" F64 "The cosine of radians.";
    cosh "cosh" F64 "The hyperbolic cosine.";
    deg2rad "deg2rad" F64 "Degrees as radians.";
    exp "exp" F64 "e to the power of each element.";
    exp2 "exp2" F64 "2 to the power of each element.";
    expm1 "expm1" F64 "`exp(x) - 1`, accurate near zero.";
    fabs "fabs" F64 "The absolute value as a float.";
    floor "floor" F64 "The largest integer that is not above.";
    frexp_exponent "frexp_exponent" F64 "The exponent of the number written as `m * 2^e` with `m` in [0.5, 1).";
    frexp_mantissa "frexp_mantissa" F64 "The `m` of the number written as `m * 2^e` with `m` in [0.5, 1).";
    i0 "i0" F64 "The modified Bessel function of the first kind, order 0.";
    imag "imag" F64 "The imaginary part.";
    iscomplex "iscomplex" C128 "Whether the imaginary part is not zero.";
    isfinite "isfinite" F64 "Whether neither infinite nor NaN.";
    isinf "isinf" F64 "Whether infinite.";
    isnan "isnan" F64 "Whether not a number.";
    isneginf "isneginf" F64 "Whether minus infinity.";
    isposinf "isposinf" F64 "Whether plus infinity.";
    isreal "isreal" C128 "Whether the imaginary part is zero.";
    log "log" F64 "The natural logarithm.";
    log10 "log10" F64 "The logarithm to base 10.";
    log1p "log1p" F64 "`log(1 + x)`, accurate near zero.";
    log2 "log2" F64 "The logarithm to base 2.";
    logical_not "logical_not" F64 "Whether zero.";
    modf_fraction "modf_fraction" F64 "What is behind the decimal point, with the number's sign.";
    modf_integer "modf_integer" F64 "What is before the decimal point.";
    negative "negative" F64 "The number with the other sign.";
    positive "positive" F64 "The number itself.";
    rad2deg "rad2deg" F64 "Radians as degrees.";
    real "real" F64 "The real part.";
    reciprocal "reciprocal" F64 "`1 / x`.";
    rint "rint" F64 "The nearest integer as a float, the even one of two.";
    sign "sign" F64 "-1, 0 or 1; `x / abs(x)` where complex.";
    signbit "signbit" F64 "Whether the sign bit is set.";
    sin "sin" F64 "The sine of radians.";
    sinc "sinc" F64 "`sin(pi x) / (pi x)`, 1 at zero.";
    sinh "sinh" F64 "The hyperbolic sine.";
    spacing "spacing" F64 "The distance to the next float away from zero.";
    sqrt "sqrt" F64 "The square root.";
    square "square" F64 "The element times itself.";
    tan "tan" F64 "The tangent of radians.";
    tanh "tanh" F64 "The hyperbolic tangent.";
    trunc "trunc" F64 "The integer part.";
}

binary! {
    add "add" F64 "The sum.";
    atan2 "atan2" F64 "The angle of the point (`other`, `self`), in radians.";
    bitwise_and "bitwise_and" I64 "The bits set in both.";
    bitwise_left_shift "bitwise_left_shift" I64 "The bits moved to the left.";
    bitwise_or "bitwise_or" I64 "The bits set in either.";
    bitwise_right_shift "bitwise_right_shift" I64 "The bits moved to the right.";
    bitwise_xor "bitwise_xor" I64 "The bits set in one of both.";
    copysign "copysign" F64 "The magnitude of `self` with the sign of `other`.";
    divide "divide" F64 "The quotient, as a float.";
    equal "equal" F64 "Whether equal.";
    float_power "float_power" F64 "`self` to the power of `other`, in double precision.";
    floor_divide "floor_divide" F64 "The quotient rounded down.";
    fmax "fmax" F64 "The larger; where one is NaN, the other.";
    fmin "fmin" F64 "The smaller; where one is NaN, the other.";
    fmod "fmod" F64 "The remainder with the sign of `self`, as C's.";
    gcd "gcd" I64 "The greatest common divisor.";
    greater "greater" F64 "Whether `self` is larger.";
    greater_equal "greater_equal" F64 "Whether `self` is not smaller.";
    heaviside "heaviside" F64 "0 below zero, 1 above, `other` at zero.";
    hypot "hypot" F64 "`sqrt(self^2 + other^2)` without overflow.";
    lcm "lcm" I64 "The least common multiple.";
    ldexp "ldexp" I64 "`self` times 2 to the power of the integer `other`.";
    less "less" F64 "Whether `self` is smaller.";
    less_equal "less_equal" F64 "Whether `self` is not larger.";
    logaddexp "logaddexp" F64 "`log(exp(self) + exp(other))` without overflow.";
    logaddexp2 "logaddexp2" F64 "`log2(2^self + 2^other)` without overflow.";
    logical_and "logical_and" F64 "Whether both are not zero.";
    logical_or "logical_or" F64 "Whether one is not zero.";
    logical_xor "logical_xor" F64 "Whether exactly one is not zero.";
    maximum "maximum" F64 "The larger; NaN where one is.";
    minimum "minimum" F64 "The smaller; NaN where one is.";
    multiply "multiply" F64 "The product.";
    nextafter "nextafter" F64 "The next float from `self` towards `other`.";
    not_equal "not_equal" F64 "Whether different.";
    pow "pow" F64 "`self` to the power of `other`.";
    remainder "remainder" F64 "The remainder with the sign of `other`, as Python's.";
    subtract "subtract" F64 "The difference.";
}

/// Rows whose methods are written below.
#[cfg(test)]
const OTHER: &[&str] = &["where", "clip", "round", "nan_to_num"];

impl Array {
    /// The elements converted to another dtype: integers wrap, floats to integers truncate and
    /// saturate, complex to real drops the imaginary part.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::ones([3], DType::F64, 3)?;
    /// assert_eq!(x.astype(DType::I8)?.dtype(), DType::I8);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn astype(&self, dtype: DType) -> Result<Array> {
        self.expr()?.cast(dtype).here()
    }

    /// The element of `yes` where this array is true (not zero), that of `no` elsewhere.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::linspace(-1.0, 1.0, 5, true, 5)?;
    /// let positive = x.greater(0.0)?.where_(&x, 0.0)?;
    /// assert_eq!(positive.dtype(), DType::F64);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn where_(&self, yes: impl Into<Operand>, no: impl Into<Operand>) -> Result<Array> {
        apply("where", &[self.into(), yes.into(), no.into()])
    }

    /// The elements limited to `low..=high`; `None` where there is no limit.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::ones([3], DType::F32, 3)?;
    /// assert_eq!(x.clip(0.0, 0.5)?.dtype(), DType::F32);
    /// assert_eq!(x.clip(None::<f64>, &x)?.shape(), [3]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn clip(&self, low: impl Into<Limit>, high: impl Into<Limit>) -> Result<Array> {
        match (low.into().0, high.into().0) {
            (Some(low), Some(high)) => apply("clip", &[self.into(), low, high]),
            (Some(low), None) => apply("maximum", &[self.into(), low]),
            (None, Some(high)) => apply("minimum", &[self.into(), high]),
            (None, None) => self.check().cloned(),
        }
    }

    /// Rounded to so many decimals, the even one of two equally near; negative counts of decimals
    /// round to tens, hundreds and so on. Integers are rounded only by negative counts.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::ones([3], DType::F64, 3)?;
    /// assert_eq!(x.round(2)?.dtype(), DType::F64);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn round(&self, decimals: i32) -> Result<Array> {
        let exact = !self.dtype().is_inexact();
        if decimals == 0 || (exact && decimals > 0) {
            return apply("round", &[self.into()]);
        }
        let factor = 10f64.powi(decimals.abs());
        let scaled = match decimals > 0 {
            true => self.multiply(factor)?.round(0)?.divide(factor)?,
            false => self.divide(factor)?.round(0)?.multiply(factor)?,
        };
        scaled.astype(self.dtype())
    }

    /// Whether two arrays are equal within `absolute + relative * abs(other)`, as
    /// `numpy.isclose`; NumPy's defaults are `1e-5` and `1e-8`.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::ones([3], DType::F64, 3)?;
    /// assert_eq!(x.isclose(&x, 1e-5, 1e-8, false)?.dtype(), DType::Bool);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn isclose(
        &self,
        other: impl Into<Operand>,
        relative: f64,
        absolute: f64,
        equal_nan: bool,
    ) -> Result<Array> {
        let y = match other.into() {
            Operand::Array(y) => y,
            Operand::Scalar(s) => Array::full((), s, s.dtype().promote(DType::F32), 1)?,
        };
        // As floats, so that the distance of integers does not wrap.
        let y = y.astype(y.dtype().promote(DType::F32))?;
        let tolerance = y.abs()?.multiply(relative)?.add(absolute)?;
        let near = self.subtract(&y)?.abs()?.less_equal(tolerance)?;
        let close = near
            .logical_and(y.isfinite()?)?
            .logical_or(self.equal(&y)?)?;
        if equal_nan {
            close.logical_or(self.isnan()?.logical_and(y.isnan()?)?)
        } else {
            Ok(close)
        }
    }

    /// Whether all elements are equal within a tolerance: [`isclose`](Self::isclose), all of it, as a
    /// 0-dimensional bool array.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::ones([3], DType::F64, 3)?;
    /// assert_eq!(x.allclose(1.0, 1e-5, 1e-8, false)?.ndim(), 0);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn allclose(
        &self,
        other: impl Into<Operand>,
        relative: f64,
        absolute: f64,
        equal_nan: bool,
    ) -> Result<Array> {
        self.isclose(other, relative, absolute, equal_nan)?
            .all(Axes::ALL)
    }

    /// NaN replaced by `nan`, infinities by `posinf` and `neginf` (by the dtype's largest and smallest
    /// number where `None`), in both parts where complex.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::ones([3], DType::F32, 3)?;
    /// assert_eq!(x.nan_to_num(0.0, None, None)?.dtype(), DType::F32);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn nan_to_num(&self, nan: f64, posinf: Option<f64>, neginf: Option<f64>) -> Result<Array> {
        let dtype = self.dtype();
        if !dtype.is_inexact() {
            return self.check().cloned();
        }
        if nan == 0.0 && posinf.is_none() && neginf.is_none() {
            return apply("nan_to_num", &[self.into()]);
        }
        if dtype.is_complex() {
            let re = self.real()?.nan_to_num(nan, posinf, neginf)?;
            let im = self.imag()?.nan_to_num(nan, posinf, neginf)?;
            let i = chunkwise_core::Complex64::new(0.0, 1.0);
            return re.add(im.multiply(i)?);
        }
        let largest = match dtype {
            DType::F32 => f32::MAX as f64,
            _ => f64::MAX,
        };
        let finite = self.isnan()?.where_(nan, self)?;
        let infinite = |value: f64| Operand::from(value);
        let low = finite
            .equal(f64::NEG_INFINITY)?
            .where_(infinite(neginf.unwrap_or(-largest)), &finite)?;
        low.equal(f64::INFINITY)?
            .where_(infinite(posinf.unwrap_or(largest)), &low)
    }
}

/// A limit for [`Array::clip`]: a number, an array, or `None`.
#[derive(Clone, Debug)]
pub struct Limit(Option<Operand>);

macro_rules! limits {
    ($($t:ty),*) => {$(
        impl From<$t> for Limit {
            fn from(limit: $t) -> Limit {
                Limit(Some(limit.into()))
            }
        }
        impl From<Option<$t>> for Limit {
            fn from(limit: Option<$t>) -> Limit {
                Limit(limit.map(Into::into))
            }
        }
    )*};
}
limits!(
    Array, &Array, Operand, Scalar, f64, f32, i64, i32, i16, i8, u64, u32, u16, u8, usize
);

/// The element of `yes` where `condition` is true (not zero), that of `no` elsewhere.
///
/// ```
/// # use chunkwise::{Array, DType, where_};
/// let x = Array::ones([3, 2], DType::F64, 3)?;
/// let y = where_(x.greater(0.5)?, &x, Array::zeros([2], DType::F64, 2)?)?;
/// assert_eq!(y.shape(), [3, 2]);
/// # Ok::<_, chunkwise::Error>(())
/// ```
#[track_caller]
pub fn where_(
    condition: impl Into<Operand>,
    yes: impl Into<Operand>,
    no: impl Into<Operand>,
) -> Result<Array> {
    apply("where", &[condition.into(), yes.into(), no.into()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_a_method() {
        let methods: Vec<&str> = [UNARY, BINARY, OTHER].concat();
        for f in FUNCTIONS {
            assert!(methods.contains(&f.name), "no method for {}", f.name);
        }
        for name in methods {
            assert!(ROWS.contains_key(name), "no row for {name}");
        }
    }

    #[test]
    fn methods_and_rows_take_as_many_arguments() {
        for (names, arity) in [(UNARY, 1), (BINARY, 2)] {
            for f in FUNCTIONS.iter().filter(|f| names.contains(&f.name)) {
                assert_eq!(f.arity, arity, "{}", f.name);
            }
        }
    }
}
