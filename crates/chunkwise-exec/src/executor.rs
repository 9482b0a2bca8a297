use std::cell::Cell;

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
        Executor::within(threads, |life| life())
    }

    /// The same, each thread of which spends its life within a call of `around`: what another
    /// language's run-time wants of a thread is set up there once, and not for every call.
    pub fn within(
        threads: usize,
        around: impl Fn(&mut (dyn FnMut() + Send)) + Clone + Send + Sync + 'static,
    ) -> Result<Executor> {
        let threads = threads.max(1);
        let pool = match threads {
            1 => None,
            n => Some(
                rayon_core::ThreadPoolBuilder::new()
                    .num_threads(n - 1)
                    .spawn_handler(move |thread| {
                        let around = around.clone();
                        let name = format!("chunkwise-{}", thread.index() + 1);
                        let mut thread = Some(thread);
                        let life = move || {
                            around(&mut || {
                                if let Some(thread) = thread.take() {
                                    thread.run();
                                }
                            });
                        };
                        std::thread::Builder::new().name(name).spawn(life)?;
                        Ok(())
                    })
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
    /// have. A run within a task of another run has this thread alone: the others wait for that task.
    pub(crate) fn on_threads(&self, threads: usize, work: impl Fn(usize) + Sync) {
        let work = |thread| {
            let _inside = Inside::enter();
            work(thread);
        };
        match &self.pool {
            Some(pool) if threads > 1 && !Inside::is() => pool.in_place_scope(|scope| {
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

thread_local! {
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// That this thread works for a run, for as long as this lives.
struct Inside;

impl Inside {
    fn enter() -> Inside {
        DEPTH.set(DEPTH.get() + 1);
        Inside
    }

    fn is() -> bool {
        DEPTH.get() > 0
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
    }
}
