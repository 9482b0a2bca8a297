//! Singular values, and what is made of them: ranks, condition numbers, pseudo-inverses.

use chunkwise_core::{DType, Error, Result};
use chunkwise_linalg::Factorization;

use super::factor::{floating, matrix, one, several, square};
use super::orthogonal::{is_tall, tall};
use super::{Norm, QrMode};
use crate::{Array, Axes, Random, s, where_};

/// The machine epsilon of a dtype's real numbers.
pub(super) fn epsilon(dtype: DType) -> f64 {
    match dtype.real() {
        DType::F32 => f32::EPSILON as f64,
        _ => f64::EPSILON,
    }
}

/// How [`Array::svd_compressed`] works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SvdCompressed {
    /// Seed of the random directions.
    pub seed: u64,
    /// Multiplications with the matrix and its adjoint that sharpen the directions; at most 1000,
    /// since each is a part of the expression.
    pub power_iterations: usize,
    /// Directions beyond those asked for.
    pub oversamples: usize,
    /// Whether directions are made orthogonal by QR between the multiplications, which keeps small
    /// singular values accurate.
    pub orthogonal: bool,
}

/// The most of [`SvdCompressed::power_iterations`].
const MOST_ITERATIONS: usize = 1000;

impl Default for SvdCompressed {
    fn default() -> SvdCompressed {
        SvdCompressed {
            seed: 0,
            power_iterations: 0,
            oversamples: 10,
            orthogonal: false,
        }
    }
}

/// How many random directions are taken for `rank` singular values of a matrix whose smaller side is
/// `side`.
///
/// ```
/// assert_eq!(chunkwise::compression_level(100, 10, 10, 20), 20);
/// assert_eq!(chunkwise::compression_level(15, 10, 10, 20), 15);
/// ```
pub fn compression_level(side: usize, rank: usize, oversamples: usize, least: usize) -> usize {
    least.max(rank.saturating_add(oversamples)).min(side)
}

impl Array {
    /// The singular value decomposition `u * s @ vh` of each matrix: `s` descending, `u` (m, k) and
    /// `vh` (k, n), or square where `full`. Tall and wide matrices are first factorized in rows.
    ///
    /// ```
    /// # use chunkwise::{Array, Random};
    /// let x = Random::new(1).standard_normal([500, 4], 100)?;
    /// let (u, s, vh) = x.svd(false)?;
    /// let off = u.multiply(&s)?.matmul(&vh)?.subtract(&x)?.abs()?.max(..)?;
    /// assert!(off.compute()?.item::<f64>()? < 1e-13);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn svd(&self, full: bool) -> Result<(Array, Array, Array)> {
        let a = floating(self)?;
        matrix("svd", &a)?;
        if !full && is_tall(&a) {
            let parts = tall(&a)?;
            let [u, s, vh] = several(Factorization::Svd { full }, &[&parts.r])?;
            return Ok((parts.apply(&parts.top.matmul(&u)?)?, s, vh));
        }
        if !full && is_tall(&a.matrix_transpose()?) {
            let (u, s, vh) = a.adjoint()?.svd(false)?;
            return Ok((vh.adjoint()?, s, u.adjoint()?));
        }
        let [u, s, vh] = several(Factorization::Svd { full }, &[&a])?;
        Ok((u, s, vh))
    }

    /// The singular values of each matrix, descending.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let s = Array::ones([4, 4], DType::F64, 2)?.svdvals()?.compute()?.to_vec::<f64>()?;
    /// assert!((s[0] - 4.0).abs() < 1e-14 && s[1] < 1e-14);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn svdvals(&self) -> Result<Array> {
        let a = floating(self)?;
        matrix("svdvals", &a)?;
        let a = if is_tall(&a) {
            a.qr_r()?
        } else if is_tall(&a.matrix_transpose()?) {
            a.adjoint()?.qr_r()?
        } else {
            a
        };
        one(Factorization::Svdvals, &[&a])
    }

    /// The `k` largest singular values of a matrix and their vectors, nearly, by random directions
    /// (Halko, Martinsson, Tropp: Finding structure with randomness, SIAM Review 53, 2011): the matrix
    /// is read twice, and twice more for each power iteration, and never held.
    ///
    /// ```
    /// # use chunkwise::{Array, Random, SvdCompressed};
    /// let random = Random::new(1);
    /// let x = random.standard_normal([300, 3], 100)?.matmul(&random.standard_normal([3, 200], 100)?)?;
    /// let (u, s, vh) = x.svd_compressed(3, &SvdCompressed::default())?;
    /// assert_eq!((u.shape(), s.shape(), vh.shape()), (&[300, 3][..], &[3][..], &[3, 200][..]));
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    ///
    /// # Errors
    /// Not two axes; more than 1000 power iterations.
    #[track_caller]
    pub fn svd_compressed(&self, k: usize, how: &SvdCompressed) -> Result<(Array, Array, Array)> {
        let a = floating(self)?;
        let &[m, n] = a.shape() else {
            let reason = "two axes are needed";
            return Err(Error::argument("svd_compressed", "array", &a, reason));
        };
        if how.power_iterations > MOST_ITERATIONS {
            return Err(Error::argument(
                "svd_compressed",
                "power_iterations",
                how.power_iterations,
                format!("at most {MOST_ITERATIONS}"),
            ));
        }
        let level = compression_level(m.min(n), k, how.oversamples, 20);
        let random = Random::new(how.seed).with_dtype(a.dtype().real());
        let chunk = a.chunks().axes()[1].longest().max(1);
        let directions = random
            .standard_normal([n, level], [chunk, level])?
            .astype(a.dtype())?;
        let back = a.adjoint()?;
        let mut range = a.matmul(&directions)?;
        for _ in 0..how.power_iterations {
            if how.orthogonal {
                range = range.qr(QrMode::Reduced)?.0;
            }
            let mut other = back.matmul(&range)?;
            if how.orthogonal {
                other = other.qr(QrMode::Reduced)?.0;
            }
            range = a.matmul(&other)?;
        }
        let (q, _) = range.qr(QrMode::Reduced)?;
        let (u, s, vh) = q.adjoint()?.matmul(&a)?.svd(false)?;
        let k = k.min(level);
        let u = q.matmul(&u.get(s![.., ..k])?)?;
        Ok((u, s.get(s![..k])?, vh.get(s![..k, ..])?))
    }

    /// The number of singular values of each matrix above `rtol` times the largest, as `int64`; by
    /// default the larger side times the machine epsilon. `hermitian` matrices take their
    /// eigenvalues.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let rank = Array::ones([4, 4], DType::F64, 2)?.matrix_rank(None, false)?;
    /// assert_eq!(rank.compute()?.item::<i64>()?, 1);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn matrix_rank(&self, rtol: Option<&Array>, hermitian: bool) -> Result<Array> {
        let a = floating(self)?;
        let (m, n) = matrix("matrix_rank", &a)?;
        let s = match hermitian {
            true => a.eigvalsh(false)?.abs()?,
            false => a.svdvals()?,
        };
        if m.min(n) == 0 {
            return s.count_nonzero(-1);
        }
        let largest = s.max(Axes::from(-1).keepdims())?;
        let least = match rtol {
            Some(rtol) => largest.multiply(rtol.expand_dims(&[-1])?)?,
            None => largest.multiply(epsilon(a.dtype()) * m.max(n) as f64)?,
        };
        s.greater(least)?.count_nonzero(-1)
    }

    /// The Moore-Penrose inverse of each matrix; singular values up to `rtol` times the largest count
    /// as zero, by default the larger side times the machine epsilon.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// assert_eq!(Array::ones([5, 3], DType::F64, 2)?.pinv(None, false)?.shape(), [3, 5]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn pinv(&self, rtol: Option<&Array>, hermitian: bool) -> Result<Array> {
        let a = floating(self)?;
        let (m, n) = matrix("pinv", &a)?;
        if m.min(n) == 0 {
            return a.adjoint();
        }
        let (u, s, vh) = match hermitian {
            true => {
                square("pinv", &a)?;
                let (w, v) = a.eigh(false)?;
                (v.clone(), w, v.adjoint()?)
            }
            false => a.svd(false)?,
        };
        let size = s.abs()?;
        let largest = size.max(Axes::from(-1).keepdims())?;
        let least = match rtol {
            Some(rtol) => largest.multiply(rtol.expand_dims(&[-1])?)?,
            None => largest.multiply(epsilon(a.dtype()) * m.max(n) as f64)?,
        };
        let kept = size.greater(least)?;
        let inverse = where_(&kept, where_(&kept, &s, 1.0)?.reciprocal()?, 0.0)?;
        let inverse = inverse.astype(s.dtype())?.expand_dims(&[-1])?;
        vh.adjoint()?.matmul(&inverse.multiply(u.adjoint()?)?)
    }

    /// The condition number of each matrix: in the 2-norm the largest singular value over the
    /// smallest, in others the norm of the matrix times that of its inverse; infinite where singular.
    ///
    /// ```
    /// # use chunkwise::{Array, DType, Norm};
    /// let x = Array::eye(3, 3, 0, DType::F64, 2)?;
    /// assert_eq!(x.cond(Norm::Number(1.0))?.compute()?.item::<f64>()?, 1.0);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn cond(&self, order: Norm) -> Result<Array> {
        let a = floating(self)?;
        matrix("cond", &a)?;
        let back = matches!(order, Norm::Number(p) if p == -2.0);
        if back || order == Norm::Default || order == Norm::Number(2.0) {
            let s = a.svdvals()?;
            if s.shape().last() == Some(&0) {
                return Err(Error::EmptyReduction { operation: "cond" });
            }
            let (first, last) = (s.get_str("..., 0")?, s.get_str("..., -1")?);
            return match back {
                true => last.divide(first),
                false => first.divide(last),
            };
        }
        square("cond", &a)?;
        let inverse = one(Factorization::Inv { lenient: true }, &[&a])?;
        let axes = Axes::from([-2, -1]);
        let number = a
            .norm(order, axes.clone())?
            .multiply(inverse.norm(order, axes)?)?;
        let unknown = a.isnan()?.any([-2, -1])?;
        let infinite = number.isnan()?.logical_and(unknown.logical_not()?)?;
        where_(infinite, f64::INFINITY, &number)?.astype(number.dtype())
    }
}
