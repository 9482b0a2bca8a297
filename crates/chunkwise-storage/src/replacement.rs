use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use chunkwise_core::{Error, Result};

/// A temporary file beside a target, which takes the target's place in one step or vanishes.
#[derive(Debug)]
pub(crate) struct Replacement {
    target: PathBuf,
    temporary: PathBuf,
    state: Mutex<State>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Open,
    Committed,
    Aborted,
}

impl Replacement {
    /// Makes the temporary file, `.name.<pid>-<n>.tmp`.
    pub fn create(path: &Path) -> Result<Replacement> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        // A link stays one: what it points to is replaced.
        let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let failed = |kind: io::ErrorKind| Error::io("creating", path, kind.into());
        match fs::metadata(&target) {
            Ok(there) if there.is_dir() => return Err(failed(io::ErrorKind::IsADirectory)),
            // A device or a pipe would be gone, for every program, once a file has its name.
            Ok(there) if !there.is_file() => {
                let reason = io::Error::new(io::ErrorKind::InvalidInput, "not a regular file");
                return Err(Error::io("creating", path, reason));
            }
            _ => {}
        }
        let name = target.file_name();
        let name = name.ok_or_else(|| failed(io::ErrorKind::InvalidFilename))?;
        loop {
            let n = NEXT.fetch_add(1, Ordering::Relaxed);
            let mut hidden = std::ffi::OsString::from(".");
            hidden.push(name);
            hidden.push(format!(".{}-{n}.tmp", std::process::id()));
            let temporary = target.with_file_name(hidden);
            match OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(&temporary)
            {
                Ok(_) => {
                    return Ok(Replacement {
                        target,
                        temporary,
                        state: Mutex::new(State::Open),
                    });
                }
                // What another process with this number left behind.
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
                Err(e) => return Err(Error::io("creating", path, e)),
            }
        }
    }

    /// The temporary file, for writing, and for reading what was written.
    pub fn file(&self) -> Result<File> {
        OpenOptions::new()
            .read(true)
            .write(true)
            .open(&self.temporary)
            .map_err(|e| self.failed("creating", e))
    }

    /// An error that names the target.
    pub fn failed(&self, action: &'static str, cause: io::Error) -> Error {
        Error::io(action, &self.target, cause)
    }

    /// An error where it was committed or aborted.
    pub fn check_open(&self) -> Result<()> {
        match *self.lock() {
            State::Open => Ok(()),
            state => Err(Error::internal(
                "storage",
                format!("{} is {state:?} already", self.target.display()),
            )),
        }
    }

    /// Makes the file durable and puts it in the target's place.
    pub fn commit(&self, file: &File) -> Result<()> {
        self.check_open()?;
        let done = file
            .sync_all()
            .and_then(|()| fs::rename(&self.temporary, &self.target));
        if let Err(e) = done {
            self.abort();
            return Err(self.failed("writing", e));
        }
        *self.lock() = State::Committed;
        sync_folder(&self.target).map_err(|e| self.failed("writing", e))
    }

    /// Removes the temporary file, unless it was committed.
    pub fn abort(&self) {
        let mut state = self.lock();
        if *state == State::Open {
            *state = State::Aborted;
            // Where even this fails there is nothing left to try.
            fs::remove_file(&self.temporary).ok();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        self.abort();
    }
}

/// A rename is durable once its folder is.
#[cfg(unix)]
fn sync_folder(target: &Path) -> io::Result<()> {
    let folder = target.parent().filter(|p| !p.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
