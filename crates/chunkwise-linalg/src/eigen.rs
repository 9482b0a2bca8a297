//! Eigenvalues.

use chunkwise_core::{Error, Result, ViewMut};
use faer::diag::DiagMut;
use faer::dyn_stack::MemStack;
use faer::linalg::evd::{
    ComputeEigenvectors, evd_cplx, evd_real, evd_scratch, self_adjoint_evd,
    self_adjoint_evd_scratch,
};
use faer::{Mat, Par};

use crate::field::{Field, all_finite, buffer, rows, rows_mut, work_bytes};
use crate::stack::{item_mut, outputs};

fn vectors(wanted: bool) -> ComputeEigenvectors {
    match wanted {
        true => ComputeEigenvectors::Yes,
        false => ComputeEigenvectors::No,
    }
}

/// Bytes for [`eigh`].
pub(crate) fn eigh_bytes<T: Field>(n: usize, wanted: bool) -> u64 {
    if n == 0 {
        return 0;
    }
    let needed = self_adjoint_evd_scratch::<T>(n, vectors(wanted), Par::Seq, Default::default());
    2 * work_bytes::<T>(n, n) + work_bytes::<T>(n, 1) + needed.unaligned_bytes_required() as u64
}

/// The eigenvalues of a Hermitian matrix in ascending order, and the eigenvectors as columns. One
/// triangle of the matrix is read.
pub(crate) fn eigh<T: Field>(
    a: &[T],
    n: usize,
    (wanted, upper): (bool, bool),
    views: &mut [ViewMut<'_>],
    at: usize,
) -> Result<()> {
    if n == 0 {
        return Ok(());
    }
    let failed = || Error::NoConvergence { operation: "eigh" };
    if !all_finite(a) {
        return Err(failed());
    }
    let given = rows(a, (n, n));
    let mut lower = Mat::zeros(n, n);
    for j in 0..n {
        for i in j..n {
            lower[(i, j)] = if upper {
                faer::traits::math_utils::conj(&given[(j, i)])
            } else {
                given[(i, j)]
            };
        }
        // The imaginary part of the diagonal does not count.
        lower[(j, j)] = T::of_real(lower[(j, j)].real());
    }
    let needed = self_adjoint_evd_scratch::<T>(n, vectors(wanted), Par::Seq, Default::default());
    let mut memory = buffer(needed)?;
    let mut values = vec![T::of_real(T::R::default()); n];
    let mut u = Mat::zeros(if wanted { n } else { 0 }, if wanted { n } else { 0 });
    self_adjoint_evd(
        lower.as_ref(),
        DiagMut::from_slice_mut(&mut values),
        wanted.then(|| u.as_mut()),
        Par::Seq,
        MemStack::new(&mut memory),
        Default::default(),
    )
    .map_err(|_| failed())?;
    let write = |to: &mut [T::R]| to.iter_mut().zip(&values).for_each(|(t, s)| *t = s.real());
    if !wanted {
        let [w] = outputs(views)?;
        write(item_mut(w, at, n)?);
        return Ok(());
    }
    let [w, v] = outputs(views)?;
    write(item_mut(w, at, n)?);
    rows_mut(item_mut(v, at, n * n)?, (n, n)).copy_from(u.as_ref());
    Ok(())
}

/// Bytes for [`eig`].
pub(crate) fn eig_bytes<T: Field>(n: usize, wanted: bool) -> u64 {
    let no = ComputeEigenvectors::No;
    let needed = evd_scratch::<T>(n, no, vectors(wanted), Par::Seq, Default::default());
    2 * work_bytes::<T::C>(n, n)
        + work_bytes::<T::C>(n, 2)
        + needed.unaligned_bytes_required() as u64
}

/// Eigenvalues, and eigenvectors as columns.
pub(crate) type Pairs<C> = (Vec<C>, Mat<C>);

/// The general problem, which real and complex matrices have different functions for.
pub(crate) trait General: Field {
    /// Eigenvalues, and the right eigenvectors as columns where they are asked for.
    fn decompose(a: &[Self], n: usize, wanted: bool) -> Result<Pairs<Self::C>>;
}

const FAILED: Error = Error::NoConvergence { operation: "eig" };

macro_rules! general {
    ($($r:ty),*) => {$(
        impl General for $r {
            fn decompose(a: &[$r], n: usize, wanted: bool) -> Result<Pairs<Self::C>> {
                let no = ComputeEigenvectors::No;
                let params = Default::default();
                let needed = evd_scratch::<$r>(n, no, vectors(wanted), Par::Seq, params);
                let mut memory = buffer(needed)?;
                let (mut re, mut im) = (vec![0.0; n], vec![0.0; n]);
                let side = if wanted { n } else { 0 };
                let mut u = Mat::<$r>::zeros(side, side);
                evd_real(
                    rows(a, (n, n)),
                    DiagMut::from_slice_mut(&mut re),
                    DiagMut::from_slice_mut(&mut im),
                    None,
                    wanted.then(|| u.as_mut()),
                    Par::Seq,
                    MemStack::new(&mut memory),
                    params,
                )
                .map_err(|_| FAILED)?;
                let values: Vec<Self::C> =
                    re.iter().zip(&im).map(|(re, im)| <$r>::complex(*re, *im)).collect();
                // A pair of conjugate values has the real and imaginary part side by side.
                let mut full = Mat::<Self::C>::zeros(side, side);
                let mut j = 0;
                while j < side {
                    let pair = im[j] != 0.0 && j + 1 < n;
                    for i in 0..n {
                        let (x, y) = (u[(i, j)], if pair { u[(i, j + 1)] } else { 0.0 });
                        full[(i, j)] = <$r>::complex(x, y);
                        if pair {
                            full[(i, j + 1)] = <$r>::complex(x, -y);
                        }
                    }
                    j += if pair { 2 } else { 1 };
                }
                Ok((values, full))
            }
        }
        impl General for chunkwise_core::Complex<$r> {
            fn decompose(a: &[Self], n: usize, wanted: bool) -> Result<(Vec<Self>, Mat<Self>)> {
                let no = ComputeEigenvectors::No;
                let params = Default::default();
                let needed = evd_scratch::<Self>(n, no, vectors(wanted), Par::Seq, params);
                let mut memory = buffer(needed)?;
                let mut values = vec![Self::default(); n];
                let side = if wanted { n } else { 0 };
                let mut u = Mat::<Self>::zeros(side, side);
                evd_cplx(
                    rows(a, (n, n)),
                    DiagMut::from_slice_mut(&mut values),
                    None,
                    wanted.then(|| u.as_mut()),
                    Par::Seq,
                    MemStack::new(&mut memory),
                    params,
                )
                .map_err(|_| FAILED)?;
                Ok((values, u))
            }
        }
    )*};
}

general!(f32, f64);

/// Eigenvalues, and eigenvectors of length one as columns, of a general matrix; complex.
pub(crate) fn eig<T: General>(
    a: &[T],
    n: usize,
    wanted: bool,
    views: &mut [ViewMut<'_>],
    at: usize,
) -> Result<()>
where
    T::C: Field,
{
    if n == 0 {
        return Ok(());
    }
    if !all_finite(a) {
        return Err(FAILED);
    }
    let (values, mut u) = T::decompose(a, n, wanted)?;
    for j in 0..u.ncols() {
        let length = (0..n)
            .map(|i| u[(i, j)].magnitude().powi(2))
            .sum::<f64>()
            .sqrt();
        if length > 0.0 {
            (0..n).for_each(|i| u[(i, j)] = u[(i, j)].over(length));
        }
    }
    if !wanted {
        let [w] = outputs(views)?;
        item_mut(w, at, n)?.copy_from_slice(&values);
        return Ok(());
    }
    let [w, v] = outputs(views)?;
    item_mut(w, at, n)?.copy_from_slice(&values);
    rows_mut(item_mut(v, at, n * n)?, (n, n)).copy_from(u.as_ref());
    Ok(())
}
