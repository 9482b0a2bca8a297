//! Elements at scattered positions along an axis.

use chunkwise_core::{Dims, Error, Region, Result, Strides, View, ViewMut};

use crate::movement::copy;

/// A position counted from the end where negative, or an error where the axis does not have it.
pub fn place(index: i64, axis: usize, size: usize) -> Result<usize> {
    let n = size as i64;
    let from_start = if index < 0 { index + n } else { index };
    if (0..n).contains(&from_start) {
        Ok(from_start as usize)
    } else {
        Err(Error::IndexOutOfRange {
            index: index as isize,
            axis,
            size,
        })
    }
}

/// The elements of `src` at these positions along an axis, of which each must be within it. The first
/// element of `src` along the axis has position `first`.
///
/// ```
/// use chunkwise_core::{View, ViewMut};
/// use chunkwise_kernels::gather::take;
/// let (from, mut to) = ([1, 2, 3], [0, 0]);
/// take(&View::from_slice(&from, &[3])?, 0, 0, &[2, 0], &mut ViewMut::from_slice(&mut to, &[2])?)?;
/// assert_eq!(to, [3, 1]);
/// # Ok::<(), chunkwise_core::Error>(())
/// ```
pub fn take(
    src: &View<'_>,
    axis: usize,
    first: usize,
    positions: &[usize],
    dst: &mut ViewMut<'_>,
) -> Result<()> {
    let mut expected: Dims = src.shape().into();
    if let Some(len) = expected.get_mut(axis) {
        *len = positions.len();
    }
    fits("take", src, dst, &expected)?;
    let size = src.shape()[axis];
    let inside = first..first.saturating_add(size);
    if let Some(past) = positions.iter().find(|p| !inside.contains(p)) {
        return Err(Error::IndexOutOfRange {
            index: *past as isize,
            axis,
            size,
        });
    }
    if dst.shape().contains(&0) {
        return Ok(());
    }
    if src.shape()[axis + 1..].iter().all(|d| *d == 1) {
        each_line(src, dst, axis, |from, to, (source, target), item| {
            // SAFETY: the lines lie along an axis of both views, whose lengths the positions respect.
            unsafe { gather(to, from, first, positions, target, source, item) };
            Ok(())
        })
    } else {
        let mut from = Region::whole(src.shape());
        let mut to = Region::whole(dst.shape());
        let mut at = 0;
        while at < positions.len() {
            let run = positions[at..]
                .iter()
                .enumerate()
                .take_while(|(k, p)| **p == positions[at] + k)
                .count();
            (from.start[axis], from.shape[axis]) = (positions[at] - first, run);
            (to.start[axis], to.shape[axis]) = (at, run);
            copy(&src.region(&from), &mut dst.region(&to))?;
            at += run;
        }
        Ok(())
    }
}

/// The elements of `src` whose position along an axis is what `indices`, of `dst`'s shape and `i64`,
/// says; negative ones count from the end. One that the axis does not have is an error.
///
/// ```
/// use chunkwise_core::{View, ViewMut};
/// use chunkwise_kernels::gather::take_along;
/// let (from, which, mut to) = ([1, 2, 3, 4], [1i64, -2], [0, 0]);
/// let from = View::from_slice(&from, &[2, 2])?;
/// take_along(
///     &from,
///     1,
///     &View::from_slice(&which, &[2, 1])?,
///     &mut ViewMut::from_slice(&mut to, &[2, 1])?,
/// )?;
/// assert_eq!(to, [2, 3]);
/// # Ok::<(), chunkwise_core::Error>(())
/// ```
pub fn take_along(
    src: &View<'_>,
    axis: usize,
    indices: &View<'_>,
    dst: &mut ViewMut<'_>,
) -> Result<()> {
    let mut expected: Dims = src.shape().into();
    if let (Some(len), Some(asked)) = (expected.get_mut(axis), indices.shape().get(axis)) {
        *len = *asked;
    }
    fits("take_along_axis", src, dst, &expected)?;
    if indices.shape() != expected.as_slice() {
        return Err(Error::ShapeMismatch {
            operation: "take_along_axis",
            expected: expected.to_vec(),
            got: indices.shape().to_vec(),
        });
    }
    if dst.shape().contains(&0) {
        return Ok(());
    }
    let size = src.shape()[axis];
    let mut line = Region::whole(indices.shape());
    for (a, len) in line.shape.iter_mut().enumerate() {
        if a != axis {
            *len = 1;
        }
    }
    let mut positions = Vec::with_capacity(indices.shape()[axis]);
    let (mut number, shape) = (0, indices.shape());
    each_line(src, dst, axis, |from, to, (source, target), item| {
        // Lines come in C order of the other axes.
        let mut left = number;
        for a in (0..shape.len()).rev().filter(|a| *a != axis) {
            line.start[a] = left % shape[a];
            left /= shape[a];
        }
        number += 1;
        positions.clear();
        let mut index = line.start.clone();
        for k in 0..shape[axis] {
            index[axis] = k;
            let asked = indices
                .get::<i64>(&index)
                .ok_or_else(|| Error::DTypeMismatch {
                    operation: "take_along_axis",
                    expected: chunkwise_core::DType::I64,
                    got: indices.dtype(),
                })?;
            positions.push(place(asked, axis, size)?);
        }
        // SAFETY: as in `take`: `place` has checked the positions.
        unsafe { gather(to, from, 0, &positions, target, source, item) };
        Ok(())
    })
}

fn fits(
    operation: &'static str,
    src: &View<'_>,
    dst: &ViewMut<'_>,
    expected: &[usize],
) -> Result<()> {
    if src.dtype() != dst.dtype() {
        return Err(Error::DTypeMismatch {
            operation,
            expected: dst.dtype(),
            got: src.dtype(),
        });
    }
    if dst.shape() != expected {
        return Err(Error::ShapeMismatch {
            operation,
            expected: expected.to_vec(),
            got: dst.shape().to_vec(),
        });
    }
    Ok(())
}

/// Calls `line` with the first elements of every line along an axis, in C order of the other axes,
/// which are equally long in both, with the strides of both along it, and with an element's size.
fn each_line(
    src: &View<'_>,
    dst: &mut ViewMut<'_>,
    axis: usize,
    mut line: impl FnMut(*const u8, *mut u8, (isize, isize), usize) -> Result<()>,
) -> Result<()> {
    let others: Dims = (0..src.shape().len()).filter(|a| *a != axis).collect();
    let from: Strides = others.iter().map(|a| src.strides()[*a]).collect();
    let to: Strides = others.iter().map(|a| dst.strides()[*a]).collect();
    let lens: Dims = others.iter().map(|a| src.shape()[*a]).collect();
    let steps = (src.strides()[axis], dst.strides()[axis]);
    let item = src.dtype().size();
    let (source, target) = (src.as_ptr(), dst.as_mut_ptr());
    let mut index: Dims = smallvec::smallvec![0; others.len()];
    loop {
        let at = |strides: &[isize]| -> isize {
            let each = strides.iter().zip(&index);
            each.map(|(s, i)| s * *i as isize).sum()
        };
        let (a, b) = (at(&from), at(&to));
        line(
            source.wrapping_offset(a),
            target.wrapping_offset(b),
            steps,
            item,
        )?;
        let mut axis = others.len();
        loop {
            if axis == 0 {
                return Ok(());
            }
            axis -= 1;
            index[axis] += 1;
            if index[axis] < lens[axis] {
                break;
            }
            index[axis] = 0;
        }
    }
}

/// # Safety
/// Every position beyond `first` times `source` names a readable element of `item` bytes (1, 2, 4, 8 or 16) from
/// `src`, and as many steps of `target` from `dst` as there are positions a writable one, disjoint
/// from those.
unsafe fn gather(
    dst: *mut u8,
    src: *const u8,
    first: usize,
    positions: &[usize],
    target: isize,
    source: isize,
    item: usize,
) {
    macro_rules! each {
        ($t:ty) => {
            for (k, p) in positions.iter().enumerate() {
                let from = src
                    .wrapping_offset((*p - first) as isize * source)
                    .cast::<$t>();
                let to = dst.wrapping_offset(k as isize * target).cast::<$t>();
                // SAFETY: by the caller's contract.
                unsafe { to.write_unaligned(from.read_unaligned()) };
            }
        };
    }
    match item {
        1 => each!(u8),
        2 => each!(u16),
        4 => each!(u32),
        8 => each!(u64),
        _ => each!(u128),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chunkwise_core::{Chunk, DType, Pool};

    fn numbered(shape: &[usize]) -> Chunk {
        let n: usize = shape.iter().product();
        Chunk::from_owner((0..n as i32).collect::<Vec<_>>(), shape).unwrap()
    }

    #[test]
    fn every_axis_of_a_part_of_an_array() {
        let whole = numbered(&[5, 6, 7]);
        let part = Region::new([1, 1, 2], [3, 4, 5]);
        let view = whole.view().region(&part);
        let pool = Pool::new(1 << 20);
        for axis in 0..3 {
            for positions in [
                &[0usize, 2, 1, 1][..],
                &[2],
                &[],
                &[0, 1, 2],
                &[2, 0, 1, 2, 2],
            ] {
                let mut shape = part.shape.clone();
                shape[axis] = positions.len();
                let made = Chunk::build(&pool, DType::I32, &shape, |mut out| {
                    take(&view, axis, 0, positions, &mut out)
                })
                .unwrap();
                let which: Vec<i64> = (0..made.len())
                    .map(|n| {
                        let inner: usize = shape[axis + 1..].iter().product();
                        let p = positions[n / inner % positions.len()] as i64;
                        // Half of them from the end.
                        if n % 2 == 0 {
                            p
                        } else {
                            p - part.shape[axis] as i64
                        }
                    })
                    .collect();
                let which = Chunk::from_owner(which, &shape).unwrap();
                let along = Chunk::build(&pool, DType::I32, &shape, |mut out| {
                    take_along(&view, axis, &which.view(), &mut out)
                })
                .unwrap();
                for n in 0..made.len() {
                    let mut index = [0; 3];
                    let mut left = n;
                    for a in (0..3).rev() {
                        index[a] = left % shape[a];
                        left /= shape[a];
                    }
                    let got = made.view().get::<i32>(&index);
                    assert_eq!(along.view().get::<i32>(&index), got);
                    index[axis] = positions[index[axis]];
                    assert_eq!(got, view.get::<i32>(&index), "{axis} {positions:?}");
                }
            }
        }
    }

    #[test]
    fn refuses_positions_outside() {
        let x = numbered(&[3]);
        let mut out = [0i32; 1];
        let mut dst = ViewMut::from_slice(&mut out, &[1]).unwrap();
        assert!(take(&x.view(), 0, 0, &[3], &mut dst).is_err());
        for (index, fits) in [(3i64, false), (-4, false), (-3, true), (2, true)] {
            let which = [index];
            let which = View::from_slice(&which, &[1]).unwrap();
            assert_eq!(take_along(&x.view(), 0, &which, &mut dst).is_ok(), fits);
        }
        assert!(take(&x.view(), 0, 5, &[4], &mut dst).is_err());
        take(&x.view(), 0, 5, &[6], &mut dst).unwrap();
        assert_eq!(out, [1]);
    }
}
