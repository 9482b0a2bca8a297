use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use zip::read::ZipArchive;
use zip::{CompressionMethod, result::ZipError};

use serde_json::{Value, json};

use super::{Part, Store, read_only};

/// A zip file, which is read only.
pub struct ZipStore {
    name: String,
    /// One reader at a time: Zarr's chunks are small beside what decoding them takes.
    archive: Mutex<ZipArchive<BufReader<File>>>,
    entries: BTreeMap<String, Entry>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    index: usize,
    size: u64,
}

impl ZipStore {
    /// The store in a zip file.
    ///
    /// # Errors
    /// Where it cannot be read, is no zip file, or is packed with something else than Deflate.
    pub fn open(path: &Path) -> io::Result<ZipStore> {
        let mut archive = ZipArchive::new(BufReader::new(File::open(path)?)).map_err(failed)?;
        let mut entries = BTreeMap::new();
        for index in 0..archive.len() {
            let file = archive.by_index_raw(index).map_err(failed)?;
            if !matches!(
                file.compression(),
                CompressionMethod::Stored | CompressionMethod::Deflated
            ) {
                return Err(io::Error::new(
                    io::ErrorKind::Unsupported,
                    format!("an entry is packed by {}", file.compression()),
                ));
            }
            let size = file.size();
            // Of two entries with one name the later is meant.
            let name = file.name().map_err(failed)?.into_owned();
            entries.insert(name, Entry { index, size });
        }
        Ok(ZipStore {
            name: path.display().to_string(),
            archive: Mutex::new(archive),
            entries,
        })
    }
}

impl std::fmt::Debug for ZipStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ZipStore({})", self.name)
    }
}

impl Store for ZipStore {
    fn plain(&self) -> Option<Value> {
        let path = std::path::absolute(&self.name).ok()?;
        path.to_str().map(|path| json!({ "zip": path }))
    }

    fn name(&self) -> String {
        self.name.clone()
    }

    fn is_read_only(&self) -> bool {
        true
    }

    fn read(&self, key: &str, into: &mut Vec<u8>) -> io::Result<bool> {
        let Some(entry) = self.entries.get(key) else {
            return Ok(false);
        };
        into.clear();
        let mut archive = self.archive.lock().unwrap_or_else(PoisonError::into_inner);
        let file = archive.by_index(entry.index).map_err(failed)?;
        // What the archive says of the size need not be true: no more than this is taken.
        let read = file.take(entry.size + 1).read_to_end(into)?;
        match read as u64 == entry.size {
            true => Ok(true),
            false => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("{read} bytes instead of {}", entry.size),
            )),
        }
    }

    fn read_parts(&self, key: &str, parts: &[Part]) -> io::Result<Option<Vec<Vec<u8>>>> {
        let mut value = Vec::new();
        if !self.read(key, &mut value)? {
            return Ok(None);
        }
        let cut = |part: &Part| {
            let range = part.within(value.len() as u64)?;
            Ok(value[range.start as usize..range.end as usize].to_vec())
        };
        parts.iter().map(cut).collect::<io::Result<_>>().map(Some)
    }

    fn size(&self, key: &str) -> io::Result<Option<u64>> {
        Ok(self.entries.get(key).map(|e| e.size))
    }

    fn write(&self, _: &str, _: &[u8]) -> io::Result<()> {
        Err(read_only())
    }

    fn remove(&self, _: &str) -> io::Result<()> {
        Err(read_only())
    }

    fn list(&self, prefix: &str) -> io::Result<Vec<String>> {
        let below = self.entries.keys().filter_map(|k| k.strip_prefix(prefix));
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

fn failed(error: ZipError) -> io::Error {
    match error {
        ZipError::Io(e) => e,
        other => io::Error::new(io::ErrorKind::InvalidData, other.to_string()),
    }
}
