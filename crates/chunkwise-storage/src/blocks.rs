use chunkwise_core::{Dims, Region, Strides};
use smallvec::SmallVec;

/// How the elements of an array follow one another in a file: without gaps, in C or Fortran order.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub item: usize,
    pub fortran_order: bool,
    /// Bytes between neighbours along each axis.
    pub strides: SmallVec<[usize; 6]>,
}

impl Layout {
    /// The layout of a shape whose bytes fit an `isize`.
    pub fn new(shape: &[usize], item: usize, fortran_order: bool) -> Layout {
        let mut strides: SmallVec<[usize; 6]> = smallvec::smallvec![item; shape.len()];
        let mut step = item;
        for axis in fastest_first(shape.len(), fortran_order) {
            strides[axis] = step;
            step *= shape[axis].max(1);
        }
        Layout {
            item,
            fortran_order,
            strides,
        }
    }

    /// Bytes from the array's start to an element.
    pub fn offset(&self, index: &[usize]) -> u64 {
        self.strides
            .iter()
            .zip(index)
            .map(|(s, i)| (s * i) as u64)
            .sum()
    }

    /// The largest part of a region that lies in one piece of at most `limit` bytes, where gaps of up
    /// to `gap` bytes between wanted bytes count as part of the piece.
    pub fn piece(&self, region: &Region, gap: usize, limit: usize) -> Piece {
        let mut piece = Piece {
            shape: smallvec::smallvec![1; region.ndim()],
            span: self.item,
            stopped_at: None,
        };
        for axis in fastest_first(region.ndim(), self.fortran_order) {
            let (n, stride) = (region.shape[axis], self.strides[axis]);
            if n == 1 {
                continue;
            }
            if stride - piece.span > gap {
                piece.stopped_at = Some(axis);
                break;
            }
            let fit = (limit.saturating_sub(piece.span) / stride + 1).min(n);
            piece.shape[axis] = fit;
            piece.span += (fit - 1) * stride;
            if fit < n {
                break;
            }
        }
        piece
    }
}

/// A part of a region that is read or written at once.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Piece {
    /// Elements along each axis.
    pub shape: Dims,
    /// Bytes from the first element's first to the last element's last.
    pub span: usize,
    /// The axis along which the next piece is too far away to be part of this one.
    pub stopped_at: Option<usize>,
}

/// What is staged at once: a piece, or several equal ones along an axis that lie far apart, each of
/// which is one read.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    /// Elements along each axis.
    pub shape: Dims,
    gathered: Option<usize>,
}

impl Block {
    /// The largest block of a region within `limit` bytes.
    pub fn new(layout: &Layout, region: &Region, gap: usize, limit: usize) -> Block {
        let piece = layout.piece(region, gap, limit);
        let mut shape = piece.shape;
        if let Some(axis) = piece.stopped_at {
            shape[axis] = (limit / piece.span).clamp(1, region.shape[axis]);
        }
        Block {
            shape,
            gathered: piece.stopped_at,
        }
    }

    /// The reads that bring one part, shaped as the block or smaller, and how it then lies in memory.
    pub fn reads(&self, layout: &Layout, part: &Region) -> Reads {
        let mut span = layout.item;
        for axis in 0..part.ndim() {
            if Some(axis) != self.gathered {
                span += (part.shape[axis] - 1) * layout.strides[axis];
            }
        }
        let mut strides: Strides = layout.strides.iter().map(|s| *s as isize).collect();
        let (count, step) = match self.gathered {
            Some(axis) => {
                strides[axis] = span as isize;
                (part.shape[axis], layout.strides[axis] as u64)
            }
            None => (1, 0),
        };
        Reads {
            first: layout.offset(&part.start),
            step,
            count,
            span,
            strides,
        }
    }
}

/// Equally long reads at equal steps, put one after another.
#[derive(Clone, Debug)]
pub(crate) struct Reads {
    /// Where the first begins.
    pub first: u64,
    /// Bytes from the beginning of one to that of the next.
    pub step: u64,
    /// How many.
    pub count: usize,
    /// Bytes of each.
    pub span: usize,
    /// The elements' strides in the memory that holds them all.
    pub strides: Strides,
}

/// The parts of a region that are shaped as `shape`, or smaller at the far edges, in C order.
pub(crate) fn parts<'a>(
    region: &'a Region,
    shape: &'a [usize],
) -> impl Iterator<Item = Region> + 'a {
    let mut next = (!region.is_empty()).then(|| region.start.clone());
    std::iter::from_fn(move || {
        let start = next.take()?;
        let extent: Dims = (0..shape.len())
            .map(|a| shape[a].min(region.end(a) - start[a]))
            .collect();
        let mut following = start.clone();
        for axis in (0..shape.len()).rev() {
            following[axis] += shape[axis];
            if following[axis] < region.end(axis) {
                next = Some(following);
                break;
            }
            following[axis] = region.start[axis];
        }
        Some(Region::new(start, extent))
    })
}

fn fastest_first(ndim: usize, fortran_order: bool) -> impl Iterator<Item = usize> {
    (0..ndim).map(move |i| if fortran_order { i } else { ndim - 1 - i })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_follow_the_rule() {
        let c = Layout::new(&[100, 10, 50], 4, false);
        // (start, shape, gap, limit) -> (piece, span, stopped at)
        type Case = (
            [usize; 3],
            [usize; 3],
            usize,
            usize,
            [usize; 3],
            usize,
            Option<usize>,
        );
        let cases: [Case; 7] = [
            (
                [0; 3],
                [100, 10, 50],
                0,
                usize::MAX,
                [100, 10, 50],
                200_000,
                None,
            ),
            (
                [5, 0, 0],
                [3, 10, 50],
                0,
                usize::MAX,
                [3, 10, 50],
                6000,
                None,
            ),
            (
                [5, 2, 0],
                [3, 4, 50],
                0,
                usize::MAX,
                [1, 4, 50],
                800,
                Some(0),
            ),
            ([0; 3], [9, 9, 9], 0, usize::MAX, [1, 1, 9], 36, Some(1)),
            ([0; 3], [9, 9, 9], 164, usize::MAX, [1, 9, 9], 1636, Some(0)),
            ([0; 3], [9, 9, 9], 1000, usize::MAX, [9, 9, 9], 17_636, None),
            ([0; 3], [9, 9, 9], 1000, 1000, [1, 5, 9], 836, None),
        ];
        for (start, shape, gap, limit, want, span, stopped_at) in cases {
            let piece = c.piece(&Region::new(start, shape), gap, limit);
            assert_eq!((piece.shape.as_slice(), piece.span), (&want[..], span));
            assert_eq!(piece.stopped_at, stopped_at);
        }
        let f = Layout::new(&[50, 10, 100], 4, true);
        let piece = f.piece(&Region::new([0, 2, 5], [50, 4, 3]), 0, usize::MAX);
        assert_eq!(
            (piece.shape.as_slice(), piece.stopped_at),
            (&[50, 4, 1][..], Some(2))
        );
    }

    #[test]
    fn parts_cut_a_region_without_overlap() {
        let region = Region::new([2, 3], [5, 4]);
        let mut seen = [[0; 8]; 8];
        for part in parts(&region, &[2, 3]) {
            for r in part.range(0) {
                for c in part.range(1) {
                    seen[r][c] += 1;
                }
            }
        }
        for (r, row) in seen.iter().enumerate() {
            for (c, n) in row.iter().enumerate() {
                let inside = (2..7).contains(&r) && (3..7).contains(&c);
                assert_eq!(*n, inside as i32);
            }
        }
        assert_eq!(parts(&Region::new([], []), &[]).count(), 1);
        assert_eq!(parts(&Region::new([0, 0], [3, 0]), &[1, 1]).count(), 0);
    }
}
