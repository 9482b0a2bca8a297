//! What a stretch of tasks reads of bundles.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use chunkwise_core::Region;
use chunkwise_plan::{CellRef, Input, Plan, StageKind};

use crate::holders::Holders;

/// A bundle that a fragment is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Read {
    /// What another fragment has made, by its place in the list.
    Fragment(usize),
    /// A parcel of data that lies elsewhere.
    Elsewhere {
        /// The stage that stands for the data.
        stage: usize,
        /// The parcel.
        parcel: u32,
    },
}

/// Cells that are read of a bundle, each with the region of it, counted from its start, and with its bytes.
pub(crate) type Cells = BTreeMap<CellRef, (Region, u64)>;

/// What tasks of a stage read of each bundle, what they hand to each other left aside.
pub(crate) fn needs(
    plan: &Plan,
    holders: &Holders,
    stage: usize,
    tasks: &Range<usize>,
) -> BTreeMap<Read, Cells> {
    let mut regions: HashMap<CellRef, Region> = HashMap::new();
    let of = &plan.stages[stage];
    let whole = |cell: &CellRef| {
        let grid = &plan.stages[cell.stage].outputs[cell.output].grid;
        Region::whole(&grid.region(&grid.unravel(cell.cell)).shape)
    };
    for number in tasks.clone() {
        let index = of.task_index(number);
        if matches!(of.kind, StageKind::Split(_) | StageKind::Merge(_)) {
            for cell in plan.dependencies(stage, &index) {
                let region = whole(&cell);
                regions.insert(cell, region);
            }
            continue;
        }
        plan.visit_reads(stage, &index, &mut |input, region| {
            let Input::Stage { stage, output } = input else {
                return;
            };
            let grid = &plan.stages[*stage].outputs[*output].grid;
            for at in grid.covering(region) {
                let own = grid.region(&at);
                let Some(part) = own.intersect(region) else {
                    continue;
                };
                let part = part.relative_to(&own.start);
                let cell = CellRef {
                    stage: *stage,
                    output: *output,
                    cell: grid.ravel(&at),
                };
                regions
                    .entry(cell)
                    .and_modify(|all| *all = bounds(all, &part))
                    .or_insert(part);
            }
        });
    }
    let mut needs: BTreeMap<Read, Cells> = BTreeMap::new();
    for (cell, region) in regions {
        let Some(read) = holders.of(plan, &cell) else {
            continue;
        };
        let item = plan.stages[cell.stage].outputs[cell.output].dtype.size();
        let bytes = (region.len() * item) as u64;
        needs.entry(read).or_default().insert(cell, (region, bytes));
    }
    needs
}

/// The smallest region that has both.
pub(crate) fn bounds(a: &Region, b: &Region) -> Region {
    let mut all = a.clone();
    for axis in 0..a.ndim() {
        let start = a.start[axis].min(b.start[axis]);
        let end = a.end(axis).max(b.end(axis));
        all.start[axis] = start;
        all.shape[axis] = end - start;
    }
    all
}
