//! A function on chunks, and what must hold of its results.

use std::panic::{AssertUnwindSafe, catch_unwind};

use chunkwise_core::{Chunk, Error, Pool, Region, Result};
use chunkwise_plan::{Call, CallTask};

/// What a call makes of its inputs' parts, of each output a region; of those in `kept`, which are
/// checked, the results.
pub(crate) fn called(
    call: &Call,
    inputs: &[Chunk],
    regions: &[Region],
    kept: &[usize],
    pool: &Pool,
) -> Result<Vec<Chunk>> {
    let task = CallTask {
        inputs,
        regions,
        pool,
    };
    let made = catch_unwind(AssertUnwindSafe(|| call.function.call(&task)))
        .unwrap_or_else(|panic| Err(panicked(&*panic)))?;
    let outputs = &call.outputs;
    if made.len() != outputs.len() {
        return Err(Error::ShapeMismatch {
            operation: "the number of a function's results",
            expected: vec![outputs.len()],
            got: vec![made.len()],
        });
    }
    let kept = kept.iter().map(|&n| {
        let chunk = trimmed(&made[n], &call.trim)?;
        if chunk.dtype() != outputs[n].dtype {
            return Err(Error::DTypeMismatch {
                operation: "map_blocks",
                expected: outputs[n].dtype,
                got: chunk.dtype(),
            });
        }
        if chunk.shape() != regions[n].shape.as_slice() {
            return Err(Error::ShapeMismatch {
                operation: "map_blocks",
                expected: regions[n].shape.to_vec(),
                got: chunk.shape().to_vec(),
            });
        }
        Ok(chunk)
    });
    kept.collect()
}

/// The part of a function's result within what is cut from its axes.
fn trimmed(made: &Chunk, trim: &[(usize, usize)]) -> Result<Chunk> {
    let mut kept = Region::whole(made.shape());
    for (axis, (before, after)) in trim.iter().enumerate() {
        if axis < kept.ndim() {
            kept.start[axis] = (*before).min(kept.shape[axis]);
            kept.shape[axis] = kept.shape[axis].saturating_sub(before + after);
        }
    }
    made.region(&kept)
}

/// A panic's message as an error.
pub(crate) fn panicked(panic: &(dyn std::any::Any + Send)) -> Error {
    let message = panic
        .downcast_ref::<&str>()
        .map(|s| (*s).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".to_owned());
    Error::Panic { message }
}
