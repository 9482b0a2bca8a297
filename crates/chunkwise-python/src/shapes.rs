//! Indexing, shapes, joining.

use chunkwise::{Array, Axes, Pad};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arguments::{Arrays, BasicIndex, Cut, Number, axes};
use crate::expr::{PyExpr, build, build_all};

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(basic_index, m)?)?;
    m.add_function(wrap_pyfunction!(take, m)?)?;
    m.add_function(wrap_pyfunction!(compress, m)?)?;
    m.add_function(wrap_pyfunction!(mask, m)?)?;
    m.add_function(wrap_pyfunction!(reshape, m)?)?;
    m.add_function(wrap_pyfunction!(rechunk, m)?)?;
    m.add_function(wrap_pyfunction!(transpose, m)?)?;
    m.add_function(wrap_pyfunction!(moveaxis, m)?)?;
    m.add_function(wrap_pyfunction!(squeeze, m)?)?;
    m.add_function(wrap_pyfunction!(expand_dims, m)?)?;
    m.add_function(wrap_pyfunction!(broadcast_to, m)?)?;
    m.add_function(wrap_pyfunction!(broadcast_arrays, m)?)?;
    m.add_function(wrap_pyfunction!(flip, m)?)?;
    m.add_function(wrap_pyfunction!(roll, m)?)?;
    m.add_function(wrap_pyfunction!(rot90, m)?)?;
    m.add_function(wrap_pyfunction!(diagonal, m)?)?;
    m.add_function(wrap_pyfunction!(diag, m)?)?;
    m.add_function(wrap_pyfunction!(triangle, m)?)?;
    m.add_function(wrap_pyfunction!(repeat, m)?)?;
    m.add_function(wrap_pyfunction!(repeat_each, m)?)?;
    m.add_function(wrap_pyfunction!(tile, m)?)?;
    m.add_function(wrap_pyfunction!(pad, m)?)?;
    m.add_function(wrap_pyfunction!(diff, m)?)?;
    m.add_function(wrap_pyfunction!(concatenate, m)?)?;
    m.add_function(wrap_pyfunction!(stack, m)?)?;
    m.add_function(wrap_pyfunction!(split_at, m)?)?;
    m.add_function(wrap_pyfunction!(unstack, m)?)
}

#[pyfunction]
fn basic_index(py: Python<'_>, x: &PyExpr, index: BasicIndex) -> PyResult<PyExpr> {
    build(py, || x.array.get(index.0))
}

#[pyfunction]
fn take(py: Python<'_>, x: &PyExpr, positions: Vec<isize>, axis: isize) -> PyResult<PyExpr> {
    build(py, || x.array.take(&positions, axis))
}

#[pyfunction]
fn compress(py: Python<'_>, x: &PyExpr, mask: &PyExpr, axis: isize) -> PyResult<PyExpr> {
    build(py, || x.array.compress(&mask.array, axis))
}

#[pyfunction]
fn mask(py: Python<'_>, x: &PyExpr, mask: &PyExpr) -> PyResult<PyExpr> {
    build(py, || x.array.mask(&mask.array))
}

#[pyfunction]
fn reshape(py: Python<'_>, x: &PyExpr, shape: Vec<isize>) -> PyResult<PyExpr> {
    build(py, || x.array.reshape(shape))
}

#[pyfunction]
fn rechunk(py: Python<'_>, x: &PyExpr, chunks: Cut) -> PyResult<PyExpr> {
    let chunks = chunks.over(x.array.shape(), x.array.dtype())?;
    build(py, || x.array.rechunk(chunks))
}

/// The axes in another order, or reversed.
#[pyfunction]
fn transpose(py: Python<'_>, x: &PyExpr, order: Option<Vec<isize>>) -> PyResult<PyExpr> {
    build(py, || match order {
        Some(order) => x.array.transpose(&order),
        None => x.array.t(),
    })
}

#[pyfunction]
fn moveaxis(
    py: Python<'_>,
    x: &PyExpr,
    source: Vec<isize>,
    destination: Vec<isize>,
) -> PyResult<PyExpr> {
    build(py, || x.array.moveaxis(source, destination))
}

#[pyfunction]
fn squeeze(py: Python<'_>, x: &PyExpr, axis: Vec<isize>) -> PyResult<PyExpr> {
    build(py, || x.array.squeeze(Axes::from(axis)))
}

#[pyfunction]
fn expand_dims(py: Python<'_>, x: &PyExpr, axis: Vec<isize>) -> PyResult<PyExpr> {
    build(py, || x.array.expand_dims(&axis))
}

#[pyfunction]
fn broadcast_to(py: Python<'_>, x: &PyExpr, shape: Vec<usize>) -> PyResult<PyExpr> {
    build(py, || x.array.broadcast_to(shape))
}

#[pyfunction]
fn broadcast_arrays(py: Python<'_>, arrays: Arrays) -> PyResult<Vec<PyExpr>> {
    build_all(py, || chunkwise::broadcast_arrays(arrays.0))
}

#[pyfunction]
fn flip(py: Python<'_>, x: &PyExpr, axis: Option<Vec<isize>>) -> PyResult<PyExpr> {
    build(py, || x.array.flip(axes(axis, false)))
}

#[pyfunction]
fn roll(
    py: Python<'_>,
    x: &PyExpr,
    shifts: Vec<isize>,
    axis: Option<Vec<isize>>,
) -> PyResult<PyExpr> {
    build(py, || x.array.roll(&shifts, axes(axis, false)))
}

#[pyfunction]
fn rot90(py: Python<'_>, x: &PyExpr, k: isize, axis1: isize, axis2: isize) -> PyResult<PyExpr> {
    build(py, || x.array.rot90(k, axis1, axis2))
}

#[pyfunction]
fn diagonal(
    py: Python<'_>,
    x: &PyExpr,
    offset: isize,
    axis1: isize,
    axis2: isize,
) -> PyResult<PyExpr> {
    build(py, || x.array.diagonal(offset, axis1, axis2))
}

#[pyfunction]
fn diag(py: Python<'_>, x: &PyExpr, k: isize) -> PyResult<PyExpr> {
    build(py, || x.array.diag(k))
}

#[pyfunction]
fn triangle(py: Python<'_>, x: &PyExpr, k: isize, upper: bool) -> PyResult<PyExpr> {
    build(py, || match upper {
        true => x.array.triu(k),
        false => x.array.tril(k),
    })
}

#[pyfunction]
fn repeat(py: Python<'_>, x: &PyExpr, n: usize, axis: Option<isize>) -> PyResult<PyExpr> {
    build(py, || x.array.repeat(n, axis))
}

#[pyfunction]
fn repeat_each(py: Python<'_>, x: &PyExpr, counts: Vec<usize>, axis: isize) -> PyResult<PyExpr> {
    build(py, || x.array.repeat_each(&counts, axis))
}

#[pyfunction]
fn tile(py: Python<'_>, x: &PyExpr, times: Vec<usize>) -> PyResult<PyExpr> {
    build(py, || x.array.tile(&times))
}

/// NumPy's modes `constant`, `edge`, `reflect`, `symmetric`, `wrap`.
#[pyfunction]
fn pad(
    py: Python<'_>,
    x: &PyExpr,
    widths: Vec<(usize, usize)>,
    mode: &str,
    value: Number,
) -> PyResult<PyExpr> {
    let mode = match mode {
        "constant" => Pad::Constant(value.0),
        "edge" => Pad::Edge,
        "reflect" => Pad::Reflect,
        "symmetric" => Pad::Symmetric,
        "wrap" => Pad::Wrap,
        other => {
            return Err(PyValueError::new_err(format!(
                "pad mode {other:?} is not supported"
            )));
        }
    };
    build(py, || x.array.pad(&widths, mode))
}

#[pyfunction]
fn diff(py: Python<'_>, x: &PyExpr, n: usize, axis: isize) -> PyResult<PyExpr> {
    build(py, || x.array.diff(n, axis))
}

#[pyfunction]
fn concatenate(py: Python<'_>, arrays: Arrays, axis: isize) -> PyResult<PyExpr> {
    build(py, || chunkwise::concatenate(arrays.0, axis))
}

#[pyfunction]
fn stack(py: Python<'_>, arrays: Arrays, axis: isize) -> PyResult<PyExpr> {
    build(py, || chunkwise::stack(arrays.0, axis))
}

#[pyfunction]
fn split_at(
    py: Python<'_>,
    x: &PyExpr,
    positions: Vec<isize>,
    axis: isize,
) -> PyResult<Vec<PyExpr>> {
    build_all(py, || x.array.split_at(&positions, axis))
}

#[pyfunction]
fn unstack(py: Python<'_>, x: &PyExpr, axis: isize) -> PyResult<Vec<PyExpr>> {
    build_all(py, || Array::unstack(&x.array, axis))
}
