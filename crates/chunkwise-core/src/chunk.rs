use std::sync::Arc;

use crate::view::is_contiguous;
use crate::{
    Buffer, DType, Dims, Element, Error, Pool, Region, Result, Strides, View, ViewMut, c_strides,
    element_count,
};

/// N-dimensional data: a dtype, a shape, strides, and shared bytes. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Chunk {
    dtype: DType,
    shape: Dims,
    strides: Strides,
    offset: usize,
    buffer: Arc<Buffer>,
}

impl Chunk {
    /// A new chunk in C order, filled by `fill`.
    pub fn build<E: From<Error>>(
        pool: &Pool,
        dtype: DType,
        shape: &[usize],
        fill: impl FnOnce(ViewMut<'_>) -> Result<(), E>,
    ) -> Result<Chunk, E> {
        let n = element_count(shape)?;
        let mut buffer = pool.alloc(n * dtype.size())?;
        let strides = c_strides(shape, dtype.size());
        let ptr = buffer
            .as_mut_ptr()
            .ok_or_else(|| Error::internal("core", "a pooled buffer is not writable"))?;
        if dtype == DType::Bool {
            // Reused memory can hold any byte, and a bool is 0 or 1.
            // SAFETY: n bytes, ours alone.
            unsafe { ptr.write_bytes(0, n) };
        }
        // SAFETY: the buffer holds n initialised elements that nobody else refers to; any bytes are
        // valid for the number types, and bools were just zeroed.
        fill(unsafe { ViewMut::from_raw(ptr, dtype, shape.into(), strides.clone()) })?;
        Ok(Chunk {
            dtype,
            shape: shape.into(),
            strides,
            offset: 0,
            buffer: Arc::new(buffer),
        })
    }

    /// A chunk over a vector, or anything that is a slice, without a copy.
    pub fn from_owner<T: Element>(
        owner: impl AsRef<[T]> + Send + Sync + 'static,
        shape: &[usize],
    ) -> Result<Chunk> {
        let buffer = Buffer::foreign(owner);
        let n = element_count(shape)?;
        if n * size_of::<T>() != buffer.len() {
            return Err(Error::ShapeMismatch {
                operation: "array from data",
                expected: vec![buffer.len() / size_of::<T>()],
                got: shape.to_vec(),
            });
        }
        Ok(Chunk {
            dtype: T::DTYPE,
            shape: shape.into(),
            strides: c_strides(shape, size_of::<T>()),
            offset: 0,
            buffer: Arc::new(buffer),
        })
    }

    /// A chunk over part of a buffer of `T`, with strides in elements; an error where any index would
    /// fall outside the buffer.
    pub fn from_strided<T: Element>(
        owner: impl AsRef<[T]> + Send + Sync + 'static,
        offset: usize,
        shape: &[usize],
        strides: &[isize],
    ) -> Result<Chunk> {
        let buffer = Buffer::foreign(owner);
        let n = element_count(shape)?;
        let (mut low, mut high) = (offset as i128, offset as i128);
        for (d, s) in shape.iter().zip(strides) {
            let reach = *s as i128 * d.saturating_sub(1) as i128;
            low += reach.min(0);
            high += reach.max(0);
        }
        let items = (buffer.len() / size_of::<T>()) as i128;
        if shape.len() != strides.len() || (n > 0 && (low < 0 || high >= items)) {
            return Err(Error::argument(
                "array from data",
                "strides",
                format!("{strides:?}"),
                format!("offset {offset} and shape {shape:?} reach outside {items} elements"),
            ));
        }
        Ok(Chunk {
            dtype: T::DTYPE,
            shape: shape.into(),
            strides: strides
                .iter()
                .map(|s| s * size_of::<T>() as isize)
                .collect(),
            offset: if n > 0 { offset * size_of::<T>() } else { 0 },
            buffer: Arc::new(buffer),
        })
    }

    /// A 0-dimensional chunk or a filled one, on a pool.
    pub fn full<T: Element>(pool: &Pool, shape: &[usize], value: T) -> Result<Chunk> {
        Chunk::build(pool, T::DTYPE, shape, |mut v| {
            if let Some(s) = v.as_mut_slice::<T>() {
                s.fill(value);
            }
            Ok(())
        })
    }

    /// The elements' dtype.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// The shape.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Bytes between neighbours along each axis.
    pub fn strides(&self) -> &[isize] {
        &self.strides
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.shape.contains(&0)
    }

    /// Bytes of its elements.
    pub fn nbytes(&self) -> usize {
        self.len() * self.dtype.size()
    }

    /// Read access to the elements.
    pub fn view(&self) -> View<'_> {
        // SAFETY: every constructor checks that shape and strides stay within the buffer, whose bytes
        // are valid elements and are not written while shared.
        unsafe {
            View::from_raw(
                self.buffer.as_ptr().wrapping_add(self.offset),
                self.dtype,
                self.shape.clone(),
                self.strides.clone(),
            )
        }
    }

    /// The part in a region, sharing the bytes; an error where it does not fit.
    pub fn region(&self, region: &Region) -> Result<Chunk> {
        if !region.fits(&self.shape) {
            return Err(Error::ShapeMismatch {
                operation: "region of a chunk",
                expected: self.shape.to_vec(),
                got: (0..region.ndim()).map(|a| region.end(a)).collect(),
            });
        }
        let mut part = self.clone();
        if !region.is_empty() {
            let bytes: isize = self
                .strides
                .iter()
                .zip(&region.start)
                .map(|(s, i)| s * *i as isize)
                .sum();
            part.offset = self.offset.wrapping_add_signed(bytes);
        }
        part.shape = region.shape.clone();
        Ok(part)
    }

    /// The same elements in C order under another shape with as many; `None` where they are not in C
    /// order without gaps.
    pub fn reshaped(&self, shape: &[usize]) -> Option<Chunk> {
        let same = element_count(shape).is_ok_and(|n| n == self.len());
        (same && is_contiguous(&self.shape, &self.strides, self.dtype.size())).then(|| Chunk {
            shape: shape.into(),
            strides: c_strides(shape, self.dtype.size()),
            ..self.clone()
        })
    }

    /// Whether the elements are in C order without gaps, and all that their buffer holds.
    pub fn is_compact(&self) -> bool {
        let contiguous = is_contiguous(&self.shape, &self.strides, self.dtype.size());
        contiguous && self.nbytes() == self.buffer.len()
    }

    /// The elements as a slice, where the dtype is `T`'s and they are in C order without gaps.
    pub fn as_slice<T: Element>(&self) -> Option<&[T]> {
        // SAFETY: as in `view`; the slice borrows self, which keeps the buffer.
        self.view().as_slice::<T>()
    }

    /// The elements in C order; an error where the dtype is not `T`'s.
    pub fn to_vec<T: Element>(&self) -> Result<Vec<T>> {
        if T::DTYPE != self.dtype {
            return Err(Error::DTypeMismatch {
                operation: "reading a chunk",
                expected: self.dtype,
                got: T::DTYPE,
            });
        }
        if let Some(s) = self.as_slice::<T>() {
            return Ok(s.to_vec());
        }
        let view = self.view();
        let mut out = Vec::with_capacity(self.len());
        let mut index: Dims = smallvec::smallvec![0; self.shape.len()];
        for _ in 0..self.len() {
            out.extend(view.get::<T>(&index));
            for axis in (0..index.len()).rev() {
                index[axis] += 1;
                if index[axis] < self.shape[axis] {
                    break;
                }
                index[axis] = 0;
            }
        }
        Ok(out)
    }

    /// The only element of a chunk with one; an error where there are more, or the dtype is not `T`'s.
    pub fn item<T: Element>(&self) -> Result<T> {
        match self.to_vec::<T>()?.as_slice() {
            [one] => Ok(*one),
            _ => Err(Error::ShapeMismatch {
                operation: "item",
                expected: vec![],
                got: self.shape.to_vec(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strided_chunks_are_checked() {
        let ok = Chunk::from_strided(vec![0i32, 1, 2, 3, 4, 5], 5, &[2, 3], &[-3, -1]).unwrap();
        assert_eq!(ok.to_vec::<i32>().unwrap(), [5, 4, 3, 2, 1, 0]);
        assert!(Chunk::from_strided(vec![0i32; 6], 4, &[2, 3], &[-3, -1]).is_err());
        assert!(Chunk::from_strided(vec![0i32; 6], 0, &[7], &[1]).is_err());
        assert!(
            Chunk::from_strided(vec![0i32; 0], 9, &[0, 4], &[100, 1])
                .unwrap()
                .is_empty()
        );
    }

    #[test]
    fn regions_share_bytes() {
        let c = Chunk::from_owner((0..12).collect::<Vec<i64>>(), &[3, 4]).unwrap();
        let r = c.region(&Region::new([1, 2], [2, 2])).unwrap();
        assert_eq!(r.to_vec::<i64>().unwrap(), [6, 7, 10, 11]);
        assert!(r.as_slice::<i64>().is_none());
        assert!(c.region(&Region::new([2, 2], [2, 2])).is_err());
        assert_eq!(c.reshaped(&[2, 6]).unwrap().shape(), [2, 6]);
        assert!(r.reshaped(&[4]).is_none());
    }

    #[test]
    fn bools_in_reused_memory_are_valid() {
        let pool = Pool::new(1 << 20);
        drop(Chunk::full(&pool, &[64], 0xffu8).unwrap());
        let c = Chunk::build(&pool, DType::Bool, &[64], |_| Ok::<_, Error>(())).unwrap();
        assert_eq!(c.to_vec::<bool>().unwrap(), vec![false; 64]);
    }
}
