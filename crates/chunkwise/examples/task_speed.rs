//! How long a task takes that does nothing: a tree of a million.
//!
//!     cargo run --release -p chunkwise --example task_speed [leaves] [threads]
#![allow(clippy::print_stdout, reason = "what it is for")]

use std::time::Instant;

use chunkwise::{Delayed, Session, delayed, join};

fn main() -> chunkwise::Result<()> {
    let mut given = std::env::args().skip(1).filter_map(|a| a.parse().ok());
    let leaves: usize = given.next().unwrap_or(1 << 19);
    let threads: usize = given.next().unwrap_or(2);
    let session = Session::new(threads, 1 << 30)?;
    let start = Instant::now();
    let mut level: Vec<Delayed<u64>> = (0..leaves as u64).map(|n| delayed(move || n)).collect();
    let mut tasks = level.len();
    while level.len() > 1 {
        level = level
            .chunks(2)
            .map(|pair| match pair {
                [a, b] => join(a, b, |a, b| a + b),
                [one] => one.clone(),
                _ => delayed(|| 0),
            })
            .collect();
        tasks += level.len();
    }
    let per_task = |start: Instant| start.elapsed().as_nanos() as f64 / tasks as f64;
    println!("{tasks} tasks, {threads} threads");
    println!("described   {:7.1} ns per task", per_task(start));
    for _ in 0..5 {
        let start = Instant::now();
        let sum = session.compute_delayed(&level[0])?;
        println!("computed    {:7.1} ns per task, sum {sum}", per_task(start));
    }
    let start = Instant::now();
    drop(level);
    println!("dropped     {:7.1} ns per task", per_task(start));
    Ok(())
}
