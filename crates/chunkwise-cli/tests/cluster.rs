//! The client of Dask clusters, in a program and in the command, against a scheduler and workers that are processes
//! of their own.
//!
//! `tools/client.py` builds and runs this: it takes a Python that can be linked to, and the packages in `VIRTUAL_ENV`.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chunkwise::distributed::Client;
use chunkwise::{
    Array, Blocks, CancelToken, Error, Layout, Random, Session, StoreLocation, ZarrSink, map_blocks,
};
use common::Folder;

/// A machine may be busy with other things.
const LONG: Duration = Duration::from_secs(120);

/// A scheduler and two workers.
struct Cluster {
    folder: Folder,
    processes: Vec<Child>,
    address: String,
}

impl Cluster {
    fn start() -> Cluster {
        let folder = Folder::new();
        let file = folder.path().join("scheduler.json");
        let scheduler = process(
            "distributed.cli.dask_scheduler",
            &[
                OsStr::new("--host=127.0.0.1"),
                OsStr::new("--port=0"),
                OsStr::new("--dashboard-address=127.0.0.1:0"),
                OsStr::new("--scheduler-file"),
                file.as_os_str(),
            ],
            folder.path(),
        );
        let mut processes = vec![scheduler];
        let end = Instant::now() + LONG;
        let address = loop {
            // It is written in more than one step.
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            let found: Result<serde_json::Value, _> = serde_json::from_str(&text);
            if let Some(address) = found
                .ok()
                .and_then(|v| Some(v["address"].as_str()?.to_owned()))
            {
                break address;
            }
            assert!(Instant::now() < end, "no scheduler");
            std::thread::sleep(Duration::from_millis(20));
        };
        for _ in 0..2 {
            processes.push(process(
                "distributed.cli.dask_worker",
                &[
                    OsStr::new(&address),
                    OsStr::new("--nthreads=1"),
                    OsStr::new("--memory-limit=1GiB"),
                    OsStr::new("--no-dashboard"),
                    OsStr::new("--no-nanny"),
                    OsStr::new("--local-directory"),
                    folder.path().as_os_str(),
                ],
                folder.path(),
            ));
        }
        Cluster {
            folder,
            processes,
            address,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The command with `--cluster`.
    fn chunkwise(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chunkwise"));
        command.args(arguments).args(["--cluster", &self.address]);
        command.current_dir(self.folder.path()).output().unwrap()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for process in &mut self.processes {
            process.kill().ok();
            process.wait().ok();
        }
    }
}

fn process(module: &str, arguments: &[&OsStr], folder: &Path) -> Child {
    let environment = std::env::var_os("VIRTUAL_ENV").unwrap();
    Command::new(Path::new(&environment).join("bin").join("python"))
        .args(["-W", "ignore", "-m", module])
        .args(arguments)
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn normal(shape: [usize; 2]) -> Array {
    Random::new(7).standard_normal(shape, 100).unwrap()
}

#[test]
fn a_program_computes_and_stores_on_a_cluster() {
    let cluster = Cluster::start();
    let client = Client::connect(&cluster.address).unwrap();
    let x = normal([700, 500]);
    let arrays = [
        &x.mean(0).unwrap(),
        &x.cumsum(1).unwrap().cumsum(0).unwrap(),
    ];
    let here = Session::new(2, 1 << 30).unwrap().compute(&arrays).unwrap();
    let there = client.compute(&arrays).unwrap();
    for (a, b) in here.iter().zip(&there) {
        assert_eq!(a.shape(), b.shape());
        let (a, b) = (a.to_vec::<f64>().unwrap(), b.to_vec::<f64>().unwrap());
        assert!(a.iter().zip(&b).all(|(a, b)| a.to_bits() == b.to_bits()));
    }
    assert!(client.explain(&arrays).unwrap().contains("cluster: "));

    // What workers have written, they read.
    let path = cluster.path("x.zarr");
    let path = path.to_str().unwrap();
    let (location, layout) = (StoreLocation::parse(path).unwrap(), Layout::new(&[90, 70]));
    let sink = ZarrSink::create(location, &layout, x.shape(), x.dtype(), false, false).unwrap();
    client.store(&[&x], vec![Arc::new(sink)]).unwrap();
    let back = Array::from_zarr(path).unwrap();
    let largest = client.compute(&[&back.max(0).unwrap()]).unwrap();
    let expected = x.max(0).unwrap().compute().unwrap();
    assert_eq!(
        largest[0].to_vec::<f64>().unwrap(),
        expected.to_vec::<f64>().unwrap()
    );

    // Functions of this program are nowhere else.
    let own = map_blocks([&x], x.dtype(), Blocks::new(), |chunks, _| {
        chunks[0].clone()
    })
    .unwrap();
    let refused = client.compute(&[&own]).unwrap_err();
    assert!(
        matches!(refused.root(), Error::InvalidArgument { .. }),
        "{refused}"
    );

    let token = CancelToken::new();
    token.cancel();
    let client = client.with_cancel(token);
    let large = normal([200_000, 20_000])
        .cumsum(0)
        .unwrap()
        .mean(1)
        .unwrap();
    assert!(matches!(client.compute(&[&large]), Err(Error::Cancelled)));
}

#[test]
fn nobody_is_at_the_address() {
    let error = Client::connect("tcp://127.0.0.1:1")
        .unwrap_err()
        .to_string();
    assert!(error.contains("127.0.0.1:1"), "{error}");
}

#[test]
fn the_command_works_on_a_cluster() {
    let cluster = Cluster::start();
    let x = normal([600, 400]);
    x.to_npy(cluster.path("x.npy")).unwrap();
    let here = Command::new(env!("CARGO_BIN_EXE_chunkwise"))
        .args(["reduce", "x.npy", "--op", "mean", "--axis", "0"])
        .current_dir(cluster.folder.path())
        .output()
        .unwrap();
    let path = cluster.path("x.npy");
    let path = path.to_str().unwrap();
    let there = cluster.chunkwise(&["reduce", path, "--op", "mean", "--axis", "0"]);
    assert_eq!(text(&there), text(&here));

    let out = cluster.path("columns.zarr");
    let scratch = cluster.path("shared");
    std::fs::create_dir(&scratch).unwrap();
    let (out, scratch) = (out.to_str().unwrap(), scratch.to_str().unwrap());
    let done = cluster.chunkwise(&[
        "rechunk",
        path,
        out,
        "--chunks",
        "600,10",
        "--quiet",
        "--scratch",
        scratch,
    ]);
    text(&done);
    let back = Array::from_zarr(out).unwrap();
    assert_eq!(
        back.compute().unwrap().to_vec::<f64>().unwrap(),
        x.compute().unwrap().to_vec::<f64>().unwrap()
    );
    let missing = cluster.chunkwise(&["reduce", "/no/such/file.npy", "--op", "sum"]);
    assert!(!missing.status.success());
    let told = String::from_utf8(missing.stderr).unwrap();
    assert!(told.contains("/no/such/file.npy"), "{told}");
}
