//! Which exchanges go through files.

use std::collections::{BTreeMap, BTreeSet};

use chunkwise_core::{Error, Result};
use chunkwise_plan::MergeStage;

use crate::cutter::Cutter;
use crate::needs::{Cells, Read, bytes};
use crate::runs;
use crate::stretch::Stretch;
use crate::work::{Picked, Shares, Work};

/// More pieces than this are refused: each is some hundred bytes here.
const MOST: usize = 2 << 20;

/// What readers of a stage find in files.
#[derive(Default)]
pub(crate) struct Exchange {
    /// The file that has the pieces of a bundle: the number of the fragment that writes it.
    files: BTreeMap<Read, usize>,
    /// The fragment that has waited for all of them.
    pub(crate) complete: Option<usize>,
}

impl Exchange {
    /// The file with the pieces of a bundle, if there is one.
    pub(crate) fn file(&self, read: Read) -> Option<usize> {
        self.files.get(&read).copied()
    }
}

impl Cutter<'_> {
    /// Fragments that write what the stretches of a stage read of bundles into files, where these would be too
    /// many picks.
    pub(crate) fn exchange(
        &mut self,
        stage: usize,
        merge: Option<&MergeStage>,
        stretches: &[Stretch],
    ) -> Result<Exchange> {
        if self.limits.picks == usize::MAX {
            return Ok(Exchange::default());
        }
        let mut readers: BTreeMap<Read, Vec<usize>> = BTreeMap::new();
        let mut count = 0;
        for (place, stretch) in stretches.iter().enumerate() {
            let runs = merge.filter(|m| !runs::are_most(self.plan, stage, m, &stretch.tasks));
            for (read, cells) in &stretch.needs {
                let picked = match (merge, runs) {
                    (None, _) => !self.is_whole(*read, cells),
                    (_, Some(m)) => runs::are_runs(m, cells),
                    (_, None) => false,
                };
                if picked {
                    readers.entry(*read).or_default().push(place);
                    count += 1;
                }
            }
        }
        if count <= self.limits.picks {
            return Ok(Exchange::default());
        }
        if count > MOST {
            let got = format!("{count} pieces");
            let reason = format!("more than {MOST} of an exchange: give workers more memory");
            return Err(Error::argument(
                "cutting a plan for a cluster",
                "room",
                got,
                reason,
            ));
        }
        let mut exchange = Exchange::default();
        let of_runs = merge.map(|m| self.shares_of_runs(stage, m, stretches));
        for (read, places) in readers {
            let number = match &of_runs {
                Some((tables, shares)) => {
                    self.spread_runs(read, tables, shares.clone(), stretches.len())?
                }
                None => self.spread(read, &places, stretches)?,
            };
            exchange.files.insert(read, number);
        }
        let all = exchange.files.values().map(|n| Read::Fragment(*n));
        let wait = Work::Pick {
            parts: Vec::new(),
            nodes: None,
        };
        exchange.complete = Some(self.fragments.len());
        self.push_small(wait, all.collect(), "exchange", 0, 0)?;
        Ok(exchange)
    }

    fn spread(&mut self, read: Read, places: &[usize], stretches: &[Stretch]) -> Result<usize> {
        let mut largest = 0;
        let mut shares = Vec::with_capacity(places.len());
        for place in places {
            let cells = &stretches[*place].needs[&read];
            largest = largest.max(bytes(cells));
            shares.push((*place, self.parts(cells)));
        }
        let shares = Shares::Parts(shares);
        self.push_spread(
            vec![read],
            shares,
            stretches.len(),
            self.size(read) + largest,
        )
    }

    /// The tables that stretches of a merge read, and what they read of each run by these.
    fn shares_of_runs(
        &self,
        stage: usize,
        m: &MergeStage,
        stretches: &[Stretch],
    ) -> (Vec<Read>, Shares) {
        let tasks = stretches.iter().map(|s| {
            // Who reads most of the runs is given them.
            let most = runs::are_most(self.plan, stage, m, &s.tasks);
            (
                s.tasks.start,
                if most { s.tasks.start } else { s.tasks.end },
            )
        });
        let shares = Shares::Stretches {
            stage,
            tasks: tasks.collect(),
        };
        let needs = stretches.iter().flat_map(|s| &s.needs);
        let tables = needs.filter(|(_, cells)| !runs::are_runs(m, cells));
        let tables: BTreeSet<Read> = tables.map(|(read, _)| *read).collect();
        (tables.into_iter().collect(), shares)
    }

    fn spread_runs(
        &mut self,
        read: Read,
        tables: &[Read],
        shares: Shares,
        places: usize,
    ) -> Result<usize> {
        let held: u64 = tables.iter().map(|read| self.size(*read)).sum();
        let reads = tables.iter().copied().chain([read]).collect();
        // A stretch is at most the whole run.
        let peak = held + 2 * self.size(read);
        self.push_spread(reads, shares, places, peak)
    }

    fn push_spread(
        &mut self,
        reads: Vec<Read>,
        shares: Shares,
        places: usize,
        peak: u64,
    ) -> Result<usize> {
        let file = self.fragments.len();
        let work = Work::Spread {
            file,
            places,
            shares,
        };
        self.push_small(work, reads, "spread", peak, 0)?;
        Ok(file)
    }

    /// Cells and parts of them, as a pick names them.
    pub(crate) fn parts(&self, cells: &Cells) -> Vec<Picked> {
        let picked = cells.iter().map(|(at, (region, _))| {
            let of = &self.plan.stages[at.stage];
            let grid = &of.outputs[at.output].grid;
            let whole = region.shape == grid.region(&grid.unravel(at.cell)).shape;
            // A carry is handed on as it is.
            let scanned = matches!(of.kind, chunkwise_plan::StageKind::Scan(_));
            Picked::new(
                at,
                (!(whole || scanned && at.output == 1)).then_some(region),
            )
        });
        picked.collect()
    }
}
