//! Fourier transforms.

use chunkwise::fft::{self, Norm};
use chunkwise::{Array, Axes, Result};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arguments::Cut;
use crate::expr::{PyExpr, build};

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(fft_along, m)?)?;
    m.add_function(wrap_pyfunction!(fft_over, m)?)?;
    m.add_function(wrap_pyfunction!(fftfreq, m)?)?;
    m.add_function(wrap_pyfunction!(fftshift, m)?)
}

fn norm(name: Option<&str>) -> PyResult<Norm> {
    match name {
        None | Some("backward") => Ok(Norm::Backward),
        Some("ortho") => Ok(Norm::Ortho),
        Some("forward") => Ok(Norm::Forward),
        Some(other) => Err(PyValueError::new_err(format!(
            "Invalid norm value {other}; should be \"backward\",\"ortho\" or \"forward\"."
        ))),
    }
}

fn unknown(name: &str) -> PyErr {
    PyValueError::new_err(format!("no transform {name:?}"))
}

/// `fft`, `ifft`, `rfft`, `irfft`, `hfft` or `ihfft` along an axis.
#[pyfunction]
fn fft_along(
    py: Python<'_>,
    name: &str,
    x: &PyExpr,
    n: Option<usize>,
    axis: isize,
    norm: Option<&str>,
) -> PyResult<PyExpr> {
    let f: fn(&Array, Option<usize>, isize, Norm) -> Result<Array> = match name {
        "fft" => fft::fft,
        "ifft" => fft::ifft,
        "rfft" => fft::rfft,
        "irfft" => fft::irfft,
        "hfft" => fft::hfft,
        "ihfft" => fft::ihfft,
        other => return Err(unknown(other)),
    };
    let norm = self::norm(norm)?;
    build(py, || f(&x.array, n, axis, norm))
}

/// `fftn`, `ifftn`, `rfftn` or `irfftn`.
#[pyfunction]
fn fft_over(
    py: Python<'_>,
    name: &str,
    x: &PyExpr,
    s: Option<Vec<usize>>,
    axes: Option<Vec<isize>>,
    norm: Option<&str>,
) -> PyResult<PyExpr> {
    type Over = fn(&Array, Option<&[usize]>, Option<&[isize]>, Norm) -> Result<Array>;
    let f: Over = match name {
        "fftn" => fft::fftn,
        "ifftn" => fft::ifftn,
        "rfftn" => fft::rfftn,
        "irfftn" => fft::irfftn,
        other => return Err(unknown(other)),
    };
    let norm = self::norm(norm)?;
    build(py, || f(&x.array, s.as_deref(), axes.as_deref(), norm))
}

/// The frequencies of a transform, or of the first half of one.
#[pyfunction]
fn fftfreq(py: Python<'_>, n: usize, d: f64, half: bool, chunks: Cut) -> PyResult<PyExpr> {
    let len = if half { n / 2 + 1 } else { n };
    let chunks = chunks.over(&[len], chunkwise::DType::F64)?;
    build(py, || match half {
        true => fft::rfftfreq(n, d, chunks),
        false => fft::fftfreq(n, d, chunks),
    })
}

#[pyfunction]
fn fftshift(
    py: Python<'_>,
    x: &PyExpr,
    axes: Option<Vec<isize>>,
    inverse: bool,
) -> PyResult<PyExpr> {
    let axes = axes.map_or(Axes::ALL, Axes::from);
    build(py, || match inverse {
        true => fft::ifftshift(&x.array, axes),
        false => fft::fftshift(&x.array, axes),
    })
}
