//! The format, version 1: the order of fields and of variants is what is written, so new variants go to
//! the end of their enum and any other change makes a new version.

use std::sync::Arc;

use chunkwise_core::{DType, Scalar};
use chunkwise_kernels::random::{Distribution, Generator};
use num_complex::Complex64;
use serde::{Deserialize, Serialize};

use crate::Follow;

/// The number of a node in [`Document::nodes`].
pub(super) type NodeRef = u32;

#[derive(Serialize, Deserialize)]
pub(super) struct Document {
    /// Files of places.
    pub files: Vec<String>,
    /// Each after its inputs.
    pub nodes: Vec<Node>,
    /// Functions with their inputs, of which each node of that kind is an output.
    pub calls: Vec<Call>,
    /// The arrays that were asked for.
    pub roots: Vec<NodeRef>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Node {
    pub kind: Kind,
    pub shape: Vec<usize>,
    #[serde(with = "DTypeForm")]
    pub dtype: DType,
    pub grid: Vec<Axis>,
    /// The number of the file, and the line.
    pub location: Option<(u32, u32)>,
}

#[derive(Serialize, Deserialize)]
pub(super) enum Axis {
    Regular { len: usize, chunk: usize },
    Sizes(Vec<usize>),
}

#[derive(Serialize, Deserialize)]
pub(super) enum Kind {
    /// The number of the attached source.
    Source(u32),
    Constant(#[serde(with = "ScalarForm")] Scalar),
    Index {
        axis: usize,
    },
    Random {
        #[serde(with = "GeneratorForm")]
        generator: Generator,
        seed: u64,
        stream: u64,
        #[serde(with = "DistributionForm")]
        distribution: Distribution,
    },
    Map {
        function: String,
        inputs: Vec<NodeRef>,
    },
    Cast(NodeRef),
    View {
        input: NodeRef,
        /// For each axis of the input: axis of the view, start, step.
        map: Vec<(Option<usize>, usize, isize)>,
    },
    Reduce {
        reduction: String,
        ddof: f64,
        k: isize,
        input: NodeRef,
        axes: Vec<usize>,
    },
    Scan {
        scan: String,
        input: NodeRef,
        axis: usize,
    },
    Reshape(NodeRef),
    Concat {
        inputs: Vec<NodeRef>,
        axis: usize,
    },
    Take {
        input: NodeRef,
        axis: usize,
        indices: Arc<[usize]>,
    },
    Compress {
        input: NodeRef,
        mask: NodeRef,
        axis: usize,
    },
    Contract {
        a: NodeRef,
        b: NodeRef,
        batch: usize,
        k: usize,
    },
    Rechunk(NodeRef),
    Call {
        /// The number of the call in [`Document::calls`].
        call: u32,
        output: usize,
    },
    Sort {
        input: NodeRef,
        axis: usize,
        descending: bool,
        indices: bool,
    },
}

#[derive(Serialize, Deserialize)]
pub(super) struct Call {
    pub name: String,
    pub function: Function,
    pub identity: Option<String>,
    pub inputs: Vec<(NodeRef, Vec<Follow>)>,
    pub outputs: Vec<Output>,
    pub trim: Vec<(usize, usize)>,
    pub scratch: Option<u64>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Output {
    #[serde(with = "DTypeForm")]
    pub dtype: DType,
    pub grid: Vec<Axis>,
}

#[derive(Serialize, Deserialize)]
pub(super) enum Function {
    /// The number of the attached function.
    Attached(u32),
    /// One of the library's own.
    Plain { name: String, parameters: Vec<u8> },
}

/// How a dtype is written: `#[serde(with = "DTypeForm")]` on a field.
#[derive(Serialize, Deserialize)]
#[serde(remote = "DType")]
#[expect(missing_docs, reason = "as the dtypes")]
pub enum DTypeForm {
    Bool,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
    F32,
    F64,
    C64,
    C128,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Scalar")]
enum ScalarForm {
    Bool(bool),
    Int(i128),
    Float(f64),
    Complex(#[serde(with = "ComplexForm")] Complex64),
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Complex64")]
struct ComplexForm {
    re: f64,
    im: f64,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Generator")]
enum GeneratorForm {
    Ars7,
    Philox4x32,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Distribution")]
enum DistributionForm {
    Uniform {
        low: f64,
        high: f64,
    },
    Normal {
        mean: f64,
        std: f64,
    },
    Integers {
        low: i128,
        high: i128,
    },
    Exponential {
        scale: f64,
    },
    Poisson {
        rate: f64,
    },
    Binomial {
        n: u64,
        p: f64,
    },
    Bernoulli {
        p: f64,
    },
    Choice {
        n: u64,
        cumulative: Option<Arc<[f64]>>,
    },
    Permutation {
        n: u64,
    },
    Bits,
}
