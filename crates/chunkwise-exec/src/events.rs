use std::fmt::Debug;
use std::time::Duration;

use chunkwise_core::{Error, Pool};
use chunkwise_plan::Plan;

/// Something that happened in a run. Times are since its start.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The run begins.
    Started {
        /// What will be done.
        plan: &'a Plan,
        /// Threads that do it.
        threads: usize,
        /// The memory limit, in bytes.
        memory_limit: u64,
        /// Where its buffers come from.
        pool: &'a Pool,
    },
    /// A task begins.
    TaskStarted {
        /// Its stage.
        stage: usize,
        /// Its place in the stage's order.
        number: usize,
        /// Which thread runs it, from 0.
        thread: usize,
        /// When it begins.
        start: Duration,
    },
    /// A task ended well.
    TaskFinished {
        /// Its stage.
        stage: usize,
        /// Its place in the stage's order.
        number: usize,
        /// Which thread ran it, from 0.
        thread: usize,
        /// When it began.
        start: Duration,
        /// When it ended.
        end: Duration,
        /// About how many nanoseconds of one core the plan had reckoned for it.
        cost: f64,
        /// Bytes that it read from sources that are not in memory, as elements: before they were read they
        /// may have been fewer, compressed.
        read: u64,
        /// Bytes that it wrote to sinks, as elements.
        written: u64,
    },
    /// A cell went to a scratch file.
    Spilled {
        /// Bytes.
        bytes: u64,
    },
    /// A cell came back from a scratch file.
    Loaded {
        /// Bytes.
        bytes: u64,
    },
    /// The run ended.
    Finished {
        /// How long it took.
        elapsed: Duration,
        /// Whether it ended well.
        ok: bool,
        /// The most bytes that the pool had handed out at once.
        peak: u64,
    },
    /// Why a run did not end well: after [`Finished`](Event::Finished), or alone, where it was refused
    /// before it began.
    Failed {
        /// What went wrong.
        error: &'a Error,
        /// Whether it had begun.
        begun: bool,
    },
}

/// Somebody who is told of events, from the threads where they happen: it should be quick.
pub trait Subscriber: Debug + Send + Sync {
    /// Something happened.
    fn event(&self, event: &Event<'_>);
}
