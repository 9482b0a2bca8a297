use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::io;
use std::path::PathBuf;
use std::time::SystemTime;

use super::{Part, Store, read_only};

/// What stands under a key of a [`ReferenceStore`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference {
    /// These bytes.
    Bytes(Vec<u8>),
    /// A stretch of a file.
    Range {
        /// Which of the store's files.
        file: usize,
        /// Its first byte.
        offset: u64,
        /// Its bytes.
        len: u64,
        /// Zero bytes that are taken to follow: a chunk that reaches beyond the end of its array.
        padding: u64,
    },
}

/// Keys that stand for stretches of files of another format, which are thereby a Zarr hierarchy;
/// read only.
///
/// The files are opened once and read at positions, by all threads at once. A file that was changed
/// since gives an error.
///
/// ```
/// use chunkwise_zarr::{Reference, ReferenceStore, Store};
/// # let path = std::env::temp_dir().join(format!("cw-doc-reference-{}", std::process::id()));
/// std::fs::write(&path, b"header 0123")?;
/// let range = Reference::Range { file: 0, offset: 7, len: 4, padding: 2 };
/// let store = ReferenceStore::open("numbers", vec![path.clone()], [("c/0".to_owned(), range)])?;
/// assert_eq!(store.get("c/0")?.as_deref(), Some(&b"0123\0\0"[..]));
/// # std::fs::remove_file(path)?;
/// # Ok::<_, std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct ReferenceStore {
    name: String,
    files: Vec<Referred>,
    values: BTreeMap<String, Reference>,
}

/// A file, and what tells that it is as it was.
#[derive(Debug)]
struct Referred {
    path: PathBuf,
    file: File,
    stamp: (u64, Option<SystemTime>),
}

impl ReferenceStore {
    /// Keys and what they stand for; ranges count files in the order given. The name is for people.
    ///
    /// # Errors
    /// Where a file cannot be opened, or a range lies outside its file.
    pub fn open(
        name: impl Into<String>,
        files: Vec<PathBuf>,
        values: impl IntoIterator<Item = (String, Reference)>,
    ) -> io::Result<ReferenceStore> {
        let files = files.into_iter().map(Referred::open);
        let store = ReferenceStore {
            name: name.into(),
            files: files.collect::<io::Result<_>>()?,
            values: values.into_iter().collect(),
        };
        for (key, value) in &store.values {
            if let Reference::Range { file, .. } = value {
                let there = store.files.get(*file).is_some_and(|file| {
                    let end = value.end();
                    end.is_some_and(|end| end <= file.stamp.0)
                });
                if !there {
                    return Err(io::Error::new(
                        io::ErrorKind::InvalidData,
                        format!("{key}: {value:?} lies outside the files"),
                    ));
                }
            }
        }
        Ok(store)
    }
}

impl Reference {
    /// Where a range ends in its file.
    fn end(&self) -> Option<u64> {
        match self {
            Reference::Bytes(_) => None,
            Reference::Range { offset, len, .. } => offset.checked_add(*len),
        }
    }

    fn len(&self) -> u64 {
        match self {
            Reference::Bytes(bytes) => bytes.len() as u64,
            Reference::Range { len, padding, .. } => len.saturating_add(*padding),
        }
    }
}

impl Referred {
    fn open(path: PathBuf) -> io::Result<Referred> {
        let file = File::open(&path)?;
        Ok(Referred {
            stamp: stamp(&file.metadata()?),
            path,
            file,
        })
    }

    /// Fills `into` from `offset` on.
    fn read(&self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        let read = read_exact_at(&self.file, into, offset);
        // A file that became shorter was changed: that is the better reason.
        if stamp(&self.file.metadata()?) != self.stamp {
            let reason = format!("{} changed since it was opened", self.path.display());
            return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
        }
        read
    }
}

fn stamp(metadata: &Metadata) -> (u64, Option<SystemTime>) {
    (metadata.len(), metadata.modified().ok())
}

impl Store for ReferenceStore {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn is_read_only(&self) -> bool {
        true
    }

    fn read(&self, key: &str, into: &mut Vec<u8>) -> io::Result<bool> {
        match self.values.get(key) {
            None => Ok(false),
            Some(Reference::Bytes(bytes)) => {
                into.clear();
                into.extend_from_slice(bytes);
                Ok(true)
            }
            Some(range) => {
                let all = range.len() as usize;
                into.try_reserve_exact(all.saturating_sub(into.len()))?;
                into.resize(all, 0);
                self.fill(range, 0, into)?;
                Ok(true)
            }
        }
    }

    fn read_parts(&self, key: &str, parts: &[Part]) -> io::Result<Option<Vec<Vec<u8>>>> {
        let Some(value) = self.values.get(key) else {
            return Ok(None);
        };
        let cut = |part: &Part| {
            let wanted = part.within(value.len())?;
            let mut bytes = vec![0; (wanted.end - wanted.start) as usize];
            self.fill(value, wanted.start, &mut bytes)?;
            Ok(bytes)
        };
        parts.iter().map(cut).collect::<io::Result<_>>().map(Some)
    }

    fn size(&self, key: &str) -> io::Result<Option<u64>> {
        Ok(self.values.get(key).map(Reference::len))
    }

    fn write(&self, _: &str, _: &[u8]) -> io::Result<()> {
        Err(read_only())
    }

    fn remove(&self, _: &str) -> io::Result<()> {
        Err(read_only())
    }

    fn list(&self, prefix: &str) -> io::Result<Vec<String>> {
        let from = self.values.range(prefix.to_owned()..);
        let below = from.map_while(|(key, _)| key.strip_prefix(prefix));
        let names = below.filter_map(|rest| rest.split_inclusive('/').next());
        let mut names: Vec<String> = names.filter(|n| !n.is_empty()).map(str::to_owned).collect();
        names.dedup();
        Ok(names)
    }

    fn remove_all(&self, _: &str) -> io::Result<()> {
        Err(read_only())
    }

    fn replace(&self, _: &str, _: &str) -> io::Result<()> {
        Err(read_only())
    }
}

impl ReferenceStore {
    /// Fills `into` with a value's bytes from `start` on.
    fn fill(&self, value: &Reference, start: u64, into: &mut [u8]) -> io::Result<()> {
        match value {
            Reference::Bytes(bytes) => {
                let start = start as usize;
                into.copy_from_slice(&bytes[start..start + into.len()]);
                Ok(())
            }
            Reference::Range {
                file, offset, len, ..
            } => {
                let stored = len.saturating_sub(start).min(into.len() as u64) as usize;
                let (stored, padding) = into.split_at_mut(stored);
                padding.fill(0);
                self.files[*file].read(offset + start, stored)
            }
        }
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, out: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, out, offset)
}

/// The file's cursor moves, which nobody here uses.
#[cfg(windows)]
fn read_exact_at(file: &File, mut out: &mut [u8], mut offset: u64) -> io::Result<()> {
    use std::os::windows::fs::FileExt;
    while !out.is_empty() {
        match file.seek_read(out, offset) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(n) => {
                out = &mut out[n..];
                offset += n as u64;
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}
