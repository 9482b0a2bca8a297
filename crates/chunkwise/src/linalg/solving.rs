//! Systems of equations, and the factorizations that they are solved by.

use chunkwise_core::{AxisGrid, Chunks, DType, Error, Grid, Result};
use chunkwise_expr::{Call, CallInput, Expr, Follow};
use chunkwise_linalg::Factorization;
use smallvec::smallvec;

use super::factor::{Factor, alike, floating, matrix, one, several, square};
use super::orthogonal::{is_tall, tall};
use super::singular::epsilon;
use crate::Array;
use crate::array::Here;

impl Array {
    /// The Cholesky factor of each Hermitian positive definite matrix: `l` with `l lᴴ`, or where
    /// `upper` `u` with `uᴴ u`. Only that triangle is read.
    ///
    /// ```
    /// # use chunkwise::Array;
    /// let x = Array::from_vec(vec![4.0, 2.0, 2.0, 5.0], [2, 2], 2)?;
    /// assert_eq!(x.cholesky(false)?.compute()?.to_vec::<f64>()?, [2.0, 0.0, 1.0, 2.0]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    ///
    /// # Errors
    /// No square matrices; while computing
    /// [`NotPositiveDefinite`](crate::Error::NotPositiveDefinite).
    #[track_caller]
    pub fn cholesky(&self, upper: bool) -> Result<Array> {
        square("cholesky", self)?;
        one(Factorization::Cholesky { upper }, &[&floating(self)?])
    }

    /// The factors `p l u` of each matrix: a permutation, a lower triangle with ones on its diagonal,
    /// an upper triangle.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let (p, l, u) = Array::ones([3, 5], DType::F64, 2)?.lu()?;
    /// assert_eq!((p.shape(), l.shape(), u.shape()), (&[3, 3][..], &[3, 3][..], &[3, 5][..]));
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn lu(&self) -> Result<(Array, Array, Array)> {
        let a = floating(self)?;
        let (order, l, u) = lu_order(&a)?;
        let m = l.shape()[l.ndim() - 2];
        // Row `order[i]` of the matrix is row `i` of `l u`.
        let rows = Array::arange(0, m as i64, 1, -1)?.expand_dims(&[-1])?;
        let p = order.expand_dims(&[-2])?.equal(rows)?.astype(a.dtype())?;
        Ok((p, l, u))
    }

    /// The solution `x` of `self @ x = b` for each matrix; `b` is one vector, or has matrices in its
    /// last two axes.
    ///
    /// ```
    /// # use chunkwise::Array;
    /// let a = Array::from_vec(vec![2.0, 0.0, 0.0, 4.0], [2, 2], 2)?;
    /// let b = Array::from_vec(vec![2.0, 2.0], [2], 2)?;
    /// assert_eq!(a.solve(&b)?.compute()?.to_vec::<f64>()?, [1.0, 0.5]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    ///
    /// # Errors
    /// No square matrices, or of another size than `b`; while computing
    /// [`SingularMatrix`](crate::Error::SingularMatrix).
    #[track_caller]
    pub fn solve(&self, b: &Array) -> Result<Array> {
        let n = square("solve", self)?;
        right_side("solve", n, b, |b| {
            let (a, b) = alike(self, b)?;
            if a.ndim() == 2 && b.ndim() == 2 && b.numblocks()[1] > 1 {
                // Factorized once for all parts of the right side.
                let (p, l, u) = a.lu()?;
                let b = p.adjoint()?.matmul(&b)?.rechunk(b.chunks().clone())?;
                return u.solve_triangular(&l.solve_triangular(&b, true, true)?, false, false);
            }
            one(Factorization::Solve, &[&a, &b])
        })
    }

    /// [`solve`](Self::solve) with one triangle of each matrix, the lower or the upper one; where
    /// `unit`, with ones for its diagonal. Columns of `b` in other chunks are solved in parallel.
    ///
    /// ```
    /// # use chunkwise::Array;
    /// let a = Array::from_vec(vec![2.0, 9.0, 1.0, 4.0], [2, 2], 2)?;
    /// let b = Array::from_vec(vec![2.0, 5.0], [2], 2)?;
    /// let x = a.solve_triangular(&b, true, false)?;
    /// assert_eq!(x.compute()?.to_vec::<f64>()?, [1.0, 1.0]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn solve_triangular(&self, b: &Array, lower: bool, unit: bool) -> Result<Array> {
        let n = square("solve_triangular", self)?;
        let what = Factorization::SolveTriangular { lower, unit };
        right_side("solve_triangular", n, b, |b| {
            let (a, b) = alike(self, b)?;
            if a.ndim() == 2 && b.ndim() == 2 && b.numblocks()[1] > 1 {
                return by_columns(what, &a, &b);
            }
            one(what, &[&a, &b])
        })
    }

    /// The inverse of each matrix.
    ///
    /// ```
    /// # use chunkwise::Array;
    /// let x = Array::from_vec(vec![2.0, 0.0, 0.0, 4.0], [2, 2], 1)?;
    /// assert_eq!(x.inv()?.compute()?.to_vec::<f64>()?, [0.5, 0.0, 0.0, 0.25]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    ///
    /// # Errors
    /// No square matrices; while computing [`SingularMatrix`](crate::Error::SingularMatrix).
    #[track_caller]
    pub fn inv(&self) -> Result<Array> {
        square("inv", self)?;
        one(Factorization::Inv { lenient: false }, &[&floating(self)?])
    }

    /// The determinant of each matrix.
    ///
    /// ```
    /// # use chunkwise::Array;
    /// let x = Array::from_vec(vec![1.0, 2.0, 3.0, 4.0], [2, 2], 1)?;
    /// assert!((x.det()?.compute()?.item::<f64>()? + 2.0).abs() < 1e-15);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn det(&self) -> Result<Array> {
        square("det", self)?;
        one(Factorization::Det, &[&floating(self)?])
    }

    /// The sign of the determinant of each matrix and the logarithm of its absolute value, which
    /// neither overflows nor underflows.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let (sign, log) = Array::eye(400, 400, 0, DType::F64, -1)?.multiply(1e-3)?.slogdet()?;
    /// assert_eq!(sign.compute()?.item::<f64>()?, 1.0);
    /// assert!((log.compute()?.item::<f64>()? - 400.0 * 1e-3f64.ln()).abs() < 1e-9);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn slogdet(&self) -> Result<(Array, Array)> {
        square("slogdet", self)?;
        let [sign, log] = several(Factorization::Slogdet, &[&floating(self)?])?;
        Ok((sign, log))
    }

    /// Least squares: the shortest `x` for which `|self @ x - b|` is least, the squared lengths of
    /// what is left for each column of `b`, the rank, and the singular values. Singular values up to
    /// `rcond` times the largest count as zero; by default the larger side times the machine epsilon.
    /// Tall matrices are factorized in rows.
    ///
    /// ```
    /// # use chunkwise::{Array, Random};
    /// let random = Random::new(1);
    /// let (a, b) = (random.standard_normal([500, 3], 100)?, random.standard_normal([500], 100)?);
    /// let (x, left, rank, s) = a.lstsq(&b, None)?;
    /// assert_eq!((x.shape(), left.shape(), s.shape()), (&[3][..], &[1][..], &[3][..]));
    /// assert_eq!(rank.compute()?.item::<i64>()?, 3);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    ///
    /// # Errors
    /// Not two axes; as many rows in `b` as in the matrix are needed.
    #[track_caller]
    pub fn lstsq(&self, b: &Array, rcond: Option<f64>) -> Result<(Array, Array, Array, Array)> {
        let (m, n) = matrix("lstsq", self)?;
        if self.ndim() != 2 || !matches!(b.check()?.ndim(), 1 | 2) {
            let reason = "two axes are needed, and one or two of b";
            return Err(Error::argument("lstsq", "array", self, reason));
        }
        if b.shape()[0] != m {
            return Err(Error::ShapeMismatch {
                operation: "lstsq",
                expected: vec![m],
                got: b.shape().to_vec(),
            });
        }
        let vector = b.ndim() == 1;
        let (a, b) = alike(self, b)?;
        let b = if vector { b.expand_dims(&[-1])? } else { b };
        let rcond = rcond.unwrap_or(epsilon(a.dtype()) * m.max(n) as f64);
        let what = Factorization::Lstsq { rcond };
        let [x, rank, s] = if is_tall(&a) {
            let parts = tall(&a)?;
            let q = parts.apply(&parts.top)?;
            several(what, &[&parts.r, &q.adjoint()?.matmul(&b)?])?
        } else {
            several(what, &[&a, &b])?
        };
        let left = a.matmul(&x)?.subtract(&b)?.abs()?.square()?.sum(0)?;
        let x = if vector { x.squeeze([-1])? } else { x };
        Ok((x, left, rank, s))
    }
}

/// Row order, `l` and `u`.
#[track_caller]
fn lu_order(a: &Array) -> Result<(Array, Array, Array)> {
    let [order, l, u] = several(Factorization::Lu, &[a])?;
    Ok((order, l, u))
}

/// A vector as a matrix of one column, and the solution as a vector again.
#[track_caller]
fn right_side(
    operation: &'static str,
    n: usize,
    b: &Array,
    solve: impl FnOnce(&Array) -> Result<Array>,
) -> Result<Array> {
    let rows = match b.check()?.shape() {
        [n] => Some(*n),
        [.., n, _] => Some(*n),
        [] => None,
    };
    if rows != Some(n) {
        return Err(Error::ShapeMismatch {
            operation,
            expected: vec![n],
            got: b.shape().to_vec(),
        });
    }
    match b.ndim() {
        1 => solve(&b.expand_dims(&[-1])?)?.squeeze([-1]),
        _ => solve(b),
    }
}

/// Each chunk of columns of the right side by itself.
#[track_caller]
fn by_columns(what: Factorization, a: &Array, b: &Array) -> Result<Array> {
    let dtype: DType = a.dtype();
    let (n, columns) = (a.shape()[0], b.chunks().axes()[1].clone());
    let whole = || AxisGrid::regular(n, n);
    let grid = Grid::new([whole(), columns.clone()]);
    let inputs = vec![
        CallInput {
            expr: a
                .expr()?
                .rechunk(&Chunks::Grid(Grid::new([whole(), whole()])))?,
            follow: smallvec![Follow::Whole, Follow::Whole],
        },
        CallInput {
            expr: b.expr()?.rechunk(&Chunks::Grid(grid.clone()))?,
            follow: smallvec![Follow::Whole, Follow::Chunk { axis: 1 }],
        },
    ];
    let scratch = what.scratch_bytes(dtype, &[&[n, n], &[n, columns.longest()]])?;
    let call = Call::plain(what.name(), inputs, Vec::new(), Factor(what));
    Expr::call(call.scratch(scratch), dtype, grid).here()
}
