//! Random programs mean the same however they are run: without the optimizer, with it, on one thread
//! and on many, in little memory, and by the reference.
//!
//! `CHUNKWISE_PROGRAMS` sets how many, `CHUNKWISE_SEED` the first seed.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod reference;
mod support;

use std::time::Duration;

use chunkwise::*;
use chunkwise_core::Pool;
use chunkwise_exec::{CancelToken, Executor, RunOptions, Target};
use support::compare::{close, roughly, same};
use support::numbers::Numbers;
use support::programs::{Program, program};

const AMPLE: u64 = 1 << 30;

type Results = Result<Vec<Chunk>>;

/// The plan of the expressions as they were written.
fn unoptimised(arrays: &[&Array], grain: usize) -> Results {
    let exprs = arrays
        .iter()
        .map(|a| a.expr().cloned())
        .collect::<Result<Vec<_>>>()?;
    let options = chunkwise_plan::Options {
        memory_limit: AMPLE,
        grain: Some(grain),
        brought: false,
    };
    let plan = chunkwise_plan::plan(&exprs, &options)?;
    let options = RunOptions {
        executor: &Executor::new(1)?,
        pool: &Pool::new(AMPLE as usize),
        memory_limit: AMPLE,
        scratch_directory: None,
        cancel: CancelToken::new(),
        subscribers: Vec::new(),
        spread: false,
    };
    let targets = arrays.iter().map(|_| Target::Memory).collect();
    let chunks = chunkwise_exec::run(&plan, targets, &options)?;
    Ok(chunks.into_iter().map(Option::unwrap).collect())
}

/// Under the smallest limit that is not refused, and under a little more.
fn in_little_memory(arrays: &[&Array], grain: usize, more: u64) -> Results {
    let mut limit = 1 << 10;
    for _ in 0..40 {
        let session = Session::new(3, limit + limit / 4 * more)?.with_grain(grain);
        match session.compute(arrays) {
            Err(Error::OverBudget { smallest, .. }) => limit = smallest.max(limit + limit / 8),
            Err(other) => return Err(other),
            Ok(chunks) => {
                let (peak, limit) = (session.memory_used().1, session.memory_limit());
                return match peak <= limit {
                    true => Ok(chunks),
                    false => Err(Error::internal(
                        "test",
                        format!("{peak} bytes under {limit}"),
                    )),
                };
            }
        }
    }
    Err(Error::internal("test", "always refused"))
}

fn agree(
    what: &str,
    a: &Results,
    b: &Results,
    equal: fn(&Chunk, &Chunk) -> std::result::Result<(), String>,
) -> std::result::Result<(), String> {
    match (a, b) {
        (Ok(a), Ok(b)) => a.iter().zip(b).enumerate().try_for_each(|(n, (a, b))| {
            equal(a, b).map_err(|e| format!("{what}: output {n}: {e}"))
        }),
        (Err(Error::Internal { .. }), _) | (_, Err(Error::Internal { .. })) => {
            Err(format!("{what}: {a:?} / {b:?}"))
        }
        (Err(_), Err(_)) => Ok(()),
        (a, b) => {
            let word = |r: &Results| match r {
                Ok(_) => "a result".to_owned(),
                Err(e) => e.to_string(),
            };
            Err(format!("{what}: {} / {}", word(a), word(b)))
        }
    }
}

fn check(program: &Program, grain: usize, seed: u64) -> std::result::Result<(), String> {
    let arrays: Vec<&Array> = program.outputs.iter().map(|m| &m.array).collect();
    let single = ["float32", "complex64"]
        .iter()
        .any(|d| program.text.contains(d));
    let close = if single { roughly } else { close };
    let session = |threads| Session::new(threads, AMPLE).unwrap().with_grain(grain);
    let one = session(1).compute(&arrays);
    let wanted: Results = arrays.iter().map(|a| reference::compute(a)).collect();
    agree("engine / reference", &one, &wanted, close)?;
    agree(
        "1 thread / 4 threads",
        &one,
        &session(4).compute(&arrays),
        same,
    )?;
    agree(
        "1 thread / unoptimised",
        &one,
        &unoptimised(&arrays, grain),
        close,
    )?;
    let little = in_little_memory(&arrays, grain, seed % 3);
    agree("1 thread / little memory", &one, &little, close)?;
    let coarse = Session::new(1, AMPLE).unwrap().compute(&arrays);
    agree("small tasks / large tasks", &one, &coarse, close)
}

#[test]
fn programs_mean_the_same_however_they_are_run() {
    let count = support::setting("CHUNKWISE_PROGRAMS", 300);
    let first = support::setting("CHUNKWISE_SEED", 1);
    let mut failures: Vec<String> = Vec::new();
    for seed in first..first + count {
        let what = format!("CHUNKWISE_SEED={seed} CHUNKWISE_PROGRAMS=1");
        let outcome = std::panic::catch_unwind(|| {
            support::within(
                Duration::from_secs(support::setting("CHUNKWISE_SECONDS", 60)),
                &what,
                move || {
                    let mut numbers = Numbers::new(seed ^ 0xface);
                    let grain = *numbers.pick(&[1, 7, 40, 200, 1000]);
                    let steps = 1 + numbers.below(10);
                    let program = program(seed, steps);
                    check(&program, grain, seed)
                        .map_err(|e| format!("{e}\n  grain {grain}\n{}", program.text))
                },
            )
        });
        let failure = match outcome {
            Ok(Ok(())) => continue,
            Ok(Err(text)) => format!("{what}\n{text}"),
            Err(_) => format!("{what}: panicked or hung"),
        };
        eprintln!("{failure}\n");
        failures.push(failure);
    }
    assert!(
        failures.is_empty(),
        "{} of {count} programs fail",
        failures.len()
    );
}
