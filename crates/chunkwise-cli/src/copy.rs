use std::io::{Write, stdout};

use chunkwise::formats::{self, Copying};

use crate::arguments::{CopyOptions, EncodingOptions, RechunkOptions, RunOptions, SourceOptions};
use crate::failure::Result;
use crate::run::{self, Engine};

/// `chunkwise copy SRC DST`.
pub fn run(options: &CopyOptions) -> Result<()> {
    let chunks = options.chunks.as_deref();
    let between = (options.from.as_str(), options.to.as_str());
    copy(
        between,
        chunks,
        &options.copy,
        &options.source,
        &options.run,
    )
}

/// `chunkwise rechunk SRC DST --chunks LENGTHS`.
pub fn rechunk(options: &RechunkOptions) -> Result<()> {
    let chunks = Some(options.chunks.as_str());
    let between = (options.from.as_str(), options.to.as_str());
    copy(
        between,
        chunks,
        &options.copy,
        &options.source,
        &options.run,
    )
}

fn copy(
    (from, to): (&str, &str),
    chunks: Option<&str>,
    encoding: &EncodingOptions,
    source: &SourceOptions,
    run: &RunOptions,
) -> Result<()> {
    let (session, watch) = run::session(run)?;
    let engine = Engine::of(&session, run)?;
    let opened = formats::open_with(from, &source.open_options(run.scratch.as_deref())?)?;
    let copying = Copying::new(&opened, to, &encoding.copy_options(chunks)?)?;
    if run.explain {
        let mut out = stdout().lock();
        write!(out, "{}", copying.explain(&session)?)?;
        return Ok(out.flush()?);
    }
    run::measured(&session, &watch, run, || {
        Ok(copying.run_by(|step, arrays, sinks| match &engine {
            Engine::Here(session) => {
                let bar = run::with_bar(session.clone(), &run.progress, Some(step.nbytes()));
                bar.store(arrays, sinks)
            }
            #[cfg(feature = "cluster")]
            Engine::Cluster(_) => engine.store(arrays, sinks),
        })?)
    })
}
