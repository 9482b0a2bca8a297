//! NumPy's advanced indexing: arrays of positions and masks among the parts of an index.

use chunkwise_core::{
    AxisGrid, Chunk, Chunks, DType, Dims, Error, Grid, Result, broadcast_shapes, normalize_axis,
};
use chunkwise_expr::{Call, CallInput, CallTask, Expr, Follow, PlainFunction};
use chunkwise_kernels::gather;
use serde::{Deserialize, Serialize};

use crate::array::Here;
use crate::{Array, Index};

/// Bytes of a task that takes by positions which are not known yet, beside the axis it takes from.
const TASK_BYTES: usize = 1 << 20;

/// One part of an index.
#[derive(Clone, Debug)]
pub enum Part {
    /// A position, a slice, a new axis, an ellipsis.
    Basic(Index),
    /// Known positions along one axis, in C order of an array of this shape.
    Positions(Vec<isize>, Vec<usize>),
    /// Positions along one axis that are known only when computing. No other part is an array then.
    Lazy(Array),
    /// Where a mask of as many axes is true. No other part is an array then.
    Mask(Array),
}

impl<T: Into<Index>> From<T> for Part {
    fn from(index: T) -> Part {
        Part::Basic(index.into())
    }
}

impl Part {
    /// Positions in one row.
    ///
    /// ```
    /// # use chunkwise::{Array, DType, Part};
    /// let x = Array::zeros([10, 20], DType::F64, 5)?;
    /// let rows = Part::positions([3, -1, 3]);
    /// assert_eq!(x.index_advanced(&[rows, Part::from(4)])?.shape(), [3]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    pub fn positions(positions: impl Into<Vec<isize>>) -> Part {
        let positions = positions.into();
        let len = positions.len();
        Part::Positions(positions, vec![len])
    }

    /// How many axes of the array it is about.
    pub(crate) fn consumed(&self) -> usize {
        match self {
            Part::Basic(Index::NewAxis | Index::Ellipsis) => 0,
            Part::Mask(mask) => mask.ndim(),
            _ => 1,
        }
    }

    pub(crate) fn is_array(&self) -> bool {
        !matches!(self, Part::Basic(_))
    }
}

/// An index with its ellipsis written out.
pub(crate) fn written_out(parts: &[Part], ndim: usize) -> Result<Vec<Part>> {
    let ellipsis = |p: &&Part| matches!(p, Part::Basic(Index::Ellipsis));
    let consumed: usize = parts.iter().map(Part::consumed).sum();
    if consumed > ndim {
        return Err(Error::TooManyIndices {
            given: consumed,
            ndim,
        });
    }
    let given = parts.iter().filter(ellipsis).count();
    if given > 1 {
        return Err(Error::argument(
            "index",
            "ellipsis",
            given,
            "an index can only have a single ellipsis ('...')",
        ));
    }
    let rest = vec![Part::Basic(Index::FULL); ndim - consumed];
    let place = parts.iter().position(|p| ellipsis(&p));
    let (before, after) = match place {
        Some(at) => (&parts[..at], &parts[at + 1..]),
        None => (parts, &[][..]),
    };
    Ok([before, &rest, after].concat())
}

/// An index's arrays apart from the rest of it.
pub(crate) struct Apart {
    /// The rest, with whole axes in place of the arrays.
    pub basic: Vec<Index>,
    /// The arrays, each with its (first) axis of what `basic` gives.
    pub arrays: Vec<(usize, Part)>,
    /// Where the arrays' axes come in the result.
    pub place: usize,
}

pub(crate) fn apart(parts: &[Part], ndim: usize) -> Result<Apart> {
    let parts = written_out(parts, ndim)?;
    let some = parts.iter().any(Part::is_array);
    // A position counts as an array beside others.
    let counts = |p: &Part| p.is_array() || (some && matches!(p, Part::Basic(Index::At(_))));
    let first = parts.iter().position(counts);
    let last = parts.iter().rposition(counts);
    let together = match (first, last) {
        (Some(first), Some(last)) => parts[first..=last].iter().all(counts),
        _ => true,
    };
    let mut out = Apart {
        basic: Vec::new(),
        arrays: Vec::new(),
        place: 0,
    };
    let mut axis = 0;
    for (n, part) in parts.into_iter().enumerate() {
        if Some(n) == first && together {
            out.place = axis;
        }
        match part {
            Part::Basic(index) => {
                axis += usize::from(!matches!(index, Index::At(_)));
                out.basic.push(index);
            }
            array => {
                let consumed = array.consumed();
                out.arrays.push((axis, array));
                out.basic.extend(std::iter::repeat_n(Index::FULL, consumed));
                axis += consumed;
            }
        }
    }
    Ok(out)
}

/// Positions broadcast together, as positions among the elements of the axes in C order.
pub(crate) fn linear(arrays: &[(usize, Part)], shape: &[usize]) -> Result<(Vec<isize>, Dims)> {
    let mut each = Vec::with_capacity(arrays.len());
    for (axis, part) in arrays {
        match part {
            Part::Positions(positions, own) => each.push((*axis, positions, own)),
            _ => {
                return Err(Error::argument(
                    "index",
                    "arrays",
                    arrays.len(),
                    "beside another array, a mask and positions must be known: compute them first",
                ));
            }
        }
    }
    let shapes: Vec<&[usize]> = each.iter().map(|(_, _, own)| &own[..]).collect();
    let together = broadcast_shapes(&shapes)?;
    let count = chunkwise_core::element_count(&together)?;
    let mut out = vec![0isize; count];
    for (axis, positions, own) in each {
        let size = shape[axis];
        let lead = together.len() - own.len();
        let strides: Dims = (0..together.len())
            .map(|k| match k.checked_sub(lead) {
                Some(o) if own[o] != 1 => own[o + 1..].iter().product(),
                _ => 0,
            })
            .collect();
        let mut index: Dims = smallvec::smallvec![0; together.len()];
        let mut at = 0;
        for value in &mut out {
            let position = gather::place(positions[at] as i64, axis, size)?;
            *value = *value * size as isize + position as isize;
            for k in (0..together.len()).rev() {
                index[k] += 1;
                at += strides[k];
                if index[k] < together[k] {
                    break;
                }
                at -= strides[k] * index[k];
                index[k] = 0;
            }
        }
    }
    Ok((out, together))
}

impl Array {
    /// NumPy's indexing with everything that it has: positions, slices, new axes, an ellipsis, arrays
    /// of positions (broadcast together), masks.
    ///
    /// The arrays' axes come where the arrays stand next to each other, else in front. The length of
    /// an axis that a mask has made is unknown; see [`compress`](Self::compress). A mask or positions
    /// that are to be computed must be the only array of the index.
    ///
    /// ```
    /// # use chunkwise::{Array, DType, Index, Part};
    /// let x = Array::zeros([10, 20, 30], DType::F64, 5)?;
    /// let (a, b) = (Part::positions([1, 2]), Part::positions([3, -4]));
    /// assert_eq!(x.index_advanced(&[a.clone(), b.clone()])?.shape(), [2, 30]);
    /// assert_eq!(x.index_advanced(&[a, Index::FULL.into(), b])?.shape(), [2, 20]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn index_advanced(&self, parts: &[Part]) -> Result<Array> {
        let apart = apart(parts, self.check()?.ndim())?;
        let x = self.get(&apart.basic)?;
        x.at_arrays(&apart.arrays, apart.place)
    }

    /// The elements at positions that are broadcast together, along several axes at once: their axes
    /// come first, the others after them, wherever the positions stand.
    ///
    /// ```
    /// # use chunkwise::{Array, DType, Index, Part};
    /// let x = Array::zeros([10, 20, 30], DType::F64, 5)?;
    /// let points = [Index::FULL.into(), Part::positions([1, 2]), Part::positions([3, -4])];
    /// assert_eq!(x.vindex(&points)?.shape(), [2, 10]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn vindex(&self, parts: &[Part]) -> Result<Array> {
        let apart = apart(parts, self.check()?.ndim())?;
        self.get(&apart.basic)?.at_arrays(&apart.arrays, 0)
    }

    #[track_caller]
    fn at_arrays(&self, arrays: &[(usize, Part)], place: usize) -> Result<Array> {
        let moved = |x: Array, from: usize, axes: usize| -> Result<Array> {
            if from == place || axes == 0 {
                return Ok(x);
            }
            let range = |at: usize| (at..at + axes).map(|a| a as isize).collect::<Vec<_>>();
            x.moveaxis(range(from), range(place))
        };
        match arrays {
            [] => Ok(self.clone()),
            [(axis, Part::Mask(mask))] => moved(self.masked(mask, *axis)?, *axis, 1),
            [(axis, Part::Lazy(positions))] => {
                moved(self.take_lazily(positions, *axis)?, *axis, positions.ndim())
            }
            [(axis, Part::Positions(positions, shape))] => {
                let taken = self.take(positions, *axis as isize)?;
                let mut full = taken.shape().to_vec();
                full.splice(*axis..*axis + 1, shape.iter().copied());
                moved(taken.reshape(&full[..])?, *axis, shape.len())
            }
            several => {
                let (positions, together) = linear(several, self.shape())?;
                let (merged, rest) = self.merged(several)?;
                let taken = merged.take(&positions, 0)?;
                let full: Vec<usize> = together.iter().chain(&rest).copied().collect();
                moved(taken.reshape(&full[..])?, 0, together.len())
            }
        }
    }

    /// The arrays' axes as one in front, and the lengths of the other axes.
    #[track_caller]
    pub(crate) fn merged(&self, arrays: &[(usize, Part)]) -> Result<(Array, Dims)> {
        let axes: Vec<isize> = arrays.iter().map(|(a, _)| *a as isize).collect();
        let front: Vec<isize> = (0..axes.len() as isize).collect();
        let moved = self.moveaxis(axes, front)?;
        let (own, rest) = moved.shape().split_at(arrays.len());
        let rest = Dims::from_slice(rest);
        let mut shape: Vec<usize> = vec![own.iter().product()];
        shape.extend_from_slice(&rest);
        Ok((moved.reshape(&shape[..])?, rest))
    }

    /// The elements where a mask of some neighbouring axes is true.
    #[track_caller]
    pub(crate) fn masked(&self, mask: &Array, axis: usize) -> Result<Array> {
        let n = mask.check()?.ndim();
        let own = &self.shape()[axis..axis + n];
        if own != mask.shape() {
            return Err(Error::ShapeMismatch {
                operation: "boolean index",
                expected: own.to_vec(),
                got: mask.shape().to_vec(),
            });
        }
        if n == 1 {
            return self.compress(mask, axis as isize);
        }
        let mut shape = self.shape().to_vec();
        shape.splice(axis..axis + n, [mask.size()]);
        self.reshape(&shape[..])?
            .compress(&mask.ravel()?, axis as isize)
    }

    /// The elements at positions along an axis that are known only when computing, an integer array;
    /// its axes come in place of the axis. A position that the axis does not have is an error of the
    /// run. The whole axis is brought into memory for a task.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::zeros([10, 20], DType::F64, 5)?;
    /// let order = Array::arange(0, 6, 1, 3)?.remainder(4)?.reshape([2, 3])?;
    /// assert_eq!(x.take_lazily(&order, 1)?.shape(), [10, 2, 3]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn take_lazily(&self, positions: &Array, axis: usize) -> Result<Array> {
        let e = self.expr()?;
        let axis = normalize_axis(axis as isize, e.ndim())?;
        let positions = integers("take", positions)?;
        let (own, asked) = (e.shape(), positions.shape());
        let size = own[axis];
        let line = size.saturating_mul(e.dtype().size());
        let mut left = (TASK_BYTES / line.max(1)).max(1);
        let mut cuts: Vec<AxisGrid> = e.grid().axes().to_vec();
        for a in (0..own.len()).rev().filter(|a| *a != axis) {
            cuts[a] = AxisGrid::regular(own[a], left.min(own[a]).max(1));
            left = (left / own[a].max(1)).max(1);
        }
        cuts[axis] = AxisGrid::regular(size, size);
        let input = e.rechunk(&Chunks::Grid(Grid::new(cuts.clone())))?;
        let n = asked.len();
        let indices = positions.rechunk(&Chunks::AUTO)?;
        let longest: usize = indices.grid().largest().iter().product();
        cuts.splice(axis..axis + 1, indices.grid().axes().iter().cloned());
        let place = |a: usize| if a < axis { a } else { a + n - 1 };
        let follow = |a: usize| match a == axis {
            true => Follow::Whole,
            false => Follow::Chunk { axis: place(a) },
        };
        let inputs = vec![
            CallInput {
                expr: input,
                follow: (0..own.len()).map(follow).collect(),
            },
            CallInput {
                follow: (0..n).map(|a| Follow::Chunk { axis: axis + a }).collect(),
                expr: indices,
            },
        ];
        let call = Call::plain("take", inputs, Vec::new(), TakeAt { axis });
        let call = call.scratch(16 * longest as u64);
        Expr::call(call, e.dtype(), Grid::new(cuts)).here()
    }

    /// The elements whose position along an axis is what `indices` says, element by element: NumPy's
    /// `take_along_axis`. Along other axes the two are broadcast together. A position that the axis
    /// does not have is an error of the run.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::from_vec(vec![3.0, 1.0, 2.0, 6.0, 5.0, 4.0], [2, 3], 2)?;
    /// let least = x.argmin(chunkwise::Axes::from(1).keepdims())?;
    /// let values = x.take_along_axis(&least, 1)?;
    /// assert_eq!(values.compute()?.to_vec::<f64>()?, [1.0, 4.0]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn take_along_axis(&self, indices: &Array, axis: isize) -> Result<Array> {
        let e = self.expr()?;
        let axis = normalize_axis(axis, e.ndim())?;
        let indices = integers("take_along_axis", indices)?;
        if indices.ndim() != e.ndim() {
            return Err(Error::argument(
                "take_along_axis",
                "indices",
                format!("of {} dimensions", indices.ndim()),
                "`indices` and `arr` must have the same number of dimensions",
            ));
        }
        let without = |shape: &[usize], len: usize| -> Dims {
            let mut shape = Dims::from_slice(shape);
            shape[axis] = len;
            shape
        };
        let one = broadcast_shapes(&[&without(e.shape(), 1), &without(indices.shape(), 1)])?;
        let (size, asked) = (e.shape()[axis], indices.shape()[axis]);
        let input = e.broadcast_to(&without(&one, size))?;
        let indices = indices.broadcast_to(&without(&one, asked))?;
        let line = size.max(asked).saturating_mul(e.dtype().size().max(8));
        let mut left = (TASK_BYTES / line.max(1)).max(1);
        let mut cuts: Vec<AxisGrid> = one.iter().map(|d| AxisGrid::regular(*d, *d)).collect();
        for a in (0..one.len()).rev().filter(|a| *a != axis) {
            cuts[a] = AxisGrid::regular(one[a], left.min(one[a]).max(1));
            left = (left / one[a].max(1)).max(1);
        }
        let cut = |len: usize| {
            let mut cuts = cuts.clone();
            cuts[axis] = AxisGrid::regular(len, len);
            Grid::new(cuts)
        };
        let follow = |a: usize| match a == axis {
            true => Follow::Whole,
            false => Follow::Chunk { axis: a },
        };
        let given = |expr: &Expr, len: usize| -> Result<CallInput> {
            Ok(CallInput {
                expr: expr.rechunk(&Chunks::Grid(cut(len)))?,
                follow: (0..one.len()).map(follow).collect(),
            })
        };
        let inputs = vec![given(&input, size)?, given(&indices, asked)?];
        let call = Call::plain("take_along_axis", inputs, Vec::new(), TakeAlong { axis });
        let call = call.scratch(8 * asked as u64 + 4096);
        let chunks = self.chunks().clone();
        let made = Expr::call(call, e.dtype(), cut(asked))?;
        let user = (0..made.ndim()).map(|a| match chunks.axes()[a].len() == made.shape()[a] {
            true => chunks.axes()[a].clone(),
            false => AxisGrid::regular(made.shape()[a], made.shape()[a]),
        });
        made.rechunk(&Chunks::Grid(Grid::new(user))).here()
    }
}

/// The elements at positions along an axis.
#[derive(Serialize, Deserialize)]
pub(crate) struct TakeAt {
    axis: usize,
}

impl PlainFunction for TakeAt {
    const NAME: &'static str = "take_at";

    fn call(&self, task: &CallTask<'_>) -> Result<Vec<Chunk>> {
        let (from, which) = two(task.inputs)?;
        let mut flat: Dims = from.shape().into();
        let len = flat.get_mut(self.axis).ok_or_else(lost)?;
        let places = which.to_vec::<i64>()?.into_iter();
        let places = places.map(|i| gather::place(i, self.axis, *len));
        let places = places.collect::<Result<Vec<usize>>>()?;
        *len = places.len();
        let made = Chunk::build(task.pool, from.dtype(), &flat, |mut out| {
            gather::take(&from.view(), self.axis, 0, &places, &mut out)
        })?;
        let shaped = made.reshaped(&task.region().shape);
        shaped.map(|c| vec![c]).ok_or_else(lost)
    }
}

/// The elements whose position along an axis is given for each.
#[derive(Serialize, Deserialize)]
pub(crate) struct TakeAlong {
    axis: usize,
}

impl PlainFunction for TakeAlong {
    const NAME: &'static str = "take_along";

    fn call(&self, task: &CallTask<'_>) -> Result<Vec<Chunk>> {
        let (from, which) = two(task.inputs)?;
        if self.axis >= from.shape().len() {
            return Err(lost());
        }
        let made = Chunk::build(task.pool, from.dtype(), which.shape(), |mut out| {
            gather::take_along(&from.view(), self.axis, &which.view(), &mut out)
        })?;
        Ok(vec![made])
    }
}

/// An integer array as `i64`.
pub(crate) fn integers(operation: &'static str, indices: &Array) -> Result<Expr> {
    let e = indices.expr()?;
    if let Some(axis) = e.unknown_axis() {
        return Err(Error::UnknownLength { operation, axis });
    }
    if !e.dtype().is_integer() {
        return Err(Error::DTypeMismatch {
            operation,
            expected: DType::I64,
            got: e.dtype(),
        });
    }
    e.cast(DType::I64)
}

fn two(chunks: &[Chunk]) -> Result<(&Chunk, &Chunk)> {
    match chunks {
        [a, b] => Ok((a, b)),
        _ => Err(lost()),
    }
}

fn lost() -> Error {
    Error::internal("front door", "a call without its chunks")
}
