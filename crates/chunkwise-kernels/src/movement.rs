//! Strided copies, specialised by element width.
//!
//! Every copy is a loop over 2-d copies. Their columns are the destination's fastest axis; their rows
//! are the source's fastest axis where that is another one (a transpose, done in blocks that stay in
//! cache), or else the destination's next axis.

use chunkwise_core::{Error, Result, Scalar, View, ViewMut};
use smallvec::SmallVec;

use crate::simd::simd_fn;

/// Copies elements between views of one shape and dtype. The source may have any strides.
///
/// ```
/// use chunkwise_core::{View, ViewMut};
/// use chunkwise_kernels::movement::copy;
/// let (from, mut to) = ([1, 2, 3], [0, 0, 0]);
/// copy(&View::from_slice(&from, &[3])?, &mut ViewMut::from_slice(&mut to, &[3])?)?;
/// assert_eq!(to, from);
/// # Ok::<(), chunkwise_core::Error>(())
/// ```
pub fn copy(src: &View<'_>, dst: &mut ViewMut<'_>) -> Result<()> {
    if src.dtype() != dst.dtype() {
        return Err(Error::DTypeMismatch {
            operation: "copy",
            expected: dst.dtype(),
            got: src.dtype(),
        });
    }
    if src.shape() != dst.shape() {
        return Err(Error::ShapeMismatch {
            operation: "copy",
            expected: dst.shape().to_vec(),
            got: src.shape().to_vec(),
        });
    }
    let to = dst.as_mut_ptr();
    // SAFETY: the views vouch for every element of their shape, and a `ViewMut` for exclusive access.
    unsafe {
        copy_strided(
            to,
            src.as_ptr(),
            src.dtype().size(),
            dst.shape(),
            dst.strides(),
            src.strides(),
        );
    }
    Ok(())
}

/// Sets every element to a value, converted to the view's dtype as by a cast.
pub fn fill(dst: &mut ViewMut<'_>, value: Scalar) {
    let bytes = value.to_bytes(dst.dtype());
    let strides: SmallVec<[isize; 6]> = SmallVec::from_elem(0, dst.shape().len());
    let to = dst.as_mut_ptr();
    // SAFETY: the view vouches for its elements; all source indices name the value's bytes.
    unsafe {
        copy_strided(
            to,
            bytes.as_ptr(),
            dst.dtype().size(),
            dst.shape(),
            dst.strides(),
            &strides,
        );
    }
}

/// Copies a strided 2-d tile into a dense one in C order. Strides are in bytes, `width` is the size of
/// an element: 1, 2, 4, 8 or 16. Fast too where the row stride is the small one.
///
/// # Safety
/// Every element that the source strides name is readable; `dst` is writable for
/// `rows * cols * width` bytes, disjoint from them.
pub unsafe fn gather_tile(
    dst: *mut u8,
    src: *const u8,
    width: usize,
    rows: usize,
    cols: usize,
    src_row_stride: isize,
    src_col_stride: isize,
) {
    let dst_strides = [(cols * width) as isize, width as isize];
    // SAFETY: by the caller's contract.
    unsafe {
        copy_strided(
            dst,
            src,
            width,
            &[rows, cols],
            &dst_strides,
            &[src_row_stride, src_col_stride],
        );
    }
}

/// Copies a dense 2-d tile in C order into a strided one: the mirror of [`gather_tile`].
///
/// # Safety
/// Every element that the destination strides name is writable, no two of them share a byte, and
/// `src` is readable for `rows * cols * width` bytes, disjoint from them.
pub unsafe fn scatter_tile(
    dst: *mut u8,
    src: *const u8,
    width: usize,
    rows: usize,
    cols: usize,
    dst_row_stride: isize,
    dst_col_stride: isize,
) {
    let src_strides = [(cols * width) as isize, width as isize];
    // SAFETY: by the caller's contract.
    unsafe {
        copy_strided(
            dst,
            src,
            width,
            &[rows, cols],
            &[dst_row_stride, dst_col_stride],
            &src_strides,
        );
    }
}

#[derive(Clone, Copy)]
struct Axis {
    len: usize,
    dst: isize,
    src: isize,
}

const UNIT: Axis = Axis {
    len: 1,
    dst: 0,
    src: 0,
};

/// # Safety
/// Every element that shape and strides name is readable at `src`, writable at `dst`, and the two are
/// disjoint.
unsafe fn copy_strided(
    mut dst: *mut u8,
    mut src: *const u8,
    width: usize,
    shape: &[usize],
    dst_strides: &[isize],
    src_strides: &[isize],
) {
    if shape.contains(&0) {
        return;
    }
    let mut axes: SmallVec<[Axis; 6]> = SmallVec::new();
    for ((&len, &d), &s) in shape.iter().zip(dst_strides).zip(src_strides) {
        if len == 1 {
            continue;
        }
        let mut axis = Axis {
            len,
            dst: d,
            src: s,
        };
        if d < 0 {
            let reach = len as isize - 1;
            dst = dst.wrapping_offset(d * reach);
            src = src.wrapping_offset(s * reach);
            axis.dst = -d;
            axis.src = -s;
        }
        axes.push(axis);
    }
    axes.sort_by_key(|a| std::cmp::Reverse(a.dst));
    coalesce(&mut axes);
    let cols = axes.pop().unwrap_or(Axis {
        len: 1,
        dst: width as isize,
        src: width as isize,
    });
    // The source's fastest axis, if it is faster than the columns; a broadcast axis is no such.
    let fastest = (0..axes.len())
        .filter(|&i| axes[i].src != 0 && axes[i].src.abs() < cols.src.abs())
        .min_by_key(|&i| axes[i].src.abs());
    let rows = match fastest {
        Some(i) => axes.remove(i),
        None => axes.pop().unwrap_or(UNIT),
    };
    let mut index: SmallVec<[usize; 6]> = SmallVec::from_elem(0, axes.len());
    loop {
        // SAFETY: the offsets are those of an index within the shape.
        unsafe {
            match width {
                1 => plane::<u8>(dst, src, rows, cols),
                2 => plane::<u16>(dst, src, rows, cols),
                4 => plane::<u32>(dst, src, rows, cols),
                8 => plane::<u64>(dst, src, rows, cols),
                _ => plane::<u128>(dst, src, rows, cols),
            }
        }
        let mut axis = axes.len();
        loop {
            if axis == 0 {
                return;
            }
            axis -= 1;
            let a = axes[axis];
            index[axis] += 1;
            dst = dst.wrapping_offset(a.dst);
            src = src.wrapping_offset(a.src);
            if index[axis] < a.len {
                break;
            }
            index[axis] = 0;
            dst = dst.wrapping_offset(-a.dst * a.len as isize);
            src = src.wrapping_offset(-a.src * a.len as isize);
        }
    }
}

/// Joins neighbouring axes that are one longer axis on both sides.
fn coalesce(axes: &mut SmallVec<[Axis; 6]>) {
    let mut kept = 0;
    for i in 1..axes.len() {
        let (outer, inner) = (axes[kept], axes[i]);
        let n = inner.len as isize;
        if outer.dst == inner.dst * n && outer.src == inner.src * n {
            axes[kept] = Axis {
                len: outer.len * inner.len,
                ..inner
            };
        } else {
            kept += 1;
            axes[kept] = inner;
        }
    }
    axes.truncate(kept + 1);
}

/// Elements along each side of a block of a transpose: a block of each side stays in the first-level
/// cache, and its rows in the first-level TLB.
const BLOCK: usize = 64;

/// # Safety
/// As [`copy_strided`], for two axes and the type of the element's width.
unsafe fn plane<T: Copy>(dst: *mut u8, src: *const u8, rows: Axis, cols: Axis) {
    let item = size_of::<T>() as isize;
    // SAFETY: by the caller's contract, in all branches.
    unsafe {
        if cols.dst == item && cols.src == item && cols.len * size_of::<T>() > 64 {
            for row in 0..rows.len as isize {
                let to = dst.wrapping_offset(row * rows.dst);
                let from = src.wrapping_offset(row * rows.src);
                to.copy_from_nonoverlapping(from, cols.len * size_of::<T>());
            }
        } else if rows.src != 0 && rows.src.abs() < cols.src.abs() {
            transpose::<T>(std::marker::PhantomData, dst, src, rows, cols);
        } else {
            lines::<T>(std::marker::PhantomData, dst, src, rows, cols);
        }
    }
}

simd_fn! {
    /// Row after row.
    unsafe fn lines[T: Copy](
        element: std::marker::PhantomData<T>,
        dst: *mut u8,
        src: *const u8,
        rows: Axis,
        cols: Axis,
    ) {
        let _ = element;
        for row in 0..rows.len as isize {
            let to = dst.wrapping_offset(row * rows.dst);
            let from = src.wrapping_offset(row * rows.src);
            line::<T>(to, from, cols);
        }
    }
}

#[inline(always)]
unsafe fn line<T: Copy>(dst: *mut u8, src: *const u8, cols: Axis) {
    let item = size_of::<T>() as isize;
    // SAFETY: by the caller's contract, in all branches.
    unsafe {
        let (to, from) = (dst.cast::<T>(), src.cast::<T>());
        if cols.dst == item && cols.src == item {
            for j in 0..cols.len {
                to.add(j).write_unaligned(from.add(j).read_unaligned());
            }
        } else if cols.dst == item && cols.src == 0 {
            let value = from.read_unaligned();
            for j in 0..cols.len {
                to.add(j).write_unaligned(value);
            }
        } else if cols.dst == item && cols.src == -item {
            for j in 0..cols.len {
                to.add(j).write_unaligned(from.sub(j).read_unaligned());
            }
        } else if cols.dst == item && cols.src == 2 * item {
            for j in 0..cols.len {
                to.add(j).write_unaligned(from.add(2 * j).read_unaligned());
            }
        } else {
            for j in 0..cols.len as isize {
                let value = from.wrapping_byte_offset(j * cols.src).read_unaligned();
                to.wrapping_byte_offset(j * cols.dst).write_unaligned(value);
            }
        }
    }
}

simd_fn! {
    /// Block after block, for a source whose rows are nearer to each other than its columns.
    unsafe fn transpose[T: Copy](
        element: std::marker::PhantomData<T>,
        dst: *mut u8,
        src: *const u8,
        rows: Axis,
        cols: Axis,
    ) {
        let _ = element;
        let stream = streams::<T>(dst, rows, cols);
        let mut row = 0;
        while row < rows.len {
            let height = BLOCK.min(rows.len - row);
            let mut col = 0;
            while col < cols.len {
                let width = BLOCK.min(cols.len - col);
                let to = dst.wrapping_offset(row as isize * rows.dst + col as isize * cols.dst);
                let from = src.wrapping_offset(row as isize * rows.src + col as isize * cols.src);
                let part = |axis: Axis, len| Axis { len, ..axis };
                block::<T>(to, from, part(rows, height), part(cols, width), stream);
                col += width;
            }
            row += height;
        }
        #[cfg(target_arch = "x86_64")]
        if stream {
            // Streaming stores are ordered before later ones by nothing else.
            std::arch::x86_64::_mm_sfence();
        }
    }
}

/// Bytes of a cache line, which a square writes whole.
const LINE: usize = 64;

/// Bytes from which on a destination does not stay in cache anyway.
const STREAMED: usize = 16 << 20;

/// Whether to write past the cache: the destination is large, and squares fill whole lines of it. That
/// saves reading the lines first.
#[inline(always)]
fn streams<T>(dst: *mut u8, rows: Axis, cols: Axis) -> bool {
    let item = size_of::<T>();
    cfg!(target_arch = "x86_64")
        && matches!(item, 4 | 8 | 16)
        && rows.len * cols.len * item >= STREAMED
        && dst.addr().is_multiple_of(LINE)
        && rows.dst % LINE as isize == 0
}

/// One block, in squares and what is left of them.
#[inline(always)]
unsafe fn block<T: Copy>(dst: *mut u8, src: *const u8, rows: Axis, cols: Axis, stream: bool) {
    // SAFETY: by the caller, the block lies within both sides.
    unsafe {
        match size_of::<T>() {
            16 => squares::<T, 4>(dst, src, rows, cols, stream),
            4 => squares::<T, 16>(dst, src, rows, cols, stream),
            _ => squares::<T, 8>(dst, src, rows, cols, stream),
        }
    }
}

#[inline(always)]
unsafe fn squares<T: Copy, const SIDE: usize>(
    dst: *mut u8,
    src: *const u8,
    rows: Axis,
    cols: Axis,
    stream: bool,
) {
    let item = size_of::<T>() as isize;
    let dense = cols.dst == item && rows.src == item;
    let whole = |n: usize| if dense { n - n % SIDE } else { 0 };
    let (height, width) = (whole(rows.len), whole(cols.len));
    // SAFETY: by the caller, the block lies within both sides.
    unsafe {
        for row in (0..height).step_by(SIDE) {
            for col in (0..width).step_by(SIDE) {
                let from = src.wrapping_offset(row as isize * item + col as isize * cols.src);
                let to = dst.wrapping_offset(row as isize * rows.dst + col as isize * item);
                if stream {
                    square::<T, SIDE>(to, from, rows.dst, cols.src, |to, x| {
                        store_past_cache(to, x)
                    });
                } else {
                    square::<T, SIDE>(to, from, rows.dst, cols.src, |to, x| to.write_unaligned(x));
                }
            }
        }
        for row in 0..rows.len {
            let from = if row < height { width } else { 0 };
            for col in from..cols.len {
                let (r, c) = (row as isize, col as isize);
                let value = src.wrapping_offset(r * rows.src + c * cols.src).cast::<T>();
                let to = dst.wrapping_offset(r * rows.dst + c * cols.dst).cast::<T>();
                to.write_unaligned(value.read_unaligned());
            }
        }
    }
}

/// A square whose rows are dense in the source and whose columns are dense in the destination.
#[inline(always)]
unsafe fn square<T: Copy, const SIDE: usize>(
    dst: *mut u8,
    src: *const u8,
    dst_row: isize,
    src_col: isize,
    store: impl Fn(*mut T, T),
) {
    for r in 0..SIDE {
        for c in 0..SIDE {
            let from = src.wrapping_offset(c as isize * src_col).cast::<T>();
            let to = dst.wrapping_offset(r as isize * dst_row).cast::<T>();
            // SAFETY: by the caller, the square lies within both sides.
            unsafe { store(to.add(c), from.add(r).read_unaligned()) };
        }
    }
}

/// A store that leaves no line in the cache, where the element has a width that one exists for.
///
/// # Safety
/// `to` is writable for an element.
#[inline(always)]
unsafe fn store_past_cache<T: Copy>(to: *mut T, x: T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the element is copied to or from an integer, or two, of the same size.
    unsafe {
        use std::arch::x86_64::{_mm_stream_si32, _mm_stream_si64};
        use std::mem::transmute_copy;
        match size_of::<T>() {
            4 => return _mm_stream_si32(to.cast(), transmute_copy::<T, i32>(&x)),
            8 => return _mm_stream_si64(to.cast(), transmute_copy::<T, i64>(&x)),
            16 => {
                let halves = transmute_copy::<T, [i64; 2]>(&x);
                _mm_stream_si64(to.cast(), halves[0]);
                return _mm_stream_si64(to.cast::<i64>().add(1), halves[1]);
            }
            _ => {}
        }
    }
    // SAFETY: by the caller's contract.
    unsafe { to.write_unaligned(x) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chunkwise_core::{DType, Dims, Strides};

    struct Lcg(u64);
    impl Lcg {
        fn below(&mut self, n: usize) -> usize {
            self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1);
            ((self.0 >> 33) as usize) % n
        }
    }

    /// Strides of a random permutation of the axes with random gaps and signs, the bytes that they
    /// span, and the offset of index zero.
    fn layout(
        rng: &mut Lcg,
        shape: &[usize],
        item: usize,
        broadcast: bool,
    ) -> (Strides, usize, usize) {
        let mut order: Vec<usize> = (0..shape.len()).collect();
        for i in (1..order.len()).rev() {
            order.swap(i, rng.below(i + 1));
        }
        let mut strides: Strides = SmallVec::from_elem(0, shape.len());
        let (mut step, mut first) = (item, 0);
        for &axis in &order {
            if broadcast && rng.below(5) == 0 {
                continue;
            }
            step += item * [0, 0, 0, 1, 2][rng.below(5)];
            strides[axis] = step as isize;
            let reach = step * shape[axis].saturating_sub(1);
            if rng.below(4) == 0 {
                strides[axis] = -strides[axis];
                first += reach;
            }
            step *= shape[axis].max(1);
        }
        (strides, step + item, first)
    }

    fn offsets(shape: &[usize], strides: &[isize]) -> Vec<isize> {
        let mut all = vec![0];
        for (&n, &s) in shape.iter().zip(strides) {
            all = all
                .iter()
                .flat_map(|o| (0..n as isize).map(move |i| o + i * s))
                .collect();
        }
        all
    }

    #[test]
    fn equals_the_naive_loop_over_random_layouts() {
        let mut rng = Lcg(7);
        for case in 0..600 {
            let ndim = rng.below(5);
            let big = [1, 2, 3, 8, 33, 70];
            let shape: Dims = (0..ndim)
                .map(|_| {
                    if rng.below(30) == 0 {
                        0
                    } else {
                        big[rng.below(if ndim < 3 { 6 } else { 4 })]
                    }
                })
                .collect();
            let dtype = [DType::U8, DType::I16, DType::F32, DType::I64, DType::C128][rng.below(5)];
            let item = dtype.size();
            let (ss, slen, sfirst) = layout(&mut rng, &shape, item, true);
            let (ds, dlen, dfirst) = layout(&mut rng, &shape, item, false);
            let odd = rng.below(2);
            let from: Vec<u8> = (0..slen + odd).map(|_| rng.below(256) as u8).collect();
            let mut to = vec![0xAAu8; dlen + odd];
            let mut want = to.clone();
            for (s, d) in offsets(&shape, &ss).iter().zip(offsets(&shape, &ds)) {
                let s = (sfirst + odd).wrapping_add_signed(*s);
                let d = (dfirst + odd).wrapping_add_signed(d);
                want[d..d + item].copy_from_slice(&from[s..s + item]);
            }
            // SAFETY: `layout` gives strides within the two buffers.
            unsafe {
                let src = View::from_raw(
                    from.as_ptr().add(sfirst + odd),
                    dtype,
                    shape.clone(),
                    ss.clone(),
                );
                let mut dst = ViewMut::from_raw(
                    to.as_mut_ptr().add(dfirst + odd),
                    dtype,
                    shape.clone(),
                    ds.clone(),
                );
                copy(&src, &mut dst).unwrap();
            }
            assert_eq!(
                to, want,
                "case {case}: {shape:?} {dtype} from {ss:?} to {ds:?}"
            );
        }
    }

    #[test]
    fn tiles_are_gathered_and_scattered() {
        let (rows, cols) = (50, 67);
        let grid: Vec<u32> = (0..100 * 100).collect();
        for (row, col) in [(400, 4), (4, 400), (-600, 8), (4, -400), (0, 4), (8, 400)] {
            let origin = -(row.min(0) * (rows - 1) + col.min(0) * (cols - 1));
            let fits = |r: isize, c: isize| origin + r * row + c * col;
            assert!(fits(rows - 1, cols - 1) < 40_000);
            let mut tile = vec![0u32; (rows * cols) as usize];
            let mut back = vec![u32::MAX; 100 * 100];
            // SAFETY: the corners were checked to lie within the grid.
            unsafe {
                let at = grid.as_ptr().wrapping_byte_offset(origin).cast();
                gather_tile(
                    tile.as_mut_ptr().cast(),
                    at,
                    4,
                    rows as usize,
                    cols as usize,
                    row,
                    col,
                );
                if row != 0 {
                    let at = back.as_mut_ptr().wrapping_byte_offset(origin).cast();
                    scatter_tile(
                        at,
                        tile.as_ptr().cast(),
                        4,
                        rows as usize,
                        cols as usize,
                        row,
                        col,
                    );
                }
            }
            for r in 0..rows {
                for c in 0..cols {
                    let at = (fits(r, c) / 4) as usize;
                    assert_eq!(tile[(r * cols + c) as usize], grid[at]);
                    assert!(row == 0 || back[at] == grid[at]);
                }
            }
            let written = back.iter().filter(|x| **x != u32::MAX).count() as isize;
            assert_eq!(written, if row == 0 { 0 } else { rows * cols });
        }
    }

    #[test]
    fn large_transposes_are_written_past_the_cache() {
        fn check<T: chunkwise_core::Element>(rows: usize, cols: usize, value: impl Fn(usize) -> T) {
            let data: Vec<T> = (0..rows * cols).map(value).collect();
            let pool = chunkwise_core::Pool::new(1 << 30);
            let item = size_of::<T>() as isize;
            let got = chunkwise_core::Chunk::build(&pool, T::DTYPE, &[cols, rows], |mut dst| {
                // SAFETY: the transpose of a `rows` x `cols` array.
                let src = unsafe {
                    View::from_raw(
                        data.as_ptr().cast(),
                        T::DTYPE,
                        SmallVec::from_slice(&[cols, rows]),
                        SmallVec::from_slice(&[item, item * cols as isize]),
                    )
                };
                copy(&src, &mut dst)
            })
            .unwrap();
            let got = got.as_slice::<T>().unwrap();
            assert!((0..data.len()).all(|i| got[i % cols * rows + i / cols] == data[i]));
        }
        check::<f64>(1600, 1333, |i| i as f64);
        check::<i32>(1600, 2777, |i| i as i32);
        check::<chunkwise_core::Complex64>(1024, 1033, |i| (i as f64).into());
    }

    #[test]
    fn fills_and_refuses() {
        let mut data = vec![0f32; 12];
        // SAFETY: every second column of a 3 x 4 array.
        let mut every_second = unsafe {
            ViewMut::from_raw(
                data.as_mut_ptr().cast(),
                DType::F32,
                SmallVec::from_slice(&[3, 2]),
                SmallVec::from_slice(&[16, 8]),
            )
        };
        fill(&mut every_second, Scalar::from(2.5));
        assert_eq!(data, [2.5, 0.0, 2.5, 0.0].repeat(3));
        let a = [1i32, 2];
        let mut b = [0i32; 3];
        let mut c = [0i64; 2];
        let from = View::from_slice(&a, &[2]).unwrap();
        assert!(copy(&from, &mut ViewMut::from_slice(&mut b, &[3]).unwrap()).is_err());
        assert!(copy(&from, &mut ViewMut::from_slice(&mut c, &[2]).unwrap()).is_err());
    }
}
