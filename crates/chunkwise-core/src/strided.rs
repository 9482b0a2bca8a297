use std::cmp::Reverse;

use smallvec::SmallVec;

use crate::view::is_contiguous;
use crate::{DType, View, ViewMut, c_strides};

impl ViewMut<'_> {
    /// Copies another view's elements, whatever the two layouts; `false` where shapes or dtypes
    /// differ.
    #[must_use]
    pub fn copy_from(&mut self, from: &View<'_>) -> bool {
        if from.dtype() != self.dtype() || from.shape() != self.shape() {
            return false;
        }
        // SAFETY: both views cover the shape; ours is exclusive, so they do not overlap.
        unsafe {
            copy_strided(
                self.as_mut_ptr(),
                self.strides(),
                from.as_ptr(),
                from.strides(),
                self.shape(),
                self.dtype().size(),
                false,
            );
        }
        true
    }

    /// Copies elements from their bytes in the machine's byte order, laid out with `strides` (in
    /// bytes, from the first byte); bools are normalised to 0 and 1. `false` where an index would
    /// fall outside `bytes`.
    #[must_use]
    pub fn copy_from_strided_bytes(&mut self, bytes: &[u8], strides: &[isize]) -> bool {
        let item = self.dtype().size();
        if strides.len() != self.shape().len() {
            return false;
        }
        if self.shape().contains(&0) {
            return true;
        }
        let (mut low, mut high) = (0i128, item as i128);
        for (d, s) in self.shape().iter().zip(strides) {
            let reach = *s as i128 * (*d as i128 - 1);
            low += reach.min(0);
            high += reach.max(0);
        }
        if low < 0 || high > bytes.len() as i128 {
            return false;
        }
        let normalize = self.dtype() == DType::Bool;
        // SAFETY: every index falls within `bytes`, as just checked; ours is exclusive access.
        unsafe {
            copy_strided(
                self.as_mut_ptr(),
                self.strides(),
                bytes.as_ptr(),
                strides,
                self.shape(),
                item,
                normalize,
            );
        }
        true
    }
}

impl View<'_> {
    /// Writes the elements' bytes in C order; `false` where `out` has another length.
    #[must_use]
    pub fn copy_to_bytes(&self, out: &mut [u8]) -> bool {
        let item = self.dtype().size();
        let n: usize = self.shape().iter().product();
        if out.len() != n * item {
            return false;
        }
        // SAFETY: `out` holds exactly the elements of this shape in C order, borrowed exclusively.
        unsafe {
            copy_strided(
                out.as_mut_ptr(),
                &c_strides(self.shape(), item),
                self.as_ptr(),
                self.strides(),
                self.shape(),
                item,
                false,
            );
        }
        true
    }

    /// Whether the elements are in C order without gaps.
    pub fn is_contiguous(&self) -> bool {
        is_contiguous(self.shape(), self.strides(), self.dtype().size())
    }
}

/// A loop: its length, and the bytes between steps in the target and in the origin.
type Loop = (usize, isize, isize);

/// Copies `width`-byte elements between two layouts of one shape.
///
/// # Safety
/// All of the shape's elements are readable at `src` and writable at `dst`, without overlap.
unsafe fn copy_strided(
    dst: *mut u8,
    dst_strides: &[isize],
    src: *const u8,
    src_strides: &[isize],
    shape: &[usize],
    width: usize,
    normalize: bool,
) {
    if shape.contains(&0) {
        return;
    }
    let mut loops = merged(shape, dst_strides, src_strides);
    if let Some(&(n, d, s)) = loops.last()
        && d == width as isize
        && s == width as isize
        && !normalize
    {
        loops.pop();
        each_offset(&loops, |d, s| {
            // SAFETY: the caller's promise for n neighbouring elements.
            unsafe {
                src.wrapping_offset(s)
                    .copy_to_nonoverlapping(dst.wrapping_offset(d), n * width);
            }
        });
        return;
    }
    // SAFETY: the caller's promise, for elements of this width.
    unsafe {
        match (width, normalize) {
            (1, true) => copy_elements(dst, src, loops, |b: u8| (b != 0) as u8),
            (1, false) => copy_elements(dst, src, loops, |b: u8| b),
            (2, _) => copy_elements(dst, src, loops, |b: [u8; 2]| b),
            (4, _) => copy_elements(dst, src, loops, |b: [u8; 4]| b),
            (8, _) => copy_elements(dst, src, loops, |b: [u8; 8]| b),
            _ => copy_elements(dst, src, loops, |b: [u8; 16]| b),
        }
    }
}

/// The fewest loops that visit every element, the target's nearest neighbours innermost.
fn merged(shape: &[usize], dst: &[isize], src: &[isize]) -> SmallVec<[Loop; 6]> {
    let mut axes: SmallVec<[Loop; 6]> = (0..shape.len())
        .filter(|a| shape[*a] > 1)
        .map(|a| (shape[a], dst[a], src[a]))
        .collect();
    axes.sort_by_key(|(_, d, _)| Reverse(d.unsigned_abs()));
    let mut loops: SmallVec<[Loop; 6]> = SmallVec::new();
    for (n, d, s) in axes {
        match loops.last_mut() {
            Some(outer) if outer.1 == n as isize * d && outer.2 == n as isize * s => {
                *outer = (outer.0 * n, d, s);
            }
            _ => loops.push((n, d, s)),
        }
    }
    loops
}

fn each_offset(loops: &[Loop], mut visit: impl FnMut(isize, isize)) {
    let mut index: SmallVec<[usize; 6]> = smallvec::smallvec![0; loops.len()];
    let (mut d, mut s) = (0isize, 0isize);
    loop {
        visit(d, s);
        let mut axis = loops.len();
        loop {
            if axis == 0 {
                return;
            }
            axis -= 1;
            let (n, step_d, step_s) = loops[axis];
            index[axis] += 1;
            if index[axis] < n {
                d += step_d;
                s += step_s;
                break;
            }
            index[axis] = 0;
            d -= step_d * (n as isize - 1);
            s -= step_s * (n as isize - 1);
        }
    }
}

/// # Safety
/// As [`copy_strided`], for elements of the size of `T`.
unsafe fn copy_elements<T: Copy>(
    dst: *mut u8,
    src: *const u8,
    mut loops: SmallVec<[Loop; 6]>,
    convert: impl Fn(T) -> T,
) {
    // Where the two sides have different nearest neighbours, small tiles keep both in cache.
    const TILE: usize = 16;
    let (n, d, s) = loops.pop().unwrap_or((1, 0, 0));
    let nearest = (0..loops.len()).min_by_key(|a| loops[*a].2.unsigned_abs());
    let (m, cross_d, cross_s) = match nearest {
        Some(a) if loops[a].2.unsigned_abs() < s.unsigned_abs() => loops.remove(a),
        _ => (1, 0, 0),
    };
    each_offset(&loops, |base_d, base_s| {
        for j0 in (0..m).step_by(TILE) {
            for i0 in (0..n).step_by(if m > 1 { TILE } else { n }) {
                for j in j0..m.min(j0 + TILE) {
                    let to = dst.wrapping_offset(base_d + j as isize * cross_d);
                    let from = src.wrapping_offset(base_s + j as isize * cross_s);
                    for i in i0..n.min(if m > 1 { i0 + TILE } else { n }) {
                        let i = i as isize;
                        // SAFETY: the caller's promise for one element.
                        unsafe {
                            let value = from.wrapping_offset(i * s).cast::<T>().read_unaligned();
                            to.wrapping_offset(i * d)
                                .cast::<T>()
                                .write_unaligned(convert(value));
                        }
                    }
                }
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use crate::{Chunk, DType, Error, Pool, Region, View, ViewMut};

    #[test]
    fn any_layout_is_copied_like_an_element_loop() {
        let data: Vec<i32> = (0..40 * 30 * 3).collect();
        // (shape, strides in elements, offset): C, Fortran, reversed, broadcast, gaps.
        let cases: [(&[usize], &[isize], usize); 6] = [
            (&[40, 30, 3], &[90, 3, 1], 0),
            (&[40, 30, 3], &[1, 40, 1200], 0),
            (&[40, 30, 3], &[-90, 3, -1], 39 * 90 + 2),
            (&[5, 30, 3], &[0, 3, 1], 7),
            (&[20, 15, 2], &[180, 6, 2], 1),
            (&[], &[], 11),
        ];
        let pool = Pool::new(1 << 20);
        for (shape, strides, offset) in cases {
            let from = Chunk::from_strided(data.clone(), offset, shape, strides).unwrap();
            let want = from.to_vec::<i32>().unwrap();
            let copy = Chunk::build(&pool, DType::I32, shape, |mut v| {
                assert!(v.copy_from(&from.view()));
                Ok::<_, Error>(())
            });
            assert_eq!(copy.unwrap().to_vec::<i32>().unwrap(), want, "{strides:?}");
            let mut bytes = vec![0u8; want.len() * 4];
            assert!(from.view().copy_to_bytes(&mut bytes));
            let want: Vec<u8> = want.iter().flat_map(|x| x.to_ne_bytes()).collect();
            assert_eq!(bytes, want, "{strides:?}");
        }
    }

    #[test]
    fn bytes_are_copied_within_bounds_only() {
        let bytes: Vec<u8> = (0..24u8).collect();
        let mut out = [0u16; 6];
        let mut view = ViewMut::from_slice(&mut out, &[2, 3]).unwrap();
        assert!(view.copy_from_strided_bytes(&bytes, &[2, 8]));
        let want: Vec<u16> = [0u8, 8, 16, 2, 10, 18]
            .iter()
            .map(|b| u16::from_ne_bytes([*b, b + 1]))
            .collect();
        assert_eq!(out.as_slice(), want);
        let mut view = ViewMut::from_slice(&mut out, &[2, 3]).unwrap();
        assert!(!view.copy_from_strided_bytes(&bytes[..19], &[2, 8]));
        assert!(!view.copy_from_strided_bytes(&bytes, &[-2, 8]));
        assert!(!view.copy_from_strided_bytes(&bytes, &[2]));
    }

    #[test]
    fn bools_are_normalised() {
        let mut out = [false; 6];
        let mut view = ViewMut::from_slice(&mut out, &[2, 3]).unwrap();
        let mut part = view.region(&Region::new([0, 1], [2, 2]));
        assert!(part.copy_from_strided_bytes(&[0, 7, 255, 0], &[2, 1]));
        assert_eq!(out, [false, false, true, false, true, false]);
    }

    #[test]
    fn unlike_views_are_refused() {
        let a = [1i32, 2];
        let mut b = [0i64; 2];
        let from = View::from_slice(&a, &[2]).unwrap();
        assert!(!ViewMut::from_slice(&mut b, &[2]).unwrap().copy_from(&from));
        let mut c = [0i32; 3];
        assert!(!ViewMut::from_slice(&mut c, &[3]).unwrap().copy_from(&from));
        assert!(!from.copy_to_bytes(&mut [0; 7]));
    }
}
