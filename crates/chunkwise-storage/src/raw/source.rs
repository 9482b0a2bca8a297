use std::path::Path;

use chunkwise_core::{DType, Dims, Region, Result, Source, SourceId, ViewMut, element_count};

use crate::flat::FlatFile;
use crate::identity::Stamped;

/// What a file without a header cannot say of itself.
///
/// ```
/// use chunkwise_core::DType;
/// use chunkwise_storage::RawLayout;
/// let layout = RawLayout { offset: 512, ..RawLayout::new(DType::F32) }.with_shape(&[100, 200]);
/// assert_eq!(layout.shape.as_deref(), Some(&[100, 200][..]));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawLayout {
    /// The elements' dtype.
    pub dtype: DType,
    /// Whether the bytes are in the other order than this machine's.
    pub swapped: bool,
    /// The shape; where there is none, all elements up to the file's end, in one dimension.
    pub shape: Option<Dims>,
    /// Bytes before the first element.
    pub offset: u64,
    /// Whether the first axis varies fastest.
    pub fortran_order: bool,
}

impl RawLayout {
    /// A whole file of elements, in one dimension and this machine's byte order.
    pub fn new(dtype: DType) -> RawLayout {
        RawLayout {
            dtype,
            swapped: false,
            shape: None,
            offset: 0,
            fortran_order: false,
        }
    }

    /// The same with a shape.
    pub fn with_shape(mut self, shape: &[usize]) -> RawLayout {
        self.shape = Some(shape.into());
        self
    }
}

/// An array in a file of nothing but elements, read region by region as a `.npy` file is.
///
/// ```
/// use chunkwise_core::{DType, Source};
/// use chunkwise_storage::{RawLayout, RawSource};
/// # let path = std::env::temp_dir().join(format!("chunkwise-doc-{}.raw", std::process::id()));
/// std::fs::write(&path, [0u8; 24])?;
/// assert_eq!(RawSource::open(&path, &RawLayout::new(DType::F64))?.shape(), [3]);
/// let wrong = RawLayout::new(DType::F64).with_shape(&[2, 2]);
/// assert!(RawSource::open(&path, &wrong).is_err());
/// # std::fs::remove_file(path).ok();
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct RawSource {
    file: Stamped,
    layout: RawLayout,
    data: FlatFile,
    id: SourceId,
}

impl RawSource {
    /// Opens a file whose length is that of its elements behind the offset.
    ///
    /// # Errors
    /// [`Io`](chunkwise_core::Error::Io) where it cannot be opened; [`InvalidFile`](chunkwise_core::Error::InvalidFile) where its length is another,
    /// with both; [`TooLarge`](chunkwise_core::Error::TooLarge).
    pub fn open(path: impl AsRef<Path>, layout: &RawLayout) -> Result<RawSource> {
        let (stamped, file) = Stamped::open(path.as_ref())?;
        let len = stamped.len();
        let item = layout.dtype.size() as u64;
        let behind = len.checked_sub(layout.offset).ok_or_else(|| {
            stamped.invalid(format!(
                "it has {len} bytes, fewer than the offset of {}",
                layout.offset
            ))
        })?;
        let shape: Dims = match &layout.shape {
            Some(shape) => {
                let needed = element_count(shape)? as u64 * item;
                if needed != behind {
                    return Err(stamped.invalid(format!(
                        "{} of shape {:?} are {needed} bytes, behind the offset of {} the file has {behind}",
                        layout.dtype,
                        shape.as_slice(),
                        layout.offset
                    )));
                }
                shape.clone()
            }
            None if behind % item == 0 => smallvec::smallvec![(behind / item) as usize],
            None => {
                return Err(stamped.invalid(format!(
                    "{behind} bytes behind the offset of {} are no whole number of {} of {item} bytes",
                    layout.offset, layout.dtype
                )));
            }
        };
        let data = FlatFile::new(
            file,
            stamped.path(),
            layout.offset,
            layout.dtype,
            &shape,
            layout.fortran_order,
            layout.swapped,
        );
        Ok(RawSource {
            // Another layout of the same bytes is another array.
            id: SourceId::unique(),
            file: stamped,
            layout: RawLayout {
                shape: Some(shape),
                ..layout.clone()
            },
            data,
        })
    }

    /// The layout, with the shape in it.
    pub fn layout(&self) -> &RawLayout {
        &self.layout
    }

    /// The file.
    pub fn path(&self) -> &Path {
        self.file.path()
    }
}

impl Source for RawSource {
    fn id(&self) -> SourceId {
        self.id
    }

    fn name(&self) -> String {
        format!("raw {}", self.file.name())
    }

    fn shape(&self) -> &[usize] {
        self.data.shape()
    }

    fn dtype(&self) -> DType {
        self.data.dtype()
    }

    fn read(&self, region: &Region, out: ViewMut<'_>) -> Result<()> {
        self.data.read(region, out)?;
        self.file.check(self.data.file())
    }

    /// As for a `.npy` file: at most 512 KiB.
    fn scratch_bytes(&self, region: &Region) -> usize {
        self.data.scratch_bytes(region)
    }
}
