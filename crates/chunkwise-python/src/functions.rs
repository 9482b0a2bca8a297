//! Users' Python functions on chunks.

use chunkwise::{
    Array, Call, CallInput, CallOutput, CallTask, Chunk, Chunks, Error, Follow, Region,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};

use crate::arguments;
use crate::data::made;
use crate::errors::{OrRaise, raised};
use crate::expr::{PyExpr, build, build_all};
use crate::results::PyChunk;

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(call, m)?)?;
    m.add_function(wrap_pyfunction!(calls, m)?)
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
    let output = output(dtype, chunks)?;
    let (dtype, grid) = (output.dtype, output.grid.clone());
    let cut = trim.clone();
    let run = move |parts: &[Chunk], region: &Region| {
        let mut expected = region.shape.clone();
        for (len, (before, after)) in expected.iter_mut().zip(&cut) {
            *len += before + after;
        }
        let made = attached(|py| {
            let shape = PyTuple::new(py, expected.as_slice())?;
            let result = ask(py, &function, parts, &output, region, shape.into_any())?;
            made(&result, output.dtype)
        })?;
        checked(made, &expected)
    };
    let call = Call::new(name, call_inputs(inputs)?, run).trim(trim);
    build(py, || {
        let at = chunkwise::Location::caller();
        chunkwise::Expr::call(call, dtype, grid).map(|e| Array::from(e.at(at)))
    })
}

/// Several arrays made at once by `function(chunks, block, start, shapes)`, which gives a sequence of
/// NumPy arrays; `outputs` are their dtypes and chunks, `start` is the first one's.
#[pyfunction]
fn calls(
    py: Python<'_>,
    function: Py<PyAny>,
    name: String,
    inputs: Vec<(Py<PyExpr>, Vec<Option<PyFollow>>)>,
    outputs: Vec<(String, Vec<Vec<usize>>)>,
) -> PyResult<Vec<PyExpr>> {
    let outputs = outputs
        .into_iter()
        .map(|(dtype, chunks)| output(&dtype, chunks))
        .collect::<PyResult<Vec<_>>>()?;
    let known = outputs.clone();
    let run = move |task: &CallTask<'_>| {
        let chunks = attached(|py| {
            let shapes = PyList::empty(py);
            for region in task.regions {
                shapes.append(PyTuple::new(py, region.shape.as_slice())?)?;
            }
            let (first, region) = (&known[0], task.region());
            let results = ask(py, &function, task.inputs, first, region, shapes.into_any())?;
            let results: Vec<Bound<'_, PyAny>> = results.extract()?;
            if results.len() != known.len() {
                return Err(PyValueError::new_err(format!(
                    "the function gave {} results instead of {}",
                    results.len(),
                    known.len()
                )));
            }
            let pairs = results.iter().zip(&known);
            pairs
                .map(|(r, o)| made(r, o.dtype))
                .collect::<PyResult<Vec<Chunk>>>()
        })?;
        let pairs = chunks.into_iter().zip(task.regions);
        pairs
            .map(|(chunk, region)| checked(chunk, &region.shape))
            .collect()
    };
    let call = Call::many(name, call_inputs(inputs)?, outputs, run);
    build_all(py, || {
        let at = chunkwise::Location::caller();
        let made = chunkwise::Expr::calls(call)?;
        Ok(made.into_iter().map(|e| Array::from(e.at(at))).collect())
    })
}

fn output(dtype: &str, chunks: Vec<Vec<usize>>) -> PyResult<CallOutput> {
    let dtype = arguments::dtype(dtype)?;
    let shape: Vec<usize> = chunks.iter().map(|c| c.iter().sum()).collect();
    let grid = Chunks::Explicit(chunks)
        .resolve(&shape, dtype.size())
        .or_raise()?;
    Ok(CallOutput { dtype, grid })
}

fn call_inputs(inputs: Vec<(Py<PyExpr>, Vec<Option<PyFollow>>)>) -> PyResult<Vec<CallInput>> {
    let each = inputs.into_iter().map(|(expr, follows)| {
        Ok(CallInput {
            expr: expr.get().array.expr().or_raise()?.clone(),
            follow: follows.into_iter().map(follow).collect(),
        })
    });
    each.collect()
}

/// Runs something with Python, whose exception becomes the engine's error.
fn attached<T>(run: impl FnOnce(Python<'_>) -> PyResult<T>) -> chunkwise::Result<T> {
    Python::attach(|py| run(py).map_err(|error| raised(py, error)))
}

fn ask<'py>(
    py: Python<'py>,
    function: &Py<PyAny>,
    parts: &[Chunk],
    output: &CallOutput,
    region: &Region,
    shape: Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let list = PyList::empty(py);
    for part in parts {
        list.append(PyChunk::shared(part.clone()).into_pyobject(py)?)?;
    }
    let block = output.grid.axes().iter().zip(&region.start);
    let block: Vec<usize> = block.map(|(a, s)| a.find(*s)).collect();
    let start = PyTuple::new(py, region.start.as_slice())?;
    let block = PyTuple::new(py, block)?;
    function.bind(py).call1((list, block, start, shape))
}

fn checked(made: Chunk, expected: &[usize]) -> chunkwise::Result<Chunk> {
    if made.shape() != expected {
        return Err(Error::ShapeMismatch {
            operation: "the function's result",
            expected: expected.to_vec(),
            got: made.shape().to_vec(),
        });
    }
    Ok(made)
}
