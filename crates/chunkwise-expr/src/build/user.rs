use std::sync::Arc;

use chunkwise_core::{DType, Error, Grid, Result, element_count};

use crate::{Call, CallFunction, CallInput, CallOutput, Expr, Follow, Kind};

impl Expr {
    /// A function on whole chunks, whose result is cut as `grid`.
    pub fn call(mut call: Call, dtype: DType, grid: Grid) -> Result<Expr> {
        call.outputs = vec![CallOutput { dtype, grid }];
        let mut made = Expr::calls(call)?;
        made.pop()
            .ok_or_else(|| Error::internal("expression", "a call without a result"))
    }

    /// A function of each element of the first array that is given the others whole. The result has the
    /// first one's shape and chunks, and is made in the pass that asks for it where the function is
    /// [elementwise](CallFunction::is_elementwise).
    pub fn each(
        name: impl Into<String>,
        function: Arc<dyn CallFunction>,
        arrays: impl IntoIterator<Item = Expr>,
        dtype: DType,
    ) -> Result<Expr> {
        let own = |axis| Follow::Window {
            axis,
            offset: 0,
            before: 0,
            after: 0,
        };
        let inputs = arrays.into_iter().enumerate().map(|(n, expr)| {
            let axes = 0..expr.ndim();
            let follow = match n {
                0 => axes.map(own).collect(),
                _ => axes.map(|_| Follow::Whole).collect(),
            };
            CallInput { expr, follow }
        });
        let call = Call::of(name, inputs.collect(), Vec::new(), function);
        let Some(first) = call.inputs.first() else {
            return Err(Error::internal("expression", "a function of no array"));
        };
        let grid = first.expr.grid().clone();
        Expr::call(call, dtype, grid)
    }

    /// A function on whole chunks that makes several arrays at once: all of [`Call::outputs`]. Those
    /// of them that are computed in one run are made by one pass.
    pub fn calls(call: Call) -> Result<Vec<Expr>> {
        let wrong = |what: &str| Error::internal("expression", format!("call {call:?} {what}"));
        for input in &call.inputs {
            if let Some(axis) = input.expr.unknown_axis() {
                return Err(Error::UnknownLength {
                    operation: "map_blocks",
                    axis,
                });
            }
            if input.follow.len() != input.expr.ndim() {
                return Err(wrong("with wrong axes"));
            }
        }
        let Some(first) = call.outputs.first() else {
            return Err(wrong("without outputs"));
        };
        let counts = first.grid.counts();
        for output in &call.outputs {
            element_count(&output.grid.shape())?;
            if output.grid.counts() != counts {
                return Err(wrong("with outputs cut into unlike numbers of chunks"));
            }
        }
        let call = Arc::new(call);
        let outputs = call.outputs.iter().enumerate().map(|(output, made)| {
            let kind = Kind::Call {
                call: Arc::clone(&call),
                output,
            };
            Expr::new(kind, made.grid.shape(), made.dtype, made.grid.clone())
        });
        Ok(outputs.collect())
    }
}
