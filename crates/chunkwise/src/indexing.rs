//! Indexing: positions and slices, lists of positions, boolean masks.

use chunkwise_core::{DType, Error, Result};
use chunkwise_expr::{Index, parse_indices};

use crate::Array;
use crate::array::Here;

/// A NumPy index as an array of [`Index`](crate::Index): positions, Rust ranges (negative bounds count
/// from the end), `...`, `newaxis`, and `start..stop; step`.
///
/// ```
/// use chunkwise::{Array, DType, s};
/// let x = Array::zeros([10, 20, 30], DType::F64, 10)?;
/// assert_eq!(x.get(s![0])?.shape(), [20, 30]);
/// assert_eq!(x.get(s![.., -5.., 3])?.shape(), [10, 5]);
/// assert_eq!(x.get(s![..; 2, 1..10; 3])?.shape(), [5, 3, 30]);
/// assert_eq!(x.get(s![..., ..; -1])?.shape(), [10, 20, 30]);
/// assert_eq!(x.get(s![newaxis, 0, ..., newaxis])?.shape(), [1, 20, 30, 1]);
/// # Ok::<_, chunkwise::Error>(())
/// ```
#[macro_export]
macro_rules! s {
    (@done [$($out:expr,)*]) => { [$($out),*] };
    (@done [$($out:expr,)*] newaxis $(, $($rest:tt)*)?) => {
        $crate::s!(@done [$($out,)* $crate::Index::NewAxis,] $($($rest)*)?)
    };
    (@done [$($out:expr,)*] ... $(, $($rest:tt)*)?) => {
        $crate::s!(@done [$($out,)* $crate::Index::Ellipsis,] $($($rest)*)?)
    };
    (@done [$($out:expr,)*] $index:expr ; $step:expr $(, $($rest:tt)*)?) => {
        $crate::s!(@done [$($out,)* {
            // Bounds count from the end where negative: `2..-1` is not empty.
            #[allow(clippy::reversed_empty_ranges)]
            let index = $crate::stepped($index, $step);
            index
        },] $($($rest)*)?)
    };
    (@done [$($out:expr,)*] $index:expr $(, $($rest:tt)*)?) => {
        $crate::s!(@done [$($out,)* {
            #[allow(clippy::reversed_empty_ranges)]
            let index = $crate::Index::from($index);
            index
        },] $($($rest)*)?)
    };
    ($($index:tt)*) => { $crate::s!(@done [] $($index)*) };
}

/// A slice with a step, for [`s!`](crate::s); positions have none and stay as they are.
#[doc(hidden)]
pub fn stepped(index: impl Into<Index>, step: isize) -> Index {
    match index.into() {
        Index::Slice { start, stop, .. } => Index::slice(start, stop, step),
        other => other,
    }
}

impl Array {
    /// NumPy's basic indexing: positions, slices, new axes, an ellipsis. Nothing is copied, and only
    /// what the result shows is computed.
    ///
    /// ```
    /// # use chunkwise::{Array, DType, Index, s};
    /// let x = Array::zeros([10, 20], DType::F64, 5)?;
    /// assert_eq!(x.get(s![2..6, -1])?.shape(), [4]);
    /// assert_eq!(x.get([Index::At(0), Index::slice(None, None, -3)])?.shape(), [7]);
    /// assert!(x.get(s![10]).is_err());
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn get(&self, index: impl AsRef<[Index]>) -> Result<Array> {
        self.expr()?.get(index.as_ref()).here()
    }

    /// [`get`](Self::get) with the index written as in Python.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::zeros([10, 20], DType::F64, 5)?;
    /// assert_eq!(x.get_str("::2, -1")?.shape(), [5]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn get_str(&self, index: &str) -> Result<Array> {
        self.get(parse_indices(index)?)
    }

    /// The elements at these positions along an axis; negative ones count from the end.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::zeros([10, 20], DType::F64, 5)?;
    /// assert_eq!(x.take(&[3, -1, 3], 1)?.shape(), [10, 3]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn take(&self, positions: &[isize], axis: isize) -> Result<Array> {
        self.expr()?.take(positions, axis).here()
    }

    /// The positions along an axis where a 1-dimensional bool array of the axis's length is true.
    ///
    /// How many there are is known only after computing: the shape holds an upper bound, and displays
    /// show `?`. Elementwise functions, reductions and sums go on from there; what needs the length
    /// is an error that says so.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::zeros([10, 20], DType::F64, 20)?;
    /// let odd = Array::arange(0, 10, 1, 5)?.remainder(2)?.equal(1)?;
    /// let rows = x.compress(&odd, 0)?;
    /// assert_eq!(rows.to_string(), "Array<float64 (?, 20) chunks (10, 20), at most 1.56 KiB>");
    /// assert_eq!(rows.sum(0)?.shape(), [20]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn compress(&self, mask: &Array, axis: isize) -> Result<Array> {
        self.expr()?.compress(mask.expr()?, axis).here()
    }

    /// The elements where a bool array is true: of the same shape as this one (the result is
    /// 1-dimensional, in C order), or of its first axes only.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::linspace(0.0, 1.0, 12, true, 4)?.reshape([3, 4])?;
    /// let large = x.mask(&x.greater(0.5)?)?;
    /// assert_eq!(large.ndim(), 1);
    /// assert_eq!(large.mean(..)?.ndim(), 0);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn mask(&self, mask: &Array) -> Result<Array> {
        let (e, m) = (self.expr()?, mask.expr()?);
        let n = m.ndim();
        if m.dtype() != DType::Bool {
            return Err(Error::DTypeMismatch {
                operation: "boolean index",
                expected: DType::Bool,
                got: m.dtype(),
            });
        }
        if n == 0 || n > e.ndim() || e.shape()[..n] != *m.shape() {
            return Err(Error::ShapeMismatch {
                operation: "boolean index",
                expected: e.shape()[..n.min(e.ndim())].to_vec(),
                got: m.shape().to_vec(),
            });
        }
        if n == 1 {
            return self.compress(mask, 0);
        }
        let mut shape = vec![m.len()];
        shape.extend_from_slice(&e.shape()[n..]);
        self.reshape(&shape[..])?.compress(&mask.ravel()?, 0)
    }
}
