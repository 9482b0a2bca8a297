use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use super::{Part, Store};

/// A folder: each key is a file's path below it.
///
/// A value is written to a file beside its own, which then takes its place in one step.
#[derive(Debug)]
pub struct FolderStore {
    root: PathBuf,
}

impl FolderStore {
    /// The store in a folder, which need not exist yet.
    pub fn new(root: impl Into<PathBuf>) -> FolderStore {
        FolderStore { root: root.into() }
    }

    fn path(&self, key: &str) -> io::Result<PathBuf> {
        // A key of somebody else's metadata must not lead out of the folder.
        let escapes = |part: &str| part == ".." || part == "." || part.contains('\\');
        match key.starts_with('/') || key.split('/').any(escapes) {
            true => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("{key:?} is no key of a store"),
            )),
            false => Ok(self.root.join(key)),
        }
    }

    /// A key's file, and how long it is.
    fn open(&self, key: &str) -> io::Result<Option<(File, u64)>> {
        let path = self.path(key)?;
        let open = || {
            let there = fs::metadata(&path)?;
            // Opening a pipe would wait for its writer.
            match there.is_file() {
                true => Ok((File::open(&path)?, there.len())),
                false => Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "it is not a regular file",
                )),
            }
        };
        match open() {
            Ok(opened) => Ok(Some(opened)),
            Err(e) if is_missing(&e) => Ok(None),
            Err(e) => Err(e),
        }
    }
}

/// Two paths change names in one step, where the system and the disk have such a step.
#[cfg(target_os = "linux")]
fn exchange(a: &Path, b: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE)?)
}

#[cfg(not(target_os = "linux"))]
fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Removes a folder or a file.
fn remove(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path)?.is_dir() {
        true => fs::remove_dir_all(path),
        false => fs::remove_file(path),
    }
}

/// A value that is written takes its place as another file: times alone may be the same.
#[cfg(unix)]
fn inode(metadata: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_: &fs::Metadata) -> u64 {
    0
}

/// Whether a name is such as [`FolderStore::write`] gives to what is not yet complete.
fn is_temporary(name: &str) -> bool {
    name.starts_with('.') && name.ends_with(".tmp")
}

/// A key below a file, or that is no file, is as absent as one that is nowhere.
fn is_missing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

fn unless_missing(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(e) if is_missing(&e) => Ok(()),
        other => other,
    }
}

impl Store for FolderStore {
    fn plain(&self) -> Option<Value> {
        // A relative path means another folder elsewhere.
        let root = std::path::absolute(&self.root).ok()?;
        root.to_str().map(|root| json!({ "folder": root }))
    }

    fn name(&self) -> String {
        self.root.display().to_string()
    }

    fn read(&self, key: &str, into: &mut Vec<u8>) -> io::Result<bool> {
        let Some((mut file, len)) = self.open(key)? else {
            return Ok(false);
        };
        into.clear();
        into.try_reserve_exact(len as usize)?;
        file.read_to_end(into)?;
        Ok(true)
    }

    fn reader(&self, key: &str) -> io::Result<Option<Box<dyn Read>>> {
        let opened = self.open(key)?;
        Ok(opened.map(|(file, _)| Box::new(file) as Box<dyn Read>))
    }

    fn streams(&self) -> bool {
        true
    }

    fn read_parts(&self, key: &str, parts: &[Part]) -> io::Result<Option<Vec<Vec<u8>>>> {
        let Some((mut file, len)) = self.open(key)? else {
            return Ok(None);
        };
        let mut read = |part: &Part| {
            let range = part.within(len)?;
            let mut bytes = vec![0; (range.end - range.start) as usize];
            file.seek(SeekFrom::Start(range.start))?;
            file.read_exact(&mut bytes)?;
            Ok(bytes)
        };
        let read = parts.iter().map(&mut read).collect::<io::Result<_>>();
        read.map(Some)
    }

    fn size(&self, key: &str) -> io::Result<Option<u64>> {
        match fs::metadata(self.path(key)?) {
            Ok(there) if there.is_file() => Ok(Some(there.len())),
            Ok(_) => Ok(None),
            Err(e) if is_missing(&e) => Ok(None),
            Err(e) => Err(e),
        }
    }

    fn stamp(&self, key: &str) -> Option<u64> {
        let there = self.path(key).and_then(fs::metadata).ok()?;
        let mut hasher = DefaultHasher::new();
        (there.len(), there.modified().ok(), inode(&there)).hash(&mut hasher);
        Some(hasher.finish())
    }

    fn is_gone(&self, key: &str) -> bool {
        let there = self.path(key).and_then(fs::metadata);
        there.is_err_and(|e| is_missing(&e))
    }

    fn remove_leftovers(&self, prefix: &str) -> io::Result<()> {
        let mut folders = vec![self.path(prefix)?];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder)? {
                let entry = entry?;
                let name = entry.file_name();
                let is_ours = name.to_str().is_some_and(is_temporary);
                if entry.file_type()?.is_dir() {
                    folders.push(entry.path());
                } else if is_ours {
                    unless_missing(fs::remove_file(entry.path()))?;
                }
            }
        }
        Ok(())
    }

    fn write(&self, key: &str, bytes: &[u8]) -> io::Result<()> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let path = self.path(key)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let temporary = path.with_file_name(format!(".{name}.{}-{n}.tmp", std::process::id()));
        let write = || {
            let mut file = match File::create(&temporary) {
                Err(e) if e.kind() == io::ErrorKind::NotFound => {
                    fs::create_dir_all(path.parent().unwrap_or(&self.root))?;
                    File::create(&temporary)?
                }
                other => other?,
            };
            file.write_all(bytes)?;
            drop(file);
            fs::rename(&temporary, &path)
        };
        write().inspect_err(|_| {
            // The first error is the one to tell.
            fs::remove_file(&temporary).ok();
        })
    }

    fn remove(&self, key: &str) -> io::Result<()> {
        unless_missing(fs::remove_file(self.path(key)?))
    }

    fn list(&self, prefix: &str) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(self.path(prefix)?) {
            Ok(entries) => entries,
            Err(e) if is_missing(&e) => return Ok(Vec::new()),
            Err(e) => return Err(e),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry?;
            let mut name = entry.file_name().to_string_lossy().into_owned();
            if fs::metadata(entry.path()).is_ok_and(|m| m.is_dir()) {
                name.push('/');
            }
            names.push(name);
        }
        names.sort();
        Ok(names)
    }

    fn remove_all(&self, prefix: &str) -> io::Result<()> {
        unless_missing(fs::remove_dir_all(self.path(prefix)?))
    }

    fn replace(&self, from: &str, to: &str) -> io::Result<()> {
        let (from, to) = (self.path(from)?, self.path(to)?);
        let parent = to.parent().unwrap_or(&self.root).to_owned();
        fs::create_dir_all(&parent)?;
        if fs::symlink_metadata(&to).is_err() {
            fs::rename(&from, &to)?;
        } else if exchange(&from, &to).is_ok() {
            // What was replaced has the new one's former name.
            remove(&from)?;
        } else {
            // What is replaced is there under one name or the other until the new is in its place.
            let former = from.with_extension("replaced");
            unless_missing(fs::remove_dir_all(&former))?;
            fs::rename(&to, &former)?;
            if let Err(error) = fs::rename(&from, &to) {
                fs::rename(&former, &to)?;
                return Err(error);
            }
            remove(&former)?;
        }
        Ok(())
    }
}
