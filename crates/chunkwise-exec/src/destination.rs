//! Where the outputs of a run go.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use chunkwise_core::{Canvas, Chunk, Dims, Error, Pool, Region, Result, Sink};
use chunkwise_kernels::movement::copy;
use chunkwise_plan::{Plan, StageKind};

use crate::Target;

/// Where an output goes.
#[expect(clippy::large_enum_variant, reason = "one for each result of a run")]
pub(crate) enum Destination<'a> {
    Canvas(Canvas<'a>),
    Sink(Arc<dyn Sink>),
    /// Parts of unknown length by their place, and the axis along which they are joined.
    Collected(Mutex<BTreeMap<usize, Chunk>>, usize),
}

/// The destinations of all outputs of a plan.
pub(crate) struct Destinations<'a> {
    /// By stage and output.
    lists: Vec<Vec<Vec<Destination<'a>>>>,
    /// For each target where its destination is, if a chunk is made of it: stage, output, place in the list.
    asked: Vec<Option<(usize, usize, usize)>>,
}

impl<'a> Destinations<'a> {
    /// Those of the targets, of which there is one for each of the plan's outputs.
    pub fn new(plan: &Plan, targets: Vec<Target<'a>>, pool: &Pool) -> Result<Destinations<'a>> {
        let mut lists: Vec<Vec<Vec<Destination<'a>>>> = plan
            .stages
            .iter()
            .map(|s| s.outputs.iter().map(|_| Vec::new()).collect())
            .collect();
        let mut asked = Vec::new();
        for (target, output) in targets.into_iter().zip(&plan.outputs) {
            let of = &plan.stages[output.stage].outputs[output.output];
            let unknown = match &plan.stages[output.stage].kind {
                StageKind::Compress(c) => Some(c.axis),
                _ => None,
            };
            let list = &mut lists[output.stage][output.output];
            let (destination, back) = match (target, unknown) {
                (Target::Memory, Some(axis)) => {
                    (Destination::Collected(Mutex::default(), axis), true)
                }
                (Target::Memory, None) => (
                    Destination::Canvas(Canvas::owned(pool, of.dtype, of.grid.clone())?),
                    true,
                ),
                (Target::View(_) | Target::Sink(_), Some(axis)) => {
                    return Err(Error::UnknownLength {
                        operation: "store",
                        axis,
                    });
                }
                (Target::View(view), None) => {
                    if view.dtype() != of.dtype {
                        return Err(Error::DTypeMismatch {
                            operation: "filling a buffer",
                            expected: of.dtype,
                            got: view.dtype(),
                        });
                    }
                    (
                        Destination::Canvas(Canvas::borrowed(view, of.grid.clone())?),
                        false,
                    )
                }
                (Target::Sink(sink), None) => (Destination::Sink(sink), false),
            };
            asked.push(back.then_some((output.stage, output.output, list.len())));
            list.push(destination);
        }
        Ok(Destinations { lists, asked })
    }

    /// Those of an output of a stage.
    pub fn of(&self, stage: usize, output: usize) -> &[Destination<'a>] {
        &self.lists[stage][output]
    }

    /// The chunks of the targets that ask for such, once all is delivered.
    pub fn finish(mut self, pool: &Pool) -> Result<Vec<Option<Chunk>>> {
        let mut chunks = Vec::new();
        for place in self.asked.into_iter().rev() {
            let chunk = match place {
                None => None,
                // The last of a list is taken first, so the places of the others stay.
                Some((stage, output, at)) => match self.lists[stage][output].remove(at) {
                    Destination::Canvas(canvas) => {
                        if !canvas.is_complete() {
                            return Err(Error::internal("executor", "a result was not filled"));
                        }
                        canvas.finish()
                    }
                    Destination::Collected(parts, axis) => {
                        let parts = parts.into_inner().unwrap_or_else(PoisonError::into_inner);
                        Some(join(parts, axis, pool)?)
                    }
                    Destination::Sink(_) => None,
                },
            };
            chunks.push(chunk);
        }
        chunks.reverse();
        Ok(chunks)
    }
}

/// Parts of unknown length, one after another.
fn join(parts: BTreeMap<usize, Chunk>, axis: usize, pool: &Pool) -> Result<Chunk> {
    let Some(first) = parts.values().next() else {
        return Err(Error::internal("executor", "a boolean index without parts"));
    };
    let mut shape: Dims = first.shape().into();
    shape[axis] = parts.values().map(|p| p.shape()[axis]).sum();
    Chunk::build(pool, first.dtype(), &shape, |mut out| {
        let mut at = 0;
        for part in parts.values() {
            let mut place = Region::whole(part.shape());
            place.start[axis] = at;
            at += part.shape()[axis];
            copy(&part.view(), &mut out.region(&place))?;
        }
        Ok(())
    })
}
