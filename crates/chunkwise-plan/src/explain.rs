use std::fmt::{self, Write};

use chunkwise_core::{format_bytes, format_count};

use crate::{Fused, Input, LeafSpec, PassOutput, Plan, Stage, StageKind};

impl Plan {
    /// The whole in a line, the optimised expressions, and the stages as text: tasks, bytes and the
    /// peak of a task.
    pub fn explain(&self) -> String {
        let mut out = String::new();
        let _ = self.write(&mut out);
        out
    }

    fn write(&self, out: &mut impl Write) -> fmt::Result {
        let most = self
            .stages
            .iter()
            .map(|s| s.memory.total())
            .max()
            .unwrap_or(0);
        writeln!(
            out,
            "plan: {} stage{}, {} task{}, at most {} per task",
            self.stages.len(),
            if self.stages.len() == 1 { "" } else { "s" },
            format_count(self.task_count() as u64),
            if self.task_count() == 1 { "" } else { "s" },
            format_bytes(most),
        )?;
        for expression in &self.expressions {
            writeln!(out, "expression")?;
            for line in expression.lines() {
                writeln!(out, "  {line}")?;
            }
        }
        for (number, stage) in self.stages.iter().enumerate() {
            write_stage(out, number, stage)?;
        }
        Ok(())
    }

    /// Number of tasks of all stages.
    pub fn task_count(&self) -> usize {
        self.stages
            .iter()
            .map(Stage::task_count)
            .fold(0, usize::saturating_add)
    }

    /// Elements of all stages' index spaces times their cost: about how many nanoseconds of one core
    /// the plan takes.
    pub fn cost(&self) -> f64 {
        self.stages.iter().map(Stage::total_cost).sum()
    }
}

/// Nanoseconds that a call of a function is taken for: nothing is known of it, but who writes one wants
/// threads for it. One that needs no room does next to nothing.
const CALL_COST: f64 = 100_000.0;

impl Stage {
    /// About how many nanoseconds of one core the stage takes.
    pub fn total_cost(&self) -> f64 {
        let elements: f64 = self.tasks.shape().iter().map(|d| *d as f64).product();
        let calls = match &self.kind {
            StageKind::Call(c) if c.call.scratch != Some(0) => {
                self.tasks.counts().iter().map(|n| *n as f64).product()
            }
            _ => 0.0,
        };
        elements * self.cost as f64 + calls * CALL_COST
    }

    /// What it is, in a word: `"map"`, `"reduce"`, `"contract"`, `"scan"`, `"call"`, `"compress"`.
    pub fn kind_name(&self) -> &'static str {
        match &self.kind {
            StageKind::Pass(p) if p.outputs.iter().all(|o| matches!(o, PassOutput::Store)) => "map",
            StageKind::Pass(_) => "reduce",
            StageKind::Contract(_) => "contract",
            StageKind::Scan(_) => "scan",
            StageKind::Call(_) => "call",
            StageKind::Compress(_) => "compress",
            StageKind::Sort(s) if s.sampled.is_some() => "sort runs of",
            StageKind::Sort(_) => "sort",
            StageKind::Split(_) => "split",
            StageKind::Merge(_) => "merge",
            StageKind::Brought(_) => "brought",
        }
    }

    /// What its tasks load, a line for each leaf: `"read heights.npy through a view"`. Empty where the
    /// kind of the stage says it all.
    pub fn loads(&self) -> Vec<String> {
        match &self.kind {
            StageKind::Pass(pass) => pass
                .fused
                .leaves
                .iter()
                .map(|l| load(l, &pass.fused))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The elementwise functions that are fused into it.
    pub fn operations(&self) -> Vec<&str> {
        match &self.kind {
            StageKind::Pass(pass) => pass.fused.program.operations().collect(),
            _ => Vec::new(),
        }
    }
}

fn write_stage(out: &mut impl Write, number: usize, stage: &Stage) -> fmt::Result {
    writeln!(out, "stage {number}: {} {}", stage.kind_name(), stage.label)?;
    let shape: Vec<String> = stage.tasks.shape().iter().map(usize::to_string).collect();
    writeln!(
        out,
        "  over [{}] in {} task{} of {}",
        shape.join(", "),
        format_count(stage.task_count() as u64),
        if stage.task_count() == 1 { "" } else { "s" },
        stage.tasks,
    )?;
    for load in stage.loads() {
        writeln!(out, "  load {load}")?;
    }
    let operations = stage.operations();
    if !operations.is_empty() {
        let shown = operations.len().min(24);
        write!(out, "  fused {}", operations[..shown].join(", "))?;
        if operations.len() > shown {
            write!(out, " and {} more", operations.len() - shown)?;
        }
        writeln!(out)?;
    }
    for output in &stage.outputs {
        writeln!(
            out,
            "  gives {} {} in {} cell{}",
            output.dtype,
            format_bytes(output.nbytes()),
            format_count(output.grid.count() as u64),
            if output.grid.count() == 1 { "" } else { "s" },
        )?;
    }
    let m = &stage.memory;
    writeln!(
        out,
        "  memory per task: {} ({} scratch, {} output, {} input)",
        format_bytes(m.total()),
        format_bytes(m.scratch),
        format_bytes(m.output),
        format_bytes(m.input),
    )
}

fn load(leaf: &LeafSpec, fused: &Fused) -> String {
    let from = match &leaf.input {
        Input::Stage { stage, output } => format!("stage {stage} output {output}"),
        Input::Random(..) | Input::Index { .. } => format!("generate {}", leaf.label),
        Input::Source(_) => format!("read {}", leaf.label),
        Input::Body(_) => format!("assemble {}", leaf.label),
    };
    let whole = leaf.map.is_identity() && leaf.shape == fused.shape;
    format!("{from}{}", if whole { "" } else { " through a view" })
}
