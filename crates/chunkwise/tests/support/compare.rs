//! Comparing results.

use chunkwise::{Chunk, DType, Element, Scalar};
use chunkwise_core::dispatch;

/// A chunk's elements in C order as bytes.
pub fn bits(chunk: &Chunk) -> Vec<u8> {
    dispatch!(all chunk.dtype(), T => {
        let values = chunk.to_vec::<T>().unwrap();
        values
            .iter()
            .flat_map(|v| v.to_scalar().to_bytes(chunk.dtype())[..size_of::<T>()].to_vec())
            .collect()
    })
}

/// Why two chunks are not the same to the last bit.
pub fn same(a: &Chunk, b: &Chunk) -> Result<(), String> {
    if (a.dtype(), a.shape()) != (b.dtype(), b.shape()) {
        return Err(format!(
            "{} {:?} / {} {:?}",
            a.dtype(),
            a.shape(),
            b.dtype(),
            b.shape()
        ));
    }
    let (x, y) = (bits(a), bits(b));
    match x.iter().zip(&y).position(|(x, y)| x != y) {
        None => Ok(()),
        Some(at) => Err(format!(
            "bits of element {} of {:?} differ: {:?} / {:?}",
            at / a.dtype().size(),
            a.shape(),
            element(a, at / a.dtype().size()),
            element(b, at / a.dtype().size()),
        )),
    }
}

fn element(c: &Chunk, at: usize) -> Scalar {
    scalars(c)[at]
}

pub fn scalars(c: &Chunk) -> Vec<Scalar> {
    dispatch!(all c.dtype(), T => {
        c.to_vec::<T>().unwrap().into_iter().map(Element::to_scalar).collect()
    })
}

/// Why two chunks are not equal, up to rounding where floats are summed in another order.
pub fn close(a: &Chunk, b: &Chunk) -> Result<(), String> {
    within(a, b, 1e-8)
}

/// The same where single precision was used on the way.
pub fn roughly(a: &Chunk, b: &Chunk) -> Result<(), String> {
    within(a, b, 1e-3)
}

fn within(a: &Chunk, b: &Chunk, double: f64) -> Result<(), String> {
    if (a.dtype(), a.shape()) != (b.dtype(), b.shape()) {
        return Err(format!(
            "{} {:?} / {} {:?}",
            a.dtype(),
            a.shape(),
            b.dtype(),
            b.shape()
        ));
    }
    let (x, y) = (scalars(a), scalars(b));
    let finite = |v: f64| if v.is_finite() { v.abs() } else { 0.0 };
    let parts = |v: Scalar| match v {
        Scalar::Complex(z) => [z.re, z.im],
        real => [real.to_f64(), 0.0],
    };
    let tolerance = match a.dtype() {
        DType::F32 | DType::C64 => 1e-3,
        DType::F64 | DType::C128 => double,
        _ => 0.0,
    };
    let scale = y
        .iter()
        .flat_map(|v| parts(*v))
        .map(finite)
        .fold(1.0, f64::max);
    for (at, (x, y)) in x.iter().zip(&y).enumerate() {
        let equal = parts(*x).iter().zip(parts(*y)).all(|(x, y)| {
            *x == y || (x.is_nan() && y.is_nan()) || (x - y).abs() <= tolerance * scale
        });
        // What is left of a complex number that is not finite depends on the order of operations.
        let complex = matches!((x, y), (Scalar::Complex(_), Scalar::Complex(_)));
        let finite = |v: Scalar| parts(v).iter().all(|v| v.is_finite());
        let lost = complex && !finite(*x) && !finite(*y);
        if !(equal || lost) || (tolerance == 0.0 && x != y) {
            return Err(format!(
                "element {at} of {:?}: {x:?} / {y:?} (scale {scale})",
                a.shape()
            ));
        }
    }
    Ok(())
}
