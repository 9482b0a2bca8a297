//! An array from the bundles that hold it.

use std::collections::BTreeMap;

use chunkwise_core::{Chunk, Dims, Error, Pool, Region, Result};
use chunkwise_plan::{Plan, StageKind};

use crate::{Bundle, Cut, Read};

/// The array `array` of those asked for, from the bundles that [`Cut::results`] names for it, in that order.
///
/// # Errors
/// [`Error::Internal`] where a cell is missing.
pub fn collect(
    plan: &Plan,
    cut: &Cut,
    array: usize,
    bundles: &[Bundle],
    pool: &Pool,
) -> Result<Chunk> {
    let missing = || Error::internal("cluster", format!("array {array} is not complete"));
    let output = plan.outputs.get(array).ok_or_else(missing)?;
    let of = &plan.stages[output.stage].outputs[output.output];
    let mut cells: BTreeMap<usize, Chunk> = BTreeMap::new();
    for (read, bundle) in cut.results[array].iter().zip(bundles) {
        let relabelled;
        let bundle = match (read, &plan.stages[output.stage].kind) {
            (Read::Elsewhere { stage, .. }, StageKind::Brought(source)) => {
                let from = source.elsewhere().ok_or_else(missing)?.output;
                relabelled = bundle.relabelled(from, *stage);
                &relabelled
            }
            _ => bundle,
        };
        let own = bundle.cells(output.stage, output.output);
        cells.extend(own.map(|(cell, chunk)| (cell, chunk.clone())));
    }
    if cells.len() != of.grid.count() || cells.keys().last().is_some_and(|c| *c >= of.grid.count())
    {
        return Err(missing());
    }
    let mut shape: Dims = of.grid.shape();
    let unknown = match &plan.stages[output.stage].kind {
        StageKind::Compress(c) => Some(c.axis),
        _ => None,
    };
    if let Some(axis) = unknown {
        shape[axis] = cells.values().map(|c| c.shape()[axis]).sum();
    }
    if cells.len() == 1
        && let Some(only) = cells.remove(&0)
    {
        return match only.shape() == shape.as_slice() {
            true => Ok(only),
            false => Err(missing()),
        };
    }
    Chunk::build(pool, of.dtype, &shape, |mut out| {
        let mut at = 0;
        for (cell, chunk) in &cells {
            let place = match unknown {
                Some(axis) => {
                    let mut place = Region::whole(chunk.shape());
                    place.start[axis] = at;
                    at += chunk.shape()[axis];
                    place
                }
                None => of.grid.region(&of.grid.unravel(*cell)),
            };
            if place.shape.as_slice() != chunk.shape()
                || !out.region(&place).copy_from(&chunk.view())
            {
                return Err(missing());
            }
        }
        Ok(())
    })
}
