use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::{Dims, Error, Region, Result};

/// Cuts that are not equal are listed up to this many chunks.
pub(crate) const LISTED_CHUNKS: usize = 10_000;

/// How one axis is cut into chunks. An axis of length zero has one chunk of length zero.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AxisGrid {
    /// Equal chunks, the last one perhaps shorter.
    Regular {
        /// The axis's length.
        len: usize,
        /// The chunks' length, at least 1.
        chunk: usize,
    },
    /// Any chunks: `0`, then the end of each.
    Irregular(Arc<[usize]>),
}

impl AxisGrid {
    /// Equal chunks of `chunk` elements (clamped to `1..=len`).
    pub fn regular(len: usize, chunk: usize) -> AxisGrid {
        AxisGrid::Regular {
            len,
            chunk: chunk.clamp(1, len.max(1)),
        }
    }

    /// Chunks of the given sizes.
    pub fn from_sizes(sizes: &[usize]) -> AxisGrid {
        let len: usize = sizes.iter().sum();
        if let Some((&first, rest)) = sizes.split_first()
            && first > 0
            && rest.iter().rev().skip(1).all(|s| *s == first)
            && rest.last().is_none_or(|s| *s <= first && *s > 0)
        {
            return AxisGrid::regular(len, first);
        }
        let mut offsets = Vec::with_capacity(sizes.len() + 1);
        let mut end = 0;
        offsets.push(0);
        for s in sizes {
            end += s;
            offsets.push(end);
        }
        if offsets.len() == 1 {
            offsets.push(0);
        }
        AxisGrid::Irregular(offsets.into())
    }

    /// Cuts one after another.
    pub fn joined(parts: &[AxisGrid]) -> AxisGrid {
        let count = parts
            .iter()
            .fold(0usize, |n, p| n.saturating_add(p.count()));
        if count > LISTED_CHUNKS {
            let longest = parts.iter().map(AxisGrid::longest).max().unwrap_or(1);
            return AxisGrid::regular(parts.iter().map(AxisGrid::len).sum(), longest);
        }
        let sizes = parts.iter().flat_map(AxisGrid::sizes).filter(|s| *s > 0);
        AxisGrid::from_sizes(&sizes.collect::<Vec<usize>>())
    }

    /// The axis's length.
    #[expect(clippy::len_without_is_empty, reason = "an axis, not a collection")]
    pub fn len(&self) -> usize {
        match self {
            AxisGrid::Regular { len, .. } => *len,
            AxisGrid::Irregular(offsets) => offsets.last().copied().unwrap_or(0),
        }
    }

    /// Number of chunks, at least 1.
    pub fn count(&self) -> usize {
        match self {
            AxisGrid::Regular { len, chunk } => len.div_ceil(*chunk).max(1),
            AxisGrid::Irregular(offsets) => offsets.len() - 1,
        }
    }

    /// The elements of chunk `i`, which is less than [`count`](Self::count).
    pub fn extent(&self, i: usize) -> Range<usize> {
        match self {
            AxisGrid::Regular { len, chunk } => (i * chunk).min(*len)..((i + 1) * chunk).min(*len),
            AxisGrid::Irregular(offsets) => offsets[i]..offsets[i + 1],
        }
    }

    /// The chunk that holds an element.
    pub fn find(&self, position: usize) -> usize {
        match self {
            AxisGrid::Regular { chunk, .. } => position / chunk,
            AxisGrid::Irregular(offsets) => offsets
                .partition_point(|o| *o <= position)
                .saturating_sub(1)
                .min(offsets.len() - 2),
        }
    }

    /// The chunks that hold any of the elements; empty for an empty range.
    pub fn covering(&self, range: Range<usize>) -> Range<usize> {
        if range.is_empty() {
            0..0
        } else {
            self.find(range.start)..self.find(range.end - 1) + 1
        }
    }

    /// The length of the longest chunk.
    pub fn longest(&self) -> usize {
        match self {
            AxisGrid::Regular { len, chunk } => (*chunk).min(*len),
            AxisGrid::Irregular(offsets) => {
                offsets.windows(2).map(|w| w[1] - w[0]).max().unwrap_or(0)
            }
        }
    }

    /// The chunks' lengths in order.
    pub fn sizes(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.count()).map(|i| self.extent(i).len())
    }

    /// The same axis with up to `n` neighbouring chunks in one.
    pub fn grouped(&self, n: usize) -> AxisGrid {
        let n = n.max(1);
        match self {
            AxisGrid::Regular { len, chunk } => AxisGrid::regular(*len, chunk.saturating_mul(n)),
            AxisGrid::Irregular(offsets) => {
                let last = offsets.len() - 1;
                let ends = (1..=last).step_by(n).map(|i| (i + n - 1).min(last));
                let ends = ends.map(|i| offsets[i]);
                AxisGrid::Irregular(std::iter::once(0).chain(ends).collect())
            }
        }
    }

    /// Whether every chunk of `other`, on an axis of the same length, lies within one of these.
    pub fn holds(&self, other: &AxisGrid) -> bool {
        if let (AxisGrid::Regular { chunk, len }, AxisGrid::Regular { chunk: small, .. }) =
            (self, other)
        {
            return chunk.is_multiple_of(*small) || chunk >= len;
        }
        (0..other.count()).all(|i| self.covering(other.extent(i)).len() <= 1)
    }

    /// The chunks of the part `range` of this axis.
    pub fn slice(&self, range: Range<usize>) -> AxisGrid {
        if range.is_empty() {
            return AxisGrid::regular(0, 1);
        }
        if let AxisGrid::Regular { chunk, .. } = self
            && range.start.is_multiple_of(*chunk)
        {
            return AxisGrid::regular(range.len(), *chunk);
        }
        let chunks = self.covering(range.clone());
        if let AxisGrid::Regular { chunk, .. } = self
            && chunks.len() > LISTED_CHUNKS
        {
            // A list of so many would cost more than cuts in other places do.
            return AxisGrid::regular(range.len(), *chunk);
        }
        let sizes: Vec<usize> = chunks
            .map(|i| {
                let e = self.extent(i);
                e.end.min(range.end) - e.start.max(range.start)
            })
            .collect();
        AxisGrid::from_sizes(&sizes)
    }
}

impl fmt::Display for AxisGrid {
    /// `1000` for equal chunks, `1000 (last 500)`, or `3, 5, 2`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AxisGrid::Regular { len, chunk } => {
                write!(f, "{}", chunk.min(len))?;
                match len % chunk {
                    0 => Ok(()),
                    _ if len < chunk => Ok(()),
                    last => write!(f, " (last {last})"),
                }
            }
            AxisGrid::Irregular(offsets) => {
                let count = offsets.len() - 1;
                for (i, w) in offsets.windows(2).take(6).enumerate() {
                    if i > 0 {
                        f.write_str(" ")?;
                    }
                    write!(f, "{}", w[1] - w[0])?;
                }
                if count > 6 {
                    write!(f, " ... {count} in all")?;
                }
                Ok(())
            }
        }
    }
}

/// How an index space is cut into chunks: the product of the cuts of its axes.
///
/// A regular grid is a few bytes however many chunks it has.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Grid {
    axes: SmallVec<[AxisGrid; 4]>,
}

impl Grid {
    /// A grid from its axes.
    pub fn new(axes: impl IntoIterator<Item = AxisGrid>) -> Grid {
        Grid {
            axes: axes.into_iter().collect(),
        }
    }

    /// Equal chunks of shape `chunk` over `shape`.
    pub fn regular(shape: &[usize], chunk: &[usize]) -> Grid {
        Grid::new(
            shape
                .iter()
                .zip(chunk)
                .map(|(l, c)| AxisGrid::regular(*l, *c)),
        )
    }

    /// One chunk that is the whole array.
    pub fn single(shape: &[usize]) -> Grid {
        Grid::regular(shape, shape)
    }

    /// The axes' cuts.
    pub fn axes(&self) -> &[AxisGrid] {
        &self.axes
    }

    /// Number of axes.
    pub fn ndim(&self) -> usize {
        self.axes.len()
    }

    /// The shape of the whole.
    pub fn shape(&self) -> Dims {
        self.axes.iter().map(AxisGrid::len).collect()
    }

    /// The number of chunks along each axis.
    pub fn counts(&self) -> Dims {
        self.axes.iter().map(AxisGrid::count).collect()
    }

    /// The number of chunks; saturates.
    pub fn count(&self) -> usize {
        self.axes
            .iter()
            .fold(1usize, |n, a| n.saturating_mul(a.count()))
    }

    /// The shape of the largest chunk.
    pub fn largest(&self) -> Dims {
        self.axes.iter().map(AxisGrid::longest).collect()
    }

    /// The chunk at an index.
    pub fn region(&self, index: &[usize]) -> Region {
        let mut region = Region::default();
        for (axis, &i) in self.axes.iter().zip(index) {
            let e = axis.extent(i);
            region.start.push(e.start);
            region.shape.push(e.len());
        }
        region
    }

    /// The index of the `n`-th chunk in C order.
    pub fn unravel(&self, mut n: usize) -> Dims {
        let mut index: Dims = smallvec::smallvec![0; self.ndim()];
        for axis in (0..self.ndim()).rev() {
            let count = self.axes[axis].count();
            index[axis] = n % count;
            n /= count;
        }
        index
    }

    /// The place in C order of the chunk at an index.
    pub fn ravel(&self, index: &[usize]) -> usize {
        self.axes
            .iter()
            .zip(index)
            .fold(0, |n, (a, i)| n * a.count() + i)
    }

    /// The indices of the chunks that hold any element of a region, in C order.
    pub fn covering(&self, region: &Region) -> impl Iterator<Item = Dims> + use<> {
        let ranges: SmallVec<[Range<usize>; 4]> = self
            .axes
            .iter()
            .enumerate()
            .map(|(a, axis)| axis.covering(region.range(a)))
            .collect();
        let mut next: Option<Dims> = if ranges.iter().any(|r| r.is_empty()) {
            None
        } else {
            Some(ranges.iter().map(|r| r.start).collect())
        };
        std::iter::from_fn(move || {
            let current = next.clone()?;
            let mut following = current.clone();
            next = None;
            for axis in (0..ranges.len()).rev() {
                following[axis] += 1;
                if following[axis] < ranges[axis].end {
                    next = Some(following);
                    break;
                }
                following[axis] = ranges[axis].start;
            }
            Some(current)
        })
    }
}

impl fmt::Display for Grid {
    /// `(1000, 1000)`, irregular axes as `(3 5 2, 1000 (last 500))`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(")?;
        for (i, axis) in self.axes.iter().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{axis}")?;
        }
        if self.ndim() == 1 {
            f.write_str(",")?;
        }
        f.write_str(")")
    }
}

/// Chunks as a user asks for them; [`Chunks::resolve`] makes a [`Grid`] of them.
#[derive(Clone, Debug, PartialEq)]
pub enum Chunks {
    /// Chosen for about this many bytes per chunk.
    Auto {
        /// Bytes per chunk.
        bytes: u64,
    },
    /// The same size along every axis.
    Uniform(isize),
    /// A size for each axis; `-1` is the whole axis.
    Sizes(Vec<isize>),
    /// Every chunk's size, for each axis.
    Explicit(Vec<Vec<usize>>),
    /// A ready grid.
    Grid(Grid),
}

impl Chunks {
    /// The byte target of `auto` where none is given: 128 MiB, as in Dask.
    pub const AUTO_BYTES: u64 = 128 << 20;

    /// Chosen by the default byte target.
    pub const AUTO: Chunks = Chunks::Auto {
        bytes: Chunks::AUTO_BYTES,
    };

    /// The grid over an array of this shape with elements of `item` bytes.
    ///
    /// ```
    /// # use chunkwise_core::Chunks;
    /// let grid = Chunks::from((1000, -1)).resolve(&[2500, 300], 8).unwrap();
    /// assert_eq!(grid.to_string(), "(1000 (last 500), 300)");
    /// assert!(Chunks::from((1000, 0)).resolve(&[2500, 300], 8).is_err());
    /// ```
    pub fn resolve(&self, shape: &[usize], item: usize) -> Result<Grid> {
        let fail = |reason: String| Error::InvalidChunks {
            chunks: self.to_string(),
            shape: shape.to_vec(),
            reason,
        };
        let need = |n: usize| {
            if n == shape.len() {
                Ok(())
            } else {
                Err(fail(format!("{n} sizes for {} axes", shape.len())))
            }
        };
        let one = |size: isize, len: usize| match size {
            -1 => Ok(AxisGrid::regular(len, len)),
            s if s > 0 => Ok(AxisGrid::regular(len, s as usize)),
            s => Err(fail(format!("a chunk size is positive or -1, not {s}"))),
        };
        match self {
            Chunks::Auto { bytes } => Ok(Grid::regular(shape, &auto(shape, item, *bytes))),
            Chunks::Uniform(size) => Ok(Grid::new(
                shape
                    .iter()
                    .map(|l| one(*size, *l))
                    .collect::<Result<Vec<_>>>()?,
            )),
            Chunks::Sizes(sizes) => {
                need(sizes.len())?;
                let axes = sizes.iter().zip(shape).map(|(s, l)| one(*s, *l));
                Ok(Grid::new(axes.collect::<Result<Vec<_>>>()?))
            }
            Chunks::Explicit(axes) => {
                need(axes.len())?;
                for (axis, (sizes, len)) in axes.iter().zip(shape).enumerate() {
                    let sum = sizes.iter().try_fold(0usize, |a, b| a.checked_add(*b));
                    if sum != Some(*len) {
                        return Err(fail(format!(
                            "the sizes of axis {axis} do not add up to {len}"
                        )));
                    }
                }
                Ok(Grid::new(axes.iter().map(|s| AxisGrid::from_sizes(s))))
            }
            Chunks::Grid(grid) => {
                if grid.shape().as_slice() == shape {
                    Ok(grid.clone())
                } else {
                    Err(fail("the grid is of another shape".to_owned()))
                }
            }
        }
    }
}

/// Near-cubic chunks of at most `bytes`: the longest axis is halved until the chunk fits.
fn auto(shape: &[usize], item: usize, bytes: u64) -> Dims {
    let mut chunk: Dims = shape.into();
    let limit = (bytes / item.max(1) as u64).max(1) as f64;
    while chunk.iter().map(|c| *c as f64).product::<f64>() > limit {
        match chunk.iter_mut().max_by_key(|c| **c) {
            Some(longest) if *longest > 1 => *longest = longest.div_ceil(2),
            _ => break,
        }
    }
    chunk
}

impl fmt::Display for Chunks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Chunks::Auto { bytes } => write!(f, "auto ({})", crate::format_bytes(*bytes)),
            Chunks::Uniform(s) => write!(f, "{s}"),
            Chunks::Sizes(s) => write!(f, "{s:?}"),
            Chunks::Explicit(s) => write!(f, "{s:?}"),
            Chunks::Grid(g) => write!(f, "{g}"),
        }
    }
}

macro_rules! uniform {
    ($($t:ty),*) => {$(
        impl From<$t> for Chunks {
            fn from(size: $t) -> Chunks {
                Chunks::Uniform(size as isize)
            }
        }
    )*};
}
uniform!(i32, i64, isize, usize);

impl<const N: usize> From<[usize; N]> for Chunks {
    fn from(sizes: [usize; N]) -> Chunks {
        Chunks::Sizes(sizes.iter().map(|s| *s as isize).collect())
    }
}
impl<const N: usize> From<[isize; N]> for Chunks {
    fn from(sizes: [isize; N]) -> Chunks {
        Chunks::Sizes(sizes.to_vec())
    }
}
impl<const N: usize> From<[i32; N]> for Chunks {
    fn from(sizes: [i32; N]) -> Chunks {
        Chunks::Sizes(sizes.iter().map(|s| *s as isize).collect())
    }
}
impl From<&[isize]> for Chunks {
    fn from(sizes: &[isize]) -> Chunks {
        Chunks::Sizes(sizes.to_vec())
    }
}
impl From<&[usize]> for Chunks {
    fn from(sizes: &[usize]) -> Chunks {
        Chunks::Sizes(sizes.iter().map(|s| *s as isize).collect())
    }
}
impl From<(isize,)> for Chunks {
    fn from(s: (isize,)) -> Chunks {
        Chunks::Sizes(vec![s.0])
    }
}
impl From<(isize, isize)> for Chunks {
    fn from(s: (isize, isize)) -> Chunks {
        Chunks::Sizes(vec![s.0, s.1])
    }
}
impl From<(isize, isize, isize)> for Chunks {
    fn from(s: (isize, isize, isize)) -> Chunks {
        Chunks::Sizes(vec![s.0, s.1, s.2])
    }
}
impl From<Vec<Vec<usize>>> for Chunks {
    fn from(sizes: Vec<Vec<usize>>) -> Chunks {
        Chunks::Explicit(sizes)
    }
}
impl From<Grid> for Chunks {
    fn from(grid: Grid) -> Chunks {
        Chunks::Grid(grid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_neighbours_together() {
        let regular = AxisGrid::regular(103, 10);
        assert_eq!(regular.grouped(3), AxisGrid::regular(103, 30));
        let irregular = AxisGrid::from_sizes(&[3, 5, 2, 7, 1]);
        let sizes = |n| irregular.grouped(n).sizes().collect::<Vec<_>>();
        assert_eq!(sizes(1), [3, 5, 2, 7, 1]);
        assert_eq!(sizes(2), [8, 9, 1]);
        assert_eq!(sizes(100), [18]);
        assert_eq!(irregular.grouped(0), irregular);
    }

    #[test]
    fn a_grid_holds_what_its_cuts_do_not_cut() {
        let by = |n| AxisGrid::regular(100, n);
        assert!(by(20).holds(&by(10)) && by(100).holds(&by(33)));
        assert!(!by(20).holds(&by(15)) && !by(10).holds(&by(20)));
        let irregular = AxisGrid::from_sizes(&[30, 50, 20]);
        assert!(irregular.holds(&by(10)) && !irregular.holds(&by(20)));
        assert!(by(50).holds(&AxisGrid::from_sizes(&[30, 20, 50])));
    }

    #[test]
    fn every_element_is_in_the_chunk_that_find_names() {
        for axis in [
            AxisGrid::regular(10, 3),
            AxisGrid::regular(9, 3),
            AxisGrid::from_sizes(&[1, 4, 2, 2]),
            AxisGrid::from_sizes(&[0, 4, 0, 2, 0]),
            AxisGrid::from_sizes(&[5]),
        ] {
            assert_eq!(axis.sizes().sum::<usize>(), axis.len());
            for p in 0..axis.len() {
                assert!(axis.extent(axis.find(p)).contains(&p), "{axis:?} {p}");
            }
        }
    }

    #[test]
    fn slices_of_an_axis_keep_its_cuts() {
        let axis = AxisGrid::from_sizes(&[3, 5, 2]);
        assert_eq!(axis.slice(2..9).sizes().collect::<Vec<_>>(), [1, 5, 1]);
        assert_eq!(
            AxisGrid::regular(100, 10).slice(20..45),
            AxisGrid::regular(25, 10)
        );
        assert_eq!(axis.slice(4..4).sizes().collect::<Vec<_>>(), [0]);
    }

    #[test]
    fn covering_lists_chunks_in_c_order() {
        let grid = Grid::regular(&[10, 10], &[4, 5]);
        let region = Region::new([3, 5], [2, 5]);
        let found: Vec<Dims> = grid.covering(&region).collect();
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].as_slice(), [0, 1]);
        assert_eq!(found[1].as_slice(), [1, 1]);
        for n in 0..grid.count() {
            assert_eq!(grid.ravel(&grid.unravel(n)), n);
        }
    }

    #[test]
    fn auto_chunks_fit_their_target() {
        let grid = Chunks::Auto { bytes: 1 << 20 }
            .resolve(&[100_000, 30, 1000], 8)
            .unwrap();
        assert!(grid.largest().iter().product::<usize>() * 8 <= 1 << 20);
        let scalar = Chunks::AUTO.resolve(&[], 8).unwrap();
        assert_eq!(scalar.count(), 1);
    }
}
