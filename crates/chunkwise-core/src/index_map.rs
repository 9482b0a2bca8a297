use crate::grid::LISTED_CHUNKS;
use crate::{AxisGrid, Dims, Grid, Region};
use smallvec::{SmallVec, smallvec};

/// Where one axis of the input of a view is taken from: `start + step * (index along axis `from`)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AxisIndex {
    /// The axis of the result that moves along it; `None` where one position is fixed.
    pub from: Option<usize>,
    /// The position at index zero.
    pub start: usize,
    /// Positions per index; may be negative or zero.
    pub step: isize,
}

/// A view: for each axis of the input, where its index comes from. Axes of the result that no axis of
/// the input comes from are broadcast.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IndexMap {
    axes: SmallVec<[AxisIndex; 4]>,
    ndim: usize,
}

impl IndexMap {
    /// A map onto a result of `ndim` axes.
    pub fn new(axes: impl IntoIterator<Item = AxisIndex>, ndim: usize) -> IndexMap {
        IndexMap {
            axes: axes.into_iter().collect(),
            ndim,
        }
    }

    /// The map that changes nothing.
    pub fn identity(ndim: usize) -> IndexMap {
        let axes = (0..ndim).map(|a| AxisIndex {
            from: Some(a),
            start: 0,
            step: 1,
        });
        IndexMap::new(axes, ndim)
    }

    /// Where each axis of the input comes from.
    pub fn axes(&self) -> &[AxisIndex] {
        &self.axes
    }

    /// Number of axes of the result.
    pub fn ndim(&self) -> usize {
        self.ndim
    }

    /// Whether the result has the input's axes in order, each moving by one from zero.
    pub fn is_identity(&self) -> bool {
        self.ndim == self.axes.len()
            && self
                .axes
                .iter()
                .enumerate()
                .all(|(k, a)| a.from == Some(k) && a.start == 0 && a.step == 1)
    }

    /// The view through `self` of the view through `inner`: `self` maps onto the result, `inner` onto
    /// what `self` views.
    pub fn after(&self, inner: &IndexMap) -> IndexMap {
        let axes = inner.axes.iter().map(|a| match a.from {
            None => *a,
            Some(mid) => {
                let outer = self.axes[mid];
                AxisIndex {
                    from: outer.from,
                    start: a.start.wrapping_add_signed(a.step * outer.start as isize),
                    step: if outer.from.is_some() {
                        a.step * outer.step
                    } else {
                        0
                    },
                }
            }
        });
        IndexMap::new(axes, self.ndim)
    }

    /// The smallest region of the input that holds all that a region of the result shows; the region
    /// of the result is not empty.
    pub fn bounds(&self, region: &Region) -> Region {
        let mut start = Dims::new();
        let mut shape = Dims::new();
        for a in &self.axes {
            match a.from {
                None => {
                    start.push(a.start);
                    shape.push(1);
                }
                Some(axis) => {
                    let first = a
                        .start
                        .wrapping_add_signed(a.step * region.start[axis] as isize);
                    let reach = a.step * (region.shape[axis] as isize - 1);
                    start.push(if reach < 0 {
                        first.wrapping_add_signed(reach)
                    } else {
                        first
                    });
                    shape.push(reach.unsigned_abs() + 1);
                }
            }
        }
        Region { start, shape }
    }

    /// How many elements of the input a result of some shape shows, each counted once.
    pub fn shown(&self, shape: &[usize]) -> usize {
        let moving = self.axes.iter().filter(|a| a.step != 0);
        let along = moving.filter_map(|a| Some(shape[a.from?]));
        along.fold(1, usize::saturating_mul)
    }

    /// The view of the input's chunks: the result's grid.
    pub fn grid(&self, input: &Grid, shape: &[usize]) -> Grid {
        let axes = shape.iter().enumerate().map(|(axis, &len)| {
            match self.axes.iter().position(|a| a.from == Some(axis)) {
                None => AxisGrid::regular(len, len),
                Some(k) => cuts(&input.axes()[k], self.axes[k], len),
            }
        });
        Grid::new(axes)
    }

    /// The input's axes that each axis of the result moves along.
    pub fn moved_by(&self, axis: usize) -> impl Iterator<Item = usize> + '_ {
        self.axes
            .iter()
            .enumerate()
            .filter(move |(_, a)| a.from == Some(axis))
            .map(|(k, _)| k)
    }

    /// Taking out axes of the result that have length 1, given as sorted positions.
    pub fn without_axes(&self, removed: &[usize]) -> IndexMap {
        let axes = self.axes.iter().map(|a| match a.from {
            Some(f) if removed.contains(&f) => AxisIndex {
                from: None,
                start: a.start,
                step: 0,
            },
            Some(f) => AxisIndex {
                from: Some(f - removed.iter().filter(|r| **r < f).count()),
                ..*a
            },
            None => *a,
        });
        IndexMap::new(axes, self.ndim - removed.len())
    }
}

fn cuts(input: &AxisGrid, index: AxisIndex, len: usize) -> AxisGrid {
    if len == 0 {
        return AxisGrid::regular(0, 1);
    }
    match index.step {
        1 => input.slice(index.start..index.start + len),
        0 => AxisGrid::regular(len, len),
        step => {
            let reach = step.unsigned_abs() * (len - 1);
            let low = if step < 0 {
                index.start - reach
            } else {
                index.start
            };
            let part = input.slice(low..low + reach + 1);
            let stride = step.unsigned_abs();
            if part.count() > LISTED_CHUNKS {
                return AxisGrid::regular(len, (part.longest() / stride).max(1));
            }
            let mut sizes: Vec<usize> = (0..part.count())
                .map(|i| {
                    let e = part.extent(i);
                    e.end.div_ceil(stride) - e.start.div_ceil(stride)
                })
                .filter(|n| *n > 0)
                .collect();
            if step < 0 {
                sizes.reverse();
            }
            AxisGrid::from_sizes(&sizes)
        }
    }
}

impl Default for IndexMap {
    fn default() -> IndexMap {
        IndexMap {
            axes: smallvec![],
            ndim: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(from: usize, start: usize, step: isize) -> AxisIndex {
        AxisIndex {
            from: Some(from),
            start,
            step,
        }
    }

    #[test]
    fn views_compose() {
        // x[::-1][2:8:3] of 10 elements shows 7, 4.
        let flip = IndexMap::new([axis(0, 9, -1)], 1);
        let slice = IndexMap::new([axis(0, 2, 3)], 1);
        let both = slice.after(&flip);
        assert_eq!(both.axes()[0], axis(0, 7, -3));
        let bounds = both.bounds(&Region::new([0], [2]));
        assert_eq!(bounds, Region::new([4], [4]));
    }

    #[test]
    fn what_is_broadcast_is_shown_once() {
        assert_eq!(IndexMap::new([axis(1, 3, 2)], 2).shown(&[5, 7]), 7);
        assert_eq!(IndexMap::identity(2).shown(&[5, 7]), 35);
        let still = AxisIndex {
            from: None,
            start: 4,
            step: 0,
        };
        assert_eq!(IndexMap::new([still, axis(0, 0, -1)], 1).shown(&[5]), 5);
    }

    #[test]
    fn strided_cuts_count_every_element_once() {
        for (len, chunk, start, step, n) in [
            (10, 3, 9, -1, 10),
            (100, 7, 3, 5, 19),
            (100, 7, 98, -3, 33),
            (20, 4, 0, 2, 10),
        ] {
            let grid = cuts(&AxisGrid::regular(len, chunk), axis(0, start, step), n);
            assert_eq!(grid.len(), n, "{len} {chunk} {start} {step}");
        }
    }
}
