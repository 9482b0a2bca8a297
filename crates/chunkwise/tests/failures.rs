//! What fails in the middle of a run ends it with an error, leaves nothing half-written, and leaves
//! the session fit for the next.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chunkwise::*;
use chunkwise_core::{Sink, SourceId, View};
use ndarray::ArrayViewD;

const LIMIT: u64 = 1 << 26;

fn session() -> Session {
    Session::new(4, LIMIT).unwrap().with_grain(16)
}

fn numbers(n: usize) -> Array {
    Array::from_vec((0..n as i64).collect(), [n], 16).unwrap()
}

/// The session still works, and holds nothing of what failed.
fn is_usable(session: &Session) {
    let sum = session.compute(&[&numbers(1000).sum(..).unwrap()]).unwrap();
    assert_eq!(sum[0].item::<i64>().unwrap(), 499_500);
    drop(sum);
    assert_eq!(session.memory_used().0, 0);
}

fn quickly<R: Send + 'static>(what: &str, f: impl FnOnce() -> R + Send + 'static) -> R {
    support::within(Duration::from_secs(20), what, f)
}

/// A sink that fails at a write, and counts.
#[derive(Debug, Default)]
struct Failing {
    at: usize,
    panics: bool,
    writes: AtomicUsize,
    aborted: AtomicUsize,
    committed: AtomicBool,
    commit_fails: bool,
}

impl Sink for Failing {
    fn name(&self) -> String {
        "failing".to_owned()
    }
    fn write(&self, _: &Region, _: View<'_>) -> Result<()> {
        let n = self.writes.fetch_add(1, Ordering::SeqCst);
        if n + 1 == self.at {
            assert!(!self.panics, "sink at {n}");
            return Err(Error::internal("sink", "full"));
        }
        Ok(())
    }
    fn commit(&self) -> Result<()> {
        if self.commit_fails {
            return Err(Error::internal("sink", "no commit"));
        }
        self.committed.store(true, Ordering::SeqCst);
        Ok(())
    }
    fn abort(&self) {
        self.aborted.fetch_add(1, Ordering::SeqCst);
    }
}

/// A source that fails at a read.
#[derive(Debug)]
struct Torn {
    id: SourceId,
    shape: [usize; 1],
    at: usize,
    reads: AtomicUsize,
}

impl Torn {
    fn array(n: usize, at: usize) -> Array {
        let source = Torn {
            id: SourceId::unique(),
            shape: [n],
            at,
            reads: AtomicUsize::new(0),
        };
        Array::from_source(Arc::new(source), Some(16.into())).unwrap()
    }
}

impl Source for Torn {
    fn id(&self) -> SourceId {
        self.id
    }
    fn name(&self) -> String {
        "torn".to_owned()
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn dtype(&self) -> DType {
        DType::F64
    }
    fn read(&self, _: &Region, _: ViewMut<'_>) -> Result<()> {
        match self.reads.fetch_add(1, Ordering::SeqCst) + 1 == self.at {
            true => Err(Error::internal("source", "torn")),
            false => Ok(()),
        }
    }
}

#[test]
fn a_function_that_fails_in_the_middle() {
    quickly("a failing function", || {
        let session = session();
        for panics in [false, true] {
            let x = numbers(4000).map_blocks(move |c: ArrayViewD<i64>| match c[[0]] {
                1920 if panics => panic!("at {}", c[[0]]),
                1920 => Err("at 1920".to_owned()),
                _ => Ok(c.to_owned()),
            });
            let x = x.unwrap();
            let later = x.add(1).unwrap().sum(..).unwrap();
            let sink = Arc::new(Failing::default());
            let error = session.compute(&[&later]).unwrap_err();
            assert!(error.root().to_string().contains("at 1920"), "{error}");
            assert!(
                matches!(&error, Error::Task { index, .. } if index[..] == [120]),
                "{error}"
            );
            let error = session.store(&[&x], vec![sink.clone()]).unwrap_err();
            assert!(error.root().to_string().contains("at 1920"), "{error}");
            assert_eq!(sink.aborted.load(Ordering::SeqCst), 1);
            assert!(!sink.committed.load(Ordering::SeqCst));
            is_usable(&session);
        }
    });
}

#[test]
fn a_sink_that_fails_at_any_write() {
    quickly("a failing sink", || {
        let session = session();
        for (at, panics) in [(1, false), (2, true), (50, false), (100, true)] {
            let sink = Arc::new(Failing {
                at,
                panics,
                ..Failing::default()
            });
            let other = Arc::new(Failing::default());
            let x = numbers(1600);
            let result =
                session.store(&[&x, &x.add(1).unwrap()], vec![sink.clone(), other.clone()]);
            assert!(result.is_err(), "{at}");
            for s in [&sink, &other] {
                assert_eq!(s.aborted.load(Ordering::SeqCst), 1, "{at}");
                assert!(!s.committed.load(Ordering::SeqCst), "{at}");
            }
            is_usable(&session);
        }
        let sink = Arc::new(Failing {
            commit_fails: true,
            ..Failing::default()
        });
        assert!(session.store(&[&numbers(100)], vec![sink.clone()]).is_err());
        assert_eq!(sink.aborted.load(Ordering::SeqCst), 1);
        is_usable(&session);
    });
}

#[test]
fn a_source_that_fails_at_any_read() {
    quickly("a failing source", || {
        let session = session();
        for at in [1, 2, 17, 60] {
            for make in [
                |x: Array| x.add(1.0),
                |x: Array| x.sum(..),
                |x: Array| x.cumsum(0),
                |x: Array| x.matmul(&Array::ones(1000, DType::F64, 10)?),
            ] {
                let x = make(Torn::array(1000, at)).unwrap();
                match session.compute(&[&x]) {
                    Err(error) => assert!(error.to_string().contains("torn"), "{error}"),
                    // Fewer reads than that.
                    Ok(_) => assert!(at > 2, "{at}"),
                }
                is_usable(&session);
            }
        }
    });
}

#[test]
fn a_run_is_cancelled_from_another_thread() {
    quickly("a cancelled run", || {
        for array in [
            Random::new(1)
                .standard_normal([1 << 20, 1 << 20], 1000)
                .unwrap()
                .mean(..)
                .unwrap(),
            Random::new(1)
                .standard_normal(1 << 40, 1000)
                .unwrap()
                .sum(0)
                .unwrap(),
        ] {
            let token = CancelToken::new();
            let session = Session::new(3, LIMIT).unwrap().with_cancel(token.clone());
            let canceller = std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(100));
                token.cancel();
                Instant::now()
            });
            let error = session.compute(&[&array]).unwrap_err();
            let late = canceller.join().unwrap().elapsed();
            assert!(matches!(error, Error::Cancelled), "{error}");
            assert!(late < Duration::from_secs(1), "{late:?}");
            assert_eq!(session.memory_used().0, 0);
            let session = session.with_cancel(CancelToken::new());
            is_usable(&session.with_grain(16));
        }
    });
}

#[test]
fn a_scratch_folder_that_cannot_be_used() {
    quickly("a scratch folder", || {
        let nowhere = std::env::temp_dir().join("chunkwise-no-such-folder");
        let broken = session().with_scratch_directory(&nowhere);
        assert!(matches!(
            broken.compute(&[&numbers(100).sum(..).unwrap()]),
            Err(Error::Io { .. })
        ));
    });
}

#[test]
fn a_failure_in_a_nested_run() {
    quickly("a nested run", || {
        let inner = Session::new(2, LIMIT).unwrap().with_grain(16);
        let outer = session();
        let x =
            numbers(400).map_blocks(move |c: ArrayViewD<i64>| -> Result<ndarray::ArrayD<i64>> {
                let own = Array::from_ndarray(c.to_owned(), 4)?.add(1)?;
                inner.compute(&[&own])?.remove(0).into_ndarray::<i64>()
            });
        let sum = outer.compute(&[&x.unwrap().sum(..).unwrap()]).unwrap();
        assert_eq!(sum[0].item::<i64>().unwrap(), 400 * 401 / 2);
    });
}
