//! Factorizations of stacks of matrices as calls.

use chunkwise_core::{Chunk, DType, Error, Result};
use chunkwise_expr::{Call, CallTask, PlainFunction};
use chunkwise_linalg::Factorization;
use serde::{Deserialize, Serialize};

use crate::Array;
use crate::gufunc::{Gufunc, GufuncOutput, over_loops, padded};

/// A task has about so many operations at least, so that its own cost does not show.
const OPERATIONS: usize = 1 << 25;

/// The elements as floats: integers and bools as `float64`.
#[track_caller]
pub(super) fn floating(a: &Array) -> Result<Array> {
    match a.check()?.dtype() {
        d if d.is_inexact() => Ok(a.clone()),
        _ => a.astype(DType::F64),
    }
}

/// The arrays in one dtype that matrices can be factorized in.
#[track_caller]
pub(super) fn alike(a: &Array, b: &Array) -> Result<(Array, Array)> {
    let (a, b) = (floating(a)?, floating(b)?);
    let dtype = a.dtype().promote(b.dtype());
    Ok((a.astype(dtype)?, b.astype(dtype)?))
}

/// Rows and columns of the matrices of a stack.
pub(super) fn matrix(operation: &'static str, a: &Array) -> Result<(usize, usize)> {
    match a.check()?.shape() {
        [.., m, n] => Ok((*m, *n)),
        _ => Err(Error::argument(
            operation,
            "array",
            a,
            "at least two axes are needed",
        )),
    }
}

/// The side of the square matrices of a stack.
pub(super) fn square(operation: &'static str, a: &Array) -> Result<usize> {
    let (m, n) = matrix(operation, a)?;
    if m != n {
        return Err(Error::ShapeMismatch {
            operation,
            expected: vec![m, m],
            got: vec![m, n],
        });
    }
    Ok(n)
}

/// Every matrix of the stacks by itself.
#[track_caller]
pub(super) fn factorize(what: Factorization, arrays: &[&Array]) -> Result<Vec<Array>> {
    let mut cores: Vec<&[usize]> = Vec::new();
    for a in arrays {
        matrix(what.name(), a)?;
        cores.push(&a.shape()[a.ndim() - 2..]);
    }
    let dtype = arrays.first().map_or(DType::F64, |a| a.dtype());
    let outputs: Vec<GufuncOutput> = what
        .outputs(dtype, &cores)?
        .into_iter()
        .map(|(d, core)| GufuncOutput::new(d, core))
        .collect();
    let (m, n) = (cores[0][0], cores[0][1]);
    let operations = m.saturating_mul(n).saturating_mul(m.min(n)).max(1);
    // One matrix after another: what one needs is needed once.
    let gufunc = Gufunc::new(what.name())
        .scratch_once(what.scratch_bytes(dtype, &cores)?)
        .chunk((OPERATIONS / operations).max(1));
    let given = arrays.iter().map(|a| (*a, 2));
    over_loops(gufunc, given, &outputs, |name, inputs, outputs, _| {
        Call::plain(name, inputs, outputs, Factor(what))
    })
}

/// A factorization of stacks of matrices.
#[derive(Serialize, Deserialize)]
pub(crate) struct Factor(pub(super) Factorization);

impl PlainFunction for Factor {
    const NAME: &'static str = "factorization";

    fn call(&self, task: &CallTask<'_>) -> Result<Vec<Chunk>> {
        let made = self.0.run(task.inputs, task.pool)?;
        let each = made.into_iter().zip(task.regions);
        each.map(|(chunk, region)| padded(chunk, region, task.pool))
            .collect()
    }
}

/// The only result of a factorization.
#[track_caller]
pub(super) fn one(what: Factorization, arrays: &[&Array]) -> Result<Array> {
    let [only] = several(what, arrays)?;
    Ok(only)
}

/// As many results as are named.
#[track_caller]
pub(super) fn several<const N: usize>(
    what: Factorization,
    arrays: &[&Array],
) -> Result<[Array; N]> {
    let made = factorize(what, arrays)?;
    made.try_into().map_err(|made: Vec<Array>| {
        Error::internal(
            "front door",
            format!("{} results of {}", made.len(), what.name()),
        )
    })
}

impl Array {
    /// The matrices with rows and columns exchanged, and their elements conjugated.
    #[track_caller]
    pub(super) fn adjoint(&self) -> Result<Array> {
        self.matrix_transpose()?.conjugated()
    }

    /// The matrices with rows and columns exchanged: the last two axes.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::ones([5, 3, 4], DType::F64, 2)?;
    /// assert_eq!(x.matrix_transpose()?.shape(), [5, 4, 3]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn matrix_transpose(&self) -> Result<Array> {
        matrix("matrix_transpose", self)?;
        self.swapaxes(-2, -1)
    }
}
