use std::path::Path;
use std::sync::Arc;

use chunkwise_core::{
    AxisGrid, DType, Error, Grid, Region, Result, Scalar, Source, SourceId, ViewMut,
};
use parquet::column::reader::get_column_reader;
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::serialized_reader::SerializedPageReader;

use crate::decode::{BATCH, Fault, decode};
use crate::file::guarded;
use crate::kind::Kind;
use crate::pages::Positioned;

/// A column of a Parquet file, 1-dimensional.
///
/// Its chunks are the row groups. A region is read from the row groups that it touches: pages before
/// it are skipped, pages behind it are not read.
#[derive(Debug)]
pub struct ParquetColumn {
    file: Positioned,
    metadata: Arc<ParquetMetaData>,
    index: usize,
    name: String,
    kind: Kind,
    /// What stands for nulls.
    fill_value: Option<Scalar>,
    /// Row groups that have rows.
    groups: Vec<usize>,
    grid: Grid,
    shape: [usize; 1],
    id: SourceId,
}

impl ParquetColumn {
    pub(crate) fn new(
        file: Positioned,
        metadata: Arc<ParquetMetaData>,
        index: usize,
        name: &str,
        kind: Kind,
        fill_value: Option<Scalar>,
    ) -> Result<ParquetColumn> {
        let mut groups = Vec::new();
        let mut rows = Vec::new();
        let mut nulls = 0;
        for (n, group) in metadata.row_groups().iter().enumerate() {
            let wrong = |_| file.invalid(format!("row group {n} has {} rows", group.num_rows()));
            let count = usize::try_from(group.num_rows()).map_err(wrong)?;
            if count > 0 {
                groups.push(n);
                rows.push(count);
            }
            let statistics = group.column(index).statistics();
            nulls += statistics.and_then(|s| s.null_count_opt()).unwrap_or(0);
        }
        if nulls > 0 && fill_value.is_none() && !kind.dtype.is_float() {
            return Err(file.invalid(nulls_text(name, &nulls.to_string(), kind.dtype)));
        }
        let total = rows.iter().try_fold(0usize, |a, b| a.checked_add(*b));
        let total = total.ok_or_else(|| file.invalid("more rows than can be addressed"))?;
        chunkwise_core::element_count(&[total, kind.dtype.size()])?;
        let axis = match rows.as_slice() {
            [] => AxisGrid::regular(0, 1),
            rows => AxisGrid::from_sizes(rows),
        };
        Ok(ParquetColumn {
            file,
            metadata,
            index,
            name: name.to_owned(),
            kind,
            fill_value,
            groups,
            grid: Grid::new([axis]),
            shape: [total],
            id: SourceId::unique(),
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// The column's name.
    pub fn column_name(&self) -> &str {
        &self.name
    }

    /// What stands for nulls, where something was chosen.
    pub fn fill_value(&self) -> Option<Scalar> {
        self.fill_value
    }

    /// What its values are, in words: `"timestamp, microseconds since 1970"`.
    pub fn kind(&self) -> String {
        self.kind.meaning.clone()
    }

    /// How its pages are packed, in words.
    pub fn compression(&self) -> String {
        let mut names: Vec<String> = Vec::new();
        for group in self.metadata.row_groups() {
            let name = format!("{:?}", group.column(self.index).compression());
            let name = name.split('(').next().unwrap_or_default().to_lowercase();
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names.join(", ")
    }

    /// Bytes that it takes in the file.
    pub fn packed_bytes(&self) -> u64 {
        let groups = self.metadata.row_groups().iter();
        groups
            .map(|g| u64::try_from(g.column(self.index).compressed_size()).unwrap_or(0))
            .sum()
    }

    fn fault(&self, fault: Fault) -> ParquetError {
        ParquetError::General(match fault {
            Fault::Parquet(e) => return e,
            Fault::Null => nulls_text(&self.name, "nulls", self.kind.dtype),
            Fault::Short { expected, got } => {
                format!("{got} values where the metadata has {expected}")
            }
            Fault::Copy => "a batch outgrew its place".to_owned(),
        })
    }
}

fn nulls_text(name: &str, nulls: &str, dtype: DType) -> String {
    let some = match nulls {
        "nulls" => "nulls".to_owned(),
        n => format!("{n} nulls"),
    };
    format!("column {name:?} has {some}, which {dtype} does not; give a fill_value for them")
}

impl Source for ParquetColumn {
    fn id(&self) -> SourceId {
        self.id
    }

    fn name(&self) -> String {
        let path = self.file.path();
        let file = path.file_name().unwrap_or(path.as_os_str());
        format!("parquet {}::{}", file.to_string_lossy(), self.name)
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn dtype(&self) -> DType {
        self.kind.dtype
    }

    fn grid(&self) -> Option<Grid> {
        Some(self.grid.clone())
    }

    fn read(&self, region: &Region, mut out: ViewMut<'_>) -> Result<()> {
        if region.ndim() != 1 || !region.fits(&self.shape) || region.shape.as_slice() != out.shape()
        {
            return Err(Error::ShapeMismatch {
                operation: "reading a Parquet column",
                expected: region.shape.to_vec(),
                got: out.shape().to_vec(),
            });
        }
        if region.is_empty() {
            return Ok(());
        }
        let columns = self.metadata.file_metadata().schema_descr().columns();
        for index in self.grid.covering(region) {
            let rows = self.grid.region(&index);
            let Some(wanted) = rows.intersect(region) else {
                continue;
            };
            let group = self.metadata.row_group(self.groups[index[0]]);
            let mut target = out.region(&wanted.relative_to(&region.start));
            let about = format!(
                "column {:?}, row group {}",
                self.name, self.groups[index[0]]
            );
            guarded(&self.file, &about, || {
                let pages = SerializedPageReader::new(
                    Arc::new(self.file.clone()),
                    group.column(self.index),
                    rows.shape[0],
                    None,
                )?;
                let reader = get_column_reader(columns[self.index].clone(), Box::new(pages));
                let skip = wanted.start[0] - rows.start[0];
                decode(reader, &self.kind, self.fill_value, skip, &mut target)
                    .map_err(|f| self.fault(f))
            })?;
        }
        self.file.check()
    }

    /// The most that decoding a row group can hold: a page, packed and unpacked, its dictionary and a
    /// batch of values. How long pages are is not known before they are read, so that one page with
    /// all of the row group's rows is reckoned with.
    fn scratch_bytes(&self, region: &Region) -> usize {
        let mut most = 0;
        for index in self.grid.covering(region) {
            let column = self
                .metadata
                .row_group(self.groups[index[0]])
                .column(self.index);
            let bytes = |n: i64| usize::try_from(n).unwrap_or(0);
            let unpacked = bytes(column.uncompressed_size());
            let dictionary = match column.dictionary_page_offset() {
                Some(_) => unpacked,
                None => 0,
            };
            most = most.max(bytes(column.compressed_size()) + unpacked + dictionary);
        }
        most + BATCH * 24
    }

    fn byte_cost(&self) -> f32 {
        1.0
    }
}
