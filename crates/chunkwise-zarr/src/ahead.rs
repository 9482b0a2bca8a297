use std::collections::HashMap;
use std::fmt;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::store::{Fetch, Store};

/// Stored chunks that were asked for ahead: on their way, or waiting to be unpacked.
#[derive(Default)]
pub(crate) struct Ahead {
    pending: Mutex<HashMap<String, Asked>>,
}

struct Asked {
    fetch: Fetch,
    /// How many have asked for it, and not given it up.
    by: usize,
}

impl Ahead {
    /// Asks for those of some keys that were not asked for yet, where all together are no more than
    /// `most`; `false` where they are.
    pub fn ask(&self, store: &dyn Store, keys: Vec<String>, most: usize) -> bool {
        let mut pending = self.lock();
        let new = keys.iter().filter(|k| !pending.contains_key(*k)).count();
        if pending.len() + new > most {
            return false;
        }
        for key in keys {
            if let Some(asked) = pending.get_mut(&key) {
                asked.by += 1;
            } else if let Some(fetch) = store.fetch(&key) {
                pending.insert(key, Asked { fetch, by: 1 });
            }
        }
        true
    }

    /// The bytes of a key, in place of what `into` holds: those that were asked for, or read now.
    /// `false` where there is no such key.
    pub fn read(&self, store: &dyn Store, key: &str, into: &mut Vec<u8>) -> io::Result<bool> {
        let asked = self.lock().remove(key);
        match asked {
            None => store.read(key, into),
            Some(asked) => Ok(match (asked.fetch)()? {
                None => false,
                Some(bytes) => {
                    *into = bytes;
                    true
                }
            }),
        }
    }

    /// Whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Gives up what is held of some keys, unless others have asked for them too.
    pub fn forget(&self, keys: impl Iterator<Item = String>) {
        let mut pending = self.lock();
        for key in keys {
            if let Some(asked) = pending.get_mut(&key) {
                asked.by -= 1;
                if asked.by == 0 {
                    pending.remove(&key);
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Asked>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Ahead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ahead({} chunks)", self.lock().len())
    }
}
