//! Memory that stays within its limit, and interrupts.
#![allow(clippy::unwrap_used)]
#![cfg(target_os = "linux")]

mod common;

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use chunkwise::{Axes, Random, Session};
use common::Folder;

/// Memory of the process beside its arrays: the program itself, stacks, staging for files.
const BESIDE: u64 = 24 << 20;

#[test]
fn a_file_larger_than_the_limit_is_reduced_within_it() {
    let folder = Folder::new();
    let path = folder.path().join("x.npy");
    let session = Session::new(2, 1 << 30).unwrap();
    let x = Random::new(3)
        .standard_normal([6_000, 2_000], 1000)
        .unwrap();
    session.to_npy(&x, &path).unwrap();
    assert!(std::fs::metadata(&path).unwrap().len() > 96_000_000);
    for (op, axis) in [("mean", 0), ("std", 1), ("max", 0), ("argmin", 1)] {
        let axis_text = axis.to_string();
        let ran = folder.run(&[
            "reduce",
            "x.npy",
            "--op",
            op,
            "--axis",
            &axis_text,
            "--memory-limit",
            "8MiB",
            "--out",
            "y.npy",
            "--stats",
            "--threads",
            "2",
        ]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let peak = peak(&ran.err);
        assert!(
            peak <= (8 << 20) + BESIDE,
            "{op} over {axis}: {peak} bytes, {}",
            ran.err
        );
        // The same from the generator, which needs no file.
        let expected = x.reduce(op, Axes::from(axis), 0.0).unwrap();
        let source = chunkwise::NpySource::open(folder.path().join("y.npy")).unwrap();
        let found = chunkwise::Array::from_source(std::sync::Arc::new(source), None).unwrap();
        assert_eq!(
            (found.shape(), found.dtype()),
            (expected.shape(), expected.dtype())
        );
        let apart = found
            .subtract(&expected)
            .unwrap()
            .abs()
            .unwrap()
            .max(..)
            .unwrap();
        let apart = apart.astype(chunkwise::DType::F64).unwrap();
        let apart = session.compute(&[&apart]).unwrap()[0]
            .item::<f64>()
            .unwrap();
        assert!(apart <= 1e-14, "{op} over {axis}: {apart}");
    }
}

/// The bytes in `peak memory 12.34 MiB`.
fn peak(stats: &str) -> u64 {
    let (_, after) = stats.split_once("peak memory ").unwrap();
    let (text, _) = after.split_once(',').unwrap();
    chunkwise_core::parse_bytes(text).unwrap()
}

#[test]
fn an_interrupt_leaves_nothing_behind() {
    let folder = Folder::new();
    // 3.2 TB of nothing: this takes minutes, whatever the machine.
    folder.zeros("x.npy", "<f8", "(4000000, 100000)", 3_200_000_000_000);
    let resumable = [".y.zarr.unfinished", "x.npy"];
    for (arguments, left) in [
        (
            &[
                "reduce", "x.npy", "--op", "mean", "--axis", "1", "--out", "y.npy",
            ][..],
            &resumable[1..],
        ),
        (&["copy", "x.npy", "y.zarr"], &resumable[1..]),
        (&["copy", "x.npy", "y.zarr", "--resume"], &resumable),
    ] {
        let mut command = folder.command(arguments);
        let child = command.stderr(Stdio::piped()).spawn().unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        while folder.names().len() < 2 {
            assert!(Instant::now() < deadline, "no temporary file");
            std::thread::sleep(Duration::from_millis(5));
        }
        interrupted(child, "INT");
        assert_eq!(folder.names(), left, "{arguments:?}");
        assert_eq!(folder.run(&["info", "y.zarr"]).code, Some(1));
    }
}

#[test]
fn a_rechunk_stays_within_its_limit() {
    let folder = Folder::new();
    folder.zeros("x.npy", "<f8", "(4000, 2000)", 64_000_000);
    let ran = folder.run(&[
        "rechunk",
        "x.npy",
        "y.zarr",
        "--chunks",
        "4000,10",
        "--memory-limit",
        "8MiB",
        "--stats",
    ]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    // A process without any work takes some 20 MiB in a debug build.
    let peak = peak(&ran.err);
    assert!(peak < (8 + 40) << 20, "{peak}");
    let count = folder.output(&["reduce", "y.zarr", "--op", "count_nonzero"]);
    assert_eq!(count, "0\n");
}

#[test]
fn requests_to_terminate_are_obeyed_too() {
    let folder = Folder::new();
    for signal in ["INT", "TERM"] {
        let child = folder
            .command(&["recipe", "--terabyte"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(500));
        interrupted(child, signal);
    }
}

fn interrupted(child: Child, signal: &str) {
    let id = child.id().to_string();
    let sent = Command::new("sh")
        .args(["-c", &format!("kill -{signal} {id}")])
        .status();
    assert!(sent.unwrap().success());
    let begun = Instant::now();
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{err}");
    assert_eq!(err, "chunkwise: interrupted\n");
    assert!(begun.elapsed() < Duration::from_secs(5));
}
