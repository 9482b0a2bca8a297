use std::io::{Write, stdout};

use chunkwise::formats::{self, Target};
use chunkwise::{Array, Layout};

use crate::arguments::ReduceOptions;
use crate::failure::{Failure, Result};
use crate::{run, show};

/// `chunkwise reduce PATH --op OP`.
pub fn run(options: &ReduceOptions) -> Result<()> {
    let (session, watch) = run::session(&options.run)?;
    let session = run::with_bar(session, &options.run.progress, None);
    let engine = run::Engine::of(&session, &options.run)?;
    let reduced = reduction(options)?;
    let target = options.out.as_deref().map(Target::parse).transpose()?;
    let mut out = stdout().lock();
    if options.run.explain {
        write!(out, "{}", engine.explain(&[&reduced])?)?;
        return Ok(out.flush()?);
    }
    run::measured(&session, &watch, &options.run, || match target {
        Some(target) => {
            let layout = Layout::of(reduced.chunks());
            let (shape, dtype) = (reduced.shape(), reduced.dtype());
            let sink = target.sink(&layout, shape, dtype, options.overwrite, false)?;
            Ok(engine.store(&[&reduced], vec![sink])?)
        }
        None => {
            let chunks = engine.compute(&[&reduced])?;
            for chunk in &chunks {
                writeln!(out, "{}", show::array(chunk.shape(), chunk))?;
            }
            Ok(out.flush()?)
        }
    })
}

fn reduction(options: &ReduceOptions) -> Result<Array> {
    if !options.ddof.is_finite() {
        let reason = "it must be a finite number";
        return Err(Failure::option("--ddof", options.ddof, reason));
    }
    let open = options
        .source
        .open_options(options.run.scratch.as_deref())?;
    let dataset = formats::open_with(&options.file, &open)?.into_dataset()?;
    let mut array = dataset.array().clone();
    if let Some(index) = &options.slice {
        array = array.get_str(index)?;
    }
    Ok(array.reduce(&options.op, options.axes()?, options.ddof)?)
}
