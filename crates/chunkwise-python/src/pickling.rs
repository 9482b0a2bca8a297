//! Expressions as plain data, for pickles: their bytes, and handles of what Python must pickle itself.

use std::any::Any;
use std::path::PathBuf;
use std::sync::Arc;

use chunkwise::{
    Array, CallFunction, Chunk, MemorySource, NpySource, NpzSource, ParquetColumn, RawSource,
    Scalar, Source, ZarrArray, ZarrSource, wire,
};
use chunkwise_core::Kind;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};

use crate::arguments::{self, Arrays, Cut, Number};
use crate::cluster::PyElsewhere;
use crate::data::{Getter, made};
use crate::errors::OrRaise;
use crate::expr::PyExpr;
use crate::formats;
use crate::functions::{self, PyFunction};
use crate::results::PyChunk;

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<PySource>()?;
    m.add_class::<PyCallable>()?;
    m.add_function(wrap_pyfunction!(unpack, m)?)?;
    m.add_function(wrap_pyfunction!(encode, m)?)?;
    m.add_function(wrap_pyfunction!(decode, m)?)
}

/// The handle of an array's data.
#[pyclass(frozen, weakref, name = "Source", module = "chunkwise._chunkwise")]
struct PySource(Arc<dyn Source>);

#[pymethods]
impl PySource {
    /// The elements of a NumPy array in memory.
    #[staticmethod]
    fn memory(array: &Bound<'_, PyAny>, dtype: &str, name: String) -> PyResult<PySource> {
        let chunk: Chunk = made(array, arguments::dtype(dtype)?)?;
        Ok(PySource(Arc::new(MemorySource::new(name, chunk))))
    }

    /// A `.npy` file.
    #[staticmethod]
    fn npy(path: PathBuf) -> PyResult<PySource> {
        Ok(PySource(Arc::new(NpySource::open(path).or_raise()?)))
    }

    /// An array of a `.npz` file.
    #[staticmethod]
    fn npz(path: PathBuf, name: &str) -> PyResult<PySource> {
        Ok(PySource(formats::npz(path, name, None).or_raise()?))
    }

    /// A file of nothing but elements.
    #[staticmethod]
    fn raw(
        path: PathBuf,
        dtype: &str,
        shape: Vec<usize>,
        offset: u64,
        fortran_order: bool,
    ) -> PyResult<PySource> {
        let source = formats::raw(path, dtype, Some(shape), offset, fortran_order);
        Ok(PySource(source.or_raise()?))
    }

    /// A column of a Parquet file.
    #[staticmethod]
    fn parquet(path: PathBuf, column: &str, fill_value: Option<Number>) -> PyResult<PySource> {
        Ok(PySource(
            formats::parquet(path, column, fill_value).or_raise()?,
        ))
    }

    /// An array in a Zarr store.
    #[staticmethod]
    fn zarr(bytes: &[u8]) -> PyResult<PySource> {
        let array = ZarrArray::from_bytes(bytes).or_raise()?;
        Ok(PySource(Arc::new(ZarrSource::new(array))))
    }

    /// An array in bundles of other processes.
    #[staticmethod]
    fn elsewhere(name: String, dtype: &str, owner: &Bound<'_, PyTuple>) -> PyResult<PySource> {
        let source = PyElsewhere::new(name, dtype, owner, None)?;
        Ok(PySource(Arc::new(source)))
    }

    /// What `read(start, stop)` reads.
    #[staticmethod]
    fn getter(
        read: Py<PyAny>,
        name: String,
        shape: Vec<usize>,
        dtype: &str,
        chunks: Cut,
    ) -> PyResult<PySource> {
        let getter = Getter::new(read, name, shape, dtype, chunks)?;
        Ok(PySource(Arc::new(getter)))
    }

    /// The same for handles of the same data.
    #[getter]
    fn id(&self) -> String {
        format!("{:?}", self.0.id())
    }

    /// The name of the constructor above that makes it, and its arguments.
    fn parts<'py>(&self, py: Python<'py>) -> PyResult<(&'static str, Bound<'py, PyTuple>)> {
        let source: &dyn Any = &*self.0;
        if let Some(memory) = source.downcast_ref::<MemorySource>() {
            let chunk = memory.chunk();
            let handle = PyChunk::shared(chunk.clone());
            let parts = (handle, chunk.dtype().name(), self.0.name());
            Ok(("memory", parts.into_pyobject(py)?))
        } else if let Some(file) = source.downcast_ref::<NpySource>() {
            Ok(("npy", (file.path(),).into_pyobject(py)?))
        } else if let Some(member) = source.downcast_ref::<NpzSource>() {
            let parts = (member.path(), member.member_name());
            Ok(("npz", parts.into_pyobject(py)?))
        } else if let Some(file) = source.downcast_ref::<RawSource>() {
            let layout = file.layout();
            let big = layout.swapped == cfg!(target_endian = "little");
            let kind = match layout.dtype.kind() {
                Kind::Bool => 'b',
                Kind::Unsigned => 'u',
                Kind::Signed => 'i',
                Kind::Float => 'f',
                Kind::Complex => 'c',
            };
            let order = if big { '>' } else { '<' };
            let dtype = format!("{order}{kind}{}", layout.dtype.size());
            let shape = self.0.shape().to_vec();
            let parts = (
                file.path(),
                dtype,
                shape,
                layout.offset,
                layout.fortran_order,
            );
            Ok(("raw", parts.into_pyobject(py)?))
        } else if let Some(stored) = source.downcast_ref::<ZarrSource>()
            && let Some(bytes) = stored.array().to_bytes()
        {
            Ok(("zarr", (PyBytes::new(py, &bytes),).into_pyobject(py)?))
        } else if let Some(column) = source.downcast_ref::<ParquetColumn>() {
            let fill = match column.fill_value() {
                None | Some(Scalar::Complex(_)) => py.None().into_bound(py),
                Some(Scalar::Bool(b)) => b.into_pyobject(py)?.to_owned().into_any(),
                Some(Scalar::Int(i)) => i.into_pyobject(py)?.into_any(),
                Some(Scalar::Float(x)) => x.into_pyobject(py)?.into_any(),
            };
            let parts = (column.path(), column.column_name(), fill);
            Ok(("parquet", parts.into_pyobject(py)?))
        } else if let Some(getter) = source.downcast_ref::<Getter>() {
            Ok(("getter", getter.parts(py)?))
        } else if let Some(elsewhere) = source.downcast_ref::<PyElsewhere>() {
            Ok(("elsewhere", elsewhere.parts(py)?))
        } else {
            Err(PyTypeError::new_err(format!(
                "cannot pickle an array of {}",
                self.0.name()
            )))
        }
    }
}

/// The handle of a function on chunks.
#[pyclass(frozen, weakref, name = "Callable", module = "chunkwise._chunkwise")]
struct PyCallable(Arc<dyn CallFunction>);

#[pymethods]
impl PyCallable {
    /// A Python function with what it must give.
    #[new]
    fn new(
        function: Py<PyAny>,
        outputs: Vec<(String, Vec<usize>, Cut)>,
        trim: Vec<(usize, usize)>,
        many: bool,
    ) -> PyResult<PyCallable> {
        let function = functions::function(function, outputs, trim, many)?;
        Ok(PyCallable(Arc::new(function)))
    }

    /// The same for handles of the same function, as long as one of them lives.
    #[getter]
    fn id(&self) -> usize {
        Arc::as_ptr(&self.0).cast::<()>() as usize
    }

    /// The arguments that make it.
    fn parts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let function: &dyn Any = &*self.0;
        match function.downcast_ref::<PyFunction>() {
            Some(function) => function.parts(py),
            None => Err(PyTypeError::new_err(
                "cannot pickle an array made by a native function",
            )),
        }
    }
}

type Parts = (Py<PyBytes>, Vec<PySource>, Vec<PyCallable>);

/// Arrays as bytes, and the data and functions that the bytes name by number.
#[pyfunction]
fn encode(py: Python<'_>, arrays: Arrays) -> PyResult<Parts> {
    let arrays: Vec<&Array> = arrays.0.iter().collect();
    let encoded = py.detach(|| wire::encode(&arrays)).or_raise()?;
    Ok((
        PyBytes::new(py, &encoded.bytes).unbind(),
        encoded.sources.into_iter().map(PySource).collect(),
        encoded.functions.into_iter().map(PyCallable).collect(),
    ))
}

/// The way back.
#[pyfunction]
fn decode(
    bytes: &[u8],
    sources: Vec<Py<PySource>>,
    functions: Vec<Py<PyCallable>>,
) -> PyResult<Vec<PyExpr>> {
    let sources = sources.iter().map(|s| Arc::clone(&s.get().0));
    let functions = functions.iter().map(|f| Arc::clone(&f.get().0));
    let arrays = wire::decode(bytes, sources.collect(), functions.collect());
    let arrays = arrays.map_err(|e| PyValueError::new_err(e.to_string()))?;
    Ok(arrays.into_iter().map(PyExpr::from).collect())
}

/// Arrays that a program in Rust has packed with what they read.
#[pyfunction]
fn unpack(py: Python<'_>, bytes: &[u8]) -> PyResult<Vec<PyExpr>> {
    let arrays = py.detach(|| wire::unpack(bytes)).or_raise()?;
    Ok(arrays.into_iter().map(PyExpr::from).collect())
}
