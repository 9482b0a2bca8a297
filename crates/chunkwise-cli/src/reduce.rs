use std::io::{Write, stderr, stdout};
use std::sync::Arc;
use std::time::Instant;

use chunkwise::diagnostics::progress::{ProgressBar, Terminal};
use chunkwise::diagnostics::resources;
use chunkwise::{Array, NpySource, Session, Source};
use chunkwise_core::format_bytes;

use crate::arguments::{ProgressOptions, ReduceOptions};
use crate::failure::{Failure, Result};
use crate::{interrupt, show};

/// `chunkwise reduce FILE.npy --op OP`.
pub fn run(options: &ReduceOptions) -> Result<()> {
    let session = session(options)?;
    let reduced = reduction(options)?;
    let mut out = stdout().lock();
    if options.explain {
        write!(out, "{}", session.explain(&[&reduced])?)?;
        return Ok(out.flush()?);
    }
    let begun = Instant::now();
    match &options.out {
        Some(path) => session.to_npy(&reduced, path)?,
        None => {
            let chunks = session.compute(&[&reduced])?;
            for chunk in &chunks {
                writeln!(out, "{}", show::array(chunk.shape(), chunk))?;
            }
            out.flush()?;
        }
    }
    if options.stats {
        let (_, pool) = session.memory_used();
        let rss = resources::peak_resident().map_or("unknown".to_owned(), format_bytes);
        writeln!(
            stderr(),
            "{:.3} s on {} thread{}; peak memory {rss}, of it arrays {}, limit {}",
            begun.elapsed().as_secs_f64(),
            session.threads(),
            if session.threads() == 1 { "" } else { "s" },
            format_bytes(pool),
            format_bytes(session.memory_limit()),
        )
        .ok();
    }
    Ok(())
}

fn session(options: &ReduceOptions) -> Result<Session> {
    let mut session = options
        .engine
        .session(Session::default_memory_limit())?
        .with_cancel(interrupt::token()?);
    if let Some(folder) = &options.scratch {
        if !folder.is_dir() {
            let reason = "it is not a folder";
            return Err(Failure::option("--scratch", folder.display(), reason));
        }
        session = session.with_scratch_directory(folder);
    }
    Ok(with_progress(session, &options.progress))
}

/// The session with a progress bar, where one is wanted.
pub fn with_progress(session: Session, options: &ProgressOptions) -> Session {
    match (options.quiet, options.progress) {
        (true, _) => session,
        (false, false) => session.with_subscriber(Arc::new(ProgressBar::stderr())),
        (false, true) => {
            let forced = ProgressBar::new(Terminal::forced(stderr()));
            session.with_subscriber(Arc::new(forced))
        }
    }
}

fn reduction(options: &ReduceOptions) -> Result<Array> {
    if !options.ddof.is_finite() {
        let reason = "it must be a finite number";
        return Err(Failure::option("--ddof", options.ddof, reason));
    }
    let source: Arc<dyn Source> = Arc::new(NpySource::open(&options.file)?);
    let mut array = Array::from_source(source, None)?;
    if let Some(index) = &options.slice {
        array = array.get_str(index)?;
    }
    Ok(array.reduce(&options.op, options.axes()?, options.ddof)?)
}
