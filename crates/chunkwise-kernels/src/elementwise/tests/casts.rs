use chunkwise_core::{Complex32, Complex64, DType, Element, dispatch};

use super::Elements;
use crate::elementwise::{Operand, cast};
use crate::simd::{OVERRIDE, levels};

fn samples(dtype: DType) -> Elements {
    let reals = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        2.9,
        -2.9,
        127.5,
        128.0,
        255.9,
        256.0,
        -129.0,
        65535.5,
        3e9,
        -3e9,
        1e10,
        9.3e18,
        1.9e19,
        -1e19,
        1e39,
        1e300,
        5e-324,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
        0.1,
    ];
    let ints = [
        0,
        1,
        -1,
        2,
        127,
        128,
        -128,
        255,
        256,
        32767,
        -32769,
        65536,
        i32::MAX as i64,
        i64::MAX,
        i64::MIN,
        (1 << 53) + 1,
        (1 << 24) + 1,
        u32::MAX as i64,
        -77,
    ];
    match dtype {
        DType::Bool => Elements::of(&[true, false, true]),
        DType::F32 => Elements::of(&reals.map(|x| x as f32)),
        DType::F64 => Elements::of(&reals),
        DType::C64 => Elements::of(&reals.map(|x| Complex32::new(x as f32, 1.5))),
        DType::C128 => Elements::of(&reals.map(|x| Complex64::new(x, x - 1.0))),
        d => dispatch!(integer d, T => Elements::of(&ints.map(|i| i as T)), else unreachable!()),
    }
}

#[test]
fn casts_are_those_of_scalars() {
    for from in DType::ALL {
        let x = samples(from);
        for to in DType::ALL {
            let kernel = cast(from, to);
            for level in levels() {
                OVERRIDE.set(Some(level));
                let mut out = Elements::zeros(to, x.len, 0);
                let mut spread = Elements::zeros(to, 70, 0);
                // SAFETY: buffers of the dtypes named, one element for the scalar.
                unsafe {
                    kernel(
                        out.ptr_mut(),
                        &[Operand {
                            ptr: x.ptr(),
                            splat: false,
                        }],
                        x.len,
                    );
                    kernel(
                        spread.ptr_mut(),
                        &[Operand {
                            ptr: x.ptr(),
                            splat: true,
                        }],
                        70,
                    );
                }
                for i in 0..x.len {
                    let scalar = dispatch!(all from, T => x.get::<T>(i).to_scalar());
                    let want = dispatch!(all to, U => Elements::of(&[U::from_scalar(scalar)]));
                    assert_eq!(
                        out.bits(i),
                        want.bits(0),
                        "{from} to {to}: {scalar} at {level:?}"
                    );
                }
                for i in 0..70 {
                    assert_eq!(spread.bits(i), out.bits(0), "{from} to {to}, scalar");
                }
            }
        }
    }
    OVERRIDE.set(None);
}
