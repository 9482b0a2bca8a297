use smallvec::SmallVec;

use crate::{Error, Result};

/// One number per axis: a shape, an index, a chunk size.
pub type Dims = SmallVec<[usize; 6]>;

/// One signed number per axis: strides, in bytes unless said otherwise.
pub type Strides = SmallVec<[isize; 6]>;

/// The number of elements of a shape; an error where it, or its bytes at 16 a piece, would not fit
/// an `isize`.
pub fn element_count(shape: &[usize]) -> Result<usize> {
    let mut n: usize = 1;
    // As in NumPy, empty arrays too: products of some axes' lengths are taken everywhere.
    for &d in shape.iter().filter(|d| **d > 0) {
        n = n
            .checked_mul(d)
            .filter(|n| *n <= isize::MAX as usize / 16)
            .ok_or_else(|| Error::TooLarge {
                shape: shape.to_vec(),
            })?;
    }
    Ok(if shape.contains(&0) { 0 } else { n })
}

/// C-order strides of a shape, in bytes.
pub fn c_strides(shape: &[usize], item: usize) -> Strides {
    let mut strides: Strides = smallvec::smallvec![0; shape.len()];
    let mut step = item as isize;
    for axis in (0..shape.len()).rev() {
        strides[axis] = step;
        step *= shape[axis].max(1) as isize;
    }
    strides
}

/// The shape that all broadcast to, by NumPy's rule.
///
/// ```
/// # use chunkwise_core::broadcast_shapes;
/// assert_eq!(broadcast_shapes(&[&[8, 1, 6], &[7, 1]]).unwrap().as_slice(), [8, 7, 6]);
/// assert!(broadcast_shapes(&[&[2], &[3]]).is_err());
/// ```
pub fn broadcast_shapes(shapes: &[&[usize]]) -> Result<Dims> {
    let ndim = shapes.iter().map(|s| s.len()).max().unwrap_or(0);
    let mut out: Dims = smallvec::smallvec![1; ndim];
    for shape in shapes {
        let lead = ndim - shape.len();
        for (axis, &d) in shape.iter().enumerate() {
            let o = &mut out[lead + axis];
            if *o == 1 {
                *o = d;
            } else if d != 1 && d != *o {
                return Err(Error::Broadcast {
                    shapes: shapes.iter().map(|s| s.to_vec()).collect(),
                });
            }
        }
    }
    Ok(out)
}

/// An axis counted from the front; negative ones count from the end.
pub fn normalize_axis(axis: isize, ndim: usize) -> Result<usize> {
    let n = ndim as isize;
    if axis >= -n && axis < n {
        Ok(if axis < 0 { axis + n } else { axis } as usize)
    } else {
        Err(Error::AxisOutOfRange { axis, ndim })
    }
}

/// Several axes, sorted; an error where one is out of range or named twice.
pub fn normalize_axes(axes: &[isize], ndim: usize) -> Result<SmallVec<[usize; 6]>> {
    let mut out: SmallVec<[usize; 6]> = SmallVec::new();
    for &axis in axes {
        let a = normalize_axis(axis, ndim)?;
        if out.contains(&a) {
            return Err(Error::DuplicateAxis { axis });
        }
        out.push(a);
    }
    out.sort_unstable();
    Ok(out)
}
