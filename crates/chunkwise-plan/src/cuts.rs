//! Where stored chunks are cut, seen from the index space of what reads them.
//!
//! A stored chunk that has to be decoded is read as a whole, once: tasks are made of whole chunks
//! where they can be, and where they cannot, [`times_read`] says what that costs.

use chunkwise_core::{AxisGrid, Dims, Grid, Source, SourceId};

use crate::{Body, Fused, Input, LeafSpec};

/// Bytes of sources that cost more than this, in nanoseconds, are not read again and again.
const DEAR: f32 = 0.2;
/// Tasks along an axis that are looked at for what they share.
const SAMPLE: usize = 128;

/// For each axis of an index space, where it had best be cut; `None` where that does not matter.
pub(crate) type Cuts = Vec<Option<AxisGrid>>;

/// Whether a source's chunks are dear to read.
pub(crate) fn is_dear(source: &dyn Source) -> bool {
    source.byte_cost() > DEAR && source.in_memory().is_none()
}

/// The cuts of the dear source that most of a chain's bytes come from.
pub(crate) fn of_fused(fused: &Fused) -> Option<Cuts> {
    let bytes = |leaf: &LeafSpec| -> usize {
        let n = leaf.shape.iter().fold(1usize, |n, d| n.saturating_mul(*d));
        n.saturating_mul(leaf.dtype.size())
    };
    let cuts = fused.leaves.iter().filter_map(|leaf| {
        let cuts = of_leaf(leaf, &fused.shape)?;
        Some((bytes(leaf), cuts))
    });
    // The first of the largest.
    cuts.reduce(|a, b| if b.0 > a.0 { b } else { a })
        .map(|(_, cuts)| cuts)
}

fn of_leaf(leaf: &LeafSpec, shape: &[usize]) -> Option<Cuts> {
    let inner = match &leaf.input {
        Input::Source(source) if is_dear(&**source) => source.grid()?,
        Input::Body(body) => {
            let shape = body.shape();
            let cuts = of_body(body)?.into_iter().zip(&shape);
            // An axis without cuts may be cut at each element.
            Grid::new(cuts.map(|(cut, n)| cut.unwrap_or_else(|| AxisGrid::regular(*n, 1))))
        }
        _ => return None,
    };
    let mapped = leaf.map.grid(&inner, shape);
    let moves = |axis: usize| leaf.map.axes().iter().any(|a| a.from == Some(axis));
    let axes = mapped.axes().iter().enumerate();
    Some(
        axes.map(|(a, cut)| (moves(a) && cut.longest() > 1).then(|| cut.clone()))
            .collect(),
    )
}

/// The cuts of the dear source that a body's elements come from.
pub(crate) fn of_body(body: &Body) -> Option<Cuts> {
    match body {
        Body::Fused(fused) => of_fused(fused),
        // Elementwise in the first input; the others are small.
        Body::Each { inputs, .. } => of_body(inputs.first()?),
        Body::Concat { axis, parts, .. } => {
            let all: Vec<Option<Cuts>> = parts.iter().map(of_body).collect();
            let mut cuts = all.iter().flatten().next()?.clone();
            let along = parts.iter().zip(&all).map(|(part, cuts)| {
                let own = cuts.as_ref().and_then(|c| c[*axis].clone());
                own.unwrap_or_else(|| AxisGrid::regular(part.shape()[*axis], usize::MAX))
            });
            cuts[*axis] = Some(AxisGrid::joined(&along.collect::<Vec<_>>()));
            Some(cuts)
        }
        Body::Take { axis, input, .. } => {
            let mut cuts = of_body(input)?;
            cuts[*axis] = None;
            Some(cuts)
        }
        Body::Reshape { .. } => None,
    }
}

/// How often each dear source is read, with all its bytes, by tasks that are cut as `tasks`.
pub(crate) fn times_read(body: &Body, tasks: &Grid, tell: &mut dyn FnMut(SourceId, f32)) {
    match body {
        Body::Fused(fused) => times_read_fused(fused, tasks, tell),
        Body::Each { inputs, .. } => {
            for (n, input) in inputs.iter().enumerate() {
                match n {
                    0 => times_read(input, tasks, tell),
                    _ => times_read(input, &Grid::single(&input.shape()), tell),
                }
            }
        }
        Body::Concat {
            axis,
            offsets,
            parts,
        } => {
            for (n, part) in parts.iter().enumerate() {
                let mut axes: Vec<AxisGrid> = tasks.axes().to_vec();
                axes[*axis] = axes[*axis].slice(offsets[n]..offsets[n + 1]);
                times_read(part, &Grid::new(axes), tell);
            }
        }
        // Positions may touch any chunk: each is taken for read once.
        Body::Take { input, .. } => times_read(input, &Grid::single(&input.shape()), tell),
        Body::Reshape { input, .. } => {
            // A task is a run of rows of the input: it reads all chunks beside each other there.
            let cuts = of_body(input).and_then(|cuts| cuts.into_iter().next().flatten());
            let rows = cuts.map_or(1, |cut| cut.count());
            let each = (tasks.count() as f32 / rows as f32).max(1.0);
            times_read(input, &Grid::single(&input.shape()), &mut |source, once| {
                tell(source, once * each);
            });
        }
    }
}

/// The same for a chain.
pub(crate) fn times_read_fused(fused: &Fused, tasks: &Grid, tell: &mut dyn FnMut(SourceId, f32)) {
    for leaf in &fused.leaves {
        match &leaf.input {
            Input::Source(source) if is_dear(&**source) => {
                let Some(grid) = source.grid() else { continue };
                tell(source.id(), times(leaf, &grid, tasks));
            }
            Input::Body(body) => {
                // What is broadcast or cut through a view is read as the view cuts it.
                let shape = body.shape();
                let axes = leaf.map.axes().iter().zip(&shape);
                let seen = axes.map(|(a, n)| match a.from {
                    Some(from) if a.step == 1 && a.start == 0 => tasks.axes()[from].clone(),
                    _ => AxisGrid::regular(*n, usize::MAX),
                });
                let seen: Vec<AxisGrid> = seen.collect();
                let fits = seen.iter().zip(&shape).all(|(s, n)| s.len() == *n);
                let seen = if fits {
                    Grid::new(seen)
                } else {
                    Grid::single(&shape)
                };
                times_read(body, &seen, tell);
            }
            _ => {}
        }
    }
}

/// How often a chunk of a leaf's source is read on average.
fn times(leaf: &LeafSpec, grid: &Grid, tasks: &Grid) -> f32 {
    let shape: Dims = tasks.shape();
    let chunks = leaf.map.grid(grid, &shape);
    let per_axis = tasks.axes().iter().zip(chunks.axes()).enumerate();
    per_axis
        .map(|(a, (tasks, chunks))| {
            if !leaf.map.axes().iter().any(|m| m.from == Some(a)) {
                return tasks.count() as f32;
            }
            let some = tasks.count().min(SAMPLE);
            let touched: usize = (0..some)
                .map(|t| chunks.covering(tasks.extent(t)).len())
                .sum();
            let end = tasks.extent(some - 1).end;
            touched as f32 / chunks.covering(0..end).len().max(1) as f32
        })
        .product()
}
