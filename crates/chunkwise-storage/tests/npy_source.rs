//! `.npy` files as sources: what NumPy wrote is read back, and nothing else is.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use chunkwise_core::{Chunk, DType, Error, Pool, Region, Source};
use chunkwise_storage::NpySource;
use chunkwise_storage::conformance::check_source;
use common::{TempDir, bytes, fixture, npy, values};

fn check(name: &str, expected: &Chunk) -> NpySource {
    let source = NpySource::open(fixture(name)).unwrap();
    check_source(&source, expected, 100).unwrap_or_else(|e| panic!("{name}: {e}"));
    source
}

#[test]
fn every_dtype_in_both_byte_orders() {
    for dtype in DType::ALL {
        let expected = values(dtype, &[3, 4]);
        let native = check(&format!("{dtype}.npy"), &expected);
        assert_eq!(native.header().version, (1, 0));
        if dtype.size() > 1 {
            let other = check(&format!("{dtype}_big_endian.npy"), &expected);
            assert_ne!(other.header().swapped, native.header().swapped);
        }
    }
}

#[test]
fn orders_versions_and_unusual_shapes() {
    let fortran = check("fortran_order.npy", &values(DType::F64, &[2, 3, 4]));
    assert!(fortran.header().fortran_order);
    check(
        "fortran_order_big_endian.npy",
        &values(DType::I16, &[2, 3, 4]),
    );
    check("zero_dimensional.npy", &values(DType::I32, &[]));
    check("one_dimensional.npy", &values(DType::I32, &[7]));
    check("empty.npy", &values(DType::F32, &[0, 3]));
    check("empty_inner.npy", &values(DType::F32, &[3, 0, 2]));
    for major in [2, 3] {
        let source = check(
            &format!("version_{major}.npy"),
            &values(DType::I32, &[3, 4]),
        );
        assert_eq!(source.header().version, (major, 0));
    }
}

/// Large enough for every way of reading: long runs, bridged gaps, gathered runs, split blocks.
#[test]
fn large_regions_in_both_orders() {
    let dir = TempDir::new();
    for (name, shape) in [
        ("a", vec![90, 70, 60]),
        ("b", vec![3, 5, 40_000]),
        ("c", vec![40_000, 15]),
    ] {
        let n: usize = shape.iter().product();
        let expected = Chunk::from_owner((0..n as u32).collect::<Vec<_>>(), &shape).unwrap();
        // The Fortran-order file of this array is the C-order file of its transpose.
        let strides: Vec<isize> = (0..shape.len())
            .map(|a| shape[a + 1..].iter().product::<usize>() as isize)
            .rev()
            .collect();
        let reversed: Vec<usize> = shape.iter().rev().copied().collect();
        let data = expected.to_vec::<u32>().unwrap();
        let transpose = Chunk::from_strided(data, 0, &reversed, &strides).unwrap();
        let big: Vec<u8> = transpose
            .to_vec::<u32>()
            .unwrap()
            .iter()
            .flat_map(|x| x.to_be_bytes())
            .collect();
        for (descr, fortran_order, data) in [("=u4", false, bytes(&expected)), (">u4", true, big)] {
            let path = dir.join(&format!("{name}{fortran_order}.npy"));
            fs::write(&path, npy(descr, fortran_order, &shape, &data)).unwrap();
            let source = NpySource::open(&path).unwrap();
            check_source(&source, &expected, 60).unwrap();
        }
    }
}

#[test]
fn any_nonzero_byte_is_true() {
    let dir = TempDir::new();
    let path = dir.join("b.npy");
    fs::write(&path, npy("|b1", false, &[2, 2], &[0, 1, 2, 255])).unwrap();
    let expected = Chunk::from_owner(vec![false, true, true, true], &[2, 2]).unwrap();
    check_source(&NpySource::open(&path).unwrap(), &expected, 20).unwrap();
}

#[test]
fn bytes_after_the_data_are_ignored_and_missing_ones_refused() {
    let dir = TempDir::new();
    let path = dir.join("a.npy");
    let file = npy("<i4", false, &[3], &[0; 12]);
    fs::write(&path, [file.clone(), vec![7; 5]].concat()).unwrap();
    check_source(
        &NpySource::open(&path).unwrap(),
        &Chunk::from_owner(vec![0i32; 3], &[3]).unwrap(),
        5,
    )
    .unwrap();
    fs::write(&path, &file[..file.len() - 1]).unwrap();
    let error = NpySource::open(&path).unwrap_err().to_string();
    let (needed, has) = (file.len(), file.len() - 1);
    assert!(
        error.ends_with(&format!(
            "a.npy: int32 of shape [3] need {needed} bytes with the header, the file has {has}"
        )),
        "{error}"
    );
}

#[test]
fn what_is_no_array_of_ours_is_refused_by_name() {
    for (name, meaning) in [
        ("object", "Python objects"),
        ("structured", "structured"),
        ("float16", "float16"),
        ("datetime", "datetime64"),
        ("timedelta", "timedelta64"),
        ("bytes", "byte strings"),
        ("text", "text"),
        ("extended", "extended precision"),
        ("raw", "raw or structured bytes"),
    ] {
        let error = NpySource::open(fixture(&format!("unsupported/{name}.npy"))).unwrap_err();
        assert!(matches!(error, Error::InvalidFile { .. }), "{error}");
        let error = error.to_string();
        assert!(
            error.contains(&format!("({meaning}) cannot be read")),
            "{error}"
        );
    }
    let missing = NpySource::open(fixture("missing.npy")).unwrap_err();
    assert!(
        missing.to_string().contains("missing.npy: No such file"),
        "{missing}"
    );
    let folder = NpySource::open(fixture("unsupported")).unwrap_err();
    assert!(
        folder.to_string().contains("not a regular file"),
        "{folder}"
    );
}

#[test]
fn a_file_that_changes_is_an_error() {
    let dir = TempDir::new();
    let path = dir.join("a.npy");
    fs::write(&path, npy("<i8", false, &[1000], &[1; 8000])).unwrap();
    let whole = Region::whole(&[1000]);
    let read = |source: &NpySource| {
        Chunk::build(&Pool::new(0), DType::I64, &[1000], |out| {
            source.read(&whole, out)
        })
    };
    let source = NpySource::open(&path).unwrap();
    read(&source).unwrap();
    let file = File::options().write(true).open(&path).unwrap();
    file.set_len(4000).unwrap();
    let error = read(&source).unwrap_err().to_string();
    assert!(
        error.contains("a.npy: became shorter while it was read: 4000 bytes"),
        "{error}"
    );
    file.set_len(9000).unwrap();
    let error = read(&source).unwrap_err().to_string();
    assert!(
        error.ends_with("a.npy: changed since it was opened"),
        "{error}"
    );
}

#[test]
fn a_replaced_file_is_read_as_it_was() {
    let dir = TempDir::new();
    let path = dir.join("a.npy");
    chunkwise_storage::write_npy(&path, &values(DType::F32, &[50])).unwrap();
    let source = NpySource::open(&path).unwrap();
    chunkwise_storage::write_npy(&path, &values(DType::F64, &[60])).unwrap();
    check_source(&source, &values(DType::F32, &[50]), 10).unwrap();
}

#[test]
fn ids_follow_the_contents() {
    let dir = TempDir::new();
    let path = dir.join("a.npy");
    let settled = |age: u64| {
        fs::write(&path, npy("<i4", false, &[2], &[0; 8])).unwrap();
        let file = File::options().write(true).open(&path).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(age))
            .unwrap();
        NpySource::open(&path).unwrap().id()
    };
    let first = settled(100);
    assert_eq!(NpySource::open(&path).unwrap().id(), first);
    let roundabout = dir.path().join(".").join("a.npy");
    assert_eq!(NpySource::open(roundabout).unwrap().id(), first);
    assert_ne!(settled(50), first);
    // Too fresh to tell from a change within the same tick of the clock.
    assert_ne!(settled(0), NpySource::open(&path).unwrap().id());
}

#[test]
fn requests_that_do_not_fit_are_errors() {
    let source = NpySource::open(fixture("float64.npy")).unwrap();
    let pool = Pool::new(0);
    let try_read = |dtype, shape: &[usize], region: Region| {
        Chunk::build(&pool, dtype, shape, |out| source.read(&region, out)).unwrap_err()
    };
    let outside = try_read(DType::F64, &[2, 2], Region::new([2, 0], [2, 2]));
    assert!(matches!(outside, Error::ShapeMismatch { .. }));
    let shape = try_read(DType::F64, &[2, 3], Region::new([0, 0], [2, 2]));
    assert!(matches!(shape, Error::ShapeMismatch { .. }));
    let dtype = try_read(DType::F32, &[2, 2], Region::new([0, 0], [2, 2]));
    assert!(matches!(dtype, Error::DTypeMismatch { .. }));
}
