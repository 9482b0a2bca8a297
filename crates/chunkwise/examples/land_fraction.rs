//! How much of the Earth is land, by bands of latitude and in all, from a mask of 933 MB under a
//! memory limit of 64 MiB. `examples/land_mask/README.md` says where the file comes from.
//!
//! ```text
//! cargo run --release --example land_fraction -- land_mask.npy
//! ```

use std::sync::Arc;
use std::time::Instant;

use chunkwise::diagnostics::{progress::ProgressBar, resources};
use chunkwise::{Array, NpySource, Result, Session};

const LIMIT: u64 = 64 << 20;
/// Degrees.
const BAND: usize = 10;
const BANDS: usize = 180 / BAND;

fn main() -> Result<()> {
    let path = std::env::args().nth(1);
    let path = path.unwrap_or_else(|| "land_mask.npy".to_owned());
    let session = Session::new(0, LIMIT)?.with_subscriber(Arc::new(ProgressBar::stderr()));
    let begun = Instant::now();

    // True is sea; row 0 is 90 degrees north, and the rows go south by 1/120 of a degree.
    let sea = Array::from_source(Arc::new(NpySource::open(&path)?), None)?;
    let rows = sea.shape()[0];
    let degrees = 180.0 / rows as f64;
    let land = sea.logical_not()?.mean(1)?;
    let latitude = Array::linspace(90.0, -90.0, rows, false, rows)?;
    // A row stands for the strip between it and the next, whose area goes with the cosine of its middle.
    let area = latitude.subtract(degrees / 2.0)?.deg2rad()?.cos()?;

    let banded = |x: &Array| x.reshape([BANDS, rows / BANDS]);
    let weight = banded(&area)?.sum(1)?;
    let by_band = banded(&(&land * &area))?.sum(1)?.divide(&weight)?;
    let of_cells = banded(&land)?.mean(1)?;
    let total = (&land * &area).sum(..)?.divide(&area.sum(..)?)?;
    let total_cells = land.mean(..)?;

    // One run, one pass over the file.
    let results = session.compute(&[&by_band, &of_cells, &total, &total_cells])?;
    let elapsed = begun.elapsed().as_secs_f64();
    let (by_band, of_cells) = (results[0].to_vec::<f64>()?, results[1].to_vec::<f64>()?);

    println!("{sea}\n");
    println!("     latitude   land by area   land by cells");
    for (band, (area, cells)) in by_band.iter().zip(&of_cells).enumerate() {
        let top = 90 - (band * BAND) as i32;
        let bar = "#".repeat((area * 40.0).round() as usize);
        println!(
            "{:>5} .. {:>4}        {:5.1} %         {:5.1} %  {bar}",
            name(top),
            name(top - BAND as i32),
            100.0 * area,
            100.0 * cells
        );
    }
    println!(
        "        total       {:6.2} %        {:6.2} %",
        100.0 * results[2].item::<f64>()?,
        100.0 * results[3].item::<f64>()?
    );
    let mib = |bytes: u64| bytes as f64 / (1 << 20) as f64;
    println!(
        "\n{:.0} MB in {elapsed:.2} s on {} threads; memory limit {} MiB, arrays at most {:.1} MiB, \
         process at most {:.1} MiB",
        sea.nbytes() as f64 / 1e6,
        session.threads(),
        LIMIT >> 20,
        mib(session.memory_used().1),
        mib(resources::peak_resident().unwrap_or(0)),
    );
    Ok(())
}

fn name(latitude: i32) -> String {
    match latitude {
        0 => "0".to_owned(),
        n if n > 0 => format!("{n} N"),
        s => format!("{} S", -s),
    }
}
