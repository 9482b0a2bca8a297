//! How each format is opened.

use std::path::Path;
use std::sync::Arc;

use chunkwise_core::{DType, Error, Result};
use chunkwise_storage::npy::{Header, parse_dtype};
use chunkwise_storage::{NpySource, Npz, RawLayout, RawSource};
use chunkwise_zarr::{Location, Node, ZarrArray, ZarrSource, stored_bytes};

use super::group::Members;
use super::{Dataset, Group, OpenOptions, Opened, Place};

/// Objects of a store beyond which their bytes are not added up.
const MOST_OBJECTS: usize = 20_000;

pub(super) fn npy(place: &Place, _: &OpenOptions) -> Result<Opened> {
    alone(place)?;
    let source = NpySource::open(&place.at)?;
    let header = source.header().clone();
    let (major, minor) = header.version;
    let format = format!(
        ".npy version {major}.{minor}, data at byte {}",
        header.data_offset
    );
    let dataset = Dataset::of(place, format, Arc::new(source))?;
    Ok(Opened::Array(Box::new(described(dataset, &header))))
}

pub(super) fn npz(place: &Place, options: &OpenOptions) -> Result<Opened> {
    let file = Npz::open(&place.at)?;
    if place.member.is_empty() {
        // A zip file without the suffix can be a Zarr store as well.
        if file.names().is_empty() && place.suffix() != "npz" {
            return zarr(place, options);
        }
        let members = Members::Npz(file, options.scratch.clone());
        let group = Group::new(place, ".npz", members);
        return Ok(Opened::Group(Box::new(group)));
    }
    let dataset = npz_member(place, &file, options.scratch.as_deref())?;
    Ok(Opened::Array(Box::new(dataset)))
}

pub(super) fn npz_member(place: &Place, file: &Npz, scratch: Option<&Path>) -> Result<Dataset> {
    let source = match scratch {
        Some(folder) => file.member_in(&place.member, folder)?,
        None => file.member(&place.member)?,
    };
    let (header, packed) = (source.header().clone(), source.packed_bytes());
    let format = match packed {
        None => ".npz, stored",
        Some(_) => ".npz, packed by Deflate",
    };
    let mut dataset = Dataset::of(place, format, Arc::new(source))?;
    dataset.stored_bytes = packed;
    Ok(described(dataset, &header))
}

/// With what a `.npy` header says.
fn described(mut dataset: Dataset, header: &Header) -> Dataset {
    dataset.byte_order = (header.dtype.size() > 1).then_some(header.swapped);
    dataset.fact("order", order(header.fortran_order))
}

fn order(fortran_order: bool) -> &'static str {
    if fortran_order { "Fortran" } else { "C" }
}

pub(super) fn raw(place: &Place, options: &OpenOptions) -> Result<Opened> {
    alone(place)?;
    let layout = match &options.raw {
        Some(layout) => layout.clone(),
        None => {
            let named = suffix_dtype(&place.suffix());
            let (dtype, swapped) = named.ok_or_else(|| Error::InvalidFile {
                path: place.at.clone().into(),
                reason:
                    "of no known format; raw elements need a dtype, and a shape where they are \
                         not 1-dimensional"
                        .to_owned(),
            })?;
            RawLayout {
                swapped,
                ..RawLayout::new(dtype)
            }
        }
    };
    let source = RawSource::open(&place.at, &layout)?;
    let format = format!("raw elements, from byte {}", layout.offset);
    let mut dataset = Dataset::of(place, format, Arc::new(source))?;
    dataset.byte_order = (layout.dtype.size() > 1).then_some(layout.swapped);
    let dataset = dataset.fact("order", order(layout.fortran_order));
    Ok(Opened::Array(Box::new(dataset)))
}

/// The dtype that a file's suffix names, `x.f4` or `x.float32`.
pub(super) fn suffix_dtype(suffix: &str) -> Option<(DType, bool)> {
    let is_name = suffix
        .chars()
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic());
    is_name.then(|| parse_dtype(suffix).ok()).flatten()
}

pub(super) fn zarr(place: &Place, _: &OpenOptions) -> Result<Opened> {
    let location = Location::parse(&place.at)?.at(&place.member);
    match Node::open(Arc::clone(&location.store), &location.full())? {
        Node::Array(array) => {
            let local = !place.is_url();
            let dataset = zarr_array(place, Arc::new(*array), &location, local)?;
            Ok(Opened::Array(Box::new(dataset)))
        }
        Node::Group(attributes) => {
            let mut group = Group::new(place, "Zarr group", Members::Zarr(location));
            group.attributes = attributes;
            Ok(Opened::Group(Box::new(group)))
        }
    }
}

fn zarr_array(
    place: &Place,
    array: Arc<ZarrArray>,
    location: &Location,
    local: bool,
) -> Result<Dataset> {
    let source = Arc::new(ZarrSource::new(Arc::clone(&array)));
    let format = format!("Zarr version {}", array.version());
    let mut dataset = Dataset::of(place, format, source)?;
    dataset = dataset.fact("chunks", array.inner_grid().to_string());
    if array.inner_grid() != array.grid() {
        dataset = dataset.fact("shards", array.grid().to_string());
    }
    dataset = dataset.fact("codecs", array.codecs().join(", "));
    if let Some(fill) = array.document().get("fill_value") {
        dataset = dataset.fact("fill", fill.to_string());
    }
    if let Some(names) = array.dimension_names() {
        let names: Vec<String> = names.into_iter().map(Option::unwrap_or_default).collect();
        dataset = dataset.fact("axes", names.join(", "));
    }
    for (name, value) in array.attributes() {
        if name != "_ARRAY_DIMENSIONS" {
            dataset = dataset.fact("attr", format!("{name} = {value}"));
        }
    }
    if local {
        dataset.stored_bytes = stored_bytes(&*location.store, &location.full(), MOST_OBJECTS)?;
    }
    dataset.zarr = Some(array);
    Ok(dataset)
}

#[cfg(feature = "parquet")]
pub(super) fn parquet(place: &Place, options: &OpenOptions) -> Result<Opened> {
    let file = chunkwise_parquet::ParquetFile::open(&place.at)?;
    if place.member.is_empty() {
        let members = Members::Parquet(Box::new(file), options.fill_value);
        let group = Group::new(place, "Parquet", members);
        return Ok(Opened::Group(Box::new(group)));
    }
    let dataset = parquet_column(place, &file, options.fill_value)?;
    Ok(Opened::Array(Box::new(dataset)))
}

#[cfg(feature = "parquet")]
pub(super) fn parquet_column(
    place: &Place,
    file: &chunkwise_parquet::ParquetFile,
    fill_value: Option<chunkwise_core::Scalar>,
) -> Result<Dataset> {
    let source = file.column(&place.member, fill_value)?;
    let groups = chunkwise_core::Source::grid(&source).map(|g| g.to_string());
    let (kind, packing, bytes) = (source.kind(), source.compression(), source.packed_bytes());
    let mut dataset = Dataset::of(place, "Parquet column", Arc::new(source))?;
    dataset.stored_bytes = Some(bytes);
    Ok(dataset
        .fact("chunks", groups.unwrap_or_default())
        .fact("type", kind)
        .fact("codecs", packing))
}

/// Refuses a member of a file that is one array.
fn alone(place: &Place) -> Result<()> {
    match place.member.as_str() {
        "" => Ok(()),
        member => Err(Error::InvalidFile {
            path: place.at.clone().into(),
            reason: format!("is one array and has no member {member:?}"),
        }),
    }
}
