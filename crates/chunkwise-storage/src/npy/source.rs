use std::fs::{self, File};
use std::path::{Path, PathBuf};

use chunkwise_core::{DType, Error, Region, Result, Source, SourceId, ViewMut};

use super::header::{Header, HeaderError, header_len, parse_header};
use crate::flat::FlatFile;
use crate::identity::{Stamp, source_id};
use crate::positioned::read_exact_at;

/// An array in a `.npy` file, read region by region.
///
/// Only the bytes of the region asked for are read (see [`scratch_bytes`](Source::scratch_bytes) for
/// what is staged); the file is never mapped into memory. Bytes of the other byte order are swapped,
/// bools are normalised to 0 and 1. A file that was changed since it was opened gives an error.
///
/// Two opens of a file that did not change between them have equal ids.
#[derive(Debug)]
pub struct NpySource {
    path: PathBuf,
    header: Header,
    data: FlatFile,
    stamp: Stamp,
    id: SourceId,
}

impl NpySource {
    /// Opens a file and reads its header; an error where it is no `.npy` file, has elements of
    /// another kind than the thirteen dtypes, or is shorter than its shape says. Bytes after the
    /// data are ignored.
    pub fn open(path: impl AsRef<Path>) -> Result<NpySource> {
        let path = path.as_ref();
        let io = |e| Error::io("opening", path, e);
        // Opening a pipe would wait for its writer.
        if !fs::metadata(path).map_err(io)?.is_file() {
            return Err(invalid(path, "not a regular file"));
        }
        let file = File::open(path).map_err(io)?;
        let stamp = Stamp::of(&file.metadata().map_err(io)?);
        let header = read_header(&file, path, stamp.len)?;
        let needed = (header.data_offset + header.nbytes()) as u64;
        if stamp.len < needed {
            return Err(invalid(
                path,
                format!(
                    "{} of shape {:?} need {needed} bytes with the header, the file has {}",
                    header.dtype,
                    header.shape.as_slice(),
                    stamp.len
                ),
            ));
        }
        let data = FlatFile::new(
            file,
            path,
            header.data_offset as u64,
            header.dtype,
            &header.shape,
            header.fortran_order,
            header.swapped,
        );
        Ok(NpySource {
            id: source_id(path, stamp),
            path: path.to_owned(),
            header,
            data,
            stamp,
        })
    }

    /// What the file says about its data.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn check_unchanged(&self) -> Result<()> {
        let now = self.data.file().metadata();
        let now = now.map_err(|e| Error::io("reading", &self.path, e))?;
        if Stamp::of(&now) == self.stamp {
            return Ok(());
        }
        Err(invalid(&self.path, "changed since it was opened"))
    }
}

fn read_header(file: &File, path: &Path, len: u64) -> Result<Header> {
    let read = |n: usize| {
        let mut bytes = vec![0; n];
        read_exact_at(file, &mut bytes, 0).map_err(|e| Error::io("reading", path, e))?;
        Ok::<_, Error>(bytes)
    };
    let wrong = |e: HeaderError| invalid(path, e.to_string());
    let prefix = read(len.min(12) as usize)?;
    let needed = header_len(&prefix).map_err(wrong)?;
    parse_header(&read(len.min(needed as u64) as usize)?).map_err(wrong)
}

fn invalid(path: &Path, reason: impl Into<String>) -> Error {
    Error::InvalidFile {
        path: path.to_owned(),
        reason: reason.into(),
    }
}

impl Source for NpySource {
    fn id(&self) -> SourceId {
        self.id
    }

    fn name(&self) -> String {
        let file = self.path.file_name().unwrap_or(self.path.as_os_str());
        format!("npy {}", file.to_string_lossy())
    }

    fn shape(&self) -> &[usize] {
        &self.header.shape
    }

    fn dtype(&self) -> DType {
        self.header.dtype
    }

    fn read(&self, region: &Region, out: ViewMut<'_>) -> Result<()> {
        self.data.read(region, out)?;
        self.check_unchanged()
    }

    /// What a read stages in its thread, at most 512 KiB. Where the region's runs are long or far
    /// apart and `out` holds each in one piece, they are read into place and nothing is staged.
    fn scratch_bytes(&self, region: &Region) -> usize {
        self.data.scratch_bytes(region)
    }
}
