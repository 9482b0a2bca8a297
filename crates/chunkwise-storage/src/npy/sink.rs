use std::path::Path;

use chunkwise_core::{Chunk, DType, Region, Result, Sink, View, element_count};

use super::header::write_header;
use crate::flat::FlatFile;
use crate::positioned::write_all_at;
use crate::replacement::Replacement;

/// An array on its way into a `.npy` file: C order, the machine's byte order, header as NumPy writes
/// it.
///
/// Regions go to a temporary file in the target's folder. [`commit`](Sink::commit) makes it durable
/// and puts it in the target's place in one step; [`abort`](Sink::abort), or dropping the sink before
/// that, removes it and leaves the target as it was.
#[derive(Debug)]
pub struct NpySink {
    name: String,
    data: FlatFile,
    target: Replacement,
}

impl NpySink {
    /// Begins a file; an error where its folder is missing or not writable, where the path is a
    /// folder, or where the shape has more elements than can be addressed.
    pub fn create(path: impl AsRef<Path>, dtype: DType, shape: &[usize]) -> Result<NpySink> {
        let path = path.as_ref();
        let n = element_count(shape)?;
        let header = write_header(dtype, shape);
        let target = Replacement::create(path)?;
        let file = target.file()?;
        let offset = header.len() as u64;
        file.set_len(offset + (n * dtype.size()) as u64)
            .and_then(|()| write_all_at(&file, &header, 0))
            .map_err(|e| target.failed("writing", e))?;
        let file_name = path.file_name().unwrap_or(path.as_os_str());
        Ok(NpySink {
            name: format!("npy {}", file_name.to_string_lossy()),
            data: FlatFile::new(file, path, offset, dtype, shape, false, false),
            target,
        })
    }

    /// The array's shape.
    pub fn shape(&self) -> &[usize] {
        self.data.shape()
    }

    /// The elements' dtype.
    pub fn dtype(&self) -> DType {
        self.data.dtype()
    }
}

impl Sink for NpySink {
    fn name(&self) -> String {
        self.name.clone()
    }

    /// Stores a region; an error where it does not fit the shape, `data` is of another shape or
    /// dtype, or the disk is full.
    fn write(&self, region: &Region, data: View<'_>) -> Result<()> {
        self.target.check_open()?;
        self.data.write(region, &data)
    }

    fn commit(&self) -> Result<()> {
        self.target.commit(self.data.file())
    }

    fn abort(&self) {
        self.target.abort();
    }
}

/// Writes a chunk as a `.npy` file, all or nothing.
///
/// ```
/// use chunkwise_core::{Chunk, Source};
/// use chunkwise_storage::{NpySource, write_npy};
/// # let path = std::env::temp_dir().join(format!("chunkwise-doc-{}.npy", std::process::id()));
/// let chunk = Chunk::from_owner(vec![1i32, 2, 3, 4, 5, 6], &[2, 3])?;
/// write_npy(&path, &chunk)?;
/// assert_eq!(NpySource::open(&path)?.shape(), [2, 3]);
/// # std::fs::remove_file(path).ok();
/// # Ok::<_, chunkwise_core::Error>(())
/// ```
pub fn write_npy(path: impl AsRef<Path>, chunk: &Chunk) -> Result<()> {
    let sink = NpySink::create(path, chunk.dtype(), chunk.shape())?;
    sink.write(&Region::whole(chunk.shape()), chunk.view())?;
    sink.commit()
}
