//! What an expression means, element by element and as slowly as can be: the yardstick of the value
//! tests. Real dtypes only; every value is an `f64`.

use chunkwise::{Array, Chunk, DType, Error, Expr, IntoNdarray, Result};
use chunkwise_core::{Region, dispatch};
use chunkwise_expr::Kind;
use ndarray::{ArrayD, ArrayViewD, Axis, IxDyn, Slice};

type Values = ArrayD<f64>;

/// The array's values as a chunk of its dtype.
pub fn compute(a: &Array) -> Result<Chunk> {
    let values = evaluate(a.expr()?)?;
    to_chunk(&values, a.dtype())
}

fn to_chunk(values: &Values, dtype: DType) -> Result<Chunk> {
    use chunkwise::{Element, Scalar};
    dispatch!(all dtype, T => {
        let data: Vec<T> = values.iter().map(|v| T::from_scalar(Scalar::Float(*v))).collect();
        Chunk::from_owner(data, values.shape())
    })
}

pub fn to_values(chunk: Chunk) -> Result<Values> {
    use chunkwise::Element;
    dispatch!(all chunk.dtype(), T => {
        Ok(chunk.into_ndarray::<T>()?.mapv(|v| v.to_scalar().to_f64()))
    })
}

fn stored(v: f64, dtype: DType) -> f64 {
    use chunkwise::{Element, Scalar};
    dispatch!(all dtype, T => T::from_scalar(Scalar::Float(v)).to_scalar().to_f64())
}

fn evaluate(e: &Expr) -> Result<Values> {
    let shape = IxDyn(e.shape());
    let out = match e.kind() {
        Kind::Source(source) => {
            let whole = Region::whole(source.shape());
            let pool = chunkwise_core::Pool::new(1 << 30);
            to_values(Chunk::build(&pool, source.dtype(), source.shape(), |v| {
                source.read(&whole, v)
            })?)?
        }
        Kind::Constant(value) => Values::from_elem(shape, stored(value.to_f64(), e.dtype())),
        Kind::Index { axis } => Values::from_shape_fn(shape, |i| i[*axis] as f64),
        Kind::Random(_) => return Err(unknown(e)),
        Kind::Map { function, inputs } => {
            let args = inputs.iter().map(evaluate).collect::<Result<Vec<_>>>()?;
            let f = scalar_function(function.name).ok_or_else(|| unknown(e))?;
            let mut at = vec![0.0; args.len()];
            Values::from_shape_fn(args[0].raw_dim(), |i| {
                for (slot, arg) in at.iter_mut().zip(&args) {
                    *slot = arg[&i];
                }
                stored(f(&at), e.dtype())
            })
        }
        Kind::Cast(input) => evaluate(input)?.mapv(|v| stored(v, e.dtype())),
        Kind::View { input, map } => {
            let input = evaluate(input)?;
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
        } => {
            let input = evaluate(input)?;
            if reduction.name.ends_with("topk") {
                return Err(unknown(e));
            }
            reduce(reduction.name, params.ddof, &input, axes).ok_or_else(|| unknown(e))?
        }
        Kind::Scan { scan, input, axis } => {
            let mut out = evaluate(input)?;
            let product = scan.name.ends_with("prod");
            out.accumulate_axis_inplace(Axis(*axis), |before, v| {
                *v = if product { *before * *v } else { *before + *v }
            });
            out
        }
        Kind::Reshape(input) => {
            let flat: Vec<f64> = evaluate(input)?.iter().copied().collect();
            Values::from_shape_vec(shape, flat).map_err(|_| unknown(e))?
        }
        Kind::Concat { inputs, axis } => {
            let parts = inputs.iter().map(evaluate).collect::<Result<Vec<_>>>()?;
            let views: Vec<ArrayViewD<f64>> = parts.iter().map(|p| p.view()).collect();
            ndarray::concatenate(Axis(*axis), &views).map_err(|_| unknown(e))?
        }
        Kind::Take {
            input,
            axis,
            indices,
        } => evaluate(input)?.select(Axis(*axis), indices),
        Kind::Compress { input, mask, axis } => {
            let mask = evaluate(mask)?;
            let kept: Vec<usize> = (0..mask.len()).filter(|i| mask[[*i]] != 0.0).collect();
            evaluate(input)?.select(Axis(*axis), &kept)
        }
        Kind::Contract { a, b, batch, k } => {
            contract(&evaluate(a)?, &evaluate(b)?, *batch, *k).mapv(|v| stored(v, e.dtype()))
        }
        Kind::Rechunk(input) => evaluate(input)?,
        Kind::Call(call) => {
            let inputs = call
                .inputs
                .iter()
                .map(|i| evaluate(&i.expr))
                .collect::<Result<Vec<_>>>()?;
            let mut out = Values::zeros(shape);
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
                let made = to_values((call.function)(&chunks, &region)?)?;
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

fn slice(region: &Region, axis: usize) -> Slice {
    Slice::from(region.range(axis))
}

fn cut<'a>(values: ArrayViewD<'a, f64>, region: &Region) -> ArrayViewD<'a, f64> {
    let mut values = values;
    for axis in 0..region.ndim() {
        values.slice_axis_inplace(Axis(axis), slice(region, axis));
    }
    values
}

fn unknown(e: &Expr) -> Error {
    Error::internal("reference", format!("no meaning for {}", e.label()))
}

fn scalar_function(name: &str) -> Option<fn(&[f64]) -> f64> {
    Some(match name {
        "add" => |a| a[0] + a[1],
        "subtract" => |a| a[0] - a[1],
        "multiply" => |a| a[0] * a[1],
        "divide" => |a| a[0] / a[1],
        "remainder" => |a| a[0].rem_euclid(a[1]),
        "negative" => |a| -a[0],
        "abs" => |a| a[0].abs(),
        "square" => |a| a[0] * a[0],
        "sqrt" => |a| a[0].sqrt(),
        "round" => |a| a[0].round_ties_even(),
        "maximum" => |a| a[0].max(a[1]),
        "minimum" => |a| a[0].min(a[1]),
        "clip" => |a| a[0].max(a[1]).min(a[2]),
        "equal" => |a| (a[0] == a[1]) as u8 as f64,
        "not_equal" => |a| (a[0] != a[1]) as u8 as f64,
        "less" => |a| (a[0] < a[1]) as u8 as f64,
        "less_equal" => |a| (a[0] <= a[1]) as u8 as f64,
        "greater" => |a| (a[0] > a[1]) as u8 as f64,
        "logical_and" => |a| (a[0] != 0.0 && a[1] != 0.0) as u8 as f64,
        "logical_or" => |a| (a[0] != 0.0 || a[1] != 0.0) as u8 as f64,
        "isfinite" => |a| a[0].is_finite() as u8 as f64,
        "isnan" => |a| a[0].is_nan() as u8 as f64,
        "where" => |a| if a[0] != 0.0 { a[1] } else { a[2] },
        _ => return None,
    })
}

fn reduce(name: &str, ddof: f64, input: &Values, axes: &[usize]) -> Option<Values> {
    let ndim = input.ndim();
    let kept: Vec<usize> = (0..ndim).filter(|a| !axes.contains(a)).collect();
    let order: Vec<usize> = kept.iter().chain(axes).copied().collect();
    let shape: Vec<usize> = kept.iter().map(|a| input.shape()[*a]).collect();
    let n: usize = axes.iter().map(|a| input.shape()[*a]).product();
    let moved = input.view().permuted_axes(IxDyn(&order));
    let flat: Vec<f64> = moved.iter().copied().collect();
    let cells: usize = shape.iter().product();
    let one = |cell: usize| -> Option<f64> {
        let all = &flat[cell * n..(cell + 1) * n];
        let numbers: Vec<f64> = all.iter().copied().filter(|v| !v.is_nan()).collect();
        let (name, v) = match name.strip_prefix("nan") {
            Some(name) => (name, &numbers[..]),
            None => (name, all),
        };
        let mean = v.iter().sum::<f64>() / v.len() as f64;
        let var = v.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (v.len() as f64 - ddof);
        let low = v.iter().copied().fold(f64::INFINITY, f64::min);
        let high = v.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Some(match name {
            "sum" => v.iter().sum(),
            "prod" => v.iter().product(),
            "mean" => mean,
            "var" => var,
            "std" => var.sqrt(),
            "min" => low,
            "max" => high,
            "ptp" => high - low,
            "any" => v.iter().any(|x| *x != 0.0) as u8 as f64,
            "all" => v.iter().all(|x| *x != 0.0) as u8 as f64,
            "count_nonzero" => v.iter().filter(|x| **x != 0.0).count() as f64,
            "argmin" => v.iter().position(|x| *x == low)? as f64,
            "argmax" => v.iter().position(|x| *x == high)? as f64,
            _ => return None,
        })
    };
    let out = (0..cells).map(one).collect::<Option<Vec<f64>>>()?;
    Values::from_shape_vec(IxDyn(&shape), out).ok()
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
        ndarray::indices(inner.clone())
            .into_iter()
            .map(|s| {
                let s: Vec<usize> = (0..k).map(|x| s[x]).collect();
                let i: Vec<usize> = (0..batch + m + n).map(|x| i[x]).collect();
                let left = [&i[..batch + m], &s].concat();
                let right = [&i[..batch], &s[..], &i[batch + m..]].concat();
                a[&left[..]] * b[&right[..]]
            })
            .sum()
    })
}
