//! Random arrays.

use chunkwise::{Generator, Operand, Random};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

use crate::arguments::{Argument, Cut, dtype_or_none};
use crate::expr::{PyExpr, build};

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<PyRandom>()
}

/// A seed and the number of the next stream.
#[pyclass(frozen, name = "Random", module = "chunkwise._chunkwise")]
struct PyRandom(Random);

#[pymethods]
impl PyRandom {
    /// `generator` is `"ars7"` or `"philox4x32"`.
    #[new]
    fn new(seed: u64, stream: u64, generator: &str) -> PyResult<PyRandom> {
        let generator = match generator {
            "ars7" => Generator::Ars7,
            "philox4x32" => Generator::Philox4x32,
            other => {
                return Err(PyValueError::new_err(format!(
                    "unknown bit generator {other:?}; known are \"ars7\" and \"philox4x32\""
                )));
            }
        };
        Ok(PyRandom(
            Random::new(seed).stream(stream).with_generator(generator),
        ))
    }

    /// A distribution by name, with its parameters.
    fn draw(
        &self,
        py: Python<'_>,
        name: &str,
        parameters: Vec<f64>,
        shape: Vec<usize>,
        chunks: Cut,
        dtype: Option<&str>,
    ) -> PyResult<PyExpr> {
        let dtype = dtype_or_none(dtype)?;
        let item = dtype.unwrap_or(chunkwise::DType::F64);
        let chunks = chunks.over(&shape, item)?;
        let typed = dtype.map(|d| self.0.with_dtype(d));
        let random = typed.as_ref().unwrap_or(&self.0);
        build(py, || match (name, parameters.as_slice()) {
            ("random", []) => random.random(shape, chunks),
            ("uniform", &[low, high]) => random.uniform(low, high, shape, chunks),
            ("standard_normal", []) => random.standard_normal(shape, chunks),
            ("normal", &[mean, std]) => random.normal(mean, std, shape, chunks),
            ("exponential", &[scale]) => random.exponential(scale, shape, chunks),
            ("poisson", &[rate]) => random.poisson(rate, shape, chunks),
            ("binomial", &[n, p]) => random.binomial(n as u64, p, shape, chunks),
            ("bits", []) => random.bits(shape, chunks),
            _ => Err(chunkwise::Error::argument(
                "random",
                "distribution",
                name,
                format!("unknown with {} parameters", parameters.len()),
            )),
        })
    }

    /// A distribution by name whose parameters are arrays or numbers.
    fn sample(
        &self,
        py: Python<'_>,
        name: &str,
        parameters: Vec<Argument>,
        shape: Vec<usize>,
        chunks: Cut,
    ) -> PyResult<PyExpr> {
        let chunks = chunks.over(&shape, chunkwise::DType::U64)?;
        let parameters: Vec<Operand> = parameters.into_iter().map(|p| p.0).collect();
        build(py, || self.0.sample(name, &parameters, shape, chunks))
    }

    /// Integers in `[low, high)`.
    fn integers(
        &self,
        py: Python<'_>,
        low: i128,
        high: i128,
        shape: Vec<usize>,
        chunks: Cut,
        dtype: &str,
    ) -> PyResult<PyExpr> {
        let dtype = crate::arguments::dtype(dtype)?;
        let chunks = chunks.over(&shape, dtype)?;
        let random = self.0.with_dtype(dtype);
        build(py, || random.integers(low, high, shape, chunks))
    }

    /// Indices in `0..n`, or of `weights`.
    fn choice(
        &self,
        py: Python<'_>,
        n: u64,
        weights: Option<Vec<f64>>,
        shape: Vec<usize>,
        chunks: Cut,
    ) -> PyResult<PyExpr> {
        let chunks = chunks.over(&shape, chunkwise::DType::I64)?;
        if weights.as_ref().is_some_and(|w| w.len() as u64 != n) {
            return Err(PyTypeError::new_err("as many weights as there are choices"));
        }
        build(py, || match &weights {
            Some(weights) => self.0.weighted_choice(weights, shape, chunks),
            None => self.0.choice(n, shape, chunks),
        })
    }

    /// The numbers `0..n` in random order.
    fn permutation(&self, py: Python<'_>, n: usize, chunks: Cut) -> PyResult<PyExpr> {
        let chunks = chunks.over(&[n], chunkwise::DType::I64)?;
        build(py, || self.0.permutation(n, chunks))
    }
}
