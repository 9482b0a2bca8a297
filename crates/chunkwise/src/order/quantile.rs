//! Quantiles: lanes that fit a task are selected from in memory; a larger array as a whole by a few
//! passes that count.

use chunkwise_core::{AxisGrid, Chunk, DType, Dims, Error, Grid, Result, ViewMut, dispatch};
use chunkwise_expr::{Call, CallInput, CallTask, DTypeForm, Expr, Follow, PlainFunction};
use chunkwise_kernels::order::{Keyed, select};

use serde::{Deserialize, Serialize};

use super::method::{Method, between};
use super::pieces::dense;
use super::select::select_by_counting;
use crate::array::Here;
use crate::{Array, Axes, joining};

/// Elements of the lanes of a task.
const LANES: usize = 1 << 18;
/// There should be about so many tasks, unless they had fewer elements than these.
const TASKS: usize = 64;
const FEWEST: usize = 1 << 15;
/// A lane longer than this is not brought into memory where it is all of the array.
const LANE: usize = 1 << 20;

/// What is asked of a lane.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Wanted {
    pub q: Vec<f64>,
    pub method: Method,
    /// Whether NaN is left out.
    pub skip: bool,
}

macro_rules! quantiles {
    ($($method:ident $skip:literal $scale:literal $doc:literal $of:literal;)*) => {
        impl Array {$(
            #[doc = $doc]
            ///
            /// The result has an axis for `q` in front. Floats keep their dtype, integers and bools
            /// give `float64`; methods that give one of the elements keep any dtype. Over no elements
            /// the result is NaN, which for integers is an error.
            ///
            /// ```
            /// # use chunkwise::{Array, Method};
            /// let x = Array::from_vec(vec![3.0, 1.0, 2.0, 6.0], [2, 2], 1)?;
            #[doc = concat!("let y = x.", stringify!($method), "(&", $of, ", .., Method::Linear)?;")]
            /// assert_eq!(y.compute()?.to_vec::<f64>()?, [1.0, 2.5]);
            #[doc = concat!("assert_eq!(x.", stringify!($method), "(&", $of, ", 0, Method::Hazen)?.shape(), [2, 2]);")]
            /// # Ok::<_, chunkwise::Error>(())
            /// ```
            #[track_caller]
            pub fn $method(
                &self,
                q: &[f64],
                axes: impl Into<Axes>,
                method: Method,
            ) -> Result<Array> {
                let q = q.iter().map(|q| q / $scale).collect();
                quantile(self, Wanted { q, method, skip: $skip }, &axes.into())
            }
        )*}
    };
}

quantiles! {
    quantile false 1.0 "The quantiles `q`, shares from 0 to 1 of the elements in order; NaN where there is one." "[0.0, 0.5]";
    nanquantile true 1.0 "The quantiles `q`, shares from 0 to 1 of the elements in order that are not NaN." "[0.0, 0.5]";
    percentile false 100.0 "The quantiles `q`, from 0 to 100 percent of the elements in order; NaN where there is one." "[0.0, 50.0]";
    nanpercentile true 100.0 "The quantiles `q`, from 0 to 100 percent of the elements in order that are not NaN." "[0.0, 50.0]";
}

impl Array {
    /// The median: the middle element in order, or the mean of the middle two; NaN where there is one.
    /// Integers and bools give `float64`.
    ///
    /// ```
    /// # use chunkwise::Array;
    /// let x = Array::from_vec(vec![3, 1, 2, 6], [2, 2], 1)?;
    /// assert_eq!(x.median(..)?.compute()?.item::<f64>()?, 2.5);
    /// assert_eq!(x.median(0)?.compute()?.to_vec::<f64>()?, [2.5, 3.5]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn median(&self, axes: impl Into<Axes>) -> Result<Array> {
        middle(self, false, &axes.into())
    }

    /// The median of the elements that are not NaN; NaN of none.
    ///
    /// ```
    /// # use chunkwise::Array;
    /// let x = Array::from_vec(vec![3.0, f64::NAN, 2.0], [3], 2)?;
    /// assert_eq!(x.nanmedian(..)?.compute()?.item::<f64>()?, 2.5);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn nanmedian(&self, axes: impl Into<Axes>) -> Result<Array> {
        middle(self, true, &axes.into())
    }
}

#[track_caller]
fn middle(array: &Array, skip: bool, axes: &Axes) -> Result<Array> {
    let wanted = Wanted {
        q: vec![0.5],
        method: Method::Linear,
        skip,
    };
    quantile(array, wanted, axes)?.squeeze(0)
}

#[track_caller]
fn quantile(array: &Array, mut wanted: Wanted, axes: &Axes) -> Result<Array> {
    let e = array.expr()?;
    let dtype = e.dtype();
    if let Some(q) = wanted.q.iter().find(|q| !(0.0..=1.0).contains(*q)) {
        let reason = "quantiles must be in the range [0, 1]";
        return Err(Error::argument("quantile", "q", q, reason));
    }
    if dtype.is_complex() {
        return Err(Error::UnsupportedDType {
            operation: "quantile".to_owned(),
            dtypes: vec![dtype],
        });
    }
    if let Some(axis) = e.unknown_axis() {
        return Err(Error::UnknownLength {
            operation: "quantile",
            axis,
        });
    }
    wanted.skip &= dtype.is_float();
    let chosen = axes.resolve(e.ndim())?;
    let len: usize = chosen.iter().map(|a| e.shape()[*a]).product();
    let keeps = dtype.is_float() || (wanted.method.is_discrete() && dtype != DType::Bool);
    let out = if keeps { dtype } else { DType::F64 };
    if len == 0 && !dtype.is_float() && keeps && !e.is_empty() {
        return Err(Error::EmptyReduction {
            operation: "quantile",
        });
    }
    let made = if chosen.len() == e.ndim() && len > LANE && !wanted.q.is_empty() {
        let each = wanted.q.iter().map(|q| {
            let wanted = (*q, wanted.method, wanted.skip);
            select_by_counting(array, wanted, out)
        });
        joining::stack(each.collect::<Result<Vec<Array>>>()?, 0)?
    } else {
        // The lanes lie along one last axis.
        let kept: Vec<usize> = (0..e.ndim()).filter(|a| !chosen.contains(a)).collect();
        let order: Vec<isize> = kept.iter().chain(&chosen).map(|a| *a as isize).collect();
        let mut shape: Dims = kept.iter().map(|a| e.shape()[*a]).collect();
        shape.push(len);
        let shape: Vec<isize> = shape.iter().map(|d| *d as isize).collect();
        let lanes = array.transpose(&order)?.reshape(shape)?;
        along_lanes(&lanes, &wanted, out)?
    };
    if !axes.keepdims || chosen.is_empty() {
        return Ok(made);
    }
    let places: Vec<isize> = chosen.iter().map(|a| *a as isize + 1).collect();
    made.expand_dims(&places)
}

/// The quantiles of the lanes along the last axis, their axis in front.
#[track_caller]
fn along_lanes(lanes: &Array, wanted: &Wanted, out: DType) -> Result<Array> {
    let e = lanes.expr()?;
    let kept = e.ndim() - 1;
    let len = e.shape()[kept];
    let total: usize = e.shape().iter().product();
    let elements = LANES.min((total / TASKS).max(FEWEST));
    let mut left = (elements / len.max(1)).max(1);
    let mut cuts: Vec<AxisGrid> = Vec::new();
    for &n in e.shape()[..kept].iter().rev() {
        let extent = n.clamp(1, left);
        cuts.push(AxisGrid::regular(n, extent));
        left = (left / extent).max(1);
    }
    let q = wanted.q.len();
    cuts.push(AxisGrid::regular(q, q.max(1)));
    cuts.reverse();
    let mut follow: Vec<Follow> = (0..kept)
        .map(|axis| Follow::Window {
            axis: axis + 1,
            offset: 0,
            before: 0,
            after: 0,
        })
        .collect();
    follow.push(Follow::Whole);
    let input = CallInput {
        expr: e.clone(),
        follow: follow.into_iter().collect(),
    };
    let each = cuts
        .iter()
        .skip(1)
        .map(AxisGrid::longest)
        .product::<usize>();
    let bytes = (each * len + len + each * q) * e.dtype().size().max(8);
    let name = if wanted.skip {
        "nanquantile"
    } else {
        "quantile"
    };
    let wanted = wanted.clone();
    let call = Call::plain(name, vec![input], Vec::new(), Lanes { wanted, out });
    Expr::call(call.scratch(bytes as u64), out, Grid::new(cuts)).here()
}

/// Quantiles of each lane along the last axis, as a dtype.
#[derive(Serialize, Deserialize)]
pub(crate) struct Lanes {
    wanted: Wanted,
    #[serde(with = "DTypeForm")]
    out: DType,
}

impl PlainFunction for Lanes {
    const NAME: &'static str = "quantiles";

    fn call(&self, task: &CallTask<'_>) -> Result<Vec<Chunk>> {
        let lanes = match task.inputs {
            [lanes] => dense(lanes, task.pool)?,
            _ => return Err(Error::internal("quantile", "not one input")),
        };
        let len = lanes.shape().last().copied().unwrap_or(0);
        let shape = &task.region().shape;
        dispatch!(ordered lanes.dtype(), T => {
            Ok(vec![quantiles_of::<T>(&lanes, len, &self.wanted, self.out, shape)?])
        }, else Err(Error::internal("quantile", "a dtype without an order")))
    }
}

fn quantiles_of<T: Keyed>(
    lanes: &Chunk,
    len: usize,
    wanted: &Wanted,
    out: DType,
    shape: &[usize],
) -> Result<Chunk> {
    let count: usize = shape.iter().skip(1).product();
    let values = lanes.to_vec::<T>()?;
    let mut made = vec![f64::NAN; wanted.q.len() * count];
    let mut exact = vec![T::default(); if out == T::DTYPE { made.len() } else { 0 }];
    let mut lane: Vec<T> = Vec::with_capacity(len);
    let is_nan = |x: &T| x.to_scalar().to_f64().is_nan();
    for n in 0..count {
        let own = &values[n * len..(n + 1) * len];
        lane.clear();
        let nans = own.iter().filter(|x| is_nan(x)).count();
        lane.extend(own.iter().filter(|x| !wanted.skip || !is_nan(x)));
        if lane.is_empty() || (nans > 0 && !wanted.skip) {
            let nan = own.iter().copied().find(is_nan);
            let nan = nan.unwrap_or(T::from_scalar(f64::NAN.into()));
            for k in 0..wanted.q.len() {
                if let Some(x) = exact.get_mut(k * count + n) {
                    *x = nan;
                }
            }
            continue;
        }
        let of = lane.len();
        let positions = wanted.q.iter().map(|q| wanted.method.position(of, *q));
        let positions: Vec<(usize, usize, f64)> = positions.collect();
        let mut ranks: Vec<usize> = positions.iter().flat_map(|(a, b, _)| [*a, *b]).collect();
        ranks.sort_unstable();
        ranks.dedup();
        select(&mut ViewMut::from_slice(&mut lane, &[of])?, &ranks)?;
        for (k, (low, high, share)) in positions.into_iter().enumerate() {
            let (a, b) = (
                lane[low].to_scalar().to_f64(),
                lane[high].to_scalar().to_f64(),
            );
            let value = between(a, b, share);
            made[k * count + n] = value;
            if let Some(x) = exact.get_mut(k * count + n) {
                *x = match low == high {
                    true => lane[low],
                    false => T::from_scalar(value.into()),
                };
            }
        }
    }
    match out == T::DTYPE {
        true => Chunk::from_owner(exact, shape),
        false => Chunk::from_owner(made, shape),
    }
}
