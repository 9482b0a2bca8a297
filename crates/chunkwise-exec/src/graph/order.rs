//! The order of one thread: depth first, so that few results are alive at once.
//!
//! A task's inputs are made one after the other, each with everything that it needs, and held while the
//! next ones are made. So the one that needs most beyond what it leaves comes first (Sethi and Ullman,
//! "The generation of optimal code for arithmetic expressions", 1970). It is optimal for trees and a
//! heuristic where results are shared.

use chunkwise_core::{Error, Result};

use super::{Declared, Lists};

const UNSEEN: u8 = 0;
const OPEN: u8 = 1;
const DONE: u8 = 2;

/// The tasks that `wanted` needs, inputs before those that read them.
pub(super) fn depth_first(
    inputs: &Lists,
    declared: &[Declared],
    wanted: &[u32],
    name: &dyn Fn(usize) -> String,
) -> Result<Vec<u32>> {
    let tasks = inputs.starts.len() - 1;
    let as_given = |task: u32, into: &mut Vec<u32>| {
        into.extend(inputs.of(task as usize).iter().rev());
    };
    let order = visit(tasks, wanted, as_given).map_err(|cycle| named(&cycle, name))?;
    // Chains and the like have no choice.
    if order.iter().all(|t| inputs.of(*t as usize).len() < 2) {
        return Ok(order);
    }
    let most = needs(inputs, declared, &order);
    let left = |task: u32| match declared.get(task as usize) {
        Some(bytes) => bytes.result,
        None => 1,
    };
    let beyond = |task: u32| most[task as usize].saturating_sub(left(task));
    // So it is where all inputs are alike, as in trees.
    let as_wished = |task: &u32| {
        let inputs = inputs.of(*task as usize);
        inputs.windows(2).all(|w| beyond(w[0]) >= beyond(w[1]))
    };
    if order.iter().all(as_wished) {
        return Ok(order);
    }
    let neediest_last = |task: u32, into: &mut Vec<u32>| {
        let from = into.len();
        as_given(task, into);
        // Stable: equal ones stay in the order in which they were given.
        if into[from..].windows(2).any(|w| beyond(w[0]) > beyond(w[1])) {
            into[from..].sort_by_key(|t| beyond(*t));
        }
    };
    visit(tasks, wanted, neediest_last).map_err(|cycle| named(&cycle, name))
}

/// The most bytes at once while each task and what it needs is made, counted from nothing; where nothing
/// is declared each result counts as one.
fn needs(inputs: &Lists, declared: &[Declared], order: &[u32]) -> Vec<u64> {
    let unit = declared.is_empty();
    let of = |task: usize| match unit {
        true => Declared {
            result: 1,
            scratch: 0,
        },
        false => declared[task],
    };
    let mut most = vec![0_u64; inputs.starts.len() - 1];
    let mut each: Vec<(u64, u64)> = Vec::new();
    for task in order {
        let task = *task as usize;
        each.clear();
        each.extend(inputs.of(task).iter().map(|i| {
            let left = of(*i as usize).result;
            (most[*i as usize], left)
        }));
        each.sort_unstable_by_key(|(most, left)| std::cmp::Reverse(most.saturating_sub(*left)));
        let mut held = 0_u64;
        let mut peak = 0_u64;
        for (most, left) in &each {
            peak = peak.max(held.saturating_add(*most));
            held = held.saturating_add(*left);
        }
        let own = of(task);
        let running = held.saturating_add(own.result).saturating_add(own.scratch);
        most[task] = peak.max(running);
    }
    most
}

/// Depth first without recursion; `push` puts a task's inputs on a stack, the first one last. A cycle is
/// answered as the error.
fn visit(
    tasks: usize,
    wanted: &[u32],
    mut push: impl FnMut(u32, &mut Vec<u32>),
) -> std::result::Result<Vec<u32>, Vec<u32>> {
    let mut state = vec![UNSEEN; tasks];
    let mut order = Vec::new();
    let mut stack: Vec<u32> = wanted.iter().rev().copied().collect();
    while let Some(task) = stack.last().copied() {
        match state[task as usize] {
            UNSEEN => {
                state[task as usize] = OPEN;
                let from = stack.len();
                push(task, &mut stack);
                if let Some(back) = stack[from..]
                    .iter()
                    .copied()
                    .find(|t| state[*t as usize] == OPEN)
                {
                    return Err(cycle(&stack[..from], &state, back));
                }
            }
            OPEN => {
                stack.pop();
                state[task as usize] = DONE;
                order.push(task);
            }
            _ => {
                stack.pop();
            }
        }
    }
    Ok(order)
}

/// The open tasks on the stack from `back` on, which the last of them reads. A task is on the stack more
/// than once where several read it: the last place is the open one.
fn cycle(stack: &[u32], state: &[u8], back: u32) -> Vec<u32> {
    let mut found = Vec::new();
    for task in stack.iter().rev() {
        if state[*task as usize] == OPEN && !found.contains(task) {
            found.push(*task);
            if *task == back {
                break;
            }
        }
    }
    found.reverse();
    found.push(back);
    found
}

/// How many tasks of a cycle are named from each end.
const NAMED: usize = 8;

fn named(cycle: &[u32], name: &dyn Fn(usize) -> String) -> Error {
    let names = |part: &[u32]| -> Vec<String> { part.iter().map(|t| name(*t as usize)).collect() };
    let text = match cycle.len() > 2 * NAMED {
        false => names(cycle).join(" -> "),
        true => format!(
            "{} -> ... -> {}",
            names(&cycle[..NAMED]).join(" -> "),
            names(&cycle[cycle.len() - NAMED..]).join(" -> ")
        ),
    };
    Error::argument("graph", "tasks", text, "each needs the next: a cycle")
}
