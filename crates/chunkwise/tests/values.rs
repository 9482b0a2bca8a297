//! Values against plain loops, and every array also against the slow reference evaluator.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod reference;

use chunkwise::*;
use ndarray::{ArrayD, ArrayViewD, IxDyn};

/// What is under test: an array's values, by the engine; where the reference knows the operations, it
/// has to agree.
fn compute(a: &Array) -> Result<Chunk> {
    let chunk = a.compute()?;
    if let Ok(reference) = reference::compute(a) {
        let got = reference::to_values(chunk.clone())?;
        let want = reference::to_values(reference)?;
        let close = |a: f64, b: f64| {
            a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-9 * b.abs().max(1.0)
        };
        assert_eq!(got.shape(), want.shape(), "{a:?}");
        assert!(
            got.iter().zip(&want).all(|(a, b)| close(*a, *b)),
            "{a:?}: {got} instead of {want}"
        );
    }
    Ok(chunk)
}

fn values(a: &Array) -> ArrayD<f64> {
    let chunk = compute(a).unwrap_or_else(|e| panic!("{e}: {a:?}"));
    reference::to_values(chunk).unwrap()
}

fn flat(a: &Array) -> Vec<f64> {
    values(a).iter().copied().collect()
}

/// Distinct values in C order, from 1: an index error shows.
fn numbered(shape: &[usize], chunks: usize) -> Array {
    let n: usize = shape.iter().product();
    let data: Vec<f64> = (1..=n).map(|i| i as f64).collect();
    Array::from_vec(data, shape, chunks).unwrap()
}

fn loops(shape: &[usize], f: impl Fn(&[usize]) -> f64) -> ArrayD<f64> {
    ArrayD::from_shape_fn(IxDyn(shape), |i| {
        let i: Vec<usize> = (0..shape.len()).map(|a| i[a]).collect();
        f(&i)
    })
}

#[test]
fn ranges() -> Result<()> {
    let cases: Vec<(Array, Vec<f64>)> = vec![
        (Array::arange(0, 10, 3, 2)?, vec![0., 3., 6., 9.]),
        (Array::arange(5, -3, -4, 2)?, vec![5., 1.]),
        (Array::arange(3, 3, 1, 2)?, vec![]),
        (Array::arange(3, 0, 1, 2)?, vec![]),
        (Array::arange(0.0, 1.0, 0.25, 2)?, vec![0., 0.25, 0.5, 0.75]),
        // numpy.arange(1, 2, 0.1): the step is (1 + 0.1) - 1.
        (
            Array::arange(1, 2, 0.1, 4)?.get(s![3..5])?,
            vec![
                1.0 + 3.0 * ((1.0 + 0.1) - 1.0),
                1.0 + 4.0 * ((1.0 + 0.1) - 1.0),
            ],
        ),
        (
            Array::linspace(2.0, 3.0, 5, true, 2)?,
            vec![2., 2.25, 2.5, 2.75, 3.],
        ),
        (
            Array::linspace(2.0, 3.0, 4, false, 2)?,
            vec![2., 2.25, 2.5, 2.75],
        ),
        (Array::linspace(2.0, 3.0, 1, true, 2)?, vec![2.]),
        (Array::linspace(2.0, 2.0, 3, true, 2)?, vec![2., 2., 2.]),
        (Array::linspace(2.0, 3.0, 0, true, 2)?, vec![]),
    ];
    for (a, want) in cases {
        assert_eq!(flat(&a), want, "{a:?}");
    }
    for n in 2..200 {
        let (start, stop) = (0.1 * n as f64, 0.7 + n as f64 / 3.0);
        let line = flat(&Array::linspace(start, stop, n, true, 7)?);
        assert_eq!((line[0], line[n - 1]), (start, stop), "{n}");
    }
    Ok(())
}

#[test]
fn matrices() -> Result<()> {
    let at = |k: isize, test: fn(isize, isize) -> bool| {
        move |i: &[usize]| test(i[1] as isize - i[0] as isize, k) as u8 as f64
    };
    for k in -5..=5 {
        assert_eq!(
            values(&Array::eye(3, 4, k, DType::I32, 2)?),
            loops(&[3, 4], at(k, |d, k| d == k))
        );
        assert_eq!(
            values(&Array::tri(3, 4, k, DType::F64, 2)?),
            loops(&[3, 4], at(k, |d, k| d <= k))
        );
        let x = numbered(&[2, 3, 4], 2);
        let own = |i: &[usize]| (i[0] * 12 + i[1] * 4 + i[2] + 1) as f64;
        let d = |i: &[usize]| i[2] as isize - i[1] as isize;
        assert_eq!(
            values(&x.tril(k)?),
            loops(&[2, 3, 4], |i| if d(i) <= k { own(i) } else { 0.0 })
        );
        assert_eq!(
            values(&x.triu(k)?),
            loops(&[2, 3, 4], |i| if d(i) >= k { own(i) } else { 0.0 })
        );
        let v = numbered(&[3], 2);
        assert_eq!(flat(&v.diag(k)?.diag(k)?), [1., 2., 3.], "{k}");
        assert_eq!(flat(&v.diag(k)?.sum(..)?), [6.]);
    }
    let grid = meshgrid([&numbered(&[2], 1), &numbered(&[3], 1)], true)?;
    assert_eq!(flat(&grid[0]), [1., 2., 1., 2., 1., 2.]);
    assert_eq!(flat(&grid[1]), [1., 1., 2., 2., 3., 3.]);
    let indices = values(&Array::indices([2, 3], 2)?);
    assert_eq!(indices, loops(&[2, 2, 3], |i| i[i[0] + 1] as f64));
    Ok(())
}

#[test]
fn data_of_any_layout() -> Result<()> {
    let plain =
        ndarray::Array3::from_shape_fn((3, 4, 5), |(i, j, k)| (100 * i + 10 * j + k) as f64);
    let sliced = plain.clone().slice_move(ndarray::s![..;-1, 1..3, ..;2]);
    for a in [plain.clone(), plain.reversed_axes(), sliced] {
        let x = Array::from_ndarray(a.clone(), 2)?;
        assert_eq!(values(&x), a.into_dyn());
    }
    let table = |region: &Region| {
        let start = (region.start[0], region.start[1]);
        ndarray::Array2::from_shape_fn((region.shape[0], region.shape[1]), |(i, j)| {
            (10 * (start.0 + i) + start.1 + j) as i32
        })
    };
    let x = Array::from_function([4, 5], 2, table)?;
    assert_eq!(values(&x), loops(&[4, 5], |i| (10 * i[0] + i[1]) as f64));
    Ok(())
}

#[test]
fn shapes_and_orders() -> Result<()> {
    let x = numbered(&[3, 4], 2);
    let own = |i: usize, j: usize| (i * 4 + j + 1) as f64;
    let cases: Vec<(&str, Array, ArrayD<f64>)> = vec![
        (
            "rot90",
            x.rot90(1, 0, 1)?,
            loops(&[4, 3], |i| own(i[1], 3 - i[0])),
        ),
        (
            "rot180",
            x.rot90(2, 0, 1)?,
            loops(&[3, 4], |i| own(2 - i[0], 3 - i[1])),
        ),
        (
            "rot270",
            x.rot90(-1, 0, 1)?,
            loops(&[4, 3], |i| own(2 - i[1], i[0])),
        ),
        (
            "roll",
            x.roll(&[1, -6], [0, 1])?,
            loops(&[3, 4], |i| own((i[0] + 2) % 3, (i[1] + 2) % 4)),
        ),
        (
            "roll all",
            x.roll(&[5], ..)?,
            loops(&[3, 4], |i| ((i[0] * 4 + i[1] + 7) % 12 + 1) as f64),
        ),
        (
            "repeat",
            x.repeat(2, Some(1))?,
            loops(&[3, 8], |i| own(i[0], i[1] / 2)),
        ),
        (
            "repeat_each",
            x.repeat_each(&[0, 2, 1], 0)?,
            loops(&[3, 4], |i| own([1, 1, 2][i[0]], i[1])),
        ),
        (
            "tile",
            x.tile(&[2, 1, 3])?,
            loops(&[2, 3, 12], |i| own(i[1], i[2] % 4)),
        ),
        (
            "moveaxis",
            numbered(&[2, 3, 4], 2).moveaxis([2], [0])?,
            loops(&[4, 2, 3], |i| (i[1] * 12 + i[2] * 4 + i[0] + 1) as f64),
        ),
        ("flip", x.flip(1)?, loops(&[3, 4], |i| own(i[0], 3 - i[1]))),
        ("diff", x.diff(1, 0)?, loops(&[2, 4], |_| 4.0)),
        (
            "stack",
            stack([&x, &x], 1)?,
            loops(&[3, 2, 4], |i| own(i[0], i[2])),
        ),
        (
            "vstack",
            vstack([&x, &x])?,
            loops(&[6, 4], |i| own(i[0] % 3, i[1])),
        ),
        ("trace", x.trace(1, 0, 1)?, loops(&[], |_| 2. + 7. + 12.)),
        (
            "take",
            x.take(&[-1, 0], 1)?,
            loops(&[3, 2], |i| own(i[0], 3 - 3 * i[1])),
        ),
        (
            "get",
            x.get(s![.., 3..0; -2])?,
            loops(&[3, 2], |i| own(i[0], 3 - 2 * i[1])),
        ),
        (
            "cumsum",
            numbered(&[4], 2).cumsum(0)?,
            loops(&[4], |i| ((i[0] + 1) * (i[0] + 2) / 2) as f64),
        ),
    ];
    for (name, a, want) in cases {
        assert_eq!(a.shape(), want.shape(), "{name}");
        assert_eq!(values(&a), want, "{name}");
    }
    Ok(())
}

#[test]
fn pads() -> Result<()> {
    // numpy.pad([1, 2, 3], (4, 5), mode)
    let rows: [(Pad, [i32; 12]); 5] = [
        (
            Pad::Constant(9.into()),
            [9, 9, 9, 9, 1, 2, 3, 9, 9, 9, 9, 9],
        ),
        (Pad::Edge, [1, 1, 1, 1, 1, 2, 3, 3, 3, 3, 3, 3]),
        (Pad::Reflect, [1, 2, 3, 2, 1, 2, 3, 2, 1, 2, 3, 2]),
        (Pad::Symmetric, [3, 3, 2, 1, 1, 2, 3, 3, 2, 1, 1, 2]),
        (Pad::Wrap, [3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2]),
    ];
    for (mode, want) in rows {
        let want: Vec<f64> = want.iter().map(|v| *v as f64).collect();
        assert_eq!(
            flat(&numbered(&[3], 2).pad(&[(4, 5)], mode)?),
            want,
            "{mode:?}"
        );
        let x = numbered(&[3, 1], 2).pad(&[(4, 5), (1, 1)], mode)?;
        assert_eq!(flat(&x.get(s![.., 1])?), want, "{mode:?}");
    }
    Ok(())
}

#[test]
fn products() -> Result<()> {
    let a = numbered(&[2, 3, 4], 2);
    let b = numbered(&[4, 5], 2);
    let x = |i: usize, j: usize, k: usize| (i * 12 + j * 4 + k + 1) as f64;
    let y = |i: usize, j: usize| (i * 5 + j + 1) as f64;
    let sum = |n: usize, f: &dyn Fn(usize) -> f64| (0..n).map(f).sum::<f64>();
    let v = numbered(&[4], 3);
    let batched = numbered(&[3, 1, 5, 3], 2);
    let z = |i: usize, j: usize, k: usize| (i * 15 + j * 3 + k + 1) as f64;
    let cases: Vec<(&str, Array, ArrayD<f64>)> = vec![
        (
            "matmul",
            a.matmul(&b)?,
            loops(&[2, 3, 5], |i| sum(4, &|k| x(i[0], i[1], k) * y(k, i[2]))),
        ),
        (
            "matmul 1d",
            a.matmul(&v)?,
            loops(&[2, 3], |i| sum(4, &|k| x(i[0], i[1], k) * (k + 1) as f64)),
        ),
        (
            "row matmul",
            v.matmul(&a.mt()?)?,
            loops(&[2, 3], |i| sum(4, &|k| x(i[0], i[1], k) * (k + 1) as f64)),
        ),
        (
            "batches",
            batched.matmul(&a)?,
            loops(&[3, 2, 5, 4], |i| {
                sum(3, &|k| z(i[0], i[2], k) * x(i[1], k, i[3]))
            }),
        ),
        (
            "dot",
            a.dot(&a.mt()?)?,
            loops(&[2, 3, 2, 3], |i| {
                sum(4, &|k| x(i[0], i[1], k) * x(i[2], i[3], k))
            }),
        ),
        (
            "outer",
            v.outer(&v)?,
            loops(&[4, 4], |i| ((i[0] + 1) * (i[1] + 1)) as f64),
        ),
        (
            "inner",
            v.inner(&b.t()?)?,
            loops(&[5], |i| sum(4, &|k| (k + 1) as f64 * y(k, i[0]))),
        ),
        (
            "tensordot",
            a.tensordot(&a, ([0, 2], [0, 2]))?,
            loops(&[3, 3], |i| {
                sum(8, &|k| x(k / 4, i[0], k % 4) * x(k / 4, i[1], k % 4))
            }),
        ),
        (
            "vecdot",
            a.vecdot(&v, -1)?,
            loops(&[2, 3], |i| sum(4, &|k| x(i[0], i[1], k) * (k + 1) as f64)),
        ),
        (
            "kron",
            v.kron(&numbered(&[3], 3))?,
            loops(&[12], |i| ((i[0] / 3 + 1) * (i[0] % 3 + 1)) as f64),
        ),
        (
            "einsum matmul",
            einsum("ijk,kl->lij", [&a, &b])?,
            loops(&[5, 2, 3], |i| sum(4, &|k| x(i[1], i[2], k) * y(k, i[0]))),
        ),
        (
            "einsum implicit",
            einsum("...k, kl", [&a, &b])?,
            loops(&[2, 3, 5], |i| sum(4, &|k| x(i[0], i[1], k) * y(k, i[2]))),
        ),
        (
            "einsum diagonal",
            einsum("iij->ij", [&a.get(s![.., ..2])?])?,
            loops(&[2, 4], |i| x(i[0], i[0], i[1])),
        ),
        (
            "einsum trace",
            einsum("ii", [&b.get(s![.., ..4])?])?,
            loops(&[], |_| sum(4, &|k| y(k, k))),
        ),
        (
            "einsum lone",
            einsum("ij,kl->k", [&b, &numbered(&[2, 3], 2)])?,
            loops(&[2], |i| 210.0 * (9 * i[0] + 6) as f64),
        ),
        (
            "einsum batch",
            einsum("bij,bkj->bik", [&a, &a])?,
            loops(&[2, 3, 3], |i| {
                sum(4, &|k| x(i[0], i[1], k) * x(i[0], i[2], k))
            }),
        ),
        (
            "einsum three",
            einsum("ij,jk,k->i", [&b, &b.t()?, &v])?,
            loops(&[4], |i| {
                sum(4, &|k| sum(5, &|j| y(i[0], j) * y(k, j)) * (k + 1) as f64)
            }),
        ),
        (
            "einsum one",
            einsum("ij,ik->ijk", [&numbered(&[1, 2], 2), &numbered(&[3, 2], 2)])?,
            loops(&[3, 2, 2], |i| ((i[1] + 1) * (i[0] * 2 + i[2] + 1)) as f64),
        ),
    ];
    for (name, a, want) in cases {
        assert_eq!(a.shape(), want.shape(), "{name}");
        assert_eq!(values(&a), want, "{name}");
    }
    Ok(())
}

#[test]
fn masked() -> Result<()> {
    let x = numbered(&[5, 4], 2);
    let odd = Array::arange(0, 5, 1, 2)?.remainder(2)?.equal(1)?;
    let rows = x.compress(&odd, 0)?;
    let kept: ArrayD<f64> = loops(&[2, 4], |i| ((2 * i[0] + 1) * 4 + i[1] + 1) as f64);
    assert_eq!(values(&rows), kept);
    let plain = Array::from_ndarray(kept, 2)?;
    type Reduction = fn(&Array, Axes) -> Result<Array>;
    let reductions: [(&str, Reduction); 11] = [
        ("sum", |a, x| a.sum(x)),
        ("prod", |a, x| a.prod(x)),
        ("mean", |a, x| a.mean(x)),
        ("min", |a, x| a.min(x)),
        ("max", |a, x| a.max(x)),
        ("any", |a, x| a.any(x)),
        ("all", |a, x| a.all(x)),
        ("count_nonzero", |a, x| a.count_nonzero(x)),
        ("nansum", |a, x| a.nansum(x)),
        ("nanmean", |a, x| a.nanmean(x)),
        ("ptp", |a, x| a.ptp(x)),
    ];
    let all = [
        Axes::ALL,
        Axes::ALL.keepdims(),
        Axes::from(0),
        Axes::from(0).keepdims(),
        Axes::from(1),
        Axes::from(1).keepdims(),
    ];
    for (name, f) in reductions {
        for axes in &all {
            let got = values(&f(&rows, axes.clone())?);
            let want = values(&f(&plain, axes.clone())?);
            assert_eq!(got, want, "{name} {axes:?}");
        }
    }
    let cube = x.mask(&x.greater(7)?)?;
    assert_eq!(flat(&cube.sum(..)?), [(8..=20).sum::<i32>() as f64]);
    assert_eq!(flat(&(&cube * 2.0 + 1.0).max(..)?), [41.0]);
    let none = x.mask(&x.greater(100)?)?;
    assert_eq!(flat(&none.sum(..)?), [0.0]);
    let error = compute(&none.min(..)?).unwrap_err();
    assert!(
        matches!(error.root(), Error::EmptyReduction { .. }),
        "{error}"
    );
    let sums = values(&rows.cumsum(0)?);
    assert_eq!(
        sums,
        loops(&[2, 4], |i| ((1 + i[0]) * (5 + i[1]) + i[0] * 8) as f64)
    );
    Ok(())
}

#[test]
fn masked_moments() -> Result<()> {
    let x = numbered(&[7], 3);
    let some = x.mask(&x.remainder(3)?.not_equal(0)?)?;
    let kept = [1.0f64, 2.0, 4.0, 5.0, 7.0];
    let mean = kept.iter().sum::<f64>() / 5.0;
    for ddof in [0.0, 1.0] {
        let var = kept.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (5.0 - ddof);
        assert!((flat(&some.var(.., ddof)?)[0] - var).abs() < 1e-12);
        assert!((flat(&some.std(.., ddof)?)[0] - var.sqrt()).abs() < 1e-12);
    }
    Ok(())
}

#[test]
fn functions_on_chunks() -> Result<()> {
    let x = numbered(&[7, 5], 3);
    let doubled = x.map_blocks(|c: ArrayViewD<f64>| c.mapv(|v| 2.0 * v))?;
    assert_eq!(values(&doubled), values(&(&x * 2.0)));
    let row = numbered(&[5], 2);
    let sum = map_blocks(
        [&x, &row],
        DType::F64,
        Blocks::new(),
        |c: &[Chunk], _: &Region| {
            let a = c[0].clone().into_ndarray::<f64>()?;
            let b = c[1].clone().into_ndarray::<f64>()?;
            Ok::<_, Error>(a + b)
        },
    )?;
    assert_eq!(values(&sum), values(&(&x + &row)));
    let totals = map_blocks(
        [&x],
        DType::F64,
        Blocks::new().drop_axes([1]),
        |c: &[Chunk], _: &Region| -> Result<ndarray::Array1<f64>> {
            let a = c[0].clone().into_ndarray::<f64>()?;
            Ok(a.sum_axis(ndarray::Axis(1)).into_dimensionality().unwrap())
        },
    )?;
    assert_eq!(values(&totals), values(&x.sum(1)?));
    for (boundary, pad) in [
        (Boundary::Reflect, Pad::Symmetric),
        (Boundary::Periodic, Pad::Wrap),
        (Boundary::Nearest, Pad::Edge),
        (Boundary::Constant(5.0), Pad::Constant(5.into())),
    ] {
        // Each element plus the one two below.
        let shift = |c: ArrayViewD<f64>| {
            ArrayD::from_shape_fn(c.raw_dim(), |i| {
                c[[i[0], i[1]]] + c[[(i[0] + 2).min(c.shape()[0] - 1), i[1]]]
            })
        };
        let overlap = Overlap::axes([2, 0]).boundary(boundary);
        let got = values(&x.map_overlap(overlap, shift)?);
        let below = x.pad(&[(0, 2), (0, 0)], pad)?.get(s![2..])?;
        assert_eq!(got, values(&(&x + below)), "{boundary:?}");
    }
    let bare = Overlap::axes([1, 1]).boundary(Boundary::None);
    let same = x.map_overlap(bare, |c: ArrayViewD<f64>| c.to_owned())?;
    assert_eq!(values(&same), values(&x));
    Ok(())
}

#[test]
fn failures_of_users_functions() -> Result<()> {
    let x = numbered(&[4], 2);
    let panicking = x.map_blocks(|c: ArrayViewD<f64>| -> ArrayD<f64> {
        if c[[0]] > 0.0 {
            panic!("no {}", c[[0]])
        } else {
            c.to_owned()
        }
    })?;
    let error = compute(&panicking).unwrap_err();
    assert!(
        matches!(error.root(), Error::Panic { message } if message == "no 1" || message == "no 3"),
        "{error}"
    );
    let failing =
        x.map_blocks(|_: ArrayViewD<f64>| "1e".parse::<f64>().map(|v| ndarray::arr1(&[v])))?;
    assert!(matches!(
        compute(&failing).unwrap_err().root(),
        Error::User(_)
    ));
    let short = x.map_blocks(|_: ArrayViewD<f64>| ndarray::arr1(&[1.0]))?;
    let error = compute(&short).unwrap_err().root().to_string();
    assert_eq!(
        error,
        "the function's result: expected shape (2,), got (1,)"
    );
    let wrong = map_blocks([&x], DType::I8, Blocks::new(), |c: &[Chunk], _: &_| {
        c[0].clone()
    })?;
    let error = compute(&wrong).unwrap_err().root().to_string();
    assert_eq!(error, "the function's result: expected int8, got float64");
    Ok(())
}

#[test]
fn closeness_and_rounding() -> Result<()> {
    let x = Array::from_slice(&[1.0, 2.0, f64::NAN, f64::INFINITY], 2)?;
    let y = Array::from_slice(&[1.0 + 1e-6, 2.1, f64::NAN, f64::INFINITY], 2)?;
    assert_eq!(flat(&x.isclose(&y, 1e-5, 1e-8, false)?), [1., 0., 0., 1.]);
    assert_eq!(flat(&x.isclose(&y, 1e-5, 1e-8, true)?), [1., 0., 1., 1.]);
    assert_eq!(
        flat(&x.isclose(f64::INFINITY, 1e-5, 1e-8, true)?),
        [0., 0., 0., 1.]
    );
    assert_eq!(flat(&x.allclose(&y, 0.1, 0.0, true)?), [1.]);
    let z = Array::from_slice(&[0.125, 2.5, -17.36], 2)?;
    assert_eq!(flat(&z.round(2)?), [0.12, 2.5, -17.36]);
    assert_eq!(flat(&z.round(0)?), [0., 2., -17.]);
    assert_eq!(
        flat(&Array::arange(13, 18, 1, 2)?.round(-1)?),
        [10., 10., 20., 20., 20.]
    );
    let filled = x.nan_to_num(7.0, Some(8.0), None)?;
    assert_eq!(flat(&filled), [1., 2., 7., 8.]);
    Ok(())
}
