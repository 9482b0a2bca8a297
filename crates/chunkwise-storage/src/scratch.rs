use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chunkwise_core::{
    Chunk, DType, Dims, Error, Grid, Pool, Region, Result, ViewMut, element_count,
};

use crate::flat::FlatFile;

/// A folder for chunks that wait on disk for their next use.
///
/// The folder is made at the first [`store`](Self::store), under a name that no other process has,
/// readable by this user only, and removed when the `ScratchDir` and all its files are gone. Folders
/// of other processes are left alone.
#[derive(Clone, Debug)]
pub struct ScratchDir(Arc<Folder>);

#[derive(Debug)]
struct Folder {
    parent: PathBuf,
    made: Mutex<Option<PathBuf>>,
    next: AtomicU64,
}

impl ScratchDir {
    /// A folder to be made within `dir`, or within the system's folder for temporary files; an error
    /// where that is no folder.
    pub fn new(dir: Option<&Path>) -> Result<ScratchDir> {
        let parent = dir.map_or_else(std::env::temp_dir, Path::to_owned);
        let found = fs::metadata(&parent).and_then(|m| match m.is_dir() {
            true => Ok(()),
            false => Err(io::ErrorKind::NotADirectory.into()),
        });
        found.map_err(|e| Error::io("opening the scratch folder", &parent, e))?;
        Ok(ScratchDir(Arc::new(Folder {
            parent,
            made: Mutex::new(None),
            next: AtomicU64::new(0),
        })))
    }

    /// The folder, once something was stored.
    pub fn path(&self) -> Option<PathBuf> {
        self.0.lock().clone()
    }

    /// Writes a chunk's elements to a file of its own; an error where the disk is full, the partial
    /// file then being removed.
    pub fn store(&self, chunk: &Chunk) -> Result<ScratchFile> {
        self.store_in_parts(chunk, Grid::single(chunk.shape()))
    }

    /// The same for a chunk that will be read in parts: each lies in one piece of the file.
    pub fn store_in_parts(&self, chunk: &Chunk, parts: Grid) -> Result<ScratchFile> {
        if parts.shape().as_slice() != chunk.shape() {
            return Err(Error::ShapeMismatch {
                operation: "parts of a scratch file",
                expected: chunk.shape().to_vec(),
                got: parts.shape().to_vec(),
            });
        }
        let n = self.0.next.fetch_add(1, Ordering::Relaxed);
        let path = self.0.make()?.join(format!("{n}.chunk"));
        let file = OpenOptions::new().write(true).create_new(true).open(&path);
        let file = file.map_err(|e| Error::io("writing scratch file", &path, e))?;
        let stored = ScratchFile {
            folder: Arc::clone(&self.0),
            path,
            dtype: chunk.dtype(),
            shape: chunk.shape().into(),
            parts,
        };
        let file = Arc::new(file);
        for n in 0..stored.parts.count() {
            let part = stored.parts.region(&stored.parts.unravel(n));
            let view = chunk.view().region(&part);
            stored
                .flat(&file, &part)
                .write(&Region::whole(&part.shape), &view)?;
        }
        Ok(stored)
    }
}

impl Folder {
    fn lock(&self) -> std::sync::MutexGuard<'_, Option<PathBuf>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn make(&self) -> Result<PathBuf> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let mut made = self.lock();
        if let Some(path) = &*made {
            return Ok(path.clone());
        }
        loop {
            let n = NEXT.fetch_add(1, Ordering::Relaxed);
            let name = format!("chunkwise-{}-{n}", std::process::id());
            let path = self.parent.join(name);
            match private_folder().create(&path) {
                Ok(()) => return Ok(made.insert(path).clone()),
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
                Err(e) => return Err(Error::io("making the scratch folder", &path, e)),
            }
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Some(path) = &*self.lock() {
            fs::remove_dir_all(path).ok();
        }
    }
}

#[cfg(unix)]
fn private_folder() -> DirBuilder {
    use std::os::unix::fs::DirBuilderExt;
    let mut builder = DirBuilder::new();
    builder.mode(0o700);
    builder
}

#[cfg(not(unix))]
fn private_folder() -> DirBuilder {
    DirBuilder::new()
}

/// A chunk on disk; the file is removed on drop.
#[derive(Debug)]
pub struct ScratchFile {
    folder: Arc<Folder>,
    path: PathBuf,
    dtype: DType,
    shape: Dims,
    /// Each lies in one piece, one after another in C order.
    parts: Grid,
}

impl ScratchFile {
    /// The elements' dtype.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// The chunk's shape.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Bytes on disk.
    pub fn nbytes(&self) -> u64 {
        element_count(&self.shape).map_or(0, |n| (n * self.dtype.size()) as u64)
    }

    /// The folder that holds the file.
    pub fn dir(&self) -> ScratchDir {
        ScratchDir(Arc::clone(&self.folder))
    }

    /// The chunk, in fresh memory in C order.
    pub fn load(&self, pool: &Pool) -> Result<Chunk> {
        Chunk::build(pool, self.dtype, &self.shape, |out| {
            self.read(&Region::whole(&self.shape), out)
        })
    }

    /// Fills `out` with a region of the chunk.
    pub fn read(&self, region: &Region, mut out: ViewMut<'_>) -> Result<()> {
        // Files are opened per use: a run may hold more scratch files than a process may hold open.
        let file = File::open(&self.path);
        let file = Arc::new(file.map_err(|e| Error::io("reading scratch file", &self.path, e))?);
        for index in self.parts.covering(region) {
            let part = self.parts.region(&index);
            if let Some(wanted) = part.intersect(region) {
                let target = out.region(&wanted.relative_to(&region.start));
                self.flat(&file, &part)
                    .read(&wanted.relative_to(&part.start), target)?;
            }
        }
        Ok(())
    }

    /// The piece of the file that holds a part.
    fn flat(&self, file: &Arc<File>, part: &Region) -> FlatFile {
        // The parts before it: whole slabs, and of its own slab whole rows, and so on.
        let mut before = 0;
        let mut thick = 1;
        for axis in 0..part.ndim() {
            let rest: usize = self.shape[axis + 1..].iter().product();
            before += thick * part.start[axis] * rest;
            thick *= part.shape[axis];
        }
        let offset = (before * self.dtype.size()) as u64;
        let file = Arc::clone(file);
        FlatFile::new(
            file,
            &self.path,
            offset,
            self.dtype,
            &part.shape,
            false,
            false,
        )
    }
}

impl Drop for ScratchFile {
    fn drop(&mut self) {
        fs::remove_file(&self.path).ok();
    }
}
