//! `.npy` files as sinks: what is committed can be read, and what is not leaves nothing behind.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::fs;
use std::sync::Arc;

use chunkwise_core::{Chunk, DType, Error, Region, Sink, Source};
use chunkwise_storage::conformance::{check_sink, check_source};
use chunkwise_storage::{NpySink, NpySource, write_npy};
use common::{TempDir, fixture, values};

#[test]
fn passes_the_script_in_every_dtype_and_shape() {
    let dir = TempDir::new();
    let path = dir.join("a.npy");
    let shapes: [&[usize]; 6] = [&[], &[7], &[0, 3], &[13, 9], &[5, 1, 8], &[2, 3, 4, 5]];
    for dtype in DType::ALL {
        for shape in shapes {
            check_sink(
                || NpySink::create(&path, dtype, shape),
                || Ok(Arc::new(NpySource::open(&path)?) as Arc<dyn Source>),
                &values(dtype, shape),
            )
            .unwrap_or_else(|e| panic!("{dtype} {shape:?}: {e}"));
            assert_eq!(dir.names(), ["a.npy"]);
        }
    }
}

#[test]
fn large_strided_data_is_staged_in_parts() {
    let dir = TempDir::new();
    let path = dir.join("t.npy");
    let data: Vec<u16> = (0..900_000u32).map(|x| x as u16).collect();
    let transposed = Chunk::from_strided(data, 0, &[1000, 900], &[1, 1000]).unwrap();
    write_npy(&path, &transposed).unwrap();
    check_source(&NpySource::open(&path).unwrap(), &transposed, 10).unwrap();
}

#[test]
#[cfg(target_endian = "little")]
fn files_are_those_of_numpy_to_the_byte() {
    let dir = TempDir::new();
    let path = dir.join("a.npy");
    write_npy(&path, &values(DType::C128, &[3, 4])).unwrap();
    assert_eq!(
        fs::read(path).unwrap(),
        fs::read(fixture("complex128.npy")).unwrap()
    );
}

#[test]
fn until_the_commit_the_target_is_as_it_was() {
    let dir = TempDir::new();
    let path = dir.join("a.npy");
    write_npy(&path, &values(DType::I32, &[4])).unwrap();
    let before = fs::read(&path).unwrap();
    let new = values(DType::I64, &[6]);
    let sink = NpySink::create(&path, DType::I64, &[6]).unwrap();
    sink.write(&Region::whole(&[6]), new.view()).unwrap();
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(dir.names().len(), 2);
    sink.commit().unwrap();
    assert_eq!(dir.names(), ["a.npy"]);
    check_source(&NpySource::open(&path).unwrap(), &new, 5).unwrap();
    sink.abort();
    drop(sink);
    assert_eq!(dir.names(), ["a.npy"]);
}

#[test]
fn two_sinks_of_one_target_do_not_meet() {
    let dir = TempDir::new();
    let path = dir.join("a.npy");
    let (a, b) = (values(DType::I32, &[3]), values(DType::F64, &[5]));
    let first = NpySink::create(&path, DType::I32, &[3]).unwrap();
    let second = NpySink::create(&path, DType::F64, &[5]).unwrap();
    first.write(&Region::whole(&[3]), a.view()).unwrap();
    second.write(&Region::whole(&[5]), b.view()).unwrap();
    second.commit().unwrap();
    first.commit().unwrap();
    check_source(&NpySource::open(&path).unwrap(), &a, 5).unwrap();
}

#[test]
#[cfg(unix)]
fn a_link_stays_a_link() {
    let dir = TempDir::new();
    let (target, link) = (dir.join("target.npy"), dir.join("link.npy"));
    write_npy(&target, &values(DType::I32, &[3])).unwrap();
    std::os::unix::fs::symlink(&target, &link).unwrap();
    write_npy(&link, &values(DType::I32, &[8])).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(NpySource::open(&target).unwrap().shape(), [8]);
}

#[test]
fn failures_leave_nothing_behind() {
    let dir = TempDir::new();
    let missing = NpySink::create(dir.join("no/a.npy"), DType::I8, &[1]).unwrap_err();
    assert!(
        missing.to_string().contains("no/a.npy: No such file"),
        "{missing}"
    );
    #[cfg(unix)]
    {
        let socket = dir.join("socket");
        let _listening = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let device = NpySink::create(&socket, DType::I8, &[1]).unwrap_err();
        assert!(
            device.to_string().contains("not a regular file"),
            "{device}"
        );
        fs::remove_file(&socket).unwrap();
    }
    let folder = NpySink::create(dir.path(), DType::I8, &[1]).unwrap_err();
    assert!(folder.to_string().contains("is a directory"), "{folder}");
    let huge = NpySink::create(dir.join("a.npy"), DType::I8, &[1 << 40, 1 << 40]).unwrap_err();
    assert!(matches!(huge, Error::TooLarge { .. }));
    // More than most file systems can number; sparse where they can.
    drop(NpySink::create(dir.join("a.npy"), DType::F64, &[1 << 58]));
    let sink = NpySink::create(dir.join("a.npy"), DType::I32, &[4]).unwrap();
    let wrong = values(DType::I64, &[4]);
    let error = sink.write(&Region::whole(&[4]), wrong.view()).unwrap_err();
    assert!(matches!(error, Error::DTypeMismatch { .. }));
    let outside = values(DType::I32, &[2]);
    let error = sink
        .write(&Region::new([3], [2]), outside.view())
        .unwrap_err();
    assert!(matches!(error, Error::ShapeMismatch { .. }));
    drop(sink);
    assert!(dir.names().is_empty(), "{:?}", dir.names());
}
