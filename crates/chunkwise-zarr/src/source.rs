use std::sync::Arc;

use chunkwise_core::{DType, Grid, Region, Result, Source, SourceId, ViewMut};

use crate::ZarrArray;

/// A Zarr array, read chunk by chunk.
#[derive(Debug)]
pub struct ZarrSource {
    array: Arc<ZarrArray>,
    id: SourceId,
}

impl ZarrSource {
    /// The source of an array's elements.
    pub fn new(array: impl Into<Arc<ZarrArray>>) -> ZarrSource {
        ZarrSource {
            array: array.into(),
            id: SourceId::unique(),
        }
    }

    /// The array.
    pub fn array(&self) -> &Arc<ZarrArray> {
        &self.array
    }
}

impl Source for ZarrSource {
    fn id(&self) -> SourceId {
        self.id
    }

    fn name(&self) -> String {
        format!("zarr {}", self.array.name())
    }

    fn shape(&self) -> &[usize] {
        self.array.shape()
    }

    fn dtype(&self) -> DType {
        self.array.dtype()
    }

    fn grid(&self) -> Option<Grid> {
        Some(self.array.inner_grid().clone())
    }

    fn read(&self, region: &Region, out: ViewMut<'_>) -> Result<()> {
        self.array.read(region, out)
    }

    fn scratch_bytes(&self, region: &Region) -> usize {
        self.array.read_scratch(region)
    }

    fn waits(&self) -> bool {
        self.array.store().fetches()
    }

    fn prefetch(&self, region: &Region, room: usize) -> bool {
        self.array.prefetch(region, room)
    }

    fn forget(&self, region: &Region) {
        self.array.forget(region);
    }

    fn byte_cost(&self) -> f32 {
        // Zstandard and Blosc unpack 0.6 to 2 bytes a nanosecond; reading and opening files adds to it.
        1.0
    }
}
