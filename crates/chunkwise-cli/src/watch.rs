//! What a run shows of itself beside the progress bar: a page, a trace file.

use std::fs::File;
use std::io::{BufWriter, Write, stderr};
use std::path::PathBuf;
use std::sync::Arc;

use chunkwise::Session;
use chunkwise::diagnostics::profile::Profile;
use chunkwise::diagnostics::serve::Server;
use chunkwise::diagnostics::trace;

use crate::arguments::WatchOptions;
use crate::failure::{Failure, Result};

/// The page and the records of a command's runs.
pub struct Watch {
    server: Option<Server>,
    trace: Option<(PathBuf, Arc<Profile>)>,
}

impl Watch {
    /// Begins what the options ask for; the page's address goes to standard error.
    pub fn begin(options: &WatchOptions) -> Result<Watch> {
        let server = match options.dashboard {
            None => None,
            Some(port) => {
                // Places in this program's source say nothing to those who run it.
                let bound = Server::with_places("127.0.0.1", port, false);
                let server =
                    bound.map_err(|e| Failure::option("--dashboard", port, e.to_string()))?;
                writeln!(stderr(), "chunkwise: {}", server.url()).ok();
                Some(server)
            }
        };
        let trace = options.trace.clone().map(|path| (path, Arc::default()));
        Ok(Watch { server, trace })
    }

    /// The session, whose runs are seen.
    pub fn session(&self, mut session: Session) -> Session {
        if let Some(server) = &self.server {
            session = session.with_subscriber(server.recorder());
        }
        if let Some((_, profile)) = &self.trace {
            session = session.with_subscriber(profile.recorder());
        }
        session
    }

    /// Does something, and writes what was seen however it ended.
    pub fn over<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let result = work();
        if let Some(server) = &self.server {
            server.close();
        }
        let written = self.write();
        let value = result?;
        written?;
        Ok(value)
    }

    fn write(&self) -> Result<()> {
        let Some((path, profile)) = &self.trace else {
            return Ok(());
        };
        let write = || {
            let mut out = BufWriter::new(File::create(path)?);
            trace::write(profile, &[], &mut out)?;
            out.flush()
        };
        write().map_err(|e| Failure::option("--trace", path.display(), e.to_string()))
    }
}
