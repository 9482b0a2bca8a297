//! How who reads of a bundle is given it: as a whole, or what is read, picked out of it.

use std::collections::BTreeMap;

use chunkwise_core::{Region, Result};
use chunkwise_plan::{CellRef, MergeStage, OutputRef};

use crate::cutter::Cutter;
use crate::exchange::Exchange;
use crate::needs::{Cells, Read, bytes};
use crate::runs;
use crate::stretch::Stretch;
use crate::work::Work;

/// A bundle is given as a whole where this part of its bytes is read; else what is read is picked out of it.
pub(crate) const WHOLE: f64 = 0.5;
/// And where it has no more bytes than this.
pub(crate) const SMALL: u64 = 256 << 10;

impl Cutter<'_> {
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
    pub(crate) fn given(&mut self, read: Read, cells: &Cells) -> Result<Read> {
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
        let work = Work::Pick { parts, nodes: None };
        self.push_small(work, vec![read], "pick", self.size(read) + size, size)?;
        Ok(Read::Fragment(number))
    }

    /// What tasks of a merge read: the table, and of the bundles of runs the stretches that it says.
    pub(crate) fn given_runs(
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

    /// Bundles with little but the cells of one array, for each that has some: what is gathered, or kept, is
    /// not what others share a pass with.
    pub(crate) fn apart(
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
}
