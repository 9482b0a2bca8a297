use std::path::{Path, PathBuf};
use std::sync::Arc;

use chunkwise_core::{Error, Result};

use crate::array::prefix;
use crate::store::{FolderStore, Store};

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
    /// What a path or URL means: a folder, or `file://` and a folder.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a URL of an unknown scheme, and for one that names no hierarchy.
    pub fn parse(at: &str) -> Result<Location> {
        let path = match at.split_once("://") {
            None => at,
            Some(("file", path)) => path,
            Some((scheme, _)) => {
                return Err(Error::argument(
                    "opening a store",
                    "url",
                    at,
                    format!("unknown scheme {scheme:?}; known is file://"),
                ));
            }
        };
        Location::folder(Path::new(path))
    }

    /// A hierarchy in a folder.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a path that has no last name, such as `/`.
    pub fn folder(path: &Path) -> Result<Location> {
        // A link stays one: what it points to is meant.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
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
