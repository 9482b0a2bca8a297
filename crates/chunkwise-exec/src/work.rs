//! A plan, or a part of one, as the scheduler sees it.

use std::ops::Range;

use chunkwise_plan::{CellRef, Plan, StageKind};

use crate::scheduler::{Producer, Task, Work};

/// Which tasks of a stage are run, by their places in the stage's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Numbers {
    Range(Range<usize>),
    /// Ascending.
    List(Vec<usize>),
}

impl Numbers {
    pub(crate) fn len(&self) -> usize {
        match self {
            Numbers::Range(range) => range.len(),
            Numbers::List(list) => list.len(),
        }
    }

    fn get(&self, place: usize) -> usize {
        match self {
            Numbers::Range(range) => range.start + place,
            Numbers::List(list) => list[place],
        }
    }

    fn place(&self, number: usize) -> Option<usize> {
        match self {
            Numbers::Range(range) => range.contains(&number).then(|| number - range.start),
            Numbers::List(list) => list.binary_search(&number).ok(),
        }
    }
}

/// The tasks that a run has of each stage. The scheduler counts those alone, so that its numbers are
/// places among them.
pub(crate) struct PlanWork<'a> {
    plan: &'a Plan,
    numbers: Vec<Numbers>,
    reads: Vec<bool>,
    wanted: Vec<bool>,
}

impl<'a> PlanWork<'a> {
    /// All tasks.
    pub(crate) fn whole(plan: &'a Plan) -> PlanWork<'a> {
        let numbers = plan
            .stages
            .iter()
            .map(|s| Numbers::Range(0..s.task_count()));
        let mut wanted = vec![false; plan.stages.len()];
        plan.outputs.iter().for_each(|o| wanted[o.stage] = true);
        PlanWork::new(plan, numbers.collect(), wanted)
    }

    /// These tasks of each stage, of which those of the stage `wanted` are asked for.
    pub(crate) fn part(plan: &'a Plan, numbers: Vec<Numbers>, wanted: usize) -> PlanWork<'a> {
        let wanted = (0..plan.stages.len()).map(|s| s == wanted);
        PlanWork::new(plan, numbers, wanted.collect())
    }

    fn new(plan: &'a Plan, numbers: Vec<Numbers>, wanted: Vec<bool>) -> PlanWork<'a> {
        PlanWork {
            plan,
            numbers,
            reads: (0..plan.stages.len())
                .map(|s| plan.has_dependencies(s))
                .collect(),
            wanted,
        }
    }

    /// The tasks of each stage.
    pub(crate) fn numbers(&self) -> &[Numbers] {
        &self.numbers
    }
}

/// The plan's task for one of the scheduler's.
pub(crate) fn in_plan(numbers: &[Numbers], task: Task) -> Task {
    Task {
        stage: task.stage,
        number: numbers[task.stage].get(task.number),
    }
}

/// The outputs of each stage that some stage reads.
pub(crate) fn read_later(plan: &Plan) -> Vec<Vec<bool>> {
    let outputs = plan.stages.iter().map(|s| vec![false; s.outputs.len()]);
    let mut read: Vec<Vec<bool>> = outputs.collect();
    for (n, stage) in plan.stages.iter().enumerate() {
        plan.visit_inputs(n, &mut |stage, output| read[stage][output] = true);
        if matches!(stage.kind, StageKind::Scan(_)) {
            read[n][1] = true;
        }
    }
    read
}

impl Work for PlanWork<'_> {
    fn stages(&self) -> usize {
        self.plan.stages.len()
    }

    fn tasks(&self, stage: usize) -> usize {
        self.numbers[stage].len()
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

    /// What no task of this run makes was given to it.
    fn reads(&self, task: Task) -> Vec<CellRef> {
        let task = in_plan(&self.numbers, task);
        let index = self.plan.stages[task.stage].task_index(task.number);
        let mut cells = self.plan.dependencies(task.stage, &index);
        cells.retain(|cell| match self.plan.producer(cell) {
            None => self.numbers[cell.stage].len() > 0,
            Some(number) => self.numbers[cell.stage].place(number).is_some(),
        });
        cells
    }

    fn producer(&self, cell: &CellRef) -> Producer {
        match self.plan.producer(cell) {
            None => Producer::Stage(cell.stage),
            Some(number) => Producer::Task(Task {
                stage: cell.stage,
                // `reads` tells of no others.
                number: self.numbers[cell.stage].place(number).unwrap_or(0),
            }),
        }
    }

    fn wanted(&self, stage: usize) -> bool {
        self.wanted[stage]
    }
}
