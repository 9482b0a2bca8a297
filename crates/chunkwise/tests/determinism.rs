//! Results do not depend on the number of threads, nor on what else is computed with them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use chunkwise::*;
use support::compare::{close, same};

/// Values whose sums depend on the order of adding.
fn uneven() -> Array {
    Random::new(3).normal(0.0, 1e3, [61, 47, 5], 16).unwrap()
}

fn reductions(x: &Array) -> Vec<(String, Array)> {
    let mut all: Vec<(String, Array)> = Vec::new();
    let axes: [Axes; 5] = [
        Axes::ALL,
        Axes::from(0),
        Axes::from(1),
        Axes::from([0, 2]),
        Axes::from([1, 2]),
    ];
    for to in axes {
        let mut add = |name: &str, made: Result<Array>| {
            if let Ok(a) = made {
                all.push((format!("{name} {to:?} of {}", x.dtype()), a));
            }
        };
        let a = || to.clone();
        add("sum", x.sum(a()));
        add("prod", x.prod(a()));
        add("mean", x.mean(a()));
        add("var", x.var(a(), 0.0));
        add("std", x.std(a(), 1.0));
        add("min", x.min(a()));
        add("max", x.max(a()));
        add("ptp", x.ptp(a()));
        add("any", x.any(a()));
        add("all", x.all(a()));
        add("count_nonzero", x.count_nonzero(a()));
        add("argmin", x.argmin(a()));
        add("argmax", x.argmax(a()));
        add("nansum", x.nansum(a()));
        add("nanprod", x.nanprod(a()));
        add("nanmean", x.nanmean(a()));
        add("nanvar", x.nanvar(a(), 0.0));
        add("nanstd", x.nanstd(a(), 0.0));
        add("nanmin", x.nanmin(a()));
        add("nanmax", x.nanmax(a()));
        add("nanargmin", x.nanargmin(a()));
        add("nanargmax", x.nanargmax(a()));
    }
    for axis in [0, 1] {
        all.push((format!("topk {axis}"), x.topk(5, axis).unwrap()));
        all.push((format!("argtopk {axis}"), x.argtopk(-5, axis).unwrap()));
        all.push((format!("sort {axis}"), x.sort(axis, false).unwrap()));
        all.push((format!("argsort {axis}"), x.argsort(axis, true).unwrap()));
        all.push((format!("median {axis}"), x.median(axis).unwrap()));
        all.push((format!("cumsum {axis}"), x.cumsum(axis).unwrap()));
        all.push((format!("cumprod {axis}"), x.cumprod(axis).unwrap()));
    }
    all
}

#[test]
fn threads_do_not_change_a_bit() {
    for dtype in [DType::F64, DType::F32, DType::C128, DType::I32] {
        let x = uneven().astype(dtype).unwrap();
        let all = match dtype.is_complex() {
            true => vec![
                ("sum".to_owned(), x.sum(0).unwrap()),
                ("mean".to_owned(), x.mean(..).unwrap()),
                ("var".to_owned(), x.var([0, 1], 0.0).unwrap()),
                ("cumsum".to_owned(), x.cumsum(0).unwrap()),
            ],
            false => reductions(&x),
        };
        let arrays: Vec<&Array> = all.iter().map(|(_, a)| a).collect();
        let on = |threads| {
            let session = Session::new(threads, 1 << 28).unwrap().with_grain(128);
            session.compute(&arrays).unwrap()
        };
        let one = on(1);
        for threads in [2, 3, 8, 8, 8] {
            for (((name, _), a), b) in all.iter().zip(&one).zip(on(threads)) {
                same(a, &b).unwrap_or_else(|e| panic!("{name} on {threads} threads: {e}"));
            }
        }
    }
}

#[test]
fn together_is_as_apart() {
    let x = uneven();
    let all = reductions(&x);
    let arrays: Vec<&Array> = all.iter().map(|(_, a)| a).collect();
    let session = Session::new(2, 1 << 28).unwrap().with_grain(200);
    let together = session.compute(&arrays).unwrap();
    for ((name, a), got) in all.iter().zip(&together) {
        let apart = session.compute(&[a]).unwrap();
        close(got, &apart[0]).unwrap_or_else(|e| panic!("{name}: {e}"));
    }
}

#[test]
fn what_lies_in_scratch_files_does_not_change_a_bit() {
    // What is written there while a run goes on is a matter of chance: parts of cells lie in memory with gaps, or
    // come from a file without.
    let x = Random::new(5)
        .normal(0.0, 1e3, [240_000, 7], [24_000, 7])
        .unwrap();
    let x = x
        .map_blocks(|c: ndarray::ArrayViewD<'_, f64>| c.to_owned())
        .unwrap();
    let mean = x.mean(..).unwrap();
    let columns = x.get_str(":, 1:6").unwrap().subtract(&mean).unwrap();
    let pairs = x
        .get_str("::2")
        .unwrap()
        .add(x.get_str("1::2").unwrap())
        .unwrap();
    let pairs = pairs.subtract(&mean).unwrap();
    let arrays = [
        columns.sum(..).unwrap(),
        columns.var(1, 0.0).unwrap(),
        pairs.sum(..).unwrap(),
        pairs.mean(0).unwrap(),
    ];
    for array in &arrays {
        let mut first: Option<Chunk> = None;
        for threads in [1, 2, 3, 2, 1, 4] {
            let session = Session::new(threads, 10 << 20).unwrap();
            let found = session.compute(&[array]).unwrap().remove(0);
            match &first {
                Some(first) => same(first, &found).unwrap(),
                None => first = Some(found),
            }
        }
    }
}
