//! A task, and whom it reads.

use std::any::Any;
use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use chunkwise_core::Result;
use chunkwise_exec::graph::Declared;

use crate::Array;

pub(super) type Value = Arc<dyn Any + Send + Sync>;
type Function = Box<dyn Fn(&[Value]) -> Result<Value> + Send + Sync>;

/// How a node's value is made.
pub(super) enum Step {
    /// Of its inputs.
    Call(Function),
    /// As every array: all of a graph in one run of their own.
    Array(Array),
}

static NEXT: AtomicU64 = AtomicU64::new(0);

pub(super) struct Node {
    pub(super) inputs: Vec<Arc<Node>>,
    pub(super) step: Step,
    /// Of no other node; near those of nodes that were made about the same time.
    pub(super) number: u64,
    made: &'static Location<'static>,
    name: OnceLock<String>,
    declared: OnceLock<Declared>,
}

impl Node {
    #[track_caller]
    pub(super) fn new(inputs: Vec<Arc<Node>>, step: Step) -> Node {
        Node {
            inputs,
            step,
            number: NEXT.fetch_add(1, Ordering::Relaxed),
            made: Location::caller(),
            name: OnceLock::new(),
            declared: OnceLock::new(),
        }
    }

    pub(super) fn name(&self, name: String) {
        self.name.get_or_init(|| name);
    }

    pub(super) fn called(&self) -> String {
        match self.name.get() {
            Some(name) => name.clone(),
            None => format!("made at {}", self.made),
        }
    }

    pub(super) fn declare(&self, result: u64, scratch: u64) {
        self.declared.get_or_init(|| Declared { result, scratch });
    }

    pub(super) fn declared(&self) -> Option<Declared> {
        self.declared.get().copied()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // One after the other: a chain of a million would not fit the stack.
        let mut rest = std::mem::take(&mut self.inputs);
        while let Some(node) = rest.pop() {
            if let Some(mut last) = Arc::into_inner(node) {
                rest.append(&mut last.inputs);
            }
        }
    }
}
