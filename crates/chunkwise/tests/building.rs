//! What is settled when an array is made: shape, dtype, chunks, place, and errors.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use chunkwise::*;

fn zeros(shape: &[usize], dtype: DType) -> Array {
    Array::zeros(shape, dtype, 2).unwrap()
}

#[test]
fn dtypes_follow_numpy() -> Result<()> {
    use DType::*;
    let of = |d| zeros(&[3], d);
    let cases: Vec<(&str, Result<Array>, DType)> = vec![
        ("i8 + i8", (of(I8) + of(I8)).check().cloned(), I8),
        ("i8 + u8", (of(I8) + of(U8)).check().cloned(), I16),
        ("i32 + f32", (of(I32) + of(F32)).check().cloned(), F64),
        ("f32 * 2.0", (of(F32) * 2.0).check().cloned(), F32),
        ("f32 * 2", (2 * of(F32)).check().cloned(), F32),
        ("i8 * 2.0", (of(I8) * 2.0).check().cloned(), F64),
        (
            "f32 + 1j",
            (of(F32) + Complex64::new(0.0, 1.0)).check().cloned(),
            C64,
        ),
        ("i32 / i32", (of(I32) / of(I32)).check().cloned(), F64),
        ("bool + bool", (of(Bool) + of(Bool)).check().cloned(), Bool),
        ("!bool", (!of(Bool)).check().cloned(), Bool),
        ("u8 << 1", (of(U8) << 1).check().cloned(), U8),
        ("i64 < 0.5", of(I64).less(0.5), Bool),
        ("u8 < 300", of(U8).less(300), Bool),
        ("sqrt(i64)", of(I64).sqrt(), F64),
        ("abs(c64)", of(C64).abs(), F32),
        ("sum(i8)", of(I8).sum(..), I64),
        ("sum(u8)", of(U8).sum(..), U64),
        ("sum(bool)", of(Bool).sum(..), I64),
        ("sum(f32)", of(F32).sum(..), F32),
        ("sum_as(i8, i16)", of(I8).sum_as(.., I16), I16),
        ("mean(i8)", of(I8).mean(..), F64),
        ("mean(f32)", of(F32).mean(..), F32),
        ("cumsum(i8)", of(I8).cumsum(0), I64),
        ("any(f64)", of(F64).any(..), Bool),
        ("count_nonzero", of(F64).count_nonzero(..), I64),
        ("matmul bool", zeros(&[2, 3], Bool).matmul(&of(Bool)), Bool),
        ("matmul mixed", zeros(&[2, 3], I32).matmul(&of(F32)), F64),
        ("trace(i8)", zeros(&[3, 3], I8).trace(0, 0, 1), I64),
        ("einsum(i8)", einsum("i->", [&of(I8)]), I8),
        ("round(i8)", of(I8).round(-1), I8),
        ("clip", of(I8).clip(0, 5), I8),
        ("where", of(Bool).where_(of(F32), 0), F32),
        ("tril", zeros(&[3, 3], U8).tril(0), U8),
        ("diff(bool)", of(Bool).diff(1, 0), Bool),
        ("arange", Array::arange(0, 3, 1.0, 2), F64),
        ("concatenate", concatenate([of(I8), of(F32)], 0), F32),
    ];
    for (name, array, want) in cases {
        let array = array.unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(array.dtype(), want, "{name}");
    }
    Ok(())
}

#[test]
fn numpys_dtypes_in_every_pair() {
    for a in DType::ALL {
        for b in DType::ALL {
            let sum = zeros(&[3], a) + zeros(&[3], b);
            assert_eq!(sum.check().unwrap().dtype(), a.promote(b), "{a} {b}");
        }
    }
}

#[test]
fn shapes_follow_numpy() -> Result<()> {
    let x = zeros(&[4, 5, 6], DType::F64);
    let cases: Vec<(&str, Array, &[usize])> = vec![
        (
            "keepdims",
            x.max(Axes::from([0, -1]).keepdims())?,
            &[1, 5, 1],
        ),
        ("no axes", x.sum([0usize; 0])?, &[4, 5, 6]),
        ("expand", x.expand_dims(&[0, -1])?, &[1, 4, 5, 6, 1]),
        ("t", x.t()?, &[6, 5, 4]),
        ("reshape", x.reshape([2, -1])?, &[2, 60]),
        (
            "reshape 0",
            zeros(&[0, 3], DType::I8).reshape([3, 0])?,
            &[3, 0],
        ),
        (
            "broadcast",
            (&x + zeros(&[5, 1], DType::F64)).check()?.clone(),
            &[4, 5, 6],
        ),
        ("mask 2d", x.mask(&zeros(&[4, 5], DType::Bool))?, &[20, 6]),
        ("tile", zeros(&[2], DType::I8).tile(&[0])?, &[0]),
        ("diff beyond", x.diff(9, 0)?, &[0, 5, 6]),
        (
            "pad",
            x.pad(&[(1, 2), (0, 0), (3, 0)], Pad::Edge)?,
            &[7, 5, 9],
        ),
        ("matmul", x.matmul(&zeros(&[6, 2], DType::F64))?, &[4, 5, 2]),
        (
            "batches",
            zeros(&[7, 1, 5, 6], DType::F64).matmul(&x.mt()?)?,
            &[7, 4, 5, 5],
        ),
        ("dot", x.dot(&zeros(&[6], DType::F64))?, &[4, 5]),
        (
            "tensordot 0",
            x.tensordot(&zeros(&[2], DType::F64), 0)?,
            &[4, 5, 6, 2],
        ),
        ("einsum", einsum("i...,i...", [&x, &x])?, &[5, 6]),
        (
            "einsum order",
            einsum("ba", [zeros(&[2, 3], DType::F64)])?,
            &[3, 2],
        ),
        (
            "dstack",
            dstack([zeros(&[3], DType::I8), zeros(&[3], DType::I8)])?,
            &[1, 3, 2],
        ),
        (
            "0-d matmul",
            zeros(&[3], DType::F64).matmul(&zeros(&[3], DType::F64))?,
            &[],
        ),
        ("split", x.array_split(4, 2)?.remove(3), &[4, 5, 1]),
        ("take", x.take(&[], 1)?, &[4, 0, 6]),
        ("rot90", x.rot90(1, 0, 2)?, &[6, 5, 4]),
    ];
    for (name, array, want) in cases {
        assert_eq!(array.shape(), want, "{name}");
        assert_eq!(array.size(), want.iter().product::<usize>(), "{name}");
        assert_eq!(array.chunks().shape().as_slice(), want, "{name}");
    }
    Ok(())
}

#[test]
fn chunks_follow_the_inputs() -> Result<()> {
    let x = Array::zeros([100, 60], DType::F64, [30, 20])?;
    let cases: Vec<(&str, Array, &str)> = vec![
        ("sum", x.sum(0)?, "(20,)"),
        ("keepdims", x.sum(Axes::from(0).keepdims())?, "(1, 20)"),
        ("t", x.t()?, "(20, 30 (last 10))"),
        ("slice", x.get(s![10..-50, 40..])?, "(20, 20)"),
        (
            "add",
            (&x + Array::zeros([60], DType::F64, 15)?).check()?.clone(),
            "(30 (last 10), 15 5 10 10 5 15)",
        ),
        (
            "concatenate",
            concatenate([&x, &x], 1)?,
            "(30 (last 10), 20)",
        ),
        ("matmul", x.matmul(&x.t()?)?, "(30 (last 10), 30 (last 10))"),
        ("rechunk", x.rechunk([-1, 7])?, "(100, 7 (last 4))"),
        ("outer", x.sum(0)?.outer(&x.sum(1)?)?, "(20, 30 (last 10))"),
        (
            "overlap",
            x.map_overlap(Overlap::new(1), |c: ndarray::ArrayViewD<f64>| c.to_owned())?,
            "(30 (last 10), 20)",
        ),
        (
            "blocks",
            map_blocks(
                [&x],
                DType::F64,
                Blocks::new().new_axes([0]),
                |c: &[Chunk], _: &_| c[0].clone(),
            )?,
            "(1, 30 (last 10), 20)",
        ),
    ];
    for (name, array, want) in cases {
        assert_eq!(array.chunks().to_string(), want, "{name}");
    }
    Ok(())
}

#[test]
fn errors_say_what_is_wrong() {
    let x = zeros(&[4, 5], DType::F64);
    let flag = zeros(&[4], DType::Bool);
    let some = x.compress(&flag, 0).unwrap();
    let cases: Vec<(Result<Array>, &str)> = vec![
        (
            x.sum(2),
            "axis 2 is out of range for an array of 2 dimensions",
        ),
        (x.sum([0, -2]), "axis -2 is given twice"),
        (
            zeros(&[0], DType::F64).max(..),
            "max of an empty axis has no value",
        ),
        (x.reshape([3, -1]), "20 elements are not a multiple of 3"),
        (x.reshape([-1, -1]), "only one length may be -1"),
        (
            x.reshape([3, 7]),
            "reshape: expected shape (4, 5), got (3, 7)",
        ),
        (
            x.get(s![4]),
            "index 4 is out of range for axis 0 with size 4",
        ),
        (x.get_str("0, 0, 0"), "too many indices: 3"),
        (
            x.take(&[7], 0),
            "index 7 is out of range for axis 0 with size 4",
        ),
        (
            x.compress(&x, 0),
            "boolean index: expected bool, got float64",
        ),
        (
            x.mask(&zeros(&[3], DType::Bool)),
            "expected shape (4,), got (3,)",
        ),
        (x.matmul(&x), "matmul: expected shape (4, 5), got (4, 5)"),
        (x.tensordot(&x, 3), "axes = 3: the arrays have 2 and 2 axes"),
        (
            x.tensordot(&x, ([0], [1])),
            "tensordot: expected shape (4, 5), got (4, 5)",
        ),
        (einsum("ij,jk", [&x]), "it names 2 arrays, 1 are given"),
        (einsum("ijk", [&x]), "names 3 axes of an array with 2"),
        (einsum("ii", [&x]), "label i has lengths 4 and 5"),
        (einsum("ij->k", [&x]), "label k is in no array"),
        (einsum("ij->ii", [&x]), "label i is twice in the result"),
        (einsum("i1", [&x]), "'1' is no label"),
        (einsum("ij,jk", [&x, &x]), "label j has lengths 5 and 4"),
        (
            x.less(zeros(&[3], DType::F64)),
            "shapes (4, 5) and (3,) cannot be broadcast together",
        ),
        (x.bitwise_and(1), "bitwise_and is not defined for float64"),
        (
            zeros(&[3], DType::U8).add(300),
            "add: 300 is out of range for uint8",
        ),
        (
            Array::full([2], 300, DType::U8, 2),
            "full: 300 is out of range for uint8",
        ),
        (
            zeros(&[3], DType::I32).pow(-1),
            "integers to negative integer powers are not allowed",
        ),
        (Array::arange(0, 5, 0, 2), "the step cannot be zero"),
        (
            Array::arange(0.0, f64::INFINITY, 1.0, 2),
            "not a finite number of elements",
        ),
        (Array::zeros([3, 4], DType::F64, [2]), "1 sizes for 2 axes"),
        (
            Array::zeros([1 << 40, 1 << 40], DType::F64, 1000),
            "more elements than can be addressed",
        ),
        (
            x.pad(&[(1, 1); 3], Pad::Edge),
            "one pair, or one for each of 2 axes",
        ),
        (
            zeros(&[0], DType::F64).pad(&[(1, 1)], Pad::Edge),
            "axis 0 is empty",
        ),
        (x.roll(&[1, 2], ..), "one for each of 1 axes"),
        (x.cumsum([0, 1]), "one axis, or .."),
        (
            x.repeat_each(&[1], 0),
            "repeat: expected shape (4,), got (1,)",
        ),
        (
            stack([&x, &x.t().unwrap()], 0),
            "stack: expected shape (4, 5), got (5, 4)",
        ),
        (
            concatenate(Vec::<Array>::new(), 0),
            "at least one is needed",
        ),
        (
            some.reshape([20]),
            "the length of axis 0 is known only after computing",
        ),
        (
            some.argmin(0),
            "argmin: the length of axis 0 is known only after computing",
        ),
        (
            (&some + &x).check().cloned(),
            "add: the length of axis 0 is known only after computing",
        ),
        (
            x.map_blocks(|c: ndarray::ArrayViewD<f32>| c.to_owned()),
            "map_blocks: expected float32, got float64",
        ),
        (
            Random::new(0).uniform(1.0, 0.0, 3, 3),
            "high = 0: must be above low = 1",
        ),
        (
            Random::new(0).weighted_choice(&[1.0, -1.0], 3, 3),
            "weights = -1: weights are finite and not negative",
        ),
        (
            Random::new(0).with_dtype(DType::I8).integers(0, 300, 3, 3),
            "high = 300",
        ),
    ];
    for (i, (result, want)) in cases.into_iter().enumerate() {
        let got = match result {
            Ok(array) => panic!("case {i} ({want}): no error but {array}"),
            Err(e) => e.to_string(),
        };
        assert!(got.contains(want), "case {i}: {got:?} lacks {want:?}");
    }
}

#[test]
fn a_failed_array_keeps_its_first_error_and_place() {
    let (a, b) = (zeros(&[3], DType::F64), zeros(&[4], DType::F64));
    let line = line!() + 1;
    let failed = &a + &b;
    let later = -(2.0 * failed.clone() / &b);
    assert_eq!(
        (failed.shape(), failed.size(), failed.nbytes()),
        (&[][..], 0, 0)
    );
    let place = format!("building.rs:{line}");
    for error in [
        later.check().unwrap_err(),
        later.sum(..).unwrap_err(),
        later.reshape([1, 1]).unwrap_err(),
        concatenate([&a, &later], 0).unwrap_err(),
        a.add(&later).unwrap_err(),
        later.matmul(&a).unwrap_err(),
    ] {
        let text = error.to_string();
        assert!(text.contains(&place), "{text}");
        assert!(
            text.contains("shapes (3,) and (4,) cannot be broadcast"),
            "{text}"
        );
        assert!(matches!(error.root(), Error::Broadcast { .. }));
    }
    let shown = later.to_string();
    assert!(shown.starts_with("Array<failed: shapes"), "{shown}");
}

#[test]
fn every_node_knows_the_line_that_made_it() {
    let x = zeros(&[4, 5], DType::F64);
    let line = line!();
    let made = [
        &x + 1.0,
        x.sum(0).unwrap(),
        x.pad(&[(1, 1)], Pad::Edge).unwrap(),
        x.matmul(&x.t().unwrap()).unwrap(),
        x.isclose(&x, 0.0, 0.0, true).unwrap(),
        Random::new(1).random([2], 2).unwrap(),
        einsum("ij,ij->i", [&x, &x]).unwrap(),
        x.roll(&[1], 0).unwrap(),
    ];
    for (i, array) in made.iter().enumerate() {
        let location = array.location().unwrap();
        assert!(location.file.ends_with("building.rs"), "{i}: {location}");
        assert_eq!(location.line, line + 2 + i as u32, "{i}");
    }
}

#[test]
fn nothing_is_allocated_or_listed_for_large_arrays() -> Result<()> {
    let n = 1 << 40;
    let x = Array::linspace(0.0, 1.0, n, true, 1 << 20)?;
    assert_eq!(x.numblocks().as_slice(), [1 << 20]);
    let y = (x.get(s![..; 2])? * 2.0).mean(..)?;
    assert!(y.shape().is_empty());
    let z = Random::new(1).random([1_500_000, 100_000], 100)?;
    assert_eq!(z.chunks().count(), 15_000_000);
    assert_eq!(
        z.sum(0)?.to_string(),
        "Array<float64 (100000,) chunks (100,), 781.25 KiB>"
    );
    Ok(())
}

#[test]
fn streams_differ_and_repeat() -> Result<()> {
    let ids = |r: &Random| -> Result<Vec<_>> {
        (0..3).map(|_| Ok(r.random([4], 2)?.expr()?.id())).collect()
    };
    let first = ids(&Random::new(7))?;
    assert_eq!(first, ids(&Random::new(7))?);
    assert_ne!(first, ids(&Random::new(8))?);
    assert!(first[0] != first[1] && first[1] != first[2]);
    let random = Random::new(7);
    let (a, b) = (
        random.random([4], 2)?,
        random.with_dtype(DType::F32).random([4], 2)?,
    );
    assert_eq!(a.expr()?.id(), first[0]);
    assert_ne!(b.expr()?.id(), first[1]);
    assert_eq!(random.random([4], 4)?.expr()?.id(), first[2]);
    assert_eq!(random.stream(1).random([4], 2)?.expr()?.id(), first[1]);
    Ok(())
}
