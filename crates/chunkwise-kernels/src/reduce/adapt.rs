//! Parts for dtypes that need no kernel of their own: narrow elements are widened in
//! a buffer, complex numbers are pairs of reals.

use std::marker::PhantomData;

use super::Params;
use super::state::{Part, Tile, fields};
use super::sum::{Summand, Wide, two_sum};
use crate::simd::simd_fn;

/// The part that elements are handed to.
pub(super) trait Via: 'static {
    fn part() -> Part;
}

/// Elements in the buffer of a conversion.
const BUFFER: usize = 1024;

/// The part of `V`, which takes wide elements, for elements of `T`.
pub(super) fn converted<T: Summand, V: Via>() -> Part {
    Part {
        accumulate: accumulate_converted::<T, V>,
        ..V::part()
    }
}

unsafe fn accumulate_converted<T: Summand, V: Via>(
    fields: &[*mut u8],
    tile: &Tile,
    params: &Params,
) {
    let part = V::part();
    let mut buffer = [T::Wide::ZERO; BUFFER];
    // Columns that are kept gain from many rows at once.
    let width = tile.cols.min(if tile.cell_col > 0 { 64 } else { BUFFER });
    let height = BUFFER / width;
    for row in (0..tile.rows).step_by(height) {
        let rows = height.min(tile.rows - row);
        for col in (0..tile.cols).step_by(width) {
            let cols = width.min(tile.cols - col);
            let piece = Tile {
                ptr: buffer.as_ptr().cast(),
                rows,
                cols,
                row_stride: (cols * size_of::<T::Wide>()) as isize,
                cell: tile.cell + row * tile.cell_row + col * tile.cell_col,
                ..*tile
            };
            let from = tile.row::<T>(row).wrapping_add(col);
            // SAFETY: the piece of the tile is readable and fits the buffer, which then is a tile of
            // wide elements for the same cells.
            unsafe {
                convert(
                    PhantomData,
                    buffer.as_mut_ptr(),
                    from,
                    tile.row_stride,
                    rows,
                    cols,
                );
                (part.accumulate)(fields, &piece, params);
            }
        }
    }
}

simd_fn! {
    unsafe fn convert[T: Summand](
        element: PhantomData<T>,
        to: *mut T::Wide,
        from: *const T,
        stride: isize,
        rows: usize,
        cols: usize,
    ) {
        let _ = element;
        let (mut to, mut from) = (to, from);
        for _ in 0..rows {
            for j in 0..cols {
                to.add(j).write(from.add(j).read_unaligned().wide());
            }
            to = to.wrapping_add(cols);
            from = from.wrapping_byte_offset(stride);
        }
    }
}

/// Real lanes that a row of complex numbers is spread over.
const LANES: usize = 32;

/// Rows shorter than this are added one element after another.
const SHORT: usize = 16;

/// The part for complex numbers whose parts are `T`, each summed by the compensated sum `V` of `T`.
pub(super) fn paired<T: Summand<Wide = f64>, V: Via>() -> Part {
    Part {
        fields: fields([16, 16]),
        init: |fields, cells, params| {
            // SAFETY: a complex cell is two real cells side by side; likewise below.
            unsafe { (V::part().init)(fields, 2 * cells, params) }
        },
        accumulate: accumulate_paired::<T, V>,
        merge: |into, from, cells, params| {
            // SAFETY: as above.
            unsafe { (V::part().merge)(into, from, 2 * cells, params) }
        },
    }
}

unsafe fn accumulate_paired<T: Summand<Wide = f64>, V: Via>(
    fields: &[*mut u8],
    tile: &Tile,
    params: &Params,
) {
    let part = V::part();
    if tile.cell_col > 0 {
        let reals = Tile {
            cols: 2 * tile.cols,
            cell: 2 * tile.cell,
            cell_row: 2 * tile.cell_row,
            ..*tile
        };
        // SAFETY: a complex element and a complex cell are two real ones side by side.
        return unsafe { (part.accumulate)(fields, &reals, params) };
    }
    if tile.cols < SHORT {
        for row in 0..tile.rows {
            let p = tile.row::<T>(row);
            let cell = 2 * (tile.cell + row * tile.cell_row);
            for j in 0..2 * tile.cols {
                // SAFETY: the real elements of the row and the two real cells of its cell.
                unsafe { add(fields, cell + j % 2, p.add(j).read_unaligned().wide(), 0.0) };
            }
        }
        return;
    }
    let together = if tile.cell_row > 0 { 1 } else { tile.rows };
    for from in (0..tile.rows).step_by(together) {
        let (mut values, mut errors) = ([-0.0f64; LANES], [-0.0f64; LANES]);
        let lanes = [values.as_mut_ptr().cast(), errors.as_mut_ptr().cast()];
        for row in from..from + together {
            let p = tile.row::<T>(row);
            let (whole, rest) = (2 * tile.cols / LANES, 2 * tile.cols % LANES);
            let spread = Tile {
                ptr: p.cast(),
                rows: whole,
                cols: LANES,
                row_stride: (LANES * size_of::<T>()) as isize,
                cell: 0,
                cell_row: 0,
                cell_col: 1,
                ..*tile
            };
            let last = Tile {
                ptr: p.wrapping_add(whole * LANES).cast(),
                rows: 1,
                cols: rest,
                ..spread
            };
            // SAFETY: the two tiles are the row's real elements, for at most LANES cells.
            unsafe {
                (part.accumulate)(&lanes, &spread, params);
                (part.accumulate)(&lanes, &last, params);
            }
        }
        let cell = 2 * (tile.cell + from * tile.cell_row);
        for lane in 0..LANES {
            // SAFETY: the two real cells of a complex cell of the state.
            unsafe { add(fields, cell + lane % 2, values[lane], errors[lane]) };
        }
    }
}

/// Adds a value and an error term to a cell of a compensated sum.
///
/// # Safety
/// The cell is one of the fields'.
#[inline(always)]
unsafe fn add(fields: &[*mut u8], cell: usize, x: f64, error: f64) {
    // SAFETY: by the caller's contract.
    unsafe {
        let value = fields[0].cast::<f64>().add(cell);
        let total = fields[1].cast::<f64>().add(cell);
        let (s, e) = two_sum(value.read(), x);
        value.write(s);
        total.write(total.read() + e + error);
    }
}
