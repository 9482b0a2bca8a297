//! A stretch of tasks as boxes of the index space.

use std::ops::Range;

use chunkwise_core::{Dims, Region};
use chunkwise_plan::Stage;

/// The regions that some tasks, one after another, have together: at most two for each axis, and one.
pub(crate) fn boxes(stage: &Stage, tasks: &Range<usize>) -> Vec<Region> {
    let counts: Vec<usize> = stage
        .order
        .iter()
        .map(|axis| stage.tasks.axes()[*axis].count())
        .collect();
    let mut found = Vec::new();
    let mut fixed: Vec<Range<usize>> = Vec::new();
    split(&counts, tasks.clone(), &mut fixed, &mut |ranges| {
        let (mut first, mut last): (Dims, Dims) = (smallvec(ranges.len()), smallvec(ranges.len()));
        for (axis, range) in stage.order.iter().zip(ranges) {
            first[*axis] = range.start;
            last[*axis] = range.end - 1;
        }
        let mut region = stage.tasks.region(&first);
        let end = stage.tasks.region(&last);
        for axis in 0..region.ndim() {
            region.shape[axis] = end.end(axis) - region.start[axis];
        }
        found.push(region);
    });
    found
}

fn smallvec(len: usize) -> Dims {
    std::iter::repeat_n(0, len).collect()
}

/// Boxes of indices, by the axes in their order, that the numbers of a range have.
fn split(
    counts: &[usize],
    range: Range<usize>,
    fixed: &mut Vec<Range<usize>>,
    tell: &mut dyn FnMut(&[Range<usize>]),
) {
    if range.is_empty() {
        return;
    }
    let Some((_, inner)) = counts.split_first() else {
        return tell(fixed);
    };
    let each: usize = inner.iter().product();
    let mut within = |at: Range<usize>, rest: Range<usize>, fixed: &mut Vec<Range<usize>>| {
        fixed.push(at);
        split(inner, rest, fixed, tell);
        fixed.pop();
    };
    let (mut first, last) = (range.start / each, range.end / each);
    let (before, after) = (range.start % each, range.end % each);
    if first == last {
        return within(first..first + 1, before..after, fixed);
    }
    if before > 0 {
        within(first..first + 1, before..each, fixed);
        first += 1;
    }
    if first < last {
        within(first..last, 0..each, fixed);
    }
    if after > 0 {
        within(last..last + 1, 0..after, fixed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_have_each_number_once() {
        let counts = [3, 4, 5];
        for start in 0..60 {
            for end in start..=60 {
                let mut numbers = Vec::new();
                let mut boxes = 0;
                split(&counts, start..end, &mut Vec::new(), &mut |ranges| {
                    boxes += 1;
                    for a in ranges[0].clone() {
                        for b in ranges[1].clone() {
                            numbers.extend(ranges[2].clone().map(|c| (a * 4 + b) * 5 + c));
                        }
                    }
                });
                numbers.sort_unstable();
                assert_eq!(numbers, (start..end).collect::<Vec<_>>());
                assert!(boxes <= 5, "{start}..{end}: {boxes}");
            }
        }
    }
}
