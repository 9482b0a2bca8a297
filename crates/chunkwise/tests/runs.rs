//! Runs of one session at the same time.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use chunkwise::*;
use ndarray::ArrayViewD;

fn session(threads: usize) -> Session {
    Session::new(threads, 1 << 26).unwrap().with_grain(16)
}

fn numbers(n: usize) -> Array {
    Array::from_vec((0..n as i64).collect(), [n], 16).unwrap()
}

fn total(session: &Session, array: &Array) -> i64 {
    let sum = session.compute(&[&array.sum(..).unwrap()]).unwrap();
    sum[0].item::<i64>().unwrap()
}

fn quickly<R: Send + 'static>(what: &str, f: impl FnOnce() -> R + Send + 'static) -> R {
    support::within(Duration::from_secs(20), what, f)
}

#[test]
fn a_run_within_a_run_within_a_run() {
    for threads in [1, 2, 4] {
        quickly("nested runs", move || {
            let session = session(threads);
            let (first, second) = (session.clone(), session.clone());
            let inner = move |c: ArrayViewD<'_, i64>| {
                let more = total(&first, &numbers(400));
                c.mapv(|x| x + more)
            };
            let inner = Arc::new(inner);
            let outer = move |c: ArrayViewD<'_, i64>| {
                let inner = Arc::clone(&inner);
                let own = Array::from_ndarray(c.to_owned(), 4).unwrap();
                let made = own
                    .map_blocks(move |c: ArrayViewD<'_, i64>| inner(c))
                    .unwrap();
                let made = second.compute(&[&made]).unwrap().remove(0);
                made.into_ndarray::<i64>().unwrap()
            };
            let x = numbers(400).map_blocks(outer).unwrap();
            let each = 400 * 399 / 2;
            assert_eq!(total(&session, &x), each + 400 * each);
        });
    }
}

#[test]
fn a_run_that_waits_for_another_threads_run() {
    for threads in [1, 2, 4] {
        quickly("runs that wait for each other", move || {
            let session = session(threads);
            let own = session.clone();
            let f = move |c: ArrayViewD<'_, i64>| {
                let other = own.clone();
                let more = thread::spawn(move || total(&other, &numbers(400)));
                let more = more.join().unwrap();
                c.mapv(|x| x + more)
            };
            let x = numbers(400).map_blocks(f).unwrap();
            let each = 400 * 399 / 2;
            assert_eq!(total(&session, &x), each + 400 * each);
        });
    }
}

#[test]
fn threads_that_become_free_help_a_run_that_is_going_on() {
    quickly("a run that gets help", || {
        let session = session(2);
        let (held, go) = (
            Arc::new(AtomicUsize::new(0)),
            Arc::new(AtomicBool::new(false)),
        );
        let (inside, gate, own) = (Arc::clone(&held), Arc::clone(&go), session.clone());
        let first = thread::spawn(move || {
            let f = move |c: ArrayViewD<'_, i64>| {
                inside.fetch_add(1, Ordering::SeqCst);
                while !gate.load(Ordering::SeqCst) {
                    thread::yield_now();
                }
                c.to_owned()
            };
            total(&own, &numbers(32).map_blocks(f).unwrap())
        });
        while held.load(Ordering::SeqCst) < 2 {
            thread::yield_now();
        }
        // All threads work for the first run; this one goes on alone, then lets the first one end.
        let seen: Arc<Mutex<HashSet<thread::ThreadId>>> = Arc::default();
        let (count, known) = (AtomicUsize::new(0), Arc::clone(&seen));
        let f = move |c: ArrayViewD<'_, i64>| {
            let alone = {
                let mut known = known.lock().unwrap();
                known.insert(thread::current().id());
                known.len() < 2
            };
            match count.fetch_add(1, Ordering::SeqCst) {
                0..4 => assert!(alone),
                4 => go.store(true, Ordering::SeqCst),
                _ if alone => thread::sleep(Duration::from_millis(1)),
                _ => {}
            }
            c.to_owned()
        };
        let x = numbers(16 * 2000).map_blocks(f).unwrap();
        assert_eq!(total(&session, &x), 32_000 * 31_999 / 2);
        assert_eq!(seen.lock().unwrap().len(), 2);
        assert_eq!(first.join().unwrap(), 32 * 31 / 2);
    });
}
