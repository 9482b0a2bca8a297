//! Laws of factorizations over dtypes, shapes, chunks, stacks and memory limits; errors.
#![allow(clippy::unwrap_used, reason = "tests")]

use chunkwise::{
    Array, Axes, DType, Error, Norm, QrMode, Random, Result, Session, SvdCompressed, multi_dot, s,
};

const DTYPES: [DType; 4] = [DType::F32, DType::F64, DType::C64, DType::C128];

fn tolerance(dtype: DType) -> f64 {
    match dtype.real() {
        DType::F32 => 2e-4,
        _ => 1e-11,
    }
}

/// Random elements, complex ones with both parts.
fn random(seed: u64, shape: &[usize], dtype: DType, chunk: i64) -> Array {
    let random = Random::new(seed).with_dtype(dtype.real());
    let real = random.standard_normal(shape, chunk).unwrap();
    if !dtype.is_complex() {
        return real;
    }
    let imag = random.standard_normal(shape, chunk).unwrap();
    let i = chunkwise::Scalar::Complex(chunkwise::Complex64::new(0.0, 1.0));
    let imag = imag.astype(dtype).unwrap().multiply(i).unwrap();
    real.astype(dtype).unwrap().add(imag).unwrap()
}

/// The largest absolute difference.
fn off(a: &Array, b: &Array) -> f64 {
    assert_eq!(a.shape(), b.shape());
    if a.is_empty() {
        a.compute().unwrap();
        return 0.0;
    }
    let most = a.subtract(b).unwrap().abs().unwrap().max(..).unwrap();
    most.astype(DType::F64)
        .unwrap()
        .compute()
        .unwrap()
        .item::<f64>()
        .unwrap()
}

fn adjoint(a: &Array) -> Array {
    let t = a.matrix_transpose().unwrap();
    if a.dtype().is_complex() {
        t.conj().unwrap()
    } else {
        t
    }
}

fn identity_like(a: &Array, n: usize) -> Array {
    let mut shape = a.shape()[..a.ndim() - 2].to_vec();
    shape.extend([n, n]);
    Array::eye(n, n, 0, a.dtype(), -1)
        .unwrap()
        .broadcast_to(shape)
        .unwrap()
}

fn orthonormal(q: &Array) -> f64 {
    let n = *q.shape().last().unwrap();
    off(&adjoint(q).matmul(q).unwrap(), &identity_like(q, n))
}

fn shapes() -> Vec<(Vec<usize>, i64)> {
    vec![
        (vec![7, 5], 3),
        (vec![5, 7], 3),
        (vec![6, 6], -1),
        (vec![1, 1], 1),
        (vec![0, 3], 2),
        (vec![3, 0], 2),
        (vec![4, 3, 5, 4], 2),
        (vec![2, 0, 3, 3], 2),
        (vec![3, 40, 70], 20),
        (vec![30, 1], 7),
    ]
}

#[test]
fn qr_is_a_product_of_an_orthogonal_and_a_triangular_matrix() {
    for dtype in DTYPES {
        for (shape, chunk) in shapes() {
            let a = random(1, &shape, dtype, chunk);
            let (m, n) = (shape[shape.len() - 2], shape[shape.len() - 1]);
            for mode in [QrMode::Reduced, QrMode::Complete] {
                let (q, r) = a.qr(mode).unwrap();
                let k = if mode == QrMode::Complete {
                    m
                } else {
                    m.min(n)
                };
                assert_eq!(q.shape().last(), Some(&k));
                assert_eq!((q.dtype(), r.dtype()), (dtype, dtype));
                assert!(
                    off(&q.matmul(&r).unwrap(), &a) < tolerance(dtype),
                    "{shape:?} {dtype}"
                );
                assert!(orthonormal(&q) < tolerance(dtype), "{shape:?} {dtype}");
                assert_eq!(off(&r, &r.triu(0).unwrap()), 0.0);
            }
            let (_, r) = a.qr(QrMode::Reduced).unwrap();
            let alone = a.qr_r().unwrap();
            assert!(off(&alone.abs().unwrap(), &r.abs().unwrap()) < tolerance(dtype));
        }
    }
}

#[test]
fn tall_matrices_are_factorized_in_rows() {
    for dtype in DTYPES {
        // Several parts, which are factorized again in several parts.
        let a = random(2, &[130_000, 16], dtype, 50_000);
        let (q, r) = a.qr(QrMode::Reduced).unwrap();
        assert!(q.numblocks()[0] > 2, "{q}");
        assert!(off(&q.matmul(&r).unwrap(), &a) < tolerance(dtype));
        assert!(orthonormal(&q) < tolerance(dtype));
        let (u, s, vh) = a.svd(false).unwrap();
        let again = u.multiply(&s).unwrap().matmul(&vh).unwrap();
        assert!(off(&again, &a) < 10.0 * tolerance(dtype));
        assert!(orthonormal(&u) < tolerance(dtype));
        assert!(orthonormal(&adjoint(&vh)) < tolerance(dtype));
        assert!(off(&a.svdvals().unwrap(), &s) < 100.0 * tolerance(dtype));
    }
    for (m, n) in [(10, 10), (11, 3), (9, 1), (5, 0), (300, 299)] {
        let a = random(3, &[m, n], DType::F64, 4);
        let (q, r) = a.tsqr().unwrap();
        assert!(off(&q.matmul(&r).unwrap(), &a) < 1e-11, "{m} {n}");
        assert!(orthonormal(&q) < 1e-11);
    }
    let wide = random(4, &[6, 50], DType::C128, 4);
    let (q, r) = wide.sfqr().unwrap();
    assert!(off(&q.matmul(&r).unwrap(), &wide) < 1e-11 && orthonormal(&q) < 1e-11);
    let (u, s, vh) = random(5, &[16, 130_000], DType::F64, 50_000)
        .svd(false)
        .unwrap();
    assert_eq!(
        (u.shape(), s.shape(), vh.shape()),
        (&[16, 16][..], &[16][..], &[16, 130_000][..])
    );
    assert!(orthonormal(&adjoint(&vh)) < 1e-11);
}

#[test]
fn deficient_matrices_are_factorized_too() {
    for (m, n) in [(20, 8), (8, 20), (12, 12), (70_000, 16)] {
        let a = random(6, &[m, 3], DType::F64, 10_000);
        let a = a.matmul(&random(7, &[3, n], DType::F64, 4)).unwrap();
        for a in [a.clone(), a.multiply(0.0).unwrap()] {
            let (q, r) = a.qr(QrMode::Reduced).unwrap();
            assert!(off(&q.matmul(&r).unwrap(), &a) < 1e-10, "{m} {n}");
            assert!(orthonormal(&q) < 1e-11, "{m} {n}");
            let (u, s, vh) = a.svd(false).unwrap();
            let again = u.multiply(&s).unwrap().matmul(&vh).unwrap();
            assert!(off(&again, &a) < 1e-10);
            assert!(orthonormal(&u) < 1e-11);
            let p = a.pinv(None, false).unwrap();
            let small = p.matmul(&a).unwrap();
            assert!(off(&a.matmul(&small).unwrap(), &a) < 1e-9);
            assert!(off(&small.matmul(&p).unwrap(), &p) < 1e-9);
        }
        let rank = a.matrix_rank(None, false).unwrap().compute().unwrap();
        assert_eq!(rank.item::<i64>().unwrap(), 3);
    }
}

#[test]
fn singular_values_and_eigenvalues() {
    for dtype in DTYPES {
        let t = tolerance(dtype);
        for (shape, chunk) in shapes() {
            let a = random(8, &shape, dtype, chunk);
            for full in [false, true] {
                let (u, s, vh) = a.svd(full).unwrap();
                assert_eq!(s.dtype(), dtype.real());
                assert!(
                    orthonormal(&u) < t && orthonormal(&adjoint(&vh)) < t,
                    "{shape:?}"
                );
                let k = *s.shape().last().unwrap();
                let us = u.take(&(0..k as isize).collect::<Vec<_>>(), -1).unwrap();
                let us = us.multiply(s.expand_dims(&[-2]).unwrap()).unwrap();
                let vk = vh.take(&(0..k as isize).collect::<Vec<_>>(), -2).unwrap();
                assert!(
                    off(&us.matmul(&vk).unwrap(), &a) < t,
                    "{shape:?} {dtype} {full}"
                );
                assert!(off(&a.svdvals().unwrap(), &s) < t);
            }
            let h = a.matmul(&adjoint(&a)).unwrap();
            let (w, v) = h.eigh(false).unwrap();
            assert_eq!(w.dtype(), dtype.real());
            assert!(orthonormal(&v) < t);
            let vw = v.multiply(w.expand_dims(&[-2]).unwrap()).unwrap();
            assert!(
                off(&h.matmul(&v).unwrap(), &vw) < 100.0 * t,
                "{shape:?} {dtype}"
            );
            assert!(off(&h.eigvalsh(true).unwrap(), &w) < 100.0 * t);
            let (w, v) = h.eig().unwrap();
            let vw = v.multiply(w.expand_dims(&[-2]).unwrap()).unwrap();
            assert!(off(&h.matmul(&v).unwrap(), &vw) < 100.0 * t);
        }
        let a = random(9, &[3, 9, 9], dtype, 2);
        let (w, v) = a.eig().unwrap();
        let vw = v.multiply(w.expand_dims(&[-2]).unwrap()).unwrap();
        assert!(off(&a.astype(w.dtype()).unwrap().matmul(&v).unwrap(), &vw) < t);
        let sum = a.eigvals().unwrap().sum(-1).unwrap();
        assert!(
            off(
                &sum,
                &a.trace(0, -2, -1).unwrap().astype(w.dtype()).unwrap()
            ) < t
        );
    }
}

#[test]
fn systems_are_solved() {
    for dtype in DTYPES {
        let t = 10.0 * tolerance(dtype);
        for (shape, chunk) in [
            (vec![6, 6], 4),
            (vec![3, 2, 5, 5], 2),
            (vec![1, 1], 1),
            (vec![0, 0], 1),
            (vec![90, 90], 40),
        ] {
            let n = *shape.last().unwrap();
            let a = random(10, &shape, dtype, chunk);
            let one = identity_like(&a, n);
            let a = a.add(one.multiply(3.0).unwrap()).unwrap();
            let b = random(11, &[n, 7], dtype, 3);
            let v = random(12, &[n], dtype, 3);
            assert!(off(&a.inv().unwrap().matmul(&a).unwrap(), &one) < t);
            let x = a.solve(&b).unwrap();
            assert!(off(&a.matmul(&x).unwrap(), &b.broadcast_to(x.shape()).unwrap()) < t);
            let x = a.solve(&v).unwrap();
            assert!(
                off(
                    &a.matmul(&x.expand_dims(&[-1]).unwrap())
                        .unwrap()
                        .squeeze(-1)
                        .unwrap(),
                    &v.broadcast_to(x.shape()).unwrap()
                ) < t
            );
            for (lower, unit) in [(true, false), (false, false), (true, true), (false, true)] {
                let mut tri = if lower { a.tril(0) } else { a.triu(0) }.unwrap();
                if unit {
                    tri = tri.multiply(0.1).unwrap();
                    tri = tri
                        .subtract(tri.multiply(&one).unwrap())
                        .unwrap()
                        .add(&one)
                        .unwrap();
                }
                let noise = if unit {
                    tri.add(&one).unwrap()
                } else {
                    tri.clone()
                };
                let x = noise.solve_triangular(&b, lower, unit).unwrap();
                // Random triangles are nearly singular: what a stable solver leaves is small beside the
                // products that were summed, not beside the right-hand side.
                let summed = tri.abs().unwrap().matmul(&x.abs().unwrap()).unwrap();
                let most = off(&summed, &summed.multiply(0.0).unwrap());
                let made = tri.matmul(&x).unwrap();
                let left = off(&made, &b.broadcast_to(x.shape()).unwrap());
                assert!(
                    left < t * (1.0 + most),
                    "{shape:?} {dtype}: {left} of {most}"
                );
            }
            let (p, l, u) = a.lu().unwrap();
            assert!(off(&p.matmul(&l).unwrap().matmul(&u).unwrap(), &a) < t);
            assert_eq!(off(&l, &l.tril(0).unwrap()), 0.0);
            assert_eq!(off(&u, &u.triu(0).unwrap()), 0.0);
            let h = a.matmul(&adjoint(&a)).unwrap().add(&one).unwrap();
            let lower = h.cholesky(false).unwrap();
            let upper = h.cholesky(true).unwrap();
            assert!(off(&lower.matmul(&adjoint(&lower)).unwrap(), &h) < 10.0 * t);
            assert!(off(&upper, &adjoint(&lower)) < 10.0 * t);
            if n > 10 {
                // The determinant itself would leave the range of float32.
                continue;
            }
            let (sign, log) = a.slogdet().unwrap();
            let det = a.det().unwrap();
            let again = sign.multiply(log.exp().unwrap()).unwrap();
            let ratio = again.divide(&det).unwrap();
            assert!(off(&ratio, &Array::ones(det.shape(), det.dtype(), -1).unwrap()) < 10.0 * t);
            let twice = a
                .multiply(2.0)
                .unwrap()
                .det()
                .unwrap()
                .divide(&det)
                .unwrap();
            let want = Array::full(det.shape(), 2f64.powi(n as i32), dtype, -1).unwrap();
            assert!(off(&twice.divide(&want).unwrap(), &want.divide(&want).unwrap()) < 10.0 * t);
        }
    }
    // A wide and a tall matrix, a singular one and its order of rows.
    let holes =
        Array::from_vec(vec![0.0, 0.0, 1.0, 0.0, 0.0, 2.0, 3.0, 0.0, 1.0], [3, 3], 2).unwrap();
    for a in [
        random(13, &[4, 7], DType::F64, 3),
        random(13, &[7, 4], DType::F64, 3),
        holes,
    ] {
        let (p, l, u) = a.lu().unwrap();
        assert!(off(&p.matmul(&l).unwrap().matmul(&u).unwrap(), &a) < 1e-12);
        assert!(orthonormal(&p) == 0.0);
    }
}

#[test]
fn least_squares_are_shortest() {
    let run = |m: usize, n: usize, chunk: i64| -> Result<()> {
        let a = random(14, &[m, n], DType::F64, chunk);
        let b = random(15, &[m, 2], DType::F64, chunk);
        let (x, left, rank, s) = a.lstsq(&b, None)?;
        assert_eq!(rank.compute()?.item::<i64>()? as usize, m.min(n));
        // What is left is orthogonal to the columns, and the solution to what they do not see.
        let rest = a.matmul(&x)?.subtract(&b)?;
        assert!(
            off(
                &adjoint(&a).matmul(&rest)?.multiply(0.0)?,
                &adjoint(&a).matmul(&rest)?
            ) < 1e-8
        );
        assert!(off(&rest.square()?.sum(0)?, &left) < 1e-8);
        assert!(off(&a.pinv(None, false)?.matmul(&b)?, &x) < 1e-9);
        assert!(off(&a.svdvals()?, &s) < 1e-9);
        let (one, _, _, _) = a.lstsq(&b.get(s![.., 0])?, None)?;
        assert!(off(&one, &x.get(s![.., 0])?) < 1e-12);
        Ok(())
    };
    run(20, 5, 4).unwrap();
    run(5, 20, 4).unwrap();
    run(70_000, 16, 10_000).unwrap();
}

#[test]
fn compressed_values_are_those_of_a_low_rank_matrix() {
    let a = random(16, &[400, 4], DType::F64, 100);
    let a = a.matmul(&random(17, &[4, 300], DType::F64, 100)).unwrap();
    let exact = a.svdvals().unwrap().get(s![..4]).unwrap();
    for orthogonal in [false, true] {
        let how = SvdCompressed {
            power_iterations: 2,
            orthogonal,
            ..SvdCompressed::default()
        };
        let (u, s, vh) = a.svd_compressed(4, &how).unwrap();
        assert!(off(&s, &exact) < 1e-8, "{orthogonal}");
        assert!(off(&u.multiply(&s).unwrap().matmul(&vh).unwrap(), &a) < 1e-8);
        assert!(orthonormal(&u) < 1e-8);
    }
}

#[test]
fn norms_of_vectors_and_matrices() {
    let x = Array::from_vec(vec![3.0, -4.0, 0.0, 1.0, 2.0, -2.0], [2, 3], 2).unwrap();
    let value = |a: Result<Array>| a.unwrap().compute().unwrap().to_vec::<f64>().unwrap();
    let near = |a: Result<Array>, want: &[f64]| {
        let got = value(a);
        let close = got.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-12);
        assert!(close && got.len() == want.len(), "{got:?} {want:?}");
    };
    let inf = f64::INFINITY;
    near(x.norm(Norm::Default, ..), &[34f64.sqrt()]);
    near(x.norm(Norm::Frobenius, ..), &[34f64.sqrt()]);
    near(x.norm(Norm::Number(1.0), ..), &[6.0]);
    near(x.norm(Norm::Number(-1.0), ..), &[2.0]);
    near(x.norm(Norm::Number(inf), ..), &[7.0]);
    near(x.norm(Norm::Number(-inf), ..), &[5.0]);
    near(x.norm(Norm::Number(1.0), [1, 0]), &[7.0]);
    near(x.norm(Norm::Default, 1), &[5.0, 3.0]);
    near(x.norm(Norm::Number(0.0), 1), &[2.0, 3.0]);
    near(
        x.norm(Norm::Number(3.0), 0),
        &[28f64.cbrt(), 72f64.cbrt(), 2.0],
    );
    near(x.norm(Norm::Number(-inf), 0), &[1.0, 2.0, 0.0]);
    near(x.vector_norm(inf, ..), &[4.0]);
    let s = value(x.svdvals());
    near(x.norm(Norm::Number(2.0), ..), &[s[0]]);
    near(x.norm(Norm::Number(-2.0), ..), &[s[1]]);
    near(x.norm(Norm::Nuclear, ..), &[s[0] + s[1]]);
    let kept = x
        .norm(Norm::Nuclear, Axes::from([0, 1]).keepdims())
        .unwrap();
    assert_eq!(kept.shape(), [1, 1]);
    assert!(x.norm(Norm::Nuclear, 0).is_err());
    assert!(x.norm(Norm::Number(3.0), [0, 1]).is_err());
    assert!(x.norm(Norm::Number(1.0), [0, 0]).is_err());
    let c = random(18, &[2, 3, 4], DType::C128, 2);
    let sum = c
        .abs()
        .unwrap()
        .square()
        .unwrap()
        .sum([0, 2])
        .unwrap()
        .sqrt()
        .unwrap();
    assert!(off(&c.norm(Norm::Frobenius, [2, 0]).unwrap(), &sum) < 1e-12);
}

#[test]
fn powers_products_and_conditions() {
    let a = random(19, &[2, 3, 3], DType::F64, 2);
    let cube = a.matmul(&a).unwrap().matmul(&a).unwrap();
    assert!(off(&a.matrix_power(3).unwrap(), &cube) < 1e-11);
    let back = a.matrix_power(-3).unwrap().matmul(&cube).unwrap();
    assert!(off(&back, &identity_like(&a, 3)) < 1e-8);
    assert_eq!(off(&a.matrix_power(0).unwrap(), &identity_like(&a, 3)), 0.0);
    let chain = [[10, 100], [100, 5], [5, 50], [50, 3]].map(|s| random(20, &s, DType::F64, 7));
    let refs: Vec<&Array> = chain.iter().collect();
    let plain = chain[0]
        .matmul(&chain[1])
        .unwrap()
        .matmul(&chain[2])
        .unwrap();
    let plain = plain.matmul(&chain[3]).unwrap();
    assert!(off(&multi_dot(&refs).unwrap(), &plain) < 1e-9);
    assert!(multi_dot(&refs[..1]).is_err() && multi_dot(&[refs[0], refs[2]]).is_err());
    let (x, y) = (
        random(21, &[4, 3], DType::F64, 2),
        random(22, &[3], DType::F64, 2),
    );
    let z = x.cross(&y, -1).unwrap();
    assert!(
        off(
            &z.vecdot(&x, -1).unwrap(),
            &Array::zeros([4], DType::F64, 4).unwrap()
        ) < 1e-12
    );
    let s = a.svdvals().unwrap();
    let ratio = s
        .get(s![.., 0])
        .unwrap()
        .divide(s.get_str("..., 2").unwrap())
        .unwrap();
    assert!(off(&a.cond(Norm::Default).unwrap(), &ratio) < 1e-9);
    let singular = Array::ones([3, 3], DType::F64, 2).unwrap();
    let infinite = singular.cond(Norm::Number(1.0)).unwrap().compute().unwrap();
    assert_eq!(infinite.item::<f64>().unwrap(), f64::INFINITY);
}

#[test]
fn wrong_matrices_are_errors_with_values() {
    let fails = |a: Result<Array>| a.unwrap().compute().unwrap_err().root().clone();
    let ones = Array::ones([3, 3], DType::F64, 2).unwrap();
    let b = Array::ones([3], DType::F64, 2).unwrap();
    for error in [fails(ones.inv()), fails(ones.solve(&b))] {
        assert!(
            matches!(error, Error::SingularMatrix { pivot: 1, .. }),
            "{error}"
        );
    }
    let zero = ones.multiply(0.0).unwrap();
    let error = fails(zero.solve_triangular(&b, true, false));
    assert!(
        matches!(error, Error::SingularMatrix { pivot: 0, .. }),
        "{error}"
    );
    let bad = ones.negative();
    let error = fails(bad.unwrap().cholesky(false));
    assert!(
        matches!(error, Error::NotPositiveDefinite { minor: 1, .. }),
        "{error}"
    );
    let nan = ones.multiply(f64::NAN).unwrap();
    for error in [
        fails(nan.svdvals()),
        fails(nan.eigvalsh(false)),
        fails(nan.eigvals()),
    ] {
        assert!(matches!(error, Error::NoConvergence { .. }), "{error}");
    }
    assert!(matches!(
        fails(nan.cholesky(true)),
        Error::NotPositiveDefinite { .. }
    ));
    assert_eq!(
        zero.det()
            .unwrap()
            .compute()
            .unwrap()
            .item::<f64>()
            .unwrap(),
        0.0
    );
    assert!(
        nan.det()
            .unwrap()
            .compute()
            .unwrap()
            .item::<f64>()
            .unwrap()
            .is_nan()
    );
    let (sign, log) = ones.slogdet().unwrap();
    assert_eq!(sign.compute().unwrap().item::<f64>().unwrap(), 0.0);
    assert_eq!(
        log.compute().unwrap().item::<f64>().unwrap(),
        f64::NEG_INFINITY
    );
    let wide = Array::ones([2, 3], DType::F64, 2).unwrap();
    for error in [
        wide.inv(),
        wide.det(),
        wide.cholesky(false),
        wide.matrix_power(2),
        b.inv(),
        b.svdvals(),
    ] {
        assert!(error.is_err());
    }
    assert!(
        ones.solve(&Array::ones([4], DType::F64, 2).unwrap())
            .is_err()
    );
    assert!(wide.tsqr().is_err() && wide.t().unwrap().sfqr().is_err());
    // Integers count as floats.
    let ints = Array::from_vec(vec![2, 0, 0, 4], [2, 2], 1).unwrap();
    assert_eq!(
        ints.det()
            .unwrap()
            .compute()
            .unwrap()
            .item::<f64>()
            .unwrap(),
        8.0
    );
}

#[test]
fn a_factorization_in_rows_keeps_to_the_memory_limit() {
    // 40 MB, and as much for what is kept of its parts.
    let a = Random::new(23)
        .standard_normal([320_000, 16], 20_000)
        .unwrap();
    let session = Session::new(2, 32 << 20).unwrap();
    let (q, r) = a.qr(QrMode::Reduced).unwrap();
    let gram = q.t().unwrap().matmul(&q).unwrap();
    let made = session
        .compute(&[&gram, &r, &a.svdvals().unwrap()])
        .unwrap();
    let got = made[0].to_vec::<f64>().unwrap();
    let most = (0..256).map(|i| (got[i] - f64::from(u8::from(i % 17 == 0))).abs());
    assert!(most.fold(0.0, f64::max) < 1e-12);
    // The same whatever the limit and the number of threads.
    let free = Session::new(1, 1 << 30).unwrap().compute(&[&r]).unwrap();
    assert_eq!(
        free[0].to_vec::<f64>().unwrap(),
        made[1].to_vec::<f64>().unwrap()
    );
    let whole = session.compute(&[&q]).unwrap_err();
    assert!(matches!(whole, Error::OverBudget { .. }), "{whole}");
}

#[test]
fn singular_values_of_huge_and_tiny_matrices() {
    // Of [[2, 0], [0, 1]] times each, in a rotated form that is no diagonal.
    for size in [1e300, 8e307, 1e-300, 1e-307, 1e40, 1.0] {
        let a: Vec<f64> = [1.5, 0.5, 0.5, 1.5].iter().map(|x| x * size).collect();
        let x = Array::from_vec(a, [2, 2], 2).unwrap();
        let s = x.svdvals().unwrap().compute().unwrap();
        let s = s.to_vec::<f64>().unwrap();
        assert!((s[0] / size - 2.0).abs() < 1e-14, "{size}: {s:?}");
        assert!((s[1] / size - 1.0).abs() < 1e-14, "{size}: {s:?}");
    }
    for size in [1e38f32, 1e-37] {
        let x = Array::from_vec(
            vec![1.5 * size, 0.5 * size, 0.5 * size, 1.5 * size],
            [2, 2],
            2,
        );
        let s = x.unwrap().svdvals().unwrap().compute().unwrap();
        let s = s.to_vec::<f32>().unwrap();
        assert!((s[0] / size - 2.0).abs() < 1e-6, "{size}: {s:?}");
    }
}
