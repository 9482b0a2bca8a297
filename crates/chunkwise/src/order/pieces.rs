//! Functions of this crate's own on pieces of arrays that are as large as is good for speed, whatever
//! the user's chunks.

use chunkwise_core::{AxisGrid, Chunk, Chunks, DType, Grid, Pool, Result};
use chunkwise_expr::{Call, CallInput, Expr, Follow, Kind, PlainFunction};
use chunkwise_kernels::movement::copy;

use crate::Array;
use crate::array::Here;

/// Elements of a piece.
const PIECE: usize = 1 << 15;

/// A function on pieces of `array`, which is also given all of each of `whole`. The result has
/// the array's shape and chunks. Where a boolean index has made the array, the function is applied
/// before it.
#[track_caller]
pub(super) fn on_pieces(
    name: &str,
    array: &Array,
    whole: &[&Array],
    dtype: DType,
    function: impl PlainFunction,
) -> Result<Array> {
    let first = array.expr()?;
    if let Kind::Compress { input, mask, axis } = first.kind() {
        let made = on_pieces(name, &input.clone().into(), whole, dtype, function)?;
        return made.compress(&mask.clone().into(), *axis as isize);
    }
    let mut left = PIECE;
    let mut axes: Vec<AxisGrid> = Vec::new();
    for &len in first.shape().iter().rev() {
        let extent = len.clamp(1, left);
        axes.push(AxisGrid::regular(len, extent));
        left = (left / extent).max(1);
    }
    axes.reverse();
    let window = |axis| Follow::Window {
        axis,
        offset: 0,
        before: 0,
        after: 0,
    };
    let mut inputs = vec![CallInput {
        expr: first.clone(),
        follow: (0..first.ndim()).map(window).collect(),
    }];
    let mut scratch = (PIECE * first.dtype().size()) as u64;
    for array in whole {
        scratch += array.nbytes();
        inputs.push(CallInput {
            expr: array.expr()?.clone(),
            follow: (0..array.ndim()).map(|_| Follow::Whole).collect(),
        });
    }
    let call = Call::plain(name, inputs, Vec::new(), function).scratch(scratch);
    let made = Expr::call(call, dtype, Grid::new(axes))?;
    made.rechunk(&Chunks::Grid(first.grid().clone())).here()
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
