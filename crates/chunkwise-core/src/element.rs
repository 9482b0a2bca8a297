use std::fmt::Debug;

use num_complex::{Complex32, Complex64};

use crate::{DType, Scalar};

mod sealed {
    pub trait Sealed {}
}

/// A Rust type that is stored in arrays.
///
/// Sealed: the thirteen types of [`DType`] implement it and nothing else can, which is what lets
/// typed slices be taken from a chunk's bytes.
pub trait Element:
    sealed::Sealed + Copy + Default + PartialEq + Debug + Send + Sync + 'static
{
    /// The dtype that stores this type.
    const DTYPE: DType;

    /// The nearest value to a scalar: integers wrap, floats truncate towards zero and saturate,
    /// the imaginary part is dropped for real types.
    fn from_scalar(s: Scalar) -> Self;

    /// The value as a scalar, exactly.
    fn to_scalar(self) -> Scalar;
}

macro_rules! integers {
    ($($t:ty => $d:ident),*) => {$(
        impl sealed::Sealed for $t {}
        impl Element for $t {
            const DTYPE: DType = DType::$d;
            fn from_scalar(s: Scalar) -> $t {
                match s {
                    Scalar::Bool(b) => b as $t,
                    Scalar::Int(i) => i as $t,
                    Scalar::Float(x) => x as $t,
                    Scalar::Complex(z) => z.re as $t,
                }
            }
            fn to_scalar(self) -> Scalar {
                Scalar::Int(self as i128)
            }
        }
    )*};
}

integers!(i8 => I8, i16 => I16, i32 => I32, i64 => I64, u8 => U8, u16 => U16, u32 => U32, u64 => U64);

macro_rules! floats {
    ($($t:ty => $d:ident, $c:ty => $cd:ident);*) => {$(
        impl sealed::Sealed for $t {}
        impl Element for $t {
            const DTYPE: DType = DType::$d;
            fn from_scalar(s: Scalar) -> $t {
                match s {
                    Scalar::Bool(b) => b as u8 as $t,
                    Scalar::Int(i) => i as $t,
                    Scalar::Float(x) => x as $t,
                    Scalar::Complex(z) => z.re as $t,
                }
            }
            fn to_scalar(self) -> Scalar {
                Scalar::Float(self as f64)
            }
        }
        impl sealed::Sealed for $c {}
        impl Element for $c {
            const DTYPE: DType = DType::$cd;
            fn from_scalar(s: Scalar) -> $c {
                match s {
                    Scalar::Complex(z) => <$c>::new(z.re as $t, z.im as $t),
                    real => <$c>::new(<$t>::from_scalar(real), 0.0),
                }
            }
            fn to_scalar(self) -> Scalar {
                Scalar::Complex(Complex64::new(self.re as f64, self.im as f64))
            }
        }
    )*};
}

floats!(f32 => F32, Complex32 => C64; f64 => F64, Complex64 => C128);

impl sealed::Sealed for bool {}
impl Element for bool {
    const DTYPE: DType = DType::Bool;
    fn from_scalar(s: Scalar) -> bool {
        s.is_truthy()
    }
    fn to_scalar(self) -> Scalar {
        Scalar::Bool(self)
    }
}
