//! Quantiles against NumPy's values and against sorted data; sets against plain loops.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use chunkwise::*;

fn sessions() -> Vec<Session> {
    let session = |threads| Session::new(threads, 1 << 28).unwrap();
    vec![session(1), session(3).with_grain(7)]
}

fn floats(session: &Session, a: &Array) -> Vec<f64> {
    session.compute(&[a]).unwrap()[0].to_vec().unwrap()
}

fn ints(session: &Session, a: &Array) -> Vec<i64> {
    session.compute(&[a]).unwrap()[0].to_vec().unwrap()
}

const Q: [f64; 8] = [0.0, 0.1, 0.25, 0.3125, 0.5, 0.75, 0.9, 1.0];

/// `numpy.quantile([7, -1, 3, 3, 10, 0.5, 12, 4], Q, method=...)`
const NUMPY: [(&str, [f64; 8]); 13] = [
    ("inverted_cdf", [-1.0, -1.0, 0.5, 3.0, 3.0, 7.0, 12.0, 12.0]),
    (
        "averaged_inverted_cdf",
        [-1.0, -1.0, 1.75, 3.0, 3.5, 8.5, 12.0, 12.0],
    ),
    (
        "closest_observation",
        [-1.0, -1.0, 0.5, 0.5, 3.0, 7.0, 10.0, 12.0],
    ),
    (
        "interpolated_inverted_cdf",
        [-1.0, -1.0, 0.5, 1.75, 3.0, 7.0, 10.4, 12.0],
    ),
    (
        "hazen",
        [-1.0, -0.5499999999999999, 1.75, 3.0, 3.5, 8.5, 11.4, 12.0],
    ),
    (
        "weibull",
        [-1.0, -1.0, 1.125, 2.53125, 3.5, 9.25, 12.0, 12.0],
    ),
    (
        "linear",
        [-1.0, 0.0500000000000001, 2.375, 3.0, 3.5, 7.75, 10.6, 12.0],
    ),
    (
        "median_unbiased",
        [
            -1.0,
            -0.7499999999999999,
            1.5416666666666663,
            2.84375,
            3.5,
            8.75,
            11.666666666666668,
            12.0,
        ],
    ),
    (
        "normal_unbiased",
        [
            -1.0,
            -0.6999999999999997,
            1.59375,
            2.8828125,
            3.5,
            8.6875,
            11.6,
            12.0,
        ],
    ),
    ("lower", [-1.0, -1.0, 0.5, 3.0, 3.0, 7.0, 10.0, 12.0]),
    ("higher", [-1.0, 0.5, 3.0, 3.0, 4.0, 10.0, 12.0, 12.0]),
    ("midpoint", [-1.0, -0.25, 1.75, 3.0, 3.5, 8.5, 11.0, 12.0]),
    ("nearest", [-1.0, 0.5, 3.0, 3.0, 4.0, 7.0, 10.0, 12.0]),
];

#[test]
fn every_method_gives_what_numpy_gives() {
    let x = Array::from_slice(&[7.0, -1.0, 3.0, 3.0, 10.0, 0.5, 12.0, 4.0], 3).unwrap();
    for (name, want) in NUMPY {
        let method: Method = name.parse().unwrap();
        for session in sessions() {
            let got = floats(&session, &x.quantile(&Q, .., method).unwrap());
            let near = got.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-12);
            assert!(near, "{name}: {got:?} instead of {want:?}");
        }
    }
    assert!("mode".parse::<Method>().is_err());
}

#[test]
fn axes_dtypes_and_nan() {
    let nan = f64::NAN;
    let data = vec![4.0, nan, 1.0, 2.0, 9.0, 6.0, nan, nan, 3.0, 5.0, 8.0, 7.0];
    let x = Array::from_vec(data, [3, 4], 2).unwrap();
    for session in sessions() {
        let same = |a: &Array, want: &[f64]| {
            let got = floats(&session, a);
            let equal = |a: &f64, b: &f64| a == b || (a.is_nan() && b.is_nan());
            assert!(
                got.len() == want.len() && got.iter().zip(want).all(|(a, b)| equal(a, b)),
                "{got:?} instead of {want:?}"
            );
        };
        same(&x.median(0).unwrap(), &[4.0, nan, nan, nan]);
        same(&x.nanmedian(0).unwrap(), &[4.0, 5.5, 4.5, 4.5]);
        same(&x.median(1).unwrap(), &[nan, nan, 6.0]);
        same(&x.nanmedian(1).unwrap(), &[2.0, 7.5, 6.0]);
        same(&x.median(..).unwrap(), &[nan]);
        same(&x.nanmedian(..).unwrap(), &[5.0]);
        same(&x.nanmedian([0, 1]).unwrap(), &[5.0]);
        same(
            &x.nanquantile(&[0.0, 1.0], 1, Method::Lower).unwrap(),
            &[1.0, 6.0, 3.0, 4.0, 9.0, 8.0],
        );
        let kept = x.nanpercentile(&[50.0], Axes::from(0).keepdims(), Method::Linear);
        assert_eq!(kept.unwrap().shape(), [1, 1, 4]);
    }
    let ints = Array::from_slice(&[5i32, 1, 2, 8], 2).unwrap();
    assert_eq!(
        ints.median(..)
            .unwrap()
            .compute()
            .unwrap()
            .item::<f64>()
            .unwrap(),
        3.5
    );
    let lower = ints.quantile(&[0.5], .., Method::Lower).unwrap();
    assert_eq!(lower.dtype(), DType::I32);
    assert_eq!(lower.compute().unwrap().to_vec::<i32>().unwrap(), [2]);
    let narrow = ints.astype(DType::F32).unwrap().median(0).unwrap();
    assert_eq!(narrow.dtype(), DType::F32);
    let none = Array::ones([0, 2], DType::F64, 2).unwrap();
    assert!(
        floats(&sessions()[0], &none.median(0).unwrap())
            .iter()
            .all(|x| x.is_nan())
    );
    assert_eq!(none.median(1).unwrap().shape(), [0]);
    assert!(ints.quantile(&[1.5], .., Method::Linear).is_err());
    assert!(ints.quantile(&[f64::NAN], .., Method::Linear).is_err());
    assert!(ints.astype(DType::C64).unwrap().median(0).is_err());
    assert!(ints.median(1).is_err());
}

#[test]
fn large_arrays_are_counted() {
    // Above the size that is brought into memory as one lane.
    let n = (1 << 20) + 77;
    let x = Random::new(5).standard_normal([n], 1 << 18).unwrap();
    let session = Session::new(2, 1 << 28).unwrap();
    let q = [0.0, 0.2, 0.5, 0.777, 1.0];
    let with_nan = x.less(-0.5).unwrap().where_(f64::NAN, &x).unwrap();
    for dtype in [
        DType::F64,
        DType::F32,
        DType::I64,
        DType::I16,
        DType::U8,
        DType::I8,
    ] {
        let scaled = x.multiply(30.0).unwrap().add(120.0).unwrap();
        let y = if dtype.is_float() {
            x.clone()
        } else {
            scaled.clip(0.0, 127.0).unwrap()
        };
        let y = y.astype(dtype).unwrap();
        let sorted = session
            .compute(&[&y.sort(0, false).unwrap()])
            .unwrap()
            .remove(0);
        let sorted = Array::from_chunk(sorted, -1isize).unwrap();
        for method in [Method::Linear, Method::Higher, Method::Hazen] {
            let got = y.quantile(&q, .., method).unwrap();
            assert!(!got.explain().unwrap().contains("merge"));
            // The same through another way: lanes of one array are sorted already.
            let rows = sorted.reshape([1, n as isize]).unwrap();
            let want = rows.quantile(&q, 1, method).unwrap();
            let got = session.compute(&[&got]).unwrap().remove(0);
            let want = session.compute(&[&want]).unwrap().remove(0);
            assert_eq!((got.dtype(), got.shape()), (want.dtype(), &[5][..]));
            let (got, want) = (
                Array::from_chunk(got, -1isize),
                Array::from_chunk(want, -1isize),
            );
            let equal = got
                .unwrap()
                .equal(want.unwrap().squeeze(1).unwrap())
                .unwrap();
            let equal = equal
                .all(..)
                .unwrap()
                .compute()
                .unwrap()
                .item::<bool>()
                .unwrap();
            assert!(equal, "{dtype} {method:?}");
        }
    }
    let rows = with_nan.reshape([1, n as isize]).unwrap();
    let (a, b) = (with_nan.nanmedian(..).unwrap(), rows.nanmedian(1).unwrap());
    assert_eq!(floats(&session, &a), floats(&session, &b));
    assert!(floats(&session, &with_nan.median(..).unwrap())[0].is_nan());
}

#[test]
fn unique_elements() {
    let n = 700;
    let data: Vec<i64> = (0..n).map(|i| (i * i * 13 + 5 * i) % 41).collect();
    let x = Array::from_vec(data.clone(), [70, 10], 9).unwrap();
    let mut values = data.clone();
    values.sort_unstable();
    values.dedup();
    let counts: Vec<i64> = values
        .iter()
        .map(|v| data.iter().filter(|x| *x == v).count() as i64)
        .collect();
    let indices: Vec<i64> = values
        .iter()
        .map(|v| data.iter().position(|x| x == v).unwrap() as i64)
        .collect();
    for session in sessions() {
        let unique = x.unique_all(true).unwrap();
        assert_eq!(ints(&session, &unique.values), values);
        assert_eq!(ints(&session, &unique.counts), counts);
        assert_eq!(ints(&session, &unique.indices), indices);
        assert_eq!(ints(&session, &x.unique(false).unwrap()), values);
        let known = session.persist(&[&unique.values]).unwrap().remove(0);
        let inverse = ints(&session, &known.searchsorted(&x, Side::Left).unwrap());
        let back: Vec<i64> = inverse.iter().map(|i| values[*i as usize]).collect();
        assert_eq!(back, data);
    }
    let nan = f64::NAN;
    let y = Array::from_slice(&[nan, 1.0, nan, 0.0, -0.0, 1.0], 2).unwrap();
    for session in sessions() {
        let one = floats(&session, &y.unique(true).unwrap());
        assert!(one.len() == 3 && one[..2] == [0.0, 1.0] && one[2].is_nan());
        let each = floats(&session, &y.unique(false).unwrap());
        assert_eq!(each.len(), 4);
        let counts = y.unique_all(false).unwrap().counts;
        assert_eq!(ints(&session, &counts), [2, 2, 1, 1]);
    }
    let none = Array::ones([0, 3], DType::F64, 2).unwrap();
    assert_eq!(none.unique(true).unwrap().compute().unwrap().shape(), [0]);
    let one = Array::ones([], DType::F64, 2).unwrap();
    let unique = one.unique_all(true).unwrap();
    assert_eq!(
        unique.counts.compute().unwrap().to_vec::<i64>().unwrap(),
        [1]
    );
}

#[test]
fn elements_that_are_in_a_set() {
    let x = Array::from_vec(vec![1.0, 5.0, f64::NAN, 7.0, -0.0, 2.5], [2, 3], 2).unwrap();
    let test = Array::from_slice(&[7.0, 0.0, f64::NAN, 1.0, 1.0], 2).unwrap();
    for session in sessions() {
        let found = session.compute(&[&x.isin(&test, false).unwrap()]).unwrap();
        let want = [true, false, false, true, true, false];
        assert_eq!(found[0].to_vec::<bool>().unwrap(), want);
        let found = session.compute(&[&x.isin(&test, true).unwrap()]).unwrap();
        assert_eq!(found[0].to_vec::<bool>().unwrap(), want.map(|w| !w));
    }
    let ints = Array::arange(0, 10, 1, 3).unwrap();
    let found = ints
        .isin(&Array::from_slice(&[3u8, 200], 1).unwrap(), false)
        .unwrap();
    assert_eq!(
        found
            .sum(..)
            .unwrap()
            .compute()
            .unwrap()
            .item::<i64>()
            .unwrap(),
        1
    );
    let nothing = Array::ones([0], DType::I8, 1).unwrap();
    assert!(
        !ints
            .isin(&nothing, false)
            .unwrap()
            .any(..)
            .unwrap()
            .compute()
            .unwrap()
            .item::<bool>()
            .unwrap()
    );
}
