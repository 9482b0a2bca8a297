use std::sync::Arc;

use chunkwise_core::{DType, Dims, IndexMap, Region, Source};
use chunkwise_expr::Call;
use chunkwise_kernels::random::Sampler;
use chunkwise_kernels::tile::Program;

use crate::reshape::{reshape_runs, reshape_span};

/// About what an elementwise call takes, in nanoseconds per element.
const EACH_COST: f32 = 10.0;

/// A computation that can be asked for any region of its result.
#[derive(Debug)]
pub enum Body {
    /// A fused chain of elementwise operations over leaves.
    Fused(Fused),
    /// Parts one after another along an axis.
    Concat {
        /// The axis.
        axis: usize,
        /// Where each part begins, and the end of the last.
        offsets: Vec<usize>,
        /// The parts.
        parts: Vec<Body>,
    },
    /// Chosen positions along an axis.
    Take {
        /// The axis.
        axis: usize,
        /// The positions.
        indices: Arc<[usize]>,
        /// What they are taken from.
        input: Box<Body>,
    },
    /// An [elementwise](Call::is_elementwise) call: the same region of the first input, all of the
    /// others.
    Each {
        /// The call.
        call: Arc<Call>,
        /// Its inputs.
        inputs: Vec<Body>,
    },
    /// The same elements in C order under another shape.
    Reshape {
        /// The shape of the input.
        from: Dims,
        /// The shape of the result.
        to: Dims,
        /// The input.
        input: Box<Body>,
    },
}

/// A fused chain of elementwise operations over an index space.
#[derive(Debug)]
pub struct Fused {
    /// The shape of the index space.
    pub shape: Dims,
    /// The operations; one output or, in a pass, several.
    pub program: Program,
    /// What the program's leaves are, in its order.
    pub leaves: Vec<LeafSpec>,
}

/// A leaf of a fused chain: elements of an input through a view.
#[derive(Debug)]
pub struct LeafSpec {
    /// Where they come from.
    pub input: Input,
    /// Which of them.
    pub map: IndexMap,
    /// The input's shape.
    pub shape: Dims,
    /// The elements' dtype.
    pub dtype: DType,
    /// A word for explanations.
    pub label: String,
}

/// Where a leaf's elements come from.
#[derive(Debug)]
pub enum Input {
    /// Data from outside.
    Source(Arc<dyn Source>),
    /// Random numbers, addressed by the C-order index in the input's shape.
    Random(Arc<Sampler>, f32),
    /// The index along an axis.
    Index {
        /// The axis.
        axis: usize,
    },
    /// An output of an earlier stage.
    Stage {
        /// The stage.
        stage: usize,
        /// Which of its outputs.
        output: usize,
    },
    /// Another body, which is asked for the region that the view shows.
    Body(Box<Body>),
}

impl Body {
    /// The shape of the result.
    pub fn shape(&self) -> Dims {
        match self {
            Body::Fused(fused) => fused.shape.clone(),
            Body::Concat {
                axis,
                offsets,
                parts,
            } => {
                let mut shape = parts.first().map(Body::shape).unwrap_or_default();
                shape[*axis] = offsets.last().copied().unwrap_or(0);
                shape
            }
            Body::Take {
                axis,
                indices,
                input,
            } => {
                let mut shape = input.shape();
                shape[*axis] = indices.len();
                shape
            }
            Body::Each { call, .. } => call.outputs[0].grid.shape(),
            Body::Reshape { to, .. } => to.clone(),
        }
    }

    /// The dtype of the result.
    pub fn dtype(&self) -> DType {
        match self {
            Body::Fused(f) => f.program.dtype(f.program.outputs()[0]),
            Body::Concat { parts, .. } => parts.first().map_or(DType::F64, Body::dtype),
            Body::Each { call, .. } => call.outputs[0].dtype,
            Body::Take { input, .. } | Body::Reshape { input, .. } => input.dtype(),
        }
    }

    /// The array in memory or leaf that this body is, where nothing is computed.
    pub fn as_leaf(&self) -> Option<&LeafSpec> {
        match self {
            Body::Fused(f) if f.program.outputs().len() == 1 => {
                f.program.output_leaf(0).map(|n| &f.leaves[n])
            }
            _ => None,
        }
    }

    /// Tells every region of an input that a region of the result is made from.
    pub fn visit_reads(&self, region: &Region, visit: &mut dyn FnMut(&Input, &Region)) {
        if region.is_empty() {
            return;
        }
        match self {
            Body::Fused(fused) => fused.visit_reads(region, visit),
            Body::Concat {
                axis,
                offsets,
                parts,
            } => {
                for (part, inner, _) in concat_parts(region, *axis, offsets) {
                    parts[part].visit_reads(&inner, visit);
                }
            }
            Body::Take {
                axis,
                indices,
                input,
            } => {
                let asked = &indices[region.range(*axis)];
                if let Some(span) = take_span(asked) {
                    let mut inner = region.clone();
                    inner.start[*axis] = span.start;
                    inner.shape[*axis] = span.len();
                    return input.visit_reads(&inner, visit);
                }
                for run in take_runs(asked) {
                    let mut inner = region.clone();
                    inner.start[*axis] = run.from;
                    inner.shape[*axis] = run.len;
                    input.visit_reads(&inner, visit);
                }
            }
            Body::Each { inputs, .. } => {
                for (n, input) in inputs.iter().enumerate() {
                    input.visit_reads(&each_region(n, input, region), visit);
                }
            }
            Body::Reshape { from, to, input } => match reshape_span(from, to, region) {
                Some(span) => input.visit_reads(&span, visit),
                None => {
                    for run in reshape_runs(from, to, region) {
                        input.visit_reads(&run.region, visit);
                    }
                }
            },
        }
    }

    /// Tells every input that is read, perhaps more than once.
    pub fn visit_inputs(&self, visit: &mut dyn FnMut(&Input)) {
        match self {
            Body::Fused(fused) => fused.visit_inputs(visit),
            Body::Concat { parts, .. } => parts.iter().for_each(|p| p.visit_inputs(visit)),
            Body::Each { inputs, .. } => inputs.iter().for_each(|p| p.visit_inputs(visit)),
            Body::Take { input, .. } | Body::Reshape { input, .. } => input.visit_inputs(visit),
        }
    }

    /// About how many nanoseconds an element of the result takes.
    pub fn cost(&self) -> f32 {
        match self {
            Body::Fused(f) => f.cost(),
            Body::Concat { parts, .. } => parts.iter().map(Body::cost).fold(0.0, f32::max) + 0.5,
            Body::Take { input, .. } | Body::Reshape { input, .. } => input.cost() + 1.0,
            Body::Each { inputs, .. } => inputs.first().map_or(0.0, Body::cost) + EACH_COST,
        }
    }
}

impl Fused {
    /// The input whose elements the only output is, as they are and where they are: one that fills any
    /// region by itself.
    pub fn unchanged(&self) -> Option<&Input> {
        let [_] = self.program.outputs() else {
            return None;
        };
        let leaf = &self.leaves[self.program.output_leaf(0)?];
        let fills = match &leaf.input {
            Input::Source(source) => source.in_memory().is_none(),
            Input::Stage { .. } | Input::Body(_) => true,
            Input::Random(..) | Input::Index { .. } => false,
        };
        (fills && leaf.map.is_identity()).then_some(&leaf.input)
    }

    /// See [`Body::visit_reads`].
    pub fn visit_reads(&self, region: &Region, visit: &mut dyn FnMut(&Input, &Region)) {
        if region.is_empty() {
            return;
        }
        for leaf in &self.leaves {
            match &leaf.input {
                Input::Body(body) => body.visit_reads(&leaf.map.bounds(region), visit),
                input => visit(input, &leaf.map.bounds(region)),
            }
        }
    }

    /// See [`Body::visit_inputs`].
    pub fn visit_inputs(&self, visit: &mut dyn FnMut(&Input)) {
        for leaf in &self.leaves {
            match &leaf.input {
                Input::Body(body) => body.visit_inputs(visit),
                input => visit(input),
            }
        }
    }

    /// About how many nanoseconds an element takes.
    pub fn cost(&self) -> f32 {
        let leaves: f32 = self
            .leaves
            .iter()
            .map(|leaf| match &leaf.input {
                Input::Random(_, cost) => *cost,
                Input::Body(body) => body.cost(),
                Input::Source(source) => source.byte_cost() * leaf.dtype.size() as f32,
                Input::Stage { .. } => 0.05 * leaf.dtype.size() as f32,
                Input::Index { .. } => 0.2,
            })
            .sum();
        leaves + self.program.cost() + 0.1
    }
}

/// The region of input `n` of an elementwise call that a region of its result is made from.
pub fn each_region(n: usize, input: &Body, region: &Region) -> Region {
    match n {
        0 => region.clone(),
        _ => Region::whole(&input.shape()),
    }
}

/// For each part of a concatenation that a region touches: its number, the region within it, and
/// where that region begins within the asked one, along the axis.
pub fn concat_parts(
    region: &Region,
    axis: usize,
    offsets: &[usize],
) -> impl Iterator<Item = (usize, Region, usize)> {
    let range = region.range(axis);
    let first = offsets
        .partition_point(|o| *o <= range.start)
        .saturating_sub(1);
    (first..offsets.len() - 1)
        .take_while(move |p| offsets[*p] < range.end)
        .map(move |p| {
            let start = offsets[p].max(region.start[axis]);
            let end = offsets[p + 1].min(region.end(axis));
            let mut inner = region.clone();
            inner.start[axis] = start - offsets[p];
            inner.shape[axis] = end - start;
            (p, inner, start - region.start[axis])
        })
}

/// Positions that follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TakeRun {
    /// The first index, within the asked ones.
    pub at: usize,
    /// Its position in the input.
    pub from: usize,
    /// How many follow each other.
    pub len: usize,
}

/// Positions of a take that lie this close together are read as one span.
pub(crate) const TAKE_SPAN: usize = 4;

/// The positions from the first to the last, where reading them all beats reading run by run.
pub fn take_span(indices: &[usize]) -> Option<std::ops::Range<usize>> {
    let (low, high) = (*indices.iter().min()?, *indices.iter().max()?);
    let close = high - low < TAKE_SPAN * indices.len();
    (close && take_runs(indices).nth(1).is_some()).then_some(low..high + 1)
}

/// Splits positions into runs of neighbours.
pub fn take_runs(indices: &[usize]) -> impl Iterator<Item = TakeRun> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let from = *indices.get(at)?;
        let len = indices[at..]
            .iter()
            .enumerate()
            .take_while(|(k, i)| **i == from + k)
            .count();
        let run = TakeRun { at, from, len };
        at += len;
        Some(run)
    })
}
