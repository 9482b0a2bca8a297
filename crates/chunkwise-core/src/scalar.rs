use std::fmt;

use num_complex::{Complex32, Complex64};

use crate::{DType, Element, Kind};

/// A single value without a width, as a Python or Rust literal has it.
///
/// Combined with an array it raises the *kind* of the array's dtype where it must, never its width:
/// an `f32` array times `2.0` stays `f32`, an `i8` array plus `1.5` becomes a float array.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar {
    /// True or false.
    Bool(bool),
    /// Any value of the eight integer dtypes.
    Int(i128),
    /// A real number.
    Float(f64),
    /// A complex number.
    Complex(Complex64),
}

impl Scalar {
    /// The dtype it has by itself: `bool`, `i64` (`u64` above `i64`'s range), `f64`, `complex128`.
    pub fn dtype(self) -> DType {
        match self {
            Scalar::Bool(_) => DType::Bool,
            Scalar::Int(i) if i > i64::MAX as i128 => DType::U64,
            Scalar::Int(_) => DType::I64,
            Scalar::Float(_) => DType::F64,
            Scalar::Complex(_) => DType::C128,
        }
    }

    /// The dtype that it has beside an array of dtype `other`: the array's, unless the scalar's kind
    /// is higher.
    ///
    /// ```
    /// use chunkwise_core::{DType, Scalar};
    /// assert_eq!(Scalar::from(2.0).dtype_beside(DType::F32), DType::F32);
    /// assert_eq!(Scalar::from(2).dtype_beside(DType::U8), DType::U8);
    /// assert_eq!(Scalar::from(2.5).dtype_beside(DType::I32), DType::F64);
    /// ```
    pub fn dtype_beside(self, other: DType) -> DType {
        match (self, other.kind()) {
            (Scalar::Bool(_), _) => other,
            (Scalar::Int(_), Kind::Bool) => self.dtype(),
            (Scalar::Int(_), _) => other,
            (Scalar::Float(_), Kind::Float | Kind::Complex) => other,
            // NumPy: an integer or boolean array with a Python float gives the default float.
            (Scalar::Float(_), _) => DType::F64,
            (Scalar::Complex(_), Kind::Complex) => other,
            (Scalar::Complex(_), Kind::Float) => other.complex(),
            (Scalar::Complex(_), _) => DType::C128,
        }
    }

    /// Whether it can be stored in `dtype` without wrapping (integers only can fail).
    pub fn fits(self, dtype: DType) -> bool {
        let Scalar::Int(i) = self else { return true };
        let bits = 8 * dtype.size() as u32;
        match dtype.kind() {
            Kind::Signed => i >= -(1i128 << (bits - 1)) && i < 1i128 << (bits - 1),
            Kind::Unsigned => i >= 0 && i < 1i128 << bits,
            _ => true,
        }
    }

    /// Whether it differs from zero (NaN does).
    pub fn is_truthy(self) -> bool {
        match self {
            Scalar::Bool(b) => b,
            Scalar::Int(i) => i != 0,
            Scalar::Float(x) => x != 0.0,
            Scalar::Complex(z) => z != Complex64::new(0.0, 0.0),
        }
    }

    /// The real part as `f64`.
    pub fn to_f64(self) -> f64 {
        f64::from_scalar(self)
    }

    /// The value's bytes in `dtype`, in the machine's byte order, zero-padded to 16.
    pub fn to_bytes(self, dtype: DType) -> [u8; 16] {
        let mut out = [0u8; 16];
        macro_rules! put {
            ($($d:ident => $t:ty),*) => {
                match dtype {
                    DType::Bool => out[0] = self.is_truthy() as u8,
                    $(DType::$d => {
                        let bytes = <$t>::from_scalar(self).to_ne_bytes();
                        out[..bytes.len()].copy_from_slice(&bytes);
                    })*
                    DType::C64 => {
                        let z = Complex32::from_scalar(self);
                        out[..4].copy_from_slice(&z.re.to_ne_bytes());
                        out[4..8].copy_from_slice(&z.im.to_ne_bytes());
                    }
                    DType::C128 => {
                        let z = Complex64::from_scalar(self);
                        out[..8].copy_from_slice(&z.re.to_ne_bytes());
                        out[8..].copy_from_slice(&z.im.to_ne_bytes());
                    }
                }
            };
        }
        put!(I8 => i8, I16 => i16, I32 => i32, I64 => i64, U8 => u8, U16 => u16, U32 => u32,
             U64 => u64, F32 => f32, F64 => f64);
        out
    }
}

macro_rules! from {
    ($($t:ty),*) => {$(
        impl From<$t> for Scalar {
            fn from(x: $t) -> Scalar {
                x.to_scalar()
            }
        }
    )*};
}
from!(
    bool, i8, i16, i32, i64, u8, u16, u32, u64, f32, f64, Complex32, Complex64
);

impl From<usize> for Scalar {
    fn from(x: usize) -> Scalar {
        Scalar::Int(x as i128)
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scalar::Bool(b) => write!(f, "{b}"),
            Scalar::Int(i) => write!(f, "{i}"),
            Scalar::Float(x) => write!(f, "{x:?}"),
            Scalar::Complex(z) => write!(f, "({:?}{:+?}j)", z.re, z.im),
        }
    }
}
