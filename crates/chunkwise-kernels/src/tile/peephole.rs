//! Pairs of operations that have a kernel of their own: one pass over the tile instead of two. The
//! kernels round twice, as the pair does, so that fusing never changes bits.

use smallvec::{SmallVec, smallvec};

use super::program::{Definition, Origin, Value};
use crate::elementwise::fused;

/// What is known of a value that is an operation.
fn operation(values: &[Definition], value: Value) -> Option<(&'static str, &[Value])> {
    match &values[value.index()].origin {
        Origin::Apply { args, .. } => Some((values[value.index()].name, args)),
        _ => None,
    }
}

/// Replaces an operation and the one that alone it is made from by the kernel for both.
pub(super) fn fuse_pairs(values: &mut [Definition], outputs: &[Value]) {
    let mut uses = vec![0usize; values.len()];
    for definition in values.iter() {
        if let Origin::Apply { args, .. } = &definition.origin {
            args.iter().for_each(|a| uses[a.index()] += 1);
        }
    }
    outputs.iter().for_each(|o| uses[o.index()] += 2);
    for i in 0..values.len() {
        let Some((name, args)) = pair(values, &uses, i) else {
            continue;
        };
        let dtype = values[i].dtype;
        let dtypes: SmallVec<[_; 3]> = args.iter().map(|a| values[a.index()].dtype).collect();
        let Some(Ok(row)) = fused(name).map(|f| f.resolve(&dtypes)) else {
            continue;
        };
        if row.output == dtype && row.inputs == dtypes {
            values[i].name = name;
            values[i].origin = Origin::Apply {
                kernel: row.kernel,
                args,
            };
        }
    }
}

/// The kernel for value `i` together with an argument that nobody else uses, and its arguments.
fn pair(
    values: &[Definition],
    uses: &[usize],
    i: usize,
) -> Option<(&'static str, SmallVec<[Value; 3]>)> {
    let (name, args) = operation(values, Value::new(i))?;
    let (&[x, y], "add" | "subtract") = (args, name) else {
        return None;
    };
    let product = |v: Value| -> Option<(Value, Value)> {
        if uses[v.index()] != 1 || values[v.index()].dtype != values[i].dtype {
            return None;
        }
        match operation(values, v)? {
            ("multiply", &[a, b]) => Some((a, b)),
            ("square", &[a]) => Some((a, a)),
            _ => None,
        }
    };
    Some(match (name, product(x), product(y)) {
        ("add", Some((a, b)), Some((c, d))) if a == b && c == d => {
            ("sum_of_squares", smallvec![a, c])
        }
        ("add", Some((a, b)), _) if a == b => ("square_add", smallvec![a, y]),
        ("add", Some((a, b)), _) => ("multiply_add", smallvec![a, b, y]),
        ("add", None, Some((a, b))) if a == b => ("square_add", smallvec![a, x]),
        ("add", None, Some((a, b))) => ("multiply_add", smallvec![a, b, x]),
        ("subtract", Some((a, b)), _) => ("multiply_subtract", smallvec![a, b, y]),
        ("subtract", None, Some((a, b))) => ("subtract_multiply", smallvec![a, b, x]),
        _ => return None,
    })
}
