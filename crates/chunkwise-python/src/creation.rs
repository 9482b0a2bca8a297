//! Arrays from nothing.

use chunkwise::Array;
use pyo3::prelude::*;

use crate::arguments::{Arrays, Cut, Number, dtype};
use crate::expr::{PyExpr, build, build_all};

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(full, m)?)?;
    m.add_function(wrap_pyfunction!(full_like, m)?)?;
    m.add_function(wrap_pyfunction!(arange, m)?)?;
    m.add_function(wrap_pyfunction!(linspace, m)?)?;
    m.add_function(wrap_pyfunction!(eye, m)?)?;
    m.add_function(wrap_pyfunction!(tri, m)?)?;
    m.add_function(wrap_pyfunction!(indices, m)?)?;
    m.add_function(wrap_pyfunction!(meshgrid, m)?)
}

#[pyfunction]
fn full(
    py: Python<'_>,
    shape: Vec<usize>,
    value: Number,
    dtype: &str,
    chunks: Cut,
) -> PyResult<PyExpr> {
    let dtype = crate::arguments::dtype(dtype)?;
    let chunks = chunks.over(&shape, dtype)?;
    build(py, || Array::full(shape, value.0, dtype, chunks))
}

/// One value in the shape and the chunks of another array.
#[pyfunction]
fn full_like(py: Python<'_>, like: &PyExpr, value: Number, dtype: &str) -> PyResult<PyExpr> {
    let dtype = crate::arguments::dtype(dtype)?;
    let a = &like.array;
    build(py, || {
        Array::full(a.shape(), value.0, dtype, a.chunks().clone())
    })
}

/// `n` is how many there are, and `dtype` that of the result.
#[pyfunction]
fn arange(
    py: Python<'_>,
    start: Number,
    stop: Number,
    step: Number,
    dtype: &str,
    chunks: Cut,
) -> PyResult<PyExpr> {
    let dtype = crate::arguments::dtype(dtype)?;
    let whole = build(py, || Array::arange(start.0, stop.0, step.0, -1))?;
    let chunks = chunks.over(whole.array.shape(), dtype)?;
    build(py, || whole.array.astype(dtype)?.rechunk(chunks))
}

#[pyfunction]
fn linspace(
    py: Python<'_>,
    start: f64,
    stop: f64,
    n: usize,
    endpoint: bool,
    dtype: &str,
    chunks: Cut,
) -> PyResult<PyExpr> {
    let dtype = crate::arguments::dtype(dtype)?;
    let chunks = chunks.over(&[n], dtype)?;
    build(py, || {
        Array::linspace(start, stop, n, endpoint, chunks)?.astype(dtype)
    })
}

#[pyfunction]
fn eye(py: Python<'_>, n: usize, m: usize, k: isize, dtype: &str, chunks: Cut) -> PyResult<PyExpr> {
    let dtype = crate::arguments::dtype(dtype)?;
    let chunks = chunks.over(&[n, m], dtype)?;
    build(py, || Array::eye(n, m, k, dtype, chunks))
}

#[pyfunction]
fn tri(py: Python<'_>, n: usize, m: usize, k: isize, dtype: &str, chunks: Cut) -> PyResult<PyExpr> {
    let dtype = crate::arguments::dtype(dtype)?;
    let chunks = chunks.over(&[n, m], dtype)?;
    build(py, || Array::tri(n, m, k, dtype, chunks))
}

#[pyfunction]
fn indices(py: Python<'_>, shape: Vec<usize>, chunks: Cut) -> PyResult<PyExpr> {
    let chunks = chunks.over(&shape, dtype("int64")?)?;
    build(py, || Array::indices(shape, chunks))
}

#[pyfunction]
fn meshgrid(py: Python<'_>, arrays: Arrays, xy: bool) -> PyResult<Vec<PyExpr>> {
    build_all(py, || chunkwise::meshgrid(arrays.0, xy))
}
