use chunkwise_core::Result;

use crate::Array;
use crate::array::Here;

impl Array {
    /// The elements along an axis in ascending order, or in descending order. NaN counts as larger than
    /// everything, complex numbers are ordered by real and then by imaginary part, and equal elements
    /// (0.0 and -0.0 are) keep their order either way.
    ///
    /// Lanes longer than a task are sorted in runs, which are merged: the memory limit holds however
    /// long they are.
    ///
    /// ```
    /// # use chunkwise::Array;
    /// let x = Array::from_vec(vec![3.0, f64::NAN, 1.0, 2.0], [4], 2)?;
    /// let sorted = x.sort(0, false)?.compute()?.to_vec::<f64>()?;
    /// assert_eq!(sorted[..3], [1.0, 2.0, 3.0]);
    /// assert!(sorted[3].is_nan());
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn sort(&self, axis: isize, descending: bool) -> Result<Array> {
        self.expr()?.sort(axis, descending, false).here()
    }

    /// Where along an axis the elements stand that [`sort`](Self::sort) gives, as `int64`.
    ///
    /// ```
    /// # use chunkwise::Array;
    /// let x = Array::from_vec(vec![3, 1, 2, 1], [4], 2)?;
    /// assert_eq!(x.argsort(0, false)?.compute()?.to_vec::<i64>()?, [1, 3, 2, 0]);
    /// assert_eq!(x.argsort(0, true)?.compute()?.to_vec::<i64>()?, [0, 2, 1, 3]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn argsort(&self, axis: isize, descending: bool) -> Result<Array> {
        self.expr()?.sort(axis, descending, true).here()
    }
}
