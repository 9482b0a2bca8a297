//! Rust's operators. What cannot be applied gives a failed array: see [`Array`].

use std::ops;

use chunkwise_core::{Complex64, Location};

use crate::Array;
use crate::elementwise::apply;
use crate::operand::Operand;

#[track_caller]
fn operate(name: &'static str, args: &[Operand]) -> Array {
    match apply(name, args) {
        Ok(array) => array,
        Err(error) => Array::failed(error, Location::caller()),
    }
}

macro_rules! binary {
    ($($trait:ident $method:ident $assign:ident $assign_method:ident $name:literal;)*) => {$(
        impl<T: Into<Operand>> ops::$trait<T> for &Array {
            type Output = Array;
            #[track_caller]
            fn $method(self, other: T) -> Array {
                operate($name, &[self.into(), other.into()])
            }
        }
        impl<T: Into<Operand>> ops::$trait<T> for Array {
            type Output = Array;
            #[track_caller]
            fn $method(self, other: T) -> Array {
                operate($name, &[self.into(), other.into()])
            }
        }
        impl<T: Into<Operand>> ops::$assign<T> for Array {
            #[track_caller]
            fn $assign_method(&mut self, other: T) {
                *self = operate($name, &[(&*self).into(), other.into()]);
            }
        }
        from_left!($trait $method $name: f64, i64, bool, Complex64);
    )*};
}

// One type of each kind, so that the literal in `(2.0 * &x).sum(..)` needs no suffix: with several, its
// type would not be known where the method is called.
macro_rules! from_left {
    ($trait:ident $method:ident $name:literal: $($t:ty),*) => {$(
        impl ops::$trait<&Array> for $t {
            type Output = Array;
            #[track_caller]
            fn $method(self, other: &Array) -> Array {
                operate($name, &[self.into(), other.into()])
            }
        }
        impl ops::$trait<Array> for $t {
            type Output = Array;
            #[track_caller]
            fn $method(self, other: Array) -> Array {
                operate($name, &[self.into(), other.into()])
            }
        }
    )*};
}

binary! {
    Add add AddAssign add_assign "add";
    Sub sub SubAssign sub_assign "subtract";
    Mul mul MulAssign mul_assign "multiply";
    Div div DivAssign div_assign "divide";
    Rem rem RemAssign rem_assign "remainder";
    BitAnd bitand BitAndAssign bitand_assign "bitwise_and";
    BitOr bitor BitOrAssign bitor_assign "bitwise_or";
    BitXor bitxor BitXorAssign bitxor_assign "bitwise_xor";
    Shl shl ShlAssign shl_assign "bitwise_left_shift";
    Shr shr ShrAssign shr_assign "bitwise_right_shift";
}

macro_rules! unary {
    ($($trait:ident $method:ident $name:literal;)*) => {$(
        impl ops::$trait for &Array {
            type Output = Array;
            #[track_caller]
            fn $method(self) -> Array {
                operate($name, &[self.into()])
            }
        }
        impl ops::$trait for Array {
            type Output = Array;
            #[track_caller]
            fn $method(self) -> Array {
                operate($name, &[self.into()])
            }
        }
    )*};
}

unary! {
    Neg neg "negative";
    Not not "bitwise_invert";
}
