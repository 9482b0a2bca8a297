//! Runs watched over HTTP.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use chunkwise::diagnostics::serve::Server;
use chunkwise::*;
use ndarray::ArrayViewD;
use serde_json::Value;

const LIMIT: u64 = 1 << 26;

fn server() -> Server {
    Server::bind("127.0.0.1", 0).unwrap()
}

fn watched(server: &Server) -> Session {
    let session = Session::new(2, LIMIT).unwrap().with_grain(16);
    session.with_subscriber(server.recorder())
}

/// Status and body.
fn ask(server: &Server, head: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_owned(), body.to_owned())
}

fn get(server: &Server, path: &str) -> (u16, String, String) {
    ask(
        server,
        &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    )
}

fn state(server: &Server) -> Value {
    serde_json::from_str(&get(server, "/state").2).unwrap()
}

fn numbers(n: usize) -> Array {
    Array::from_vec((0..n as i64).collect(), [n], 16).unwrap()
}

fn slow(array: &Array, pause: Duration) -> Array {
    let wait = move |c: ArrayViewD<'_, i64>| {
        thread::sleep(pause);
        c.to_owned()
    };
    array.map_blocks(wait).unwrap()
}

fn eventually(what: &str, mut f: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(10);
    while !f() {
        assert!(Instant::now() < end, "{what}");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_run_is_seen_while_it_goes_on_and_after() {
    let server = server();
    let session = watched(&server);
    assert!(state(&server)["last"].is_null());
    let total = slow(&numbers(640), Duration::from_millis(20))
        .sum(..)
        .unwrap();
    let run = thread::spawn(move || {
        session.compute(&[&total]).unwrap()[0]
            .item::<i64>()
            .unwrap()
    });
    eventually("the run in the middle", || {
        let state = state(&server);
        let done = state["running"][0]["done"].as_u64();
        let going = state["lanes"]["runs"][0]["lanes"].as_array();
        done.is_some_and(|d| d > 2)
            && going.is_some_and(|l| l.iter().any(|l| !l["running"].is_null()))
    });
    let middle = state(&server);
    assert_eq!(run.join().unwrap(), 640 * 639 / 2);
    let fraction = middle["running"][0]["fraction"].as_f64().unwrap();
    assert!(0.0 < fraction && fraction < 1.0, "{fraction}");
    let end = state(&server);
    assert_eq!(end["running"].as_array().unwrap().len(), 0);
    let last = &end["last"];
    assert_eq!(last["state"], "done");
    assert_eq!(last["fraction"], 1.0);
    assert_eq!(last["limit"], LIMIT);
    assert_eq!(last["done"], last["tasks"]);
    let rows = last["rows"].as_array().unwrap();
    let tasks: u64 = rows.iter().map(|r| r["tasks"].as_u64().unwrap()).sum();
    assert_eq!(tasks, last["tasks"].as_u64().unwrap());
    assert!(rows[0]["place"].as_str().unwrap().contains("serve.rs:"));
    // 40 chunks of 20 ms.
    let busy: f64 = rows.iter().map(|r| r["busy"].as_f64().unwrap()).sum();
    assert!((0.8..5.0).contains(&busy), "{busy}");
    let lanes = end["lanes"]["runs"][0]["lanes"].as_array().unwrap();
    let bars = lanes.iter().flat_map(|l| l["bars"].as_array().unwrap());
    let seen: u64 = bars.map(|b| b[3].as_u64().unwrap()).sum();
    assert_eq!(seen, tasks);
    assert!(!end["samples"].as_array().unwrap().is_empty());
}

#[test]
fn bytes_read_written_and_spilled_are_counted() {
    let dir = std::env::temp_dir().join(format!("chunkwise-serve-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let (from, to) = (dir.join("from.npy"), dir.join("to.npy"));
    let plain = Session::new(2, LIMIT).unwrap();
    let x = Random::new(1).uniform(0.0, 1.0, [400, 500], 100).unwrap();
    plain.to_npy(&x, &from).unwrap();
    let server = server();
    let session = Session::new(2, LIMIT)
        .unwrap()
        .with_subscriber(server.recorder());
    let read = Array::from_npy(&from).unwrap();
    session.to_npy(&(&read + 1.0), &to).unwrap();
    let last = &state(&server)["last"];
    assert_eq!(last["read"], 400 * 500 * 8);
    assert_eq!(last["written"], 400 * 500 * 8);
    assert_eq!(last["spilled"], 0);
    std::fs::remove_dir_all(&dir).unwrap();
}

#[test]
fn errors_tell_the_operation_and_the_place() {
    let server = server();
    let session = watched(&server);
    let bad = |_: ArrayViewD<'_, i64>| -> ndarray::ArrayD<i64> { panic!("no <b>such</b> luck") };
    let bad = numbers(64).map_blocks(bad).unwrap();
    assert!(session.compute(&[&bad]).is_err());
    let refused = Random::new(1)
        .uniform(0.0, 1.0, [10_000, 10_000], 1000)
        .unwrap();
    assert!(session.compute(&[&refused]).is_err());
    let state = state(&server);
    assert_eq!(state["last"]["state"], "failed");
    let errors = state["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 2);
    assert!(errors[0]["run"].is_null());
    assert!(
        errors[0]["message"]
            .as_str()
            .unwrap()
            .contains("memory limit")
    );
    assert_eq!(errors[1]["run"], 1);
    let message = errors[1]["message"].as_str().unwrap();
    assert!(message.contains("no <b>such</b> luck"), "{message}");
    assert!(errors[1]["place"].as_str().unwrap().contains("serve.rs:"));
    // A run that goes well afterwards is no part of it.
    session.compute(&[&numbers(64)]).unwrap();
    assert_eq!(self::state(&server)["last"]["state"], "done");
}

#[test]
fn runs_at_the_same_time_are_apart() {
    let server = server();
    let runs: Vec<_> = (0..3)
        .map(|_| {
            let session = watched(&server);
            let x = slow(&numbers(320), Duration::from_millis(10));
            thread::spawn(move || session.compute(&[&x]).unwrap())
        })
        .collect();
    eventually("three runs", || {
        state(&server)["running"].as_array().unwrap().len() == 3
    });
    runs.into_iter().for_each(|r| drop(r.join().unwrap()));
    let state = state(&server);
    let past = state["past"].as_array().unwrap();
    assert_eq!(past.len(), 3);
    assert!(past.iter().all(|p| p["done"] == p["tasks"]));
}

/// The next event: its id, name and data.
fn event(lines: &mut impl BufRead) -> Option<(u64, String, Value)> {
    let (mut id, mut name, mut data) = (None, None, None);
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).unwrap() == 0 {
            return None;
        }
        match line.trim_end().split_once(": ") {
            Some(("id", v)) => id = v.parse().ok(),
            Some(("event", v)) => name = Some(v.to_owned()),
            Some(("data", v)) => data = serde_json::from_str(v).ok(),
            _ if data.is_some() => return Some((id?, name?, data?)),
            _ => {}
        }
    }
}

fn events(server: &Server) -> BufReader<TcpStream> {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    let head = "GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\nLast-Event-ID: 77\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    BufReader::new(stream)
}

#[test]
fn streams_begin_with_the_whole_and_end_with_the_end() {
    let server = server();
    let session = watched(&server);
    let mut both = [events(&server), events(&server)];
    for lines in &mut both {
        let (_, name, first) = event(lines).unwrap();
        assert_eq!(name, "state");
        assert!(first["last"].is_null());
        assert_eq!(event(lines).unwrap().1, "tasks");
    }
    let x = slow(&numbers(320), Duration::from_millis(30));
    session.compute(&[&x]).unwrap();
    // Somebody who comes later has all of it at once.
    let mut late = events(&server);
    assert_eq!(event(&mut late).unwrap().2["last"]["state"], "done");
    server.close();
    for lines in &mut both {
        let (mut before, mut last, mut ran) = (0, Value::Null, false);
        while let Some((id, name, data)) = event(lines) {
            assert!(id >= before);
            before = id;
            if name == "state" {
                ran |= !data["running"].as_array().unwrap().is_empty();
                last = data;
            }
        }
        assert!(ran);
        assert_eq!(last["closed"], true);
        assert_eq!(last["last"]["state"], "done");
    }
    assert!(TcpStream::connect(server.address()).is_err());
}

#[test]
fn who_takes_nothing_holds_nobody_up() {
    let server = server();
    let session = watched(&server);
    // They ask and read nothing.
    let idle: Vec<_> = (0..8).map(|_| events(&server)).collect();
    let x = slow(&numbers(160), Duration::from_millis(5));
    let begun = Instant::now();
    for _ in 0..5 {
        session.compute(&[&x]).unwrap();
    }
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert_eq!(state(&server)["past"].as_array().unwrap().len(), 5);
    drop(idle);
}

#[test]
fn more_clients_than_there_is_room_for_are_turned_away() {
    let server = server();
    let mut kept: Vec<_> = (0..32).map(|_| events(&server)).collect();
    kept.iter_mut().for_each(|k| drop(event(k).unwrap()));
    let mut one_more = TcpStream::connect(server.address()).unwrap();
    let mut text = String::new();
    one_more.read_to_string(&mut text).unwrap();
    assert!(text.starts_with("HTTP/1.1 503"), "{text}");
    drop(kept);
    eventually("room again", || {
        let mut stream = TcpStream::connect(server.address()).unwrap();
        let asked = stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let mut text = String::new();
        asked.is_ok()
            && stream.read_to_string(&mut text).is_ok()
            && text.starts_with("HTTP/1.1 200")
    });
}

#[test]
fn only_own_names_and_get_are_answered() {
    let server = server();
    let port = server.address().port();
    for (head, status) in [
        (
            format!("GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"),
            200,
        ),
        (
            "GET /page.js HTTP/1.1\r\nHost: [::1]\r\n\r\n".to_owned(),
            200,
        ),
        (
            "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n".to_owned(),
            421,
        ),
        (
            format!("GET /state HTTP/1.1\r\nHost: localhost.evil.example:{port}\r\n\r\n"),
            421,
        ),
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), 421),
        (
            "GET / HTTP/1.1\r\nHost: localhost\r\nHost: a\r\n\r\n".to_owned(),
            421,
        ),
        (
            "POST /state HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}".to_owned(),
            405,
        ),
        (
            "DELETE / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(),
            405,
        ),
        (
            "OPTIONS / HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n\r\n"
                .to_owned(),
            405,
        ),
        (
            "GET /../Cargo.toml HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(),
            404,
        ),
        ("nonsense\r\n\r\n".to_owned(), 400),
        (format!("GET / HTTP/1.1\r\nA: {}", "x".repeat(20_000)), 400),
    ] {
        assert_eq!(ask(&server, &head).0, status, "{head}");
    }
    let (_, head, page) = get(&server, "/");
    assert!(head.contains("Content-Security-Policy: default-src 'none'; script-src 'self';"));
    assert!(!head.to_lowercase().contains("access-control"));
    assert!(!page.contains("http://") && !page.contains("https://"));
}

#[test]
fn a_closed_server_ends_no_run() {
    let server = Arc::new(server());
    let session = watched(&server);
    let x = slow(&numbers(320), Duration::from_millis(5))
        .sum(..)
        .unwrap();
    let run = thread::spawn(move || session.compute(&[&x]).unwrap()[0].item::<i64>().unwrap());
    thread::sleep(Duration::from_millis(20));
    server.close();
    server.close();
    assert_eq!(run.join().unwrap(), 320 * 319 / 2);
}
