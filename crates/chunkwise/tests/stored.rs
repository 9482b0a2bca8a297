//! Stored arrays: tasks are made of whole stored chunks, each read and written once.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use chunkwise::zarr_store::{MemoryStore, Store};
use chunkwise::{
    Array, Chunk, Layout, Random, Region, Session, StoreLocation, Target, ZarrArray, ZarrSink,
};

/// A store in memory that counts how often each key is read and written.
#[derive(Debug, Default)]
struct Counting {
    inner: MemoryStore,
    reads: Mutex<BTreeMap<String, usize>>,
    writes: Mutex<BTreeMap<String, usize>>,
}

impl Store for Counting {
    fn name(&self) -> String {
        "counting".to_owned()
    }
    fn read(&self, key: &str, into: &mut Vec<u8>) -> std::io::Result<bool> {
        *self
            .reads
            .lock()
            .unwrap()
            .entry(key.to_owned())
            .or_default() += 1;
        self.inner.read(key, into)
    }
    fn read_parts(
        &self,
        key: &str,
        parts: &[chunkwise::zarr_store::store::Part],
    ) -> std::io::Result<Option<Vec<Vec<u8>>>> {
        self.inner.read_parts(key, parts)
    }
    fn size(&self, key: &str) -> std::io::Result<Option<u64>> {
        self.inner.size(key)
    }
    fn write(&self, key: &str, bytes: &[u8]) -> std::io::Result<()> {
        *self
            .writes
            .lock()
            .unwrap()
            .entry(key.to_owned())
            .or_default() += 1;
        self.inner.write(key, bytes)
    }
    fn remove(&self, key: &str) -> std::io::Result<()> {
        self.inner.remove(key)
    }
    fn list(&self, prefix: &str) -> std::io::Result<Vec<String>> {
        self.inner.list(prefix)
    }
    fn remove_all(&self, prefix: &str) -> std::io::Result<()> {
        self.inner.remove_all(prefix)
    }
    fn replace(&self, from: &str, to: &str) -> std::io::Result<()> {
        self.inner.replace(from, to)
    }
}

impl Counting {
    /// How often the chunks of an array were read, by key.
    fn chunk_reads(&self, path: &str) -> BTreeMap<String, usize> {
        let reads = std::mem::take(&mut *self.reads.lock().unwrap());
        let chunk = format!("{path}/c");
        reads
            .into_iter()
            .filter(|(k, _)| k.starts_with(&chunk))
            .collect()
    }
}

fn location(store: &Arc<Counting>, path: &str) -> StoreLocation {
    StoreLocation {
        store: Arc::clone(store) as Arc<dyn Store>,
        root: path.to_owned(),
        path: String::new(),
    }
}

fn write(session: &Session, store: &Arc<Counting>, path: &str, array: &Array, chunks: &[usize]) {
    let (layout, shape) = (Layout::new(chunks), array.shape());
    let sink = ZarrSink::create(
        location(store, path),
        &layout,
        shape,
        array.dtype(),
        false,
        false,
    );
    session
        .store(&[array], vec![Arc::new(sink.unwrap())])
        .unwrap();
}

fn open(store: &Arc<Counting>, path: &str) -> Array {
    let array = ZarrArray::open(Arc::clone(store) as Arc<dyn Store>, path).unwrap();
    Array::of_zarr(array, None).unwrap()
}

fn setup(shape: [usize; 2], chunks: [usize; 2]) -> (Session, Arc<Counting>, Array) {
    let session = Session::new(2, 8 << 20).unwrap();
    let store = Arc::new(Counting::default());
    let x = Random::new(3).standard_normal(shape, 100).unwrap();
    write(&session, &store, "x", &x, &chunks);
    (session, store, x)
}

/// Equal but for the order of additions, which follows the tasks.
fn assert_near(got: &Chunk, want: &Chunk) {
    let (got, want) = (got.to_vec::<f64>().unwrap(), want.to_vec::<f64>().unwrap());
    assert_eq!(got.len(), want.len());
    let near = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-9 * (1.0 + b.abs());
    assert!(got.iter().zip(&want).all(near), "{got:?} {want:?}");
}

#[test]
fn each_chunk_is_written_once_whatever_the_arrays_chunks() {
    let (_, store, _) = setup([1000, 700], [130, 170]);
    let writes = store.writes.lock().unwrap();
    let chunks: Vec<_> = writes.iter().filter(|(k, _)| k.contains("/c/")).collect();
    assert_eq!(chunks.len(), 8 * 5);
    assert!(chunks.iter().all(|(_, n)| **n == 1), "{chunks:?}");
}

#[test]
fn each_chunk_is_read_once_by_reductions_and_elementwise_work() {
    let (session, store, x) = setup([1000, 700], [130, 170]);
    let y = open(&store, "x");
    let cases: Vec<(Array, Array)> = vec![
        (y.mean(0).unwrap(), x.mean(0).unwrap()),
        (y.mean(1).unwrap(), x.mean(1).unwrap()),
        (y.std(.., 0.0).unwrap(), x.std(.., 0.0).unwrap()),
        (
            y.exp().unwrap().sum(..).unwrap(),
            x.exp().unwrap().sum(..).unwrap(),
        ),
        (y.cumsum(0).unwrap(), x.cumsum(0).unwrap()),
        (y.cumsum(1).unwrap(), x.cumsum(1).unwrap()),
    ];
    for (got, want) in cases {
        store.chunk_reads("x");
        let (got, want) = (session.compute(&[&got]).unwrap(), want.compute().unwrap());
        assert_near(&got[0], &want);
        let reads = store.chunk_reads("x");
        assert_eq!(reads.len(), 8 * 5);
        assert!(reads.values().all(|n| *n == 1), "{reads:?}");
    }
}

#[test]
fn a_slice_reads_the_chunks_that_it_touches() {
    let (session, store, x) = setup([1000, 700], [130, 170]);
    let part = |a: &Array| a.get_str("200:300, ::-50").unwrap().mean(0).unwrap();
    let got = session.compute(&[&part(&open(&store, "x"))]).unwrap();
    assert_near(&got[0], &part(&x).compute().unwrap());
    let reads = store.chunk_reads("x");
    assert_eq!(reads.len(), 2 * 5, "{reads:?}");
    assert!(reads.values().all(|n| *n == 1), "{reads:?}");
}

#[test]
fn rows_become_columns_with_each_chunk_read_and_written_once() {
    let session = Session::new(2, 4 << 20).unwrap();
    let store = Arc::new(Counting::default());
    let x = Random::new(3).standard_normal([1200, 1500], 100).unwrap();
    write(&session, &store, "rows", &x, &[8, 1500]);
    store.chunk_reads("rows");
    write(
        &session,
        &store,
        "columns",
        &open(&store, "rows"),
        &[1200, 10],
    );
    let reads = store.chunk_reads("rows");
    assert_eq!(reads.len(), 150);
    assert!(reads.values().all(|n| *n == 1), "{reads:?}");
    write(
        &session,
        &store,
        "turned",
        &open(&store, "columns").transpose(&[1, 0]).unwrap(),
        &[100, 100],
    );
    let got = session.compute(&[&open(&store, "turned").get_str("37:45, 300:1100").unwrap()]);
    let want = x
        .get_str("300:1100, 37:45")
        .unwrap()
        .transpose(&[1, 0])
        .unwrap();
    assert_eq!(
        got.unwrap()[0].to_vec::<f64>().unwrap(),
        want.compute().unwrap().to_vec::<f64>().unwrap()
    );
}

#[test]
fn what_is_computed_by_other_stages_is_put_together_as_it_is_stored() {
    let (session, store, x) = setup([600, 400], [130, 170]);
    let y = open(&store, "x");
    let normalised = y.subtract(y.mean(0).unwrap()).unwrap();
    let normalised = normalised.divide(y.std(0, 0.0).unwrap()).unwrap();
    write(&session, &store, "normalised", &normalised, &[100, 150]);
    let sorted = y.sort(1, false).unwrap();
    write(&session, &store, "sorted", &sorted, &[77, 33]);
    let want = x.sort(1, false).unwrap().compute().unwrap();
    let got = session.compute(&[&open(&store, "sorted")]).unwrap();
    assert_eq!(
        got[0].to_vec::<f64>().unwrap(),
        want.to_vec::<f64>().unwrap()
    );
    let writes = store.writes.lock().unwrap();
    assert!(
        writes.iter().all(|(k, n)| *n == 1 || !k.contains("/c/")),
        "{writes:?}"
    );
}

#[test]
fn a_chunk_larger_than_the_limit_is_refused_before_anything_is_written() {
    let session = Session::new(2, 1 << 20).unwrap();
    let store = Arc::new(Counting::default());
    let x = Random::new(3).standard_normal([1000, 1000], 100).unwrap();
    let sink = ZarrSink::create(
        location(&store, "x"),
        &Layout::new(&[1000, 1000]),
        x.shape(),
        x.dtype(),
        false,
        false,
    );
    let sink = Arc::new(sink.unwrap());
    let error = session.run(&[&x], vec![Target::Sink(sink)]).unwrap_err();
    let chunkwise::Error::OverBudget { smallest, .. } = error.root() else {
        panic!("{error}");
    };
    let enough = Session::new(2, *smallest).unwrap();
    write(&enough, &store, "x", &x, &[1000, 1000]);
    let keys = store.writes.lock().unwrap();
    assert_eq!(keys.keys().filter(|k| k.contains("c/0/0")).count(), 1);
}

#[test]
fn a_region_of_a_store_is_written_in_place() {
    let (_, store, x) = setup([300, 200], [70, 70]);
    let array = ZarrArray::open(Arc::clone(&store) as Arc<dyn Store>, "x").unwrap();
    let ones = Array::ones([100, 50], chunkwise::DType::F64, 30).unwrap();
    ones.to_zarr_region(Arc::new(array), &[120, 90]).unwrap();
    let got = open(&store, "x").compute().unwrap();
    let part = got.region(&Region::new([120, 90], [100, 50])).unwrap();
    assert!(part.to_vec::<f64>().unwrap().iter().all(|v| *v == 1.0));
    let edge = got.region(&Region::new([110, 80], [10, 120])).unwrap();
    let want = x.get_str("110:120, 80:200").unwrap().compute().unwrap();
    assert_eq!(edge.to_vec::<f64>().unwrap(), want.to_vec::<f64>().unwrap());
}

/// Differences across and along: four views of one array, none of them cut as it is stored.
fn curl(x: &Array) -> Array {
    let part = |index: &str| x.get_str(index).unwrap();
    let across = part("1:-1, 2:").subtract(part("1:-1, :-2")).unwrap();
    let along = part("2:, 1:-1").subtract(part(":-2, 1:-1")).unwrap();
    across.subtract(along).unwrap()
}

#[test]
fn a_stencil_reads_each_chunk_once_and_holds_a_few() {
    let (session, store, x) = setup([3000, 700], [130, 170]);
    let y = open(&store, "x");
    store.chunk_reads("x");
    // A fourteenth of the array's bytes is enough for the rows of chunks in use.
    let little = Session::new(2, 6 << 20).unwrap();
    let got = little.compute(&[&curl(&y).sum(0).unwrap()]).unwrap();
    assert_near(&got[0], &curl(&x).sum(0).unwrap().compute().unwrap());
    let reads = store.chunk_reads("x");
    assert_eq!(reads.len(), 24 * 5);
    assert!(reads.values().all(|n| *n == 1), "{reads:?}");

    write(&session, &store, "curl", &curl(&y), &[100, 300]);
    let reads = store.chunk_reads("x");
    assert!(reads.values().all(|n| *n == 1), "{reads:?}");
    let got = open(&store, "curl").compute().unwrap();
    let want = curl(&x).compute().unwrap();
    assert_eq!(got.to_vec::<f64>().unwrap(), want.to_vec::<f64>().unwrap());
}

#[test]
fn what_is_kept_for_speed_does_not_make_a_plan_too_large() {
    let (_, store, x) = setup([1024, 64], [256, 64]);
    let y = open(&store, "x");
    // Months of thirty rows: each chunk belongs to several.
    let months = |a: &Array| {
        let days = a.get_str("0:1020").unwrap().reshape([34, 30, 64]).unwrap();
        days.mean(1).unwrap()
    };
    let want = months(&x).compute().unwrap();
    let mut computed = 0;
    for limit in (200..=2000).step_by(50) {
        let session = Session::new(2, limit << 10).unwrap();
        match session.compute(&[&months(&y)]) {
            Ok(got) => {
                assert_near(&got[0], &want);
                computed += 1;
            }
            // What is named as enough is enough.
            Err(error) => {
                let chunkwise::Error::OverBudget { smallest, .. } = error.root() else {
                    panic!("{error}");
                };
                assert!(
                    computed == 0,
                    "{limit} KiB is refused, less was not: {error}"
                );
                let enough = Session::new(2, *smallest).unwrap();
                assert_near(&enough.compute(&[&months(&y)]).unwrap()[0], &want);
            }
        }
    }
    assert!(computed > 10);
}
