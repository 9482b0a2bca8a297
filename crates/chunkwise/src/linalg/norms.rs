//! Norms of vectors and matrices.

use chunkwise_core::{DType, Error, Result, normalize_axis};

use super::factor::floating;
use crate::{Array, Axes};

/// Which norm.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Norm {
    /// Of vectors the 2-norm, of matrices the Frobenius norm.
    #[default]
    Default,
    /// The square root of the sum of the squares of a matrix's elements.
    Frobenius,
    /// The sum of a matrix's singular values.
    Nuclear,
    /// Of vectors `sum(|x|^p)^(1/p)`, with the largest and smallest element for infinities and the
    /// number of elements that are not zero for 0. Of matrices 1, 2, infinity and their negatives.
    Number(f64),
}

impl Array {
    /// A norm over one axis, of vectors, or over two, of matrices: those of rows, then those of
    /// columns. Over all axes (`..`) the default norm is that of all elements, and others are of a
    /// vector or a matrix that the array itself is.
    ///
    /// ```
    /// # use chunkwise::{Array, Axes, DType, Norm};
    /// let x = Array::full([3, 4], 2.0, DType::F64, 2)?;
    /// assert_eq!(x.norm(Norm::Default, ..)?.compute()?.item::<f64>()?, 48f64.sqrt());
    /// assert_eq!(x.norm(Norm::Number(1.0), [0, 1])?.compute()?.item::<f64>()?, 6.0);
    /// let rows = x.norm(Norm::Number(f64::INFINITY), Axes::from(1).keepdims())?;
    /// assert_eq!(rows.compute()?.to_vec::<f64>()?, [2.0; 3]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    ///
    /// # Errors
    /// More axes than two, or a norm that is not defined for their number.
    #[track_caller]
    pub fn norm(&self, order: Norm, axes: impl Into<Axes>) -> Result<Array> {
        let axes = axes.into();
        let a = floating(self)?;
        if axes.chosen.is_none() && order == Norm::Default {
            return a.vector_norm(2.0, axes);
        }
        let chosen: Vec<isize> = match &axes.chosen {
            Some(chosen) => chosen.clone(),
            None => (0..a.ndim() as isize).collect(),
        };
        axes.resolve(a.ndim())?;
        let given = Axes {
            chosen: Some(chosen.clone()),
            keepdims: axes.keepdims,
        };
        match (&chosen[..], order) {
            ([_], Norm::Default) => a.vector_norm(2.0, given),
            ([_], Norm::Number(p)) => a.vector_norm(p, given),
            ([row, column], _) => matrix(&a, order, (*row, *column), axes.keepdims),
            _ => Err(invalid(order, chosen.len())),
        }
    }

    /// The norm `p` of the elements along some axes together, as of one vector.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::full([3, 4], -2.0, DType::F64, 2)?;
    /// assert_eq!(x.vector_norm(1.0, ..)?.compute()?.item::<f64>()?, 24.0);
    /// assert_eq!(x.vector_norm(0.0, 0)?.compute()?.to_vec::<f64>()?, [3.0; 4]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn vector_norm(&self, p: f64, axes: impl Into<Axes>) -> Result<Array> {
        let axes = axes.into();
        let a = floating(self)?;
        let dtype = a.dtype().real();
        if p == 0.0 {
            return a.not_equal(0.0)?.count_nonzero(&axes)?.astype(dtype);
        }
        if p == 2.0 {
            return squares(&a)?.sum(&axes)?.sqrt();
        }
        let size = a.abs()?;
        if p == f64::INFINITY {
            // Of nothing it is zero.
            let empty = axes.resolve(a.ndim())?.iter().any(|x| a.shape()[*x] == 0);
            return if empty {
                size.sum(&axes)
            } else {
                size.max(&axes)
            };
        }
        if p == f64::NEG_INFINITY {
            return size.min(&axes);
        }
        if p == 1.0 {
            return size.sum(&axes);
        }
        size.pow(p)?.sum(&axes)?.pow(1.0 / p)?.astype(dtype)
    }
}

fn invalid(order: Norm, axes: usize) -> Error {
    let reason = match axes {
        1 => "no norm of vectors",
        2 => "no norm of matrices",
        _ => "norms are over one or two axes",
    };
    Error::argument("norm", "ord", format!("{order:?}"), reason)
}

/// The squared absolute values.
#[track_caller]
fn squares(a: &Array) -> Result<Array> {
    match a.dtype() {
        DType::C64 | DType::C128 => a.real()?.square()?.add(a.imag()?.square()?),
        _ => a.square(),
    }
}

#[track_caller]
fn matrix(a: &Array, order: Norm, (row, column): (isize, isize), keepdims: bool) -> Result<Array> {
    let (row, column) = (
        normalize_axis(row, a.ndim())?,
        normalize_axis(column, a.ndim())?,
    );
    let pair = [row as isize, column as isize];
    let values = || a.moveaxis(pair, [-2, -1])?.svdvals();
    let lines = |summed: usize, largest: bool| -> Result<Array> {
        let other = if summed == row { column } else { row };
        let sums = a.abs()?.sum(Axes::from(summed as isize).keepdims())?;
        let kept = Axes::from(other as isize).keepdims();
        let all = if largest {
            sums.max(kept)
        } else {
            sums.min(kept)
        }?;
        all.squeeze(pair)
    };
    let norm = match order {
        Norm::Default | Norm::Frobenius => squares(a)?.sum(pair)?.sqrt(),
        Norm::Nuclear => values()?.sum(-1),
        Norm::Number(2.0) => values()?.max(-1),
        Norm::Number(-2.0) => values()?.min(-1),
        Norm::Number(1.0) => lines(row, true),
        Norm::Number(-1.0) => lines(row, false),
        Norm::Number(f64::INFINITY) => lines(column, true),
        Norm::Number(f64::NEG_INFINITY) => lines(column, false),
        Norm::Number(_) => Err(invalid(order, 2)),
    }?;
    match keepdims {
        true => {
            let mut places = pair;
            places.sort_unstable();
            norm.expand_dims(&places)
        }
        false => Ok(norm),
    }
}
