use std::sync::Arc;

use chunkwise_core::Result;
use smallvec::SmallVec;

use crate::{Call, CallInput, Expr, Kind};

impl Expr {
    /// The same operation on other inputs of the same shapes and dtypes, in the order of
    /// [`inputs`](Expr::inputs): for rules that change what is below a node.
    pub fn with_inputs(&self, new: &[Expr]) -> Result<Expr> {
        let old = self.inputs();
        if old.len() == new.len() && old.iter().zip(new).all(|(a, b)| a.is_same(b)) {
            return Ok(self.clone());
        }
        let one = || new[0].clone();
        let kind = match self.kind() {
            Kind::Source(_) | Kind::Constant(_) | Kind::Index { .. } | Kind::Random(_) => {
                return Ok(self.clone());
            }
            Kind::Map { function, .. } => Kind::Map {
                function,
                inputs: SmallVec::from(new.to_vec()),
            },
            Kind::Cast(_) => Kind::Cast(one()),
            Kind::View { map, .. } => {
                // Through the constructor, which composes views that have come to touch.
                let view = one().view(map.clone(), self.shape())?;
                return Ok(view.with_grid(self.grid()));
            }
            Kind::Reduce {
                reduction,
                params,
                axes,
                ..
            } => Kind::Reduce {
                reduction,
                params: *params,
                input: one(),
                axes: axes.clone(),
            },
            Kind::Scan { scan, axis, .. } => Kind::Scan {
                scan,
                input: one(),
                axis: *axis,
            },
            Kind::Sort {
                axis,
                descending,
                indices,
                ..
            } => Kind::Sort {
                input: one(),
                axis: *axis,
                descending: *descending,
                indices: *indices,
            },
            Kind::Reshape(_) => Kind::Reshape(one()),
            Kind::Concat { axis, .. } => Kind::Concat {
                inputs: new.to_vec(),
                axis: *axis,
            },
            Kind::Take { axis, indices, .. } => Kind::Take {
                input: one(),
                axis: *axis,
                indices: Arc::clone(indices),
            },
            Kind::Compress { axis, .. } => Kind::Compress {
                input: one(),
                mask: new[1].clone(),
                axis: *axis,
            },
            Kind::Contract { batch, k, .. } => Kind::Contract {
                a: one(),
                b: new[1].clone(),
                batch: *batch,
                k: *k,
            },
            Kind::Rechunk(_) => Kind::Rechunk(one()),
            Kind::Call { call, output } => Kind::Call {
                output: *output,
                call: Arc::new(Call {
                    name: call.name.clone(),
                    function: Arc::clone(&call.function),
                    identity: call.identity.clone(),
                    outputs: call.outputs.clone(),
                    trim: call.trim.clone(),
                    scratch: call.scratch,
                    inputs: call
                        .inputs
                        .iter()
                        .zip(new)
                        .map(|(input, expr)| CallInput {
                            expr: expr.with_grid(input.expr.grid()),
                            follow: input.follow.clone(),
                        })
                        .collect(),
                }),
            },
        };
        let node = Expr::new(kind, self.shape().into(), self.dtype(), self.grid().clone());
        Ok(match self.location() {
            Some(location) => node.at(location),
            None => node,
        })
    }
}
