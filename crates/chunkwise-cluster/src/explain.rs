//! A cut as text.

use std::fmt::Write;

use chunkwise_core::format_bytes;

use crate::{Cut, Read, Work};

impl Cut {
    /// The fragments by what they do: how many, how long, how many bytes they need and hand on.
    pub fn explain(&self) -> String {
        let mut groups: Vec<(&str, &'static str, Vec<usize>)> = Vec::new();
        for (n, fragment) in self.fragments.iter().enumerate() {
            let kind = match &fragment.work {
                Work::Tasks { .. } => "tasks",
                Work::Merge { .. } => "merge",
                Work::Pick { .. } | Work::Stretch { .. } => "pick",
                Work::Spread { .. } => "spread",
            };
            match groups.last_mut() {
                Some((label, k, list)) if *label == fragment.label && *k == kind => list.push(n),
                _ => match groups
                    .iter_mut()
                    .find(|g| g.0 == fragment.label && g.1 == kind)
                {
                    Some((_, _, list)) => list.push(n),
                    None => groups.push((&fragment.label, kind, vec![n])),
                },
            }
        }
        let largest = self.fragments.iter().map(|f| f.peak).max().unwrap_or(0);
        let size = |read: &Read| match read {
            Read::Fragment(n) => self.fragments[*n].size,
            Read::Elsewhere { .. } => 0,
        };
        // A fragment runs where the largest of its bundles lies.
        let moved = self.fragments.iter().map(|f| {
            let all: u64 = f.reads.iter().map(size).sum();
            all - f.reads.iter().map(size).max().unwrap_or(0)
        });
        let moved: u64 = moved.sum();
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "cluster: {} fragments, at most {} each; about {} move between workers",
            self.fragments.len(),
            format_bytes(largest),
            format_bytes(moved),
        );
        for (label, _, list) in groups {
            let sum = |f: fn(&crate::Fragment) -> f64| -> f64 {
                list.iter().map(|n| f(&self.fragments[*n])).sum()
            };
            let peak = list
                .iter()
                .map(|n| self.fragments[*n].peak)
                .max()
                .unwrap_or(0);
            let seconds = sum(|f| f.seconds) / list.len() as f64;
            let _ = writeln!(
                text,
                "  {:6} x {label}  about {seconds:.1} s, at most {}, hands on {}",
                list.len(),
                format_bytes(peak),
                format_bytes(sum(|f| f.size as f64) as u64 / list.len() as u64),
            );
        }
        text
    }
}
