use std::sync::Arc;

use chunkwise_core::{Sink, ViewMut};

/// Where an output of a plan goes.
#[derive(Debug)]
pub enum Target<'a> {
    /// Into new memory, handed back as a chunk.
    Memory,
    /// Into the caller's memory.
    View(ViewMut<'a>),
    /// Into a sink, region by region; committed when all is written, aborted when the run fails.
    Sink(Arc<dyn Sink>),
}
