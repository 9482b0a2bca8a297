//! The engine against hand-written loops: `cargo bench -p chunkwise --bench engine [-- E1 E6 ...]`.
//!
//! Each row runs in a fresh process, after a warm-up, as the median of several repetitions; the hand
//! loop of a row runs in the same process on as many threads. What counts is the ratio.
#![allow(clippy::unwrap_used, reason = "a benchmark stops where it fails")]

use std::hint::black_box;
use std::time::Instant;

use chunkwise::diagnostics::resources;
use chunkwise::diagnostics::serve::Server;
use chunkwise::{
    Array, Boundary, Chunk, DType, Delayed, Overlap, Random, Session, ViewMut, delayed, join,
};
use chunkwise_core::{Canvas, Grid, Pool};

mod loops;

const LIMIT: u64 = 6 << 30;

type Row = (&'static str, &'static str, fn(usize) -> Vec<Measured>);

/// One figure of a row: what, milliseconds, growth of the peak of resident memory in MB.
struct Measured(String, f64, f64);

fn main() {
    let rows: [Row; 16] = [
        (
            "E1",
            "normal(10000x10000) in 1000x1000, mean(0)[0:100]",
            |t| first_means(t, [1000, 1000]),
        ),
        ("E2", "the same in 10000x100 chunks", |t| {
            first_means(t, [10_000, 100])
        }),
        (
            "E3",
            "all column means and the total sum of it, one pass",
            all_means,
        ),
        (
            "E4",
            "mean of uniform, 1/100 of 1,500,000 x 100,000",
            terabyte,
        ),
        (
            "E5",
            "building and explaining a plan over many chunks",
            planning,
        ),
        ("E6", "((x*2+1)**2 - x/3).sum(), 8000x8000", polynomial),
        ("E7", "sqrt(x*x+y*y)*exp(-x) whole, 8000x8000", radial),
        (
            "E8",
            "(x - x.mean(0))/x.std(0) whole, 20000x2000",
            standardise,
        ),
        ("E9", "(x + x.T).sum(), 10000x10000", transposed),
        ("E10", "rechunk 10000x100 to 100x10000, sum(1)", rechunked),
        ("E11", "x @ y, 4000^3", product),
        (
            "E12",
            "5-point Laplacian by map_overlap, 8000x8000",
            laplacian,
        ),
        ("E13", "a small compute; 10^6 tasks and their tree", small),
        (
            "E14",
            "mean and std over axis 0 of a .npy larger than the limit",
            out_of_core,
        ),
        ("E15", "1 to 2 threads", scaling),
        (
            "E16",
            "what the page costs: long tasks, short ones, and the shortest",
            watched,
        ),
    ];
    let args: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with("--"))
        .collect();
    if let [flag, name, threads] = &args[..]
        && flag == "row"
    {
        let row = rows.iter().find(|r| r.0 == name).unwrap();
        for Measured(what, ms, mb) in (row.2)(threads.parse().unwrap()) {
            println!("  {what:<46} {ms:>10.3} ms {mb:>9.1} MB");
        }
        return;
    }
    let threads = resources::usable_cpus().unwrap_or(1);
    for (name, what, _) in rows {
        if !args.is_empty() && !args.iter().any(|a| a == name) {
            continue;
        }
        println!("{name}: {what}");
        let own = std::env::current_exe().unwrap();
        std::process::Command::new(own)
            .args(["row", name, &threads.to_string()])
            .status()
            .unwrap();
    }
}

/// Median milliseconds of `n` repetitions after one for warming up, and the growth of the peak.
fn time<T>(what: &str, n: usize, mut run: impl FnMut() -> T) -> Measured {
    drop(black_box(run()));
    resources::reset_peak_resident();
    let before = resources::resident().unwrap_or(0);
    let mut times: Vec<f64> = (0..n)
        .map(|_| {
            let start = Instant::now();
            drop(black_box(run()));
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let grown = resources::peak_resident()
        .unwrap_or(0)
        .saturating_sub(before);
    Measured(what.to_owned(), times[n / 2], grown as f64 / 1e6)
}

fn session(threads: usize) -> Session {
    Session::new(threads, LIMIT).unwrap()
}

fn normal(chunks: [usize; 2]) -> Array {
    Random::new(42)
        .standard_normal([10_000, 10_000], chunks)
        .unwrap()
}

/// An array in memory, made by the engine itself.
fn in_memory(shape: [usize; 2], seed: u64) -> Array {
    let x = Random::new(seed).uniform(0.0, 1.0, shape, 1000).unwrap();
    x.persist().unwrap()
}

fn values(x: &Array) -> Chunk {
    x.compute().unwrap()
}

fn first_means(threads: usize, chunks: [usize; 2]) -> Vec<Measured> {
    let s = session(threads);
    let y = normal(chunks);
    vec![
        time("chunkwise", 21, || {
            let z = y.mean(0).unwrap().get_str("0:100").unwrap();
            s.compute(&[&z]).unwrap()
        }),
        time("one million normals, summed", 21, || {
            let x = Random::new(1)
                .standard_normal([1_000_000], 100_000)
                .unwrap();
            s.compute(&[&x.sum(..).unwrap()]).unwrap()
        }),
    ]
}

fn all_means(threads: usize) -> Vec<Measured> {
    let y = normal([1000, 1000]);
    let (means, sum) = (y.mean(0).unwrap(), y.sum(..).unwrap());
    [1, threads]
        .map(|t| {
            let s = session(t);
            time(&format!("chunkwise, {t} threads"), 5, || {
                s.compute(&[&means, &sum]).unwrap()
            })
        })
        .into()
}

fn terabyte(threads: usize) -> Vec<Measured> {
    let s = session(threads);
    let x = Random::new(3)
        .random([15_000, 100_000], [1000, 1000])
        .unwrap();
    let mean = x.mean(..).unwrap();
    vec![time("chunkwise (times 100 for the whole)", 3, || {
        s.compute(&[&mean]).unwrap()
    })]
}

fn planning(_: usize) -> Vec<Measured> {
    let s = session(2);
    [
        (1_500_000, 100_000, 1000),
        (1_500_000, 100_000, 100),
        (100_000_000, 100_000_000, 3162),
    ]
    .map(|(rows, cols, chunk)| {
        let count = Random::new(3)
            .random([rows, cols], chunk)
            .unwrap()
            .chunks()
            .count();
        time(&format!("{count} chunks"), 21, || {
            let x = Random::new(3).random([rows, cols], chunk).unwrap();
            s.explain(&[&x.mean(..).unwrap()]).unwrap()
        })
    })
    .into()
}

fn polynomial(threads: usize) -> Vec<Measured> {
    let s = session(threads);
    let x = in_memory([8000, 8000], 1);
    let sum = ((&x * 2.0 + 1.0).square().unwrap() - &x / 3.0)
        .sum(..)
        .unwrap();
    let data = values(&x);
    let data = data.as_slice::<f64>().unwrap();
    vec![
        time("chunkwise", 9, || s.compute(&[&sum]).unwrap()),
        time("hand loop", 9, || {
            loops::sum(data, threads, loops::polynomial)
        }),
    ]
}

fn radial(threads: usize) -> Vec<Measured> {
    let s = session(threads);
    let (x, y) = (in_memory([8000, 8000], 1), in_memory([8000, 8000], 2));
    let z = (&x * &x + &y * &y).sqrt().unwrap() * (-&x).exp().unwrap();
    let (a, b) = (values(&x), values(&y));
    let (a, b) = (a.as_slice::<f64>().unwrap(), b.as_slice::<f64>().unwrap());
    let mut out = vec![0.0; a.len()];
    vec![
        time("chunkwise", 5, || s.compute(&[&z]).unwrap()),
        time("hand loop with libm, into touched memory", 5, || {
            loops::zip(a, b, &mut out, threads, |x, y| {
                (x * x + y * y).sqrt() * (-x).exp()
            })
        }),
        into_touched(&s, &z, threads),
    ]
}

/// The same array again and again into memory that was touched before.
fn into_touched(s: &Session, z: &Array, _threads: usize) -> Measured {
    let mut out = vec![0.0f64; z.size()];
    time("chunkwise, into touched memory", 5, || {
        s.compute_into(z, ViewMut::from_slice(&mut out, z.shape()).unwrap())
            .unwrap()
    })
}

fn standardise(threads: usize) -> Vec<Measured> {
    let s = session(threads);
    let x = in_memory([20_000, 2000], 1);
    let z = (&x - x.mean(0).unwrap()) / x.std(0, 0.0).unwrap();
    let data = values(&x);
    let data = data.as_slice::<f64>().unwrap();
    let mut out = vec![0.0; data.len()];
    vec![
        time("chunkwise", 5, || s.compute(&[&z]).unwrap()),
        into_touched(&s, &z, threads),
        time("hand loop, into touched memory", 5, || {
            loops::standardise(data, 2000, &mut out, threads)
        }),
    ]
}

fn transposed(threads: usize) -> Vec<Measured> {
    let s = session(threads);
    let x = in_memory([10_000, 10_000], 1);
    let z = (&x + x.t().unwrap()).sum(..).unwrap();
    let data = values(&x);
    let data = data.as_slice::<f64>().unwrap();
    vec![
        time("chunkwise", 9, || s.compute(&[&z]).unwrap()),
        time("hand loop, tiled", 9, || {
            loops::transposed(data, 10_000, threads)
        }),
    ]
}

fn rechunked(threads: usize) -> Vec<Measured> {
    let s = session(threads);
    let x = in_memory([10_000, 10_000], 1)
        .rechunk([10_000, 100])
        .unwrap();
    let z = x.rechunk([100, 10_000]).unwrap().sum(1).unwrap();
    vec![time("chunkwise", 9, || s.compute(&[&z]).unwrap())]
}

fn product(threads: usize) -> Vec<Measured> {
    let s = session(threads);
    let (x, y) = (in_memory([4000, 4000], 1), in_memory([4000, 4000], 2));
    let z = x.matmul(&y).unwrap();
    let (a, b) = (values(&x), values(&y));
    let pool = Pool::new(1 << 30);
    vec![
        time("chunkwise", 3, || s.compute(&[&z]).unwrap()),
        time("gemm of the whole, 1 thread", 3, || {
            let canvas = Canvas::owned(&pool, DType::F64, Grid::single(&[1, 4000, 4000])).unwrap();
            let mut out = canvas.claim(&[0, 0, 0]).unwrap();
            let (a, b) = (
                a.view().insert_leading_axis(),
                b.view().insert_leading_axis(),
            );
            chunkwise_kernels::contract::contract(&mut out, &a, &b, false).unwrap();
        }),
    ]
}

fn laplacian(threads: usize) -> Vec<Measured> {
    let s = session(threads);
    let x = in_memory([8000, 8000], 1).rechunk([1000, 1000]).unwrap();
    let stencil = |c: ndarray::ArrayViewD<f64>| {
        let c = c.into_dimensionality::<ndarray::Ix2>().unwrap();
        let (h, w) = c.dim();
        let mut out = ndarray::Array2::<f64>::zeros((h, w));
        for i in 1..h - 1 {
            for j in 1..w - 1 {
                out[[i, j]] =
                    c[[i - 1, j]] + c[[i + 1, j]] + c[[i, j - 1]] + c[[i, j + 1]] - 4.0 * c[[i, j]];
            }
        }
        out.into_dyn()
    };
    let overlap = Overlap::axes([1, 1]).boundary(Boundary::Constant(0.0));
    let z = x.map_overlap(overlap, stencil).unwrap();
    let data = values(&x);
    let data = data.as_slice::<f64>().unwrap();
    let mut out = vec![0.0; data.len()];
    let part = |index: &str| x.get_str(index).unwrap();
    let sliced = part("2:, 1:-1") + part(":-2, 1:-1") + part("1:-1, 2:") + part("1:-1, :-2")
        - part("1:-1, 1:-1") * 4.0;
    vec![
        time("chunkwise map_overlap", 5, || s.compute(&[&z]).unwrap()),
        time("chunkwise, by slices", 5, || s.compute(&[&sliced]).unwrap()),
        into_touched(&s, &sliced, threads),
        time("hand loop, into touched memory", 5, || {
            loops::laplacian(data, 8000, &mut out, threads)
        }),
    ]
}

fn small(threads: usize) -> Vec<Measured> {
    let s = session(threads);
    let a = Array::from_vec((0..10).map(f64::from).collect::<Vec<_>>(), [10], 10).unwrap();
    let b = &a + &a;
    let tree = Array::zeros([1_000_000], DType::F64, 1000)
        .unwrap()
        .sum(..)
        .unwrap();
    let one_each = session(threads).with_grain(1);
    vec![
        time("(a + a).compute() of 10 elements", 1001, || {
            s.compute(&[&b]).unwrap()
        }),
        time("building a + a", 1001, || &a + &a),
        time("a sum of 10^6 elements, a task for each", 5, || {
            one_each.compute(&[&tree]).unwrap()
        }),
        time("building and dropping a tree of 10^6 functions", 5, || {
            functions(500_000)
        }),
        {
            let top = functions(500_000);
            time("10^6 functions in a tree", 9, || {
                s.compute_delayed(&top).unwrap()
            })
        },
        {
            let mut last = delayed(|| 0_u64);
            for _ in 1..1_000_000 {
                last = last.then(|n| n + 1);
            }
            time("10^6 functions in a row", 9, || {
                s.compute_delayed(&last).unwrap()
            })
        },
    ]
}

/// A binary tree over so many leaves.
fn functions(leaves: u64) -> Delayed<u64> {
    let mut level: Vec<Delayed<u64>> = (0..leaves).map(|n| delayed(move || n)).collect();
    while level.len() > 1 {
        let two = level.chunks(2).map(|two| match two {
            [a, b] => join(a, b, |a, b| a + b),
            _ => two[0].clone(),
        });
        level = two.collect();
    }
    level.swap_remove(0)
}

fn out_of_core(threads: usize) -> Vec<Measured> {
    let folder = std::env::temp_dir().join(format!("chunkwise-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("x.npy");
    let gib: usize = std::env::var("CHUNKWISE_BENCH_GIB")
        .ok()
        .and_then(|g| g.parse().ok())
        .unwrap_or(2);
    let rows = gib * (1 << 30) / 4 / 10_000;
    let made = Session::new(threads, 256 << 20).unwrap();
    let x = Random::new(5)
        .with_dtype(DType::F32)
        .standard_normal([rows, 10_000], 1000)
        .unwrap();
    made.to_npy(&x, &path).unwrap();
    let s = Session::new(threads, 256 << 20).unwrap();
    let x = Array::from_npy(&path).unwrap();
    let (mean, std) = (x.mean(0).unwrap(), x.std(0, 0.0).unwrap());
    let measured = time(&format!("chunkwise, {gib} GiB f32 at 256 MiB"), 3, || {
        s.compute(&[&mean, &std]).unwrap()
    });
    let read = time("reading the file in 1 MiB pieces, 1 thread", 3, || {
        use std::io::Read;
        let mut file = std::fs::File::open(&path).unwrap();
        let mut piece = vec![0u8; 1 << 20];
        while file.read(&mut piece).unwrap() > 0 {}
    });
    std::fs::remove_dir_all(&folder).unwrap();
    vec![measured, read]
}

fn scaling(threads: usize) -> Vec<Measured> {
    let mut all = Vec::new();
    for t in [1, threads] {
        for (name, row) in [
            ("E6", polynomial as fn(usize) -> Vec<Measured>),
            ("E8", standardise),
            ("E12", laplacian),
        ] {
            let Measured(_, ms, mb) = row(t).swap_remove(0);
            all.push(Measured(format!("{name}, {t} threads"), ms, mb));
        }
    }
    all
}

/// Runs with the page and without it in turns, so that what else the machine does is in both.
fn watched(threads: usize) -> Vec<Measured> {
    let long = Random::new(3)
        .random([15_000, 100_000], [1000, 1000])
        .unwrap();
    let call = |c: ndarray::ArrayViewD<'_, f64>| c.to_owned();
    let short = Array::zeros([20_000_000], DType::F64, 1000).unwrap();
    let short = short.map_blocks(call).unwrap().sum(..).unwrap();
    let least = Array::zeros([1_000_000], DType::F64, 1000).unwrap();
    let least = least.sum(..).unwrap();
    let mut all = Vec::new();
    for (what, array, session, turns) in [
        ("E4", long.mean(..).unwrap(), session(threads), 9),
        ("20,000 calls of 1000 elements", short, session(threads), 21),
        (
            "10^6 tasks of 1 element",
            least,
            session(threads).with_grain(1),
            5,
        ),
    ] {
        let server = Server::bind("127.0.0.1", 0).unwrap();
        let look = look_at(&server);
        let seen = session.clone().with_subscriber(server.recorder());
        let tasks = session.plan(&[&array]).unwrap().task_count();
        let (mut without, mut with) = (Vec::new(), Vec::new());
        for _ in 0..turns {
            for (session, times) in [(&session, &mut without), (&seen, &mut with)] {
                let start = Instant::now();
                drop(black_box(session.compute(&[&array]).unwrap()));
                times.push(start.elapsed().as_secs_f64() * 1e3);
            }
        }
        without.sort_by(f64::total_cmp);
        with.sort_by(f64::total_cmp);
        let more = (with[turns / 2] - without[turns / 2]) * 1e6 / tasks as f64;
        all.push(Measured(
            format!("{what}, {tasks} tasks"),
            without[turns / 2],
            0.0,
        ));
        let name = format!("  watched: {more:+.0} ns a task");
        all.push(Measured(name, with[turns / 2], 0.0));
        server.close();
        look.join().unwrap();
    }
    all
}

/// Somebody who looks at the page until its end.
fn look_at(server: &Server) -> std::thread::JoinHandle<()> {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(server.address()).unwrap();
    std::thread::spawn(move || {
        let asked = b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n";
        stream.write_all(asked).unwrap();
        let mut part = [0; 1 << 16];
        while stream.read(&mut part).is_ok_and(|n| n > 0) {}
    })
}
