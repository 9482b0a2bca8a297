//! The element of a rank, found by counting: each pass over the data counts how often each value of
//! the next 16 bits of the sort key occurs among the elements whose bits before are known to be the
//! ones sought. A pass is an ordinary reduction: it fuses with what makes the data, and needs the same
//! memory however large the data is.

use chunkwise_core::{Chunk, DType, Element, Error, Grid, Result, Scalar, dispatch};
use chunkwise_expr::{Call, CallInput, CallTask, Expr, Follow, Operand as Argument};
use chunkwise_kernels::elementwise::internal::SORT_KEY;

use super::method::{Method, between};
use crate::array::Here;
use crate::{Array, Axes, s};

/// Bits that a pass finds.
const DIGIT: u32 = 16;

/// One quantile of all elements, of which there are many, as a 0-dimensional array.
#[track_caller]
pub(super) fn select_by_counting(
    array: &Array,
    (q, method, skip): (f64, Method, bool),
    out: DType,
) -> Result<Array> {
    let (dtype, n) = (array.dtype(), array.size());
    let bits = 8 * dtype.size() as u32;
    let keys = Expr::map(&SORT_KEY, &[Argument::from(array.expr()?)]).here()?;
    let nans = match dtype.is_float() {
        true => array.isnan()?.sum(Axes::ALL)?,
        false => Array::full([], 0, DType::I64, 1isize)?,
    };
    // How many elements count, and so where the quantile lies.
    let position = move |nans: usize| {
        let counted = if skip { n - nans } else { n };
        (counted > 0 && (skip || nans == 0)).then(|| method.position(counted, q))
    };
    let identity = format!("{q} {method:?} {skip} {n}");

    // What is known of the element: its first bits, its rank among those that share them, and how
    // many these are.
    let mut known: Option<Array> = None;
    let mut shift = bits;
    while shift > 0 {
        let digit = shift.min(DIGIT);
        shift -= digit;
        let digits = keys.bitwise_right_shift(shift as u64)?;
        let digits = match &known {
            None => digits,
            // Elements with other bits in front get numbers that are not counted.
            Some(known) => digits.subtract(known.get(s![0])?.bitwise_left_shift(digit as u64)?)?,
        };
        let counts = digits.bincount(None, 1 << digit)?;
        let first = known.is_none();
        let before = match &known {
            Some(known) => known.clone(),
            None => nans.clone(),
        };
        let next = move |inputs: &[Chunk]| {
            let counts = inputs[0].to_vec::<i64>()?;
            let (prefix, rank) = match first {
                true => {
                    let nans = inputs[1].item::<i64>()? as usize;
                    (0, position(nans).map_or(0, |p| p.0 as u64))
                }
                false => {
                    let known = inputs[1].to_vec::<u64>()?;
                    (known[0], known[1])
                }
            };
            let mut left = rank;
            let mut found = (0, 0);
            for (value, &count) in counts.iter().enumerate() {
                found = (value as u64, count as u64);
                if left < count as u64 {
                    break;
                }
                left -= count as u64;
            }
            Chunk::from_owner(vec![prefix << digit | found.0, left, found.1], &[3])
        };
        let identity = format!("select {shift} {identity}");
        known = Some(step(
            &identity,
            &[&counts, &before],
            DType::U64,
            &[3],
            next,
        )?);
    }
    let Some(known) = known else {
        return Err(Error::internal("quantile", "a dtype without bits"));
    };
    // The next element in order, in case the quantile lies between two.
    let above = if method.is_discrete() {
        known.get(s![0])?
    } else {
        let larger = keys.greater(known.get(s![0])?)?;
        larger.where_(&keys, u64::MAX)?.min(Axes::ALL)?
    };
    let last = move |inputs: &[Chunk]| {
        let known = inputs[0].to_vec::<u64>()?;
        let above = inputs[1].item::<u64>()?;
        let nans = inputs[2].item::<i64>()? as usize;
        let value = match position(nans) {
            None => Scalar::Float(f64::NAN),
            Some((low, high, share)) => {
                let a = value_of(known[0], dtype);
                let more = high > low && known[1] + 1 >= known[2];
                let b = value_of(if more { above } else { known[0] }, dtype);
                match low == high || share == 0.0 {
                    true => a,
                    false => between(a.to_f64(), b.to_f64(), share).into(),
                }
            }
        };
        dispatch!(all out, T => Chunk::from_owner(vec![T::from_scalar(value)], &[]))
    };
    let identity = format!("quantile of {dtype} as {out} {identity}");
    step(&identity, &[&known, &above, &nans], out, &[], last)
}

/// A function on small arrays that are there whole.
#[track_caller]
fn step(
    identity: &str,
    inputs: &[&Array],
    dtype: DType,
    shape: &[usize],
    function: impl Fn(&[Chunk]) -> Result<Chunk> + Send + Sync + 'static,
) -> Result<Array> {
    let given = inputs.iter().map(|a| {
        Ok(CallInput {
            expr: a.expr()?.clone(),
            follow: (0..a.ndim()).map(|_| Follow::Whole).collect(),
        })
    });
    let scratch: u64 = inputs.iter().map(|a| a.nbytes()).sum();
    let function = move |task: &CallTask<'_>| Ok(vec![function(task.inputs)?]);
    let call = Call::many(
        "quantile",
        given.collect::<Result<_>>()?,
        Vec::new(),
        function,
    )
    .identity(identity)
    .scratch(scratch);
    Expr::call(call, dtype, Grid::single(shape)).here()
}

/// The element with a sort key.
fn value_of(key: u64, dtype: DType) -> Scalar {
    let signed = |bits: u32| key as i64 - (1i64 << (bits - 1));
    match dtype {
        DType::F64 => {
            let turned = (key ^ 1 << 63) as i64;
            let bits = turned ^ ((turned >> 63) & i64::MAX);
            Scalar::Float(f64::from_bits(bits as u64))
        }
        DType::F32 => {
            let turned = (key as u32 ^ 1 << 31) as i32;
            let bits = turned ^ ((turned >> 31) & i32::MAX);
            Scalar::Float(f32::from_bits(bits as u32) as f64)
        }
        DType::Bool => Scalar::Bool(key != 0),
        DType::I8 | DType::I16 | DType::I32 => Scalar::Int(signed(8 * dtype.size() as u32) as i128),
        DType::I64 => Scalar::Int((key ^ 1 << 63) as i64 as i128),
        _ => Scalar::Int(key as i128),
    }
}
