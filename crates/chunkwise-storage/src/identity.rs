use std::collections::BTreeMap;
use std::fs::{self, File, Metadata};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use chunkwise_core::{Error, Result, SourceId};

/// What tells that a file is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    len: u64,
    modified: Option<SystemTime>,
    inode: (u64, u64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Stamp {
        Stamp {
            len: metadata.len(),
            modified: metadata.modified().ok(),
            inode: inode(metadata),
        }
    }

    /// Whether a change made right now would show: file times are only as fine as the system's tick.
    fn is_settled(&self) -> bool {
        const TICK: Duration = Duration::from_millis(100);
        self.modified
            .and_then(|then| SystemTime::now().duration_since(then).ok())
            .is_some_and(|age| age > TICK)
    }
}

/// A file that was opened, and how it was then.
#[derive(Clone, Debug)]
pub(crate) struct Stamped {
    path: PathBuf,
    stamp: Stamp,
}

impl Stamped {
    /// Opens a regular file.
    pub fn open(path: &Path) -> Result<(Stamped, File)> {
        let io = |e| Error::io("opening", path, e);
        // Opening a pipe would wait for its writer.
        if !fs::metadata(path).map_err(io)?.is_file() {
            return Err(Error::InvalidFile {
                path: path.to_owned(),
                reason: "not a regular file".to_owned(),
            });
        }
        let file = File::open(path).map_err(io)?;
        let stamp = Stamp::of(&file.metadata().map_err(io)?);
        let stamped = Stamped {
            path: path.to_owned(),
            stamp,
        };
        Ok((stamped, file))
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its last name.
    pub fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or(self.path.as_os_str());
        name.to_string_lossy().into_owned()
    }

    /// Bytes that it had.
    pub fn len(&self) -> u64 {
        self.stamp.len
    }

    /// Equal for two opens with no change between them.
    pub fn id(&self) -> SourceId {
        source_id(&self.path, self.stamp)
    }

    /// An error where it was changed since.
    pub fn check(&self, file: &File) -> Result<()> {
        let now = file.metadata();
        let now = now.map_err(|e| Error::io("reading", &self.path, e))?;
        match Stamp::of(&now) == self.stamp {
            true => Ok(()),
            false => Err(self.invalid("changed since it was opened")),
        }
    }

    /// An error about what it holds.
    pub fn invalid(&self, reason: impl Into<String>) -> Error {
        Error::InvalidFile {
            path: self.path.clone(),
            reason: reason.into(),
        }
    }
}

#[cfg(unix)]
fn inode(metadata: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
fn inode(_: &Metadata) -> (u64, u64) {
    (0, 0)
}

/// The id of a file's contents: the same for two opens with no change between them, so that work on
/// it is shared. One entry is kept per path.
fn source_id(path: &Path, stamp: Stamp) -> SourceId {
    static KNOWN: Mutex<BTreeMap<PathBuf, (Stamp, SourceId)>> = Mutex::new(BTreeMap::new());
    let Ok(path) = path.canonicalize() else {
        return SourceId::unique();
    };
    if !stamp.is_settled() {
        return SourceId::unique();
    }
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    match known.get(&path) {
        Some((then, id)) if *then == stamp => *id,
        _ => {
            let id = SourceId::unique();
            known.insert(path, (stamp, id));
            id
        }
    }
}
