use chunkwise_core::{DType, Error, Result};
use chunkwise_expr::{Expr, Operand as Argument};
use chunkwise_kernels::elementwise::internal::PAIR;
use chunkwise_kernels::reduce::Params;

use super::searching::{Side, edges};
use crate::array::Here;
use crate::reductions::reduce;
use crate::{Array, Axes, Operand, where_};

/// The bins of a [`histogram`](Array::histogram).
#[derive(Clone, Debug, PartialEq)]
pub enum Bins {
    /// Their edges, in ascending order: each bin holds its lower edge, the last one its upper edge too.
    Edges(Vec<f64>),
    /// So many of equal width, between two numbers.
    Between(usize, f64, f64),
    /// So many of equal width, from the smallest to the largest element.
    Count(usize),
}

impl From<usize> for Bins {
    fn from(count: usize) -> Bins {
        Bins::Count(count)
    }
}
impl From<&[f64]> for Bins {
    fn from(edges: &[f64]) -> Bins {
        Bins::Edges(edges.to_vec())
    }
}
impl From<Vec<f64>> for Bins {
    fn from(edges: Vec<f64>) -> Bins {
        Bins::Edges(edges)
    }
}
impl From<(usize, f64, f64)> for Bins {
    fn from((count, low, high): (usize, f64, f64)) -> Bins {
        Bins::Between(count, low, high)
    }
}

impl Array {
    /// How often each of the numbers `0..length` occurs, as `int64`; with weights, the sum of those
    /// beside it, as `float64`. Other numbers are left out. One pass over the data, with whatever
    /// makes it.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::from_vec(vec![1u8, 3, 1, 0], [4], 2)?;
    /// assert_eq!(x.bincount(None, 4)?.compute()?.to_vec::<i64>()?, [1, 2, 0, 1]);
    /// let w = Array::from_vec(vec![0.5, 1.0, 0.25, 2.0], [4], 2)?;
    /// assert_eq!(x.bincount(Some(&w), 3)?.compute()?.to_vec::<f64>()?, [2.0, 0.75, 0.0]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn bincount(&self, weights: Option<&Array>, length: usize) -> Result<Array> {
        let dtype = self.check()?.dtype();
        if !(dtype.is_integer() || dtype == DType::Bool) {
            return Err(Error::UnsupportedDType {
                operation: "bincount".to_owned(),
                dtypes: vec![dtype],
            });
        }
        let k = isize::try_from(length).map_err(|_| Error::TooLarge {
            shape: vec![length],
        })?;
        let params = Params {
            k,
            ..Params::default()
        };
        let Some(weights) = weights else {
            let numbers = match dtype {
                DType::Bool => self.astype(DType::U8)?,
                _ => self.clone(),
            };
            return reduce("bincount", &numbers, params, &Axes::ALL);
        };
        if weights.check()?.shape() != self.shape() {
            return Err(Error::ShapeMismatch {
                operation: "weights",
                expected: self.shape().to_vec(),
                got: weights.shape().to_vec(),
            });
        }
        let real = |a: &Array| Ok::<_, Error>(Argument::from(a.astype(DType::F64)?.expr()?));
        if weights.dtype().is_complex() {
            return Err(Error::UnsupportedDType {
                operation: "bincount".to_owned(),
                dtypes: vec![dtype, weights.dtype()],
            });
        }
        let pairs = Expr::map(&PAIR, &[real(self)?, real(weights)?]).here()?;
        reduce("bincount_weighted", &pairs, params, &Axes::ALL)
    }

    /// How many elements lie in each bin, and the bins' edges. With weights, the sum of those beside
    /// them; where `density`, divided by all of them and the bins' widths. Elements outside, and NaN,
    /// are left out. One pass over the data, after another one where the bins span the data.
    ///
    /// ```
    /// # use chunkwise::Array;
    /// let x = Array::from_vec(vec![0.5, 1.5, 1.75, 2.0, 9.0], [5], 2)?;
    /// let (counts, edges) = x.histogram((2, 0.0, 2.0), None, false)?;
    /// assert_eq!(counts.compute()?.to_vec::<i64>()?, [1, 3]);
    /// assert_eq!(edges.compute()?.to_vec::<f64>()?, [0.0, 1.0, 2.0]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn histogram(
        &self,
        bins: impl Into<Bins>,
        weights: Option<&Array>,
        density: bool,
    ) -> Result<(Array, Array)> {
        let (numbers, edges, count) = self.bin_numbers(&bins.into())?;
        let mut counts = numbers.bincount(weights, count)?;
        if weights.is_some_and(|w| w.dtype().is_integer()) {
            counts = counts.astype(DType::I64)?;
        }
        if density {
            let widths = edges.diff(1, 0)?;
            counts = counts.divide(widths)?.divide(counts.sum(Axes::ALL)?)?;
        }
        Ok((counts, edges))
    }

    /// For each element the number of its bin, as `int64`, and one that is no bin's for those outside
    /// and for NaN; the bins' edges; how many bins there are.
    #[track_caller]
    pub fn bin_numbers(&self, bins: &Bins) -> Result<(Array, Array, usize)> {
        let bad = |value: String, reason: &str| Error::argument("histogram", "bins", value, reason);
        if self.check()?.dtype().is_complex() {
            return Err(Error::UnsupportedDType {
                operation: "histogram".to_owned(),
                dtypes: vec![self.dtype()],
            });
        }
        let (count, low, high): (usize, Operand, Operand) = match bins {
            Bins::Edges(given) => {
                if given.len() < 2 || !given.is_sorted() {
                    let reason = "edges must be at least two, in ascending order";
                    return Err(bad(format!("{given:?}"), reason));
                }
                return self.between_edges(given);
            }
            Bins::Between(count, low, high) => {
                if !(low.is_finite() && high.is_finite() && low <= high) {
                    let reason = "the range must be finite and ascending";
                    return Err(bad(format!("{bins:?}"), reason));
                }
                // A range of nothing is widened, as by NumPy.
                let half = if low == high { 0.5 } else { 0.0 };
                (*count, (low - half).into(), (high + half).into())
            }
            Bins::Count(count) if self.is_empty() => (*count, 0.0.into(), 1.0.into()),
            Bins::Count(count) => {
                let (low, high) = (self.min(Axes::ALL)?, self.max(Axes::ALL)?);
                let (low, high) = (low.astype(DType::F64)?, high.astype(DType::F64)?);
                let half = low.equal(&high)?.where_(0.5, 0.0)?;
                let (low, high) = (low.subtract(&half)?, high.add(&half)?);
                (*count, low.into(), high.into())
            }
        };
        if count == 0 {
            return Err(bad("0".to_owned(), "there must be a bin"));
        }
        self.equal_bins(count, &low, &high)
    }

    #[track_caller]
    fn between_edges(&self, given: &[f64]) -> Result<(Array, Array, usize)> {
        let array = edges(given)?;
        let count = given.len() - 1;
        let place = array.searchsorted(self, Side::Right)?.subtract(1)?;
        let last = self.equal(given[count])?;
        Ok((last.where_(count - 1, place)?, array, count))
    }

    /// Bins of equal width: the number by arithmetic, then corrected by the edges on either side, as
    /// NumPy has it, so that the edges decide.
    #[track_caller]
    fn equal_bins(
        &self,
        count: usize,
        low: &Operand,
        high: &Operand,
    ) -> Result<(Array, Array, usize)> {
        let n = count as f64;
        let scalar = |value: &Operand| match value {
            Operand::Array(a) => a.astype(DType::F64),
            Operand::Scalar(s) => Array::full([], *s, DType::F64, 1isize),
        };
        let width = scalar(high)?.subtract(low)?;
        let step = width.divide(n)?;
        // The edges of single precision are in single precision.
        let narrow = |edge: Array| match self.dtype() {
            DType::F32 => edge.astype(DType::F32)?.astype(DType::F64),
            _ => Ok(edge),
        };
        let edge = |i: &Array| narrow(i.multiply(&step)?.add(low)?);
        let steps = Array::arange(0.0, n + 1.0, 1.0, -1isize)?;
        let inner = steps.multiply(&step)?.add(low)?;
        let edges = narrow(steps.equal(n)?.where_(scalar(high)?, inner)?)?;
        let x = self.astype(DType::F64)?;
        let share = x.subtract(low)?.divide(&width)?;
        let guess = share.multiply(n)?.clip(0.0, n - 1.0)?.floor()?;
        let under = x.less(edge(&guess)?)?;
        let next = guess.add(1.0)?;
        let over = x.greater_equal(edge(&next)?)?.logical_and(next.less(n)?)?;
        let number = guess.subtract(under)?.add(over)?;
        let inside = x.greater_equal(low)?.logical_and(x.less_equal(high)?)?;
        let numbers = where_(inside, number, -1.0)?.astype(DType::I64)?;
        let edges = match self.dtype() {
            DType::F32 => edges.astype(DType::F32)?,
            _ => edges,
        };
        Ok((numbers, edges, count))
    }
}
