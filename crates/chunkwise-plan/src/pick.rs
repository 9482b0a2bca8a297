//! Views with steps: reading what they show, without all that lies between.

use chunkwise_core::{AxisIndex, Dims, IndexMap, Region, Source};

use crate::Input;
use crate::cuts::is_dear;

/// Bytes that are read along rather than skipped by another read.
const GAP: usize = 16 << 10;

/// Elements of an input at regular distances: what a view with steps shows of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picks {
    /// The lowest position along each axis.
    low: Dims,
    /// Positions from one to the next.
    step: Dims,
    /// How many along each axis.
    shape: Dims,
}

impl Picks {
    /// What a view shows in a region of its result, and the map through which the region is then seen in the
    /// picks alone. `None` where there are no steps: then it shows a box, or nothing.
    pub fn of(map: &IndexMap, region: &Region) -> Option<(Picks, IndexMap)> {
        if region.is_empty() {
            return None;
        }
        let (mut low, mut step, mut shape) = (Dims::new(), Dims::new(), Dims::new());
        let mut seen: Vec<AxisIndex> = Vec::new();
        for (a, bounds) in map.axes().iter().zip(map.bounds(region).start) {
            let count = match a.from {
                Some(axis) if a.step != 0 => region.shape[axis],
                _ => 1,
            };
            low.push(bounds);
            step.push(a.step.unsigned_abs().max(1));
            shape.push(count);
            seen.push(AxisIndex {
                from: a.from,
                start: if a.step < 0 { count - 1 } else { 0 },
                step: a.step.signum(),
            });
        }
        let skips = step.iter().zip(&shape).any(|(s, n)| *s > 1 && *n > 1);
        skips.then(|| {
            let picks = Picks { low, step, shape };
            (picks, IndexMap::new(seen, map.ndim()))
        })
    }

    /// How many there are along each axis.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The smallest region of the input that holds them.
    pub fn bounds(&self) -> Region {
        let counts = self.step.iter().zip(&self.shape);
        Region {
            start: self.low.clone(),
            shape: counts.map(|(s, n)| s * (n - 1) + 1).collect(),
        }
    }

    /// The map through which an array that begins with their [bounds](Self::bounds) shows them alone.
    pub fn map(&self) -> IndexMap {
        let axes = self.step.iter().enumerate().map(|(a, step)| AxisIndex {
            from: Some(a),
            start: 0,
            step: *step as isize,
        });
        IndexMap::new(axes, self.step.len())
    }

    /// Those that lie in a region of the input, with which of the picks they are.
    pub fn within(&self, region: &Region) -> Option<(Region, Picks)> {
        let mut place = Region::whole(&self.shape);
        let mut inner = self.clone();
        for a in 0..self.low.len() {
            let (low, step) = (self.low[a], self.step[a]);
            let first = region.start[a].saturating_sub(low).div_ceil(step);
            let end = region.end(a).saturating_sub(low).div_ceil(step);
            let end = end.min(self.shape[a]);
            if first >= end {
                return None;
            }
            place.start[a] = first;
            place.shape[a] = end - first;
            inner.low[a] = low + first * step;
            inner.shape[a] = end - first;
        }
        Some((place, inner))
    }

    /// Them in the parts that are worth a read each, with which of the picks they are: one by one along the
    /// axes, of those that `may` be gone along, where much lies between them.
    pub fn parts(
        &self,
        item: usize,
        may: impl Fn(usize) -> bool,
    ) -> impl Iterator<Item = (Region, Picks)> + '_ {
        let bounds = self.bounds();
        self.in_parts(self.single(item, &bounds.shape, may))
    }

    fn in_parts(&self, single: Vec<bool>) -> impl Iterator<Item = (Region, Picks)> + '_ {
        let axes = single.iter().zip(&self.shape);
        let counts: Dims = axes.map(|(one, n)| if *one { *n } else { 1 }).collect();
        (0..counts.iter().product()).map(move |number| {
            let (mut place, mut picks) = (Region::whole(&self.shape), self.clone());
            let mut left = number;
            for a in (0..counts.len()).rev().filter(|a| single[*a]) {
                let k = left % counts[a];
                left /= counts[a];
                (place.start[a], place.shape[a]) = (k, 1);
                (picks.low[a], picks.shape[a]) = (self.low[a] + k * self.step[a], 1);
            }
            (place, picks)
        })
    }

    /// The parts that are worth a read each of a source: none of its chunks is unpacked twice for them.
    pub fn parts_of(&self, source: &dyn Source) -> impl Iterator<Item = (Region, Picks)> + '_ {
        self.in_parts(self.single_of(source))
    }

    /// The largest region that is read at once for [these](Self::parts_of).
    pub(crate) fn largest_part_of(&self, source: &dyn Source) -> Region {
        let mut bounds = self.bounds();
        let single = self.single_of(source);
        let single = single.iter().enumerate().filter(|(_, one)| **one);
        single.for_each(|(a, _)| bounds.shape[a] = 1);
        bounds
    }

    /// How many elements of an input are read for each of them.
    pub(crate) fn spread(&self, input: &Input) -> usize {
        let single = match input {
            Input::Source(source) => self.single_of(&**source),
            _ => vec![false; self.low.len()],
        };
        let along = self.step.iter().zip(&self.shape).zip(single);
        along
            .filter(|((_, n), one)| **n > 1 && !one)
            .fold(1, |all, ((step, _), _)| all.saturating_mul(*step))
    }

    /// The axes along which a source may be read pick by pick.
    fn apart(&self, source: &dyn Source) -> Vec<bool> {
        let chunk = match is_dear(source) {
            true => source.grid().map(|grid| grid.largest()),
            false => None,
        };
        let apart = |axis: usize| chunk.as_ref().is_none_or(|c| c[axis] <= self.step[axis]);
        let axes = 0..self.low.len();
        axes.map(|axis| !source.waits() && apart(axis)).collect()
    }

    /// The axes along which they are read one by one of a source: by how far apart they are in it, which is the same
    /// for all regions.
    fn single_of(&self, source: &dyn Source) -> Vec<bool> {
        let apart = self.apart(source);
        self.single(source.dtype().size(), source.shape(), |axis| apart[axis])
    }

    /// The axes along which they are read one by one, of an array of this shape.
    fn single(&self, item: usize, within: &[usize], may: impl Fn(usize) -> bool) -> Vec<bool> {
        let mut row = item;
        let mut single = vec![false; self.low.len()];
        for a in (0..self.low.len()).rev() {
            let skipped = row.saturating_mul(self.step[a] - 1);
            single[a] = self.shape[a] > 1 && skipped >= GAP && may(a);
            row = row.saturating_mul(within[a]);
        }
        single
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

    fn picks(map: &IndexMap, shape: &[usize]) -> Picks {
        Picks::of(map, &Region::whole(shape)).unwrap().0
    }

    #[test]
    fn steps_backwards_are_seen_from_the_end() {
        let map = IndexMap::new([axis(1, 90, -10), axis(0, 3, 1)], 2);
        let (picks, seen) = Picks::of(&map, &Region::new([0, 2], [5, 4])).unwrap();
        assert_eq!(picks.bounds(), Region::new([40, 3], [31, 5]));
        assert_eq!(picks.shape(), [4, 5]);
        assert_eq!(seen, IndexMap::new([axis(1, 3, -1), axis(0, 0, 1)], 2));
        assert!(Picks::of(&IndexMap::identity(1), &Region::whole(&[5])).is_none());
        assert!(Picks::of(&map, &Region::new([0, 2], [5, 0])).is_none());
        // One position is a box, whatever the step.
        assert!(Picks::of(&map, &Region::new([0, 2], [5, 1])).is_none());
    }

    /// Each pick lies in one of the cells, and once.
    #[test]
    fn cells_share_the_picks() {
        for (start, step, n) in [(0, 3, 7), (5, 7, 4), (2, 1, 20), (19, 5, 1), (1, 20, 2)] {
            let all = Picks {
                low: [start].into_iter().collect(),
                step: [step].into_iter().collect(),
                shape: [n].into_iter().collect(),
            };
            let mut found = Vec::new();
            for cell in 0..10 {
                if let Some((place, own)) = all.within(&Region::new([cell * 4], [4])) {
                    assert_eq!(own.shape(), place.shape.as_slice());
                    for k in 0..place.shape[0] {
                        assert_eq!(place.start[0] + k, found.len());
                        found.push(own.low[0] + k * step);
                    }
                }
            }
            let want: Vec<usize> = (0..n).map(|k| start + k * step).collect();
            assert_eq!(found, want);
        }
    }

    #[test]
    fn only_wide_gaps_are_skipped() {
        let map = IndexMap::new([axis(0, 5, 1000), axis(1, 1, 2)], 2);
        let picks = picks(&map, &[3, 100]);
        let parts: Vec<(Region, Picks)> = picks.parts(8, |_| true).collect();
        let bounds: Vec<Region> = parts.iter().map(|(_, p)| p.bounds()).collect();
        assert_eq!(
            bounds,
            [5, 1005, 2005].map(|row| Region::new([row, 1], [1, 199]))
        );
        assert_eq!(parts[2].0, Region::new([2, 0], [1, 100]));
        assert_eq!(picks.parts(8, |_| false).count(), 1);
    }
}
