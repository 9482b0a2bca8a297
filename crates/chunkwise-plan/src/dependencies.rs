use std::sync::Arc;

use chunkwise_core::{Dims, Region, Source};

use crate::{Input, Plan, StageKind};

/// A cell of a stage's output.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CellRef {
    /// The stage.
    pub stage: usize,
    /// Which of its outputs.
    pub output: usize,
    /// The cell's place in C order in the output's grid.
    pub cell: usize,
}

impl Plan {
    /// The cells that a task reads, each once.
    pub fn dependencies(&self, stage: usize, index: &[usize]) -> Vec<CellRef> {
        let mut cells: Vec<CellRef> = Vec::new();
        let of = &self.stages[stage];
        {
            let mut need = |stage: usize, output: usize, region: &Region| {
                let grid = &self.stages[stage].outputs[output].grid;
                cells.extend(grid.covering(region).map(|cell| CellRef {
                    stage,
                    output,
                    cell: grid.ravel(&cell),
                }));
            };
            match &of.kind {
                StageKind::Split(s) => {
                    need(s.samples.stage, s.samples.output, &s.lane_region(index));
                }
                StageKind::Merge(m) => {
                    let runs = m.lane_region(index, 0, m.split.len);
                    need(m.values.stage, m.values.output, &runs);
                    if let Some(i) = m.indices {
                        need(i.stage, i.output, &runs);
                    }
                    need(m.table.stage, m.table.output, &m.table_region(index));
                }
                _ => self.visit_reads(stage, index, &mut |input, region| {
                    if let Input::Stage { stage, output } = input {
                        need(*stage, *output, region);
                    }
                }),
            }
        }
        if let StageKind::Scan(s) = &of.kind
            && index[s.axis] > 0
        {
            let mut before: Dims = index.into();
            before[s.axis] -= 1;
            cells.push(CellRef {
                stage,
                output: 1,
                cell: of.outputs[1].grid.ravel(&before),
            });
        }
        cells.sort_unstable();
        cells.dedup();
        cells
    }

    /// The place in its stage's order of the task that makes a cell; `None` where many make it together.
    pub fn producer(&self, cell: &CellRef) -> Option<usize> {
        let stage = &self.stages[cell.stage];
        if stage.is_reduction(cell.output) {
            return None;
        }
        let index = stage.outputs[cell.output].grid.unravel(cell.cell);
        Some(stage.task_number(&index))
    }

    /// Tells every region of an input that a task's bodies read.
    pub fn visit_reads(
        &self,
        stage: usize,
        index: &[usize],
        visit: &mut dyn FnMut(&Input, &Region),
    ) {
        let of = &self.stages[stage];
        let region = of.tasks.region(index);
        match &of.kind {
            StageKind::Pass(pass) => pass.fused.visit_reads(&region, visit),
            StageKind::Contract(c) => {
                let panel = Region::whole(&c.panels.shape());
                let (a, b) = c.operand_regions(&region, &panel);
                c.a.visit_reads(&a, visit);
                c.b.visit_reads(&b, visit);
            }
            StageKind::Scan(s) => s.input.visit_reads(&region, visit),
            StageKind::Call(c) => {
                for (input, body) in c.call.inputs.iter().zip(&c.inputs) {
                    body.visit_reads(&input.region(index, &region), visit);
                }
            }
            StageKind::Sort(s) => s.input.visit_reads(&region, visit),
            StageKind::Compress(c) => {
                c.input.visit_reads(&region, visit);
                let mask = Region::new([region.start[c.axis]], [region.shape[c.axis]]);
                c.mask.visit_reads(&mask, visit);
            }
            // They read cells, and of those what the samples say.
            StageKind::Split(_) | StageKind::Merge(_) | StageKind::Brought(_) => {}
        }
    }

    /// Whether any task of a stage reads a cell.
    pub fn has_dependencies(&self, stage: usize) -> bool {
        let mut found = matches!(self.stages[stage].kind, StageKind::Scan(_));
        self.visit_inputs(stage, &mut |_, _| found = true);
        found
    }

    /// Tells every output of earlier stages that a stage reads, perhaps more than once.
    pub fn visit_inputs(&self, stage: usize, visit: &mut dyn FnMut(usize, usize)) {
        match &self.stages[stage].kind {
            StageKind::Split(s) => visit(s.samples.stage, s.samples.output),
            StageKind::Merge(m) => {
                visit(m.values.stage, m.values.output);
                if let Some(i) = m.indices {
                    visit(i.stage, i.output);
                }
                visit(m.table.stage, m.table.output);
            }
            _ => self.visit_bodies(stage, &mut |input| {
                if let Input::Stage { stage, output } = input {
                    visit(*stage, *output);
                }
            }),
        }
    }

    /// Tells every source that a stage reads, perhaps more than once.
    pub fn visit_sources(&self, stage: usize, visit: &mut dyn FnMut(&Arc<dyn Source>)) {
        self.visit_bodies(stage, &mut |input| {
            if let Input::Source(source) = input {
                visit(source);
            }
        });
    }

    fn visit_bodies(&self, stage: usize, visit: &mut dyn FnMut(&Input)) {
        match &self.stages[stage].kind {
            StageKind::Pass(pass) => pass.fused.visit_inputs(visit),
            StageKind::Contract(c) => {
                c.a.visit_inputs(visit);
                c.b.visit_inputs(visit);
            }
            StageKind::Scan(s) => s.input.visit_inputs(visit),
            StageKind::Call(c) => c.inputs.iter().for_each(|b| b.visit_inputs(visit)),
            StageKind::Sort(s) => s.input.visit_inputs(visit),
            StageKind::Compress(c) => {
                c.input.visit_inputs(visit);
                c.mask.visit_inputs(visit);
            }
            StageKind::Split(_) | StageKind::Merge(_) | StageKind::Brought(_) => {}
        }
    }
}
