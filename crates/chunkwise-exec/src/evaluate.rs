//! Any region of a body, filled.

use std::sync::atomic::AtomicBool;

use chunkwise_core::{
    Chunk, DType, Dims, Error, IndexMap, Pool, Region, Result, Strides, View, ViewMut, c_strides,
};
use chunkwise_kernels::gather::take;
use chunkwise_kernels::movement::copy;
use chunkwise_kernels::tile::{self, Leaf, Output, Scratch, State};
use chunkwise_plan::{
    Body, Call, Fused, Input, LeafSpec, Picks, concat_parts, each_region, reshape_runs,
    reshape_span, reshape_steps, take_runs, take_span,
};

use crate::call::called;

/// What a body may need while it is evaluated.
pub struct Context<'a> {
    /// Where temporary chunks come from.
    pub pool: &'a Pool,
    /// The cells of earlier stages.
    pub cells: &'a dyn Cells,
    /// Set to stop.
    pub cancelled: &'a AtomicBool,
    /// The thread's tile registers.
    pub scratch: &'a mut Scratch,
    /// Bytes read so far from sources that are not in memory.
    pub read: u64,
}

/// The outputs of earlier stages, as far as the task needs them.
pub trait Cells {
    /// A region of an output: within one cell without a copy, else put together.
    fn region(&self, stage: usize, output: usize, region: &Region, pool: &Pool) -> Result<Chunk>;

    /// Elements of an output without what lies between them; `None` where they are best looked at in place,
    /// within a region.
    fn picked(
        &self,
        stage: usize,
        output: usize,
        picks: &Picks,
        pool: &Pool,
    ) -> Result<Option<Chunk>>;

    /// Fills `out` with a region of an output.
    fn fill(&self, stage: usize, output: usize, region: &Region, out: ViewMut<'_>) -> Result<()>;

    /// Takes the carry that a task of a scan left for the next.
    fn take_carry(&self, stage: usize, cell: usize) -> Result<State>;
}

/// Fills `out` with a region of a body's result.
pub fn fill(
    body: &Body,
    region: &Region,
    out: &mut ViewMut<'_>,
    cx: &mut Context<'_>,
) -> Result<()> {
    if region.is_empty() {
        return Ok(());
    }
    match body {
        Body::Fused(fused) => {
            if let Some(input) = fused.unchanged() {
                return fill_unchanged(input, region, out, cx);
            }
            let mut store = [Output::Store(out.reborrow())];
            run_fused(fused, region, &mut store, cx)
        }
        Body::Concat {
            axis,
            offsets,
            parts,
        } => {
            for (part, inner, at) in concat_parts(region, *axis, offsets) {
                let mut place = Region::whole(&region.shape);
                place.start[*axis] = at;
                place.shape[*axis] = inner.shape[*axis];
                fill(&parts[part], &inner, &mut out.region(&place), cx)?;
            }
            Ok(())
        }
        Body::Take {
            axis,
            indices,
            input,
        } => fill_take(input, *axis, &indices[region.range(*axis)], region, out, cx),
        Body::Reshape { from, to, input } => fill_reshape(input, from, to, region, out, cx),
        Body::Each { call, inputs } => copy(&each(call, inputs, region, cx)?.view(), out),
    }
}

/// Fills `out` with a region of an input that [fills itself](Fused::unchanged).
pub fn fill_unchanged(
    input: &Input,
    region: &Region,
    out: &mut ViewMut<'_>,
    cx: &mut Context<'_>,
) -> Result<()> {
    match input {
        Input::Body(body) => fill(body, region, out, cx),
        Input::Source(source) => {
            if source.in_memory().is_none() {
                cx.read += (region.len() * out.dtype().size()) as u64;
            }
            source.read(region, out.reborrow())
        }
        Input::Stage { stage, output } => cx.cells.fill(*stage, *output, region, out.reborrow()),
        Input::Random(..) | Input::Index { .. } => Err(Error::internal(
            "executor",
            "what is generated tile by tile does not fill a region by itself",
        )),
    }
}

/// A region of the result of an elementwise call.
fn each(call: &Call, inputs: &[Body], region: &Region, cx: &mut Context<'_>) -> Result<Chunk> {
    let parts = inputs
        .iter()
        .enumerate()
        .map(|(n, input)| temporary(input, &each_region(n, input, region), cx))
        .collect::<Result<Vec<Chunk>>>()?;
    let mut made = called(call, &parts, std::slice::from_ref(region), &[0], cx.pool)?;
    made.pop()
        .ok_or_else(|| Error::internal("executor", "a call without a result"))
}

fn fill_take(
    input: &Body,
    axis: usize,
    indices: &[usize],
    region: &Region,
    out: &mut ViewMut<'_>,
    cx: &mut Context<'_>,
) -> Result<()> {
    let place = |at: usize, len: usize| {
        let mut place = Region::whole(&region.shape);
        place.start[axis] = at;
        place.shape[axis] = len;
        place
    };
    let mut whole = region.clone();
    whole.start[axis] = 0;
    whole.shape[axis] = input.shape()[axis];
    if let Some(all) = in_place(input, &whole) {
        return take(&all, axis, 0, indices, out);
    }
    let runs = take_runs(indices);
    if let Some(span) = take_span(indices) {
        let mut inner = region.clone();
        inner.start[axis] = span.start;
        inner.shape[axis] = span.len();
        let all = temporary(input, &inner, cx)?;
        return take(&all.view(), axis, span.start, indices, out);
    }
    for run in runs {
        let mut inner = region.clone();
        inner.start[axis] = run.from;
        inner.shape[axis] = run.len;
        fill(input, &inner, &mut out.region(&place(run.at, run.len)), cx)?;
    }
    Ok(())
}

fn fill_reshape(
    input: &Body,
    from: &[usize],
    to: &[usize],
    region: &Region,
    out: &mut ViewMut<'_>,
    cx: &mut Context<'_>,
) -> Result<()> {
    if let Some(span) = reshape_span(from, to, region) {
        if span.len() == region.len()
            && let Some(mut whole) = out.part(0, &span.shape)
        {
            return fill(input, &span, &mut whole, cx);
        }
        let rows = dense(temporary(input, &span, cx)?, cx.pool)?;
        let (first, steps) = reshape_steps(from, to, region, &span);
        let part = rows.view().strided(first, &region.shape, &steps)?;
        return copy(&part, out);
    }
    let runs = reshape_runs(from, to, region);
    if out.is_contiguous() {
        for run in runs {
            let mut part = out
                .part(run.at, &run.region.shape)
                .ok_or_else(|| Error::internal("reshape", "a run leaves its region"))?;
            fill(input, &run.region, &mut part, cx)?;
        }
        return Ok(());
    }
    let pool = cx.pool.clone();
    let dense = Chunk::build(&pool, out.dtype(), &region.shape, |mut dense| {
        for run in runs {
            let mut part = dense
                .part(run.at, &run.region.shape)
                .ok_or_else(|| Error::internal("reshape", "a run leaves its region"))?;
            fill(input, &run.region, &mut part, cx)?;
        }
        Ok::<_, Error>(())
    })?;
    copy(&dense.view(), out)
}

/// A region of a body's result as a chunk of its own.
pub fn temporary(body: &Body, region: &Region, cx: &mut Context<'_>) -> Result<Chunk> {
    if let Some(leaf) = body.as_leaf()
        && leaf.map.is_identity()
        && let Input::Stage { stage, output } = &leaf.input
    {
        return cx.cells.region(*stage, *output, region, cx.pool);
    }
    if let Body::Each { call, inputs } = body
        && !region.is_empty()
    {
        return each(call, inputs, region, cx);
    }
    let pool = cx.pool.clone();
    Chunk::build(&pool, body.dtype(), &region.shape, |mut out| {
        fill(body, region, &mut out, cx)
    })
}

/// The same elements in C order without gaps.
pub fn dense(chunk: Chunk, pool: &Pool) -> Result<Chunk> {
    if chunk.view().is_contiguous() {
        return Ok(chunk);
    }
    Chunk::build(pool, chunk.dtype(), chunk.shape(), |mut out| {
        copy(&chunk.view(), &mut out)
    })
}

/// Runs a fused chain over a region, handing its outputs on.
pub fn run_fused(
    fused: &Fused,
    region: &Region,
    outputs: &mut [Output<'_>],
    cx: &mut Context<'_>,
) -> Result<()> {
    if region.is_empty() {
        return Ok(());
    }
    // Sums are made in the order of the walk, and that is chosen by how operands lie: where what is summed lies by
    // chance, in memory or in a scratch file, it is brought into one order.
    let ordered = outputs.iter().any(|o| matches!(o, Output::Reduce(..)));
    let held: Vec<Held> = fused
        .leaves
        .iter()
        .map(|leaf| hold(leaf, region, ordered, cx))
        .collect::<Result<_>>()?;
    let leaves = fused
        .leaves
        .iter()
        .zip(&held)
        .map(|(leaf, held)| held.leaf(leaf, region))
        .collect::<Result<Vec<Leaf<'_>>>>()?;
    tile::run(
        &fused.program,
        &region.shape,
        &leaves,
        outputs,
        cx.scratch,
        cx.cancelled,
    )
}

/// The elements of a leaf, where they had to be brought into memory.
enum Held {
    /// The elements from `origin` on.
    Chunk(Chunk, Dims),
    /// Those alone that are seen, through this map.
    Picks(Chunk, IndexMap),
    /// In memory already, or generated tile by tile.
    Nothing,
}

fn hold(leaf: &LeafSpec, region: &Region, ordered: bool, cx: &mut Context<'_>) -> Result<Held> {
    let bounds = || leaf.map.bounds(region);
    if let Some((picks, map)) = Picks::of(&leaf.map, region)
        && let Some(chunk) = picked(&leaf.input, &picks, ordered, cx)?
    {
        return Ok(Held::Picks(chunk, map));
    }
    let chunk = match &leaf.input {
        Input::Random(..) | Input::Index { .. } => return Ok(Held::Nothing),
        Input::Source(source) if source.in_memory().is_some() => return Ok(Held::Nothing),
        Input::Source(source) => {
            let chunk = Chunk::build(cx.pool, leaf.dtype, &bounds().shape, |out| {
                source.read(&bounds(), out)
            })?;
            cx.read += chunk.nbytes() as u64;
            chunk
        }
        Input::Stage { stage, output } => {
            let chunk = cx.cells.region(*stage, *output, &bounds(), cx.pool)?;
            match ordered {
                true => dense(chunk, cx.pool)?,
                false => chunk,
            }
        }
        Input::Body(body) => temporary(body, &bounds(), cx)?,
    };
    Ok(Held::Chunk(chunk, bounds().start))
}

/// Elements of an input without what lies between them, where that is read less of than all.
fn picked(
    input: &Input,
    picks: &Picks,
    ordered: bool,
    cx: &mut Context<'_>,
) -> Result<Option<Chunk>> {
    match input {
        Input::Source(source) if source.in_memory().is_none() => {
            let read = &mut cx.read;
            let chunk = Chunk::build(cx.pool, source.dtype(), picks.shape(), |mut out| {
                for (place, part) in picks.parts_of(&**source) {
                    let bounds = part.bounds();
                    let all = Chunk::build(cx.pool, source.dtype(), &bounds.shape, |all| {
                        source.read(&bounds, all)
                    })?;
                    *read += all.nbytes() as u64;
                    copy_picks(&all.view(), &part, &mut out.region(&place))?;
                }
                Ok::<_, Error>(())
            })?;
            Ok(Some(chunk))
        }
        Input::Stage { stage, output } => {
            let found = cx.cells.picked(*stage, *output, picks, cx.pool)?;
            if found.is_some() || !ordered {
                return Ok(found);
            }
            let all = cx.cells.region(*stage, *output, &picks.bounds(), cx.pool)?;
            let chunk = Chunk::build(cx.pool, all.dtype(), picks.shape(), |mut out| {
                copy_picks(&all.view(), picks, &mut out)
            })?;
            Ok(Some(chunk))
        }
        Input::Source(_) | Input::Random(..) | Input::Index { .. } | Input::Body(_) => Ok(None),
    }
}

/// Copies picks out of an array that begins with their bounds.
pub fn copy_picks(all: &View<'_>, picks: &Picks, out: &mut ViewMut<'_>) -> Result<()> {
    let origin: Dims = smallvec::smallvec![0; picks.shape().len()];
    let whole = Region::whole(picks.shape());
    copy(&all.reindexed(&picks.map(), &origin, &whole)?, out)
}

impl Held {
    fn leaf<'a>(&'a self, spec: &'a LeafSpec, region: &Region) -> Result<Leaf<'a>> {
        match (&spec.input, self) {
            (Input::Random(sampler, _), _) => {
                let (start, steps) = linear(spec, region, &c_strides(&spec.shape, 1));
                Ok(Leaf::Random {
                    sampler,
                    start: start as u64,
                    steps,
                })
            }
            (Input::Index { axis }, _) => {
                let mut units: Strides = smallvec::smallvec![0; spec.shape.len()];
                units[*axis] = 1;
                let (start, steps) = linear(spec, region, &units);
                Ok(Leaf::Index {
                    start: start as i64,
                    steps,
                })
            }
            (_, Held::Chunk(chunk, origin)) => Ok(Leaf::Memory(
                chunk.view().reindexed(&spec.map, origin, region)?,
            )),
            (_, Held::Picks(chunk, map)) => {
                let origin: Dims = smallvec::smallvec![0; spec.shape.len()];
                let whole = Region::whole(&region.shape);
                Ok(Leaf::Memory(chunk.view().reindexed(map, &origin, &whole)?))
            }
            (Input::Source(source), Held::Nothing) => {
                let view: View<'a> = source
                    .in_memory()
                    .ok_or_else(|| Error::internal("executor", "a source in memory left it"))?;
                let origin: Dims = smallvec::smallvec![0; spec.shape.len()];
                Ok(Leaf::Memory(view.reindexed(&spec.map, &origin, region)?))
            }
            _ => Err(Error::internal(
                "executor",
                format!("leaf {} was not loaded", spec.label),
            )),
        }
    }
}

/// Of a quantity that changes by `units` along the input's axes: its value at the start of a region
/// of the view, and its steps along the region's axes.
fn linear(spec: &LeafSpec, region: &Region, units: &[isize]) -> (isize, Strides) {
    let mut steps: Strides = smallvec::smallvec![0; region.ndim()];
    let mut start = 0isize;
    for (a, unit) in spec.map.axes().iter().zip(units) {
        start = start.wrapping_add(a.start as isize * unit);
        if let Some(f) = a.from {
            start = start.wrapping_add(a.step * region.start[f] as isize * unit);
            steps[f] += a.step * unit;
        }
    }
    (start, steps)
}

/// The elements of a body in memory as they are, where it is data in memory and nothing more.
pub fn in_place<'a>(body: &'a Body, region: &Region) -> Option<View<'a>> {
    if let Body::Reshape { from, to, input } = body {
        let all = in_place(input, &Region::whole(from))?;
        let strides: Strides = c_strides(to, 1);
        let start = strides.iter().zip(&region.start);
        let start: isize = start.map(|(s, i)| s * *i as isize).sum();
        return all.strided(start, &region.shape, &strides).ok();
    }
    let leaf = body.as_leaf()?;
    let Input::Source(source) = &leaf.input else {
        return None;
    };
    let origin: Dims = smallvec::smallvec![0; leaf.shape.len()];
    let view = source
        .in_memory()?
        .reindexed(&leaf.map, &origin, region)
        .ok()?;
    let aligned = (view.as_ptr() as usize).is_multiple_of(align(leaf.dtype))
        && view
            .strides()
            .iter()
            .all(|s| s % leaf.dtype.size() as isize == 0);
    aligned.then_some(view)
}

fn align(dtype: DType) -> usize {
    if dtype.is_complex() {
        dtype.size() / 2
    } else {
        dtype.size()
    }
}
