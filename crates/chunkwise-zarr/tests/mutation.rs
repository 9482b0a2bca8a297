//! Stores with documents and chunks that were changed at random: whatever they hold, opening and
//! reading gives a value or an error, takes no more memory than it said, and ends.
//!
//! `CHUNKWISE_MUTATIONS` is how many changes each store goes through, `CHUNKWISE_SEED` which ones.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::sync::Arc;

use chunkwise_core::{Chunk, DType, Error, Pool, Region, Result, Sink, Source};
use chunkwise_zarr::{
    Compressor, Layout, Location, MemoryStore, Node, Shuffle, Store, Version, ZarrArray, ZarrSink,
    ZarrSource, children,
};
use serde_json::{Value, json};

/// The most bytes that a read is tried with: more would be refused by whoever plans it.
const MOST: usize = 8 << 20;

/// Marsaglia's xorshift: the same changes on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() >> 11) as usize % n.max(1)
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// A store with one array, and what it holds.
struct Base {
    name: String,
    store: Arc<MemoryStore>,
    /// Whether every byte of a chunk is under a checksum.
    checked: bool,
}

const SHAPE: [usize; 2] = [9, 14];

fn elements(dtype: DType) -> Chunk {
    Chunk::build(&Pool::new(0), dtype, &SHAPE, |mut out| {
        out.fill_bytes(|bytes| {
            for (i, byte) in bytes.iter_mut().enumerate() {
                *byte = (i * i / 5) as u8 & 0x3f;
            }
        });
        Ok::<_, Error>(())
    })
    .unwrap()
}

fn base(name: &str, checked: bool, dtype: DType, change: &dyn Fn(&mut Layout)) -> Base {
    let mut layout = Layout::new(&[4, 6]);
    layout.attributes.insert("units".to_owned(), json!("K"));
    change(&mut layout);
    let store = Arc::new(MemoryStore::new());
    let location = Location {
        store: Arc::clone(&store) as Arc<dyn Store>,
        root: "h".to_owned(),
        path: "a".to_owned(),
    };
    let sink = ZarrSink::create(location, &layout, &SHAPE, dtype, false, false).unwrap();
    let (all, data) = (Region::whole(&SHAPE), elements(dtype));
    sink.write(&all, data.view()).unwrap();
    sink.commit().unwrap();
    if layout.version == Version::V3 {
        let array = store.get("h/a/zarr.json").unwrap().unwrap();
        let array: Value = serde_json::from_slice(&array).unwrap();
        let group = json!({
            "zarr_format": 3, "node_type": "group", "attributes": {},
            "consolidated_metadata": {
                "kind": "inline", "must_understand": false, "metadata": {"a": array},
            },
        });
        store
            .write("h/zarr.json", group.to_string().as_bytes())
            .unwrap();
    } else {
        let all =
            json!({"zarr_consolidated_format": 1, "metadata": {".zgroup": {}, "a/.zarray": {}}});
        store
            .write("h/.zmetadata", all.to_string().as_bytes())
            .unwrap();
    }
    Base {
        name: name.to_owned(),
        store,
        checked,
    }
}

fn bases() -> Vec<Base> {
    let bytes = json!({"name": "bytes", "configuration": {"endian": "little"}});
    let crc = json!({"name": "crc32c"});
    let hdf5 = json!([
        bytes,
        {"name": "numcodecs.shuffle", "configuration": {"elementsize": 4}},
        {"name": "numcodecs.zlib", "configuration": {"level": 3}},
        {"name": "numcodecs.fletcher32", "configuration": {}},
    ]);
    let big = json!([{"name": "bytes", "configuration": {"endian": "big"}}, crc]);
    let open_index = json!([{"name": "sharding_indexed", "configuration": {
        "chunk_shape": [2, 3], "codecs": [bytes], "index_codecs": [bytes], "index_location": "start",
    }}]);
    let nested = json!([{"name": "sharding_indexed", "configuration": {
        "chunk_shape": [2, 6], "index_codecs": [bytes, crc], "codecs": [
            {"name": "sharding_indexed", "configuration": {
                "chunk_shape": [2, 2], "codecs": [bytes], "index_codecs": [bytes],
            }},
        ],
    }}]);
    let codecs = |value: &Value| {
        let value = value.clone();
        move |l: &mut Layout| l.codecs = Some(value.clone())
    };
    let blosc = |l: &mut Layout| {
        l.compressor = Compressor::Blosc {
            name: "lz4".to_owned(),
            level: 5,
            shuffle: Shuffle::Bits,
        };
    };
    vec![
        base("zstd", false, DType::F64, &|_| ()),
        base("zstd with a checksum", true, DType::I16, &|l| {
            l.compressor = Compressor::Zstd {
                level: 1,
                checksum: true,
            };
        }),
        base("plain", false, DType::U8, &|l| {
            l.compressor = Compressor::None
        }),
        base("gzip", false, DType::C64, &|l| {
            l.compressor = Compressor::Gzip { level: 1 };
        }),
        base("blosc", false, DType::F32, &blosc),
        base("crc32c, big-endian", true, DType::I32, &codecs(&big)),
        base("as HDF5", true, DType::F32, &codecs(&hdf5)),
        base("Fortran order", false, DType::F64, &|l| {
            l.fortran_order = true
        }),
        base("shards", false, DType::F64, &|l| {
            l.chunks = [2, 3].as_slice().into();
            l.shards = Some([4, 6].as_slice().into());
        }),
        base(
            "shards without checksums",
            false,
            DType::I64,
            &codecs(&open_index),
        ),
        base("shards in shards", false, DType::I64, &codecs(&nested)),
        base("2, blosc", false, DType::F32, &|l| {
            l.version = Version::V2;
            blosc(l);
        }),
        base("2, Fortran order", false, DType::C128, &|l| {
            l.version = Version::V2;
            l.compressor = Compressor::None;
            l.fortran_order = true;
        }),
        base("2, filters", false, DType::I32, &|l| {
            l.version = Version::V2;
            l.codecs = Some(json!({
                "filters": [{"id": "shuffle", "elementsize": 4}],
                "compressor": {"id": "zlib", "level": 1},
            }));
        }),
    ]
}

/// Every key of a store below a prefix.
fn keys(store: &dyn Store, prefix: &str) -> Vec<String> {
    let mut found = Vec::new();
    for name in store.list(prefix).unwrap() {
        let key = format!("{prefix}{name}");
        match key.ends_with('/') {
            true => found.extend(keys(store, &key)),
            false => found.push(key),
        }
    }
    found
}

/// Changes bytes somewhere.
fn change_bytes(random: &mut Random, bytes: &mut Vec<u8>) {
    let at = random.below(bytes.len());
    let to = (at + random.below(24)).min(bytes.len());
    match random.below(9) {
        0 => bytes.truncate(at),
        1 => drop(bytes.drain(at..to)),
        2 => {
            let part = bytes[at..to].to_vec();
            bytes.splice(at..at, part);
        }
        3 => bytes.extend_from_slice(&random.next().to_le_bytes()),
        4 if to + 8 <= bytes.len() => {
            // As lengths and offsets are.
            let odd = [0, 1, u64::MAX, u64::MAX - 1, 1 << 63, 1 << 40, 255];
            let odd = odd[random.below(odd.len())].to_le_bytes();
            bytes[to..to + 8].copy_from_slice(&odd);
        }
        5 if !bytes.is_empty() => bytes[at..to].fill(random.next() as u8),
        _ if !bytes.is_empty() => bytes[at] ^= 1 << random.below(8),
        _ => bytes.push(random.next() as u8),
    }
}

/// The values of a document that are inside others, as paths.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                let path = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
                found.push(path.clone());
                places(inner, &path, found);
            }
        }
        Value::Array(list) => {
            for (n, inner) in list.iter().enumerate() {
                let path = format!("{at}/{n}");
                found.push(path.clone());
                places(inner, &path, found);
            }
        }
        _ => {}
    }
}

/// Changes a value of a document somewhere.
fn change_document(random: &mut Random, document: &mut Value) {
    let mut all = Vec::new();
    places(document, "", &mut all);
    if all.is_empty() {
        return;
    }
    let (at, other) = (random.of(&all).clone(), random.of(&all).clone());
    let other = document.pointer(&other).cloned().unwrap_or_default();
    let odd = [
        json!(null),
        json!(0),
        json!(-1),
        json!(1),
        json!(2),
        json!(3),
        json!(5),
        json!(1.5),
        json!(i64::MAX),
        json!(u64::MAX),
        json!(1u64 << 33),
        json!(1e300),
        json!(""),
        json!("NaN"),
        json!("0xffffffffffffffffff"),
        json!("float16"),
        json!("int8"),
        json!("complex128"),
        json!("<f8"),
        json!(">i2"),
        json!("|b1"),
        json!("<M8[ns]"),
        json!("r64"),
        json!([]),
        json!({}),
        json!([0, 0]),
        json!([1, 0]),
        json!([1, 1, 1]),
        json!("/"),
        json!("."),
        json!("gzip"),
        json!("zstd"),
        json!("transpose"),
        json!("sharding_indexed"),
        json!("numcodecs.shuffle"),
        json!("bz2"),
        json!("crc32c"),
        json!(true),
        json!("start"),
    ]; // fmt: skip
    let (parent, last) = at.rsplit_once('/').unwrap_or_default();
    let last = last.replace("~1", "/").replace("~0", "~");
    let new = match random.below(6) {
        0 => {
            match document.pointer_mut(parent) {
                Some(Value::Object(map)) => drop(map.remove(&last)),
                Some(Value::Array(list)) => drop(list.remove(last.parse().unwrap())),
                _ => {}
            }
            return;
        }
        1 => {
            if let Some(Value::Array(list)) = document.pointer_mut(parent) {
                let more = if random.below(2) == 0 { 1 } else { 40 };
                list.extend(std::iter::repeat_n(other, more));
            }
            return;
        }
        2 => other,
        3 => match document.pointer(&at).and_then(Value::as_u64) {
            Some(n) => {
                let by = [1, 2, 7, n, 1 << 31, 1 << 62];
                json!(n.wrapping_add(*random.of(&by)))
            }
            None => json!(random.next() >> random.below(64)),
        },
        _ => random.of(&odd).clone(),
    };
    if let Some(value) = document.pointer_mut(&at) {
        *value = new;
    }
}

/// Opens and reads all that is there; the elements where the whole can be read.
fn read(store: &Arc<dyn Store>) -> Result<Option<Chunk>> {
    children(&**store, "h").ok();
    Node::open(Arc::clone(store), "h").ok();
    let array = ZarrArray::open(Arc::clone(store), "h/a")?;
    array.codecs();
    array.dimension_names();
    let source = ZarrSource::new(array);
    let (shape, dtype) = (source.shape().to_vec(), source.dtype());
    let fits = |region: &Region| {
        let needed = source.scratch_bytes(region);
        needed.saturating_add(region.len().saturating_mul(dtype.size())) <= MOST
    };
    let made = |region: &Region| {
        Chunk::build(&Pool::new(0), dtype, &region.shape, |out| {
            source.read(region, out)
        })
    };
    let small: Vec<usize> = shape.iter().map(|n| (*n).min(3)).collect();
    let last: Vec<usize> = shape.iter().zip(&small).map(|(n, m)| n - m).collect();
    for region in [
        Region::new(vec![0; shape.len()], &small),
        Region::new(&last, &small),
    ] {
        if fits(&region) {
            made(&region)?;
        }
    }
    let whole = Region::whole(&shape);
    let all = shape
        .iter()
        .try_fold(dtype.size(), |n, m| n.checked_mul(*m));
    match all.is_some_and(|n| n <= MOST) && fits(&whole) {
        true => made(&whole).map(Some),
        false => Ok(None),
    }
}

fn copy(of: &MemoryStore) -> MemoryStore {
    let copy = MemoryStore::new();
    for key in keys(of, "") {
        copy.write(&key, &of.get(&key).unwrap().unwrap()).unwrap();
    }
    copy
}

fn number(name: &str, default: u64) -> u64 {
    let given = std::env::var(name).ok();
    given.map_or(default, |n| n.parse().unwrap())
}

#[cfg(target_os = "linux")]
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("VmHWM")).unwrap();
    line.split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<usize>()
        .unwrap()
        << 10
}

#[cfg(not(target_os = "linux"))]
fn peak() -> usize {
    0
}

#[test]
fn whatever_a_store_holds_gives_a_value_or_an_error() {
    let changes = number("CHUNKWISE_MUTATIONS", 500);
    let mut random = Random(number("CHUNKWISE_SEED", 88_172_645_463_325_252));
    for base in bases() {
        let expected = read(&(Arc::clone(&base.store) as Arc<dyn Store>))
            .unwrap()
            .unwrap();
        let all = keys(&*base.store, "");
        let (chunks, documents): (Vec<String>, Vec<String>) = all
            .into_iter()
            .partition(|key| !key.contains(".z") && !key.ends_with("zarr.json"));
        let (mut read_well, mut refused) = (0, 0);
        for n in 0..changes {
            let store = copy(&base.store);
            let of_chunk = n % 2 == 0;
            let key = random
                .of(if of_chunk { &chunks } else { &documents })
                .clone();
            let mut bytes = store.get(&key).unwrap().unwrap();
            for _ in 0..=random.below(3) {
                let document = serde_json::from_slice::<Value>(&bytes);
                match document {
                    Ok(mut document) if !of_chunk && random.below(5) > 0 => {
                        change_document(&mut random, &mut document);
                        bytes = document.to_string().into_bytes();
                    }
                    _ => change_bytes(&mut random, &mut bytes),
                }
            }
            store.write(&key, &bytes).unwrap();
            let told = || {
                format!(
                    "{}: {key} is {:?}",
                    base.name,
                    String::from_utf8_lossy(&bytes)
                )
            };
            let store: Arc<dyn Store> = Arc::new(store);
            let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| read(&store)));
            match done.unwrap_or_else(|_| panic!("{}", told())) {
                Ok(Some(got)) if of_chunk => {
                    read_well += 1;
                    assert_eq!(got.shape(), SHAPE);
                    let same = got.view().as_bytes() == expected.view().as_bytes();
                    assert!(same || !base.checked, "a change was not seen; {}", told());
                }
                Ok(_) => read_well += 1,
                Err(error) => {
                    refused += 1;
                    let text = error.to_string();
                    // Only the outer index of shards in shards is checked here: the codecs trust the
                    // inner one, and their panic is caught.
                    let is_known = base.name == "shards in shards";
                    assert!(is_known || !text.contains("panicked"), "{text}; {}", told());
                    assert!(!text.contains("internal"), "{text}; {}", told());
                }
            }
        }
        assert!(
            refused > changes / 8,
            "{}: {refused} were refused",
            base.name
        );
        assert!(
            read_well > changes / 50,
            "{}: {read_well} were read",
            base.name
        );
    }
    let peak = peak();
    assert!(peak < 256 << 20, "{} MiB", peak >> 20);
}
