//! Users' Python functions on chunks.

use std::sync::Arc;

use chunkwise::{Array, Call, CallInput, Chunk, Chunks, Error, Follow, Region};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};

use crate::arguments;
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
    let shape: Vec<usize> = chunks.iter().map(|c| c.iter().sum()).collect();
    let grid = Chunks::Explicit(chunks)
        .resolve(&shape, dtype.size())
        .or_raise()?;
    let cuts = grid.clone();
    let cut = trim.clone();
    let run = move |parts: &[Chunk], region: &Region| {
        let mut expected = region.shape.clone();
        for (len, (before, after)) in expected.iter_mut().zip(&cut) {
            *len += before + after;
        }
        let chunk = Python::attach(|py| {
            let list = PyList::empty(py);
            for part in parts {
                list.append(PyChunk::shared(part.clone()).into_pyobject(py)?)?;
            }
            let block = cuts.axes().iter().zip(&region.start);
            let block: Vec<usize> = block.map(|(a, s)| a.find(*s)).collect();
            let arguments = (
                list,
                PyTuple::new(py, block)?,
                PyTuple::new(py, region.start.as_slice())?,
                PyTuple::new(py, expected.as_slice())?,
            );
            made(&function.bind(py).call1(arguments)?, dtype)
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
    };
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
        function: Arc::new(run),
        inputs,
        trim: trim.into(),
    };
    build(py, || {
        let at = chunkwise::Location::caller();
        chunkwise::Expr::call(call, dtype, grid).map(|e| Array::from(e.at(at)))
    })
}
