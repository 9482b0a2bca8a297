//! One task of a stage.

use chunkwise_core::{Chunk, Dims, Error, Pool, Region, Result, Strides, View, ViewMut};
use chunkwise_kernels::contract::contract;
use chunkwise_kernels::movement::copy;
use chunkwise_kernels::tile::{Accumulator, Output, State};
use chunkwise_plan::{
    Bands, Body, CallStage, CompressStage, ContractStage, Pass, PassOutput, Plan, ScanStage,
    StageKind, take_runs,
};

use crate::call::called;
use crate::evaluate::{Context, dense, fill_unchanged, in_place, run_fused, temporary};
use crate::order::{run_merge, run_sort, run_split};

/// What a task leaves behind at an output.
pub(crate) enum Product {
    /// It was written where it belongs.
    Written,
    /// A cell.
    Cell(Chunk),
    /// A part of a reduction.
    Part(State),
    /// What the next task of a scan begins with.
    Carry(State),
}

/// Answers where an output of a task belongs, if it can be written there at once.
pub(crate) type Place<'f, 'p> = &'f dyn Fn(usize) -> Result<Option<ViewMut<'p>>>;

/// Runs the task of `stage` at `index`. Where `place` answers a view for an output, the result is
/// written there.
pub(crate) fn run_task<'p>(
    plan: &Plan,
    stage: usize,
    index: &[usize],
    place: Place<'_, 'p>,
    cx: &mut Context<'_>,
) -> Result<Vec<Product>> {
    let of = &plan.stages[stage];
    let region = of.tasks.region(index);
    match &of.kind {
        StageKind::Pass(pass) => run_pass(pass, &region, place, cx),
        StageKind::Contract(c) => {
            let dtype = of.outputs[0].dtype;
            one(place, cx.pool.clone(), dtype, &region.shape, |out| {
                run_contract(c, &region, out, cx)
            })
        }
        StageKind::Scan(s) => run_scan(s, plan, stage, index, &region, place, cx),
        StageKind::Call(c) => run_call(c, index, &region, cx),
        StageKind::Compress(c) => Ok(vec![Product::Cell(run_compress(c, &region, cx)?)]),
        StageKind::Sort(s) => run_sort(s, &region, place, cx),
        StageKind::Split(s) => run_split(s, index, &region, cx),
        StageKind::Merge(m) => run_merge(m, index, &region, place, cx),
        StageKind::Brought(source) => Err(Error::internal(
            "executor",
            format!("nobody has brought cell {index:?} of {}", source.name()),
        )),
    }
}

/// Fills the only output, where it belongs or in a chunk.
fn one<'p>(
    place: Place<'_, 'p>,
    pool: Pool,
    dtype: chunkwise_core::DType,
    shape: &[usize],
    run: impl FnOnce(&mut ViewMut<'_>) -> Result<()>,
) -> Result<Vec<Product>> {
    Ok(vec![match place(0)? {
        Some(mut view) => {
            run(&mut view)?;
            Product::Written
        }
        None => Product::Cell(Chunk::build(&pool, dtype, shape, |mut out| run(&mut out))?),
    }])
}

fn run_pass<'p>(
    pass: &Pass,
    region: &Region,
    place: Place<'_, 'p>,
    cx: &mut Context<'_>,
) -> Result<Vec<Product>> {
    if let Some(input) = pass.unchanged()
        && !region.is_empty()
    {
        let program = &pass.fused.program;
        let (pool, dtype) = (cx.pool.clone(), program.dtype(program.outputs()[0]));
        return one(place, pool, dtype, &region.shape, |out| {
            fill_unchanged(input, region, out, cx)
        });
    }
    let mut views: Vec<Option<ViewMut<'p>>> = Vec::new();
    let mut states: Vec<Option<State>> = Vec::new();
    for (n, output) in pass.outputs.iter().enumerate() {
        match output {
            PassOutput::Store => {
                views.push(place(n)?);
                states.push(None);
            }
            PassOutput::Reduce(r) => {
                let cells: usize = (0..region.ndim())
                    .filter(|a| !r.axes.contains(a))
                    .map(|a| region.shape[a])
                    .product();
                views.push(None);
                states.push(Some(State::new(cx.pool, &r.reducer, cells)?));
            }
        }
    }
    let pool = cx.pool.clone();
    let mut cells: Vec<Option<Chunk>> = (0..views.len()).map(|_| None).collect();
    store_rest(
        pass,
        region,
        &pool,
        &mut views,
        &mut states,
        &mut cells,
        Vec::new(),
        cx,
    )?;
    Ok(states
        .into_iter()
        .zip(cells)
        .map(|(state, cell)| match (state, cell) {
            (Some(state), _) => Product::Part(state),
            (None, Some(cell)) => Product::Cell(cell),
            (None, None) => Product::Written,
        })
        .collect())
}

/// Makes chunks for the outputs that have no place, one within the other, then runs the pass.
#[allow(clippy::too_many_arguments)]
fn store_rest<'v>(
    pass: &Pass,
    region: &Region,
    pool: &Pool,
    views: &'v mut [Option<ViewMut<'_>>],
    states: &'v mut [Option<State>],
    cells: &mut [Option<Chunk>],
    mut outputs: Vec<Output<'v>>,
    cx: &mut Context<'_>,
) -> Result<()> {
    let program = &pass.fused.program;
    let (Some((view, views)), Some((state, states)), Some((cell, cells))) = (
        views.split_first_mut(),
        states.split_first_mut(),
        cells.split_first_mut(),
    ) else {
        return run_bands(pass, region, &mut outputs, cx);
    };
    let n = outputs.len();
    match (state, view, &pass.outputs[n]) {
        (Some(state), _, PassOutput::Reduce(r)) => {
            outputs.push(Output::Reduce(accumulator(
                state,
                &r.axes,
                region,
                &pass.fused.shape,
            )));
            store_rest(pass, region, pool, views, states, cells, outputs, cx)
        }
        (_, Some(view), _) => {
            outputs.push(Output::Store(view.reborrow()));
            store_rest(pass, region, pool, views, states, cells, outputs, cx)
        }
        _ => {
            let dtype = program.dtype(program.outputs()[n]);
            let chunk = Chunk::build(pool, dtype, &region.shape, |out| {
                // The outputs so far are moved into a list that lives as long as this chunk's view.
                let mut inner: Vec<Output<'_>> = outputs;
                inner.push(Output::Store(out));
                store_rest(pass, region, pool, views, states, cells, inner, cx)
            })?;
            *cell = Some(chunk);
            Ok(())
        }
    }
}

/// Runs a pass over its region, piece by piece where that is planned.
fn run_bands(
    pass: &Pass,
    region: &Region,
    outputs: &mut [Output<'_>],
    cx: &mut Context<'_>,
) -> Result<()> {
    let Some(Bands { axis, len }) = pass.bands else {
        return run_fused(&pass.fused, region, outputs, cx);
    };
    for start in (0..region.shape[axis]).step_by(len) {
        let mut piece = Region::whole(&region.shape);
        piece.start[axis] = start;
        piece.shape[axis] = len.min(region.shape[axis] - start);
        let mut band = region.clone();
        band.start[axis] += start;
        band.shape[axis] = piece.shape[axis];
        let mut within: Vec<Output<'_>> = outputs
            .iter_mut()
            .map(|output| match output {
                Output::Store(view) => Output::Store(view.region(&piece)),
                Output::Reduce(a) => Output::Reduce(Accumulator {
                    state: a.state,
                    cells: a.cells.clone(),
                    index: a.index + start as u64 * a.index_steps[axis] as u64,
                    index_steps: a.index_steps.clone(),
                }),
            })
            .collect();
        run_fused(&pass.fused, &band, &mut within, cx)?;
    }
    Ok(())
}

/// How the elements of a region count among the cells and the reduced elements.
fn accumulator<'s>(
    state: &'s mut State,
    axes: &[usize],
    region: &Region,
    shape: &[usize],
) -> Accumulator<'s> {
    let ndim = region.ndim();
    let mut cells: Strides = smallvec::smallvec![0; ndim];
    let mut index_steps: Strides = smallvec::smallvec![0; ndim];
    let (mut cell, mut step, mut index) = (1isize, 1isize, 0u64);
    for axis in (0..ndim).rev() {
        if axes.contains(&axis) {
            index_steps[axis] = step;
            index += region.start[axis] as u64 * step as u64;
            step *= shape[axis] as isize;
        } else {
            cells[axis] = cell;
            cell *= region.shape[axis] as isize;
        }
    }
    Accumulator {
        state,
        cells,
        index,
        index_steps,
    }
}

fn run_contract(
    c: &ContractStage,
    cell: &Region,
    out: &mut ViewMut<'_>,
    cx: &mut Context<'_>,
) -> Result<()> {
    let product = |shape: &[usize]| shape.iter().product::<usize>();
    let (b, m) = (c.batch, c.batch + c.m);
    let shape3 = [
        product(&cell.shape[..b]),
        product(&cell.shape[b..m]),
        product(&cell.shape[m..]),
    ];
    if cell.is_empty() {
        return Ok(());
    }
    let pool = cx.pool.clone();
    let mut sum = |dense: &mut ViewMut<'_>| -> Result<()> {
        for p in 0..c.panels.count() {
            let panel = c.panels.region(&c.panels.unravel(p));
            let (ra, rb) = c.operand_regions(cell, &panel);
            let k = panel.len();
            let (mut held_a, mut held_b) = (None, None);
            let a = operand(&c.a, &ra, [shape3[0], shape3[1], k], &mut held_a, cx)?;
            let b = operand(&c.b, &rb, [shape3[0], k, shape3[2]], &mut held_b, cx)?;
            contract(dense, &a, &b, p > 0)?;
        }
        Ok(())
    };
    match out.part(0, &shape3) {
        Some(mut dense) => return sum(&mut dense),
        None if cell.ndim() == 2 && b == 0 && c.m == 1 => {
            // Rows of a larger matrix, which the kernel can write in place.
            let mut rows = out.insert_leading_axis();
            return sum(&mut rows);
        }
        None => {}
    }
    let dense = Chunk::build(&pool, out.dtype(), &shape3, |mut dense| sum(&mut dense))?;
    let shaped = dense
        .reshaped(&cell.shape)
        .ok_or_else(|| Error::internal("contract", "a dense result cannot be reshaped"))?;
    copy(&shaped.view(), out)
}

/// A region of an operand as a stack of matrices: in place where it lies in memory as one, else
/// packed.
fn operand<'a>(
    body: &'a Body,
    region: &Region,
    shape: [usize; 3],
    held: &'a mut Option<Chunk>,
    cx: &mut Context<'_>,
) -> Result<View<'a>> {
    if let Some(view) = in_place(body, region)
        && view.shape() == &shape[1..]
    {
        return Ok(view.insert_leading_axis());
    }
    if let Some(view) = in_place(body, region)
        && view.shape() == shape
    {
        return Ok(view);
    }
    let chunk = temporary(body, region, cx)?;
    let packed = dense(chunk, cx.pool)?
        .reshaped(&shape)
        .ok_or_else(|| Error::internal("contract", "an operand cannot be reshaped"))?;
    Ok(held.insert(packed).view())
}

fn run_scan<'p>(
    s: &ScanStage,
    plan: &Plan,
    stage: usize,
    index: &[usize],
    region: &Region,
    place: Place<'_, 'p>,
    cx: &mut Context<'_>,
) -> Result<Vec<Product>> {
    let of = &plan.stages[stage];
    let input = temporary(&s.input, region, cx)?;
    let input = dense(input, cx.pool)?;
    let cells = (0..region.ndim())
        .filter(|a| *a != s.axis)
        .map(|a| region.shape[a])
        .product();
    let mut carry = if index[s.axis] == 0 {
        State::new(cx.pool, &s.scanner.carry, cells)?
    } else {
        let mut before: Dims = index.into();
        before[s.axis] -= 1;
        cx.cells
            .take_carry(stage, of.outputs[1].grid.ravel(&before))?
    };
    let pool = cx.pool.clone();
    let dtype = of.outputs[0].dtype;
    let mut products = one(place, pool.clone(), dtype, &region.shape, |out| {
        if out.is_contiguous() {
            return s.scanner.advance(&mut carry, &input.view(), s.axis, out);
        }
        let result = Chunk::build(&pool, dtype, &region.shape, |mut dense| {
            s.scanner
                .advance(&mut carry, &input.view(), s.axis, &mut dense)
        })?;
        copy(&result.view(), out)
    })?;
    products.push(Product::Carry(carry));
    Ok(products)
}

fn run_call(
    c: &CallStage,
    index: &[usize],
    region: &Region,
    cx: &mut Context<'_>,
) -> Result<Vec<Product>> {
    let inputs = c
        .call
        .inputs
        .iter()
        .zip(&c.inputs)
        .map(|(input, body)| temporary(body, &input.region(index, region), cx))
        .collect::<Result<Vec<Chunk>>>()?;
    let outputs = c.call.outputs.iter();
    let regions: Vec<Region> = outputs.map(|o| o.grid.region(index)).collect();
    let made = called(&c.call, &inputs, &regions, &c.made, cx.pool)?;
    drop(inputs);
    // Cells are in C order without gaps, as those who read them take for granted.
    let cells = made.into_iter().map(|cell| dense(cell, cx.pool));
    cells.map(|cell| Ok(Product::Cell(cell?))).collect()
}

fn run_compress(c: &CompressStage, region: &Region, cx: &mut Context<'_>) -> Result<Chunk> {
    let span = Region::new([region.start[c.axis]], [region.shape[c.axis]]);
    let mask = temporary(&c.mask, &span, cx)?.to_vec::<bool>()?;
    let chosen: Vec<usize> = mask
        .iter()
        .enumerate()
        .filter(|(_, keep)| **keep)
        .map(|(i, _)| i)
        .collect();
    let mut shape = region.shape.clone();
    shape[c.axis] = chosen.len();
    let input = temporary(&c.input, region, cx)?;
    Chunk::build(cx.pool, input.dtype(), &shape, |mut out| {
        for run in take_runs(&chosen) {
            let mut from = Region::whole(input.shape());
            from.start[c.axis] = run.from;
            from.shape[c.axis] = run.len;
            let mut to = Region::whole(&shape);
            to.start[c.axis] = run.at;
            to.shape[c.axis] = run.len;
            copy(&input.view().region(&from), &mut out.region(&to))?;
        }
        Ok(())
    })
}
