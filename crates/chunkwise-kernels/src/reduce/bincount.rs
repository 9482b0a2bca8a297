//! How often each small number occurs, or the sum of the weights beside it.
//!
//! A cell holds a total for each of the numbers `0..k`. Elements outside are left out, so that a
//! histogram can leave elements out by giving them the number -1.

use std::marker::PhantomData;

use chunkwise_core::{Complex64, DType, Result, dispatch};

use super::state::{Finish, Part, Tile, fields};
use super::{Build, Params};

/// An element: a number, and what it adds to that number's total.
trait Counted: Copy + 'static {
    type Total: Copy + std::ops::AddAssign + 'static;
    /// The number; one that is out of every range where the element is to be left out.
    fn number(self) -> usize;
    fn weight(self) -> Self::Total;
}

macro_rules! counted {
    ($($t:ty),*) => {$(
        impl Counted for $t {
            type Total = i64;
            #[inline(always)]
            fn number(self) -> usize {
                // Negative numbers become larger than any k.
                self as usize
            }
            #[inline(always)]
            fn weight(self) -> i64 {
                1
            }
        }
    )*};
}
counted!(i8, i16, i32, i64, u8, u16, u32, u64);

/// The real part is the number, the imaginary part its weight.
impl Counted for Complex64 {
    type Total = f64;
    #[inline(always)]
    fn number(self) -> usize {
        if self.re >= 0.0 {
            self.re as usize
        } else {
            usize::MAX
        }
    }
    #[inline(always)]
    fn weight(self) -> f64 {
        self.im
    }
}

/// Adds a tile to the totals.
///
/// # Safety
/// As for `Part`, where the field holds `k` totals a cell.
unsafe fn count<T: Counted>(element: PhantomData<T>, totals: *mut T::Total, k: usize, tile: &Tile) {
    let _ = element;
    for row in 0..tile.rows {
        let p = tile.row::<T>(row);
        let cell = tile.cell + row * tile.cell_row;
        for col in 0..tile.cols {
            // SAFETY: the element is the tile's; its cell has k totals, of which this is one.
            unsafe {
                let x = p.add(col).read_unaligned();
                let number = x.number();
                if number < k {
                    *totals.add((cell + col * tile.cell_col) * k + number) += x.weight();
                }
            }
        }
    }
}

fn part<T: Counted>(k: usize) -> Part {
    Part {
        fields: fields([k * size_of::<T::Total>()]),
        init: |fields, cells, params| {
            let bytes = cells * params.k.unsigned_abs() * size_of::<T::Total>();
            // SAFETY: the field holds k totals a cell, which are numbers; zero bytes are zero.
            unsafe { fields[0].write_bytes(0, bytes) }
        },
        accumulate: |fields, tile, params| {
            let k = params.k.unsigned_abs();
            // SAFETY: by the contract of `Part`.
            unsafe { count(PhantomData::<T>, fields[0].cast(), k, tile) }
        },
        merge: |into, from, cells, params| {
            let (to, from) = (into[0].cast::<T::Total>(), from[0].cast::<T::Total>());
            for i in 0..cells * params.k.unsigned_abs() {
                // SAFETY: both fields hold k totals a cell.
                unsafe { *to.add(i) += from.add(i).read() };
            }
        },
    }
}

fn build<T: Counted>(params: &Params) -> Build {
    let k = params.k.unsigned_abs();
    Build {
        outputs_per_cell: k,
        ..Build::one(part::<T>(k), finish::<T::Total>)
    }
}

/// `bincount` of integers.
pub(super) fn bincount(input: DType, params: &Params) -> Option<Build> {
    dispatch!(integer input, T => Some(build::<T>(params)), else None)
}

/// `bincount_weighted` of pairs of a number and a weight.
pub(super) fn weighted(input: DType, params: &Params) -> Option<Build> {
    (input == DType::C128).then(|| build::<Complex64>(params))
}

unsafe fn finish<T: Copy>(f: &Finish<'_>) -> Result<()> {
    // SAFETY: the field and the output are of T, k a cell.
    unsafe {
        let from = f.fields[0].cast::<T>();
        from.copy_to_nonoverlapping(f.out.cast(), f.params.k.unsigned_abs() * f.cells);
    }
    Ok(())
}
