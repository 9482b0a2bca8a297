//! What the commands that compute have in common.

use std::io::{Write, stderr};
use std::sync::Arc;
use std::time::Instant;

use chunkwise::diagnostics::progress::{ProgressBar, Terminal};
use chunkwise::diagnostics::resources;
use chunkwise::{Array, Chunk, Session, Sink};
use chunkwise_core::format_bytes;

use crate::arguments::{ProgressOptions, RunOptions};
use crate::failure::{Failure, Result};
use crate::interrupt;
use crate::watch::Watch;

/// The session that the options ask for, and what watches it; an interrupt ends its runs.
pub fn session(options: &RunOptions) -> Result<(Session, Watch)> {
    let watch = Watch::begin(&options.progress.watch)?;
    let session = options
        .engine
        .session(Session::default_memory_limit())?
        .with_cancel(interrupt::token()?);
    let session = watch.session(session);
    let Some(folder) = &options.scratch else {
        return Ok((session, watch));
    };
    if !folder.is_dir() {
        let reason = "it is not a folder";
        return Err(Failure::option("--scratch", folder.display(), reason));
    }
    Ok((session.with_scratch_directory(folder), watch))
}

/// Where arrays are computed: by a session, or on a cluster.
pub enum Engine {
    Here(Session),
    #[cfg(feature = "cluster")]
    Cluster(chunkwise::distributed::Client),
}

impl Engine {
    /// The cluster that the options name, or the session.
    pub fn of(session: &Session, options: &RunOptions) -> Result<Engine> {
        #[cfg(feature = "cluster")]
        if let Some(address) = &options.cluster {
            let scratch = options.scratch.as_deref();
            let client = chunkwise::distributed::Client::connect_with(address, scratch)?;
            return Ok(Engine::Cluster(client.with_cancel(session.cancel_token())));
        }
        let _ = options;
        Ok(Engine::Here(session.clone()))
    }

    pub fn compute(&self, arrays: &[&Array]) -> Result<Vec<Chunk>> {
        Ok(match self {
            Engine::Here(session) => session.compute(arrays)?,
            #[cfg(feature = "cluster")]
            Engine::Cluster(client) => client.compute(arrays)?,
        })
    }

    pub fn store(&self, arrays: &[&Array], sinks: Vec<Arc<dyn Sink>>) -> chunkwise::Result<()> {
        match self {
            Engine::Here(session) => session.store(arrays, sinks),
            #[cfg(feature = "cluster")]
            Engine::Cluster(client) => client.store(arrays, sinks),
        }
    }

    pub fn explain(&self, arrays: &[&Array]) -> Result<String> {
        Ok(match self {
            Engine::Here(session) => session.explain(arrays)?,
            #[cfg(feature = "cluster")]
            Engine::Cluster(client) => client.explain(arrays)?,
        })
    }
}

/// The session with a progress bar, where one is wanted: in bytes, where they are said.
pub fn with_bar(session: Session, options: &ProgressOptions, bytes: Option<u64>) -> Session {
    if options.quiet {
        return session;
    }
    let terminal = match options.progress {
        true => Terminal::forced(stderr()),
        false => Terminal::stderr(),
    };
    let bar = ProgressBar::new(terminal);
    session.with_subscriber(Arc::new(match bytes {
        None => bar,
        Some(bytes) => bar.in_bytes(bytes),
    }))
}

/// Does something, and says what it took where that is wanted.
pub fn measured(
    session: &Session,
    watch: &Watch,
    options: &RunOptions,
    work: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let begun = Instant::now();
    watch.over(work)?;
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
