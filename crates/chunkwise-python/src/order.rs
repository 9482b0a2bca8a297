//! Sorts, quantiles, sets, counting.

use chunkwise::{Array, Bins, Method, Side};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arguments::axes;
use crate::errors::OrRaise;
use crate::expr::{PyExpr, build, build_all};

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(sort, m)?)?;
    m.add_function(wrap_pyfunction!(median, m)?)?;
    m.add_function(wrap_pyfunction!(quantile, m)?)?;
    m.add_function(wrap_pyfunction!(unique, m)?)?;
    m.add_function(wrap_pyfunction!(isin, m)?)?;
    m.add_function(wrap_pyfunction!(searchsorted, m)?)?;
    m.add_function(wrap_pyfunction!(digitize, m)?)?;
    m.add_function(wrap_pyfunction!(bincount, m)?)?;
    m.add_function(wrap_pyfunction!(bin_numbers, m)?)?;
    let methods: Vec<(&str, bool)> = Method::ALL
        .iter()
        .map(|(name, method)| (*name, method.is_discrete()))
        .collect();
    m.add("QUANTILE_METHODS", methods)
}

/// The elements along an axis in order, or where they stood.
#[pyfunction]
fn sort(
    py: Python<'_>,
    x: &PyExpr,
    axis: isize,
    descending: bool,
    indices: bool,
) -> PyResult<PyExpr> {
    build(py, || match indices {
        true => x.array.argsort(axis, descending),
        false => x.array.sort(axis, descending),
    })
}

#[pyfunction]
fn median(
    py: Python<'_>,
    x: &PyExpr,
    axis: Option<Vec<isize>>,
    keepdims: bool,
    skip: bool,
) -> PyResult<PyExpr> {
    let axes = axes(axis, keepdims);
    build(py, || match skip {
        true => x.array.nanmedian(axes),
        false => x.array.median(axes),
    })
}

/// Quantiles, their axis in front; NaN left out where `skip`.
#[pyfunction]
fn quantile(
    py: Python<'_>,
    x: &PyExpr,
    q: Vec<f64>,
    axis: Option<Vec<isize>>,
    method: &str,
    keepdims: bool,
    skip: bool,
) -> PyResult<PyExpr> {
    let axes = axes(axis, keepdims);
    let method: Method = method.parse().or_raise()?;
    build(py, || match skip {
        true => x.array.nanquantile(&q, axes, method),
        false => x.array.quantile(&q, axes, method),
    })
}

/// The different elements, where each occurs first, how often.
#[pyfunction]
fn unique(py: Python<'_>, x: &PyExpr, equal_nan: bool, all: bool) -> PyResult<Vec<PyExpr>> {
    build_all(py, || {
        if !all {
            return Ok(vec![x.array.unique(equal_nan)?]);
        }
        let unique = x.array.unique_all(equal_nan)?;
        Ok(vec![unique.values, unique.indices, unique.counts])
    })
}

#[pyfunction]
fn isin(py: Python<'_>, x: &PyExpr, test: &PyExpr, invert: bool) -> PyResult<PyExpr> {
    build(py, || x.array.isin(&test.array, invert))
}

#[pyfunction]
fn searchsorted(py: Python<'_>, sorted: &PyExpr, values: &PyExpr, side: &str) -> PyResult<PyExpr> {
    let side = match side {
        "left" => Side::Left,
        "right" => Side::Right,
        other => {
            let reason = format!("side must be 'left' or 'right', got {other:?}");
            return Err(PyValueError::new_err(reason));
        }
    };
    build(py, || sorted.array.searchsorted(&values.array, side))
}

#[pyfunction]
fn digitize(py: Python<'_>, x: &PyExpr, bins: Vec<f64>, right: bool) -> PyResult<PyExpr> {
    build(py, || x.array.digitize(&bins, right))
}

/// How often each of the numbers up to `length` occurs, or the sum of the weights.
#[pyfunction]
fn bincount(
    py: Python<'_>,
    x: &PyExpr,
    weights: Option<&PyExpr>,
    length: usize,
) -> PyResult<PyExpr> {
    build(py, || x.array.bincount(weights.map(|w| &w.array), length))
}

/// The number of each element's bin, and the bins' edges: of given edges, or of `count` bins of equal
/// width, over a range or over the elements'.
#[pyfunction]
fn bin_numbers(
    py: Python<'_>,
    x: &PyExpr,
    edges: Option<Vec<f64>>,
    count: usize,
    range: Option<(f64, f64)>,
) -> PyResult<Vec<PyExpr>> {
    let bins = match (edges, range) {
        (Some(edges), _) => Bins::Edges(edges),
        (None, Some((low, high))) => Bins::Between(count, low, high),
        (None, None) => Bins::Count(count),
    };
    build_all(py, || {
        let (numbers, edges, _): (Array, Array, usize) = x.array.bin_numbers(&bins)?;
        Ok(vec![numbers, edges])
    })
}
