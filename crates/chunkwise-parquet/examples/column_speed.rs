//! How fast a column of floating point numbers is decoded and added up: each row group once, on some
//! threads. `cargo run --release -p chunkwise-parquet --example column_speed -- FILE COLUMN THREADS`

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use chunkwise_core::{Chunk, Error, Pool, Result, Source};
use chunkwise_parquet::ParquetFile;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, file, column, threads] = arguments.as_slice() else {
        return Err(Error::argument(
            "column_speed",
            "arguments",
            "",
            "FILE COLUMN THREADS",
        ));
    };
    let threads: usize = threads.parse().unwrap_or(1);
    for _ in 0..5 {
        let begun = Instant::now();
        let source = ParquetFile::open(file)?.column(column, None)?;
        let grid = source
            .grid()
            .ok_or(Error::internal("column_speed", "no row groups"))?;
        let next = AtomicUsize::new(0);
        let work = || -> Result<f64> {
            let mut sum = 0.0;
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                if n >= grid.count() {
                    return Ok(sum);
                }
                let region = grid.region(&grid.unravel(n));
                let pool = Pool::new(usize::MAX);
                let chunk = Chunk::build(&pool, source.dtype(), &region.shape, |out| {
                    source.read(&region, out)
                })?;
                sum += chunk
                    .as_slice::<f64>()
                    .unwrap_or_default()
                    .iter()
                    .sum::<f64>();
            }
        };
        let sum = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            let joined = workers.into_iter().map(|w| {
                let panicked = |_| Error::internal("column_speed", "a worker panicked");
                w.join().map_err(panicked).flatten()
            });
            joined.sum::<Result<f64>>()
        })?;
        let mean = sum / source.shape()[0] as f64;
        println!("{:.1} ms, mean {mean}", begun.elapsed().as_secs_f64() * 1e3);
    }
    Ok(())
}
