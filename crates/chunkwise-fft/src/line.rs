//! The transform of one line.

use std::sync::Arc;

use chunkwise_core::{Complex, Element, Error, Result};
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use rustfft::{Fft, FftNum, FftPlanner};

/// A width of floats.
pub(crate) trait Width: FftNum + Element {}
impl Width for f32 {}
impl Width for f64 {}

/// What transforms lines of one length.
pub(crate) enum Engine<T: Width> {
    Full(Arc<dyn Fft<T>>),
    Half(Arc<dyn RealToComplex<T>>),
    Real(Arc<dyn ComplexToReal<T>>),
}

impl<T: Width> Engine<T> {
    pub fn full(n: usize, inverse: bool) -> Engine<T> {
        let mut planner = FftPlanner::new();
        Engine::Full(match inverse {
            false => planner.plan_fft_forward(n),
            true => planner.plan_fft_inverse(n),
        })
    }

    pub fn half(n: usize) -> Engine<T> {
        Engine::Half(RealFftPlanner::new().plan_fft_forward(n))
    }

    pub fn real(n: usize) -> Engine<T> {
        Engine::Real(RealFftPlanner::new().plan_fft_inverse(n))
    }

    /// Room that a line needs, in complex numbers.
    pub fn scratch(&self) -> usize {
        match self {
            Engine::Full(fft) => fft
                .get_immutable_scratch_len()
                .max(fft.get_inplace_scratch_len()),
            Engine::Half(fft) => fft.get_scratch_len(),
            Engine::Real(fft) => fft.get_scratch_len(),
        }
    }
}

/// A panic in place of an error would take the thread with it.
pub(crate) fn wrong(detail: impl std::fmt::Display) -> Error {
    Error::internal("fft", detail.to_string())
}

/// `into` is the line, cut or filled with zeros.
pub(crate) fn fit<T: Copy + Default>(line: &[T], into: &mut [T]) {
    let n = line.len().min(into.len());
    into[..n].copy_from_slice(&line[..n]);
    into[n..].fill(T::default());
}

/// The complex transform of a complex line, without a factor.
pub(crate) fn full<T: Width>(
    fft: &dyn Fft<T>,
    line: &[Complex<T>],
    out: &mut [Complex<T>],
    scratch: &mut [Complex<T>],
) {
    if line.len() == out.len() {
        fft.process_immutable_with_scratch(line, out, scratch);
    } else {
        fit(line, out);
        fft.process_with_scratch(out, scratch);
    }
}

/// The first half of the transform of a real line; `room` has the transform's length.
pub(crate) fn half<T: Width>(
    fft: &dyn RealToComplex<T>,
    line: &[T],
    out: &mut [Complex<T>],
    room: &mut [T],
    scratch: &mut [Complex<T>],
) -> Result<()> {
    fit(line, room);
    fft.process_with_scratch(room, out, scratch).map_err(wrong)
}

/// The whole transform of a real line from its first half, which `out` begins with.
pub(crate) fn mirror<T: Width>(out: &mut [Complex<T>], inverse: bool) {
    let n = out.len();
    for k in 1..n.div_ceil(2) {
        out[n - k] = out[k].conj();
    }
    if inverse {
        for z in out {
            *z = z.conj();
        }
    }
}

/// The real line that has `line` as the first half of its transform; `room` has the half's length.
pub(crate) fn real<T: Width>(
    fft: &dyn ComplexToReal<T>,
    line: &[Complex<T>],
    out: &mut [T],
    room: &mut [Complex<T>],
    scratch: &mut [Complex<T>],
) -> Result<()> {
    fit(line, room);
    // A real line has no imaginary part there; NumPy ignores what is given.
    let last = if out.len().is_multiple_of(2) {
        room.len() - 1
    } else {
        0
    };
    for at in [0, last] {
        room[at].im = T::zero();
    }
    fft.process_with_scratch(room, out, scratch).map_err(wrong)
}

/// Every number times a factor.
pub(crate) fn scale<T: Width>(out: &mut [T], factor: f64) {
    if factor != 1.0
        && let Some(factor) = T::from_f64(factor)
    {
        out.iter_mut().for_each(|x| *x = *x * factor);
    }
}

/// [`scale`] of complex numbers.
pub(crate) fn scale_complex<T: Width>(out: &mut [Complex<T>], factor: f64) {
    if factor != 1.0
        && let Some(factor) = T::from_f64(factor)
    {
        out.iter_mut().for_each(|z| *z = z.scale(factor));
    }
}
