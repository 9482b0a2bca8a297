//! How a region is walked: which axes are one, in which order, and the shape of a tile.

use smallvec::SmallVec;

use super::TILE;

/// Steps along the axes, of one leaf or output.
pub(super) type Steps = SmallVec<[isize; 6]>;

/// What a leaf or output asks of the walk.
pub(super) struct Walker {
    /// Its steps along each axis of the region: bytes, element indices or cells.
    pub steps: Steps,
    /// The step that it likes along the innermost axis; `0` is always liked.
    pub unit: isize,
    /// Whether the innermost step has to be `0` or `unit`.
    pub strict: bool,
    /// How much it minds another step there.
    pub weight: u32,
}

/// The walk over a region: outer axes, and tiles over the last two.
#[derive(Debug, PartialEq)]
pub(super) struct Walk {
    /// For each axis of the walk, the region's axis whose steps it takes.
    pub axes: SmallVec<[usize; 6]>,
    /// Lengths of the axes of the walk; at least two, the last two are tiled.
    pub lens: SmallVec<[usize; 6]>,
    /// Rows and columns of a full tile.
    pub tile: (usize, usize),
}

/// Sums down columns take this many rows at a time, so that the state is touched once for them.
const COLUMN_ROWS: usize = 16;
/// Rows shorter than this are put into one tile with their neighbours.
const LONG_ROW: usize = 256;
/// Rows and columns of a tile over which two walkers disagree about the fast axis: whole cache lines
/// for both.
const SQUARE: (usize, usize) = (TILE / 32, 32);

impl Walk {
    /// A walk over `shape` that suits its walkers. `columns` tells that sums run down columns where
    /// the innermost axis is kept; `direct`, that data is read in place, so tiles may be large.
    pub fn plan(
        shape: &[usize],
        walkers: &[Walker],
        columns: impl Fn(usize) -> bool,
        direct: bool,
    ) -> Walk {
        // Axes of length 1 have no steps to take.
        let mut order: SmallVec<[usize; 6]> = (0..shape.len()).filter(|a| shape[*a] != 1).collect();
        let minds = |axis: usize| -> Option<u32> {
            walkers.iter().try_fold(0, |sum, w| {
                let step = w.steps[axis];
                match step == 0 || step == w.unit {
                    true => Some(sum),
                    false if w.strict => None,
                    false => Some(sum + w.weight),
                }
            })
        };
        // The innermost axis is the one that is minded least, the last of those.
        let inner = order
            .iter()
            .copied()
            .rev()
            .filter_map(|a| minds(a).map(|m| (m, a)))
            .min_by_key(|(m, _)| *m)
            .map(|(_, a)| a);
        let Some(inner) = inner else {
            // No axis can be walked along: one element at a time.
            let lens: SmallVec<[usize; 6]> =
                order.iter().map(|a| shape[*a]).chain([1, 1]).collect();
            order.extend([usize::MAX, usize::MAX]);
            return Walk {
                axes: order,
                lens,
                tile: (1, 1),
            };
        };
        order.retain(|a| *a != inner);
        // Next to it an axis along which somebody reads who cannot read along the innermost.
        let crossed = order.iter().copied().find(|a| {
            walkers.iter().any(|w| {
                !w.strict
                    && w.steps[*a] == w.unit
                    && w.steps[inner] != w.unit
                    && w.steps[inner] != 0
            })
        });
        if let Some(row) = crossed {
            order.retain(|a| *a != row);
            order.push(row);
        }
        order.push(inner);

        let mut lens: SmallVec<[usize; 6]> = order.iter().map(|a| shape[*a]).collect();
        // Neighbouring axes that everybody steps over evenly are one axis.
        let mut i = order.len() - 1;
        while i > 0 {
            let (outer, within) = (order[i - 1], order[i]);
            let even = walkers
                .iter()
                .all(|w| w.steps[outer] == w.steps[within] * lens[i] as isize);
            if even {
                lens[i] *= lens[i - 1];
                lens.remove(i - 1);
                order.remove(i - 1);
            }
            i -= 1;
        }
        if order.len() == 1 {
            order.insert(0, usize::MAX);
            lens.insert(0, 1);
        }
        let (rows, cols) = (lens[lens.len() - 2], lens[lens.len() - 1]);
        let tile = if crossed.is_some() && !direct {
            (SQUARE.0.min(rows), SQUARE.1.min(cols))
        } else if columns(inner) && rows > 1 {
            let (height, width) = if direct {
                (32, 256)
            } else {
                (COLUMN_ROWS, TILE / COLUMN_ROWS)
            };
            (height.min(rows), even_part(cols, width))
        } else if direct {
            (
                (16 * TILE / cols.min(16 * TILE)).clamp(1, rows),
                cols.min(16 * TILE),
            )
        } else if cols >= LONG_ROW {
            (1, even_part(cols, TILE))
        } else {
            ((TILE / cols).clamp(1, rows), cols)
        };
        Walk {
            axes: order,
            lens,
            tile,
        }
    }

    /// The steps of a walker along the axes of the walk.
    pub fn steps(&self, of: &[isize]) -> Steps {
        self.axes
            .iter()
            .map(|a| of.get(*a).copied().unwrap_or(0))
            .collect()
    }
}

/// The length of equal parts, at most `most` each, as a multiple of 8 where there are several.
fn even_part(len: usize, most: usize) -> usize {
    let parts = len.div_ceil(most).max(1);
    match parts {
        1 => len,
        _ => len.div_ceil(parts).next_multiple_of(8).min(most),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(steps: &[isize]) -> Walker {
        Walker {
            steps: steps.into(),
            unit: 8,
            strict: false,
            weight: 1,
        }
    }

    #[test]
    fn contiguous_axes_become_one() {
        let walk = Walk::plan(&[10, 20, 30], &[memory(&[4800, 240, 8])], |_| false, false);
        assert_eq!(walk.lens.as_slice(), [1, 6000]);
        assert_eq!(walk.tile.0, 1);
    }

    #[test]
    fn fortran_order_is_walked_along_its_fast_axis() {
        let walk = Walk::plan(&[100, 50], &[memory(&[8, 800])], |_| false, false);
        assert_eq!(walk.lens.as_slice(), [1, 5000]);
    }

    #[test]
    fn disagreement_gives_square_tiles() {
        let walk = Walk::plan(
            &[500, 400],
            &[memory(&[3200, 8]), memory(&[8, 4000])],
            |_| false,
            false,
        );
        assert_eq!(walk.tile, SQUARE);
    }

    #[test]
    fn tiles_fit_their_registers() {
        let lens = [
            1usize, 2, 3, 16, 31, 33, 100, 255, 256, 257, 511, 513, 1000, 5000,
        ];
        for (rows, cols) in lens.iter().flat_map(|r| lens.iter().map(move |c| (*r, *c))) {
            let (c, f) = ([8 * cols as isize, 8], [8, 8 * rows as isize]);
            for walkers in [
                vec![memory(&c)],
                vec![memory(&c), memory(&f)],
                vec![memory(&[64, 24])],
            ] {
                for columns in [false, true] {
                    let walk = Walk::plan(&[rows, cols], &walkers, |_| columns, false);
                    assert!(
                        walk.tile.0 * walk.tile.1 <= TILE,
                        "{rows} {cols} {:?}",
                        walk.tile
                    );
                }
            }
        }
    }

    #[test]
    fn a_strict_walker_is_obeyed() {
        let cells = Walker {
            steps: [7, 0].as_slice().into(),
            unit: 1,
            strict: true,
            weight: 0,
        };
        let walk = Walk::plan(&[6, 5], &[memory(&[8, 48]), cells], |_| false, false);
        assert_eq!(walk.axes.last(), Some(&1));
    }
}
