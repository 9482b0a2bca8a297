//! Memory and objects of others as arrays.

use std::sync::Arc;

use chunkwise::{Array, Chunk, DType, Element, Error, Grid, Region, Source, ViewMut};
use chunkwise_core::{SourceId, dispatch};
use pyo3::buffer::PyUntypedBuffer;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::arguments::{self, Cut};
use crate::errors::{OrRaise, raised};
use crate::expr::{PyExpr, build};

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(from_buffer, m)?)?;
    m.add_function(wrap_pyfunction!(from_getter, m)?)?;
    m.add_function(wrap_pyfunction!(from_npy, m)?)
}

/// The memory of a buffer, which stays exported for as long as this lives.
struct Exported<T> {
    first: *const T,
    len: usize,
    _buffer: PyUntypedBuffer,
}

// SAFETY: the memory belongs to the exporter, which keeps it in place while the buffer is held; it is
// only read. Whoever exports writable memory and writes to it during a computation gets either value,
// as with every array library that does not copy.
#[expect(unsafe_code, reason = "foreign memory is shared between threads")]
unsafe impl<T> Send for Exported<T> {}
// SAFETY: as above.
#[expect(unsafe_code, reason = "foreign memory is shared between threads")]
unsafe impl<T> Sync for Exported<T> {}

impl<T> AsRef<[T]> for Exported<T> {
    fn as_ref(&self) -> &[T] {
        #[expect(
            unsafe_code,
            reason = "the one place where foreign memory becomes a slice"
        )]
        // SAFETY: `chunk` computed the first address and the number of elements from the buffer's own
        // shape and strides, and checked the alignment.
        unsafe {
            std::slice::from_raw_parts(self.first, self.len)
        }
    }
}

/// A chunk over the memory of a buffer of this dtype, without a copy. The caller sees to alignment and
/// native byte order, for which it must copy.
pub(crate) fn chunk(buffer: PyUntypedBuffer, dtype: DType) -> PyResult<Chunk> {
    let ndim = buffer.dimensions();
    leading(buffer, dtype, ndim)
}

/// The same of the first `ndim` axes; the others have length 1.
fn leading(buffer: PyUntypedBuffer, dtype: DType, ndim: usize) -> PyResult<Chunk> {
    if buffer.item_size() != dtype.size() {
        return Err(PyTypeError::new_err(format!(
            "a buffer of {} bytes per element as {dtype}",
            buffer.item_size()
        )));
    }
    dispatch!(all dtype, T => typed::<T>(buffer, ndim))
}

/// The chunk over an object's memory. A buffer without axes is none to PyO3, so NumPy gives it one.
fn exported(value: &Bound<'_, PyAny>, dtype: DType) -> PyResult<Chunk> {
    let py = value.py();
    let axes = value.getattr_opt(intern!(py, "ndim"))?;
    if axes.is_some_and(|n| n.extract::<usize>().is_ok_and(|n| n == 0)) {
        let line = value.call_method1(intern!(py, "reshape"), (1,))?;
        return leading(PyUntypedBuffer::get(&line)?, dtype, 0);
    }
    chunk(PyUntypedBuffer::get(value)?, dtype)
}

fn typed<T: Element>(buffer: PyUntypedBuffer, ndim: usize) -> PyResult<Chunk> {
    let shape = buffer.shape()[..ndim].to_vec();
    let item = size_of::<T>() as isize;
    if shape.contains(&0) {
        return Chunk::from_owner(Vec::<T>::new(), &shape).or_raise();
    }
    let base = buffer.buf_ptr();
    let unaligned = !(base as usize).is_multiple_of(align_of::<T>());
    if unaligned || buffer.strides().iter().any(|s| s % item != 0) {
        return Err(PyValueError::new_err(
            "a buffer whose elements are not aligned",
        ));
    }
    let strides = buffer.strides()[..ndim].iter().map(|s| s / item);
    let strides: Vec<isize> = strides.collect();
    let (mut low, mut high) = (0isize, 0isize);
    for (len, stride) in shape.iter().zip(&strides) {
        let reach = stride * (*len as isize - 1);
        low += reach.min(0);
        high += reach.max(0);
    }
    let owner = Exported::<T> {
        first: base.cast::<T>().wrapping_offset(low),
        len: (high - low + 1) as usize,
        _buffer: buffer,
    };
    Chunk::from_strided(owner, low.unsigned_abs(), &shape, &strides).or_raise()
}

/// An array over the memory of an object with the buffer protocol, without a copy.
#[pyfunction]
fn from_buffer(
    py: Python<'_>,
    buffer: &Bound<'_, PyAny>,
    dtype: &str,
    chunks: Cut,
) -> PyResult<PyExpr> {
    let dtype = arguments::dtype(dtype)?;
    let chunk = exported(buffer, dtype)?;
    let chunks = chunks.over(chunk.shape(), dtype)?;
    build(py, || Array::from_chunk(chunk, chunks))
}

/// What a Python function has made, which gives an array of `dtype` in native byte order.
pub(crate) fn made(value: &Bound<'_, PyAny>, dtype: DType) -> PyResult<Chunk> {
    exported(value, dtype)
}

/// An object of Python's that is read region by region.
#[derive(Debug)]
pub(crate) struct Getter {
    read: Py<PyAny>,
    name: String,
    shape: Vec<usize>,
    dtype: DType,
    grid: Grid,
    id: SourceId,
}

impl Getter {
    /// The source that `read(start, stop)` reads, which gives a NumPy array of that region.
    pub(crate) fn new(
        read: Py<PyAny>,
        name: String,
        shape: Vec<usize>,
        dtype: &str,
        chunks: Cut,
    ) -> PyResult<Getter> {
        let dtype = arguments::dtype(dtype)?;
        let chunks = chunks.over(&shape, dtype)?;
        let grid = chunks.resolve(&shape, dtype.size()).or_raise()?;
        let id = SourceId::unique();
        Ok(Getter {
            read,
            name,
            shape,
            dtype,
            grid,
            id,
        })
    }

    /// What [`new`](Self::new) makes it from.
    pub(crate) fn parts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let shape = PyTuple::new(py, &self.shape)?;
        let cuts = arguments::cuts(py, &self.grid)?;
        let read = self.read.clone_ref(py);
        (read, &self.name, shape, self.dtype.name(), cuts).into_pyobject(py)
    }
}

impl Source for Getter {
    fn id(&self) -> SourceId {
        self.id
    }

    fn name(&self) -> String {
        self.name.clone()
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn dtype(&self) -> DType {
        self.dtype
    }

    fn grid(&self) -> Option<Grid> {
        Some(self.grid.clone())
    }

    fn read(&self, region: &Region, mut out: ViewMut<'_>) -> chunkwise::Result<()> {
        let chunk = Python::attach(|py| {
            let ends: Vec<usize> = (0..region.ndim()).map(|a| region.end(a)).collect();
            let start = PyTuple::new(py, region.start.as_slice())?;
            let part = (self.read.bind(py)).call1((start, PyTuple::new(py, ends)?))?;
            made(&part, self.dtype)
        })
        .map_err(|e| Python::attach(|py| raised(py, e)))?;
        if !out.copy_from(&chunk.view()) {
            return Err(Error::ShapeMismatch {
                operation: "reading a region",
                expected: out.shape().to_vec(),
                got: chunk.shape().to_vec(),
            });
        }
        Ok(())
    }
}

/// An array that is read through `read(start, stop)`, which gives a NumPy array of that region.
#[pyfunction]
fn from_getter(
    py: Python<'_>,
    read: Py<PyAny>,
    name: String,
    shape: Vec<usize>,
    dtype: &str,
    chunks: Cut,
) -> PyResult<PyExpr> {
    let source = Getter::new(read, name, shape, dtype, chunks)?;
    build(py, || Array::from_source(Arc::new(source), None))
}

/// The array in a `.npy` file.
#[pyfunction]
fn from_npy(py: Python<'_>, path: std::path::PathBuf, chunks: Option<Cut>) -> PyResult<PyExpr> {
    let array = build(py, || Array::from_npy(path))?;
    match chunks {
        None => Ok(array),
        Some(cut) => {
            let cut = cut.over(array.array.shape(), array.array.dtype())?;
            build(py, || array.array.rechunk(cut))
        }
    }
}
