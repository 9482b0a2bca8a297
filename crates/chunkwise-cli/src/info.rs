use std::io::{Write, stdout};
use std::sync::Arc;

use chunkwise::{Array, NpySource, Session, Source};
use chunkwise_core::{format_bytes, format_count};

use crate::arguments::InfoOptions;
use crate::failure::Result;
use crate::show;

/// More axes than this have too many corners to show.
const MOST_AXES: usize = 4;
/// What showing the corners may hold.
const MEMORY_LIMIT: u64 = 64 << 20;

/// `chunkwise info FILE.npy`.
pub fn run(options: &InfoOptions) -> Result<()> {
    let source = Arc::new(NpySource::open(&options.file)?);
    let header = source.header();
    let (major, minor) = header.version;
    let order = if header.fortran_order { "Fortran" } else { "C" };
    let bytes = header.nbytes() as u64;
    let endian = match (header.dtype.size(), header.swapped) {
        (1, _) => "",
        (_, false) => ", this machine's byte order",
        (_, true) => ", the other byte order",
    };
    let shape: Vec<String> = header.shape.iter().map(usize::to_string).collect();
    let comma = if shape.len() == 1 { "," } else { "" };
    let elements: usize = header.shape.iter().product();
    let text = values(&source)?;

    let mut out = stdout().lock();
    writeln!(out, "file    {}", options.file.display())?;
    writeln!(
        out,
        "format  .npy version {major}.{minor}, data at byte {}",
        header.data_offset
    )?;
    writeln!(out, "shape   ({}{comma})", shape.join(", "))?;
    writeln!(out, "dtype   {}{endian}", header.dtype)?;
    writeln!(out, "order   {order}")?;
    writeln!(
        out,
        "size    {} element{}, {} ({} bytes)",
        format_count(elements as u64),
        if elements == 1 { "" } else { "s" },
        format_bytes(bytes),
        format_count(bytes),
    )?;
    if let Some(text) = text {
        writeln!(out, "values")?;
        writeln!(out, "{text}")?;
    }
    Ok(out.flush()?)
}

/// The corners; only they are read.
fn values(source: &Arc<NpySource>) -> Result<Option<String>> {
    let shape = source.shape();
    if shape.len() > MOST_AXES {
        return Ok(None);
    }
    let mut corners = Array::from_source(Arc::clone(source) as Arc<dyn Source>, None)?;
    for (axis, positions) in show::shown_positions(shape).iter().enumerate() {
        if positions.len() < shape[axis] {
            let positions: Vec<isize> = positions.iter().map(|p| *p as isize).collect();
            corners = corners.take(&positions, axis as isize)?;
        }
    }
    let session = Session::new(1, MEMORY_LIMIT)?;
    let chunks = session.compute(&[&corners])?;
    Ok(chunks.first().map(|c| show::array(shape, c)))
}
