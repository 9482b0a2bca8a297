//! The command on every format: what it says, what it copies, what it refuses.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;

use chunkwise::zarr_store::{Compressor, Version};
use chunkwise::{Array, Layout, StoreLocation, ZarrArray, ZarrSink};
use common::Folder;
use std::sync::Arc;

fn numbers(shape: [usize; 2]) -> Array {
    let count = (shape[0] * shape[1]) as i64;
    let flat = Array::arange(0, count, 1, 1000).unwrap();
    flat.reshape([shape[0] as isize, shape[1] as isize])
        .unwrap()
}

fn store(folder: &Folder, at: &str, path: &str, layout: &Layout) {
    let array = numbers([60, 40]);
    let location = StoreLocation::parse(folder.path().join(at).to_str().unwrap()).unwrap();
    let (shape, dtype) = (array.shape(), array.dtype());
    let sink = ZarrSink::create(location.at(path), layout, shape, dtype, false, false).unwrap();
    let session = chunkwise::Session::new(1, 64 << 20).unwrap();
    session.store(&[&array], vec![Arc::new(sink)]).unwrap();
}

fn document(folder: &Folder, at: &str) -> serde_json::Value {
    let location = StoreLocation::parse(folder.path().join(at).to_str().unwrap()).unwrap();
    let array = ZarrArray::open(Arc::clone(&location.store), &location.full()).unwrap();
    array.document().clone()
}

/// Whether every copy still has the elements of `numbers([60, 40])`.
fn whole(folder: &Folder, at: &[&str]) {
    let sum = folder.output(
        &[
            &["reduce"],
            at,
            &["--op", "sum", "--axis", "0", "--slice", ":, 3"],
        ]
        .concat(),
    );
    let expected: i64 = (0..60).map(|r| r * 40 + 3).sum();
    assert_eq!(sum, format!("{expected}\n"), "{at:?}");
    let all = folder.output(&[&["reduce"], at, &["--op", "sum"]].concat());
    assert_eq!(all, format!("{}\n", 2399 * 2400 / 2), "{at:?}");
}

fn sharded() -> Layout {
    Layout {
        shards: Some([20, 20].as_slice().into()),
        compressor: Compressor::Blosc {
            name: "lz4".to_owned(),
            level: 5,
            shuffle: Default::default(),
        },
        fill_value: Some(7.into()),
        dimension_names: Some(vec![Some("y".to_owned()), Some("x".to_owned())]),
        attributes: [("units".to_owned(), "m".into())].into_iter().collect(),
        ..Layout::new(&[10, 5])
    }
}

#[test]
fn copies_go_around_all_formats() {
    let folder = Folder::new();
    store(&folder, "a.zarr", "", &Layout::new(&[7, 40]));
    let way = [
        "a.zarr",
        "b.npy",
        "c.npz",
        "d.raw",
        "e.zarr",
        "f.npz::u",
        "g.zarr::deep/down/u",
        "h.npy",
    ];
    for pair in way.windows(2) {
        let raw: &[&str] = match pair[0] {
            "d.raw" => &["--dtype", "<i8", "--shape", "60,40"],
            _ => &[],
        };
        assert_eq!(
            folder.output(&[&["copy", pair[0], pair[1]], raw].concat()),
            "",
            "{pair:?}"
        );
        if pair[1] != "d.raw" {
            whole(&folder, &[pair[1]]);
        }
    }
    whole(&folder, &["d.raw", "--dtype", "i8", "--shape", "60,40"]);
    let fortran = [
        "d.raw", "--dtype", "i8", "--shape", "60,40", "--order", "F", "--op", "max",
    ];
    let column = folder.output(
        &[
            &["reduce"],
            &fortran[..],
            &["--axis", "0", "--slice", ":, 1"],
        ]
        .concat(),
    );
    assert_eq!(column, "119\n");
    let info = folder.output(&["info", "c.npz"]);
    assert!(info.contains("size    1 array, 18.75 KiB"), "{info}");
    assert!(info.contains("b     int64  (60, 40)"), "{info}");
    let info = folder.output(&["info", "g.zarr"]);
    assert!(info.contains("deep/down/u  int64  (60, 40)"), "{info}");
    assert!(folder.names().iter().all(|name| !name.starts_with('.')));
}

#[test]
fn rechunk_keeps_what_it_is_not_told_to_change() {
    let folder = Folder::new();
    store(&folder, "a.zarr", "", &sharded());
    folder.output(&[
        "rechunk",
        "a.zarr",
        "b.zarr",
        "--chunks",
        "6,40",
        "--memory-limit",
        "8MiB",
    ]);
    whole(&folder, &["b.zarr"]);
    let (old, new) = (document(&folder, "a.zarr"), document(&folder, "b.zarr"));
    for kept in ["fill_value", "attributes", "dimension_names", "data_type"] {
        assert_eq!(old[kept], new[kept], "{kept}");
    }
    let codecs = "/codecs/0/configuration/codecs";
    assert_eq!(old.pointer(codecs), new.pointer(codecs));
    assert_eq!(
        new.pointer("/codecs/0/configuration/chunk_shape"),
        Some(&[6, 40][..].into())
    );
    // Shards of 20 x 20 become the next multiples.
    let shards = new.pointer("/chunk_grid/configuration/chunk_shape");
    assert_eq!(shards, Some(&[24, 40][..].into()));
    // Told otherwise: each is changed alone.
    folder.output(&[
        "copy",
        "a.zarr",
        "c.zarr",
        "--shards",
        "none",
        "--compressor",
        "gzip:9",
    ]);
    whole(&folder, &["c.zarr"]);
    let new = document(&folder, "c.zarr");
    assert_eq!(new.pointer("/codecs/1/name"), Some(&"gzip".into()));
    assert_eq!(
        new.pointer("/chunk_grid/configuration/chunk_shape"),
        Some(&[10, 5][..].into())
    );
    assert_eq!(new["fill_value"], 7);
    folder.output(&["copy", "a.zarr", "d.zarr", "--zarr-format", "2"]);
    whole(&folder, &["d.zarr"]);
    let new = document(&folder, "d.zarr");
    assert_eq!(
        (&new["compressor"]["id"], &new["compressor"]["cname"]),
        (&"blosc".into(), &"lz4".into())
    );
    assert_eq!(
        new["attributes"]["_ARRAY_DIMENSIONS"],
        serde_json::json!(["y", "x"])
    );
    folder.output(&["copy", "d.zarr", "e.zarr", "--zarr-format", "3"]);
    whole(&folder, &["e.zarr"]);
    let new = document(&folder, "e.zarr");
    assert_eq!(new["dimension_names"], old["dimension_names"]);
    assert_eq!(
        (&new["attributes"], &new["fill_value"]),
        (&old["attributes"], &old["fill_value"])
    );
    assert_eq!(
        new.pointer("/codecs/1"),
        old.pointer(&format!("{codecs}/1"))
    );
}

#[test]
fn groups_are_copied_with_all_that_is_below() {
    let folder = Folder::new();
    store(&folder, "a.zarr", "t", &sharded());
    store(
        &folder,
        "a.zarr",
        "day/u",
        &Layout {
            version: Version::V3,
            ..Layout::new(&[60, 5])
        },
    );
    fs::write(
        folder.path().join("a.zarr/zarr.json"),
        r#"{"zarr_format": 3, "node_type": "group", "attributes": {"title": "air"}}"#,
    )
    .unwrap();
    let info = folder.output(&["info", "a.zarr"]);
    assert!(
        info.contains("attr    title = \"air\"\nsize    2 arrays, 37.50 KiB\n"),
        "{info}"
    );
    assert!(info.contains("\nday/   group\n"), "{info}");
    folder.output(&[
        "copy", "a.zarr", "b.zarr", "--chunks", "15,20", "--shards", "none",
    ]);
    let info = folder.output(&["info", "b.zarr"]);
    assert!(info.contains("title = \"air\""), "{info}");
    for name in ["t", "day/u"] {
        whole(&folder, &[&format!("b.zarr::{name}")]);
        let chunks = document(&folder, &format!("b.zarr/{name}"));
        assert_eq!(
            chunks.pointer("/chunk_grid/configuration/chunk_shape"),
            Some(&[15, 20][..].into())
        );
    }
    folder.output(&["copy", "b.zarr", "c.npz"]);
    whole(&folder, &["c.npz::day/u"]);
    folder.output(&["copy", "c.npz", "d.zarr", "--zarr-format", "2"]);
    whole(&folder, &["d.zarr::day/u"]);
    let refused = folder.error(&["copy", "a.zarr", "b.zarr"]);
    assert!(refused.contains("only an overwrite replaces"), "{refused}");
    folder.output(&["copy", "a.zarr::day", "b.zarr", "--overwrite"]);
    assert!(!folder.path().join("b.zarr/t").exists());
    whole(&folder, &["b.zarr::u"]);
    let refused = folder.error(&["reduce", "a.zarr", "--op", "sum"]);
    assert!(
        refused.contains("has several arrays; name one, as in a.zarr::"),
        "{refused}"
    );
    assert!(folder.names().iter().all(|name| !name.starts_with('.')));
}

#[test]
fn consolidated_metadata_is_copied_as_such() {
    let folder = Folder::new();
    store(&folder, "a.zarr", "t", &sharded());
    store(&folder, "a.zarr", "day/u", &Layout::new(&[60, 5]));
    let location = StoreLocation::parse(folder.path().join("a.zarr").to_str().unwrap()).unwrap();
    chunkwise::zarr_store::consolidate(&*location.store, "a.zarr", Version::V3).unwrap();
    folder.output(&["copy", "a.zarr", "b.zarr"]);
    folder.output(&["copy", "a.zarr", "c.zarr", "--zarr-format", "2"]);
    let json = |path: &str| -> serde_json::Value {
        serde_json::from_slice(&fs::read(folder.path().join(path)).unwrap()).unwrap()
    };
    let new = json("b.zarr/zarr.json");
    let metadata = &new["consolidated_metadata"]["metadata"];
    let names: Vec<&String> = metadata.as_object().unwrap().keys().collect();
    assert_eq!(names, ["day", "day/u", "t"]);
    assert_eq!(metadata["day/u"], json("b.zarr/day/u/zarr.json"));
    let metadata = &json("c.zarr/.zmetadata")["metadata"];
    assert_eq!(metadata["t/.zarray"], json("c.zarr/t/.zarray"));
    assert_eq!(metadata["t/.zattrs"], json("c.zarr/t/.zattrs"));
    // What is listed is what is there.
    for copy in ["b.zarr", "c.zarr"] {
        let info = folder.output(&["info", copy]);
        assert!(info.contains("size    2 arrays, 37.50 KiB"), "{info}");
        whole(&folder, &[&format!("{copy}::day/u")]);
    }
}

#[test]
fn a_plan_is_shown_before_anything_is_written() {
    let folder = Folder::new();
    store(&folder, "a.zarr", "", &Layout::new(&[1, 40]));
    let arguments = [
        "rechunk",
        "a.zarr",
        "b.zarr",
        "--chunks",
        "60,1",
        "--memory-limit",
        "1MiB",
        "--explain",
    ];
    let text = folder.output(&arguments);
    assert!(
        text.starts_with("copy a.zarr: int64 [60, 40], 18.75 KiB"),
        "{text}"
    );
    assert!(text.contains("memory per task"), "{text}");
    assert!(text.contains("\ncost: about "), "{text}");
    assert_eq!(folder.names(), ["a.zarr"]);
    let shown = folder.run(&["copy", "a.zarr", "b.npy", "--progress", "--stats"]);
    assert!(shown.err.contains("18.75 KiB at "), "{}", shown.err);
    assert!(shown.err.contains("peak memory"), "{}", shown.err);
}

#[test]
fn an_interrupted_copy_leaves_nothing_that_reads_as_data() {
    let folder = Folder::new();
    store(&folder, "a.zarr", "", &Layout::new(&[10, 10]));
    // A chunk that is no chunk ends the run as an interrupt does: in its middle.
    let broken = folder.path().join("a.zarr/c/5/3");
    let good = fs::read(&broken).unwrap();
    fs::write(&broken, b"no chunk").unwrap();
    let refused = folder.error(&["copy", "a.zarr", "b.zarr"]);
    assert!(refused.contains("a corrupt chunk"), "{refused}");
    assert_eq!(folder.names(), ["a.zarr"]);
    folder.error(&["copy", "a.zarr", "b.npy"]);
    assert_eq!(folder.names(), ["a.zarr"]);
    let resumed = ["copy", "a.zarr", "b.zarr", "--resume", "--threads", "1"];
    folder.error(&resumed);
    assert!(
        folder
            .error(&["info", "b.zarr"])
            .starts_with("opening b.zarr")
    );
    fs::write(&broken, good).unwrap();
    folder.output(&resumed);
    whole(&folder, &["b.zarr"]);
    assert_eq!(folder.names(), ["a.zarr", "b.zarr"]);
    // The same of a group.
    store(&folder, "g.zarr", "one", &Layout::new(&[10, 10]));
    store(&folder, "g.zarr", "two", &Layout::new(&[10, 10]));
    let broken = folder.path().join("g.zarr/two/c/5/3");
    let good = fs::read(&broken).unwrap();
    fs::write(&broken, b"no chunk").unwrap();
    folder.error(&["copy", "g.zarr", "h.zarr"]);
    assert_eq!(folder.names(), ["a.zarr", "b.zarr", "g.zarr"]);
    let resumed = ["copy", "g.zarr", "h.zarr", "--resume"];
    folder.error(&resumed);
    assert!(
        folder
            .error(&["info", "h.zarr"])
            .starts_with("opening h.zarr")
    );
    fs::write(&broken, good).unwrap();
    folder.output(&resumed);
    whole(&folder, &["h.zarr::one"]);
    whole(&folder, &["h.zarr::two"]);
    assert_eq!(folder.names(), ["a.zarr", "b.zarr", "g.zarr", "h.zarr"]);
}

#[test]
fn what_cannot_be_done_is_said() {
    let folder = Folder::new();
    folder.npy("x.npy", "(3, 4)", &(0..12).collect::<Vec<i32>>());
    folder.file("x.h5", b"\x89HDF\r\n\x1a\n and so on");
    folder.file("x.nc", b"CDF\x01 and so on");
    folder.file("x.jpeg", b"\xff\xd8\xff");
    fs::create_dir(folder.path().join("stack")).unwrap();
    folder.file("stack/info", b"a pickle");
    folder.npy("stack/0.npy", "(1,)", &[0u8]);
    folder.file("x.bin", &[0; 10]);
    for (arguments, expected) in [
        (
            &["info", "x.h5"][..],
            "x.h5: an HDF5 or NetCDF 4 file, which is read from Python: chunkwise.array.from_hdf5",
        ),
        (
            &["info", "x.nc"],
            "x.nc: a NetCDF file, which is read from Python",
        ),
        (
            &["info", "x.jpeg"],
            "x.jpeg: of no known format; known are .npy files, .npz files (FILE::name), Zarr stores",
        ),
        (&["info", "none.zarr"], "opening none.zarr: No such file"),
        (
            &["info", "x.npy::y"],
            "x.npy: is one array and has no member \"y\"",
        ),
        (
            &["info", "x.bin"],
            "x.bin: of no known format; raw elements need a dtype",
        ),
        (
            &["info", "x.bin", "--dtype", "f4"],
            "x.bin: 10 bytes behind the offset of 0 are no whole number of float32 of 4 bytes",
        ),
        (&["info", "x.bin", "--dtype", "f2"], "unknown dtype \"f2\""),
        (
            &["info", "x.bin", "--dtype", "u1", "--shape", "3,3"],
            "x.bin: uint8 of shape [3, 3] are 9 bytes",
        ),
        (
            &["info", "x.bin", "--dtype", "u1", "--shape", "3,y"],
            "--shape 3,y: lengths are integers",
        ),
        (
            &["info", "x.bin", "--dtype", "u1", "--order", "f"],
            "--order f: it is C or F",
        ),
        (
            &["copy", "x.npy", "x.npy"],
            "creating x.npy: it is there, and only an overwrite replaces it",
        ),
        (
            &["copy", "x.npy", "y.npy", "--chunks", "2,2"],
            "copy: chunks = y.npy: chunks, shards and codecs are Zarr's",
        ),
        (
            &["copy", "x.npy", "y.npy", "--resume"],
            "copy: resume = y.npy: only Zarr stores can be gone on with",
        ),
        (
            &["copy", "x.npy", "y.zarr", "--compressor", "lzma"],
            "to_zarr: compressor = lzma: it is unknown; known are zstd",
        ),
        (
            &["copy", "x.npy", "y.zarr", "--zarr-format", "4"],
            "--zarr-format 4: known are 2 and 3",
        ),
        (
            &["copy", "x.npy", "y.zarr", "--chunks", "2,2,2"],
            "chunks [2, 2, 2] do not fit shape (3, 4)",
        ),
        (
            &[
                "copy", "x.npy", "y.zarr", "--chunks", "2,2", "--shards", "3,3",
            ],
            "to_zarr: shards = [3, 3]: multiples of the chunks [2, 2] are needed",
        ),
        (
            &["copy", "x.npy", "y.zip"],
            "writing: path = y.zip: zip files are read, not written",
        ),
    ] {
        let line = folder.error(arguments);
        assert!(line.starts_with(expected), "{arguments:?}: {line}");
    }
    let before = ["stack", "x.bin", "x.h5", "x.jpeg", "x.nc", "x.npy"];
    assert_eq!(folder.names(), before);
    folder.file("x.f4", &1.5f32.to_ne_bytes());
    assert_eq!(folder.output(&["reduce", "x.f4", "--op", "sum"]), "1.5\n");
    let out = [
        "reduce", "x.npy", "--op", "sum", "--axis", "0", "--out", "s.zarr",
    ];
    folder.output(&out);
    assert_eq!(folder.output(&["reduce", "s.zarr", "--op", "max"]), "21\n");
    let refused = folder.error(&out);
    assert!(refused.contains("an array is there"), "{refused}");
    folder.output(&[&out[..], &["--overwrite"]].concat());
}
