//! Counting and searching against plain loops and values from NumPy.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use chunkwise::*;

fn sessions() -> Vec<Session> {
    let session = |threads| Session::new(threads, 1 << 28).unwrap();
    vec![session(1), session(3).with_grain(7)]
}

fn ints(session: &Session, a: &Array) -> Vec<i64> {
    session.compute(&[a]).unwrap()[0].to_vec().unwrap()
}

fn floats(session: &Session, a: &Array) -> Vec<f64> {
    session.compute(&[a]).unwrap()[0].to_vec().unwrap()
}

#[test]
fn bincount_of_every_integer_dtype() {
    let numbers: Vec<i64> = (0..300).map(|i| (i * i * 7 + i) % 23 - 2).collect();
    for dtype in [
        DType::I8,
        DType::I16,
        DType::I32,
        DType::I64,
        DType::U8,
        DType::U16,
        DType::U32,
        DType::U64,
    ] {
        let x = Array::from_vec(numbers.clone(), [20, 15], 6).unwrap();
        let signed = dtype.to_string().starts_with("int");
        let x = if signed { x } else { x.maximum(0).unwrap() }
            .astype(dtype)
            .unwrap();
        for length in [0, 1, 5, 21, 40] {
            let kept = |n: &i64| if signed { *n } else { (*n).max(0) };
            let want: Vec<i64> = (0..length as i64)
                .map(|k| numbers.iter().filter(|n| kept(n) == k).count() as i64)
                .collect();
            for session in sessions() {
                let got = ints(&session, &x.bincount(None, length).unwrap());
                assert_eq!(got, want, "{dtype} {length}");
            }
        }
    }
}

#[test]
fn weights_are_summed() {
    let n = 500;
    let x = Array::arange(0, n, 1, 100).unwrap().remainder(7).unwrap();
    let w = Array::arange(0, n, 1, 70).unwrap().multiply(0.25).unwrap();
    let want: Vec<f64> = (0..7)
        .map(|k| (0..n).filter(|i| i % 7 == k).map(|i| i as f64 * 0.25).sum())
        .collect();
    for session in sessions() {
        assert_eq!(floats(&session, &x.bincount(Some(&w), 7).unwrap()), want);
    }
    // Infinite weights stay in their bin.
    let x = Array::from_slice(&[0i64, 1, 1, 2], 2).unwrap();
    let w = Array::from_slice(&[1.0, f64::INFINITY, 1.0, f64::NAN], 2).unwrap();
    let got = floats(&sessions()[1], &x.bincount(Some(&w), 3).unwrap());
    assert!(got[0] == 1.0 && got[1] == f64::INFINITY && got[2].is_nan());
    assert!(x.bincount(Some(&w.get(s![1..]).unwrap()), 3).is_err());
    assert!(w.bincount(None, 3).is_err());
}

#[test]
fn counting_of_chosen_elements() {
    let x = Array::arange(0, 100, 1, 9)
        .unwrap()
        .astype(DType::U8)
        .unwrap();
    let some = x.mask(&x.remainder(3).unwrap().equal(1).unwrap()).unwrap();
    for session in sessions() {
        let got = ints(&session, &some.bincount(None, 8).unwrap());
        assert_eq!(got, [0, 1, 0, 0, 1, 0, 0, 1]);
        let (counts, _) = some.histogram((2, 0.0, 9.0), None, false).unwrap();
        assert_eq!(ints(&session, &counts), [2, 1]);
        let places = some.digitize(&[10.0, 50.0], false).unwrap();
        assert_eq!(ints(&session, &places.max(..).unwrap()), [2]);
    }
}

#[test]
fn bins_of_equal_width_are_decided_by_their_edges() {
    let n = 1000;
    let data: Vec<f64> = (0..n).map(|i| (i as f64) / 1000.0).collect();
    let x = Array::from_slice(&data, 130).unwrap();
    for count in [1usize, 3, 7, 10, 100] {
        let (counts, edges) = x.histogram((count, 0.1, 0.7), None, false).unwrap();
        for session in sessions() {
            let e = floats(&session, &edges);
            assert_eq!((e[0], e[count]), (0.1, 0.7));
            let within = |x: &&f64, k: usize| {
                **x >= e[k] && (**x < e[k + 1] || (k + 1 == count && **x == e[count]))
            };
            let want: Vec<i64> = (0..count)
                .map(|k| data.iter().filter(|x| within(x, k)).count() as i64)
                .collect();
            assert_eq!(ints(&session, &counts), want, "{count}");
            let (again, _) = x.histogram(e.clone(), None, false).unwrap();
            assert_eq!(ints(&session, &again), want, "{count}");
        }
    }
}

#[test]
fn histograms_that_numpy_gives() {
    let x = Array::from_slice(&[1.0, 2.0, 1.0, 4.0, f64::NAN, 3.5], 2).unwrap();
    let session = &sessions()[1];
    // numpy.histogram(x, bins=[0, 1, 2, 3])
    let (counts, _) = x.histogram(vec![0.0, 1.0, 2.0, 3.0], None, false).unwrap();
    assert_eq!(ints(session, &counts), [0, 2, 1]);
    // numpy.histogram([1, 2, 1, 4, 3.5], bins=3): of the data's range.
    let y = x.get(s![0..4]).unwrap();
    let (counts, edges) = y.histogram(3, None, false).unwrap();
    assert_eq!(ints(session, &counts), [2, 1, 1]);
    assert_eq!(floats(session, &edges), [1.0, 2.0, 3.0, 4.0]);
    let (density, _) = y.histogram(3, None, true).unwrap();
    assert_eq!(floats(session, &density), [0.5, 0.25, 0.25]);
    // Equal elements: the range is widened by a half on either side.
    let ones = Array::ones([5], DType::F64, 2).unwrap();
    let (counts, edges) = ones.histogram(2, None, false).unwrap();
    assert_eq!(floats(session, &edges), [0.5, 1.0, 1.5]);
    assert_eq!(ints(session, &counts), [0, 5]);
    let empty = Array::ones([0], DType::F64, 2).unwrap();
    let (counts, edges) = empty.histogram(2, None, false).unwrap();
    assert_eq!(floats(session, &edges), [0.0, 0.5, 1.0]);
    assert_eq!(ints(session, &counts), [0, 0]);
    assert!(x.histogram(0, None, false).is_err());
    assert!(x.histogram(vec![1.0], None, false).is_err());
    assert!(x.histogram(vec![1.0, 0.0], None, false).is_err());
    assert!(x.histogram((3, 1.0, f64::NAN), None, false).is_err());
}

#[test]
fn a_histogram_of_made_up_data_loads_nothing() {
    let x = Random::new(1)
        .uniform(0.0, 1.0, [1 << 20], 1 << 16)
        .unwrap();
    let (counts, _) = x.histogram((10, 0.0, 1.0), None, false).unwrap();
    let plan = counts.explain().unwrap();
    assert!(plan.contains("1 stage,"), "{plan}");
    assert_eq!(
        counts
            .sum(..)
            .unwrap()
            .compute()
            .unwrap()
            .item::<i64>()
            .unwrap(),
        1 << 20
    );
}

#[test]
fn places_in_what_is_sorted() {
    let nan = f64::NAN;
    let sorted = [-3.0, 0.0, 0.0, 2.0, 2.0, 7.5, nan];
    let values = [-0.0, 2.0, -9.0, 7.5, 8.0, nan, 1.0, f64::INFINITY];
    let s = Array::from_slice(&sorted, 3).unwrap();
    let v = Array::from_vec(values.to_vec(), [2, 4], 3).unwrap();
    for session in sessions() {
        // numpy.searchsorted
        let left = ints(&session, &s.searchsorted(&v, Side::Left).unwrap());
        assert_eq!(left, [1, 3, 0, 5, 6, 6, 3, 6]);
        let right = ints(&session, &s.searchsorted(&v, Side::Right).unwrap());
        assert_eq!(right, [3, 5, 0, 6, 6, 7, 3, 6]);
    }
    let (s, v) = (s.cumsum(0).unwrap(), v.cumsum(0).unwrap());
    assert_eq!(s.searchsorted(&v, Side::Left).unwrap().shape(), [2, 4]);
    assert!(v.searchsorted(&s, Side::Left).is_err());
}

#[test]
fn digits_either_way() {
    let x = Array::from_slice(&[0.0, 1.0, 2.0, 3.0, f64::NAN], 2).unwrap();
    let session = &sessions()[1];
    // numpy.digitize
    let digits = |bins: &[f64], right| ints(session, &x.digitize(bins, right).unwrap());
    assert_eq!(digits(&[1.0, 2.0, 2.5], false), [0, 1, 2, 3, 3]);
    assert_eq!(digits(&[1.0, 2.0, 2.5], true), [0, 0, 1, 3, 3]);
    assert_eq!(digits(&[2.5, 2.0, 1.0], false), [3, 2, 1, 0, 0]);
    assert_eq!(digits(&[2.5, 2.0, 1.0], true), [3, 3, 2, 0, 0]);
    assert!(x.digitize(&[1.0, 3.0, 2.0], false).is_err());
}

/// What is looked up in a pass of other operations, through views of all kinds, equals a plain loop.
#[test]
fn lookups_within_passes_and_through_views() {
    let (rows, columns) = (30usize, 41usize);
    let numbers: Vec<f64> = (0..rows * columns)
        .map(|i| ((i * 37) % 101) as f64 / 10.0)
        .collect();
    let x = Array::from_vec(numbers.clone(), [rows, columns], 7).unwrap();
    let edges = [0.5, 2.0, 2.0, 7.5];
    let bin = |v: f64| edges.iter().filter(|e| **e <= v).count() as i64;
    let own = |i: usize, j: usize| bin(numbers[i * columns + j] + 1.0);
    let look = |x: &Array| x.add(1.0).unwrap().digitize(&edges, false).unwrap();
    let y = look(&x);
    let loops = |rows: &[usize], columns: &[usize], f: &dyn Fn(usize, usize) -> i64| {
        let each = rows.iter().flat_map(|i| columns.iter().map(|j| f(*i, *j)));
        each.collect::<Vec<i64>>()
    };
    let (r, c): (Vec<usize>, Vec<usize>) = ((0..rows).collect(), (0..columns).collect());
    let back: Vec<usize> = (0..columns).rev().step_by(3).collect();
    let cases: Vec<(Array, Vec<i64>)> = vec![
        (y.clone(), loops(&r, &c, &own)),
        (
            y.transpose(&[1, 0]).unwrap().multiply(2).unwrap(),
            loops(&c, &r, &|j, i| 2 * own(i, j)),
        ),
        (
            y.get_str("3::5, ::-3").unwrap(),
            loops(&[3, 8, 13, 18, 23, 28], &back, &own),
        ),
        (
            y.get_str("2").unwrap().broadcast_to([3, columns]).unwrap(),
            loops(&[0, 1, 2], &c, &|_, j| own(2, j)),
        ),
        (
            y.take(&[4, 4, -1], 0).unwrap(),
            loops(&[4, 4, rows - 1], &c, &own),
        ),
        (y.reshape([columns, rows]).unwrap(), loops(&r, &c, &own)),
        (
            concatenate([&y, &y], 1).unwrap(),
            loops(&r, &[&c[..], &c[..]].concat(), &own),
        ),
        (
            look(&y.astype(DType::F64).unwrap()),
            loops(&r, &c, &|i, j| bin(own(i, j) as f64 + 1.0)),
        ),
        (
            y.sum(1).unwrap(),
            r.iter()
                .map(|i| c.iter().map(|j| own(*i, *j)).sum())
                .collect(),
        ),
        (
            x.add(1.0)
                .unwrap()
                .isin(&x, false)
                .unwrap()
                .astype(DType::I64)
                .unwrap(),
            loops(&r, &c, &|i, j| {
                i64::from(numbers.contains(&(numbers[i * columns + j] + 1.0)))
            }),
        ),
    ];
    for session in sessions() {
        for (n, (array, want)) in cases.iter().enumerate() {
            assert_eq!(&ints(&session, array), want, "case {n}");
        }
    }
}

#[test]
fn lookups_are_made_in_the_pass_that_asks_for_them() {
    let session = Session::new(2, 1 << 28).unwrap();
    let x = Random::new(3).standard_normal([4000, 4000], 1000).unwrap();
    let stages = |a: &Array| session.plan(&[a]).unwrap().stages.len();
    let edges = vec![-1.0, 0.0, 1.5];
    let digits = x.digitize(&edges, false).unwrap();
    assert_eq!(digits.chunks(), x.chunks());
    assert_eq!(stages(&digits), 1);
    assert_eq!(stages(&digits.add(1).unwrap().max(..).unwrap()), 1);
    assert_eq!(stages(&x.histogram(edges, None, false).unwrap().0), 1);
    // Of what is not asked for nothing is looked up, nor held.
    let plan = session
        .plan(&[&digits.get_str("::50, ::50").unwrap()])
        .unwrap();
    assert_eq!(plan.stages.len(), 1);
    assert_eq!(plan.stages[0].tasks.shape().as_slice(), [80, 80]);
    assert!(plan.stages[0].memory.total() < 1 << 20);
}
