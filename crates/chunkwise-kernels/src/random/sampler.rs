use std::mem::MaybeUninit;
use std::sync::Arc;

use chunkwise_core::{DType, Element, Error, Result};

use super::bits::{Bits, run};
use super::counts::{Counts, FIRST_ATTEMPT};
use super::exponential::{exponential32, exponential64};
use super::integers::{self, Offset, Range};
use super::normal::{normal32, normal64};
use super::permutation::Permutation;
use super::table::Table;
use super::uniform::{Convert, Raw, Uniform32, Uniform64};
use super::{Distribution, RandomSpec};
use crate::simd::simd_fn;

/// A [`RandomSpec`] made ready: keys expanded, constants computed. Cheap to clone.
///
/// ```
/// use chunkwise_core::DType;
/// use chunkwise_kernels::random::{Distribution, Generator, RandomSpec, Sampler};
/// let spec = RandomSpec {
///     generator: Generator::Ars7,
///     seed: 1,
///     stream: 0,
///     distribution: Distribution::Uniform { low: 0.0, high: 1.0 },
///     dtype: DType::F64,
/// };
/// let sampler = Sampler::new(&spec)?;
/// let all: Vec<f64> = sampler.sample(0, 100)?;
/// assert_eq!(sampler.sample::<f64>(40, 10)?, all[40..50]);
/// # Ok::<(), chunkwise_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Sampler(Arc<Prepared>);

#[derive(Debug)]
struct Prepared {
    bits: Bits,
    dtype: DType,
    kernel: Kernel,
}

#[derive(Debug)]
enum Kernel {
    Unit64(Uniform64<true>),
    Uniform64(Uniform64<false>),
    Uniform32(Uniform32),
    Normal64 {
        mean: f64,
        std: f64,
    },
    Normal32 {
        mean: f32,
        std: f32,
    },
    Exponential64 {
        scale: f64,
    },
    Exponential32 {
        scale: f32,
    },
    Integers {
        low: u64,
        range: Range,
    },
    Counts(Counts),
    /// True where the upper 53 bits are below this.
    Bernoulli {
        below: u64,
    },
    Weighted(Table),
    Permutation(Permutation),
    Bits32,
    Bits64,
}

impl Kernel {
    /// For a valid spec.
    fn new(spec: &RandomSpec, bits: &Bits) -> Kernel {
        let single = spec.dtype.size() == 4;
        match &spec.distribution {
            Distribution::Uniform { low, high } if single => {
                Kernel::Uniform32(Uniform32::new(*low, *high))
            }
            Distribution::Uniform { low, high } if (*low, *high) == (0.0, 1.0) => {
                Kernel::Unit64(Uniform64::new(*low, *high))
            }
            Distribution::Uniform { low, high } => Kernel::Uniform64(Uniform64::new(*low, *high)),
            Distribution::Normal { mean, std } if single => Kernel::Normal32 {
                mean: *mean as f32,
                std: *std as f32,
            },
            Distribution::Normal { mean, std } => Kernel::Normal64 {
                mean: *mean,
                std: *std,
            },
            Distribution::Exponential { scale } if single => Kernel::Exponential32 {
                scale: *scale as f32,
            },
            Distribution::Exponential { scale } => Kernel::Exponential64 { scale: *scale },
            Distribution::Integers { low, high } => Kernel::Integers {
                low: *low as u64,
                range: integers::range((high - low) as u128),
            },
            Distribution::Poisson { rate } => Kernel::Counts(Counts::poisson(*rate)),
            Distribution::Binomial { n, p } => Kernel::Counts(Counts::binomial(*n, *p)),
            Distribution::Bernoulli { p } => Kernel::Bernoulli {
                below: (p * 9_007_199_254_740_992.0).ceil() as u64,
            },
            Distribution::Choice {
                n,
                cumulative: None,
            } => Kernel::Integers {
                low: 0,
                range: integers::range(u128::from(*n)),
            },
            Distribution::Choice {
                cumulative: Some(sums),
                ..
            } => Kernel::Weighted(Table::new(Arc::clone(sums))),
            Distribution::Permutation { n } => Kernel::Permutation(Permutation::new(*n, bits)),
            Distribution::Bits if single => Kernel::Bits32,
            Distribution::Bits => Kernel::Bits64,
        }
    }
}

impl Sampler {
    /// Prepares a valid spec; see [`RandomSpec::validate`] for the errors.
    pub fn new(spec: &RandomSpec) -> Result<Sampler> {
        spec.validate()?;
        let bits = Bits::new(spec.generator, spec.seed, spec.stream);
        let kernel = Kernel::new(spec, &bits);
        let dtype = spec.dtype;
        Ok(Sampler(Arc::new(Prepared {
            bits,
            dtype,
            kernel,
        })))
    }

    /// The values' dtype.
    pub fn dtype(&self) -> DType {
        self.0.dtype
    }

    /// Writes the values of elements `start`, `start + step`, `start + 2 * step`, ... (wrapping) to
    /// `out[0..n]`. `step` 1 is the fast case.
    ///
    /// # Safety
    /// `out` is aligned and writable for `n` elements of [`dtype`](Self::dtype).
    pub unsafe fn fill(&self, start: u64, step: i64, out: *mut u8, n: usize) {
        // SAFETY: the caller's contract, cut into parts inside `n`.
        unsafe {
            if step == 1 {
                let before_wrap = start.wrapping_neg();
                if start == 0 || n as u64 <= before_wrap {
                    self.0.row(start, out, n);
                } else {
                    let first = before_wrap as usize;
                    self.0.row(start, out, first);
                    self.0
                        .row(0, out.add(first * self.0.dtype.size()), n - first);
                }
            } else {
                self.strided(start, step, out, n);
            }
        }
    }

    /// # Safety
    /// As [`fill`](Self::fill).
    unsafe fn strided(&self, start: u64, step: i64, out: *mut u8, n: usize) {
        let size = self.0.dtype.size();
        let index = |i: usize| start.wrapping_add((step as u64).wrapping_mul(i as u64));
        // SAFETY: `out` holds `n` elements of `size` bytes; `near` holds `BUFFER` of at most 8.
        unsafe {
            if n == 0 {
                return;
            }
            if step == 0 {
                self.0.row(start, out, 1);
                for i in 1..n {
                    std::ptr::copy_nonoverlapping(out, out.add(i * size), size);
                }
                return;
            }
            const BUFFER: usize = 256;
            let reach = step.unsigned_abs();
            if reach > 4 {
                for i in 0..n {
                    self.0.row(index(i), out.add(i * size), 1);
                }
                return;
            }
            let mut near = [0u64; BUFFER];
            let near = near.as_mut_ptr().cast::<u8>();
            let reach = reach as usize;
            let mut done = 0;
            while done < n {
                let many = (n - done).min(BUFFER / reach);
                let lowest = if step > 0 {
                    index(done)
                } else {
                    index(done + many - 1)
                };
                self.fill(lowest, 1, near, (many - 1) * reach + 1);
                for i in 0..many {
                    let at = if step > 0 { i } else { many - 1 - i } * reach;
                    let to = out.add((done + i) * size);
                    std::ptr::copy_nonoverlapping(near.add(at * size), to, size);
                }
                done += many;
            }
        }
    }

    /// The values of elements `start..start + n`.
    pub fn sample<T: Element>(&self, start: u64, n: usize) -> Result<Vec<T>> {
        if T::DTYPE != self.dtype() {
            return Err(Error::DTypeMismatch {
                operation: "sampling",
                expected: self.dtype(),
                got: T::DTYPE,
            });
        }
        let mut out = vec![T::default(); n];
        // SAFETY: a vector of `n` elements of the dtype.
        unsafe { self.fill(start, 1, out.as_mut_ptr().cast(), n) };
        Ok(out)
    }
}

impl Prepared {
    /// Elements `first..first + n`, which do not wrap.
    ///
    /// # Safety
    /// `out` is aligned and writable for `n` elements.
    unsafe fn row(&self, first: u64, out: *mut u8, n: usize) {
        let bits = &self.bits;
        // SAFETY: the caller's contract; `run` asks for whole blocks that lie in `out` or its buffer.
        unsafe {
            match &self.kernel {
                Kernel::Unit64(convert) => words64(bits, first, out, n, convert),
                Kernel::Uniform64(convert) => words64(bits, first, out, n, convert),
                Kernel::Uniform32(convert) => words32(bits, first, out, n, convert),
                Kernel::Bits64 => words64(bits, first, out, n, &Raw),
                Kernel::Bits32 => words32(bits, first, out, n, &Raw),
                Kernel::Normal64 { mean, std } => in_place::<2>(bits, first, out, n, |at, n| {
                    normal64(at.cast(), n, *mean, *std);
                }),
                Kernel::Normal32 { mean, std } => in_place::<4>(bits, first, out, n, |at, n| {
                    normal32(at.cast(), 2 * n, *mean, *std);
                }),
                Kernel::Exponential64 { scale } => in_place::<2>(bits, first, out, n, |at, n| {
                    exponential64(at.cast(), 2 * n, *scale);
                }),
                Kernel::Exponential32 { scale } => in_place::<4>(bits, first, out, n, |at, n| {
                    exponential32(at.cast(), 4 * n, *scale);
                }),
                Kernel::Integers { low, range } => match self.dtype.size() {
                    1 => integers_row::<u8>(bits, first, out, n, *low, *range),
                    2 => integers_row::<u16>(bits, first, out, n, *low, *range),
                    4 => integers_row::<u32>(bits, first, out, n, *low, *range),
                    _ => integers_row::<u64>(bits, first, out, n, *low, *range),
                },
                Kernel::Counts(counts) => {
                    let draw = |block: u64, words: *const u64, n: usize, out: *mut i64| {
                        for i in 0..n {
                            let first = words.cast::<[u64; 2]>().add(i).read();
                            let k = counts.draw(bits, block.wrapping_add(i as u64), first);
                            out.add(i).write_unaligned(k);
                        }
                    };
                    through::<i64, 1>(bits, FIRST_ATTEMPT, first, out, n, draw);
                }
                Kernel::Bernoulli { below } => {
                    through::<u8, 2>(bits, 0, first, out, n, |_, words, n, out| {
                        below_threshold(words, 2 * n, *below, out);
                    });
                }
                Kernel::Weighted(table) => {
                    through::<u64, 2>(bits, 0, first, out, n, |_, words, n, out| {
                        for i in 0..2 * n {
                            out.add(i).write_unaligned(table.draw(words.add(i).read()));
                        }
                    });
                }
                Kernel::Permutation(permutation) => {
                    for i in 0..n {
                        let image = permutation.image(first + i as u64);
                        out.cast::<u64>().add(i).write(image);
                    }
                }
            }
        }
    }
}

simd_fn! {
    /// Whether words are below a threshold of 53 bits.
    ///
    /// # Safety
    /// `words` is readable and `out` writable for `n`.
    unsafe fn below_threshold(words: *const u64, n: usize, below: u64, out: *mut u8) {
        for i in 0..n {
            out.add(i).write(((words.add(i).read() >> 11) < below) as u8);
        }
    }
}

/// # Safety
/// `out` is writable for `n` elements of `T`.
unsafe fn integers_row<T: Offset>(
    bits: &Bits,
    first: u64,
    out: *mut u8,
    n: usize,
    low: u64,
    range: Range,
) {
    // SAFETY: as in `Prepared::row`.
    unsafe {
        match range {
            Range::Narrow(range) => {
                through::<T, 2>(bits, 0, first, out, n, |_, words, n, out| {
                    integers::narrow(words, 2 * n, low, range, out);
                });
            }
            Range::Half => through::<T, 2>(bits, 0, first, out, n, |_, words, n, out| {
                integers::half(words, 2 * n, low, out);
            }),
            Range::Wide(range) => {
                through::<T, 1>(bits, 0, first, out, n, |_, words, n, out| {
                    integers::wide(words, n, low, range, out);
                });
            }
            Range::Full => through::<T, 1>(bits, 0, first, out, n, |_, words, n, out| {
                integers::full(words, n, low, out);
            }),
        }
    }
}

/// Values of the words' width, `P` to a block: words are made where the values belong, then converted
/// there, a piece at a time that stays in the first-level cache.
///
/// # Safety
/// `out` is writable for `n` elements of `16 / P` bytes; `convert` keeps to the blocks it is given.
#[inline(always)]
unsafe fn in_place<const P: usize>(
    bits: &Bits,
    first: u64,
    out: *mut u8,
    n: usize,
    convert: impl Fn(*mut u8, usize),
) {
    const TILE: usize = 512;
    let fill = |block: u64, n: usize, out: *mut u8| {
        let mut done = 0;
        while done < n {
            let many = (n - done).min(TILE);
            // SAFETY: `done + many <= n` blocks.
            let at = unsafe { out.add(16 * done) };
            // SAFETY: as above.
            unsafe { bits.blocks(block.wrapping_add(done as u64), 0, at, many) };
            convert(at, many);
            done += many;
        }
    };
    // SAFETY: the caller's contract, and `fill` writes `n` blocks.
    unsafe {
        match P {
            2 => run::<u64, 2>(first, n, out.cast(), |block, n, out| {
                fill(block, n, out.cast())
            }),
            _ => run::<u32, 4>(first, n, out.cast(), |block, n, out| {
                fill(block, n, out.cast())
            }),
        }
    }
}

/// Values of any width, `P` to a block, by way of a buffer of words:
/// `convert(first block, words, blocks, out)`.
///
/// # Safety
/// `out` is writable for `n` elements of `T`; `convert` keeps to the blocks it is given.
#[inline(always)]
unsafe fn through<T: Copy + Default, const P: usize>(
    bits: &Bits,
    sub: u32,
    first: u64,
    out: *mut u8,
    n: usize,
    convert: impl Fn(u64, *const u64, usize, *mut T),
) {
    const TILE: usize = 128;
    let fill = |block: u64, n: usize, out: *mut T| {
        let mut words = [const { MaybeUninit::<u64>::uninit() }; 2 * TILE];
        let words = words.as_mut_ptr().cast::<u64>();
        let mut done = 0;
        while done < n {
            let many = (n - done).min(TILE);
            let at = block.wrapping_add(done as u64);
            // SAFETY: the buffer holds `TILE` blocks.
            unsafe { bits.blocks(at, sub, words.cast(), many) };
            // SAFETY: `done + many <= n` blocks of `P` elements.
            convert(at, words, many, unsafe { out.add(P * done) });
            done += many;
        }
    };
    // SAFETY: the caller's contract, and `fill` writes `n` blocks.
    unsafe { run::<T, P>(first, n, out.cast(), fill) }
}

/// # Safety
/// `out` is writable for `n` words.
#[inline(always)]
unsafe fn words64<C: Convert>(bits: &Bits, first: u64, out: *mut u8, n: usize, convert: &C) {
    // SAFETY: as in `Prepared::row`.
    unsafe {
        run::<u64, 2>(first, n, out.cast(), |block, n, out| {
            bits.convert(block, 0, out.cast(), n, convert);
        });
    }
}

/// # Safety
/// `out` is writable for `n` words.
#[inline(always)]
unsafe fn words32<C: Convert>(bits: &Bits, first: u64, out: *mut u8, n: usize, convert: &C) {
    // SAFETY: as in `Prepared::row`.
    unsafe {
        run::<u32, 4>(first, n, out.cast(), |block, n, out| {
            bits.convert(block, 0, out.cast(), n, convert);
        });
    }
}
