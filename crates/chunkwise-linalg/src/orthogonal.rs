//! QR, whole and in the parts that a tall matrix in chunks is factorized by.

use chunkwise_core::{Pool, Result, ViewMut};
use faer::dyn_stack::{MemStack, StackReq};
use faer::linalg::householder;
use faer::linalg::qr::no_pivoting::factor;
use faer::{Conj, MatMut, MatRef, Par};

use crate::field::{self, Field, buffer, columns, rows, rows_mut, work_bytes};
use crate::stack::{item_mut, outputs};

/// Householder vectors are gathered into blocks of so many.
pub(crate) fn block(rows: usize, columns: usize) -> usize {
    // The recommended sizes are for squares: panels of tall matrices stay in cache with fewer.
    factor::recommended_block_size::<f64>(rows.min(columns), columns).max(1)
}

/// The upper triangle of a factorized matrix; the rest of `to` is zero.
fn write_r<T: Field>(factors: MatRef<'_, T>, mut to: MatMut<'_, T>) {
    for j in 0..to.ncols() {
        for i in 0..to.nrows() {
            to[(i, j)] = if i <= j {
                factors[(i, j)]
            } else {
                T::of_real(T::R::default())
            };
        }
    }
}

/// The first columns of the identity.
fn write_identity<T: Field>(mut to: MatMut<'_, T>) {
    for j in 0..to.ncols() {
        for i in 0..to.nrows() {
            to[(i, j)] = T::from_scalar(chunkwise_core::Scalar::Bool(i == j));
        }
    }
}

fn factorize<T: Field>(a: MatMut<'_, T>, coefficients: MatMut<'_, T>) -> Result<()> {
    let (m, n) = (a.nrows(), a.ncols());
    let params = Default::default();
    let needed = factor::qr_in_place_scratch::<T>(m, n, coefficients.nrows(), Par::Seq, params);
    let mut memory = buffer(needed)?;
    let stack = MemStack::new(&mut memory);
    factor::qr_in_place(a, coefficients, Par::Seq, stack, params);
    Ok(())
}

/// `to` becomes `Q to`.
fn apply<T: Field>(v: MatRef<'_, T>, coefficients: MatRef<'_, T>, to: MatMut<'_, T>) -> Result<()> {
    let needed = apply_scratch::<T>(v.nrows(), coefficients.nrows(), to.ncols());
    let mut memory = buffer(needed)?;
    householder::apply_block_householder_sequence_on_the_left_in_place_with_conj(
        v,
        coefficients,
        Conj::No,
        to,
        Par::Seq,
        MemStack::new(&mut memory),
    );
    Ok(())
}

fn apply_scratch<T: Field>(rows: usize, block: usize, columns: usize) -> StackReq {
    householder::apply_block_householder_sequence_on_the_left_in_place_scratch::<T>(
        rows, block, columns,
    )
}

/// Bytes for [`qr`] and [`reflectors`], and for applying to `columns` columns.
pub(crate) fn qr_bytes<T: Field>(m: usize, n: usize, columns: usize) -> u64 {
    let b = block(m, n);
    let needed = StackReq::any_of(&[
        factor::qr_in_place_scratch::<T>(m, n, b, Par::Seq, Default::default()),
        apply_scratch::<T>(m, b, columns),
    ]);
    work_bytes::<T>(m, n)
        + work_bytes::<T>(b, m.min(n))
        + work_bytes::<T>(m, columns)
        + needed.unaligned_bytes_required() as u64
}

/// `q` (where it is asked for) and `r` of a matrix; `q` has as many columns as `r` rows. Matrices on the
/// way are taken from the pool: they are as large as what is factorized.
pub(crate) fn qr<T: Field>(
    a: &[T],
    (m, n): (usize, usize),
    k: usize,
    q: bool,
    views: &mut [ViewMut<'_>],
    at: usize,
    pool: &Pool,
) -> Result<()> {
    let size = m.min(n);
    let mut coefficients = faer::Mat::zeros(block(m, n).min(size.max(1)), size);
    columns(pool, (m, n), |mut factors| {
        factors.copy_from(rows(a, (m, n)));
        if size > 0 {
            factorize(factors.as_mut(), coefficients.as_mut())?;
        }
        if !q {
            let [r] = outputs(views)?;
            write_r(factors.as_ref(), rows_mut(item_mut(r, at, k * n)?, (k, n)));
            return Ok(());
        }
        let [q, r] = outputs(views)?;
        write_r(factors.as_ref(), rows_mut(item_mut(r, at, k * n)?, (k, n)));
        columns(pool, (m, k), |mut full| {
            write_identity(full.as_mut());
            if size > 0 {
                let v = factors.as_ref().get(.., ..size);
                apply(v, coefficients.as_ref(), full.as_mut())?;
            }
            rows_mut(item_mut(q, at, m * k)?, (m, k)).copy_from(full.as_ref());
            Ok(())
        })
    })
}

/// The factorization of a matrix of `m` rows and at most as many columns as it is: the reflectors in
/// Fortran order, their coefficients likewise, and `r`.
pub(crate) fn reflectors<T: Field>(
    a: &[T],
    (m, n): (usize, usize),
    views: &mut [ViewMut<'_>],
    at: usize,
) -> Result<()> {
    let (size, b) = (m.min(n), block(m, n));
    let [v, c, r] = outputs(views)?;
    let v: &mut [T] = item_mut(v, at, n * m)?;
    transpose(a, (m, n), v);
    let c: &mut [T] = item_mut(c, at, n * b)?;
    c.fill(T::of_real(T::R::default()));
    let mut v = MatMut::from_column_major_slice_mut(v, m, n);
    if size > 0 {
        let c = MatMut::from_column_major_slice_mut(&mut c[..b * size], b, size);
        factorize(v.as_mut(), c)?;
    }
    // Fewer rows than columns leave rows of zeros, so that all parts are alike.
    write_r_padded(v.as_ref(), rows_mut(item_mut(r, at, n * n)?, (n, n)));
    Ok(())
}

fn write_r_padded<T: Field>(factors: MatRef<'_, T>, mut to: MatMut<'_, T>) {
    for j in 0..to.ncols() {
        for i in 0..to.nrows() {
            let inside = i <= j && i < factors.nrows();
            to[(i, j)] = if inside {
                factors[(i, j)]
            } else {
                T::of_real(T::R::default())
            };
        }
    }
}

/// Rows become columns, in squares that stay in cache.
fn transpose<T: Copy>(from: &[T], (m, n): (usize, usize), to: &mut [T]) {
    const SIDE: usize = 16;
    for i0 in (0..m).step_by(SIDE) {
        for j0 in (0..n).step_by(SIDE) {
            for j in j0..(j0 + SIDE).min(n) {
                for i in i0..(i0 + SIDE).min(m) {
                    to[j * m + i] = from[i * n + j];
                }
            }
        }
    }
}

/// `Q [top; 0]` of what [`reflectors`] made, where `top` has `n` rows and `columns` columns.
pub(crate) fn apply_reflectors<T: Field>(
    (v, c, top): (&[T], &[T], &[T]),
    (m, n): (usize, usize),
    columns: usize,
    views: &mut [ViewMut<'_>],
    at: usize,
    pool: &Pool,
) -> Result<()> {
    let (size, b) = (m.min(n), block(m, n));
    let [q] = outputs(views)?;
    let q: &mut [T] = item_mut(q, at, m * columns)?;
    field::columns(pool, (m, columns), |mut work| {
        for j in 0..columns {
            for i in 0..m {
                work[(i, j)] = match i < size {
                    true => top[i * columns + j],
                    false => T::of_real(T::R::default()),
                };
            }
        }
        if size > 0 {
            let v = MatRef::from_column_major_slice(v, m, n).get(.., ..size);
            let c = MatRef::from_column_major_slice(&c[..b * size], b, size);
            apply(v, c, work.as_mut())?;
        }
        rows_mut(q, (m, columns)).copy_from(work.as_ref());
        Ok(())
    })
}
