//! Keys and bytes: what a Zarr hierarchy is kept in.

mod folder;
mod memory;
#[cfg(feature = "remote")]
mod object;
mod reference;
mod zip;

use std::fmt::Debug;
use std::io::{self, Read};
use std::ops::Range;

use serde_json::Value;

pub use folder::FolderStore;
pub use memory::MemoryStore;
#[cfg(feature = "remote")]
pub use object::{RemoteOptions, RemoteStore};
pub use reference::{Reference, ReferenceStore};
pub use zip::ZipStore;

/// A part of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// From one byte to another; the end may be left open.
    Range(u64, Option<u64>),
    /// The last bytes.
    Last(u64),
}

impl Part {
    /// The bytes of a value of `len` bytes that are meant.
    ///
    /// # Errors
    /// Where they lie outside the value.
    pub fn within(&self, len: u64) -> io::Result<Range<u64>> {
        let range = match *self {
            Part::Range(start, end) => start..end.unwrap_or(len),
            Part::Last(n) => len.checked_sub(n).ok_or_else(|| outside(self, len))?..len,
        };
        match range.start <= range.end && range.end <= len {
            true => Ok(range),
            false => Err(outside(self, len)),
        }
    }
}

/// A value that is on its way: waits for it. `None` where there is no such key.
pub type Fetch = Box<dyn FnOnce() -> io::Result<Option<Vec<u8>>> + Send>;

fn outside(part: &Part, len: u64) -> io::Error {
    io::Error::new(
        io::ErrorKind::UnexpectedEof,
        format!("{part:?} is outside the object, which has {len} bytes"),
    )
}

/// Where keys such as `air/c/0/1` have bytes. Called from several threads at once.
///
/// A missing key is no error: it is `None`.
pub trait Store: Debug + Send + Sync {
    /// What a user would call it: a path or a URL.
    fn name(&self) -> String;

    /// Whether nothing can be written.
    fn is_read_only(&self) -> bool {
        false
    }

    /// What it takes to open the store again, as plain data; `None` for one in memory.
    fn plain(&self) -> Option<Value> {
        None
    }

    /// Puts the bytes of a key in place of what `into` holds; `false` where there is no such key.
    fn read(&self, key: &str, into: &mut Vec<u8>) -> io::Result<bool>;

    /// A value, to be read from its start on; `None` where there is no such key.
    fn reader(&self, key: &str) -> io::Result<Option<Box<dyn Read>>> {
        let bytes = self.get(key)?;
        Ok(bytes.map(|bytes| Box::new(io::Cursor::new(bytes)) as Box<dyn Read>))
    }

    /// Whether [`reader`](Self::reader) brings a value piece by piece, and holds nothing of it.
    fn streams(&self) -> bool {
        false
    }

    /// Begins to read a value, and answers what waits for it; `None` where reading does not wait for a
    /// service. What is dropped unasked is given up.
    fn fetch(&self, key: &str) -> Option<Fetch> {
        let _ = key;
        None
    }

    /// Whether [`fetch`](Self::fetch) answers.
    fn fetches(&self) -> bool {
        false
    }

    /// Some parts of a value, in their order.
    fn read_parts(&self, key: &str, parts: &[Part]) -> io::Result<Option<Vec<Vec<u8>>>>;

    /// Bytes of a value.
    fn size(&self, key: &str) -> io::Result<Option<u64>>;

    /// What a value has that it does not have once it was written again, where that can be known
    /// without a request to a service.
    fn stamp(&self, key: &str) -> Option<u64> {
        let _ = key;
        None
    }

    /// Whether a key that was there is not there any more, where that can be known without a request
    /// to a service; else `false`.
    fn is_gone(&self, key: &str) -> bool {
        let _ = key;
        false
    }

    /// Removes what writers that were killed have left below a prefix, where there can be such.
    fn remove_leftovers(&self, prefix: &str) -> io::Result<()> {
        let _ = prefix;
        Ok(())
    }

    /// Gives a key its bytes. Whoever reads at the same time, or after a crash, sees the former bytes
    /// or these, nothing between.
    fn write(&self, key: &str, bytes: &[u8]) -> io::Result<()>;

    /// Removes a key, if it is there.
    fn remove(&self, key: &str) -> io::Result<()>;

    /// The names directly below a prefix, which is empty or ends in `/`; those of prefixes end in `/`.
    fn list(&self, prefix: &str) -> io::Result<Vec<String>>;

    /// Removes every key that begins with a prefix.
    fn remove_all(&self, prefix: &str) -> io::Result<()>;

    /// Everything below `from` takes the place of everything below `to`, in one step where the store
    /// has such a step. Both end in `/`.
    fn replace(&self, from: &str, to: &str) -> io::Result<()>;

    /// All of a value.
    fn get(&self, key: &str) -> io::Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        Ok(self.read(key, &mut bytes)?.then_some(bytes))
    }
}

/// The error of a store that cannot be written.
pub(crate) fn read_only() -> io::Error {
    io::Error::new(io::ErrorKind::ReadOnlyFilesystem, "the store is read-only")
}
