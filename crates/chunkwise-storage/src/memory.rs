use chunkwise_core::{Chunk, DType, Error, Region, Result, Source, SourceId, View, ViewMut};

/// An array that lies in memory: tasks read it in place.
///
/// ```
/// use chunkwise_core::{Chunk, Source};
/// use chunkwise_storage::MemorySource;
/// let chunk = Chunk::from_owner(vec![1.0f64, 2.0, 3.0, 4.0], &[2, 2])?;
/// let source = MemorySource::new("heights", chunk);
/// assert_eq!(source.shape(), [2, 2]);
/// assert!(source.in_memory().is_some());
/// # Ok::<_, chunkwise_core::Error>(())
/// ```
#[derive(Debug)]
pub struct MemorySource {
    name: String,
    chunk: Chunk,
    id: SourceId,
}

impl MemorySource {
    /// A source over a chunk, without a copy.
    pub fn new(name: impl Into<String>, chunk: Chunk) -> MemorySource {
        MemorySource {
            name: name.into(),
            chunk,
            id: SourceId::unique(),
        }
    }

    /// The chunk.
    pub fn chunk(&self) -> &Chunk {
        &self.chunk
    }
}

impl Source for MemorySource {
    fn id(&self) -> SourceId {
        self.id
    }

    fn name(&self) -> String {
        self.name.clone()
    }

    fn shape(&self) -> &[usize] {
        self.chunk.shape()
    }

    fn dtype(&self) -> DType {
        self.chunk.dtype()
    }

    fn read(&self, region: &Region, mut out: ViewMut<'_>) -> Result<()> {
        let part = self.chunk.region(region)?;
        if out.dtype() != part.dtype() {
            return Err(Error::DTypeMismatch {
                operation: "reading a region",
                expected: part.dtype(),
                got: out.dtype(),
            });
        }
        if out.copy_from(&part.view()) {
            return Ok(());
        }
        Err(Error::ShapeMismatch {
            operation: "reading a region",
            expected: part.shape().to_vec(),
            got: out.shape().to_vec(),
        })
    }

    fn in_memory(&self) -> Option<View<'_>> {
        Some(self.chunk.view())
    }
}
