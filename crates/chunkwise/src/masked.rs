//! Reductions and scans of arrays that a boolean index has made: the length of one axis is unknown,
//! so what was left out is replaced by what does not change the result, and the count is computed.

use chunkwise_core::{Chunk, Error, Result, Scalar};
use chunkwise_expr::{Call, CallInput, CallTask, Expr, Follow, Kind, PlainFunction};
use chunkwise_kernels::reduce::{Params, reduction};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::array::Here;
use crate::creation::extreme;
use crate::{Array, Axes, DType, Operand, reductions};

/// A boolean index taken apart.
struct Masked {
    input: Array,
    mask: Array,
    axis: usize,
}

impl Masked {
    fn of(array: &Array) -> Result<Masked> {
        match array.expr()?.kind() {
            Kind::Compress { input, mask, axis } => Ok(Masked {
                input: input.clone().into(),
                mask: mask.clone().into(),
                axis: *axis,
            }),
            _ => Err(Error::internal("front door", "no boolean index")),
        }
    }

    /// The mask along its axis, of length 1 along the others.
    #[track_caller]
    fn broadcast_mask(&self) -> Result<Array> {
        let others: Vec<isize> = (0..self.input.ndim())
            .filter(|a| *a != self.axis)
            .map(|a| a as isize)
            .collect();
        self.mask.expand_dims(&others)
    }

    /// The input with another value where the mask is false.
    #[track_caller]
    fn filled(&self, value: impl Into<Operand>) -> Result<Array> {
        self.broadcast_mask()?.where_(&self.input, value)
    }

    /// How many elements are reduced for each element of the result, as a 0-dimensional array.
    #[track_caller]
    fn count(&self, reduced: &[usize]) -> Result<Array> {
        let others: usize = reduced
            .iter()
            .filter(|a| **a != self.axis)
            .map(|a| self.input.shape()[*a])
            .product();
        self.mask.sum(..)?.multiply(others)
    }
}

/// A reduction of an array that has an axis of unknown length.
#[track_caller]
pub(crate) fn reduce(
    name: &'static str,
    array: &Array,
    params: Params,
    axes: &Axes,
) -> Result<Array> {
    let m = Masked::of(array)?;
    let chosen = axes.resolve(array.ndim())?;
    let unknown = || Error::UnknownLength {
        operation: name,
        axis: m.axis,
    };
    if !chosen.contains(&m.axis) {
        if name.starts_with("nanarg") {
            // What is left out might be all NaN, which is an error.
            return Err(unknown());
        }
        let whole = reductions::reduce(name, &m.input, params, axes)?;
        let before = chosen.iter().filter(|a| **a < m.axis).count();
        let place = if axes.keepdims {
            m.axis
        } else {
            m.axis - before
        };
        return whole.compress(&m.mask, place as isize);
    }
    let dtype = array.dtype();
    let again = |filled: Array| reductions::reduce(name, &filled, params, axes);
    match name {
        "sum" | "nansum" | "any" | "count_nonzero" => again(m.filled(false)?),
        "prod" | "nanprod" | "all" => again(m.filled(true)?),
        // Counted are the numbers from 0 on.
        "bincount" if dtype.kind() == chunkwise_core::Kind::Unsigned => {
            reduce(name, &array.astype(DType::I64)?, params, axes)
        }
        "bincount" | "bincount_weighted" => again(m.filled(-1)?),
        "mean" => mean(&m, axes, &chosen, dtype),
        "var" | "std" => {
            let var = variance(&m, params.ddof, axes, &chosen, dtype)?;
            if name == "std" { var.sqrt() } else { Ok(var) }
        }
        // A NaN where the mask is false is left out with the others.
        "nanmean" | "nanvar" | "nanstd" if dtype.is_inexact() => again(m.filled(f64::NAN)?),
        "nanmean" => mean(&m, axes, &chosen, dtype),
        "nanvar" => reduce("var", array, params, axes),
        "nanstd" => reduce("std", array, params, axes),
        "min" | "max" if dtype.is_complex() => Err(unknown()),
        "min" | "max" => {
            let fill = extreme(dtype, name == "min");
            not_empty(name, again(m.filled(fill)?)?, m.count(&chosen)?)
        }
        "nanmin" | "nanmax" if dtype.is_inexact() => {
            not_empty(name, again(m.filled(f64::NAN)?)?, m.count(&chosen)?)
        }
        "nanmin" => reduce("min", array, params, axes),
        "nanmax" => reduce("max", array, params, axes),
        "ptp" => reduce("max", array, params, axes)?.subtract(reduce("min", array, params, axes)?),
        _ => Err(unknown()),
    }
}

/// The dtype that means are carried in, and the one that they are given in.
fn mean_dtypes(dtype: DType) -> (DType, DType) {
    if dtype.is_inexact() {
        (dtype.promote(DType::F64), dtype)
    } else {
        (DType::F64, DType::F64)
    }
}

#[track_caller]
fn mean(m: &Masked, axes: &Axes, reduced: &[usize], dtype: DType) -> Result<Array> {
    let (wide, out) = mean_dtypes(dtype);
    let sum = m.filled(false)?.astype(wide)?.sum(axes)?;
    sum.divide(m.count(reduced)?)?.astype(out)
}

#[track_caller]
fn variance(m: &Masked, ddof: f64, axes: &Axes, reduced: &[usize], dtype: DType) -> Result<Array> {
    let (wide, out) = mean_dtypes(dtype);
    let centre = mean(
        &Masked {
            input: m.input.astype(wide)?,
            mask: m.mask.clone(),
            axis: m.axis,
        },
        &axes.dropped().keepdims(),
        reduced,
        wide,
    )?;
    let away = m.input.astype(wide)?.subtract(centre)?;
    let squared = if wide.is_complex() {
        away.real()?.square()?.add(away.imag()?.square()?)?
    } else {
        away.square()?
    };
    let total = m.broadcast_mask()?.where_(squared, 0.0)?.sum(axes)?;
    let over = m.count(reduced)?.astype(DType::F64)?.subtract(ddof)?;
    total.divide(over.maximum(0.0)?)?.astype(out.real())
}

/// The result, which is an error where `count`, known only after computing, is zero.
#[track_caller]
fn not_empty(operation: &'static str, result: Array, count: Array) -> Result<Array> {
    let result = result.into_expr()?;
    let count = count.astype(DType::I64)?.into_expr()?;
    let follow = (0..result.ndim())
        .map(|axis| Follow::Chunk { axis })
        .collect();
    let (dtype, grid) = (result.dtype(), result.grid().clone());
    let inputs = vec![
        CallInput {
            expr: result,
            follow,
        },
        CallInput {
            expr: count,
            follow: SmallVec::new(),
        },
    ];
    let name = format!("{operation} of some");
    let function = NotEmpty {
        operation: operation.to_owned(),
    };
    let call = Call::plain(name, inputs, Vec::new(), function).scratch(0);
    Expr::call(call, dtype, grid).here()
}

/// Hands on a result where the count beside it is above zero.
#[derive(Serialize, Deserialize)]
pub(crate) struct NotEmpty {
    /// The name of a reduction.
    operation: String,
}

impl PlainFunction for NotEmpty {
    const NAME: &'static str = "not_empty";

    fn call(&self, task: &CallTask<'_>) -> Result<Vec<Chunk>> {
        match task.inputs {
            [result, count] if count.item::<i64>()? > 0 => Ok(vec![result.clone()]),
            _ => Err(Error::EmptyReduction {
                operation: reduction(&self.operation).map_or("reduction", |r| r.name),
            }),
        }
    }
}

/// A cumulative operation along the axis of unknown length, or another one: what is left out is
/// replaced by `identity` and left out again afterwards.
#[track_caller]
pub(crate) fn scan(
    array: &Array,
    identity: Scalar,
    run: impl FnOnce(&Array) -> Result<Array>,
) -> Result<Array> {
    let m = Masked::of(array)?;
    run(&m.filled(identity)?)?.compress(&m.mask, m.axis as isize)
}
