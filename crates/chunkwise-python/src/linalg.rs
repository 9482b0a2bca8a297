//! Linear algebra.

use chunkwise::{Array, Norm, QrMode, SvdCompressed};
use pyo3::prelude::*;

use crate::arguments::{Arrays, axes};
use crate::expr::{PyExpr, build, build_all};

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(linalg_one, m)?)?;
    m.add_function(wrap_pyfunction!(linalg_pair, m)?)?;
    m.add_function(wrap_pyfunction!(qr, m)?)?;
    m.add_function(wrap_pyfunction!(svd, m)?)?;
    m.add_function(wrap_pyfunction!(svd_compressed, m)?)?;
    m.add_function(wrap_pyfunction!(triangular, m)?)?;
    m.add_function(wrap_pyfunction!(eigh, m)?)?;
    m.add_function(wrap_pyfunction!(lu, m)?)?;
    m.add_function(wrap_pyfunction!(solve, m)?)?;
    m.add_function(wrap_pyfunction!(solve_triangular, m)?)?;
    m.add_function(wrap_pyfunction!(lstsq, m)?)?;
    m.add_function(wrap_pyfunction!(tolerant, m)?)?;
    m.add_function(wrap_pyfunction!(cond, m)?)?;
    m.add_function(wrap_pyfunction!(norm, m)?)?;
    m.add_function(wrap_pyfunction!(vector_norm, m)?)?;
    m.add_function(wrap_pyfunction!(matrix_power, m)?)?;
    m.add_function(wrap_pyfunction!(cross, m)?)?;
    m.add_function(wrap_pyfunction!(multi_dot, m)?)?;
    m.add_function(wrap_pyfunction!(compression_level, m)?)
}

fn unknown(function: &'static str, name: &str) -> chunkwise::Error {
    chunkwise::Error::argument(function, "name", name, "unknown function")
}

/// A function of one array with one result, by name.
#[pyfunction]
fn linalg_one(py: Python<'_>, name: &str, x: &PyExpr) -> PyResult<PyExpr> {
    build(py, || match name {
        "det" => x.array.det(),
        "eigvals" => x.array.eigvals(),
        "inv" => x.array.inv(),
        "matrix_transpose" => x.array.matrix_transpose(),
        "qr_r" => x.array.qr_r(),
        "svdvals" => x.array.svdvals(),
        _ => Err(unknown("linalg_one", name)),
    })
}

/// A function of one array with two results, by name.
#[pyfunction]
fn linalg_pair(py: Python<'_>, name: &str, x: &PyExpr) -> PyResult<Vec<PyExpr>> {
    let pair = |made: (Array, Array)| vec![made.0, made.1];
    build_all(py, || match name {
        "eig" => x.array.eig().map(pair),
        "slogdet" => x.array.slogdet().map(pair),
        "tsqr" => x.array.tsqr().map(pair),
        "sfqr" => x.array.sfqr().map(pair),
        _ => Err(unknown("linalg_pair", name)),
    })
}

#[pyfunction]
fn qr(py: Python<'_>, x: &PyExpr, complete: bool) -> PyResult<Vec<PyExpr>> {
    let mode = match complete {
        true => QrMode::Complete,
        false => QrMode::Reduced,
    };
    build_all(py, || x.array.qr(mode).map(|(q, r)| vec![q, r]))
}

fn three((a, b, c): (Array, Array, Array)) -> Vec<Array> {
    vec![a, b, c]
}

#[pyfunction]
fn svd(py: Python<'_>, x: &PyExpr, full: bool) -> PyResult<Vec<PyExpr>> {
    build_all(py, || x.array.svd(full).map(three))
}

#[pyfunction]
fn svd_compressed(
    py: Python<'_>,
    x: &PyExpr,
    k: usize,
    seed: u64,
    power_iterations: usize,
    oversamples: usize,
    orthogonal: bool,
) -> PyResult<Vec<PyExpr>> {
    let how = SvdCompressed {
        seed,
        power_iterations,
        oversamples,
        orthogonal,
    };
    build_all(py, || x.array.svd_compressed(k, &how).map(three))
}

/// What reads one triangle: `cholesky` and `eigvalsh`, by name.
#[pyfunction]
fn triangular(py: Python<'_>, name: &str, x: &PyExpr, upper: bool) -> PyResult<PyExpr> {
    build(py, || match name {
        "cholesky" => x.array.cholesky(upper),
        "eigvalsh" => x.array.eigvalsh(upper),
        _ => Err(unknown("triangular", name)),
    })
}

#[pyfunction]
fn eigh(py: Python<'_>, x: &PyExpr, upper: bool) -> PyResult<Vec<PyExpr>> {
    build_all(py, || x.array.eigh(upper).map(|(w, v)| vec![w, v]))
}

#[pyfunction]
fn lu(py: Python<'_>, x: &PyExpr) -> PyResult<Vec<PyExpr>> {
    build_all(py, || x.array.lu().map(three))
}

#[pyfunction]
fn solve(py: Python<'_>, a: &PyExpr, b: &PyExpr) -> PyResult<PyExpr> {
    build(py, || a.array.solve(&b.array))
}

#[pyfunction]
fn solve_triangular(
    py: Python<'_>,
    a: &PyExpr,
    b: &PyExpr,
    lower: bool,
    unit: bool,
) -> PyResult<PyExpr> {
    build(py, || a.array.solve_triangular(&b.array, lower, unit))
}

#[pyfunction]
fn lstsq(py: Python<'_>, a: &PyExpr, b: &PyExpr, rcond: Option<f64>) -> PyResult<Vec<PyExpr>> {
    build_all(py, || {
        let (x, left, rank, s) = a.array.lstsq(&b.array, rcond)?;
        Ok(vec![x, left, rank, s])
    })
}

/// What counts singular values up to `rtol` as zero: `matrix_rank` and `pinv`, by name.
#[pyfunction]
fn tolerant(
    py: Python<'_>,
    name: &str,
    x: &PyExpr,
    rtol: Option<PyRef<'_, PyExpr>>,
    hermitian: bool,
) -> PyResult<PyExpr> {
    build(py, || {
        let rtol = rtol.as_ref().map(|r| &r.array);
        match name {
            "matrix_rank" => x.array.matrix_rank(rtol, hermitian),
            "pinv" => x.array.pinv(rtol, hermitian),
            _ => Err(unknown("tolerant", name)),
        }
    })
}

/// A norm as Python writes it: nothing, a name, or a number.
#[derive(FromPyObject)]
enum Order {
    Number(f64),
    Name(String),
}

fn order(given: Option<Order>) -> chunkwise::Result<Norm> {
    match given {
        None => Ok(Norm::Default),
        Some(Order::Number(p)) => Ok(Norm::Number(p)),
        Some(Order::Name(name)) => match &name[..] {
            "fro" => Ok(Norm::Frobenius),
            "nuc" => Ok(Norm::Nuclear),
            _ => Err(chunkwise::Error::argument(
                "norm",
                "ord",
                name,
                "known are numbers, \"fro\" and \"nuc\"",
            )),
        },
    }
}

#[pyfunction]
fn cond(py: Python<'_>, x: &PyExpr, p: Option<Order>) -> PyResult<PyExpr> {
    build(py, || x.array.cond(order(p)?))
}

#[pyfunction]
fn norm(
    py: Python<'_>,
    x: &PyExpr,
    ord: Option<Order>,
    axis: Option<Vec<isize>>,
    keepdims: bool,
) -> PyResult<PyExpr> {
    build(py, || x.array.norm(order(ord)?, axes(axis, keepdims)))
}

#[pyfunction]
fn vector_norm(
    py: Python<'_>,
    x: &PyExpr,
    ord: f64,
    axis: Option<Vec<isize>>,
    keepdims: bool,
) -> PyResult<PyExpr> {
    build(py, || x.array.vector_norm(ord, axes(axis, keepdims)))
}

#[pyfunction]
fn matrix_power(py: Python<'_>, x: &PyExpr, n: i64) -> PyResult<PyExpr> {
    build(py, || x.array.matrix_power(n))
}

#[pyfunction]
fn cross(py: Python<'_>, a: &PyExpr, b: &PyExpr, axis: isize) -> PyResult<PyExpr> {
    build(py, || a.array.cross(&b.array, axis))
}

#[pyfunction]
fn multi_dot(py: Python<'_>, arrays: Arrays) -> PyResult<PyExpr> {
    build(py, || {
        let arrays: Vec<&Array> = arrays.0.iter().collect();
        chunkwise::multi_dot(&arrays)
    })
}

#[pyfunction]
fn compression_level(side: usize, rank: usize, oversamples: usize, least: usize) -> usize {
    chunkwise::compression_level(side, rank, oversamples, least)
}
