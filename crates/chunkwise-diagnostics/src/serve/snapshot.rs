//! What the board holds, as the JSON that the page reads.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use chunkwise_core::Location;
use serde_json::{Value, json};

use super::board::{Board, RUNNING, Shown};
use super::lane::{Bar, Counts};
use super::watched::Watched;
use crate::sampler::Sample;
use crate::{now, resources};

/// Stages of a run that are written out.
const STAGES: usize = 60;

/// Runs, errors and the latest samples.
pub(super) fn state(board: &Board, samples: usize) -> Value {
    let shown = board.lock();
    let running = shown.running.iter().rev().take(RUNNING);
    let running: Vec<Value> = running.map(|r| run(r, board.places, true)).collect();
    // The last run stays to be looked at.
    let last = shown.past.back().map(|r| run(r, board.places, true));
    let past = shown.past.iter().rev();
    let past: Vec<Value> = past.map(|r| run(r, board.places, false)).collect();
    let errors: Vec<Value> = shown
        .errors
        .iter()
        .rev()
        .map(|e| {
            json!({
                "time": e.time.as_secs_f64(),
                "run": e.run,
                "operation": e.operation,
                "place": e.location.as_ref().map(Location::to_string),
                "message": e.message,
            })
        })
        .collect();
    let more = shown.running.len().saturating_sub(RUNNING);
    json!({
        "now": now().as_secs_f64(),
        "cpus": resources::usable_cpus(),
        "memory": resources::usable_memory(),
        "limit": shown.limit,
        "samples": latest(&shown, samples),
        "running": running,
        "more": more,
        "last": last,
        "past": past,
        "errors": errors,
    })
}

fn latest(shown: &Shown, most: usize) -> Vec<Value> {
    let row = |s: &Sample| json!([s.time.as_secs_f64(), s.cpu, s.resident, s.arrays, s.limit]);
    shown.history.latest(most).map(row).collect()
}

/// The bars of every thread of the runs that are shown: thousands, so that they are written as text at once.
pub(super) fn tasks(board: &Board) -> String {
    let runs: Vec<Arc<Watched>> = {
        let shown = board.lock();
        let running = shown.running.iter().rev().take(RUNNING);
        running.chain(shown.past.back()).cloned().collect()
    };
    let mut out = format!("{{\"now\":{},\"runs\":", now().as_secs_f64());
    listed(&mut out, &runs, |out, run| lanes(out, run));
    out.push('}');
    out
}

fn lanes(out: &mut String, run: &Watched) {
    let (id, elapsed, threads) = (run.id, elapsed(run), run.threads);
    out.push_str(&format!(
        "{{\"id\":{id},\"elapsed\":{elapsed},\"threads\":{threads},\"lanes\":"
    ));
    // A lane is copied first: its thread waits meanwhile.
    let mut lanes = Vec::new();
    run.each_lane(|_, lane| lanes.push((lane.bars.clone(), lane.running)));
    listed(out, &lanes, |out, (bars, running)| {
        out.push_str("{\"bars\":");
        listed(out, bars, bar);
        match running {
            Some((stage, at)) => out.push_str(&format!(",\"running\":[{},{stage}]}}", at / 1000)),
            None => out.push_str(",\"running\":null}"),
        }
    });
    out.push('}');
}

/// In microseconds and percent.
fn bar(out: &mut String, bar: &Bar) {
    let share = (bar.share() * 100.0).round() as u64;
    for (before, number) in [
        ('[', bar.start / 1000),
        (',', bar.end / 1000),
        (',', bar.stage as u64),
        (',', bar.tasks),
        (',', share),
    ] {
        out.push(before);
        // Writing to a string does not fail.
        let _ = write!(out, "{number}");
    }
    out.push(']');
}

/// A list.
fn listed<T>(out: &mut String, items: &[T], mut write: impl FnMut(&mut String, &T)) {
    out.push('[');
    for (n, item) in items.iter().enumerate() {
        if n > 0 {
            out.push(',');
        }
        write(out, item);
    }
    out.push(']');
}

fn elapsed(run: &Watched) -> f64 {
    let live = || now().saturating_sub(run.begun);
    run.end().map_or_else(live, |e| e.elapsed).as_secs_f64()
}

fn run(run: &Watched, places: bool, whole: bool) -> Value {
    let counts = run.counts();
    let end = run.end();
    let state = match end {
        None => "running",
        Some(e) if e.ok => "done",
        Some(e) if e.cancelled => "cancelled",
        Some(_) => "failed",
    };
    let share = |n: usize| match run.stages[n].tasks {
        0 => 1.0,
        tasks => (counts[n].0.tasks as f64 / tasks as f64).min(1.0),
    };
    let cost: f64 = run.stages.iter().map(|s| s.cost).sum();
    let done: f64 = (0..run.stages.len())
        .map(|n| run.stages[n].cost * share(n))
        .sum();
    let fraction = match (state, cost > 0.0) {
        ("done", _) => 1.0,
        (_, true) => (done / cost).min(1.0),
        (_, false) => 0.0,
    };
    let sum = |of: fn(&Counts) -> u64| counts.iter().map(|(c, _)| of(c)).sum::<u64>();
    let mut value = json!({
        "id": run.id,
        "name": run.name,
        "state": state,
        "begun": run.begun.as_secs_f64(),
        "elapsed": elapsed(run),
        "fraction": fraction,
        "threads": run.threads,
        "limit": run.limit,
        "peak": end.map_or_else(|| run.pool.peak() as u64, |e| e.peak),
        "tasks": run.stages.iter().map(|s| s.tasks).sum::<u64>(),
        "done": sum(|c| c.tasks),
        "busy": sum(|c| c.busy) as f64 / 1e9,
        "read": sum(|c| c.read),
        "written": sum(|c| c.written),
        "spilled": run.spilled.load(Ordering::Relaxed),
        "loaded": run.loaded.load(Ordering::Relaxed),
        "stages": run.stages.len(),
    });
    if whole {
        let rows: Vec<Value> = chosen(&counts, run)
            .into_iter()
            .map(|n| stage(run, n, &counts[n], share(n), places))
            .collect();
        value["rows"] = Value::Array(rows);
    }
    value
}

/// The stages that are written out: where they are too many, those that run or are not done first.
fn chosen(counts: &[(Counts, u64)], run: &Watched) -> Vec<usize> {
    let mut all: Vec<usize> = (0..run.stages.len()).collect();
    if all.len() > STAGES {
        let rank = |n: &usize| match &counts[*n] {
            (_, running) if *running > 0 => 0,
            (c, _) if c.tasks > 0 && c.tasks < run.stages[*n].tasks => 1,
            (c, _) if c.tasks == 0 => 2,
            _ => 3,
        };
        all.sort_by_key(rank);
        all.truncate(STAGES);
        all.sort_unstable();
    }
    all
}

fn stage(run: &Watched, n: usize, counts: &(Counts, u64), share: f64, places: bool) -> Value {
    let of = &run.stages[n];
    let (counts, running) = counts;
    let seconds = counts.span.map(|(a, b)| b.saturating_sub(a) as f64 / 1e9);
    let rate = seconds
        .filter(|s| *s > 0.0)
        .map(|s| of.elements * share / s);
    json!({
        "n": n,
        "label": of.label,
        "place": of.location.filter(|_| places).map(|l| l.to_string()),
        "tasks": of.tasks,
        "done": counts.tasks,
        "running": running,
        "fraction": share,
        "elements": of.elements,
        "rate": rate,
        "busy": counts.busy as f64 / 1e9,
        "read": counts.read,
        "written": counts.written,
        "memory": of.memory,
    })
}
