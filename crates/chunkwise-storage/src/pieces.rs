use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use chunkwise_core::{Error, Result};

use crate::positioned::{read_exact_at, write_all_at};

/// What such a file begins with: `cwpieces` and the number of places.
const MAGIC: [u8; 8] = *b"cwpieces";
const START: u64 = 16;
/// Bytes that are collected before they are written.
const BUFFER: usize = 256 << 10;

/// A file of pieces of bytes by their places, in the making: for many readers, of which each needs one piece.
///
/// Behind the start there is a table of where each piece begins, and where the last one ends, so that a reader
/// finds its piece by two short reads. The file has its name once it is complete; one that is not
/// [committed](Self::commit) is removed. Nothing is made durable: what lives no longer than a computation need not
/// outlive the machine.
///
/// ```
/// use chunkwise_storage::{PieceFile, PieceWriter};
/// let path = std::env::temp_dir().join(format!("chunkwise-doc-{}.pieces", std::process::id()));
/// let mut writer = PieceWriter::create(&path, 3)?;
/// writer.put(1, &[b"ab", b"c"])?;
/// writer.commit()?;
/// let file = PieceFile::open(&path)?;
/// let (start, len) = file.piece(1)?;
/// let mut bytes = vec![0; len as usize];
/// file.read(start, &mut bytes)?;
/// assert_eq!(bytes, b"abc");
/// assert_eq!(file.piece(2)?.1, 0);
/// # std::fs::remove_file(&path).ok();
/// # Ok::<_, chunkwise_core::Error>(())
/// ```
#[derive(Debug)]
pub struct PieceWriter {
    path: PathBuf,
    temporary: PathBuf,
    file: BufWriter<File>,
    /// Where the pieces begin that were put so far, and the places before them.
    table: Vec<u64>,
    places: usize,
    at: u64,
    done: bool,
}

impl PieceWriter {
    /// A file with so many places. Its folder must be there.
    pub fn create(path: &Path, places: usize) -> Result<PieceWriter> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let failed = |e| Error::io("creating", path, e);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let (file, temporary) = loop {
            // Machines that share the folder may have processes of one number.
            let n = NEXT.fetch_add(1, Ordering::Relaxed) ^ nanoseconds();
            let temporary = path.with_file_name(format!(".{name}.{}-{n}.tmp", std::process::id()));
            match OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(&temporary)
            {
                Ok(file) => break (file, temporary),
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
                Err(e) => return Err(failed(e)),
            }
        };
        let at = START + 8 * (places as u64 + 1);
        let mut writer = PieceWriter {
            path: path.to_owned(),
            temporary,
            file: BufWriter::with_capacity(BUFFER, file),
            table: Vec::with_capacity(places + 1),
            places,
            at: 0,
            done: false,
        };
        // The table is written when it is known.
        writer.write(&vec![0; at as usize])?;
        Ok(writer)
    }

    /// Writes the piece of a place, one after another. Places rise; those passed over stay empty.
    pub fn put(&mut self, place: usize, parts: &[&[u8]]) -> Result<()> {
        if place < self.table.len() || place >= self.places {
            let (have, places) = (self.table.len(), self.places);
            return Err(Error::internal(
                "storage",
                format!("place {place} of {places} after the first {have}"),
            ));
        }
        self.table.resize(place + 1, self.at);
        parts.iter().try_for_each(|part| self.write(part))
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.at += bytes.len() as u64;
        let done = self.file.write_all(bytes);
        done.map_err(|e| Error::io("writing", &self.path, e))
    }

    /// Gives the file its name; its bytes.
    pub fn commit(mut self) -> Result<u64> {
        self.table.resize(self.places + 1, self.at);
        let mut start = MAGIC.to_vec();
        start.extend((self.places as u64).to_le_bytes());
        start.extend(self.table.iter().flat_map(|at| at.to_le_bytes()));
        let done = self
            .file
            .flush()
            .and_then(|()| write_all_at(self.file.get_ref(), &start, 0))
            .and_then(|()| fs::rename(&self.temporary, &self.path));
        done.map_err(|e| Error::io("writing", &self.path, e))?;
        self.done = true;
        Ok(self.at)
    }
}

impl Drop for PieceWriter {
    fn drop(&mut self) {
        if !self.done {
            // Where even this fails there is nothing left to try.
            fs::remove_file(&self.temporary).ok();
        }
    }
}

fn nanoseconds() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |d| u64::from(d.subsec_nanos()) << 20)
}

/// A file that a [`PieceWriter`] has made.
#[derive(Debug)]
pub struct PieceFile {
    file: File,
    path: PathBuf,
    places: u64,
    len: u64,
}

impl PieceFile {
    /// Opens it.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::InvalidFile`] for another file, or one that was cut off.
    pub fn open(path: &Path) -> Result<PieceFile> {
        let failed = |e| Error::io("opening", path, e);
        let file = File::open(path).map_err(failed)?;
        let len = file.metadata().map_err(failed)?.len();
        let mut found = PieceFile {
            file,
            path: path.to_owned(),
            places: 0,
            len,
        };
        let [magic, places] = found.words(0)?;
        let end = places.checked_add(1).and_then(|n| n.checked_mul(8));
        let end = end.and_then(|n| n.checked_add(START));
        if magic.to_le_bytes() != MAGIC || end.is_none_or(|end| end > len) {
            return Err(found.wrong("no file of pieces, or one that was cut off"));
        }
        found.places = places;
        Ok(found)
    }

    /// Where the piece of a place begins, and its bytes; none where nothing was put there.
    ///
    /// # Errors
    /// [`Error::InvalidFile`] where the table is damaged; [`Error::Io`].
    pub fn piece(&self, place: usize) -> Result<(u64, u64)> {
        if place as u64 >= self.places {
            return Err(self.wrong(&format!("place {place} of {}", self.places)));
        }
        let [start, end] = self.words(START + 8 * place as u64)?;
        match end.checked_sub(start) {
            Some(bytes) if end <= self.len => Ok((start, bytes)),
            _ => Err(self.wrong(&format!("a piece from {start} to {end}"))),
        }
    }

    /// Reads bytes from a place in the file.
    ///
    /// # Errors
    /// [`Error::Io`], also where the file ends early.
    pub fn read(&self, at: u64, out: &mut [u8]) -> Result<()> {
        let done = read_exact_at(&self.file, out, at);
        done.map_err(|e| Error::io("reading", &self.path, e))
    }

    fn words(&self, at: u64) -> Result<[u64; 2]> {
        let mut both = [0; 16];
        self.read(at, &mut both)?;
        let both = u128::from_le_bytes(both);
        Ok([both as u64, (both >> 64) as u64])
    }

    fn wrong(&self, reason: &str) -> Error {
        Error::InvalidFile {
            path: self.path.clone(),
            reason: reason.to_owned(),
        }
    }
}
