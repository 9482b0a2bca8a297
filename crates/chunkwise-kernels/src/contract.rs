//! Matrix products: dense ones of floats through the `gemm` crate, the rest by plain loops.

use chunkwise_core::{Complex32, Complex64, DType, Error, Result, View, ViewMut};

/// Adds `a[batch, m, k]` times `b[batch, k, n]` to `out[batch, m, n]`, or sets `out` to it where
/// `accumulate` is false. All of one dtype; integers wrap; bools are or of ands.
pub fn contract(out: &mut ViewMut<'_>, a: &View<'_>, b: &View<'_>, accumulate: bool) -> Result<()> {
    let ([batch, m, k], [batch_b, k_b, n]) = (shape3(a.shape())?, shape3(b.shape())?);
    if batch != batch_b || k != k_b || shape3(out.shape())? != [batch, m, n] {
        return Err(Error::ShapeMismatch {
            operation: "matmul",
            expected: vec![batch, m, n],
            got: out.shape().to_vec(),
        });
    }
    let dtype = out.dtype();
    if a.dtype() != dtype || b.dtype() != dtype {
        return Err(Error::DTypeMismatch {
            operation: "matmul",
            expected: dtype,
            got: a.dtype(),
        });
    }
    let item = dtype.size() as isize;
    let steps = |s: &[isize]| [s[0] / item, s[1] / item, s[2] / item];
    if [a.strides(), b.strides(), out.strides()]
        .iter()
        .any(|s| s.iter().any(|x| x % item != 0))
    {
        return Err(Error::internal(
            "contract",
            "elements are not evenly spaced",
        ));
    }
    let (sa, sb, so) = (steps(a.strides()), steps(b.strides()), steps(out.strides()));
    if batch * m * n == 0 {
        return Ok(());
    }
    let base = out.as_mut_ptr();
    for i in 0..batch as isize {
        let size = [m, n, k];
        macro_rules! run {
            ($kernel:ident, $t:ty, $zero:expr, $one:expr) => {{
                // SAFETY: the views cover these shapes and strides, and `out` is ours alone; dtypes
                // were compared above.
                unsafe {
                    $kernel::<$t>(
                        size,
                        base.cast::<$t>().offset(i * so[0]),
                        (so[1], so[2]),
                        a.as_ptr().cast::<$t>().offset(i * sa[0]),
                        (sa[1], sa[2]),
                        b.as_ptr().cast::<$t>().offset(i * sb[0]),
                        (sb[1], sb[2]),
                        if accumulate { Some($one) } else { None },
                        $zero,
                        $one,
                    )
                }
            }};
        }
        let one = |re: f64| Complex64::new(re, 0.0);
        match dtype {
            DType::F32 => run!(dense, f32, 0.0, 1.0),
            DType::F64 => run!(dense, f64, 0.0, 1.0),
            DType::C64 => run!(
                dense,
                Complex32,
                Complex32::new(0.0, 0.0),
                Complex32::new(1.0, 0.0)
            ),
            DType::C128 => run!(dense, Complex64, one(0.0), one(1.0)),
            DType::Bool => run!(looped, Truth, Truth(0), Truth(1)),
            DType::I8 => run!(looped, i8, 0, 1),
            DType::I16 => run!(looped, i16, 0, 1),
            DType::I32 => run!(looped, i32, 0, 1),
            DType::I64 => run!(looped, i64, 0, 1),
            DType::U8 => run!(looped, u8, 0, 1),
            DType::U16 => run!(looped, u16, 0, 1),
            DType::U32 => run!(looped, u32, 0, 1),
            DType::U64 => run!(looped, u64, 0, 1),
        }
    }
    Ok(())
}

fn shape3(shape: &[usize]) -> Result<[usize; 3]> {
    shape
        .try_into()
        .map_err(|_| Error::internal("contract", format!("shape {shape:?}")))
}

/// # Safety
/// The pointers cover matrices of `m x n`, `m x k` and `k x n` at these (row, column) strides, `out`
/// exclusively.
#[allow(clippy::too_many_arguments)]
unsafe fn dense<T: Copy + 'static>(
    [m, n, k]: [usize; 3],
    out: *mut T,
    so: (isize, isize),
    a: *const T,
    sa: (isize, isize),
    b: *const T,
    sb: (isize, isize),
    keep: Option<T>,
    zero: T,
    one: T,
) {
    // SAFETY: by this function's contract.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out,
            so.1,
            so.0,
            keep.is_some(),
            a,
            sa.1,
            sa.0,
            b,
            sb.1,
            sb.0,
            keep.unwrap_or(zero),
            one,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

/// A bool's byte, with or for the sum and and for the product.
#[derive(Clone, Copy)]
#[repr(transparent)]
struct Truth(u8);

trait Ring: Copy {
    fn multiply_add(self, a: Self, b: Self) -> Self;
}

impl Ring for Truth {
    #[inline(always)]
    fn multiply_add(self, a: Truth, b: Truth) -> Truth {
        Truth(self.0 | (a.0 & b.0))
    }
}

macro_rules! wrapping {
    ($($t:ty),*) => {$(
        impl Ring for $t {
            #[inline(always)]
            fn multiply_add(self, a: $t, b: $t) -> $t {
                self.wrapping_add(a.wrapping_mul(b))
            }
        }
    )*};
}
wrapping!(i8, i16, i32, i64, u8, u16, u32, u64);

/// # Safety
/// As [`dense`].
#[allow(clippy::too_many_arguments)]
unsafe fn looped<T: Ring>(
    [m, n, k]: [usize; 3],
    out: *mut T,
    so: (isize, isize),
    a: *const T,
    sa: (isize, isize),
    b: *const T,
    sb: (isize, isize),
    keep: Option<T>,
    zero: T,
    _one: T,
) {
    for i in 0..m as isize {
        // SAFETY: by this function's contract.
        unsafe {
            let row = out.offset(i * so.0);
            if keep.is_none() {
                (0..n as isize).for_each(|j| row.offset(j * so.1).write(zero));
            }
            for p in 0..k as isize {
                let x = *a.offset(i * sa.0 + p * sa.1);
                let from = b.offset(p * sb.0);
                for j in 0..n as isize {
                    let to = row.offset(j * so.1);
                    *to = (*to).multiply_add(x, *from.offset(j * sb.1));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_match_plain_loops() {
        let (m, k, n) = (7, 5, 9);
        let a: Vec<f64> = (0..2 * m * k).map(|i| (i % 11) as f64 - 3.0).collect();
        let b: Vec<f64> = (0..2 * k * n).map(|i| (i % 7) as f64 * 0.5).collect();
        let mut out = vec![1.0f64; 2 * m * n];
        let mut want = out.clone();
        for t in 0..2 {
            for i in 0..m {
                for j in 0..n {
                    for p in 0..k {
                        want[(t * m + i) * n + j] +=
                            a[(t * m + i) * k + p] * b[(t * k + p) * n + j];
                    }
                }
            }
        }
        let (va, vb) = (
            View::from_slice(&a, &[2, m, k]).unwrap(),
            View::from_slice(&b, &[2, k, n]).unwrap(),
        );
        contract(
            &mut ViewMut::from_slice(&mut out, &[2, m, n]).unwrap(),
            &va,
            &vb,
            true,
        )
        .unwrap();
        assert_eq!(out, want);
        let ints: Vec<i64> = a.iter().map(|x| *x as i64).collect();
        let vi = View::from_slice(&ints, &[1, 2 * m, k]).unwrap();
        let other: Vec<i64> = (0..k as i64).collect();
        let mut sums = vec![9i64; 2 * m];
        contract(
            &mut ViewMut::from_slice(&mut sums, &[1, 2 * m, 1]).unwrap(),
            &vi,
            &View::from_slice(&other, &[1, k, 1]).unwrap(),
            false,
        )
        .unwrap();
        for (i, s) in sums.iter().enumerate() {
            assert_eq!(*s, (0..k).map(|p| ints[i * k + p] * p as i64).sum::<i64>());
        }
    }
}
