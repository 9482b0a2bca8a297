use chunkwise_core::{DType, Result};

use super::pieces::each;
use super::searching::Lookup;
use crate::{Array, s};

/// What [`Array::unique_all`] gives: arrays of one length, which is known after computing.
#[derive(Clone, Debug)]
pub struct Unique {
    /// The values, in ascending order.
    pub values: Array,
    /// Where each occurs first, in C order.
    pub indices: Array,
    /// How often each occurs.
    pub counts: Array,
}

impl Array {
    /// The different elements in ascending order, as a 1-dimensional array whose length is known after
    /// computing. NaN are one value where `equal_nan`, else each is one of its own.
    ///
    /// To know which of them each element is, compute them ([`persist`](Self::persist)) and ask
    /// [`searchsorted`](Self::searchsorted).
    ///
    /// ```
    /// # use chunkwise::Array;
    /// let x = Array::from_vec(vec![3, 1, 3, 2], [2, 2], 1)?;
    /// assert_eq!(x.unique(true)?.compute()?.to_vec::<i32>()?, [1, 2, 3]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn unique(&self, equal_nan: bool) -> Result<Array> {
        let sorted = self.ravel()?.sort(0, false)?;
        let first = firsts(&sorted, equal_nan)?;
        sorted.compress(&first, 0)
    }

    /// The different elements, where each occurs first, and how often.
    ///
    /// ```
    /// # use chunkwise::{Array, compute};
    /// let x = Array::from_vec(vec![3, 1, 3, 2], [4], 2)?;
    /// let unique = x.unique_all(true)?;
    /// assert_eq!(unique.indices.compute()?.to_vec::<i64>()?, [1, 3, 0]);
    /// assert_eq!(unique.counts.compute()?.to_vec::<i64>()?, [1, 1, 2]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn unique_all(&self, equal_nan: bool) -> Result<Unique> {
        let flat = self.ravel()?;
        let n = flat.size();
        let sorted = flat.sort(0, false)?;
        let first = firsts(&sorted, equal_nan)?;
        let places = Array::arange(0, n, 1, -1isize)?;
        // The next place, from each on, where a value begins.
        let starts = first.where_(&places, n)?;
        let begins = starts.flip(0)?.cummin(0)?.flip(0)?;
        let end = Array::full([1], n, DType::I64, 1isize)?;
        let next = crate::concatenate([&begins.get(s![1..])?, &end.get(s![0..n.min(1)])?], 0)?;
        Ok(Unique {
            values: sorted.compress(&first, 0)?,
            indices: flat.argsort(0, false)?.compress(&first, 0)?,
            counts: next.subtract(&places)?.compress(&first, 0)?,
        })
    }

    /// Whether each element is among those of `test`, which every task holds whole; NaN is in nothing.
    /// The other way round where `invert`.
    ///
    /// ```
    /// # use chunkwise::Array;
    /// let x = Array::from_vec(vec![1, 5, 2, 7], [2, 2], 1)?;
    /// let test = Array::from_vec(vec![7, 1, 1], [3], 3)?;
    /// let found = x.isin(&test, false)?.compute()?;
    /// assert_eq!(found.to_vec::<bool>()?, [true, false, false, true]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn isin(&self, test: &Array, invert: bool) -> Result<Array> {
        let dtype = self.check()?.dtype().promote(test.check()?.dtype());
        let (values, test) = (self.astype(dtype)?, test.astype(dtype)?.ravel()?);
        let sorted = test.sort(0, false)?;
        let found = each("isin", &values, &sorted, DType::Bool, Lookup::Among)?;
        let found = match dtype.is_inexact() {
            true => found.logical_and(values.isnan()?.logical_not()?)?,
            false => found,
        };
        if invert {
            found.logical_not()
        } else {
            Ok(found)
        }
    }
}

/// Whether each element of a sorted array differs from the one before.
#[track_caller]
fn firsts(sorted: &Array, equal_nan: bool) -> Result<Array> {
    let n = sorted.size();
    let one = Array::full([n.min(1)], true, DType::Bool, 1isize)?;
    let (before, after) = (sorted.get(s![..n.max(1) - 1])?, sorted.get(s![1..])?);
    let mut differs = after.not_equal(&before)?;
    if equal_nan && sorted.dtype().is_inexact() {
        let both = before.isnan()?.logical_and(after.isnan()?)?;
        differs = differs.logical_and(both.logical_not()?)?;
    }
    crate::concatenate([&one, &differs], 0)
}
