use chunkwise_core::Result;

use super::{FIELDS, Params};

/// A 2-d tile of input elements, and the cells that they belong to.
///
/// Element `(r, c)` lies at `ptr + r * row_stride + c * size` and goes to cell
/// `cell + r * cell_row + c * cell_col`. So `cell_row` is 0 where the rows are reduced, and `cell_col`
/// is 0 where the columns are.
#[derive(Clone, Copy, Debug)]
pub struct Tile {
    /// Element `(0, 0)`; alignment is not needed.
    pub ptr: *const u8,
    /// Number of rows.
    pub rows: usize,
    /// Number of columns, which are contiguous.
    pub cols: usize,
    /// Bytes between rows.
    pub row_stride: isize,
    /// The cell of element `(0, 0)`.
    pub cell: usize,
    /// Cells from a row to the next.
    pub cell_row: usize,
    /// Cells from a column to the next: 0 or 1.
    pub cell_col: usize,
    /// The index of element `(0, 0)` in the reduced space.
    pub index: u64,
    /// What the index grows by from a row to the next.
    pub index_row: i64,
    /// What the index grows by from a column to the next.
    pub index_col: i64,
}

impl Tile {
    /// The address of a row, as elements of `T`.
    #[inline(always)]
    pub(crate) fn row<T>(&self, row: usize) -> *const T {
        self.ptr
            .wrapping_offset(row as isize * self.row_stride)
            .cast()
    }

    /// The index of an element in the reduced space.
    #[inline(always)]
    pub(crate) fn index_at(&self, row: usize, col: usize) -> i64 {
        self.index as i64 + row as i64 * self.index_row + col as i64 * self.index_col
    }
}

/// A part of a state: the bytes per cell of its fields (0 ends the list), and what works on them.
///
/// # Safety of the functions
/// Field pointers are arrays over `cells` cells, 64-byte aligned; otherwise as the functions of
/// [`super::Reducer`] with the same names.
#[derive(Clone, Copy)]
pub(crate) struct Part {
    pub(crate) fields: [usize; FIELDS],
    pub(crate) init: unsafe fn(fields: &[*mut u8], cells: usize, params: &Params),
    pub(crate) accumulate: unsafe fn(fields: &[*mut u8], tile: &Tile, params: &Params),
    pub(crate) merge: unsafe fn(into: &[*mut u8], from: &[*mut u8], cells: usize, params: &Params),
}

/// The list of a part's fields, padded.
pub(crate) fn fields<const N: usize>(bytes: [usize; N]) -> [usize; FIELDS] {
    let mut all = [0; FIELDS];
    all[..N].copy_from_slice(&bytes);
    all
}

/// What a reduction's last step works on.
pub(crate) struct Finish<'a> {
    pub(crate) fields: &'a [*mut u8; FIELDS],
    pub(crate) cells: usize,
    /// Elements that each cell has seen.
    pub(crate) count: u64,
    pub(crate) params: &'a Params,
    pub(crate) operation: &'static str,
    pub(crate) out: *mut u8,
}

impl Finish<'_> {
    /// The value of a field at a cell.
    ///
    /// # Safety
    /// The field is an array of `T` with more than `cell` elements.
    #[inline(always)]
    pub(crate) unsafe fn get<T: Copy>(&self, field: usize, cell: usize) -> T {
        // SAFETY: by the caller's contract.
        unsafe { self.fields[field].cast::<T>().add(cell).read() }
    }

    /// Writes one output element per cell.
    ///
    /// # Safety
    /// `T` is the type of the output dtype (or has its size), and `out` has room for all cells.
    pub(crate) unsafe fn each<T>(&self, value: impl Fn(usize) -> T) -> Result<()> {
        for cell in 0..self.cells {
            // SAFETY: by the caller's contract.
            unsafe { self.out.cast::<T>().add(cell).write(value(cell)) };
        }
        Ok(())
    }
}
