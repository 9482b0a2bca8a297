//! Arrays put together and taken apart.

use chunkwise_core::{AxisGrid, Chunks, Dims, Error, Grid, Result, element_count, normalize_axis};
use chunkwise_expr::Expr;

use crate::array::Here;
use crate::{Array, Index};

/// Positions that repeat are listed up to this many.
const LISTED: usize = 1 << 20;
/// Up to so many copies of an array are put together one by one.
pub(crate) const JOINED: usize = 16;
/// What is repeated is first made so long along its axis, for longer runs of elements in memory.
const UNIT: usize = 4096;
/// Chunks of copies are those of the array where there are no more of them.
const CUTS: usize = 10_000;

fn exprs(arrays: impl IntoIterator<Item = impl AsRef<Array>>) -> Result<Vec<Expr>> {
    arrays
        .into_iter()
        .map(|a| a.as_ref().expr().cloned())
        .collect()
}

/// Arrays one after another along an axis, promoted to one dtype; equal in all other axes.
///
/// ```
/// # use chunkwise::{Array, DType, concatenate};
/// let x = Array::zeros([3, 4], DType::F64, 2)?;
/// let y = Array::zeros([1, 4], DType::I32, 2)?;
/// assert_eq!(concatenate([&x, &y], 0)?.shape(), [4, 4]);
/// assert!(concatenate([&x, &y], 1).is_err());
/// # Ok::<_, chunkwise::Error>(())
/// ```
#[track_caller]
pub fn concatenate(
    arrays: impl IntoIterator<Item = impl AsRef<Array>>,
    axis: isize,
) -> Result<Array> {
    Expr::concat(&exprs(arrays)?, axis).here()
}

/// Arrays of one shape along a new axis.
///
/// ```
/// # use chunkwise::{Array, DType, stack};
/// let x = Array::zeros([3, 4], DType::F64, 2)?;
/// assert_eq!(stack([&x, &x], -1)?.shape(), [3, 4, 2]);
/// # Ok::<_, chunkwise::Error>(())
/// ```
#[track_caller]
pub fn stack(arrays: impl IntoIterator<Item = impl AsRef<Array>>, axis: isize) -> Result<Array> {
    let parts = exprs(arrays)?;
    if let Some(first) = parts.first()
        && let Some(other) = parts.iter().find(|e| e.shape() != first.shape())
    {
        return Err(Error::ShapeMismatch {
            operation: "stack",
            expected: first.shape().to_vec(),
            got: other.shape().to_vec(),
        });
    }
    let parts = parts
        .iter()
        .map(|e| e.expand_dims(&[axis]))
        .collect::<Result<Vec<_>>>()?;
    Expr::concat(&parts, axis).here()
}

/// Arrays below each other: along the first axis, 1-dimensional ones as rows.
///
/// ```
/// # use chunkwise::{Array, DType, vstack};
/// let x = Array::zeros([3], DType::F64, 2)?;
/// assert_eq!(vstack([&x, &x])?.shape(), [2, 3]);
/// # Ok::<_, chunkwise::Error>(())
/// ```
#[track_caller]
pub fn vstack(arrays: impl IntoIterator<Item = impl AsRef<Array>>) -> Result<Array> {
    let mut rows = Vec::new();
    for a in arrays {
        rows.push(a.as_ref().atleast_nd(2)?);
    }
    concatenate(rows, 0)
}

/// Arrays beside each other: along the second axis, or the only one.
///
/// ```
/// # use chunkwise::{Array, DType, hstack};
/// let x = Array::zeros([3, 2], DType::F64, 2)?;
/// assert_eq!(hstack([&x, &x])?.shape(), [3, 4]);
/// # Ok::<_, chunkwise::Error>(())
/// ```
#[track_caller]
pub fn hstack(arrays: impl IntoIterator<Item = impl AsRef<Array>>) -> Result<Array> {
    let mut parts = Vec::new();
    for a in arrays {
        parts.push(a.as_ref().atleast_nd(1)?);
    }
    let flat = parts.first().is_some_and(|a| a.ndim() == 1);
    concatenate(parts, if flat { 0 } else { 1 })
}

/// Arrays behind each other: along the third axis, as [`Array::atleast_3d`] makes it.
///
/// ```
/// # use chunkwise::{Array, DType, dstack};
/// let x = Array::zeros([3, 2], DType::F64, 2)?;
/// assert_eq!(dstack([&x, &x])?.shape(), [3, 2, 2]);
/// # Ok::<_, chunkwise::Error>(())
/// ```
#[track_caller]
pub fn dstack(arrays: impl IntoIterator<Item = impl AsRef<Array>>) -> Result<Array> {
    let mut parts = Vec::new();
    for a in arrays {
        parts.push(a.as_ref().atleast_3d()?);
    }
    concatenate(parts, 2)
}

impl Array {
    /// Cut into `n` equal parts along an axis; an error where its length is no multiple of `n`.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::zeros([6, 4], DType::F64, 2)?;
    /// assert_eq!(x.split(3, 0)?[2].shape(), [2, 4]);
    /// assert!(x.split(3, 1).is_err());
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn split(&self, n: usize, axis: isize) -> Result<Vec<Array>> {
        let a = normalize_axis(axis, self.check()?.ndim())?;
        let len = self.shape()[a];
        if n == 0 || !len.is_multiple_of(n) {
            return Err(Error::argument(
                "split",
                "n",
                n,
                format!("axis {a} with length {len} has not that many equal parts"),
            ));
        }
        self.array_split(n, axis)
    }

    /// Cut into `n` parts along an axis, the first ones longer by one where it does not come out even.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let parts = Array::zeros([8], DType::F64, 2)?.array_split(3, 0)?;
    /// assert_eq!(parts.iter().map(|p| p.size()).collect::<Vec<_>>(), [3, 3, 2]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn array_split(&self, n: usize, axis: isize) -> Result<Vec<Array>> {
        if n == 0 {
            return Err(Error::argument("split", "n", n, "at least one part"));
        }
        let a = normalize_axis(axis, self.check()?.ndim())?;
        let (each, longer) = (self.shape()[a] / n, self.shape()[a] % n);
        let cuts: Vec<isize> = (1..n)
            .map(|i| (i * each + i.min(longer)) as isize)
            .collect();
        self.split_at(&cuts, axis)
    }

    /// Cut before these positions along an axis, with the rules of slices.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let parts = Array::zeros([8], DType::F64, 2)?.split_at(&[3, -1], 0)?;
    /// assert_eq!(parts.iter().map(|p| p.size()).collect::<Vec<_>>(), [3, 4, 1]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn split_at(&self, positions: &[isize], axis: isize) -> Result<Vec<Array>> {
        let a = normalize_axis(axis, self.check()?.ndim())?;
        let bounds: Vec<Option<isize>> = positions.iter().map(|p| Some(*p)).collect();
        let starts = std::iter::once(None).chain(bounds.iter().copied());
        let stops = bounds.iter().copied().chain([None]);
        let mut parts = Vec::with_capacity(positions.len() + 1);
        for (start, stop) in starts.zip(stops) {
            let mut index = vec![Index::FULL; a];
            index.push(Index::slice(start, stop, 1));
            parts.push(self.get(index)?);
        }
        Ok(parts)
    }

    /// The array at each position along an axis, which they lack.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let rows = Array::zeros([2, 5], DType::F64, 2)?.unstack(0)?;
    /// assert_eq!((rows.len(), rows[0].shape()), (2, &[5][..]));
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn unstack(&self, axis: isize) -> Result<Vec<Array>> {
        let a = normalize_axis(axis, self.check()?.ndim())?;
        let mut parts = Vec::with_capacity(self.shape()[a]);
        for i in 0..self.shape()[a] {
            let mut index = vec![Index::FULL; a];
            index.push(Index::from(i));
            parts.push(self.get(index)?);
        }
        Ok(parts)
    }

    /// Each element `n` times in a row: along an axis, or in C order where there is none.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::zeros([3, 4], DType::F64, 2)?;
    /// assert_eq!(x.repeat(2, Some(1))?.shape(), [3, 8]);
    /// assert_eq!(x.repeat(2, None)?.shape(), [24]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn repeat(&self, n: usize, axis: Option<isize>) -> Result<Array> {
        let Some(axis) = axis else {
            return self.ravel()?.repeat(n, Some(0));
        };
        let a = normalize_axis(axis, self.check()?.ndim())?;
        let len = self.shape()[a];
        if n == 0 {
            return self.slice_axis(a, 0..0);
        }
        if len.saturating_mul(n) > LISTED {
            let mut wide: Dims = self.shape().into();
            wide.insert(a + 1, n);
            element_count(&wide)?;
            let mut shape = self.shape().to_vec();
            shape[a] = len * n;
            let beside = self.expand_dims(&[a as isize + 1])?;
            return beside.broadcast_to(wide)?.reshape(&shape[..]);
        }
        self.repeat_each(&vec![n; len], axis)
    }

    /// The element at each position along an axis as many times as `counts` says.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::zeros([3, 4], DType::F64, 2)?;
    /// assert_eq!(x.repeat_each(&[0, 2, 3], 0)?.shape(), [5, 4]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn repeat_each(&self, counts: &[usize], axis: isize) -> Result<Array> {
        let a = normalize_axis(axis, self.check()?.ndim())?;
        if counts.len() != self.shape()[a] {
            return Err(Error::ShapeMismatch {
                operation: "repeat",
                expected: vec![self.shape()[a]],
                got: vec![counts.len()],
            });
        }
        let mut shape: Dims = self.shape().into();
        shape[a] = counts
            .iter()
            .try_fold(0usize, |n, c| n.checked_add(*c))
            .unwrap_or(usize::MAX);
        element_count(&shape)?;
        let positions: Vec<isize> = counts
            .iter()
            .enumerate()
            .flat_map(|(i, n)| std::iter::repeat_n(i as isize, *n))
            .collect();
        self.take(&positions, axis)
    }

    /// The whole array as many times along each axis; missing axes are added in front.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::zeros([3], DType::F64, 2)?;
    /// assert_eq!(x.tile(&[2, 2])?.shape(), [2, 6]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn tile(&self, times: &[usize]) -> Result<Array> {
        let mut out = self.atleast_nd(times.len())?;
        let lead = out.ndim() - times.len();
        for (k, n) in times.iter().enumerate() {
            let axis = lead + k;
            out = match *n {
                0 => out.slice_axis(axis, 0..0)?,
                1 => out,
                n if n <= JOINED && out.shape()[axis] > 1 => {
                    concatenate(std::iter::repeat_n(&out, n), axis as isize)?
                }
                n => out.cycled(axis, out.shape()[axis].saturating_mul(n))?,
            };
        }
        Ok(out)
    }

    /// `len` elements along an axis, which is not empty or stays so: its own over and over.
    #[track_caller]
    pub(crate) fn cycled(&self, axis: usize, len: usize) -> Result<Array> {
        let own = self.shape()[axis];
        let mut shape: Dims = self.shape().into();
        shape[axis] = len;
        element_count(&shape)?;
        if own <= 1 {
            return match own == len {
                true => Ok(self.clone()),
                false => self.broadcast_to(shape),
            };
        }
        let made = if len <= LISTED {
            let positions: Vec<isize> = (0..len).map(|i| (i % own) as isize).collect();
            self.take(&positions, axis as isize)?
        } else if own < UNIT {
            let unit = self.cycled(axis, own * UNIT.div_ceil(own))?;
            return unit.cycled(axis, len)?.cut_like(self, axis);
        } else {
            let times = len.div_ceil(own);
            let mut wide: Dims = self.shape().into();
            wide.insert(axis, times);
            element_count(&wide)?;
            shape[axis] = times * own;
            let beside = self.expand_dims(&[axis as isize])?.broadcast_to(wide)?;
            beside.reshape(&shape[..])?.slice_axis(axis, 0..len)?
        };
        made.cut_like(self, axis)
    }

    /// In chunks like those of the array that its elements along an axis are copies of.
    #[track_caller]
    fn cut_like(&self, one: &Array, axis: usize) -> Result<Array> {
        let (len, cut) = (self.shape()[axis], &one.chunks().axes()[axis]);
        let times = len.div_ceil(cut.len().max(1));
        let along = match cut.count().saturating_mul(times) <= CUTS {
            true => AxisGrid::joined(&vec![cut.clone(); times]).slice(0..len),
            false => AxisGrid::regular(len, cut.longest()),
        };
        let mut cuts = one.chunks().axes().to_vec();
        cuts[axis] = along;
        self.rechunk(Chunks::Grid(Grid::new(cuts)))
    }
}
