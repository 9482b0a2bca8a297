use std::collections::HashMap;

use chunkwise_core::{DType, Element, dispatch};
use chunkwise_expr::{Expr, Kind, NodeId};

/// The elements of an expression in C order, as `f64`.
pub fn evaluate(root: &Expr) -> Vec<f64> {
    let mut known: HashMap<NodeId, Vec<f64>> = HashMap::new();
    let mut stack = vec![root.clone()];
    while let Some(e) = stack.pop() {
        let missing: Vec<Expr> = e
            .inputs()
            .into_iter()
            .filter(|i| !known.contains_key(&i.id()))
            .cloned()
            .collect();
        if missing.is_empty() {
            known.entry(e.id()).or_insert_with_key(|_| Vec::new());
            let values = elements(&e, &known);
            known.insert(e.id(), values);
        } else {
            stack.push(e);
            stack.extend(missing);
        }
    }
    known[&root.id()].clone()
}

pub fn indices(shape: &[usize]) -> impl Iterator<Item = Vec<usize>> + use<> {
    let shape = shape.to_vec();
    (0..shape.iter().product()).map(move |n| unravel(n, &shape))
}

fn unravel(mut n: usize, shape: &[usize]) -> Vec<usize> {
    let mut index = vec![0; shape.len()];
    for axis in (0..shape.len()).rev() {
        index[axis] = n % shape[axis];
        n /= shape[axis];
    }
    index
}

fn ravel(index: &[usize], shape: &[usize]) -> usize {
    index.iter().zip(shape).fold(0, |n, (i, d)| n * d + i)
}

fn elements(e: &Expr, known: &HashMap<NodeId, Vec<f64>>) -> Vec<f64> {
    let at = |input: &Expr, index: &[usize]| known[&input.id()][ravel(index, input.shape())];
    indices(e.shape())
        .map(|index| match e.kind() {
            Kind::Constant(value) => value.to_f64(),
            Kind::Index { axis } => index[*axis] as f64,
            Kind::Map { function, inputs } => {
                let x: Vec<f64> = inputs.iter().map(|i| at(i, &index)).collect();
                match function.name {
                    "add" => x[0] + x[1],
                    "multiply" => x[0] * x[1],
                    "maximum" => x[0].max(x[1]),
                    "negative" => -x[0],
                    "square" => x[0] * x[0],
                    "pow" => x[0].powf(x[1]),
                    other => panic!("{other}"),
                }
            }
            Kind::Cast(input) => stored(at(input, &index), e.dtype()),
            Kind::View { input, map } => {
                let place: Vec<usize> = map
                    .axes()
                    .iter()
                    .map(|a| {
                        let i = a.from.map_or(0, |f| index[f]) as isize;
                        (a.start as isize + a.step * i) as usize
                    })
                    .collect();
                assert!(place.iter().zip(input.shape()).all(|(p, d)| p < d), "{e}");
                at(input, &place)
            }
            Kind::Reduce {
                reduction,
                input,
                axes,
                ..
            } => {
                let reduced: Vec<usize> = axes.iter().map(|a| input.shape()[*a]).collect();
                let values = indices(&reduced).map(|inner| {
                    let (mut inner, mut outer) = (inner.into_iter(), index.iter().copied());
                    let place: Vec<usize> = (0..input.ndim())
                        .map(|a| {
                            if axes.contains(&a) {
                                inner.next()
                            } else {
                                outer.next()
                            }
                            .unwrap()
                        })
                        .collect();
                    at(input, &place)
                });
                match reduction.name {
                    "sum" => values.sum(),
                    "max" => values.reduce(f64::max).unwrap(),
                    other => panic!("{other}"),
                }
            }
            Kind::Scan { input, axis, .. } => (0..=index[*axis])
                .map(|i| {
                    let mut place = index.clone();
                    place[*axis] = i;
                    at(input, &place)
                })
                .sum(),
            Kind::Sort { input, axis, .. } => {
                let mut lane: Vec<f64> = (0..e.shape()[*axis])
                    .map(|i| {
                        let mut place = index.clone();
                        place[*axis] = i;
                        at(input, &place)
                    })
                    .collect();
                lane.sort_by(f64::total_cmp);
                lane[index[*axis]]
            }
            Kind::Reshape(input) => known[&input.id()][ravel(&index, e.shape())],
            Kind::Concat { inputs, axis } => {
                let mut place = index.clone();
                for input in inputs {
                    if place[*axis] < input.shape()[*axis] {
                        return at(input, &place);
                    }
                    place[*axis] -= input.shape()[*axis];
                }
                panic!("{e}")
            }
            Kind::Take {
                input,
                axis,
                indices,
            } => {
                let mut place = index.clone();
                place[*axis] = indices[index[*axis]];
                at(input, &place)
            }
            Kind::Contract { a, b, batch, k } => {
                let rows = a.ndim() - k;
                indices(&a.shape()[rows..])
                    .map(|inner| {
                        let left = [&index[..rows], &inner].concat();
                        let right = [&index[..*batch], &inner, &index[rows..]].concat();
                        at(a, &left) * at(b, &right)
                    })
                    .sum()
            }
            Kind::Rechunk(input) => at(input, &index),
            other => panic!("{other:?}"),
        })
        .collect()
}

/// A value as it is once stored in a dtype.
fn stored(value: f64, dtype: DType) -> f64 {
    dispatch!(all dtype, T => T::from_scalar(value.into()).to_scalar().to_f64())
}
