//! Arrays in files of other formats than Zarr: `.npz`, raw elements, Parquet.

use std::path::PathBuf;
use std::sync::Arc;

use chunkwise::{Array, Npz, RawLayout, RawSource, Source, npy};
use chunkwise_core::Result;
use pyo3::prelude::*;

use crate::arguments::{Cut, Number};
use crate::errors::OrRaise;
use crate::expr::{PyExpr, build};

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(from_npz, m)?)?;
    m.add_function(wrap_pyfunction!(npz_names, m)?)?;
    m.add_function(wrap_pyfunction!(from_raw, m)?)?;
    m.add_function(wrap_pyfunction!(from_parquet, m)?)?;
    m.add_function(wrap_pyfunction!(parquet_columns, m)?)
}

/// The array of a source, in its own chunks or in others.
fn of(
    py: Python<'_>,
    open: impl FnOnce() -> Result<Arc<dyn Source>> + Send,
    chunks: Option<Cut>,
) -> PyResult<PyExpr> {
    let source = py.detach(open).or_raise()?;
    let chunks = match chunks {
        None => None,
        Some(cut) => Some(cut.over(source.shape(), source.dtype())?),
    };
    build(py, || Array::from_source(source, chunks))
}

/// An array of a `.npz` file.
pub(crate) fn npz(path: PathBuf, name: &str, scratch: Option<PathBuf>) -> Result<Arc<dyn Source>> {
    let file = Npz::open(path)?;
    Ok(Arc::new(match scratch {
        Some(folder) => file.member_in(name, &folder)?,
        None => file.member(name)?,
    }))
}

/// A file of nothing but elements; the dtype is NumPy's, with a byte order.
pub(crate) fn raw(
    path: PathBuf,
    dtype: &str,
    shape: Option<Vec<usize>>,
    offset: u64,
    fortran_order: bool,
) -> Result<Arc<dyn Source>> {
    let (dtype, swapped) = npy::parse_dtype(dtype)?;
    let layout = RawLayout {
        dtype,
        swapped,
        shape: shape.map(Into::into),
        offset,
        fortran_order,
    };
    Ok(Arc::new(RawSource::open(path, &layout)?))
}

/// A column of a Parquet file.
pub(crate) fn parquet(
    path: PathBuf,
    column: &str,
    fill_value: Option<Number>,
) -> Result<Arc<dyn Source>> {
    let file = chunkwise::ParquetFile::open(path)?;
    Ok(Arc::new(file.column(column, fill_value.map(|n| n.0))?))
}

/// The array of this name in a `.npz` file.
#[pyfunction]
fn from_npz(
    py: Python<'_>,
    path: PathBuf,
    name: &str,
    scratch: Option<PathBuf>,
    chunks: Option<Cut>,
) -> PyResult<PyExpr> {
    of(py, || npz(path, name, scratch), chunks)
}

/// The names of a `.npz` file's arrays.
#[pyfunction]
fn npz_names(py: Python<'_>, path: PathBuf) -> PyResult<Vec<String>> {
    py.detach(|| Npz::open(path).map(|file| file.names().to_vec()))
        .or_raise()
}

/// The array in a file of nothing but elements.
#[pyfunction]
fn from_raw(
    py: Python<'_>,
    path: PathBuf,
    dtype: &str,
    shape: Option<Vec<usize>>,
    offset: u64,
    fortran_order: bool,
    chunks: Option<Cut>,
) -> PyResult<PyExpr> {
    of(
        py,
        || raw(path, dtype, shape, offset, fortran_order),
        chunks,
    )
}

/// A column of numbers in a Parquet file.
#[pyfunction]
fn from_parquet(
    py: Python<'_>,
    path: PathBuf,
    column: &str,
    fill_value: Option<Number>,
    chunks: Option<Cut>,
) -> PyResult<PyExpr> {
    of(py, || parquet(path, column, fill_value), chunks)
}

/// The names of a Parquet file's columns.
#[pyfunction]
fn parquet_columns(py: Python<'_>, path: PathBuf) -> PyResult<Vec<String>> {
    py.detach(|| chunkwise::ParquetFile::open(path).map(|file| file.names()))
        .or_raise()
}
