//! Every layout passes the script that every source and sink passes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::sync::Arc;

use chunkwise_core::{Chunk, DType, Error, Pool, Source};
use chunkwise_storage::conformance::{check_sink, check_source};
use chunkwise_zarr::{
    Compressor, Layout, Location, MemoryStore, Shuffle, Store, Version, ZarrArray, ZarrSink,
    ZarrSource,
};

/// A chunk of every dtype whose bytes are not all alike.
fn data(dtype: DType, shape: &[usize]) -> Chunk {
    Chunk::build(&Pool::new(0), dtype, shape, |mut out| {
        out.fill_bytes(|bytes| {
            let mut x = 12345u64;
            for (i, b) in bytes.iter_mut().enumerate() {
                x = x
                    .wrapping_mul(6364136223846793005)
                    .wrapping_add(1442695040888963407);
                *b = match dtype {
                    DType::Bool => (x >> 40) as u8 & 1,
                    // A part of the array is the fill value, as whole chunks of it.
                    _ if i < 400 => 0,
                    _ => (x >> 40) as u8 & 0x3f,
                };
            }
        });
        Ok::<_, Error>(())
    })
    .unwrap()
}

fn location(store: &Arc<dyn Store>) -> Location {
    Location {
        store: Arc::clone(store),
        root: "h.zarr".to_owned(),
        path: "a/b".to_owned(),
    }
}

fn check(store: Arc<dyn Store>, layout: &Layout, dtype: DType, shape: &[usize]) {
    let expected = data(dtype, shape);
    let first = std::cell::Cell::new(true);
    let create = || {
        let overwrite = !first.replace(false);
        ZarrSink::create(location(&store), layout, shape, dtype, overwrite, false)
    };
    let open = || -> Result<Arc<dyn Source>, Error> {
        let array = ZarrArray::open(Arc::clone(&store), "h.zarr/a/b")?;
        Ok(Arc::new(ZarrSource::new(array)))
    };
    check_sink(create, open, &expected)
        .unwrap_or_else(|e| panic!("{dtype} {shape:?} {layout:?}: {e}"));
    let left = store.list("h.zarr/a/").unwrap();
    assert!(
        left.iter()
            .all(|n| n == "b/" || n == "zarr.json" || n == ".zgroup"),
        "{left:?}"
    );
}

fn layouts() -> Vec<Layout> {
    let with = |change: &dyn Fn(&mut Layout)| {
        let mut layout = Layout::new(&[4, 6]);
        change(&mut layout);
        layout
    };
    let blosc = |name: &str, shuffle| Compressor::Blosc {
        name: name.to_owned(),
        level: 5,
        shuffle,
    };
    let compressors = [
        Compressor::None,
        Compressor::Zstd {
            level: 3,
            checksum: true,
        },
        Compressor::Gzip { level: 5 },
        blosc("lz4", Shuffle::Bytes),
        blosc("zstd", Shuffle::Bits),
        blosc("lz4hc", Shuffle::None),
    ];
    let mut all = vec![with(&|_| ())];
    for compressor in compressors {
        for version in [Version::V2, Version::V3] {
            for fortran_order in [false, true] {
                all.push(with(&|l| {
                    l.compressor = compressor.clone();
                    l.version = version;
                    l.fortran_order = fortran_order;
                }));
            }
        }
        all.push(with(&|l| {
            l.compressor = compressor.clone();
            l.shards = Some([8, 12].as_slice().into());
        }));
    }
    all.push(with(&|l| l.separator = Some('.')));
    all.push(with(&|l| {
        l.version = Version::V2;
        l.separator = Some('/');
    }));
    all
}

#[test]
fn every_layout_passes_in_memory() {
    for layout in layouts() {
        check(Arc::new(MemoryStore::new()), &layout, DType::I32, &[21, 20]);
    }
}

#[test]
fn every_dtype_passes() {
    for dtype in DType::ALL {
        for version in [Version::V2, Version::V3] {
            let mut layout = Layout::new(&[5, 7]);
            layout.version = version;
            check(Arc::new(MemoryStore::new()), &layout, dtype, &[21, 20]);
        }
    }
}

#[test]
fn shapes_of_every_number_of_axes_pass() {
    let shapes: [(&[usize], &[usize]); 6] = [
        (&[], &[]),
        (&[0], &[3]),
        (&[17], &[5]),
        (&[3, 0, 2], &[2, 2, 2]),
        (&[5, 6, 7], &[2, 6, 100]),
        (&[2, 3, 2, 3, 2], &[1, 2, 2, 2, 1]),
    ];
    for (shape, chunks) in shapes {
        for version in [Version::V2, Version::V3] {
            let mut layout = Layout::new(chunks);
            layout.version = version;
            check(Arc::new(MemoryStore::new()), &layout, DType::F64, shape);
        }
    }
}

#[test]
fn a_folder_passes() {
    let folder = std::env::temp_dir().join(format!("cw-zarr-conformance-{}", std::process::id()));
    for layout in [layouts().remove(0), layouts().remove(7)] {
        let store = Arc::new(chunkwise_zarr::FolderStore::new(&folder));
        check(store, &layout, DType::F32, &[33, 20]);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}

#[test]
fn a_source_reads_what_was_never_written_as_the_fill_value() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let mut layout = Layout::new(&[4]);
    layout.fill_value = Some("NaN".into());
    let sink =
        ZarrSink::create(location(&store), &layout, &[10], DType::F64, false, false).unwrap();
    chunkwise_core::Sink::commit(&sink).unwrap();
    let array = ZarrArray::open(Arc::clone(&store), "h.zarr/a/b").unwrap();
    let nans = Chunk::full(&Pool::new(0), &[10], f64::NAN).unwrap();
    check_source(&ZarrSource::new(array), &nans, 5).unwrap();
}
