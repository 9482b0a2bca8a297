//! Memory and processors over time.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use chunkwise_core::Pool;
use chunkwise_exec::{Event, Subscriber};

use crate::{now, resources};

/// What this process held and did at a moment. Times are on the axis of [`now`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// When.
    pub time: Duration,
    /// Processors at work since the sample before, in percent of one; `None` where the system does
    /// not tell.
    pub cpu: Option<f64>,
    /// Resident memory, in bytes.
    pub resident: Option<u64>,
    /// Bytes in array buffers, of the runs that the sampler was told of and their results.
    pub arrays: u64,
    /// The memory limit of the latest of these runs, in bytes.
    pub limit: Option<u64>,
}

/// Takes a [`Sample`] every so often, on a thread of its own.
///
/// ```
/// use chunkwise_diagnostics::sampler::Sampler;
/// use std::{sync::Arc, time::Duration};
/// let sampler = Arc::new(Sampler::new(Duration::from_millis(5)));
/// sampler.start();
/// std::thread::sleep(Duration::from_millis(12));
/// sampler.stop();
/// // One at the start, one at the end, and those between.
/// assert!(sampler.samples().len() >= 2);
/// ```
#[derive(Debug)]
pub struct Sampler {
    pause: Duration,
    state: Mutex<State>,
    stopped: Condvar,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug, Default)]
struct State {
    samples: Vec<Sample>,
    /// Time and processor time of the last sample.
    last: Option<(Duration, Duration)>,
    pools: Vec<Pool>,
    limit: Option<u64>,
    /// How many have started it and not stopped it yet.
    users: usize,
}

/// Samples closer together than this would measure themselves.
const SHORTEST: Duration = Duration::from_millis(1);

impl Sampler {
    /// A sampler with this pause between samples, a millisecond at least.
    pub fn new(pause: Duration) -> Sampler {
        Sampler {
            pause: pause.max(SHORTEST),
            state: Mutex::default(),
            stopped: Condvar::new(),
            thread: Mutex::default(),
        }
    }

    /// Takes the first sample and goes on until [`stop`](Self::stop), of which as many are needed as
    /// there were starts.
    pub fn start(self: &Arc<Self>) {
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state = self.lock();
        state.users += 1;
        if state.users > 1 {
            return;
        }
        state.last = None;
        state.take();
        drop(state);
        let sampler = Arc::clone(self);
        let life = move || sampler.go_on();
        // Without a thread there are the first and the last sample.
        *thread = std::thread::Builder::new()
            .name("chunkwise-sampler".to_owned())
            .spawn(life)
            .ok();
    }

    /// Takes the last sample.
    pub fn stop(&self) {
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state = self.lock();
        if state.users == 0 {
            return;
        }
        state.users -= 1;
        if state.users > 0 {
            return;
        }
        state.take();
        drop(state);
        self.stopped.notify_all();
        if let Some(thread) = thread.take() {
            // It has nothing to hand back.
            let _ = thread.join();
        }
    }

    /// Learns of runs: their buffers and limits count from then on, and a sample is taken where each
    /// begins and ends.
    pub fn listener(self: &Arc<Self>) -> Arc<dyn Subscriber> {
        Arc::new(Listener(Arc::clone(self)))
    }

    /// The samples so far.
    pub fn samples(&self) -> Vec<Sample> {
        self.lock().samples.clone()
    }

    /// Forgets them.
    pub fn clear(&self) {
        self.lock().samples.clear();
    }

    fn go_on(&self) {
        let mut state = self.lock();
        let mut due = now() + self.pause;
        while state.users > 0 {
            let wait = due.saturating_sub(now());
            if wait.is_zero() {
                state.take();
                // What was missed is not made up for.
                due = (due + self.pause).max(now());
                continue;
            }
            let waited = self.stopped.wait_timeout(state, wait);
            (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take(&mut self) {
        let (time, used) = (now(), resources::cpu_time());
        let cpu = used.zip(self.last).and_then(|(used, (then, before))| {
            let wall = time.saturating_sub(then).as_secs_f64();
            let share = used.saturating_sub(before).as_secs_f64() / wall;
            share.is_finite().then_some(100.0 * share)
        });
        self.last = used.map(|used| (time, used));
        self.samples.push(Sample {
            time,
            cpu,
            resident: resources::resident(),
            arrays: self.pools.iter().map(|p| p.used() as u64).sum(),
            limit: self.limit,
        });
    }
}

#[derive(Debug)]
struct Listener(Arc<Sampler>);

impl Subscriber for Listener {
    fn event(&self, event: &Event<'_>) {
        let mut state = self.0.lock();
        match event {
            Event::Started {
                memory_limit, pool, ..
            } => {
                state.limit = Some(*memory_limit);
                if !state.pools.iter().any(|p| p.is_same(pool)) {
                    state.pools.push((*pool).clone());
                }
            }
            Event::Finished { .. } => {}
            _ => return,
        }
        let recent = state.samples.last().map(|s| now().saturating_sub(s.time));
        if state.users > 0 && recent.is_none_or(|t| t >= SHORTEST) {
            state.take();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chunkwise_plan::Plan;

    #[test]
    #[cfg(target_os = "linux")]
    fn samples_are_in_order_and_see_work_and_buffers() {
        let sampler = Arc::new(Sampler::new(Duration::from_millis(10)));
        let pool = Pool::new(1 << 20);
        sampler.start();
        let plan = Plan {
            stages: Vec::new(),
            outputs: Vec::new(),
            expressions: Vec::new(),
        };
        sampler.listener().event(&Event::Started {
            plan: &plan,
            threads: 1,
            memory_limit: 1 << 20,
            pool: &pool,
        });
        let buffer = pool.alloc(4096).unwrap();
        let begun = now();
        let mut x = 1u64;
        while now() < begun + Duration::from_millis(60) {
            x = std::hint::black_box(x.wrapping_mul(3));
        }
        sampler.stop();
        let samples = sampler.samples();
        assert!(samples.len() >= 4, "{samples:?}");
        assert!(samples.windows(2).all(|w| w[0].time <= w[1].time));
        assert_eq!((samples[0].cpu, samples[0].limit), (None, None));
        let last = samples[samples.len() - 1];
        assert_eq!((last.arrays, last.limit), (4096, Some(1 << 20)));
        assert!(last.resident.unwrap() > 0);
        assert!(samples.iter().any(|s| s.cpu.unwrap_or(0.0) > 10.0));
        drop(buffer);
    }

    #[test]
    fn it_ends_with_its_last_user_and_begins_anew() {
        let sampler = Arc::new(Sampler::new(Duration::from_secs(100)));
        sampler.stop();
        sampler.start();
        sampler.start();
        sampler.stop();
        assert_eq!(sampler.samples().len(), 1);
        sampler.stop();
        assert_eq!(sampler.samples().len(), 2);
        sampler.start();
        sampler.stop();
        assert_eq!(sampler.samples().len(), 4);
        // The time between was nobody's.
        assert_eq!(sampler.samples()[2].cpu, None);
        sampler.clear();
        assert!(sampler.samples().is_empty());
    }
}
