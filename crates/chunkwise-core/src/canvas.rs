use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Chunk, DType, Dims, Error, Grid, Pool, Result, Strides, View, ViewMut};

/// Memory that many threads fill together, each its own chunks of a grid.
///
/// Every chunk can be claimed once, which is what makes handing out parallel write access sound.
pub struct Canvas<'a> {
    ptr: *mut u8,
    dtype: DType,
    strides: Strides,
    grid: Grid,
    claimed: Vec<AtomicU64>,
    /// Chunks' own memory, where it is not borrowed.
    own: Option<Chunk>,
    lifetime: PhantomData<&'a mut [u8]>,
}

// SAFETY: access to the bytes goes through `claim`, which hands out disjoint parts.
unsafe impl Send for Canvas<'_> {}
// SAFETY: as above.
unsafe impl Sync for Canvas<'_> {}

impl<'a> Canvas<'a> {
    /// Over a caller's memory.
    pub fn borrowed(mut view: ViewMut<'a>, grid: Grid) -> Result<Canvas<'a>> {
        if grid.shape().as_slice() != view.shape() {
            return Err(Error::ShapeMismatch {
                operation: "filling a buffer",
                expected: grid.shape().to_vec(),
                got: view.shape().to_vec(),
            });
        }
        Ok(Canvas {
            ptr: view.as_mut_ptr(),
            dtype: view.dtype(),
            strides: view.strides().into(),
            claimed: flags(&grid),
            grid,
            own: None,
            lifetime: PhantomData,
        })
    }

    /// Over fresh memory in C order, which [`finish`](Self::finish) hands over.
    pub fn owned(pool: &Pool, dtype: DType, grid: Grid) -> Result<Canvas<'static>> {
        let shape = grid.shape();
        let mut ptr = std::ptr::null_mut();
        let chunk = Chunk::build(pool, dtype, &shape, |mut v| {
            ptr = v.as_mut_ptr();
            Ok::<_, Error>(())
        })?;
        Ok(Canvas {
            ptr,
            dtype,
            strides: chunk.strides().into(),
            claimed: flags(&grid),
            grid,
            own: Some(chunk),
            lifetime: PhantomData,
        })
    }

    /// The elements' dtype.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// The grid whose chunks can be claimed.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// Write access to the chunk at an index; an error where it was claimed before.
    pub fn claim(&self, index: &[usize]) -> Result<ViewMut<'_>> {
        let inside = index.len() == self.grid.ndim()
            && index.iter().zip(self.grid.counts()).all(|(i, n)| *i < n);
        let n = self.grid.ravel(index);
        let bit = 1u64 << (n % 64);
        if !inside || self.claimed[n / 64].fetch_or(bit, Ordering::AcqRel) & bit != 0 {
            return Err(Error::internal(
                "canvas",
                format!("chunk {index:?} claimed twice or outside"),
            ));
        }
        let region = self.grid.region(index);
        let bytes: isize = self
            .strides
            .iter()
            .zip(&region.start)
            .map(|(s, i)| s * *i as isize)
            .sum();
        // SAFETY: the memory covers the grid's shape, chunks of a grid do not overlap, and the flag
        // shows that this one is handed out for the first time.
        Ok(unsafe {
            ViewMut::from_raw(
                self.ptr.wrapping_offset(bytes),
                self.dtype,
                region.shape,
                self.strides.clone(),
            )
        })
    }

    /// Whether every chunk was claimed.
    pub fn is_complete(&self) -> bool {
        let count: u32 = self
            .claimed
            .iter()
            .map(|w| w.load(Ordering::Acquire).count_ones())
            .sum();
        count as usize == self.grid.count()
    }

    /// Read access to all of it, once nobody can write any more.
    pub fn view(&mut self) -> View<'_> {
        let shape: Dims = self.grid.shape();
        // SAFETY: `&mut self` means that no claimed view is alive; the memory covers the shape.
        unsafe { View::from_raw(self.ptr, self.dtype, shape, self.strides.clone()) }
    }

    /// The filled memory; `None` where it is a caller's.
    pub fn finish(self) -> Option<Chunk> {
        self.own
    }
}

fn flags(grid: &Grid) -> Vec<AtomicU64> {
    (0..grid.count().div_ceil(64))
        .map(|_| AtomicU64::new(0))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_chunk_is_claimed_once() {
        let pool = Pool::new(1 << 20);
        let canvas = Canvas::owned(&pool, DType::I32, Grid::regular(&[4, 5], &[2, 3])).unwrap();
        for n in 0..4 {
            let index = canvas.grid().unravel(n);
            let mut view = canvas.claim(&index).unwrap();
            let shape = view.shape().to_vec();
            for r in 0..shape[0] {
                let mut row = view.region(&crate::Region::new([r, 0], [1, shape[1]]));
                row.as_mut_slice::<i32>().unwrap().fill(n as i32);
            }
        }
        assert!(canvas.claim(&[0, 0]).is_err());
        assert!(canvas.claim(&[2, 0]).is_err());
        assert!(canvas.is_complete());
        let all = canvas.finish().unwrap().to_vec::<i32>().unwrap();
        assert_eq!(
            all,
            [0, 0, 0, 1, 1, 0, 0, 0, 1, 1, 2, 2, 2, 3, 3, 2, 2, 2, 3, 3]
        );
    }
}
