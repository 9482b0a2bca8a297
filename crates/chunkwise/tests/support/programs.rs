//! Random programs over arrays.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chunkwise::*;
use chunkwise_core::dispatch;
use ndarray::{ArrayD, ArrayViewD};

use super::numbers::Numbers;

/// Most elements of an array in a program.
const ELEMENTS: usize = 3000;
/// Most axes.
const AXES: usize = 5;

#[derive(Clone)]
pub struct Made {
    pub array: Array,
    /// Sums of floats are in it: what is not continuous is not done with it.
    pub rounded: bool,
}

pub struct Program {
    pub outputs: Vec<Made>,
    /// The operations, a line each.
    pub text: String,
    files: Vec<PathBuf>,
}

impl Drop for Program {
    fn drop(&mut self) {
        for f in &self.files {
            let _ = std::fs::remove_file(f);
        }
    }
}

struct Maker {
    numbers: Numbers,
    made: Vec<Made>,
    lines: Vec<String>,
    files: Vec<PathBuf>,
    random: Random,
}

/// A random program of about `steps` operations.
pub fn program(seed: u64, steps: usize) -> Program {
    let mut maker = Maker {
        numbers: Numbers::new(seed),
        made: Vec::new(),
        lines: Vec::new(),
        files: Vec::new(),
        random: Random::new(seed),
    };
    let leaves = 1 + maker.numbers.below(3);
    for _ in 0..leaves {
        maker.leaf();
    }
    let mut done = 0;
    for _ in 0..steps * 4 {
        done += maker.step() as usize;
        if done == steps {
            break;
        }
    }
    let n = &mut maker.numbers;
    let mut outputs = vec![maker.made[maker.made.len() - 1].clone()];
    for _ in 0..n.below(3) {
        outputs.push(n.pick(&maker.made).clone());
    }
    let named = |m: &Made| {
        let at = maker.made.iter().position(|o| same_node(o, m));
        format!("a{}", at.unwrap_or(usize::MAX))
    };
    let names: Vec<String> = outputs.iter().map(named).collect();
    let text = format!("{}\n  outputs {}", maker.lines.join("\n"), names.join(", "));
    Program {
        outputs,
        text,
        files: maker.files,
    }
}

fn same_node(a: &Made, b: &Made) -> bool {
    match (a.array.expr(), b.array.expr()) {
        (Ok(a), Ok(b)) => a.is_same(b),
        _ => false,
    }
}

impl Maker {
    fn keep(&mut self, line: String, array: Array, rounded: bool) {
        let e = array.expr().unwrap();
        self.lines.push(format!(
            "  a{} = {line}: {}{:?} chunks {}",
            self.made.len(),
            e.dtype(),
            e.shape(),
            e.grid()
        ));
        self.made.push(Made { array, rounded });
    }

    fn shape(&mut self) -> Vec<usize> {
        let n = &mut self.numbers;
        let ndim = *n.pick(&[0, 1, 1, 2, 2, 2, 3, 3, 4]);
        let longest = [1, 2500, 50, 13, 7][ndim];
        (0..ndim)
            .map(|_| match n.below(20) {
                0 => 0,
                1 | 2 => 1,
                _ => 1 + n.below(longest),
            })
            .collect()
    }

    fn chunks(&mut self, shape: &[usize]) -> Chunks {
        let n = &mut self.numbers;
        match n.below(4) {
            0 => Chunks::AUTO,
            1 => Chunks::Uniform(1 + n.below(20) as isize),
            2 => Chunks::Sizes(shape.iter().map(|d| 1 + n.below(*d) as isize).collect()),
            _ => Chunks::Explicit(shape.iter().map(|d| pieces(n, *d)).collect()),
        }
    }

    fn data(&mut self, dtype: DType, shape: &[usize]) -> Chunk {
        let n = &mut self.numbers;
        let nans = n.one_in(4);
        let mut value = || {
            let v = n.between(-40, 40) as f64;
            match dtype {
                DType::Bool => Scalar::Bool(n.one_in(2)),
                d if d.is_integer() => match d {
                    DType::U8 | DType::U16 | DType::U32 | DType::U64 => {
                        Scalar::Int(v.abs() as i128)
                    }
                    _ => Scalar::Int(v as i128),
                },
                d if d.is_complex() => {
                    Scalar::Complex(Complex64::new(v / 4.0, n.between(-9, 9) as f64))
                }
                _ if nans && n.one_in(30) => {
                    Scalar::Float(*n.pick(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0]))
                }
                _ => Scalar::Float(v / 4.0),
            }
        };
        let count = shape.iter().product();
        dispatch!(all dtype, T => {
            let data: Vec<T> = (0..count).map(|_| T::from_scalar(value())).collect();
            Chunk::from_owner(data, shape).unwrap()
        })
    }

    fn leaf(&mut self) {
        let shape = self.shape();
        let chunks = self.chunks(&shape);
        let dtype = *self.numbers.pick(&DType::ALL);
        let (line, array) = match self.numbers.below(8) {
            0 => {
                let random = self.random.stream(self.made.len() as u64);
                let random = match self.numbers.one_in(2) {
                    true => random.with_generator(Generator::Philox4x32),
                    false => random,
                };
                let random = random.with_dtype(*self.numbers.pick(&[DType::F64, DType::F32]));
                match self.numbers.below(4) {
                    0 => ("normal", random.normal(1.0, 2.0, shape, chunks)),
                    1 => ("poisson", random.poisson(5.0, shape, chunks)),
                    2 => ("bernoulli", random.bernoulli(0.4, shape, chunks)),
                    _ => ("uniform", random.uniform(-1.0, 1.0, shape, chunks)),
                }
            }
            1 => {
                let axis = self.numbers.below(shape.len().max(1));
                match shape.is_empty() {
                    true => ("zeros", Array::zeros(shape, dtype, chunks)),
                    false => {
                        let e = Expr::index(&shape, axis as isize, &chunks).unwrap();
                        ("index", Ok(Array::from(e)))
                    }
                }
            }
            2 => ("full", Array::full(shape, 3, dtype, chunks)),
            3 => {
                let chunk = self.data(dtype, &shape);
                let fortran = self.numbers.one_in(2);
                let path = self.npy(&chunk, fortran);
                let source = Arc::new(NpySource::open(path).unwrap());
                let name = if fortran { "npy F" } else { "npy" };
                (name, Array::from_source(source, Some(chunks)))
            }
            4 => {
                let chunk = self.data(dtype, &shape);
                let array = Array::from_filler(shape, dtype, chunks, move |region, mut out| {
                    let part = chunk.region(region)?;
                    match out.copy_from(&part.view()) {
                        true => Ok(()),
                        false => Err(Error::internal("test", "shapes")),
                    }
                });
                ("function", array)
            }
            5 => {
                let chunk = self.data(dtype, &shape);
                // Memory in another order.
                let ndim = shape.len();
                let order = self.numbers.shuffled(ndim);
                let array = dispatch!(all dtype, T => {
                    let plain = chunk.into_ndarray::<T>().unwrap();
                    let inner = plain.permuted_axes(order.clone()).as_standard_layout().into_owned();
                    let mut back = vec![0; ndim];
                    order.iter().enumerate().for_each(|(i, o)| back[*o] = i);
                    let mut out = inner.permuted_axes(back);
                    if ndim > 0 && self.numbers.one_in(2) {
                        out.invert_axis(ndarray::Axis(0));
                    }
                    Array::from_ndarray(out, chunks)
                });
                ("strided", array)
            }
            _ => (
                "memory",
                Array::from_chunk(self.data(dtype, &shape), chunks),
            ),
        };
        self.keep(line.to_owned(), array.unwrap(), false);
    }

    fn npy(&mut self, chunk: &Chunk, fortran: bool) -> PathBuf {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!(
            "chunkwise-law-{}-{}.npy",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let path = std::env::temp_dir().join(name);
        if fortran {
            let text = dispatch!(all chunk.dtype(), T => {
                let plain = chunk.clone().into_ndarray::<T>().unwrap();
                let shape: Vec<String> = plain.shape().iter().map(|d| format!("{d},")).collect();
                let flat: Vec<T> = plain.t().iter().copied().collect();
                let flat = Chunk::from_owner(flat, &[plain.len()]).unwrap();
                npy_text(chunk.dtype(), &shape.concat(), &super::compare::bits(&flat))
            });
            std::fs::write(&path, text).unwrap();
        } else {
            chunkwise_storage::write_npy(&path, chunk).unwrap();
        }
        self.files.push(path.clone());
        path
    }

    /// One more operation; whether it could be applied.
    fn step(&mut self) -> bool {
        if self.numbers.one_in(12) {
            self.leaf();
            return true;
        }
        let at = match self.numbers.one_in(2) {
            true => self.made.len() - 1,
            false => self.numbers.below(self.made.len()),
        };
        let x = self.made[at].clone();
        let Some((line, made, rounded)) = self.operation(&x, &format!("a{at}")) else {
            return false;
        };
        let Ok(array) = made else { return false };
        let Ok(array) = array.check().cloned() else {
            return false;
        };
        // What lies between may be large without the result being so.
        if largest(array.expr().unwrap()) > 20 * ELEMENTS {
            return false;
        }
        if array.size() > ELEMENTS || array.ndim() > AXES {
            if array.expr().is_ok_and(|e| e.unknown_axis().is_some()) {
                return false;
            }
            let cut: Vec<Index> = array
                .shape()
                .iter()
                .map(|d| match *d > 12 {
                    true => Index::slice(None, None, (*d / 12) as isize),
                    false if array.ndim() > AXES => Index::At(-(*d as isize).min(1)),
                    false => Index::FULL,
                })
                .collect();
            let Ok(smaller) = array.get(cut) else {
                return false;
            };
            if smaller.size() > ELEMENTS || smaller.ndim() > AXES {
                return false;
            }
            self.keep(format!("{line} [..; n]"), smaller, rounded);
            return true;
        }
        self.keep(line, array, rounded);
        true
    }

    #[allow(clippy::too_many_lines, reason = "a list of operations")]
    fn operation(&mut self, x: &Made, name: &str) -> Option<(String, Result<Array>, bool)> {
        let a = &x.array;
        let ndim = a.ndim();
        let shape = a.shape().to_vec();
        let inexact = a.dtype().is_inexact();
        let rounded = x.rounded;
        let some_axis = |n: &mut Numbers| (ndim > 0).then(|| n.below(ndim));
        let line = |what: String| format!("{name}.{what}");
        Some(match self.numbers.below(30) {
            0..=3 => {
                let steady = ["negative", "abs", "square", "isnan", "real", "conj", "tanh"];
                let jumpy = [
                    "sin",
                    "floor",
                    "sign",
                    "logical_not",
                    "round",
                    "sqrt",
                    "exp",
                    "trunc",
                ];
                let all = if rounded {
                    &steady[..]
                } else {
                    &[&steady[..], &jumpy[..]].concat()
                };
                let f = *self.numbers.pick(all);
                let made = match f {
                    "negative" => a.negative(),
                    "abs" => a.abs(),
                    "square" => a.square(),
                    "isnan" if !rounded => a.isnan(),
                    "real" => a.real(),
                    "conj" => a.conj(),
                    "sin" => a.sin(),
                    "tanh" => a.tanh(),
                    "floor" => a.floor(),
                    "sign" => a.sign(),
                    "logical_not" => a.logical_not(),
                    "round" => a.round(1),
                    "sqrt" => a.sqrt(),
                    "exp" => a.exp(),
                    "trunc" => a.trunc(),
                    _ => return None,
                };
                (line(format!("{f}()")), made, rounded)
            }
            4..=8 => {
                let (other, named) = self.partner(a)?;
                let rounded = rounded || other.rounded;
                let b = &other.array;
                let steady = ["add", "subtract", "multiply", "add", "maximum", "minimum"];
                let jumpy = [
                    "less",
                    "equal",
                    "remainder",
                    "floor_divide",
                    "divide",
                    "logical_and",
                    "bitwise_xor",
                ];
                let all = if rounded {
                    &steady[..]
                } else {
                    &[&steady[..], &jumpy[..]].concat()
                };
                let f = *self.numbers.pick(all);
                let made = match f {
                    "add" => a.add(b),
                    "subtract" => a.subtract(b),
                    "multiply" => a.multiply(b),
                    "maximum" => a.maximum(b),
                    "minimum" => a.minimum(b),
                    "less" => a.less(b),
                    "equal" => a.equal(b),
                    "remainder" => a.remainder(b),
                    "floor_divide" => a.floor_divide(b),
                    "divide" => a.divide(b),
                    "logical_and" => a.logical_and(b),
                    _ => a.bitwise_xor(b),
                };
                (line(format!("{f}({named})")), made, rounded)
            }
            9 => {
                let s = self.numbers.between(-3, 5);
                let made = match self.numbers.below(3) {
                    0 => a.multiply(s as f64 * 0.5),
                    1 => a.add(s as i64),
                    _ => a.clip(-5, 7),
                };
                (line(format!("scalar {s}")), made, rounded)
            }
            10 => {
                let to = *self.numbers.pick(&DType::ALL);
                if rounded && !to.is_inexact() {
                    return None;
                }
                (line(format!("astype({to})")), a.astype(to), rounded)
            }
            11..=13 => {
                let mut index = Vec::new();
                for d in &shape {
                    let n = &mut self.numbers;
                    if n.one_in(8) {
                        index.push(Index::NewAxis);
                    }
                    let d = *d as isize;
                    let bound = |n: &mut Numbers| (!n.one_in(3)).then(|| n.between(-d - 2, d + 2));
                    index.push(match n.below(6) {
                        0 if d > 0 => Index::At(n.between(-d, d - 1)),
                        1 | 2 => Index::FULL,
                        _ => {
                            let (start, stop) = (bound(n), bound(n));
                            Index::slice(start, stop, *n.pick(&[1, 1, 2, 3, 7, -1, -1, -2, -5]))
                        }
                    });
                }
                (line(format!("get({index:?})")), a.get(&index), rounded)
            }
            14 => {
                let order: Vec<isize> = self
                    .numbers
                    .shuffled(ndim)
                    .iter()
                    .map(|a| *a as isize)
                    .collect();
                (
                    line(format!("transpose({order:?})")),
                    a.transpose(&order),
                    rounded,
                )
            }
            15 => {
                let axis = some_axis(&mut self.numbers)?;
                match self.numbers.below(4) {
                    0 => (line(format!("flip({axis})")), a.flip(axis), rounded),
                    1 => {
                        let by = self.numbers.between(-9, 9);
                        (
                            line(format!("roll({by}, {axis})")),
                            a.roll(&[by], axis),
                            rounded,
                        )
                    }
                    2 => {
                        let n = 1 + self.numbers.below(3);
                        let made = a.repeat(n, Some(axis as isize));
                        (line(format!("repeat({n}, {axis})")), made, rounded)
                    }
                    _ => {
                        let times: Vec<usize> =
                            (0..ndim).map(|_| 1 + self.numbers.below(2)).collect();
                        (line(format!("tile({times:?})")), a.tile(&times), rounded)
                    }
                }
            }
            16 => {
                let widths: Vec<(usize, usize)> = (0..ndim)
                    .map(|_| (self.numbers.below(4), self.numbers.below(4)))
                    .collect();
                let modes = [
                    Pad::Constant(2.into()),
                    Pad::Edge,
                    Pad::Reflect,
                    Pad::Symmetric,
                    Pad::Wrap,
                ];
                let mode = *self.numbers.pick(&modes);
                (
                    line(format!("pad({widths:?}, {mode:?})")),
                    a.pad(&widths, mode),
                    rounded,
                )
            }
            17 => {
                let axis = some_axis(&mut self.numbers)?;
                let d = shape[axis] as isize;
                if d == 0 {
                    return None;
                }
                let many = self.numbers.below(2 * d as usize + 2);
                let at: Vec<isize> = (0..many).map(|_| self.numbers.between(-d, d - 1)).collect();
                (
                    line(format!("take({at:?}, {axis})")),
                    a.take(&at, axis as isize),
                    rounded,
                )
            }
            18 | 19 => {
                let to = factors(&mut self.numbers, a.size());
                (
                    line(format!("reshape({to:?})")),
                    a.reshape(&to[..]),
                    rounded,
                )
            }
            20 => {
                let chunks = self.chunks(&shape);
                (
                    line(format!("rechunk({chunks})")),
                    a.rechunk(chunks),
                    rounded,
                )
            }
            21..=23 => {
                let axes = self.numbers.subset(ndim);
                let keep = self.numbers.one_in(3);
                let to = Axes::from(&axes[..]);
                let to = if keep { to.keepdims() } else { to };
                let rows = [
                    "sum",
                    "mean",
                    "var",
                    "std",
                    "min",
                    "max",
                    "any",
                    "all",
                    "count_nonzero",
                    "ptp",
                    "argmin",
                    "argmax",
                    "nansum",
                    "nanmean",
                    "nanvar",
                    "nanstd",
                    "nanmin",
                    "nanmax",
                    "nanargmin",
                    "nanargmax",
                    "prod",
                    "nanprod",
                    "topk",
                    "argtopk",
                ];
                let f = *self.numbers.pick(&rows);
                let jumps = matches!(f, "any" | "all" | "count_nonzero") || f.contains("arg");
                if rounded && jumps {
                    return None;
                }
                let one = axes.first().copied().unwrap_or(0) as isize;
                let k = 1 + self.numbers.below(3) as isize;
                let k = if self.numbers.one_in(2) { -k } else { k };
                let made = match f {
                    "sum" => a.sum(to),
                    "mean" => a.mean(to),
                    "var" => a.var(to, 1.0),
                    "std" => a.std(to, 0.0),
                    "min" => a.min(to),
                    "max" => a.max(to),
                    "any" => a.any(to),
                    "all" => a.all(to),
                    "count_nonzero" => a.count_nonzero(to),
                    "ptp" => a.ptp(to),
                    "argmin" => a.argmin(to),
                    "argmax" => a.argmax(to),
                    "nansum" => a.nansum(to),
                    "nanmean" => a.nanmean(to),
                    "nanvar" => a.nanvar(to, 0.0),
                    "nanstd" => a.nanstd(to, 1.0),
                    "nanmin" => a.nanmin(to),
                    "nanmax" => a.nanmax(to),
                    "nanargmin" => a.nanargmin(to),
                    "nanargmax" => a.nanargmax(to),
                    "prod" => a.prod(to),
                    "nanprod" => a.nanprod(to),
                    "topk" => a.topk(k, one),
                    _ => a.argtopk(k, one),
                };
                let sums = ["sum", "prod", "mean", "var", "std"]
                    .iter()
                    .any(|s| f.ends_with(s));
                let made_rounded =
                    rounded || (sums && (inexact || !f.ends_with("sum") && !f.ends_with("prod")));
                (
                    line(format!("{f}({axes:?} {keep} k={k})")),
                    made,
                    made_rounded,
                )
            }
            24 => {
                let axis = some_axis(&mut self.numbers)?;
                let rows = [
                    "cumsum",
                    "cumprod",
                    "cummin",
                    "cummax",
                    "nancumsum",
                    "nancumprod",
                    "sort",
                ];
                let f = *self.numbers.pick(&rows);
                let made = match f {
                    "cumsum" => a.cumsum(axis),
                    "cumprod" => a.sign().and_then(|s| s.cumprod(axis)),
                    "cummin" => a.cummin(axis),
                    "cummax" => a.cummax(axis),
                    "nancumsum" => a.nancumsum(axis),
                    "sort" => a.sort(axis as isize, false),
                    _ => a.sign().and_then(|s| s.nancumprod(axis)),
                };
                if rounded && f.ends_with("prod") {
                    return None;
                }
                let sums = f.ends_with("sum") || f.ends_with("prod");
                (
                    line(format!("{f}({axis})")),
                    made,
                    rounded || (inexact && sums),
                )
            }
            25 => {
                let (other, named) = self.any();
                let b = &other.array;
                // Fitted to each other: the last axis of one with the first of the other.
                let k = shape.last().copied()?.min(*b.shape().first()?);
                let left = a.slice_last(k)?;
                let right = b.slice_first(k)?;
                let made = match self.numbers.below(3) {
                    0 if ndim <= 2 && b.ndim() <= 2 => left.matmul(&right),
                    1 if ndim == 2 && b.ndim() == 2 => einsum("ij,jk->ki", [&left, &right]),
                    _ => left.tensordot(&right, 1),
                };
                (
                    line(format!("product({named}) over {k}")),
                    made,
                    rounded || other.rounded || inexact || b.dtype().is_inexact(),
                )
            }
            26 => {
                let (other, named) = self.partner(a)?;
                let (third, also) = self.partner(a)?;
                if rounded {
                    return None;
                }
                let made = match self.numbers.one_in(3) {
                    true => a
                        .greater(1)
                        .and_then(|m| m.where_(&other.array, &third.array)),
                    false => a
                        .logical_not()
                        .and_then(|m| m.where_(&other.array, &third.array)),
                };
                (
                    line(format!("where({named}, {also})")),
                    made,
                    other.rounded || third.rounded,
                )
            }
            27 => {
                let axis = some_axis(&mut self.numbers)?;
                let (other, named) = self.any();
                let b = if other.array.shape() == shape {
                    other.clone()
                } else {
                    x.clone()
                };
                let rounded = rounded || b.rounded;
                let cut = a.get(vec![Index::slice(Some(1), None, 2)]);
                match self.numbers.below(3) {
                    0 => (
                        line(format!("stack({named} or itself, {axis})")),
                        stack([a, &b.array], axis as isize),
                        rounded,
                    ),
                    1 if axis == 0 => {
                        let made = cut.and_then(|c| concatenate([&c, a, &b.array], 0));
                        (
                            line(format!("concatenate([1::2], it, {named} or it)")),
                            made,
                            rounded,
                        )
                    }
                    _ => (
                        line(format!("concatenate({named} or itself, {axis})")),
                        concatenate([a, &b.array, a], axis as isize),
                        rounded,
                    ),
                }
            }
            28 => {
                if rounded {
                    return None;
                }
                let mask = a.greater(1).ok()?;
                let made = match self.numbers.below(3) {
                    0 => a.mask(&mask),
                    1 => {
                        let axes: Vec<usize> = (1..ndim).collect();
                        let rows = mask.any(Axes::from(&axes[..])).ok()?;
                        a.compress(&rows, 0)
                    }
                    _ => a.mask(&mask).and_then(|m| m.sum(..)),
                };
                (line("mask(> 1)".to_owned()), made, rounded || inexact)
            }
            _ => {
                let made = match a.dtype() {
                    DType::F64 => self.call::<f64>(a, |v| v * 2.0),
                    DType::F32 => self.call::<f32>(a, |v| v + 1.0),
                    DType::I64 => self.call::<i64>(a, |v| v.wrapping_sub(3)),
                    DType::Bool => self.call::<bool>(a, |v| !v),
                    _ => return None,
                };
                (line("function".to_owned()), made, rounded)
            }
        })
    }

    fn call<T: Element>(&mut self, a: &Array, f: fn(T) -> T) -> Result<Array> {
        match self.numbers.below(3) {
            0 => {
                let depths: Vec<usize> = (0..a.ndim()).map(|_| self.numbers.below(3)).collect();
                let boundary = *self.numbers.pick(&[
                    Boundary::None,
                    Boundary::Reflect,
                    Boundary::Periodic,
                    Boundary::Nearest,
                ]);
                let overlap = Overlap::axes(depths.clone()).boundary(boundary);
                // Each element together with the one before along the first axis that has depth.
                a.map_overlap(overlap, move |v: ArrayViewD<T>| {
                    let axis = depths.iter().position(|d| *d > 0);
                    ArrayD::from_shape_fn(v.raw_dim(), |i| {
                        let mut at: Vec<usize> = (0..v.ndim()).map(|k| i[k]).collect();
                        if let Some(axis) = axis {
                            at[axis] = at[axis].saturating_sub(1);
                        }
                        f(v[&at[..]])
                    })
                })
            }
            1 if a.ndim() > 0 => {
                let axis = self.numbers.below(a.ndim());
                map_blocks(
                    [a],
                    T::DTYPE,
                    Blocks::new().drop_axes([axis as isize]),
                    move |c: &[Chunk], _: &Region| -> Result<ArrayD<T>> {
                        let all = c[0].clone().into_ndarray::<T>()?;
                        Ok(all.map_axis(ndarray::Axis(axis), |v| {
                            v.iter().copied().last().map_or(T::from_scalar(7.into()), f)
                        }))
                    },
                )
            }
            _ => a.map_blocks(move |v: ArrayViewD<T>| v.mapv(f)),
        }
    }

    fn any(&mut self) -> (Made, String) {
        let at = self.numbers.below(self.made.len());
        (self.made[at].clone(), format!("a{at}"))
    }

    /// Something that broadcasts with an array.
    fn partner(&mut self, a: &Array) -> Option<(Made, String)> {
        let (other, name) = self.any();
        if chunkwise_core::broadcast_shapes(&[a.shape(), other.array.shape()]).is_ok() {
            return Some((other, name));
        }
        let unknown = |a: &Array| a.expr().is_ok_and(|e| e.unknown_axis().is_some());
        if unknown(a) || unknown(&other.array) {
            return None;
        }
        match self.numbers.below(3) {
            0 => None,
            1 => {
                let flat = other.array.ravel().ok()?;
                let n = *a.shape().last()?;
                let line = flat
                    .get(vec![Index::slice(None, Some(n as isize), 1)])
                    .ok()?;
                (line.size() == n).then_some((
                    Made {
                        array: line,
                        rounded: other.rounded,
                    },
                    format!("{name}.ravel()[:{n}]"),
                ))
            }
            _ => Some((
                Made {
                    array: a.flip(..).ok()?,
                    rounded: self.made.iter().any(|m| m.rounded),
                },
                "its flip".to_owned(),
            )),
        }
    }
}

/// The elements of the largest array that an expression is made of.
fn largest(e: &Expr) -> usize {
    let mut seen = std::collections::HashSet::new();
    let mut stack = vec![e.clone()];
    let mut most = 0;
    while let Some(e) = stack.pop() {
        if seen.insert(e.id()) {
            most = most.max(e.len());
            stack.extend(e.inputs().into_iter().cloned());
        }
    }
    most
}

trait Ends: Sized {
    fn slice_last(&self, k: usize) -> Option<Self>;
    fn slice_first(&self, k: usize) -> Option<Self>;
}

impl Ends for Array {
    fn slice_last(&self, k: usize) -> Option<Array> {
        self.get(vec![
            Index::Ellipsis,
            Index::slice(None, Some(k as isize), 1),
        ])
        .ok()
    }
    fn slice_first(&self, k: usize) -> Option<Array> {
        self.get(vec![Index::slice(None, Some(k as isize), 1)]).ok()
    }
}

/// A length as a sum.
fn pieces(n: &mut Numbers, len: usize) -> Vec<usize> {
    let mut left = len;
    let mut out = Vec::new();
    while left > 0 {
        let many = (1 + n.below(len)).min(left);
        out.push(many);
        left -= many;
        if out.len() > 30 {
            out.push(left);
            break;
        }
    }
    if out.last() == Some(&0) {
        out.pop();
    }
    if out.is_empty() { vec![0] } else { out }
}

/// A length as a product.
fn factors(n: &mut Numbers, len: usize) -> Vec<usize> {
    let mut out = Vec::new();
    let mut left = len;
    for _ in 0..n.below(4) {
        let divisors: Vec<usize> = (1..=left.min(60))
            .filter(|d| left.is_multiple_of(*d))
            .collect();
        let Some(d) = (!divisors.is_empty()).then(|| *n.pick(&divisors)) else {
            break;
        };
        out.push(d);
        left /= d;
    }
    if left != 1 || out.is_empty() && n.one_in(2) {
        let at = n.below(out.len() + 1);
        out.insert(at, left);
    }
    out
}

fn npy_text(dtype: DType, shape: &str, data: &[u8]) -> Vec<u8> {
    let kind = match dtype {
        DType::Bool => "|b1".to_owned(),
        d if d.is_complex() => format!("<c{}", d.size()),
        d if d.is_float() => format!("<f{}", d.size()),
        d => format!("<{}{}", &d.name()[..1], d.size()),
    };
    let mut text = format!("{{'descr': '{kind}', 'fortran_order': True, 'shape': ({shape}), }}");
    while !(text.len() + 11).is_multiple_of(64) {
        text.push(' ');
    }
    text.push('\n');
    let mut out = b"\x93NUMPY\x01\x00".to_vec();
    out.extend((text.len() as u16).to_le_bytes());
    out.extend(text.as_bytes());
    out.extend(data);
    out
}
