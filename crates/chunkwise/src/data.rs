//! Arrays from data and from functions.

use std::sync::Arc;

use chunkwise_core::{Chunk, Chunks, DType, Element, Error, Region, Result, Source, ViewMut};
use chunkwise_expr::Expr;
use chunkwise_storage::{FunctionSource, MemorySource};
use ndarray::Dimension;

use crate::array::Here;
use crate::blocks::guarded;
use crate::result::{TypedChunk, chunk_from_ndarray};
use crate::{Array, Shape};

impl Array {
    /// The array in a `.npy` file, of any dtype that arrays have, in C or Fortran order. Only what is
    /// needed is read, when it is needed.
    ///
    /// ```
    /// use chunkwise::Array;
    /// let path = std::env::temp_dir().join(format!("chunkwise-doc-{}.npy", std::process::id()));
    /// Array::arange(0, 12, 1, 5)?.reshape([3, 4])?.to_npy(&path)?;
    /// let x = Array::from_npy(&path)?;
    /// assert_eq!(x.sum(0)?.compute()?.to_vec::<i64>()?, [12, 15, 18, 21]);
    /// # let _ = std::fs::remove_file(&path);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io) and [`Error::InvalidFile`](crate::Error::InvalidFile), with the
    /// file and what is wrong with it.
    #[track_caller]
    pub fn from_npy(path: impl AsRef<std::path::Path>) -> Result<Array> {
        Array::from_source(Arc::new(chunkwise_storage::NpySource::open(path)?), None)
    }

    /// Any source, in its own chunks where it has some and `None` are asked for.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use chunkwise::{Array, Chunk, MemorySource};
    /// let chunk = Chunk::from_owner(vec![1u8, 2, 3], &[3])?;
    /// let x = Array::from_source(Arc::new(MemorySource::new("levels", chunk)), None)?;
    /// assert_eq!(x.shape(), [3]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn from_source(source: Arc<dyn Source>, chunks: Option<Chunks>) -> Result<Array> {
        Expr::source(source, chunks.as_ref()).here()
    }

    /// A chunk of data in memory, without a copy.
    ///
    /// ```
    /// # use chunkwise::{Array, Chunk};
    /// let chunk = Chunk::from_owner(vec![1.0, 2.0, 3.0, 4.0], &[2, 2])?;
    /// assert_eq!(Array::from_chunk(chunk, 1)?.numblocks().as_slice(), [2, 2]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn from_chunk(chunk: Chunk, chunks: impl Into<Chunks>) -> Result<Array> {
        Array::from_source(
            Arc::new(MemorySource::new("memory", chunk)),
            Some(chunks.into()),
        )
    }

    /// An owned `ndarray` array of any layout, without a copy.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::from_ndarray(ndarray::Array2::<f32>::zeros((30, 40)), 10)?;
    /// assert_eq!((x.shape(), x.dtype()), (&[30, 40][..], DType::F32));
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn from_ndarray<T: Element, D: Dimension>(
        array: ndarray::Array<T, D>,
        chunks: impl Into<Chunks>,
    ) -> Result<Array> {
        Array::from_chunk(chunk_from_ndarray(array)?, chunks)
    }

    /// A vector's elements in C order, without a copy.
    ///
    /// ```
    /// # use chunkwise::Array;
    /// assert_eq!(Array::from_vec(vec![1, 2, 3, 4, 5, 6], [2, 3], 3)?.shape(), [2, 3]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn from_vec<T: Element>(
        data: Vec<T>,
        shape: impl Into<Shape>,
        chunks: impl Into<Chunks>,
    ) -> Result<Array> {
        Array::from_chunk(Chunk::from_owner(data, &shape.into().0)?, chunks)
    }

    /// A copy of a slice, 1-dimensional.
    ///
    /// ```
    /// # use chunkwise::Array;
    /// assert_eq!(Array::from_slice(&[1.0, 2.0, 3.0], 2)?.shape(), [3]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn from_slice<T: Element>(data: &[T], chunks: impl Into<Chunks>) -> Result<Array> {
        Array::from_vec(data.to_vec(), data.len(), chunks)
    }

    /// An array whose elements a function makes, for any region that is asked for: a slice of it
    /// calls the function for that slice only. It must give the same elements each time; it is called
    /// from several threads. A panic in it becomes an error.
    ///
    /// ```
    /// # use chunkwise::{Array, DType, Region};
    /// let x = Array::from_function([1000, 1000], 100, |region: &Region| {
    ///     let (row, column) = (region.start[0], region.start[1]);
    ///     ndarray::Array2::from_shape_fn((region.shape[0], region.shape[1]), |(i, j)| {
    ///         ((row + i) * (column + j)) as f64
    ///     })
    /// })?;
    /// assert_eq!(x.dtype(), DType::F64);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn from_function<C: TypedChunk>(
        shape: impl Into<Shape>,
        chunks: impl Into<Chunks>,
        f: impl Fn(&Region) -> C + Send + Sync + 'static,
    ) -> Result<Array> {
        Array::from_filler(shape, C::DTYPE, chunks, move |region, mut out| {
            let made = guarded(|| f(region).into_chunk())?;
            if made.shape() != out.shape() || !out.copy_from(&made.view()) {
                return Err(Error::ShapeMismatch {
                    operation: "from_function",
                    expected: out.shape().to_vec(),
                    got: made.shape().to_vec(),
                });
            }
            Ok(())
        })
    }

    /// As [`from_function`](Self::from_function), where the function fills memory that it is given.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::from_filler([1000], DType::I64, 100, |region, mut out| {
    ///     if let Some(out) = out.as_mut_slice::<i64>() {
    ///         for (x, i) in out.iter_mut().zip(region.range(0)) {
    ///             *x = (i * i) as i64;
    ///         }
    ///     }
    ///     Ok(())
    /// })?;
    /// assert_eq!(x.numblocks().as_slice(), [10]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn from_filler(
        shape: impl Into<Shape>,
        dtype: DType,
        chunks: impl Into<Chunks>,
        fill: impl Fn(&Region, ViewMut<'_>) -> Result<()> + Send + Sync + 'static,
    ) -> Result<Array> {
        let source = FunctionSource::new("function", &shape.into().0, dtype, fill)?;
        Array::from_source(Arc::new(source), Some(chunks.into()))
    }
}
