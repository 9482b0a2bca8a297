use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::{Part, Store};

/// A store in memory, for tests and for small things. Its bytes are outside any memory budget.
#[derive(Debug, Default)]
pub struct MemoryStore {
    values: RwLock<BTreeMap<String, Value>>,
    writes: AtomicU64,
}

#[derive(Clone, Debug)]
struct Value {
    bytes: Arc<[u8]>,
    /// The write it comes from.
    write: u64,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> MemoryStore {
        MemoryStore::default()
    }

    fn values(&self) -> RwLockReadGuard<'_, BTreeMap<String, Value>> {
        self.values.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn values_mut(&self) -> RwLockWriteGuard<'_, BTreeMap<String, Value>> {
        self.values.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn name(&self) -> String {
        "memory".to_owned()
    }

    fn read(&self, key: &str, into: &mut Vec<u8>) -> io::Result<bool> {
        let value = self.values().get(key).cloned();
        into.clear();
        Ok(value.map(|v| into.extend_from_slice(&v.bytes)).is_some())
    }

    fn read_parts(&self, key: &str, parts: &[Part]) -> io::Result<Option<Vec<Vec<u8>>>> {
        let Some(value) = self.values().get(key).map(|v| Arc::clone(&v.bytes)) else {
            return Ok(None);
        };
        let cut = |part: &Part| {
            let range = part.within(value.len() as u64)?;
            Ok(value[range.start as usize..range.end as usize].to_vec())
        };
        parts.iter().map(cut).collect::<io::Result<_>>().map(Some)
    }

    fn size(&self, key: &str) -> io::Result<Option<u64>> {
        Ok(self.values().get(key).map(|v| v.bytes.len() as u64))
    }

    fn stamp(&self, key: &str) -> Option<u64> {
        self.values().get(key).map(|v| v.write)
    }

    fn write(&self, key: &str, bytes: &[u8]) -> io::Result<()> {
        let value = Value {
            bytes: bytes.into(),
            write: self.writes.fetch_add(1, Ordering::Relaxed),
        };
        self.values_mut().insert(key.to_owned(), value);
        Ok(())
    }

    fn remove(&self, key: &str) -> io::Result<()> {
        self.values_mut().remove(key);
        Ok(())
    }

    fn list(&self, prefix: &str) -> io::Result<Vec<String>> {
        let mut names: Vec<String> = Vec::new();
        for key in self.values().keys() {
            let Some(rest) = key.strip_prefix(prefix) else {
                continue;
            };
            let name = rest.split_inclusive('/').next().unwrap_or(rest);
            if names.last().is_none_or(|last| last != name) {
                names.push(name.to_owned());
            }
        }
        names.dedup();
        Ok(names)
    }

    fn remove_all(&self, prefix: &str) -> io::Result<()> {
        self.values_mut().retain(|key, _| !key.starts_with(prefix));
        Ok(())
    }

    fn replace(&self, from: &str, to: &str) -> io::Result<()> {
        let mut values = self.values_mut();
        values.retain(|key, _| !key.starts_with(to));
        let moved: Vec<String> = values
            .keys()
            .filter(|key| key.starts_with(from))
            .cloned()
            .collect();
        for key in moved {
            if let Some(value) = values.remove(&key) {
                values.insert(format!("{to}{}", &key[from.len()..]), value);
            }
        }
        Ok(())
    }
}
