//! From a plan to fragments.

use std::collections::BTreeSet;
use std::sync::Arc;

use chunkwise_core::{Error, Result};
use chunkwise_plan::{PassOutput, Plan, StageKind};

use crate::cutter::Cutter;
use crate::needs::Read;
use crate::share;
use crate::work::Work;

/// What the workers are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Fragments that run at once.
    pub slots: usize,
    /// Bytes that each may need, what it is given and what it makes included.
    pub room: u64,
    /// About how long a fragment should take, in seconds of one core. A cluster's scheduler takes 4 to 11 ms for
    /// each; a fifth of it is as good where there are few.
    pub seconds: f64,
    /// An exchange of more picks than this goes through files in a folder that all workers share; [`usize::MAX`]
    /// where they share none.
    pub picks: usize,
}

impl Limits {
    /// So many fragments at once, of about a second, each in so many bytes; no folder is shared.
    pub fn new(slots: usize, room: u64) -> Limits {
        Limits {
            slots,
            room,
            seconds: 1.0,
            picks: usize::MAX,
        }
    }
}

/// One piece of work for a worker.
#[derive(Clone, Debug)]
pub struct Fragment {
    /// What it does, as bytes.
    pub spec: Vec<u8>,
    /// What it does.
    pub work: Work,
    /// The bundles that it is given, in this order.
    pub reads: Vec<Read>,
    /// In a word or two.
    pub label: String,
    /// Whether it reads files or services.
    pub is_source: bool,
    /// Whether it writes into a sink.
    pub is_sink: bool,
    /// About how many seconds of one core it takes.
    pub seconds: f64,
    /// The most bytes that it needs, what it is given included.
    pub peak: u64,
    /// About how many bytes its bundle has.
    pub size: u64,
}

/// A plan in fragments.
#[derive(Clone, Debug)]
pub struct Cut {
    /// The fragments, each after those whose bundles it is given.
    pub fragments: Vec<Fragment>,
    /// For each array asked for, the bundles that have its cells; where it is stored, the fragments that
    /// store it.
    pub results: Vec<Vec<Read>>,
    /// For each array, for each cell in C order, the place in `results` of the bundle that has it; empty where
    /// it is stored.
    pub parcels: Vec<Arc<[u32]>>,
}

/// What is read of files may be read this much more often than once, where that saves moving it.
const AGAIN: f64 = 1.25;
/// And this often where there would be too many fragments otherwise.
const AT_WORST: f64 = 4.0;

/// Cuts a plan into fragments. For each array, `stored` says whether it goes to a sink.
///
/// # Errors
/// [`Error::OverBudget`] where a fragment needs more than a worker's room, with the smallest room that
/// would do; [`Error::InvalidArgument`] where there would be too many fragments.
pub fn cut(plan: &Plan, stored: &[bool], limits: &Limits) -> Result<Cut> {
    match cut_with(plan, stored, limits, AGAIN) {
        // Rather than not at all, what is read is read a few times.
        Err(error @ Error::InvalidArgument { .. }) => {
            cut_with(plan, stored, limits, AT_WORST).map_err(|_| error)
        }
        done => done,
    }
}

/// The same where what is made of files may be made `again` times.
fn cut_with(plan: &Plan, stored: &[bool], limits: &Limits, again: f64) -> Result<Cut> {
    let mut own: BTreeSet<usize> = (0..plan.stages.len())
        .filter(|s| is_easily_made(plan, *s))
        .collect();
    let mut largest = share::BYTES;
    loop {
        let mut cutter = Cutter::new(plan, stored, limits, &own, largest);
        match cutter.cut() {
            // An exchange has a pick for each pair of what is given and taken: fewer are larger.
            Err(Error::InvalidArgument { .. }) if largest < limits.room => {
                largest *= 2;
                continue;
            }
            done => done?,
        }
        let often: Vec<usize> = own
            .iter()
            .copied()
            .filter(|s| {
                let (made, within) = cutter.made_again.get(s).copied().unwrap_or_default();
                let tasks = plan.stages[*s].task_count();
                match share::calls(plan, *s) {
                    // What a user's function does is done once, and by as many as there are, for it may take long.
                    true => made > tasks || within < share::enough(limits).min(tasks),
                    false => made as f64 > again * tasks as f64,
                }
            })
            .collect();
        if often.is_empty() {
            return cutter.finish();
        }
        often.iter().for_each(|s| {
            own.remove(s);
        });
    }
}

/// Whether a stage's cells can be made by whoever reads them: nothing is read for them but sources.
fn is_easily_made(plan: &Plan, stage: usize) -> bool {
    let wanted = plan.outputs.iter().any(|o| o.stage == stage);
    let stored = match &plan.stages[stage].kind {
        StageKind::Pass(pass) => pass.outputs.iter().all(|o| matches!(o, PassOutput::Store)),
        StageKind::Call(_) => true,
        _ => false,
    };
    stored && !wanted && !plan.has_dependencies(stage)
}
