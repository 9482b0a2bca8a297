//! Products of arrays.

use chunkwise::Contracted;
use pyo3::prelude::*;

use crate::arguments::Arrays;
use crate::expr::{PyExpr, build};

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(matmul, m)?)?;
    m.add_function(wrap_pyfunction!(dot, m)?)?;
    m.add_function(wrap_pyfunction!(vdot, m)?)?;
    m.add_function(wrap_pyfunction!(inner, m)?)?;
    m.add_function(wrap_pyfunction!(outer, m)?)?;
    m.add_function(wrap_pyfunction!(kron, m)?)?;
    m.add_function(wrap_pyfunction!(vecdot, m)?)?;
    m.add_function(wrap_pyfunction!(tensordot, m)?)?;
    m.add_function(wrap_pyfunction!(einsum, m)?)
}

macro_rules! pairs {
    ($($name:ident),*) => {$(
        #[pyfunction]
        fn $name(py: Python<'_>, a: &PyExpr, b: &PyExpr) -> PyResult<PyExpr> {
            build(py, || a.array.$name(&b.array))
        }
    )*};
}

pairs!(matmul, dot, vdot, inner, outer, kron);

#[pyfunction]
fn vecdot(py: Python<'_>, a: &PyExpr, b: &PyExpr, axis: isize) -> PyResult<PyExpr> {
    build(py, || a.array.vecdot(&b.array, axis))
}

/// `axes` is a count, or two lists.
#[pyfunction]
fn tensordot(
    py: Python<'_>,
    a: &PyExpr,
    b: &PyExpr,
    axes: (Vec<isize>, Vec<isize>),
) -> PyResult<PyExpr> {
    build(py, || {
        a.array
            .tensordot(&b.array, Contracted::Pairs(axes.0, axes.1))
    })
}

#[pyfunction]
fn einsum(py: Python<'_>, subscripts: &str, arrays: Arrays) -> PyResult<PyExpr> {
    build(py, || chunkwise::einsum(subscripts, arrays.0))
}
