use std::ops::{Range, RangeFrom, RangeFull, RangeInclusive, RangeTo};

use chunkwise_core::{Dims, Error, Result};
use smallvec::SmallVec;

use crate::{AxisIndex, IndexMap};

/// One part of a basic index, as between NumPy's square brackets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Index {
    /// One position; the axis disappears. Negative ones count from the end.
    At(isize),
    /// `start:stop:step`, with Python's rules: bounds outside the axis are clipped.
    Slice {
        /// First position; by default the first that `step` reaches.
        start: Option<isize>,
        /// One past the last.
        stop: Option<isize>,
        /// Distance; not zero.
        step: isize,
    },
    /// A new axis of length 1.
    NewAxis,
    /// As many whole axes as are left.
    Ellipsis,
}

impl Index {
    /// The whole axis.
    pub const FULL: Index = Index::Slice {
        start: None,
        stop: None,
        step: 1,
    };

    /// `start:stop:step`.
    pub fn slice(start: Option<isize>, stop: Option<isize>, step: isize) -> Index {
        Index::Slice { start, stop, step }
    }

    /// The first position that a slice shows of an axis, and how many it shows; the whole axis for
    /// what is no slice.
    pub fn within(self, size: usize) -> Result<(usize, usize)> {
        match self {
            Index::Slice { start, stop, step } => clip(start, stop, step, size),
            _ => Ok((0, size)),
        }
    }
}

macro_rules! from_ints {
    ($($t:ty),*) => {$(
        impl From<$t> for Index {
            fn from(i: $t) -> Index {
                Index::At(i as isize)
            }
        }
        impl From<Range<$t>> for Index {
            fn from(r: Range<$t>) -> Index {
                Index::slice(Some(r.start as isize), Some(r.end as isize), 1)
            }
        }
        impl From<RangeInclusive<$t>> for Index {
            fn from(r: RangeInclusive<$t>) -> Index {
                let stop = *r.end() as isize + 1;
                // `..=-1` runs to the end of the axis.
                Index::slice(Some(*r.start() as isize), (stop != 0).then_some(stop), 1)
            }
        }
        impl From<RangeFrom<$t>> for Index {
            fn from(r: RangeFrom<$t>) -> Index {
                Index::slice(Some(r.start as isize), None, 1)
            }
        }
        impl From<RangeTo<$t>> for Index {
            fn from(r: RangeTo<$t>) -> Index {
                Index::slice(None, Some(r.end as isize), 1)
            }
        }
    )*};
}
from_ints!(isize, usize, i32, i64);

impl From<RangeFull> for Index {
    fn from(_: RangeFull) -> Index {
        Index::FULL
    }
}

/// Reads a NumPy index: `":, 0:100"`, `"..., ::-2"`, `"3, None, :5"`.
pub fn parse_indices(text: &str) -> Result<Vec<Index>> {
    let bad = |part: &str, reason: &str| {
        Error::argument("slice", "index", format!("{part:?} in {text:?}"), reason)
    };
    let inner = text.trim();
    let inner = inner
        .strip_prefix('[')
        .and_then(|t| t.strip_suffix(']'))
        .unwrap_or(inner);
    let parts: Vec<&str> = inner.split(',').map(str::trim).collect();
    let parts = match parts.split_last() {
        Some((last, rest)) if last.is_empty() && !rest.is_empty() => rest,
        _ => &parts[..],
    };
    parts
        .iter()
        .map(|part| {
            let number = |s: &str| -> Result<Option<isize>> {
                match s.trim() {
                    "" | "None" => Ok(None),
                    s => s.parse().map(Some).map_err(|_| bad(part, "not an integer")),
                }
            };
            match *part {
                "" => Err(bad(part, "an index is missing")),
                "..." => Ok(Index::Ellipsis),
                "None" | "newaxis" | "np.newaxis" => Ok(Index::NewAxis),
                p if p.contains(':') => {
                    let pieces: Vec<&str> = p.split(':').collect();
                    match pieces[..] {
                        [start, stop] => Ok(Index::slice(number(start)?, number(stop)?, 1)),
                        [start, stop, step] => Ok(Index::slice(
                            number(start)?,
                            number(stop)?,
                            number(step)?.unwrap_or(1),
                        )),
                        _ => Err(bad(part, "a slice has at most start, stop and step")),
                    }
                }
                p => match number(p)? {
                    Some(i) => Ok(Index::At(i)),
                    None => Err(bad(part, "not an integer")),
                },
            }
        })
        .collect()
}

/// The map and the result's shape of indexing an array of this shape.
pub(crate) fn resolve(shape: &[usize], indices: &[Index]) -> Result<(IndexMap, Dims)> {
    let consumed = indices
        .iter()
        .filter(|i| matches!(i, Index::At(_) | Index::Slice { .. }))
        .count();
    let ellipses = indices
        .iter()
        .filter(|i| matches!(i, Index::Ellipsis))
        .count();
    if consumed > shape.len() {
        return Err(Error::TooManyIndices {
            given: consumed,
            ndim: shape.len(),
        });
    }
    if ellipses > 1 {
        return Err(Error::argument(
            "index",
            "ellipsis",
            ellipses,
            "an index has at most one",
        ));
    }
    let missing = shape.len() - consumed;
    let mut full: SmallVec<[Index; 8]> = SmallVec::new();
    for index in indices {
        match index {
            Index::Ellipsis => full.extend(std::iter::repeat_n(Index::FULL, missing)),
            other => full.push(*other),
        }
    }
    if ellipses == 0 {
        full.extend(std::iter::repeat_n(Index::FULL, missing));
    }

    let mut axes: SmallVec<[AxisIndex; 4]> = SmallVec::new();
    let mut out = Dims::new();
    for index in full {
        match index {
            Index::NewAxis | Index::Ellipsis => out.push(1),
            Index::At(i) => {
                let axis = axes.len();
                let size = shape[axis];
                let n = size as isize;
                if i < -n || i >= n {
                    return Err(Error::IndexOutOfRange {
                        index: i,
                        axis,
                        size,
                    });
                }
                axes.push(AxisIndex {
                    from: None,
                    start: if i < 0 { i + n } else { i } as usize,
                    step: 0,
                });
            }
            Index::Slice { start, stop, step } => {
                let (first, len) = clip(start, stop, step, shape[axes.len()])?;
                axes.push(AxisIndex {
                    from: Some(out.len()),
                    start: first,
                    step,
                });
                out.push(len);
            }
        }
    }
    let ndim = out.len();
    Ok((IndexMap::new(axes, ndim), out))
}

/// Python's `slice(start, stop, step).indices(size)`, as first position and length.
fn clip(
    start: Option<isize>,
    stop: Option<isize>,
    step: isize,
    size: usize,
) -> Result<(usize, usize)> {
    if step == 0 {
        return Err(Error::argument("slice", "step", 0, "it cannot be zero"));
    }
    let n = size as isize;
    let (low, high) = if step > 0 { (0, n) } else { (-1, n - 1) };
    let place = |i: isize| (if i < 0 { i.saturating_add(n) } else { i }).clamp(low, high);
    let start = start.map_or(if step > 0 { low } else { high }, place);
    let stop = stop.map_or(if step > 0 { high } else { low }, place);
    let span = if step > 0 { stop - start } else { start - stop };
    if span <= 0 {
        return Ok((0, 0));
    }
    Ok((
        start as usize,
        (span as usize).div_ceil(step.unsigned_abs()),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape_of(shape: &[usize], text: &str) -> Result<Vec<usize>> {
        resolve(shape, &parse_indices(text)?).map(|(_, s)| s.to_vec())
    }

    #[test]
    fn shapes_are_numpys() {
        for (text, want) in [
            (":", &[5usize, 6, 7][..]),
            ("0", &[6, 7]),
            ("-1, ::2", &[3, 7]),
            ("..., 3", &[5, 6]),
            ("None, 1:3, ..., None", &[1, 2, 6, 7, 1]),
            ("::-1, 4:1:-2", &[5, 2, 7]),
            ("10:, :-100", &[0, 0, 7]),
            ("-3:, 2:-2, 0:7:3", &[3, 2, 3]),
        ] {
            assert_eq!(shape_of(&[5, 6, 7], text).unwrap(), want, "{text}");
        }
    }

    #[test]
    fn wrong_indices_say_what_is_wrong() {
        for (text, want) in [
            ("5", "index 5 is out of range for axis 0 with size 5"),
            ("0, -7", "index -7 is out of range for axis 1 with size 6"),
            (
                "0, 0, 0, 0",
                "too many indices: 4 for an array of 3 dimensions",
            ),
            ("::0", "step = 0: it cannot be zero"),
            ("a", "not an integer"),
            ("1:2:3:4", "at most start, stop and step"),
            ("0,,1", "an index is missing"),
            ("..., ...", "at most one"),
        ] {
            let got = shape_of(&[5, 6, 7], text).unwrap_err().to_string();
            assert!(got.contains(want), "{text}: {got}");
        }
    }

    #[test]
    fn extreme_bounds_do_not_overflow() {
        let big = isize::MAX;
        for (start, stop, step) in [
            (-big, big, big),
            (big, -big, -big),
            (isize::MIN, isize::MIN, 1),
        ] {
            clip(Some(start), Some(stop), step, 7).unwrap();
        }
        assert_eq!(clip(None, None, isize::MIN, 7).unwrap(), (6, 1));
    }
}
