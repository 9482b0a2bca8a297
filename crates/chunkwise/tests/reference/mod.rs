//! What an expression means, element by element and as slowly as can be: the yardstick of the value
//! tests. Elementwise functions and casts are the kernels', over the whole array at once; all else is
//! plain loops over scalars.
#![allow(dead_code, reason = "each test uses a part")]

mod reduce;

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::atomic::AtomicBool;

use chunkwise::{Array, Chunk, DType, Element, Error, Expr, IntoNdarray, Result, Scalar};
use chunkwise_core::{Complex64, Pool, Region, dispatch};
use chunkwise_expr::{CallTask, Kind, NodeId};
use chunkwise_kernels::elementwise::{Kernel, cast};
use chunkwise_kernels::random::Sampler;
use chunkwise_kernels::tile::{self, Leaf, Output, Program, Scratch};
use ndarray::{ArrayD, ArrayViewD, Axis, IxDyn, Slice};

/// Elements without a width.
pub type Values = ArrayD<Scalar>;

/// The array's values as a chunk of its dtype.
pub fn compute(a: &Array) -> Result<Chunk> {
    let values = evaluate(a.expr()?, &mut HashMap::new())?;
    to_chunk(&values, a.dtype())
}

/// A chunk of a dtype.
pub fn to_chunk(values: &Values, dtype: DType) -> Result<Chunk> {
    dispatch!(all dtype, T => {
        let data: Vec<T> = values.iter().map(|v| T::from_scalar(*v)).collect();
        Chunk::from_owner(data, values.shape())
    })
}

/// The real parts of a chunk's elements.
pub fn to_values(chunk: Chunk) -> Result<ArrayD<f64>> {
    Ok(scalars(&chunk)?.mapv(Scalar::to_f64))
}

/// A chunk's elements.
pub fn scalars(chunk: &Chunk) -> Result<Values> {
    dispatch!(all chunk.dtype(), T => {
        Ok(chunk.clone().into_ndarray::<T>()?.mapv(|v| v.to_scalar()))
    })
}

fn stored(v: Scalar, dtype: DType) -> Scalar {
    dispatch!(all dtype, T => T::from_scalar(v).to_scalar())
}

fn evaluate(e: &Expr, known: &mut HashMap<NodeId, Values>) -> Result<Values> {
    if let Some(values) = known.get(&e.id()) {
        return Ok(values.clone());
    }
    let made = meaning(e, known)?;
    known.insert(e.id(), made.clone());
    Ok(made)
}

fn meaning(e: &Expr, known: &mut HashMap<NodeId, Values>) -> Result<Values> {
    let shape = IxDyn(e.shape());
    let out = match e.kind() {
        Kind::Source(source) => {
            let whole = Region::whole(source.shape());
            let pool = Pool::new(1 << 30);
            scalars(&Chunk::build(&pool, source.dtype(), source.shape(), |v| {
                source.read(&whole, v)
            })?)?
        }
        Kind::Constant(value) => Values::from_elem(shape, stored(*value, e.dtype())),
        Kind::Index { axis } => Values::from_shape_fn(shape, |i| Scalar::Int(i[*axis] as i128)),
        Kind::Random(spec) => {
            let sampler = Sampler::new(spec)?;
            let data: Vec<Scalar> = dispatch!(all e.dtype(), T => {
                let drawn: Vec<T> = sampler.sample(0, e.len())?;
                drawn.into_iter().map(Element::to_scalar).collect()
            });
            Values::from_shape_vec(shape, data).map_err(|_| unknown(e))?
        }
        Kind::Map { function, inputs } => {
            let args = inputs
                .iter()
                .map(|i| Ok((evaluate(i, known)?, i.dtype())))
                .collect::<Result<Vec<_>>>()?;
            let dtypes: Vec<DType> = inputs.iter().map(Expr::dtype).collect();
            apply(function.resolve(&dtypes)?.kernel, &args, e.dtype())?
        }
        Kind::Cast(input) => apply(
            cast(input.dtype(), e.dtype()),
            &[(evaluate(input, known)?, input.dtype())],
            e.dtype(),
        )?,
        Kind::View { input, map } => {
            let input = evaluate(input, known)?;
            Values::from_shape_fn(shape, |i| {
                let at: Vec<usize> = map
                    .axes()
                    .iter()
                    .map(|a| match a.from {
                        None => a.start,
                        Some(f) => (a.start as isize + a.step * i[f] as isize) as usize,
                    })
                    .collect();
                input[&at[..]]
            })
        }
        Kind::Reduce {
            reduction,
            params,
            input,
            axes,
        } => reduce::reduce(reduction.name, params, &evaluate(input, known)?, axes)
            .map_err(|name| name.map_or_else(|| unknown(e), reduce::failed))?
            .mapv(|v| stored(reduce::wrapped(v, e.dtype()), e.dtype())),
        Kind::Scan { scan, input, axis } => {
            let mut out = evaluate(input, known)?.mapv(|v| stored(v, e.dtype()));
            let step = reduce::scan(scan.name).ok_or_else(|| unknown(e))?;
            if scan.name.starts_with("nan") {
                let blank = Scalar::Int(scan.name.ends_with("prod") as i128);
                out.mapv_inplace(|v| if reduce::is_nan(v) { blank } else { v });
            }
            out.accumulate_axis_inplace(Axis(*axis), |before, v| {
                *v = reduce::wrapped(step(*before, *v), e.dtype());
            });
            out.mapv(|v| stored(v, e.dtype()))
        }
        Kind::Sort {
            input,
            axis,
            descending,
            indices,
        } => {
            let mut out = evaluate(input, known)?;
            for mut lane in out.lanes_mut(Axis(*axis)) {
                let values = lane.to_vec();
                let mut order: Vec<usize> = (0..values.len()).collect();
                order.sort_by(|a, b| {
                    let (a, b) = match descending {
                        true => (&values[*b], &values[*a]),
                        false => (&values[*a], &values[*b]),
                    };
                    match (a, b) {
                        (Scalar::Int(a), Scalar::Int(b)) => a.cmp(b),
                        (Scalar::Complex(a), Scalar::Complex(b)) => {
                            // First those with NaN in no part, in the imaginary, in the real, in both.
                            let nans = |z: &Complex64| (z.re.is_nan(), z.im.is_nan());
                            nans(a)
                                .cmp(&nans(b))
                                .then_with(|| in_order(a.re, b.re))
                                .then_with(|| in_order(a.im, b.im))
                        }
                        (a, b) => in_order(a.to_f64(), b.to_f64()),
                    }
                });
                for (to, from) in lane.iter_mut().zip(order) {
                    *to = match indices {
                        true => Scalar::Int(from as i128),
                        false => values[from],
                    };
                }
            }
            out
        }
        Kind::Reshape(input) => {
            let flat: Vec<Scalar> = evaluate(input, known)?.iter().copied().collect();
            Values::from_shape_vec(shape, flat).map_err(|_| unknown(e))?
        }
        Kind::Concat { inputs, axis } => {
            let parts = inputs
                .iter()
                .map(|i| evaluate(i, known))
                .collect::<Result<Vec<_>>>()?;
            let views: Vec<ArrayViewD<Scalar>> = parts.iter().map(|p| p.view()).collect();
            ndarray::concatenate(Axis(*axis), &views).map_err(|_| unknown(e))?
        }
        Kind::Take {
            input,
            axis,
            indices,
        } => evaluate(input, known)?.select(Axis(*axis), indices),
        Kind::Compress { input, mask, axis } => {
            let mask = evaluate(mask, known)?;
            let kept: Vec<usize> = (0..mask.len()).filter(|i| mask[[*i]].is_truthy()).collect();
            evaluate(input, known)?.select(Axis(*axis), &kept)
        }
        Kind::Contract { a, b, batch, k } => {
            contract(&evaluate(a, known)?, &evaluate(b, known)?, *batch, *k)
                .mapv(|v| stored(reduce::wrapped(v, e.dtype()), e.dtype()))
        }
        Kind::Rechunk(input) => evaluate(input, known)?,
        Kind::Call { call, output } => {
            let inputs = call
                .inputs
                .iter()
                .map(|i| evaluate(&i.expr, known))
                .collect::<Result<Vec<_>>>()?;
            let mut out = Values::from_elem(shape, Scalar::Bool(false));
            for n in 0..e.grid().count() {
                let index = e.grid().unravel(n);
                let region = e.grid().region(&index);
                let chunks = call
                    .inputs
                    .iter()
                    .zip(&inputs)
                    .map(|(input, values)| {
                        let part = cut(values.view(), &input.region(&index, &region));
                        to_chunk(&part.to_owned(), input.expr.dtype())
                    })
                    .collect::<Result<Vec<_>>>()?;
                let regions: Vec<Region> =
                    call.outputs.iter().map(|o| o.grid.region(&index)).collect();
                let task = CallTask {
                    inputs: &chunks,
                    regions: &regions,
                    pool: &Pool::new(1 << 30),
                };
                let made = scalars(&call.function.call(&task)?[*output])?;
                let mut inner = Region::whole(&region.shape);
                for (start, trim) in inner.start.iter_mut().zip(&call.trim) {
                    *start = trim.0;
                }
                let target = out.slice_each_axis_mut(|a| slice(&region, a.axis.index()));
                cut(made.view(), &inner).assign_to(target);
            }
            out
        }
    };
    Ok(out)
}

/// NaN after all else, and zeros of either sign alike.
fn in_order(a: f64, b: f64) -> Ordering {
    let nans = a.is_nan().cmp(&b.is_nan());
    nans.then_with(|| a.partial_cmp(&b).unwrap_or(Ordering::Equal))
}

/// An elementwise kernel over whole arrays.
fn apply(kernel: Kernel, args: &[(Values, DType)], dtype: DType) -> Result<Values> {
    let shape = args[0].0.shape().to_vec();
    let mut program = Program::default();
    let leaves: Vec<_> = args.iter().map(|(_, d)| program.leaf(*d)).collect();
    let value = program.apply("reference", kernel, &leaves, dtype, 1.0);
    let program = program.finish(&[value]);
    let chunks = args
        .iter()
        .map(|(v, d)| to_chunk(v, *d))
        .collect::<Result<Vec<_>>>()?;
    let given: Vec<Leaf<'_>> = chunks.iter().map(|c| Leaf::Memory(c.view())).collect();
    let pool = Pool::new(1 << 30);
    let made = Chunk::build(&pool, dtype, &shape, |out| {
        tile::run(
            &program,
            &shape,
            &given,
            &mut [Output::Store(out)],
            &mut Scratch::new(),
            &AtomicBool::new(false),
        )
    })?;
    scalars(&made)
}

fn slice(region: &Region, axis: usize) -> Slice {
    Slice::from(region.range(axis))
}

fn cut<'a>(values: ArrayViewD<'a, Scalar>, region: &Region) -> ArrayViewD<'a, Scalar> {
    let mut values = values;
    for axis in 0..region.ndim() {
        values.slice_axis_inplace(Axis(axis), slice(region, axis));
    }
    values
}

fn unknown(e: &Expr) -> Error {
    Error::internal("reference", format!("no meaning for {}", e.label()))
}

fn contract(a: &Values, b: &Values, batch: usize, k: usize) -> Values {
    let m = a.ndim() - batch - k;
    let n = b.ndim() - batch - k;
    let shape: Vec<usize> = a.shape()[..batch + m]
        .iter()
        .chain(&b.shape()[batch + k..])
        .copied()
        .collect();
    let inner = IxDyn(&b.shape()[batch..batch + k]);
    Values::from_shape_fn(IxDyn(&shape), |i| {
        let i: Vec<usize> = (0..batch + m + n).map(|x| i[x]).collect();
        ndarray::indices(inner.clone())
            .into_iter()
            .map(|s| {
                let s: Vec<usize> = (0..k).map(|x| s[x]).collect();
                let left = [&i[..batch + m], &s].concat();
                let right = [&i[..batch], &s[..], &i[batch + m..]].concat();
                reduce::times(a[&left[..]], b[&right[..]])
            })
            .fold(Scalar::Bool(false), reduce::plus)
    })
}
