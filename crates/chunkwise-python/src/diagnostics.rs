//! Who is told of runs: progress, profiles, samples, functions of Python's.
//!
//! Listeners belong to the process, not to a session: a context manager hears every run within it. For
//! each run a listener makes a subscriber, which collects without Python's lock.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chunkwise::diagnostics::profile::Profile;
use chunkwise::diagnostics::progress::{Progress, Ticker, Turn};
use chunkwise::diagnostics::sampler::Sampler;
use chunkwise::diagnostics::serve::Server;
use chunkwise::diagnostics::trace;
use chunkwise::{Event, Subscriber};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<PyProfile>()?;
    m.add_class::<PyProgress>()?;
    m.add_class::<PyProgressBar>()?;
    m.add_class::<PySampler>()?;
    m.add_class::<PyHooks>()?;
    m.add_class::<PyServer>()?;
    m.add_function(wrap_pyfunction!(now, m)?)?;
    m.add_function(wrap_pyfunction!(format_bytes, m)?)
}

/// Somebody who wants to be told of every run.
trait Listener: Send + Sync {
    /// Who is told of the run that the calling thread is about to begin.
    fn listen(&self, py: Python<'_>) -> PyResult<Arc<dyn Subscriber>>;
}

static LISTENERS: Mutex<Vec<Arc<dyn Listener>>> = Mutex::new(Vec::new());
/// How many there are, so that a run that nobody listens to takes no lock.
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// Whether nobody wants to be told of runs.
pub(crate) fn is_quiet() -> bool {
    COUNT.load(Ordering::Relaxed) == 0
}

/// A subscriber of each listener for a run that the calling thread is about to begin.
pub(crate) fn subscribers(py: Python<'_>) -> PyResult<Vec<Arc<dyn Subscriber>>> {
    if is_quiet() {
        return Ok(Vec::new());
    }
    let all = listeners().clone();
    all.iter().map(|l| l.listen(py)).collect()
}

fn listeners() -> MutexGuard<'static, Vec<Arc<dyn Listener>>> {
    LISTENERS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn attach(listener: Arc<dyn Listener>) {
    let mut all = listeners();
    all.push(listener);
    COUNT.store(all.len(), Ordering::Relaxed);
}

/// Removes what was attached last of this one; whether there was any.
fn detach(listener: &Arc<dyn Listener>) -> bool {
    let mut all = listeners();
    let place = all.iter().rposition(|l| Arc::ptr_eq(l, listener));
    let removed = place.map(|p| all.remove(p));
    COUNT.store(all.len(), Ordering::Relaxed);
    // Whatever it holds of Python's is dropped after the lock.
    drop(all);
    removed.is_some()
}

fn pause(name: &str, seconds: f64) -> PyResult<Duration> {
    Duration::try_from_secs_f64(seconds).map_err(|_| {
        PyValueError::new_err(format!("{name} must be a time in seconds, got {seconds}"))
    })
}

/// Time, processors in percent of one, resident, array and limit bytes.
type Row = (f64, Option<f64>, Option<u64>, u64, Option<u64>);

/// Seconds on the axis of profiles and samples.
#[pyfunction]
fn now() -> f64 {
    chunkwise::diagnostics::now().as_secs_f64()
}

/// `"762.94 MiB"`.
#[pyfunction]
fn format_bytes(bytes: u64) -> String {
    chunkwise_core::format_bytes(bytes)
}

/// Writes down tasks and runs.
#[pyclass(frozen, name = "Profile", module = "chunkwise._chunkwise")]
struct PyProfile {
    profile: Arc<Profile>,
    listener: Arc<dyn Listener>,
}

struct ProfileListener(Arc<Profile>);

impl Listener for ProfileListener {
    fn listen(&self, _: Python<'_>) -> PyResult<Arc<dyn Subscriber>> {
        Ok(self.0.recorder())
    }
}

/// Stages, threads, memory limit, start, end, whether well, peak, spilled, loaded, read, written.
type RunRecord = (
    Vec<String>,
    usize,
    u64,
    f64,
    Option<f64>,
    bool,
    u64,
    u64,
    u64,
    u64,
    u64,
);
/// Run, stage, number, label, thread, start, end.
type TaskRecord = (usize, usize, usize, String, usize, f64, f64);

#[pymethods]
impl PyProfile {
    #[new]
    fn new() -> PyProfile {
        let profile = Arc::new(Profile::default());
        PyProfile {
            listener: Arc::new(ProfileListener(Arc::clone(&profile))),
            profile,
        }
    }

    fn attach(&self) {
        attach(Arc::clone(&self.listener));
    }

    fn detach(&self) -> bool {
        detach(&self.listener)
    }

    fn clear(&self) {
        self.profile.clear();
    }

    fn runs(&self) -> Vec<RunRecord> {
        let runs = self.profile.runs();
        runs.into_iter()
            .map(|r| {
                (
                    r.stages,
                    r.threads,
                    r.memory_limit,
                    r.start.as_secs_f64(),
                    r.end.map(|e| e.as_secs_f64()),
                    r.ok,
                    r.peak,
                    r.spilled,
                    r.loaded,
                    r.read,
                    r.written,
                )
            })
            .collect()
    }

    /// Writes all of it as a trace file, with the samples of a sampler where one is given.
    fn trace(
        &self,
        py: Python<'_>,
        path: PathBuf,
        sampler: Option<PyRef<'_, PySampler>>,
    ) -> PyResult<()> {
        let samples = sampler.map_or_else(Vec::new, |s| s.sampler.samples());
        py.detach(|| {
            let mut out = BufWriter::new(File::create(path)?);
            trace::write(&self.profile, &samples, &mut out)?;
            out.flush()
        })?;
        Ok(())
    }

    fn tasks(&self) -> Vec<TaskRecord> {
        let tasks = self.profile.tasks();
        let runs = self.profile.runs();
        let label = |run: usize, stage: usize| runs.get(run).and_then(|r| r.stages.get(stage));
        tasks
            .into_iter()
            .map(|t| {
                (
                    t.run,
                    t.stage,
                    t.number,
                    label(t.run, t.stage).cloned().unwrap_or_default(),
                    t.thread,
                    t.start.as_secs_f64(),
                    t.end.as_secs_f64(),
                )
            })
            .collect()
    }
}

/// Samples memory and processors.
#[pyclass(frozen, name = "Sampler", module = "chunkwise._chunkwise")]
struct PySampler {
    sampler: Arc<Sampler>,
    listener: Arc<dyn Listener>,
    during_runs: Arc<dyn Listener>,
}

struct SamplerListener(Arc<Sampler>);

impl Listener for SamplerListener {
    fn listen(&self, _: Python<'_>) -> PyResult<Arc<dyn Subscriber>> {
        Ok(self.0.listener())
    }
}

/// Samples only while runs go on.
struct SamplerOfRuns(Arc<Sampler>);

impl Listener for SamplerOfRuns {
    fn listen(&self, _: Python<'_>) -> PyResult<Arc<dyn Subscriber>> {
        Ok(Arc::new(Started {
            sampler: Arc::clone(&self.0),
            listener: self.0.listener(),
            running: Mutex::new(false),
        }))
    }
}

#[derive(Debug)]
struct Started {
    sampler: Arc<Sampler>,
    listener: Arc<dyn Subscriber>,
    running: Mutex<bool>,
}

impl Started {
    fn end(&self) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::take(&mut *running) {
            self.sampler.stop();
        }
    }
}

impl Subscriber for Started {
    fn event(&self, event: &Event<'_>) {
        self.listener.event(event);
        match event {
            Event::Started { .. } => {
                let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
                if !std::mem::replace(&mut *running, true) {
                    self.sampler.start();
                }
            }
            Event::Finished { .. } => self.end(),
            _ => {}
        }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        self.end();
    }
}

#[pymethods]
impl PySampler {
    #[new]
    fn new(dt: f64) -> PyResult<PySampler> {
        let sampler = Arc::new(Sampler::new(pause("dt", dt)?));
        Ok(PySampler {
            listener: Arc::new(SamplerListener(Arc::clone(&sampler))),
            during_runs: Arc::new(SamplerOfRuns(Arc::clone(&sampler))),
            sampler,
        })
    }

    /// Samples from now on.
    fn start(&self, py: Python<'_>) {
        attach(Arc::clone(&self.listener));
        py.detach(|| self.sampler.start());
    }

    fn stop(&self, py: Python<'_>) {
        if detach(&self.listener) {
            py.detach(|| self.sampler.stop());
        }
    }

    /// Samples while runs go on.
    fn attach(&self) {
        attach(Arc::clone(&self.during_runs));
    }

    fn detach(&self) -> bool {
        detach(&self.during_runs)
    }

    fn clear(&self) {
        self.sampler.clear();
    }

    fn samples(&self) -> Vec<Row> {
        let samples = self.sampler.samples();
        samples
            .into_iter()
            .map(|s| (s.time.as_secs_f64(), s.cpu, s.resident, s.arrays, s.limit))
            .collect()
    }
}

/// Calls what a function of Python's gives for each run, `draw(progress, finished)`, at a steady pace.
#[pyclass(frozen, name = "ProgressBar", module = "chunkwise._chunkwise")]
struct PyProgressBar {
    listener: Arc<dyn Listener>,
}

struct ProgressListener {
    begin: Py<PyAny>,
    pause: Duration,
    minimum: Duration,
    turn: Turn,
}

impl Listener for ProgressListener {
    fn listen(&self, py: Python<'_>) -> PyResult<Arc<dyn Subscriber>> {
        let draw = self.begin.call0(py)?;
        let show = move |progress: &Progress, finished: bool| {
            tell(|py| {
                let progress = PyProgress(progress.clone());
                draw.call1(py, (progress, finished)).map(|_| ())
            });
        };
        Ok(Arc::new(Ticker::new(
            self.pause,
            self.minimum,
            self.turn.clone(),
            show,
        )))
    }
}

/// Calls Python from a run's thread. An exception there is reported as Python reports those that
/// nobody can catch, and the run goes on.
fn tell(call: impl FnOnce(Python<'_>) -> PyResult<()>) {
    // No interpreter any more: nobody is left to be told.
    let _ = Python::try_attach(|py| {
        if let Err(error) = call(py) {
            error.write_unraisable(py, None);
        }
    });
}

#[pymethods]
impl PyProgressBar {
    #[new]
    fn new(begin: Py<PyAny>, dt: f64, minimum: f64) -> PyResult<PyProgressBar> {
        Ok(PyProgressBar {
            listener: Arc::new(ProgressListener {
                begin,
                pause: pause("dt", dt)?,
                minimum: pause("minimum", minimum)?,
                turn: Turn::default(),
            }),
        })
    }

    fn attach(&self) {
        attach(Arc::clone(&self.listener));
    }

    fn detach(&self) -> bool {
        detach(&self.listener)
    }
}

/// How far a run is.
#[pyclass(frozen, name = "Progress", module = "chunkwise._chunkwise")]
struct PyProgress(Progress);

#[pymethods]
impl PyProgress {
    /// One line of at most `width` characters with a bar of at most `cells`.
    fn line(&self, width: usize, cells: usize) -> String {
        self.0.line(width, cells)
    }

    fn summary(&self) -> String {
        self.0.summary()
    }

    #[getter]
    fn fraction(&self) -> f64 {
        self.0.fraction()
    }

    #[getter]
    fn elapsed(&self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }

    #[getter]
    fn ok(&self) -> bool {
        self.0.ok()
    }
}

/// Python's functions, called from the threads of a run: `start(stages, threads, memory_limit)`,
/// `task(stage, number, thread, start, end)`, `finish(ok, elapsed, peak)`.
#[pyclass(frozen, name = "Hooks", module = "chunkwise._chunkwise")]
struct PyHooks {
    listener: Arc<dyn Listener>,
}

#[derive(Debug)]
struct Hooks {
    start: Option<Py<PyAny>>,
    task: Option<Py<PyAny>>,
    finish: Option<Py<PyAny>>,
}

struct HooksListener(Arc<Hooks>);

impl Listener for HooksListener {
    fn listen(&self, _: Python<'_>) -> PyResult<Arc<dyn Subscriber>> {
        Ok(self.0.clone())
    }
}

impl Subscriber for Hooks {
    fn event(&self, event: &Event<'_>) {
        match (event, &self.start, &self.task, &self.finish) {
            (
                Event::Started {
                    plan,
                    threads,
                    memory_limit,
                    ..
                },
                Some(start),
                ..,
            ) => {
                let labels: Vec<&str> = plan.stages.iter().map(|s| s.label.as_str()).collect();
                tell(|py| {
                    start
                        .call1(py, (labels, *threads, *memory_limit))
                        .map(|_| ())
                });
            }
            (
                Event::TaskFinished {
                    stage,
                    number,
                    thread,
                    start,
                    end,
                    ..
                },
                _,
                Some(task),
                _,
            ) => {
                let times = (start.as_secs_f64(), end.as_secs_f64());
                let about = (*stage, *number, *thread, times.0, times.1);
                tell(|py| task.call1(py, about).map(|_| ()));
            }
            (Event::Finished { elapsed, ok, peak }, .., Some(finish)) => {
                tell(|py| {
                    finish
                        .call1(py, (*ok, elapsed.as_secs_f64(), *peak))
                        .map(|_| ())
                });
            }
            _ => {}
        }
    }
}

#[pymethods]
impl PyHooks {
    #[new]
    fn new(
        start: Option<Py<PyAny>>,
        task: Option<Py<PyAny>>,
        finish: Option<Py<PyAny>>,
    ) -> PyHooks {
        let hooks = Hooks {
            start,
            task,
            finish,
        };
        PyHooks {
            listener: Arc::new(HooksListener(Arc::new(hooks))),
        }
    }

    fn attach(&self) {
        attach(Arc::clone(&self.listener));
    }

    fn detach(&self) -> bool {
        detach(&self.listener)
    }
}

/// Serves a page that shows every run.
#[pyclass(frozen, name = "Server", module = "chunkwise._chunkwise")]
struct PyServer {
    server: Arc<Server>,
    listener: Arc<dyn Listener>,
}

struct ServerListener(Arc<Server>);

impl Listener for ServerListener {
    fn listen(&self, _: Python<'_>) -> PyResult<Arc<dyn Subscriber>> {
        Ok(self.0.recorder())
    }
}

#[pymethods]
impl PyServer {
    #[new]
    fn new(py: Python<'_>, host: &str, port: u16) -> PyResult<PyServer> {
        let server = Arc::new(py.detach(|| Server::bind(host, port))?);
        let listener: Arc<dyn Listener> = Arc::new(ServerListener(Arc::clone(&server)));
        attach(Arc::clone(&listener));
        Ok(PyServer { server, listener })
    }

    #[getter]
    fn url(&self) -> String {
        self.server.url()
    }

    /// Ends it; whether it was there.
    fn close(&self, py: Python<'_>) -> bool {
        let was = detach(&self.listener);
        py.detach(|| self.server.close());
        was
    }
}
