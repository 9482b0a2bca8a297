//! Products of several matrices, and of vectors in space.

use chunkwise_core::{Error, Result, normalize_axis};

use super::factor::{matrix, square};
use crate::{Array, stack};

impl Array {
    /// Each square matrix times itself `n` times; the inverse where `n` is negative, the identity
    /// where it is zero.
    ///
    /// ```
    /// # use chunkwise::Array;
    /// let x = Array::from_vec(vec![1i64, 1, 0, 1], [2, 2], 2)?;
    /// assert_eq!(x.matrix_power(10)?.compute()?.to_vec::<i64>()?, [1, 10, 0, 1]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn matrix_power(&self, n: i64) -> Result<Array> {
        let side = square("matrix_power", self)?;
        if n == 0 {
            let one = Array::eye(side, side, 0, self.dtype(), -1)?;
            return one
                .broadcast_to(self.shape())?
                .rechunk(self.chunks().clone());
        }
        let mut square = if n < 0 { self.inv()? } else { self.clone() };
        let mut left = n.unsigned_abs();
        let mut product: Option<Array> = None;
        loop {
            if left % 2 == 1 {
                product = Some(match product {
                    Some(p) => p.matmul(&square)?,
                    None => square.clone(),
                });
            }
            left /= 2;
            match (left, product) {
                (0, Some(p)) => return Ok(p),
                (_, p) => product = p,
            }
            square = square.matmul(&square)?;
        }
    }

    /// The vector product along an axis of length 3; the other axes are broadcast.
    ///
    /// ```
    /// # use chunkwise::Array;
    /// let x = Array::from_vec(vec![1i64, 0, 0], [3], 3)?;
    /// let y = Array::from_vec(vec![0i64, 1, 0], [3], 3)?;
    /// assert_eq!(x.cross(&y, -1)?.compute()?.to_vec::<i64>()?, [0, 0, 1]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    ///
    /// # Errors
    /// Another length than 3; shapes that do not broadcast.
    #[track_caller]
    pub fn cross(&self, other: &Array, axis: isize) -> Result<Array> {
        let parts = |x: &Array| -> Result<[Array; 3]> {
            let own = normalize_axis(axis, x.check()?.ndim())?;
            if x.shape()[own] != 3 {
                return Err(Error::ShapeMismatch {
                    operation: "cross",
                    expected: vec![3],
                    got: x.shape().to_vec(),
                });
            }
            let last = x.moveaxis([own as isize], [-1])?;
            let part = |i: isize| last.take(&[i], -1)?.squeeze(-1);
            Ok([part(0)?, part(1)?, part(2)?])
        };
        let ([a, b, c], [x, y, z]) = (parts(self)?, parts(other)?);
        let ndim = self.ndim().max(other.ndim());
        let place = normalize_axis(axis, ndim)?;
        let less =
            |p: &Array, q: &Array, r: &Array, s: &Array| p.multiply(q)?.subtract(r.multiply(s)?);
        let made = [
            less(&b, &z, &c, &y)?,
            less(&c, &x, &a, &z)?,
            less(&a, &y, &b, &x)?,
        ];
        stack(&made, place as isize)
    }
}

/// The product of matrices, in the order that takes the fewest multiplications; the first and the
/// last may be vectors.
///
/// ```
/// # use chunkwise::{Array, DType, multi_dot};
/// let x = Array::ones([10, 100], DType::F64, 50)?;
/// let y = Array::ones([100, 5], DType::F64, 50)?;
/// let v = Array::ones([5], DType::F64, 5)?;
/// assert_eq!(multi_dot(&[&x, &y, &v])?.shape(), [10]);
/// # Ok::<_, chunkwise::Error>(())
/// ```
///
/// # Errors
/// Fewer than two arrays; one between that is no matrix; shapes that do not fit.
#[track_caller]
pub fn multi_dot(arrays: &[&Array]) -> Result<Array> {
    let count = arrays.len();
    let (Some(first), Some(last)) = (arrays.first(), arrays.last()) else {
        return Err(Error::argument("multi_dot", "arrays", 0, "at least two"));
    };
    if count < 2 {
        return Err(Error::argument(
            "multi_dot",
            "arrays",
            count,
            "at least two",
        ));
    }
    let mut chain: Vec<Array> = arrays
        .iter()
        .map(|a| a.check().cloned())
        .collect::<Result<_>>()?;
    let (row, column) = (first.ndim() == 1, last.ndim() == 1);
    if row {
        chain[0] = first.expand_dims(&[0])?;
    }
    if column {
        chain[count - 1] = last.expand_dims(&[1])?;
    }
    let mut sides = Vec::with_capacity(count + 1);
    for a in &chain {
        let (m, n) = matrix("multi_dot", a)?;
        if a.ndim() != 2 || sides.last().is_some_and(|k| *k != m) {
            let expected = vec![sides.last().copied().unwrap_or(m), n];
            return Err(Error::ShapeMismatch {
                operation: "multi_dot",
                expected,
                got: a.shape().to_vec(),
            });
        }
        if sides.is_empty() {
            sides.push(m);
        }
        sides.push(n);
    }
    let product = ordered(&chain, &sides)?;
    let mut gone = Vec::new();
    if row {
        gone.push(0isize);
    }
    if column {
        gone.push(-1);
    }
    if gone.is_empty() {
        Ok(product)
    } else {
        product.squeeze(gone)
    }
}

/// The cheapest order by the costs of all shorter chains.
#[track_caller]
fn ordered(chain: &[Array], sides: &[usize]) -> Result<Array> {
    let n = chain.len();
    let mut cost = vec![vec![0f64; n]; n];
    let mut split = vec![vec![0usize; n]; n];
    for length in 1..n {
        for i in 0..n - length {
            let j = i + length;
            let of = |k: usize| {
                let own = sides[i] as f64 * sides[k + 1] as f64 * sides[j + 1] as f64;
                cost[i][k] + cost[k + 1][j] + own
            };
            let best = (i..j).fold(i, |best, k| if of(k) < of(best) { k } else { best });
            let least = of(best);
            cost[i][j] = least;
            split[i][j] = best;
        }
    }
    product(chain, &split, 0, n - 1)
}

#[track_caller]
fn product(chain: &[Array], split: &[Vec<usize>], i: usize, j: usize) -> Result<Array> {
    if i == j {
        return Ok(chain[i].clone());
    }
    let k = split[i][j];
    product(chain, split, i, k)?.matmul(&product(chain, split, k + 1, j)?)
}
