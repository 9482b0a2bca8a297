use std::collections::HashMap;
use std::fmt::{self, Write};

use crate::{Expr, IndexMap, Kind, NodeId};

/// A word or two for a node.
pub(crate) fn label(expr: &Expr) -> String {
    match expr.kind() {
        Kind::Source(source) => source.name(),
        Kind::Constant(value) => format!("{value}"),
        Kind::Index { axis } => format!("index(axis={axis})"),
        Kind::Random(spec) => {
            // A distribution's parameters as a call has them: "normal(mean=10.0, std=0.1)".
            let text = format!("{:?}", spec.distribution).to_lowercase();
            let text = text
                .replace(" { ", "(")
                .replace(" }", ")")
                .replace(": ", "=");
            format!("random {text}, seed {}", spec.seed)
        }
        Kind::Map { function, .. } => function.name.to_owned(),
        Kind::Cast(_) => format!("astype({})", expr.dtype()),
        Kind::View { map, input } => view_label(map, input.shape(), expr.shape()),
        Kind::Reduce {
            reduction,
            axes,
            input,
            ..
        } => {
            if axes.len() == input.ndim() {
                reduction.name.to_owned()
            } else if let [axis] = axes[..] {
                format!("{}(axis={axis})", reduction.name)
            } else {
                format!("{}(axis={:?})", reduction.name, axes.as_slice())
            }
        }
        Kind::Scan { scan, axis, .. } => format!("{}(axis={axis})", scan.name),
        Kind::Sort {
            axis,
            descending,
            indices,
            ..
        } => {
            let word = if *indices { "argsort" } else { "sort" };
            let order = if *descending { ", descending" } else { "" };
            format!("{word}(axis={axis}{order})")
        }
        Kind::Reshape(_) => "reshape".to_owned(),
        Kind::Concat { inputs, axis } => {
            format!("concatenate({} arrays, axis={axis})", inputs.len())
        }
        Kind::Take { axis, indices, .. } => format!("take({} of axis {axis})", indices.len()),
        Kind::Compress { axis, .. } => format!("boolean index(axis={axis})"),
        Kind::Contract { .. } => "matmul".to_owned(),
        Kind::Rechunk(_) => "rechunk".to_owned(),
        Kind::Call { call, output } if call.outputs.len() > 1 => {
            format!("{} (output {output})", call.name)
        }
        Kind::Call { call, .. } => call.name.clone(),
    }
}

/// What a node is, in a word.
pub(crate) fn word(kind: &Kind) -> &'static str {
    match kind {
        Kind::Source(_) => "source",
        Kind::Constant(_) => "constant",
        Kind::Index { .. } => "index",
        Kind::Random(_) => "random",
        Kind::Map { .. } => "map",
        Kind::Cast(_) => "cast",
        Kind::View { .. } => "view",
        Kind::Reduce { .. } => "reduce",
        Kind::Scan { .. } => "scan",
        Kind::Sort { .. } => "sort",
        Kind::Reshape(_) => "reshape",
        Kind::Concat { .. } => "concat",
        Kind::Take { .. } => "take",
        Kind::Compress { .. } => "compress",
        Kind::Contract { .. } => "contract",
        Kind::Rechunk(_) => "rechunk",
        Kind::Call { .. } => "call",
    }
}

/// A view as a NumPy index where it is one: `[:, 0:100]`.
fn view_label(map: &IndexMap, input: &[usize], shape: &[usize]) -> String {
    let kept: Vec<usize> = map.axes().iter().filter_map(|a| a.from).collect();
    let in_order = kept.windows(2).all(|w| w[0] < w[1]);
    let broadcast = (0..map.ndim()).any(|a| map.moved_by(a).next().is_none() && shape[a] != 1);
    if !in_order {
        let plain = map
            .axes()
            .iter()
            .all(|a| a.from.is_some() && a.start == 0 && a.step == 1);
        let word = if plain { "transpose" } else { "view" };
        return format!("{word}{shape:?}");
    }
    if broadcast {
        return format!("broadcast_to{shape:?}");
    }
    let mut out = String::from("[");
    for (k, a) in map.axes().iter().enumerate() {
        if k > 0 {
            out.push_str(", ");
        }
        let _ = match a.from {
            None => write!(out, "{}", a.start),
            Some(f) if a.start == 0 && a.step == 1 && shape[f] == input[k] => write!(out, ":"),
            Some(f) if a.step == 1 => write!(out, "{}:{}", a.start, a.start + shape[f]),
            Some(f) => write!(out, "{}::{} ({})", a.start, a.step, shape[f]),
        };
    }
    out.push(']');
    out
}

impl fmt::Display for Expr {
    /// The operations, one a line, inputs below and indented; what is used again is named once.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut uses: HashMap<NodeId, usize> = HashMap::new();
        let mut pending = vec![self];
        while let Some(e) = pending.pop() {
            let n = uses.entry(e.id()).or_default();
            *n += 1;
            if *n == 1 {
                pending.extend(e.inputs());
            }
        }
        let mut names: HashMap<NodeId, usize> = HashMap::new();
        let mut stack = vec![(self, 0usize)];
        let mut lines = 0;
        while let Some((e, depth)) = stack.pop() {
            lines += 1;
            if lines > 200 {
                return writeln!(f, "... and more");
            }
            let shared = uses.get(&e.id()).is_some_and(|n| *n > 1) && !e.inputs().is_empty();
            write!(f, "{:indent$}", "", indent = 2 * depth)?;
            if shared {
                let next = names.len() + 1;
                if let Some(name) = names.get(&e.id()) {
                    writeln!(f, "#{name}")?;
                    continue;
                }
                names.insert(e.id(), next);
                write!(f, "#{next} ")?;
            }
            let shape: Vec<String> = e.shape().iter().map(usize::to_string).collect();
            write!(f, "{}  {}[{}]", e.label(), e.dtype(), shape.join(", "))?;
            writeln!(f, "  chunks {}", e.grid())?;
            for input in e.inputs().into_iter().rev() {
                stack.push((input, depth + 1));
            }
        }
        Ok(())
    }
}
