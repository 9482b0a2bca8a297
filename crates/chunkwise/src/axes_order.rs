//! Axes moved, added, removed, turned around.

use chunkwise_core::{Dims, Error, Result, normalize_axes, normalize_axis};

use crate::array::Here;
use crate::joining::concatenate;
use crate::{Array, Axes, Index};

impl Array {
    /// The axes in another order; all of them, each once.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::zeros([2, 3, 4], DType::F64, 2)?;
    /// assert_eq!(x.transpose(&[2, 0, 1])?.shape(), [4, 2, 3]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn transpose(&self, axes: &[isize]) -> Result<Array> {
        self.expr()?.transpose(axes).here()
    }

    /// The axes in another order: the array API standard's name of [`transpose`](Self::transpose).
    #[track_caller]
    pub fn permute_dims(&self, axes: &[isize]) -> Result<Array> {
        self.transpose(axes)
    }

    /// The axes in reverse order.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// assert_eq!(Array::zeros([2, 3, 4], DType::F64, 2)?.t()?.shape(), [4, 3, 2]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn t(&self) -> Result<Array> {
        let order: Vec<isize> = (0..self.ndim() as isize).rev().collect();
        self.transpose(&order)
    }

    /// The last two axes exchanged.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// assert_eq!(Array::zeros([2, 3, 4], DType::F64, 2)?.mt()?.shape(), [2, 4, 3]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn mt(&self) -> Result<Array> {
        self.swapaxes(-2, -1)
    }

    /// Two axes exchanged.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// assert_eq!(Array::zeros([2, 3, 4], DType::F64, 2)?.swapaxes(0, -1)?.shape(), [4, 3, 2]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn swapaxes(&self, axis1: isize, axis2: isize) -> Result<Array> {
        let a = normalize_axis(axis1, self.check()?.ndim())?;
        let b = normalize_axis(axis2, self.ndim())?;
        let mut order: Vec<isize> = (0..self.ndim() as isize).collect();
        order.swap(a, b);
        self.transpose(&order)
    }

    /// Axes moved to other places, the others in order around them.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::zeros([2, 3, 4], DType::F64, 2)?;
    /// assert_eq!(x.moveaxis([0], [-1])?.shape(), [3, 4, 2]);
    /// assert_eq!(x.moveaxis([0, 1], [-1, -2])?.shape(), [4, 3, 2]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn moveaxis(&self, from: impl AsRef<[isize]>, to: impl AsRef<[isize]>) -> Result<Array> {
        let ndim = self.check()?.ndim();
        let (from, to) = (from.as_ref(), to.as_ref());
        if from.len() != to.len() {
            return Err(Error::argument(
                "moveaxis",
                "to",
                format!("{to:?}"),
                format!("{} axes are moved", from.len()),
            ));
        }
        normalize_axes(from, ndim)?;
        normalize_axes(to, ndim)?;
        let mut order = vec![None; ndim];
        for (f, t) in from.iter().zip(to) {
            order[normalize_axis(*t, ndim)?] = Some(normalize_axis(*f, ndim)?);
        }
        let mut rest = (0..ndim)
            .filter(|a| !order.contains(&Some(*a)))
            .collect::<Vec<_>>()
            .into_iter();
        let order: Vec<isize> = order
            .iter()
            .filter_map(|place| place.or_else(|| rest.next()))
            .map(|a| a as isize)
            .collect();
        self.transpose(&order)
    }

    /// Without axes of length 1: those named, or all of them for `..`.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::zeros([1, 3, 1], DType::F64, 2)?;
    /// assert_eq!(x.squeeze(..)?.shape(), [3]);
    /// assert_eq!(x.squeeze(0)?.shape(), [3, 1]);
    /// assert!(x.squeeze(1).is_err());
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn squeeze(&self, axes: impl Into<Axes>) -> Result<Array> {
        let e = self.expr()?;
        let gone: Vec<isize> = match axes.into().chosen {
            Some(axes) => axes,
            None => (0..e.ndim())
                .filter(|a| e.shape()[*a] == 1)
                .map(|a| a as isize)
                .collect(),
        };
        e.squeeze(&gone).here()
    }

    /// New axes of length 1 at these places of the result.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::zeros([3], DType::F64, 2)?;
    /// assert_eq!(x.expand_dims(&[0, -1])?.shape(), [1, 3, 1]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn expand_dims(&self, axes: &[isize]) -> Result<Array> {
        self.expr()?.expand_dims(axes).here()
    }

    /// Backwards along axes.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// assert_eq!(Array::zeros([3, 4], DType::F64, 2)?.flip(..)?.shape(), [3, 4]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn flip(&self, axes: impl Into<Axes>) -> Result<Array> {
        let e = self.expr()?;
        let axes: Vec<isize> = axes
            .into()
            .resolve(e.ndim())?
            .iter()
            .map(|a| *a as isize)
            .collect();
        e.flip(&axes).here()
    }

    /// Upside down: backwards along the first axis.
    #[track_caller]
    pub fn flipud(&self) -> Result<Array> {
        self.flip(0)
    }

    /// Left to right: backwards along the second axis.
    #[track_caller]
    pub fn fliplr(&self) -> Result<Array> {
        self.flip(1)
    }

    /// Turned by `k` quarters in the plane of two axes, from the first towards the second.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::zeros([3, 4], DType::F64, 2)?;
    /// assert_eq!(x.rot90(1, 0, 1)?.shape(), [4, 3]);
    /// assert_eq!(x.rot90(-2, 0, 1)?.shape(), [3, 4]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn rot90(&self, k: isize, axis1: isize, axis2: isize) -> Result<Array> {
        let ndim = self.check()?.ndim();
        let a = normalize_axis(axis1, ndim)? as isize;
        let b = normalize_axis(axis2, ndim)? as isize;
        if a == b {
            return Err(Error::DuplicateAxis { axis: axis2 });
        }
        match k.rem_euclid(4) {
            0 => Ok(self.clone()),
            1 => self.flip(b)?.swapaxes(a, b),
            2 => self.flip([a, b]),
            _ => self.swapaxes(a, b)?.flip(b),
        }
    }

    /// Elements moved along axes by `shifts`, those that leave at the end coming back at the start:
    /// one shift for each axis named, or one in C order over the whole for `..`.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::zeros([3, 4], DType::F64, 2)?;
    /// assert_eq!(x.roll(&[1, -2], [0, 1])?.shape(), [3, 4]);
    /// assert_eq!(x.roll(&[5], ..)?.shape(), [3, 4]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn roll(&self, shifts: &[isize], axes: impl Into<Axes>) -> Result<Array> {
        let wrong = |n: usize| {
            Error::argument(
                "roll",
                "shifts",
                format!("{shifts:?}"),
                format!("one for each of {n} axes is needed"),
            )
        };
        let Some(axes) = axes.into().chosen else {
            let [shift] = shifts else {
                return Err(wrong(1));
            };
            return self.ravel()?.roll(&[*shift], 0)?.reshape(self.shape());
        };
        let shifts: Vec<isize> = match shifts {
            [one] => vec![*one; axes.len()],
            many if many.len() == axes.len() => many.to_vec(),
            _ => return Err(wrong(axes.len())),
        };
        let mut out = self.check()?.clone();
        for (axis, shift) in axes.iter().zip(shifts) {
            let axis = normalize_axis(*axis, out.ndim())?;
            let n = out.shape()[axis];
            let by = if n == 0 {
                0
            } else {
                shift.rem_euclid(n as isize) as usize
            };
            if by > 0 {
                let end = out.slice_axis(axis, n - by..n)?;
                let start = out.slice_axis(axis, 0..n - by)?;
                out = concatenate([end, start], axis as isize)?;
            }
        }
        Ok(out)
    }

    /// Part of one axis.
    #[track_caller]
    pub(crate) fn slice_axis(&self, axis: usize, range: std::ops::Range<usize>) -> Result<Array> {
        let mut index = vec![Index::FULL; axis];
        index.push(Index::from(range));
        self.get(index)
    }

    /// With axes of length 1 in front, so that there are at least `ndim` of them.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// assert_eq!(Array::zeros([3], DType::F64, 2)?.atleast_nd(3)?.shape(), [1, 1, 3]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn atleast_nd(&self, ndim: usize) -> Result<Array> {
        let missing = ndim.saturating_sub(self.check()?.ndim());
        let places: Vec<isize> = (0..missing as isize).collect();
        self.expand_dims(&places)
    }

    /// As NumPy's `atleast_3d`: `(n,)` becomes `(1, n, 1)` and `(n, m)` becomes `(n, m, 1)`.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// assert_eq!(Array::zeros([3], DType::F64, 2)?.atleast_3d()?.shape(), [1, 3, 1]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn atleast_3d(&self) -> Result<Array> {
        match self.check()?.ndim() {
            0 => self.expand_dims(&[0, 1, 2]),
            1 => self.expand_dims(&[0, 2]),
            2 => self.expand_dims(&[2]),
            _ => Ok(self.clone()),
        }
    }

    /// The array repeated along new leading axes and axes of length 1, without copies.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::zeros([3, 1], DType::F64, 2)?;
    /// assert_eq!(x.broadcast_to([2, 3, 4])?.shape(), [2, 3, 4]);
    /// assert!(x.broadcast_to([4, 4]).is_err());
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn broadcast_to(&self, shape: impl Into<crate::Shape>) -> Result<Array> {
        self.expr()?.broadcast_to(&shape.into().0).here()
    }
}

/// Arrays broadcast to their common shape.
///
/// ```
/// # use chunkwise::{Array, DType, broadcast_arrays};
/// let x = Array::zeros([3, 1], DType::F64, 2)?;
/// let y = Array::zeros([4], DType::I32, 2)?;
/// let both = broadcast_arrays([&x, &y])?;
/// assert_eq!((both[0].shape(), both[1].shape()), (&[3, 4][..], &[3, 4][..]));
/// # Ok::<_, chunkwise::Error>(())
/// ```
#[track_caller]
pub fn broadcast_arrays(arrays: impl IntoIterator<Item = impl AsRef<Array>>) -> Result<Vec<Array>> {
    let arrays: Vec<Array> = arrays.into_iter().map(|a| a.as_ref().clone()).collect();
    let shapes = arrays
        .iter()
        .map(|a| Ok(a.check()?.shape()))
        .collect::<Result<Vec<_>>>()?;
    let shape: Dims = chunkwise_core::broadcast_shapes(&shapes)?;
    let mut out = Vec::with_capacity(arrays.len());
    for a in &arrays {
        out.push(a.broadcast_to(shape.clone())?);
    }
    Ok(out)
}
