use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use chunkwise_core::{DType, Dims, Grid, Location, Scalar, Source};
use chunkwise_kernels::elementwise::Function;
use chunkwise_kernels::random::RandomSpec;
use chunkwise_kernels::reduce::{Params, Reduction};
use chunkwise_kernels::scan::Scan;
use smallvec::SmallVec;

use crate::{Call, IndexMap};

/// What a node does. The list is closed: rules and the planner handle every kind.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Data from outside.
    Source(Arc<dyn Source>),
    /// One value everywhere.
    Constant(Scalar),
    /// The element's own index along an axis, as `i64`.
    Index {
        /// The axis.
        axis: usize,
    },
    /// Random numbers, addressed by the C-order index in this node's shape.
    Random(RandomSpec),
    /// An elementwise function; the inputs have this node's shape and the function's input dtypes.
    Map {
        /// The row of the table.
        function: &'static Function,
        /// The arguments.
        inputs: SmallVec<[Expr; 3]>,
    },
    /// A change of dtype.
    Cast(Expr),
    /// Other indices of the same data: slices, transposes, broadcasts, new axes, diagonals.
    View {
        /// The data.
        input: Expr,
        /// Where each axis of the input is taken from.
        map: IndexMap,
    },
    /// A reduction over some axes, which the result lacks (`topk` and `bincount` have a last axis of `|k|` instead).
    Reduce {
        /// The row of the table.
        reduction: &'static Reduction,
        /// Its parameters.
        params: Params,
        /// The data.
        input: Expr,
        /// The reduced axes, sorted.
        axes: SmallVec<[usize; 4]>,
    },
    /// A cumulative operation along an axis.
    Scan {
        /// The row of the table.
        scan: &'static Scan,
        /// The data.
        input: Expr,
        /// The axis.
        axis: usize,
    },
    /// Each lane along an axis in order, NaN last; equal elements keep theirs.
    Sort {
        /// The data.
        input: Expr,
        /// The axis.
        axis: usize,
        /// Whether all is the other way round, but for equal elements.
        descending: bool,
        /// Whether the result is where the elements stood, as `i64`, instead of the elements.
        indices: bool,
    },
    /// The same elements in C order under another shape.
    Reshape(Expr),
    /// Arrays one after another along an axis.
    Concat {
        /// The arrays, equal in all other axes.
        inputs: Vec<Expr>,
        /// The axis.
        axis: usize,
    },
    /// Chosen positions along an axis.
    Take {
        /// The data.
        input: Expr,
        /// The axis.
        axis: usize,
        /// The positions, each within the axis.
        indices: Arc<[usize]>,
    },
    /// The positions along an axis where a mask is true. The shape holds the upper bound of the
    /// length; how many there are is known only after computing.
    Compress {
        /// The data.
        input: Expr,
        /// A 1-dimensional bool array along the axis.
        mask: Expr,
        /// The axis.
        axis: usize,
    },
    /// Batched matrix product: `a[batch.., m.., k..]` with `b[batch.., k.., n..]` gives
    /// `[batch.., m.., n..]`.
    Contract {
        /// Left operand.
        a: Expr,
        /// Right operand.
        b: Expr,
        /// Number of batch axes.
        batch: usize,
        /// Number of contracted axes.
        k: usize,
    },
    /// The same data cut into other chunks.
    Rechunk(Expr),
    /// A function on whole chunks: one of the arrays that it makes.
    Call {
        /// The function with its inputs.
        call: Arc<Call>,
        /// Which of its outputs.
        output: usize,
    },
}

#[derive(Debug)]
pub(crate) struct Node {
    pub kind: Kind,
    pub shape: Dims,
    pub dtype: DType,
    pub grid: Grid,
    pub id: NodeId,
    pub location: Option<Location>,
}

/// What makes two nodes the same value: a hash of their structure (128 bits, so that a collision
/// need not be reckoned with). Chunk grids do not count, except where a user's function sees them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(u128);

/// An immutable lazy array. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Expr(Arc<Node>);

impl Expr {
    /// A node from checked parts.
    pub(crate) fn new(kind: Kind, shape: Dims, dtype: DType, grid: Grid) -> Expr {
        debug_assert_eq!(grid.shape(), shape, "{kind:?}");
        let id = identify(&kind, &shape, dtype, &grid);
        Expr(Arc::new(Node {
            kind,
            shape,
            dtype,
            grid,
            id,
            location: None,
        }))
    }

    /// The same node with the place in the user's program that made it.
    pub fn at(mut self, location: Location) -> Expr {
        if let Some(node) = Arc::get_mut(&mut self.0) {
            node.location.get_or_insert(location);
        }
        self
    }

    /// The same node with other chunks, which must cut the same shape: for rules, whose result keeps
    /// the chunks of what it replaces.
    pub fn with_grid(&self, grid: &Grid) -> Expr {
        if self.grid() == grid {
            return self.clone();
        }
        debug_assert_eq!(grid.shape().as_slice(), self.shape());
        let node = &*self.0;
        Expr(Arc::new(Node {
            kind: node.kind.clone(),
            shape: node.shape.clone(),
            dtype: node.dtype,
            grid: grid.clone(),
            id: node.id,
            location: node.location,
        }))
    }

    /// What it does.
    pub fn kind(&self) -> &Kind {
        &self.0.kind
    }

    /// Its shape; where [`unknown_axis`](Self::unknown_axis) names an axis, an upper bound there.
    pub fn shape(&self) -> &[usize] {
        &self.0.shape
    }

    /// Number of axes.
    pub fn ndim(&self) -> usize {
        self.0.shape.len()
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.0.shape.iter().product()
    }

    /// Whether it has no elements.
    pub fn is_empty(&self) -> bool {
        self.0.shape.contains(&0)
    }

    /// Its elements' dtype.
    pub fn dtype(&self) -> DType {
        self.0.dtype
    }

    /// Bytes that it would fill.
    pub fn nbytes(&self) -> u64 {
        self.len() as u64 * self.dtype().size() as u64
    }

    /// How it is cut into chunks.
    pub fn grid(&self) -> &Grid {
        &self.0.grid
    }

    /// What makes it the same value as another.
    pub fn id(&self) -> NodeId {
        self.0.id
    }

    /// Where the user made it.
    pub fn location(&self) -> Option<Location> {
        self.0.location
    }

    /// The axis whose length is known only after computing, if there is one.
    pub fn unknown_axis(&self) -> Option<usize> {
        match self.kind() {
            Kind::Compress { axis, .. } => Some(*axis),
            _ => None,
        }
    }

    /// Whether both are the same node in memory.
    pub fn is_same(&self, other: &Expr) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Where the node lies: the same for the same node as long as it lives.
    pub(crate) fn address(&self) -> usize {
        Arc::as_ptr(&self.0) as usize
    }

    /// The nodes that it is made of.
    pub fn inputs(&self) -> SmallVec<[&Expr; 3]> {
        match self.kind() {
            Kind::Source(_) | Kind::Constant(_) | Kind::Index { .. } | Kind::Random(_) => {
                SmallVec::new()
            }
            Kind::Map { inputs, .. } => inputs.iter().collect(),
            Kind::Concat { inputs, .. } => inputs.iter().collect(),
            Kind::Cast(input)
            | Kind::Reshape(input)
            | Kind::Rechunk(input)
            | Kind::View { input, .. }
            | Kind::Reduce { input, .. }
            | Kind::Scan { input, .. }
            | Kind::Sort { input, .. }
            | Kind::Take { input, .. } => [input].into_iter().collect(),
            Kind::Compress { input, mask, .. } => [input, mask].into_iter().collect(),
            Kind::Contract { a, b, .. } => [a, b].into_iter().collect(),
            Kind::Call { call, .. } => call.inputs.iter().map(|i| &i.expr).collect(),
        }
    }

    /// A word or two for plans and errors: `"mean(axis=0)"`, `"npy heights.npy"`.
    pub fn label(&self) -> String {
        crate::display::label(self)
    }

    /// Its kind in a word: `"source"`, `"map"`, `"reduce"`, ...
    pub fn kind_name(&self) -> &'static str {
        crate::display::word(self.kind())
    }
}

/// Long chains of operations make deep graphs: dropping one must not use the stack for it.
impl Drop for Node {
    fn drop(&mut self) {
        let mut pending: Vec<Expr> = Vec::new();
        take_inputs(&mut self.kind, &mut pending);
        while let Some(expr) = pending.pop() {
            if let Some(mut node) = Arc::into_inner(expr.0) {
                take_inputs(&mut node.kind, &mut pending);
            }
        }
    }
}

fn take_inputs(kind: &mut Kind, into: &mut Vec<Expr>) {
    match std::mem::replace(kind, Kind::Constant(Scalar::Bool(false))) {
        Kind::Map { inputs, .. } => into.extend(inputs),
        Kind::Concat { inputs, .. } => into.extend(inputs),
        Kind::Cast(input)
        | Kind::Reshape(input)
        | Kind::Rechunk(input)
        | Kind::View { input, .. }
        | Kind::Reduce { input, .. }
        | Kind::Scan { input, .. }
        | Kind::Sort { input, .. }
        | Kind::Take { input, .. } => into.push(input),
        Kind::Compress { input, mask, .. } => into.extend([input, mask]),
        Kind::Contract { a, b, .. } => into.extend([a, b]),
        Kind::Call { call, .. } => {
            if let Some(call) = Arc::into_inner(call) {
                into.extend(call.inputs.into_iter().map(|i| i.expr));
            }
        }
        Kind::Source(_) | Kind::Constant(_) | Kind::Index { .. } | Kind::Random(_) => {}
    }
}

fn identify(kind: &Kind, shape: &Dims, dtype: DType, grid: &Grid) -> NodeId {
    let mut h = DefaultHasher::new();
    std::mem::discriminant(kind).hash(&mut h);
    shape.hash(&mut h);
    dtype.hash(&mut h);
    match kind {
        Kind::Source(source) => source.id().hash(&mut h),
        Kind::Constant(value) => value.to_bytes(dtype).hash(&mut h),
        Kind::Index { axis } => axis.hash(&mut h),
        Kind::Random(spec) => format!("{spec:?}").hash(&mut h),
        Kind::Map { function, inputs } => {
            function.name.hash(&mut h);
            inputs.iter().for_each(|i| i.id().hash(&mut h));
        }
        Kind::Cast(input) | Kind::Reshape(input) => input.id().hash(&mut h),
        Kind::View { input, map } => (input.id(), map).hash(&mut h),
        Kind::Reduce {
            reduction,
            params,
            input,
            axes,
        } => {
            (
                reduction.name,
                params.ddof.to_bits(),
                params.k,
                input.id(),
                axes,
            )
                .hash(&mut h);
        }
        Kind::Scan { scan, input, axis } => (scan.name, input.id(), axis).hash(&mut h),
        Kind::Sort {
            input,
            axis,
            descending,
            indices,
        } => (input.id(), axis, descending, indices).hash(&mut h),
        Kind::Concat { inputs, axis } => {
            axis.hash(&mut h);
            inputs.iter().for_each(|i| i.id().hash(&mut h));
        }
        Kind::Take {
            input,
            axis,
            indices,
        } => (input.id(), axis, indices).hash(&mut h),
        Kind::Compress { input, mask, axis } => (input.id(), mask.id(), axis).hash(&mut h),
        Kind::Contract { a, b, batch, k } => (a.id(), b.id(), batch, k).hash(&mut h),
        Kind::Rechunk(input) => (input.id(), grid).hash(&mut h),
        Kind::Call { call, output } => (call.key(), output).hash(&mut h),
    }
    // The second half is the same state with a salt: two independent 64-bit digests.
    let low = h.finish();
    0x9e37_79b9_7f4a_7c15u64.hash(&mut h);
    NodeId((h.finish() as u128) << 64 | low as u128)
}
