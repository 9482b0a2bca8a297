//! Plans that run in several processes.
//!
//! Who wants an array and each of those who work for it makes the same [`ClusterPlan`] from the same arrays:
//! planning depends on nothing else, and takes microseconds. So what has to be sent is a [`Fragment`]'s few
//! bytes, and the [`Bundle`]s that it reads.
//!
//! ```
//! use chunkwise::cluster::{ClusterPlan, Given, Limits};
//! use chunkwise::{Random, Session};
//! let x = Random::new(1).standard_normal([2000, 2000], 500)?.mean(0)?;
//! let plan = ClusterPlan::new(&[&x], 1 << 30, Vec::new())?;
//! let cut = plan.cut(&Limits::new(4, 1 << 28))?;
//! // Each of these could run anywhere, once those that it reads have.
//! let session = Session::new(1, 1 << 28)?;
//! let mut bundles = Vec::new();
//! for fragment in &cut.fragments {
//!     let given = plan.given(fragment, &bundles)?;
//!     bundles.push(plan.run(&session, &fragment.spec, given)?);
//! }
//! let mean = plan.collect(&cut, 0, &plan.results(&cut, 0, &bundles)?)?;
//! assert_eq!(mean.to_vec::<f64>()?, x.compute()?.to_vec::<f64>()?);
//! # Ok::<_, chunkwise::Error>(())
//! ```

use std::sync::Arc;

use chunkwise_cluster as parts;
use chunkwise_core::{Chunk, Error, Pool, Result, Sink};
use chunkwise_exec::{RunOptions, Target};
use chunkwise_expr::Expr;
use chunkwise_optimize::optimize;
use chunkwise_plan::{Options, Plan, plan_into};

pub use chunkwise_cluster::{
    Bundle, Cut, Fragment, Given, Limits, PartForm, Pieces, Read, Shares, Work,
};
pub use chunkwise_core::Elsewhere;

use crate::compute::deliveries;
use crate::{Array, Session};

/// Bytes that a process keeps for its next fragment.
const KEPT: usize = 16 << 20;

/// A plan that runs in several processes.
#[derive(Debug)]
pub struct ClusterPlan {
    plan: Plan,
    fingerprint: u64,
    sinks: Vec<Option<Arc<dyn Sink>>>,
}

impl ClusterPlan {
    /// The plan for some arrays under a memory limit: with the limit of a session, its results have the bits
    /// of that session's. For each array, `sinks` may have where it is stored.
    ///
    /// # Errors
    /// The error of a failed array.
    pub fn new(
        arrays: &[&Array],
        memory_limit: u64,
        sinks: Vec<Option<Arc<dyn Sink>>>,
    ) -> Result<ClusterPlan> {
        ClusterPlan::with_grain(arrays, memory_limit, sinks, None)
    }

    /// The same with tasks of at most about this many elements, for tests.
    #[doc(hidden)]
    pub fn with_grain(
        arrays: &[&Array],
        memory_limit: u64,
        mut sinks: Vec<Option<Arc<dyn Sink>>>,
        grain: Option<usize>,
    ) -> Result<ClusterPlan> {
        if sinks.len() > arrays.len() {
            return Err(Error::argument(
                "plan for a cluster",
                "sinks",
                sinks.len(),
                format!("for {} arrays", arrays.len()),
            ));
        }
        sinks.resize(arrays.len(), None);
        let exprs = arrays.iter().map(|a| a.expr().cloned());
        let exprs = optimize(&exprs.collect::<Result<Vec<Expr>>>()?)?;
        let targets = sinks.iter().map(|sink| match sink {
            Some(sink) => Target::Sink(Arc::clone(sink)),
            None => Target::Memory,
        });
        let options = Options {
            memory_limit,
            grain,
            brought: true,
        };
        let plan = plan_into(&exprs, &deliveries(&targets.collect::<Vec<_>>()), &options)?;
        Ok(ClusterPlan {
            fingerprint: parts::fingerprint(&plan),
            plan,
            sinks,
        })
    }

    /// The same for plans that are the same.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// What a stage stands for whose cells are [brought](chunkwise_plan::StageKind::Brought).
    pub fn elsewhere_of(&self, stage: usize) -> Option<&Elsewhere> {
        match &self.plan.stages.get(stage)?.kind {
            chunkwise_plan::StageKind::Brought(source) => source.elsewhere(),
            _ => None,
        }
    }

    /// The stages.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Cuts it into fragments.
    ///
    /// # Errors
    /// [`Error::OverBudget`] where a fragment needs more than a worker's room;
    /// [`Error::UnknownLength`] where an array of unknown length is to be stored.
    pub fn cut(&self, limits: &Limits) -> Result<Cut> {
        let stored: Vec<bool> = self.sinks.iter().map(Option::is_some).collect();
        parts::cut(&self.plan, &stored, limits)
    }

    /// Runs a fragment within the session's memory limit, what it is given left aside.
    ///
    /// # Errors
    /// As [`Session::compute`]; [`Error::InvalidArgument`] for a fragment of another plan.
    pub fn run(&self, session: &Session, spec: &[u8], mut given: Given) -> Result<Bundle> {
        given.sinks.clone_from(&self.sinks);
        let options = RunOptions {
            executor: &session.executor,
            pool: &session.pool,
            memory_limit: session.memory_limit,
            scratch_directory: session.scratch_directory.clone(),
            cancel: session.cancel.clone(),
            subscribers: session.subscribers.clone(),
            spread: false,
        };
        let made = parts::run_fragment(&self.plan, self.fingerprint, spec, given, &options);
        // A worker that keeps memory for itself is taken to need it.
        session.pool.trim_to(KEPT);
        made
    }

    /// What a fragment is given, where the bundles of all before it are at hand.
    ///
    /// # Errors
    /// [`Error::Internal`] where one is missing.
    pub fn given(&self, fragment: &Fragment, bundles: &[Bundle]) -> Result<Given> {
        Ok(Given {
            bundles: chosen(&fragment.reads, bundles)?,
            ..Given::default()
        })
    }

    /// The bundles that hold an array, where those of all fragments are at hand.
    ///
    /// # Errors
    /// As [`given`](Self::given).
    pub fn results(&self, cut: &Cut, array: usize, bundles: &[Bundle]) -> Result<Vec<Bundle>> {
        chosen(&cut.results[array], bundles)
    }

    /// An array from the [bundles](Cut::results) that hold it.
    ///
    /// # Errors
    /// [`Error::Internal`] where a part is missing.
    pub fn collect(&self, cut: &Cut, array: usize, bundles: &[Bundle]) -> Result<Chunk> {
        parts::collect(&self.plan, cut, array, bundles, &Pool::new(0))
    }

    /// How an array lies in its bundles, for a [source](chunkwise_core::Source) that stands for it in later
    /// plans.
    ///
    /// # Errors
    /// [`Error::UnknownLength`] for an array whose length is not known before it is there.
    pub fn elsewhere(&self, cut: &Cut, array: usize, name: &str) -> Result<Elsewhere> {
        let output = self.plan.outputs[array];
        let stage = &self.plan.stages[output.stage];
        if let chunkwise_plan::StageKind::Compress(c) = &stage.kind {
            return Err(Error::UnknownLength {
                operation: "persist on a cluster",
                axis: c.axis,
            });
        }
        let grid = stage.outputs[output.output].grid.clone();
        let of = match &stage.kind {
            chunkwise_plan::StageKind::Brought(source) => source.elsewhere().map(|e| e.output),
            _ => None,
        };
        let of = of.unwrap_or((output.stage, output.output));
        Elsewhere::new(name, grid, Arc::clone(&cut.parcels[array]), of)
    }
}

fn chosen(reads: &[Read], bundles: &[Bundle]) -> Result<Vec<Bundle>> {
    let of = |read: &Read| match read {
        Read::Fragment(n) => bundles.get(*n).cloned(),
        Read::Elsewhere { .. } => None,
    };
    let found = reads.iter().map(|read| {
        of(read).ok_or_else(|| Error::internal("cluster", format!("no bundle for {read:?}")))
    });
    found.collect()
}
