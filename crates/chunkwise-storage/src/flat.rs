use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chunkwise_core::{DType, Dims, Error, Region, Result, View, ViewMut};

use crate::blocks::{Block, Layout, parts};
use crate::positioned::{read_exact_at, write_all_at};
use crate::staging;

/// Wanted bytes this near to one another are read together. A system call costs as much as copying
/// some 4 KiB from the page cache; on a disk the bytes between are there anyway.
const GAP: usize = 8 << 10;

/// An array that lies in a file as plain elements, one after another.
///
/// Reading: a region's elements lie in the file in runs without gaps. Where the runs are long or far
/// apart (8 KiB or more), and the target has a run's elements in the file's order, each run is one
/// read into its place. Otherwise blocks of at most [`staging::LIMIT`] bytes are staged and copied
/// out: neighbouring runs by one read over the gap between them, distant ones by a read each.
#[derive(Debug)]
pub(crate) struct FlatFile {
    file: Arc<File>,
    path: PathBuf,
    offset: u64,
    dtype: DType,
    shape: Dims,
    layout: Layout,
    /// Whether the bytes are in the other byte order than the machine's.
    swapped: bool,
}

impl FlatFile {
    /// Elements of a shape that can be addressed, from `offset` on.
    pub fn new(
        file: impl Into<Arc<File>>,
        path: &Path,
        offset: u64,
        dtype: DType,
        shape: &[usize],
        fortran_order: bool,
        swapped: bool,
    ) -> FlatFile {
        FlatFile {
            file: file.into(),
            path: path.to_owned(),
            offset,
            dtype,
            shape: shape.into(),
            layout: Layout::new(shape, dtype.size(), fortran_order),
            swapped: swapped && swap_unit(dtype) > 1,
        }
    }

    pub fn file(&self) -> &File {
        &self.file
    }

    pub fn dtype(&self) -> DType {
        self.dtype
    }

    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The bytes that reading a region stages, unless it goes straight to its place, which depends on
    /// the target's layout: then none.
    pub fn scratch_bytes(&self, region: &Region) -> usize {
        if region.is_empty() {
            return 0;
        }
        let block = self.block(region);
        let first = Region::new(&region.start, &block.shape);
        let reads = block.reads(&self.layout, &first);
        reads.count * reads.span
    }

    /// Fills `out` with a region's elements; an error where the file ends early.
    pub fn read(&self, region: &Region, mut out: ViewMut<'_>) -> Result<()> {
        self.check("reading a region", region, out.dtype(), out.shape())?;
        if region.is_empty() {
            return Ok(());
        }
        let run = self.layout.piece(region, 0, usize::MAX);
        let bridged = self.layout.piece(region, GAP, usize::MAX);
        let one_order =
            !self.layout.fortran_order || run.shape.iter().filter(|n| **n > 1).count() < 2;
        let apart = run.span >= GAP || run.shape == bridged.shape;
        if one_order && apart && self.read_runs(region, &run.shape, &mut out)? {
            return Ok(());
        }
        self.read_staged(region, &mut out)
    }

    /// `false`, with nothing read, where the target does not hold a run in one piece.
    fn read_runs(&self, region: &Region, run: &[usize], out: &mut ViewMut<'_>) -> Result<bool> {
        for part in parts(region, run) {
            let at = self.offset + self.layout.offset(&part.start);
            let mut target = out.region(&part.relative_to(&region.start));
            let done = target.fill_bytes(|bytes| {
                let result = read_exact_at(&self.file, bytes, at);
                self.to_native(bytes);
                result
            });
            match done {
                None => return Ok(false),
                Some(result) => result.map_err(|e| self.failed_read(e))?,
            }
        }
        Ok(true)
    }

    fn read_staged(&self, region: &Region, out: &mut ViewMut<'_>) -> Result<()> {
        let block = self.block(region);
        staging::with(self.scratch_bytes(region), |staged| {
            for part in parts(region, &block.shape) {
                let reads = block.reads(&self.layout, &part);
                let bytes = &mut staged[..reads.count * reads.span];
                let mut at = self.offset + reads.first;
                for piece in bytes.chunks_exact_mut(reads.span) {
                    read_exact_at(&self.file, piece, at).map_err(|e| self.failed_read(e))?;
                    at += reads.step;
                }
                self.to_native(bytes);
                let mut target = out.region(&part.relative_to(&region.start));
                if !target.copy_from_strided_bytes(bytes, &reads.strides) {
                    return Err(Error::internal("storage", "a block outgrew its staging"));
                }
            }
            Ok(())
        })
    }

    /// Stores a region's elements, one write per run, strided data through staging.
    pub fn write(&self, region: &Region, data: &View<'_>) -> Result<()> {
        self.check("writing a region", region, data.dtype(), data.shape())?;
        if region.is_empty() {
            return Ok(());
        }
        let run = self.layout.piece(region, 0, usize::MAX);
        let first = Region::new(&region.start, &run.shape).relative_to(&region.start);
        let in_place = !self.layout.fortran_order && data.region(&first).is_contiguous();
        if in_place {
            for part in parts(region, &run.shape) {
                let source = data.region(&part.relative_to(&region.start));
                self.put(source.as_bytes().unwrap_or_default(), &part)?;
            }
            return Ok(());
        }
        let piece = self.layout.piece(region, 0, staging::LIMIT);
        staging::with(piece.span, |staged| {
            for part in parts(region, &piece.shape) {
                let bytes = &mut staged[..part.len() * self.layout.item];
                if !data
                    .region(&part.relative_to(&region.start))
                    .copy_to_bytes(bytes)
                {
                    return Err(Error::internal("storage", "a piece outgrew its staging"));
                }
                self.put(bytes, &part)?;
            }
            Ok(())
        })
    }

    fn put(&self, bytes: &[u8], part: &Region) -> Result<()> {
        write_all_at(
            &self.file,
            bytes,
            self.offset + self.layout.offset(&part.start),
        )
        .map_err(|e| Error::io("writing", &self.path, e))
    }

    fn block(&self, region: &Region) -> Block {
        Block::new(&self.layout, region, GAP, staging::LIMIT)
    }

    fn check(
        &self,
        operation: &'static str,
        region: &Region,
        dtype: DType,
        shape: &[usize],
    ) -> Result<()> {
        if !region.fits(&self.shape) {
            return Err(Error::ShapeMismatch {
                operation,
                expected: self.shape.to_vec(),
                got: (0..region.ndim()).map(|a| region.end(a)).collect(),
            });
        }
        if region.shape.as_slice() != shape {
            return Err(Error::ShapeMismatch {
                operation,
                expected: region.shape.to_vec(),
                got: shape.to_vec(),
            });
        }
        if self.dtype != dtype {
            return Err(Error::DTypeMismatch {
                operation,
                expected: self.dtype,
                got: dtype,
            });
        }
        Ok(())
    }

    fn failed_read(&self, cause: io::Error) -> Error {
        if cause.kind() != io::ErrorKind::UnexpectedEof {
            return Error::io("reading", &self.path, cause);
        }
        let n: usize = self.shape.iter().product();
        let needed = self.offset + (n * self.layout.item) as u64;
        let now = self.file.metadata().map_or(0, |m| m.len());
        Error::InvalidFile {
            path: self.path.clone(),
            reason: format!("became shorter while it was read: {now} bytes, {needed} are needed"),
        }
    }

    fn to_native(&self, bytes: &mut [u8]) {
        if self.swapped {
            let unit = swap_unit(self.dtype);
            bytes.chunks_exact_mut(unit).for_each(<[u8]>::reverse);
        }
    }
}

/// The bytes that a byte order is about: an element's, or a part's of a complex one.
fn swap_unit(dtype: DType) -> usize {
    dtype.real().size()
}

#[cfg(test)]
mod tests {
    use chunkwise_core::{Chunk, Pool};

    use super::*;

    /// Reads a region of a (300, 50, 40) array of f64 in a new thread: what it staged, and what was
    /// foretold.
    fn staged(fortran_order: bool, region: Region) -> (usize, usize) {
        let path = std::env::temp_dir().join(format!(
            "cw-flat-{}-{fortran_order}-{region}",
            std::process::id()
        ));
        std::fs::write(&path, vec![0; 300 * 50 * 40 * 8]).unwrap();
        let (file, shape) = (File::open(&path).unwrap(), [300, 50, 40]);
        let flat = FlatFile::new(file, &path, 0, DType::F64, &shape, fortran_order, false);
        let read = || {
            let pool = Pool::new(0);
            Chunk::build(&pool, DType::F64, &region.shape, |o| flat.read(&region, o)).unwrap();
            staging::held()
        };
        let held = std::thread::scope(|s| s.spawn(read).join().unwrap());
        std::fs::remove_file(path).unwrap();
        (held, flat.scratch_bytes(&region))
    }

    #[test]
    fn scratch_is_what_was_foretold() {
        // Bridged gaps, a block cut by the limit, several far runs of the other order.
        for (fortran_order, region) in [
            (false, Region::new([3, 5, 7], [4, 6, 8])),
            (false, Region::new([0, 0, 0], [300, 50, 39])),
            (true, Region::new([10, 20, 30], [100, 30, 10])),
            (true, Region::new([0, 0, 0], [300, 50, 40])),
        ] {
            let (held, foretold) = staged(fortran_order, region.clone());
            assert_eq!(held, foretold, "{region}");
            assert!(held > 0 && held <= staging::LIMIT);
        }
        // Straight to their places: long runs, far ones, one run, nothing.
        for region in [
            Region::new([0, 0, 0], [300, 50, 40]),
            Region::new([0, 3, 0], [300, 20, 40]),
            Region::new([7, 7, 7], [1, 1, 9]),
            Region::new([7, 7, 7], [0, 1, 9]),
        ] {
            assert_eq!(staged(false, region).0, 0);
        }
    }
}
