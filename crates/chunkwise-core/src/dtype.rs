use std::fmt;
use std::str::FromStr;

use crate::{Error, Result};

/// The type of an array's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum DType {
    /// One byte, 0 or 1.
    Bool,
    /// 8-bit signed integer.
    I8,
    /// 16-bit signed integer.
    I16,
    /// 32-bit signed integer.
    I32,
    /// 64-bit signed integer.
    I64,
    /// 8-bit unsigned integer.
    U8,
    /// 16-bit unsigned integer.
    U16,
    /// 32-bit unsigned integer.
    U32,
    /// 64-bit unsigned integer.
    U64,
    /// IEEE 754 binary32.
    F32,
    /// IEEE 754 binary64.
    F64,
    /// Two binary32: real, imaginary.
    C64,
    /// Two binary64: real, imaginary.
    C128,
}

/// The family of a [`DType`], in the order of promotion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// `bool`.
    Bool,
    /// `u8..u64`.
    Unsigned,
    /// `i8..i64`.
    Signed,
    /// `f32`, `f64`.
    Float,
    /// `complex64`, `complex128`.
    Complex,
}

impl DType {
    /// Every dtype, in declaration order.
    pub const ALL: [DType; 13] = [
        DType::Bool,
        DType::I8,
        DType::I16,
        DType::I32,
        DType::I64,
        DType::U8,
        DType::U16,
        DType::U32,
        DType::U64,
        DType::F32,
        DType::F64,
        DType::C64,
        DType::C128,
    ];

    /// Bytes per element.
    pub const fn size(self) -> usize {
        match self {
            DType::Bool | DType::I8 | DType::U8 => 1,
            DType::I16 | DType::U16 => 2,
            DType::I32 | DType::U32 | DType::F32 => 4,
            DType::I64 | DType::U64 | DType::F64 | DType::C64 => 8,
            DType::C128 => 16,
        }
    }

    /// The family it belongs to.
    pub const fn kind(self) -> Kind {
        match self {
            DType::Bool => Kind::Bool,
            DType::I8 | DType::I16 | DType::I32 | DType::I64 => Kind::Signed,
            DType::U8 | DType::U16 | DType::U32 | DType::U64 => Kind::Unsigned,
            DType::F32 | DType::F64 => Kind::Float,
            DType::C64 | DType::C128 => Kind::Complex,
        }
    }

    /// NumPy's name: `"float64"`, `"int8"`, `"bool"`, `"complex64"`.
    pub const fn name(self) -> &'static str {
        match self {
            DType::Bool => "bool",
            DType::I8 => "int8",
            DType::I16 => "int16",
            DType::I32 => "int32",
            DType::I64 => "int64",
            DType::U8 => "uint8",
            DType::U16 => "uint16",
            DType::U32 => "uint32",
            DType::U64 => "uint64",
            DType::F32 => "float32",
            DType::F64 => "float64",
            DType::C64 => "complex64",
            DType::C128 => "complex128",
        }
    }

    /// Whether this is a signed or unsigned integer (`bool` is not).
    pub const fn is_integer(self) -> bool {
        matches!(self.kind(), Kind::Signed | Kind::Unsigned)
    }

    /// Whether this is `f32` or `f64`.
    pub const fn is_float(self) -> bool {
        matches!(self.kind(), Kind::Float)
    }

    /// Whether this is complex.
    pub const fn is_complex(self) -> bool {
        matches!(self.kind(), Kind::Complex)
    }

    /// Whether this is a float or complex type.
    pub const fn is_inexact(self) -> bool {
        self.is_float() || self.is_complex()
    }

    /// The dtype of the real part; itself where it is already real.
    pub const fn real(self) -> DType {
        match self {
            DType::C64 => DType::F32,
            DType::C128 => DType::F64,
            other => other,
        }
    }

    /// The smallest inexact dtype that arithmetic on this one is carried out in:
    /// `f32` for `bool`, `i8`, `u8`, `i16`, `u16`; `f64` for wider integers; itself where inexact.
    pub const fn inexact(self) -> DType {
        match self {
            DType::Bool | DType::I8 | DType::U8 | DType::I16 | DType::U16 => DType::F32,
            DType::I32 | DType::U32 | DType::I64 | DType::U64 => DType::F64,
            other => other,
        }
    }

    /// The complex dtype whose parts hold this one.
    pub const fn complex(self) -> DType {
        match self.inexact() {
            DType::F32 | DType::C64 => DType::C64,
            _ => DType::C128,
        }
    }

    /// The dtype that holds the values of both: NumPy 2's `promote_types`, which is the array API
    /// standard's table extended to mixed kinds.
    ///
    /// ```
    /// use chunkwise_core::DType;
    /// assert_eq!(DType::I8.promote(DType::U8), DType::I16);
    /// assert_eq!(DType::U64.promote(DType::I64), DType::F64);
    /// assert_eq!(DType::I32.promote(DType::F32), DType::F64);
    /// assert_eq!(DType::F64.promote(DType::C64), DType::C128);
    /// ```
    pub fn promote(self, other: DType) -> DType {
        let (low, high) = if self.kind() <= other.kind() {
            (self, other)
        } else {
            (other, self)
        };
        if low == high {
            return low;
        }
        match (low.kind(), high.kind()) {
            (Kind::Bool, _) => high,
            (a, b) if a == b => {
                if low.size() >= high.size() {
                    low
                } else {
                    high
                }
            }
            (Kind::Unsigned, Kind::Signed) => match low.size().max(high.size()) {
                _ if low.size() < high.size() => high,
                1 => DType::I16,
                2 => DType::I32,
                4 => DType::I64,
                _ => DType::F64,
            },
            (Kind::Unsigned | Kind::Signed, Kind::Float) => {
                if low.inexact() == DType::F64 {
                    DType::F64
                } else {
                    high
                }
            }
            // Any real with complex.
            _ => {
                if low.inexact() == DType::F64 {
                    DType::C128
                } else {
                    high
                }
            }
        }
    }

    /// Whether every value of `self` is converted to `to` without changing kind downwards
    /// (NumPy's `same_kind` rule, without the size).
    pub fn can_cast_kind(self, to: DType) -> bool {
        let rank = |k: Kind| match k {
            Kind::Bool => 0,
            Kind::Unsigned => 1,
            Kind::Signed => 2,
            Kind::Float => 3,
            Kind::Complex => 4,
        };
        rank(self.kind()) <= rank(to.kind())
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for DType {
    type Err = Error;

    /// Reads NumPy's names (`"float64"`) and Rust's (`"f64"`).
    fn from_str(s: &str) -> Result<DType> {
        let short = [
            "bool", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "f32", "f64", "c64",
            "c128",
        ];
        DType::ALL
            .iter()
            .zip(short)
            .find(|(d, short)| d.name() == s || *short == s)
            .map(|(d, _)| *d)
            .ok_or_else(|| Error::UnknownDType(s.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn promotion_is_commutative_and_idempotent() {
        for a in DType::ALL {
            assert_eq!(a.promote(a), a);
            for b in DType::ALL {
                assert_eq!(a.promote(b), b.promote(a), "{a} {b}");
            }
        }
    }

    // Known exceptions to associativity exist in NumPy too (int8, uint8, float32); the table is
    // checked row by row instead, as printed by numpy.promote_types of NumPy 2.
    #[test]
    fn promotion_table_of_numpy() {
        let rows = [
            "? i1 i2 i4 i8 u1 u2 u4 u8 f4 f8 c8 c16",
            "i1 i1 i2 i4 i8 i2 i4 i8 f8 f4 f8 c8 c16",
            "i2 i2 i2 i4 i8 i2 i4 i8 f8 f4 f8 c8 c16",
            "i4 i4 i4 i4 i8 i4 i4 i8 f8 f8 f8 c16 c16",
            "i8 i8 i8 i8 i8 i8 i8 i8 f8 f8 f8 c16 c16",
            "u1 i2 i2 i4 i8 u1 u2 u4 u8 f4 f8 c8 c16",
            "u2 i4 i4 i4 i8 u2 u2 u4 u8 f4 f8 c8 c16",
            "u4 i8 i8 i8 i8 u4 u4 u4 u8 f8 f8 c16 c16",
            "u8 f8 f8 f8 f8 u8 u8 u8 u8 f8 f8 c16 c16",
            "f4 f4 f4 f8 f8 f4 f4 f8 f8 f4 f8 c8 c16",
            "f8 f8 f8 f8 f8 f8 f8 f8 f8 f8 f8 c16 c16",
            "c8 c8 c8 c16 c16 c8 c8 c16 c16 c8 c16 c8 c16",
            "c16 c16 c16 c16 c16 c16 c16 c16 c16 c16 c16 c16 c16",
        ];
        let short = |d: DType| match d.kind() {
            Kind::Bool => "?".to_owned(),
            Kind::Signed => format!("i{}", d.size()),
            Kind::Unsigned => format!("u{}", d.size()),
            Kind::Float => format!("f{}", d.size()),
            Kind::Complex => format!("c{}", d.size()),
        };
        for (a, row) in DType::ALL.iter().zip(rows) {
            for (b, want) in DType::ALL.iter().zip(row.split(' ')) {
                assert_eq!(short(a.promote(*b)), want, "{a} with {b}");
            }
        }
    }

    #[test]
    fn names_round_trip() {
        for d in DType::ALL {
            assert_eq!(d.name().parse::<DType>().unwrap(), d);
        }
        assert!("object".parse::<DType>().is_err());
    }
}
