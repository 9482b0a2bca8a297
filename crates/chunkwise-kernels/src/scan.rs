//! Cumulative sums, products and extrema along an axis.
//!
//! A scan walks the middle axis of a contiguous block `[outer, n, inner]` with a *carry*: for each of
//! the `outer * inner` cells what came before, which is the state of the [`Reducer`] of the matching
//! reduction. So blocks are scanned in parallel in two phases: [`Scanner::totals`] of every block,
//! then [`Scanner::scan`] of every block from the merged carries of the ones before it. The bits then
//! depend on where the axis is cut into blocks, and on nothing else. Float sums carry the rounding
//! error beside the value, so that a long cumulative sum is as accurate as a short one.

use std::marker::PhantomData;

use chunkwise_core::{DType, Error, Result, View, ViewMut, dispatch};

use crate::reduce::extremum::{Extremum, Ordered};
use crate::reduce::fold::Fold;
use crate::reduce::product::{Factor, IntegerProduct, WideProduct};
use crate::reduce::sum::{Bits, IntegerSum, Summand, Wide, WideSum, stored};
use crate::reduce::{Params, Reducer, Tile, reduction};
use crate::simd::simd_fn;
use crate::tile::State;

/// A row of the table.
pub struct Scan {
    /// NumPy's name: `"cumsum"`.
    pub name: &'static str,
    /// One sentence for the documentation.
    pub doc: &'static str,
    /// The reduction whose state is the carry.
    pub reduction: &'static str,
    kernel: fn(DType) -> Option<Kernel>,
}

type Kernel = unsafe fn(fields: &[*mut u8], src: *const u8, dst: *mut u8, block: [usize; 3]);

/// Every scan, by name.
pub static SCANS: &[Scan] = &[
    Scan {
        name: "cumsum",
        doc: "The sum of the elements up to each one.",
        reduction: "sum",
        kernel: sums::<false>,
    },
    Scan {
        name: "cumprod",
        doc: "The product of the elements up to each one.",
        reduction: "prod",
        kernel: products::<false>,
    },
    Scan {
        name: "cummin",
        doc: "The smallest element up to each one; NaN from the first NaN on.",
        reduction: "min",
        kernel: extrema::<false>,
    },
    Scan {
        name: "cummax",
        doc: "The largest element up to each one; NaN from the first NaN on.",
        reduction: "max",
        kernel: extrema::<true>,
    },
    Scan {
        name: "nancumsum",
        doc: "The sum of the elements up to each one, NaN counted as 0.",
        reduction: "nansum",
        kernel: sums::<true>,
    },
    Scan {
        name: "nancumprod",
        doc: "The product of the elements up to each one, NaN counted as 1.",
        reduction: "nanprod",
        kernel: products::<true>,
    },
];

/// The row with this name.
pub fn scan(name: &str) -> Option<&'static Scan> {
    SCANS.iter().find(|s| s.name == name)
}

impl std::fmt::Debug for Scan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Scan {
    /// The dtype of the result: that of the matching reduction, so sums and products of booleans and
    /// integers are 64 bits wide.
    pub fn output_dtype(&self, input: DType) -> Result<DType> {
        Ok(self.resolve(input)?.output)
    }

    /// The scanner for one input dtype.
    pub fn resolve(&self, input: DType) -> Result<Scanner> {
        let unsupported = || Error::UnsupportedDType {
            operation: self.name.to_owned(),
            dtypes: vec![input],
        };
        let row = reduction(self.reduction).ok_or_else(unsupported)?;
        let carry = row.resolve(input, Params::default())?;
        Ok(Scanner {
            carry,
            output: carry.output,
            item: input.size(),
            kernel: (self.kernel)(input).ok_or_else(unsupported)?,
        })
    }
}

/// A scan made ready for one input dtype.
#[derive(Clone, Copy, Debug)]
pub struct Scanner {
    /// Whose state is the carry: it makes, merges and measures carries.
    pub carry: Reducer,
    /// The dtype of the result.
    pub output: DType,
    item: usize,
    kernel: Kernel,
}

impl Scanner {
    /// Scans an array along an axis, taking the carry on: a state of [`Self::carry`] with a cell for
    /// each index of the other axes. Both arrays are in C order without gaps and of one shape.
    pub fn advance(
        &self,
        carry: &mut State,
        input: &View<'_>,
        axis: usize,
        out: &mut ViewMut<'_>,
    ) -> Result<()> {
        let shape = input.shape();
        let (outer, inner): (usize, usize) = (
            shape[..axis].iter().product(),
            shape[axis + 1..].iter().product(),
        );
        let fits = input.is_contiguous()
            && out.is_contiguous()
            && out.shape() == shape
            && input.dtype() == self.carry.input
            && out.dtype() == self.output
            && carry.cells() == outer * inner
            && carry.nbytes() == self.carry.state_len(outer * inner);
        if !fits {
            return Err(Error::internal(
                "scan",
                format!("a block of shape {shape:?} does not fit"),
            ));
        }
        let state = carry.data()?;
        if shape.contains(&0) {
            return Ok(());
        }
        // SAFETY: checked above: dense arrays of the same shape, and a state with as many cells.
        unsafe {
            self.scan(
                state,
                input.as_ptr(),
                out.as_mut_ptr(),
                outer,
                shape[axis],
                inner,
            )
        };
        Ok(())
    }

    /// Scans a block of shape `[outer, n, inner]`, taking the carry on.
    ///
    /// # Safety
    /// `carry` is an initialised state of [`Self::carry`] for `outer * inner` cells; `src` holds the
    /// block's elements in C order; `dst` has room for as many of the output dtype, and is disjoint
    /// from `src` or, where the element sizes are equal, the same.
    pub unsafe fn scan(
        &self,
        carry: *mut u8,
        src: *const u8,
        dst: *mut u8,
        outer: usize,
        n: usize,
        inner: usize,
    ) {
        let fields = self.carry.pointers(carry, outer * inner);
        // SAFETY: by the caller's contract; the header's count is the state's first 8 bytes.
        unsafe {
            *carry.cast::<u64>() += (outer * n * inner) as u64;
            (self.kernel)(&fields, src, dst, [outer, n, inner]);
        }
    }

    /// Takes the carry over a block without writing a result, at the speed of the reduction.
    ///
    /// # Safety
    /// As [`Self::scan`].
    pub unsafe fn totals(
        &self,
        carry: *mut u8,
        src: *const u8,
        outer: usize,
        n: usize,
        inner: usize,
    ) {
        let along = inner == 1;
        for o in 0..outer {
            let tile = Tile {
                ptr: src.wrapping_add(o * n * inner * self.item),
                rows: if along { 1 } else { n },
                cols: if along { n } else { inner },
                row_stride: (inner * self.item) as isize,
                cell: o * inner,
                cell_row: 0,
                cell_col: !along as usize,
                index: 0,
                index_row: 0,
                index_col: 0,
            };
            // SAFETY: the tile is the block's o-th part, its cells `inner` of the state's.
            unsafe { self.carry.accumulate(carry, outer * inner, &tile) };
        }
    }
}

/// A fold whose cells are readable at any time.
trait Running: Fold {
    type Out: Copy;
    fn settle(value: Self::Value, error: Self::Value) -> Self::Out;
}

impl<T: Summand, const SKIP: bool> Running for WideSum<T, SKIP> {
    type Out = T;
    #[inline(always)]
    fn settle(value: T::Wide, error: T::Wide) -> T {
        let total = value.settle(error);
        // Only NaN so far leaves the -0.0 that sums start from.
        T::from_wide(if SKIP { total + T::Wide::ZERO } else { total })
    }
}

impl<T: Bits> Running for IntegerSum<T> {
    type Out = u64;
    #[inline(always)]
    fn settle(value: u64, _: u64) -> u64 {
        value
    }
}

impl<T: Factor, const SKIP: bool> Running for WideProduct<T, SKIP> {
    type Out = T;
    #[inline(always)]
    fn settle(value: T::Wide, _: T::Wide) -> T {
        T::from_wide(value.settle(T::Wide::MINUS_ZERO))
    }
}

impl<T: Bits> Running for IntegerProduct<T> {
    type Out = u64;
    #[inline(always)]
    fn settle(value: u64, _: u64) -> u64 {
        value
    }
}

impl<T: Ordered, const MAX: bool> Running for Extremum<T, MAX, false> {
    type Out = T;
    #[inline(always)]
    fn settle(value: T, _: T) -> T {
        if value.is_nan() { T::NAN } else { value }
    }
}

fn sums<const SKIP: bool>(input: DType) -> Option<Kernel> {
    dispatch!(integer stored(input), T => Some(kernel::<IntegerSum<T>> as Kernel), else
        dispatch!(inexact input, T => Some(kernel::<WideSum<T, SKIP>> as Kernel), else None))
}

fn products<const SKIP: bool>(input: DType) -> Option<Kernel> {
    dispatch!(integer stored(input), T => Some(kernel::<IntegerProduct<T>> as Kernel), else
        dispatch!(inexact input, T => Some(kernel::<WideProduct<T, SKIP>> as Kernel), else None))
}

fn extrema<const MAX: bool>(input: DType) -> Option<Kernel> {
    dispatch!(numeric stored(input), T => Some(kernel::<Extremum<T, MAX, false>> as Kernel), else None)
}

unsafe fn kernel<F: Running>(fields: &[*mut u8], src: *const u8, dst: *mut u8, block: [usize; 3]) {
    let value = fields[0].cast();
    let error = if F::COMPENSATED {
        fields[1].cast()
    } else {
        value
    };
    // SAFETY: by the contract of `Scanner::scan`.
    unsafe { run(PhantomData::<F>, value, error, src, dst, block) }
}

/// Columns that are scanned together: their carries stay in cache.
const WIDTH: usize = 512;

simd_fn! {
    unsafe fn run[F: Running](
        fold: PhantomData<F>,
        value: *mut F::Value,
        error: *mut F::Value,
        src: *const u8,
        dst: *mut u8,
        block: [usize; 3],
    ) {
        let _ = fold;
        let [outer, n, inner] = block;
        for o in 0..outer {
            let src = src.cast::<F::In>().add(o * n * inner);
            let dst = dst.cast::<F::Out>().add(o * n * inner);
            let mut from = 0;
            while from < inner {
                let to = inner.min(from + WIDTH);
                if to - from == 1 {
                    let cell = o * inner + from;
                    let (mut v, mut e) = (value.add(cell).read(), error.add(cell).read());
                    for i in 0..n {
                        let at = i * inner + from;
                        let x = F::widen(F::step(F::START, src.add(at).read_unaligned()));
                        (v, e) = F::absorb(v, e, x);
                        dst.add(at).write_unaligned(F::settle(v, e));
                    }
                    if F::COMPENSATED {
                        error.add(cell).write(e);
                    }
                    value.add(cell).write(v);
                } else {
                    for i in 0..n {
                        for j in from..to {
                            let (at, cell) = (i * inner + j, o * inner + j);
                            let x = F::widen(F::step(F::START, src.add(at).read_unaligned()));
                            let (v, e) = F::absorb(value.add(cell).read(), error.add(cell).read(), x);
                            dst.add(at).write_unaligned(F::settle(v, e));
                            if F::COMPENSATED {
                                error.add(cell).write(e);
                            }
                            value.add(cell).write(v);
                        }
                    }
                }
                from = to;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chunkwise_core::Complex64;

    #[derive(Clone, Copy)]
    #[repr(align(64))]
    struct Line(#[expect(dead_code, reason = "only its size and alignment count")] [u8; 64]);

    fn carry(scanner: &Scanner, cells: usize) -> Vec<Line> {
        let mut state = vec![Line([0; 64]); scanner.carry.state_len(cells).div_ceil(64)];
        // SAFETY: aligned and long enough.
        unsafe { scanner.carry.init(state.as_mut_ptr().cast(), cells) };
        state
    }

    /// Scans in blocks cut at `cuts`, in two phases.
    fn in_blocks<T: Copy, O: Copy + Default>(
        scanner: &Scanner,
        data: &[T],
        [outer, n, inner]: [usize; 3],
        cuts: &[usize],
    ) -> Vec<O> {
        let cells = outer * inner;
        let mut out = vec![O::default(); data.len()];
        let mut before = carry(scanner, cells);
        for pair in cuts.windows(2) {
            let (from, to) = (pair[0], pair[1]);
            let rows =
                |x: usize| (0..outer).flat_map(move |o| (from..to).map(move |i| (o * n + i) * x));
            let block: Vec<T> = rows(inner)
                .flat_map(|at| &data[at..at + inner])
                .copied()
                .collect();
            let mut result = vec![O::default(); block.len()];
            let mut own = before.clone();
            let mut total = carry(scanner, cells);
            // SAFETY: carries for these cells, and blocks of this shape.
            unsafe {
                let shape = (outer, to - from, inner);
                scanner.totals(
                    total.as_mut_ptr().cast(),
                    block.as_ptr().cast(),
                    shape.0,
                    shape.1,
                    shape.2,
                );
                scanner.scan(
                    own.as_mut_ptr().cast(),
                    block.as_ptr().cast(),
                    result.as_mut_ptr().cast(),
                    shape.0,
                    shape.1,
                    shape.2,
                );
                scanner
                    .carry
                    .merge(before.as_mut_ptr().cast(), total.as_ptr().cast(), cells);
            }
            for (at, row) in rows(inner).zip(result.chunks(inner)) {
                out[at..at + inner].copy_from_slice(row);
            }
        }
        out
    }

    fn naive<T: Copy, O: Copy + Default>(
        data: &[T],
        [outer, n, inner]: [usize; 3],
        step: impl Fn(Option<O>, T) -> O,
    ) -> Vec<O> {
        let mut out = vec![O::default(); data.len()];
        for o in 0..outer {
            for j in 0..inner {
                let mut last = None;
                for i in 0..n {
                    let at = (o * n + i) * inner + j;
                    out[at] = step(last, data[at]);
                    last = Some(out[at]);
                }
            }
        }
        out
    }

    const BLOCKS: [([usize; 3], &[usize]); 5] = [
        ([1, 1000, 1], &[0, 1000]),
        ([1, 1000, 1], &[0, 17, 400, 1000]),
        ([3, 40, 5], &[0, 13, 40]),
        ([2, 9, 700], &[0, 1, 9]),
        ([4, 0, 3], &[0, 0]),
    ];

    #[test]
    fn integers_and_extrema_equal_the_plain_loop() {
        for (shape, cuts) in BLOCKS {
            let len: usize = shape.iter().product();
            let small: Vec<i8> = (0..len).map(|i| (i * 37 % 251) as i8).collect();
            let scanner = scan("cumsum").unwrap().resolve(DType::I8).unwrap();
            assert_eq!(scanner.output, DType::I64);
            let got: Vec<i64> = in_blocks(&scanner, &small, shape, cuts);
            assert_eq!(
                got,
                naive(&small, shape, |l: Option<i64>, x| l.unwrap_or(0) + x as i64)
            );
            let scanner = scan("cumprod").unwrap().resolve(DType::I8).unwrap();
            let got: Vec<i64> = in_blocks(&scanner, &small, shape, cuts);
            assert_eq!(
                got,
                naive(&small, shape, |l: Option<i64>, x| l
                    .unwrap_or(1)
                    .wrapping_mul(x as i64))
            );
            let scanner = scan("cummax").unwrap().resolve(DType::I8).unwrap();
            let got: Vec<i8> = in_blocks(&scanner, &small, shape, cuts);
            assert_eq!(
                got,
                naive(&small, shape, |l: Option<i8>, x| l.map_or(x, |l| l.max(x)))
            );
            let flags: Vec<bool> = small.iter().map(|x| x % 3 == 0).collect();
            let scanner = scan("cumsum").unwrap().resolve(DType::Bool).unwrap();
            let got: Vec<i64> = in_blocks(&scanner, &flags, shape, cuts);
            assert_eq!(
                got,
                naive(&flags, shape, |l: Option<i64>, x| l.unwrap_or(0) + x as i64)
            );
        }
    }

    #[test]
    fn floats_are_compensated_and_nans_stay_or_are_skipped() {
        for (shape, cuts) in BLOCKS {
            let len: usize = shape.iter().product();
            // Multiples of 1/8, whose sums are exact.
            let mut data: Vec<f64> = (0..len)
                .map(|i| (i * 37 % 251) as f64 / 8.0 - 10.0)
                .collect();
            let add = |l: Option<f64>, x: f64| l.unwrap_or(0.0) + x;
            let scanner = scan("cumsum").unwrap().resolve(DType::F64).unwrap();
            assert_eq!(
                in_blocks::<f64, f64>(&scanner, &data, shape, cuts),
                naive(&data, shape, add)
            );
            let pairs: Vec<Complex64> = data.iter().map(|x| Complex64::new(*x, 1.0 - *x)).collect();
            let scanner = scan("cumsum").unwrap().resolve(DType::C128).unwrap();
            let got: Vec<Complex64> = in_blocks(&scanner, &pairs, shape, cuts);
            assert_eq!(
                got,
                naive(&pairs, shape, |l: Option<Complex64>, x| l
                    .unwrap_or_default()
                    + x)
            );
            for x in data.iter_mut().step_by(7) {
                *x = f64::NAN;
            }
            let plain =
                |l: Option<f64>, x: f64| l.unwrap_or(0.0) + if x.is_nan() { 0.0 } else { x };
            let scanner = scan("nancumsum").unwrap().resolve(DType::F64).unwrap();
            assert_eq!(
                in_blocks::<f64, f64>(&scanner, &data, shape, cuts),
                naive(&data, shape, plain)
            );
            let lowest = |l: Option<f64>, x: f64| match l {
                Some(l) if l.is_nan() || l < x => l,
                _ => x,
            };
            let scanner = scan("cummin").unwrap().resolve(DType::F64).unwrap();
            let got: Vec<u64> = in_blocks::<f64, f64>(&scanner, &data, shape, cuts)
                .iter()
                .map(|x| x.to_bits())
                .collect();
            let want: Vec<u64> = naive(&data, shape, lowest)
                .iter()
                .map(|x| x.to_bits())
                .collect();
            assert_eq!(got, want);
        }
    }

    #[test]
    fn long_sums_lose_nothing() {
        let scanner = scan("cumsum").unwrap().resolve(DType::F64).unwrap();
        let n = 200_000;
        let data = vec![0.1f64; n];
        let got: Vec<f64> = in_blocks(&scanner, &data, [1, n, 1], &[0, 70_000, n]);
        for (i, x) in got.iter().enumerate() {
            let want = 0.1 * (i + 1) as f64;
            assert!((x / want - 1.0).abs() < 4e-16, "{i}: {x} for {want}");
        }
    }

    #[test]
    fn dtypes_without_meaning_are_refused() {
        for row in SCANS {
            for dtype in DType::ALL {
                let want = reduction(row.reduction).unwrap().output_dtype(dtype);
                assert_eq!(
                    row.output_dtype(dtype).is_ok(),
                    want.is_ok(),
                    "{row:?} of {dtype}"
                );
            }
        }
    }
}
