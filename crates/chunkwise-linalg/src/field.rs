//! The four number types, and memory for `faer`.

use chunkwise_core::{Chunk, Complex, Element, Error, Pool, Result};
use faer::dyn_stack::{MemBuffer, StackReq};
use faer::traits::{ComplexField, RealField};
use faer::{Mat, MatMut, MatRef};

use crate::stack::item_mut;

/// A number that matrices are made of.
pub(crate) trait Field: ComplexField<Real = Self::R> + Element {
    /// The real numbers of its precision.
    type R: RealField + Element;
    /// The complex numbers of its precision.
    type C: ComplexField + Element;

    fn real(self) -> Self::R;
    fn of_real(x: Self::R) -> Self;
    fn complex(re: Self::R, im: Self::R) -> Self::C;
    fn is_finite(self) -> bool;
    fn magnitude(self) -> f64;
    fn over(self, scale: f64) -> Self;
}

macro_rules! fields {
    ($($r:ty),*) => {$(
        impl Field for $r {
            type R = $r;
            type C = Complex<$r>;
            fn real(self) -> $r { self }
            fn of_real(x: $r) -> $r { x }
            fn complex(re: $r, im: $r) -> Complex<$r> { Complex::new(re, im) }
            fn is_finite(self) -> bool { <$r>::is_finite(self) }
            fn magnitude(self) -> f64 { self.abs() as f64 }
            fn over(self, scale: f64) -> $r { (self as f64 / scale) as $r }
        }
        impl Field for Complex<$r> {
            type R = $r;
            type C = Complex<$r>;
            fn real(self) -> $r { self.re }
            fn of_real(x: $r) -> Complex<$r> { Complex::new(x, 0.0) }
            fn complex(re: $r, im: $r) -> Complex<$r> { Complex::new(re, im) }
            fn is_finite(self) -> bool { self.re.is_finite() && self.im.is_finite() }
            fn magnitude(self) -> f64 { (self.re as f64).hypot(self.im as f64) }
            fn over(self, scale: f64) -> Complex<$r> {
                Complex::new((self.re as f64 / scale) as $r, (self.im as f64 / scale) as $r)
            }
        }
    )*};
}

fields!(f32, f64);

/// Working memory of `faer`.
pub(crate) fn buffer(needed: StackReq) -> Result<MemBuffer> {
    MemBuffer::try_new(needed).map_err(|_| Error::OutOfMemory {
        bytes: needed.unaligned_bytes_required() as u64,
    })
}

/// A matrix in a slice in C order.
pub(crate) fn rows<T>(data: &[T], shape: (usize, usize)) -> MatRef<'_, T> {
    MatRef::from_row_major_slice(data, shape.0, shape.1)
}

/// A matrix in a slice in C order, to be written.
pub(crate) fn rows_mut<T>(data: &mut [T], shape: (usize, usize)) -> MatMut<'_, T> {
    MatMut::from_row_major_slice_mut(data, shape.0, shape.1)
}

/// A copy in Fortran order, which is what factorizations are fast in.
pub(crate) fn work<T: Field>(data: &[T], shape: (usize, usize)) -> Mat<T> {
    let from = rows(data, shape);
    let mut to = Mat::zeros(shape.0, shape.1);
    to.copy_from(from);
    to
}

/// Hands a matrix in Fortran order, in memory of the pool, to a function: what is in it before is not
/// said.
pub(crate) fn columns<T: Field>(
    pool: &Pool,
    (m, n): (usize, usize),
    run: impl FnOnce(MatMut<'_, T>) -> Result<()>,
) -> Result<()> {
    let memory = Chunk::build(pool, T::DTYPE, &[n, m], |mut view| {
        let data = item_mut(&mut view, 0, n * m)?;
        run(MatMut::from_column_major_slice_mut(data, m, n))
    });
    memory.map(drop)
}

/// Bytes of a matrix made by [`work`].
pub(crate) fn work_bytes<T>(rows: usize, columns: usize) -> u64 {
    // Columns are padded to vectors.
    let padded = rows.next_multiple_of(128 / size_of::<T>());
    (padded as u64) * (columns as u64) * size_of::<T>() as u64
}

/// Whether all elements are finite numbers: iterative algorithms end on no others.
pub(crate) fn all_finite<T: Field>(data: &[T]) -> bool {
    data.iter().all(|x| x.is_finite())
}
