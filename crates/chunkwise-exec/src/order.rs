//! Tasks of sorts: lanes or runs, where runs are cut, merges.

use chunkwise_core::{
    AxisIndex, Chunk, DType, Dims, Error, IndexMap, Region, Result, View, ViewMut,
};
use chunkwise_kernels::movement::copy;
use chunkwise_kernels::order::{sort_pairs, sort_rows, split};
use chunkwise_plan::{MergeStage, OutputRef, SortStage, SplitStage};

use crate::evaluate::{Context, fill, temporary};
use crate::task::{Place, Product};

/// Sorts the lanes of a region, or one run of a lane.
pub(crate) fn run_sort<'p>(
    s: &SortStage,
    region: &Region,
    place: Place<'_, 'p>,
    cx: &mut Context<'_>,
) -> Result<Vec<Product>> {
    if s.sampled.is_none()
        && !s.indices
        && let Some(mut out) = place(0)?
    {
        if s.axis + 1 == region.ndim() && is_dense(&mut out) {
            fill(&s.input, region, &mut out, cx)?;
            sort_rows(&mut out, s.descending)?;
        } else {
            let (rows, _) = sorted(s, region, cx)?;
            copy(&in_place_of(&rows, s.axis, region)?, &mut out)?;
        }
        return Ok(vec![Product::Written]);
    }
    let (rows, positions) = sorted(s, region, cx)?;
    let Some(step) = s.sampled else {
        let result = positions.unwrap_or(rows);
        return Ok(vec![match place(0)? {
            Some(mut out) => {
                copy(&in_place_of(&result, s.axis, region)?, &mut out)?;
                Product::Written
            }
            None => cell(&in_place_of(&result, s.axis, region)?, cx)?,
        }]);
    };
    // A run: the only axis longer than 1 is the sorted one, so that its place does not matter.
    let mut shape = region.shape.clone();
    shape[s.axis] = region.shape[s.axis].div_ceil(step);
    let mut strides = chunkwise_core::Strides::from_elem(0, shape.len());
    strides[s.axis] = step as isize;
    let samples = cell(&rows.view().strided(0, &shape, &strides)?, cx)?;
    let run = |chunk: Chunk| {
        let shaped = chunk.reshaped(&region.shape);
        shaped.map(Product::Cell).ok_or_else(not_dense)
    };
    let mut products = vec![run(rows)?];
    products.extend(positions.map(run).transpose()?);
    products.push(samples);
    Ok(products)
}

/// The sorted lanes of a region, the sorted axis last, and where their elements stood if that is
/// asked for.
fn sorted(s: &SortStage, region: &Region, cx: &mut Context<'_>) -> Result<(Chunk, Option<Chunk>)> {
    let mut shape = region.shape.clone();
    shape.remove(s.axis);
    shape.push(region.shape[s.axis]);
    let pool = cx.pool.clone();
    let mut rows = |sort: &mut dyn FnMut(&mut ViewMut<'_>) -> Result<()>| {
        Chunk::build(&pool, s.input.dtype(), &shape, |mut out| {
            if s.axis + 1 == region.ndim() {
                fill(&s.input, region, &mut out, cx)?;
            } else {
                let input = temporary(&s.input, region, cx)?;
                let moved = |a: usize| match a.cmp(&s.axis) {
                    std::cmp::Ordering::Less => a,
                    std::cmp::Ordering::Equal => region.ndim() - 1,
                    std::cmp::Ordering::Greater => a - 1,
                };
                copy(&permuted(&input.view(), moved, &shape)?, &mut out)?;
            }
            sort(&mut out)
        })
    };
    if !s.indices {
        return Ok((rows(&mut |out| sort_rows(out, s.descending))?, None));
    }
    let mut values = None;
    let first = region.start[s.axis] as i64;
    let len = region.shape[s.axis].max(1);
    let positions = Chunk::build(&pool, DType::I64, &shape, |mut positions| {
        let all = positions.as_mut_slice::<i64>().ok_or_else(not_dense)?;
        for lane in all.chunks_mut(len) {
            lane.iter_mut().zip(first..).for_each(|(at, n)| *at = n);
        }
        values = Some(rows(&mut |out| {
            sort_pairs(out, &mut positions, s.descending)
        })?);
        Ok::<_, Error>(())
    })?;
    let values = values.ok_or_else(not_dense)?;
    Ok((values, Some(positions)))
}

/// Rows whose last axis was `axis`, as they belong in a region.
fn in_place_of<'a>(rows: &'a Chunk, axis: usize, region: &Region) -> Result<View<'a>> {
    let back = |a: usize| match a + 1 == region.ndim() {
        true => axis,
        false => a + usize::from(a >= axis),
    };
    permuted(&rows.view(), back, &region.shape)
}

/// The view whose axis `to(a)` is axis `a`.
fn permuted<'a>(view: &View<'a>, to: impl Fn(usize) -> usize, shape: &[usize]) -> Result<View<'a>> {
    let axes = (0..shape.len()).map(|a| AxisIndex {
        from: Some(to(a)),
        start: 0,
        step: 1,
    });
    let origin: Dims = smallvec::smallvec![0; shape.len()];
    view.reindexed(
        &IndexMap::new(axes, shape.len()),
        &origin,
        &Region::whole(shape),
    )
}

fn cell(view: &View<'_>, cx: &Context<'_>) -> Result<Product> {
    let shape: Dims = view.shape().into();
    Chunk::build(cx.pool, view.dtype(), &shape, |mut out| {
        copy(view, &mut out)
    })
    .map(Product::Cell)
}

fn is_dense(out: &mut ViewMut<'_>) -> bool {
    let align = out.dtype().size();
    out.is_contiguous() && (out.as_mut_ptr() as usize).is_multiple_of(align)
}

fn not_dense() -> Error {
    Error::internal("sort", "a run is not dense")
}

/// Finds where the runs of a lane are cut.
pub(crate) fn run_split(
    s: &SplitStage,
    index: &[usize],
    region: &Region,
    cx: &mut Context<'_>,
) -> Result<Vec<Product>> {
    let OutputRef { stage, output } = s.samples;
    let samples = (0..s.split.runs())
        .map(|run| {
            let part = s.samples_region(index, run);
            cx.cells.region(stage, output, &part, cx.pool)
        })
        .collect::<Result<Vec<Chunk>>>()?;
    let views: Vec<View<'_>> = samples.iter().map(Chunk::view).collect();
    let table = Chunk::from_owner(split(&s.split, &views)?, &region.shape)?;
    Ok(vec![cell(&table.view(), cx)?])
}

/// Makes a part of a sorted lane.
pub(crate) fn run_merge<'p>(
    m: &MergeStage,
    index: &[usize],
    region: &Region,
    place: Place<'_, 'p>,
    cx: &mut Context<'_>,
) -> Result<Vec<Product>> {
    let OutputRef { stage, output } = m.table;
    let table = cx
        .cells
        .region(stage, output, &m.table_region(index), cx.pool)?
        .to_vec::<i64>()?;
    let stretches: Vec<(usize, usize)> = table
        .chunks_exact(2)
        .map(|pair| (pair[0] as usize, (pair[1] - pair[0]).max(0) as usize))
        .collect();
    let total: usize = stretches.iter().map(|(_, len)| len).sum();
    let before: usize = stretches.iter().map(|(start, _)| start).sum();
    let (first, len) = (region.start[m.axis], region.shape[m.axis]);
    if before > first || first - before + len > total {
        return Err(Error::internal(
            "sort",
            format!("{total} elements from {before} on hold no part {region}"),
        ));
    }
    let pool = cx.pool.clone();
    // The stretches of all runs side by side: a stable sort keeps equal elements in their order.
    let side_by_side = |of: OutputRef, out: &mut ViewMut<'_>, cx: &mut Context<'_>| -> Result<()> {
        let mut at = 0;
        for (run, &(start, len)) in stretches.iter().enumerate().filter(|(_, s)| s.1 > 0) {
            let part = m.lane_region(index, run * m.split.run + start, len);
            let part = cx.cells.region(of.stage, of.output, &part, cx.pool)?;
            let part = part.reshaped(&[len]).ok_or_else(not_dense)?;
            copy(&part.view(), &mut out.region(&Region::new([at], [len])))?;
            at += len;
        }
        Ok(())
    };
    let merged = match m.indices {
        None => Chunk::build(&pool, m.dtype, &[total], |mut out| {
            side_by_side(m.values, &mut out, cx)?;
            sort_rows(&mut out, m.split.descending)
        })?,
        Some(indices) => Chunk::build(&pool, DType::I64, &[total], |mut positions| {
            side_by_side(indices, &mut positions, cx)?;
            Chunk::build(&pool, m.dtype, &[total], |mut out| {
                side_by_side(m.values, &mut out, cx)?;
                sort_pairs(&mut out, &mut positions, m.split.descending)
            })
            .map(drop)
        })?,
    };
    let part = merged
        .region(&Region::new([first - before], [len]))?
        .reshaped(&region.shape)
        .ok_or_else(not_dense)?;
    Ok(vec![match place(0)? {
        Some(mut out) => {
            copy(&part.view(), &mut out)?;
            Product::Written
        }
        None => cell(&part.view(), cx)?,
    }])
}
