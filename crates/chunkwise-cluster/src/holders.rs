//! Which fragment's bundle has which cell.

use std::ops::Range;
use std::sync::Arc;

use chunkwise_core::Elsewhere;
use chunkwise_plan::{CellRef, Plan, StageKind};

use crate::Read;

/// Where the cells of the outputs of the stages are.
pub(crate) struct Holders {
    stages: Vec<Of>,
}

enum Of {
    /// Not known yet.
    Nobody,
    /// With whoever reads them.
    Reader,
    /// In parcels of data that lies elsewhere, of so many bytes each.
    Elsewhere(Elsewhere, Vec<u64>),
    /// Stretches of tasks by their start, and their fragments; of reductions, for each output, the fragment of
    /// each cell.
    Fragments {
        starts: Vec<usize>,
        fragments: Vec<usize>,
        reduced: Vec<Option<Vec<usize>>>,
    },
}

impl Holders {
    pub(crate) fn new(plan: &Plan) -> Holders {
        let stages = plan.stages.iter().map(|s| match &s.kind {
            StageKind::Brought(source) => source.elsewhere().map_or(Of::Nobody, |e| {
                let sizes = parcels(e, s.outputs[0].dtype.size());
                Of::Elsewhere(e.clone(), sizes)
            }),
            _ => Of::Nobody,
        });
        Holders {
            stages: stages.collect(),
        }
    }

    pub(crate) fn with_reader(&mut self, stage: usize) {
        self.stages[stage] = Of::Reader;
    }

    pub(crate) fn in_fragments(
        &mut self,
        stage: usize,
        stretches: &[Range<usize>],
        fragments: Vec<usize>,
        reduced: Vec<Option<Vec<usize>>>,
    ) {
        self.stages[stage] = Of::Fragments {
            starts: stretches.iter().map(|s| s.start).collect(),
            fragments,
            reduced,
        };
    }

    /// Whether cells of a stage are handed from one fragment to another.
    pub(crate) fn is_handed(&self, stage: usize) -> bool {
        !matches!(self.stages[stage], Of::Nobody | Of::Reader)
    }

    /// The bundle that has a cell; `None` where whoever reads it makes it.
    pub(crate) fn of(&self, plan: &Plan, cell: &CellRef) -> Option<Read> {
        match &self.stages[cell.stage] {
            Of::Nobody | Of::Reader => None,
            Of::Elsewhere(e, _) => Some(Read::Elsewhere {
                stage: cell.stage,
                parcel: e.parcels[cell.cell],
            }),
            Of::Fragments {
                starts,
                fragments,
                reduced,
            } => {
                if let Some(Some(of_cells)) = reduced.get(cell.output) {
                    return Some(Read::Fragment(of_cells[cell.cell]));
                }
                let number = plan.producer(cell)?;
                let stretch = starts.partition_point(|s| *s <= number).checked_sub(1)?;
                Some(Read::Fragment(fragments[stretch]))
            }
        }
    }

    /// Bytes of a parcel.
    pub(crate) fn parcel_size(&self, stage: usize, parcel: u32) -> u64 {
        match &self.stages[stage] {
            Of::Elsewhere(_, sizes) => sizes.get(parcel as usize).copied().unwrap_or(0),
            _ => 0,
        }
    }

    /// What is called what in parcels of a stage's data.
    pub(crate) fn elsewhere(&self, stage: usize) -> Option<(Arc<str>, (usize, usize))> {
        match &self.stages[stage] {
            Of::Elsewhere(e, _) => Some((Arc::clone(&e.name), e.output)),
            _ => None,
        }
    }
}

/// Bytes of each parcel.
fn parcels(lies: &Elsewhere, item: usize) -> Vec<u64> {
    let count = lies
        .parcels
        .iter()
        .max()
        .map_or(0, |last| *last as usize + 1);
    let mut sizes = vec![0; count];
    for (cell, parcel) in lies.parcels.iter().enumerate() {
        let elements = lies.grid.region(&lies.grid.unravel(cell)).len();
        sizes[*parcel as usize] += (elements * item) as u64;
    }
    sizes
}
