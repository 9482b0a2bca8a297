use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use chunkwise_core::{DType, Error, Region, Result, Sink, View, element_count};

use crate::flat::FlatFile;
use crate::npy::write_header;
use crate::positioned::{read_exact_at, write_all_at};
use crate::replacement::Replacement;

/// A size or place that only the wide fields can hold.
const WIDE: u64 = u32::MAX as u64;
/// The version of the zip format that has wide fields, 4.5.
const VERSION: u16 = 45;
/// Names are UTF-8.
const UTF8: u16 = 1 << 11;
/// 1 January 1980, the first day that zip files know: equal arrays give equal files.
const DATE: u16 = (1 << 5) | 1;

/// An array on its way into a `.npz` file, stored as `numpy.savez` stores it.
///
/// The arrays of a file are written side by side, each region to its place. The file appears under its
/// name when the last of them is committed; if one is aborted or dropped before, nothing remains.
#[derive(Debug)]
pub struct NpzSink {
    name: String,
    /// Its name in the zip file.
    member: String,
    data: FlatFile,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    file: Arc<File>,
    target: Replacement,
    members: Vec<Member>,
    /// Members that are not committed.
    left: Mutex<BTreeSet<String>>,
}

#[derive(Debug)]
struct Member {
    /// As in the zip file: with `.npy`.
    name: String,
    /// Where its local header begins.
    header: u64,
    /// Where its bytes begin.
    start: u64,
    /// Bytes.
    size: u64,
}

impl NpzSink {
    /// Begins a file with arrays of these names, dtypes and shapes: a sink for each.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a name that is empty, too long or given twice; else as for a
    /// `.npy` file.
    pub fn create(
        path: impl AsRef<Path>,
        arrays: &[(&str, DType, &[usize])],
    ) -> Result<Vec<NpzSink>> {
        let path = path.as_ref();
        let mut left = BTreeSet::new();
        let mut members = Vec::new();
        let mut headers = Vec::new();
        let mut at = 0u64;
        for (name, dtype, shape) in arrays {
            let full = format!("{name}.npy");
            let bad = |reason: &str| Error::argument("savez", "name", format!("{name:?}"), reason);
            if name.is_empty() || full.len() > u16::MAX as usize {
                return Err(bad("a name has 1 to 65,531 bytes"));
            }
            if !left.insert(full.clone()) {
                return Err(bad("it is given twice"));
            }
            let header = write_header(*dtype, shape);
            let size = header.len() as u64 + (element_count(shape)? * dtype.size()) as u64;
            let start = at + (30 + full.len() + 20) as u64;
            members.push(Member {
                name: full,
                header: at,
                start,
                size,
            });
            headers.push(header);
            at = start + size;
        }
        let target = Replacement::create(path)?;
        let file = Arc::new(target.file()?);
        let failed = |e| target.failed("writing", e);
        file.set_len(at).map_err(failed)?;
        for (member, header) in members.iter().zip(&headers) {
            write_all_at(&file, header, member.start).map_err(failed)?;
        }
        let shared = Arc::new(Shared {
            file: Arc::clone(&file),
            target,
            members,
            left: Mutex::new(left),
        });
        let file_name = path.file_name().unwrap_or(path.as_os_str());
        let sinks = arrays.iter().zip(&shared.members).zip(&headers);
        let sinks = sinks.map(|(((name, dtype, shape), member), header)| NpzSink {
            name: format!("npz {}::{name}", file_name.to_string_lossy()),
            member: member.name.clone(),
            data: FlatFile::new(
                Arc::clone(&file),
                path,
                member.start + header.len() as u64,
                *dtype,
                shape,
                false,
                false,
            ),
            shared: Arc::clone(&shared),
        });
        Ok(sinks.collect())
    }
}

impl Shared {
    /// The local headers, with checksums of what was written, and the directory.
    fn finish(&self) -> std::io::Result<()> {
        let mut directory = Vec::new();
        for member in &self.members {
            let crc = self.checksum(member)?;
            write_all_at(&self.file, &member.local(crc), member.header)?;
            directory.extend(member.central(crc));
        }
        let at = self.members.last().map_or(0, |m| m.start + m.size);
        let (count, len) = (self.members.len() as u64, directory.len() as u64);
        let end = at + len;
        if count >= u16::MAX as u64 || at >= WIDE || len >= WIDE {
            let wide = Fields::new(0x0606_4b50)
                .u64(44)
                .u16(VERSION)
                .u16(VERSION)
                .u32(0)
                .u32(0)
                .u64(count)
                .u64(count)
                .u64(len)
                .u64(at);
            directory.extend(wide.0);
            let locator = Fields::new(0x0706_4b50).u32(0).u64(end).u32(1);
            directory.extend(locator.0);
        }
        let short = count.min(u16::MAX as u64) as u16;
        let last = Fields::new(0x0605_4b50)
            .u16(0)
            .u16(0)
            .u16(short)
            .u16(short)
            .u32(len.min(WIDE) as u32)
            .u32(at.min(WIDE) as u32)
            .u16(0);
        directory.extend(last.0);
        write_all_at(&self.file, &directory, at)
    }

    fn checksum(&self, member: &Member) -> std::io::Result<u32> {
        let mut crc = crc32fast::Hasher::new();
        let mut buffer = vec![0; 256 << 10];
        let mut at = member.start;
        let end = member.start + member.size;
        while at < end {
            let n = (end - at).min(buffer.len() as u64) as usize;
            read_exact_at(&self.file, &mut buffer[..n], at)?;
            crc.update(&buffer[..n]);
            at += n as u64;
        }
        Ok(crc.finalize())
    }
}

impl Member {
    /// What stands before its bytes: always with wide sizes, since they have room.
    fn local(&self, crc: u32) -> Vec<u8> {
        let fields = Fields::new(0x0403_4b50)
            .u16(VERSION)
            .u16(UTF8)
            .u16(0)
            .u16(0)
            .u16(DATE)
            .u32(crc)
            .u32(WIDE as u32)
            .u32(WIDE as u32)
            .u16(self.name.len() as u16)
            .u16(20)
            .bytes(self.name.as_bytes())
            .u16(1)
            .u16(16)
            .u64(self.size)
            .u64(self.size);
        fields.0
    }

    /// Its entry in the directory.
    fn central(&self, crc: u32) -> Vec<u8> {
        let mut extra = Vec::new();
        if self.size >= WIDE {
            extra.extend(self.size.to_le_bytes());
            extra.extend(self.size.to_le_bytes());
        }
        if self.header >= WIDE {
            extra.extend(self.header.to_le_bytes());
        }
        let extra_len = match extra.len() {
            0 => 0,
            n => n + 4,
        };
        let mut fields = Fields::new(0x0201_4b50)
            // Made by Unix, so that the mode below is one.
            .u16((3 << 8) | VERSION)
            .u16(VERSION)
            .u16(UTF8)
            .u16(0)
            .u16(0)
            .u16(DATE)
            .u32(crc)
            .u32(self.size.min(WIDE) as u32)
            .u32(self.size.min(WIDE) as u32)
            .u16(self.name.len() as u16)
            .u16(extra_len as u16)
            .u16(0)
            .u16(0)
            .u16(0)
            .u32(0o600 << 16)
            .u32(self.header.min(WIDE) as u32)
            .bytes(self.name.as_bytes());
        if extra_len > 0 {
            fields = fields.u16(1).u16(extra.len() as u16).bytes(&extra);
        }
        fields.0
    }
}

/// A record in its making.
struct Fields(Vec<u8>);

impl Fields {
    fn new(signature: u32) -> Fields {
        Fields(signature.to_le_bytes().to_vec())
    }

    fn bytes(mut self, bytes: &[u8]) -> Fields {
        self.0.extend(bytes);
        self
    }

    fn u16(self, value: u16) -> Fields {
        self.bytes(&value.to_le_bytes())
    }

    fn u32(self, value: u32) -> Fields {
        self.bytes(&value.to_le_bytes())
    }

    fn u64(self, value: u64) -> Fields {
        self.bytes(&value.to_le_bytes())
    }
}

impl Sink for NpzSink {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn write(&self, region: &Region, data: View<'_>) -> Result<()> {
        self.shared.target.check_open()?;
        self.data.write(region, &data)
    }

    fn commit(&self) -> Result<()> {
        let shared = &*self.shared;
        shared.target.check_open()?;
        let mut left = shared.left.lock().unwrap_or_else(PoisonError::into_inner);
        left.remove(&self.member);
        if !left.is_empty() {
            return Ok(());
        }
        if let Err(e) = shared.finish() {
            shared.target.abort();
            return Err(shared.target.failed("writing", e));
        }
        shared.target.commit(&shared.file)
    }

    fn abort(&self) {
        self.shared.target.abort();
    }
}
