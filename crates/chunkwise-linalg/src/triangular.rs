//! Cholesky factors, and systems with triangular matrices.

use chunkwise_core::{Error, Result, ViewMut};
use faer::dyn_stack::MemStack;
use faer::linalg::cholesky::llt::factor::{cholesky_in_place, cholesky_in_place_scratch};
use faer::linalg::triangular_solve::{
    solve_lower_triangular_in_place, solve_unit_lower_triangular_in_place,
    solve_unit_upper_triangular_in_place, solve_upper_triangular_in_place,
};
use faer::traits::math_utils::conj;
use faer::{Mat, Par};

use crate::field::{Field, buffer, rows, rows_mut, work, work_bytes};
use crate::stack::{item_mut, outputs};

/// Bytes for [`cholesky`].
pub(crate) fn cholesky_bytes<T: Field>(n: usize) -> u64 {
    let needed = cholesky_in_place_scratch::<T>(n, Par::Seq, Default::default());
    work_bytes::<T>(n, n) + needed.unaligned_bytes_required() as u64
}

/// `l` with `l lᴴ = a`, or `u` with `uᴴ u = a`, from the same triangle of `a`.
pub(crate) fn cholesky<T: Field>(
    a: &[T],
    n: usize,
    upper: bool,
    views: &mut [ViewMut<'_>],
    at: usize,
) -> Result<()> {
    let given = rows(a, (n, n));
    let mut l = Mat::zeros(n, n);
    for j in 0..n {
        for i in j..n {
            l[(i, j)] = if upper {
                conj(&given[(j, i)])
            } else {
                given[(i, j)]
            };
        }
        l[(j, j)] = T::of_real(l[(j, j)].real());
    }
    let needed = cholesky_in_place_scratch::<T>(n, Par::Seq, Default::default());
    let mut memory = buffer(needed)?;
    let stack = MemStack::new(&mut memory);
    let failed = |minor| Error::NotPositiveDefinite {
        operation: "cholesky",
        minor,
    };
    cholesky_in_place(
        l.as_mut(),
        Default::default(),
        Par::Seq,
        stack,
        Default::default(),
    )
    .map_err(|e| match e {
        faer::linalg::cholesky::llt::factor::LltError::NonPositivePivot { index } => {
            failed(index + 1)
        }
    })?;
    // A NaN compares with nothing.
    if let Some(bad) = (0..n).find(|i| !l[(*i, *i)].is_finite()) {
        return Err(failed(bad + 1));
    }
    let [out] = outputs(views)?;
    let out: &mut [T] = item_mut(out, at, n * n)?;
    for i in 0..n {
        for j in 0..n {
            out[i * n + j] = match (upper, i >= j, i <= j) {
                (false, true, _) => l[(i, j)],
                (true, _, true) => conj(&l[(j, i)]),
                _ => T::of_real(T::R::default()),
            };
        }
    }
    Ok(())
}

/// Bytes for [`solve`].
pub(crate) fn solve_bytes<T: Field>(n: usize, columns: usize) -> u64 {
    work_bytes::<T>(n, columns) + work_bytes::<T>(n, n)
}

/// `a x = b` with one triangle of `a`; `unit` takes its diagonal for ones.
pub(crate) fn solve<T: Field>(
    (a, b): (&[T], &[T]),
    n: usize,
    columns: usize,
    (lower, unit): (bool, bool),
    views: &mut [ViewMut<'_>],
    at: usize,
) -> Result<()> {
    let a = rows(a, (n, n));
    let zero = T::of_real(T::R::default());
    if let Some(pivot) = (0..n).find(|i| !unit && a[(*i, *i)] == zero) {
        return Err(Error::SingularMatrix {
            operation: "solve_triangular",
            pivot,
        });
    }
    let mut x = work(b, (n, columns));
    match (lower, unit) {
        (true, false) => solve_lower_triangular_in_place(a, x.as_mut(), Par::Seq),
        (true, true) => solve_unit_lower_triangular_in_place(a, x.as_mut(), Par::Seq),
        (false, false) => solve_upper_triangular_in_place(a, x.as_mut(), Par::Seq),
        (false, true) => solve_unit_upper_triangular_in_place(a, x.as_mut(), Par::Seq),
    }
    let [out] = outputs(views)?;
    rows_mut(item_mut(out, at, n * columns)?, (n, columns)).copy_from(x.as_ref());
    Ok(())
}
