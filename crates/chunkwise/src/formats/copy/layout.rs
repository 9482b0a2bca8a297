use chunkwise_core::{AxisGrid, Chunks, Result};
use chunkwise_zarr::{Layout, Version, ZarrArray};

use super::{CopyOptions, Shards};
use crate::formats::Dataset;

/// Bytes of a stored chunk where the source has none and none are asked for.
const CHUNK_BYTES: u64 = 8 << 20;

pub(super) fn version_of(array: &ZarrArray) -> Version {
    match array.version() {
        2 => Version::V2,
        _ => Version::V3,
    }
}

/// The layout of a copy.
pub(super) fn layout_for(
    dataset: &Dataset,
    options: &CopyOptions,
    there: Option<Version>,
) -> Result<Layout> {
    let shape = dataset.shape();
    let item = dataset.dtype().size();
    let mut layout = match dataset.zarr() {
        Some(zarr) => {
            let version = options.version.or(there).unwrap_or(version_of(zarr));
            Layout::like(zarr, version, options.compressor.clone())?
        }
        None => {
            let chunks = Chunks::Auto { bytes: CHUNK_BYTES };
            let grid = match dataset.stored_chunks() {
                Some(stored) => stored.clone(),
                None => chunks.resolve(shape, item)?,
            };
            Layout {
                version: options.version.or(there).unwrap_or_default(),
                compressor: options.compressor.clone().unwrap_or_default(),
                ..Layout::of(&grid)
            }
        }
    };
    if let Some(chunks) = &options.chunks {
        let grid = chunks.resolve(shape, item)?;
        let longest = grid.axes().iter().map(AxisGrid::longest);
        layout.chunks = longest.map(|n| n.max(1)).collect();
    }
    layout.shards = match (&options.shards, layout.shards.take()) {
        (Shards::None, _) | (Shards::Keep, None) => None,
        (Shards::Of(lengths), _) => Some(lengths.as_slice().into()),
        (Shards::Keep, Some(kept)) => {
            let fitted = kept.iter().zip(&layout.chunks);
            Some(fitted.map(|(s, c)| s.div_ceil(*c) * c).collect())
        }
    };
    // What does not fit is said before anything begins.
    layout.document(shape, dataset.dtype())?;
    Ok(layout)
}
