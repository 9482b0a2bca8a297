//! Products of matrices and tensors, all as contractions.

use chunkwise_core::{
    DType, Dims, Error, Result, broadcast_shapes, normalize_axes, normalize_axis,
};
use chunkwise_expr::Expr;

use crate::Array;
use crate::array::Here;

pub(super) fn mismatch(operation: &'static str, a: &Array, b: &Array) -> Error {
    Error::ShapeMismatch {
        operation,
        expected: a.shape().to_vec(),
        got: b.shape().to_vec(),
    }
}

/// `a[batch.., m.., k..]` with `b[batch.., k.., n..]`. Nothing contracted is a product of all with
/// all, which is elementwise.
#[track_caller]
pub(crate) fn contract(a: &Array, b: &Array, batch: usize, k: usize) -> Result<Array> {
    if k > 0 {
        return Expr::contract(a.expr()?, b.expr()?, batch, k).here();
    }
    let (m, n) = (a.ndim() - batch, b.ndim() - batch);
    let ones = |from: usize, count: usize| -> Vec<isize> {
        (from..from + count).map(|a| a as isize).collect()
    };
    let a = a.expand_dims(&ones(batch + m, n))?;
    a.multiply(b.expand_dims(&ones(batch, m))?)
}

/// How [`Array::tensordot`] pairs axes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contracted {
    /// The last so many of the first array with the first of the second.
    Count(usize),
    /// These of the first array with these of the second, one by one.
    Pairs(Vec<isize>, Vec<isize>),
}

impl From<usize> for Contracted {
    fn from(count: usize) -> Contracted {
        Contracted::Count(count)
    }
}
impl<const N: usize> From<([isize; N], [isize; N])> for Contracted {
    fn from((a, b): ([isize; N], [isize; N])) -> Contracted {
        Contracted::Pairs(a.to_vec(), b.to_vec())
    }
}
impl From<(&[isize], &[isize])> for Contracted {
    fn from((a, b): (&[isize], &[isize])) -> Contracted {
        Contracted::Pairs(a.to_vec(), b.to_vec())
    }
}

impl Array {
    /// The matrix product, as NumPy's `@`: of the last two axes, the others broadcast. A
    /// 1-dimensional array counts as a row on the left and as a column on the right, and that axis
    /// disappears. Of bools it is the logical or of ands.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::ones([5, 3, 4], DType::F64, 2)?;
    /// let y = Array::ones([4, 6], DType::F64, 2)?;
    /// let v = Array::ones([4], DType::F64, 2)?;
    /// assert_eq!(x.matmul(&y)?.shape(), [5, 3, 6]);
    /// assert_eq!(x.matmul(&v)?.shape(), [5, 3]);
    /// assert_eq!(v.matmul(&v)?.ndim(), 0);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn matmul(&self, other: &Array) -> Result<Array> {
        let (a, b) = (self.check()?, other.check()?);
        if a.ndim() == 0 || b.ndim() == 0 {
            return Err(mismatch("matmul", a, b));
        }
        if a.ndim() == 1 && b.ndim() > 2 {
            let batch: Dims = b.shape()[..b.ndim() - 2].into();
            let mut shape = batch.clone();
            shape.push(a.size());
            return contract(&a.broadcast_to(shape)?, b, batch.len(), 1);
        }
        if b.ndim() <= 2 {
            return contract(a, b, 0, 1);
        }
        let (da, db) = (a.ndim() - 2, b.ndim() - 2);
        let batch = broadcast_shapes(&[&a.shape()[..da], &b.shape()[..db]])?;
        let full = |x: &Array, own: usize| -> Result<Expr> {
            let mut shape = batch.clone();
            shape.extend_from_slice(&x.shape()[own..]);
            x.expr()?.broadcast_to(&shape)
        };
        Expr::contract(&full(a, da)?, &full(b, db)?, batch.len(), 1).here()
    }

    /// NumPy's `dot`: the sum over the last axis of this array and the last but one (or only one) of
    /// the other; the product where one is 0-dimensional.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::ones([5, 3, 4], DType::F64, 2)?;
    /// let y = Array::ones([2, 4, 6], DType::F64, 2)?;
    /// assert_eq!(x.dot(&y)?.shape(), [5, 3, 2, 6]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn dot(&self, other: &Array) -> Result<Array> {
        let (a, b) = (self.check()?, other.check()?);
        match (a.ndim(), b.ndim()) {
            (0, _) | (_, 0) => a.multiply(b),
            (_, 1) => contract(a, b, 0, 1),
            (_, _) => a.tensordot(b, ([-1], [-2])),
        }
    }

    /// The sum of the products of all elements in C order, those of this array conjugated.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::ones([3, 4], DType::C128, 2)?;
    /// assert_eq!(x.vdot(&x)?.ndim(), 0);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn vdot(&self, other: &Array) -> Result<Array> {
        let a = self.ravel()?.conjugated()?;
        contract(&a, &other.ravel()?, 0, 1)
    }

    /// The sum over the last axes of both; the product where one is 0-dimensional.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::ones([3, 4], DType::F64, 2)?;
    /// assert_eq!(x.inner(&x)?.shape(), [3, 3]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn inner(&self, other: &Array) -> Result<Array> {
        let (a, b) = (self.check()?, other.check()?);
        if a.ndim() == 0 || b.ndim() == 0 {
            return a.multiply(b);
        }
        a.tensordot(b, ([-1], [-1]))
    }

    /// The products of all elements with all, each array in C order.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::ones([3], DType::F64, 2)?;
    /// assert_eq!(x.outer(&x)?.shape(), [3, 3]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn outer(&self, other: &Array) -> Result<Array> {
        contract(&self.ravel()?, &other.ravel()?, 0, 0)
    }

    /// The sum over pairs of axes; the result has the other axes of this array, then those of the
    /// other.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::ones([3, 4, 5], DType::F64, 2)?;
    /// let y = Array::ones([4, 3, 2], DType::F64, 2)?;
    /// assert_eq!(x.tensordot(&y, ([1, 0], [0, 1]))?.shape(), [5, 2]);
    /// assert_eq!(x.tensordot(&x.t()?, 1)?.shape(), [3, 4, 4, 3]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn tensordot(&self, other: &Array, axes: impl Into<Contracted>) -> Result<Array> {
        let (a, b) = (self.check()?, other.check()?);
        let (of_a, of_b): (Vec<usize>, Vec<usize>) = match axes.into() {
            Contracted::Count(n) if n <= a.ndim().min(b.ndim()) => {
                ((a.ndim() - n..a.ndim()).collect(), (0..n).collect())
            }
            Contracted::Count(n) => {
                return Err(Error::argument(
                    "tensordot",
                    "axes",
                    n,
                    format!("the arrays have {} and {} axes", a.ndim(), b.ndim()),
                ));
            }
            Contracted::Pairs(x, y) => {
                if x.len() != y.len() {
                    return Err(Error::argument(
                        "tensordot",
                        "axes",
                        format!("({x:?}, {y:?})"),
                        "as many of the first array as of the second",
                    ));
                }
                normalize_axes(&x, a.ndim())?;
                normalize_axes(&y, b.ndim())?;
                let each = |axes: &[isize], ndim| {
                    axes.iter()
                        .map(|x| normalize_axis(*x, ndim))
                        .collect::<Result<Vec<_>>>()
                };
                (each(&x, a.ndim())?, each(&y, b.ndim())?)
            }
        };
        if of_a
            .iter()
            .zip(&of_b)
            .any(|(x, y)| a.shape()[*x] != b.shape()[*y])
        {
            return Err(mismatch("tensordot", a, b));
        }
        let rest = |ndim: usize, used: &[usize]| -> Vec<usize> {
            (0..ndim).filter(|x| !used.contains(x)).collect()
        };
        let signed = |x: Vec<usize>| -> Vec<isize> { x.into_iter().map(|x| x as isize).collect() };
        let left = signed([rest(a.ndim(), &of_a), of_a.clone()].concat());
        let right = signed([of_b.clone(), rest(b.ndim(), &of_b)].concat());
        contract(&a.transpose(&left)?, &b.transpose(&right)?, 0, of_a.len())
    }

    /// The sum over one axis, which both arrays have, of products, those of this array conjugated; the
    /// other axes are broadcast.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::ones([3, 4], DType::F64, 2)?;
    /// let y = Array::ones([4], DType::F64, 2)?;
    /// assert_eq!(x.vecdot(&y, -1)?.shape(), [3]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn vecdot(&self, other: &Array, axis: isize) -> Result<Array> {
        let (a, b) = (self.check()?, other.check()?);
        if axis >= 0 && a.ndim() != b.ndim() {
            // Counted from the front it would be another axis of the array with fewer.
            return Err(Error::argument(
                "vecdot",
                "axis",
                axis,
                "for arrays of unlike dimensions it is counted from the end",
            ));
        }
        let own = |x: &Array| Ok(x.shape()[normalize_axis(axis, x.ndim())?]);
        if own(a)? != own(b)? {
            return Err(mismatch("vecdot", a, b));
        }
        a.conjugated()?
            .multiply(b)?
            .sum_as(axis, a.dtype().promote(b.dtype()))
    }

    /// The Kronecker product: each element of this array times the whole other one.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::ones([2, 3], DType::F64, 2)?;
    /// let y = Array::ones([4, 5], DType::F64, 2)?;
    /// assert_eq!(x.kron(&y)?.shape(), [8, 15]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn kron(&self, other: &Array) -> Result<Array> {
        let ndim = self.check()?.ndim().max(other.check()?.ndim());
        let (a, b) = (self.atleast_nd(ndim)?, other.atleast_nd(ndim)?);
        let odd: Vec<isize> = (0..ndim).map(|x| 2 * x as isize + 1).collect();
        let even: Vec<isize> = (0..ndim).map(|x| 2 * x as isize).collect();
        let product = a.expand_dims(&odd)?.multiply(b.expand_dims(&even)?)?;
        let shape: Dims = (0..ndim).map(|x| a.shape()[x] * b.shape()[x]).collect();
        product.into_expr()?.reshape(&shape).here()
    }

    /// The complex conjugate; real arrays as they are.
    #[track_caller]
    pub(super) fn conjugated(&self) -> Result<Array> {
        match self.dtype() {
            DType::C64 | DType::C128 => self.conj(),
            _ => self.check().cloned(),
        }
    }
}
