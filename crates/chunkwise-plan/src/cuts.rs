//! Where stored chunks are cut, seen from the index space of what reads them.
//!
//! A stored chunk that has to be decoded is read as a whole, once: tasks are made of whole chunks
//! where they can be, and where they cannot, [`times_read`] says what that costs.

use chunkwise_core::{AxisGrid, AxisGroup, Dims, Grid, Source, SourceId};

use crate::{Body, Fused, Input, LeafSpec, PassOutput, Stage, StageKind};

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

/// The cells of an earlier stage that does nothing but unpack the chunks of a dear source: who reads them
/// goes from chunk to chunk too, so that few of them are held at once.
fn unpacked(stages: &[Stage], stage: usize, output: usize) -> Option<Grid> {
    let stage = stages.get(stage)?;
    match &stage.kind {
        StageKind::Pass(pass) if matches!(pass.outputs[..], [PassOutput::Store]) => {
            let leaf = pass.fused.program.output_leaf(0)?;
            match &pass.fused.leaves[leaf].input {
                Input::Source(source) if is_dear(&**source) => {
                    Some(stage.outputs.get(output)?.grid.clone())
                }
                _ => None,
            }
        }
        _ => None,
    }
}

/// The cuts of the dear source that most of a chain's bytes come from, or of its unpacked chunks.
pub(crate) fn of_fused(fused: &Fused, stages: &[Stage]) -> Option<Cuts> {
    let bytes = |leaf: &LeafSpec| -> usize {
        let n = leaf.shape.iter().fold(1usize, |n, d| n.saturating_mul(*d));
        n.saturating_mul(leaf.dtype.size())
    };
    let cuts = fused.leaves.iter().filter_map(|leaf| {
        let cuts = of_leaf(leaf, &fused.shape, stages)?;
        Some((bytes(leaf), cuts))
    });
    // The first of the largest.
    cuts.reduce(|a, b| if b.0 > a.0 { b } else { a })
        .map(|(_, cuts)| cuts)
}

fn of_leaf(leaf: &LeafSpec, shape: &[usize], stages: &[Stage]) -> Option<Cuts> {
    let inner = match &leaf.input {
        Input::Source(source) if is_dear(&**source) => source.grid()?,
        Input::Stage { stage, output } => unpacked(stages, *stage, *output)?,
        Input::Body(body) => {
            let shape = body.shape();
            let cuts = of_body(body, stages)?.into_iter().zip(&shape);
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
pub(crate) fn of_body(body: &Body, stages: &[Stage]) -> Option<Cuts> {
    match body {
        Body::Fused(fused) => of_fused(fused, stages),
        // Elementwise in the first input; the others are small.
        Body::Each { inputs, .. } => of_body(inputs.first()?, stages),
        Body::Concat { axis, parts, .. } => {
            let all: Vec<Option<Cuts>> = parts.iter().map(|p| of_body(p, stages)).collect();
            let mut cuts = all.iter().flatten().next()?.clone();
            let along = parts.iter().zip(&all).map(|(part, cuts)| {
                let own = cuts.as_ref().and_then(|c| c[*axis].clone());
                own.unwrap_or_else(|| AxisGrid::regular(part.shape()[*axis], usize::MAX))
            });
            cuts[*axis] = Some(AxisGrid::joined(&along.collect::<Vec<_>>()));
            Some(cuts)
        }
        Body::Take { axis, input, .. } => {
            let mut cuts = of_body(input, stages)?;
            cuts[*axis] = None;
            Some(cuts)
        }
        Body::Reshape { from, to, input } => {
            let inner = of_body(input, stages)?;
            let mut cuts: Cuts = vec![None; to.len()];
            for group in AxisGroup::between(from, to) {
                let (own, new) = (group.from[0], group.to[0]);
                let rows = (
                    AxisGroup::row(from, &group.from),
                    AxisGroup::row(to, &group.to),
                );
                cuts[new] = match (&inner[own], group.from.len() + group.to.len()) {
                    (Some(cut), 2) => Some(cut.clone()),
                    (Some(cut), _) => Some(in_rows(cut, rows, to[new])),
                    (None, _) => None,
                };
            }
            Some(cuts)
        }
    }
}

/// The cuts of an axis, in `row.0` elements each, on an axis of `len` with `row.1` elements each.
fn in_rows(cut: &AxisGrid, row: (usize, usize), len: usize) -> AxisGrid {
    let chunk = cut.longest().saturating_mul(row.0) / row.1.max(1);
    AxisGrid::regular(len, chunk.max(1))
}

/// How a dear source is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Read {
    /// How often, with all its bytes.
    pub times: f32,
    /// Bytes of its chunks that have to be held for none of them to be read twice.
    pub held: usize,
}

impl Read {
    /// What is read now and then: all has to be held.
    fn again(times: f32) -> Read {
        let held = usize::MAX;
        Read { times, held }
    }

    /// The same done `n` times over.
    pub fn repeated(self, n: f32) -> Read {
        Read {
            times: self.times * n,
            held: if n > 1.0 { usize::MAX } else { self.held },
        }
    }
}

/// How each dear source is read by tasks that are cut as `tasks`.
pub(crate) fn times_read(body: &Body, tasks: &Grid, tell: &mut dyn FnMut(SourceId, Read)) {
    match body {
        Body::Fused(fused) => {
            let order: Vec<usize> = (0..tasks.ndim()).collect();
            times_read_fused(fused, tasks, &order, tell);
        }
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
        Body::Reshape { from, to, input } => {
            let mut axes: Vec<AxisGrid> = from.iter().map(|n| AxisGrid::regular(*n, *n)).collect();
            let mut times = 1;
            for group in AxisGroup::between(from, to) {
                let (own, new) = (group.from[0], group.to[0]);
                let rows = (
                    AxisGroup::row(to, &group.to),
                    AxisGroup::row(from, &group.from),
                );
                axes[own] = match group.from.len() + group.to.len() {
                    2 => tasks.axes()[new].clone(),
                    _ => in_rows(&tasks.axes()[new], rows, from[own]),
                };
                // Tasks beside each other in what was one axis read the same rows.
                let others = group.to.iter().skip(1);
                times *= others.map(|a| tasks.axes()[*a].count()).product::<usize>();
            }
            times_read(input, &Grid::new(axes), &mut |source, once| {
                tell(source, once.repeated(times as f32));
            });
        }
    }
}

/// The same for a chain whose tasks run in an order of axes, slowest first.
pub(crate) fn times_read_fused(
    fused: &Fused,
    tasks: &Grid,
    order: &[usize],
    tell: &mut dyn FnMut(SourceId, Read),
) {
    let mut read: Vec<(SourceId, Read)> = Vec::new();
    for leaf in &fused.leaves {
        match &leaf.input {
            Input::Source(source) if is_dear(&**source) => {
                let Some(grid) = source.grid() else { continue };
                let own = read_through(leaf, &grid, tasks, order);
                match read.iter_mut().find(|(id, _)| *id == source.id()) {
                    // Views of one source in one pass are read side by side.
                    Some((_, all)) => {
                        all.times += own.times;
                        all.held = all.held.max(own.held);
                    }
                    None => read.push((source.id(), own)),
                }
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
                times_read(body, &seen, &mut |source, once| {
                    tell(source, Read::again(once.times));
                });
            }
            _ => {}
        }
    }
    read.into_iter()
        .for_each(|(source, read)| tell(source, read));
}

/// How the chunks of a leaf's source are read: how often on average, and how much lies between the first
/// and the last time.
fn read_through(leaf: &LeafSpec, grid: &Grid, tasks: &Grid, order: &[usize]) -> Read {
    let shape: Dims = tasks.shape();
    let chunks = leaf.map.grid(grid, &shape);
    let chunk = grid.largest().iter().product::<usize>() * leaf.dtype.size();
    let (mut times, mut held) = (1.0, chunk);
    // From the fastest axis on: chunks that a step along an axis comes back to are all those along the
    // faster ones.
    let mut faster = chunk;
    for &a in order.iter().rev() {
        let (tasks, chunks) = (&tasks.axes()[a], &chunks.axes()[a]);
        let moves = leaf.map.axes().iter().any(|m| m.from == Some(a));
        let (own, along) = match moves {
            false => (tasks.count() as f32, 1),
            true => {
                let some = tasks.count().min(SAMPLE);
                let each = (0..some).map(|t| chunks.covering(tasks.extent(t)).len());
                let (sum, most) = each.fold((0, 0), |(sum, most), n| (sum + n, n.max(most)));
                let end = tasks.extent(some - 1).end;
                let touched = chunks.covering(0..end).len().max(1);
                (sum as f32 / touched as f32, most)
            }
        };
        if own > 1.0 {
            held = faster.saturating_mul(along);
        }
        if moves {
            faster = faster.saturating_mul(chunks.count());
        }
        times *= own;
    }
    Read { times, held }
}
