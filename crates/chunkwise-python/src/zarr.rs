//! Arrays in Zarr stores.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chunkwise::zarr_store::{
    MemoryStore, Node, Reference, ReferenceStore, RemoteOptions, Version, children,
};
use chunkwise::{Array, Error, Layout, Region, Sink, StoreLocation, ZarrArray, ZarrSink};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::arguments::{self, Cut, cuts};
use crate::errors::OrRaise;
use crate::expr::PyExpr;

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(zarr_open, m)?)?;
    m.add_function(wrap_pyfunction!(zarr_children, m)?)?;
    m.add_function(wrap_pyfunction!(zarr_create, m)?)?;
    m.add_function(wrap_pyfunction!(zarr_region, m)?)?;
    m.add_function(wrap_pyfunction!(zarr_append, m)?)
}

/// Where Zarr hierarchies are kept.
#[pyclass(frozen, name = "Store", module = "chunkwise._chunkwise")]
pub(crate) struct PyStore {
    location: StoreLocation,
}

#[pymethods]
impl PyStore {
    /// The store that a path or URL names; settings, the longest time of a request in seconds, and
    /// how often it is made again are for services.
    #[staticmethod]
    fn parse(
        py: Python<'_>,
        url: &str,
        settings: Vec<(String, String)>,
        timeout: Option<f64>,
        retries: Option<usize>,
    ) -> PyResult<PyStore> {
        let mut options = RemoteOptions {
            settings,
            ..RemoteOptions::default()
        };
        if let Some(seconds) = timeout {
            options.timeout = Duration::try_from_secs_f64(seconds)
                .map_err(|e| PyValueError::new_err(format!("timeout = {seconds}: {e}")))?;
        }
        options.retries = retries.unwrap_or(options.retries);
        let location = py.detach(|| match url.split_once("://") {
            None | Some(("file", _)) => StoreLocation::parse(url),
            Some(_) => StoreLocation::remote(url, &options),
        });
        Ok(PyStore {
            location: location.or_raise()?,
        })
    }

    /// A new store in memory.
    #[staticmethod]
    fn memory() -> PyStore {
        PyStore {
            location: StoreLocation {
                store: Arc::new(MemoryStore::new()),
                root: "memory.zarr".to_owned(),
                path: String::new(),
            },
        }
    }

    /// A store of keys that stand for bytes, and of keys that stand for stretches of a file: each a
    /// key, its first byte, its bytes, and how many zeros are taken to follow.
    #[staticmethod]
    fn references(
        py: Python<'_>,
        file: PathBuf,
        values: Vec<(String, Vec<u8>)>,
        ranges: Vec<(String, u64, u64, u64)>,
    ) -> PyResult<PyStore> {
        let values = values.into_iter().map(|(k, v)| (k, Reference::Bytes(v)));
        let ranges = ranges.into_iter().map(|(key, offset, len, padding)| {
            let range = Reference::Range {
                file: 0,
                offset,
                len,
                padding,
            };
            (key, range)
        });
        let open = || {
            let name = file.display().to_string();
            ReferenceStore::open(name, vec![file.clone()], values.chain(ranges))
                .map_err(|e| Error::io("opening", &file, e))
        };
        Ok(PyStore {
            location: StoreLocation {
                store: Arc::new(py.detach(open).or_raise()?),
                root: String::new(),
                path: String::new(),
            },
        })
    }

    fn __repr__(&self) -> String {
        format!(
            "<Store {}/{}>",
            self.location.store.name(),
            self.location.root
        )
    }
}

impl PyStore {
    fn at(&self, path: &str) -> StoreLocation {
        self.location.clone().at(path)
    }
}

/// An array of a Zarr hierarchy.
#[pyclass(frozen, name = "ZarrArray", module = "chunkwise._chunkwise")]
pub(crate) struct PyZarrArray {
    array: Arc<ZarrArray>,
}

#[pymethods]
impl PyZarrArray {
    #[getter]
    fn shape<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.array.shape())
    }

    #[getter]
    fn dtype(&self) -> &'static str {
        self.array.dtype().name()
    }

    /// The stored chunks along each axis: shards, where there are shards.
    #[getter]
    fn stored_chunks<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        cuts(py, self.array.grid())
    }

    /// The smallest parts that can be decoded alone.
    #[getter]
    fn chunks<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        cuts(py, self.array.inner_grid())
    }

    /// The metadata as JSON.
    #[getter]
    fn document(&self) -> String {
        self.array.document().to_string()
    }

    #[getter]
    fn dimension_names(&self) -> Option<Vec<Option<String>>> {
        self.array.dimension_names()
    }

    #[getter]
    fn codecs(&self) -> Vec<String> {
        self.array.codecs()
    }

    #[getter]
    fn version(&self) -> u8 {
        self.array.version()
    }

    #[getter]
    fn name(&self) -> String {
        self.array.name()
    }

    /// The elements as a lazy array.
    fn expr(&self, chunks: Option<Cut>) -> PyResult<PyExpr> {
        let chunks = match chunks {
            None => None,
            Some(cut) => Some(cut.over(self.array.shape(), self.array.dtype())?),
        };
        let array = Array::of_zarr(Arc::clone(&self.array), chunks).or_raise()?;
        Ok(array.into())
    }
}

/// An array on its way into a Zarr hierarchy: it can be stored once.
#[pyclass(frozen, name = "ZarrSink", module = "chunkwise._chunkwise")]
pub(crate) struct PyZarrSink {
    sink: Mutex<Option<Arc<ZarrSink>>>,
}

impl PyZarrSink {
    fn new(sink: ZarrSink) -> PyZarrSink {
        PyZarrSink {
            sink: Mutex::new(Some(Arc::new(sink))),
        }
    }

    /// The sink, for the one run that may have it.
    pub(crate) fn take(&self) -> PyResult<Arc<dyn Sink>> {
        let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        let sink = sink.take().ok_or_else(used)?;
        Ok(sink)
    }

    /// The sink, to be looked at.
    pub(crate) fn peek(&self) -> PyResult<Arc<dyn Sink>> {
        let sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        let sink = sink.clone().ok_or_else(used)?;
        Ok(sink)
    }
}

#[pymethods]
impl PyZarrSink {
    /// What other processes need to write a part of it; `None` for a store in memory. It is committed or
    /// given up here.
    fn part(&self) -> PyResult<Option<Cow<'static, [u8]>>> {
        let sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        let sink = sink.as_ref().ok_or_else(used)?;
        Ok(sink.part().map(Cow::Owned))
    }

    /// Everything was written.
    fn commit(&self, py: Python<'_>) -> PyResult<()> {
        let sink = self.take()?;
        py.detach(|| sink.commit()).or_raise()
    }

    /// What was written is not wanted.
    fn abort(&self, py: Python<'_>) -> PyResult<()> {
        let sink = self.take()?;
        py.detach(|| sink.abort());
        Ok(())
    }
}

fn used() -> PyErr {
    PyValueError::new_err("the array was stored already, or the run has failed: make a new sink")
}

/// Opens the array at a path of a store.
#[pyfunction]
fn zarr_open(py: Python<'_>, store: &PyStore, path: &str) -> PyResult<PyZarrArray> {
    let location = store.at(path);
    let array = py
        .detach(|| ZarrArray::open(Arc::clone(&location.store), &location.full()))
        .or_raise()?;
    Ok(PyZarrArray {
        array: Arc::new(array),
    })
}

/// The names below a group, or `None` where an array is.
#[pyfunction]
fn zarr_children(py: Python<'_>, store: &PyStore, path: &str) -> PyResult<Option<Vec<String>>> {
    let location = store.at(path);
    py.detach(|| {
        let at = location.full();
        match Node::open(Arc::clone(&location.store), &at)? {
            Node::Array(_) => Ok(None),
            Node::Group(_) => children(&*location.store, &at).map(Some),
        }
    })
    .or_raise()
}

/// Begins a new array; `codecs`, `fill_value` and `attributes` are JSON.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "keywords of to_zarr")]
#[pyo3(signature = (store, path, shape, dtype, *, version, chunks, shards, codecs, fill_value,
    dimension_names, attributes, separator, fortran_order, overwrite, resume))]
fn zarr_create(
    py: Python<'_>,
    store: &PyStore,
    path: &str,
    shape: Vec<usize>,
    dtype: &str,
    version: u8,
    chunks: Vec<usize>,
    shards: Option<Vec<usize>>,
    codecs: Option<&str>,
    fill_value: Option<&str>,
    dimension_names: Option<Vec<Option<String>>>,
    attributes: Option<&str>,
    separator: Option<char>,
    fortran_order: bool,
    overwrite: bool,
    resume: bool,
) -> PyResult<PyZarrSink> {
    let json = |text: &str| {
        serde_json::from_str(text).map_err(|e| PyValueError::new_err(format!("{text}: {e}")))
    };
    let layout = Layout {
        version: match version {
            2 => Version::V2,
            3 => Version::V3,
            other => {
                let reason = format!("zarr_format = {other}: known are 2 and 3");
                return Err(PyValueError::new_err(reason));
            }
        },
        chunks: chunks.into(),
        shards: shards.map(Into::into),
        codecs: codecs.map(json).transpose()?,
        fill_value: fill_value.map(json).transpose()?,
        dimension_names,
        attributes: match attributes.map(json).transpose()? {
            Some(serde_json::Value::Object(map)) => map,
            None => Default::default(),
            Some(other) => {
                return Err(PyValueError::new_err(format!(
                    "attributes = {other}: no mapping"
                )));
            }
        },
        separator,
        fortran_order,
        ..Layout::default()
    };
    let (dtype, location) = (arguments::dtype(dtype)?, store.at(path));
    let create = || ZarrSink::create(location, &layout, &shape, dtype, overwrite, resume);
    py.detach(create).or_raise().map(PyZarrSink::new)
}

/// Begins to write into a region of an array.
#[pyfunction]
fn zarr_region(array: &PyZarrArray, start: Vec<usize>, shape: Vec<usize>) -> PyResult<PyZarrSink> {
    let region = Region::new(start, shape);
    let sink = ZarrSink::region(Arc::clone(&array.array), &region);
    sink.or_raise().map(PyZarrSink::new)
}

/// Begins to write behind the end of an array along an axis.
#[pyfunction]
fn zarr_append(array: &PyZarrArray, shape: Vec<usize>, axis: usize) -> PyResult<PyZarrSink> {
    let sink = ZarrSink::append(&array.array, &shape, axis);
    sink.or_raise().map(PyZarrSink::new)
}
