//! Which elements of an array are wanted: the part of a view that makes an array smaller, split from
//! the part that only arranges.

use chunkwise_core::{AxisIndex, Dims, IndexMap};
use smallvec::SmallVec;

/// Wanted positions along one axis: `start`, `start + step`, ..., `len` of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    /// The first position; 0 where there is none.
    pub start: usize,
    /// The distance, at least 1; 1 where there are fewer than two positions.
    pub step: usize,
    /// The number of positions.
    pub len: usize,
}

impl Span {
    /// Positions at a distance of at least 1.
    pub fn new(start: usize, step: usize, len: usize) -> Span {
        Span {
            start: if len == 0 { 0 } else { start },
            step: if len < 2 { 1 } else { step },
            len,
        }
    }

    /// All positions of an axis.
    pub fn whole(len: usize) -> Span {
        Span::new(0, 1, len)
    }

    /// The last position, where there is one.
    pub fn last(&self) -> Option<usize> {
        self.len.checked_sub(1).map(|n| self.start + n * self.step)
    }

    /// The position at a place of the span.
    pub fn at(&self, place: usize) -> usize {
        self.start + place * self.step
    }

    /// The fewest positions in a span that holds both.
    pub fn hull(&self, other: &Span) -> Span {
        let (Some(a), Some(b)) = (self.last(), other.last()) else {
            return if self.len == 0 { *other } else { *self };
        };
        let own = |s: &Span| if s.len > 1 { s.step } else { 0 };
        let apart = self.start.abs_diff(other.start);
        let step = gcd(gcd(own(self), own(other)), apart).max(1);
        let start = self.start.min(other.start);
        Span::new(start, step, (a.max(b) - start) / step + 1)
    }

    /// This span's positions as places of a span that holds them.
    pub fn within(&self, outer: &Span) -> Span {
        if self.len == 0 {
            return *self;
        }
        Span::new(
            (self.start - outer.start) / outer.step,
            (self.step / outer.step).max(1),
            self.len,
        )
    }

    /// The span that some positions make, in any order; all where they make none shorter.
    pub(crate) fn of(positions: &[usize]) -> Span {
        let Some(&first) = positions.first() else {
            return Span::new(0, 1, 0);
        };
        let (mut low, mut high, mut step) = (first, first, 0);
        for &p in positions {
            low = low.min(p);
            high = high.max(p);
            if step != 1 {
                step = gcd(step, p.abs_diff(first));
            }
        }
        let step = step.max(1);
        Span::new(low, step, (high - low) / step + 1)
    }
}

pub(crate) fn gcd(mut a: usize, mut b: usize) -> usize {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Wanted elements of an array: a span per axis.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Selection {
    /// The axes' spans.
    pub spans: SmallVec<[Span; 4]>,
}

impl Selection {
    /// A selection from its spans.
    pub fn new(spans: impl IntoIterator<Item = Span>) -> Selection {
        Selection {
            spans: spans.into_iter().collect(),
        }
    }

    /// All elements.
    pub fn whole(shape: &[usize]) -> Selection {
        Selection::new(shape.iter().map(|d| Span::whole(*d)))
    }

    /// Whether it is all of an array of this shape.
    pub fn is_whole(&self, shape: &[usize]) -> bool {
        self.spans.iter().zip(shape).all(|(s, d)| s.len == *d)
    }

    /// The shape of what is selected.
    pub fn shape(&self) -> Dims {
        self.spans.iter().map(|s| s.len).collect()
    }

    /// The number of elements.
    pub fn elements(&self) -> usize {
        self.spans.iter().map(|s| s.len).product()
    }

    /// The smallest selection that holds both.
    pub fn hull(&self, other: &Selection) -> Selection {
        Selection::new(self.spans.iter().zip(&other.spans).map(|(a, b)| a.hull(b)))
    }

    /// Whether every element of another is in it.
    pub fn holds(&self, other: &Selection) -> bool {
        self.hull(other) == *self
    }

    /// This selection, counted within one that holds it.
    pub fn within(&self, outer: &Selection) -> Selection {
        Selection::new(
            self.spans
                .iter()
                .zip(&outer.spans)
                .map(|(a, b)| a.within(b)),
        )
    }

    /// The view that shows what is selected.
    pub fn map(&self) -> IndexMap {
        let axes = self.spans.iter().enumerate().map(|(axis, s)| AxisIndex {
            from: Some(axis),
            start: s.start,
            step: s.step as isize,
        });
        IndexMap::new(axes, self.spans.len())
    }

    /// Splits a view of an array into the elements that it shows and the view that arranges them:
    /// order, direction, repetition, new and dropped axes. `shape` is the view's shape.
    pub fn split(map: &IndexMap, shape: &[usize]) -> (Selection, IndexMap) {
        if shape.contains(&0) {
            let nothing = map.axes().iter().map(|_| Span::new(0, 1, 0));
            return (Selection::new(nothing), map.clone());
        }
        let mut residual: SmallVec<[AxisIndex; 4]> = SmallVec::new();
        let spans = map.axes().iter().map(|a| {
            let n = a.from.map_or(1, |f| shape[f]);
            let fixed = n == 1 || a.step == 0;
            residual.push(match fixed {
                // A result axis of length 1 still counts as moved along, for its chunks.
                true => AxisIndex {
                    from: a.from.filter(|f| shape[*f] == 1),
                    start: 0,
                    step: isize::from(a.from.is_some_and(|f| shape[f] == 1)),
                },
                false => AxisIndex {
                    from: a.from,
                    start: if a.step < 0 { n - 1 } else { 0 },
                    step: a.step.signum(),
                },
            });
            if fixed {
                return Span::new(a.start, 1, 1);
            }
            let step = a.step.unsigned_abs();
            let low = if a.step < 0 {
                a.start - step * (n - 1)
            } else {
                a.start
            };
            Span::new(low, step, n)
        });
        let selection = Selection::new(spans.collect::<SmallVec<[Span; 4]>>());
        (selection, IndexMap::new(residual, map.ndim()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn positions(s: &Span) -> Vec<usize> {
        (0..s.len).map(|i| s.at(i)).collect()
    }

    #[test]
    fn hulls_hold_both_and_count_within() {
        let spans: Vec<Span> = (0..7)
            .flat_map(|start| {
                (1..4).flat_map(move |step| (0..4).map(move |n| Span::new(start, step, n)))
            })
            .collect();
        for a in &spans {
            for b in &spans {
                let hull = a.hull(b);
                let all = positions(&hull);
                for s in [a, b] {
                    assert!(
                        positions(s).iter().all(|p| all.contains(p)),
                        "{a:?} {b:?} {hull:?}"
                    );
                    let inner = s.within(&hull);
                    let through: Vec<usize> =
                        positions(&inner).iter().map(|i| hull.at(*i)).collect();
                    assert_eq!(through, positions(s), "{a:?} {b:?}");
                }
                assert_eq!(hull, b.hull(a));
            }
            assert_eq!(Span::of(&positions(a)), *a);
        }
        assert_eq!(
            Span::new(0, 4, 5).hull(&Span::new(6, 4, 2)),
            Span::new(0, 2, 9)
        );
    }

    #[test]
    fn the_residual_after_the_selection_is_the_view() {
        let axis = |from, start, step| AxisIndex { from, start, step };
        for (map, shape) in [
            (vec![axis(Some(1), 9, -3), axis(Some(0), 2, 1)], vec![5, 4]),
            (vec![axis(Some(0), 0, 1), axis(Some(0), 3, 1)], vec![4]),
            (vec![axis(None, 7, 0), axis(Some(2), 1, 2)], vec![3, 1, 3]),
            (vec![axis(Some(0), 4, 0), axis(Some(1), 5, -7)], vec![2, 1]),
        ] {
            let map = IndexMap::new(map, shape.len());
            let (selection, residual) = Selection::split(&map, &shape);
            let both = residual.after(&selection.map());
            for (a, b) in map.axes().iter().zip(both.axes()) {
                let n = a.from.map_or(1, |f| shape[f]);
                let place = |x: &AxisIndex, i: usize| x.start as isize + x.step * i as isize;
                for i in 0..n {
                    let j = if b.from.is_some() { i } else { 0 };
                    assert_eq!(place(a, i), place(b, j), "{map:?} {both:?}");
                }
            }
        }
    }
}
