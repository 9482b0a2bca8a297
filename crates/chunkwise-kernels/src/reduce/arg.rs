//! The index of the smallest or largest element: the first where several are equal, the first NaN
//! where there is one.

use std::hint::black_box;
use std::marker::PhantomData;

use chunkwise_core::{DType, Error, Result, dispatch};

use super::Build;
use super::extremum::{Extremum, Ordered, beats};
use super::fold::block;
use super::state::{Finish, Part, Tile, fields};
use super::sum::stored;
use crate::simd::simd_fn;

/// Which element is sought. Without `SKIP` a NaN wins over all; with it a NaN is no candidate.
#[derive(Clone, Copy)]
struct Rule<T, const MAX: bool, const SKIP: bool>(PhantomData<T>);

impl<T: Ordered, const MAX: bool, const SKIP: bool> Rule<T, MAX, SKIP> {
    /// Whether `x` replaces `best` wherever they stand.
    #[inline(always)]
    fn wins(x: T, best: T) -> bool {
        let by_nan = if SKIP {
            best.is_nan() & !x.is_nan()
        } else {
            x.is_nan() & !best.is_nan()
        };
        (beats::<T, MAX>(x, best) & (SKIP | !best.is_nan())) | by_nan
    }

    /// Whether neither wins, so that the first one stands.
    #[inline(always)]
    fn ties(x: T, best: T) -> bool {
        !Self::wins(x, best) && !Self::wins(best, x)
    }
}

/// Rows shorter than this are taken one element after another.
const SHORT: usize = 16;

/// No element yet.
const NONE: i64 = -1;

/// # Safety
/// `value` and `index` are those of a cell.
#[inline(always)]
unsafe fn offer<T: Ordered, const MAX: bool, const SKIP: bool>(
    value: *mut T,
    index: *mut i64,
    x: T,
    at: i64,
) {
    // SAFETY: by the caller's contract.
    unsafe {
        let (best, from) = (value.read(), index.read());
        if SKIP && x.is_nan() {
            return;
        }
        if from == NONE
            || Rule::<T, MAX, SKIP>::wins(x, best)
            || (at < from && Rule::<T, MAX, SKIP>::ties(x, best))
        {
            value.write(x);
            index.write(at);
        }
    }
}

simd_fn! {
    unsafe fn arg_tile[T: Ordered, const MAX: bool, const SKIP: bool](
        rule: Rule<T, MAX, SKIP>,
        value: *mut T,
        index: *mut i64,
        tile: &Tile,
    ) {
        let _ = rule;
        if tile.cell_col == 0 {
            let advance = black_box(32 * size_of::<T>());
            for row in 0..tile.rows {
                let cell = tile.cell + row * tile.cell_row;
                row_to_cell::<T, MAX, SKIP>(value.add(cell), index.add(cell), tile, row, advance);
            }
        } else {
            let together = if tile.cell_row > 0 { 1 } else { tile.rows };
            let mut row = 0;
            while row < tile.rows {
                let cell = tile.cell + row * tile.cell_row;
                let (value, index) = (value.add(cell), index.add(cell));
                let mut col = 0;
                while tile.cols - col >= 16 {
                    columns::<T, MAX, SKIP, 16>(value, index, tile, row, together, col);
                    col += 16;
                }
                while col < tile.cols {
                    columns::<T, MAX, SKIP, 1>(value, index, tile, row, together, col);
                    col += 1;
                }
                row += together;
            }
        }
    }
}

/// The row's best value first; where it stands is looked for only if the cell would take it.
#[inline(always)]
unsafe fn row_to_cell<T: Ordered, const MAX: bool, const SKIP: bool>(
    value: *mut T,
    index: *mut i64,
    tile: &Tile,
    row: usize,
    advance: usize,
) {
    let p = tile.row::<T>(row);
    if tile.cols < SHORT {
        for col in 0..tile.cols {
            // SAFETY: the cell is the state's, the row is the tile's.
            unsafe {
                let x = p.add(col).read_unaligned();
                offer::<T, MAX, SKIP>(value, index, x, tile.index_at(row, col));
            }
        }
        return;
    }
    // SAFETY: the cell is the state's, the row is the tile's.
    unsafe {
        let x = block::<Extremum<T, MAX, SKIP>, 32>(p, 0, 1, tile.cols, advance);
        let (best, from) = (value.read(), index.read());
        if from != NONE && Rule::<T, MAX, SKIP>::wins(best, x) {
            return;
        }
        let is_it = |col: usize| {
            let y = p.add(col).read_unaligned();
            Rule::<T, MAX, SKIP>::ties(x, y)
        };
        let found = if tile.index_col < 0 {
            (0..tile.cols).rfind(|&col| is_it(col))
        } else {
            first(tile.cols, is_it)
        };
        if let Some(col) = found {
            offer::<T, MAX, SKIP>(value, index, x, tile.index_at(row, col));
        }
    }
}

/// The first number that passes, looking at 16 at once.
#[inline(always)]
fn first(n: usize, passes: impl Fn(usize) -> bool) -> Option<usize> {
    let mut at = 0;
    while n - at >= 16 {
        let mut some = false;
        for j in 0..16 {
            some |= passes(at + j);
        }
        if some {
            break;
        }
        at += 16;
    }
    (at..n).find(|&i| passes(i))
}

#[inline(always)]
unsafe fn columns<T: Ordered, const MAX: bool, const SKIP: bool, const B: usize>(
    value: *mut T,
    index: *mut i64,
    tile: &Tile,
    row: usize,
    rows: usize,
    col: usize,
) {
    // In the order of their indices, so that the first of equal ones stays.
    let (start, stride) = if tile.index_row < 0 {
        (row + rows - 1, -tile.row_stride)
    } else {
        (row, tile.row_stride)
    };
    let mut p = tile.row::<T>(start).wrapping_add(col);
    // SAFETY: the rows and columns are the tile's, the cells the state's.
    unsafe {
        let mut best = p.cast::<[T; B]>().read_unaligned();
        let mut at = [0u32; B];
        for r in 1..rows as u32 {
            p = p.wrapping_byte_offset(stride);
            for j in 0..B {
                let x = p.add(j).read_unaligned();
                let wins = Rule::<T, MAX, SKIP>::wins(x, best[j]);
                best[j] = if wins { x } else { best[j] };
                at[j] = if wins { r } else { at[j] };
            }
        }
        for j in 0..B {
            let r = if tile.index_row < 0 {
                start - at[j] as usize
            } else {
                start + at[j] as usize
            };
            let i = tile.index_at(r, col + j);
            offer::<T, MAX, SKIP>(value.add(col + j), index.add(col + j), best[j], i);
        }
    }
}

fn part<T: Ordered, const MAX: bool, const SKIP: bool>() -> Part {
    Part {
        fields: fields([size_of::<T>(), 8]),
        init: |fields, cells, _| {
            for cell in 0..cells {
                // SAFETY: each field is an array over the cells; likewise below.
                unsafe {
                    fields[0].cast::<T>().add(cell).write(T::NAN);
                    fields[1].cast::<i64>().add(cell).write(NONE);
                }
            }
        },
        accumulate: |fields, tile, _| {
            let (value, index) = (fields[0].cast::<T>(), fields[1].cast());
            // SAFETY: by the contract of `Part`.
            unsafe { arg_tile(Rule::<T, MAX, SKIP>(PhantomData), value, index, tile) }
        },
        merge: |into, from, cells, _| {
            for cell in 0..cells {
                // SAFETY: as above.
                unsafe {
                    let x = from[0].cast::<T>().add(cell).read();
                    let at = from[1].cast::<i64>().add(cell).read();
                    if at != NONE {
                        let value = into[0].cast::<T>().add(cell);
                        let index = into[1].cast::<i64>().add(cell);
                        offer::<T, MAX, SKIP>(value, index, x, at);
                    }
                }
            }
        },
    }
}

/// `argmin` and `argmax`.
pub(super) fn arg<const MAX: bool>(input: DType) -> Option<Build> {
    dispatch!(numeric stored(input), T => Some(build(part::<T, MAX, false>())), else None)
}

/// `nanargmin` and `nanargmax`.
pub(super) fn nan_arg<const MAX: bool>(input: DType) -> Option<Build> {
    dispatch!(inexact input, T => Some(build(part::<T, MAX, true>())), else arg::<MAX>(input))
}

fn build(part: Part) -> Build {
    Build {
        needs_index: true,
        ..Build::one(part, finish)
    }
}

unsafe fn finish(f: &Finish<'_>) -> Result<()> {
    for cell in 0..f.cells {
        // SAFETY: field 1 and the output are `i64`.
        unsafe {
            let index = f.get::<i64>(1, cell);
            if index == NONE {
                return Err(Error::AllNan {
                    operation: f.operation,
                });
            }
            f.out.cast::<i64>().add(cell).write(index);
        }
    }
    Ok(())
}
