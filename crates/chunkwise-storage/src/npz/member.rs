use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use chunkwise_core::{DType, Error, Region, Result, Source, SourceId, ViewMut};
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use crate::flat::FlatFile;
use crate::identity::Stamped;
use crate::npy::{Header, header_len, parse_header};

/// Bytes that unpacking holds: what is read, what is unpacked, the window of Deflate.
const UNPACKING: usize = 256 << 10;

type Archive = ZipArchive<BufReader<File>>;

/// A `.npz` file: arrays by name.
///
/// ```
/// use chunkwise_core::{Chunk, Region, Sink, Source};
/// use chunkwise_storage::{Npz, NpzSink};
/// # let path = std::env::temp_dir().join(format!("chunkwise-doc-{}.npz", std::process::id()));
/// let chunk = Chunk::from_owner(vec![1i32, 2, 3], &[3])?;
/// let sinks = NpzSink::create(&path, &[("x", chunk.dtype(), chunk.shape())])?;
/// sinks[0].write(&Region::whole(&[3]), chunk.view())?;
/// sinks[0].commit()?;
/// let file = Npz::open(&path)?;
/// assert_eq!(file.names(), ["x"]);
/// assert_eq!(file.member("x")?.shape(), [3]);
/// # std::fs::remove_file(path).ok();
/// # Ok::<_, chunkwise_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Npz {
    file: Stamped,
    /// The directory's entries that are `.npy` files, by the names of arrays.
    names: Vec<String>,
    entries: Vec<usize>,
}

impl Npz {
    /// Opens a file and reads its directory.
    ///
    /// # Errors
    /// [`Error::Io`] where it cannot be read; [`Error::InvalidFile`] where it is no zip file, or a
    /// part of one.
    pub fn open(path: impl AsRef<Path>) -> Result<Npz> {
        let (file, mut archive) = archive(path.as_ref())?;
        let (mut names, mut entries): (Vec<String>, Vec<usize>) = Default::default();
        for index in 0..archive.len() {
            let entry = archive.by_index_raw(index);
            let entry = entry.map_err(|e| zip_error(&file, e))?;
            let name = entry.name().map_err(|e| zip_error(&file, e))?;
            if let Some(name) = name.strip_suffix(".npy") {
                names.push(name.to_owned());
                entries.push(index);
            }
        }
        Ok(Npz {
            file,
            names,
            entries,
        })
    }

    /// The arrays' names, in the file's order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The file.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// An array; where it is packed, it will be unpacked in the system's folder for temporary files.
    ///
    /// # Errors
    /// [`Error::InvalidFile`] where there is no such array, and where its member is no `.npy` file,
    /// too short for its shape, encrypted, or packed by something else than Deflate.
    pub fn member(&self, name: &str) -> Result<NpzSource> {
        self.member_in(name, &std::env::temp_dir())
    }

    /// The same with the folder in which a packed array is unpacked.
    ///
    /// # Errors
    /// As [`member`](Self::member).
    pub fn member_in(&self, name: &str, scratch: &Path) -> Result<NpzSource> {
        // Of two members with one name the later is meant, as in Python.
        let place = self.names.iter().rposition(|n| n == name);
        let place = place.ok_or_else(|| {
            let known = match self.names.as_slice() {
                [] => "it has none".to_owned(),
                names => format!("it has {}", names.join(", ")),
            };
            self.file.invalid(format!("no array {name:?}; {known}"))
        })?;
        NpzSource::open(self, name, self.entries[place], scratch)
    }
}

/// An array of a `.npz` file.
#[derive(Debug)]
pub struct NpzSource {
    file: Stamped,
    name: String,
    header: Header,
    data: Data,
    id: SourceId,
}

#[derive(Debug)]
enum Data {
    /// In the zip file itself.
    Stored(FlatFile),
    /// Packed there, and at its first use unpacked.
    Packed {
        entry: usize,
        scratch: PathBuf,
        /// Bytes in the zip file.
        packed: u64,
        unpacked: OnceLock<Unpacked>,
        unpacking: Mutex<()>,
    },
}

impl NpzSource {
    fn open(npz: &Npz, name: &str, entry: usize, scratch: &Path) -> Result<NpzSource> {
        let (file, mut archive) = archive(npz.path())?;
        let failed = |e| zip_error(&file, e);
        let about = |reason: String| file.invalid(format!("array {name:?}: {reason}"));
        let (size, packed, method, encrypted, start) = {
            let raw = archive.by_index_raw(entry).map_err(failed)?;
            (
                raw.size(),
                raw.compressed_size(),
                raw.compression(),
                raw.encrypted(),
                raw.data_start(),
            )
        };
        if encrypted {
            return Err(about("it is encrypted".to_owned()));
        }
        let header = {
            let mut member = archive.by_index(entry).map_err(|e| match e {
                ZipError::UnsupportedArchive(_) => {
                    about(format!("packed by {method}; known are Stored and Deflated"))
                }
                other => failed(other),
            })?;
            read_header(&mut member).map_err(about)?
        };
        let needed = (header.data_offset + header.nbytes()) as u64;
        if size < needed {
            return Err(about(format!(
                "{} of shape {:?} need {needed} bytes with the header, the member has {size}",
                header.dtype,
                header.shape.as_slice()
            )));
        }
        let data = match method {
            CompressionMethod::Stored => {
                let start = start.ok_or_else(|| about("it has no data".to_owned()))?;
                if start.saturating_add(needed) > file.len() {
                    return Err(about(format!(
                        "it reaches to byte {} of {}",
                        start.saturating_add(needed),
                        file.len()
                    )));
                }
                let zip = File::open(file.path()).map_err(|e| Error::io("opening", file.path(), e));
                Data::Stored(flat(
                    zip?,
                    file.path(),
                    start + header.data_offset as u64,
                    &header,
                ))
            }
            _ => Data::Packed {
                entry,
                scratch: scratch.to_owned(),
                packed,
                unpacked: OnceLock::new(),
                unpacking: Mutex::new(()),
            },
        };
        Ok(NpzSource {
            file,
            name: name.to_owned(),
            header,
            data,
            id: SourceId::unique(),
        })
    }

    /// What the member says about its data.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The file.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// The array's name in the file.
    pub fn member_name(&self) -> &str {
        &self.name
    }

    /// Bytes that it takes in the zip file, where it is packed.
    pub fn packed_bytes(&self) -> Option<u64> {
        match self.data {
            Data::Stored(_) => None,
            Data::Packed { packed, .. } => Some(packed),
        }
    }

    fn unpack(&self, entry: usize, scratch: &Path) -> Result<Unpacked> {
        let (now, mut archive) = archive(self.file.path())?;
        if now.len() != self.file.len() {
            return Err(self.file.invalid("changed since it was opened"));
        }
        let member = archive.by_index(entry);
        let mut member = member.map_err(|e| zip_error(&self.file, e))?;
        let mut unpacked = Unpacked::create(scratch)?;
        // No more than was said to be there is taken.
        let size = (self.header.data_offset + self.header.nbytes()) as u64;
        let mut left = size;
        let mut buffer = vec![0; UNPACKING / 4];
        loop {
            let n = match member.read(&mut buffer) {
                Ok(0) => break,
                Ok(n) => n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => {
                    let reason = format!("array {:?} cannot be unpacked: {e}", self.name);
                    return Err(self.file.invalid(reason));
                }
            };
            let kept = (n as u64).min(left);
            let written = unpacked.file.write_all(&buffer[..kept as usize]);
            written.map_err(|e| Error::io("unpacking into", scratch, e))?;
            left -= kept;
        }
        if left > 0 {
            return Err(self.file.invalid(format!(
                "array {:?} has {} bytes, {size} are needed",
                self.name,
                size - left
            )));
        }
        let file = unpacked.file.try_clone();
        let file = file.map_err(|e| Error::io("opening", scratch, e))?;
        let offset = self.header.data_offset as u64;
        unpacked.flat = Some(flat(file, self.file.path(), offset, &self.header));
        Ok(unpacked)
    }

    /// Its elements in a file, unpacked where they were not.
    fn flat(&self) -> Result<&FlatFile> {
        let (entry, scratch, unpacked, unpacking) = match &self.data {
            Data::Stored(flat) => return Ok(flat),
            Data::Packed {
                entry,
                scratch,
                unpacked,
                unpacking,
                ..
            } => (*entry, scratch, unpacked, unpacking),
        };
        let _one = unpacking.lock().unwrap_or_else(PoisonError::into_inner);
        let there = match unpacked.get() {
            Some(there) => there,
            None => {
                let made = self.unpack(entry, scratch)?;
                unpacked.get_or_init(|| made)
            }
        };
        let missing = || Error::internal("npz", "an unpacked array has no file");
        there.flat.as_ref().ok_or_else(missing)
    }
}

impl Source for NpzSource {
    fn id(&self) -> SourceId {
        self.id
    }

    fn name(&self) -> String {
        format!("npz {}::{}", self.file.name(), self.name)
    }

    fn shape(&self) -> &[usize] {
        &self.header.shape
    }

    fn dtype(&self) -> DType {
        self.header.dtype
    }

    fn read(&self, region: &Region, out: ViewMut<'_>) -> Result<()> {
        let flat = self.flat()?;
        flat.read(region, out)?;
        match self.data {
            Data::Stored(_) => self.file.check(flat.file()),
            // What was unpacked is what it was.
            Data::Packed { .. } => Ok(()),
        }
    }

    /// As for a `.npy` file at most 512 KiB, and a little for unpacking.
    fn scratch_bytes(&self, region: &Region) -> usize {
        match &self.data {
            Data::Stored(flat) => flat.scratch_bytes(region),
            Data::Packed { unpacked, .. } => match unpacked.get().and_then(|u| u.flat.as_ref()) {
                Some(flat) => flat.scratch_bytes(region),
                None => UNPACKING + crate::staging::LIMIT,
            },
        }
    }
}

/// A scratch file, gone with this.
#[derive(Debug)]
struct Unpacked {
    file: File,
    flat: Option<FlatFile>,
    /// Where it still has a name.
    named: Option<PathBuf>,
}

impl Unpacked {
    fn create(folder: &Path) -> Result<Unpacked> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        loop {
            let n = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = folder.join(format!("chunkwise-{}-{n}.unpacked", std::process::id()));
            let mut options = OpenOptions::new();
            options.read(true).write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let file = match options.open(&path) {
                Ok(file) => file,
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(e) => return Err(Error::io("unpacking into", folder, e)),
            };
            // Without a name it goes with the process, however that ends.
            let named = match cfg!(unix) && fs::remove_file(&path).is_ok() {
                true => None,
                false => Some(path),
            };
            return Ok(Unpacked {
                file,
                flat: None,
                named,
            });
        }
    }
}

impl Drop for Unpacked {
    fn drop(&mut self) {
        if let Some(path) = &self.named {
            fs::remove_file(path).ok();
        }
    }
}

fn archive(path: &Path) -> Result<(Stamped, Archive)> {
    let (stamped, file) = Stamped::open(path)?;
    let archive = ZipArchive::new(BufReader::new(file));
    let archive = archive.map_err(|e| zip_error(&stamped, e))?;
    Ok((stamped, archive))
}

fn zip_error(file: &Stamped, error: ZipError) -> Error {
    match error {
        ZipError::Io(e) if e.kind() != io::ErrorKind::UnexpectedEof => {
            Error::io("reading", file.path(), e)
        }
        other => file.invalid(format!("not a whole zip file: {other}")),
    }
}

fn flat(file: File, path: &Path, start: u64, header: &Header) -> FlatFile {
    FlatFile::new(
        Arc::new(file),
        path,
        start,
        header.dtype,
        &header.shape,
        header.fortran_order,
        header.swapped,
    )
}

/// The header at the beginning of a member, and what is wrong with it.
fn read_header(member: &mut impl Read) -> std::result::Result<Header, String> {
    let mut bytes = Vec::new();
    let mut more = |bytes: &mut Vec<u8>, len: usize| {
        let missing = len.saturating_sub(bytes.len()) as u64;
        let read = member.by_ref().take(missing).read_to_end(bytes);
        read.map(|_| ()).map_err(|e| e.to_string())
    };
    more(&mut bytes, 12)?;
    let len = header_len(&bytes).map_err(|e| e.to_string())?;
    more(&mut bytes, len)?;
    let mut header = parse_header(&bytes).map_err(|e| e.to_string())?;
    header.data_offset = len;
    Ok(header)
}
