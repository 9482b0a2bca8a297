//! Functions as tasks, typed.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chunkwise::{
    Array, Chunks, DType, Delayed, Error, Session, delayed, gather, join, try_delayed,
};

fn session() -> Session {
    Session::new(2, 64 << 20).unwrap()
}

#[test]
fn the_example_of_the_guide() {
    let session = Session::new(2, 1 << 30).unwrap();
    let parts: Vec<_> = (0..100_u64)
        .map(|n| delayed(move || n).needs(8 << 20, 1 << 20))
        .collect();
    let squares = parts.iter().map(|part| part.then(|n| n * n)).collect();
    let total = gather(squares, |squares| squares.iter().copied().sum::<u64>());
    let named = join(&total, &delayed(|| "sum"), |total, name| {
        format!("{name}: {total}")
    });
    assert_eq!(session.compute_delayed(&named).unwrap(), "sum: 328350");
}

#[test]
fn what_is_shared_runs_once_in_each_run() {
    let runs = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&runs);
    let base = delayed(move || count.fetch_add(1, Ordering::Relaxed));
    let readers: Vec<Delayed<usize>> = (0..20).map(|n| base.then(move |b| b + n)).collect();
    let values = session().compute_all_delayed(&readers).unwrap();
    assert_eq!(values.iter().map(|v| **v).sum::<usize>(), 190);
    assert_eq!(runs.load(Ordering::Relaxed), 1);
    // Asked for again, it is made again.
    let values = session()
        .compute_all_delayed(&[base.clone(), base])
        .unwrap();
    assert_eq!((*values[0], *values[1]), (1, 1));
}

#[derive(Debug, PartialEq)]
struct Odd(u32);

impl fmt::Display for Odd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is odd", self.0)
    }
}

impl std::error::Error for Odd {}

#[test]
fn an_error_of_a_function_is_kept_and_names_its_chain() {
    let bad = try_delayed(|| Err::<u32, Odd>(Odd(3))).named("read");
    let last = bad.then(|n| n + 1).named("add").then(|n| *n);
    let error = session().compute_delayed(&last).unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("task read failed (needed by add, for made at "),
        "{text}"
    );
    assert!(text.contains("tests/delayed.rs:"), "{text}");
    let Error::User(cause) = error.root() else {
        panic!("{error}");
    };
    assert_eq!(cause.downcast_ref::<Odd>(), Some(&Odd(3)));
    // An error of ours stays one.
    let ours = try_delayed(|| Array::zeros([2], DType::F64, 1)?.sum(5)?.compute());
    let error = session().compute_delayed(&ours).unwrap_err();
    assert!(
        matches!(error.root(), Error::AxisOutOfRange { .. }),
        "{error}"
    );
}

#[test]
fn a_million_in_a_row_are_computed_and_dropped_without_a_stack() {
    let mut last = delayed(|| 0_u64);
    for _ in 0..1_000_000 {
        last = last.then(|n| n + 1);
    }
    assert_eq!(session().compute_delayed(&last).unwrap(), 1_000_000);
    drop(last);
}

#[test]
fn values_are_moved_out_without_copies() {
    struct Single(Vec<u8>);
    let made = session().compute_delayed(&delayed(|| Single(vec![7])));
    assert_eq!(made.unwrap().0, [7]);
}

#[test]
fn results_are_dropped_after_their_last_reader() {
    struct Held(Arc<AtomicUsize>);
    impl Drop for Held {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::SeqCst);
        }
    }
    let alive = Arc::new(AtomicUsize::new(0));
    let most = Arc::new(AtomicUsize::new(0));
    let hold = {
        let (alive, most) = (Arc::clone(&alive), Arc::clone(&most));
        move || {
            most.fetch_max(alive.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            Held(Arc::clone(&alive))
        }
    };
    let mut last = delayed(hold.clone());
    for _ in 0..500 {
        let hold = hold.clone();
        last = last.then(move |_| hold());
    }
    let end = last.then(|_| ());
    session().compute_delayed(&end).unwrap();
    assert_eq!(most.load(Ordering::SeqCst), 2);
    assert_eq!(alive.load(Ordering::SeqCst), 0);
}

#[test]
fn arrays_are_inputs_and_results() {
    let session = session();
    let x = Array::arange(0, 12, 1, 5).unwrap();
    let both = join(
        &x.to_delayed(),
        &x.multiply(2).unwrap().to_delayed(),
        |x, y| (x.shape().to_vec(), y.to_vec::<i64>().map(|v| v[11])),
    );
    let (shape, last) = session.compute_delayed(&both).unwrap();
    assert_eq!((shape, last.unwrap()), (vec![12], 22));

    let made = delayed(|| 3_i64).try_then(|n| Array::full([2, 3], *n, DType::I64, 2)?.compute());
    let y = Array::from_delayed(&made, [2, 3], DType::I64).unwrap();
    let sum = y.add(1).unwrap().sum(..).unwrap();
    assert_eq!(
        session.compute(&[&sum]).unwrap()[0].item::<i64>().unwrap(),
        24
    );
    let wrong = Array::from_delayed(&made, [3, 3], DType::I64).unwrap();
    assert!(session.compute(&[&wrong]).is_err());
    let again = Array::from_chunk(session.compute(&[&y]).unwrap().remove(0), Chunks::AUTO);
    assert_eq!(again.unwrap().shape(), [2, 3]);
}

#[test]
fn a_cancelled_session_runs_nothing() {
    let session = session();
    session.cancel_token().cancel();
    let error = session.compute_delayed(&delayed(|| 1)).unwrap_err();
    assert!(matches!(error, Error::Cancelled), "{error}");
}
