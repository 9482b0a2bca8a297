//! Columns that the parquet crate itself has written; files of another writer are Python's tests.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chunkwise_core::{Chunk, DType, Error, Scalar, Source};
use chunkwise_parquet::ParquetFile;
use chunkwise_storage::conformance::check_source;
use parquet::basic::{Compression, Encoding};
use parquet::data_type::{DoubleType, Int32Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

const SCHEMA: &str = "message m {
    REQUIRED INT32 small (INTEGER(8, false));
    OPTIONAL DOUBLE holes;
    OPTIONAL INT32 whole;
}";

struct Gone(PathBuf);

impl Drop for Gone {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).ok();
    }
}

/// Row groups of these lengths: `small` counts and wraps, `holes` lacks every third, `whole` none.
fn write(name: &str, groups: &[usize], compression: Compression, dictionary: bool) -> Gone {
    let path = std::env::temp_dir().join(format!("cw-parquet-{}-{name}", std::process::id()));
    let properties = WriterProperties::builder()
        .set_compression(compression)
        .set_dictionary_enabled(dictionary)
        .set_data_page_row_count_limit(100)
        .set_write_batch_size(50)
        .set_column_encoding("small".into(), Encoding::PLAIN)
        .build();
    let schema = Arc::new(parse_message_type(SCHEMA).unwrap());
    let file = File::create(&path).unwrap();
    let mut writer = SerializedFileWriter::new(file, schema, Arc::new(properties)).unwrap();
    let mut start = 0;
    for rows in groups {
        let rows = start..start + rows;
        start = rows.end;
        let mut group = writer.next_row_group().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let small: Vec<i32> = rows.clone().map(|i| (i % 256) as i32).collect();
        let typed = column.typed::<Int32Type>();
        typed.write_batch(&small, None, None).unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let levels: Vec<i16> = rows.clone().map(|i| (i % 3 != 0) as i16).collect();
        let there = rows.clone().filter(|i| i % 3 != 0);
        let holes: Vec<f64> = there.map(|i| i as f64 / 4.0).collect();
        let typed = column.typed::<DoubleType>();
        typed.write_batch(&holes, Some(&levels), None).unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let levels = vec![1; rows.len()];
        let whole: Vec<i32> = rows.map(|i| -(i as i32)).collect();
        let typed = column.typed::<Int32Type>();
        typed.write_batch(&whole, Some(&levels), None).unwrap();
        column.close().unwrap();
        group.close().unwrap();
    }
    writer.close().unwrap();
    Gone(path)
}

fn check(path: &Path, column: &str, fill: Option<Scalar>, expected: Chunk) {
    let source = ParquetFile::open(path)
        .unwrap()
        .column(column, fill)
        .unwrap();
    check_source(&source, &expected, 40).unwrap_or_else(|e| panic!("{column}: {e}"));
}

#[test]
fn passes_the_script_over_packings_and_row_groups() {
    let brotli = Compression::BROTLI(Default::default());
    for (n, (compression, groups)) in [
        (Compression::UNCOMPRESSED, &[1000][..]),
        (Compression::SNAPPY, &[300, 300, 300, 57]),
        (Compression::ZSTD(Default::default()), &[7, 400, 1]),
        (Compression::GZIP(Default::default()), &[333, 333]),
        (Compression::LZ4_RAW, &[1, 1, 1, 500]),
        (brotli, &[250, 50]),
    ]
    .into_iter()
    .enumerate()
    {
        let dictionary = n % 2 == 1;
        let file = write(&n.to_string(), groups, compression, dictionary);
        let rows: usize = groups.iter().sum();
        let opened = ParquetFile::open(&file.0).unwrap();
        assert_eq!((opened.rows(), opened.names().len()), (rows, 3));
        let small: Vec<u8> = (0..rows).map(|i| i as u8).collect();
        check(
            &file.0,
            "small",
            None,
            Chunk::from_owner(small, &[rows]).unwrap(),
        );
        let whole: Vec<i32> = (0..rows).map(|i| -(i as i32)).collect();
        check(
            &file.0,
            "whole",
            None,
            Chunk::from_owner(whole, &[rows]).unwrap(),
        );
        for fill in [None, Some(Scalar::Float(-7.5))] {
            let null = if fill.is_some() { -7.5 } else { f64::NAN };
            let value = |i: usize| {
                if i.is_multiple_of(3) {
                    null
                } else {
                    i as f64 / 4.0
                }
            };
            let holes: Vec<f64> = (0..rows).map(value).collect();
            check(
                &file.0,
                "holes",
                fill,
                Chunk::from_owner(holes, &[rows]).unwrap(),
            );
        }
        let source = opened.column("small", None).unwrap();
        assert_eq!(source.dtype(), DType::U8);
        let lengths: Vec<usize> = source.grid().unwrap().axes()[0].sizes().collect();
        assert_eq!(lengths, groups);
    }
}

#[test]
fn a_file_that_was_changed_is_not_read() {
    let file = write("changed", &[100], Compression::SNAPPY, false);
    let source = ParquetFile::open(&file.0)
        .unwrap()
        .column("small", None)
        .unwrap();
    let bytes = std::fs::read(&file.0).unwrap();
    std::fs::write(&file.0, [&bytes[..], b"more"].concat()).unwrap();
    let expected = Chunk::from_owner((0..100).map(|i| i as u8).collect::<Vec<_>>(), &[100]);
    let finding = check_source(&source, &expected.unwrap(), 1).unwrap_err();
    assert!(finding.contains("changed since it was opened"), "{finding}");
}

#[test]
fn what_is_no_column_of_numbers_is_refused() {
    let file = write("refused", &[10], Compression::SNAPPY, false);
    let opened = ParquetFile::open(&file.0).unwrap();
    assert!(matches!(
        opened.column("none", None),
        Err(Error::InvalidFile { .. })
    ));
    let fill = Some(Scalar::Int(256));
    assert!(matches!(
        opened.column("small", fill),
        Err(Error::OutOfRange { .. })
    ));
    std::fs::write(&file.0, b"PAR1 and no more").unwrap();
    assert!(matches!(
        ParquetFile::open(&file.0),
        Err(Error::InvalidFile { .. })
    ));
}
