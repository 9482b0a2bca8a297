//! Advanced indexing and assignment.

use chunkwise::{DType, Part};
use pyo3::buffer::PyUntypedBuffer;
use pyo3::prelude::*;
use pyo3::types::PyInt;

use crate::arguments::{Argument, index_part};
use crate::data;
use crate::errors::OrRaise;
use crate::expr::{PyExpr, build, build_all};

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(advanced_index, m)?)?;
    m.add_function(wrap_pyfunction!(assign, m)?)?;
    m.add_function(wrap_pyfunction!(take_lazily, m)?)?;
    m.add_function(wrap_pyfunction!(take_along_axis, m)?)?;
    m.add_function(wrap_pyfunction!(nonzero, m)?)?;
    m.add_function(wrap_pyfunction!(argwhere, m)?)?;
    m.add_function(wrap_pyfunction!(flatnonzero, m)?)?;
    m.add_function(wrap_pyfunction!(selection, m)?)
}

/// Parts of an index: ints, slices, `None`, `...`; expressions, which are masks where bool and
/// positions to be computed else; and `int64` buffers in C order, which are known positions.
struct Parts(Vec<Part>);

impl<'a, 'py> FromPyObject<'a, 'py> for Parts {
    type Error = PyErr;

    fn extract(value: Borrowed<'a, 'py, PyAny>) -> PyResult<Parts> {
        let mut parts = Vec::new();
        for item in value.try_iter()? {
            parts.push(part(&item?)?);
        }
        Ok(Parts(parts))
    }
}

fn part(value: &Bound<'_, PyAny>) -> PyResult<Part> {
    if let Ok(expr) = value.cast::<PyExpr>() {
        let array = expr.get().array.clone();
        return Ok(match array.dtype() {
            DType::Bool => Part::Mask(array),
            _ => Part::Lazy(array),
        });
    }
    if value.is_instance_of::<PyInt>() {
        return index_part(value).map(Part::Basic);
    }
    match PyUntypedBuffer::get(value) {
        Ok(buffer) => {
            let chunk = data::chunk(buffer, DType::I64)?;
            let positions = chunk.to_vec::<i64>().or_raise()?;
            let positions = positions.into_iter().map(|p| p as isize).collect();
            Ok(Part::Positions(positions, chunk.shape().to_vec()))
        }
        Err(_) => index_part(value).map(Part::Basic),
    }
}

/// `x[parts]`; `pointwise` brings the arrays' axes to the front wherever they stand.
#[pyfunction]
fn advanced_index(py: Python<'_>, x: &PyExpr, parts: Parts, pointwise: bool) -> PyResult<PyExpr> {
    build(py, || match pointwise {
        true => x.array.vindex(&parts.0),
        false => x.array.index_advanced(&parts.0),
    })
}

/// `x` after `x[parts] = value`.
#[pyfunction]
fn assign(py: Python<'_>, x: &PyExpr, parts: Parts, value: Argument) -> PyResult<PyExpr> {
    build(py, || x.array.assign(&parts.0, value.0))
}

/// The elements at positions that are known only when computing.
#[pyfunction]
fn take_lazily(py: Python<'_>, x: &PyExpr, positions: &PyExpr, axis: usize) -> PyResult<PyExpr> {
    build(py, || x.array.take_lazily(&positions.array, axis))
}

#[pyfunction]
fn take_along_axis(py: Python<'_>, x: &PyExpr, indices: &PyExpr, axis: isize) -> PyResult<PyExpr> {
    build(py, || x.array.take_along_axis(&indices.array, axis))
}

#[pyfunction]
fn nonzero(py: Python<'_>, x: &PyExpr) -> PyResult<Vec<PyExpr>> {
    build_all(py, || x.array.nonzero())
}

#[pyfunction]
fn argwhere(py: Python<'_>, x: &PyExpr) -> PyResult<PyExpr> {
    build(py, || x.array.argwhere())
}

#[pyfunction]
fn flatnonzero(py: Python<'_>, x: &PyExpr) -> PyResult<PyExpr> {
    build(py, || x.array.flatnonzero())
}

/// What a boolean index is made of, if `x` is one: the array, the mask, and the axis.
#[pyfunction]
fn selection(x: &PyExpr) -> PyResult<Option<(PyExpr, PyExpr, usize)>> {
    let parts = x.array.selection().or_raise()?;
    Ok(parts.map(|(input, mask, axis)| (input.into(), mask.into(), axis)))
}
