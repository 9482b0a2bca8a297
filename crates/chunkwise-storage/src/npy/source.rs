use std::fs::File;
use std::path::Path;

use chunkwise_core::{DType, Error, Region, Result, Source, SourceId, ViewMut};

use super::header::{Header, HeaderError, header_len, parse_header};
use crate::flat::FlatFile;
use crate::identity::Stamped;
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
    file: Stamped,
    header: Header,
    data: FlatFile,
    id: SourceId,
}

impl NpySource {
    /// Opens a file and reads its header; an error where it is no `.npy` file, has elements of
    /// another kind than the thirteen dtypes, or is shorter than its shape says. Bytes after the
    /// data are ignored.
    pub fn open(path: impl AsRef<Path>) -> Result<NpySource> {
        let (stamped, file) = Stamped::open(path.as_ref())?;
        let header = read_header(&file, &stamped)?;
        let needed = (header.data_offset + header.nbytes()) as u64;
        if stamped.len() < needed {
            return Err(stamped.invalid(format!(
                "{} of shape {:?} need {needed} bytes with the header, the file has {}",
                header.dtype,
                header.shape.as_slice(),
                stamped.len()
            )));
        }
        let data = FlatFile::new(
            file,
            stamped.path(),
            header.data_offset as u64,
            header.dtype,
            &header.shape,
            header.fortran_order,
            header.swapped,
        );
        Ok(NpySource {
            id: stamped.id(),
            file: stamped,
            header,
            data,
        })
    }

    /// What the file says about its data.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The file.
    pub fn path(&self) -> &Path {
        self.file.path()
    }
}

fn read_header(file: &File, stamped: &Stamped) -> Result<Header> {
    let len = stamped.len();
    let read = |n: usize| {
        let mut bytes = vec![0; n];
        read_exact_at(file, &mut bytes, 0).map_err(|e| Error::io("reading", stamped.path(), e))?;
        Ok::<_, Error>(bytes)
    };
    let wrong = |e: HeaderError| stamped.invalid(e.to_string());
    let prefix = read(len.min(12) as usize)?;
    let needed = header_len(&prefix).map_err(wrong)?;
    parse_header(&read(len.min(needed as u64) as usize)?).map_err(wrong)
}

impl Source for NpySource {
    fn id(&self) -> SourceId {
        self.id
    }

    fn name(&self) -> String {
        format!("npy {}", self.file.name())
    }

    fn shape(&self) -> &[usize] {
        &self.header.shape
    }

    fn dtype(&self) -> DType {
        self.header.dtype
    }

    fn read(&self, region: &Region, out: ViewMut<'_>) -> Result<()> {
        self.data.read(region, out)?;
        self.file.check(self.data.file())
    }

    /// What a read stages in its thread, at most 512 KiB. Where the region's runs are long or far
    /// apart and `out` holds each in one piece, they are read into place and nothing is staged.
    fn scratch_bytes(&self, region: &Region) -> usize {
        self.data.scratch_bytes(region)
    }
}
