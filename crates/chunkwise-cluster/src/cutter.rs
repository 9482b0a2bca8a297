//! Stage after stage into fragments.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use chunkwise_core::{Error, Pool, Region, Result};
use chunkwise_exec::Part;
use chunkwise_plan::{CellRef, MergeStage, OutputRef, Plan, StageKind};

use crate::bundle::carry_cells;
use crate::cut::{Cut, Fragment, Limits};
use crate::exchange::Exchange;
use crate::holders::Holders;
use crate::needs::{Cells, Read, needs, visit_cells};
use crate::run::handed_on;
use crate::trees::{Left, left};
use crate::work::{Picked, Pieces, Relabel, Work, encode, fingerprint};
use crate::{runs, share};

/// A bundle is given as a whole where this part of its bytes is read; else what is read is picked out of it.
pub(crate) const WHOLE: f64 = 0.5;
/// And where it has no more bytes than this.
pub(crate) const SMALL: u64 = 256 << 10;
/// Fragments beyond this are refused: the cluster's scheduler would take minutes for them.
const MOST: usize = 100_000;
pub(crate) struct Cutter<'a> {
    pub(crate) plan: &'a Plan,
    fingerprint: u64,
    stored: &'a [bool],
    pub(crate) limits: &'a Limits,
    own: &'a BTreeSet<usize>,
    /// The most bytes that a fragment should make.
    largest: u64,
    pub(crate) holders: Holders,
    pub(crate) fragments: Vec<Fragment>,
    /// How many tasks of a stage are run by those who read them.
    pub(crate) made_again: BTreeMap<usize, usize>,
    picked: HashMap<(Read, Vec<Picked>), usize>,
}

/// A stretch of a stage's tasks on its way to a fragment.
pub(crate) struct Stretch {
    pub(crate) tasks: Range<usize>,
    pub(crate) needs: BTreeMap<Read, Cells>,
    pub(crate) left: Vec<(usize, Left)>,
    pub(crate) size: u64,
    peak: u64,
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
        let calls = share::calls(plan, stage);
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
                    *self.made_again.entry(s).or_default() += n;
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

    /// What the first task of a stretch of a scan takes from the task before it, and who has it: the stretch
    /// before this one, as tasks go along the axis.
    fn carry(&self, stage: usize, first: usize, numbers: &[usize]) -> Option<(Read, Cells)> {
        let of = &self.plan.stages[stage];
        let StageKind::Scan(s) = &of.kind else {
            return None;
        };
        let mut before = of.task_index(first);
        before[s.axis] = before[s.axis].checked_sub(1)?;
        let grid = &of.outputs[1].grid;
        let cell = CellRef {
            stage,
            output: 1,
            cell: grid.ravel(&before),
        };
        let region = Region::whole(&grid.region(&before).shape);
        let carry = vec![(cell, (region, self.carry_bytes(stage, first)))];
        Some((Read::Fragment(*numbers.last()?), carry))
    }

    /// Bytes of what the task before a task of a scan hands to it.
    fn carry_bytes(&self, stage: usize, task: usize) -> u64 {
        let of = &self.plan.stages[stage];
        match &of.kind {
            StageKind::Scan(s) if task < of.task_count() => {
                let cells = carry_cells(self.plan, stage, &of.task_index(task));
                Pool::footprint(s.scanner.carry.state_len(cells)) as u64
            }
            _ => 0,
        }
    }

    /// The stages that the tasks of a stage make for themselves.
    fn own_of(&self, stage: usize) -> Vec<usize> {
        let mut own = BTreeSet::new();
        self.plan.visit_inputs(stage, &mut |s, _| {
            if self.own.contains(&s) {
                own.insert(s);
            }
        });
        own.into_iter().collect()
    }

    /// How many tasks of each own stage some tasks of a stage run.
    fn own_tasks(&self, stage: usize, tasks: &Range<usize>) -> BTreeMap<usize, usize> {
        let mut run: HashSet<(usize, usize)> = HashSet::new();
        visit_cells(self.plan, stage, tasks, &mut |cell, _| {
            if self.own.contains(&cell.stage) {
                run.insert((cell.stage, cell.cell));
            }
        });
        let mut counts = BTreeMap::new();
        run.iter()
            .for_each(|(s, _)| *counts.entry(*s).or_default() += 1);
        counts
    }

    fn stretch(&self, stage: usize, tasks: Range<usize>, own: &[usize], kept: &[bool]) -> Stretch {
        let plan = self.plan;
        let needs = match plan.has_dependencies(stage) {
            true => needs(plan, &self.holders, stage, &tasks),
            false => BTreeMap::new(),
        };
        let left = left(plan, stage, &tasks);
        let of = &plan.stages[stage];
        let reduced: u64 = left
            .iter()
            .map(|(n, l)| l.bytes + l.whole.len() as u64 * of.outputs[*n].cell_bytes())
            .sum();
        let part = Part {
            stage,
            tasks: tasks.clone(),
            own: own.to_vec(),
        };
        let stored = part.kept_bytes(plan, kept);
        let carry = self.carry_bytes(stage, tasks.start);
        let merge = runs::merge_of(plan, stage);
        let some = merge.filter(|m| !runs::are_most(plan, stage, m, &tasks));
        let in_part = |cells: &Cells| some.is_some_and(|m| runs::are_runs(m, cells));
        let given: u64 = needs
            .iter()
            .map(|(read, cells)| match self.is_whole(*read, cells) {
                _ if in_part(cells) => 0,
                true => self.size(*read),
                false => bytes(cells),
            })
            .sum();
        let given = given + carry + some.map_or(0, |m| runs::bytes(plan, stage, m, &tasks));
        let peak = part.memory(plan, kept) + reduced + given;
        Stretch {
            tasks,
            needs,
            left,
            size: stored + reduced + carry,
            peak,
        }
    }

    pub(crate) fn size(&self, read: Read) -> u64 {
        match read {
            Read::Fragment(n) => self.fragments[n].size,
            Read::Elsewhere { stage, parcel } => self.holders.parcel_size(stage, parcel),
        }
    }

    /// Whether a bundle is given as a whole to who reads these cells of it.
    pub(crate) fn is_whole(&self, read: Read, cells: &Cells) -> bool {
        let size = self.size(read);
        size <= SMALL || bytes(cells) as f64 >= WHOLE * size as f64
    }

    /// A bundle with these cells: the one that has them, or a pick of it.
    fn given(&mut self, read: Read, cells: &Cells) -> Result<Read> {
        if self.is_whole(read, cells) {
            return Ok(read);
        }
        let parts = self.parts(cells);
        if let Some(known) = self.picked.get(&(read, parts.clone())) {
            return Ok(Read::Fragment(*known));
        }
        let size = bytes(cells);
        let number = self.fragments.len();
        self.picked.insert((read, parts.clone()), number);
        self.push(Fragment {
            spec: Vec::new(),
            work: Work::Pick { parts, nodes: None },
            reads: vec![read],
            label: "pick".to_owned(),
            is_source: false,
            is_sink: false,
            seconds: 0.0,
            peak: self.size(read) + size,
            size,
        })?;
        Ok(Read::Fragment(number))
    }

    /// What tasks of a merge read: the table, and of the bundles of runs the stretches that it says.
    fn given_runs(
        &mut self,
        stage: usize,
        m: &MergeStage,
        of: &Stretch,
        exchange: &Exchange,
        files: &mut Vec<usize>,
    ) -> Result<Vec<Read>> {
        let (runs, tables): (Vec<_>, Vec<_>) = of
            .needs
            .iter()
            .partition(|(_, cells)| runs::are_runs(m, cells));
        let mut given: Vec<Read> = tables.iter().map(|(read, _)| **read).collect();
        let most = runs::bytes(self.plan, stage, m, &of.tasks);
        for (read, cells) in runs {
            if let Some(file) = exchange.file(*read) {
                files.push(file);
                continue;
            }
            let (start, end) = (of.tasks.start, of.tasks.end);
            let size = bytes(cells).min(most);
            let tables: Vec<Read> = tables.iter().map(|(read, _)| **read).collect();
            let held: u64 = tables.iter().map(|read| self.size(*read)).sum();
            let reads = tables.into_iter().chain([*read]).collect();
            let number = self.fragments.len();
            let peak = self.size(*read) + held + size;
            self.push_small(
                Work::Stretch { stage, start, end },
                reads,
                "pick",
                peak,
                // Of all bundles together it is no more.
                most / of.needs.len() as u64,
            )?;
            given.push(Read::Fragment(number));
        }
        Ok(given)
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

    /// Bundles with little but the cells of one array, for each that has some: what is gathered, or kept, is
    /// not what others share a pass with.
    fn apart(
        &mut self,
        at: OutputRef,
        cells: &[Read],
        stored: bool,
    ) -> Result<BTreeMap<Read, Read>> {
        let grid = &self.plan.stages[at.stage].outputs[at.output].grid;
        let item = self.plan.stages[at.stage].outputs[at.output].dtype.size();
        let bytes_of = |cell: usize| (grid.region(&grid.unravel(cell)).len() * item) as u64;
        let mut held: BTreeMap<Read, u64> = BTreeMap::new();
        for (cell, read) in cells.iter().enumerate() {
            *held.entry(*read).or_default() += if stored { 0 } else { bytes_of(cell) };
        }
        let mut own = BTreeMap::new();
        for (read, bytes) in held {
            let size = self.size(read);
            if size <= SMALL || bytes as f64 >= WHOLE * size as f64 {
                own.insert(read, read);
                continue;
            }
            let of_read = cells
                .iter()
                .enumerate()
                .filter(|(_, r)| **r == read && !stored);
            let picked = of_read.map(|(cell, _)| {
                let at = CellRef {
                    stage: at.stage,
                    output: at.output,
                    cell,
                };
                let region = Region::whole(&grid.region(&grid.unravel(cell)).shape);
                (at, (region, bytes_of(cell)))
            });
            let picked: Cells = picked.collect();
            let apart = self.given(read, &picked)?;
            own.insert(read, apart);
        }
        Ok(own)
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

pub(crate) fn bytes(cells: &Cells) -> u64 {
    let footprint = |bytes: u64| Pool::footprint(bytes as usize) as u64;
    cells.iter().map(|(_, (_, bytes))| footprint(*bytes)).sum()
}

/// Whether tasks of a stage read what is not in memory.
fn reads_files(plan: &Plan, stage: usize) -> bool {
    let mut found = false;
    plan.visit_sources(stage, &mut |source| found |= source.in_memory().is_none());
    found
}
