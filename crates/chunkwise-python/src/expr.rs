//! The handle of a lazy array.

use chunkwise::{Array, Location};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyString, PyTuple};

use crate::errors::OrRaise;

/// A lazy array without its Python clothes: immutable, cheap, shared between threads.
#[pyclass(frozen, name = "Expr", module = "chunkwise._chunkwise")]
pub(crate) struct PyExpr {
    pub(crate) array: Array,
}

impl From<Array> for PyExpr {
    fn from(array: Array) -> PyExpr {
        PyExpr { array }
    }
}

#[pymethods]
impl PyExpr {
    /// The length of each axis; an upper bound along `unknown_axis`.
    #[getter]
    fn shape<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.array.shape())
    }

    #[getter]
    fn ndim(&self) -> usize {
        self.array.ndim()
    }

    #[getter]
    fn size(&self) -> usize {
        self.array.size()
    }

    #[getter]
    fn nbytes(&self) -> u64 {
        self.array.nbytes()
    }

    /// The dtype's name.
    #[getter]
    fn dtype(&self) -> &'static str {
        self.array.dtype().name()
    }

    /// The lengths of the chunks along each axis.
    #[getter]
    fn chunks<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let axes = self.array.chunks().axes().iter();
        let axes = axes.map(|a| PyTuple::new(py, a.sizes().collect::<Vec<_>>()));
        PyTuple::new(py, axes.collect::<PyResult<Vec<_>>>()?)
    }

    /// The number of chunks along each axis.
    #[getter]
    fn numblocks<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.array.numblocks().as_slice())
    }

    /// The length of the longest chunk along each axis.
    #[getter]
    fn chunksize<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.array.chunks().largest().as_slice())
    }

    /// The axis whose length is known only after computing.
    #[getter]
    fn unknown_axis(&self) -> PyResult<Option<usize>> {
        Ok(self.array.expr().or_raise()?.unknown_axis())
    }

    /// The same for two arrays that are made alike.
    #[getter]
    fn key(&self) -> PyResult<String> {
        Ok(format!("{:?}", self.array.expr().or_raise()?.id()))
    }

    /// A word or two: `"mean(axis=0)"`.
    #[getter]
    fn label(&self) -> PyResult<String> {
        Ok(self.array.expr().or_raise()?.label())
    }

    /// The file and the line of the user's program that made it.
    #[getter]
    fn location(&self) -> Option<(&'static str, u32)> {
        self.array.location().map(|place| (place.file, place.line))
    }

    fn __repr__(&self) -> String {
        self.array.to_string()
    }
}

/// Builds an array whose place of making is the line of the user's program that called the package.
pub(crate) fn build(
    py: Python<'_>,
    make: impl FnOnce() -> chunkwise::Result<Array>,
) -> PyResult<PyExpr> {
    match place(py) {
        Some(location) => location.scoped(make),
        None => make(),
    }
    .or_raise()
    .map(PyExpr::from)
}

/// The same for several arrays.
pub(crate) fn build_all(
    py: Python<'_>,
    make: impl FnOnce() -> chunkwise::Result<Vec<Array>>,
) -> PyResult<Vec<PyExpr>> {
    let made = match place(py) {
        Some(location) => location.scoped(make),
        None => make(),
    };
    Ok(made.or_raise()?.into_iter().map(PyExpr::from).collect())
}

/// The innermost line of Python code outside the package.
pub(crate) fn place(py: Python<'_>) -> Option<Location> {
    static GETFRAME: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let getframe = GETFRAME.import(py, "sys", "_getframe").ok()?;
    let mut frame = getframe.call0().ok()?;
    loop {
        let globals = frame.getattr(intern!(py, "f_globals")).ok()?;
        let name = globals.get_item(intern!(py, "__name__")).ok();
        let ours = name.is_some_and(|n| {
            n.cast::<PyString>().is_ok_and(|n| {
                n.to_str()
                    .is_ok_and(|n| n.split('.').next() == Some("chunkwise"))
            })
        });
        if !ours {
            break;
        }
        frame = frame.getattr(intern!(py, "f_back")).ok()?;
        if frame.is_none() {
            return None;
        }
    }
    let line = frame
        .getattr(intern!(py, "f_lineno"))
        .ok()?
        .extract()
        .ok()?;
    let code = frame.getattr(intern!(py, "f_code")).ok()?;
    let file = code.getattr(intern!(py, "co_filename")).ok()?;
    Some(Location::new(
        file.cast::<PyString>().ok()?.to_str().ok()?,
        line,
    ))
}
