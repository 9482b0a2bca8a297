use std::sync::Arc;

use chunkwise_core::{DType, Error, Grid, Result, element_count};

use crate::{Call, Expr, Kind};

impl Expr {
    /// A user's function on whole chunks, whose result is cut as `grid`.
    pub fn call(call: Call, dtype: DType, grid: Grid) -> Result<Expr> {
        let shape = grid.shape();
        element_count(&shape)?;
        for input in &call.inputs {
            if let Some(axis) = input.expr.unknown_axis() {
                return Err(Error::UnknownLength {
                    operation: "map_blocks",
                    axis,
                });
            }
            if input.follow.len() != input.expr.ndim() {
                return Err(Error::internal(
                    "expression",
                    format!("call {call:?} with wrong axes"),
                ));
            }
        }
        Ok(Expr::new(Kind::Call(Arc::new(call)), shape, dtype, grid))
    }
}
