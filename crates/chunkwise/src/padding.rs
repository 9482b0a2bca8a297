//! Arrays made larger at their edges.

use std::ops::Range;

use chunkwise_core::{Error, Result, Scalar, normalize_axis};

use crate::joining::concatenate;
use crate::{Array, Index};

/// What stands beyond the edges of a padded array.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pad {
    /// One value.
    Constant(Scalar),
    /// The element at the edge.
    Edge,
    /// The elements mirrored at the edge element, which is not repeated.
    Reflect,
    /// The elements mirrored at the edge, whose element is repeated.
    Symmetric,
    /// The elements from the other end.
    Wrap,
}

impl Pad {
    /// The element that stands at `position`, which may be outside `0..len`; `len` is not zero.
    fn element(self, position: isize, len: usize) -> usize {
        let n = len as isize;
        match self {
            Pad::Constant(_) | Pad::Edge => position.clamp(0, n - 1) as usize,
            Pad::Wrap => position.rem_euclid(n) as usize,
            Pad::Symmetric => {
                let p = position.rem_euclid(2 * n);
                (if p < n { p } else { 2 * n - 1 - p }) as usize
            }
            Pad::Reflect if n == 1 => 0,
            Pad::Reflect => {
                let p = position.rem_euclid(2 * n - 2);
                (if p < n { p } else { 2 * n - 2 - p }) as usize
            }
        }
    }
}

impl Array {
    /// With `widths[axis]` elements before and after along each axis (one pair is for all axes), axis
    /// by axis as `numpy.pad` does.
    ///
    /// ```
    /// # use chunkwise::{Array, DType, Pad};
    /// let x = Array::ones([3, 4], DType::F64, 2)?;
    /// assert_eq!(x.pad(&[(1, 1), (0, 2)], Pad::Reflect)?.shape(), [5, 6]);
    /// assert_eq!(x.pad(&[(1, 1)], Pad::Constant(0.into()))?.shape(), [5, 6]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn pad(&self, widths: &[(usize, usize)], mode: Pad) -> Result<Array> {
        let ndim = self.check()?.ndim();
        let widths = match widths {
            [one] => vec![*one; ndim],
            many if many.len() == ndim => many.to_vec(),
            many => {
                return Err(Error::argument(
                    "pad",
                    "widths",
                    format!("{many:?}"),
                    format!("one pair, or one for each of {ndim} axes"),
                ));
            }
        };
        let mut out = self.clone();
        for (axis, (before, after)) in widths.into_iter().enumerate() {
            out = out.pad_axis(axis as isize, before, after, mode)?;
        }
        Ok(out)
    }

    /// With elements before and after along one axis.
    #[track_caller]
    pub(crate) fn pad_axis(
        &self,
        axis: isize,
        before: usize,
        after: usize,
        mode: Pad,
    ) -> Result<Array> {
        let axis = normalize_axis(axis, self.check()?.ndim())?;
        let len = self.shape()[axis];
        if before == 0 && after == 0 {
            return Ok(self.clone());
        }
        let mut parts = Vec::new();
        if let Pad::Constant(value) = mode {
            if before > 0 {
                parts.push(self.constant_beside(value, axis, before)?);
            }
            parts.push(self.clone());
            if after > 0 {
                parts.push(self.constant_beside(value, axis, after)?);
            }
            return concatenate(parts, axis as isize);
        }
        if len == 0 {
            return Err(Error::argument(
                "pad",
                "mode",
                format!("{mode:?}"),
                format!("axis {axis} is empty; only a constant can stand beside it"),
            ));
        }
        let end = len as isize;
        self.runs(axis, -(before as isize)..0, mode, &mut parts)?;
        parts.push(self.clone());
        self.runs(axis, end..end + after as isize, mode, &mut parts)?;
        concatenate(parts, axis as isize)
    }

    /// What stands at these positions of an axis, as views of evenly spaced elements.
    #[track_caller]
    fn runs(
        &self,
        axis: usize,
        positions: Range<isize>,
        mode: Pad,
        parts: &mut Vec<Array>,
    ) -> Result<()> {
        let len = self.shape()[axis];
        let element = |p: isize| mode.element(p, len) as isize;
        let mut from = positions.start;
        while from < positions.end {
            let first = element(from);
            let step = if from + 1 < positions.end {
                element(from + 1) - first
            } else {
                1
            };
            let mut to = from + 1;
            while to < positions.end && element(to) == first + step * (to - from) {
                to += 1;
            }
            let n = (to - from) as usize;
            let mut index = vec![Index::FULL; axis];
            index.push(if step == 0 {
                Index::slice(Some(first), Some(first + 1), 1)
            } else {
                let stop = first + step * n as isize;
                Index::slice(Some(first), (stop >= 0).then_some(stop), step)
            });
            let part = self.get(index)?;
            parts.push(if step == 0 {
                let mut shape = part.shape().to_vec();
                shape[axis] = n;
                part.broadcast_to(shape)?
            } else {
                part
            });
            from = to;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // numpy.pad(numpy.arange(n), (7, 7), mode), NumPy 2.
    #[test]
    fn elements_beyond_the_edges_are_those_of_numpy() {
        let row = |mode: Pad, n: usize| -> Vec<usize> {
            (-7..n as isize + 7).map(|p| mode.element(p, n)).collect()
        };
        assert_eq!(
            row(Pad::Reflect, 3),
            [1, 2, 1, 0, 1, 2, 1, 0, 1, 2, 1, 0, 1, 2, 1, 0, 1]
        );
        assert_eq!(
            row(Pad::Symmetric, 3),
            [0, 0, 1, 2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0, 1, 2, 2]
        );
        assert_eq!(
            row(Pad::Wrap, 3),
            [2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0]
        );
        assert_eq!(
            row(Pad::Edge, 3),
            [0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 2, 2, 2, 2, 2, 2, 2]
        );
        assert_eq!(row(Pad::Reflect, 1), [0; 15]);
    }
}
