use std::sync::Arc;

use chunkwise_core::{DType, Grid, Result, Source};
use chunkwise_zarr::ZarrArray;

use super::Place;
use crate::Array;

/// An array in a file or store, with what its format says of it.
///
/// ```
/// use chunkwise::{Array, formats};
/// # let path = std::env::temp_dir().join(format!("chunkwise-doc-dataset-{}.npy", std::process::id()));
/// # let path = path.to_str().unwrap();
/// Array::arange(0, 12, 1, 5)?.reshape([3, 4])?.to_npy(path)?;
/// let dataset = formats::open(path)?.into_dataset()?;
/// assert_eq!(dataset.format(), ".npy version 1.0, data at byte 128");
/// assert_eq!(dataset.array().sum(..)?.compute()?.item::<i64>()?, 66);
/// # std::fs::remove_file(path).ok();
/// # Ok::<_, chunkwise::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Dataset {
    pub(super) place: Place,
    pub(super) format: String,
    pub(super) array: Array,
    pub(super) stored: Option<Grid>,
    pub(super) byte_order: Option<bool>,
    pub(super) facts: Vec<(&'static str, String)>,
    pub(super) stored_bytes: Option<u64>,
    pub(super) zarr: Option<Arc<ZarrArray>>,
}

impl Dataset {
    /// The array of a source, of which nothing else is known.
    pub(super) fn of(
        place: &Place,
        format: impl Into<String>,
        source: Arc<dyn Source>,
    ) -> Result<Dataset> {
        let stored = source.grid();
        Ok(Dataset {
            place: place.clone(),
            format: format.into(),
            array: Array::from_source(source, None)?,
            stored,
            byte_order: None,
            facts: Vec::new(),
            stored_bytes: None,
            zarr: None,
        })
    }

    /// Adds something that the format says.
    pub(super) fn fact(mut self, label: &'static str, text: impl Into<String>) -> Dataset {
        self.facts.push((label, text.into()));
        self
    }

    /// Where it was opened.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The format, in words.
    pub fn format(&self) -> &str {
        &self.format
    }

    /// The elements: lazy.
    pub fn array(&self) -> &Array {
        &self.array
    }

    /// The shape.
    pub fn shape(&self) -> &[usize] {
        self.array.shape()
    }

    /// The elements' dtype.
    pub fn dtype(&self) -> DType {
        self.array.dtype()
    }

    /// Bytes of all elements.
    pub fn nbytes(&self) -> u64 {
        let item = self.dtype().size() as u64;
        self.shape()
            .iter()
            .fold(item, |n, d| n.saturating_mul(*d as u64))
    }

    /// The smallest parts that can be read alone, where the format has such: chunks, row groups.
    pub fn stored_chunks(&self) -> Option<&Grid> {
        self.stored.as_ref()
    }

    /// Whether the stored bytes are in the other order than this machine's, where they are in one.
    pub fn is_swapped(&self) -> Option<bool> {
        self.byte_order
    }

    /// What else the format says: labels and texts, such as `("order", "Fortran")`.
    pub fn facts(&self) -> &[(&'static str, String)] {
        &self.facts
    }

    /// Bytes that it takes where it is, where that differs from [`nbytes`](Self::nbytes) and is known.
    pub fn stored_bytes(&self) -> Option<u64> {
        self.stored_bytes
    }

    /// The Zarr array, where it is one.
    pub fn zarr(&self) -> Option<&Arc<ZarrArray>> {
        self.zarr.as_ref()
    }
}
