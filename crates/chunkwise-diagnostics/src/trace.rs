//! Profiles as trace files, which Perfetto (<https://ui.perfetto.dev>) and Chrome's `about:tracing` show.
//!
//! The format is the JSON object format of the Trace Event Format: complete events (`X`) for tasks and
//! runs, counters (`C`) for memory and processors, metadata (`M`) for names; times in microseconds.

use std::io::{self, Write};
use std::time::Duration;

use serde_json::{Value, json};

use crate::profile::{Profile, Run, Task};
use crate::sampler::Sample;

/// Threads of one run at most, as far as their numbers in the file are concerned.
const THREADS: usize = 10_000;

/// Writes what a profile recorded, and samples beside it, as a trace file. Times count from the first
/// run or sample.
///
/// ```
/// use chunkwise_diagnostics::profile::Profile;
/// use std::sync::Arc;
/// let profile = Arc::new(Profile::default());
/// // session.with_subscriber(profile.recorder()), and runs of it
/// let mut file = Vec::new();
/// chunkwise_diagnostics::trace::write(&profile, &[], &mut file)?;
/// assert!(file.starts_with(b"{\"displayTimeUnit\":\"ms\",\"traceEvents\":["));
/// # Ok::<_, std::io::Error>(())
/// ```
///
/// # Errors
///
/// Those of `out`.
pub fn write(profile: &Profile, samples: &[Sample], out: &mut impl Write) -> io::Result<()> {
    let (runs, tasks) = (profile.runs(), profile.tasks());
    let begins = runs.iter().map(|r| r.start);
    let begin = begins.chain(samples.iter().map(|s| s.time)).min();
    let mut trace = Trace {
        out,
        begin: begin.unwrap_or_default(),
        first: true,
    };
    write!(trace.out, "{{\"displayTimeUnit\":\"ms\",\"traceEvents\":[")?;
    trace.event(
        json!({"name": "process_name", "ph": "M", "pid": 1, "tid": 0,
        "args": {"name": "chunkwise"}}),
    )?;
    let rows = rows(&runs);
    trace.threads(&runs, &rows)?;
    for (n, run) in runs.iter().enumerate() {
        trace.run(n, run, rows[n], &tasks)?;
    }
    let mut held = None;
    for task in &tasks {
        if let Some(run) = runs.get(task.run) {
            trace.task(task, run, rows[task.run])?;
        }
        if held.replace(task.arrays) != Some(task.arrays) {
            trace.counter("arrays", task.end, json!({"bytes": task.arrays}))?;
        }
    }
    for run in &runs {
        trace.counter(
            "memory limit",
            run.start,
            json!({"bytes": run.memory_limit}),
        )?;
    }
    for sample in samples {
        if let Some(resident) = sample.resident {
            trace.counter("process memory", sample.time, json!({"bytes": resident}))?;
        }
        if let Some(cpu) = sample.cpu {
            trace.counter("processors", sample.time, json!({"percent": cpu}))?;
        }
    }
    writeln!(trace.out, "\n]}}")
}

/// For each run, the group of rows that it is drawn in: those at the same time have different ones.
fn rows(runs: &[Run]) -> Vec<usize> {
    // When what is drawn in a group ends; an unended run never does.
    let mut ends: Vec<Option<Duration>> = Vec::new();
    let mut order: Vec<usize> = (0..runs.len()).collect();
    order.sort_by_key(|n| runs[*n].start);
    let mut rows = vec![0; runs.len()];
    for n in order {
        let run = &runs[n];
        let free = ends.iter().position(|e| e.is_some_and(|e| e <= run.start));
        match free {
            Some(row) => {
                ends[row] = run.end;
                rows[n] = row;
            }
            None => {
                rows[n] = ends.len();
                ends.push(run.end);
            }
        }
    }
    rows
}

struct Trace<'a, W> {
    out: &'a mut W,
    begin: Duration,
    first: bool,
}

impl<W: Write> Trace<'_, W> {
    fn event(&mut self, event: Value) -> io::Result<()> {
        let between = if self.first { "\n" } else { ",\n" };
        self.first = false;
        self.out.write_all(between.as_bytes())?;
        serde_json::to_writer(&mut *self.out, &event).map_err(io::Error::from)
    }

    /// Microseconds since the first event; a nanosecond is its third digit after the point.
    fn time(&self, at: Duration) -> f64 {
        at.saturating_sub(self.begin).as_nanos() as f64 / 1000.0
    }

    /// The names of all rows.
    fn threads(&mut self, runs: &[Run], rows: &[usize]) -> io::Result<()> {
        let groups = rows.iter().max().map_or(0, |m| m + 1);
        for group in 0..groups {
            let own = runs.iter().zip(rows).filter(|(_, row)| **row == group);
            let threads = own.map(|(r, _)| r.threads).max().unwrap_or(0);
            let of = match group {
                0 => String::new(),
                n => format!(" (at the same time: {n})"),
            };
            let names = (0..threads).map(|t| format!("thread {t}{of}"));
            for (n, name) in std::iter::once(format!("runs{of}"))
                .chain(names)
                .enumerate()
            {
                let tid = group * THREADS + n + 1;
                self.event(
                    json!({"name": "thread_name", "ph": "M", "pid": 1, "tid": tid,
                    "args": {"name": name}}),
                )?;
                self.event(
                    json!({"name": "thread_sort_index", "ph": "M", "pid": 1, "tid": tid,
                    "args": {"sort_index": tid}}),
                )?;
            }
        }
        Ok(())
    }

    fn run(&mut self, n: usize, run: &Run, row: usize, tasks: &[Task]) -> io::Result<()> {
        // One that goes on is drawn as far as it is known.
        let end = run.end.unwrap_or_else(|| {
            let own = tasks.iter().filter(|t| t.run == n);
            own.map(|t| t.end).max().unwrap_or(run.start)
        });
        let last = run.stages.last().map_or("", String::as_str);
        self.event(json!({
            "name": format!("run {n}: {last}"), "cat": "run", "ph": "X", "pid": 1,
            "tid": row * THREADS + 1, "ts": self.time(run.start),
            "dur": self.time(end) - self.time(run.start),
            "args": {
                "ok": run.ok, "threads": run.threads, "memory limit": run.memory_limit,
                "peak": run.peak, "read": run.read, "written": run.written,
                "spilled": run.spilled, "loaded": run.loaded,
            },
        }))
    }

    fn task(&mut self, task: &Task, run: &Run, row: usize) -> io::Result<()> {
        let name = run.stages.get(task.stage).map_or("", String::as_str);
        let duration = task.end.saturating_sub(task.start).as_nanos() as f64 / 1000.0;
        self.event(json!({
            "name": name, "cat": "task", "ph": "X", "pid": 1,
            "tid": row * THREADS + task.thread + 2, "ts": self.time(task.start), "dur": duration,
            "args": {"run": task.run, "stage": task.stage, "number": task.number},
        }))
    }

    fn counter(&mut self, name: &str, at: Duration, args: Value) -> io::Result<()> {
        let ts = self.time(at);
        self.event(json!({"name": name, "ph": "C", "pid": 1, "tid": 0, "ts": ts, "args": args}))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chunkwise_core::Pool;
    use chunkwise_exec::Event;
    use chunkwise_plan::Plan;
    use std::sync::Arc;

    fn events(profile: &Profile, samples: &[Sample]) -> Vec<Value> {
        let mut file = Vec::new();
        write(profile, samples, &mut file).unwrap();
        let all: Value = serde_json::from_slice(&file).unwrap();
        all["traceEvents"].as_array().unwrap().clone()
    }

    #[test]
    fn tasks_of_runs_at_the_same_time_have_rows_of_their_own() {
        let profile = Arc::new(Profile::default());
        let plan = Plan {
            stages: Vec::new(),
            outputs: Vec::new(),
            expressions: Vec::new(),
        };
        let pool = Pool::new(1 << 20);
        let _held = pool.alloc(4096).unwrap();
        let both = [profile.recorder(), profile.recorder()];
        for recorder in &both {
            recorder.event(&Event::Started {
                plan: &plan,
                threads: 2,
                memory_limit: 64,
                pool: &pool,
            });
            recorder.event(&Event::TaskFinished {
                stage: 0,
                number: 3,
                thread: 1,
                start: Duration::from_nanos(2_000_250),
                end: Duration::from_nanos(5_000_750),
                cost: 1.0,
                read: 10,
                written: 20,
            });
        }
        for recorder in &both {
            recorder.event(&Event::Finished {
                elapsed: Duration::from_millis(9),
                ok: true,
                peak: 33,
            });
        }
        let sample = Sample {
            time: profile.runs()[0].start + Duration::from_millis(1),
            cpu: Some(150.0),
            resident: Some(1 << 20),
            arrays: 0,
            limit: None,
        };
        let all = events(&profile, &[sample]);
        let of = |cat: &str| -> Vec<&Value> { all.iter().filter(|e| e["cat"] == cat).collect() };
        let tasks = of("task");
        assert_eq!(tasks.len(), 2);
        assert_ne!(tasks[0]["tid"], tasks[1]["tid"]);
        assert_eq!(tasks[0]["ts"], 2000.25);
        assert_eq!(tasks[0]["dur"], 3000.5);
        assert_eq!(tasks[0]["args"]["number"], 3);
        assert!((of("run")[0]["dur"].as_f64().unwrap() - 9000.0).abs() < 1e-6);
        assert_eq!(of("run")[1]["args"]["read"], 10);
        let counter = |name: &str| all.iter().find(|e| e["name"] == name).unwrap();
        assert_eq!(counter("arrays")["args"]["bytes"], 4096);
        assert_eq!(counter("memory limit")["args"]["bytes"], 64);
        assert_eq!(counter("process memory")["ts"], 1000.0);
        assert_eq!(counter("processors")["args"]["percent"], 150.0);
        let names = all.iter().filter(|e| e["name"] == "thread_name").count();
        assert_eq!(names, 2 * 3);
        assert!(
            all.iter()
                .all(|e| matches!(e["ph"].as_str(), Some("X" | "C" | "M")))
        );
    }

    #[test]
    fn nothing_recorded_is_a_file_too() {
        let all = events(&Profile::default(), &[]);
        assert_eq!(all.len(), 1);
    }
}
