use std::fmt;
use std::ops::Range;

use crate::Dims;

/// A box of elements: a start and a length per axis.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Region {
    /// First index per axis.
    pub start: Dims,
    /// Number of elements per axis.
    pub shape: Dims,
}

impl Region {
    /// A region from its start and shape, which have the same length.
    pub fn new(start: impl AsRef<[usize]>, shape: impl AsRef<[usize]>) -> Region {
        let (start, shape) = (start.as_ref(), shape.as_ref());
        debug_assert_eq!(start.len(), shape.len());
        Region {
            start: start.into(),
            shape: shape.into(),
        }
    }

    /// The whole of an array of this shape.
    pub fn whole(shape: &[usize]) -> Region {
        Region {
            start: smallvec::smallvec![0; shape.len()],
            shape: shape.into(),
        }
    }

    /// Number of axes.
    pub fn ndim(&self) -> usize {
        self.shape.len()
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether it has no elements.
    pub fn is_empty(&self) -> bool {
        self.shape.contains(&0)
    }

    /// One past the last index along an axis.
    pub fn end(&self, axis: usize) -> usize {
        self.start[axis] + self.shape[axis]
    }

    /// The indices along an axis.
    pub fn range(&self, axis: usize) -> Range<usize> {
        self.start[axis]..self.end(axis)
    }

    /// The elements in both, if any.
    pub fn intersect(&self, other: &Region) -> Option<Region> {
        let mut out = self.clone();
        for axis in 0..self.ndim() {
            let start = self.start[axis].max(other.start[axis]);
            let end = self.end(axis).min(other.end(axis));
            if end <= start {
                return None;
            }
            out.start[axis] = start;
            out.shape[axis] = end - start;
        }
        Some(out)
    }

    /// The same region counted from `origin` instead of zero.
    pub fn relative_to(&self, origin: &[usize]) -> Region {
        let start: Dims = self.start.iter().zip(origin).map(|(s, o)| s - o).collect();
        Region::new(start, &self.shape)
    }

    /// Whether it lies within an array of this shape.
    pub fn fits(&self, shape: &[usize]) -> bool {
        self.ndim() == shape.len() && (0..shape.len()).all(|a| self.end(a) <= shape[a])
    }
}

impl fmt::Display for Region {
    /// As a NumPy index: `[0:10, 5:6]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for axis in 0..self.ndim() {
            if axis > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{}:{}", self.start[axis], self.end(axis))?;
        }
        f.write_str("]")
    }
}
