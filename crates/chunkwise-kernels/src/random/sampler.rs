use std::sync::Arc;

use chunkwise_core::{DType, Element, Error, Result};

use super::bits::{Bits, run};
use super::normal::{normal32, normal64};
use super::uniform::{Convert, Raw, Uniform32, Uniform64};
use super::{Distribution, RandomSpec};

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
    Normal64 { mean: f64, std: f64 },
    Normal32 { mean: f32, std: f32 },
    Bits32,
    Bits64,
}

impl Sampler {
    /// Prepares a valid spec; see [`RandomSpec::validate`] for the errors.
    pub fn new(spec: &RandomSpec) -> Result<Sampler> {
        spec.validate()?;
        let single = spec.dtype.size() == 4;
        let kernel = match &spec.distribution {
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
            Distribution::Bits if single => Kernel::Bits32,
            Distribution::Bits => Kernel::Bits64,
            _ => {
                return Err(Error::UnsupportedDType {
                    operation: spec.distribution.name().to_owned(),
                    dtypes: vec![spec.dtype],
                });
            }
        };
        Ok(Sampler(Arc::new(Prepared {
            bits: Bits::new(spec.generator, spec.seed, spec.stream),
            dtype: spec.dtype,
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
                Kernel::Normal64 { mean, std } => {
                    run::<u64, 2>(first, n, out.cast(), |block, n, out| {
                        tiles::<2>(block, n, out, |block, n, out| {
                            bits.blocks(block, 0, out.cast(), n);
                            normal64(out.cast(), n, *mean, *std);
                        });
                    });
                }
                Kernel::Normal32 { mean, std } => {
                    run::<u32, 4>(first, n, out.cast(), |block, n, out| {
                        tiles::<4>(block, n, out, |block, n, out| {
                            bits.blocks(block, 0, out.cast(), n);
                            normal32(out.cast(), 2 * n, *mean, *std);
                        });
                    });
                }
            }
        }
    }
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

/// Cuts a long row into pieces that stay in the first-level cache between two passes over them.
///
/// # Safety
/// `out` is writable for `n` blocks of `P` elements; `fill` keeps to what it is given.
#[inline(always)]
unsafe fn tiles<const P: usize>(
    first: u64,
    n: usize,
    out: *mut impl Copy,
    fill: impl Fn(u64, usize, *mut u8),
) {
    const TILE: usize = 512;
    let mut done = 0;
    while done < n {
        let many = (n - done).min(TILE);
        // SAFETY: `done + many <= n` blocks.
        let at = unsafe { out.add(done * P) };
        fill(first.wrapping_add(done as u64), many, at.cast());
        done += many;
    }
}
