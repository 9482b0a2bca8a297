//! Reading ahead: a store that is slow to answer is asked for later chunks while earlier ones are used.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use chunkwise::zarr_store::{Fetch, MemoryStore, Store, store::Part};
use chunkwise::{Array, Layout, Random, Session, StoreLocation, ZarrArray, ZarrSink};
use ndarray::ArrayViewD;

/// A store in memory that answers late, and counts what it is asked for.
#[derive(Debug, Default)]
struct Slow {
    inner: Arc<MemoryStore>,
    asked: Mutex<BTreeMap<String, usize>>,
    now: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

const LATENCY: Duration = Duration::from_millis(5);

impl Slow {
    fn ask(&self, key: &str) {
        *self
            .asked
            .lock()
            .unwrap()
            .entry(key.to_owned())
            .or_default() += 1;
    }
}

impl Store for Slow {
    fn name(&self) -> String {
        "slow".to_owned()
    }
    fn fetches(&self) -> bool {
        true
    }
    fn fetch(&self, key: &str) -> Option<Fetch> {
        self.ask(key);
        let (inner, now, most) = (self.inner.clone(), self.now.clone(), self.most.clone());
        most.fetch_max(1 + now.fetch_add(1, Ordering::SeqCst), Ordering::SeqCst);
        let key = key.to_owned();
        let request = thread::spawn(move || {
            thread::sleep(LATENCY);
            let got = inner.get(&key);
            now.fetch_sub(1, Ordering::SeqCst);
            got
        });
        Some(Box::new(move || request.join().unwrap()))
    }
    fn read(&self, key: &str, into: &mut Vec<u8>) -> std::io::Result<bool> {
        self.ask(key);
        thread::sleep(LATENCY);
        self.inner.read(key, into)
    }
    fn read_parts(&self, key: &str, parts: &[Part]) -> std::io::Result<Option<Vec<Vec<u8>>>> {
        self.inner.read_parts(key, parts)
    }
    fn size(&self, key: &str) -> std::io::Result<Option<u64>> {
        self.inner.size(key)
    }
    fn write(&self, key: &str, bytes: &[u8]) -> std::io::Result<()> {
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

/// An array of 800 x 600 in 48 chunks of 80,000 bytes, in a store.
fn setup() -> (Arc<Slow>, Array, Array) {
    let store = Arc::new(Slow::default());
    let x = Random::new(3).standard_normal([800, 600], 100).unwrap();
    let location = StoreLocation {
        store: Arc::clone(&store) as Arc<dyn Store>,
        root: "x".to_owned(),
        path: String::new(),
    };
    let layout = Layout::new(&[100, 100]);
    let sink = ZarrSink::create(location, &layout, x.shape(), x.dtype(), false, false);
    let session = Session::new(2, 64 << 20).unwrap();
    session.store(&[&x], vec![Arc::new(sink.unwrap())]).unwrap();
    let array = ZarrArray::open(Arc::clone(&store) as Arc<dyn Store>, "x").unwrap();
    store.asked.lock().unwrap().clear();
    (store, Array::of_zarr(array, None).unwrap(), x)
}

fn chunks_asked(store: &Slow) -> Vec<usize> {
    let asked = std::mem::take(&mut *store.asked.lock().unwrap());
    let chunks = asked.into_iter().filter(|(k, _)| k.starts_with("x/c/"));
    chunks.map(|(_, n)| n).collect()
}

#[test]
fn later_chunks_are_on_their_way_while_earlier_ones_are_used() {
    let (store, y, x) = setup();
    let session = Session::new(2, 64 << 20).unwrap();
    for (got, want) in [
        (y.sum(0).unwrap(), x.sum(0).unwrap()),
        (y.cumsum(1).unwrap(), x.cumsum(1).unwrap()),
        (y.sort(1, false).unwrap(), x.sort(1, false).unwrap()),
    ] {
        store.most.store(0, Ordering::SeqCst);
        let got = session.compute(&[&got]).unwrap()[0]
            .to_vec::<f64>()
            .unwrap();
        let want = want.compute().unwrap().to_vec::<f64>().unwrap();
        let near = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-9 * (1.0 + b.abs());
        assert!(got.iter().zip(&want).all(near));
        assert_eq!(chunks_asked(&store), [1; 48]);
        assert!(store.most.load(Ordering::SeqCst) > 8, "{store:?}");
        // Nothing is left on its way.
        thread::sleep(4 * LATENCY);
        assert_eq!(store.now.load(Ordering::SeqCst), 0);
    }
}

#[test]
fn little_memory_is_enough_without_reading_ahead() {
    let (store, y, x) = setup();
    let sum = y.sum(0).unwrap();
    let error = Session::new(2, 100_000)
        .unwrap()
        .compute(&[&sum])
        .unwrap_err();
    let chunkwise::Error::OverBudget { smallest, .. } = error.root() else {
        panic!("{error}");
    };
    let session = Session::new(2, *smallest).unwrap();
    let got = session.compute(&[&sum]).unwrap()[0]
        .to_vec::<f64>()
        .unwrap();
    let want = x
        .sum(0)
        .unwrap()
        .compute()
        .unwrap()
        .to_vec::<f64>()
        .unwrap();
    assert!(got.iter().zip(&want).all(|(a, b)| (a - b).abs() < 1e-9));
    assert_eq!(chunks_asked(&store).len(), 48);
}

#[test]
fn what_is_fetched_for_a_run_that_fails_is_given_up() {
    let (store, y, _) = setup();
    store.inner.write("x/c/3/3", b"not a chunk").unwrap();
    let session = Session::new(2, 64 << 20).unwrap();
    let error = session.compute(&[&y.sum(0).unwrap()]).unwrap_err();
    assert!(error.to_string().contains("x/c/3/3"), "{error}");
    assert!(chunks_asked(&store).iter().all(|n| *n == 1));
    // A later run asks again: the chunk is whole by then.
    store.inner.remove("x/c/3/3").unwrap();
    let part = y.get_str("300:400, 300:400").unwrap();
    let zeros = session.compute(&[&part]).unwrap()[0]
        .to_vec::<f64>()
        .unwrap();
    assert!(zeros.iter().all(|v| *v == 0.0));
}

/// A run asks ahead and waits; another one of the same array ends meanwhile, well or not.
#[test]
fn a_run_gives_up_only_what_it_asked_for_itself() {
    for fails in [false, true] {
        let (store, y, x) = setup();
        let (begun, has_begun) = mpsc::channel();
        let (go, may_go) = mpsc::channel::<()>();
        let gate = Mutex::new(Some((begun, may_go)));
        let waiting = move |c: ArrayViewD<'_, f64>| {
            if let Some((begun, may_go)) = gate.lock().unwrap().take() {
                begun.send(()).unwrap();
                may_go.recv().unwrap();
            }
            c.to_owned()
        };
        let slow = y.get_str("400:").unwrap().map_blocks(waiting).unwrap();
        let slow = slow.sum(0).unwrap();
        let run = thread::spawn(move || Session::new(1, 64 << 20).unwrap().compute(&[&slow]));
        has_begun.recv().unwrap();
        let other = y.get_str(":400").unwrap();
        let other = match fails {
            false => other.sum(0).unwrap(),
            true => {
                let stop = |_: ArrayViewD<'_, f64>| -> ndarray::ArrayD<f64> { panic!("stop") };
                other.map_blocks(stop).unwrap()
            }
        };
        let ended = Session::new(1, 64 << 20).unwrap().compute(&[&other]);
        assert_eq!(ended.is_err(), fails);
        go.send(()).unwrap();
        let got = run.join().unwrap().unwrap()[0].to_vec::<f64>().unwrap();
        let want = x.get_str("400:").unwrap().sum(0).unwrap().compute();
        let want = want.unwrap().to_vec::<f64>().unwrap();
        let near = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-9;
        assert!(got.iter().zip(&want).all(near));
        assert!(chunks_asked(&store).iter().all(|n| *n == 1), "{fails}");
    }
}
