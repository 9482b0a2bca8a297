//! Stage after stage into fragments.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

use chunkwise_core::{Error, Result};
use chunkwise_plan::{CellRef, Plan, StageKind};

use crate::cut::{Cut, Fragment, Limits};
use crate::holders::Holders;
use crate::needs::Read;
use crate::run::handed_on;
use crate::stretch::Stretch;
use crate::work::{Picked, Pieces, Relabel, Work, encode, fingerprint};
use crate::{runs, share};

/// Fragments beyond this are refused: the cluster's scheduler would take minutes for them.
const MOST: usize = 100_000;
pub(crate) struct Cutter<'a> {
    pub(crate) plan: &'a Plan,
    fingerprint: u64,
    stored: &'a [bool],
    pub(crate) limits: &'a Limits,
    pub(crate) own: &'a BTreeSet<usize>,
    /// The most bytes that a fragment should make.
    largest: u64,
    pub(crate) holders: Holders,
    pub(crate) fragments: Vec<Fragment>,
    /// How many tasks of a stage are run by those who read them, and in how many fragments.
    pub(crate) made_again: BTreeMap<usize, (usize, usize)>,
    pub(crate) picked: HashMap<(Read, Vec<Picked>), usize>,
}

impl<'a> Cutter<'a> {
    pub(crate) fn new(
        plan: &'a Plan,
        stored: &'a [bool],
        limits: &'a Limits,
        own: &'a BTreeSet<usize>,
        largest: u64,
    ) -> Cutter<'a> {
        let mut holders = Holders::new(plan);
        own.iter().for_each(|s| holders.with_reader(*s));
        Cutter {
            plan,
            fingerprint: fingerprint(plan),
            stored,
            limits,
            own,
            largest,
            holders,
            fragments: Vec::new(),
            made_again: BTreeMap::new(),
            picked: HashMap::new(),
        }
    }

    pub(crate) fn cut(&mut self) -> Result<()> {
        for stage in 0..self.plan.stages.len() {
            let brought = matches!(self.plan.stages[stage].kind, StageKind::Brought(_));
            if !brought && !self.own.contains(&stage) {
                self.stage(stage)?;
            }
        }
        Ok(())
    }

    fn is_sink(&self, stage: usize, output: usize) -> bool {
        let outputs = self.plan.outputs.iter().zip(self.stored);
        let mut stored = outputs.filter(|(_, stored)| **stored);
        stored.any(|(o, _)| (o.stage, o.output) == (stage, output))
    }

    fn stage(&mut self, stage: usize) -> Result<()> {
        let plan = self.plan;
        let of = &plan.stages[stage];
        let own = self.own_of(stage);
        let sinks: Vec<Option<()>> = self.stored.iter().map(|s| s.then_some(())).collect();
        let kept = handed_on(plan, stage, &sinks);
        if let StageKind::Compress(c) = &of.kind
            && (0..of.outputs.len()).any(|o| self.is_sink(stage, o))
        {
            return Err(Error::UnknownLength {
                operation: "store",
                axis: c.axis,
            });
        }
        let seconds: f64 = own
            .iter()
            .chain([&stage])
            .map(|s| share::seconds(plan, *s))
            .sum();
        let outputs = of.outputs.iter().zip(&kept);
        let bytes = outputs
            .filter(|(_, kept)| **kept)
            .map(|(o, _)| o.nbytes())
            .sum();
        let tasks = of.task_count();
        let calls = own.iter().chain([&stage]).any(|s| share::calls(plan, *s));
        let (bytes, takes) = ((bytes, self.largest), (seconds, calls));
        let mut count = share::fragments(tasks, bytes, takes, self.limits);
        let refused = |peak: u64| Error::OverBudget {
            operation: of.label.clone(),
            location: of.location,
            needed: peak,
            limit: self.limits.room,
            smallest: peak,
        };
        let merge = runs::merge_of(plan, stage);
        if tasks > 0 {
            let one = self.stretch(stage, 0..1, &own, &kept).peak;
            if one > self.limits.room {
                return Err(refused(one));
            }
        }
        let mut followed = self.followed(stage, count);
        let stretches = loop {
            let stretches = followed
                .take()
                .unwrap_or_else(|| share::stretches(plan, stage, count));
            let stretches: Vec<Stretch> = stretches
                .into_iter()
                .map(|tasks| self.stretch(stage, tasks, &own, &kept))
                .collect();
            let peak = stretches.iter().map(|s| s.peak).max().unwrap_or(0);
            if peak <= self.limits.room {
                break stretches;
            }
            if stretches.iter().all(|s| s.tasks.len() <= 1) {
                return Err(refused(peak));
            }
            if stretches.len() > MOST {
                return Err(self.too_many());
            }
            count = stretches.len().max(count) * 2;
        };
        let mut numbers = Vec::new();
        let is_source = own.iter().chain([&stage]).any(|s| reads_files(plan, *s));
        let is_sink = (0..of.outputs.len()).any(|o| self.is_sink(stage, o));
        let exchange = self.exchange(stage, merge, &stretches)?;
        for (place, stretch) in stretches.iter().enumerate() {
            if !own.is_empty() {
                for (s, n) in self.own_tasks(stage, &stretch.tasks) {
                    let (made, within) = self.made_again.entry(s).or_default();
                    *made += n;
                    *within += 1;
                }
            }
            let mut reads = Vec::new();
            let mut files = Vec::new();
            match merge {
                Some(m) if !runs::are_most(plan, stage, m, &stretch.tasks) => {
                    reads = self.given_runs(stage, m, stretch, &exchange, &mut files)?;
                }
                _ => {
                    for (read, cells) in &stretch.needs {
                        let file = exchange.file(*read);
                        match file.filter(|_| merge.is_none() && !self.is_whole(*read, cells)) {
                            Some(file) => files.push(file),
                            None => reads.push(self.given(*read, cells)?),
                        }
                    }
                }
            }
            let pieces = (!files.is_empty()).then_some(Pieces { place, files });
            if pieces.is_some() {
                reads.extend(exchange.complete.map(Read::Fragment));
            }
            if let Some((before, carry)) = self.carry(stage, stretch.tasks.start, &numbers) {
                reads.push(self.given(before, &carry)?);
            }
            let share = stretch.tasks.len() as f64 / tasks.max(1) as f64;
            let work = Work::Tasks {
                stage,
                start: stretch.tasks.start,
                end: stretch.tasks.end,
                own: own.clone(),
                pieces,
            };
            numbers.push(self.fragments.len());
            self.push(Fragment {
                spec: Vec::new(),
                work,
                reads,
                label: of.label.clone(),
                is_source,
                is_sink,
                seconds: seconds * share,
                peak: stretch.peak,
                size: stretch.size,
            })?;
        }
        let reduced = self.merges(stage, &stretches, &numbers)?;
        let ranges: Vec<Range<usize>> = stretches.into_iter().map(|s| s.tasks).collect();
        self.holders.in_fragments(stage, &ranges, numbers, reduced);
        Ok(())
    }

    pub(crate) fn push_small(
        &mut self,
        work: Work,
        reads: Vec<Read>,
        label: &str,
        peak: u64,
        size: u64,
    ) -> Result<()> {
        self.push(Fragment {
            spec: Vec::new(),
            work,
            reads,
            label: label.to_owned(),
            is_source: false,
            is_sink: false,
            seconds: 0.0,
            peak,
            size,
        })
    }

    fn push(&mut self, mut fragment: Fragment) -> Result<()> {
        if self.fragments.len() >= MOST {
            return Err(self.too_many());
        }
        if fragment.peak > self.limits.room {
            return Err(Error::OverBudget {
                operation: fragment.label,
                location: None,
                needed: fragment.peak,
                limit: self.limits.room,
                smallest: fragment.peak,
            });
        }
        let inputs = fragment.reads.iter().map(|read| match read {
            Read::Fragment(_) => None,
            Read::Elsewhere { stage, .. } => {
                let (_, from) = self.holders.elsewhere(*stage)?;
                Some(Relabel { from, to: *stage })
            }
        });
        let inputs: Vec<Option<Relabel>> = inputs.collect();
        fragment.spec = encode(self.fingerprint, &inputs, &fragment.work)?;
        self.fragments.push(fragment);
        Ok(())
    }

    fn too_many(&self) -> Error {
        Error::argument(
            "cutting a plan for a cluster",
            "room",
            format!(
                "{} bytes for each of {} slots",
                self.limits.room, self.limits.slots
            ),
            match self.limits.picks {
                usize::MAX => format!(
                    "more than {MOST} fragments would be needed: give workers more memory, or a folder that all \
                     share (the client's scratch_directory)"
                ),
                _ => {
                    format!("more than {MOST} fragments would be needed: give workers more memory")
                }
            },
        )
    }

    pub(crate) fn finish(mut self) -> Result<Cut> {
        let (mut results, mut parcels) = (Vec::new(), Vec::new());
        for (output, stored) in self.plan.outputs.iter().zip(self.stored) {
            let grid = &self.plan.stages[output.stage].outputs[output.output].grid;
            let mut places: BTreeMap<Read, u32> = BTreeMap::new();
            let mut cells = Vec::with_capacity(grid.count());
            for cell in 0..grid.count() {
                let at = CellRef {
                    stage: output.stage,
                    output: output.output,
                    cell,
                };
                let Some(read) = self.holders.of(self.plan, &at) else {
                    return Err(Error::internal("cluster", format!("nobody has {at:?}")));
                };
                if *stored && matches!(read, Read::Elsewhere { .. }) {
                    return Err(Error::internal("cluster", format!("nobody stores {at:?}")));
                }
                cells.push(read);
            }
            let apart = self.apart(*output, &cells, *stored)?;
            for read in &mut cells {
                *read = apart.get(read).copied().unwrap_or(*read);
                places.insert(*read, 0);
            }
            places
                .values_mut()
                .zip(0..)
                .for_each(|(place, n)| *place = n);
            let owners = cells.iter().filter_map(|read| places.get(read).copied());
            parcels.push(match stored {
                true => Arc::from([]),
                false => owners.collect::<Vec<u32>>().into(),
            });
            results.push(places.into_keys().collect());
        }
        Ok(Cut {
            fragments: self.fragments,
            results,
            parcels,
        })
    }
}

/// Whether tasks of a stage read what is not in memory.
fn reads_files(plan: &Plan, stage: usize) -> bool {
    let mut found = false;
    plan.visit_sources(stage, &mut |source| found |= source.in_memory().is_none());
    found
}
