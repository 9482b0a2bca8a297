//! Reductions by plain loops over scalars.

use chunkwise::{Complex64, DType, Error, Scalar};
use chunkwise_kernels::reduce::{Params, reduction};
use ndarray::IxDyn;

use super::Values;

fn complex(v: Scalar) -> Complex64 {
    match v {
        Scalar::Complex(z) => z,
        real => Complex64::new(real.to_f64(), 0.0),
    }
}

fn integer(v: Scalar) -> Option<i128> {
    match v {
        Scalar::Bool(b) => Some(b as i128),
        Scalar::Int(i) => Some(i),
        Scalar::Float(_) | Scalar::Complex(_) => None,
    }
}

fn is_complex(v: Scalar) -> bool {
    matches!(v, Scalar::Complex(_))
}

/// Integers modulo 2^64, which is all that wrapping needs.
fn both(
    a: Scalar,
    b: Scalar,
    ints: fn(i128, i128) -> i128,
    floats: fn(f64, f64) -> f64,
    complexes: fn(Complex64, Complex64) -> Complex64,
) -> Scalar {
    match (integer(a), integer(b)) {
        (Some(a), Some(b)) => Scalar::Int(ints(a, b) % (1 << 64)),
        _ if is_complex(a) || is_complex(b) => Scalar::Complex(complexes(complex(a), complex(b))),
        _ => Scalar::Float(floats(a.to_f64(), b.to_f64())),
    }
}

pub fn plus(a: Scalar, b: Scalar) -> Scalar {
    both(a, b, |a, b| a + b, |a, b| a + b, |a, b| a + b)
}

pub fn times(a: Scalar, b: Scalar) -> Scalar {
    both(a, b, |a, b| a.wrapping_mul(b), |a, b| a * b, |a, b| a * b)
}

/// An integer in the range of a dtype, modulo its size; other dtypes as they are.
pub fn wrapped(v: Scalar, dtype: DType) -> Scalar {
    match v {
        Scalar::Int(i) if dtype == DType::Bool => Scalar::Bool(i != 0),
        Scalar::Int(i) if dtype.is_integer() => {
            let size = 1i128 << (8 * dtype.size());
            let i = i.rem_euclid(size);
            let signed = matches!(dtype, DType::I8 | DType::I16 | DType::I32 | DType::I64);
            Scalar::Int(if signed && i >= size / 2 { i - size } else { i })
        }
        other => other,
    }
}

pub fn is_nan(v: Scalar) -> bool {
    match v {
        Scalar::Float(x) => x.is_nan(),
        Scalar::Complex(z) => z.re.is_nan() || z.im.is_nan(),
        Scalar::Bool(_) | Scalar::Int(_) => false,
    }
}

/// Whether `a` stands before `b` in ascending order, neither being NaN.
fn less(a: Scalar, b: Scalar) -> bool {
    match (integer(a), integer(b)) {
        (Some(a), Some(b)) => a < b,
        _ => {
            let (a, b) = (complex(a), complex(b));
            a.re < b.re || (a.re == b.re && a.im < b.im)
        }
    }
}

fn smaller(a: Scalar, b: Scalar) -> Scalar {
    if is_nan(a) || (!is_nan(b) && !less(b, a)) {
        a
    } else {
        b
    }
}

fn larger(a: Scalar, b: Scalar) -> Scalar {
    if is_nan(a) || (!is_nan(b) && !less(a, b)) {
        a
    } else {
        b
    }
}

/// What a scan does with what came before and the next element.
pub fn scan(name: &str) -> Option<fn(Scalar, Scalar) -> Scalar> {
    Some(match name {
        "cumsum" | "nancumsum" => plus,
        "cumprod" | "nancumprod" => times,
        "cummin" => smaller,
        "cummax" => larger,
        _ => return None,
    })
}

/// The error of a reduction that has no value.
pub fn failed(operation: &'static str) -> Error {
    Error::EmptyReduction { operation }
}

/// A reduction; the name of one that has no value, `None` for one that is not known.
pub fn reduce(
    name: &'static str,
    params: &Params,
    input: &Values,
    axes: &[usize],
) -> Result<Values, Option<&'static str>> {
    let kept: Vec<usize> = (0..input.ndim()).filter(|a| !axes.contains(a)).collect();
    let order: Vec<usize> = kept.iter().chain(axes).copied().collect();
    let mut shape: Vec<usize> = kept.iter().map(|a| input.shape()[*a]).collect();
    let n: usize = axes.iter().map(|a| input.shape()[*a]).product();
    let moved = input.view().permuted_axes(IxDyn(&order));
    let flat: Vec<Scalar> = moved.iter().copied().collect();
    let cells: usize = shape.iter().product();
    let mut out = Vec::new();
    for cell in 0..cells {
        let all = &flat[cell * n..(cell + 1) * n];
        out.extend(cell_of(name, params, all)?);
    }
    if name.ends_with("topk") {
        shape.push(params.k.unsigned_abs());
    }
    if cells > 0 && n == 0 && reduction(name).is_some_and(|r| !r.has_identity()) {
        return Err(Some(name));
    }
    Values::from_shape_vec(IxDyn(&shape), out).map_err(|_| None)
}

fn cell_of(
    name: &'static str,
    params: &Params,
    all: &[Scalar],
) -> Result<Vec<Scalar>, Option<&'static str>> {
    let numbers: Vec<Scalar> = all.iter().copied().filter(|v| !is_nan(*v)).collect();
    let (plain, v) = match name.strip_prefix("nan") {
        Some(plain) => (plain, &numbers[..]),
        None => (name, all),
    };
    let count = v.len() as f64;
    let sum = || v.iter().copied().fold(Scalar::Bool(false), plus);
    let mean = || {
        let whole = v.iter().fold(Complex64::ZERO, |s, x| s + complex(*x));
        let over = whole / count;
        if v.iter().any(|x| is_complex(*x)) {
            Scalar::Complex(over)
        } else {
            Scalar::Float(over.re)
        }
    };
    let var = || {
        let mean = complex(mean());
        let squares: f64 = v.iter().map(|x| (complex(*x) - mean).norm_sqr()).sum();
        squares / (count - params.ddof).max(0.0)
    };
    // Of equal ones, and of NaN, the first.
    let extreme = |before: fn(Scalar, Scalar) -> bool| {
        let mut best: Option<usize> = None;
        for (i, x) in v.iter().enumerate() {
            let better = match best {
                None => true,
                Some(b) => !is_nan(v[b]) && (is_nan(*x) || before(*x, v[b])),
            };
            if better {
                best = Some(i);
            }
        }
        best
    };
    let low = || extreme(less);
    let high = || extreme(|a, b| less(b, a));
    let value = |at: Option<usize>| match at {
        Some(i) => Ok(v[i]),
        None if !all.is_empty() => Ok(Scalar::Float(f64::NAN)),
        None => Err(Some(name)),
    };
    let place = |at: Option<usize>| -> Result<Scalar, Option<&'static str>> {
        let at: usize = at.ok_or(Some(name))?;
        // Counted among all elements, those that are left out too.
        let skipped: Vec<usize> = (0..all.len())
            .filter(|i| plain.len() == name.len() || !is_nan(all[*i]))
            .collect();
        Ok(Scalar::Int(skipped[at] as i128))
    };
    let one = match plain {
        "sum" => sum(),
        "prod" => v.iter().copied().fold(Scalar::Bool(true), times),
        "mean" => mean(),
        "var" => Scalar::Float(var()),
        "std" => Scalar::Float(var().sqrt()),
        "min" => value(low())?,
        "max" => value(high())?,
        "ptp" => {
            let minus = times(Scalar::Int(-1), value(low())?);
            plus(value(high())?, minus)
        }
        "any" => Scalar::Bool(v.iter().any(|x| x.is_truthy())),
        "all" => Scalar::Bool(v.iter().all(|x| x.is_truthy())),
        "count_nonzero" => Scalar::Int(v.iter().filter(|x| x.is_truthy()).count() as i128),
        "argmin" => place(low())?,
        "argmax" => place(high())?,
        "topk" | "argtopk" => {
            let mut at: Vec<usize> = (0..v.len()).collect();
            let descending = params.k > 0;
            // NaN is larger than all; of equal ones the first comes first.
            let before = |a: usize, b: usize| match (is_nan(v[a]), is_nan(v[b])) {
                (false, false) => less(v[a], v[b]),
                (a, b) => !a && b,
            };
            at.sort_by(|a, b| {
                let (a, b) = if descending { (*b, *a) } else { (*a, *b) };
                before(b, a).cmp(&before(a, b))
            });
            let best = at.into_iter().take(params.k.unsigned_abs());
            return Ok(best
                .map(|i| match plain {
                    "topk" => v[i],
                    _ => Scalar::Int(i as i128),
                })
                .collect());
        }
        _ => return Err(None),
    };
    Ok(vec![one])
}
