//! Columns of numbers in Parquet files, each a 1-dimensional [`Source`](chunkwise_core::Source) whose
//! chunks are the row groups.
//!
//! - [`ParquetFile`]: a file's metadata, and its columns by name.
//! - [`ParquetColumn`]: a column. Booleans, integers and floating point numbers have the dtype of their
//!   width; half precision becomes `float32`; dates, times and timestamps are the integers that they
//!   are stored as.
//!
//! Pages are decoded by the `parquet` crate, row group by row group, on the thread that asks.
//!
//! ```no_run
//! use chunkwise_core::Source;
//! use chunkwise_parquet::ParquetFile;
//! let file = ParquetFile::open("trips.parquet")?;
//! let distance = file.column("distance", None)?;
//! assert_eq!(distance.shape().len(), 1);
//! # Ok::<_, chunkwise_core::Error>(())
//! ```
#![forbid(unsafe_code)]

mod column;
mod decode;
mod file;
mod kind;
mod pages;

pub use column::ParquetColumn;
pub use file::ParquetFile;
