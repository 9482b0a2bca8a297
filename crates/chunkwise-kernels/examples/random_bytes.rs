//! Writes a generator's raw output to stdout, for public batteries of statistical tests:
//! `random_bytes ars7|philox4x32 SEED [BYTES] [STREAMS]`. Without BYTES, or with 0, it goes on until the
//! reader stops. With STREAMS above 1 the output takes 8 bytes of each of the streams 0, 1, ... in turn,
//! which shows dependence between streams.

use std::io::Write;

use chunkwise_core::DType;
use chunkwise_kernels::random::{Distribution, Generator, RandomSpec, Sampler};

const WORDS: usize = 1 << 14;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |i: usize| args.get(i).map_or(Ok(0), |a| a.parse::<u64>());
    let generator = match args.first().map(String::as_str) {
        Some("ars7") => Generator::Ars7,
        Some("philox4x32") => Generator::Philox4x32,
        _ => return Err("usage: random_bytes ars7|philox4x32 SEED [BYTES] [STREAMS]".into()),
    };
    let (seed, bytes, streams) = (number(1)?, number(2)?, number(3)?.max(1));
    let samplers = (0..streams)
        .map(|stream| {
            let distribution = Distribution::Bits;
            Sampler::new(&RandomSpec {
                generator,
                seed,
                stream,
                distribution,
                dtype: DType::U64,
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    let each = (WORDS / samplers.len()).max(1);
    let mut left = if bytes == 0 { u64::MAX } else { bytes };
    let mut first = 0u64;
    let mut out = std::io::stdout().lock();
    let mut row = vec![0u8; 8 * each * samplers.len()];
    while left > 0 {
        for (k, sampler) in samplers.iter().enumerate() {
            for (i, word) in sampler.sample::<u64>(first, each)?.into_iter().enumerate() {
                let at = 8 * (i * samplers.len() + k);
                row[at..at + 8].copy_from_slice(&word.to_le_bytes());
            }
        }
        let many = left.min(row.len() as u64);
        if out.write_all(&row[..many as usize]).is_err() {
            return Ok(());
        }
        left -= many;
        first += each as u64;
    }
    Ok(())
}
