//! Eigenvalues.

use chunkwise_core::Result;
use chunkwise_linalg::Factorization;

use super::factor::{floating, one, several, square};
use crate::Array;

impl Array {
    /// The eigenvalues of each Hermitian matrix in ascending order, and its eigenvectors as columns.
    /// One triangle is read, the upper or the lower one.
    ///
    /// ```
    /// # use chunkwise::Array;
    /// let x = Array::from_vec(vec![2.0, 0.0, 0.0, 1.0], [2, 2], 2)?;
    /// let (w, v) = x.eigh(false)?;
    /// assert_eq!(w.compute()?.to_vec::<f64>()?, [1.0, 2.0]);
    /// assert_eq!(v.shape(), [2, 2]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    ///
    /// # Errors
    /// No square matrices; while computing [`NoConvergence`](crate::Error::NoConvergence), as for NaN.
    #[track_caller]
    pub fn eigh(&self, upper: bool) -> Result<(Array, Array)> {
        square("eigh", self)?;
        let [w, v] = several(Factorization::Eigh { upper }, &[&floating(self)?])?;
        Ok((w, v))
    }

    /// The eigenvalues of each Hermitian matrix, as [`eigh`](Self::eigh) gives them.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// assert_eq!(Array::ones([5, 3, 3], DType::F64, 2)?.eigvalsh(false)?.shape(), [5, 3]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn eigvalsh(&self, upper: bool) -> Result<Array> {
        square("eigvalsh", self)?;
        one(Factorization::Eigvalsh { upper }, &[&floating(self)?])
    }

    /// The eigenvalues of each matrix and its eigenvectors of length one as columns; complex
    /// whatever the matrix is.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let (w, v) = Array::ones([3, 3], DType::F64, 2)?.eig()?;
    /// assert_eq!((w.dtype(), v.shape()), (DType::C128, &[3, 3][..]));
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn eig(&self) -> Result<(Array, Array)> {
        square("eig", self)?;
        let [w, v] = several(Factorization::Eig, &[&floating(self)?])?;
        Ok((w, v))
    }

    /// The eigenvalues of each matrix, complex.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// assert_eq!(Array::ones([3, 3], DType::F64, 2)?.eigvals()?.shape(), [3]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn eigvals(&self) -> Result<Array> {
        square("eigvals", self)?;
        one(Factorization::Eigvals, &[&floating(self)?])
    }
}
