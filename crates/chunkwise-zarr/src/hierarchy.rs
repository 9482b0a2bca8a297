use std::sync::Arc;

use chunkwise_core::{Error, Result};
use serde_json::{Map, Value, json};

use crate::array::{object, prefix};
use crate::store::Store;
use crate::{Version, ZarrArray};

/// What a path of a hierarchy holds.
#[derive(Debug)]
pub enum Node {
    /// An array.
    Array(Box<ZarrArray>),
    /// A group with its attributes.
    Group(Map<String, Value>),
}

impl Node {
    /// The array or group at a path.
    ///
    /// # Errors
    /// As [`ZarrArray::open`].
    pub fn open(store: Arc<dyn Store>, path: &str) -> Result<Node> {
        match group(&*store, &prefix(path))? {
            Some(document) => Ok(Node::Group(attributes(&document))),
            None => Ok(Node::Array(Box::new(ZarrArray::open(store, path)?))),
        }
    }
}

/// The names of the arrays and groups directly below a group: as its consolidated metadata has them,
/// where there is such, else as the store lists them.
///
/// # Errors
/// [`Error::Io`] where the store cannot be listed.
pub fn children(store: &dyn Store, path: &str) -> Result<Vec<String>> {
    let prefix = prefix(path);
    if let Some(names) = consolidated(store, &prefix)? {
        return Ok(names);
    }
    let failed = |e| Error::io("listing", object(store, &prefix), e);
    let mut found = Vec::new();
    for name in store.list(&prefix).map_err(failed)? {
        let Some(name) = name.strip_suffix('/').filter(|n| !n.starts_with('.')) else {
            continue;
        };
        let is_node = ["zarr.json", ".zarray", ".zgroup"]
            .iter()
            .map(|file| store.size(&format!("{prefix}{name}/{file}")))
            .collect::<std::io::Result<Vec<_>>>()
            .map_err(failed)?;
        if is_node.iter().any(Option::is_some) {
            found.push(name.to_owned());
        }
    }
    Ok(found)
}

/// Makes a path a group, and all paths above it within `root`, unless they are that already.
///
/// # Errors
/// [`Error::Io`] where the store cannot be written, and where an array stands in the way.
pub fn write_group(store: &dyn Store, root: &str, path: &str, version: Version) -> Result<()> {
    let mut at = prefix(root);
    let names = path.trim_matches('/').split('/').filter(|n| !n.is_empty());
    for name in std::iter::once(None).chain(names.map(Some)) {
        if let Some(name) = name {
            at.push_str(name);
            at.push('/');
        }
        let failed = |e| Error::io("writing", object(store, &at), e);
        if group(store, &at)?.is_some() {
            continue;
        }
        for file in ["zarr.json", ".zarray"] {
            if store
                .size(&format!("{at}{file}"))
                .map_err(failed)?
                .is_some()
            {
                let reason = "an array is where a group is needed";
                return Err(failed(std::io::Error::new(
                    std::io::ErrorKind::AlreadyExists,
                    reason,
                )));
            }
        }
        let (file, document) = match version {
            Version::V3 => (
                "zarr.json",
                json!({"zarr_format": 3, "node_type": "group", "attributes": {}}),
            ),
            Version::V2 => (".zgroup", json!({"zarr_format": 2})),
        };
        store
            .write(&format!("{at}{file}"), document.to_string().as_bytes())
            .map_err(failed)?;
    }
    Ok(())
}

/// Makes a path a group with these attributes; the groups above it are not made.
///
/// # Errors
/// [`Error::Io`] where the store cannot be written.
pub fn describe_group(
    store: &dyn Store,
    path: &str,
    version: Version,
    attributes: &Map<String, Value>,
) -> Result<()> {
    let at = prefix(path);
    let mut files = Vec::new();
    match version {
        Version::V3 => files.push((
            "zarr.json",
            json!({"zarr_format": 3, "node_type": "group", "attributes": attributes}),
        )),
        Version::V2 => {
            if !attributes.is_empty() {
                files.push((".zattrs", json!(attributes)));
            }
            files.push((".zgroup", json!({"zarr_format": 2})));
        }
    }
    for (file, document) in files {
        let written = store.write(&format!("{at}{file}"), document.to_string().as_bytes());
        written.map_err(|e| Error::io("writing", object(store, &at), e))?;
    }
    Ok(())
}

/// Whether a group has the metadata of all that is below it.
///
/// # Errors
/// [`Error::Io`] where the store cannot be read.
pub fn is_consolidated(store: &dyn Store, path: &str) -> Result<bool> {
    Ok(consolidated(store, &prefix(path))?.is_some())
}

/// Writes the metadata of everything below a group beside the group's own, so that one read tells all.
///
/// # Errors
/// [`Error::Io`] where the store cannot be read or written.
pub fn consolidate(store: &dyn Store, path: &str, version: Version) -> Result<()> {
    let root = prefix(path);
    let files: &[&str] = match version {
        Version::V3 => &["zarr.json"],
        Version::V2 => &[".zgroup", ".zarray", ".zattrs"],
    };
    let mut found = Map::new();
    let mut left = vec![String::new()];
    while let Some(below) = left.pop() {
        for file in files {
            let Some(metadata) = document(store, &format!("{root}{below}{file}"))? else {
                continue;
            };
            // In version 3 a node's name stands for its only document, and the root has itself.
            match (version, below.strip_suffix('/')) {
                (Version::V3, None) => {}
                (Version::V3, Some(name)) => drop(found.insert(name.to_owned(), metadata)),
                (Version::V2, _) => drop(found.insert(format!("{below}{file}"), metadata)),
            }
        }
        let names = children(store, &format!("{root}{below}"))?;
        left.extend(names.iter().rev().map(|name| format!("{below}{name}/")));
    }
    let (file, text) = match version {
        Version::V3 => {
            let mut own =
                document(store, &format!("{root}zarr.json"))?.unwrap_or_else(|| json!({}));
            own["consolidated_metadata"] =
                json!({"kind": "inline", "must_understand": false, "metadata": found});
            ("zarr.json", own)
        }
        Version::V2 => (
            ".zmetadata",
            json!({"zarr_consolidated_format": 1, "metadata": found}),
        ),
    };
    let written = store.write(&format!("{root}{file}"), text.to_string().as_bytes());
    written.map_err(|e| Error::io("writing", object(store, &root), e))
}

/// Refuses a place that a new hierarchy may not take: without `overwrite` any that holds something,
/// with it any that holds something else than a Zarr array or group.
///
/// # Errors
/// [`Error::Io`], which says what is there.
pub fn check_replaceable(store: &dyn Store, path: &str, overwrite: bool) -> Result<()> {
    let failed = |e| Error::io("creating", object(store, path), e);
    let there = store.list(&prefix(path)).map_err(failed)?;
    if store.size(path).map_err(failed)?.is_none() && there.is_empty() {
        return Ok(());
    }
    let is_zarr = ["zarr.json", ".zarray", ".zgroup"]
        .iter()
        .any(|file| there.iter().any(|name| name == file));
    let reason = match (is_zarr, overwrite) {
        (true, true) => return Ok(()),
        (true, false) => "a Zarr array or group is there, which only an overwrite replaces",
        (false, _) => "something is there that is no Zarr array or group",
    };
    let kind = std::io::ErrorKind::AlreadyExists;
    Err(failed(std::io::Error::new(kind, reason)))
}

/// Bytes of everything below a path, unless there are more than `most` objects.
///
/// # Errors
/// [`Error::Io`] where the store cannot be listed.
pub fn stored_bytes(store: &dyn Store, path: &str, most: usize) -> Result<Option<u64>> {
    let failed = |e| Error::io("listing", object(store, path), e);
    let (mut folders, mut seen, mut bytes) = (vec![prefix(path)], 0, 0);
    while let Some(folder) = folders.pop() {
        for name in store.list(&folder).map_err(failed)? {
            seen += 1;
            if seen > most {
                return Ok(None);
            }
            let key = format!("{folder}{name}");
            match name.ends_with('/') {
                true => folders.push(key),
                false => bytes += store.size(&key).map_err(failed)?.unwrap_or(0),
            }
        }
    }
    Ok(Some(bytes))
}

/// The document of the group at a prefix, if there is a group.
fn group(store: &dyn Store, prefix: &str) -> Result<Option<Value>> {
    if let Some(document) = document(store, &format!("{prefix}zarr.json"))? {
        let is_group = document.get("node_type") == Some(&"group".into());
        return Ok(is_group.then_some(document));
    }
    let Some(mut group) = document(store, &format!("{prefix}.zgroup"))? else {
        return Ok(None);
    };
    let attributes = document(store, &format!("{prefix}.zattrs"))?;
    if let (Some(map), Some(attributes)) = (group.as_object_mut(), attributes) {
        map.insert("attributes".to_owned(), attributes);
    }
    Ok(Some(group))
}

/// The JSON document under a key, if there is one.
pub(crate) fn document(store: &dyn Store, key: &str) -> Result<Option<Value>> {
    let bytes = store
        .get(key)
        .map_err(|e| Error::io("reading", object(store, key), e))?;
    let parse = |bytes: Vec<u8>| {
        serde_json::from_slice(&bytes).map_err(|e| Error::InvalidFile {
            path: object(store, key),
            reason: e.to_string(),
        })
    };
    bytes.map(parse).transpose()
}

fn attributes(document: &Value) -> Map<String, Value> {
    match document.get("attributes") {
        Some(Value::Object(map)) => map.clone(),
        _ => Map::new(),
    }
}

/// The names that a group's consolidated metadata has.
fn consolidated(store: &dyn Store, prefix: &str) -> Result<Option<Vec<String>>> {
    let mut names: Vec<String> = Vec::new();
    if let Some(group) = document(store, &format!("{prefix}zarr.json"))? {
        let Some(Value::Object(nodes)) = group.pointer("/consolidated_metadata/metadata") else {
            return Ok(None);
        };
        names.extend(nodes.keys().filter(|k| !k.contains('/')).cloned());
    } else if let Some(all) = document(store, &format!("{prefix}.zmetadata"))? {
        let Some(Value::Object(nodes)) = all.get("metadata") else {
            return Ok(None);
        };
        let below = nodes.keys().filter_map(|key| match key.split_once('/') {
            Some((name, ".zarray" | ".zgroup")) => Some(name.to_owned()),
            _ => None,
        });
        names.extend(below);
    } else {
        return Ok(None);
    }
    names.sort();
    Ok(Some(names))
}

/// What a group holds, for the error of who took it for an array.
pub(crate) fn array_names(store: &dyn Store, prefix: &str) -> String {
    match children(store, prefix) {
        Ok(names) if !names.is_empty() => format!(" (it has {})", names.join(", ")),
        _ => String::new(),
    }
}
