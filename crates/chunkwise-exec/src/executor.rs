use chunkwise_core::{Error, Result};

/// The threads that runs use: the calling one and a pool of others, which wait between runs.
#[derive(Debug)]
pub struct Executor {
    threads: usize,
    pool: Option<rayon_core::ThreadPool>,
}

impl Executor {
    /// An executor of this many threads in all, at least one.
    pub fn new(threads: usize) -> Result<Executor> {
        let threads = threads.max(1);
        let pool = match threads {
            1 => None,
            n => Some(
                rayon_core::ThreadPoolBuilder::new()
                    .num_threads(n - 1)
                    .thread_name(|i| format!("chunkwise-{}", i + 1))
                    .build()
                    .map_err(|e| Error::argument("executor", "threads", n, e.to_string()))?,
            ),
        };
        Ok(Executor { threads, pool })
    }

    /// Number of threads.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// Calls `work` with 0 on this thread and with 1, 2, ... on as many others, and returns when all
    /// have.
    pub(crate) fn on_threads(&self, threads: usize, work: impl Fn(usize) + Sync) {
        match &self.pool {
            Some(pool) if threads > 1 => pool.in_place_scope(|scope| {
                let work = &work;
                for thread in 1..threads.min(self.threads) {
                    scope.spawn(move |_| work(thread));
                }
                work(0);
            }),
            _ => work(0),
        }
    }
}
