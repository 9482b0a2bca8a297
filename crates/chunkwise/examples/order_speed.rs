//! Sorts, medians, histograms and unique values of 10^8 numbers (or as many as the first argument
//! says): seconds each, with the default session's threads or the number in the second argument.

use std::time::Instant;

use chunkwise::{Array, Axes, Random, Result, Session};

fn main() -> Result<()> {
    let argument = |n: usize| {
        std::env::args()
            .nth(n)
            .and_then(|a| a.parse::<usize>().ok())
    };
    let n = argument(1).unwrap_or(100_000_000);
    let session = Session::new(argument(2).unwrap_or(0), Session::default_memory_limit())?;
    let random = Random::new(1).uniform(0.0, 1.0, [n], 1 << 20)?;
    let x = session.persist(&[&random])?.remove(0);
    let work: Vec<(&str, Array)> = vec![
        ("sum", x.sum(Axes::ALL)?),
        ("sort", x.sort(0, false)?),
        ("argsort", x.argsort(0, false)?),
    ];
    println!("{n} numbers, {} threads", session.threads());
    for (name, array) in work {
        for _ in 0..2 {
            let begun = Instant::now();
            session.compute(&[&array])?;
            let (_, peak) = session.memory_used();
            println!(
                "{name:12} {:8.3} s, peak {} MiB",
                begun.elapsed().as_secs_f64(),
                peak >> 20
            );
        }
    }
    Ok(())
}
