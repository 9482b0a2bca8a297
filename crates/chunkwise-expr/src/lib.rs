//! Lazy array expressions.
//!
//! An [`Expr`] is an immutable node of a graph: its shape, dtype and chunk grid are final and checked
//! when it is made. There are few, closed [`Kind`]s of node; what varies (functions, reductions,
//! distributions) are rows of tables in `chunkwise-kernels`. Nodes know nothing of tasks, memory or
//! where data will live.
//!
//! Constructors, by family:
//! - leaves: [`Expr::source`], [`Expr::constant`], [`Expr::index`], [`Expr::random`]
//! - elementwise: [`Expr::map`], [`Expr::cast`]
//! - views: [`Expr::view`], [`Expr::get`], [`Expr::transpose`], [`Expr::broadcast_to`], ...
//! - structure: [`Expr::reshape`], [`Expr::concat`], [`Expr::take`], [`Expr::compress`], [`Expr::rechunk`]
//! - reductions and scans: [`Expr::reduce`], [`Expr::scan`]
//! - contraction: [`Expr::contract`]
//! - user functions: [`Expr::call`]
//!
//! [`encode`] and [`decode`] turn expressions into bytes and back.
#![forbid(unsafe_code)]

mod build;
mod call;
mod display;
mod index;
mod node;
mod plain;
mod rebuild;
mod wire;

pub use build::Operand;
pub use call::{Call, CallFunction, CallInput, CallOutput, CallTask, Follow};
pub use index::{Index, parse_indices};
pub use node::{Expr, Kind, NodeId};
pub use plain::{PlainFunction, PlainRow, shared};
pub use wire::{Attachments, DTypeForm, Encoded, decode, encode};

/// Views of data, from the core vocabulary.
pub use chunkwise_core::{AxisIndex, IndexMap};
