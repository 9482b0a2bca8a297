//! Reductions and cumulative operations.

use chunkwise::{Axes, REDUCTIONS, SCANS};
use pyo3::prelude::*;

use crate::arguments::axes;
use crate::expr::{PyExpr, build};

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(reduce, m)?)?;
    m.add_function(wrap_pyfunction!(scan, m)?)?;
    m.add_function(wrap_pyfunction!(topk, m)?)?;
    let table: Vec<(&str, &str)> = REDUCTIONS.iter().map(|r| (r.name, r.doc)).collect();
    m.add("REDUCTIONS", table)?;
    let table: Vec<&str> = SCANS.iter().map(|s| s.name).collect();
    m.add("SCANS", table)
}

/// A reduction of the table by name; `axis` is `None` or several.
#[pyfunction]
fn reduce(
    py: Python<'_>,
    name: &str,
    x: &PyExpr,
    axis: Option<Vec<isize>>,
    keepdims: bool,
    ddof: f64,
) -> PyResult<PyExpr> {
    let axes = axes(axis, keepdims);
    build(py, || x.array.reduce(name, axes, ddof))
}

/// A cumulative operation of the table by name; without an axis, over all elements in C order.
#[pyfunction]
fn scan(py: Python<'_>, name: &str, x: &PyExpr, axis: Option<isize>) -> PyResult<PyExpr> {
    let axes = axis.map_or(Axes::ALL, Axes::from);
    build(py, || x.array.scan(name, axes))
}

#[pyfunction]
fn topk(py: Python<'_>, x: &PyExpr, k: isize, axis: isize, indices: bool) -> PyResult<PyExpr> {
    build(py, || match indices {
        true => x.array.argtopk(k, axis),
        false => x.array.topk(k, axis),
    })
}
