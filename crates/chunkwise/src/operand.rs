use chunkwise_core::{Result, Scalar};
use chunkwise_expr as expr;

use crate::Array;

/// An argument of an elementwise function: an array, or a number without a width.
///
/// A number takes the dtype of the arrays beside it, raised in kind only where it must be: a
/// `float32` array times `2.0` stays `float32`.
///
/// ```
/// use chunkwise::{Array, DType};
/// let x = Array::ones([3], DType::F32, 3)?;
/// assert_eq!(x.multiply(2.0)?.dtype(), DType::F32);
/// assert_eq!(x.maximum(&x)?.dtype(), DType::F32);
/// # Ok::<_, chunkwise::Error>(())
/// ```
#[derive(Clone, Debug)]
pub enum Operand {
    /// An array.
    Array(Array),
    /// A number.
    Scalar(Scalar),
}

impl Operand {
    pub(crate) fn lower(&self) -> Result<expr::Operand> {
        match self {
            Operand::Array(a) => Ok(expr::Operand::Expr(a.expr()?.clone())),
            Operand::Scalar(s) => Ok(expr::Operand::Scalar(*s)),
        }
    }
}

impl From<Array> for Operand {
    fn from(a: Array) -> Operand {
        Operand::Array(a)
    }
}
impl From<&Array> for Operand {
    fn from(a: &Array) -> Operand {
        Operand::Array(a.clone())
    }
}
impl From<&Operand> for Operand {
    fn from(o: &Operand) -> Operand {
        o.clone()
    }
}
impl<T: Into<Scalar>> From<T> for Operand {
    fn from(s: T) -> Operand {
        Operand::Scalar(s.into())
    }
}
