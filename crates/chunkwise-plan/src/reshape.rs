//! Which elements of the input a region of a reshaped array is made of.

use chunkwise_core::{Dims, Region};

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

/// The rows of the input, along its first axis, that hold all of a region; `None` where asking for
/// them would ask for much more than is needed.
pub fn reshape_span(from: &[usize], to: &[usize], region: &Region) -> Option<Region> {
    if from.is_empty() || region.is_empty() {
        return None;
    }
    let last: Dims = (0..region.ndim()).map(|a| region.end(a) - 1).collect();
    let (lo, hi) = (linear(to, &region.start), linear(to, &last));
    let row: usize = from[1..].iter().product();
    let (first, end) = (lo / row, hi / row + 1);
    let asked = (end - first) * row;
    let whole = asked == region.len();
    let short = run_length(to, region).0 < SHORT && asked <= WASTE * region.len() + 4 * SHORT;
    (whole || short).then(|| {
        let mut span = Region::whole(from);
        span.start[0] = first;
        span.shape[0] = end - first;
        span
    })
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
    fn spans_hold_what_is_asked() {
        let region = Region::new([3, 0], [2, 10]);
        let span = reshape_span(&[1000], &[100, 10], &region);
        assert_eq!(span, Some(Region::new([30], [20])));
        assert_eq!(
            reshape_span(&[1000, 5000], &[5_000_000], &Region::new([5], [3])),
            None
        );
    }
}
