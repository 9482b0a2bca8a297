//! Advanced indexing and assignment against plain loops over random indices, arrays and chunks.
#![allow(clippy::unwrap_used, reason = "tests")]

use chunkwise::*;

struct Lcg(u64);
impl Lcg {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1);
        ((self.0 >> 33) as usize) % n
    }
    fn bound(&mut self, n: usize) -> Option<isize> {
        (self.below(3) > 0).then(|| self.below(2 * n + 3) as isize - n as isize - 1)
    }
}

/// One part of an index by its meaning: positions along its axes, and whether they are one array.
enum Meant {
    Axis(Vec<usize>),
    New,
    At(usize),
    Points(Vec<Vec<usize>>, Vec<usize>),
}

fn product(lists: &[Vec<usize>]) -> Vec<Vec<usize>> {
    lists.iter().fold(vec![vec![]], |all, list| {
        let longer = |head: &Vec<usize>| {
            let head = head.clone();
            list.iter().map(move |i| [&head[..], &[*i]].concat())
        };
        all.iter().flat_map(longer).collect()
    })
}

/// A random index of an array: its parts, and what it means: the result's shape and, in C order, the
/// elements (as indices).
fn random_index(
    rng: &mut Lcg,
    shape: &[usize],
    masks: bool,
) -> (Vec<Part>, Vec<usize>, Vec<Vec<usize>>) {
    let (mut parts, mut meant) = (Vec::new(), Vec::new());
    let together: Vec<usize> = (0..1 + rng.below(2)).map(|_| rng.below(4)).collect();
    let mask_at = if masks {
        rng.below(shape.len())
    } else {
        shape.len()
    };
    let mut axis = 0;
    while axis < shape.len() {
        let n = shape[axis];
        if rng.below(6) == 0 {
            parts.push(Part::Basic(Index::NewAxis));
            meant.push(Meant::New);
        }
        if axis == mask_at {
            let axes = 1 + rng.below(shape.len() - axis);
            let own = &shape[axis..axis + axes];
            let all = product(&own.iter().map(|n| (0..*n).collect()).collect::<Vec<_>>());
            let truth: Vec<bool> = all.iter().map(|_| rng.below(3) == 0).collect();
            let points: Vec<Vec<usize>> = all
                .into_iter()
                .zip(&truth)
                .filter(|(_, t)| **t)
                .map(|(p, _)| p)
                .collect();
            let count = points.len();
            parts.push(Part::Mask(
                Array::from_vec(truth, own, 1 + rng.below(4)).unwrap(),
            ));
            meant.push(Meant::Points(points, vec![count]));
            axis += axes;
            continue;
        }
        match rng.below(if masks { 3 } else { 5 }) {
            0 if n > 0 => {
                let i = rng.below(n);
                let written = if rng.below(2) == 0 {
                    i as isize
                } else {
                    i as isize - n as isize
                };
                parts.push(Part::from(written));
                meant.push(Meant::At(i));
            }
            3 | 4 if n > 0 => {
                // A shape that broadcasts to the common one.
                let mut own = together.clone();
                // The first has it whole, so that it is what they have in common.
                let first = !parts.iter().any(|p| matches!(p, Part::Positions(..)));
                if !first && rng.below(2) == 0 && own.len() == 2 {
                    own.remove(0);
                }
                if !first && rng.below(3) == 0 {
                    own[0] = 1;
                }
                let count: usize = own.iter().product();
                let positions: Vec<usize> = (0..count).map(|_| rng.below(n)).collect();
                let lead = together.len() - own.len();
                let ranges: Vec<Vec<usize>> = together.iter().map(|n| (0..*n).collect()).collect();
                let points = product(&ranges)
                    .into_iter()
                    .map(|at| {
                        let flat = own.iter().enumerate().fold(0, |f, (k, d)| {
                            f * d + if *d == 1 { 0 } else { at[lead + k] }
                        });
                        vec![positions[flat]]
                    })
                    .collect();
                let written = positions.iter().map(|p| {
                    if rng.below(2) == 0 {
                        *p as isize
                    } else {
                        *p as isize - n as isize
                    }
                });
                parts.push(Part::Positions(written.collect(), own));
                meant.push(Meant::Points(points, together.clone()));
            }
            _ => {
                let step = [1, 1, 2, 3, -1, -2][rng.below(6)];
                let slice = Index::slice(rng.bound(n), rng.bound(n), step);
                let line = Array::arange(0, n, 1, 3).unwrap().get([slice]).unwrap();
                let shown = line.compute().unwrap().to_vec::<i64>().unwrap();
                parts.push(Part::Basic(slice));
                meant.push(Meant::Axis(shown.iter().map(|i| *i as usize).collect()));
            }
        }
        axis += 1;
    }
    let common: Vec<usize> = meant
        .iter()
        .find_map(|m| match m {
            Meant::Points(_, common) => Some(common.clone()),
            _ => None,
        })
        .unwrap_or_default();
    let some = meant.iter().any(|m| matches!(m, Meant::Points(..)));
    let counts = |m: &Meant| matches!(m, Meant::Points(..)) || (some && matches!(m, Meant::At(_)));
    let first = meant.iter().position(counts);
    let last = meant.iter().rposition(counts);
    let apart = first.is_some_and(|f| !meant[f..=last.unwrap()].iter().all(counts));
    // The result's axes: those of each part, with the arrays' where the first of them stands.
    let mut axes: Vec<(Option<usize>, Vec<usize>)> = Vec::new();
    for (n, m) in meant.iter().enumerate() {
        if some && !apart && first == Some(n) {
            axes.push((None, common.clone()));
        }
        match m {
            Meant::Axis(list) => axes.push((Some(n), vec![list.len()])),
            Meant::New => axes.push((Some(n), vec![1])),
            _ => {}
        }
    }
    if some && apart {
        axes.insert(0, (None, common.clone()));
    }
    let out: Vec<usize> = axes.iter().flat_map(|(_, s)| s.clone()).collect();
    let ranges: Vec<Vec<usize>> = axes
        .iter()
        .map(|(_, s)| (0..s.iter().product()).collect())
        .collect();
    let elements = product(&ranges)
        .into_iter()
        .map(|at| {
            let place = |n: Option<usize>| at[axes.iter().position(|a| a.0 == n).unwrap()];
            let mut index = Vec::new();
            for (n, m) in meant.iter().enumerate() {
                match m {
                    Meant::Axis(list) => index.push(list[place(Some(n))]),
                    Meant::New => {}
                    Meant::At(i) => index.push(*i),
                    Meant::Points(list, _) => index.extend(&list[place(None)]),
                }
            }
            index
        })
        .collect();
    (parts, out, elements)
}

fn flat(shape: &[usize], index: &[usize]) -> usize {
    shape.iter().zip(index).fold(0, |f, (d, i)| f * d + i)
}

fn session() -> Session {
    Session::new(2, 1 << 26).unwrap().with_grain(7)
}

fn values(a: &Array) -> Vec<i64> {
    session().compute(&[a]).unwrap()[0].to_vec::<i64>().unwrap()
}

fn random_shape(rng: &mut Lcg) -> Vec<usize> {
    (0..1 + rng.below(4))
        .map(|_| [0, 1, 2, 3, 4, 5, 7][rng.below(7).max(rng.below(7))])
        .collect()
}

/// Distinct values, as data in memory or as something computed.
fn array(rng: &mut Lcg, shape: &[usize]) -> (Array, Vec<i64>) {
    let n: usize = shape.iter().product();
    let data: Vec<i64> = (0..n as i64).map(|i| i + 100).collect();
    let x = Array::from_vec(data.clone(), shape, 1 + rng.below(4)).unwrap();
    match rng.below(3) {
        0 => (x, data),
        1 => (x.add(1).unwrap(), data.iter().map(|v| v + 1).collect()),
        _ => {
            let c = x
                .reshape(-1)
                .unwrap()
                .cumsum(0)
                .unwrap()
                .reshape(shape)
                .unwrap();
            let mut sum = 0;
            let sums = data.iter().map(|v| {
                sum += v;
                sum
            });
            (c, sums.collect())
        }
    }
}

#[test]
fn random_indices() {
    let mut rng = Lcg(11);
    for case in 0..700 {
        let shape = random_shape(&mut rng);
        let (x, data) = array(&mut rng, &shape);
        let (parts, want, elements) = random_index(&mut rng, &shape, case % 3 == 0);
        let got = x.index_advanced(&parts).unwrap();
        let expected: Vec<i64> = elements.iter().map(|i| data[flat(&shape, i)]).collect();
        assert_eq!(values(&got), expected, "{case}: {parts:?} of {shape:?}");
        let known = got.resolved(&session()).unwrap();
        assert_eq!(known.shape(), want, "{case}: {parts:?} of {shape:?}");
        assert_eq!(values(&known), expected, "{case}");
        if let Some(axis) = got.expr().unwrap().unknown_axis() {
            assert_eq!(got.known_length(&session()).unwrap(), known.shape()[axis]);
        }
    }
}

#[test]
fn random_assignments() {
    let mut rng = Lcg(23);
    for case in 0..700 {
        let shape = random_shape(&mut rng);
        let (x, data) = array(&mut rng, &shape);
        let (parts, shown, elements) = random_index(&mut rng, &shape, case % 3 == 0);
        // A value that broadcasts to what is shown: some axes of length 1, some missing, some too many.
        let mut own: Vec<usize> = shown
            .iter()
            .map(|d| if rng.below(4) == 0 { 1 } else { *d })
            .collect();
        match rng.below(4) {
            0 => own = own.split_off(rng.below(own.len() + 1)),
            1 => own.insert(0, 1),
            _ => {}
        }
        let count: usize = own.iter().product();
        let given: Vec<i64> = (0..count as i64).map(|i| -1 - i).collect();
        let value = Array::from_vec(given.clone(), &own[..], 1 + rng.below(3)).unwrap();
        let mut expected = data.clone();
        let ranges: Vec<Vec<usize>> = shown.iter().map(|n| (0..*n).collect()).collect();
        for (at, element) in product(&ranges).iter().zip(&elements) {
            let place =
                own.iter()
                    .enumerate()
                    .map(|(k, d)| match (k + at.len()).checked_sub(own.len()) {
                        Some(k) if *d != 1 => at[k],
                        _ => 0,
                    });
            let place: Vec<usize> = place.collect();
            expected[flat(&shape, element)] = given[flat(&own, &place)];
        }
        let made = x.assign(&parts, &value).unwrap();
        let what = format!("{case}: {parts:?} of {shape:?} = {own:?}");
        assert_eq!(
            (made.shape(), made.chunks()),
            (x.shape(), x.chunks()),
            "{what}"
        );
        assert_eq!(values(&made), expected, "{what}");
        // A part of it.
        let back = [Index::Ellipsis, Index::slice(None, None, -2)];
        let narrowed = made.get(back).unwrap();
        let last = *shape.last().unwrap();
        let want: Vec<i64> = expected
            .chunks(last.max(1))
            .flat_map(|row| row.iter().rev().step_by(2).copied().collect::<Vec<_>>())
            .collect();
        assert_eq!(values(&narrowed), want, "{what}");
        let all = x.assign(&parts, 5).unwrap();
        let mut expected = data.clone();
        elements.iter().for_each(|e| expected[flat(&shape, e)] = 5);
        assert_eq!(values(&all), expected, "{what}: a number");
    }
}

#[test]
fn many_scattered_rows() {
    let x = Array::arange(0, 5000, 1, 100)
        .unwrap()
        .reshape([1000, 5])
        .unwrap();
    let rows: Vec<isize> = (0..300).map(|i| (i * 37) % 900 + 50).collect();
    let value = Array::arange(0, 1500, 1, 70).unwrap().multiply(-1).unwrap();
    let value = value.reshape([300, 5]).unwrap();
    let made = values(&x.assign(&[Part::positions(rows.clone())], value).unwrap());
    let mut want: Vec<i64> = (0..5000).collect();
    for (k, row) in rows.iter().enumerate() {
        for c in 0..5 {
            want[*row as usize * 5 + c] = -((k * 5 + c) as i64);
        }
    }
    assert_eq!(made, want);
}

#[test]
fn a_mask_takes_as_many_values_as_it_is_true() {
    let x = Array::arange(0, 10, 1, 3).unwrap();
    let mask = Part::Mask(x.greater(6).unwrap());
    let three = Array::arange(1, 4, 1, 2).unwrap();
    assert_eq!(
        values(&x.assign(std::slice::from_ref(&mask), &three).unwrap())[7..],
        [1, 2, 3]
    );
    let four = Array::arange(1, 5, 1, 2).unwrap();
    let error = x
        .assign(&[mask], four)
        .unwrap()
        .compute()
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("cannot assign 4 input values to the 3 output values"),
        "{error}"
    );
    let none = Part::Mask(x.greater(60).unwrap());
    let empty = Array::zeros(0, DType::I64, 1).unwrap();
    assert_eq!(
        values(&x.assign(&[none], empty).unwrap()),
        (0..10).collect::<Vec<_>>()
    );
}

#[test]
fn values_are_cast_as_numpy_casts_them() {
    let x = Array::zeros(3, DType::I16, 2).unwrap();
    let made = x.assign(&[Part::from(1)], 2.9).unwrap();
    assert_eq!(made.dtype(), DType::I16);
    assert_eq!(made.compute().unwrap().to_vec::<i16>().unwrap(), [0, 2, 0]);
    assert!(x.assign(&[Part::from(1)], 40_000).is_err());
    assert!(
        x.assign(&[Part::from(1)], Complex64::new(1.0, 1.0))
            .is_err()
    );
    let wide = Array::full(3, 70_000, DType::I64, 2).unwrap();
    let made = x.assign(&[Index::FULL.into()], wide).unwrap();
    assert_eq!(made.compute().unwrap().to_vec::<i16>().unwrap(), [4464; 3]);
    let point = Array::zeros((), DType::F64, 1).unwrap();
    let made = point.assign(&[Index::Ellipsis.into()], 3).unwrap();
    assert_eq!(made.compute().unwrap().item::<f64>().unwrap(), 3.0);
}

#[test]
fn wrong_indices_are_refused() {
    let x = Array::zeros([3, 4], DType::F64, 2).unwrap();
    let says = |parts: &[Part], text: &str| {
        for result in [x.index_advanced(parts), x.assign(parts, 1.0)] {
            let error = result.unwrap_err().to_string();
            assert!(error.contains(text), "{error}");
        }
    };
    says(
        &[Part::positions([3])],
        "index 3 is out of range for axis 0 with size 3",
    );
    says(
        &[Part::positions([0]), Part::positions([-5])],
        "index -5 is out of range for axis 1 with size 4",
    );
    says(
        &[Part::positions([0]), Part::from(4)],
        "index 4 is out of range for axis 1 with size 4",
    );
    says(
        &[0.into(), 0.into(), Part::positions([0])],
        "too many indices: 3",
    );
    let two = |n: usize| Part::positions(vec![0; n]);
    says(
        &[two(2), two(3)],
        "shapes (2,) and (3,) cannot be broadcast",
    );
    let mask = |n: usize| Part::Mask(Array::zeros(n, DType::Bool, 2).unwrap());
    says(&[mask(4)], "expected shape (3,), got (4,)");
    says(&[mask(3), two(1)], "compute them first");
    let error = x
        .assign(&[Part::from(0)], Array::zeros(3, DType::F64, 2).unwrap())
        .unwrap_err();
    assert!(
        error.to_string().contains("expected shape (4,), got (3,)"),
        "{error}"
    );
}

#[test]
fn lazy_positions() {
    let mut rng = Lcg(5);
    for _ in 0..40 {
        let shape: Vec<usize> = (0..1 + rng.below(3)).map(|_| 1 + rng.below(6)).collect();
        let axis = rng.below(shape.len());
        let (x, data) = array(&mut rng, &shape);
        let asked: Vec<usize> = (0..rng.below(3)).map(|_| rng.below(4)).collect();
        let count: usize = asked.iter().product();
        let n = shape[axis] as i64;
        let which: Vec<i64> = (0..count)
            .map(|_| rng.below(2 * n as usize) as i64 - n)
            .collect();
        let positions = Array::from_vec(which.clone(), &asked[..], 2).unwrap();
        let got = x.take_lazily(&positions, axis).unwrap();
        let part = Part::Positions(which.iter().map(|i| *i as isize).collect(), asked.clone());
        let mut parts: Vec<Part> = vec![Index::FULL.into(); axis];
        parts.push(part);
        let want = x.index_advanced(&parts).unwrap();
        assert_eq!(got.shape(), want.shape());
        assert_eq!(values(&got), values(&want));
        // The same along an axis, element by element.
        let mut own = shape.clone();
        own[axis] = 1 + rng.below(5);
        let count: usize = own.iter().product();
        let which: Vec<i64> = (0..count)
            .map(|_| rng.below(2 * n as usize) as i64 - n)
            .collect();
        let indices = Array::from_vec(which.clone(), &own[..], 3).unwrap();
        let got = x.take_along_axis(&indices, axis as isize).unwrap();
        let ranges: Vec<Vec<usize>> = own.iter().map(|n| (0..*n).collect()).collect();
        let want: Vec<i64> = product(&ranges)
            .into_iter()
            .enumerate()
            .map(|(k, mut at)| {
                at[axis] = which[k].rem_euclid(n) as usize;
                data[flat(&shape, &at)]
            })
            .collect();
        assert_eq!(values(&got), want);
    }
    let x = Array::arange(0, 4, 1, 2).unwrap();
    let far = Array::from_vec(vec![4i64], 1, 1).unwrap();
    for made in [x.take_lazily(&far, 0), x.take_along_axis(&far, 0)] {
        let error = made.unwrap().compute().unwrap_err().to_string();
        assert!(
            error.contains("index 4 is out of range for axis 0 with size 4"),
            "{error}"
        );
    }
}

#[test]
fn where_elements_are_not_zero() {
    let mut rng = Lcg(9);
    for shape in [&[5, 7][..], &[0, 3], &[2, 3, 4], &[6]] {
        let n: usize = shape.iter().product();
        let data: Vec<f64> = (0..n)
            .map(|_| [0.0, 0.0, -1.0, f64::NAN][rng.below(4)])
            .collect();
        let x = Array::from_vec(data.clone(), shape, 2).unwrap();
        let places: Vec<i64> = (0..n)
            .filter(|i| data[*i] != 0.0)
            .map(|i| i as i64)
            .collect();
        assert_eq!(values(&x.flatnonzero().unwrap()), places);
        let rows = values(&x.argwhere().unwrap());
        let each: Vec<Vec<i64>> = x.nonzero().unwrap().iter().map(values).collect();
        for (k, place) in places.iter().enumerate() {
            let index: Vec<usize> = each.iter().map(|a| a[k] as usize).collect();
            assert_eq!(flat(shape, &index) as i64, *place);
            let row: Vec<usize> = rows[k * shape.len()..][..shape.len()]
                .iter()
                .map(|i| *i as usize)
                .collect();
            assert_eq!(row, index);
        }
        assert_eq!(rows.len(), places.len() * shape.len());
    }
}
