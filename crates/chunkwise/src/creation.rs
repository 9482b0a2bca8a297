//! Arrays from nothing: constants, ranges, identity matrices, grids of coordinates.

use chunkwise_core::{Chunks, DType, Dims, Error, Grid, Kind, Result, Scalar, element_count};
use chunkwise_expr::Expr;

use crate::array::Here;
use crate::{Array, Shape, stack};

impl Array {
    /// One value everywhere; an error where an integer does not fit the dtype. Nothing is allocated.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::full([10_000, 10_000], 2.5, DType::F64, 1000)?;
    /// assert_eq!(x.to_string(), "Array<float64 (10000, 10000) chunks (1000, 1000), 762.94 MiB>");
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn full(
        shape: impl Into<Shape>,
        value: impl Into<Scalar>,
        dtype: DType,
        chunks: impl Into<Chunks>,
    ) -> Result<Array> {
        Expr::constant(value.into(), dtype, &shape.into().0, &chunks.into()).here()
    }

    /// Zeros. Chunks are a length for every axis, one for all axes, or
    /// [`Chunks::AUTO`](chunkwise_core::Chunks::AUTO).
    ///
    /// ```
    /// # use chunkwise::{Array, Chunks, DType};
    /// assert_eq!(Array::zeros([3, 4], DType::I32, Chunks::AUTO)?.shape(), [3, 4]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn zeros(
        shape: impl Into<Shape>,
        dtype: DType,
        chunks: impl Into<Chunks>,
    ) -> Result<Array> {
        Array::full(shape, false, dtype, chunks)
    }

    /// Ones.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// assert_eq!(Array::ones([3, 4], DType::Bool, [3, 2])?.numblocks().as_slice(), [1, 2]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn ones(shape: impl Into<Shape>, dtype: DType, chunks: impl Into<Chunks>) -> Result<Array> {
        Array::full(shape, true, dtype, chunks)
    }

    /// One value in this array's shape, dtype and chunks.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::ones([3, 4], DType::F32, 2)?;
    /// let y = x.full_like(7)?;
    /// assert_eq!((y.shape(), y.dtype(), y.chunks()), (x.shape(), x.dtype(), x.chunks()));
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn full_like(&self, value: impl Into<Scalar>) -> Result<Array> {
        let e = self.expr()?;
        Array::full(e.shape(), value, e.dtype(), e.grid().clone())
    }

    /// Zeros in this array's shape, dtype and chunks.
    #[track_caller]
    pub fn zeros_like(&self) -> Result<Array> {
        self.full_like(false)
    }

    /// Ones in this array's shape, dtype and chunks.
    #[track_caller]
    pub fn ones_like(&self) -> Result<Array> {
        self.full_like(true)
    }

    /// The numbers from `start` up to, not including, `stop`, `step` apart; `int64` where all three
    /// are integers, else `float64`. `ceil((stop - start) / step)` of them, as in NumPy.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::arange(0, 10, 3, 2)?;
    /// assert_eq!((x.shape(), x.dtype()), (&[4][..], DType::I64));
    /// assert_eq!(Array::arange(1.0, 0.0, -0.25, 4)?.shape(), [4]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn arange(
        start: impl Into<Scalar>,
        stop: impl Into<Scalar>,
        step: impl Into<Scalar>,
        chunks: impl Into<Chunks>,
    ) -> Result<Array> {
        let (start, stop, step) = (start.into(), stop.into(), step.into());
        let chunks = chunks.into();
        let fail = |reason: &str| {
            Error::argument(
                "arange",
                "(start, stop, step)",
                format!("({start}, {stop}, {step})"),
                reason,
            )
        };
        if [start, stop, step].iter().any(|s| s.dtype().is_complex()) {
            return Err(fail("complex numbers have no order"));
        }
        if !step.is_truthy() {
            return Err(fail("the step cannot be zero"));
        }
        if let (Some(a), Some(b), Some(s)) = (integer(start), integer(stop), integer(step)) {
            let span = if s > 0 { b - a } else { a - b };
            let n = if span <= 0 {
                0
            } else {
                (span - 1) / s.abs() + 1
            };
            let n = usize::try_from(n).map_err(|_| fail("too many numbers"))?;
            let last = a + s * n.saturating_sub(1) as i128;
            if ![a, last, s]
                .iter()
                .all(|i| Scalar::Int(*i).fits(DType::I64))
            {
                return Err(fail("out of range for int64"));
            }
            return Array::indices_along(&[n], 0, &chunks)?.scaled(Scalar::Int(s), Scalar::Int(a));
        }
        let (a, b, s) = (start.to_f64(), stop.to_f64(), step.to_f64());
        let n = ((b - a) / s).ceil();
        if !n.is_finite() || n >= isize::MAX as f64 {
            return Err(fail("not a finite number of elements"));
        }
        let n = n.max(0.0) as usize;
        // NumPy makes the first two values and goes on by their difference.
        let delta = (a + s) - a;
        Array::indices_along(&[n], 0, &chunks)?
            .astype(DType::F64)?
            .scaled(Scalar::Float(delta), Scalar::Float(a))
    }

    /// `n` numbers evenly from `start` to `stop`, which is the last of them where `endpoint`, and
    /// otherwise the one that would follow.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::linspace(0.0, 1.0, 11, true, 4)?;
    /// assert_eq!((x.shape(), x.dtype()), (&[11][..], DType::F64));
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn linspace(
        start: f64,
        stop: f64,
        n: usize,
        endpoint: bool,
        chunks: impl Into<Chunks>,
    ) -> Result<Array> {
        let index = Array::indices_along(&[n], 0, &chunks.into())?;
        let parts = if endpoint { n.saturating_sub(1) } else { n };
        if parts == 0 {
            return index.astype(DType::F64)?.scaled(0.0.into(), start.into());
        }
        let step = (stop - start) / parts as f64;
        let i = index.astype(DType::F64)?;
        let line = if step == 0.0 {
            // The step underflows: divide last, as NumPy does.
            i.divide(parts as f64)?.multiply(stop - start)?.add(start)?
        } else {
            i.multiply(step)?.add(start)?
        };
        if endpoint {
            index.equal(n - 1)?.where_(stop, line)
        } else {
            Ok(line)
        }
    }

    /// An `n` by `m` matrix with ones where column minus row is `k`, zeros elsewhere.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// assert_eq!(Array::eye(3, 4, 1, DType::F64, 2)?.shape(), [3, 4]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn eye(
        n: usize,
        m: usize,
        k: isize,
        dtype: DType,
        chunks: impl Into<Chunks>,
    ) -> Result<Array> {
        let chunks = chunks.into();
        let row = Array::indices_along(&[n, m], 0, &chunks)?;
        let column = Array::indices_along(&[n, m], 1, &chunks)?;
        column.equal(row.add(k as i64)?)?.astype(dtype)
    }

    /// An `n` by `m` matrix with ones on and below the `k`-th diagonal, zeros above.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// assert_eq!(Array::tri(3, 4, 0, DType::F64, 2)?.shape(), [3, 4]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn tri(
        n: usize,
        m: usize,
        k: isize,
        dtype: DType,
        chunks: impl Into<Chunks>,
    ) -> Result<Array> {
        lower(&[n, m], k, &chunks.into())?.astype(dtype)
    }

    /// The indices of every element, one array per axis along a new first axis, as `int64`.
    ///
    /// ```
    /// # use chunkwise::Array;
    /// assert_eq!(Array::indices([3, 4], 2)?.shape(), [2, 3, 4]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn indices(shape: impl Into<Shape>, chunks: impl Into<Chunks>) -> Result<Array> {
        let (shape, chunks) = (shape.into().0, chunks.into());
        let mut parts = Vec::with_capacity(shape.len());
        for axis in 0..shape.len() {
            parts.push(Array::indices_along(&shape, axis as isize, &chunks)?);
        }
        if parts.is_empty() {
            return Array::zeros(0, DType::I64, 1);
        }
        stack(&parts, 0)
    }

    /// The index of every element along one axis, as `int64`.
    #[track_caller]
    pub(crate) fn indices_along(shape: &[usize], axis: isize, chunks: &Chunks) -> Result<Array> {
        Expr::index(shape, axis, chunks).here()
    }

    /// `self * by + from`, without what changes nothing.
    #[track_caller]
    fn scaled(&self, by: Scalar, from: Scalar) -> Result<Array> {
        let one = matches!(by, Scalar::Int(1)) || matches!(by, Scalar::Float(1.0));
        // Adding 0.0 matters to -0.0 only, which an index never gives.
        let zero = !from.is_truthy() && !from.to_f64().is_sign_negative();
        let scaled = if one {
            self.clone()
        } else {
            self.multiply(by)?
        };
        if zero { Ok(scaled) } else { scaled.add(from) }
    }
}

/// Whether each element of an array of this shape is on or below the `k`-th diagonal of the last two
/// axes.
#[track_caller]
pub(crate) fn lower(shape: &[usize], k: isize, chunks: &Chunks) -> Result<Array> {
    let row = Array::indices_along(shape, -2, chunks)?;
    let column = Array::indices_along(shape, -1, chunks)?;
    column.less_equal(row.add(k as i64)?)
}

/// Coordinate arrays from 1-dimensional ones: each broadcast to the shape of all, which is
/// `(len(x), len(y), ...)`, or `(len(y), len(x), ...)` where `xy`, NumPy's default.
///
/// ```
/// # use chunkwise::{Array, meshgrid};
/// let x = Array::arange(0, 5, 1, 5)?;
/// let y = Array::linspace(0.0, 1.0, 3, true, 3)?;
/// let grid = meshgrid([&x, &y], true)?;
/// assert_eq!(grid[0].shape(), [3, 5]);
/// assert_eq!(meshgrid([&x, &y], false)?[1].shape(), [5, 3]);
/// # Ok::<_, chunkwise::Error>(())
/// ```
#[track_caller]
pub fn meshgrid(
    arrays: impl IntoIterator<Item = impl AsRef<Array>>,
    xy: bool,
) -> Result<Vec<Array>> {
    let mut flat = Vec::new();
    for a in arrays {
        let a = a.as_ref();
        flat.push(if a.ndim() == 1 {
            a.check()?.clone()
        } else {
            a.ravel()?
        });
    }
    let n = flat.len();
    let place = |i: usize| if xy && n > 1 && i < 2 { 1 - i } else { i };
    let mut shape = Dims::from_elem(0, n);
    let mut cuts = vec![None; n];
    for (i, a) in flat.iter().enumerate() {
        shape[place(i)] = a.shape()[0];
        cuts[place(i)] = Some(a.chunks().axes()[0].clone());
    }
    element_count(&shape)?;
    let grid = Grid::new(cuts.into_iter().flatten());
    let mut out = Vec::with_capacity(n);
    for (i, a) in flat.iter().enumerate() {
        let others: Vec<isize> = (0..n as isize)
            .filter(|k| *k != place(i) as isize)
            .collect();
        let e = a.expr()?.expand_dims(&others)?.broadcast_to(&shape)?;
        out.push(e.with_grid(&grid).here()?);
    }
    Ok(out)
}

/// The value of an integer or boolean scalar.
fn integer(s: Scalar) -> Option<i128> {
    match s {
        Scalar::Int(i) => Some(i),
        Scalar::Bool(b) => Some(b as i128),
        _ => None,
    }
}

/// The dtype's value that no other is below (or above, where `largest`).
pub(crate) fn extreme(dtype: DType, largest: bool) -> Scalar {
    let bits = 8 * dtype.size() as u32;
    match (dtype.kind(), largest) {
        (Kind::Bool, _) => Scalar::Bool(largest),
        (Kind::Signed, true) => Scalar::Int((1i128 << (bits - 1)) - 1),
        (Kind::Signed, false) => Scalar::Int(-(1i128 << (bits - 1))),
        (Kind::Unsigned, true) => Scalar::Int((1i128 << bits) - 1),
        (Kind::Unsigned, false) => Scalar::Int(0),
        (_, true) => Scalar::Float(f64::INFINITY),
        (_, false) => Scalar::Float(f64::NEG_INFINITY),
    }
}
