use std::io::{Write, stdout};

use chunkwise::formats::{self, Dataset, Group, Opened};
use chunkwise::{Array, Session};
use chunkwise_core::{format_bytes, format_count};

use crate::arguments::InfoOptions;
use crate::failure::Result;
use crate::show;
use crate::table::Table;

/// More axes than this have too many corners to show.
const MOST_AXES: usize = 4;
/// What showing the corners may hold, where a stored chunk of it has to be decoded.
const MEMORY_LIMIT: u64 = 64 << 20;

/// `chunkwise info PATH`.
pub fn run(options: &InfoOptions) -> Result<()> {
    match formats::open_with(&options.file, &options.source.open_options(None)?)? {
        Opened::Array(dataset) => array(&dataset),
        Opened::Group(of) => group(&of),
    }
}

fn array(dataset: &Dataset) -> Result<()> {
    let elements: usize = dataset.shape().iter().product();
    let text = values(dataset)?;
    let endian = match dataset.is_swapped() {
        None => "",
        Some(false) => ", this machine's byte order",
        Some(true) => ", the other byte order",
    };
    let mut out = stdout().lock();
    writeln!(out, "file    {}", dataset.place())?;
    writeln!(out, "format  {}", dataset.format())?;
    writeln!(out, "shape   {}", tuple(dataset.shape()))?;
    writeln!(out, "dtype   {}{endian}", dataset.dtype())?;
    for (label, text) in dataset.facts() {
        writeln!(out, "{label:<6}  {text}")?;
    }
    let bytes = dataset.nbytes();
    write!(
        out,
        "size    {} element{}, {} ({} bytes)",
        format_count(elements as u64),
        if elements == 1 { "" } else { "s" },
        format_bytes(bytes),
        format_count(bytes),
    )?;
    if let Some(stored) = dataset.stored_bytes() {
        write!(out, ", stored in {}", format_bytes(stored))?;
    }
    writeln!(out)?;
    if let Some(text) = text {
        writeln!(out, "values")?;
        writeln!(out, "{text}")?;
    }
    Ok(out.flush()?)
}

fn group(group: &Group) -> Result<()> {
    let mut table = Table::new(
        2,
        &["name", "dtype", "shape", "chunks", "codecs", "size", ""],
    );
    let (mut arrays, mut total) = (0, 0u64);
    rows(group, "", &mut table, &mut arrays, &mut total)?;
    let mut out = stdout().lock();
    writeln!(out, "file    {}", group.place())?;
    writeln!(out, "format  {}", group.format())?;
    for (name, value) in group.attributes() {
        writeln!(out, "attr    {name} = {value}")?;
    }
    writeln!(
        out,
        "size    {arrays} array{}, {}",
        if arrays == 1 { "" } else { "s" },
        format_bytes(total)
    )?;
    writeln!(out)?;
    table.write(&mut out)?;
    Ok(out.flush()?)
}

/// A row for everything below a group; what cannot be read says why.
fn rows(
    group: &Group,
    above: &str,
    table: &mut Table,
    arrays: &mut usize,
    total: &mut u64,
) -> Result<()> {
    for name in group.names()? {
        let path = format!("{above}{name}");
        match group.open(&name) {
            Ok(Opened::Array(dataset)) => {
                *arrays += 1;
                *total = total.saturating_add(dataset.nbytes());
                let chunks = dataset.stored_chunks().map(|g| g.to_string());
                let facts = dataset.facts().iter();
                let codecs = facts.clone().find(|f| f.0 == "codecs").map(|f| f.1.clone());
                let stored = dataset.stored_bytes();
                let stored = stored.map(|b| format!("stored in {}", format_bytes(b)));
                table.row([
                    path,
                    dataset.dtype().to_string(),
                    tuple(dataset.shape()),
                    chunks.unwrap_or_default(),
                    codecs.unwrap_or_default(),
                    format_bytes(dataset.nbytes()),
                    stored.unwrap_or_default(),
                ]);
            }
            Ok(Opened::Group(below)) => {
                table.row([format!("{path}/"), "group".to_owned()]);
                rows(&below, &format!("{path}/"), table, arrays, total)?;
            }
            Err(error) => {
                let reason = match error.root() {
                    chunkwise::Error::InvalidFile { reason, .. } => reason.clone(),
                    other => other.to_string(),
                };
                let nothing = String::new;
                let cells = [
                    path,
                    "-".to_owned(),
                    nothing(),
                    nothing(),
                    nothing(),
                    nothing(),
                ];
                table.row(cells.into_iter().chain([reason]));
            }
        }
    }
    Ok(())
}

fn tuple(shape: &[usize]) -> String {
    let shape: Vec<String> = shape.iter().map(usize::to_string).collect();
    let comma = if shape.len() == 1 { "," } else { "" };
    format!("({}{comma})", shape.join(", "))
}

/// The corners; only they are read.
fn values(dataset: &Dataset) -> Result<Option<String>> {
    let shape = dataset.shape();
    if shape.len() > MOST_AXES {
        return Ok(None);
    }
    let mut corners: Array = dataset.array().clone();
    for (axis, positions) in show::shown_positions(shape).iter().enumerate() {
        if positions.len() < shape[axis] {
            let positions: Vec<isize> = positions.iter().map(|p| *p as isize).collect();
            corners = corners.take(&positions, axis as isize)?;
        }
    }
    let chunk = dataset.stored_chunks().map_or(0, |grid| {
        let item = dataset.dtype().size() as u64;
        grid.largest()
            .iter()
            .fold(item, |n, d| n.saturating_mul(*d as u64))
    });
    // A decoder holds a few chunks.
    let session = Session::new(1, MEMORY_LIMIT.max(chunk.saturating_mul(6)))?;
    let chunks = session.compute(&[&corners])?;
    Ok(chunks.first().map(|c| show::array(shape, c)))
}
