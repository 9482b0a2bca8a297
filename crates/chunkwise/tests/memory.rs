//! A run never holds more than its limit, and what is refused says what would do.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chunkwise::*;
use ndarray::ArrayViewD;

/// A `.npy` file that goes away.
struct File(PathBuf);

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn file(name: &str) -> File {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    File(std::env::temp_dir().join(format!("chunkwise-{name}-{}-{n}.npy", std::process::id())))
}

/// 1 MiB of float64 on disk.
fn stored(shape: [usize; 2]) -> (File, Array) {
    let file = file("memory");
    let x = Random::new(1).uniform(0.0, 1.0, shape, -1).unwrap();
    Session::new(1, 1 << 26)
        .unwrap()
        .to_npy(&x, &file.0)
        .unwrap();
    let source = Arc::new(NpySource::open(&file.0).unwrap());
    let array = Array::from_source(source, Some(64.into())).unwrap();
    (file, array)
}

type Build = fn(&Array) -> Result<Array>;

/// Work on a matrix, with results that are small or go to a file.
const PLANS: &[(&str, Build)] = &[
    ("mean over rows", |x| x.mean(0)),
    ("std over columns", |x| x.std(1, 0.0)),
    ("everything", |x| x.sum(..)),
    ("less its mean", |x| x.subtract(x.mean(0)?)),
    ("standard scores", |x| {
        x.subtract(x.mean(1).and_then(|m| m.expand_dims(&[1]))?)
    }),
    ("function read twice", |x| {
        let y = x.map_blocks(|c: ArrayViewD<f64>| c.mapv(|v| v + 1.0))?;
        y.divide(y.sum(..)?)
    }),
    ("function, then transposed", |x| {
        let y = x.map_blocks(|c: ArrayViewD<f64>| c.mapv(|v| v + 1.0))?;
        y.add(1.0)?.t()?.cumsum(0)
    }),
    ("cumsum down", |x| x.cumsum(0)),
    ("cumsum along", |x| x.cumsum(1)),
    ("cumsum of all", |x| x.cumsum(..)),
    ("cumsum, then its mean away", |x| {
        let s = x.cumsum(0)?;
        s.subtract(s.mean(0)?)
    }),
    ("product", |x| {
        let y = x.get([Index::slice(None, Some(300), 1)])?;
        y.matmul(&y.t()?)
    }),
    ("product of a product", |x| {
        let n = x.shape()[0].min(x.shape()[1]).min(96) as isize;
        let y = x.get([
            Index::slice(None, Some(n), 1),
            Index::slice(None, Some(n), 1),
        ])?;
        y.matmul(&y)?.matmul(&y)
    }),
    ("scattered rows", |x| {
        let n = x.shape()[0] as isize;
        let at: Vec<isize> = (0..n / 2).map(|i| (i * 37) % n).collect();
        x.take(&at, 0)
    }),
    ("scattered columns", |x| {
        let n = x.shape()[1] as isize;
        let at: Vec<isize> = (0..n / 2).map(|i| (i * 37) % n).collect();
        x.take(&at, 1)
    }),
    ("other shape", |x| x.add(1.0)?.reshape([-1, 16])),
    ("other shape of a scan", |x| x.cumsum(1)?.reshape([-1, 16])),
    ("beside itself", |x| concatenate([x, &x.flip(0)?, x], 1)),
    ("padded", |x| x.pad(&[(3, 5)], Pad::Wrap)),
    ("sums both ways", |x| {
        let rows = x.sum(1)?.expand_dims(&[1])?;
        x.subtract(x.sum(0)?)?.add(rows)
    }),
    ("neighbours", |x| {
        x.map_overlap(
            Overlap::new(1).boundary(Boundary::Reflect),
            |c: ArrayViewD<f64>| c.to_owned(),
        )
    }),
    ("the largest", |x| x.topk(3, 0)),
    ("sorted down", |x| x.sort(0, false)),
    ("sorted along", |x| x.multiply(2.0)?.sort(1, true)),
    ("sorted as one", |x| x.ravel()?.sort(0, false)),
    ("the order of all", |x| x.ravel()?.argsort(0, false)),
    ("the order of sums", |x| x.cumsum(0)?.argsort(1, false)),
    ("medians", |x| x.median(1)),
    ("histogram", |x| {
        Ok(x.histogram((50, 0.0, 1.0), None, false)?.0)
    }),
    ("digits", |x| x.digitize(&[0.1, 0.5, 0.7], false)),
    ("where", |x| where_(x.greater(0.5)?, x, x.mean(0)?)),
    ("rechunked function", |x| {
        let y = x.map_blocks(|c: ArrayViewD<f64>| c.mapv(|v| v + 1.0))?;
        y.rechunk([100isize, 48])?
            .map_blocks(|c: ArrayViewD<f64>| c.mapv(|v| v * 2.0))
    }),
];

/// Plans with tasks that hold more than the array: whole lanes with their keys and places, or chunks
/// joined along an axis for a function. They may be refused at its size and must run at eight times that.
const LARGE: [&str; 4] = ["sorted as one", "the order of all", "medians", "digits"];

fn check(name: &str, session: &Session, array: &Array) -> Result<u64> {
    let out = file("out");
    session.to_npy(array, &out.0)?;
    let peak = session.memory_used().1;
    let limit = session.memory_limit();
    assert!(
        peak <= limit,
        "{name}: {peak} bytes under a limit of {limit} with {} threads: {}%\n{}",
        session.threads(),
        peak * 100 / limit,
        session.explain(&[array])?
    );
    assert_eq!(session.memory_used().0, 0, "{name}");
    Ok(peak)
}

/// The problems of all plans, together.
fn gather(f: impl Fn(&str, &Array) + Copy + Send + 'static) {
    let mut problems = Vec::new();
    for shape in [[256, 512], [2730, 48]] {
        let (kept, x) = stored(shape);
        for (name, build) in PLANS {
            let Ok(array) = build(&x) else {
                panic!("{name} cannot be built");
            };
            let what = format!("{name} of {shape:?}");
            let text = what.clone();
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                support::within(Duration::from_secs(60), &text, move || f(&what, &array))
            }));
            if let Err(e) = outcome {
                problems.push(e.downcast_ref::<String>().cloned().unwrap_or_default());
            }
        }
        drop(kept);
    }
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}

#[test]
fn the_peak_is_never_over_the_limit() {
    gather(|name, array| {
        let large = LARGE.iter().any(|l| name.starts_with(l));
        let limits: &[u64] = match large {
            true => &[300_000, 1_200_000, 8_000_000],
            false => &[300_000, 1_200_000],
        };
        for limit in limits.iter().copied() {
            for (threads, grain) in [(1, None), (3, None), (2, Some(2000))] {
                let mut session = Session::new(threads, limit).unwrap();
                if let Some(grain) = grain {
                    session = session.with_grain(grain);
                }
                match check(name, &session, array) {
                    Ok(_) => {}
                    // At most a few times what a task loads: no more is asked of the planner here.
                    Err(Error::OverBudget { .. }) if Some(&limit) != limits.last() => {}
                    Err(e) => panic!("{name} at {limit}: {e}"),
                }
            }
        }
    });
}

#[test]
fn the_smallest_limit_that_is_named_will_do() {
    gather(|name, array| {
        let mut limit = 1 << 12;
        let session = Session::new(2, limit).unwrap();
        let out = file("refused");
        let Err(error) = session.to_npy(array, &out.0) else {
            return;
        };
        let Error::OverBudget {
            needed,
            smallest,
            operation,
            ..
        } = &error
        else {
            panic!("{name}: {error}");
        };
        assert!(*needed > limit && !operation.is_empty(), "{name}: {error}");
        limit = *smallest;
        let session = Session::new(2, limit).unwrap();
        if let Err(error) = check(name, &session, array) {
            panic!("{name}: with the limit {limit} that was named: {error}");
        }
    });
}
