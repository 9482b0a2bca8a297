//! `.npz` files: members in place and packed ones, and files that are not whole.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use chunkwise_core::{Chunk, DType, Error, Region, Sink, Source};
use chunkwise_storage::conformance::{check_sink, check_source};
use chunkwise_storage::npy::write_header;
use chunkwise_storage::{Npz, NpzSink};
use common::{TempDir, bytes, values};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// A zip file by another writer.
fn packed(path: &Path, method: CompressionMethod, members: &[(&str, Vec<u8>)]) {
    let mut zip = ZipWriter::new(File::create(path).unwrap());
    let options = SimpleFileOptions::default().compression_method(method);
    for (name, content) in members {
        zip.start_file(*name, options).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap();
}

fn npy_file(chunk: &Chunk) -> Vec<u8> {
    [write_header(chunk.dtype(), chunk.shape()), bytes(chunk)].concat()
}

fn store(path: &Path, arrays: &[(&str, &Chunk)]) {
    let described: Vec<_> = arrays
        .iter()
        .map(|(name, c)| (*name, c.dtype(), c.shape()))
        .collect();
    let sinks = NpzSink::create(path, &described).unwrap();
    for (sink, (_, chunk)) in sinks.iter().zip(arrays) {
        sink.write(&Region::whole(chunk.shape()), chunk.view())
            .unwrap();
    }
    for sink in &sinks {
        sink.commit().unwrap();
    }
}

#[test]
fn passes_the_script_in_every_dtype_and_shape() {
    let dir = TempDir::new();
    let path = dir.join("a.npz");
    for dtype in DType::ALL {
        for shape in [&[][..], &[7], &[0, 3], &[13, 9], &[2, 3, 4, 5]] {
            check_sink(
                || Ok(NpzSink::create(&path, &[("x", dtype, shape)])?.remove(0)),
                || Ok(Arc::new(Npz::open(&path)?.member("x")?) as Arc<dyn Source>),
                &values(dtype, shape),
            )
            .unwrap_or_else(|e| panic!("{dtype} {shape:?}: {e}"));
            assert_eq!(dir.names(), ["a.npz"]);
        }
    }
}

#[test]
fn several_arrays_in_one_file() {
    let dir = TempDir::new();
    let path = dir.join("a.npz");
    let (x, y) = (values(DType::F64, &[30, 7]), values(DType::Bool, &[11]));
    store(&path, &[("x", &x), ("größe/y", &y)]);
    let file = Npz::open(&path).unwrap();
    assert_eq!(file.names(), ["x", "größe/y"]);
    check_source(&file.member("x").unwrap(), &x, 20).unwrap();
    check_source(&file.member("größe/y").unwrap(), &y, 20).unwrap();
    // The checksums are right: another reader looks at them.
    let mut zip = zip::ZipArchive::new(File::open(&path).unwrap()).unwrap();
    for index in 0..zip.len() {
        let mut member = zip.by_index(index).unwrap();
        std::io::copy(&mut member, &mut std::io::sink()).unwrap();
    }
    // Until the last is committed nothing is there; one that fails takes the file with it.
    let sinks = NpzSink::create(
        dir.join("b.npz"),
        &[("x", DType::F64, &[2]), ("y", DType::F64, &[2])],
    )
    .unwrap();
    sinks[0].commit().unwrap();
    assert!(!dir.join("b.npz").exists());
    sinks[1].abort();
    drop(sinks);
    assert_eq!(dir.names(), ["a.npz"]);
    for names in [["x", "x"], ["", "y"]] {
        let arrays = names.map(|n| (n, DType::F64, &[2][..]));
        assert!(NpzSink::create(dir.join("b.npz"), &arrays).is_err());
    }
}

#[test]
fn packed_members_are_unpacked_once() {
    let dir = TempDir::new();
    let path = dir.join("a.npz");
    let (x, y) = (values(DType::I64, &[300, 200]), values(DType::F32, &[5]));
    packed(
        &path,
        CompressionMethod::Deflated,
        &[
            ("x.npy", npy_file(&x)),
            ("note.txt", b"no array".to_vec()),
            ("y.npy", npy_file(&y)),
        ],
    );
    let scratch = TempDir::new();
    let file = Npz::open(&path).unwrap();
    assert_eq!(file.names(), ["x", "y"]);
    let source = file.member_in("x", scratch.path()).unwrap();
    assert!(source.packed_bytes().unwrap() < x.nbytes() as u64);
    check_source(&source, &x, 60).unwrap();
    check_source(&file.member_in("y", scratch.path()).unwrap(), &y, 20).unwrap();
    // What was unpacked stays as it was; nothing is left in the folder.
    fs::remove_file(&path).unwrap();
    check_source(&source, &x, 20).unwrap();
    drop(source);
    assert!(scratch.names().is_empty());
}

#[test]
fn files_that_are_not_whole() {
    let dir = TempDir::new();
    let path = dir.join("a.npz");
    let x = values(DType::F64, &[100]);
    store(&path, &[("x", &x)]);
    let whole = fs::read(&path).unwrap();
    let reason = |e: Error| match e {
        Error::InvalidFile { reason, .. } => reason,
        other => panic!("{other:?}"),
    };
    let missing = Npz::open(&path).unwrap().member("z").unwrap_err();
    assert_eq!(reason(missing), "no array \"z\"; it has x");
    for len in [0, 10, 500, whole.len() - 30, whole.len() - 1] {
        fs::write(&path, &whole[..len]).unwrap();
        let read = Npz::open(&path).and_then(|f| f.member("x").map(|_| ()));
        assert!(reason(read.unwrap_err()).contains("not a whole zip file"));
    }
    // A directory that says more than there is.
    let mut short = npy_file(&x);
    short.truncate(300);
    for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
        packed(&path, method, &[("x.npy", short.clone())]);
        let error = Npz::open(&path).unwrap().member("x").unwrap_err();
        assert!(reason(error).contains("need 928 bytes with the header, the member has 300"));
        packed(&path, method, &[("x.npy", b"something else".to_vec())]);
        let error = Npz::open(&path).unwrap().member("x").unwrap_err();
        assert!(reason(error).contains("not an .npy file"));
    }
    // A packed member whose bytes were changed.
    let noise: Vec<f64> = (0..50_000u64)
        .map(|i| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) as f64).sqrt())
        .collect();
    let noise = Chunk::from_owner(noise, &[50_000]).unwrap();
    packed(
        &path,
        CompressionMethod::Deflated,
        &[("x.npy", npy_file(&noise))],
    );
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x55;
    fs::write(&path, bytes).unwrap();
    let source = Npz::open(&path).unwrap().member("x").unwrap();
    let finding = check_source(&source, &noise, 1).unwrap_err();
    assert!(finding.contains("cannot be unpacked"), "{finding}");
}
