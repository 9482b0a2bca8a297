//! Arrays as plain data: where they are and what their metadata says, to be sent and opened again.

use std::path::PathBuf;
use std::sync::Arc;

use chunkwise_core::{Error, Result};
use serde_json::{Value, json};

use crate::ZarrArray;
use crate::store::{FolderStore, Reference, ReferenceStore, Store, ZipStore};

impl ZarrArray {
    /// What [`from_bytes`](Self::from_bytes) makes the same array from, in another process too: the store's
    /// place with all it takes to open it (credentials that were given among them), and the metadata.
    /// `None` for a store in memory.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use chunkwise_core::{DType, Sink};
    /// use chunkwise_zarr::{FolderStore, Layout, Location, Store, ZarrArray, ZarrSink};
    /// # let folder = std::env::temp_dir().join(format!("cw-doc-plain-{}", std::process::id()));
    /// let store: Arc<dyn Store> = Arc::new(FolderStore::new(&folder));
    /// let at = Location { store: Arc::clone(&store), root: "x".to_owned(), path: String::new() };
    /// ZarrSink::create(at, &Layout::new(&[10, 5]), &[30, 20], DType::F32, false, false)?.commit()?;
    /// let bytes = ZarrArray::open(store, "x")?.to_bytes().ok_or("in memory")?;
    /// assert_eq!(ZarrArray::from_bytes(&bytes)?.shape(), [30, 20]);
    /// # std::fs::remove_dir_all(folder)?;
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        let plain = json!({
            "store": self.store().plain()?,
            "path": self.prefix(),
            "document": self.document(),
        });
        serde_json::to_vec(&plain).ok()
    }

    /// The array that [`to_bytes`](Self::to_bytes) was asked for. Its metadata is not read again.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for other bytes; [`Error::Io`] where the store cannot be opened, and for
    /// references to a file that was changed.
    pub fn from_bytes(bytes: &[u8]) -> Result<ZarrArray> {
        let bad = || Error::argument("opening an array", "bytes", bytes.len(), "not an array's");
        let plain: Value = serde_json::from_slice(bytes).map_err(|_| bad())?;
        let path = plain["path"].as_str().ok_or_else(bad)?;
        let store = open(&plain["store"]).ok_or_else(bad)?;
        let store = store.map_err(|e| Error::io("opening", path, e))?;
        ZarrArray::new(store, path, plain["document"].clone())
    }
}

/// The store that [`Store::plain`] described; `None` for what describes none.
fn open(plain: &Value) -> Option<std::io::Result<Arc<dyn Store>>> {
    if let Some(folder) = plain["folder"].as_str() {
        return Some(Ok(Arc::new(FolderStore::new(folder))));
    }
    if let Some(file) = plain["zip"].as_str() {
        return Some(
            ZipStore::open(std::path::Path::new(file)).map(|s| Arc::new(s) as Arc<dyn Store>),
        );
    }
    #[cfg(feature = "remote")]
    if let Some(base) = plain["remote"].as_str() {
        let settings = plain["settings"].as_array()?.iter();
        let options = crate::RemoteOptions {
            settings: settings
                .map(|s| Some((s[0].as_str()?.to_owned(), s[1].as_str()?.to_owned())))
                .collect::<Option<_>>()?,
            timeout: std::time::Duration::try_from_secs_f64(plain["timeout"].as_f64()?).ok()?,
            retries: usize::try_from(plain["retries"].as_u64()?).ok()?,
        };
        let store = crate::RemoteStore::open(base, &options);
        return Some(store.map(|s| Arc::new(s) as Arc<dyn Store>));
    }
    let name = plain["references"].as_str()?;
    let mut files = Vec::new();
    let mut stamps = Vec::new();
    for file in plain["files"].as_array()? {
        files.push(PathBuf::from(file[0].as_str()?));
        stamps.push(file[1].clone());
    }
    let values = plain["values"].as_object()?.iter();
    let values = values.map(|(key, value)| Some((key.clone(), reference(value)?)));
    let values: Vec<(String, Reference)> = values.collect::<Option<_>>()?;
    let store = ReferenceStore::open(name, files, values).and_then(|store| {
        match store.stamps() == stamps {
            true => Ok(Arc::new(store) as Arc<dyn Store>),
            false => Err(std::io::Error::new(
                std::io::ErrorKind::InvalidData,
                format!("{name} changed since it was opened"),
            )),
        }
    });
    Some(store)
}

/// A reference as plain data.
pub(crate) fn plain_reference(of: &Reference) -> Value {
    match of {
        Reference::Bytes(bytes) => json!({ "bytes": bytes }),
        Reference::Range {
            file,
            offset,
            len,
            padding,
        } => json!([file, offset, len, padding]),
    }
}

fn reference(plain: &Value) -> Option<Reference> {
    if let Some(bytes) = plain.get("bytes") {
        return serde_json::from_value(bytes.clone())
            .ok()
            .map(Reference::Bytes);
    }
    let [file, offset, len, padding] = serde_json::from_value(plain.clone()).ok()?;
    let file = usize::try_from(file).ok()?;
    Some(Reference::Range {
        file,
        offset,
        len,
        padding,
    })
}
