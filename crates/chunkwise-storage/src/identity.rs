use std::collections::BTreeMap;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use chunkwise_core::SourceId;

/// What tells that a file is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub len: u64,
    modified: Option<SystemTime>,
    inode: (u64, u64),
}

impl Stamp {
    pub fn of(metadata: &Metadata) -> Stamp {
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
pub(crate) fn source_id(path: &Path, stamp: Stamp) -> SourceId {
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
