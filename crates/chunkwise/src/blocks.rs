//! Users' functions on whole chunks.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use chunkwise_core::{
    AxisGrid, Chunk, Chunks, DType, Element, Error, Grid, Region, Result, broadcast_shapes,
    normalize_axes,
};
use chunkwise_expr::{Call, CallInput, Expr, Follow};
use ndarray::ArrayViewD;
use smallvec::SmallVec;

use crate::array::Here;
use crate::result::{IntoChunk, TypedChunk, with_view};
use crate::{Array, Pad};

/// How the result of [`map_blocks`] is cut and called.
///
/// By default it has the shape and the chunks of the arrays broadcast together.
#[derive(Clone, Debug, Default)]
pub struct Blocks {
    name: Option<String>,
    sizes: Option<Vec<Vec<usize>>>,
    drop: Vec<isize>,
    new: Vec<isize>,
}

impl Blocks {
    /// As the arrays are.
    pub fn new() -> Blocks {
        Blocks::default()
    }

    /// A name for plans and errors.
    pub fn name(mut self, name: impl Into<String>) -> Blocks {
        self.name = Some(name.into());
        self
    }

    /// The lengths of the result's chunks along each axis: one for each chunk, or one for all.
    pub fn sizes(mut self, sizes: impl Into<Vec<Vec<usize>>>) -> Blocks {
        self.sizes = Some(sizes.into());
        self
    }

    /// Axes of the arrays that the result lacks; the function is given all of them.
    pub fn drop_axes(mut self, axes: impl Into<Vec<isize>>) -> Blocks {
        self.drop = axes.into();
        self
    }

    /// Places in the result of axes that the arrays lack, of one chunk each (of length 1 where no
    /// sizes are given).
    pub fn new_axes(mut self, axes: impl Into<Vec<isize>>) -> Blocks {
        self.new = axes.into();
        self
    }
}

/// What stands beyond an array's edges for [`Array::map_overlap`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Boundary {
    /// Nothing: the chunks at the edges have fewer neighbours.
    None,
    /// The elements mirrored at the edge, whose element is repeated (NumPy's `symmetric`).
    Reflect,
    /// The elements from the other end.
    Periodic,
    /// The element at the edge.
    Nearest,
    /// One value.
    Constant(f64),
}

/// How far the chunks of [`Array::map_overlap`] reach into their neighbours.
#[derive(Clone, Debug)]
pub struct Overlap {
    depth: Vec<(usize, usize)>,
    boundary: Vec<Boundary>,
    trim: bool,
}

impl Overlap {
    /// So many elements on both sides of every axis, mirrored at the edges.
    pub fn new(depth: usize) -> Overlap {
        Overlap::axes([depth])
    }

    /// So many elements on both sides of each axis.
    pub fn axes(depths: impl AsRef<[usize]>) -> Overlap {
        Overlap {
            depth: depths.as_ref().iter().map(|d| (*d, *d)).collect(),
            boundary: vec![Boundary::Reflect],
            trim: true,
        }
    }

    /// So many elements before and after each axis.
    pub fn sides(depths: impl Into<Vec<(usize, usize)>>) -> Overlap {
        Overlap {
            depth: depths.into(),
            ..Overlap::axes([0])
        }
    }

    /// What stands beyond the edges of every axis.
    pub fn boundary(mut self, boundary: Boundary) -> Overlap {
        self.boundary = vec![boundary];
        self
    }

    /// What stands beyond the edges of each axis.
    pub fn boundaries(mut self, boundaries: impl Into<Vec<Boundary>>) -> Overlap {
        self.boundary = boundaries.into();
        self
    }

    /// Whether the neighbours' elements are cut from what the function returns, as they are by
    /// default; otherwise it returns the chunk without them.
    pub fn trim(mut self, trim: bool) -> Overlap {
        self.trim = trim;
        self
    }
}

/// A user's function on the chunks of arrays broadcast together, given with the region of the result
/// that it makes. Where the arrays are cut differently, they are cut like the one with the most
/// chunks.
///
/// The function returns a [`Chunk`], an owned `ndarray` array, or a `Result` of either. A panic in it
/// becomes [`Error::Panic`], an error of another type [`Error::User`]; a result of the wrong shape or
/// dtype is an error.
///
/// ```
/// # use chunkwise::{Array, Blocks, Chunk, DType, map_blocks};
/// let x = Array::ones([100, 60], DType::F64, 30)?;
/// let y = Array::ones([60], DType::F64, 30)?;
/// let first = map_blocks([&x, &y], DType::F64, Blocks::new(), |chunks: &[Chunk], _: &_| {
///     chunks[0].clone()
/// })?;
/// assert_eq!(first.shape(), [100, 60]);
/// let counts = map_blocks(
///     [&x],
///     DType::I64,
///     Blocks::new().sizes([vec![1], vec![1]]),
///     |chunks: &[Chunk], _: &_| ndarray::arr2(&[[chunks[0].len() as i64]]),
/// )?;
/// assert_eq!(counts.shape(), [4, 2]);
/// # Ok::<_, chunkwise::Error>(())
/// ```
#[track_caller]
pub fn map_blocks<C: IntoChunk>(
    arrays: impl IntoIterator<Item = impl AsRef<Array>>,
    dtype: DType,
    blocks: Blocks,
    f: impl Fn(&[Chunk], &Region) -> C + Send + Sync + 'static,
) -> Result<Array> {
    let arrays = arrays
        .into_iter()
        .map(|a| a.as_ref().expr().cloned())
        .collect::<Result<Vec<Expr>>>()?;
    let shapes: Vec<&[usize]> = arrays.iter().map(Expr::shape).collect();
    let shape = broadcast_shapes(&shapes)?;
    let grids: Vec<Grid> = arrays.iter().map(|e| e.grid().clone()).collect();
    let shared = finest(&grids, &shape);
    let dropped = normalize_axes(&blocks.drop, shape.len())?;
    let kept: Vec<usize> = (0..shape.len()).filter(|a| !dropped.contains(a)).collect();
    let ndim = kept.len() + blocks.new.len();
    let new = normalize_axes(&blocks.new, ndim)?;
    // For each axis of the result, the one of the arrays that it follows.
    let mut rest = kept.iter().copied();
    let follows: Vec<Option<usize>> = (0..ndim)
        .map(|r| if new.contains(&r) { None } else { rest.next() })
        .collect();
    let grid = result_grid(&shared, &follows, blocks.sizes.as_deref())?;
    let mut inputs = Vec::with_capacity(arrays.len());
    for e in &arrays {
        let lead = shape.len() - e.ndim();
        let cuts = (0..e.ndim()).map(|k| match (e.shape()[k], dropped.contains(&(lead + k))) {
            (_, true) => e.grid().axes()[k].clone(),
            (1, false) => AxisGrid::regular(1, 1),
            _ => shared[lead + k].clone(),
        });
        let expr = e.rechunk(&Chunks::Grid(Grid::new(cuts)))?;
        let follow = (0..e.ndim())
            .map(
                |k| match follows.iter().position(|f| *f == Some(lead + k)) {
                    Some(axis) if e.shape()[k] != 1 || shape[lead + k] == 1 => {
                        Follow::Chunk { axis }
                    }
                    _ => Follow::Whole,
                },
            )
            .collect();
        inputs.push(CallInput { expr, follow });
    }
    let name = blocks.name.unwrap_or_else(|| "map_blocks".to_owned());
    let call = Call::new(name, inputs, move |chunks, region| {
        let made = guarded(|| f(chunks, region).into_chunk())?;
        checked(made, dtype, &region.shape)
    });
    Expr::call(call, dtype, grid).here()
}

impl Array {
    /// A function of `ndarray` views on each chunk, whose results have the chunks' shapes.
    /// [`map_blocks`] is for several arrays and for other shapes.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// use ndarray::ArrayViewD;
    /// let x = Array::ones([100, 60], DType::F64, 30)?;
    /// let y = x.map_blocks(|chunk: ArrayViewD<f64>| chunk.mapv(|v| v as f32))?;
    /// assert_eq!((y.shape(), y.dtype()), (&[100, 60][..], DType::F32));
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn map_blocks<T: Element, C: TypedChunk>(
        &self,
        f: impl Fn(ArrayViewD<'_, T>) -> C + Send + Sync + 'static,
    ) -> Result<Array> {
        self.expect::<T>("map_blocks")?;
        map_blocks(
            [self],
            C::DTYPE,
            Blocks::new(),
            move |chunks: &[Chunk], _: &Region| {
                one(chunks).and_then(|c| with_view::<T, _>(c, &f)?.into_chunk())
            },
        )
    }

    /// A function of `ndarray` views on each chunk with some of its neighbours' elements around it,
    /// which are cut from its results again.
    ///
    /// ```
    /// # use chunkwise::{Array, Boundary, DType, Overlap};
    /// use ndarray::{ArrayD, ArrayViewD};
    /// let x = Array::ones([100], DType::F64, 30)?;
    /// let overlap = Overlap::new(1).boundary(Boundary::Constant(0.0));
    /// let smooth = x.map_overlap(overlap, |chunk: ArrayViewD<f64>| {
    ///     ArrayD::from_shape_fn(chunk.raw_dim(), |i| {
    ///         let last = chunk.len() - 1;
    ///         (chunk[[i[0].max(1) - 1]] + chunk[[i[0]]] + chunk[[(i[0] + 1).min(last)]]) / 3.0
    ///     })
    /// })?;
    /// assert_eq!(smooth.shape(), [100]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn map_overlap<T: Element, C: TypedChunk>(
        &self,
        overlap: Overlap,
        f: impl Fn(ArrayViewD<'_, T>) -> C + Send + Sync + 'static,
    ) -> Result<Array> {
        self.expect::<T>("map_overlap")?;
        let own = self.expr()?;
        let ndim = own.ndim();
        let depth = for_each_axis("depth", &overlap.depth, ndim)?;
        let boundary = for_each_axis("boundary", &overlap.boundary, ndim)?;
        let mut padded = self.clone();
        for axis in 0..ndim {
            let (before, after) = depth[axis];
            let mode = match boundary[axis] {
                Boundary::None => continue,
                Boundary::Reflect => Pad::Symmetric,
                Boundary::Periodic => Pad::Wrap,
                Boundary::Nearest => Pad::Edge,
                Boundary::Constant(value) => Pad::Constant(value.into()),
            };
            padded = padded.pad_axis(axis as isize, before, after, mode)?;
        }
        let bare = |axis: usize| boundary[axis] == Boundary::None;
        let follow = (0..ndim)
            .map(|axis| Follow::Window {
                axis,
                offset: if bare(axis) { 0 } else { depth[axis].0 },
                before: depth[axis].0,
                after: depth[axis].1,
            })
            .collect();
        let trim = (0..ndim)
            .map(|axis| {
                if overlap.trim && !bare(axis) {
                    depth[axis]
                } else {
                    (0, 0)
                }
            })
            .collect::<SmallVec<[(usize, usize); 4]>>();
        let shape = own.shape().to_vec();
        let trimmed = overlap.trim;
        let cut = trim.clone();
        let inputs = vec![CallInput {
            expr: padded.into_expr()?,
            follow,
        }];
        let call = Call::new("map_overlap", inputs, move |chunks, region| {
            let given = one(chunks)?;
            let made = guarded(|| with_view::<T, _>(given, &f)?.into_chunk())?;
            // What the caller cuts stays; what an edge without a boundary lacks is cut here.
            let mut inner = Region::whole(&region.shape);
            let mut full = region.shape.clone();
            for (axis, &(low, high)) in cut.iter().enumerate() {
                inner.shape[axis] += low + high;
                full[axis] += low + high;
                if trimmed && boundary[axis] == Boundary::None {
                    let before = depth[axis].0.min(region.start[axis]);
                    let after = depth[axis].1.min(shape[axis] - region.end(axis));
                    inner.start[axis] = before;
                    full[axis] += before + after;
                }
            }
            checked(made, C::DTYPE, &full)?.region(&inner)
        });
        let call = call.trim(trim);
        Expr::call(call, C::DTYPE, own.grid().clone()).here()
    }

    /// An error where the dtype is not `T`'s.
    fn expect<T: Element>(&self, operation: &'static str) -> Result<()> {
        let got = self.expr()?.dtype();
        if got == T::DTYPE {
            return Ok(());
        }
        Err(Error::DTypeMismatch {
            operation,
            expected: T::DTYPE,
            got,
        })
    }
}

fn one(chunks: &[Chunk]) -> Result<&Chunk> {
    chunks
        .first()
        .ok_or_else(|| Error::internal("front door", "a call without its chunk"))
}

fn for_each_axis<T: Copy + std::fmt::Debug>(
    argument: &'static str,
    given: &[T],
    ndim: usize,
) -> Result<Vec<T>> {
    match given {
        [all] => Ok(vec![*all; ndim]),
        each if each.len() == ndim => Ok(each.to_vec()),
        each => Err(Error::argument(
            "map_overlap",
            argument,
            format!("{each:?}"),
            format!("one, or one for each of {ndim} axes"),
        )),
    }
}

/// Along each axis of `shape` the cuts of the array with the most chunks there, of arrays cut as
/// these grids say.
pub(crate) fn finest(arrays: &[Grid], shape: &[usize]) -> Vec<AxisGrid> {
    let axes = shape.iter().enumerate().map(|(axis, &len)| {
        let own = arrays.iter().filter_map(|grid| {
            let k = (axis + grid.ndim()).checked_sub(shape.len())?;
            let cuts = &grid.axes()[k];
            (cuts.len() == len).then_some(cuts)
        });
        own.max_by_key(|cuts| cuts.count())
            .cloned()
            .unwrap_or_else(|| AxisGrid::regular(len, len))
    });
    axes.collect()
}

fn result_grid(
    shared: &[AxisGrid],
    follows: &[Option<usize>],
    sizes: Option<&[Vec<usize>]>,
) -> Result<Grid> {
    let bad = |reason: String| Error::argument("map_blocks", "sizes", format!("{sizes:?}"), reason);
    if sizes.is_some_and(|s| s.len() != follows.len()) {
        return Err(bad(format!("the result has {} axes", follows.len())));
    }
    let mut axes = Vec::with_capacity(follows.len());
    for (r, follow) in follows.iter().enumerate() {
        let own = follow.map(|a| &shared[a]);
        let count = own.map_or(1, AxisGrid::count);
        axes.push(match (sizes.map(|s| &s[r][..]), own) {
            (Some([one]), _) if *one > 0 => {
                let len = one.checked_mul(count);
                AxisGrid::regular(len.ok_or_else(|| bad("too many elements".into()))?, *one)
            }
            (Some(each), _) if each.len() == count => AxisGrid::from_sizes(each),
            (Some(_), _) => return Err(bad(format!("axis {r} has {count} chunks"))),
            (None, Some(own)) => own.clone(),
            (None, None) => AxisGrid::regular(1, 1),
        });
    }
    Ok(Grid::new(axes))
}

pub(crate) fn checked(made: Chunk, dtype: DType, shape: &[usize]) -> Result<Chunk> {
    if made.dtype() != dtype {
        return Err(Error::DTypeMismatch {
            operation: "the function's result",
            expected: dtype,
            got: made.dtype(),
        });
    }
    if made.shape() != shape {
        return Err(Error::ShapeMismatch {
            operation: "the function's result",
            expected: shape.to_vec(),
            got: made.shape().to_vec(),
        });
    }
    Ok(made)
}

/// Runs a user's function; its panic is an error.
pub(crate) fn guarded<R>(f: impl FnOnce() -> Result<R>) -> Result<R> {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or_else(|payload| {
        Err(Error::Panic {
            message: message(payload.as_ref()),
        })
    })
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload
        .downcast_ref::<&str>()
        .map(|s| (*s).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "with a value that is no text".to_owned())
}
