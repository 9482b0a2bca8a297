//! Other shapes and other chunks of the same elements; diagonals and differences.

use chunkwise_core::{Chunks, DType, Error, Grid, Result, normalize_axis};
use chunkwise_expr::Expr;

use crate::array::Here;
use crate::creation::lower;
use crate::joining::concatenate;
use crate::shape::NewShape;
use crate::{Array, where_};

impl Array {
    /// The same elements in C order under another shape with as many; one length may be `-1`.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::zeros([4, 6], DType::F64, 2)?;
    /// assert_eq!(x.reshape([2, -1, 3])?.shape(), [2, 4, 3]);
    /// assert!(x.reshape([5, -1]).is_err());
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn reshape(&self, shape: impl Into<NewShape>) -> Result<Array> {
        let e = self.expr()?;
        e.reshape(&shape.into().resolve(e.shape())?).here()
    }

    /// The elements in C order as one axis.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// assert_eq!(Array::zeros([4, 6], DType::F64, 2)?.ravel()?.shape(), [24]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn ravel(&self) -> Result<Array> {
        let e = self.expr()?;
        e.reshape(&[e.len()]).here()
    }

    /// The elements in C order as one axis. Arrays are immutable: the same as
    /// [`ravel`](Self::ravel).
    #[track_caller]
    pub fn flatten(&self) -> Result<Array> {
        self.ravel()
    }

    /// The same data cut into other chunks: a length for every axis, one for all axes (`-1`: whole),
    /// every chunk's length, or a byte target.
    ///
    /// ```
    /// # use chunkwise::{Array, Chunks, DType};
    /// let x = Array::zeros([100, 60], DType::F64, 10)?;
    /// assert_eq!(x.rechunk([50, -1])?.chunks().to_string(), "(50, 60)");
    /// assert_eq!(x.rechunk(Chunks::AUTO)?.chunks().count(), 1);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn rechunk(&self, chunks: impl Into<Chunks>) -> Result<Array> {
        self.expr()?.rechunk(&chunks.into()).here()
    }

    /// The elements where the indices along two axes differ by `offset`, as a new last axis.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::zeros([4, 6, 2], DType::F64, 2)?;
    /// assert_eq!(x.diagonal(1, 0, 1)?.shape(), [2, 4]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn diagonal(&self, offset: isize, axis1: isize, axis2: isize) -> Result<Array> {
        self.expr()?.diagonal(offset, axis1, axis2).here()
    }

    /// The sum along a diagonal.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// assert_eq!(Array::zeros([4, 6, 2], DType::F64, 2)?.trace(0, 0, 1)?.shape(), [2]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn trace(&self, offset: isize, axis1: isize, axis2: isize) -> Result<Array> {
        self.diagonal(offset, axis1, axis2)?.sum(-1)
    }

    /// A matrix with this 1-dimensional array on its `k`-th diagonal; of a matrix, its `k`-th
    /// diagonal.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::ones([3], DType::F64, 3)?;
    /// assert_eq!(x.diag(-1)?.shape(), [4, 4]);
    /// assert_eq!(x.diag(-1)?.diag(-1)?.shape(), [3]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn diag(&self, k: isize) -> Result<Array> {
        match self.check()?.ndim() {
            1 => {}
            2 => return self.diagonal(k, 0, 1),
            n => {
                return Err(Error::argument(
                    "diag",
                    "ndim",
                    n,
                    "an array of 1 or 2 dimensions is needed",
                ));
            }
        }
        // Along the columns: element `column - k` of this array, where there is one.
        let blank = Array::zeros(
            k.unsigned_abs(),
            self.dtype(),
            self.chunks().largest()[0].max(1),
        )?;
        let line = match k {
            0 => self.clone(),
            k if k > 0 => concatenate([&blank, self], 0)?,
            _ => concatenate([self, &blank], 0)?,
        };
        let cuts = line.chunks().axes()[0].clone();
        let chunks = Chunks::Grid(Grid::new([cuts.clone(), cuts]));
        let shape = [line.size(); 2];
        let row = Array::indices_along(&shape, 0, &chunks)?;
        let column = Array::indices_along(&shape, 1, &chunks)?;
        where_(column.equal(row.add(k as i64)?)?, line, false)?.astype(self.dtype())
    }

    /// The elements on and below the `k`-th diagonal of the last two axes, zeros above.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// assert_eq!(Array::ones([2, 4, 6], DType::F64, 2)?.tril(0)?.shape(), [2, 4, 6]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn tril(&self, k: isize) -> Result<Array> {
        where_(self.below(k)?, self, false)?.astype(self.dtype())
    }

    /// The elements on and above the `k`-th diagonal of the last two axes, zeros below.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// assert_eq!(Array::ones([2, 4, 6], DType::F64, 2)?.triu(1)?.shape(), [2, 4, 6]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn triu(&self, k: isize) -> Result<Array> {
        where_(self.below(k.saturating_sub(1))?, false, self)?.astype(self.dtype())
    }

    /// Whether each element of the last two axes is on or below the `k`-th diagonal.
    #[track_caller]
    fn below(&self, k: isize) -> Result<Array> {
        let e = self.expr()?;
        let Some(lead) = e.ndim().checked_sub(2) else {
            return Err(Error::argument(
                "triangle",
                "ndim",
                e.ndim(),
                "at least 2 dimensions are needed",
            ));
        };
        let cuts = e.grid().axes()[lead..].iter().cloned();
        lower(&e.shape()[lead..], k, &Chunks::Grid(Grid::new(cuts)))
    }

    /// The differences of neighbours along an axis, `n` times over; of bools, whether they differ.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// assert_eq!(Array::ones([4, 6], DType::F64, 2)?.diff(2, -1)?.shape(), [4, 4]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn diff(&self, n: usize, axis: isize) -> Result<Array> {
        let axis = normalize_axis(axis, self.check()?.ndim())?;
        let mut out = self.clone();
        for _ in 0..n {
            let len = out.shape()[axis];
            if len == 0 {
                break;
            }
            let next = out.slice_axis(axis, 1..len)?;
            let own = out.slice_axis(axis, 0..len - 1)?;
            out = match self.dtype() {
                DType::Bool => next.not_equal(own)?,
                _ => next.subtract(own)?,
            };
        }
        Ok(out)
    }

    /// The expression of one value everywhere in a shape, cut like this array where it can be.
    #[track_caller]
    pub(crate) fn constant_beside(
        &self,
        value: chunkwise_core::Scalar,
        axis: usize,
        len: usize,
    ) -> Result<Array> {
        let cuts = self.chunks().axes().iter().enumerate().map(|(a, cut)| {
            if a == axis {
                chunkwise_core::AxisGrid::regular(len, len)
            } else {
                cut.clone()
            }
        });
        let grid = Grid::new(cuts);
        Expr::constant(
            value,
            self.dtype(),
            &grid.shape(),
            &Chunks::Grid(grid.clone()),
        )
        .here()
    }
}
