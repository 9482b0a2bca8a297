use std::sync::Arc;

use chunkwise_core::{AxisGrid, Chunks, Error, Grid, Location, Result, Source, element_count};
use chunkwise_kernels::random::RandomSpec;
use chunkwise_kernels::reduce::{Params, reduction};
use chunkwise_kernels::{elementwise, scan};

use super::HEADER;
use super::format::{Axis, Call as CallForm, Document, Function, Kind as Form, Node, NodeRef};
use crate::{
    AxisIndex, Call, CallFunction, CallInput, CallOutput, Expr, Follow, IndexMap, Kind, Operand,
    PlainRow,
};

/// What bytes name and do not hold.
pub struct Attachments<'a> {
    /// The data, by number.
    pub sources: Vec<Arc<dyn Source>>,
    /// The users' functions, by number.
    pub functions: Vec<Arc<dyn CallFunction>>,
    /// The functions that are read by the name and parameters that their
    /// [`plain`](CallFunction::plain) gave.
    pub plain: &'a [PlainRow],
}

/// The expressions that [`encode`](super::encode) wrote, with the attachments of the same numbers.
///
/// # Errors
/// [`Error::InvalidArgument`] for bytes of another format or version and for missing attachments; the
/// constructors' errors for what is no expression.
pub fn decode(bytes: &[u8], attachments: &Attachments<'_>) -> Result<Vec<Expr>> {
    let body = match bytes.split_first_chunk::<3>() {
        Some((header, body)) if *header == HEADER => body,
        Some((header, _)) if header[..2] == HEADER[..2] => {
            return Err(invalid(format!(
                "written in version {} of the format, this is {}",
                header[2], HEADER[2]
            )));
        }
        _ => return Err(invalid("not an expression".to_owned())),
    };
    let document: Document = postcard::from_bytes(body).map_err(|e| invalid(e.to_string()))?;
    let files = &document.files;
    let mut reader = Reader {
        nodes: Vec::with_capacity(document.nodes.len()),
        calls: document.calls.iter().map(|_| None).collect(),
        forms: &document.calls,
        attachments,
    };
    for node in document.nodes {
        let place = match node.location {
            None => None,
            Some((file, line)) => Some(Location::new(get(files, file, "file")?, line)),
        };
        let expr = reader.node(node)?;
        reader.nodes.push(match place {
            Some(place) => expr.placed(place),
            None => expr,
        });
    }
    document
        .roots
        .iter()
        .map(|root| reader.at(*root).cloned())
        .collect()
}

struct Reader<'a> {
    nodes: Vec<Expr>,
    /// The outputs of the calls that are made.
    calls: Vec<Option<Vec<Expr>>>,
    forms: &'a [CallForm],
    attachments: &'a Attachments<'a>,
}

impl Reader<'_> {
    fn at(&self, number: NodeRef) -> Result<&Expr> {
        get(&self.nodes, number, "node")
    }

    fn node(&mut self, node: Node) -> Result<Expr> {
        let Node {
            kind,
            shape,
            dtype,
            grid,
            ..
        } = node;
        element_count(&shape)?;
        let grid = cuts(&grid)?;
        if grid.shape().as_slice() != shape {
            return Err(invalid(format!("chunks {grid} of shape {shape:?}")));
        }
        let chunks = Chunks::Grid(grid.clone());
        let ndim = shape.len();
        let expr = match kind {
            Form::Source(number) => {
                let source = get(&self.attachments.sources, number, "source")?;
                Expr::source(Arc::clone(source), Some(&chunks))?
            }
            // Not through its constructor: a number may stand for one that a cast has wrapped.
            Form::Constant(value) => {
                Expr::new(Kind::Constant(value), grid.shape(), dtype, grid.clone())
            }
            Form::Index { axis } => Expr::index(&shape, signed(axis), &chunks)?,
            Form::Random {
                generator,
                seed,
                stream,
                distribution,
            } => {
                let spec = RandomSpec {
                    generator,
                    seed,
                    stream,
                    distribution,
                    dtype,
                };
                Expr::random(spec, &shape, &chunks)?
            }
            Form::Map { function, inputs } => {
                let row = elementwise::function(&function)
                    .or_else(|| elementwise::internal::function(&function));
                let row = known("function", &function, row)?;
                if inputs.len() != row.arity {
                    return Err(invalid(format!("{function} of {} arrays", inputs.len())));
                }
                let inputs = inputs
                    .iter()
                    .map(|i| self.at(*i).map(Operand::from))
                    .collect::<Result<Vec<_>>>()?;
                Expr::map(row, &inputs)?
            }
            Form::Cast(input) => self.at(input)?.cast(dtype)?,
            Form::View { input, map } => {
                let input = self.at(input)?;
                let map = map
                    .into_iter()
                    .map(|(from, start, step)| axis_index(from, start, step, &shape))
                    .collect::<Result<Vec<_>>>()?;
                within(&map, input.shape(), &shape)?;
                input.view(IndexMap::new(map, ndim), &shape)?
            }
            Form::Reduce {
                reduction: name,
                ddof,
                k,
                input,
                axes,
            } => {
                let row = known("reduction", &name, reduction(&name))?;
                let input = self.at(input)?;
                let sorted = axes.windows(2).all(|w| w[0] < w[1]);
                if !sorted || axes.last().is_some_and(|a| *a >= input.ndim()) {
                    return Err(invalid(format!("{name} over the axes {axes:?}")));
                }
                input.reduce(row, Params { ddof, k }, &axes)?
            }
            Form::Scan {
                scan: name,
                input,
                axis,
            } => {
                let row = known("scan", &name, scan::scan(&name))?;
                self.at(input)?.scan(row, signed(axis))?
            }
            Form::Reshape(input) => self.at(input)?.reshape(&shape)?,
            Form::Concat { inputs, axis } => {
                let inputs = inputs.iter().map(|i| self.at(*i).cloned());
                Expr::concat(&inputs.collect::<Result<Vec<_>>>()?, signed(axis))?
            }
            Form::Take {
                input,
                axis,
                indices,
            } => {
                let input = self.at(input)?;
                let len = input.shape().get(axis).copied().unwrap_or(0);
                if axis >= ndim || indices.iter().any(|i| *i >= len) {
                    return Err(invalid(format!("positions beyond axis {axis}")));
                }
                input.take_positions(indices, axis)?
            }
            Form::Compress { input, mask, axis } => {
                self.at(input)?.compress(self.at(mask)?, signed(axis))?
            }
            Form::Contract { a, b, batch, k } => {
                let (a, b) = (self.at(a)?, self.at(b)?);
                if batch > a.ndim() || k > a.ndim() {
                    return Err(invalid(format!("a product over {k} axes")));
                }
                Expr::contract(a, b, batch, k)?
            }
            Form::Rechunk(input) => self.at(input)?.rechunk(&chunks)?,
            Form::Call { call, output } => {
                let made = self.call(call)?;
                let expr = made.get(output).cloned();
                expr.ok_or_else(|| invalid(format!("output {output} of a call")))?
            }
            Form::Sort {
                input,
                axis,
                descending,
                indices,
            } => self.at(input)?.sort(signed(axis), descending, indices)?,
        };
        if expr.shape() != shape || expr.dtype() != dtype {
            return Err(invalid(format!(
                "{} of shape {:?} and dtype {} where {shape:?} and {dtype} were written",
                expr.label(),
                expr.shape(),
                expr.dtype()
            )));
        }
        Ok(expr.with_grid(&grid))
    }
}

impl Reader<'_> {
    /// The outputs of a call, which are made once.
    fn call(&mut self, number: u32) -> Result<Vec<Expr>> {
        let at = number as usize;
        if let Some(made) = self.calls.get(at).and_then(Option::as_ref) {
            return Ok(made.clone());
        }
        let form = get(self.forms, number, "call")?;
        let outputs = form.outputs.iter().map(|o| {
            Ok(CallOutput {
                dtype: o.dtype,
                grid: cuts(&o.grid)?,
            })
        });
        let outputs = outputs.collect::<Result<Vec<_>>>()?;
        let ndim = outputs.iter().map(|o| o.grid.axes().len()).min();
        let inputs = form.inputs.iter().map(|(expr, follow)| {
            followed(&form.name, follow, ndim.unwrap_or(0))?;
            Ok(CallInput {
                expr: self.at(*expr)?.clone(),
                follow: follow.as_slice().into(),
            })
        });
        let inputs = inputs.collect::<Result<Vec<_>>>()?;
        let function = self.function(&form.function)?;
        let mut call = Call::of(form.name.clone(), inputs, outputs, function);
        call.identity.clone_from(&form.identity);
        call.trim = form.trim.as_slice().into();
        call.scratch = form.scratch;
        let made = Expr::calls(call)?;
        self.calls[at] = Some(made.clone());
        Ok(made)
    }

    fn function(&self, function: &Function) -> Result<Arc<dyn CallFunction>> {
        match function {
            Function::Attached(number) => {
                get(&self.attachments.functions, *number, "function").cloned()
            }
            Function::Plain { name, parameters } => {
                let row = self.attachments.plain.iter().find(|row| row.name == name);
                let row = known("function on chunks", name, row)?;
                (row.read)(parameters)
                    .ok_or_else(|| invalid(format!("{parameters:?} are no parameters of {name:?}")))
            }
        }
    }
}

fn cuts(axes: &[Axis]) -> Result<Grid> {
    let axes = axes.iter().map(|axis| match axis {
        Axis::Regular { len, chunk } => Ok(AxisGrid::regular(*len, *chunk)),
        Axis::Sizes(sizes) => match sizes.iter().try_fold(0usize, |n, s| n.checked_add(*s)) {
            Some(_) => Ok(AxisGrid::from_sizes(sizes)),
            None => Err(invalid("chunks longer than any axis".to_owned())),
        },
    });
    Ok(Grid::new(axes.collect::<Result<Vec<_>>>()?))
}

/// An axis of a view; an error where reckoning with it would overflow. Whether it stays within the
/// array is checked by the view's constructor.
fn axis_index(
    from: Option<usize>,
    start: usize,
    step: isize,
    shape: &[usize],
) -> Result<AxisIndex> {
    let wrong = || invalid("a view beyond any array".to_owned());
    let len = match from {
        Some(axis) => *shape.get(axis).ok_or_else(wrong)?,
        None => 1,
    };
    step.checked_mul(len as isize)
        .and_then(|reach| reach.checked_add(isize::try_from(start).ok()?))
        .ok_or_else(wrong)?;
    Ok(AxisIndex { from, start, step })
}

/// An error for a view without elements that moves beyond the array: the view's constructor, which need
/// not ask where nothing is read, reckons with the chunks that it passes.
fn within(map: &[AxisIndex], input: &[usize], shape: &[usize]) -> Result<()> {
    if !shape.contains(&0) {
        return Ok(());
    }
    for (a, len) in map.iter().zip(input) {
        let moved = a.from.map_or(0, |f| shape[f]);
        if moved == 0 || a.step == 0 {
            continue;
        }
        let last = a.start as isize + a.step * (moved as isize - 1);
        if a.start >= *len || last < 0 || last >= *len as isize {
            return Err(invalid(format!("a view beyond {len} elements")));
        }
    }
    Ok(())
}

fn followed(name: &str, follow: &[Follow], ndim: usize) -> Result<()> {
    let fits = follow.iter().all(|f| match f {
        Follow::Whole => true,
        Follow::Chunk { axis } => *axis < ndim,
        Follow::Window {
            axis,
            offset,
            before,
            after,
        } => {
            *axis < ndim
                && [offset, before, after]
                    .iter()
                    .all(|n| **n <= isize::MAX as usize / 8)
        }
    });
    match fits {
        true => Ok(()),
        false => Err(invalid(format!("{name} follows axes that it lacks"))),
    }
}

fn get<'a, T>(list: &'a [T], number: u32, what: &str) -> Result<&'a T> {
    list.get(number as usize)
        .ok_or_else(|| invalid(format!("{what} {number} is missing")))
}

fn known<T>(what: &str, name: &str, found: Option<T>) -> Result<T> {
    found.ok_or_else(|| invalid(format!("unknown {what} {name:?}")))
}

fn signed(axis: usize) -> isize {
    isize::try_from(axis).unwrap_or(isize::MAX)
}

fn invalid(reason: String) -> Error {
    Error::argument("decode", "bytes", "an expression", reason)
}
