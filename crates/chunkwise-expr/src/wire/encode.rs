use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use chunkwise_core::{AxisGrid, Error, Result, Source, SourceId};

use super::HEADER;
use super::format::{
    Axis, Call as CallForm, Document, Function, Kind as Form, Node, NodeRef, Output,
};
use crate::{Call, CallFunction, Expr, Kind};

/// Expressions as bytes, and what they hold that has no plain form.
pub struct Encoded {
    /// The nodes.
    pub bytes: Vec<u8>,
    /// The data, each source once.
    pub sources: Vec<Arc<dyn Source>>,
    /// The users' functions, each once.
    pub functions: Vec<Arc<dyn CallFunction>>,
}

impl fmt::Debug for Encoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Encoded({} bytes, {:?}, {} functions)",
            self.bytes.len(),
            self.sources,
            self.functions.len()
        )
    }
}

/// Expressions as bytes, what they share once; [`decode`](super::decode) is the way back.
///
/// ```
/// use chunkwise_core::{Chunks, DType, Scalar};
/// use chunkwise_expr::{Attachments, Expr, decode, encode};
/// let x = Expr::constant(Scalar::Int(1), DType::I64, &[6, 4], &Chunks::Uniform(2))?;
/// let encoded = encode(&[x.transpose(&[1, 0])?])?;
/// let attachments = Attachments {
///     sources: encoded.sources,
///     functions: encoded.functions,
///     plain: &[],
/// };
/// let back = decode(&encoded.bytes, &attachments)?;
/// assert_eq!(back[0].shape(), [4, 6]);
/// # Ok::<_, chunkwise_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::InvalidArgument`] where there are more than 2^32 nodes.
pub fn encode(roots: &[Expr]) -> Result<Encoded> {
    let mut writer = Writer::default();
    let mut roots_at = Vec::with_capacity(roots.len());
    for root in roots {
        roots_at.push(writer.add(root)?);
    }
    let document = Document {
        files: writer.files,
        nodes: writer.nodes,
        calls: writer.calls,
        roots: roots_at,
    };
    let mut bytes = HEADER.to_vec();
    bytes = postcard::to_extend(&document, bytes)
        .map_err(|e| Error::internal("expression", format!("as bytes: {e}")))?;
    Ok(Encoded {
        bytes,
        sources: writer.sources,
        functions: writer.functions,
    })
}

#[derive(Default)]
struct Writer {
    files: Vec<String>,
    nodes: Vec<Node>,
    calls: Vec<CallForm>,
    sources: Vec<Arc<dyn Source>>,
    functions: Vec<Arc<dyn CallFunction>>,
    known_files: HashMap<&'static str, u32>,
    known_nodes: HashMap<usize, NodeRef>,
    known_sources: HashMap<SourceId, u32>,
    known_functions: HashMap<usize, u32>,
    known_calls: HashMap<usize, u32>,
}

impl Writer {
    /// Lists an expression after what it is made of; a deep one does not use the stack for it.
    fn add(&mut self, root: &Expr) -> Result<NodeRef> {
        let mut pending = vec![(root, false)];
        while let Some((expr, inputs_listed)) = pending.pop() {
            if self.known_nodes.contains_key(&expr.address()) {
                continue;
            }
            if inputs_listed {
                let node = self.node(expr)?;
                self.known_nodes
                    .insert(expr.address(), number(self.nodes.len())?);
                self.nodes.push(node);
            } else {
                pending.push((expr, true));
                pending.extend(expr.inputs().into_iter().rev().map(|i| (i, false)));
            }
        }
        self.at(root)
    }

    fn at(&self, expr: &Expr) -> Result<NodeRef> {
        let known = self.known_nodes.get(&expr.address());
        known
            .copied()
            .ok_or_else(|| Error::internal("expression", "a node before its inputs"))
    }

    fn all(&self, exprs: &[Expr]) -> Result<Vec<NodeRef>> {
        exprs.iter().map(|e| self.at(e)).collect()
    }

    fn node(&mut self, expr: &Expr) -> Result<Node> {
        let kind = self.kind(expr)?;
        let location = match expr.location() {
            None => None,
            Some(place) => Some((
                numbered(&mut self.known_files, &mut self.files, place.file, || {
                    place.file.to_owned()
                })?,
                place.line,
            )),
        };
        Ok(Node {
            kind,
            shape: expr.shape().to_vec(),
            dtype: expr.dtype(),
            grid: expr.grid().axes().iter().map(axis).collect(),
            location,
        })
    }

    fn kind(&mut self, expr: &Expr) -> Result<Form> {
        Ok(match expr.kind() {
            Kind::Source(source) => Form::Source(numbered(
                &mut self.known_sources,
                &mut self.sources,
                source.id(),
                || Arc::clone(source),
            )?),
            Kind::Constant(value) => Form::Constant(*value),
            Kind::Index { axis } => Form::Index { axis: *axis },
            Kind::Random(spec) => Form::Random {
                generator: spec.generator,
                seed: spec.seed,
                stream: spec.stream,
                distribution: spec.distribution.clone(),
            },
            Kind::Map { function, inputs } => Form::Map {
                function: function.name.to_owned(),
                inputs: self.all(inputs)?,
            },
            Kind::Cast(input) => Form::Cast(self.at(input)?),
            Kind::View { input, map } => Form::View {
                input: self.at(input)?,
                map: map
                    .axes()
                    .iter()
                    .map(|a| (a.from, a.start, a.step))
                    .collect(),
            },
            Kind::Reduce {
                reduction,
                params,
                input,
                axes,
            } => Form::Reduce {
                reduction: reduction.name.to_owned(),
                ddof: params.ddof,
                k: params.k,
                input: self.at(input)?,
                axes: axes.to_vec(),
            },
            Kind::Scan { scan, input, axis } => Form::Scan {
                scan: scan.name.to_owned(),
                input: self.at(input)?,
                axis: *axis,
            },
            Kind::Reshape(input) => Form::Reshape(self.at(input)?),
            Kind::Concat { inputs, axis } => Form::Concat {
                inputs: self.all(inputs)?,
                axis: *axis,
            },
            Kind::Take {
                input,
                axis,
                indices,
            } => Form::Take {
                input: self.at(input)?,
                axis: *axis,
                indices: Arc::clone(indices),
            },
            Kind::Compress { input, mask, axis } => Form::Compress {
                input: self.at(input)?,
                mask: self.at(mask)?,
                axis: *axis,
            },
            Kind::Contract { a, b, batch, k } => Form::Contract {
                a: self.at(a)?,
                b: self.at(b)?,
                batch: *batch,
                k: *k,
            },
            Kind::Rechunk(input) => Form::Rechunk(self.at(input)?),
            Kind::Call { call, output } => Form::Call {
                call: self.call(call)?,
                output: *output,
            },
            Kind::Sort {
                input,
                axis,
                descending,
                indices,
            } => Form::Sort {
                input: self.at(input)?,
                axis: *axis,
                descending: *descending,
                indices: *indices,
            },
        })
    }
}

impl Writer {
    /// The number of a call, whose inputs are listed.
    fn call(&mut self, call: &Arc<Call>) -> Result<u32> {
        let address = Arc::as_ptr(call) as usize;
        if let Some(known) = self.known_calls.get(&address) {
            return Ok(*known);
        }
        let inputs = call.inputs.iter();
        let outputs = call.outputs.iter().map(|o| Output {
            dtype: o.dtype,
            grid: o.grid.axes().iter().map(axis).collect(),
        });
        let form = CallForm {
            name: call.name.clone(),
            function: self.function(&call.function)?,
            identity: call.identity.clone(),
            inputs: inputs
                .map(|i| Ok((self.at(&i.expr)?, i.follow.to_vec())))
                .collect::<Result<_>>()?,
            outputs: outputs.collect(),
            trim: call.trim.to_vec(),
            scratch: call.scratch,
        };
        let at = number(self.calls.len())?;
        self.calls.push(form);
        self.known_calls.insert(address, at);
        Ok(at)
    }

    fn function(&mut self, function: &Arc<dyn CallFunction>) -> Result<Function> {
        if let Some((name, parameters)) = function.plain() {
            let name = name.to_owned();
            return Ok(Function::Plain { name, parameters });
        }
        let address = Arc::as_ptr(function).cast::<()>() as usize;
        let (known, list) = (&mut self.known_functions, &mut self.functions);
        numbered(known, list, address, || Arc::clone(function)).map(Function::Attached)
    }
}

/// The number of a thing in a list, at the end of which it is put where it is new.
fn numbered<K: std::hash::Hash + Eq, T>(
    known: &mut HashMap<K, u32>,
    list: &mut Vec<T>,
    key: K,
    make: impl FnOnce() -> T,
) -> Result<u32> {
    if let Some(at) = known.get(&key) {
        return Ok(*at);
    }
    let at = number(list.len())?;
    list.push(make());
    known.insert(key, at);
    Ok(at)
}

fn number(n: usize) -> Result<u32> {
    u32::try_from(n)
        .map_err(|_| Error::argument("encode", "expression", n, "too many nodes for the format"))
}

fn axis(grid: &AxisGrid) -> Axis {
    match grid {
        AxisGrid::Regular { len, chunk } => Axis::Regular {
            len: *len,
            chunk: *chunk,
        },
        AxisGrid::Irregular(_) => Axis::Sizes(grid.sizes().collect()),
    }
}
