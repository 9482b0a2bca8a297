//! Random work under random budgets, events in a random order: every wanted task runs once, nothing
//! is read before it is made or after it is dropped, the budget holds, and nothing waits for ever.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::{HashMap, HashSet};

use chunkwise_exec::scheduler::{Action, CellRef, Producer, Scheduler, Task, Work};

/// SplitMix64 (Steele, Lea, Flood 2014).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n.max(1) as u64) as usize
    }
}

#[derive(Clone, Debug)]
struct Stage {
    bytes: u64,
    cell_bytes: u64,
    /// What each task reads.
    reads: Vec<Vec<CellRef>>,
    /// Whether all tasks together make one cell.
    reduces: bool,
    wanted: bool,
}

#[derive(Clone, Debug)]
struct Made(Vec<Stage>);

impl Work for Made {
    fn stages(&self) -> usize {
        self.0.len()
    }
    fn tasks(&self, stage: usize) -> usize {
        self.0[stage].reads.len()
    }
    fn task_bytes(&self, stage: usize) -> u64 {
        self.0[stage].bytes
    }
    fn reads_cells(&self, stage: usize) -> bool {
        self.0[stage].reads.iter().any(|r| !r.is_empty())
    }
    fn reads(&self, task: Task) -> Vec<CellRef> {
        self.0[task.stage].reads[task.number].clone()
    }
    fn producer(&self, cell: &CellRef) -> Producer {
        match self.0[cell.stage].reduces {
            true => Producer::Stage(cell.stage),
            false => Producer::Task(Task {
                stage: cell.stage,
                number: cell.cell,
            }),
        }
    }
    fn wanted(&self, stage: usize) -> bool {
        self.0[stage].wanted
    }
}

fn cell(stage: usize, cell: usize) -> CellRef {
    CellRef {
        stage,
        output: 0,
        cell,
    }
}

fn work(n: &mut Numbers) -> Made {
    let mut stages: Vec<Stage> = Vec::new();
    let count = 1 + n.below(6);
    for s in 0..count {
        let tasks = [1, 2, 5, 20, 90, 200][n.below(6)];
        let chain = n.below(6) == 0;
        let mut reads: Vec<Vec<CellRef>> = vec![Vec::new(); tasks];
        for (t, own) in reads.iter_mut().enumerate() {
            if chain && t > 0 {
                own.push(cell(s, t - 1));
            }
        }
        let inputs = if s == 0 { 0 } else { n.below(3) };
        for _ in 0..inputs {
            let from = n.below(s);
            let cells = match stages[from].reduces {
                true => 1,
                false => stages[from].reads.len(),
            };
            let pattern = n.below(4);
            for (t, own) in reads.iter_mut().enumerate() {
                match pattern {
                    0 => own.push(cell(from, t % cells)),
                    1 => own.push(cell(from, cells - 1 - t % cells)),
                    2 if tasks * cells <= 4000 => own.extend((0..cells).map(|c| cell(from, c))),
                    _ => own.extend((0..n.below(4)).map(|_| cell(from, n.below(cells)))),
                }
            }
        }
        for own in &mut reads {
            own.sort_unstable();
            own.dedup();
        }
        stages.push(Stage {
            bytes: 1 + n.below(5) as u64,
            cell_bytes: 1 + n.below(4) as u64,
            reads,
            reduces: !chain && n.below(3) == 0,
            wanted: s + 1 == count || n.below(4) == 0,
        });
    }
    Made(stages)
}

/// Whether a stage makes cells that some stage reads.
fn is_read(work: &Made, stage: usize) -> bool {
    let mut reads = work.0.iter().flat_map(|s| s.reads.iter().flatten());
    reads.any(|c| c.stage == stage)
}

fn play(work: Made, limit: u64, workers: usize, n: &mut Numbers) -> usize {
    let read: Vec<bool> = (0..work.stages()).map(|s| is_read(&work, s)).collect();
    let mut left_in_stage: Vec<usize> = (0..work.stages()).map(|s| work.tasks(s)).collect();
    let mut reads_left: HashMap<CellRef, usize> = HashMap::new();
    for c in work.0.iter().flat_map(|s| s.reads.iter().flatten()) {
        *reads_left.entry(c.clone()).or_default() += 1;
    }
    let mut scheduler = Scheduler::new(work.clone(), limit);
    let mut running: Vec<Task> = Vec::new();
    let mut spilling: Vec<CellRef> = Vec::new();
    let mut alive: HashSet<CellRef> = HashSet::new();
    let mut done: HashSet<Task> = HashSet::new();
    let mut spills = 0;
    for _ in 0..1_000_000 {
        let free = running.len() + spilling.len() < workers;
        if free && n.below(3) > 0 {
            match scheduler.next_action() {
                Action::Run(task) => {
                    for c in work.reads(task) {
                        assert!(
                            alive.contains(&c),
                            "{task:?} reads {c:?}, which is not there"
                        );
                        assert!(
                            !spilling.contains(&c),
                            "{task:?} reads {c:?} on its way out"
                        );
                    }
                    running.push(task);
                    assert!(
                        scheduler.committed() <= limit || running.len() == 1,
                        "{} of {limit} with {running:?}",
                        scheduler.committed()
                    );
                    continue;
                }
                Action::Spill(c) => {
                    assert!(alive.contains(&c), "{c:?} is spilled, which is not there");
                    let in_use = running.iter().any(|t| work.reads(*t).contains(&c));
                    assert!(!in_use, "{c:?} is spilled while it is read");
                    spills += 1;
                    spilling.push(c);
                    continue;
                }
                Action::Wait => assert!(
                    !(running.is_empty() && spilling.is_empty()),
                    "waits for ever: {} done",
                    done.len()
                ),
                Action::Done => {
                    if running.is_empty() && spilling.is_empty() {
                        for (s, stage) in work.0.iter().enumerate() {
                            let ran = (0..work.tasks(s)).filter(|t| {
                                done.contains(&Task {
                                    stage: s,
                                    number: *t,
                                })
                            });
                            assert!(!stage.wanted || ran.count() == work.tasks(s), "stage {s}");
                        }
                        for c in &alive {
                            assert!(reads_left[c] > 0, "{c:?} was read for the last time");
                        }
                        return spills;
                    }
                }
            }
        }
        let ends = n.below(running.len() + spilling.len());
        if ends < running.len() {
            let task = running.swap_remove(ends);
            assert!(done.insert(task), "{task:?} ran twice");
            left_in_stage[task.stage] -= 1;
            let stage = &work.0[task.stage];
            let made = match stage.reduces {
                true if left_in_stage[task.stage] == 0 => Some(cell(task.stage, 0)),
                true => None,
                false => Some(cell(task.stage, task.number)),
            };
            let made: Vec<(CellRef, u64)> = made
                .filter(|_| read[task.stage])
                .map(|c| (c, stage.cell_bytes))
                .into_iter()
                .collect();
            for c in work.reads(task) {
                *reads_left.get_mut(&c).unwrap() -= 1;
            }
            alive.extend(made.iter().map(|(c, _)| c.clone()));
            for c in scheduler.finished(task, &made) {
                assert_eq!(
                    reads_left.get(&c).copied().unwrap_or(0),
                    0,
                    "{c:?} is dropped early"
                );
                assert!(alive.remove(&c), "{c:?} is dropped twice");
            }
        } else if let Some(c) = (!spilling.is_empty()).then(|| spilling.swap_remove(0)) {
            scheduler.spilled(&c);
        }
    }
    panic!("no end");
}

#[test]
fn random_work_is_done_once_within_the_budget() {
    let mut spills = 0;
    for seed in 0..1200 {
        let mut n = Numbers(seed);
        let work = work(&mut n);
        let limit = [12, 20, 40, 100, 1000][n.below(5)];
        let workers = 1 + n.below(5);
        let outcome = std::panic::catch_unwind(move || play(work, limit, workers, &mut n));
        match outcome {
            Ok(made) => spills += made,
            Err(_) => panic!("seed {seed}, limit {limit}, {workers} workers"),
        }
    }
    assert!(spills > 300, "{spills}");
}
