//! A plan in fragments gives the bits of a run in one process, however it is cut.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chunkwise::cluster::{Bundle, ClusterPlan, Cut, Elsewhere, Given, Limits, Read, Work};
use chunkwise::{
    Array, Axes, Chunk, DType, Error, Grid, Layout, Random, Region, Session, Sink, Source,
    StoreLocation, ViewMut, ZarrSink, concatenate, s,
};
use chunkwise_core::SourceId;

const LIMIT: u64 = 1 << 30;

/// As it comes from another process.
fn sent(bundle: &Bundle) -> Bundle {
    let chunks = bundle.chunks().cloned().collect();
    Bundle::build(&bundle.header().unwrap(), chunks).unwrap()
}

fn run(arrays: &[&Array], limits: Limits, grain: Option<usize>) -> (Cut, Vec<Chunk>) {
    run_with(arrays, limits, grain, None)
}

/// The same with a folder for exchanges.
fn run_with(
    arrays: &[&Array],
    limits: Limits,
    grain: Option<usize>,
    folder: Option<&Path>,
) -> (Cut, Vec<Chunk>) {
    let client = ClusterPlan::with_grain(arrays, LIMIT, Vec::new(), grain).unwrap();
    let worker = ClusterPlan::with_grain(arrays, LIMIT, Vec::new(), grain).unwrap();
    let cut = client.cut(&limits).unwrap();
    let session = Session::new(1, limits.room).unwrap();
    let mut bundles: Vec<Bundle> = Vec::new();
    for fragment in &cut.fragments {
        assert!(fragment.peak <= limits.room, "{fragment:?}");
        let mut given = client.given(fragment, &bundles).unwrap();
        given.bundles = given.bundles.iter().map(sent).collect();
        given.folder = folder.map(Path::to_owned);
        bundles.push(worker.run(&session, &fragment.spec, given).unwrap());
    }
    let results = (0..arrays.len()).map(|n| {
        let held = client.results(&cut, n, &bundles).unwrap();
        client.collect(&cut, n, &held).unwrap()
    });
    let results = results.collect();
    (cut, results)
}

fn bits(chunk: &Chunk) -> Vec<u8> {
    let mut out = Vec::new();
    match chunk.dtype() {
        chunkwise::DType::F64 => chunk
            .to_vec::<f64>()
            .unwrap()
            .iter()
            .for_each(|x| out.extend(x.to_bits().to_le_bytes())),
        chunkwise::DType::I64 => chunk
            .to_vec::<i64>()
            .unwrap()
            .iter()
            .for_each(|x| out.extend(x.to_le_bytes())),
        chunkwise::DType::Bool => {
            out.extend(chunk.to_vec::<bool>().unwrap().iter().map(|b| u8::from(*b)));
        }
        other => unreachable!("{other}"),
    }
    out
}

/// The cut into most fragments.
fn check(name: &str, arrays: &[&Array]) -> Cut {
    let mut last = None;
    for grain in [None, Some(20_000)] {
        let mut session = Session::new(2, LIMIT).unwrap();
        if let Some(elements) = grain {
            session = session.with_grain(elements);
        }
        let local = session.compute(arrays).unwrap();
        for (slots, room, seconds) in [(1, LIMIT, 1.0), (64, LIMIT, 1e-4), (5, 96 << 20, 1e-3)] {
            let limits = Limits {
                seconds,
                ..Limits::new(slots, room)
            };
            let (cut, results) = run(arrays, limits, grain);
            for (n, (a, b)) in local.iter().zip(&results).enumerate() {
                assert_eq!(a.shape(), b.shape(), "{name}, array {n}");
                assert!(
                    bits(a) == bits(b),
                    "{name}, array {n}, {slots} slots, {room} bytes"
                );
            }
            last = Some(cut);
        }
    }
    last.unwrap()
}

fn normal(shape: &[usize], chunk: usize) -> Array {
    Random::new(3).standard_normal(shape, chunk).unwrap()
}

#[test]
fn reductions() {
    let x = normal(&[1500, 1200], 300);
    check("mean 0", &[&x.mean(0).unwrap()]);
    check("mean 1", &[&x.mean(1).unwrap()]);
    check("var all", &[&x.var(.., 1.0).unwrap()]);
    check("argmax", &[&x.argmax(0).unwrap(), &x.argmin(1).unwrap()]);
    check("topk", &[&x.topk(3, 0).unwrap()]);
    let several = [x.sum(0).unwrap(), x.sum(1).unwrap(), x.max(..).unwrap()];
    check("several", &several.iter().collect::<Vec<_>>());
    let empty = normal(&[0, 7], 3);
    check("empty", &[&empty.sum(0).unwrap(), &empty]);
    check("scalar", &[&normal(&[], 1)]);
}

#[test]
fn stages_after_stages() {
    let x = normal(&[900, 700], 150);
    let centred = x.subtract(x.mean(0).unwrap()).unwrap();
    let scaled = centred.divide(x.std(0, 0.0).unwrap()).unwrap();
    check("scaled", &[&scaled]);
    check(
        "of scaled",
        &[&scaled.multiply(&scaled).unwrap().sum(1).unwrap()],
    );
    let t = x.transpose(&[1, 0]).unwrap();
    check(
        "product",
        &[&x.matmul(&t).unwrap().get(s![0..100, ..]).unwrap()],
    );
    check("cumsum", &[&x.cumsum(0).unwrap(), &x.cumsum(1).unwrap()]);
    let both = concatenate([&x, &x.flip(Axes::from(0)).unwrap()], 0).unwrap();
    check("joined", &[&both.get(s![200..1500;7, ..]).unwrap()]);
    check(
        "compressed",
        &[&x.mask(&x.get(s![.., 0]).unwrap().greater(0.0).unwrap())
            .unwrap()],
    );
}

#[test]
fn merges_in_several_levels() {
    let x = normal(&[900, 800], 150);
    let several = [
        x.sum(0).unwrap(),
        x.sum(1).unwrap(),
        x.max(..).unwrap(),
        x.add(1.0).unwrap(),
    ];
    let cut = check("sums", &several.iter().collect::<Vec<_>>());
    let later =
        |f: &chunkwise::cluster::Fragment| matches!(f.work, Work::Merge { later: true, .. });
    let limits = Limits {
        seconds: 1e-6,
        ..Limits::new(64, LIMIT)
    };
    drop(cut);
    let arrays: Vec<&Array> = several.iter().collect();
    let plan = ClusterPlan::with_grain(&arrays, LIMIT, Vec::new(), Some(2_000)).unwrap();
    assert!(plan.cut(&limits).unwrap().fragments.iter().any(later));
    let session = Session::new(2, LIMIT).unwrap().with_grain(2_000);
    let local = session.compute(&arrays).unwrap();
    let (_, results) = run(&arrays, limits, Some(2_000));
    for (a, b) in local.iter().zip(&results) {
        assert!(bits(a) == bits(b));
    }
}

#[test]
fn calls_are_spread() {
    let x = normal(&[64], 1);
    let y = x
        .map_blocks(|c: ndarray::ArrayViewD<'_, f64>| c.to_owned())
        .unwrap();
    let plan = ClusterPlan::new(&[&y], LIMIT, Vec::new()).unwrap();
    assert!(plan.cut(&Limits::new(16, LIMIT)).unwrap().fragments.len() >= 64);
}

#[test]
fn small_carries_are_all_that_scans_hand_on() {
    let x = normal(&[200_000, 8], 10_000);
    let y = x.cumsum(0).unwrap();
    let arrays = [&y];
    let plan = ClusterPlan::with_grain(&arrays, LIMIT, Vec::new(), Some(20_000)).unwrap();
    let limits = Limits {
        seconds: 1e-3,
        ..Limits::new(4, 8 << 20)
    };
    let cut = plan.cut(&limits).unwrap();
    assert!(cut.fragments.len() > 4);
    let picked = cut
        .fragments
        .iter()
        .filter(|f| matches!(f.work, Work::Pick { .. }));
    assert!(picked.clone().count() > 1 && picked.clone().all(|f| f.size < 4096));
    let (_, results) = run(&arrays, limits, Some(20_000));
    let local = Session::new(1, LIMIT).unwrap().with_grain(20_000);
    assert!(bits(&local.compute(&arrays).unwrap()[0]) == bits(&results[0]));
}

#[test]
fn orders() {
    let x = normal(&[600, 700], 100);
    check("sort rows", &[&x.sort(1, false).unwrap()]);
    check("sort columns", &[&x.sort(0, false).unwrap()]);
    let line = normal(&[500_000], 100_000);
    check("a long lane", &[&line.sort(0, false).unwrap()]);
    check("descending", &[&line.argsort(0, true).unwrap()]);
    let stacked = line.reshape([2, 250_000]).unwrap();
    check("long lanes", &[&stacked.sort(1, false).unwrap()]);
    let columns = line.reshape([250_000, 2]).unwrap();
    check("long columns", &[&columns.sort(0, true).unwrap()]);
    check("median", &[&x.median(0).unwrap()]);
}

#[test]
fn an_exchange_picks_what_is_read() {
    // Kept rows are read as columns.
    let x = normal(&[2000, 2000], 500);
    let down = x.cumsum(1).unwrap();
    let cut = check("rows to columns", &[&down.cumsum(0).unwrap()]);
    assert!(
        cut.fragments
            .iter()
            .any(|f| matches!(f.work, Work::Pick { .. }))
    );
}

#[test]
fn the_number_of_fragments_is_bounded() {
    // Ten to the nine chunks.
    let x = Random::new(1)
        .uniform(0.0, 1.0, [100_000_000, 1_000_000], 316)
        .unwrap();
    let plan = ClusterPlan::new(&[&x.mean(..).unwrap()], 1 << 33, Vec::new()).unwrap();
    let cut = plan.cut(&Limits::new(100, 1 << 30)).unwrap();
    assert!(cut.fragments.len() < 5000, "{}", cut.fragments.len());
    let bytes: usize = cut.fragments.iter().map(|f| f.spec.len()).sum();
    assert!(bytes < 200_000, "{bytes}");
}

#[test]
fn what_fits_no_worker_is_refused() {
    let x = normal(&[3000, 3000], 500);
    let plan = ClusterPlan::new(
        &[&x.sort(0, false).unwrap().cumsum(0).unwrap()],
        LIMIT,
        Vec::new(),
    );
    let plan = plan.unwrap();
    let tight = Limits::new(2, 1 << 16);
    let Err(Error::OverBudget { smallest, .. }) = plan.cut(&tight) else {
        unreachable!("64 KiB are enough?");
    };
    let room = smallest;
    let found = plan.cut(&Limits::new(2, room));
    let message = found.err().map(|e| e.to_string());
    // Of the stage that was refused it is enough; a later one may need more still.
    assert!(message.is_none_or(|m| !m.contains(&format!("{smallest} "))));
}

#[test]
fn fragments_are_of_one_plan() {
    let x = normal(&[300, 300], 100);
    let one = ClusterPlan::new(&[&x.sum(0).unwrap()], LIMIT, Vec::new()).unwrap();
    let other = ClusterPlan::new(&[&x.sum(1).unwrap()], LIMIT, Vec::new()).unwrap();
    assert_ne!(one.fingerprint(), other.fingerprint());
    let cut = one.cut(&Limits::new(1, LIMIT)).unwrap();
    let session = Session::new(1, LIMIT).unwrap();
    let spec = &cut.fragments[0].spec;
    let run = |plan: &ClusterPlan, spec: &[u8]| {
        let run = plan.run(&session, spec, Default::default());
        run.err().map(|e| e.to_string()).unwrap_or_default()
    };
    assert_eq!(run(&one, spec), "");
    assert!(
        run(&other, spec).contains("another plan"),
        "{}",
        run(&other, spec)
    );
    assert!(run(&one, &[]).contains("fewer than"));
    for at in 0..spec.len() {
        assert!(!run(&one, &spec[..at]).is_empty(), "{at} bytes of it");
        let mut flipped = spec.clone();
        flipped[at] ^= 1 << (at % 8);
        assert!(!run(&one, &flipped).is_empty(), "byte {at} flipped");
    }
    let mut future = spec.clone();
    future[3] += 1;
    assert!(run(&one, &future).contains("one version of chunkwise"));
}

#[test]
fn reads_come_before() {
    let x = normal(&[3000, 2000], 500);
    let y = x
        .subtract(x.mean(Axes::from(1).keepdims()).unwrap())
        .unwrap();
    let plan = ClusterPlan::new(&[&y.cumsum(0).unwrap()], LIMIT, Vec::new()).unwrap();
    let cut = plan.cut(&Limits::new(9, 64 << 20)).unwrap();
    for (n, fragment) in cut.fragments.iter().enumerate() {
        let before = |r: &Read| matches!(r, Read::Fragment(m) if *m < n);
        assert!(
            fragment.reads.iter().all(before),
            "{n}: {:?}",
            fragment.reads
        );
    }
}

/// What stands for an array in bundles.
#[derive(Debug)]
struct Persisted {
    lies: Elsewhere,
    shape: Vec<usize>,
    id: SourceId,
}

impl Source for Persisted {
    fn id(&self) -> SourceId {
        self.id
    }
    fn name(&self) -> String {
        "persisted".to_owned()
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn dtype(&self) -> DType {
        DType::F64
    }
    fn elsewhere(&self) -> Option<&Elsewhere> {
        Some(&self.lies)
    }
    fn read(&self, _: &Region, _: ViewMut<'_>) -> chunkwise::Result<()> {
        Err(Error::Cancelled)
    }
}

#[test]
fn what_was_persisted_is_read_where_it_lies() {
    let session = Session::new(1, LIMIT).unwrap();
    let limits = Limits::new(3, 8 << 20);
    let grain = Some(20_000);
    let x = normal(&[1000, 600], 200);
    let both = [x.mean(0).unwrap(), x.add(1.0).unwrap()];
    let arrays: Vec<&Array> = both.iter().collect();
    let first = ClusterPlan::with_grain(&arrays, LIMIT, Vec::new(), grain).unwrap();
    let cut = first.cut(&limits).unwrap();
    let mut bundles = Vec::new();
    for fragment in &cut.fragments {
        let given = first.given(fragment, &bundles).unwrap();
        bundles.push(first.run(&session, &fragment.spec, given).unwrap());
    }
    let parcels = first.results(&cut, 1, &bundles).unwrap();
    assert!(parcels.len() > 1);
    // Small results have bundles of their own.
    let means = first.results(&cut, 0, &bundles).unwrap();
    let held: usize = means.iter().map(Bundle::nbytes).sum();
    assert!(held < 1 << 20, "{held}");
    let source = Persisted {
        lies: first.elsewhere(&cut, 1, "x + 1").unwrap(),
        shape: vec![1000, 600],
        id: SourceId::unique(),
    };
    let there = Array::from_source(Arc::new(source), None).unwrap();
    let of = |y: &Array| {
        [
            y.clone(),
            y.subtract(y.mean(0).unwrap()).unwrap(),
            y.get(s![990.., ..5]).unwrap().cumsum(1).unwrap(),
            y.transpose(&[1, 0]).unwrap().sum(0).unwrap(),
        ]
    };
    let later = of(&there);
    let arrays: Vec<&Array> = later.iter().collect();
    let plan = ClusterPlan::with_grain(&arrays, LIMIT, Vec::new(), grain).unwrap();
    let cut = plan.cut(&limits).unwrap();
    let mut made: Vec<Bundle> = Vec::new();
    let chosen = |reads: &[Read], made: &[Bundle]| -> Vec<Bundle> {
        let of = |read: &Read| match read {
            Read::Fragment(n) => made[*n].clone(),
            Read::Elsewhere { stage, parcel } => {
                assert_eq!(&*plan.elsewhere_of(*stage).unwrap().name, "x + 1");
                sent(&parcels[*parcel as usize])
            }
        };
        reads.iter().map(of).collect()
    };
    for fragment in &cut.fragments {
        let given = Given {
            bundles: chosen(&fragment.reads, &made),
            ..Given::default()
        };
        made.push(plan.run(&session, &fragment.spec, given).unwrap());
    }
    let whole = of(&x.add(1.0).unwrap().persist().unwrap());
    for (n, local) in whole.iter().enumerate() {
        let held = chosen(&cut.results[n], &made);
        let got = plan.collect(&cut, n, &held).unwrap();
        let expected = local.compute().unwrap();
        assert_eq!(got.shape(), expected.shape());
        let (got, expected) = (
            got.to_vec::<f64>().unwrap(),
            expected.to_vec::<f64>().unwrap(),
        );
        let close = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-12 * b.abs().max(1.0);
        assert!(got.iter().zip(&expected).all(close), "{n}");
    }
    // Kept again, it is where it was.
    let again = ClusterPlan::new(&[&there], LIMIT, Vec::new()).unwrap();
    let cut = again.cut(&limits).unwrap();
    assert!(cut.fragments.is_empty());
    let lies = again.elsewhere(&cut, 0, "x + 1").unwrap();
    assert_eq!(
        lies.output,
        first
            .elsewhere(&first.cut(&limits).unwrap(), 1, "")
            .unwrap()
            .output
    );
    // Read by a run of this process, it is asked for its elements.
    assert!(there.sum(..).unwrap().compute().is_err());
}

/// A sink that remembers nothing but how much it was given.
#[derive(Debug, Default)]
struct Counted(std::sync::atomic::AtomicUsize, Option<Grid>);

impl Sink for Counted {
    fn name(&self) -> String {
        "counted".to_owned()
    }
    fn grid(&self) -> Option<Grid> {
        self.1.clone()
    }
    fn write(&self, region: &Region, _: chunkwise_core::View<'_>) -> chunkwise::Result<()> {
        if let Some(grid) = &self.1 {
            let whole = |at: chunkwise_core::Dims| grid.region(&at).intersect(region);
            assert!(
                grid.covering(region)
                    .all(|at| whole(at.clone()) == Some(grid.region(&at)))
            );
        }
        self.0
            .fetch_add(region.len(), std::sync::atomic::Ordering::Relaxed);
        Ok(())
    }
    fn commit(&self) -> chunkwise::Result<()> {
        Ok(())
    }
    fn abort(&self) {}
}

#[test]
fn an_array_is_stored_twice_and_asked_for() {
    let x = normal(&[600, 500], 100);
    let sinks = [
        Grid::regular(&[600, 500], &[90, 70]),
        Grid::regular(&[600, 500], &[100, 100]),
    ]
    .map(|grid| Arc::new(Counted(Default::default(), Some(grid))));
    let arrays = [&x, &x, &x];
    let given = sinks.iter().map(|s| Some(Arc::clone(s) as Arc<dyn Sink>));
    let given: Vec<_> = given.chain([None]).collect();
    let plan = ClusterPlan::with_grain(&arrays, LIMIT, given, Some(20_000)).unwrap();
    let cut = plan.cut(&Limits::new(4, LIMIT)).unwrap();
    let session = Session::new(1, LIMIT).unwrap();
    let mut bundles = Vec::new();
    for fragment in &cut.fragments {
        let given = plan.given(fragment, &bundles).unwrap();
        bundles.push(plan.run(&session, &fragment.spec, given).unwrap());
    }
    for sink in &sinks {
        assert_eq!(sink.0.load(std::sync::atomic::Ordering::Relaxed), 300_000);
    }
    let held = plan.results(&cut, 2, &bundles).unwrap();
    let got = plan.collect(&cut, 2, &held).unwrap();
    assert!(bits(&got) == bits(&x.compute().unwrap()));
    assert!(ClusterPlan::new(&[], LIMIT, vec![None]).is_err());
}

#[test]
fn parts_are_stored_by_whoever_makes_them() {
    let folder = std::env::temp_dir().join(format!("cw-cluster-{}.zarr", std::process::id()));
    let path = folder.to_str().unwrap();
    let x = normal(&[700, 500], 100);
    let location = StoreLocation::parse(path).unwrap();
    let layout = Layout::new(&[90, 70]);
    let sink = ZarrSink::create(location, &layout, x.shape(), DType::F64, false, false).unwrap();
    let bytes = sink.part().unwrap();
    let part = || -> Arc<dyn Sink> { Arc::new(ZarrSink::of_part(&bytes).unwrap()) };
    assert!(ZarrSink::of_part(&bytes[..bytes.len() / 2]).is_err());
    let total = x.sum(..).unwrap();
    let arrays = [&x, &total];
    let plan = ClusterPlan::with_grain(&arrays, LIMIT, vec![Some(part())], Some(20_000)).unwrap();
    let limits = Limits::new(4, LIMIT);
    let cut = plan.cut(&limits).unwrap();
    let session = Session::new(1, LIMIT).unwrap();
    let mut bundles = Vec::new();
    for fragment in &cut.fragments {
        let worker = ClusterPlan::with_grain(&arrays, LIMIT, vec![Some(part())], Some(20_000));
        let given = plan.given(fragment, &bundles).unwrap();
        bundles.push(
            worker
                .unwrap()
                .run(&session, &fragment.spec, given)
                .unwrap(),
        );
    }
    assert!(!folder.exists());
    sink.commit().unwrap();
    let stored = Array::from_zarr(path).unwrap();
    let difference = stored.subtract(&x).unwrap().abs().unwrap().max(..).unwrap();
    assert_eq!(difference.compute().unwrap().item::<f64>().unwrap(), 0.0);
    let held = plan.results(&cut, 1, &bundles).unwrap();
    let sum = plan.collect(&cut, 1, &held).unwrap().item::<f64>().unwrap();
    assert!((sum - total.compute().unwrap().item::<f64>().unwrap()).abs() < 1e-9);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_lane_is_sorted_that_fits_no_worker() {
    let line = normal(&[2_000_000], 100_000);
    let sorted = line.sort(0, false).unwrap();
    let limits = Limits::new(4, 6 << 20);
    let (cut, results) = run(&[&sorted], limits, Some(50_000));
    assert!(
        cut.fragments
            .iter()
            .any(|f| matches!(f.work, Work::Stretch { .. }))
    );
    assert!(cut.fragments.iter().all(|f| f.peak <= limits.room));
    let expected = sorted.compute().unwrap();
    assert!(bits(&results[0]) == bits(&expected));
}

/// Runs as [`run`] does, with exchanges through files; the bytes that lie in them in the end.
fn run_through_files(arrays: &[&Array], limits: Limits) -> (Cut, Vec<Chunk>, u64) {
    let limits = Limits { picks: 8, ..limits };
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let name = format!(
        "cw-exchange-{}-{}",
        std::process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed)
    );
    let folder = std::env::temp_dir().join(name);
    std::fs::create_dir(&folder).unwrap();
    let (cut, results) = run_with(arrays, limits, Some(20_000), Some(&folder));
    let files = std::fs::read_dir(&folder).unwrap();
    let bytes = files.map(|f| f.unwrap().metadata().unwrap().len()).sum();
    std::fs::remove_dir_all(&folder).unwrap();
    (cut, results, bytes)
}

#[test]
fn an_exchange_of_many_picks_goes_through_files() {
    let x = normal(&[1200, 1100], 200);
    let columns = x.cumsum(1).unwrap().cumsum(0).unwrap();
    let line = normal(&[300_000], 100_000);
    let cases: [(&str, Array); 5] = [
        ("rows to columns", columns.clone()),
        ("and on", columns.mean(1).unwrap()),
        ("a long lane", line.sort(0, false).unwrap()),
        ("its order", line.argsort(0, true).unwrap()),
        ("bools", columns.less(0.0).unwrap().sort(0, false).unwrap()),
    ];
    for (name, y) in &cases {
        let local = Session::new(2, LIMIT).unwrap().with_grain(20_000);
        let expected = local.compute(&[y]).unwrap().remove(0);
        let limits = Limits {
            seconds: 1e-3,
            ..Limits::new(16, 64 << 20)
        };
        let (cut, results, bytes) = run_through_files(&[y], limits);
        assert!(bits(&expected) == bits(&results[0]), "{name}");
        let spread = |f: &&chunkwise::cluster::Fragment| matches!(f.work, Work::Spread { .. });
        assert!(cut.fragments.iter().filter(spread).count() > 1, "{name}");
        // Each element lies in a file once, beside what tells which it is.
        let exchanged = expected.nbytes().max(x.nbytes() as usize / 2) as u64;
        assert!(bytes < 8 * exchanged, "{name}: {bytes} bytes");
        assert!(cut.explain().contains("spread"), "{}", cut.explain());
    }
}

/// The fragments of a label, with how many bytes of bundles each is given that others have made.
fn given(cut: &Cut, label: &str) -> Vec<(usize, u64)> {
    let of = cut.fragments.iter().filter(|f| f.label == label);
    let size = |read: &Read| match read {
        Read::Fragment(n) => cut.fragments[*n].size,
        Read::Elsewhere { .. } => 0,
    };
    of.map(|f| (f.reads.len(), f.reads.iter().map(size).sum()))
        .collect()
}

#[test]
fn reductions_are_where_their_data_is() {
    // A function of the user's, on large chunks: what it makes is reduced where it is made.
    let x = normal(&[8192, 8192], 2048);
    let y = x
        .map_blocks(|c: ndarray::ArrayViewD<'_, f64>| c.to_owned())
        .unwrap();
    for (name, reduced) in [
        ("mean(axis=0)", y.mean(0).unwrap()),
        ("mean(axis=1)", y.mean(1).unwrap()),
        ("mean", y.mean(..).unwrap()),
    ] {
        let plan = ClusterPlan::new(&[&reduced], 4 << 30, Vec::new()).unwrap();
        let cut = plan.cut(&Limits::new(4, 1 << 30)).unwrap();
        let found = given(&cut, name);
        assert_eq!(found.len(), 16, "{name}: {}", cut.explain());
        assert!(found.iter().all(|g| *g == (0, 0)), "{name}");
        assert_eq!(given(&cut, "map_blocks").len(), 0, "{name}");
    }
    // Where it is wanted too, they are given it, each one bundle.
    let mean = y.mean(1).unwrap();
    let plan = ClusterPlan::new(&[&y, &mean], 4 << 30, Vec::new()).unwrap();
    let cut = plan.cut(&Limits::new(4, 1 << 30)).unwrap();
    let found = given(&cut, "mean(axis=1)");
    assert_eq!((given(&cut, "map_blocks").len(), found.len()), (16, 16));
    for (count, bytes) in found {
        assert!(count == 1 && bytes <= y.nbytes() / 16 + 4096, "{bytes}");
    }
    let picks = cut.fragments.iter();
    let picks = picks.filter(|f| matches!(&f.work, Work::Pick { nodes: None, .. }));
    assert_eq!(picks.count(), 0, "{}", cut.explain());
    // Columns of a scan, reduced along rows.
    let down = x.cumsum(0).unwrap().sum(1).unwrap();
    let plan = ClusterPlan::new(&[&down], 4 << 30, Vec::new()).unwrap();
    let limits = Limits {
        seconds: 0.05,
        ..Limits::new(4, 128 << 20)
    };
    let cut = plan.cut(&limits).unwrap();
    let found = given(&cut, "sum(axis=1)");
    assert!(found.len() >= 16 && found.iter().all(|(count, _)| *count == 1));
}

#[test]
fn functions_are_called_once() {
    use std::sync::atomic::AtomicU64;
    static CALLS: AtomicU64 = AtomicU64::new(0);
    let x = normal(&[900, 1000], 300);
    let y = x
        .map_blocks(|c: ndarray::ArrayViewD<'_, f64>| {
            CALLS.fetch_add(1, Ordering::Relaxed);
            c.to_owned()
        })
        .unwrap();
    let limits = Limits {
        seconds: 1e-4,
        ..Limits::new(64, LIMIT)
    };
    for grain in [None, Some(20_000)] {
        for arrays in [
            vec![y.mean(0).unwrap()],
            vec![y.mean(1).unwrap(), y.max(..).unwrap()],
            vec![y.multiply(2.0).unwrap().cumsum(0).unwrap()],
            vec![y.sort(1, false).unwrap()],
            vec![y.roll(&[7], 0).unwrap()],
        ] {
            CALLS.store(0, Ordering::Relaxed);
            let arrays: Vec<&Array> = arrays.iter().collect();
            let (cut, _) = run(&arrays, limits, grain);
            assert_eq!(CALLS.load(Ordering::Relaxed), 12, "{}", cut.explain());
        }
    }
}

#[test]
fn large_chunks_are_reduced_in_parts() {
    let x = normal(&[1100, 1300], 400);
    let y = x
        .map_blocks(|c: ndarray::ArrayViewD<'_, f64>| c.to_owned() + 1.0)
        .unwrap();
    let arrays = [
        y.mean(0).unwrap(),
        y.std(1, 0.0).unwrap(),
        y.argmax(0).unwrap(),
        y.sum(..).unwrap(),
    ];
    let arrays: Vec<&Array> = arrays.iter().collect();
    check("parts of chunks", &arrays);
    let again = x.add(1.0).unwrap();
    let expected = [again.mean(0).unwrap(), again.std(1, 0.0).unwrap()];
    for (found, expected) in arrays.iter().zip(&expected) {
        let difference = found.subtract(expected).unwrap().abs().unwrap();
        let most = difference.max(..).unwrap().compute().unwrap();
        assert!(most.item::<f64>().unwrap() < 1e-13);
    }
}

#[test]
fn functions_on_small_chunks_run_at_once() {
    // They may take long, whatever their chunks are: not all in the one task that reads what they make.
    let x = normal(&[32, 1000], 1);
    let x = x.rechunk([1usize, 1000]).unwrap();
    let y = x
        .map_blocks(|c: ndarray::ArrayViewD<'_, f64>| c.to_owned())
        .unwrap();
    let sum = y.sum(0).unwrap();
    let plan = ClusterPlan::new(&[&sum], LIMIT, Vec::new()).unwrap();
    let cut = plan.cut(&Limits::new(4, LIMIT)).unwrap();
    assert!(given(&cut, "map_blocks").len() >= 16, "{}", cut.explain());
}
