//! The element of a rank, found by counting: each pass over the data counts how often each value of
//! the next 16 bits of the sort key occurs among the elements whose bits before are known to be the
//! ones sought. A pass is an ordinary reduction: it fuses with what makes the data, and needs the same
//! memory however large the data is.

use chunkwise_core::{Chunk, DType, Element, Error, Grid, Result, Scalar, dispatch};
use chunkwise_expr::{
    Call, CallInput, CallTask, DTypeForm, Expr, Follow, Operand as Argument, PlainFunction,
};
use chunkwise_kernels::elementwise::internal::SORT_KEY;

use serde::{Deserialize, Serialize};

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
    let rank = Rank { q, method, skip, n };

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
        let next = Digit { first, digit, rank };
        known = Some(step(&[&counts, &before], DType::U64, &[3], next)?);
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
    let last = Found { rank, dtype, out };
    step(&[&known, &above, &nans], out, &[], last)
}

/// A function of small arrays that are there whole.
#[track_caller]
fn step(
    inputs: &[&Array],
    dtype: DType,
    shape: &[usize],
    function: impl PlainFunction,
) -> Result<Array> {
    let given = inputs.iter().map(|a| {
        Ok(CallInput {
            expr: a.expr()?.clone(),
            follow: (0..a.ndim()).map(|_| Follow::Whole).collect(),
        })
    });
    let given = given.collect::<Result<_>>()?;
    let scratch: u64 = inputs.iter().map(|a| a.nbytes()).sum();
    let call = Call::plain("quantile", given, Vec::new(), function).scratch(scratch);
    Expr::call(call, dtype, Grid::single(shape)).here()
}

/// Which quantile of `n` elements.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Rank {
    q: f64,
    method: Method,
    skip: bool,
    n: usize,
}

impl Rank {
    /// Where the quantile lies among the elements that count; `None` where it is NaN.
    fn position(&self, nans: usize) -> Option<(usize, usize, f64)> {
        let counted = self.n.saturating_sub(if self.skip { nans } else { 0 });
        let some = counted > 0 && (self.skip || nans == 0);
        some.then(|| self.method.position(counted, self.q))
    }
}

/// The next bits of the element, from how often each value of them occurs and from what is known: its
/// bits before and its rank among those that share them, or at first how many are NaN.
#[derive(Serialize, Deserialize)]
pub(crate) struct Digit {
    first: bool,
    /// How many bits.
    digit: u32,
    rank: Rank,
}

impl PlainFunction for Digit {
    const NAME: &'static str = "quantile_digit";

    fn call(&self, task: &CallTask<'_>) -> Result<Vec<Chunk>> {
        let [counts, before] = task.inputs else {
            return Err(lost());
        };
        let (prefix, mut left) = match self.first {
            true => {
                let nans = before.item::<i64>()? as usize;
                (0, self.rank.position(nans).map_or(0, |p| p.0 as u64))
            }
            false => match before.to_vec::<u64>()?[..] {
                [prefix, rank, _] => (prefix, rank),
                _ => return Err(lost()),
            },
        };
        let mut found = (0, 0);
        for (value, count) in counts.to_vec::<i64>()?.into_iter().enumerate() {
            found = (value as u64, count as u64);
            if left < found.1 {
                break;
            }
            left -= found.1;
        }
        let prefix = prefix.wrapping_shl(self.digit) | found.0;
        Ok(vec![Chunk::from_owner(vec![prefix, left, found.1], &[3])?])
    }
}

/// The quantile, from what is known of its element, the next larger one, and how many are NaN.
#[derive(Serialize, Deserialize)]
pub(crate) struct Found {
    rank: Rank,
    #[serde(with = "DTypeForm")]
    dtype: DType,
    #[serde(with = "DTypeForm")]
    out: DType,
}

impl PlainFunction for Found {
    const NAME: &'static str = "quantile_found";

    fn call(&self, task: &CallTask<'_>) -> Result<Vec<Chunk>> {
        let [known, above, nans] = task.inputs else {
            return Err(lost());
        };
        let [key, rank, equal] = known.to_vec::<u64>()?[..] else {
            return Err(lost());
        };
        let value = match self.rank.position(nans.item::<i64>()? as usize) {
            None => Scalar::Float(f64::NAN),
            Some((low, high, share)) => {
                let more = high > low && rank + 1 >= equal;
                let next = if more { above.item::<u64>()? } else { key };
                let (a, b) = (value_of(key, self.dtype), value_of(next, self.dtype));
                match low == high || share == 0.0 {
                    true => a,
                    false => between(a.to_f64(), b.to_f64(), share).into(),
                }
            }
        };
        let made = dispatch!(all self.out, T => {
            Chunk::from_owner(vec![T::from_scalar(value)], &[])
        })?;
        Ok(vec![made])
    }
}

fn lost() -> Error {
    Error::internal("quantile", "a call without its chunks")
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
