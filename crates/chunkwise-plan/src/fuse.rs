//! Fusing: elementwise operations and views become one program over leaves.

use std::collections::HashMap;
use std::sync::Arc;

use chunkwise_core::{DType, IndexMap, Result};
use chunkwise_expr::{Expr, Kind, NodeId};
use chunkwise_kernels::elementwise::cast;
use chunkwise_kernels::random::Sampler;
use chunkwise_kernels::tile::{Program, Value};

use crate::{Body, Fused, Input, LeafSpec, OutputRef};

/// About what a change of dtype costs, in nanoseconds per element.
const CAST_COST: f32 = 0.15;

/// Where nodes come out that have a stage of their own.
pub(crate) type Placed = HashMap<NodeId, OutputRef>;

/// Builds one fused chain over an index space.
pub(crate) struct Fuser<'a> {
    placed: &'a Placed,
    program: Program,
    leaves: Vec<LeafSpec>,
    maps: Maps,
    known: HashMap<(NodeId, usize), Value>,
}

/// Maps by their numbers.
#[derive(Default)]
pub(crate) struct Maps {
    maps: Vec<IndexMap>,
    numbers: HashMap<IndexMap, usize>,
}

impl Maps {
    /// The number of a map.
    pub(crate) fn number(&mut self, map: IndexMap) -> usize {
        let next = self.maps.len();
        *self.numbers.entry(map).or_insert_with_key(|map| {
            self.maps.push(map.clone());
            next
        })
    }

    /// The map of a number that was given here.
    pub(crate) fn map(&self, number: usize) -> &IndexMap {
        &self.maps[number]
    }

    /// All of them in order.
    fn all(&self) -> impl Iterator<Item = &IndexMap> {
        self.maps.iter()
    }

    /// The number of the view through map `outer` of the view through `inner`.
    pub(crate) fn after(&mut self, outer: usize, inner: &IndexMap) -> usize {
        self.number(self.maps[outer].after(inner))
    }
}

enum Visit {
    Enter(Expr, usize),
    Apply(Expr, usize),
}

impl<'a> Fuser<'a> {
    pub(crate) fn new(placed: &'a Placed) -> Fuser<'a> {
        Fuser {
            placed,
            program: Program::default(),
            leaves: Vec::new(),
            maps: Maps::default(),
            known: HashMap::new(),
        }
    }

    /// The value of an expression seen through a view. Deep chains do not use the stack.
    pub(crate) fn value(&mut self, expr: &Expr, map: IndexMap) -> Result<Value> {
        let root = self.maps.number(map);
        let mut stack = vec![Visit::Enter(expr.clone(), root)];
        while let Some(visit) = stack.pop() {
            match visit {
                Visit::Enter(e, m) => self.enter(e, m, &mut stack)?,
                Visit::Apply(e, m) => self.apply(&e, m)?,
            }
        }
        Ok(self.known[&(expr.id(), root)])
    }

    /// The nodes that were computed here, once for each view they were seen through, and how many elements
    /// the view shows over an index space.
    pub(crate) fn computed(&self, shape: &[usize]) -> impl Iterator<Item = (NodeId, usize)> + '_ {
        let shown: Vec<usize> = self.maps.all().map(|map| map.shown(shape)).collect();
        self.known.keys().map(move |(id, m)| (*id, shown[*m]))
    }

    pub(crate) fn finish(self, shape: &[usize], outputs: &[Value]) -> Fused {
        Fused {
            shape: shape.into(),
            program: self.program.finish(outputs),
            leaves: self.leaves,
        }
    }

    fn enter(&mut self, e: Expr, m: usize, stack: &mut Vec<Visit>) -> Result<()> {
        if self.known.contains_key(&(e.id(), m)) {
            return Ok(());
        }
        if self.placed.contains_key(&e.id()) {
            return self.leaf(&e, m);
        }
        match e.kind() {
            Kind::Constant(value) => {
                let v = self.program.constant(*value, e.dtype());
                self.known.insert((e.id(), m), v);
            }
            Kind::Map { inputs, .. } => {
                let inputs: Vec<Expr> = inputs.iter().rev().cloned().collect();
                stack.push(Visit::Apply(e, m));
                stack.extend(inputs.into_iter().map(|i| Visit::Enter(i, m)));
            }
            Kind::Cast(input) => {
                let input = input.clone();
                stack.push(Visit::Apply(e, m));
                stack.push(Visit::Enter(input, m));
            }
            Kind::Rechunk(input) => {
                let input = input.clone();
                stack.push(Visit::Apply(e, m));
                stack.push(Visit::Enter(input, m));
            }
            Kind::View { input, map } => {
                let through = self.maps.after(m, map);
                let input = input.clone();
                stack.push(Visit::Apply(e, m));
                stack.push(Visit::Enter(input, through));
            }
            _ => self.leaf(&e, m)?,
        }
        Ok(())
    }

    fn apply(&mut self, e: &Expr, m: usize) -> Result<()> {
        let value = match e.kind() {
            Kind::Map { function, inputs } => {
                let args: Vec<Value> = inputs.iter().map(|i| self.known[&(i.id(), m)]).collect();
                let dtypes: Vec<DType> = inputs.iter().map(Expr::dtype).collect();
                let resolved = function.resolve(&dtypes)?;
                self.program.apply(
                    function.name,
                    resolved.kernel,
                    &args,
                    e.dtype(),
                    function.cost,
                )
            }
            Kind::Cast(input) => {
                let arg = self.known[&(input.id(), m)];
                let kernel = cast(input.dtype(), e.dtype());
                self.program
                    .apply("astype", kernel, &[arg], e.dtype(), CAST_COST)
            }
            Kind::Rechunk(input) => self.known[&(input.id(), m)],
            Kind::View { input, map } => {
                let through = self.maps.after(m, map);
                self.known[&(input.id(), through)]
            }
            _ => return Ok(()),
        };
        self.known.insert((e.id(), m), value);
        Ok(())
    }

    fn leaf(&mut self, e: &Expr, m: usize) -> Result<()> {
        let input = match (self.placed.get(&e.id()), e.kind()) {
            (Some(at), _) => Input::Stage {
                stage: at.stage,
                output: at.output,
            },
            (None, Kind::Source(source)) => Input::Source(Arc::clone(source)),
            (None, Kind::Random(spec)) => Input::Random(Arc::new(Sampler::new(spec)?), spec.cost()),
            (None, Kind::Index { axis }) => Input::Index { axis: *axis },
            (None, _) => Input::Body(Box::new(body(e, self.placed)?)),
        };
        let value = self.program.leaf(e.dtype());
        self.leaves.push(LeafSpec {
            input,
            map: self.maps.map(m).clone(),
            shape: e.shape().into(),
            dtype: e.dtype(),
            label: e.label(),
        });
        self.known.insert((e.id(), m), value);
        Ok(())
    }
}

/// The body that gives any region of an expression.
pub(crate) fn body(expr: &Expr, placed: &Placed) -> Result<Body> {
    if !placed.contains_key(&expr.id()) {
        match expr.kind() {
            Kind::Rechunk(input) => return body(input, placed),
            Kind::Concat { inputs, axis } => {
                let mut offsets = vec![0];
                let mut end = 0;
                for input in inputs {
                    end += input.shape()[*axis];
                    offsets.push(end);
                }
                return Ok(Body::Concat {
                    axis: *axis,
                    offsets,
                    parts: inputs
                        .iter()
                        .map(|i| body(i, placed))
                        .collect::<Result<_>>()?,
                });
            }
            Kind::Take {
                input,
                axis,
                indices,
            } => {
                return Ok(Body::Take {
                    axis: *axis,
                    indices: Arc::clone(indices),
                    input: Box::new(body(input, placed)?),
                });
            }
            Kind::Call { call, .. } if call.is_elementwise() => {
                let inputs = call.inputs.iter().map(|i| body(&i.expr, placed));
                return Ok(Body::Each {
                    call: Arc::clone(call),
                    inputs: inputs.collect::<Result<_>>()?,
                });
            }
            Kind::Reshape(input) => {
                return Ok(Body::Reshape {
                    from: input.shape().into(),
                    to: expr.shape().into(),
                    input: Box::new(body(input, placed)?),
                });
            }
            _ => {}
        }
    }
    let mut fuser = Fuser::new(placed);
    let value = fuser.value(expr, IndexMap::identity(expr.ndim()))?;
    Ok(Body::Fused(fuser.finish(expr.shape(), &[value])))
}
