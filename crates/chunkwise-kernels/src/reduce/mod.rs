//! Reductions: a table with one row per reduction.
//!
//! A [`Reduction`] is a row; [`Reduction::resolve`] makes it a [`Reducer`] for one input dtype. A
//! reducer works on a *state*: plain bytes that hold, for each output cell, what is known of the
//! elements seen so far. States of different parts of the input are merged, and at the end finished
//! into output elements.
//!
//! Float sums, means and moments are carried in `f64` (two of them where complex): elements are
//! added in blocks of at most 16 additions per lane, the lanes by a fixed tree, and the block into
//! the state by a 2Sum (Knuth, TAOCP 4.2.2 B), whose rounding error is kept beside the value. The
//! bits of a result depend on how the input was cut into tiles, never on the vector instructions.

mod adapt;
mod arg;
mod bincount;
pub(crate) mod extremum;
#[allow(
    clippy::needless_range_loop,
    reason = "lanes of several arrays go by one index"
)]
pub(crate) mod fold;
mod logic;
#[allow(
    clippy::needless_range_loop,
    reason = "lanes of several arrays go by one index"
)]
mod moments;
pub(crate) mod product;
mod state;
pub(crate) mod sum;
mod table;
#[cfg(test)]
mod tests;
mod topk;

use chunkwise_core::{DType, Error, Result};

pub use state::Tile;
use state::{Finish, Part};
pub use table::REDUCTIONS;

/// Parameters of a reduction, as plain data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Params {
    /// What `var` and `std` subtract from the count: 0 for a population, 1 for a sample.
    pub ddof: f64,
    /// How many elements `topk` keeps: the largest where positive, the smallest where negative. How
    /// many numbers `bincount` counts.
    pub k: isize,
}

impl Default for Params {
    fn default() -> Params {
        Params { ddof: 0.0, k: 1 }
    }
}

/// A row of the table.
pub struct Reduction {
    /// NumPy's name: `"sum"`, `"nanvar"`.
    pub name: &'static str,
    /// One sentence for the documentation.
    pub doc: &'static str,
    /// Whether it has a value over no elements.
    pub(crate) identity: bool,
    /// The output dtype for an input dtype; `None` where it has no meaning.
    pub(crate) rule: fn(DType) -> Option<DType>,
    /// What computes it; `None` where there is no meaning.
    pub(crate) build: fn(DType, &Params) -> Option<Build>,
}

/// What a row gives for one dtype: one or two parts of the state, and what ends them.
pub(crate) struct Build {
    pub(crate) parts: [Option<Part>; 2],
    pub(crate) finish: unsafe fn(&Finish<'_>) -> Result<()>,
    pub(crate) needs_index: bool,
    pub(crate) outputs_per_cell: usize,
}

impl Build {
    pub(crate) fn one(part: Part, finish: unsafe fn(&Finish<'_>) -> Result<()>) -> Build {
        Build {
            parts: [Some(part), None],
            finish,
            needs_index: false,
            outputs_per_cell: 1,
        }
    }

    pub(crate) fn two(
        first: Part,
        second: Part,
        finish: unsafe fn(&Finish<'_>) -> Result<()>,
    ) -> Build {
        Build {
            parts: [Some(first), Some(second)],
            ..Build::one(first, finish)
        }
    }
}

impl Reduction {
    /// The dtype of the result, by NumPy 2's rules: sums and products of booleans and integers are
    /// 64 bits wide; means and variances of them are `f64`; variances of complex numbers are real;
    /// indices and counts are `i64`; logic is `bool`; anything else keeps its dtype.
    ///
    /// ```
    /// use chunkwise_core::DType;
    /// use chunkwise_kernels::reduce::reduction;
    /// let sum = reduction("sum").ok_or("no such row")?;
    /// assert_eq!(sum.output_dtype(DType::I8)?, DType::I64);
    /// assert_eq!(sum.output_dtype(DType::F32)?, DType::F32);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn output_dtype(&self, input: DType) -> Result<DType> {
        (self.rule)(input).ok_or_else(|| self.unsupported(input))
    }

    /// Whether it has a value over no elements: `false` for `min`, `max`, `ptp`, the `arg` forms and
    /// `topk`. (`mean` and `var` of nothing are NaN.)
    pub fn has_identity(&self) -> bool {
        self.identity
    }

    /// Whether the result has a last axis of the `|k|` elements that are kept.
    pub fn is_topk(&self) -> bool {
        self.name.ends_with("topk")
    }

    /// Whether the result has a last axis: the elements that `topk` keeps, or the totals of `bincount`.
    pub fn adds_axis(&self) -> bool {
        self.is_topk() || self.name.starts_with("bincount")
    }

    /// The reducer for one input dtype.
    pub fn resolve(&self, input: DType, params: Params) -> Result<Reducer> {
        let output = self.output_dtype(input)?;
        if self.adds_axis() && params.k == 0 {
            return Err(Error::argument(self.name, "k", 0, "it must not be zero"));
        }
        let build = (self.build)(input, &params).ok_or_else(|| self.unsupported(input))?;
        let mut fields = [0; FIELDS];
        let (mut n, mut split) = (0, 0);
        for part in build.parts.iter().flatten() {
            for bytes in part.fields.into_iter().take_while(|b| *b > 0) {
                fields[n] = bytes;
                n += 1;
            }
            if split == 0 {
                split = n;
            }
        }
        Ok(Reducer {
            input,
            state_bytes: fields.iter().sum(),
            output,
            outputs_per_cell: build.outputs_per_cell,
            needs_index: build.needs_index,
            name: self.name,
            identity: self.identity,
            params,
            fields,
            split,
            parts: build.parts,
            finish: build.finish,
        })
    }

    fn unsupported(&self, input: DType) -> Error {
        Error::UnsupportedDType {
            operation: self.name.to_owned(),
            dtypes: vec![input],
        }
    }
}

impl std::fmt::Debug for Reduction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// The row with this name.
pub fn reduction(name: &str) -> Option<&'static Reduction> {
    REDUCTIONS.iter().find(|r| r.name == name)
}

/// The most fields that a state has.
pub(crate) const FIELDS: usize = 8;

/// A reduction made ready for one input dtype: sizes and function pointers.
///
/// A state is a header of 64 bytes and then one array over the cells per field, each at a multiple
/// of 64 bytes. It holds no pointers, so it can be copied, stored and sent as bytes.
#[derive(Clone, Copy)]
pub struct Reducer {
    /// The dtype of the elements that it takes.
    pub input: DType,
    /// Bytes of state per cell.
    pub state_bytes: usize,
    /// The dtype of the result.
    pub output: DType,
    /// Output elements per cell: 1, or |k| for `topk` and `bincount`.
    pub outputs_per_cell: usize,
    /// Whether [`Tile::index`] and its steps are read.
    pub needs_index: bool,
    name: &'static str,
    identity: bool,
    params: Params,
    fields: [usize; FIELDS],
    split: usize,
    parts: [Option<Part>; 2],
    finish: unsafe fn(&Finish<'_>) -> Result<()>,
}

impl std::fmt::Debug for Reducer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} -> {}", self.name, self.output)
    }
}

const HEADER: usize = 64;

impl Reducer {
    /// Bytes of a state for `cells` cells.
    pub fn state_len(&self, cells: usize) -> usize {
        let fields: usize = self
            .fields
            .iter()
            .map(|b| (b * cells).next_multiple_of(64))
            .sum();
        HEADER + fields
    }

    /// Whether a state of this many bytes counts no more elements than there is room for: the only thing in
    /// one that is used as an index.
    pub(crate) fn holds(&self, state: &[u8], cells: usize) -> bool {
        if !self.name.ends_with("topk") {
            return true;
        }
        let before = self.fields[..2].iter();
        let at: usize = before.map(|b| (b * cells).next_multiple_of(64)).sum();
        let held = state[HEADER + at..][..8 * cells].chunks_exact(8);
        let most = self.params.k.unsigned_abs() as u64;
        held.map(<[u8; 8]>::try_from)
            .all(|held| held.is_ok_and(|held| u64::from_ne_bytes(held) <= most))
    }

    /// The addresses of a state's fields.
    pub(crate) fn pointers(&self, state: *mut u8, cells: usize) -> [*mut u8; FIELDS] {
        let mut at = HEADER;
        self.fields.map(|bytes| {
            let field = state.wrapping_add(at);
            at += (bytes * cells).next_multiple_of(64);
            field
        })
    }

    /// Makes the state that has seen no elements.
    ///
    /// # Safety
    /// `state` is 64-byte aligned and writable for [`Self::state_len`] bytes.
    pub unsafe fn init(&self, state: *mut u8, cells: usize) {
        let fields = self.pointers(state, cells);
        // SAFETY: the caller gives the whole state, of which the fields are disjoint parts.
        unsafe {
            state.write_bytes(0, HEADER);
            for (part, from) in self.parts.iter().flatten().zip([0, self.split]) {
                (part.init)(&fields[from..], cells, &self.params);
            }
        }
    }

    /// Takes the elements of a tile into the cells that it names. Until the state is finished every
    /// cell must have been given equally many elements.
    ///
    /// # Safety
    /// `state` was initialised for `cells` cells; every element of the tile is readable and valid for
    /// the input dtype; every cell that the tile names is below `cells`.
    pub unsafe fn accumulate(&self, state: *mut u8, cells: usize, tile: &Tile) {
        if tile.rows == 0 || tile.cols == 0 {
            return;
        }
        let fields = self.pointers(state, cells);
        // SAFETY: by the caller's contract; the header is the state's first 8 bytes.
        unsafe {
            let seen = state.cast::<u64>();
            *seen += (tile.rows * tile.cols) as u64;
            for (part, from) in self.parts.iter().flatten().zip([0, self.split]) {
                (part.accumulate)(&fields[from..], tile, &self.params);
            }
        }
    }

    /// Takes what `from` has seen into `into`. `from` covers later elements.
    ///
    /// # Safety
    /// Both are initialised states of this reducer for `cells` cells, and disjoint.
    pub unsafe fn merge(&self, into: *mut u8, from: *const u8, cells: usize) {
        let target = self.pointers(into, cells);
        let source = self.pointers(from.cast_mut(), cells);
        // SAFETY: by the caller's contract; `source` is only read.
        unsafe {
            *into.cast::<u64>() += *from.cast::<u64>();
            for (part, at) in self.parts.iter().flatten().zip([0, self.split]) {
                (part.merge)(&target[at..], &source[at..], cells, &self.params);
            }
        }
    }

    /// Writes the result: `cells * outputs_per_cell` elements of [`Self::output`], those of a cell
    /// together. An error where a cell has seen nothing and the reduction has no identity, or only NaN
    /// and its index was asked for.
    ///
    /// # Safety
    /// `state` is an initialised state for `cells` cells; `out` is aligned to the output dtype and
    /// writable for the result.
    pub unsafe fn finish(&self, state: *const u8, cells: usize, out: *mut u8) -> Result<()> {
        if cells == 0 {
            return Ok(());
        }
        // SAFETY: the header is the state's first 8 bytes.
        let seen = unsafe { *state.cast::<u64>() };
        if seen == 0 && !self.identity {
            return Err(Error::EmptyReduction {
                operation: self.name,
            });
        }
        let fields = self.pointers(state.cast_mut(), cells);
        // SAFETY: by the caller's contract; the fields are only read.
        unsafe {
            (self.finish)(&Finish {
                fields: &fields,
                cells,
                count: seen / cells as u64,
                params: &self.params,
                operation: self.name,
                out,
            })
        }
    }
}
