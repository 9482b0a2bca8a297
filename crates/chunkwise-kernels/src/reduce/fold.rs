//! The loops that all reductions with one accumulator per lane share.

use std::marker::PhantomData;

use super::Params;
use super::state::{Part, Tile, fields};
use crate::simd::simd_fn;

/// A reduction by lanes of accumulators that are joined into a value per cell.
pub(crate) trait Fold: 'static {
    /// An input element.
    type In: Copy;
    /// What a lane accumulates in a register.
    type Acc: Copy;
    /// What a cell holds.
    type Value: Copy;
    /// An element that changes no accumulator.
    const PAD: Self::In;
    /// An accumulator that has seen nothing.
    const START: Self::Acc;
    /// A cell that has seen nothing.
    const EMPTY: Self::Value;
    /// The most elements that one accumulator takes.
    const RUN: usize;
    /// Whether a cell has an error term beside its value.
    const COMPENSATED: bool = false;

    fn step(acc: Self::Acc, x: Self::In) -> Self::Acc;
    fn widen(acc: Self::Acc) -> Self::Value;
    fn join(a: Self::Value, b: Self::Value) -> Self::Value;

    /// Takes a value into a cell's value and error term.
    #[inline(always)]
    fn absorb(
        value: Self::Value,
        error: Self::Value,
        x: Self::Value,
    ) -> (Self::Value, Self::Value) {
        (Self::join(value, x), error)
    }

    /// Takes another cell's error term into this one's.
    #[inline(always)]
    fn absorb_error(error: Self::Value, _: Self::Value) -> Self::Value {
        error
    }
}

/// The part of a state that a fold with `N` lanes (32 or 64) works on.
pub(crate) fn part<F: Fold, const N: usize>() -> Part {
    let size = size_of::<F::Value>();
    Part {
        fields: fields([size, if F::COMPENSATED { size } else { 0 }]),
        init: init::<F>,
        accumulate: accumulate::<F, N>,
        merge: merge::<F>,
    }
}

unsafe fn init<F: Fold>(fields: &[*mut u8], cells: usize, _: &Params) {
    for field in &fields[..1 + F::COMPENSATED as usize] {
        for cell in 0..cells {
            // SAFETY: each field is an array over the cells.
            unsafe { field.cast::<F::Value>().add(cell).write(F::EMPTY) };
        }
    }
}

unsafe fn accumulate<F: Fold, const N: usize>(fields: &[*mut u8], tile: &Tile, _: &Params) {
    let value = fields[0].cast();
    let error = if F::COMPENSATED {
        fields[1].cast()
    } else {
        value
    };
    // SAFETY: by the contract of `Part`.
    unsafe { fold_tile(PhantomData::<F>, [(); N], value, error, tile) }
}

unsafe fn merge<F: Fold>(into: &[*mut u8], from: &[*mut u8], cells: usize, _: &Params) {
    for cell in 0..cells {
        // SAFETY: the fields are arrays over the cells.
        unsafe {
            let value = into[0].cast::<F::Value>().add(cell);
            let other = from[0].cast::<F::Value>().add(cell).read();
            if F::COMPENSATED {
                let error = into[1].cast::<F::Value>().add(cell);
                let other_error = from[1].cast::<F::Value>().add(cell).read();
                let (v, e) = F::absorb(value.read(), error.read(), other);
                value.write(v);
                error.write(F::absorb_error(e, other_error));
            } else {
                value.write(F::join(value.read(), other));
            }
        }
    }
}

simd_fn! {
    unsafe fn fold_tile[F: Fold, const N: usize](
        fold: PhantomData<F>,
        lanes: [(); N],
        value: *mut F::Value,
        error: *mut F::Value,
        tile: &Tile,
    ) {
        let _ = (fold, lanes);
        // Rows that end in the same cells are taken together, as many as an accumulator may.
        let together = if tile.cell_row > 0 {
            1
        } else if tile.cell_col > 0 {
            F::RUN.min(32)
        } else {
            (F::RUN / tile.cols.div_ceil(N)).max(1)
        };
        let mut row = 0;
        while row < tile.rows {
            let rows = together.min(tile.rows - row);
            let p = tile.row::<F::In>(row);
            let cell = tile.cell + row * tile.cell_row;
            if tile.cell_col > 0 {
                rows_to_columns::<F, N>(value.add(cell), error.add(cell), p, tile, rows);
            } else {
                rows_to_cell::<F, N>(value.add(cell), error.add(cell), p, tile, rows);
            }
            row += rows;
        }
    }
}

/// Rows shorter than this are folded one element after another.
const SHORT: usize = 16;

/// Rows from the one at `p` into one cell.
#[inline(always)]
unsafe fn rows_to_cell<F: Fold, const N: usize>(
    value: *mut F::Value,
    error: *mut F::Value,
    p: *const F::In,
    tile: &Tile,
    rows: usize,
) {
    let mut col = 0;
    // SAFETY: the cell is one of the state's, the rows and columns are the tile's; `error` is `value`
    // where it is not used.
    unsafe {
        let (mut v, mut e) = (value.read(), error.read());
        // Were it known to be constant, the compiler would make vectors of steps, not of lanes.
        let advance = std::hint::black_box(N * size_of::<F::In>());
        while col < tile.cols {
            let cols = (tile.cols - col).min(F::RUN * N);
            let x = if cols < SHORT {
                short::<F>(p.wrapping_add(col), tile.row_stride, rows, cols)
            } else {
                block::<F, N>(p.wrapping_add(col), tile.row_stride, rows, cols, advance)
            };
            (v, e) = F::absorb(v, e, x);
            col += cols;
        }
        if F::COMPENSATED {
            error.write(e);
        }
        value.write(v);
    }
}

/// A few columns of rows, one element after another; a value per row, and these joined.
#[inline(always)]
unsafe fn short<F: Fold>(p: *const F::In, stride: isize, rows: usize, cols: usize) -> F::Value {
    let mut value = F::EMPTY;
    let mut p = p;
    for _ in 0..rows {
        let mut acc = F::START;
        for col in 0..cols {
            // SAFETY: by the caller, the rows and columns are the tile's.
            acc = F::step(acc, unsafe { p.add(col).read_unaligned() });
        }
        value = F::join(value, F::widen(acc));
        p = p.wrapping_byte_offset(stride);
    }
    value
}

/// A block of at most `RUN` steps of `N` lanes.
#[inline(always)]
pub(crate) unsafe fn block<F: Fold, const N: usize>(
    p: *const F::In,
    stride: isize,
    rows: usize,
    cols: usize,
    advance: usize,
) -> F::Value {
    let (whole, rest) = (cols / N, cols % N);
    let mut acc = [F::START; N];
    let mut row = p;
    for _ in 0..rows {
        let mut q = row;
        for _ in 0..whole {
            for j in 0..N {
                // SAFETY: by the caller, the rows and columns are the tile's.
                acc[j] = F::step(acc[j], unsafe { q.add(j).read_unaligned() });
            }
            q = q.wrapping_byte_add(advance);
        }
        row = row.wrapping_byte_offset(stride);
    }
    if rest > 0 {
        let mut padded = [F::PAD; N];
        let mut row = p.wrapping_add(whole * N);
        for _ in 0..rows {
            for j in 0..rest {
                // SAFETY: as above.
                padded[j] = unsafe { row.add(j).read_unaligned() };
            }
            for j in 0..N {
                acc[j] = F::step(acc[j], padded[j]);
            }
            row = row.wrapping_byte_offset(stride);
        }
    }
    let lanes = acc;
    tree::<F, N>(&lanes)
}

/// Joins lanes pairwise: `j` with `j + N/2`, and so on down to one.
#[inline(always)]
fn tree<F: Fold, const N: usize>(acc: &[F::Acc; N]) -> F::Value {
    // Without this the compiler lays the accumulators out for the tree, at the cost of the loop.
    let acc = std::hint::black_box(acc);
    let mut values = [F::EMPTY; N];
    for j in 0..N {
        values[j] = F::widen(acc[j]);
    }
    #[inline(always)]
    fn halve<F: Fold, const W: usize>(values: &mut [F::Value]) {
        let values = &mut values[..2 * W];
        for j in 0..W {
            values[j] = F::join(values[j], values[j + W]);
        }
    }
    if N > 32 {
        halve::<F, 32>(&mut values);
    }
    if N > 16 {
        halve::<F, 16>(&mut values);
    }
    if N > 8 {
        halve::<F, 8>(&mut values);
    }
    halve::<F, 4>(&mut values);
    halve::<F, 2>(&mut values);
    halve::<F, 1>(&mut values);
    values[0]
}

/// Rows from the one at `p`, column by column, into the cells from `value` on.
#[inline(always)]
unsafe fn rows_to_columns<F: Fold, const N: usize>(
    value: *mut F::Value,
    error: *mut F::Value,
    p: *const F::In,
    tile: &Tile,
    rows: usize,
) {
    let mut col = 0;
    // SAFETY: columns stay below the tile's, and as many cells are the state's.
    unsafe {
        while tile.cols - col >= N {
            let (v, e, p) = (value.add(col), error.add(col), p.wrapping_add(col));
            columns::<F, N>(v, e, p, tile.row_stride, rows);
            col += N;
        }
        while tile.cols - col >= 8 {
            let (v, e, p) = (value.add(col), error.add(col), p.wrapping_add(col));
            columns::<F, 8>(v, e, p, tile.row_stride, rows);
            col += 8;
        }
        while col < tile.cols {
            let (v, e, p) = (value.add(col), error.add(col), p.wrapping_add(col));
            columns::<F, 1>(v, e, p, tile.row_stride, rows);
            col += 1;
        }
    }
}

#[inline(always)]
unsafe fn columns<F: Fold, const W: usize>(
    value: *mut F::Value,
    error: *mut F::Value,
    p: *const F::In,
    stride: isize,
    rows: usize,
) {
    let mut acc = [F::START; W];
    let mut p = p;
    for _ in 0..rows {
        for j in 0..W {
            // SAFETY: by the caller, W columns of the rows are the tile's.
            acc[j] = F::step(acc[j], unsafe { p.add(j).read_unaligned() });
        }
        p = p.wrapping_byte_offset(stride);
    }
    // SAFETY: W cells are the state's; `error` is `value` where it is not used.
    unsafe {
        let value = value.cast::<[F::Value; W]>();
        let mut v = value.read();
        if F::COMPENSATED {
            let error = error.cast::<[F::Value; W]>();
            let mut e = error.read();
            for j in 0..W {
                (v[j], e[j]) = F::absorb(v[j], e[j], F::widen(acc[j]));
            }
            error.write(e);
        } else {
            for j in 0..W {
                v[j] = F::join(v[j], F::widen(acc[j]));
            }
        }
        value.write(v);
    }
}
