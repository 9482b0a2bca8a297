//! Functions on chunks that are their parameters and nothing else.

use std::fmt;
use std::sync::Arc;

use chunkwise_core::{Chunk, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{CallFunction, CallTask};

/// A function on chunks that another process can make again: a name, and the parameters, which are the
/// implementing type's fields.
pub trait PlainFunction: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// What it is written as. Another meaning or other fields need another name.
    const NAME: &'static str;

    /// See [`CallFunction::is_elementwise`].
    const ELEMENTWISE: bool = false;

    /// Answers a chunk for each output. The parameters may have been read from bytes that someone has
    /// changed.
    fn call(&self, task: &CallTask<'_>) -> Result<Vec<Chunk>>;
}

struct Plain<F>(F);

impl<F: PlainFunction> CallFunction for Plain<F> {
    fn call(&self, task: &CallTask<'_>) -> Result<Vec<Chunk>> {
        self.0.call(task)
    }

    fn plain(&self) -> Option<(&'static str, Vec<u8>)> {
        Some((F::NAME, postcard::to_allocvec(&self.0).ok()?))
    }

    fn is_elementwise(&self) -> bool {
        F::ELEMENTWISE
    }
}

/// A [`PlainFunction`] as a function of a call.
pub fn shared<F: PlainFunction>(function: F) -> Arc<dyn CallFunction> {
    Arc::new(Plain(function))
}

/// A kind of [`PlainFunction`] that can be read.
#[derive(Clone, Copy)]
pub struct PlainRow {
    /// Its name.
    pub name: &'static str,
    /// Makes the function from its parameters; `None` where they are not such.
    pub read: fn(&[u8]) -> Option<Arc<dyn CallFunction>>,
}

impl PlainRow {
    /// The row of a type.
    pub const fn of<F: PlainFunction>() -> PlainRow {
        PlainRow {
            name: F::NAME,
            read: |parameters| match postcard::take_from_bytes::<F>(parameters) {
                Ok((function, [])) => Some(shared(function)),
                _ => None,
            },
        }
    }
}

impl fmt::Debug for PlainRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PlainRow({})", self.name)
    }
}
