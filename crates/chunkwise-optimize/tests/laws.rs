//! What holds for every expression: optimising changes neither values nor shape, dtype and chunks.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod support {
    pub mod evaluate;
    pub mod generate;

    /// A cumulative sum.
    pub fn scan() -> &'static chunkwise_kernels::scan::Scan {
        chunkwise_kernels::scan::scan("cumsum").unwrap_or(&chunkwise_kernels::scan::SCANS[0])
    }
}

use chunkwise_expr::{Expr, Kind, NodeId};
use chunkwise_optimize::{narrow::narrow, optimize, rewrite, rules::RULES};
use std::collections::HashSet;
use support::evaluate::evaluate;
use support::generate::expressions;

type Step = fn(&[Expr]) -> chunkwise_core::Result<Vec<Expr>>;

fn same_values(seed: u64, name: &str, step: Step) -> (Vec<Expr>, Vec<Expr>) {
    let before = expressions(seed);
    let after =
        step(&before).unwrap_or_else(|error| panic!("seed {seed}: {name}: {error}\n{}", before[0]));
    assert_eq!(before.len(), after.len());
    for (b, a) in before.iter().zip(&after) {
        let context = || format!("seed {seed}, {name}\nbefore:\n{b}\nafter:\n{a}");
        assert_eq!(b.shape(), a.shape(), "{}", context());
        assert_eq!(b.dtype(), a.dtype(), "{}", context());
        assert_eq!(b.grid(), a.grid(), "{}", context());
        let (want, got) = (evaluate(b), evaluate(a));
        assert!(
            want.iter()
                .zip(&got)
                .all(|(x, y)| x.to_bits() == y.to_bits() || (x == y)),
            "{}",
            context()
        );
    }
    (before, after)
}

#[test]
fn every_step_keeps_values_shapes_dtypes_and_chunks() {
    let mut changed = 0;
    for seed in 0..800 {
        let (before, after) = same_values(seed, "optimize", optimize);
        changed += usize::from(before.iter().zip(&after).any(|(a, b)| a.id() != b.id()));
        same_values(seed, "rewrite", |e| rewrite(e, RULES));
        same_values(seed, "narrow", narrow);
    }
    assert!(changed > 250, "only {changed} of 800 were changed at all");
}

#[test]
fn each_rule_alone_keeps_them_too() {
    for rule in RULES {
        for seed in 5000..5150 {
            let before = expressions(seed);
            let after = rewrite(&before, std::slice::from_ref(rule)).unwrap();
            for (b, a) in before.iter().zip(&after) {
                assert_eq!(
                    (b.shape(), b.dtype(), b.grid()),
                    (a.shape(), a.dtype(), a.grid())
                );
                assert!(
                    evaluate(b) == evaluate(a),
                    "{} seed {seed}\n{b}\n{a}",
                    rule.name
                );
            }
        }
    }
}

#[test]
fn optimising_again_changes_nothing() {
    for seed in 0..400 {
        let once = optimize(&expressions(seed)).unwrap();
        let twice = optimize(&once).unwrap();
        for (a, b) in once.iter().zip(&twice) {
            assert!(a.id() == b.id(), "seed {seed}\n{a}\n{b}");
        }
    }
}

fn nodes(roots: &[Expr]) -> Vec<Expr> {
    let mut seen: HashSet<NodeId> = HashSet::new();
    let mut stack = roots.to_vec();
    let mut all = Vec::new();
    while let Some(e) = stack.pop() {
        if seen.insert(e.id()) {
            stack.extend(e.inputs().into_iter().cloned());
            all.push(e);
        }
    }
    all
}

/// Elements that operations with a stage of their own take in.
fn work(roots: &[Expr]) -> usize {
    let barrier = |e: &Expr| {
        matches!(
            e.kind(),
            Kind::Reduce { .. } | Kind::Scan { .. } | Kind::Sort { .. } | Kind::Contract { .. }
        )
    };
    let all = nodes(roots);
    all.iter()
        .filter(|e| barrier(e))
        .flat_map(|e| e.inputs().into_iter().map(Expr::len).collect::<Vec<_>>())
        .sum()
}

#[test]
fn no_more_is_computed_than_before() {
    let (mut less, mut total) = (0, 0);
    for seed in 0..400 {
        let before = expressions(seed);
        let (old, new) = (work(&before), work(&optimize(&before).unwrap()));
        assert!(new <= old, "seed {seed}: {new} > {old}\n{}", before[0]);
        less += usize::from(new < old);
        total += usize::from(old > 0);
    }
    assert!(20 * less > total, "{less} of {total} got less");
}
