//! Singular values, and least squares by them.

use chunkwise_core::{Error, Result, ViewMut};
use faer::diag::DiagMut;
use faer::dyn_stack::MemStack;
use faer::linalg::matmul::matmul;
use faer::linalg::svd::{ComputeSvdVectors, svd, svd_scratch};
use faer::{Accum, Mat, Par};

use crate::field::{Field, all_finite, buffer, rows, rows_mut, work, work_bytes};
use crate::stack::{item_mut, outputs};

fn vectors(wanted: bool, full: bool) -> ComputeSvdVectors {
    match (wanted, full) {
        (false, _) => ComputeSvdVectors::No,
        (true, true) => ComputeSvdVectors::Full,
        (true, false) => ComputeSvdVectors::Thin,
    }
}

/// Bytes for the functions here.
pub(crate) fn svd_bytes<T: Field>(m: usize, n: usize, wanted: bool, full: bool) -> u64 {
    let k = m.min(n);
    let (mu, nv) = if full { (m, n) } else { (k, k) };
    let compute = vectors(wanted, full);
    let needed = svd_scratch::<T>(m, n, compute, compute, Par::Seq, Default::default());
    let held = work_bytes::<T>(m, n) + work_bytes::<T>(k, 1);
    let made = work_bytes::<T>(m, mu) + work_bytes::<T>(n, nv);
    held + if wanted { made } else { 0 } + needed.unaligned_bytes_required() as u64
}

struct Svd<T: Field> {
    u: Mat<T>,
    s: Vec<T>,
    v: Mat<T>,
}

fn decompose<T: Field>(
    operation: &'static str,
    a: &[T],
    (m, n): (usize, usize),
    wanted: bool,
    full: bool,
) -> Result<Svd<T>> {
    let failed = || Error::NoConvergence { operation };
    if !all_finite(a) {
        return Err(failed());
    }
    let k = m.min(n);
    let (mu, nv) = if full { (m, n) } else { (k, k) };
    let compute = vectors(wanted, full);
    let mut matrix = work(a, (m, n));
    let scale = scale(a);
    if let Some(scale) = scale {
        matrix
            .col_iter_mut()
            .for_each(|column| column.iter_mut().for_each(|x| *x = x.over(scale)));
    }
    let mut u = Mat::zeros(if wanted { m } else { 0 }, if wanted { mu } else { 0 });
    let mut v = Mat::zeros(if wanted { n } else { 0 }, if wanted { nv } else { 0 });
    let mut s = vec![T::of_real(T::R::default()); k];
    if k == 0 {
        u.as_mut().diagonal_mut().fill(T::from_scalar(true.into()));
        v.as_mut().diagonal_mut().fill(T::from_scalar(true.into()));
        return Ok(Svd { u, s, v });
    }
    let needed = svd_scratch::<T>(m, n, compute, compute, Par::Seq, Default::default());
    let mut memory = buffer(needed)?;
    svd(
        matrix.as_ref(),
        DiagMut::from_slice_mut(&mut s),
        wanted.then(|| u.as_mut()),
        wanted.then(|| v.as_mut()),
        Par::Seq,
        MemStack::new(&mut memory),
        Default::default(),
    )
    .map_err(|_| failed())?;
    if let Some(scale) = scale {
        s.iter_mut().for_each(|x| *x = x.over(1.0 / scale));
    }
    Ok(Svd { u, s, v })
}

/// Elements beyond this, or all below its inverse, are brought near 1 first: their squares, or those of
/// small ones among them, would leave the range of their type.
const FAR: f64 = 1e15;

/// The power of two by which a matrix is divided, where its elements are far from 1. That changes no
/// digit of those in the normal range.
fn scale<T: Field>(a: &[T]) -> Option<f64> {
    let largest = a.iter().map(|x| x.magnitude()).fold(0.0, f64::max);
    let far = largest > FAR || (largest > 0.0 && largest < 1.0 / FAR);
    let exponent = largest.min(f64::MAX).log2().floor().max(-1022.0);
    far.then(|| 2f64.powi(exponent as i32))
}

/// Singular values, and the vectors as `u` and the adjoint of `v` where they are asked for.
pub(crate) fn run<T: Field>(
    a: &[T],
    (m, n): (usize, usize),
    wanted: bool,
    full: bool,
    views: &mut [ViewMut<'_>],
    at: usize,
) -> Result<()> {
    let k = m.min(n);
    let made = decompose("svd", a, (m, n), wanted, full)?;
    let write = |to: &mut [T::R]| to.iter_mut().zip(&made.s).for_each(|(t, s)| *t = s.real());
    if !wanted {
        let [s] = outputs(views)?;
        write(item_mut(s, at, k)?);
        return Ok(());
    }
    let (mu, nv) = if full { (m, n) } else { (k, k) };
    let [u, s, vh] = outputs(views)?;
    write(item_mut(s, at, k)?);
    rows_mut(item_mut(u, at, m * mu)?, (m, mu)).copy_from(made.u.as_ref());
    rows_mut(item_mut(vh, at, nv * n)?, (nv, n)).copy_from(made.v.as_ref().adjoint());
    Ok(())
}

/// The shortest `x` that makes `|a x - b|` least, the number of singular values above `rcond` times
/// the largest, and these.
pub(crate) fn lstsq<T: Field>(
    (a, b): (&[T], &[T]),
    (m, n): (usize, usize),
    columns: usize,
    rcond: f64,
    views: &mut [ViewMut<'_>],
    at: usize,
) -> Result<()> {
    let made = decompose("lstsq", a, (m, n), true, false)?;
    let [x, rank, s] = outputs(views)?;
    let k = m.min(n);
    let values: &mut [T::R] = item_mut(s, at, k)?;
    values
        .iter_mut()
        .zip(&made.s)
        .for_each(|(t, s)| *t = s.real());
    let largest = made.s.first().map_or(0.0, |s| s.magnitude());
    let kept = made
        .s
        .iter()
        .filter(|s| s.magnitude() > rcond * largest)
        .count();
    item_mut::<i64>(rank, at, 1)?[0] = kept as i64;
    let one = T::from_scalar(true.into());
    let mut along = Mat::<T>::zeros(k, columns);
    matmul(
        along.as_mut(),
        Accum::Replace,
        made.u.adjoint(),
        rows(b, (m, columns)),
        one,
        Par::Seq,
    );
    for i in 0..k {
        for j in 0..columns {
            let value = along[(i, j)];
            along[(i, j)] = match i < kept {
                true => value.over(made.s[i].magnitude()),
                false => T::of_real(T::R::default()),
            };
        }
    }
    matmul(
        rows_mut(item_mut(x, at, n * columns)?, (n, columns)),
        Accum::Replace,
        made.v.as_ref(),
        along.as_ref(),
        one,
        Par::Seq,
    );
    Ok(())
}
