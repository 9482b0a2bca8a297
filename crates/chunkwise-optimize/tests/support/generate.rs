use chunkwise_core::{AxisIndex, Chunks, DType, IndexMap};
use chunkwise_expr::{Expr, Operand};
use chunkwise_kernels::elementwise::function;
use chunkwise_kernels::reduce::{Params, reduction};

use super::scan;

/// SplitMix64 (Steele, Lea, Flood 2014).
pub struct Seeded(pub u64);

impl Seeded {
    pub fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n as u64) as usize
    }
}

/// The largest arrays that operations make here.
const LARGE: usize = 600;

/// An array whose elements are all distinct integers.
pub fn distinct(shape: &[usize], chunk: usize) -> Expr {
    let chunks = Chunks::from(chunk);
    let mut sum: Option<Expr> = None;
    let mut weight = 1i64;
    for axis in (0..shape.len()).rev() {
        let index = Expr::index(shape, axis as isize, &chunks).unwrap();
        let part = map("multiply", &[index.into(), weight.into()]);
        sum = Some(match sum {
            None => part,
            Some(s) => map("add", &[s.into(), part.into()]),
        });
        weight *= shape[axis] as i64;
    }
    let sum = sum.unwrap_or_else(|| Expr::constant(1.into(), DType::I64, &[], &chunks).unwrap());
    map("add", &[sum.into(), 1i64.into()])
        .cast(DType::F64)
        .unwrap()
}

pub fn map(name: &str, args: &[Operand]) -> Expr {
    Expr::map(function(name).unwrap(), args).unwrap()
}

/// Some roots that share much of what is below them.
pub fn expressions(seed: u64) -> Vec<Expr> {
    let r = &mut Seeded(seed);
    let mut pool = vec![
        distinct(&[6, 5], 2),
        distinct(&[3, 4, 5], 3),
        distinct(&[12], 5),
    ];
    for _ in 0..3 + r.below(10) {
        // Late ones more often, so that expressions grow deep.
        let back = r.below(pool.len()).min(r.below(pool.len()));
        let e = pool[pool.len() - 1 - back].clone();
        let made = step(r, &e, &pool);
        if made.len() <= LARGE && made.ndim() <= 4 {
            pool.push(made);
        }
    }
    let n = pool.len();
    (0..1 + r.below(3))
        .map(|i| pool[n - 1 - i].clone())
        .collect()
}

fn step(r: &mut Seeded, e: &Expr, pool: &[Expr]) -> Expr {
    let axis = if e.ndim() > 0 { r.below(e.ndim()) } else { 0 };
    match r.below(16) {
        0..=4 => view(r, e),
        5 => map("negative", &[e.into()]),
        6 => {
            let other = pool.iter().rev().find(|o| o.shape() == e.shape()).unwrap();
            map(["add", "maximum"][r.below(2)], &[e.into(), other.into()])
        }
        7 => map(
            ["multiply", "pow"][r.below(2)],
            &[e.into(), [1.0, 2.0][r.below(2)].into()],
        ),
        8 => {
            let dtype = [DType::F32, DType::I64, DType::I32][r.below(3)];
            e.cast(dtype).unwrap().cast(DType::F64).unwrap()
        }
        9 | 10 if e.ndim() > 0 => {
            let axes: Vec<usize> = (0..e.ndim())
                .filter(|a| *a == axis || r.below(3) == 0)
                .collect();
            let name = if e.is_empty() {
                "sum"
            } else {
                ["sum", "max"][r.below(2)]
            };
            e.reduce(reduction(name).unwrap(), Params::default(), &axes)
                .unwrap()
        }
        11 if e.ndim() > 0 && r.below(2) == 0 => e.sort(axis as isize, false, false).unwrap(),
        11 if e.ndim() > 0 => e.scan(scan(), axis as isize).unwrap(),
        12 if e.ndim() > 0 => {
            let other = e.view(IndexMap::identity(e.ndim()), e.shape()).unwrap();
            let other = map("negative", &[other.into()]);
            Expr::concat(&[e.clone(), other, e.clone()], axis as isize).unwrap()
        }
        13 if e.ndim() > 0 && e.shape()[axis] > 0 => {
            let n = e.shape()[axis];
            let indices: Vec<isize> = (0..1 + r.below(5)).map(|_| r.below(n) as isize).collect();
            e.take(&indices, axis as isize).unwrap()
        }
        14 => reshape(r, e),
        15 if e.ndim() > 0 => product(r, e),
        _ => e.rechunk(&Chunks::from(1 + r.below(5))).unwrap(),
    }
}

/// Slices with steps either way, single positions, transposes, new axes, broadcasts, diagonals.
fn view(r: &mut Seeded, e: &Expr) -> Expr {
    let mut order: Vec<usize> = (0..e.ndim()).collect();
    if r.below(3) == 0 {
        order.reverse();
    }
    let mut shape = Vec::new();
    let mut axes = vec![None; e.ndim()];
    let mut last: Option<usize> = None;
    for axis in order {
        let len = e.shape()[axis];
        if r.below(12) == 0 {
            shape.push(1 + r.below(3));
        }
        let fixed = AxisIndex {
            from: None,
            start: 0,
            step: 0,
        };
        axes[axis] = Some(match r.below(8) {
            0 if len > 0 => AxisIndex {
                start: r.below(len),
                ..fixed
            },
            1 if last.is_some_and(|f| shape[f] <= len) => AxisIndex {
                from: last,
                start: 0,
                step: 1,
            },
            kind => {
                let from = Some(shape.len());
                last = from;
                if kind < 3 || len == 0 {
                    shape.push(len);
                    AxisIndex {
                        from,
                        start: 0,
                        step: 1,
                    }
                } else {
                    let step = 1 + r.below(3);
                    let start = r.below(len);
                    let most = (len - start).div_ceil(step);
                    let n = if r.below(20) == 0 {
                        0
                    } else {
                        1 + r.below(most)
                    };
                    shape.push(n);
                    if n > 0 && r.below(3) == 0 {
                        AxisIndex {
                            from,
                            start: start + step * (n - 1),
                            step: -(step as isize),
                        }
                    } else {
                        AxisIndex {
                            from,
                            start,
                            step: step as isize,
                        }
                    }
                }
            }
        });
    }
    let map = IndexMap::new(axes.into_iter().flatten(), shape.len());
    e.view(map, &shape).unwrap()
}

fn reshape(r: &mut Seeded, e: &Expr) -> Expr {
    let mut shape: Vec<usize> = e.shape().to_vec();
    for _ in 0..2 {
        let axis = r.below(shape.len().max(1));
        if shape.len() > 1 && axis + 1 < shape.len() && r.below(2) == 0 {
            shape[axis] *= shape.remove(axis + 1);
        } else if let Some(len) = shape.get(axis).copied()
            && let Some(d) = (2..len).find(|d| len % d == 0 && r.below(2) == 0)
        {
            shape[axis] = len / d;
            shape.insert(axis + r.below(2), d);
        } else {
            shape.insert(axis.min(shape.len()), 1);
        }
    }
    e.reshape(&shape).unwrap()
}

fn product(r: &mut Seeded, e: &Expr) -> Expr {
    let batch = if e.ndim() > 1 { r.below(2) } else { 0 };
    let k = 1;
    // The transpose of the other axes, scaled: `[batch, m.., k]` with `[batch, k, m..]`.
    let mut order: Vec<isize> = (0..batch as isize).collect();
    order.push(e.ndim() as isize - 1);
    order.extend(batch as isize..e.ndim() as isize - 1);
    let other = map(
        "multiply",
        &[e.transpose(&order).unwrap().into(), 3.0.into()],
    );
    let rows = e.len() / e.shape()[e.ndim() - 1].max(1);
    if rows * rows > LARGE || e.ndim() > 2 {
        return map("negative", &[e.into()]);
    }
    Expr::contract(e, &other, batch, k).unwrap()
}
