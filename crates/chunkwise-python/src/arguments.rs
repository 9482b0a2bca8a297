//! Arguments as Python writes them.

use chunkwise::{Array, Axes, Chunks, DType, Grid, Index, Operand, Scalar};
use chunkwise_core::AxisGrid;
use num_complex::Complex64;
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyComplex, PyEllipsis, PyFloat, PyInt, PySlice, PyString, PyTuple};

use crate::errors::OrRaise;
use crate::expr::PyExpr;

/// A dtype by name.
pub(crate) fn dtype(name: &str) -> PyResult<DType> {
    name.parse::<DType>().or_raise()
}

/// An optional dtype by name.
pub(crate) fn dtype_or_none(name: Option<&str>) -> PyResult<Option<DType>> {
    name.map(dtype).transpose()
}

/// A number without a width: Python's own `bool`, `int`, `float` and `complex`.
pub(crate) struct Number(pub(crate) Scalar);

impl<'a, 'py> FromPyObject<'a, 'py> for Number {
    type Error = PyErr;

    fn extract(value: Borrowed<'a, 'py, PyAny>) -> PyResult<Number> {
        if value.is_instance_of::<PyBool>() {
            Ok(Number(Scalar::Bool(value.extract()?)))
        } else if value.is_instance_of::<PyInt>() {
            let int = value.extract::<i128>().map_err(|_| too_wide(&value))?;
            Ok(Number(Scalar::Int(int)))
        } else if value.is_instance_of::<PyFloat>() {
            Ok(Number(Scalar::Float(value.extract()?)))
        } else if value.is_instance_of::<PyComplex>() {
            Ok(Number(Scalar::Complex(value.extract::<Complex64>()?)))
        } else {
            let kind = value.get_type().name()?.to_string();
            Err(PyTypeError::new_err(format!(
                "expected a number, got {kind}"
            )))
        }
    }
}

fn too_wide(value: &Bound<'_, PyAny>) -> PyErr {
    PyOverflowError::new_err(format!("Python int {value} is too large for any dtype"))
}

/// An array, or a number without a width.
pub(crate) struct Argument(pub(crate) Operand);

impl<'a, 'py> FromPyObject<'a, 'py> for Argument {
    type Error = PyErr;

    fn extract(value: Borrowed<'a, 'py, PyAny>) -> PyResult<Argument> {
        match value.cast::<PyExpr>() {
            Ok(expr) => Ok(Argument(Operand::Array(expr.get().array.clone()))),
            Err(_) => Ok(Argument(Operand::Scalar(value.extract::<Number>()?.0))),
        }
    }
}

/// Arrays.
pub(crate) struct Arrays(pub(crate) Vec<Array>);

impl<'a, 'py> FromPyObject<'a, 'py> for Arrays {
    type Error = PyErr;

    fn extract(value: Borrowed<'a, 'py, PyAny>) -> PyResult<Arrays> {
        let mut arrays = Vec::new();
        for item in value.try_iter()? {
            arrays.push(item?.cast::<PyExpr>()?.get().array.clone());
        }
        Ok(Arrays(arrays))
    }
}

/// `None` for all axes, or some.
pub(crate) fn axes(chosen: Option<Vec<isize>>, keepdims: bool) -> Axes {
    let axes = match chosen {
        None => Axes::ALL,
        Some(some) => Axes::from(some),
    };
    if keepdims { axes.keepdims() } else { axes }
}

/// How an array is cut, in any form that Dask takes, but without dictionaries: `"auto"`, a byte size,
/// an int, or for each axis `"auto"`, `None`, an int, or the chunks' lengths.
pub(crate) enum Cut {
    Auto(u64),
    One(isize),
    Each(Vec<AxisCut>),
}

pub(crate) enum AxisCut {
    Auto(u64),
    Size(isize),
    Sizes(Vec<usize>),
}

impl<'a, 'py> FromPyObject<'a, 'py> for Cut {
    type Error = PyErr;

    fn extract(value: Borrowed<'a, 'py, PyAny>) -> PyResult<Cut> {
        if value.is_none() {
            return Ok(Cut::One(-1));
        }
        if let Ok(text) = value.cast::<PyString>() {
            return Ok(Cut::Auto(byte_target(text.to_str()?)?));
        }
        if let Ok(size) = value.extract::<isize>() {
            return Ok(Cut::One(size));
        }
        let mut each = Vec::new();
        for axis in value.try_iter()? {
            let axis = axis?;
            each.push(if axis.is_none() {
                AxisCut::Size(-1)
            } else if let Ok(text) = axis.cast::<PyString>() {
                AxisCut::Auto(byte_target(text.to_str()?)?)
            } else if let Ok(size) = axis.extract::<isize>() {
                AxisCut::Size(size)
            } else {
                AxisCut::Sizes(axis.extract::<Vec<usize>>()?)
            });
        }
        Ok(Cut::Each(each))
    }
}

fn byte_target(text: &str) -> PyResult<u64> {
    match text {
        "auto" => Ok(Chunks::AUTO_BYTES),
        size => chunkwise_core::parse_bytes(size).or_raise(),
    }
}

impl Cut {
    /// The chunks over a shape, of elements of `dtype`.
    pub(crate) fn over(self, shape: &[usize], dtype: DType) -> PyResult<Chunks> {
        let each = match self {
            Cut::Auto(bytes) => return Ok(Chunks::Auto { bytes }),
            Cut::One(size) => return Ok(Chunks::Uniform(size)),
            Cut::Each(each) => each,
        };
        // Chunks of a 1-dimensional array may be written without the outer tuple.
        let flat = shape.len() == 1 && each.len() != 1;
        let mut sizes = Vec::with_capacity(each.len());
        if flat {
            for cut in each {
                match cut {
                    AxisCut::Size(n) if n >= 0 => sizes.push(n as usize),
                    _ => return Err(mixed()),
                }
            }
            return Ok(Chunks::Explicit(vec![sizes]));
        }
        if each.len() != shape.len() {
            return Err(PyValueError::new_err(format!(
                "chunks are given for {} axes, the array has {}: shape {}",
                each.len(),
                shape.len(),
                crate::errors::tuple(shape),
            )));
        }
        if each.iter().all(|c| matches!(c, AxisCut::Size(_))) {
            let plain = each.iter().map(|c| match c {
                AxisCut::Size(n) => *n,
                _ => -1,
            });
            return Ok(Chunks::Sizes(plain.collect()));
        }
        // What is left for the automatic axes, once the others' longest chunks are known.
        let fixed: u64 = each
            .iter()
            .zip(shape)
            .map(|(cut, &len)| match cut {
                AxisCut::Auto(_) => 1,
                AxisCut::Size(n) if *n < 0 => len as u64,
                AxisCut::Size(n) => *n as u64,
                AxisCut::Sizes(s) => s.iter().copied().max().unwrap_or(0) as u64,
            })
            .map(|n| n.max(1))
            .fold(1, u64::saturating_mul);
        let target = each.iter().find_map(|c| match c {
            AxisCut::Auto(bytes) => Some(*bytes),
            _ => None,
        });
        let automatic: Vec<usize> = each
            .iter()
            .zip(shape)
            .filter(|(c, _)| matches!(c, AxisCut::Auto(_)))
            .map(|(_, len)| *len)
            .collect();
        let bytes = target.unwrap_or(Chunks::AUTO_BYTES) / fixed;
        let grid = Chunks::Auto {
            bytes: bytes.max(dtype.size() as u64),
        }
        .resolve(&automatic, dtype.size())
        .or_raise()?;
        let mut chosen = grid.axes().iter();
        let mut explicit = Vec::with_capacity(each.len());
        for (cut, &len) in each.into_iter().zip(shape) {
            explicit.push(match cut {
                AxisCut::Sizes(sizes) => sizes,
                AxisCut::Size(n) if n < 0 => vec![len],
                AxisCut::Size(0) if len > 0 => return Err(mixed()),
                AxisCut::Size(n) => regular(len, n as usize),
                AxisCut::Auto(_) => chosen
                    .next()
                    .map(|a| a.sizes().collect())
                    .unwrap_or_default(),
            });
        }
        Ok(Chunks::Explicit(explicit))
    }
}

/// A grid as [`Cut`] reads it: for each axis the chunks' length where they are alike, else their lengths.
pub(crate) fn cuts<'py>(py: Python<'py>, grid: &Grid) -> PyResult<Bound<'py, PyTuple>> {
    let axes = grid.axes().iter().map(|axis| match axis {
        AxisGrid::Regular { chunk, .. } => Ok(chunk.into_pyobject(py)?.into_any()),
        AxisGrid::Irregular(_) => {
            Ok(PyTuple::new(py, axis.sizes().collect::<Vec<_>>())?.into_any())
        }
    });
    PyTuple::new(py, axes.collect::<PyResult<Vec<_>>>()?)
}

fn regular(len: usize, chunk: usize) -> Vec<usize> {
    let chunk = chunk.max(1);
    let mut sizes = vec![chunk; len / chunk];
    if !len.is_multiple_of(chunk) || len == 0 {
        sizes.push(len % chunk);
    }
    sizes
}

fn mixed() -> PyErr {
    PyValueError::new_err("chunks must be positive sizes, -1, None, \"auto\", or tuples of sizes")
}

/// A basic index: ints, slices, `None` and `...`.
pub(crate) struct BasicIndex(pub(crate) Vec<Index>);

impl<'a, 'py> FromPyObject<'a, 'py> for BasicIndex {
    type Error = PyErr;

    fn extract(value: Borrowed<'a, 'py, PyAny>) -> PyResult<BasicIndex> {
        let parts = match value.cast::<PyTuple>() {
            Ok(parts) => parts
                .iter()
                .map(|p| index_part(&p))
                .collect::<PyResult<Vec<_>>>()?,
            Err(_) => vec![index_part(&value)?],
        };
        Ok(BasicIndex(parts))
    }
}

/// One part of a basic index.
pub(crate) fn index_part(value: &Bound<'_, PyAny>) -> PyResult<Index> {
    if value.is_none() {
        return Ok(Index::NewAxis);
    }
    if value.is_instance_of::<PyEllipsis>() {
        return Ok(Index::Ellipsis);
    }
    if let Ok(slice) = value.cast::<PySlice>() {
        let py = value.py();
        let bound = |name| -> PyResult<Option<isize>> {
            let bound = slice.getattr(name)?;
            if bound.is_none() {
                Ok(None)
            } else {
                clamped(&bound).map(Some)
            }
        };
        let step = bound(pyo3::intern!(py, "step"))?.unwrap_or(1);
        if step == 0 {
            return Err(PyValueError::new_err("slice step cannot be zero"));
        }
        return Ok(Index::Slice {
            start: bound(pyo3::intern!(py, "start"))?,
            stop: bound(pyo3::intern!(py, "stop"))?,
            step,
        });
    }
    Ok(Index::At(value.extract::<isize>()?))
}

/// A slice's bound; one beyond the range of the machine's integers is as good as the largest.
fn clamped(bound: &Bound<'_, PyAny>) -> PyResult<isize> {
    bound.extract::<isize>().or_else(|error| {
        if !error.is_instance_of::<PyOverflowError>(bound.py()) {
            return Err(error);
        }
        Ok(if bound.lt(0)? {
            isize::MIN / 2
        } else {
            isize::MAX / 2
        })
    })
}
