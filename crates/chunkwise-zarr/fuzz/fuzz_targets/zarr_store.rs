//! Any document and any chunk give elements or an error.
#![no_main]

use std::sync::Arc;

use chunkwise_core::{Chunk, Pool, Region, Source};
use chunkwise_zarr::{MemoryStore, Store, ZarrArray, ZarrSource};
use libfuzzer_sys::fuzz_target;

/// The most bytes that a read is tried with: more would be refused by whoever plans it.
const MOST: usize = 8 << 20;

fuzz_target!(|input: (u8, &[u8], &[u8])| {
    let (version, document, chunk) = input;
    let (name, first) = match version % 2 {
        0 => ("a/zarr.json", "a/c/0/0"),
        _ => ("a/.zarray", "a/0.0"),
    };
    let store = Arc::new(MemoryStore::new());
    if store.write(name, document).is_err() || store.write(first, chunk).is_err() {
        return;
    }
    let Ok(array) = ZarrArray::open(store, "a") else {
        return;
    };
    let source = ZarrSource::new(array);
    let shape: Vec<usize> = source.shape().iter().map(|n| (*n).min(3)).collect();
    let region = Region::whole(&shape);
    if source.scratch_bytes(&region) <= MOST {
        let dtype = source.dtype();
        Chunk::build(&Pool::new(0), dtype, &shape, |out| {
            source.read(&region, out)
        })
        .ok();
    }
});
