//! Fragments that merge what others leave of reductions.

use std::collections::HashMap;

use chunkwise_core::Result;

use crate::cutter::Cutter;
use crate::give::{SMALL, WHOLE};
use crate::needs::Read;
use crate::stretch::Stretch;
use crate::work::Work;

/// Nodes of a reduction's tree are merged from the bundles of so many fragments at a time.
const FAN: usize = 16;
impl Cutter<'_> {
    /// Fragments that merge what stretches leave of reductions; for each output, the fragment that has each
    /// cell in the end.
    pub(crate) fn merges(
        &mut self,
        stage: usize,
        stretches: &[Stretch],
        numbers: &[usize],
    ) -> Result<Vec<Option<Vec<usize>>>> {
        let outputs = self.plan.stages[stage].outputs.iter();
        let mut holder: Vec<Option<Vec<usize>>> = outputs
            .enumerate()
            .map(|(n, o)| {
                let reduced = self.plan.stages[stage].is_reduction(n);
                reduced.then(|| vec![0; o.grid.count()])
            })
            .collect();
        let mut set = |output: usize, cell: usize, fragment: usize| {
            if let Some(cells) = &mut holder[output] {
                cells[cell] = fragment;
            }
        };
        // Stretches that wait for each other follow each other.
        let mut groups: Vec<Vec<usize>> = Vec::new();
        let mut group_of: HashMap<(usize, usize), usize> = HashMap::new();
        for (n, stretch) in stretches.iter().enumerate() {
            let mut group: Option<usize> = None;
            for (output, left) in &stretch.left {
                left.whole.iter().for_each(|c| set(*output, *c, numbers[n]));
                for cell in &left.waiting {
                    let known = group_of.get(&(*output, *cell)).copied();
                    match (group, known) {
                        (None, Some(g)) => group = Some(g),
                        (Some(g), Some(other)) if g != other => {
                            let moved = std::mem::take(&mut groups[other]);
                            groups[g].extend(moved);
                            group_of
                                .values_mut()
                                .filter(|v| **v == other)
                                .for_each(|v| *v = g);
                        }
                        _ => {}
                    }
                }
            }
            if stretch.left.iter().all(|(_, l)| l.waiting.is_empty()) {
                continue;
            }
            let group = group.unwrap_or_else(|| {
                groups.push(Vec::new());
                groups.len() - 1
            });
            groups[group].push(n);
            for (output, left) in &stretch.left {
                left.waiting.iter().for_each(|c| {
                    group_of.insert((*output, *c), group);
                });
            }
        }
        for mut group in groups {
            group.sort_unstable();
            let Some(last) = self.merge(stage, stretches, &group, numbers)? else {
                continue;
            };
            for n in group {
                for (output, left) in &stretches[n].left {
                    left.waiting.iter().for_each(|c| set(*output, *c, last));
                }
            }
        }
        Ok(holder)
    }

    fn merge(
        &mut self,
        stage: usize,
        stretches: &[Stretch],
        group: &[usize],
        numbers: &[usize],
    ) -> Result<Option<usize>> {
        let mut line: Vec<(Read, u64)> = Vec::new();
        for n in group {
            let waiting: u64 = stretches[*n].left.iter().map(|(_, l)| l.bytes).sum();
            let read = Read::Fragment(numbers[*n]);
            let size = stretches[*n].size;
            if size <= SMALL || waiting as f64 >= WHOLE * size as f64 {
                line.push((read, waiting));
                continue;
            }
            let number = self.fragments.len();
            let work = Work::Pick {
                parts: Vec::new(),
                nodes: Some(stage),
            };
            self.push_small(work, vec![read], "pick", size + waiting, waiting)?;
            line.push((Read::Fragment(number), waiting));
        }
        // Of one cell, what is merged is as large as what it is merged from.
        let one = group.iter().all(|n| {
            let waiting = stretches[*n].left.iter().map(|(_, l)| l.waiting.len());
            waiting.sum::<usize>() <= 1
        });
        let mut last = None;
        let mut later = false;
        while line.len() > 1 || last.is_none() {
            let Some(largest) = line.iter().map(|(_, bytes)| *bytes).max() else {
                return Ok(None);
            };
            let fan = (self.limits.room / (4 * largest.max(1))).clamp(2, FAN as u64) as usize;
            let mut next = Vec::new();
            for few in line.chunks(fan) {
                let given: u64 = few.iter().map(|(_, bytes)| bytes).sum();
                let size = match one {
                    true => few.iter().map(|(_, bytes)| *bytes).max().unwrap_or(0),
                    false => given,
                };
                let number = self.fragments.len();
                let label = format!("merge {}", self.plan.stages[stage].label);
                let reads = few.iter().map(|(read, _)| *read).collect();
                self.push_small(
                    Work::Merge { stage, later },
                    reads,
                    &label,
                    2 * given + size,
                    size,
                )?;
                next.push((Read::Fragment(number), size));
                last = Some(number);
            }
            line = next;
            later = true;
        }
        Ok(last)
    }
}
