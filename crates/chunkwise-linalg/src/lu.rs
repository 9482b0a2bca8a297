//! LU with partial pivoting, and what it gives: solutions, inverses, determinants.

use chunkwise_core::{Error, Result, ViewMut};
use faer::dyn_stack::MemStack;
use faer::linalg::lu::partial_pivoting::factor::{lu_in_place, lu_in_place_scratch};
use faer::linalg::triangular_solve::{
    solve_unit_lower_triangular_in_place, solve_upper_triangular_in_place,
};
use faer::{Mat, MatMut, Par};

use crate::field::{Field, buffer, rows, rows_mut, work, work_bytes};
use crate::stack::{item_mut, outputs};

/// A factorized matrix: `l` below the diagonal, `u` on and above it, and where its rows come from.
struct Lu<T> {
    factors: Mat<T>,
    rows: Vec<usize>,
    odd: bool,
    /// The first zero on the diagonal of `u`.
    singular: Option<usize>,
}

/// Bytes for the functions here, with a right side of `columns` columns.
pub(crate) fn lu_bytes<T: Field>(m: usize, n: usize, columns: usize) -> u64 {
    let needed = lu_in_place_scratch::<usize, T>(m, n, Par::Seq, Default::default());
    work_bytes::<T>(m, n)
        + work_bytes::<T>(m, columns)
        + 3 * 8 * m as u64
        + needed.unaligned_bytes_required() as u64
}

fn factorize<T: Field>(a: &[T], (m, n): (usize, usize)) -> Result<Lu<T>> {
    let mut factors = work(a, (m, n));
    let (mut order, mut inverse) = (vec![0usize; m], vec![0usize; m]);
    let needed = lu_in_place_scratch::<usize, T>(m, n, Par::Seq, Default::default());
    let mut memory = buffer(needed)?;
    let stack = MemStack::new(&mut memory);
    let params = Default::default();
    let (info, _) = lu_in_place(
        factors.as_mut(),
        &mut order,
        &mut inverse,
        Par::Seq,
        stack,
        params,
    );
    let zero = T::of_real(T::R::default());
    let singular = (0..m.min(n)).find(|i| factors[(*i, *i)] == zero);
    Ok(Lu {
        factors,
        rows: order,
        odd: info.transposition_count % 2 == 1,
        singular,
    })
}

/// Column by column, past pivots that are zero, which the fast way divides by.
fn factorize_singular<T: Field>(a: &[T], (m, n): (usize, usize)) -> Lu<T> {
    let mut f = work(a, (m, n));
    let mut order: Vec<usize> = (0..m).collect();
    let (mut odd, mut singular) = (false, None);
    for k in 0..m.min(n) {
        let mut best = k;
        for i in k + 1..m {
            if f[(i, k)].magnitude() > f[(best, k)].magnitude() {
                best = i;
            }
        }
        if best != k {
            order.swap(best, k);
            odd = !odd;
            for j in 0..n {
                let held = f[(k, j)];
                f[(k, j)] = f[(best, j)];
                f[(best, j)] = held;
            }
        }
        let pivot = f[(k, k)];
        if pivot.magnitude() == 0.0 {
            singular.get_or_insert(k);
            continue;
        }
        for i in k + 1..m {
            let by = f[(i, k)] / pivot;
            f[(i, k)] = by;
            for j in k + 1..n {
                let less = by * f[(k, j)];
                f[(i, j)] -= less;
            }
        }
    }
    Lu {
        factors: f,
        rows: order,
        odd,
        singular,
    }
}

/// The rows' order `p`, `l` and `u`, such that row `i` of `l u` is row `p[i]` of the matrix.
pub(crate) fn lu<T: Field>(
    a: &[T],
    (m, n): (usize, usize),
    views: &mut [ViewMut<'_>],
    at: usize,
) -> Result<()> {
    let mut made = factorize(a, (m, n))?;
    if made.singular.is_some() {
        made = factorize_singular(a, (m, n));
    }
    let k = m.min(n);
    let [p, l, u] = outputs(views)?;
    let p: &mut [i64] = item_mut(p, at, m)?;
    p.iter_mut()
        .zip(&made.rows)
        .for_each(|(p, r)| *p = *r as i64);
    let l: &mut [T] = item_mut(l, at, m * k)?;
    for i in 0..m {
        for j in 0..k {
            l[i * k + j] = match i > j {
                true => made.factors[(i, j)],
                false => T::from_scalar((i == j).into()),
            };
        }
    }
    let u: &mut [T] = item_mut(u, at, k * n)?;
    for i in 0..k {
        for j in 0..n {
            u[i * n + j] = match i <= j {
                true => made.factors[(i, j)],
                false => T::of_real(T::R::default()),
            };
        }
    }
    Ok(())
}

fn regular<T: Field>(operation: &'static str, a: &[T], n: usize) -> Result<Lu<T>> {
    let made = factorize(a, (n, n))?;
    match made.singular {
        Some(pivot) => Err(Error::SingularMatrix { operation, pivot }),
        None => Ok(made),
    }
}

/// `b`, whose rows are in the factors' order, becomes the solution.
fn substitute<T: Field>(lu: &Lu<T>, mut b: MatMut<'_, T>) {
    solve_unit_lower_triangular_in_place(lu.factors.as_ref(), b.as_mut(), Par::Seq);
    solve_upper_triangular_in_place(lu.factors.as_ref(), b, Par::Seq);
}

/// `a x = b`.
pub(crate) fn solve<T: Field>(
    (a, b): (&[T], &[T]),
    n: usize,
    columns: usize,
    views: &mut [ViewMut<'_>],
    at: usize,
) -> Result<()> {
    let made = regular("solve", a, n)?;
    let b = rows(b, (n, columns));
    let mut x = Mat::zeros(n, columns);
    for (i, from) in made.rows.iter().enumerate() {
        for j in 0..columns {
            x[(i, j)] = b[(*from, j)];
        }
    }
    substitute(&made, x.as_mut());
    let [out] = outputs(views)?;
    rows_mut(item_mut(out, at, n * columns)?, (n, columns)).copy_from(x.as_ref());
    Ok(())
}

/// The inverse; where `lenient`, NaN for a singular matrix.
pub(crate) fn inv<T: Field>(
    a: &[T],
    n: usize,
    lenient: bool,
    views: &mut [ViewMut<'_>],
    at: usize,
) -> Result<()> {
    let made = match regular("inv", a, n) {
        Err(Error::SingularMatrix { .. }) if lenient => {
            let [out] = outputs(views)?;
            item_mut(out, at, n * n)?.fill(T::from_scalar(f64::NAN.into()));
            return Ok(());
        }
        made => made?,
    };
    let mut x = Mat::<T>::zeros(n, n);
    for (i, from) in made.rows.iter().enumerate() {
        x[(i, *from)] = T::from_scalar(true.into());
    }
    substitute(&made, x.as_mut());
    let [out] = outputs(views)?;
    rows_mut(item_mut(out, at, n * n)?, (n, n)).copy_from(x.as_ref());
    Ok(())
}

/// The determinant.
pub(crate) fn det<T: Field>(a: &[T], n: usize, views: &mut [ViewMut<'_>], at: usize) -> Result<()> {
    let made = factorize(a, (n, n))?;
    let one = T::from_scalar(true.into());
    let mut det = if made.odd { -one } else { one };
    if made.singular.is_some() {
        det = T::of_real(T::R::default());
    } else {
        (0..n).for_each(|i| det *= made.factors[(i, i)]);
    }
    let [out] = outputs(views)?;
    item_mut(out, at, 1)?[0] = det;
    Ok(())
}

/// The determinant's sign (of length one where complex) and the logarithm of its absolute value.
pub(crate) fn slogdet<T: Field>(
    a: &[T],
    n: usize,
    views: &mut [ViewMut<'_>],
    at: usize,
) -> Result<()> {
    let made = factorize(a, (n, n))?;
    let one = T::from_scalar(true.into());
    let mut sign = if made.odd { -one } else { one };
    let mut log = 0.0;
    if made.singular.is_some() {
        sign = T::of_real(T::R::default());
        log = f64::NEG_INFINITY;
    } else {
        for i in 0..n {
            let value = made.factors[(i, i)];
            let length = value.magnitude();
            sign *= value.over(length);
            log += length.ln();
        }
    }
    let [s, l] = outputs(views)?;
    item_mut(s, at, 1)?[0] = sign;
    item_mut(l, at, 1)?[0] = <T::R as chunkwise_core::Element>::from_scalar(log.into());
    Ok(())
}
