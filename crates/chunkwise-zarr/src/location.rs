use std::path::{Path, PathBuf};
use std::sync::Arc;

use chunkwise_core::{Error, Result};

use crate::array::prefix;
use crate::store::{FolderStore, Store, ZipStore};

/// Where a hierarchy is: a store, the hierarchy's root within it, and a path below that.
///
/// The store reaches beyond the root, so that a new hierarchy can be made beside an old one and take
/// its place in one step.
#[derive(Clone, Debug)]
pub struct Location {
    /// Keys and bytes.
    pub store: Arc<dyn Store>,
    /// The hierarchy's root, without a slash at the end.
    pub root: String,
    /// The array or group below the root; empty for the root.
    pub path: String,
}

impl Location {
    /// What a path or URL means: a folder or a zip file, also as `file://`; with the feature `remote`
    /// also `s3://`, `gs://`, `az://`, `http://` and `https://`.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a URL of an unknown scheme, and for one that names no hierarchy;
    /// [`Error::Io`] for a zip file that cannot be read, and where a service is not set up.
    pub fn parse(at: &str) -> Result<Location> {
        match at.split_once("://") {
            None => Location::folder(Path::new(at)),
            Some(("file", path)) => Location::folder(Path::new(path)),
            #[cfg(feature = "remote")]
            Some((scheme, _)) => Location::remote(at, &from_environment(scheme)),
            #[cfg(not(feature = "remote"))]
            Some((scheme, _)) => Err(Error::argument(
                "opening a store",
                "url",
                at,
                format!("no scheme {scheme:?}; known is file"),
            )),
        }
    }

    /// A hierarchy in a service.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    #[cfg(feature = "remote")]
    pub fn remote(at: &str, options: &crate::RemoteOptions) -> Result<Location> {
        let bad = |reason: String| Error::argument("opening a store", "url", at, reason);
        let (scheme, rest) = at
            .split_once("://")
            .ok_or_else(|| bad("no scheme".to_owned()))?;
        let (host, root) = rest.split_once('/').unwrap_or((rest, ""));
        let root = root.trim_matches('/');
        if host.is_empty() || root.is_empty() {
            return Err(bad("no hierarchy is named".to_owned()));
        }
        let base = format!("{scheme}://{host}");
        let store = crate::RemoteStore::open(&base, options).map_err(|e| match e.kind() {
            std::io::ErrorKind::InvalidInput => bad(e.to_string()),
            _ => Error::io("opening", at, e),
        })?;
        Ok(Location {
            store: Arc::new(store),
            root: root.to_owned(),
            path: String::new(),
        })
    }

    /// A hierarchy in a folder, or in a zip file.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a path that has no last name, such as `/`.
    pub fn folder(path: &Path) -> Result<Location> {
        // A link stays one: what it points to is meant.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if path.is_file() && path.extension().is_some_and(|e| e == "zip") {
            let zip = ZipStore::open(&path).map_err(|e| Error::io("opening", &path, e))?;
            return Ok(Location {
                store: Arc::new(zip),
                root: String::new(),
                path: String::new(),
            });
        }
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(Error::argument(
                "opening a store",
                "path",
                path.display(),
                "it has no name of its own",
            ));
        };
        let Some(name) = name.to_str() else {
            return Err(Error::argument(
                "opening a store",
                "path",
                path.display(),
                "its name is not UTF-8",
            ));
        };
        let parent = match parent.as_os_str().is_empty() {
            true => PathBuf::from("."),
            false => parent.to_owned(),
        };
        Ok(Location {
            store: Arc::new(FolderStore::new(parent)),
            root: name.to_owned(),
            path: String::new(),
        })
    }

    /// The same hierarchy's array or group at a path.
    pub fn at(mut self, path: &str) -> Location {
        self.path = path.trim_matches('/').to_owned();
        self
    }

    /// The path within the store.
    pub fn full(&self) -> String {
        format!("{}{}", prefix(&self.root), self.path)
            .trim_matches('/')
            .to_owned()
    }
}

/// What the environment says of a service's client; what it says of the service itself is read where
/// the service is opened.
#[cfg(feature = "remote")]
fn from_environment(scheme: &str) -> crate::RemoteOptions {
    let variable = match scheme {
        "s3" | "s3a" => "AWS_ALLOW_HTTP",
        "gs" => "GOOGLE_ALLOW_HTTP",
        _ => "AZURE_ALLOW_HTTP",
    };
    let mut options = crate::RemoteOptions::default();
    if std::env::var(variable).is_ok_and(|v| v == "true" || v == "1") {
        let setting = ("allow_http".to_owned(), "true".to_owned());
        options.settings.push(setting);
    }
    options
}
