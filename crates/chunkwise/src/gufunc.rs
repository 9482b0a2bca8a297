//! Functions of the last axes of arrays, with one or several results: NumPy's generalized ufuncs.

use chunkwise_core::{
    AxisGrid, Chunk, Chunks, DType, Dims, Error, Grid, Pool, Region, Result, broadcast_shapes,
};
use chunkwise_expr::{AxisIndex, Call, CallInput, CallOutput, CallTask, Expr, Follow, IndexMap};

use crate::Array;
use crate::array::Here;
use crate::blocks::{finest, guarded};

/// One of the results of [`apply_gufunc`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GufuncOutput {
    dtype: DType,
    core: Dims,
}

impl GufuncOutput {
    /// A result of this dtype, whose last axes have these lengths after the loop axes.
    pub fn new(dtype: DType, core: impl AsRef<[usize]>) -> GufuncOutput {
        GufuncOutput {
            dtype,
            core: core.as_ref().into(),
        }
    }
}

/// How [`apply_gufunc`] names and reckons a function.
#[derive(Clone, Debug, Default)]
pub struct Gufunc {
    name: String,
    identity: Option<String>,
    scratch: Option<u64>,
    scratch_once: Option<u64>,
    chunk: Option<usize>,
}

impl Gufunc {
    /// A function under a name, for plans and errors.
    pub fn new(name: impl Into<String>) -> Gufunc {
        Gufunc {
            name: name.into(),
            ..Gufunc::default()
        }
    }

    /// Says that the function depends on nothing but its name and these parameters: equal calls are
    /// computed once. Without it a function is equal to itself only.
    pub fn identity(mut self, parameters: impl Into<String>) -> Gufunc {
        self.identity = Some(parameters.into());
        self
    }

    /// The most bytes that the function needs for one item of the loop axes, beside its inputs and
    /// its results. Without it twice the results are reckoned.
    pub fn scratch(mut self, bytes_per_item: u64) -> Gufunc {
        self.scratch = Some(bytes_per_item);
        self
    }

    /// The most bytes that the function needs for all items of a chunk together.
    pub(crate) fn scratch_once(mut self, bytes: u64) -> Gufunc {
        self.scratch_once = Some(bytes);
        self
    }

    /// Cuts loop axes that are one chunk into tasks of about so many items.
    pub(crate) fn chunk(mut self, items: usize) -> Gufunc {
        self.chunk = Some(items.max(1));
        self
    }
}

/// What the function of [`apply_gufunc`] is given.
#[derive(Clone, Copy, Debug)]
pub struct GufuncTask<'a> {
    /// For each array its part: the loop axes, equal for all arrays, then its core axes.
    pub inputs: &'a [Chunk],
    /// The lengths of the loop axes.
    pub items: &'a [usize],
    /// The shapes of the results.
    pub shapes: &'a [Dims],
    /// Where the results' memory should come from.
    pub pool: &'a Pool,
}

/// A function of the last axes of arrays, as NumPy's generalized ufuncs: each array is given with the
/// number of its *core* axes, which the function sees whole; the axes before them are *loop* axes,
/// which are broadcast together and cut into chunks. Each result has the loop axes and then its own
/// core axes. All results that are asked for in one run are made by one call for each chunk.
///
/// The function answers a chunk for each result.
///
/// ```
/// # use chunkwise::{Array, Chunk, DType, Gufunc, GufuncOutput, apply_gufunc, compute};
/// let x = Array::from_vec(vec![3.0, 1.0, 2.0, 6.0, 5.0, 4.0], [2, 3], 1)?;
/// let outputs = [GufuncOutput::new(DType::F64, []), GufuncOutput::new(DType::F64, [2])];
/// let made = apply_gufunc(Gufunc::new("first and ends"), [(&x, 1)], &outputs, |task| {
///     let rows = task.inputs[0].to_vec::<f64>()?;
///     let first: Vec<f64> = rows.chunks(3).map(|r| r[0]).collect();
///     let ends: Vec<f64> = rows.chunks(3).flat_map(|r| [r[0], r[2]]).collect();
///     Ok(vec![
///         Chunk::from_owner(first, &task.shapes[0])?,
///         Chunk::from_owner(ends, &task.shapes[1])?,
///     ])
/// })?;
/// assert_eq!((made[0].shape(), made[1].shape()), (&[2][..], &[2, 2][..]));
/// let values = compute(&[&made[0], &made[1]])?;
/// assert_eq!(values[1].to_vec::<f64>()?, [3.0, 2.0, 6.0, 4.0]);
/// # Ok::<_, chunkwise::Error>(())
/// ```
///
/// # Errors
/// An array with fewer axes than core axes; loop axes that do not broadcast; no output. While
/// computing: results of other shapes or dtypes than said, and the function's own errors; a panic in
/// it becomes [`Error::Panic`].
#[track_caller]
pub fn apply_gufunc(
    gufunc: Gufunc,
    arrays: impl IntoIterator<Item = (impl AsRef<Array>, usize)>,
    outputs: &[GufuncOutput],
    f: impl Fn(&GufuncTask<'_>) -> Result<Vec<Chunk>> + Send + Sync + 'static,
) -> Result<Vec<Array>> {
    let cores: Vec<usize> = outputs.iter().map(|o| o.core.len()).collect();
    let dtypes: Vec<DType> = outputs.iter().map(|o| o.dtype).collect();
    over_loops(gufunc, arrays, outputs, |name, inputs, made, axes| {
        Call::many(name, inputs, made, move |task| {
            let shapes: Vec<Dims> = task
                .regions
                .iter()
                .zip(&cores)
                .map(|(r, core)| r.shape[..axes + core].into())
                .collect();
            let results = guarded(|| {
                f(&GufuncTask {
                    inputs: task.inputs,
                    items: &task.region().shape[..axes],
                    shapes: &shapes,
                    pool: task.pool,
                })
            })?;
            checked(results, &dtypes, &shapes, task)
        })
    })
}

/// The arrays that a call over loop axes makes: `call` makes it of a name, its inputs, its outputs, of
/// which all have equally many axes, and the number of loop axes.
#[track_caller]
pub(crate) fn over_loops(
    gufunc: Gufunc,
    arrays: impl IntoIterator<Item = (impl AsRef<Array>, usize)>,
    outputs: &[GufuncOutput],
    call: impl FnOnce(&str, Vec<CallInput>, Vec<CallOutput>, usize) -> Call,
) -> Result<Vec<Array>> {
    let mut given: Vec<(Expr, usize)> = Vec::new();
    for (array, core) in arrays {
        let e = array.as_ref().expr()?;
        if e.ndim() < core {
            return Err(Error::argument(
                "apply_gufunc",
                "core axes",
                core,
                format!("the array has {} axes", e.ndim()),
            ));
        }
        given.push((e.clone(), core));
    }
    if outputs.is_empty() {
        return Err(Error::argument(
            "apply_gufunc",
            "outputs",
            0,
            "at least one",
        ));
    }
    let loops: Vec<&[usize]> = given
        .iter()
        .map(|(e, c)| &e.shape()[..e.ndim() - c])
        .collect();
    let loops = broadcast_shapes(&loops)?;
    let cuts = cuts(&given, &loops, gufunc.chunk);
    let inputs = given
        .iter()
        .map(|(e, core)| input(e, *core, &loops, &cuts))
        .collect::<Result<Vec<_>>>()?;
    // All outputs get equally many axes: of length 1 where one has fewer.
    let deep = outputs.iter().map(|o| o.core.len()).max().unwrap_or(0);
    let made: Vec<CallOutput> = outputs
        .iter()
        .map(|o| {
            let core = o.core.iter().map(|d| AxisGrid::regular(*d, *d));
            let rest = (o.core.len()..deep).map(|_| AxisGrid::regular(1, 1));
            CallOutput {
                dtype: o.dtype,
                grid: Grid::new(cuts.iter().cloned().chain(core).chain(rest)),
            }
        })
        .collect();
    let items: u64 = cuts.iter().map(|c| c.longest() as u64).product();
    let mut call = call(&gufunc.name, inputs, made, loops.len());
    call.identity = gufunc.identity;
    let each = gufunc.scratch.map(|s| s.saturating_mul(items.max(1)));
    call.scratch = gufunc.scratch_once.or(each);
    let exprs = Expr::calls(call)?;
    let arrays = exprs.into_iter().zip(outputs).map(|(e, o)| {
        let ndim = loops.len() + o.core.len();
        drop_last(&e, ndim).here()
    });
    arrays.collect()
}

/// How the loop axes are cut: as the array with the most chunks.
fn cuts(given: &[(Expr, usize)], loops: &[usize], chunk: Option<usize>) -> Vec<AxisGrid> {
    let leading: Vec<Grid> = given
        .iter()
        .map(|(e, core)| Grid::new(e.grid().axes()[..e.ndim() - core].iter().cloned()))
        .collect();
    let mut cuts = finest(&leading, loops);
    let mut left = chunk.unwrap_or(usize::MAX);
    for cut in cuts.iter_mut().rev() {
        if cut.count() == 1 && cut.len() > left {
            *cut = AxisGrid::regular(cut.len(), left);
        }
        left = (left / cut.longest().max(1)).max(1);
    }
    cuts
}

/// An array broadcast to the loop axes and cut like them, its core axes whole.
fn input(e: &Expr, core: usize, loops: &[usize], cuts: &[AxisGrid]) -> Result<CallInput> {
    let tail = &e.shape()[e.ndim() - core..];
    let full: Dims = loops.iter().chain(tail).copied().collect();
    let whole = tail.iter().map(|d| AxisGrid::regular(*d, *d));
    let grid = Grid::new(cuts.iter().cloned().chain(whole));
    let expr = e.broadcast_to(&full)?.rechunk(&Chunks::Grid(grid))?;
    let follow = (0..full.len()).map(|axis| match axis < loops.len() {
        true => Follow::Chunk { axis },
        false => Follow::Whole,
    });
    Ok(CallInput {
        expr,
        follow: follow.collect(),
    })
}

/// The results with the axes of length 1 that fill up.
fn checked(
    results: Vec<Chunk>,
    dtypes: &[DType],
    shapes: &[Dims],
    task: &CallTask<'_>,
) -> Result<Vec<Chunk>> {
    let mut full = Vec::with_capacity(results.len());
    for (n, made) in results.into_iter().enumerate() {
        let (Some(shape), Some(dtype)) = (shapes.get(n), dtypes.get(n)) else {
            return Err(Error::ShapeMismatch {
                operation: "the number of a function's results",
                expected: vec![shapes.len()],
                got: vec![n + 1],
            });
        };
        let made = crate::blocks::checked(made, *dtype, shape)?;
        full.push(padded(made, &task.regions[n], task.pool)?);
    }
    Ok(full)
}

/// The chunk with axes of length 1 at its end, as many as the region has.
pub(crate) fn padded(made: Chunk, region: &Region, pool: &Pool) -> Result<Chunk> {
    if made.shape() == region.shape.as_slice() {
        return Ok(made);
    }
    if let Some(full) = made.reshaped(&region.shape) {
        return Ok(full);
    }
    let copy = Chunk::build(pool, made.dtype(), made.shape(), |mut out| {
        match out.copy_from(&made.view()) {
            true => Ok(()),
            false => Err(Error::internal(
                "front door",
                "a chunk that cannot be copied",
            )),
        }
    })?;
    copy.reshaped(&region.shape)
        .ok_or_else(|| Error::internal("front door", "a dense chunk cannot be reshaped"))
}

/// The array without its last axes, which have length 1.
pub(crate) fn drop_last(e: &Expr, ndim: usize) -> Result<Expr> {
    if e.ndim() == ndim {
        return Ok(e.clone());
    }
    let axes = (0..e.ndim()).map(|axis| AxisIndex {
        from: (axis < ndim).then_some(axis),
        start: 0,
        step: isize::from(axis < ndim),
    });
    e.view(IndexMap::new(axes, ndim), &e.shape()[..ndim])
}
