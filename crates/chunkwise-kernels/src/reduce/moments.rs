//! Variances and standard deviations, by merged moments.
//!
//! A cell holds the count, a pivot near its elements (the mean of its first block), the sum of the
//! deviations from the pivot, and the sum of squared deviations from the mean with an error term.
//! Each block of at most 512 elements is passed twice while it is in cache (its mean, then the
//! squared deviations with the correction for the mean's rounding; Chan, Golub, LeVeque, "Algorithms
//! for computing the sample variance", 1983) and merged by their pairwise formula. Sums of deviations
//! from a near pivot lose nothing where the mean is large beside the deviations.

use std::hint::black_box;
use std::marker::PhantomData;

use chunkwise_core::{Complex32, Complex64, DType, Result, dispatch};

use super::Build;
use super::adapt::{Via, converted};
use super::state::{Finish, Part, Tile, fields};
use super::sum::{Summand, Wide, stored, two_sum};
use crate::simd::simd_fn;

const LANES: usize = 16;
const STEPS: usize = 32;

/// Rows shorter than this are taken one element after another.
const SHORT: usize = 16;

/// The moments of a block: count, a value near the mean, the sum of deviations from it, and the sum of
/// squared deviations from the mean.
#[derive(Clone, Copy)]
struct Block<W> {
    n: f64,
    /// 1 / n.
    inverse: f64,
    pivot: W,
    deviation: W,
    squares: f64,
}

/// The moments of a cell.
#[derive(Clone, Copy)]
struct Cell<W> {
    n: f64,
    pivot: W,
    deviation: W,
    squares: f64,
    error: f64,
}

impl<W: Wide> Cell<W> {
    #[inline(always)]
    fn absorb(self, b: Block<W>) -> Cell<W> {
        let first = self.n == 0.0;
        let pivot = if first { b.pivot } else { self.pivot };
        let deviation = b.deviation + (b.pivot - pivot).times(b.n);
        let total = self.n + b.n;
        // Both quotients that the formula needs, b.n / n and n / total, from one division.
        let share = 1.0 / (self.n * total);
        let apart = deviation - self.deviation.times(b.n * total * share);
        let between = apart.norm_sqr() * (self.n * self.n * share * b.inverse);
        let both = !first & (b.n != 0.0);
        let squares = if both { b.squares + between } else { b.squares };
        let (squares, error) = two_sum(self.squares, squares);
        let new = Cell {
            n: total,
            pivot,
            deviation: self.deviation + deviation,
            squares,
            error: self.error + error,
        };
        if b.n == 0.0 { self } else { new }
    }
}

/// The arrays of a state, from some cell on.
#[derive(Clone, Copy)]
struct State<W> {
    n: *mut f64,
    pivot: *mut W,
    deviation: *mut W,
    squares: *mut f64,
    error: *mut f64,
}

impl<W: Wide> State<W> {
    fn new(fields: &[*mut u8]) -> State<W> {
        State {
            n: fields[0].cast(),
            pivot: fields[1].cast(),
            deviation: fields[2].cast(),
            squares: fields[3].cast(),
            error: fields[4].cast(),
        }
    }

    #[inline(always)]
    fn at(self, cell: usize) -> State<W> {
        State {
            n: self.n.wrapping_add(cell),
            pivot: self.pivot.wrapping_add(cell),
            deviation: self.deviation.wrapping_add(cell),
            squares: self.squares.wrapping_add(cell),
            error: self.error.wrapping_add(cell),
        }
    }

    /// # Safety
    /// The pointers are those of a cell of the state; likewise below.
    #[inline(always)]
    unsafe fn read(self) -> Cell<W> {
        // SAFETY: by the caller's contract.
        unsafe {
            Cell {
                n: self.n.read(),
                pivot: self.pivot.read(),
                deviation: self.deviation.read(),
                squares: self.squares.read(),
                error: self.error.read(),
            }
        }
    }

    #[inline(always)]
    unsafe fn write(self, cell: Cell<W>) {
        // SAFETY: by the caller's contract.
        unsafe {
            self.n.write(cell.n);
            self.pivot.write(cell.pivot);
            self.deviation.write(cell.deviation);
            self.squares.write(cell.squares);
            self.error.write(cell.error);
        }
    }

    /// Takes a block into each of `B` cells.
    #[inline(always)]
    unsafe fn absorb_all<const B: usize>(self, block: impl Fn(usize) -> Block<W>) {
        // SAFETY: by the caller's contract, B cells from this one on are the state's.
        unsafe {
            let n = self.n.cast::<[f64; B]>();
            let pivot = self.pivot.cast::<[W; B]>();
            let deviation = self.deviation.cast::<[W; B]>();
            let squares = self.squares.cast::<[f64; B]>();
            let error = self.error.cast::<[f64; B]>();
            let (mut a, mut b, mut c) = (n.read(), pivot.read(), deviation.read());
            let (mut d, mut e) = (squares.read(), error.read());
            for j in 0..B {
                let cell = Cell {
                    n: a[j],
                    pivot: b[j],
                    deviation: c[j],
                    squares: d[j],
                    error: e[j],
                };
                let cell = cell.absorb(block(j));
                (a[j], b[j], c[j]) = (cell.n, cell.pivot, cell.deviation);
                (d[j], e[j]) = (cell.squares, cell.error);
            }
            n.write(a);
            pivot.write(b);
            deviation.write(c);
            squares.write(d);
            error.write(e);
        }
    }
}

/// An element as a wide number, and 1 if it counts; 0 for a NaN that is skipped.
#[inline(always)]
fn load<T: Summand, const SKIP: bool>(x: T) -> (T::Wide, f64) {
    if SKIP && x.is_nan() {
        (T::Wide::ZERO, 0.0)
    } else {
        (x.wide(), 1.0)
    }
}

/// The deviation of an element from a value; 0 for a NaN that is skipped.
#[inline(always)]
fn deviation<T: Summand, const SKIP: bool>(x: T, from: T::Wide) -> T::Wide {
    if SKIP && x.is_nan() {
        T::Wide::ZERO
    } else {
        x.wide() - from
    }
}

#[inline(always)]
fn close<W: Wide>(n: f64, inverse: f64, pivot: W, deviation: W, squares: f64) -> Block<W> {
    // What the mean's rounding left in the squares.
    let excess = deviation.norm_sqr() * inverse;
    Block {
        n,
        inverse,
        pivot,
        deviation,
        squares: squares - excess,
    }
}

#[inline(always)]
fn tree<W: Copy>(lanes: &[W; LANES], join: impl Fn(W, W) -> W + Copy) -> W {
    #[inline(always)]
    fn halve<W: Copy, const H: usize>(lanes: &mut [W], join: impl Fn(W, W) -> W) {
        let lanes = &mut lanes[..2 * H];
        for j in 0..H {
            lanes[j] = join(lanes[j], lanes[j + H]);
        }
    }
    let mut lanes = *black_box(lanes);
    halve::<W, 8>(&mut lanes, join);
    halve::<W, 4>(&mut lanes, join);
    halve::<W, 2>(&mut lanes, join);
    halve::<W, 1>(&mut lanes, join);
    lanes[0]
}

/// The moments of a block of at most `LANES * STEPS` elements.
///
/// # Safety
/// The rows and columns are readable.
#[inline(always)]
unsafe fn block<T: Summand, const SKIP: bool>(
    p: *const T,
    stride: isize,
    rows: usize,
    cols: usize,
    advance: usize,
) -> Block<T::Wide> {
    let (whole, rest) = (cols / LANES, cols % LANES);
    let zero = T::Wide::ZERO;
    let tail = p.wrapping_add(whole * LANES);
    let mut sum = [zero; LANES];
    let mut count = [0.0; LANES];
    let mut row = p;
    for _ in 0..rows {
        let mut q = row;
        for _ in 0..whole {
            for j in 0..LANES {
                // SAFETY: by the caller, as all reads here.
                let (x, one) = load::<T, SKIP>(unsafe { q.add(j).read_unaligned() });
                sum[j] = sum[j] + x;
                if SKIP {
                    count[j] += one;
                }
            }
            q = q.wrapping_byte_add(advance);
        }
        row = row.wrapping_byte_offset(stride);
    }
    let mut padded = [T::NOTHING; LANES];
    let mut row = tail;
    for _ in 0..if rest > 0 { rows } else { 0 } {
        for j in 0..rest {
            // SAFETY: as above.
            padded[j] = unsafe { row.add(j).read_unaligned() };
        }
        for j in 0..LANES {
            let (x, one) = load::<T, SKIP>(padded[j]);
            sum[j] = sum[j] + x;
            if SKIP {
                count[j] += if j < rest { one } else { 0.0 };
            }
        }
        row = row.wrapping_byte_offset(stride);
    }
    let sums = sum;
    let n = if SKIP {
        let counts = count;
        tree(&counts, |a, b| a + b)
    } else {
        (rows * cols) as f64
    };
    let mean = tree(&sums, |a, b| a + b).over(n);
    let mut first = [zero; LANES];
    let mut second = [0.0; LANES];
    let mut row = p;
    for _ in 0..rows {
        let mut q = row;
        for _ in 0..whole {
            for j in 0..LANES {
                // SAFETY: as above.
                let d = deviation::<T, SKIP>(unsafe { q.add(j).read_unaligned() }, mean);
                first[j] = first[j] + d;
                second[j] += d.norm_sqr();
            }
            q = q.wrapping_byte_add(advance);
        }
        row = row.wrapping_byte_offset(stride);
    }
    let mut row = tail;
    for _ in 0..if rest > 0 { rows } else { 0 } {
        for j in 0..rest {
            // SAFETY: as above.
            padded[j] = unsafe { row.add(j).read_unaligned() };
        }
        for j in 0..LANES {
            let d = deviation::<T, SKIP>(padded[j], mean);
            let d = if j < rest { d } else { zero };
            first[j] = first[j] + d;
            second[j] += d.norm_sqr();
        }
        row = row.wrapping_byte_offset(stride);
    }
    let (firsts, seconds) = (first, second);
    let deviation = tree(&firsts, |a, b| a + b);
    let squares = tree(&seconds, |a, b| a + b);
    close(n, 1.0 / n, mean, deviation, squares)
}

/// The moments of a few columns of rows, one element after another.
///
/// # Safety
/// The rows and columns are readable.
#[inline(always)]
unsafe fn short<T: Summand, const SKIP: bool>(
    p: *const T,
    stride: isize,
    rows: usize,
    cols: usize,
) -> Block<T::Wide> {
    let (mut sum, mut n) = (T::Wide::ZERO, 0.0);
    let mut row = p;
    for _ in 0..rows {
        for j in 0..cols {
            // SAFETY: by the caller's contract; likewise below.
            let (x, one) = load::<T, SKIP>(unsafe { row.add(j).read_unaligned() });
            sum = sum + x;
            n += one;
        }
        row = row.wrapping_byte_offset(stride);
    }
    let mean = sum.over(n);
    let (mut first, mut second) = (T::Wide::ZERO, 0.0);
    let mut row = p;
    for _ in 0..rows {
        for j in 0..cols {
            // SAFETY: as above.
            let d = deviation::<T, SKIP>(unsafe { row.add(j).read_unaligned() }, mean);
            first = first + d;
            second += d.norm_sqr();
        }
        row = row.wrapping_byte_offset(stride);
    }
    close(n, 1.0 / n, mean, first, second)
}

/// The moments of `B` columns of at most `STEPS` rows.
///
/// # Safety
/// The rows and columns are readable, and B cells from `state` on are the state's.
#[inline(always)]
unsafe fn columns<T: Summand, const SKIP: bool, const B: usize>(
    state: State<T::Wide>,
    p: *const T,
    stride: isize,
    rows: usize,
) {
    let zero = T::Wide::ZERO;
    let mut sum = [zero; B];
    let mut count = [if SKIP { 0.0 } else { rows as f64 }; B];
    let mut row = p;
    for _ in 0..rows {
        for j in 0..B {
            // SAFETY: by the caller, as all reads here.
            let (x, one) = load::<T, SKIP>(unsafe { row.add(j).read_unaligned() });
            sum[j] = sum[j] + x;
            if SKIP {
                count[j] += one;
            }
        }
        row = row.wrapping_byte_offset(stride);
    }
    let mut inverse = [1.0 / rows as f64; B];
    let mut mean = [zero; B];
    for j in 0..B {
        if SKIP {
            inverse[j] = 1.0 / count[j];
        }
        mean[j] = sum[j].times(inverse[j]);
    }
    let mut first = [zero; B];
    let mut second = [0.0; B];
    if rows > 1 {
        let mut row = p;
        for _ in 0..rows {
            for j in 0..B {
                // SAFETY: as above.
                let d = deviation::<T, SKIP>(unsafe { row.add(j).read_unaligned() }, mean[j]);
                first[j] = first[j] + d;
                second[j] += d.norm_sqr();
            }
            row = row.wrapping_byte_offset(stride);
        }
    } else {
        for j in 0..B {
            // A single element deviates by 0, or NaN where it is not finite.
            first[j] = mean[j].times(0.0);
            second[j] = first[j].norm_sqr();
        }
    }
    // In memory, so that the compiler makes vectors of columns in what follows.
    let (count, inverse, mean) = (black_box(count), black_box(inverse), black_box(mean));
    let (first, second) = (black_box(first), black_box(second));
    let block = |j: usize| close(count[j], inverse[j], mean[j], first[j], second[j]);
    // SAFETY: by the caller's contract.
    unsafe { state.absorb_all::<B>(block) }
}

simd_fn! {
    unsafe fn moments_tile[T: Summand, const SKIP: bool](
        element: PhantomData<T>,
        skip: Skip<SKIP>,
        state: State<T::Wide>,
        tile: &Tile,
    ) {
        let _ = (element, skip);
        let together = if tile.cell_row > 0 {
            1
        } else if tile.cell_col > 0 {
            STEPS
        } else {
            (STEPS / tile.cols.div_ceil(LANES)).max(1)
        };
        let advance = black_box(LANES * size_of::<T>());
        let stride = tile.row_stride;
        let mut row = 0;
        while row < tile.rows {
            let rows = together.min(tile.rows - row);
            let p = tile.row::<T>(row);
            let state = state.at(tile.cell + row * tile.cell_row);
            let mut col = 0;
            if tile.cell_col > 0 {
                while tile.cols - col >= 16 {
                    columns::<T, SKIP, 16>(state.at(col), p.wrapping_add(col), stride, rows);
                    col += 16;
                }
                while col < tile.cols {
                    columns::<T, SKIP, 1>(state.at(col), p.wrapping_add(col), stride, rows);
                    col += 1;
                }
            } else {
                let mut cell = state.read();
                while col < tile.cols {
                    let cols = (tile.cols - col).min(LANES * STEPS);
                    let p = p.wrapping_add(col);
                    cell = cell.absorb(if cols < SHORT {
                        short::<T, SKIP>(p, stride, rows, cols)
                    } else {
                        block::<T, SKIP>(p, stride, rows, cols, advance)
                    });
                    col += cols;
                }
                state.write(cell);
            }
            row += rows;
        }
    }
}

#[derive(Clone, Copy)]
struct Skip<const SKIP: bool>;

fn part<T: Summand, const SKIP: bool>() -> Part {
    let wide = size_of::<T::Wide>();
    Part {
        fields: fields([8, wide, wide, 8, 8]),
        init: |fields, cells, _| {
            let state = State::<T::Wide>::new(fields);
            let empty = Cell {
                n: 0.0,
                pivot: T::Wide::ZERO,
                deviation: T::Wide::ZERO,
                squares: 0.0,
                error: 0.0,
            };
            for cell in 0..cells {
                // SAFETY: each field is an array over the cells; likewise below.
                unsafe { state.at(cell).write(empty) };
            }
        },
        accumulate: |fields, tile, _| {
            let state = State::<T::Wide>::new(fields);
            // SAFETY: by the contract of `Part`.
            unsafe { moments_tile(PhantomData::<T>, Skip::<SKIP>, state, tile) }
        },
        merge: |into, from, cells, _| {
            let (into, from) = (State::<T::Wide>::new(into), State::<T::Wide>::new(from));
            for cell in 0..cells {
                // SAFETY: as above.
                unsafe {
                    let other = from.at(cell).read();
                    let block = Block {
                        n: other.n,
                        inverse: 1.0 / other.n,
                        pivot: other.pivot,
                        deviation: other.deviation,
                        squares: other.squares,
                    };
                    let mut merged = into.at(cell).read().absorb(block);
                    merged.error += other.error;
                    into.at(cell).write(merged);
                }
            }
        },
    }
}

/// Moments of `f64` or `complex128`.
struct Moments<T, const SKIP: bool>(PhantomData<T>);

impl<T: Summand, const SKIP: bool> Via for Moments<T, SKIP> {
    fn part() -> Part {
        part::<T, SKIP>()
    }
}

/// `var`, or `std` where `ROOT`; without the NaN elements where `SKIP`.
pub(super) fn moments<const ROOT: bool, const SKIP: bool>(input: DType) -> Option<Build> {
    type Real<const SKIP: bool> = Moments<f64, SKIP>;
    type Pair<const SKIP: bool> = Moments<Complex64, SKIP>;
    Some(match input {
        DType::F32 => Build::one(
            converted::<f32, Real<SKIP>>(),
            finish::<f64, f32, ROOT, SKIP>,
        ),
        DType::F64 => Build::one(part::<f64, SKIP>(), finish::<f64, f64, ROOT, SKIP>),
        DType::C64 => Build::one(
            converted::<Complex32, Pair<SKIP>>(),
            finish::<Complex64, f32, ROOT, SKIP>,
        ),
        DType::C128 => Build::one(
            part::<Complex64, SKIP>(),
            finish::<Complex64, f64, ROOT, SKIP>,
        ),
        // No integer is NaN, so one kernel does.
        other => {
            let part = dispatch!(integer stored(other), T => converted::<T, Real<false>>(), else return None);
            Build::one(part, finish::<f64, f64, ROOT, false>)
        }
    })
}

unsafe fn finish<W: Wide, O: Summand<Wide = f64>, const ROOT: bool, const SKIP: bool>(
    f: &Finish<'_>,
) -> Result<()> {
    let state = State::<W>::new(f.fields);
    // SAFETY: the build pairs this with a part of W and an output of O.
    unsafe {
        f.each(|cell| {
            let Cell {
                n, squares, error, ..
            } = state.at(cell).read();
            let freedom = n - f.params.ddof;
            let var = if SKIP && freedom <= 0.0 {
                f64::NAN
            } else {
                // Rounding can leave a hair below zero.
                let squares = squares.settle(error);
                (if squares < 0.0 { 0.0 } else { squares }) / freedom.max(0.0)
            };
            O::from_wide((if ROOT { var.sqrt() } else { var }).settle(-0.0))
        })
    }
}
