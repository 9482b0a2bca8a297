use chunkwise_plan::{CellRef, Plan, StageKind};

use crate::scheduler::{Producer, Task, Work};

/// A plan as the scheduler sees it.
pub(crate) struct PlanWork<'a> {
    plan: &'a Plan,
    /// Which outputs are read by some stage.
    pub read: Vec<Vec<bool>>,
    reads: Vec<bool>,
    wanted: Vec<bool>,
}

impl<'a> PlanWork<'a> {
    pub fn new(plan: &'a Plan) -> PlanWork<'a> {
        let mut read: Vec<Vec<bool>> = plan
            .stages
            .iter()
            .map(|s| vec![false; s.outputs.len()])
            .collect();
        for (n, stage) in plan.stages.iter().enumerate() {
            plan.visit_inputs(n, &mut |stage, output| read[stage][output] = true);
            if matches!(stage.kind, StageKind::Scan(_)) {
                read[n][1] = true;
            }
        }
        let mut wanted = vec![false; plan.stages.len()];
        plan.outputs.iter().for_each(|o| wanted[o.stage] = true);
        PlanWork {
            plan,
            read,
            reads: (0..plan.stages.len())
                .map(|s| plan.has_dependencies(s))
                .collect(),
            wanted,
        }
    }
}

impl Work for PlanWork<'_> {
    fn stages(&self) -> usize {
        self.plan.stages.len()
    }

    fn tasks(&self, stage: usize) -> usize {
        self.plan.stages[stage].task_count()
    }

    fn task_bytes(&self, stage: usize) -> u64 {
        let memory = &self.plan.stages[stage].memory;
        memory.scratch + memory.output
    }

    fn reads_cells(&self, stage: usize) -> bool {
        self.reads[stage]
    }

    fn reads_parts(&self, stage: usize) -> bool {
        matches!(self.plan.stages[stage].kind, StageKind::Merge(_))
    }

    fn reads(&self, task: Task) -> Vec<CellRef> {
        let index = self.plan.stages[task.stage].task_index(task.number);
        self.plan.dependencies(task.stage, &index)
    }

    fn producer(&self, cell: &CellRef) -> Producer {
        let stage = &self.plan.stages[cell.stage];
        if stage.is_reduction(cell.output) {
            return Producer::Stage(cell.stage);
        }
        let index = stage.outputs[cell.output].grid.unravel(cell.cell);
        Producer::Task(Task {
            stage: cell.stage,
            number: stage.task_number(&index),
        })
    }

    fn wanted(&self, stage: usize) -> bool {
        self.wanted[stage]
    }
}
