//! A fragment, run.

use std::path::PathBuf;
use std::sync::Arc;

use chunkwise_core::{Chunk, Error, Region, Result, Sink};
use chunkwise_exec::{Item, Part, RunOptions, merge, run_part};
use chunkwise_plan::{CellRef, Plan};

use crate::Bundle;
use crate::pieces::{fetch, path_of, spread};
use crate::runs::stretched;
use crate::work::{Picked, Work, decode};

/// What a fragment is given.
#[derive(Debug, Default)]
pub struct Given {
    /// The bundles that it reads, in its order.
    pub bundles: Vec<Bundle>,
    /// For each array asked for, where it is stored, if it is.
    pub sinks: Vec<Option<Arc<dyn Sink>>>,
    /// The folder of exchanges that go through files: of this computation alone, and for all processes the same.
    pub folder: Option<PathBuf>,
}

/// Runs a fragment: `plan` is that of which it was cut, made anew, and `fingerprint` its
/// [`fingerprint`](crate::fingerprint).
///
/// # Errors
/// [`Error::InvalidArgument`] for bytes that are no fragment of this plan; [`Error::OverBudget`] where it needs
/// more than the memory limit; the errors of tasks.
pub fn run_fragment(
    plan: &Plan,
    fingerprint: u64,
    spec: &[u8],
    given: Given,
    options: &RunOptions<'_>,
) -> Result<Bundle> {
    let (work, inputs) = decode(fingerprint, spec)?;
    if inputs.len() != given.bundles.len() {
        return Err(Error::argument(
            "run of a fragment",
            "bundles",
            given.bundles.len(),
            format!("where it reads {}", inputs.len()),
        ));
    }
    let mut items = Vec::new();
    let bundles = inputs.iter().zip(&given.bundles);
    for (input, bundle) in bundles {
        match input {
            Some(relabel) => {
                let here = bundle.relabelled(relabel.from, relabel.to);
                items.extend(here.items(plan, options.pool)?);
            }
            None => items.extend(bundle.items(plan, options.pool)?),
        }
    }
    drop(given.bundles);
    let made = match work {
        Work::Tasks {
            stage,
            start,
            end,
            own,
            pieces,
        } => {
            let mut memory_limit = options.memory_limit;
            if let Some(pieces) = pieces {
                let bundles = fetch(&pieces, given.folder.as_deref(), options.pool)?;
                for bundle in bundles {
                    memory_limit = memory_limit.saturating_sub(bundle.nbytes() as u64);
                    items.extend(bundle.items(plan, options.pool)?);
                }
            }
            // A bundle may have what is for others too.
            items.retain(|i| match i {
                Item::Cell { .. } => true,
                Item::Carry { at, .. } => at.stage == stage,
                Item::Node { .. } => false,
            });
            let mut sinks: Vec<Vec<Arc<dyn Sink>>> = match plan.stages.get(stage) {
                Some(of) => vec![Vec::new(); of.outputs.len()],
                None => Vec::new(),
            };
            for (output, sink) in plan.outputs.iter().zip(&given.sinks) {
                if let Some(sink) = sink
                    && output.stage == stage
                {
                    sinks[output.output].push(Arc::clone(sink));
                }
            }
            let tasks = start..end;
            let part = Part { stage, tasks, own };
            let kept = handed_on(plan, stage, &given.sinks);
            let options = RunOptions {
                memory_limit,
                ..options.clone()
            };
            run_part(plan, &part, items, &sinks, &kept, &options)?
        }
        Work::Merge { stage, later } => {
            items.retain(|i| i.at().stage == stage);
            let (nodes, mut cells): (Vec<Item>, Vec<Item>) = items
                .into_iter()
                .partition(|i| matches!(i, Item::Node { .. }));
            // Those that earlier merges have made whole.
            cells.retain(|_| later);
            cells.extend(merge(plan, nodes, options.pool, &options.cancel)?);
            cells
        }
        Work::Pick { parts, nodes } => picked(items, &parts, nodes)?,
        Work::Stretch { stage, start, end } => stretched(plan, stage, start..end, &items)?,
        Work::Spread {
            file,
            places,
            shares,
        } => {
            let path = path_of(given.folder.as_deref(), file)?;
            spread(plan, &items, &shares, places, &path, options.pool)?;
            Vec::new()
        }
    };
    Bundle::of(made, options.pool)
}

/// Which outputs of a stage are handed on in bundles: those that others read, and those that are asked for
/// and not stored.
pub(crate) fn handed_on<T>(plan: &Plan, stage: usize, sinks: &[Option<T>]) -> Vec<bool> {
    let mut kept = vec![false; plan.stages.get(stage).map_or(0, |s| s.outputs.len())];
    for later in stage..plan.stages.len() {
        plan.visit_inputs(later, &mut |s, o| {
            if s == stage {
                kept[o] = true;
            }
        });
    }
    for (n, output) in plan.outputs.iter().enumerate() {
        if output.stage == stage && !matches!(sinks.get(n), Some(Some(_))) {
            kept[output.output] = true;
        }
    }
    kept
}

fn picked(items: Vec<Item>, parts: &[Picked], nodes: Option<usize>) -> Result<Vec<Item>> {
    let mut found = Vec::new();
    for item in items {
        if matches!(&item, Item::Node { at, .. } if nodes == Some(at.stage)) {
            found.push(item);
            continue;
        }
        let mut wanted = parts.iter().filter(|p| p.at() == *item.at());
        if let Some(part) = wanted.next() {
            found.push(match item {
                Item::Cell {
                    at,
                    region: None,
                    chunk,
                } => part_of(&at, &chunk, part.region())?,
                other => other,
            });
        }
    }
    if nodes.is_none() && found.len() != parts.len() {
        return Err(Error::internal(
            "cluster",
            format!("{} of {} cells are in the bundle", found.len(), parts.len()),
        ));
    }
    Ok(found)
}

/// A cell, or this region of it.
pub(crate) fn part_of(at: &CellRef, chunk: &Chunk, region: Option<Region>) -> Result<Item> {
    let chunk = match &region {
        Some(region) => chunk.region(region)?,
        None => chunk.clone(),
    };
    Ok(Item::Cell {
        at: at.clone(),
        region,
        chunk,
    })
}
