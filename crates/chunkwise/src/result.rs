//! Between chunks and `ndarray` arrays.

use chunkwise_core::{Chunk, DType, Element, Error, Result};
use ndarray::{ArrayD, ArrayViewD, Dimension, IxDyn};

/// A chunk as an `ndarray` array.
pub trait IntoNdarray {
    /// The elements in C order; an error where the dtype is not `T`'s.
    fn into_ndarray<T: Element>(self) -> Result<ArrayD<T>>;
}

impl IntoNdarray for Chunk {
    /// ```
    /// # use chunkwise::{Chunk, IntoNdarray};
    /// let chunk = Chunk::from_owner(vec![1.0, 2.0, 3.0, 4.0], &[2, 2])?;
    /// assert_eq!(chunk.into_ndarray::<f64>()?[[1, 0]], 3.0);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    fn into_ndarray<T: Element>(self) -> Result<ArrayD<T>> {
        let data = self.to_vec::<T>()?;
        ArrayD::from_shape_vec(IxDyn(self.shape()), data).map_err(|e| internal(&e))
    }
}

/// Any `ndarray` array as a chunk, without a copy for every layout of owned data.
///
/// ```
/// # use chunkwise::{chunk_from_ndarray, IntoNdarray};
/// let array = ndarray::arr2(&[[1, 2, 3], [4, 5, 6]]).reversed_axes();
/// let chunk = chunk_from_ndarray(array.clone())?;
/// assert_eq!(chunk.shape(), [3, 2]);
/// assert_eq!(chunk.into_ndarray::<i32>()?, array.into_dyn());
/// # Ok::<_, chunkwise::Error>(())
/// ```
pub fn chunk_from_ndarray<T: Element, D: Dimension>(array: ndarray::Array<T, D>) -> Result<Chunk> {
    let shape = array.shape().to_vec();
    let strides = array.strides().to_vec();
    let (data, offset) = array.into_raw_vec_and_offset();
    Chunk::from_strided(data, offset.unwrap_or(0), &shape, &strides)
}

/// Runs `f` on the elements of a chunk as an `ndarray` view: in place where they are in C order
/// without gaps, of a copy otherwise.
pub(crate) fn with_view<T: Element, R>(
    chunk: &Chunk,
    f: impl FnOnce(ArrayViewD<'_, T>) -> R,
) -> Result<R> {
    let shape = IxDyn(chunk.shape());
    if let Some(data) = chunk.as_slice::<T>() {
        return Ok(f(
            ArrayViewD::from_shape(shape, data).map_err(|e| internal(&e))?
        ));
    }
    let copy = chunk.to_vec::<T>()?;
    Ok(f(
        ArrayViewD::from_shape(shape, &copy).map_err(|e| internal(&e))?
    ))
}

fn internal(e: &ndarray::ShapeError) -> Error {
    Error::internal("front door", e.to_string())
}

/// What a user's function may return for a chunk: a [`Chunk`], an owned `ndarray` array, or a `Result`
/// of either with any error.
pub trait IntoChunk {
    /// The chunk; errors of other types become [`Error::User`].
    fn into_chunk(self) -> Result<Chunk>;
}

impl IntoChunk for Chunk {
    fn into_chunk(self) -> Result<Chunk> {
        Ok(self)
    }
}

impl<T: Element, D: Dimension> IntoChunk for ndarray::Array<T, D> {
    fn into_chunk(self) -> Result<Chunk> {
        chunk_from_ndarray(self)
    }
}

impl<C: IntoChunk, E: Into<Box<dyn std::error::Error + Send + Sync>>> IntoChunk for Result<C, E> {
    fn into_chunk(self) -> Result<Chunk> {
        match self {
            Ok(chunk) => chunk.into_chunk(),
            Err(e) => Err(match e.into().downcast::<Error>() {
                Ok(own) => *own,
                Err(other) => Error::User(other.into()),
            }),
        }
    }
}

/// What is known to be of one dtype: an owned `ndarray` array, or a `Result` of one.
pub trait TypedChunk: IntoChunk {
    /// The dtype.
    const DTYPE: DType;
}

impl<T: Element, D: Dimension> TypedChunk for ndarray::Array<T, D> {
    const DTYPE: DType = T::DTYPE;
}

impl<C: TypedChunk, E: Into<Box<dyn std::error::Error + Send + Sync>>> TypedChunk for Result<C, E> {
    const DTYPE: DType = C::DTYPE;
}
