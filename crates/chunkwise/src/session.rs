use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use chunkwise_core::{Error, Pool, Result};
use chunkwise_diagnostics::resources;
use chunkwise_exec::{CancelToken, Executor, Subscriber};

/// The share of the memory that the process may use which runs take by default.
const MEMORY_SHARE: f64 = 0.6;
/// What is assumed where the system does not tell how much memory there is.
const MEMORY_FALLBACK: u64 = 4 << 30;

/// How runs are carried out: threads, the memory limit, scratch space, who is told of events.
///
/// Cheap to clone; clones share threads and memory. [`Array::compute`](crate::Array::compute) and its
/// like use a default one, with all processors and a share of the memory that the process may use.
///
/// ```
/// use chunkwise::{Random, Session};
/// let session = Session::new(2, 64 << 20)?;
/// let x = Random::new(1).uniform(0.0, 1.0, [20_000, 1_000], 1000)?;
/// let means = session.compute(&[&x.mean(0)?])?;
/// assert_eq!(means[0].shape(), [1_000]);
/// // What cannot fit is refused before it starts.
/// let error = session.compute(&[&x]).unwrap_err().to_string();
/// assert!(error.contains("the smallest limit that would do is"), "{error}");
/// # Ok::<_, chunkwise::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Session {
    pub(crate) executor: Arc<Executor>,
    pub(crate) pool: Pool,
    pub(crate) memory_limit: u64,
    pub(crate) scratch_directory: Option<PathBuf>,
    pub(crate) cancel: CancelToken,
    pub(crate) subscribers: Vec<Arc<dyn Subscriber>>,
    pub(crate) grain: Option<usize>,
}

impl Session {
    /// A session of `threads` threads (0 for as many as there are processors) and a limit, in bytes,
    /// of what its runs may hold at once: results, intermediates and everything on the way.
    pub fn new(threads: usize, memory_limit: u64) -> Result<Session> {
        Session::within(threads, memory_limit, |life| life())
    }

    /// The same, each further thread of which spends its life within a call of `around`.
    pub fn within(
        threads: usize,
        memory_limit: u64,
        around: impl Fn(&mut (dyn FnMut() + Send)) + Clone + Send + Sync + 'static,
    ) -> Result<Session> {
        let threads = match threads {
            0 => resources::usable_cpus().unwrap_or(1),
            n => n,
        };
        if memory_limit == 0 {
            return Err(Error::argument(
                "session",
                "memory_limit",
                0,
                "it must not be zero",
            ));
        }
        Ok(Session {
            executor: Arc::new(Executor::within(threads, around)?),
            pool: Pool::new(usize::try_from(memory_limit).unwrap_or(usize::MAX)),
            memory_limit,
            scratch_directory: None,
            cancel: CancelToken::new(),
            subscribers: Vec::new(),
            grain: None,
        })
    }

    /// The same with tasks of at most about this many elements, all of them on all threads: so that
    /// small arrays make many tasks, for tests.
    #[doc(hidden)]
    pub fn with_grain(mut self, elements: usize) -> Session {
        self.grain = Some(elements.max(1));
        self
    }

    /// The same with intermediates that do not fit written to this folder.
    pub fn with_scratch_directory(mut self, folder: impl Into<PathBuf>) -> Session {
        self.scratch_directory = Some(folder.into());
        self
    }

    /// The same with another limit of what a run may hold at once: buffers are still of one account.
    pub fn with_memory_limit(mut self, bytes: u64) -> Session {
        self.memory_limit = bytes;
        self
    }

    /// The same with one more to be told of events.
    pub fn with_subscriber(mut self, subscriber: Arc<dyn Subscriber>) -> Session {
        self.subscribers.push(subscriber);
        self
    }

    /// The same with runs that stop, with [`Error::Cancelled`], once `token` is cancelled.
    pub fn with_cancel(mut self, token: CancelToken) -> Session {
        self.cancel = token;
        self
    }

    /// The token that stops its runs.
    pub fn cancel_token(&self) -> CancelToken {
        self.cancel.clone()
    }

    /// The memory limit where none is chosen: a share of the memory that the process may use, control
    /// groups respected.
    pub fn default_memory_limit() -> u64 {
        let memory = resources::usable_memory().unwrap_or(MEMORY_FALLBACK);
        (memory as f64 * MEMORY_SHARE) as u64
    }

    /// Ends the threads that wait for runs, and those that work once their run has ended; does not
    /// wait for that. Later runs have the thread that calls alone.
    ///
    /// ```
    /// use chunkwise::{Array, DType, Session};
    /// let session = Session::new(4, 64 << 20)?;
    /// session.stop();
    /// let x = Array::ones([100, 100], DType::F64, 10)?;
    /// assert_eq!(session.compute(&[&x.sum(..)?])?[0].item::<f64>()?, 10_000.0);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    pub fn stop(&self) {
        self.executor.stop();
    }

    /// Number of threads.
    pub fn threads(&self) -> usize {
        self.executor.threads()
    }

    /// Bytes that runs may hold at once.
    pub fn memory_limit(&self) -> u64 {
        self.memory_limit
    }

    /// Bytes that runs and the results that are still alive hold now, and the most of the last run.
    pub fn memory_used(&self) -> (u64, u64) {
        (self.pool.used() as u64, self.pool.peak() as u64)
    }
}

/// The session that is used where none is named.
pub(crate) fn default_session() -> Result<Session> {
    static DEFAULT: LazyLock<Result<Session>> =
        LazyLock::new(|| Session::new(0, Session::default_memory_limit()));
    DEFAULT.clone()
}
