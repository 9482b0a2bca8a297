use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use chunkwise_core::{Error, Result, Scalar};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};

use crate::ParquetColumn;
use crate::kind::kind_of;
use crate::pages::Positioned;

/// A Parquet file: what its metadata says.
#[derive(Clone, Debug)]
pub struct ParquetFile {
    file: Positioned,
    metadata: Arc<ParquetMetaData>,
}

impl ParquetFile {
    /// Opens a file and reads its metadata.
    ///
    /// # Errors
    /// [`Error::Io`] where it cannot be read; [`Error::InvalidFile`] where it is no Parquet file, or a
    /// part of one.
    pub fn open(path: impl AsRef<Path>) -> Result<ParquetFile> {
        let file = Positioned::open(path.as_ref())?;
        let metadata = guarded(&file, "no whole Parquet file", || {
            ParquetMetaDataReader::new().parse_and_finish(&file)
        })?;
        Ok(ParquetFile {
            metadata: Arc::new(metadata),
            file,
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// The columns' names in their order, of all kinds; those of nested ones with points between.
    pub fn names(&self) -> Vec<String> {
        let columns = self
            .metadata
            .file_metadata()
            .schema_descr()
            .columns()
            .iter();
        columns.map(|c| c.path().string()).collect()
    }

    /// Rows of the whole file.
    pub fn rows(&self) -> usize {
        let rows = self.metadata.row_groups().iter();
        rows.map(|g| usize::try_from(g.num_rows()).unwrap_or(0))
            .sum()
    }

    /// A column of numbers. `fill_value` stands for nulls; without one they are NaN where the numbers
    /// are floating point.
    ///
    /// # Errors
    /// [`Error::InvalidFile`] where there is no such column, it holds no plain numbers, or is known to
    /// have nulls that nothing stands for; [`Error::OutOfRange`] for a fill value that its dtype does
    /// not hold.
    pub fn column(&self, name: &str, fill_value: Option<Scalar>) -> Result<ParquetColumn> {
        let columns = self.metadata.file_metadata().schema_descr().columns();
        let place = columns.iter().position(|c| c.path().string() == name);
        let Some(index) = place else {
            let reason = format!("no column {name:?}; it has {}", self.names().join(", "));
            return Err(self.file.invalid(reason));
        };
        let kind = kind_of(&columns[index])
            .map_err(|e| self.file.invalid(format!("column {name:?}: {e}")))?;
        if let Some(value) = fill_value
            && !value.fits(kind.dtype)
        {
            return Err(Error::OutOfRange {
                operation: "from_parquet",
                value: format!("{value:?}"),
                dtype: kind.dtype,
            });
        }
        ParquetColumn::new(
            self.file.clone(),
            Arc::clone(&self.metadata),
            index,
            name,
            kind,
            fill_value,
        )
    }
}

/// Runs the parquet crate, which panics on some files that are not what they say.
pub(crate) fn guarded<R>(
    file: &Positioned,
    about: &str,
    work: impl FnOnce() -> std::result::Result<R, ParquetError>,
) -> Result<R> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(file.invalid(format!("{about}: {error}"))),
        Err(_) => Err(file.invalid(format!("{about}: it is not what it says"))),
    }
}
