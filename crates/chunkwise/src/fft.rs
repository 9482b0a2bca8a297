//! Discrete Fourier transforms, as `numpy.fft` has them.
//!
//! A transform needs whole lines along its axis; the other axes are cut so that a task holds a few of
//! them at a time. Single precision stays single; everything else is computed in double.
//!
//! ```
//! use chunkwise::{Array, fft, fft::Norm};
//! let x = Array::linspace(0.0, 1.0, 64, false, 16)?.reshape([8, 8])?;
//! let spectrum = fft::fft2(&x, None, [-2, -1], Norm::Backward)?;
//! let again = fft::ifft2(&spectrum, None, [-2, -1], Norm::Backward)?.real()?;
//! assert!(again.allclose(&x, 1e-12, 1e-12, false)?.compute()?.item::<bool>()?);
//! # Ok::<_, chunkwise::Error>(())
//! ```

use std::sync::OnceLock;

use chunkwise_core::{
    AxisGrid, Chunk, Chunks, DType, Dims, Error, Grid, Pool, Region, Result, Scalar, element_count,
    normalize_axis,
};
use chunkwise_expr::{Call, CallInput, CallTask, DTypeForm, Expr, Follow, PlainFunction};
pub use chunkwise_fft::Norm;
use chunkwise_fft::{Kind, Transform};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::array::Here;
use crate::{Array, Axes};

/// Bytes that a task reads, and makes, where lines are shorter than that.
const TASK_BYTES: usize = 1 << 20;
/// The same where lines are not along the last axis: rows of a task should be longer than a page of
/// the larger array's rows costs to find.
const CROSSED_BYTES: usize = 4 << 20;
/// More than any machine has, and so little that a few of them can be added: what a task of more
/// bytes is said to need.
const ENDLESS: usize = 1 << 60;

const FORWARD: Kind = Kind::Full { inverse: false };
const INVERSE: Kind = Kind::Full { inverse: true };

/// One transform along one axis.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Step {
    kind: Kind,
    n: usize,
    axis: usize,
}

/// The transforms of `steps`, one after another.
#[track_caller]
fn transform(operation: &'static str, x: &Array, steps: &[Step], norm: Norm) -> Result<Array> {
    let mut e = x.expr()?.clone();
    if let Some(axis) = e.unknown_axis() {
        return Err(Error::UnknownLength { operation, axis });
    }
    let chunks = e.grid().clone();
    let mut rest = steps;
    while !rest.is_empty() {
        let mut dtype = e.dtype();
        let mut transforms = Vec::new();
        let mut shape: Dims = e.shape().into();
        for step in rest {
            let next = Transform::new(step.kind, dtype, step.n, step.axis, norm)?;
            // Another axis is taken along where a few of both axes' planes are a task.
            let whole = |axis: usize| {
                axis == step.axis || transforms.iter().any(|t: &Transform| t.axis() == axis)
            };
            let line: usize = (0..shape.len())
                .filter(|a| whole(*a))
                .map(|a| shape[a].max(e.shape()[a]).max(next.made()))
                .fold(
                    next.output().size().max(dtype.size()),
                    usize::saturating_mul,
                );
            if !transforms.is_empty() && line > TASK_BYTES {
                break;
            }
            dtype = next.output();
            // The line itself is in memory too, where only half of it is made.
            shape[step.axis] = step.n;
            element_count(&shape)?;
            shape[step.axis] = next.made();
            transforms.push(next);
        }
        let (own, later) = rest.split_at(transforms.len());
        e = lines(operation, &e, transforms, (own, norm))?;
        rest = later;
    }
    let cuts = (0..e.ndim()).map(|a| {
        let own = chunks.axes()[a].clone();
        match steps.iter().any(|s| s.axis == a) {
            true => AxisGrid::regular(e.shape()[a], e.shape()[a]),
            false => own,
        }
    });
    e.rechunk(&Chunks::Grid(Grid::new(cuts)))?.here()
}

/// Transforms that are made together, of all lines that they need.
fn lines(
    operation: &'static str,
    e: &Expr,
    transforms: Vec<Transform>,
    (steps, norm): (&[Step], Norm),
) -> Result<Expr> {
    let (Some(first), Some(last)) = (transforms.first(), transforms.last()) else {
        return Ok(e.clone());
    };
    let mut input = Array::from(e.cast(first.input())?);
    if e.shape()[first.axis()] > first.wanted() {
        input = input.slice_axis(first.axis(), 0..first.wanted())?;
    }
    let input = input.into_expr()?;
    let dtype = last.output();
    let mut shape: Dims = input.shape().into();
    let whole: SmallVec<[usize; 4]> = transforms.iter().map(Transform::axis).collect();
    for t in &transforms {
        shape[t.axis()] = t.made();
    }
    let line: usize = whole.iter().map(|a| shape[*a].max(input.shape()[*a])).fold(
        dtype.size().max(input.dtype().size()),
        usize::saturating_mul,
    );
    let bytes = match whole.contains(&shape.len().saturating_sub(1)) {
        true => TASK_BYTES,
        false => CROSSED_BYTES,
    };
    let mut left = (bytes / line.max(1)).max(1);
    let mut cut = shape.clone();
    for axis in (0..shape.len()).rev().filter(|a| !whole.contains(a)) {
        cut[axis] = shape[axis]
            .div_ceil(shape[axis].div_ceil(left).max(1))
            .max(1);
        left = (left / cut[axis]).max(1);
    }
    let given = (0..shape.len()).map(|a| match whole.contains(&a) {
        true => AxisGrid::regular(input.shape()[a], input.shape()[a]),
        false => AxisGrid::regular(shape[a], cut[a]),
    });
    let input = input.rechunk(&Chunks::Grid(Grid::new(given)))?;
    let follow = (0..shape.len()).map(|axis| match whole.contains(&axis) {
        true => Follow::Whole,
        false => Follow::Chunk { axis },
    });
    let largest: Dims = cut
        .iter()
        .enumerate()
        .map(|(a, len)| match whole.contains(&a) {
            true => shape[a].max(input.shape()[a]),
            false => *len,
        })
        .collect();
    let between = match transforms.len() {
        1 => 0,
        _ => {
            let item = dtype.complex().size();
            let bytes = largest.iter().fold(item, |n, len| n.saturating_mul(*len));
            2 * Pool::footprint(bytes.min(ENDLESS))
        }
    };
    let own = transforms.iter().map(|t| t.scratch_bytes(&largest)).max();
    let scratch = between + own.unwrap_or(0).min(ENDLESS);
    let input = CallInput {
        expr: input,
        follow: follow.collect(),
    };
    let function = Lines {
        steps: steps.to_vec(),
        norm,
        dtype: input.expr.dtype(),
        made: OnceLock::from(transforms),
    };
    let call = Call::plain(operation, vec![input], Vec::new(), function).scratch(scratch as u64);
    Expr::call(call, dtype, Grid::regular(&shape, &cut))
}

/// Transforms one after another.
#[derive(Serialize, Deserialize)]
pub(crate) struct Lines {
    steps: Vec<Step>,
    norm: Norm,
    #[serde(with = "DTypeForm")]
    dtype: DType,
    /// With their tables.
    #[serde(skip)]
    made: OnceLock<Vec<Transform>>,
}

impl Lines {
    fn transforms(&self) -> Result<&[Transform]> {
        if let Some(made) = self.made.get() {
            return Ok(made);
        }
        let mut dtype = self.dtype;
        let mut made = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            let next = Transform::new(step.kind, dtype, step.n, step.axis, self.norm)?;
            dtype = next.output();
            made.push(next);
        }
        Ok(self.made.get_or_init(|| made))
    }
}

impl PlainFunction for Lines {
    const NAME: &'static str = "fft";

    fn call(&self, task: &CallTask<'_>) -> Result<Vec<Chunk>> {
        let chunk = task.inputs.first().cloned();
        let mut made = chunk.ok_or_else(|| Error::internal("fft", "a call without its chunk"))?;
        for t in self.transforms()? {
            let mut part = Region::whole(made.shape());
            if let Some(len) = part.shape.get_mut(t.axis()) {
                *len = t.wanted().min(*len);
            }
            made = t.apply(&made.region(&part)?, task.pool)?;
        }
        Ok(vec![made])
    }
}

#[track_caller]
fn along(
    operation: &'static str,
    kind: Kind,
    x: &Array,
    n: Option<usize>,
    axis: isize,
    norm: Norm,
) -> Result<Array> {
    let axis = normalize_axis(axis, x.check()?.ndim())?;
    let len = x.shape()[axis];
    let n = n.unwrap_or(match kind {
        Kind::Real => 2 * len.saturating_sub(1),
        _ => len,
    });
    transform(operation, x, &[Step { kind, n, axis }], norm)
}

/// Which way a transform of several axes goes, and which of its axes is half.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    Full(Kind),
    Half,
    Real,
}

#[track_caller]
fn over(
    operation: &'static str,
    way: Way,
    x: &Array,
    s: Option<&[usize]>,
    axes: Option<&[isize]>,
    norm: Norm,
) -> Result<Array> {
    let ndim = x.check()?.ndim();
    let axes: Vec<usize> = match (axes, s) {
        (Some(axes), _) => axes
            .iter()
            .map(|a| normalize_axis(*a, ndim))
            .collect::<Result<_>>()?,
        (None, Some(s)) if s.len() > ndim => {
            return Err(Error::argument(
                operation,
                "s",
                format!("{s:?}"),
                format!("the array has {ndim} axes"),
            ));
        }
        (None, Some(s)) => (ndim - s.len()..ndim).collect(),
        (None, None) => (0..ndim).collect(),
    };
    if s.is_some_and(|s| s.len() != axes.len()) {
        return Err(Error::argument(
            operation,
            "s",
            format!("{s:?}"),
            "Shape and axes have different lengths.",
        ));
    }
    let Some(&last) = axes.last() else {
        return match way {
            Way::Full(kind) => x.astype(kind.input(x.dtype())?),
            _ => Err(Error::argument(
                operation,
                "axes",
                "()",
                "at least one axis is needed",
            )),
        };
    };
    let length = |place: usize| match (s, way) {
        (Some(s), _) => s[place],
        (None, Way::Real) if place + 1 == axes.len() => 2 * x.shape()[last].saturating_sub(1),
        _ => x.shape()[axes[place]],
    };
    let step = |kind: Kind, place: usize| Step {
        kind,
        n: length(place),
        axis: axes[place],
    };
    let before = axes.len() - 1;
    // The orders of NumPy, which matter where an axis is given twice.
    let steps: Vec<Step> = match way {
        Way::Full(kind) => (0..axes.len()).rev().map(|p| step(kind, p)).collect(),
        Way::Half => std::iter::once(step(Kind::Half, before))
            .chain((0..before).rev().map(|p| step(FORWARD, p)))
            .collect(),
        Way::Real => (0..before)
            .map(|p| step(INVERSE, p))
            .chain([step(Kind::Real, before)])
            .collect(),
    };
    transform(operation, x, &steps, norm)
}

macro_rules! along {
    ($($name:ident $kind:expr, $doc:literal, $made:literal;)*) => {$(
        #[doc = $doc]
        ///
        /// Along `axis`, which is cut or continued by zeros to the length that `n` asks for. Errors:
        /// an axis that is not there, a length of 0, an axis of unknown length.
        ///
        /// ```
        /// # use chunkwise::{Array, DType, fft, fft::Norm};
        /// let x = Array::ones([3, 8], DType::F32, 4)?;
        #[doc = concat!("let y = fft::", stringify!($name), "(&x, None, -1, Norm::Ortho)?;")]
        #[doc = concat!("assert_eq!((y.shape(), y.dtype()), ", $made, ");")]
        /// # Ok::<_, chunkwise::Error>(())
        /// ```
        #[track_caller]
        pub fn $name(x: &Array, n: Option<usize>, axis: isize, norm: Norm) -> Result<Array> {
            along(stringify!($name), $kind, x, n, axis, norm)
        }
    )*};
}

along! {
    fft FORWARD, "The discrete Fourier transform.", "(&[3, 8][..], DType::C64)";
    ifft INVERSE, "The inverse transform.", "(&[3, 8][..], DType::C64)";
    rfft Kind::Half, "The first half of the transform of real numbers; complex ones are an error.",
        "(&[3, 5][..], DType::C64)";
    irfft Kind::Real, "The real numbers whose transform's first half is given, `2 (m - 1)` of them by default.",
        "(&[3, 14][..], DType::F32)";
}

/// The transform of a signal whose other half is its conjugate mirrored, which is real: `irfft` of the
/// conjugate, with the other direction's norm.
///
/// ```
/// # use chunkwise::{Array, DType, fft, fft::Norm};
/// let x = Array::ones(5, DType::C128, 5)?;
/// assert_eq!(fft::hfft(&x, None, -1, Norm::Backward)?.shape(), [8]);
/// # Ok::<_, chunkwise::Error>(())
/// ```
#[track_caller]
pub fn hfft(x: &Array, n: Option<usize>, axis: isize, norm: Norm) -> Result<Array> {
    along("hfft", Kind::Real, &x.conj()?, n, axis, norm.swapped())
}

/// The inverse of [`hfft`]: half of the signal whose transform is given.
///
/// ```
/// # use chunkwise::{Array, DType, fft, fft::Norm};
/// let x = Array::ones(8, DType::F64, 5)?;
/// assert_eq!(fft::ihfft(&x, None, -1, Norm::Backward)?.shape(), [5]);
/// # Ok::<_, chunkwise::Error>(())
/// ```
#[track_caller]
pub fn ihfft(x: &Array, n: Option<usize>, axis: isize, norm: Norm) -> Result<Array> {
    along("ihfft", Kind::Half, x, n, axis, norm.swapped())?.conj()
}

macro_rules! over {
    ($($all:ident $two:ident $way:expr, $doc:literal;)*) => {$(
        #[doc = $doc]
        ///
        /// Over `axes`, all by default (or the last, as many as `s` has), each cut or continued by
        /// zeros to the length that `s` asks for.
        ///
        /// ```
        /// # use chunkwise::{Array, DType, fft, fft::Norm};
        /// let x = Array::ones([3, 4, 6], DType::F64, 2)?;
        #[doc = concat!("let y = fft::", stringify!($all), "(&x, Some(&[4, 8]), Some(&[0, 2]), Norm::Backward)?;")]
        /// assert_eq!(y.shape()[..2], [4, 4]);
        /// # Ok::<_, chunkwise::Error>(())
        /// ```
        #[track_caller]
        pub fn $all(
            x: &Array,
            s: Option<&[usize]>,
            axes: Option<&[isize]>,
            norm: Norm,
        ) -> Result<Array> {
            over(stringify!($all), $way, x, s, axes, norm)
        }

        #[doc = concat!("[`", stringify!($all), "`] over two axes.")]
        ///
        /// ```
        /// # use chunkwise::{Array, DType, fft, fft::Norm};
        /// let x = Array::ones([3, 4, 6], DType::F64, 2)?;
        #[doc = concat!("let y = fft::", stringify!($two), "(&x, None, [0, 1], Norm::Backward)?;")]
        /// assert_eq!((y.shape()[0], y.shape()[2]), (3, 6));
        /// # Ok::<_, chunkwise::Error>(())
        /// ```
        #[track_caller]
        pub fn $two(
            x: &Array,
            s: Option<[usize; 2]>,
            axes: [isize; 2],
            norm: Norm,
        ) -> Result<Array> {
            over(stringify!($two), $way, x, s.as_ref().map(|s| &s[..]), Some(&axes), norm)
        }
    )*};
}

over! {
    fftn fft2 Way::Full(FORWARD), "The transform over several axes.";
    ifftn ifft2 Way::Full(INVERSE), "The inverse transform over several axes.";
    rfftn rfft2 Way::Half, "The transform of real numbers over several axes; of the last only the first half.";
    irfftn irfft2 Way::Real, "The inverse of [`rfftn`].";
}

/// The frequencies of the elements of a transform of length `n` with samples `d` apart, as `float64`.
///
/// ```
/// # use chunkwise::fft;
/// let f = fft::fftfreq(4, 0.5, 4)?.compute()?.to_vec::<f64>()?;
/// assert_eq!(f, [0.0, 0.5, -1.0, -0.5]);
/// # Ok::<_, chunkwise::Error>(())
/// ```
#[track_caller]
pub fn fftfreq(n: usize, d: f64, chunks: impl Into<Chunks>) -> Result<Array> {
    let step = frequency_step("fftfreq", n, d)?;
    let i = Array::indices_along(&[n], 0, &chunks.into())?;
    let wrapped = i.less(n.div_ceil(2))?.where_(&i, i.subtract(n)?)?;
    wrapped.multiply(step)
}

/// The frequencies of the elements of [`rfft`] of length `n` with samples `d` apart, as `float64`.
///
/// ```
/// # use chunkwise::fft;
/// let f = fft::rfftfreq(5, 0.1, 4)?.compute()?.to_vec::<f64>()?;
/// assert_eq!(f, [0.0, 2.0, 4.0]);
/// # Ok::<_, chunkwise::Error>(())
/// ```
#[track_caller]
pub fn rfftfreq(n: usize, d: f64, chunks: impl Into<Chunks>) -> Result<Array> {
    let step = frequency_step("rfftfreq", n, d)?;
    Array::indices_along(&[n / 2 + 1], 0, &chunks.into())?
        .astype(DType::F64)?
        .multiply(Scalar::Float(step))
}

fn frequency_step(operation: &'static str, n: usize, d: f64) -> Result<f64> {
    let span = n as f64 * d;
    if span == 0.0 {
        return Err(Error::argument(
            operation,
            "n * d",
            span,
            "it must not be zero",
        ));
    }
    Ok(1.0 / span)
}

/// The elements turned around so that frequency 0 comes to the middle of the axes.
///
/// ```
/// # use chunkwise::{Array, fft};
/// let shifted = fft::fftshift(&Array::arange(0, 5, 1, 5)?, ..)?;
/// assert_eq!(shifted.compute()?.to_vec::<i64>()?, [3, 4, 0, 1, 2]);
/// # Ok::<_, chunkwise::Error>(())
/// ```
#[track_caller]
pub fn fftshift(x: &Array, axes: impl Into<Axes>) -> Result<Array> {
    shift(x, &axes.into(), |n| n / 2)
}

/// The inverse of [`fftshift`].
///
/// ```
/// # use chunkwise::{Array, fft};
/// let back = fft::ifftshift(&fft::fftshift(&Array::arange(0, 5, 1, 5)?, 0)?, 0)?;
/// assert_eq!(back.compute()?.to_vec::<i64>()?, [0, 1, 2, 3, 4]);
/// # Ok::<_, chunkwise::Error>(())
/// ```
#[track_caller]
pub fn ifftshift(x: &Array, axes: impl Into<Axes>) -> Result<Array> {
    shift(x, &axes.into(), |n| n - n / 2)
}

#[track_caller]
fn shift(x: &Array, axes: &Axes, by: fn(usize) -> usize) -> Result<Array> {
    let axes = axes.resolve(x.check()?.ndim())?;
    let shifts: Vec<isize> = axes.iter().map(|a| by(x.shape()[*a]) as isize).collect();
    if shifts.is_empty() {
        return Ok(x.clone());
    }
    x.roll(&shifts, &axes[..])
}
