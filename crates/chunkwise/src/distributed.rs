//! Arrays computed on the workers of a Dask cluster, through the Python package.
//!
//! With the feature `distributed` the program has a Python interpreter in it, in which the packages `chunkwise` (of this
//! version) and `distributed` must be installed: that of the environment variable `VIRTUAL_ENV`, if it is set, else
//! the one that the program was built with.
//!
//! ```no_run
//! use chunkwise::distributed::Client;
//! use chunkwise::Array;
//! let client = Client::connect("tcp://10.0.0.5:8786")?;
//! let x = Array::from_zarr("/data/heights.zarr")?;
//! let means = client.compute(&[&x.mean(0)?])?;
//! # Ok::<_, chunkwise::Error>(())
//! ```

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chunkwise_core::{Chunk, DType, Error, Pool, Result, Sink};
use chunkwise_exec::CancelToken;
use pyo3::buffer::PyBuffer;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList};

use crate::{Array, wire};

/// How often a computation looks at whether it is cancelled.
const LOOK: Duration = Duration::from_millis(50);

/// A client of a cluster.
#[derive(Debug)]
pub struct Client {
    client: Py<PyAny>,
    cancel: CancelToken,
}

impl Client {
    /// A client of the scheduler at an address: `"tcp://10.0.0.5:8786"`.
    ///
    /// # Errors
    /// [`Error::User`] with Python's error: where the packages are missing, nobody answers, or the cluster has
    /// another version of chunkwise.
    pub fn connect(address: &str) -> Result<Client> {
        Client::connect_with(address, None)
    }

    /// The same with a folder that this process and all workers can read and write: exchanges of very many
    /// pieces go through files there, and large arrays of this process.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub fn connect_with(address: &str, scratch_directory: Option<&Path>) -> Result<Client> {
        attached(|py| {
            find_packages(py)?;
            let distributed = py.import("chunkwise.distributed")?;
            let options = PyDict::new(py);
            options.set_item("scratch_directory", scratch_directory)?;
            let client = distributed.getattr("Client")?;
            let client = client.call((address,), Some(&options))?;
            Ok(Client {
                client: client.unbind(),
                cancel: CancelToken::new(),
            })
        })
    }

    /// The same with computations that are cancelled, with [`Error::Cancelled`], once `token` is.
    pub fn with_cancel(mut self, token: CancelToken) -> Client {
        self.cancel = token;
        self
    }

    /// Computes several arrays on the cluster, what they share once.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for arrays with functions of this program, which workers do not have; else
    /// [`Error::User`] with Python's error.
    pub fn compute(&self, arrays: &[&Array]) -> Result<Vec<Chunk>> {
        let packed = wire::pack(arrays)?;
        self.attached(|py| {
            let arrays = unpacked(py, &packed)?;
            let futures = self.client.bind(py).call_method1("compute", (arrays,))?;
            let Some(values) = self.waited(py, &futures)? else {
                return Ok(None);
            };
            let chunks = values.try_iter()?.map(|value| elements(py, &value?));
            Ok(Some(chunks.collect::<PyResult<Vec<Chunk>>>()?))
        })
    }

    /// Computes several arrays on the cluster, whose workers write each to its sink, which they must reach too.
    ///
    /// # Errors
    /// As [`compute`](Self::compute); [`Error::InvalidArgument`] for a sink that only this process can write to.
    pub fn store(&self, arrays: &[&Array], sinks: Vec<Arc<dyn Sink>>) -> Result<()> {
        let stored = self.try_store(arrays, &sinks);
        let stored = stored.and_then(|()| sinks.iter().try_for_each(|s| s.commit()));
        if stored.is_err() {
            sinks.iter().for_each(|s| s.abort());
        }
        stored
    }

    fn try_store(&self, arrays: &[&Array], sinks: &[Arc<dyn Sink>]) -> Result<()> {
        if arrays.len() != sinks.len() {
            return Err(Error::argument(
                "store on a cluster",
                "sinks",
                sinks.len(),
                format!("for {} arrays", arrays.len()),
            ));
        }
        let parts = sinks.iter().map(|sink| {
            sink.part().ok_or_else(|| {
                let reason =
                    "other processes cannot write to it: give a Zarr array on shared storage";
                Error::argument("store on a cluster", "target", sink.name(), reason)
            })
        });
        let parts: Vec<Vec<u8>> = parts.collect::<Result<_>>()?;
        let packed = wire::pack(arrays)?;
        self.attached(|py| {
            let arrays = unpacked(py, &packed)?;
            let parts = parts.iter().map(|p| PyBytes::new(py, p));
            let parts = PyList::new(py, parts)?;
            let future = self
                .client
                .bind(py)
                .call_method1("_store_parts", (arrays, parts))?;
            Ok(self.waited(py, &future)?.map(drop))
        })
    }

    /// What computing some arrays on the cluster would do, as text.
    ///
    /// # Errors
    /// As [`compute`](Self::compute).
    pub fn explain(&self, arrays: &[&Array]) -> Result<String> {
        let packed = wire::pack(arrays)?;
        attached(|py| {
            let arrays = unpacked(py, &packed)?;
            let explained = self.client.bind(py).call_method1("explain", (arrays,))?;
            explained.extract()
        })
    }

    /// Waits for futures, and gathers them; `None` once the computation is cancelled.
    fn waited<'py>(
        &self,
        py: Python<'py>,
        futures: &Bound<'py, PyAny>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let client = self.client.bind(py);
        let all: Vec<Bound<'_, PyAny>> = match futures.cast::<PyList>() {
            Ok(list) => list.iter().collect(),
            Err(_) => vec![futures.clone()],
        };
        for future in &all {
            while !future.call_method0("done")?.is_truthy()? {
                py.detach(|| std::thread::sleep(LOOK));
                if self.cancel.is_cancelled() {
                    client.call_method1("cancel", (futures,))?;
                    return Ok(None);
                }
            }
        }
        client.call_method1("gather", (futures,)).map(Some)
    }

    fn attached<T>(&self, work: impl FnOnce(Python<'_>) -> PyResult<Option<T>>) -> Result<T> {
        attached(work)?.ok_or(Error::Cancelled)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // There is nobody left to tell of an error.
        let _ = Python::try_attach(|py| self.client.bind(py).call_method0("close").map(drop));
    }
}

fn attached<T>(work: impl FnOnce(Python<'_>) -> PyResult<T>) -> Result<T> {
    Python::attach(|py| work(py).map_err(|e| Error::User(Arc::new(Raised::of(py, &e)))))
}

/// The packages of the virtual environment, which an interpreter within a program does not look for.
fn find_packages(py: Python<'_>) -> PyResult<()> {
    let Some(environment) = std::env::var_os("VIRTUAL_ENV") else {
        return Ok(());
    };
    let version = py.version_info();
    let version = format!("python{}.{}", version.major, version.minor);
    let packages = Path::new(&environment).join("lib").join(version);
    let packages = packages.join("site-packages");
    let sys = py.import("sys")?;
    let before: Vec<String> = sys.getattr("path")?.extract()?;
    py.import("site")?.call_method1("addsitedir", (packages,))?;
    let mut added: Vec<String> = sys.getattr("path")?.extract()?;
    let added = added.split_off(before.len().min(added.len()));
    // Before what the interpreter itself was installed with.
    let place = before.iter().position(|p| p.ends_with("site-packages"));
    let (first, last) = before.split_at(place.unwrap_or(before.len()));
    sys.setattr("path", [first, &added, last].concat())
}

fn unpacked<'py>(py: Python<'py>, packed: &[u8]) -> PyResult<Bound<'py, PyList>> {
    let native = py.import("chunkwise._chunkwise")?;
    let exprs = native.call_method1("unpack", (PyBytes::new(py, packed),))?;
    let array = py.import("chunkwise.array")?.getattr("Array")?;
    let arrays = exprs.try_iter()?.map(|expr| array.call1((expr?,)));
    PyList::new(py, arrays.collect::<PyResult<Vec<_>>>()?)
}

/// The elements of a NumPy array.
fn elements(py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<Chunk> {
    let numpy = py.import("numpy")?;
    let keywords = PyDict::new(py);
    keywords.set_item("order", "C")?;
    let array = numpy.call_method("asarray", (value,), Some(&keywords))?;
    let shape: Vec<usize> = array.getattr("shape")?.extract()?;
    let name: String = array.getattr("dtype")?.getattr("name")?.extract()?;
    let bytes = array
        .call_method1("reshape", (-1,))?
        .call_method1("view", ("uint8",))?;
    let bytes = PyBuffer::<u8>::get(&bytes)?.to_vec(py)?;
    let chunk = || -> Result<Chunk> {
        let dtype: DType = name.parse()?;
        Chunk::build(&Pool::new(0), dtype, &shape, |mut out| {
            match out.copy_from_bytes(&bytes) {
                true => Ok(()),
                false => Err(Error::internal("cluster", "a result of another size")),
            }
        })
    };
    chunk().map_err(|e| pyo3::exceptions::PyRuntimeError::new_err(e.to_string()))
}

/// An exception of Python's.
#[derive(Debug)]
struct Raised {
    text: String,
}

impl Raised {
    fn of(py: Python<'_>, error: &PyErr) -> Raised {
        let mut text = error.to_string();
        let notes = error.value(py).getattr("__notes__");
        if let Ok(notes) = notes.and_then(|n| n.extract::<Vec<String>>()) {
            notes.iter().for_each(|note| {
                text.push('\n');
                text.push_str(note);
            });
        }
        Raised { text }
    }
}

impl fmt::Display for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Raised {}
