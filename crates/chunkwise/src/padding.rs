//! Arrays made larger at their edges.

use std::ops::Range;

use chunkwise_core::{Dims, Error, Result, Scalar, element_count, normalize_axis};

use crate::joining::{JOINED, concatenate};
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

/// Neighbouring positions at which evenly spaced elements stand.
#[derive(Clone, Copy)]
struct Run {
    first: usize,
    step: isize,
    /// How many, at least.
    len: usize,
}

impl Pad {
    /// The elements from `position` on, which may be outside `0..len`; `len` is not zero.
    fn run(self, position: isize, len: usize) -> Run {
        let n = len as isize;
        let up = |first: isize| (first, 1, n - first);
        let (first, step, count) = match self {
            Pad::Constant(_) | Pad::Edge if position < 0 => (0, 0, -position),
            Pad::Constant(_) | Pad::Edge if position >= n => (n - 1, 0, isize::MAX),
            Pad::Constant(_) | Pad::Edge => up(position),
            Pad::Reflect if n == 1 => (0, 0, isize::MAX),
            Pad::Wrap => up(position.rem_euclid(n)),
            Pad::Symmetric => match position.rem_euclid(2 * n) {
                p if p < n => up(p),
                p => (2 * n - 1 - p, -1, 2 * n - p),
            },
            Pad::Reflect => match position.rem_euclid(2 * n - 2) {
                p if p < n => up(p),
                p => (2 * n - 2 - p, -1, 2 * n - 2 - p),
            },
        };
        Run {
            first: first as usize,
            step,
            len: count as usize,
        }
    }

    /// After how many positions the elements come again, where they do.
    fn period(self, len: usize) -> Option<usize> {
        match self {
            Pad::Constant(_) | Pad::Edge => None,
            Pad::Wrap => Some(len),
            Pad::Symmetric => Some(2 * len),
            Pad::Reflect => Some((2 * len - 2).max(1)),
        }
    }
}

impl Array {
    /// With `widths[axis]` elements before and after along each axis (one pair is for all axes), axis
    /// by axis as `numpy.pad` does. However wide it is, what repeats is one period of it.
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
        let mut shape: Dims = self.shape().into();
        shape[axis] = before.saturating_add(len).saturating_add(after);
        element_count(&shape)?;
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
        let all = before + len + after;
        if let Some(period) = mode.period(len).filter(|p| all / p >= JOINED) {
            // One period, the first, over and over.
            let from = -(before as isize);
            self.runs(axis, from..from + period as isize, mode, &mut parts)?;
            return concatenate(parts, axis as isize)?.cycled(axis, all);
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
        let mut from = positions.start;
        while from < positions.end {
            let run = mode.run(from, len);
            let n = run.len.min((positions.end - from) as usize);
            let first = run.first as isize;
            let mut index = vec![Index::FULL; axis];
            index.push(match run.step {
                0 => Index::slice(Some(first), Some(first + 1), 1),
                step => {
                    let stop = first + step * n as isize;
                    Index::slice(Some(first), (stop >= 0).then_some(stop), step)
                }
            });
            let part = self.get(index)?;
            parts.push(match run.step {
                0 => part.cycled(axis, n)?,
                _ => part,
            });
            from += n as isize;
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
            let mut elements = Vec::new();
            for p in -7..n as isize + 7 {
                let run = mode.run(p, n);
                // A run goes on as it says.
                for i in 1..run.len.min(9) {
                    let next = mode.run(p + i as isize, n).first as isize;
                    assert_eq!(
                        next,
                        run.first as isize + run.step * i as isize,
                        "{mode:?} {p}"
                    );
                }
                elements.push(run.first);
            }
            elements
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
