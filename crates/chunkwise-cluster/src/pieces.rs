//! An exchange through files: what each of many fragments reads of a bundle lies in one file, a piece for each.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use chunkwise_core::{Chunk, Error, Pool, Result};
use chunkwise_exec::Item;
use chunkwise_plan::{CellRef, Plan};
use chunkwise_storage::{PieceFile, PieceWriter};

use crate::Bundle;
use crate::run::part_of;
use crate::runs::stretched;
use crate::work::{Pieces, Shares};

/// Where the files are.
///
/// # Errors
/// [`Error::InvalidArgument`] where this process was given no folder.
pub(crate) fn path_of(folder: Option<&Path>, file: usize) -> Result<PathBuf> {
    let missing = || {
        let reason = "this process has no folder for exchanges";
        Error::argument("run of a fragment", "folder", "none", reason)
    };
    Ok(folder.ok_or_else(missing)?.join(format!("{file}.pieces")))
}

/// Writes what others read of some items into a file, a piece for each of them; its bytes.
pub(crate) fn spread(
    plan: &Plan,
    items: &[Item],
    shares: &Shares,
    places: usize,
    path: &Path,
    pool: &Pool,
) -> Result<u64> {
    let mut writer = PieceWriter::create(path, places)?;
    match shares {
        Shares::Parts(list) => {
            let cells = items.iter().filter_map(|item| match item {
                Item::Cell { at, chunk, .. } => Some((at, chunk)),
                _ => None,
            });
            let of: HashMap<&CellRef, &Chunk> = cells.collect();
            for (place, parts) in list {
                let missing =
                    || Error::internal("cluster", format!("what place {place} reads is missing"));
                let found = parts.iter().map(|part| {
                    let at = part.at();
                    let chunk = of.get(&at).ok_or_else(missing)?;
                    part_of(&at, chunk, part.region())
                });
                let found = found.collect::<Result<Vec<Item>>>()?;
                put(&mut writer, *place, Bundle::of(found, pool)?)?;
            }
        }
        Shares::Stretches { stage, tasks } => {
            for (place, (start, end)) in tasks.iter().enumerate() {
                let found = stretched(plan, *stage, *start..*end, items)?;
                put(&mut writer, place, Bundle::of(found, pool)?)?;
            }
        }
    }
    writer.commit()
}

/// A piece is the length of its header, the header, and the elements of each part.
fn put(writer: &mut PieceWriter, place: usize, bundle: Bundle) -> Result<()> {
    let header = bundle.header()?;
    let len = (header.len() as u32).to_le_bytes();
    let gaps = || Error::internal("cluster", "a part of a bundle with gaps");
    let mut parts: Vec<&[u8]> = vec![&len, &header];
    for chunk in bundle.chunks() {
        parts.push(chunk.view().as_bytes().ok_or_else(gaps)?);
    }
    writer.put(place, &parts)
}

/// The bundles that a fragment's pieces are.
pub(crate) fn fetch(pieces: &Pieces, folder: Option<&Path>, pool: &Pool) -> Result<Vec<Bundle>> {
    let mut found = Vec::with_capacity(pieces.files.len());
    for number in &pieces.files {
        let path = path_of(folder, *number)?;
        let file = PieceFile::open(&path)?;
        let (start, len) = file.piece(pieces.place)?;
        if len > 0 {
            found.push(read(&file, start, len, pool).map_err(|e| at(&path, e))?);
        }
    }
    Ok(found)
}

/// What is wrong with a piece, as an error that names the file.
fn at(path: &Path, error: Error) -> Error {
    match error {
        Error::Io { .. } => error,
        other => Error::InvalidFile {
            path: path.to_owned(),
            reason: other.to_string(),
        },
    }
}

fn read(file: &PieceFile, start: u64, len: u64, pool: &Pool) -> Result<Bundle> {
    let wrong = |reason: String| Error::argument("reading a piece", "bytes", len, reason);
    let mut size = [0; 4];
    if len < size.len() as u64 {
        return Err(wrong("fewer than a piece has".to_owned()));
    }
    file.read(start, &mut size)?;
    let size = u64::from(u32::from_le_bytes(size));
    if size > len - 4 {
        return Err(wrong(format!("of which {size} should be its header")));
    }
    let mut header = vec![0; size as usize];
    file.read(start + 4, &mut header)?;
    let mut next = start + 4 + size;
    let end = start + len;
    let chunks = Bundle::forms(&header)?.into_iter().map(|form| {
        let elements = form.shape.iter().try_fold(1usize, |n, d| n.checked_mul(*d));
        let bytes = elements.and_then(|n| n.checked_mul(form.dtype.size()));
        let bytes = bytes.map_or(u64::MAX, |n| n as u64);
        if bytes > end - next {
            return Err(wrong(format!("too few for {form:?}")));
        }
        let from = next;
        next += bytes;
        Chunk::build(pool, form.dtype, &form.shape, |mut out| {
            let done = out.fill_bytes(|own| file.read(from, own));
            done.unwrap_or_else(|| Err(Error::internal("cluster", "a new chunk with gaps")))
        })
    });
    let chunks = chunks.collect::<Result<Vec<Chunk>>>()?;
    Bundle::build(&header, chunks)
}
