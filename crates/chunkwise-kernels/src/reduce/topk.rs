//! The k largest or smallest elements, or where they are.
//!
//! A cell holds its best elements in order, best first, with their indices, and how many there are.
//! NaN counts as larger than everything, as it does in a sort. Of equal elements the first comes first.

use std::marker::PhantomData;

use chunkwise_core::{DType, Error, Result, dispatch};

use super::extremum::{Ordered, beats};
use super::state::{Finish, Part, Tile, fields};
use super::sum::stored;
use super::{Build, Params};
use crate::simd::simd_fn;

/// Whether `x` stands before `y` in the order of a sort.
#[inline(always)]
fn precedes<T: Ordered, const MAX: bool>(x: T, y: T) -> bool {
    if MAX {
        (beats::<T, true>(x, y) & !y.is_nan()) | (x.is_nan() & !y.is_nan())
    } else {
        beats::<T, false>(x, y) | (!x.is_nan() & y.is_nan())
    }
}

/// The arrays of a state.
#[derive(Clone, Copy)]
struct State<T, const MAX: bool> {
    values: *mut T,
    indices: *mut i64,
    held: *mut u64,
    k: usize,
}

impl<T: Ordered, const MAX: bool> State<T, MAX> {
    fn new(fields: &[*mut u8], params: &Params) -> State<T, MAX> {
        State {
            values: fields[0].cast(),
            indices: fields[1].cast(),
            held: fields[2].cast(),
            k: params.k.unsigned_abs(),
        }
    }

    /// Takes an element into a cell, if it is among the best.
    ///
    /// # Safety
    /// The cell is the state's.
    #[inline(always)]
    unsafe fn offer(self, cell: usize, x: T, at: i64) {
        // SAFETY: a cell has k values and indices, of which the first `held` are set.
        unsafe {
            let held = self.held.add(cell);
            let n = held.read() as usize;
            let values = self.values.add(cell * self.k);
            let indices = self.indices.add(cell * self.k);
            let before = |i: usize| {
                let y = values.add(i).read();
                precedes::<T, MAX>(x, y)
                    || (!precedes::<T, MAX>(y, x) && at < indices.add(i).read())
            };
            if n == self.k && !before(n - 1) {
                return;
            }
            let (mut low, mut high) = (0, n);
            while low < high {
                let mid = (low + high) / 2;
                if before(mid) {
                    high = mid;
                } else {
                    low = mid + 1;
                }
            }
            let kept = if n == self.k { n - 1 } else { n };
            values.add(low + 1).copy_from(values.add(low), kept - low);
            indices.add(low + 1).copy_from(indices.add(low), kept - low);
            values.add(low).write(x);
            indices.add(low).write(at);
            held.write(kept as u64 + 1);
        }
    }
}

simd_fn! {
    unsafe fn top_tile[T: Ordered, const MAX: bool](
        element: PhantomData<T>,
        state: State<T, MAX>,
        tile: &Tile,
    ) {
        let _ = element;
        const STEP: usize = 32;
        for row in 0..tile.rows {
            let p = tile.row::<T>(row);
            let cell = tile.cell + row * tile.cell_row;
            let mut col = 0;
            while col < tile.cols {
                let step = STEP.min(tile.cols - col);
                // Most elements are worse than a full cell's last one: these are passed over together.
                if tile.cell_col == 0 && step == STEP && state.held.add(cell).read() as usize == state.k {
                    let last = state.values.add(cell * state.k + state.k - 1).read();
                    let mut some = false;
                    for j in 0..STEP {
                        some |= !precedes::<T, MAX>(last, p.add(col + j).read_unaligned());
                    }
                    if !some {
                        col += STEP;
                        continue;
                    }
                }
                for j in col..col + step {
                    let x = p.add(j).read_unaligned();
                    state.offer(cell + j * tile.cell_col, x, tile.index_at(row, j));
                }
                col += step;
            }
        }
    }
}

fn part<T: Ordered, const MAX: bool>(k: usize) -> Part {
    Part {
        fields: fields([k * size_of::<T>(), k * 8, 8]),
        init: |fields, cells, _| {
            // SAFETY: field 2 is an array over the cells; likewise below.
            unsafe { fields[2].write_bytes(0, cells * 8) }
        },
        accumulate: |fields, tile, params| {
            let state = State::<T, MAX>::new(fields, params);
            // SAFETY: by the contract of `Part`.
            unsafe { top_tile(PhantomData::<T>, state, tile) }
        },
        merge: |into, from, cells, params| {
            let into = State::<T, MAX>::new(into, params);
            let from = State::<T, MAX>::new(from, params);
            for cell in 0..cells {
                // SAFETY: as above; the first `held` elements of a cell are set.
                unsafe {
                    for i in 0..from.held.add(cell).read() as usize {
                        let at = cell * from.k + i;
                        into.offer(
                            cell,
                            from.values.add(at).read(),
                            from.indices.add(at).read(),
                        );
                    }
                }
            }
        },
    }
}

/// `topk`, or `argtopk` where `INDEX`.
pub(super) fn topk<const INDEX: bool>(input: DType, params: &Params) -> Option<Build> {
    let k = params.k.unsigned_abs();
    dispatch!(real stored(input), T => {
        let part = if params.k > 0 { part::<T, true>(k) } else { part::<T, false>(k) };
        let finish = if INDEX { finish::<i64, 1> } else { finish::<T, 0> };
        Some(Build { needs_index: INDEX, outputs_per_cell: k, ..Build::one(part, finish) })
    }, else None)
}

unsafe fn finish<T: Copy, const FIELD: usize>(f: &Finish<'_>) -> Result<()> {
    let k = f.params.k.unsigned_abs();
    if f.count < k as u64 {
        return Err(Error::argument(
            f.operation,
            "k",
            f.params.k,
            format!("there are only {} elements", f.count),
        ));
    }
    // SAFETY: the field and the output are of T, k a cell; every cell has seen at least k elements.
    unsafe {
        let from = f.fields[FIELD].cast::<T>();
        from.copy_to_nonoverlapping(f.out.cast(), k * f.cells);
    }
    Ok(())
}
