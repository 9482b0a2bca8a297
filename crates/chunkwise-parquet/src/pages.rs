use std::fs::{File, Metadata};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use chunkwise_core::{Error, Result};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

/// A file that several threads read at once, each at its own places.
#[derive(Clone, Debug)]
pub(crate) struct Positioned {
    file: Arc<File>,
    path: PathBuf,
    stamp: (u64, Option<SystemTime>),
}

impl Positioned {
    pub fn open(path: &Path) -> Result<Positioned> {
        let io = |e| Error::io("opening", path, e);
        // Opening a pipe would wait for its writer.
        let is_file = std::fs::metadata(path).map_err(io)?.is_file();
        if !is_file {
            return Err(Error::InvalidFile {
                path: path.to_owned(),
                reason: "not a regular file".to_owned(),
            });
        }
        let file = File::open(path).map_err(io)?;
        let stamp = stamp(&file.metadata().map_err(io)?);
        Ok(Positioned {
            file: Arc::new(file),
            path: path.to_owned(),
            stamp,
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// An error about what it holds.
    pub fn invalid(&self, reason: impl Into<String>) -> Error {
        Error::InvalidFile {
            path: self.path.clone(),
            reason: reason.into(),
        }
    }

    /// An error where it was changed since it was opened.
    pub fn check(&self) -> Result<()> {
        let now = self.file.metadata();
        match stamp(&now.map_err(|e| Error::io("reading", &self.path, e))?) == self.stamp {
            true => Ok(()),
            false => Err(self.invalid("changed since it was opened")),
        }
    }
}

fn stamp(metadata: &Metadata) -> (u64, Option<SystemTime>) {
    (metadata.len(), metadata.modified().ok())
}

impl Length for Positioned {
    fn len(&self) -> u64 {
        self.stamp.0
    }
}

impl ChunkReader for Positioned {
    type T = BufReader<From>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<BufReader<From>> {
        Ok(BufReader::new(From {
            file: Arc::clone(&self.file),
            at: start,
        }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        // A wrong length must not be allocated.
        if start.saturating_add(length as u64) > self.stamp.0 {
            return Err(ParquetError::EOF(format!(
                "{length} bytes at {start} of a file of {}",
                self.stamp.0
            )));
        }
        let mut bytes = vec![0; length];
        let mut from = From {
            file: Arc::clone(&self.file),
            at: start,
        };
        from.read_exact(&mut bytes)?;
        Ok(bytes.into())
    }
}

/// A file from some place on.
#[derive(Debug)]
pub(crate) struct From {
    file: Arc<File>,
    at: u64,
}

impl Read for From {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        #[cfg(unix)]
        let read = std::os::unix::fs::FileExt::read_at(&*self.file, into, self.at)?;
        #[cfg(windows)]
        let read = std::os::windows::fs::FileExt::seek_read(&*self.file, into, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}
