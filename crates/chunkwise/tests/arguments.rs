//! No argument makes a public method panic: what makes no sense is an error.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};

use chunkwise::*;
use support::numbers::Numbers;

const EXTREME: &[isize] = &[
    isize::MIN,
    isize::MIN + 1,
    -1 << 40,
    -100,
    -3,
    -2,
    -1,
    0,
    1,
    2,
    3,
    4,
    7,
    100,
    1 << 33,
    isize::MAX - 1,
    isize::MAX,
];

fn int(n: &mut Numbers) -> isize {
    match n.one_in(4) {
        true => *n.pick(EXTREME),
        false => n.between(-5, 6),
    }
}

fn length(n: &mut Numbers) -> usize {
    match n.one_in(4) {
        true => *n.pick(EXTREME) as usize,
        false => n.below(8),
    }
}

fn ints(n: &mut Numbers) -> Vec<isize> {
    (0..n.below(5)).map(|_| int(n)).collect()
}

fn lengths(n: &mut Numbers) -> Vec<usize> {
    (0..n.below(5)).map(|_| length(n)).collect()
}

fn axes(n: &mut Numbers) -> Axes {
    let axes = match n.below(3) {
        0 => Axes::ALL,
        1 => Axes::from(int(n)),
        _ => Axes::from(ints(n)),
    };
    if n.one_in(3) { axes.keepdims() } else { axes }
}

fn chunks(n: &mut Numbers) -> Chunks {
    match n.below(6) {
        0 => Chunks::AUTO,
        1 => Chunks::Auto {
            bytes: length(n) as u64,
        },
        2 => Chunks::Uniform(int(n)),
        3 => Chunks::Sizes(ints(n)),
        4 => Chunks::Explicit((0..n.below(4)).map(|_| lengths(n)).collect()),
        _ => Chunks::Grid(Grid::regular(&[3, 4], &[2, 1])),
    }
}

fn index(n: &mut Numbers) -> Vec<Index> {
    let bound = |n: &mut Numbers| (!n.one_in(3)).then(|| int(n));
    (0..n.below(6))
        .map(|_| match n.below(6) {
            0 => Index::At(int(n)),
            1 => Index::NewAxis,
            2 => Index::Ellipsis,
            3 => Index::FULL,
            _ => {
                let (start, stop) = (bound(n), bound(n));
                Index::slice(start, stop, int(n))
            }
        })
        .collect()
}

fn pairs(n: &mut Numbers) -> Vec<(usize, usize)> {
    (0..n.below(4)).map(|_| (length(n), length(n))).collect()
}

fn text(n: &mut Numbers) -> String {
    const PARTS: &[&str] = &[
        ":",
        ",",
        "1",
        "-1",
        "::",
        "...",
        "newaxis",
        "None",
        " ",
        "99999999999999999999",
        "i",
        "j",
        "->",
        "ij",
        "é",
        "(",
        "0:100",
        ";",
    ];
    (0..n.below(7)).map(|_| *n.pick(PARTS)).collect()
}

fn float(n: &mut Numbers) -> f64 {
    *n.pick(&[
        0.0,
        1.0,
        -1.0,
        0.5,
        1e300,
        -1e300,
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        1e-320,
    ])
}

fn scalar(n: &mut Numbers) -> Scalar {
    match n.below(4) {
        0 => Scalar::Bool(n.one_in(2)),
        1 => Scalar::Int(int(n) as i128 * *n.pick(&[1, 1 << 64])),
        2 => Scalar::Float(float(n)),
        _ => Scalar::Complex(Complex64::new(float(n), float(n))),
    }
}

fn array(n: &mut Numbers) -> Array {
    let shapes: [&[usize]; 10] = [
        &[],
        &[0],
        &[1],
        &[5],
        &[3, 4],
        &[4, 3],
        &[0, 3],
        &[2, 1, 3],
        &[1 << 40, 3],
        &[1 << 20, 1 << 20, 1 << 20],
    ];
    let shape = *n.pick(&shapes);
    let dtype = *n.pick(&DType::ALL);
    let made = match n.below(3) {
        0 => Array::ones(shape, dtype, 2),
        1 => Random::new(1).random(shape, 1 << 20),
        _ => Array::full(shape, 2, dtype, Chunks::AUTO),
    };
    made.or_else(|_| Array::ones([3, 4], dtype, 2)).unwrap()
}

/// The name of a method, and what it answers for random arguments.
fn call(n: &mut Numbers, trace: Option<u64>) -> (&'static str, Vec<Result<Array>>) {
    let (a, b) = (array(n), array(n));
    let both = [&a, &b];
    macro_rules! calls {
        ($($name:literal => $call:expr;)*) => {{
            let names = [$($name),*];
            let chosen = *n.pick(&names);
            if let Some(seed) = trace {
                eprintln!("CHUNKWISE_SEED={seed} {chosen} of {a} and {b}");
            }
            let answers: Vec<Result<Array>> = match chosen {
                $($name => $call,)*
                _ => Vec::new(),
            };
            (chosen, answers)
        }};
    }
    let one = |r: Result<Array>| vec![r];
    let all = |r: Result<Vec<Array>>| match r {
        Ok(all) => all.into_iter().map(Ok).collect(),
        Err(e) => vec![Err(e)],
    };
    calls! {
        "get" => one(a.get(index(n)));
        "get_str" => one(a.get_str(&text(n)));
        "take" => one(a.take(&ints(n), int(n)));
        "compress" => one(a.compress(&b, int(n)));
        "mask" => one(a.mask(&b));
        "reshape" => one(a.reshape(ints(n)));
        "reshape lengths" => one(a.reshape(lengths(n)));
        "ravel" => one(a.ravel());
        "rechunk" => one(a.rechunk(chunks(n)));
        "transpose" => one(a.transpose(&ints(n)));
        "swapaxes" => one(a.swapaxes(int(n), int(n)));
        "moveaxis" => one(a.moveaxis(ints(n), ints(n)));
        "squeeze" => one(a.squeeze(axes(n)));
        "expand_dims" => one(a.expand_dims(&ints(n)));
        "flip" => one(a.flip(axes(n)));
        "rot90" => one(a.rot90(int(n), int(n), int(n)));
        "roll" => one(a.roll(&ints(n), axes(n)));
        "atleast_nd" => one(a.atleast_nd(n.below(40)));
        "broadcast_to" => one(a.broadcast_to(lengths(n)));
        "broadcast_arrays" => all(broadcast_arrays(both));
        "concatenate" => one(concatenate(both, int(n)));
        "stack" => one(stack(both, int(n)));
        "vstack" => one(vstack(both));
        "hstack" => one(hstack(both));
        "dstack" => one(dstack(both));
        "split" => all(a.split(n.below(9), int(n)));
        "array_split" => all(a.array_split(n.below(9), int(n)));
        "split_at" => all(a.split_at(&ints(n), int(n)));
        "repeat" => one(a.repeat(length(n), if n.one_in(2) { Some(int(n)) } else { None }));
        "repeat_each" => one(a.repeat_each(&(0..n.below(6)).map(|_| n.below(9)).collect::<Vec<_>>(), int(n)));
        "tile" => one(a.tile(&(0..n.below(6)).map(|_| n.below(9)).collect::<Vec<_>>()));
        "pad" => {
            let mode = *n.pick(&[Pad::Edge, Pad::Reflect, Pad::Symmetric, Pad::Wrap]);
            let widths: Vec<_> = (0..n.below(4)).map(|_| (n.below(9), n.below(9))).collect();
            one(a.pad(&widths, mode))
        };
        "pad constant" => { let value = scalar(n); one(a.pad(&pairs(n), Pad::Constant(value))) };
        "sum" => one(a.sum(axes(n)));
        "mean" => one(a.mean(axes(n)));
        "var" => one(a.var(axes(n), float(n)));
        "argmax" => one(a.argmax(axes(n)));
        "min" => one(a.min(axes(n)));
        "nanargmin" => one(a.nanargmin(axes(n)));
        "topk" => one(a.topk(int(n), int(n)));
        "argtopk" => one(a.argtopk(int(n), int(n)));
        "cumsum" => one(a.cumsum(axes(n)));
        "cummax" => one(a.cummax(axes(n)));
        "add" => one(a.add(&b));
        "pow" => one(a.pow(scalar(n)));
        "bitwise_left_shift" => one(a.bitwise_left_shift(scalar(n)));
        "clip" => one(a.clip(float(n), float(n)));
        "round" => one(a.round(int(n) as i32));
        "where" => one(where_(&a, &b, scalar(n)));
        "isclose" => one(a.isclose(&b, float(n), float(n), n.one_in(2)));
        "astype" => one(a.astype(*n.pick(&DType::ALL)));
        "matmul" => one(a.matmul(&b));
        "dot" => one(a.dot(&b));
        "vdot" => one(a.vdot(&b));
        "inner" => one(a.inner(&b));
        "outer" => one(a.outer(&b));
        "kron" => one(a.kron(&b));
        "vecdot" => one(a.vecdot(&b, int(n)));
        "tensordot" => one(a.tensordot(&b, length(n)));
        "tensordot pairs" => one(a.tensordot(&b, (&ints(n)[..], &ints(n)[..])));
        "einsum" => one(einsum(&text(n), both));
        "diagonal" => one(a.diagonal(int(n), int(n), int(n)));
        "trace" => one(a.trace(int(n), int(n), int(n)));
        "diag" => one(a.diag(int(n)));
        "tril" => one(a.tril(int(n)));
        "triu" => one(a.triu(int(n)));
        "diff" => one(a.diff(n.below(9), int(n)));
        "zeros" => one(Array::zeros(lengths(n), DType::I16, chunks(n)));
        "full" => one(Array::full(lengths(n), scalar(n), *n.pick(&DType::ALL), chunks(n)));
        "arange" => one(Array::arange(scalar(n), scalar(n), scalar(n), chunks(n)));
        "linspace" => one(Array::linspace(float(n), float(n), length(n), n.one_in(2), chunks(n)));
        "eye" => one(Array::eye(length(n), length(n), int(n), DType::F64, chunks(n)));
        "tri" => one(Array::tri(length(n), length(n), int(n), DType::F64, chunks(n)));
        "indices" => one(Array::indices(lengths(n), chunks(n)));
        "meshgrid" => all(meshgrid(both, n.one_in(2)));
        "from_vec" => one(Array::from_vec(vec![1u8; 12], lengths(n), chunks(n)));
        "from_filler" => one(Array::from_filler(lengths(n), DType::F32, chunks(n), |_, _| Ok(())));
        "map_blocks" => {
            let sizes: Vec<Vec<usize>> = (0..n.below(4)).map(|_| (0..n.below(4)).map(|_| n.below(5)).collect()).collect();
            let mut blocks = Blocks::new().drop_axes(ints(n)).new_axes(ints(n));
            if n.one_in(2) { blocks = blocks.sizes(sizes) }
            one(map_blocks(both, DType::F64, blocks, |c: &[Chunk], _: &Region| c[0].clone()))
        };
        "map_overlap" => {
            let sides: Vec<_> = (0..n.below(4)).map(|_| (n.below(9), n.below(9))).collect();
            let overlap = Overlap::sides(sides).boundary(*n.pick(&[Boundary::None, Boundary::Periodic, Boundary::Nearest, Boundary::Reflect, Boundary::Constant(0.0)]));
            let x = a.astype(DType::F64).unwrap();
            one(x.map_overlap(overlap.trim(n.one_in(2)), |v: ndarray::ArrayViewD<f64>| v.to_owned()))
        };
        "integers" => one(Random::new(1).integers(int(n) as i128, int(n) as i128 * (1 << 30), lengths(n), chunks(n)));
        "poisson" => one(Random::new(1).poisson(float(n), lengths(n), chunks(n)));
        "binomial" => one(Random::new(1).binomial(length(n) as u64, float(n), lengths(n), chunks(n)));
        "choice" => one(Random::new(1).weighted_choice(&[float(n), float(n)], lengths(n), chunks(n)));
        "permutation" => one(Random::new(1).permutation(length(n), chunks(n)));
        "normal" => one(Random::new(1).normal(float(n), float(n), lengths(n), chunks(n)));
    }
}

/// Where the last panic was.
static PLACE: std::sync::Mutex<String> = std::sync::Mutex::new(String::new());

#[test]
fn no_argument_makes_a_method_panic() {
    let count = support::setting("CHUNKWISE_CALLS", 30_000);
    let first = support::setting("CHUNKWISE_SEED", 0);
    let trace = support::setting("CHUNKWISE_TRACE", 0) > 0;
    let session = Session::new(1, 1 << 20).unwrap();
    let mut failures = std::collections::BTreeMap::new();
    std::panic::set_hook(Box::new(|info| {
        let at = info
            .location()
            .map(|l| format!("{}:{}", l.file(), l.line()));
        *PLACE.lock().unwrap() = at.unwrap_or_default();
    }));
    for seed in first..first + count {
        let mut n = Numbers::new(seed);
        let mut name = "arrays";
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let (called, answers) = call(&mut n, trace.then_some(seed));
            name = called;
            for made in answers.into_iter().flatten().take(4) {
                // Shown, explained, and computed where that is soon done.
                let _ = (made.to_string(), format!("{made:?}"));
                let _ = session.explain(&[&made]);
                if made.size() <= 1000 && seed % 4 == 0 {
                    let cheap = session
                        .plan(&[&made])
                        .is_ok_and(|p| p.cost() < 1e6 && p.task_count() < 1000);
                    if cheap && let Err(e) = session.compute(&[&made]) {
                        assert!(
                            !matches!(e.root(), Error::Panic { .. } | Error::Internal { .. }),
                            "{e}"
                        );
                    }
                }
            }
        }));
        if let Err(e) = outcome {
            let message = e
                .downcast_ref::<String>()
                .cloned()
                .or_else(|| e.downcast_ref::<&str>().map(|s| (*s).to_owned()));
            let entry = failures
                .entry((PLACE.lock().unwrap().clone(), message.unwrap_or_default()))
                .or_insert((seed, name, 0));
            entry.2 += 1;
        }
    }
    let _ = std::panic::take_hook();
    let list: Vec<String> = failures
        .iter()
        .map(|((place, message), (seed, name, times))| {
            format!("{name}: {place}: {message} (CHUNKWISE_SEED={seed}, {times} times)")
        })
        .collect();
    assert!(
        list.is_empty(),
        "{} kinds of panic:\n{}",
        list.len(),
        list.join("\n")
    );
}
