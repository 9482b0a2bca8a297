use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chunkwise_core::{Error, Result};

/// The threads that runs use: the calling one and a pool of others, which wait between runs.
#[derive(Debug)]
pub struct Executor {
    threads: usize,
    pool: Mutex<Option<Arc<rayon_core::ThreadPool>>>,
    /// How many of the pool's threads work for no run.
    free: AtomicUsize,
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
        Ok(Executor {
            threads,
            pool: Mutex::new(pool.map(Arc::new)),
            free: AtomicUsize::new(threads - 1),
        })
    }

    /// Number of threads.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// Ends the threads of the pool: those that wait at once, the others after the run that they work
    /// for. Does not wait for that. Later runs have the thread that calls alone.
    pub fn stop(&self) {
        // The last that holds the pool ends it.
        self.pool().take();
    }

    fn pool(&self) -> MutexGuard<'_, Option<Arc<rayon_core::ThreadPool>>> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls `work` with 0 on this thread, and with 1, 2, ... on others when it asks for help by what
    /// it is given; returns when all have. Help are threads that are free at that moment: a run never
    /// waits for those of another run, which may be waiting for this one. A run within a task of
    /// another run has this thread alone.
    pub(crate) fn on_threads(&self, threads: usize, work: impl Fn(usize, Help<'_>) + Sync) {
        let work = |thread, help: Help<'_>| {
            let _inside = Inside::enter();
            work(thread, help);
        };
        let pool = match threads > 1 && !Inside::is() {
            true => self.pool().clone(),
            false => None,
        };
        match pool {
            Some(pool) => pool.in_place_scope(|scope| {
                let work = &work;
                let mut next = 1;
                work(0, &mut || {
                    while next < threads.min(self.threads) {
                        let Some(busy) = Busy::claim(&self.free) else {
                            break;
                        };
                        let thread = next;
                        scope.spawn(move |_| {
                            let _busy = busy;
                            work(thread, &mut || ());
                        });
                        next += 1;
                    }
                });
            }),
            None => work(0, &mut || ()),
        }
    }
}

/// Brings free threads to a run, of which more may be free later.
pub(crate) type Help<'a> = &'a mut dyn FnMut();

/// That a thread of the pool works for a run, for as long as this lives.
struct Busy<'a>(&'a AtomicUsize);

impl Busy<'_> {
    fn claim(free: &AtomicUsize) -> Option<Busy<'_>> {
        let less = |n: usize| n.checked_sub(1);
        free.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less)
            .is_ok()
            .then(|| Busy(free))
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use super::*;

    #[test]
    fn threads_end_when_they_are_told_and_runs_go_on_without_them() {
        let (ended, ends) = channel();
        let executor = Executor::within(3, move |life| {
            life();
            let _ = ended.send(());
        })
        .unwrap();
        let used = AtomicUsize::new(0);
        let run = |executor: &Executor| {
            used.store(0, Ordering::Relaxed);
            executor.on_threads(3, |_, help| {
                help();
                used.fetch_add(1, Ordering::Relaxed);
            });
            used.load(Ordering::Relaxed)
        };
        assert_eq!(run(&executor), 3);
        assert!(ends.try_recv().is_err());
        executor.stop();
        for _ in 0..2 {
            ends.recv_timeout(Duration::from_secs(20)).unwrap();
        }
        assert_eq!(run(&executor), 1);
        executor.stop();
    }

    #[test]
    fn threads_that_work_end_after_their_run() {
        let (ended, ends) = channel();
        let executor = Executor::within(2, move |life| {
            life();
            let _ = ended.send(());
        })
        .unwrap();
        let used = AtomicUsize::new(0);
        executor.on_threads(2, |_, help| {
            executor.stop();
            help();
            used.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(used.load(Ordering::Relaxed), 2);
        ends.recv_timeout(Duration::from_secs(20)).unwrap();
    }
}
