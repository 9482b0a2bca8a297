//! Functions of this crate's own on pieces of arrays that are as large as is good for speed, whatever
//! the user's chunks.

use std::sync::Arc;

use chunkwise_core::{AxisGrid, Chunk, Chunks, DType, Grid, Region, Result};
use chunkwise_expr::{Call, CallInput, Expr, Follow};
use smallvec::SmallVec;

use crate::Array;
use crate::array::Here;

/// Elements of a piece.
const PIECE: usize = 1 << 16;

/// A function on pieces: the pieces of `pieces`, arrays of one shape, then all of each of `whole`.
/// The result has the shape of the pieces.
#[track_caller]
pub(super) fn on_pieces(
    name: &str,
    pieces: &[&Array],
    whole: &[&Array],
    dtype: DType,
    function: impl Fn(&[Chunk], &Region) -> Result<Chunk> + Send + Sync + 'static,
) -> Result<Array> {
    let first = pieces[0].expr()?;
    let mut left = PIECE;
    let mut axes: Vec<AxisGrid> = Vec::new();
    for &len in first.shape().iter().rev() {
        let extent = len.clamp(1, left);
        axes.push(AxisGrid::regular(len, extent));
        left = (left / extent).max(1);
    }
    axes.reverse();
    let mut inputs = Vec::new();
    for array in pieces {
        let window = |axis| Follow::Window {
            axis,
            offset: 0,
            before: 0,
            after: 0,
        };
        inputs.push(CallInput {
            expr: array.expr()?.clone(),
            follow: (0..first.ndim()).map(window).collect(),
        });
    }
    for array in whole {
        inputs.push(CallInput {
            expr: array.expr()?.clone(),
            follow: (0..array.ndim()).map(|_| Follow::Whole).collect(),
        });
    }
    let call = Call {
        name: name.to_owned(),
        function: Arc::new(function),
        inputs,
        trim: SmallVec::from_elem((0, 0), first.ndim()),
    };
    let made = Expr::call(call, dtype, Grid::new(axes))?;
    made.rechunk(&Chunks::Grid(first.grid().clone())).here()
}
