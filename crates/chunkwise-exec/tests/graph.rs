//! Graphs of tasks: laws that hold for every graph, and what happens when something goes wrong.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chunkwise_core::{Error, Pool, Result};
use chunkwise_exec::graph::{Declared, Graph, GraphBuilder, Tasks, run_graph};
use chunkwise_exec::{CancelToken, Event, Executor, RunOptions, Subscriber};

/// Adds up: a task's value is 1 and its inputs' values. Counts runs, and bytes that are declared.
struct Sums {
    graph: Arc<Graph>,
    values: Vec<Mutex<Option<u64>>>,
    runs: Vec<AtomicUsize>,
    declared: Vec<Declared>,
    held: AtomicI64,
    most: AtomicI64,
    at: Box<dyn Fn(usize) -> Result<()> + Send + Sync>,
}

impl Sums {
    fn new(graph: &Arc<Graph>, tasks: usize, declared: &[Declared]) -> Sums {
        let mut declared = declared.to_vec();
        declared.resize(tasks, Declared::default());
        Sums {
            graph: Arc::clone(graph),
            values: (0..tasks).map(|_| Mutex::new(None)).collect(),
            runs: (0..tasks).map(|_| AtomicUsize::new(0)).collect(),
            declared,
            held: AtomicI64::new(0),
            most: AtomicI64::new(0),
            at: Box::new(|_| Ok(())),
        }
    }

    fn value(&self, task: usize) -> Option<u64> {
        *self.values[task].lock().unwrap()
    }

    fn hold(&self, bytes: i64) {
        let held = self.held.fetch_add(bytes, Ordering::SeqCst) + bytes;
        self.most.fetch_max(held, Ordering::SeqCst);
    }
}

impl Tasks for Sums {
    fn run(&self, task: usize) -> Result<()> {
        let Declared { result, scratch } = self.declared[task];
        self.hold((result + scratch) as i64);
        (self.at)(task)?;
        let inputs = self.graph.inputs(task).iter();
        let sum: u64 = inputs.map(|i| self.value(*i as usize).unwrap()).sum();
        *self.values[task].lock().unwrap() = Some((sum + 1) % 1_000_003);
        self.runs[task].fetch_add(1, Ordering::Relaxed);
        self.hold(-(scratch as i64));
        Ok(())
    }

    fn release(&self, task: usize) {
        assert!(self.values[task].lock().unwrap().take().is_some());
        self.hold(-(self.declared[task].result as i64));
    }

    fn name(&self, task: usize) -> String {
        format!("t{task}")
    }
}

struct Setting {
    executor: Executor,
    pool: Pool,
    limit: u64,
    cancel: CancelToken,
    subscribers: Vec<Arc<dyn Subscriber>>,
}

impl Setting {
    fn new(threads: usize) -> Setting {
        Setting {
            executor: Executor::new(threads).unwrap(),
            pool: Pool::new(1 << 20),
            limit: u64::MAX,
            cancel: CancelToken::new(),
            subscribers: Vec::new(),
        }
    }

    fn run(&self, graph: &Arc<Graph>, tasks: Arc<Sums>) -> Result<()> {
        let options = RunOptions {
            executor: &self.executor,
            pool: &self.pool,
            memory_limit: self.limit,
            scratch_directory: None,
            cancel: self.cancel.clone(),
            subscribers: self.subscribers.clone(),
            spread: false,
        };
        run_graph(graph, tasks, usize::MAX, &options)
    }
}

fn name(task: usize) -> String {
    format!("t{task}")
}

/// Numbers that look random, always the same.
fn scattered(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) + 1;
    move |below| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    }
}

/// A graph whose tasks read earlier ones, and the last few of which are wanted.
fn random_graph(seed: u64, tasks: usize) -> (Vec<Vec<usize>>, Vec<usize>) {
    let mut next = scattered(seed);
    let inputs = (0..tasks).map(|t| {
        let count = next(4).min(t as u64);
        (0..count).map(|_| next(t as u64) as usize).collect()
    });
    let inputs: Vec<Vec<usize>> = inputs.collect();
    let wanted = (0..3).map(|_| tasks - 1 - next(tasks as u64 / 3) as usize);
    (inputs, wanted.collect())
}

fn built(inputs: &[Vec<usize>], wanted: &[usize], declared: &[Declared]) -> Result<Arc<Graph>> {
    let mut builder = GraphBuilder::default();
    for each in inputs {
        builder.task(each.iter().copied());
    }
    for (task, bytes) in declared.iter().enumerate() {
        builder.declare(task, *bytes);
    }
    builder.finish(wanted, &name)
}

#[test]
fn every_needed_task_runs_once_and_every_result_is_right_and_released() {
    for seed in 0..60 {
        let (inputs, wanted) = random_graph(seed, 200);
        let mut expected: Vec<u64> = Vec::new();
        for each in &inputs {
            let sum: u64 = each.iter().map(|i| expected[*i]).sum();
            expected.push((sum + 1) % 1_000_003);
        }
        let graph = built(&inputs, &wanted, &[]).unwrap();
        for threads in [1, 2, 4] {
            let sums = Arc::new(Sums::new(&graph, inputs.len(), &[]));
            Setting::new(threads)
                .run(&graph, Arc::clone(&sums))
                .unwrap();
            for (task, right) in expected.iter().enumerate() {
                let runs = sums.runs[task].load(Ordering::Relaxed);
                assert_eq!(runs, usize::from(graph.order().contains(&(task as u32))));
                let kept = wanted.contains(&task).then_some(*right);
                assert_eq!(sums.value(task), kept, "seed {seed}, task {task}");
            }
        }
    }
}

#[test]
fn declared_bytes_stay_within_the_limit_and_no_run_gets_stuck() {
    let mut early = 0;
    for seed in 0..80 {
        let (inputs, wanted) = random_graph(seed, 120);
        let mut next = scattered(seed + 1000);
        let declared: Vec<Declared> = inputs
            .iter()
            .map(|_| Declared {
                result: next(100),
                scratch: next(50) * next(2),
            })
            .collect();
        let graph = built(&inputs, &wanted, &declared).unwrap();
        for (threads, spare) in [(1, 0), (3, 0), (3, 60), (4, 1000)] {
            let mut setting = Setting::new(threads);
            setting.limit = graph.peak() + spare;
            let sums = Arc::new(Sums::new(&graph, inputs.len(), &declared));
            setting.run(&graph, Arc::clone(&sums)).unwrap();
            let most = sums.most.load(Ordering::SeqCst) as u64;
            assert!(most <= setting.limit, "seed {seed}: {most}");
            early += usize::from(most > graph.peak());
            if threads == 1 {
                assert_eq!(most, graph.peak(), "seed {seed}");
            }
        }
        let mut setting = Setting::new(2);
        setting.limit = graph.peak() - 1;
        let sums = Arc::new(Sums::new(&graph, inputs.len(), &declared));
        match setting.run(&graph, Arc::clone(&sums)).unwrap_err() {
            Error::OverBudget { smallest, .. } => assert_eq!(smallest, graph.peak()),
            other => panic!("{other}"),
        }
        assert!(sums.runs.iter().all(|r| r.load(Ordering::Relaxed) == 0));
    }
    assert!(
        early > 0,
        "no task ever began early: the test shows nothing"
    );
}

#[test]
fn a_tree_is_reduced_with_few_results_at_once() {
    // 4096 leaves, pairs of pairs: one thread needs a result for each level, and one more.
    let one = Declared {
        result: 1,
        scratch: 0,
    };
    let mut builder = GraphBuilder::default();
    let mut level: Vec<usize> = (0..4096).map(|_| builder.task([])).collect();
    while level.len() > 1 {
        level = level
            .chunks(2)
            .map(|p| builder.task(p.iter().copied()))
            .collect();
    }
    (0..builder.len()).for_each(|t| builder.declare(t, one));
    let graph = builder.finish(&level, &name).unwrap();
    assert_eq!(graph.peak(), 14);
}

#[test]
fn the_input_that_needs_most_comes_first() {
    // 0: a cheap leaf. 1..=3: leaves of 4. 5 reads the cheap one, then the dear one.
    let graph = built(
        &[vec![], vec![], vec![], vec![], vec![1, 2, 3], vec![0, 4]],
        &[5],
        &[],
    )
    .unwrap();
    assert_eq!(graph.order(), [1, 2, 3, 4, 0, 5]);
}

#[test]
fn a_chain_of_a_million_needs_no_stack() {
    let mut builder = GraphBuilder::default();
    let mut last = builder.task([]);
    for _ in 1..1_000_000 {
        last = builder.task([last]);
    }
    let graph = builder.finish(&[last], &name).unwrap();
    let sums = Arc::new(Sums::new(&graph, 1_000_000, &[]));
    Setting::new(2).run(&graph, Arc::clone(&sums)).unwrap();
    assert_eq!(sums.value(last), Some(1_000_000));
}

#[test]
fn a_cycle_is_named() {
    let inputs = [vec![1], vec![2, 4], vec![3, 4], vec![1], vec![]];
    let error = built(&inputs, &[0], &[]).unwrap_err().to_string();
    assert!(error.contains("t1 -> t2 -> t3 -> t1"), "{error}");
    // Nobody needs the cycle.
    assert!(built(&inputs, &[4], &[]).is_ok());
    let error = built(&[vec![0]], &[0], &[]).unwrap_err().to_string();
    assert!(error.contains("t0 -> t0"), "{error}");
    let error = built(&[vec![7]], &[0], &[]).unwrap_err().to_string();
    assert!(error.contains('7'), "{error}");
}

fn failing(at: impl Fn(usize) -> Result<()> + Send + Sync + 'static) -> Error {
    let inputs = [vec![], vec![0], vec![1], vec![2], vec![]];
    let graph = built(&inputs, &[3, 4], &[]).unwrap();
    let mut sums = Sums::new(&graph, 5, &[]);
    sums.at = Box::new(at);
    let sums = Arc::new(sums);
    let error = Setting::new(2).run(&graph, Arc::clone(&sums)).unwrap_err();
    assert_eq!(sums.value(3), None);
    error
}

#[test]
fn an_error_names_the_task_and_those_that_wait() {
    let error = failing(|task| match task {
        1 => Err(Error::InvalidByteSize("no".to_owned())),
        _ => Ok(()),
    });
    let Error::GraphTask {
        task, dependents, ..
    } = &error
    else {
        panic!("{error}");
    };
    assert_eq!(task, "t1");
    assert_eq!(dependents, &["t2", "t3"]);
    assert!(matches!(error.root(), Error::InvalidByteSize(_)));
    assert!(
        error
            .to_string()
            .contains("task t1 failed (needed by t2, for t3)")
    );
}

#[test]
fn a_panic_is_an_error() {
    let error = failing(|task| match task {
        2 => panic!("thrown"),
        _ => Ok(()),
    });
    assert!(
        error
            .to_string()
            .contains("task t2 failed (needed by t3): panicked: thrown")
    );
}

#[test]
fn a_cancelled_run_ends_soon() {
    let setting = Setting::new(2);
    let inputs: Vec<Vec<usize>> = (0..10_000).map(|_| Vec::new()).collect();
    let wanted: Vec<usize> = (0..10_000).collect();
    let graph = built(&inputs, &wanted, &[]).unwrap();
    let mut sums = Sums::new(&graph, 10_000, &[]);
    let cancel = setting.cancel.clone();
    sums.at = Box::new(move |task| {
        if task == 100 {
            cancel.cancel();
        }
        std::thread::sleep(Duration::from_micros(100));
        Ok(())
    });
    let sums = Arc::new(sums);
    let start = Instant::now();
    let error = setting.run(&graph, Arc::clone(&sums)).unwrap_err();
    assert!(matches!(error, Error::Cancelled), "{error}");
    assert!(start.elapsed() < Duration::from_millis(900));
}

#[derive(Debug, Default)]
struct Heard {
    tasks: Mutex<Vec<usize>>,
    started: AtomicUsize,
    finished: AtomicUsize,
}

impl Subscriber for Heard {
    fn event(&self, event: &Event<'_>) {
        match event {
            Event::Started { plan, .. } => {
                self.started.store(plan.task_count(), Ordering::Relaxed);
            }
            Event::TaskFinished { number, .. } => self.tasks.lock().unwrap().push(*number),
            Event::Finished { ok: true, .. } => {
                self.finished.fetch_add(1, Ordering::Relaxed);
            }
            _ => {}
        }
    }
}

#[test]
fn subscribers_hear_of_every_task() {
    let heard = Arc::new(Heard::default());
    let mut setting = Setting::new(2);
    setting
        .subscribers
        .push(Arc::clone(&heard) as Arc<dyn Subscriber>);
    let (inputs, wanted) = random_graph(5, 100);
    let graph = built(&inputs, &wanted, &[]).unwrap();
    setting
        .run(&graph, Arc::new(Sums::new(&graph, 100, &[])))
        .unwrap();
    let mut tasks = heard.tasks.lock().unwrap().clone();
    tasks.sort_unstable();
    let all: Vec<usize> = (0..graph.order().len()).collect();
    assert_eq!(tasks, all);
    assert_eq!(heard.started.load(Ordering::Relaxed), all.len());
    assert_eq!(heard.finished.load(Ordering::Relaxed), 1);
}

#[test]
fn tasks_run_at_the_same_time() {
    let inputs: Vec<Vec<usize>> = vec![vec![], vec![], vec![0, 1]];
    let graph = built(&inputs, &[2], &[]).unwrap();
    let mut sums = Sums::new(&graph, 3, &[]);
    let met = std::sync::Barrier::new(2);
    sums.at = Box::new(move |task| {
        if task < 2 {
            met.wait();
        }
        Ok(())
    });
    Setting::new(2).run(&graph, Arc::new(sums)).unwrap();
}
