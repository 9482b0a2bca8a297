use chunkwise_core::{DType, Scalar};
use smallvec::SmallVec;

use crate::elementwise::Kernel;

/// A value of a [`Program`]: a leaf, a constant, or the result of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Value(u32);

impl Value {
    pub(super) fn new(index: usize) -> Value {
        Value(index as u32)
    }

    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// What makes a value.
#[derive(Clone, Debug)]
pub(super) enum Origin {
    /// The n-th leaf.
    Leaf(usize),
    /// One value everywhere, as the bytes of its dtype.
    Constant([u8; 16]),
    /// An operation.
    Apply {
        kernel: Kernel,
        args: SmallVec<[Value; 3]>,
    },
}

#[derive(Clone, Debug)]
pub(super) struct Definition {
    pub name: &'static str,
    pub dtype: DType,
    pub origin: Origin,
    /// Where its tile is kept, counted in tile registers; constants have none.
    pub register: usize,
}

/// A fused chain of elementwise operations, in an order in which every value comes after its arguments.
#[derive(Clone, Debug, Default)]
pub struct Program {
    pub(super) values: Vec<Definition>,
    /// The order of evaluation: leaves are loaded just before their first use.
    pub(super) order: Vec<Value>,
    pub(super) outputs: Vec<Value>,
    pub(super) registers: usize,
    leaves: usize,
    cost: f32,
}

impl Program {
    /// A new leaf.
    pub fn leaf(&mut self, dtype: DType) -> Value {
        let n = self.leaves;
        self.leaves += 1;
        self.push("load", dtype, Origin::Leaf(n))
    }

    /// One value everywhere.
    pub fn constant(&mut self, value: Scalar, dtype: DType) -> Value {
        self.push("constant", dtype, Origin::Constant(value.to_bytes(dtype)))
    }

    /// An operation on values that have the dtypes which its kernel takes.
    pub fn apply(
        &mut self,
        name: &'static str,
        kernel: Kernel,
        args: &[Value],
        dtype: DType,
        cost: f32,
    ) -> Value {
        self.cost += cost;
        let args = SmallVec::from_slice(args);
        self.push(name, dtype, Origin::Apply { kernel, args })
    }

    /// Number of leaves.
    pub fn leaves(&self) -> usize {
        self.leaves
    }

    /// The dtype of a value.
    pub fn dtype(&self, value: Value) -> DType {
        self.values[value.index()].dtype
    }

    /// The names of the operations, in the order of evaluation.
    pub fn operations(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.order
            .iter()
            .map(|v| &self.values[v.index()])
            .filter(|d| matches!(d.origin, Origin::Apply { .. }))
            .map(|d| d.name)
    }

    /// The values that the program is run for.
    pub fn outputs(&self) -> &[Value] {
        &self.outputs
    }

    /// The leaf that an output is, where no operation stands between.
    pub fn output_leaf(&self, output: usize) -> Option<usize> {
        match self.values[self.outputs[output].index()].origin {
            Origin::Leaf(n) => Some(n),
            _ => None,
        }
    }

    /// About how many nanoseconds the operations take per element.
    pub fn cost(&self) -> f32 {
        self.cost
    }

    /// Bytes of the tile registers that [`run`](super::run) needs.
    pub fn scratch_bytes(&self) -> usize {
        self.registers * self.register_bytes()
    }

    pub(super) fn register_bytes(&self) -> usize {
        super::TILE
            * self
                .values
                .iter()
                .map(|d| d.dtype.size())
                .max()
                .unwrap_or(0)
    }

    fn push(&mut self, name: &'static str, dtype: DType, origin: Origin) -> Value {
        let value = Value(self.values.len() as u32);
        self.values.push(Definition {
            name,
            dtype,
            origin,
            register: usize::MAX,
        });
        value
    }

    /// Settles the outputs, the order of evaluation and which tile registers are used again.
    pub fn finish(mut self, outputs: &[Value]) -> Program {
        self.outputs = outputs.to_vec();
        super::peephole::fuse_pairs(&mut self.values, outputs);
        self.order = self.evaluation_order();
        let mut last_use = vec![0usize; self.values.len()];
        for (step, value) in self.order.iter().enumerate() {
            if let Origin::Apply { args, .. } = &self.values[value.index()].origin {
                args.iter().for_each(|a| last_use[a.index()] = step);
            }
        }
        outputs
            .iter()
            .for_each(|o| last_use[o.index()] = usize::MAX);

        let mut free: Vec<usize> = Vec::new();
        for step in 0..self.order.len() {
            let value = self.order[step];
            let definition = &self.values[value.index()];
            let dying: SmallVec<[Value; 3]> = match &definition.origin {
                Origin::Apply { args, .. } => {
                    let mut dying: SmallVec<[Value; 3]> = args
                        .iter()
                        .copied()
                        .filter(|a| last_use[a.index()] == step)
                        .collect();
                    dying.sort_unstable();
                    dying.dedup();
                    dying
                }
                _ => SmallVec::new(),
            };
            // A kernel may write over an argument of the same element size, nothing else.
            let (same, other): (SmallVec<[Value; 3]>, SmallVec<[Value; 3]>) = dying
                .into_iter()
                .filter(|a| self.values[a.index()].register != usize::MAX)
                .partition(|a| self.values[a.index()].dtype.size() == definition.dtype.size());
            free.extend(same.iter().map(|a| self.values[a.index()].register));
            let register = free.pop().unwrap_or_else(|| {
                self.registers += 1;
                self.registers - 1
            });
            free.extend(other.iter().map(|a| self.values[a.index()].register));
            self.values[value.index()].register = register;
        }
        self
    }

    /// Operations in the order they were made, each leaf before its first use; what no output needs
    /// is left out.
    fn evaluation_order(&self) -> Vec<Value> {
        let mut needed = vec![false; self.values.len()];
        self.outputs.iter().for_each(|o| needed[o.index()] = true);
        for i in (0..self.values.len()).rev() {
            if let (true, Origin::Apply { args, .. }) = (needed[i], &self.values[i].origin) {
                args.iter().for_each(|a| needed[a.index()] = true);
            }
        }
        let mut order = Vec::with_capacity(self.values.len());
        let mut placed = vec![false; self.values.len()];
        let mut load = |v: Value, order: &mut Vec<Value>| {
            let is_leaf = matches!(self.values[v.index()].origin, Origin::Leaf(_));
            if is_leaf && !std::mem::replace(&mut placed[v.index()], true) {
                order.push(v);
            }
        };
        for (i, definition) in self.values.iter().enumerate() {
            if let (true, Origin::Apply { args, .. }) = (needed[i], &definition.origin) {
                args.iter().for_each(|a| load(*a, &mut order));
                order.push(Value::new(i));
            }
        }
        self.outputs.iter().for_each(|o| load(*o, &mut order));
        order
    }
}
