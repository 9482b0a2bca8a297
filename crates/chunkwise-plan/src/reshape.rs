//! Which elements of the input a region of a reshaped array is made of.

use chunkwise_core::{AxisGroup, Dims, Region, Strides};

/// Elements that follow each other in C order both in a region of the result and in the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// C-order index within the asked region.
    pub at: usize,
    /// The elements of the input.
    pub region: Region,
}

/// Runs shorter than this are not asked for one by one.
const SHORT: usize = 256;
/// How many times the needed elements may be asked for to have them in one go.
const WASTE: usize = 2;
/// So many elements more do not matter.
const SLACK: usize = 4 * SHORT;

fn linear(shape: &[usize], index: &[usize]) -> usize {
    shape.iter().zip(index).fold(0, |n, (d, i)| n * d + i)
}

/// The length of the longest runs of a region in C order, and the number of axes they cover.
fn run_length(shape: &[usize], region: &Region) -> (usize, usize) {
    let mut len = 1;
    for axis in (0..shape.len()).rev() {
        len *= region.shape[axis];
        if region.shape[axis] != shape[axis] {
            return (len, axis);
        }
    }
    (len, 0)
}

/// The smallest and the largest C-order index of a region among some axes.
fn reach(shape: &[usize], axes: &[usize], region: &Region) -> (usize, usize) {
    axes.iter().fold((0, 0), |(lo, hi), a| {
        let (n, start) = (shape[*a], region.start[*a]);
        (lo * n + start, hi * n + start + region.shape[*a] - 1)
    })
}

/// The box of the input that holds all of a region, where axes are regrouped as rows of the first of
/// them; `None` where asking for it would ask for much more than is needed.
pub fn reshape_span(from: &[usize], to: &[usize], region: &Region) -> Option<Region> {
    if from.is_empty() || region.is_empty() {
        return None;
    }
    let mut span = Region::whole(from);
    for group in AxisGroup::between(from, to) {
        let (lo, hi) = reach(to, &group.to, region);
        let row = AxisGroup::row(from, &group.from);
        let first = group.from[0];
        span.start[first] = lo / row;
        span.shape[first] = hi / row + 1 - lo / row;
    }
    let (asked, needed) = (span.len(), region.len());
    let short = run_length(to, region).0 < SHORT && asked <= WASTE * needed + SLACK;
    (asked == needed || short).then_some(span)
}

/// The most that [`reshape_span`] answers for regions of a shape, wherever they are.
pub(crate) fn largest_span(from: &[usize], to: &[usize], shape: &[usize]) -> Dims {
    let region = Region::whole(shape);
    let mut span: Dims = from.into();
    for group in AxisGroup::between(from, to) {
        let (_, reach) = reach(to, &group.to, &region);
        let needed: usize = group.to.iter().map(|a| shape[*a]).product();
        let row = AxisGroup::row(from, &group.from).max(1);
        let first = group.from[0];
        let rows = (reach / row).min((WASTE * needed + SLACK) / row) + 2;
        span[first] = span[first].min(rows);
    }
    span
}

/// Where the elements of a region lie in the dense box that [`reshape_span`] answered: the place of the
/// first, and the steps along the region's axes, in elements.
pub fn reshape_steps(
    from: &[usize],
    to: &[usize],
    region: &Region,
    span: &Region,
) -> (isize, Strides) {
    let mut steps: Strides = smallvec::smallvec![0; to.len()];
    let (mut first, mut step) = (0, 1);
    for group in AxisGroup::between(from, to).iter().rev() {
        let row = AxisGroup::row(from, &group.from);
        let (lo, _) = reach(to, &group.to, region);
        let start = span.start[group.from[0]] * row;
        first += (lo - start) as isize * step;
        let mut own = step;
        for &a in group.to.iter().rev() {
            steps[a] = own;
            own *= to[a] as isize;
        }
        let held: usize = group.from.iter().map(|a| span.shape[*a]).product();
        step *= held as isize;
    }
    (first, steps)
}

/// The runs of a region, in C order: boxes of the input whose elements follow each other in both.
pub fn reshape_runs(from: &[usize], to: &[usize], region: &Region) -> Vec<Run> {
    let mut runs = Vec::new();
    if region.is_empty() {
        return runs;
    }
    let (len, axis) = run_length(to, region);
    let mut index: Dims = region.start.clone();
    let mut at = 0;
    loop {
        split(from, linear(to, &index), len, at, &mut runs);
        at += len;
        let mut a = axis;
        loop {
            if a == 0 {
                return runs;
            }
            a -= 1;
            index[a] += 1;
            if index[a] < region.end(a) {
                break;
            }
            index[a] = region.start[a];
        }
    }
}

/// Cuts the C-order range `start..start + len` of an array into boxes.
fn split(shape: &[usize], start: usize, len: usize, at: usize, runs: &mut Vec<Run>) {
    let (mut start, mut left, mut at) = (start, len, at);
    while left > 0 {
        // The largest box from here: whole trailing axes as far as start and length allow.
        let mut inner = 1;
        let mut axis = shape.len();
        while axis > 0
            && start.is_multiple_of(inner * shape[axis - 1])
            && left >= inner * shape[axis - 1]
        {
            axis -= 1;
            inner *= shape[axis];
        }
        let mut region = Region::whole(shape);
        let mut rest = start;
        for a in (0..shape.len()).rev() {
            region.start[a] = rest % shape[a];
            rest /= shape[a];
            if a < axis {
                region.shape[a] = 1;
            }
        }
        let mut count = inner;
        if axis > 0 {
            let a = axis - 1;
            let rows = (left / inner).min(shape[a] - region.start[a]);
            region.shape[a] = rows;
            count = rows * inner;
        }
        runs.push(Run { at, region });
        start += count;
        at += count;
        left -= count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_cover_the_region_in_order() {
        for (from, to) in [
            (&[6usize, 4][..], &[24usize][..]),
            (&[24], &[2, 3, 4]),
            (&[4, 3, 2], &[6, 4]),
            (&[2, 12], &[8, 3]),
            (&[24, 1], &[1, 24]),
        ] {
            let total: usize = to.iter().product();
            let mut regions = vec![Region::whole(to)];
            let mut half = Region::whole(to);
            let a = to.len() - 1;
            half.start[a] = to[a] / 3;
            half.shape[a] = to[a] - to[a] / 3;
            regions.push(half);
            for region in regions {
                let mut want = Vec::new();
                for n in 0..total {
                    let mut rest = n;
                    let mut inside = true;
                    for a in (0..to.len()).rev() {
                        inside &= region.range(a).contains(&(rest % to[a]));
                        rest /= to[a];
                    }
                    if inside {
                        want.push(n);
                    }
                }
                let mut got = Vec::new();
                for run in reshape_runs(from, to, &region) {
                    assert_eq!(run.at, got.len());
                    let first = linear(from, &run.region.start);
                    got.extend(first..first + run.region.len());
                }
                assert_eq!(got, want, "{from:?} {to:?} {region}");
            }
        }
    }

    #[test]
    fn steps_find_the_elements_of_a_region_in_its_span() {
        let mut found = 0;
        for (from, to) in [
            (&[60usize, 5, 7][..], &[6usize, 10, 5, 7][..]),
            (&[6, 10, 7], &[60, 7]),
            (&[4, 1, 6, 9], &[2, 2, 6, 3, 3]),
            (&[24, 5], &[1, 24, 5, 1]),
        ] {
            for n in 0..200usize {
                let mut seed = n;
                let mut pick = |most: usize| {
                    seed = seed
                        .wrapping_mul(6364136223846793005)
                        .wrapping_add(1442695040888963407);
                    (seed >> 33) % most
                };
                let start: Dims = to.iter().map(|d| pick(*d)).collect();
                let shape: Dims = to
                    .iter()
                    .zip(&start)
                    .map(|(d, s)| 1 + pick(d - s))
                    .collect();
                let region = Region::new(start, shape);
                let Some(span) = reshape_span(from, to, &region) else {
                    continue;
                };
                found += 1;
                let largest = largest_span(from, to, &region.shape);
                assert!(
                    span.shape.iter().zip(&largest).all(|(s, l)| s <= l),
                    "{region}"
                );
                let (first, steps) = reshape_steps(from, to, &region, &span);
                for k in 0..region.len() {
                    let (mut rest, mut index, mut at) = (k, region.start.clone(), first);
                    for a in (0..to.len()).rev() {
                        let i = rest % region.shape[a];
                        rest /= region.shape[a];
                        index[a] += i;
                        at += steps[a] * i as isize;
                    }
                    // The same element of the input, found within the span.
                    let (mut rest, mut place, mut thick) = (linear(to, &index), 0, 1);
                    for a in (0..from.len()).rev() {
                        place += (rest % from[a] - span.start[a]) * thick;
                        thick *= span.shape[a];
                        rest /= from[a];
                    }
                    assert_eq!(at, place as isize, "{from:?} {to:?} {region}");
                }
            }
        }
        assert!(found > 400, "{found}");
    }

    #[test]
    fn spans_hold_what_is_asked() {
        // A month of 30 days, and a part of the map: no more is read.
        let month = Region::new([2, 0, 90, 180], [1, 30, 90, 180]);
        let span = reshape_span(&[2400, 360, 720], &[80, 30, 360, 720], &month);
        assert_eq!(span, Some(Region::new([60, 90, 180], [30, 90, 180])));
        let region = Region::new([3, 0], [2, 10]);
        let span = reshape_span(&[1000], &[100, 10], &region);
        assert_eq!(span, Some(Region::new([30], [20])));
        assert_eq!(
            reshape_span(&[1000, 5000], &[5_000_000], &Region::new([5], [3])),
            None
        );
    }
}
