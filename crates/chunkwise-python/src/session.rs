//! Running.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use chunkwise::{
    Array, CancelToken, Chunk, Error, NpzSink, RawSink, Region, Session, Sink, Target, is_quick,
};
use chunkwise_core::{Pool, View};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyList, PyTuple};

use crate::arguments::Arrays;
use crate::diagnostics;
use crate::errors::{CancelledError, InternalError, OrRaise, raised};
use crate::expr::PyExpr;
use crate::graph::{PyGraph, PyTasks};
use crate::results::PyChunk;
use crate::runs::{self, Attached, Running};
use crate::zarr::PyZarrSink;

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(default_memory_limit, m)?)?;
    m.add_function(wrap_pyfunction!(parse_bytes, m)?)?;
    m.add_function(wrap_pyfunction!(crate::elementwise::promote, m)?)
}

/// How often a waiting main thread looks for signals.
const SIGNALS: Duration = Duration::from_millis(20);
/// How many times it looks again before it leaves an interrupted run to itself.
const PATIENCE: u32 = 50;

/// The memory limit where none is chosen, in bytes.
#[pyfunction]
fn default_memory_limit() -> u64 {
    Session::default_memory_limit()
}

/// `"2GiB"` in bytes.
#[pyfunction]
fn parse_bytes(text: &str) -> PyResult<u64> {
    chunkwise_core::parse_bytes(text).or_raise()
}

/// Threads, the memory limit, scratch space.
#[pyclass(frozen, name = "Session", module = "chunkwise._chunkwise")]
pub(crate) struct PySession {
    pub(crate) session: Arc<Session>,
    abandoned: AtomicBool,
}

/// Threads keep their Python state for life: calling a user's function then costs no set-up. A thread
/// that comes up while the interpreter goes down does without.
fn with_python(life: &mut (dyn FnMut() + Send)) {
    let Some(_counted) = Attached::new() else {
        return life();
    };
    if Python::try_attach(|py| py.detach(&mut *life)).is_none() {
        life();
    }
}

#[pymethods]
impl PySession {
    #[new]
    fn new(threads: usize, memory_limit: u64, scratch: Option<PathBuf>) -> PyResult<PySession> {
        let mut session = Session::within(threads, memory_limit, with_python).or_raise()?;
        if let Some(folder) = scratch {
            session = session.with_scratch_directory(folder);
        }
        let session = Arc::new(session);
        runs::began(&session);
        Ok(PySession {
            session,
            abandoned: AtomicBool::new(false),
        })
    }

    /// Whether its threads are still busy with a run that was interrupted and could not be stopped.
    #[getter]
    fn abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Relaxed)
    }

    #[getter]
    fn threads(&self) -> usize {
        self.session.threads()
    }

    #[getter]
    fn memory_limit(&self) -> u64 {
        self.session.memory_limit()
    }

    /// Bytes held now, and the most of the last run.
    fn memory_used(&self) -> (u64, u64) {
        self.session.memory_used()
    }

    /// The elements of several arrays, what they share computed once.
    fn compute(&self, py: Python<'_>, arrays: Arrays) -> PyResult<Vec<PyChunk>> {
        let targets = arrays.0.iter().map(|_| Target::Memory).collect();
        let chunks = self.run(py, arrays.0, targets)?;
        Ok(chunks.into_iter().flatten().map(PyChunk::owned).collect())
    }

    /// Several arrays computed and kept in memory, in the same chunks.
    fn persist(&self, py: Python<'_>, arrays: Arrays) -> PyResult<Vec<PyExpr>> {
        let targets = arrays.0.iter().map(|_| Target::Memory).collect();
        let chunks = self.run(py, arrays.0.clone(), targets)?;
        let kept = chunks.into_iter().flatten().zip(&arrays.0).map(|(c, a)| {
            let grid = match a.shape() == c.shape() {
                true => a.chunks().clone().into(),
                false => chunkwise::Chunks::AUTO,
            };
            Array::from_chunk(c, grid).map(PyExpr::from)
        });
        kept.collect::<chunkwise::Result<Vec<_>>>().or_raise()
    }

    /// Computes several arrays and stores each: in a Zarr array, or by a function
    /// `write(start, stop, elements)` for each region.
    fn store(&self, py: Python<'_>, arrays: Arrays, writers: Vec<Py<PyAny>>) -> PyResult<()> {
        let targets = writers
            .into_iter()
            .map(|write| {
                let sink = match write.cast_bound::<PyZarrSink>(py) {
                    Ok(zarr) => zarr.get().take()?,
                    Err(_) => Arc::new(Writer { write }) as Arc<dyn Sink>,
                };
                Ok(Target::Sink(sink))
            })
            .collect::<PyResult<_>>()?;
        self.run(py, arrays.0, targets).map(|_| ())
    }

    /// Runs a graph on at most this many threads; the values of what is wanted, in its order. `hooks`
    /// are called with a key before its task, and with the key and the value after.
    #[pyo3(signature = (graph, threads=None, hooks=None))]
    fn run_graph<'py>(
        &self,
        py: Python<'py>,
        graph: &PyGraph,
        threads: Option<usize>,
        hooks: Option<(Py<PyAny>, Py<PyAny>)>,
    ) -> PyResult<Bound<'py, PyList>> {
        let tasks = Arc::new(PyTasks::new(py, graph, hooks)?);
        let (shape, work) = (Arc::clone(&graph.graph), Arc::clone(&tasks));
        let threads = threads.unwrap_or(usize::MAX);
        self.quietly(py, move |session| session.run_graph(&shape, work, threads))?;
        tasks.wanted(py)
    }

    /// Writes an array to a `.npy` file, region by region.
    fn to_npy(&self, py: Python<'_>, array: &PyExpr, path: PathBuf) -> PyResult<()> {
        let array = array.array.clone();
        self.quietly(py, move |session| session.to_npy(&array, path))
    }

    /// Writes arrays to a `.npz` file under these names.
    fn savez(
        &self,
        py: Python<'_>,
        arrays: Arrays,
        names: Vec<String>,
        path: PathBuf,
    ) -> PyResult<()> {
        let named = names.iter().zip(&arrays.0);
        let described: Vec<_> = named
            .map(|(name, a)| (name.as_str(), a.dtype(), a.shape()))
            .collect();
        let sinks = py.detach(|| NpzSink::create(path, &described)).or_raise()?;
        let targets = sinks.into_iter().map(|s| Target::Sink(Arc::new(s)));
        let targets = targets.collect();
        self.run(py, arrays.0, targets).map(|_| ())
    }

    /// Writes an array to a file of nothing but elements.
    fn to_raw(&self, py: Python<'_>, array: &PyExpr, path: PathBuf) -> PyResult<()> {
        let array = array.array.clone();
        let create = || RawSink::create(path, array.dtype(), array.shape());
        let sink = py.detach(create).or_raise()?;
        let targets = vec![Target::Sink(Arc::new(sink) as Arc<dyn Sink>)];
        self.run(py, vec![array], targets).map(|_| ())
    }

    /// The plan of storing an array, as text.
    fn explain_store(&self, py: Python<'_>, array: &PyExpr, sink: &PyZarrSink) -> PyResult<String> {
        let sink = sink.peek()?;
        py.detach(|| self.session.explain_store(&array.array, sink))
            .or_raise()
    }

    /// The plan as text.
    fn explain(&self, py: Python<'_>, arrays: Arrays) -> PyResult<String> {
        let refs: Vec<&Array> = arrays.0.iter().collect();
        py.detach(|| self.session.explain(&refs)).or_raise()
    }
}

impl PySession {
    fn run(
        &self,
        py: Python<'_>,
        arrays: Vec<Array>,
        targets: Vec<Target<'static>>,
    ) -> PyResult<Vec<Option<Chunk>>> {
        let refs: Vec<&Array> = arrays.iter().collect();
        let plan = self.session.plan_for(&refs, &targets).or_raise()?;
        if is_quick(&plan) && diagnostics::is_quiet() {
            let run = || self.session.run_plan(&plan, &refs, targets);
            return py.detach(run).or_raise();
        }
        drop(refs);
        self.quietly(py, move |session| {
            let refs: Vec<&Array> = arrays.iter().collect();
            session.run_plan(&plan, &refs, targets)
        })
    }

    /// Runs something long. On Python's main thread, which alone receives signals, the work is another
    /// thread's, so that Ctrl-C is heard at once and leaves nothing running.
    fn quietly<T: Send + 'static>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&Session) -> chunkwise::Result<T> + Send + 'static,
    ) -> PyResult<T> {
        let cancel = CancelToken::new();
        let running = Running::new(&cancel)?;
        let mut session = Session::clone(&self.session).with_cancel(cancel.clone());
        for subscriber in diagnostics::subscribers(py)? {
            session = session.with_subscriber(subscriber);
        }
        if !on_main_thread(py)? {
            let result = py.detach(|| work(&session)).or_raise();
            drop(running);
            return result;
        }
        let (done, waiting) = channel();
        let run = move || {
            let mut work = Some(work);
            let mut running = Some(running);
            with_python(&mut || {
                if let Some(work) = work.take() {
                    // Nobody waits any more after an interrupt.
                    let result = work(&session);
                    drop(running.take());
                    let _ = done.send(result);
                }
            });
        };
        std::thread::Builder::new()
            .name("chunkwise-0".to_owned())
            .spawn(run)?;
        let mut waiting = waiting;
        let mut patience = u32::MAX;
        let mut interrupt = Ok(());
        loop {
            let (received, back) = py.detach(move || (waiting.recv_timeout(SIGNALS), waiting));
            waiting = back;
            match received {
                Ok(result) => return interrupt.and(result.or_raise()),
                Err(RecvTimeoutError::Disconnected) => {
                    return interrupt.and(Err(InternalError::new_err("a run has vanished")));
                }
                // The run is told; what cannot be stopped at once ends without us.
                Err(RecvTimeoutError::Timeout) if patience == 0 => {
                    self.abandoned.store(true, Ordering::Relaxed);
                    return interrupt.and(gone());
                }
                Err(RecvTimeoutError::Timeout) => patience -= 1,
            }
            if interrupt.is_ok() {
                interrupt = py.check_signals();
                if interrupt.is_err() {
                    cancel.cancel();
                    patience = PATIENCE;
                }
            }
        }
    }
}

fn gone<T>() -> PyResult<T> {
    Err(CancelledError::new_err("cancelled"))
}

/// Whether this is the thread that receives Python's signals.
fn on_main_thread(py: Python<'_>) -> PyResult<bool> {
    static MAIN: PyOnceLock<u64> = PyOnceLock::new();
    static IDENT: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let main = MAIN.get_or_try_init(py, || -> PyResult<u64> {
        let threading = py.import("threading")?;
        threading
            .call_method0("main_thread")?
            .getattr("ident")?
            .extract()
    })?;
    let ident = IDENT.import(py, "threading", "get_ident")?.call0()?;
    Ok(ident.extract::<u64>()? == *main)
}

/// Where regions go that a Python function stores.
struct Writer {
    write: Py<PyAny>,
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Writer")
    }
}

impl Sink for Writer {
    fn name(&self) -> String {
        "a Python object".to_owned()
    }

    fn write(&self, region: &Region, data: View<'_>) -> chunkwise::Result<()> {
        let pool = Pool::new(usize::MAX);
        let chunk = Chunk::build(&pool, data.dtype(), data.shape(), |mut out| {
            match out.copy_from(&data) {
                true => Ok(()),
                false => Err(Error::internal("python", "a region of another shape")),
            }
        })?;
        Python::attach(|py| -> PyResult<()> {
            let ends: Vec<usize> = (0..region.ndim()).map(|a| region.end(a)).collect();
            let start = PyTuple::new(py, region.start.as_slice())?;
            let stop = PyTuple::new(py, ends)?;
            self.write
                .bind(py)
                .call1((start, stop, PyChunk::owned(chunk)))?;
            Ok(())
        })
        .map_err(|e| Python::attach(|py| raised(py, e)))
    }

    fn commit(&self) -> chunkwise::Result<()> {
        Ok(())
    }

    // What a user's object has been given stays there.
    fn abort(&self) {}
}
