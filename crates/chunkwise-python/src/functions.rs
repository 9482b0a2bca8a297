//! Users' Python functions on chunks.

use std::sync::Arc;

use chunkwise::{
    Array, Call, CallFunction, CallInput, CallOutput, CallTask, Chunk, Chunks, Error, Follow,
};
use pyo3::exceptions::{PyOverflowError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};

use crate::arguments::{self, Cut};
use crate::data::made;
use crate::errors::{OrRaise, raised};
use crate::expr::{PyExpr, build_all};
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

/// A user's Python function with what it must give.
pub(crate) struct PyFunction {
    function: Py<PyAny>,
    outputs: Vec<CallOutput>,
    trim: Vec<(usize, usize)>,
    /// Whether it gives a sequence of arrays.
    many: bool,
}

impl CallFunction for PyFunction {
    fn call(&self, task: &CallTask<'_>) -> chunkwise::Result<Vec<Chunk>> {
        let mut expected: Vec<Vec<usize>> = task.regions.iter().map(|r| r.shape.to_vec()).collect();
        for shape in &mut expected {
            for (len, (before, after)) in shape.iter_mut().zip(&self.trim) {
                *len += before + after;
            }
        }
        let chunks = Python::attach(|py| {
            let asked = self.ask(py, task, &expected);
            asked.map_err(|error| raised(py, error))
        })?;
        for (chunk, shape) in chunks.iter().zip(&expected) {
            if chunk.shape() != shape.as_slice() {
                return Err(Error::ShapeMismatch {
                    operation: "the function's result",
                    expected: shape.clone(),
                    got: chunk.shape().to_vec(),
                });
            }
        }
        Ok(chunks)
    }
}

impl PyFunction {
    fn ask(
        &self,
        py: Python<'_>,
        task: &CallTask<'_>,
        expected: &[Vec<usize>],
    ) -> PyResult<Vec<Chunk>> {
        let list = PyList::empty(py);
        for chunk in task.inputs {
            list.append(PyChunk::shared(chunk.clone()).into_pyobject(py)?)?;
        }
        let start = &task.region().start;
        let axes = self.outputs.first().map(|o| o.grid.axes());
        let block = axes.unwrap_or_default().iter().zip(start);
        let block: Vec<usize> = block.map(|(a, s)| a.find(*s)).collect();
        let (block, start) = (
            PyTuple::new(py, block)?,
            PyTuple::new(py, start.as_slice())?,
        );
        let shapes = expected.iter().map(|shape| PyTuple::new(py, shape));
        let shapes = shapes.collect::<PyResult<Vec<_>>>()?;
        let function = self.function.bind(py);
        let results: Vec<Bound<'_, PyAny>> = match (self.many, shapes.as_slice()) {
            (false, [shape]) => vec![function.call1((list, block, start, shape))?],
            _ => function.call1((list, block, start, shapes))?.extract()?,
        };
        if results.len() != self.outputs.len() {
            return Err(PyValueError::new_err(format!(
                "the function gave {} results instead of {}",
                results.len(),
                self.outputs.len()
            )));
        }
        let pairs = results.iter().zip(&self.outputs);
        pairs.map(|(r, o)| made(r, o.dtype)).collect()
    }

    /// What [`function`] makes it from.
    pub(crate) fn parts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let outputs = self.outputs.iter().map(|output| {
            let shape = PyTuple::new(py, output.grid.shape().as_slice())?;
            let cuts = arguments::cuts(py, &output.grid)?;
            (output.dtype.name(), shape, cuts).into_pyobject(py)
        });
        let outputs = outputs.collect::<PyResult<Vec<_>>>()?;
        let function = self.function.clone_ref(py);
        (function, outputs, self.trim.clone(), self.many).into_pyobject(py)
    }
}

/// A function by its parts.
pub(crate) fn function(
    function: Py<PyAny>,
    outputs: Vec<(String, Vec<usize>, Cut)>,
    trim: Vec<(usize, usize)>,
    many: bool,
) -> PyResult<PyFunction> {
    let outputs = outputs.into_iter().map(|(dtype, shape, chunks)| {
        let dtype = arguments::dtype(&dtype)?;
        let chunks = chunks.over(&shape, dtype)?;
        let grid = chunks.resolve(&shape, dtype.size()).or_raise()?;
        Ok(CallOutput { dtype, grid })
    });
    Ok(PyFunction {
        function,
        outputs: outputs.collect::<PyResult<_>>()?,
        trim,
        many,
    })
}

/// An array made by `function(chunks, block, start, shape)` for each of its chunks, which gives a NumPy
/// array of that shape and dtype: `chunks` are the inputs' parts, `block` the chunk's index. Calls of one
/// name, `identity`, inputs and result are one; without an identity each is another.
#[pyfunction]
#[pyo3(signature = (function, name, inputs, dtype, chunks, trim, identity=None))]
#[expect(clippy::too_many_arguments, reason = "Python's arguments")]
fn call(
    py: Python<'_>,
    function: Py<PyAny>,
    name: String,
    inputs: Vec<(Py<PyExpr>, Vec<Option<PyFollow>>)>,
    dtype: &str,
    chunks: Vec<Vec<usize>>,
    trim: Vec<(usize, usize)>,
    identity: Option<String>,
) -> PyResult<PyExpr> {
    let outputs = vec![output(dtype, chunks)?];
    let function = PyFunction {
        function,
        outputs,
        trim,
        many: false,
    };
    let mut made = run(py, function, name, inputs, identity)?;
    made.pop()
        .ok_or_else(|| PyValueError::new_err("a call without a result"))
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
    let function = PyFunction {
        function,
        outputs,
        trim: Vec::new(),
        many: true,
    };
    run(py, function, name, inputs, None)
}

fn run(
    py: Python<'_>,
    function: PyFunction,
    name: String,
    inputs: Vec<(Py<PyExpr>, Vec<Option<PyFollow>>)>,
    identity: Option<String>,
) -> PyResult<Vec<PyExpr>> {
    let (outputs, trim) = (function.outputs.clone(), function.trim.clone());
    let mut call = Call::of(
        name,
        call_inputs(inputs, &outputs)?,
        outputs,
        Arc::new(function),
    );
    call.trim = trim.into();
    call.identity = identity;
    build_all(py, || {
        let at = chunkwise::Location::caller();
        let made = chunkwise::Expr::calls(call)?;
        Ok(made.into_iter().map(|e| Array::from(e.at(at))).collect())
    })
}

fn output(dtype: &str, chunks: Vec<Vec<usize>>) -> PyResult<CallOutput> {
    let dtype = arguments::dtype(dtype)?;
    let lengths = chunks
        .iter()
        .map(|c| c.iter().try_fold(0usize, |n, s| n.checked_add(*s)));
    let shape: Option<Vec<usize>> = lengths.collect();
    let shape = shape.ok_or_else(|| PyOverflowError::new_err("chunks longer than any axis"))?;
    let grid = Chunks::Explicit(chunks)
        .resolve(&shape, dtype.size())
        .or_raise()?;
    Ok(CallOutput { dtype, grid })
}

fn call_inputs(
    inputs: Vec<(Py<PyExpr>, Vec<Option<PyFollow>>)>,
    outputs: &[CallOutput],
) -> PyResult<Vec<CallInput>> {
    let ndim = outputs.iter().map(|o| o.grid.axes().len()).min();
    let each = inputs.into_iter().map(|(expr, follows)| {
        let beyond = follows.iter().flatten().any(|f| match f {
            PyFollow::Chunk(axis) | PyFollow::Window((axis, ..)) => Some(*axis) >= ndim,
        });
        if beyond {
            return Err(PyValueError::new_err(
                "an input follows an axis that the result lacks",
            ));
        }
        Ok(CallInput {
            expr: expr.get().array.expr().or_raise()?.clone(),
            follow: follows.into_iter().map(follow).collect(),
        })
    });
    each.collect()
}
