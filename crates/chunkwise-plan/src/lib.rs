//! From an expression to a plan.
//!
//! A [`Plan`] is a short list of [`Stage`]s, one entry per pass over data and never one per chunk. A
//! task is `(stage, index)`: a value. Each stage has an output grid, a body and the bytes that one of
//! its tasks needs at most.
//!
//! - [`plan`], [`plan_into`]: the one way from expressions to a plan.
//! - [`Body`]: a computation that can be asked for any region of its result.
//! - [`Plan::dependencies`]: which cells of other stages a task reads.
//! - [`Plan::explain`]: the plan as text.
//!
//! The planner knows bytes, budgets and costs; it knows no files and no threads.
#![forbid(unsafe_code)]

mod body;
mod cuts;
mod dependencies;
mod explain;
mod fuse;
mod grain;
mod lower;
mod memory;
mod pick;
mod reshape;
mod sort;
mod stage;

pub use body::{
    Body, Fused, Input, LeafSpec, TakeRun, concat_parts, each_region, take_runs, take_span,
};
/// A function on whole chunks, and what it is given.
pub use chunkwise_expr::{Call, CallTask};
pub use dependencies::CellRef;
pub use lower::{Delivery, Options, plan, plan_into};
pub use memory::TaskMemory;
pub use pick::Picks;
pub use reshape::{Run, reshape_runs, reshape_span, reshape_steps};
pub use stage::{
    Bands, CallStage, CompressStage, ContractStage, MergeStage, OutputRef, Pass, PassOutput, Plan,
    ReduceOutput, ScanStage, SortStage, SplitStage, Stage, StageKind, StageOutput,
};
