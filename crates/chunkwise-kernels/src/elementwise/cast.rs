//! Conversion between dtypes.

use chunkwise_core::{Complex32, Complex64, DType, dispatch};

use super::stamp::{Unary, unary};
use super::{Kernel, Operand};

/// A value as another element type.
trait To<U> {
    fn to(self) -> U;
}

macro_rules! real_to {
    ($t:ty => $($u:ty),*) => {
        $(impl To<$u> for $t {
            #[inline(always)]
            fn to(self) -> $u {
                self as $u
            }
        })*
        impl To<bool> for $t {
            #[inline(always)]
            fn to(self) -> bool {
                self != 0 as $t
            }
        }
        real_to!(@complex $t => Complex32, f32; Complex64, f64);
    };
    (@complex $t:ty => $($c:ty, $r:ty);*) => {
        $(impl To<$c> for $t {
            #[inline(always)]
            fn to(self) -> $c {
                <$c>::new(self as $r, 0.0)
            }
        })*
    };
}
real_to!(i8 => i8, i16, i32, i64, u8, u16, u32, u64, f32, f64);
real_to!(i16 => i8, i16, i32, i64, u8, u16, u32, u64, f32, f64);
real_to!(i32 => i8, i16, i32, i64, u8, u16, u32, u64, f32, f64);
real_to!(i64 => i8, i16, i32, i64, u8, u16, u32, u64, f32, f64);
real_to!(u8 => i8, i16, i32, i64, u8, u16, u32, u64, f32, f64);
real_to!(u16 => i8, i16, i32, i64, u8, u16, u32, u64, f32, f64);
real_to!(u32 => i8, i16, i32, i64, u8, u16, u32, u64, f32, f64);
real_to!(u64 => i8, i16, i32, i64, u8, u16, u32, u64, f32, f64);
real_to!(f32 => i8, i16, i32, i64, u8, u16, u32, u64, f32, f64);
real_to!(f64 => i8, i16, i32, i64, u8, u16, u32, u64, f32, f64);

macro_rules! others_to {
    ($($u:ty),*) => {$(
        impl To<$u> for bool {
            #[inline(always)]
            fn to(self) -> $u {
                self as u8 as $u
            }
        }
        impl To<$u> for Complex32 {
            #[inline(always)]
            fn to(self) -> $u {
                self.re as $u
            }
        }
        impl To<$u> for Complex64 {
            #[inline(always)]
            fn to(self) -> $u {
                self.re as $u
            }
        }
    )*};
}
others_to!(i8, i16, i32, i64, u8, u16, u32, u64, f32, f64);

macro_rules! complex_to {
    ($($c:ty, $r:ty);*) => {$(
        impl To<Complex32> for $c {
            #[inline(always)]
            fn to(self) -> Complex32 {
                Complex32::new(self.re as f32, self.im as f32)
            }
        }
        impl To<Complex64> for $c {
            #[inline(always)]
            fn to(self) -> Complex64 {
                Complex64::new(self.re as f64, self.im as f64)
            }
        }
        impl To<bool> for $c {
            #[inline(always)]
            fn to(self) -> bool {
                self.re != 0.0 || self.im != 0.0
            }
        }
        impl To<$c> for bool {
            #[inline(always)]
            fn to(self) -> $c {
                <$c>::new(self as u8 as $r, 0.0)
            }
        }
    )*};
}
complex_to!(Complex32, f32; Complex64, f64);

struct Cast<T, U>(std::marker::PhantomData<(T, U)>);

impl<T: Copy + To<U>, U: Copy> Unary for Cast<T, U> {
    type A = T;
    type R = U;
    #[inline(always)]
    fn map(a: T) -> U {
        a.to()
    }
}

/// # Safety
/// As for [`Kernel`], with elements of `SIZE` bytes.
unsafe fn copy<const SIZE: usize>(out: *mut u8, args: &[Operand], n: usize) {
    let [a] = args else { return };
    // SAFETY: the caller keeps the kernel's contract; a scalar has one element, at which each copy reads.
    unsafe {
        if a.splat {
            for i in 0..n {
                std::ptr::copy(a.ptr, out.add(i * SIZE), SIZE);
            }
        } else {
            std::ptr::copy(a.ptr, out, n * SIZE);
        }
    }
}

pub(super) fn cast(from: DType, to: DType) -> Kernel {
    if from == to {
        return match from.size() {
            1 => copy::<1>,
            2 => copy::<2>,
            4 => copy::<4>,
            8 => copy::<8>,
            _ => copy::<16>,
        };
    }
    dispatch!(all from, T => convert::<T>(to))
}

fn convert<T>(to: DType) -> Kernel
where
    T: Copy
        + To<bool>
        + To<i8>
        + To<i16>
        + To<i32>
        + To<i64>
        + To<u8>
        + To<u16>
        + To<u32>
        + To<u64>
        + To<f32>
        + To<f64>
        + To<Complex32>
        + To<Complex64>,
{
    dispatch!(all to, U => unary::<Cast<T, U>>)
}

impl To<bool> for bool {
    #[inline(always)]
    fn to(self) -> bool {
        self
    }
}
