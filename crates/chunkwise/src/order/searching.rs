use chunkwise_core::{Chunk, DType, Error, Result};
use chunkwise_expr::{CallTask, PlainFunction};
use chunkwise_kernels::order::{contains, search};
use serde::{Deserialize, Serialize};

use super::pieces::{dense, each};
use crate::Array;

pub use chunkwise_kernels::order::Side;

impl Array {
    /// For each of `values` the place in this array where it belongs, as `int64`. This array is
    /// 1-dimensional and in ascending order, and held whole by every task; the result has the shape of
    /// `values`. NaN belongs behind everything.
    ///
    /// ```
    /// # use chunkwise::{Array, Side};
    /// let sorted = Array::from_vec(vec![1, 2, 2, 5], [4], 4)?;
    /// let values = Array::from_vec(vec![2, 6, 0], [3], 2)?;
    /// let places = sorted.searchsorted(&values, Side::Left)?;
    /// assert_eq!(places.compute()?.to_vec::<i64>()?, [1, 4, 0]);
    /// let places = sorted.searchsorted(&values, Side::Right)?;
    /// assert_eq!(places.compute()?.to_vec::<i64>()?, [3, 4, 0]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn searchsorted(&self, values: &Array, side: Side) -> Result<Array> {
        let (sorted, values) = (self.check()?, values.check()?);
        if sorted.ndim() != 1 {
            return Err(Error::ShapeMismatch {
                operation: "searchsorted",
                expected: vec![sorted.size()],
                got: sorted.shape().to_vec(),
            });
        }
        if let Some(axis) = sorted.expr()?.unknown_axis() {
            return Err(Error::UnknownLength {
                operation: "searchsorted",
                axis,
            });
        }
        let dtype = sorted.dtype().promote(values.dtype());
        let (sorted, values) = (sorted.astype(dtype)?, values.astype(dtype)?);
        let lookup = match side {
            Side::Left => Lookup::Left,
            Side::Right => Lookup::Right,
        };
        each("searchsorted", &values, &sorted, DType::I64, lookup)
    }

    /// The number of the bin that each element lies in, as `int64`: the `i` for which
    /// `bins[i-1] <= x < bins[i]`, or `bins[i-1] < x <= bins[i]` where `right`. `bins` is in ascending
    /// or in descending order; in the latter case the comparisons are the other way round.
    ///
    /// ```
    /// # use chunkwise::Array;
    /// let x = Array::from_vec(vec![0.2, 6.4, 3.0, 1.6], [4], 2)?;
    /// let bins = [0.0, 1.0, 2.5, 4.0, 10.0];
    /// assert_eq!(x.digitize(&bins, false)?.compute()?.to_vec::<i64>()?, [1, 4, 3, 2]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn digitize(&self, bins: &[f64], right: bool) -> Result<Array> {
        if self.check()?.dtype().is_complex() {
            return Err(Error::UnsupportedDType {
                operation: "digitize".to_owned(),
                dtypes: vec![self.dtype()],
            });
        }
        let side = if right { Side::Left } else { Side::Right };
        if bins.is_sorted() {
            return edges(bins)?.searchsorted(self, side);
        }
        let reversed: Vec<f64> = bins.iter().rev().copied().collect();
        if !reversed.is_sorted() {
            let reason = "bins must be monotonically increasing or decreasing";
            let given = format!("{bins:?}");
            return Err(Error::argument("digitize", "bins", given, reason));
        }
        let places = edges(&reversed)?.searchsorted(self, side)?;
        places.negative()?.add(bins.len())
    }
}

/// What is found of each value in an array in ascending order.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) enum Lookup {
    /// The place before those that are equal to it.
    Left,
    /// The place behind them.
    Right,
    /// Whether there are such.
    Among,
}

impl PlainFunction for Lookup {
    const NAME: &'static str = "lookup";
    const ELEMENTWISE: bool = true;

    fn call(&self, task: &CallTask<'_>) -> Result<Vec<Chunk>> {
        let [values, sorted] = task.inputs else {
            return Err(Error::internal("lookup", "not two inputs"));
        };
        let (values, sorted) = (dense(values, task.pool)?, dense(sorted, task.pool)?);
        let (values, sorted) = (values.view(), sorted.view());
        let dtype = match self {
            Lookup::Left | Lookup::Right => DType::I64,
            Lookup::Among => DType::Bool,
        };
        let made = Chunk::build(task.pool, dtype, values.shape(), |mut out| match self {
            Lookup::Left => search(&sorted, &values, Side::Left, &mut out),
            Lookup::Right => search(&sorted, &values, Side::Right, &mut out),
            Lookup::Among => contains(&sorted, &values, &mut out),
        })?;
        Ok(vec![made])
    }
}

/// Numbers as an array in one chunk.
#[track_caller]
pub(super) fn edges(edges: &[f64]) -> Result<Array> {
    Array::from_vec(edges.to_vec(), [edges.len()], -1isize)
}
