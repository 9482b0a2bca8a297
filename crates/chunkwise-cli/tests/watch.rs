//! `--dashboard` and `--trace`.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Stdio;

use common::Folder;
use serde_json::Value;

const REDUCE: [&str; 4] = ["reduce", "x.npy", "--op", "sum"];

#[test]
fn a_trace_has_every_task() {
    let folder = Folder::new();
    folder.npy("x.npy", "(1000,)", &[1.0f64; 1000]);
    folder.output(&[&REDUCE[..], &["--trace", "run.json"]].concat());
    let text = std::fs::read(folder.path().join("run.json")).unwrap();
    let trace: Value = serde_json::from_slice(&text).unwrap();
    let events = trace["traceEvents"].as_array().unwrap();
    let run = events.iter().find(|e| e["cat"] == "run").unwrap();
    let tasks: Vec<&Value> = events.iter().filter(|e| e["cat"] == "task").collect();
    assert!(!tasks.is_empty());
    let end = |e: &Value| e["ts"].as_f64().unwrap() + e["dur"].as_f64().unwrap();
    assert!(tasks.iter().all(|t| end(t) <= end(run) + 0.001));
    assert_eq!(run["args"]["read"], 8000);
}

#[test]
fn a_trace_that_cannot_be_written_is_an_error() {
    let folder = Folder::new();
    folder.npy("x.npy", "(10,)", &[1.0f64; 10]);
    let arguments = [&REDUCE[..], &["--trace", "no/such/run.json"]].concat();
    let ran = folder.command(&arguments).output().unwrap();
    assert!(!ran.status.success());
    assert!(String::from_utf8_lossy(&ran.stderr).contains("--trace no/such/run.json"));
}

#[test]
fn a_page_is_there_while_the_command_runs() {
    let folder = Folder::new();
    // Long enough to be looked at, and stopped then.
    let arguments = ["recipe", "--fraction", "1", "--quiet", "--dashboard"];
    let mut command = folder.command(&arguments);
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    stderr.read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("chunkwise: http://").unwrap();
    let address = address.trim_end_matches('/');
    let ask = |path: &str| {
        let mut stream = TcpStream::connect(address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text.split_once("\r\n\r\n").unwrap().1.to_owned()
    };
    assert!(ask("/").contains("<title>chunkwise</title>"));
    let state: Value = serde_json::from_str(&ask("/state")).unwrap();
    assert_eq!(state["closed"], false);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_port_that_is_taken_is_an_error() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let folder = Folder::new();
    folder.npy("x.npy", "(10,)", &[1.0f64; 10]);
    let dashboard = format!("--dashboard={port}");
    let arguments = [&REDUCE[..], &[dashboard.as_str()]].concat();
    let ran = folder.command(&arguments).output().unwrap();
    assert!(!ran.status.success());
    assert!(String::from_utf8_lossy(&ran.stderr).contains(&format!("--dashboard {port}")));
}
