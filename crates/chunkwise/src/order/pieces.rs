//! Functions of this crate's own on each element of an array.

use chunkwise_core::{Chunk, DType, Pool, Result};
use chunkwise_expr::{Expr, Kind, PlainFunction, shared};
use chunkwise_kernels::movement::copy;

use crate::Array;
use crate::array::Here;

/// An elementwise function of `array`, which is also given all of `whole`. The result has the array's
/// shape and chunks. Where a boolean index has made the array, the function is applied before it.
#[track_caller]
pub(super) fn each(
    name: &str,
    array: &Array,
    whole: &Array,
    dtype: DType,
    function: impl PlainFunction,
) -> Result<Array> {
    let first = array.expr()?;
    if let Kind::Compress { input, mask, axis } = first.kind() {
        let made = each(name, &input.clone().into(), whole, dtype, function)?;
        return made.compress(&mask.clone().into(), *axis as isize);
    }
    let arrays = [first.clone(), whole.expr()?.clone()];
    Expr::each(name, shared(function), arrays, dtype).here()
}

/// The same elements in C order without gaps.
pub(super) fn dense(chunk: &Chunk, pool: &Pool) -> Result<Chunk> {
    match chunk.reshaped(chunk.shape()) {
        Some(same) => Ok(same),
        None => Chunk::build(pool, chunk.dtype(), chunk.shape(), |mut out| {
            copy(&chunk.view(), &mut out)
        }),
    }
}
