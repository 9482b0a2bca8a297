//! Elementwise functions: one way in for every row of the engine's table.

use chunkwise::{FUNCTIONS, Limit, Operand, apply};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::arguments::{Argument, dtype};
use crate::expr::{PyExpr, build};

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(elementwise, m)?)?;
    m.add_function(wrap_pyfunction!(cast, m)?)?;
    m.add_function(wrap_pyfunction!(clip, m)?)?;
    m.add_function(wrap_pyfunction!(round, m)?)?;
    m.add_function(wrap_pyfunction!(isclose, m)?)?;
    m.add_function(wrap_pyfunction!(nan_to_num, m)?)?;
    let table: Vec<(&str, usize, &str)> =
        FUNCTIONS.iter().map(|f| (f.name, f.arity, f.doc)).collect();
    m.add("FUNCTIONS", table)
}

/// A function of the table by name, of arrays and numbers.
#[pyfunction]
#[pyo3(signature = (name, *args))]
fn elementwise(py: Python<'_>, name: &str, args: &Bound<'_, PyTuple>) -> PyResult<PyExpr> {
    let operands = args
        .iter()
        .map(|a| a.extract::<Argument>().map(|a| a.0))
        .collect::<PyResult<Vec<Operand>>>()?;
    build(py, || apply(name, &operands))
}

#[pyfunction]
fn cast(py: Python<'_>, x: &PyExpr, dtype: &str) -> PyResult<PyExpr> {
    let dtype = crate::arguments::dtype(dtype)?;
    build(py, || x.array.astype(dtype))
}

#[pyfunction]
fn clip(
    py: Python<'_>,
    x: &PyExpr,
    low: Option<Argument>,
    high: Option<Argument>,
) -> PyResult<PyExpr> {
    let (low, high) = (low.map(|a| a.0), high.map(|a| a.0));
    build(py, || x.array.clip(Limit::from(low), Limit::from(high)))
}

#[pyfunction]
fn round(py: Python<'_>, x: &PyExpr, decimals: i32) -> PyResult<PyExpr> {
    build(py, || x.array.round(decimals))
}

#[pyfunction]
fn isclose(
    py: Python<'_>,
    x: &PyExpr,
    y: Argument,
    rtol: f64,
    atol: f64,
    equal_nan: bool,
) -> PyResult<PyExpr> {
    build(py, || x.array.isclose(y.0, rtol, atol, equal_nan))
}

#[pyfunction]
fn nan_to_num(
    py: Python<'_>,
    x: &PyExpr,
    nan: f64,
    posinf: Option<f64>,
    neginf: Option<f64>,
) -> PyResult<PyExpr> {
    build(py, || x.array.nan_to_num(nan, posinf, neginf))
}

/// What two dtypes become together.
#[pyfunction]
pub(crate) fn promote(a: &str, b: &str) -> PyResult<&'static str> {
    Ok(dtype(a)?.promote(dtype(b)?).name())
}
