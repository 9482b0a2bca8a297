use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use chunkwise_core::{
    DType, Dims, Error, Grid, Region, Result, Source, SourceId, ViewMut, element_count,
};

type Fill = dyn Fn(&Region, ViewMut<'_>) -> Result<()> + Send + Sync;

/// An array whose elements a function makes, region by region.
///
/// The function is called from several threads, for any region within the shape, and fills its view
/// with the elements of that region, always the same ones. A panic in it becomes
/// [`Error::Panic`].
///
/// ```
/// use chunkwise_core::{DType, Source};
/// use chunkwise_storage::FunctionSource;
/// let squares = FunctionSource::new("squares", &[1000], DType::I64, |region, mut out| {
///     if let Some(out) = out.as_mut_slice::<i64>() {
///         for (x, i) in out.iter_mut().zip(region.range(0)) {
///             *x = (i * i) as i64;
///         }
///     }
///     Ok(())
/// })?;
/// assert_eq!(squares.shape(), [1000]);
/// # Ok::<_, chunkwise_core::Error>(())
/// ```
pub struct FunctionSource {
    name: String,
    shape: Dims,
    dtype: DType,
    grid: Option<Grid>,
    fill: Box<Fill>,
    id: SourceId,
}

impl FunctionSource {
    /// A source from a function; an error where the shape has more elements than can be addressed.
    pub fn new(
        name: impl Into<String>,
        shape: &[usize],
        dtype: DType,
        fill: impl Fn(&Region, ViewMut<'_>) -> Result<()> + Send + Sync + 'static,
    ) -> Result<FunctionSource> {
        element_count(shape)?;
        Ok(FunctionSource {
            name: name.into(),
            shape: shape.into(),
            dtype,
            grid: None,
            fill: Box::new(fill),
            id: SourceId::unique(),
        })
    }

    /// The same source with the chunks in which the function works best; an error where the grid is
    /// of another shape.
    pub fn with_grid(mut self, grid: Grid) -> Result<FunctionSource> {
        if grid.shape() != self.shape {
            return Err(Error::ShapeMismatch {
                operation: "chunks of a function",
                expected: self.shape.to_vec(),
                got: grid.shape().to_vec(),
            });
        }
        self.grid = Some(grid);
        Ok(self)
    }
}

impl Source for FunctionSource {
    fn id(&self) -> SourceId {
        self.id
    }

    fn name(&self) -> String {
        self.name.clone()
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn dtype(&self) -> DType {
        self.dtype
    }

    fn grid(&self) -> Option<Grid> {
        self.grid.clone()
    }

    fn read(&self, region: &Region, out: ViewMut<'_>) -> Result<()> {
        catch_unwind(AssertUnwindSafe(|| (self.fill)(region, out))).unwrap_or_else(|payload| {
            Err(Error::Panic {
                message: message(payload.as_ref()),
            })
        })
    }
}

impl fmt::Debug for FunctionSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "FunctionSource({}, {:?}, {})",
            self.name, self.shape, self.dtype
        )
    }
}

fn message(payload: &(dyn Any + Send)) -> String {
    payload
        .downcast_ref::<&str>()
        .map(|s| (*s).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "with a value that is no text".to_owned())
}
