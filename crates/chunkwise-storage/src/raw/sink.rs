use std::path::Path;

use chunkwise_core::{DType, Region, Result, Sink, View, element_count};

use crate::flat::FlatFile;
use crate::replacement::Replacement;

/// An array on its way into a file of nothing but elements: C order, the machine's byte order.
///
/// As with a `.npy` file, it appears under its name once it is complete.
#[derive(Debug)]
pub struct RawSink {
    name: String,
    data: FlatFile,
    target: Replacement,
}

impl RawSink {
    /// Begins a file.
    ///
    /// # Errors
    /// Where its folder is missing or not writable, where the path is a folder, or where the shape has
    /// more elements than can be addressed.
    pub fn create(path: impl AsRef<Path>, dtype: DType, shape: &[usize]) -> Result<RawSink> {
        let path = path.as_ref();
        let n = element_count(shape)?;
        let target = Replacement::create(path)?;
        let file = target.file()?;
        file.set_len((n * dtype.size()) as u64)
            .map_err(|e| target.failed("writing", e))?;
        let file_name = path.file_name().unwrap_or(path.as_os_str());
        Ok(RawSink {
            name: format!("raw {}", file_name.to_string_lossy()),
            data: FlatFile::new(file, path, 0, dtype, shape, false, false),
            target,
        })
    }
}

impl Sink for RawSink {
    fn name(&self) -> String {
        self.name.clone()
    }

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
