//! Users' Python functions on chunks.

use std::sync::Arc;

use chunkwise::{
    Array, Call, CallInput, Chunk, ChunkFunction, Chunks, DType, Error, Follow, Grid, Region,
};
use pyo3::exceptions::PyOverflowError;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};

use crate::arguments::{self, Cut};
use crate::data::made;
use crate::errors::{OrRaise, raised};
use crate::expr::{PyExpr, build};
use crate::results::PyChunk;

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(call, m)?)
}

/// What an axis of an input follows: nothing (`None`, the function gets all of it), the chunks of an
/// axis of the result, or a window of the result's chunk: (axis, offset, before, after).
#[derive(FromPyObject)]
enum PyFollow {
    Chunk(usize),
    Window((usize, usize, usize, usize)),
}

fn follow(given: Option<PyFollow>) -> Follow {
    match given {
        None => Follow::Whole,
        Some(PyFollow::Chunk(axis)) => Follow::Chunk { axis },
        Some(PyFollow::Window((axis, offset, before, after))) => Follow::Window {
            axis,
            offset,
            before,
            after,
        },
    }
}

/// A user's Python function with what it must give.
pub(crate) struct PyFunction {
    function: Py<PyAny>,
    dtype: DType,
    grid: Grid,
    trim: Vec<(usize, usize)>,
}

impl ChunkFunction for PyFunction {
    fn call(&self, chunks: &[Chunk], region: &Region) -> chunkwise::Result<Chunk> {
        let mut expected = region.shape.clone();
        for (len, (before, after)) in expected.iter_mut().zip(&self.trim) {
            *len += before + after;
        }
        let chunk = Python::attach(|py| {
            let list = PyList::empty(py);
            for chunk in chunks {
                list.append(PyChunk::shared(chunk.clone()).into_pyobject(py)?)?;
            }
            let block = self.grid.axes().iter().zip(&region.start);
            let block: Vec<usize> = block.map(|(a, s)| a.find(*s)).collect();
            let arguments = (
                list,
                PyTuple::new(py, block)?,
                PyTuple::new(py, region.start.as_slice())?,
                PyTuple::new(py, expected.as_slice())?,
            );
            made(&self.function.bind(py).call1(arguments)?, self.dtype)
        })
        .map_err(|e| Python::attach(|py| raised(py, e)))?;
        if chunk.shape() != expected.as_slice() {
            return Err(Error::ShapeMismatch {
                operation: "the function's result",
                expected: expected.to_vec(),
                got: chunk.shape().to_vec(),
            });
        }
        Ok(chunk)
    }
}

impl PyFunction {
    /// What [`function`] makes it from.
    pub(crate) fn parts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let shape = PyTuple::new(py, self.grid.shape().as_slice())?;
        let cuts = arguments::cuts(py, &self.grid)?;
        let function = self.function.clone_ref(py);
        (function, self.dtype.name(), shape, cuts, self.trim.clone()).into_pyobject(py)
    }
}

/// A function by its parts.
pub(crate) fn function(
    function: Py<PyAny>,
    dtype: &str,
    shape: &[usize],
    chunks: Cut,
    trim: Vec<(usize, usize)>,
) -> PyResult<PyFunction> {
    let dtype = arguments::dtype(dtype)?;
    let chunks = chunks.over(shape, dtype)?;
    Ok(PyFunction {
        function,
        dtype,
        grid: chunks.resolve(shape, dtype.size()).or_raise()?,
        trim,
    })
}

/// An array made by `function(chunks, block, start, shape)` for each of its chunks, which gives a NumPy
/// array of that shape and dtype: `chunks` are the inputs' parts, `block` the chunk's index.
#[pyfunction]
fn call(
    py: Python<'_>,
    function: Py<PyAny>,
    name: String,
    inputs: Vec<(Py<PyExpr>, Vec<Option<PyFollow>>)>,
    dtype: &str,
    chunks: Vec<Vec<usize>>,
    trim: Vec<(usize, usize)>,
) -> PyResult<PyExpr> {
    let dtype = arguments::dtype(dtype)?;
    let lengths = chunks
        .iter()
        .map(|c| c.iter().try_fold(0usize, |n, s| n.checked_add(*s)));
    let shape: Option<Vec<usize>> = lengths.collect();
    let shape = shape.ok_or_else(|| PyOverflowError::new_err("chunks longer than any axis"))?;
    let grid = Chunks::Explicit(chunks)
        .resolve(&shape, dtype.size())
        .or_raise()?;
    let inputs = inputs
        .into_iter()
        .map(|(expr, follows)| {
            Ok(CallInput {
                expr: expr.get().array.expr().or_raise()?.clone(),
                follow: follows.into_iter().map(follow).collect(),
            })
        })
        .collect::<PyResult<Vec<_>>>()?;
    let call = Call {
        name,
        function: Arc::new(PyFunction {
            function,
            dtype,
            grid: grid.clone(),
            trim: trim.clone(),
        }),
        inputs,
        trim: trim.into(),
    };
    build(py, || {
        let at = chunkwise::Location::caller();
        chunkwise::Expr::call(call, dtype, grid).map(|e| Array::from(e.at(at)))
    })
}
