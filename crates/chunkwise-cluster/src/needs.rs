//! What a stretch of tasks reads of bundles.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use chunkwise_core::{Pool, Region};
use chunkwise_plan::{CellRef, Input, Plan, StageKind};

use crate::boxes::boxes;
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

/// Cells that are read of a bundle, in their order, each with the region of it, counted from its start, and with its
/// bytes. There may be millions of such lists, of one cell each.
pub(crate) type Cells = Vec<(CellRef, (Region, u64))>;

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
    if matches!(of.kind, StageKind::Split(_) | StageKind::Merge(_)) {
        for number in tasks.clone() {
            for cell in plan.dependencies(stage, &of.task_index(number)) {
                let region = whole(&cell);
                regions.insert(cell, region);
            }
        }
    }
    visit_cells(plan, stage, tasks, &mut |cell, part| {
        if holders.is_handed(cell.stage) {
            regions
                .entry(cell)
                .and_modify(|all| *all = bounds(all, &part))
                .or_insert(part);
        }
    });
    let mut needs: BTreeMap<Read, Cells> = BTreeMap::new();
    for (cell, region) in regions {
        let Some(read) = holders.of(plan, &cell) else {
            continue;
        };
        let item = plan.stages[cell.stage].outputs[cell.output].dtype.size();
        let bytes = (region.len() * item) as u64;
        let of_read = needs.entry(read).or_default();
        of_read.push((cell, (region, bytes)));
    }
    for cells in needs.values_mut() {
        cells.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        cells.shrink_to_fit();
    }
    needs
}

/// Tells the cells that tasks of a stage read, and which region of each, counted from its start; perhaps more
/// than once. What tasks read of elementwise chains is asked for by box, since there may be very many.
pub(crate) fn visit_cells(
    plan: &Plan,
    stage: usize,
    tasks: &Range<usize>,
    visit: &mut dyn FnMut(CellRef, Region),
) {
    let of = &plan.stages[stage];
    let mut see = |input: &Input, region: &Region| {
        let Input::Stage { stage, output } = input else {
            return;
        };
        let grid = &plan.stages[*stage].outputs[*output].grid;
        for at in grid.covering(region) {
            let own = grid.region(&at);
            if let Some(part) = own.intersect(region) {
                let cell = CellRef {
                    stage: *stage,
                    output: *output,
                    cell: grid.ravel(&at),
                };
                visit(cell, part.relative_to(&own.start));
            }
        }
    };
    match &of.kind {
        StageKind::Pass(pass) => {
            for region in boxes(of, tasks) {
                pass.fused.visit_reads(&region, &mut see);
            }
        }
        _ => {
            for number in tasks.clone() {
                plan.visit_reads(stage, &of.task_index(number), &mut see);
            }
        }
    }
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

/// Bytes of buffers for some cells.
pub(crate) fn bytes(cells: &Cells) -> u64 {
    let footprint = |bytes: u64| Pool::footprint(bytes as usize) as u64;
    cells.iter().map(|(_, (_, bytes))| footprint(*bytes)).sum()
}
