//! Passes: what a group computes while it goes over an index space, and in which tasks.

use chunkwise_core::{Grid, IndexMap, Region, Result};
use chunkwise_expr::{Expr, Kind};

use super::Lowering;
use super::group::Group;
use crate::cuts;
use crate::fuse::Fuser;
use crate::pick::Picks;
use crate::stage::{Pass, PassOutput, ReduceOutput, Stage, StageKind, StageOutput};
use crate::{Input, TaskMemory, grain};

impl Lowering<'_> {
    /// A pass that puts a stage's cells together as they are stored.
    pub(super) fn storing(&self, e: &Expr, stored: Grid) -> Result<Stage> {
        let mut fuser = Fuser::new(&self.placed);
        let value = fuser.value(e, IndexMap::identity(e.ndim()))?;
        let fused = fuser.finish(e.shape(), &[value]);
        let wants = grain::Wants {
            fused: &fused,
            bytes: 2 * e.dtype().size(),
            reduced: Vec::new(),
            memory_limit: self.options.memory_limit,
            as_made: self.options.brought,
            most: self.options.grain,
            stored: Some(stored),
        };
        let (tasks, order) = grain::tasks(&wants, &self.stages);
        Ok(Stage {
            label: format!("store {}", e.label()),
            location: e.location(),
            cost: fused.cost() + 0.2,
            kind: StageKind::Pass(Pass {
                fused,
                outputs: vec![PassOutput::Store],
                bands: None,
            }),
            order,
            outputs: vec![StageOutput::new(e.dtype(), tasks.clone())],
            tasks,
            memory: TaskMemory::default(),
        })
    }

    /// The pass that computes a group.
    pub(super) fn pass(&mut self, group: &Group) -> Result<Stage> {
        let mut fuser = Fuser::new(&self.placed);
        let mut values = Vec::new();
        for member in &group.members {
            let input = match member.kind() {
                Kind::Reduce { input, .. } => input,
                _ => member,
            };
            values.push(fuser.value(input, IndexMap::identity(input.ndim()))?);
        }
        for (id, elements) in fuser.computed(&group.shape) {
            self.uses.compute(id, elements);
        }
        let fused = fuser.finish(&group.shape, &values);

        let reduced: Vec<&[usize]> = group
            .members
            .iter()
            .filter_map(|m| match m.kind() {
                Kind::Reduce { axes, .. } => Some(&axes[..]),
                _ => None,
            })
            .collect();
        let loaded: usize = fused
            .leaves
            .iter()
            .map(|l| {
                let spread = || {
                    let whole = Region::whole(&group.shape);
                    let picks = Picks::of(&l.map, &whole);
                    picks.map_or(1, |(picks, _)| picks.spread(&l.input))
                };
                match &l.input {
                    Input::Source(s) if s.in_memory().is_some() => 0,
                    Input::Source(_) | Input::Body(_) => l.dtype.size().saturating_mul(spread()),
                    Input::Stage { .. } => l.dtype.size(),
                    Input::Random(..) | Input::Index { .. } => 0,
                }
            })
            .fold(0, usize::saturating_add);
        let stored: usize = group
            .members
            .iter()
            .filter(|m| !matches!(m.kind(), Kind::Reduce { .. }))
            .map(|m| m.dtype().size())
            .sum();
        let wants = grain::Wants {
            fused: &fused,
            bytes: loaded.saturating_add(stored),
            reduced,
            memory_limit: self.options.memory_limit,
            as_made: self.options.brought,
            most: self.options.grain,
            // What is kept is cut as it is read, and put together as it is stored afterwards.
            stored: group.members.iter().find_map(|m| match m.kind() {
                Kind::Reduce { .. } => None,
                _ if self.kept.contains(&m.id()) => None,
                _ => self.stored.get(&m.id()).cloned(),
            }),
        };
        let (tasks, order) = grain::tasks(&wants, &self.stages);
        let uses = &mut self.uses;
        cuts::times_read_fused(&fused, &tasks, &order, &mut |source, own| {
            uses.read(source, own);
        });

        let mut outputs = Vec::new();
        let mut cells = Vec::new();
        for member in &group.members {
            let (output, grid) = match member.kind() {
                Kind::Reduce {
                    reduction,
                    params,
                    input,
                    axes,
                } => {
                    let output = ReduceOutput {
                        reducer: reduction.resolve(input.dtype(), *params)?,
                        axes: axes.clone(),
                        adds_axis: reduction.adds_axis(),
                    };
                    let last = reduction
                        .adds_axis()
                        .then(|| member.shape()[member.ndim() - 1]);
                    let grid = output.cells(&tasks, last);
                    (PassOutput::Reduce(output), grid)
                }
                _ => (PassOutput::Store, tasks.clone()),
            };
            outputs.push(output);
            cells.push(StageOutput::new(member.dtype(), grid));
        }
        Ok(Stage {
            label: group.label(),
            location: group.members.iter().find_map(Expr::location),
            cost: fused.cost() + 0.2 * cells.len() as f32,
            kind: StageKind::Pass(Pass {
                bands: grain::bands(&fused, &tasks, &outputs, &self.stages),
                fused,
                outputs,
            }),
            tasks,
            order,
            outputs: cells,
            memory: TaskMemory::default(),
        })
    }
}

/// Notes, for cells that a later pass reads in parts, what these parts are: where cells go to scratch
/// files, each part then lies in one piece.
pub(super) fn read_in_parts(stages: &mut [Stage]) {
    for reader in 0..stages.len() {
        let mut wishes: Vec<(usize, usize, Grid)> = Vec::new();
        if let StageKind::Pass(pass) = &stages[reader].kind {
            for leaf in &pass.fused.leaves {
                if let Input::Stage { stage, output } = leaf.input
                    && leaf.map.is_identity()
                    && leaf.shape == pass.fused.shape
                {
                    wishes.push((stage, output, stages[reader].tasks.clone()));
                }
            }
        }
        for (stage, output, parts) in wishes {
            let of = &mut stages[stage].outputs[output];
            let whole = parts.axes().iter().zip(of.grid.axes());
            if !whole.into_iter().all(|(parts, cells)| parts.holds(cells)) {
                of.read_in = Some(parts);
            }
        }
    }
}
