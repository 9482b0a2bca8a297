use std::marker::PhantomData;

use crate::{DType, Dims, Element, Error, IndexMap, Region, Result, Strides, c_strides};

/// Read access to N-dimensional data in memory: a pointer, a shape, strides in bytes.
///
/// Strides can be zero or negative. Elements need not be aligned.
#[derive(Clone, Debug)]
pub struct View<'a> {
    ptr: *const u8,
    dtype: DType,
    shape: Dims,
    strides: Strides,
    lifetime: PhantomData<&'a [u8]>,
}

// SAFETY: a view is a shared borrow of plain bytes.
unsafe impl Send for View<'_> {}
// SAFETY: as above.
unsafe impl Sync for View<'_> {}

impl<'a> View<'a> {
    /// A view from its parts.
    ///
    /// # Safety
    /// For every index within `shape`, the `dtype.size()` bytes at `ptr` plus the index's offset by
    /// `strides` must be readable and hold a valid value of `dtype` (0 or 1 for bool) for all of
    /// `'a`, and nobody may write them meanwhile.
    pub unsafe fn from_raw(
        ptr: *const u8,
        dtype: DType,
        shape: Dims,
        strides: Strides,
    ) -> View<'a> {
        debug_assert_eq!(shape.len(), strides.len());
        View {
            ptr,
            dtype,
            shape,
            strides,
            lifetime: PhantomData,
        }
    }

    /// A view of a slice in C order.
    pub fn from_slice<T: Element>(data: &'a [T], shape: &[usize]) -> Result<View<'a>> {
        let n: usize = shape.iter().product();
        if n != data.len() {
            return Err(Error::ShapeMismatch {
                operation: "view of a slice",
                expected: vec![data.len()],
                got: shape.to_vec(),
            });
        }
        // SAFETY: the slice holds exactly these elements, borrowed for 'a.
        Ok(unsafe {
            View::from_raw(
                data.as_ptr().cast(),
                T::DTYPE,
                shape.into(),
                c_strides(shape, size_of::<T>()),
            )
        })
    }

    /// The address of the element at index zero.
    pub fn as_ptr(&self) -> *const u8 {
        self.ptr
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

    /// The part in a region, which must fit the shape.
    pub fn region(&self, region: &Region) -> View<'a> {
        assert_fits(region, &self.shape);
        View {
            ptr: offset(self.ptr, &self.strides, &region.start),
            dtype: self.dtype,
            shape: region.shape.clone(),
            strides: self.strides.clone(),
            lifetime: PhantomData,
        }
    }

    /// The elements of a region of the result of a view, where `self` holds the elements of the input
    /// from `origin` on. Broadcast axes get stride zero; an error where an index would leave this view.
    pub fn reindexed(&self, map: &IndexMap, origin: &[usize], region: &Region) -> Result<View<'a>> {
        let mut ptr = self.ptr;
        let mut strides: Strides = smallvec::smallvec![0; region.ndim()];
        for (k, a) in map.axes().iter().enumerate() {
            let (first, reach) = match a.from {
                None => (a.start as isize, 0),
                Some(f) => (
                    a.start as isize + a.step * region.start[f] as isize,
                    a.step * (region.shape[f] as isize - 1).max(0),
                ),
            };
            let first = first - origin[k] as isize;
            let len = self.shape[k] as isize;
            if !region.is_empty()
                && (first.min(first + reach) < 0 || first.max(first + reach) >= len)
            {
                return Err(Error::internal(
                    "view",
                    format!(
                        "region {region} through {map:?} leaves shape {:?} at {origin:?}",
                        self.shape
                    ),
                ));
            }
            if !region.is_empty() {
                ptr = ptr.wrapping_offset(first * self.strides[k]);
            }
            if let Some(f) = a.from {
                strides[f] += a.step * self.strides[k];
            }
        }
        Ok(View {
            ptr,
            dtype: self.dtype,
            shape: region.shape.clone(),
            strides,
            lifetime: PhantomData,
        })
    }

    /// The same elements with an axis of length 1 in front.
    pub fn insert_leading_axis(&self) -> View<'a> {
        let mut view = self.clone();
        view.shape.insert(0, 1);
        view.strides.insert(0, 0);
        view
    }

    /// Elements of this view, counted in C order, under another shape and strides (in elements); an
    /// error where this view is not in C order without gaps, or an index would leave it.
    pub fn strided(&self, offset: isize, shape: &[usize], strides: &[isize]) -> Result<View<'a>> {
        let item = self.dtype.size() as isize;
        let (mut low, mut high) = (offset, offset);
        for (len, stride) in shape.iter().zip(strides) {
            let reach = stride * (*len as isize - 1).max(0);
            low += reach.min(0);
            high += reach.max(0);
        }
        let empty = shape.contains(&0);
        let count: usize = self.shape.iter().product();
        let inside = low >= 0 && high < count as isize;
        if !is_contiguous(&self.shape, &self.strides, self.dtype.size()) || !(empty || inside) {
            return Err(Error::internal(
                "view",
                format!("{shape:?} at {offset} of {:?}", self.shape),
            ));
        }
        Ok(View {
            ptr: if empty {
                self.ptr
            } else {
                self.ptr.wrapping_offset(offset * item)
            },
            dtype: self.dtype,
            shape: shape.into(),
            strides: strides.iter().map(|s| s * item).collect(),
            lifetime: PhantomData,
        })
    }

    /// The elements as a slice, where they are in C order without gaps and aligned.
    pub fn as_slice<T: Element>(&self) -> Option<&'a [T]> {
        let n = self.shape.iter().product();
        if T::DTYPE != self.dtype || !is_contiguous(&self.shape, &self.strides, size_of::<T>()) {
            return None;
        }
        if n == 0 {
            return Some(&[]);
        }
        self.ptr.cast::<T>().is_aligned().then(|| {
            // SAFETY: n contiguous valid elements of this dtype, aligned, borrowed for 'a.
            unsafe { std::slice::from_raw_parts(self.ptr.cast::<T>(), n) }
        })
    }

    /// The bytes, where the elements are in C order without gaps.
    pub fn as_bytes(&self) -> Option<&'a [u8]> {
        let n: usize = self.shape.iter().product();
        let item = self.dtype.size();
        if !is_contiguous(&self.shape, &self.strides, item) {
            return None;
        }
        if n == 0 {
            return Some(&[]);
        }
        // SAFETY: n contiguous elements of `item` readable bytes, borrowed for 'a.
        Some(unsafe { std::slice::from_raw_parts(self.ptr, n * item) })
    }

    /// The element at an index.
    pub fn get<T: Element>(&self, index: &[usize]) -> Option<T> {
        if T::DTYPE != self.dtype
            || index.len() != self.shape.len()
            || index.iter().zip(&self.shape).any(|(i, d)| i >= d)
        {
            return None;
        }
        let at = offset(self.ptr, &self.strides, index);
        // SAFETY: the index is within the shape, and the dtype is T's.
        Some(unsafe { at.cast::<T>().read_unaligned() })
    }
}

/// Write access to N-dimensional data in memory, by nobody else meanwhile.
#[derive(Debug)]
pub struct ViewMut<'a> {
    ptr: *mut u8,
    dtype: DType,
    shape: Dims,
    strides: Strides,
    lifetime: PhantomData<&'a mut [u8]>,
}

// SAFETY: an exclusive borrow of plain bytes.
unsafe impl Send for ViewMut<'_> {}
// SAFETY: shared references to it give no access to the bytes.
unsafe impl Sync for ViewMut<'_> {}

impl<'a> ViewMut<'a> {
    /// A view from its parts.
    ///
    /// # Safety
    /// As [`View::from_raw`], the bytes also writable, borrowed exclusively for `'a`, and no two
    /// indices may name the same byte.
    pub unsafe fn from_raw(
        ptr: *mut u8,
        dtype: DType,
        shape: Dims,
        strides: Strides,
    ) -> ViewMut<'a> {
        debug_assert_eq!(shape.len(), strides.len());
        ViewMut {
            ptr,
            dtype,
            shape,
            strides,
            lifetime: PhantomData,
        }
    }

    /// A view of a slice in C order.
    pub fn from_slice<T: Element>(data: &'a mut [T], shape: &[usize]) -> Result<ViewMut<'a>> {
        let n: usize = shape.iter().product();
        if n != data.len() {
            return Err(Error::ShapeMismatch {
                operation: "view of a slice",
                expected: vec![data.len()],
                got: shape.to_vec(),
            });
        }
        // SAFETY: the slice holds exactly these elements, borrowed exclusively for 'a.
        Ok(unsafe {
            ViewMut::from_raw(
                data.as_mut_ptr().cast(),
                T::DTYPE,
                shape.into(),
                c_strides(shape, size_of::<T>()),
            )
        })
    }

    /// The address of the element at index zero.
    pub fn as_mut_ptr(&mut self) -> *mut u8 {
        self.ptr
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

    /// The same view for a shorter time.
    pub fn reborrow(&mut self) -> ViewMut<'_> {
        ViewMut {
            ptr: self.ptr,
            dtype: self.dtype,
            shape: self.shape.clone(),
            strides: self.strides.clone(),
            lifetime: PhantomData,
        }
    }

    /// The part in a region, which must fit the shape.
    pub fn region(&mut self, region: &Region) -> ViewMut<'_> {
        assert_fits(region, &self.shape);
        ViewMut {
            ptr: offset(self.ptr, &self.strides, &region.start).cast_mut(),
            dtype: self.dtype,
            shape: region.shape.clone(),
            strides: self.strides.clone(),
            lifetime: PhantomData,
        }
    }

    /// The same elements with an axis of length 1 in front.
    pub fn insert_leading_axis(&mut self) -> ViewMut<'_> {
        let mut view = self.reborrow();
        view.shape.insert(0, 1);
        view.strides.insert(0, 0);
        view
    }

    /// The elements from the `at`-th in C order on, under a shape of their own; `None` where this view
    /// is not in C order without gaps, or has not as many.
    pub fn part(&mut self, at: usize, shape: &[usize]) -> Option<ViewMut<'_>> {
        let (count, own): (usize, usize) = (self.shape.iter().product(), shape.iter().product());
        let item = self.dtype.size();
        let fits = at.checked_add(own).is_some_and(|end| end <= count);
        (fits && is_contiguous(&self.shape, &self.strides, item)).then(|| ViewMut {
            ptr: self.ptr.wrapping_add(at * item),
            dtype: self.dtype,
            shape: shape.into(),
            strides: c_strides(shape, item),
            lifetime: PhantomData,
        })
    }

    /// Whether the elements are in C order without gaps.
    pub fn is_contiguous(&self) -> bool {
        is_contiguous(&self.shape, &self.strides, self.dtype.size())
    }

    /// Read access to the same elements.
    pub fn as_view(&self) -> View<'_> {
        View {
            ptr: self.ptr,
            dtype: self.dtype,
            shape: self.shape.clone(),
            strides: self.strides.clone(),
            lifetime: PhantomData,
        }
    }

    /// The elements as a slice, where they are in C order without gaps and aligned.
    pub fn as_mut_slice<T: Element>(&mut self) -> Option<&mut [T]> {
        let n = self.shape.iter().product();
        if T::DTYPE != self.dtype || !is_contiguous(&self.shape, &self.strides, size_of::<T>()) {
            return None;
        }
        if n == 0 {
            return Some(&mut []);
        }
        self.ptr.cast::<T>().is_aligned().then(|| {
            // SAFETY: n contiguous valid elements of this dtype, aligned, borrowed exclusively.
            unsafe { std::slice::from_raw_parts_mut(self.ptr.cast::<T>(), n) }
        })
    }

    /// Copies elements in C order from their bytes in the machine's byte order (bools are normalised
    /// to 0 and 1), where this view is in C order without gaps; `false` where it is not, or where the
    /// lengths differ.
    #[must_use]
    pub fn copy_from_bytes(&mut self, bytes: &[u8]) -> bool {
        let n: usize = self.shape.iter().product();
        let item = self.dtype.size();
        if bytes.len() != n * item || !is_contiguous(&self.shape, &self.strides, item) {
            return false;
        }
        if n > 0 {
            // SAFETY: exclusive access to n * item bytes.
            let own = unsafe { std::slice::from_raw_parts_mut(self.ptr, n * item) };
            own.copy_from_slice(bytes);
            self.normalize_bools();
        }
        true
    }

    /// Lets `fill` write the bytes of the elements in C order (a `read` call, say), then normalises
    /// bools; `None` where this view is not in C order without gaps.
    pub fn fill_bytes<R>(&mut self, fill: impl FnOnce(&mut [u8]) -> R) -> Option<R> {
        let n: usize = self.shape.iter().product();
        let item = self.dtype.size();
        if !is_contiguous(&self.shape, &self.strides, item) {
            return None;
        }
        if n == 0 {
            return Some(fill(&mut []));
        }
        // SAFETY: exclusive access to n * item bytes.
        let result = fill(unsafe { std::slice::from_raw_parts_mut(self.ptr, n * item) });
        self.normalize_bools();
        Some(result)
    }

    fn normalize_bools(&mut self) {
        if self.dtype == DType::Bool {
            let n: usize = self.shape.iter().product();
            // SAFETY: the callers made sure of n contiguous bytes, which are ours alone.
            let own = unsafe { std::slice::from_raw_parts_mut(self.ptr, n) };
            own.iter_mut().for_each(|b| *b = (*b != 0) as u8);
        }
    }
}

fn offset(ptr: *const u8, strides: &[isize], index: &[usize]) -> *const u8 {
    let bytes: isize = strides
        .iter()
        .zip(index)
        .map(|(s, i)| s * *i as isize)
        .sum();
    ptr.wrapping_offset(bytes)
}

fn assert_fits(region: &Region, shape: &[usize]) {
    assert!(
        region.fits(shape),
        "region {region} of an array of shape {shape:?}"
    );
}

/// Whether elements of `item` bytes are in C order without gaps.
pub(crate) fn is_contiguous(shape: &[usize], strides: &[isize], item: usize) -> bool {
    if shape.contains(&0) {
        return true;
    }
    let mut expected = item as isize;
    for (d, s) in shape.iter().zip(strides).rev() {
        if *d != 1 {
            if *s != expected {
                return false;
            }
            expected *= *d as isize;
        }
    }
    true
}
