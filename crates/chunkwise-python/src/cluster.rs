//! Plans that run in several processes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chunkwise::cluster::{
    Bundle, ClusterPlan, Cut, Elsewhere, Fragment, Given, Limits, PartForm, Read, Work,
};
use chunkwise::{
    Array, CancelToken, Chunk, DType, Error, Event, Grid, Region, Session, Sink, Source,
    Subscriber, ViewMut, ZarrSink,
};
use chunkwise_core::{Pool, SourceId};
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyTuple};

use crate::arguments::{self, Arrays, cuts};
use crate::data::made;
use crate::errors::{OrRaise, raised};
use crate::expr::{PyExpr, build};
use crate::results::PyChunk;
use crate::session::PySession;

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<PyClusterPlan>()?;
    m.add_class::<PyCut>()?;
    m.add_class::<PyFragment>()?;
    m.add_class::<PyBundle>()?;
    m.add_class::<PyCancelToken>()?;
    m.add_function(wrap_pyfunction!(elsewhere, m)?)
}

/// Stops a run from another thread.
#[pyclass(frozen, name = "CancelToken", module = "chunkwise._chunkwise")]
struct PyCancelToken(CancelToken);

#[pymethods]
impl PyCancelToken {
    #[new]
    fn new() -> PyCancelToken {
        PyCancelToken(CancelToken::new())
    }

    /// Stops the run.
    fn cancel(&self) {
        self.0.cancel();
    }

    #[getter]
    fn cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
}

/// A plan that runs in several processes.
#[pyclass(frozen, name = "ClusterPlan", module = "chunkwise._chunkwise")]
struct PyClusterPlan {
    plan: Arc<ClusterPlan>,
}

#[pymethods]
impl PyClusterPlan {
    /// `sinks` has, for each array that is stored, what `ZarrSink.part` gives.
    #[new]
    fn new(
        py: Python<'_>,
        arrays: Arrays,
        memory_limit: u64,
        sinks: Vec<Option<Vec<u8>>>,
    ) -> PyResult<PyClusterPlan> {
        let plan = py.detach(|| {
            let sinks = sinks.iter().map(|bytes| match bytes {
                Some(bytes) => {
                    let sink: Arc<dyn Sink> = Arc::new(ZarrSink::of_part(bytes)?);
                    Ok(Some(sink))
                }
                None => Ok(None),
            });
            let sinks = sinks.collect::<chunkwise::Result<Vec<_>>>()?;
            let refs: Vec<&Array> = arrays.0.iter().collect();
            ClusterPlan::new(&refs, memory_limit, sinks)
        });
        Ok(PyClusterPlan {
            plan: Arc::new(plan.or_raise()?),
        })
    }

    #[getter]
    fn fingerprint(&self) -> u64 {
        self.plan.fingerprint()
    }

    /// The plan as text.
    fn explain(&self) -> String {
        self.plan.plan().explain()
    }

    /// The plan in fragments for so many at once, each in `room` bytes. Exchanges of more picks than `picks` go
    /// through files in a folder.
    #[pyo3(signature = (slots, room, picks=None))]
    fn cut(
        &self,
        py: Python<'_>,
        slots: usize,
        room: u64,
        picks: Option<usize>,
    ) -> PyResult<PyCut> {
        let limits = Limits {
            picks: picks.unwrap_or(usize::MAX),
            ..Limits::new(slots, room)
        };
        let cut = py.detach(|| self.plan.cut(&limits)).or_raise()?;
        Ok(PyCut {
            cut: Arc::new(cut),
            plan: Arc::clone(&self.plan),
        })
    }

    /// Runs a fragment in `room` bytes, what it is given included; what it makes, and the bytes that it read, wrote
    /// and put into scratch files. `folder` is that of exchanges through files.
    #[pyo3(signature = (session, spec, bundles, room, cancel, folder=None))]
    #[expect(clippy::too_many_arguments, reason = "as Python names them")]
    fn run<'py>(
        &self,
        py: Python<'py>,
        session: &PySession,
        spec: &[u8],
        bundles: Vec<Py<PyBundle>>,
        room: u64,
        cancel: &PyCancelToken,
        folder: Option<PathBuf>,
    ) -> PyResult<(PyBundle, Bound<'py, PyDict>)> {
        let given = Given {
            bundles: bundles.iter().map(|b| b.get().bundle.clone()).collect(),
            sinks: Vec::new(),
            folder,
        };
        drop(bundles);
        let held: usize = given.bundles.iter().map(Bundle::nbytes).sum();
        let room = room.saturating_sub(held as u64);
        let moved = Arc::new(Moved::default());
        let session = Session::clone(&session.session)
            .with_memory_limit(room)
            .with_cancel(cancel.0.clone())
            .with_subscriber(Arc::clone(&moved) as Arc<dyn Subscriber>);
        let run = || {
            // A panic that Python sees is no `Exception`, for which a cluster's client would wait in vain.
            let run = || self.plan.run(&session, spec, given);
            catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| {
                Err(Error::Panic {
                    message: "in a fragment; the worker's log has where".to_owned(),
                })
            })
        };
        let bundle = py.detach(run).or_raise()?;
        let stats = PyDict::new(py);
        stats.set_item("read", moved.read.load(Ordering::Relaxed))?;
        stats.set_item("written", moved.written.load(Ordering::Relaxed))?;
        stats.set_item("spilled", moved.spilled.load(Ordering::Relaxed))?;
        Ok((PyBundle { bundle }, stats))
    }
}

/// Bytes that a fragment moved.
#[derive(Debug, Default)]
struct Moved {
    read: AtomicU64,
    written: AtomicU64,
    spilled: AtomicU64,
}

impl Subscriber for Moved {
    fn event(&self, event: &Event<'_>) {
        match event {
            Event::TaskFinished { read, written, .. } => {
                self.read.fetch_add(*read, Ordering::Relaxed);
                self.written.fetch_add(*written, Ordering::Relaxed);
            }
            Event::Spilled { bytes } => {
                self.spilled.fetch_add(*bytes, Ordering::Relaxed);
            }
            _ => {}
        }
    }
}

/// A plan in fragments.
#[pyclass(frozen, name = "Cut", module = "chunkwise._chunkwise")]
struct PyCut {
    cut: Arc<Cut>,
    plan: Arc<ClusterPlan>,
}

#[pymethods]
impl PyCut {
    /// The fragments, each after those that it reads.
    #[getter]
    fn fragments(&self) -> Vec<PyFragment> {
        let numbers = 0..self.cut.fragments.len();
        numbers
            .map(|number| PyFragment {
                cut: Arc::clone(&self.cut),
                plan: Arc::clone(&self.plan),
                number,
            })
            .collect()
    }

    /// For each array, the bundles that hold it: the number of a fragment, or the name of an array that lies
    /// elsewhere and the number of its parcel. Where it is stored, the fragments that store it.
    #[getter]
    fn results<'py>(&self, py: Python<'py>) -> PyResult<Vec<Vec<Bound<'py, PyAny>>>> {
        let of = |list: &Vec<Read>| list.iter().map(|r| read(py, &self.plan, r)).collect();
        self.cut.results.iter().map(of).collect()
    }

    /// How an array lies in its bundles, for `elsewhere`.
    fn owner<'py>(&self, py: Python<'py>, array: usize) -> PyResult<Bound<'py, PyTuple>> {
        let lies = self.plan.elsewhere(&self.cut, array, "").or_raise()?;
        owner(py, &lies)
    }

    /// The fragments as text.
    fn explain(&self) -> String {
        self.cut.explain()
    }

    /// An array from the bundles that hold it, in the order of `results`.
    fn collect(
        &self,
        py: Python<'_>,
        array: usize,
        bundles: Vec<Py<PyBundle>>,
    ) -> PyResult<PyChunk> {
        let bundles: Vec<Bundle> = bundles.iter().map(|b| b.get().bundle.clone()).collect();
        let collect = || self.plan.collect(&self.cut, array, &bundles);
        py.detach(collect).or_raise().map(PyChunk::owned)
    }
}

fn read<'py>(py: Python<'py>, plan: &ClusterPlan, read: &Read) -> PyResult<Bound<'py, PyAny>> {
    match read {
        Read::Fragment(n) => Ok(n.into_pyobject(py)?.into_any()),
        Read::Elsewhere { stage, parcel } => {
            let lies = plan.elsewhere_of(*stage);
            let name = lies.map(|e| e.name.to_string()).unwrap_or_default();
            Ok((name, *parcel).into_pyobject(py)?.into_any())
        }
    }
}

/// One piece of work for a worker.
#[pyclass(frozen, name = "Fragment", module = "chunkwise._chunkwise")]
struct PyFragment {
    cut: Arc<Cut>,
    plan: Arc<ClusterPlan>,
    number: usize,
}

impl PyFragment {
    fn fragment(&self) -> &Fragment {
        &self.cut.fragments[self.number]
    }
}

#[pymethods]
impl PyFragment {
    /// What it does, as bytes.
    #[getter]
    fn spec<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.fragment().spec)
    }

    /// The bundles that it is given, as in `Cut.results`.
    #[getter]
    fn reads<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let reads = self.fragment().reads.iter();
        reads.map(|r| read(py, &self.plan, r)).collect()
    }

    #[getter]
    fn label(&self) -> &str {
        &self.fragment().label
    }

    /// Whether it reads files or services.
    #[getter]
    fn is_source(&self) -> bool {
        self.fragment().is_source
    }

    /// Whether it writes into files of an exchange, or reads them.
    #[getter]
    fn is_spread(&self) -> bool {
        match &self.fragment().work {
            Work::Spread { .. } => true,
            Work::Tasks { pieces, .. } => pieces.is_some(),
            _ => false,
        }
    }

    /// Whether it writes into a store.
    #[getter]
    fn is_sink(&self) -> bool {
        self.fragment().is_sink
    }

    /// About how many seconds of one core it takes.
    #[getter]
    fn seconds(&self) -> f64 {
        self.fragment().seconds
    }

    /// The most bytes that it needs, what it is given included.
    #[getter]
    fn peak(&self) -> u64 {
        self.fragment().peak
    }

    /// About how many bytes its bundle has.
    #[getter]
    fn size(&self) -> u64 {
        self.fragment().size
    }
}

/// What a fragment has made.
#[pyclass(frozen, name = "Bundle", module = "chunkwise._chunkwise")]
struct PyBundle {
    bundle: Bundle,
}

#[pymethods]
impl PyBundle {
    /// The bundle of a header and buffers that `parts` gave, in whatever memory they are now.
    #[staticmethod]
    fn build(py: Python<'_>, header: &[u8], buffers: Vec<Bound<'_, PyAny>>) -> PyResult<PyBundle> {
        let forms = Bundle::forms(header).or_raise()?;
        if forms.len() != buffers.len() {
            return Err(PyValueError::new_err(format!(
                "{} buffers for a bundle of {}",
                buffers.len(),
                forms.len()
            )));
        }
        let chunks = forms.iter().zip(&buffers).map(|(f, b)| elements(py, f, b));
        let chunks = chunks.collect::<PyResult<_>>()?;
        let bundle = Bundle::build(header, chunks).or_raise()?;
        Ok(PyBundle { bundle })
    }

    /// A header, and the bytes of each part: NumPy shares their memory.
    fn parts<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyBytes>, Vec<PyChunk>)> {
        let header = self.bundle.header().or_raise()?;
        let chunks = self.bundle.chunks().cloned().map(PyChunk::bytes);
        Ok((PyBytes::new(py, &header), chunks.collect()))
    }

    /// Bytes of what it holds.
    #[getter]
    fn nbytes(&self) -> usize {
        self.bundle.nbytes()
    }

    fn __repr__(&self) -> String {
        format!(
            "<Bundle of {} parts, {} bytes>",
            self.bundle.chunks().count(),
            self.bundle.nbytes()
        )
    }
}

/// A part's elements over the memory of a buffer; a copy of it where it is not aligned.
fn elements(py: Python<'_>, form: &PartForm, buffer: &Bound<'_, PyAny>) -> PyResult<Chunk> {
    if form.shape.contains(&0) {
        let empty = |_: ViewMut<'_>| Ok::<_, Error>(());
        return Chunk::build(&Pool::new(0), form.dtype, &form.shape, empty).or_raise();
    }
    let numpy = py.import(intern!(py, "numpy"))?;
    if form.dtype == DType::Bool {
        // Whatever the bytes are, a bool is 0 or 1.
        let bytes = PyBuffer::<u8>::get(buffer)?.to_vec(py)?;
        return Chunk::build(&Pool::new(0), DType::Bool, &form.shape, |mut out| match out
            .copy_from_bytes(&bytes)
        {
            true => Ok(()),
            false => Err(Error::argument(
                "reading a bundle",
                "buffer",
                bytes.len(),
                format!("bytes for {:?}", form.shape),
            )),
        })
        .or_raise();
    }
    let mut line = numpy.call_method1(intern!(py, "frombuffer"), (buffer, form.dtype.name()))?;
    let flags = line.getattr(intern!(py, "flags"))?;
    if !flags.getattr(intern!(py, "aligned"))?.is_truthy()? {
        line = line.call_method0(intern!(py, "copy"))?;
    }
    let shape = PyTuple::new(py, &form.shape)?;
    let array = line.call_method1(intern!(py, "reshape"), (shape,))?;
    made(&array, form.dtype)
}

/// An array whose cells lie in bundles of other processes. `owner` is what `Cut.owner` gave; a run of this
/// process asks `read(start, stop)` for a NumPy array of that region.
#[pyfunction]
fn elsewhere(
    py: Python<'_>,
    name: String,
    dtype: &str,
    owner: &Bound<'_, PyTuple>,
    read: Option<Py<PyAny>>,
) -> PyResult<PyExpr> {
    let source = PyElsewhere::new(name, dtype, owner, read)?;
    let grid = source.lies.grid.clone();
    build(py, || {
        Array::from_source(Arc::new(source), Some(grid.into()))
    })
}

/// Data that other processes hold.
#[derive(Debug)]
pub(crate) struct PyElsewhere {
    lies: Elsewhere,
    shape: Vec<usize>,
    dtype: DType,
    read: Option<Py<PyAny>>,
    id: SourceId,
}

impl PyElsewhere {
    pub(crate) fn new(
        name: String,
        dtype: &str,
        owner: &Bound<'_, PyTuple>,
        read: Option<Py<PyAny>>,
    ) -> PyResult<PyElsewhere> {
        type Owner = (Vec<usize>, arguments::Cut, Vec<u8>, (usize, usize));
        let dtype = arguments::dtype(dtype)?;
        let (shape, cells, parcels, output): Owner = owner.extract()?;
        let grid = cells.over(&shape, dtype)?;
        let grid: Grid = grid.resolve(&shape, dtype.size()).or_raise()?;
        let parcels = parcels.chunks_exact(4).filter_map(|b| b.try_into().ok());
        let parcels: Vec<u32> = parcels.map(u32::from_le_bytes).collect();
        Ok(PyElsewhere {
            lies: Elsewhere::new(name, grid, parcels, output).or_raise()?,
            shape,
            dtype,
            read,
            id: SourceId::unique(),
        })
    }

    /// What [`new`](Self::new) makes it from, in another process.
    pub(crate) fn parts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let name: &str = &self.lies.name;
        (name, self.dtype.name(), owner(py, &self.lies)?).into_pyobject(py)
    }
}

fn owner<'py>(py: Python<'py>, lies: &Elsewhere) -> PyResult<Bound<'py, PyTuple>> {
    let shape = PyTuple::new(py, lies.grid.shape().as_slice())?;
    let parcels: Vec<u8> = lies.parcels.iter().flat_map(|p| p.to_le_bytes()).collect();
    let parcels = PyBytes::new(py, &parcels);
    (shape, cuts(py, &lies.grid)?, parcels, lies.output).into_pyobject(py)
}

impl Source for PyElsewhere {
    fn id(&self) -> SourceId {
        self.id
    }

    fn name(&self) -> String {
        format!("on the cluster {}", self.lies.name)
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn dtype(&self) -> DType {
        self.dtype
    }

    fn grid(&self) -> Option<Grid> {
        Some(self.lies.grid.clone())
    }

    fn elsewhere(&self) -> Option<&Elsewhere> {
        Some(&self.lies)
    }

    fn read(&self, region: &Region, mut out: ViewMut<'_>) -> chunkwise::Result<()> {
        let Some(read) = &self.read else {
            return Err(Error::argument(
                "reading",
                "array",
                self.name(),
                "its values are on a cluster, and this process is no client of it",
            ));
        };
        let chunk = Python::attach(|py| {
            let ends: Vec<usize> = (0..region.ndim()).map(|a| region.end(a)).collect();
            let start = PyTuple::new(py, region.start.as_slice())?;
            let part = read.bind(py).call1((start, PyTuple::new(py, ends)?))?;
            made(&part, self.dtype)
        })
        .map_err(|e| Python::attach(|py| raised(py, e)))?;
        match out.copy_from(&chunk.view()) {
            true => Ok(()),
            false => Err(Error::ShapeMismatch {
                operation: "reading a region",
                expected: out.shape().to_vec(),
                got: chunk.shape().to_vec(),
            }),
        }
    }
}
