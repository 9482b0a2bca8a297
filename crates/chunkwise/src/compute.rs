//! From arrays to results: the spine of the library.
//!
//! ```text
//! Array -> Expr -> optimize -> Expr -> plan -> Plan -> run -> Chunk
//! ```

use std::path::Path;
use std::sync::Arc;

use chunkwise_core::{Chunk, Error, Result, Sink, ViewMut};
use chunkwise_exec::{Event, RunOptions, Target, check_budget, result_bytes, run};
use chunkwise_expr::Expr;
use chunkwise_optimize::optimize;
use chunkwise_plan::{Delivery, Options, Plan, plan_into};
use chunkwise_storage::{MemorySource, NpySink};

use crate::session::default_session;
use crate::{Array, Session};

impl Session {
    /// The plan for some arrays.
    pub fn plan(&self, arrays: &[&Array]) -> Result<Plan> {
        self.plan_into(arrays, &vec![Delivery::default(); arrays.len()])
    }

    /// The plan for some arrays on their way to targets: tasks are made of whole chunks of sinks.
    pub fn plan_for(&self, arrays: &[&Array], targets: &[Target<'_>]) -> Result<Plan> {
        self.plan_into(arrays, &deliveries(targets))
    }

    fn plan_into(&self, arrays: &[&Array], deliveries: &[Delivery]) -> Result<Plan> {
        let exprs = arrays
            .iter()
            .map(|a| a.expr().cloned())
            .collect::<Result<Vec<Expr>>>()?;
        self.plan_under(&optimize(&exprs)?, deliveries, self.memory_limit)
    }

    fn plan_under(
        &self,
        optimized: &[Expr],
        deliveries: &[Delivery],
        memory_limit: u64,
    ) -> Result<Plan> {
        let options = Options {
            memory_limit,
            grain: self.grain,
            brought: false,
        };
        plan_into(optimized, deliveries, &options)
    }

    /// Refuses what does not fit, naming a limit under which it would run: tasks are cut to the
    /// limit, so that under a larger one they are larger too.
    fn check_budget(
        &self,
        plan: &Plan,
        arrays: &[&Array],
        deliveries: &[Delivery],
        in_memory: &[bool],
    ) -> Result<()> {
        let needs = |plan: &Plan, limit| {
            let results = result_bytes(plan, in_memory.iter().copied());
            check_budget(plan, results, limit)
        };
        let Err(mut error) = needs(plan, self.memory_limit) else {
            return Ok(());
        };
        let exprs = arrays
            .iter()
            .map(|a| a.expr().cloned())
            .collect::<Result<Vec<Expr>>>()?;
        let optimized = optimize(&exprs)?;
        while let Error::OverBudget { smallest, .. } = &mut error {
            let plan = self.plan_under(&optimized, deliveries, *smallest)?;
            match needs(&plan, *smallest) {
                Err(Error::OverBudget { needed, .. }) => *smallest = needed,
                _ => break,
            }
        }
        Err(error)
    }

    /// Computes several arrays, what they share once, and sends each to its target.
    pub fn run(&self, arrays: &[&Array], targets: Vec<Target<'_>>) -> Result<Vec<Option<Chunk>>> {
        let plan = self.plan_for(arrays, &targets)?;
        self.run_plan(&plan, arrays, targets)
    }

    /// The same with the plan that [`plan_for`](Self::plan_for) has given for these arrays and targets.
    pub fn run_plan(
        &self,
        plan: &Plan,
        arrays: &[&Array],
        targets: Vec<Target<'_>>,
    ) -> Result<Vec<Option<Chunk>>> {
        if arrays.len() != targets.len() {
            return Err(Error::argument(
                "run",
                "targets",
                targets.len(),
                format!("for {} arrays", arrays.len()),
            ));
        }
        let options = RunOptions {
            executor: &self.executor,
            pool: &self.pool,
            memory_limit: self.memory_limit,
            scratch_directory: self.scratch_directory.clone(),
            cancel: self.cancel.clone(),
            subscribers: self.subscribers.clone(),
            spread: self.grain.is_some(),
        };
        let in_memory: Vec<bool> = targets
            .iter()
            .map(|t| matches!(t, Target::Memory))
            .collect();
        let deliveries = deliveries(&targets);
        if let Err(error) = self.check_budget(plan, arrays, &deliveries, &in_memory) {
            for target in targets {
                if let Target::Sink(sink) = target {
                    sink.abort();
                }
            }
            let event = Event::Failed {
                error: &error,
                begun: false,
            };
            self.subscribers.iter().for_each(|s| s.event(&event));
            return Err(error);
        }
        run(plan, targets, &options)
    }

    /// Computes several arrays, what they share once.
    ///
    /// ```
    /// use chunkwise::{Random, Session};
    /// let x = Random::new(7).standard_normal([1000, 500], 100)?;
    /// let session = Session::new(2, 1 << 28)?;
    /// // One pass over x gives both.
    /// let results = session.compute(&[&x.mean(0)?, &x.std(0, 0.0)?])?;
    /// assert_eq!(results[1].shape(), [500]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    pub fn compute(&self, arrays: &[&Array]) -> Result<Vec<Chunk>> {
        let targets = arrays.iter().map(|_| Target::Memory).collect();
        self.run(arrays, targets)?
            .into_iter()
            .map(|c| c.ok_or_else(|| Error::internal("compute", "a result is missing")))
            .collect()
    }

    /// Computes several arrays and keeps them in memory, as arrays of the same chunks. Lengths that
    /// were unknown are known then.
    pub fn persist(&self, arrays: &[&Array]) -> Result<Vec<Array>> {
        let chunks = self.compute(arrays)?;
        chunks
            .into_iter()
            .zip(arrays)
            .map(|(chunk, array)| {
                let same = array.shape() == chunk.shape();
                let grid = same.then(|| array.chunks().clone().into());
                let source = MemorySource::new("persisted", chunk);
                Expr::source(Arc::new(source), grid.as_ref()).map(Array::from)
            })
            .collect()
    }

    /// Computes an array into the caller's memory, which has its shape and dtype.
    pub fn compute_into(&self, array: &Array, out: ViewMut<'_>) -> Result<()> {
        self.run(&[array], vec![Target::View(out)]).map(|_| ())
    }

    /// Computes several arrays in one run and writes each to its sink, region by region.
    pub fn store(&self, arrays: &[&Array], sinks: Vec<Arc<dyn Sink>>) -> Result<()> {
        self.run(arrays, sinks.into_iter().map(Target::Sink).collect())
            .map(|_| ())
    }

    /// Computes an array and writes it to a `.npy` file without holding the whole. The file appears
    /// under its name once it is complete; on an error an older one stays as it was.
    pub fn to_npy(&self, array: &Array, path: impl AsRef<Path>) -> Result<()> {
        let expr = array.expr()?;
        if expr.unknown_axis().is_some() {
            let known = self.persist(&[array])?;
            return self.to_npy(&known[0], path);
        }
        let sink = NpySink::create(path.as_ref(), expr.dtype(), expr.shape())?;
        self.store(&[array], vec![Arc::new(sink)])
    }

    /// What would be done for some arrays, as text: the optimised expressions, the stages with their
    /// tasks and bytes, and the predicted peak.
    pub fn explain(&self, arrays: &[&Array]) -> Result<String> {
        Ok(self.plan(arrays)?.explain())
    }
}

pub(crate) fn deliveries(targets: &[Target<'_>]) -> Vec<Delivery> {
    let of = |target: &Target<'_>| match target {
        Target::Sink(sink) => Delivery {
            grid: sink.grid(),
            scratch: sink.scratch_bytes() as u64,
        },
        Target::Memory | Target::View(_) => Delivery::default(),
    };
    targets.iter().map(of).collect()
}

impl Array {
    /// The values, computed with the default [`Session`].
    ///
    /// ```
    /// use chunkwise::{Array, DType};
    /// let x = Array::arange(0, 10, 1, 3)?;
    /// assert_eq!(x.multiply(&x)?.sum(..)?.compute()?.item::<i64>()?, 285);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    pub fn compute(&self) -> Result<Chunk> {
        let mut chunks = default_session()?.compute(&[self])?;
        chunks
            .pop()
            .ok_or_else(|| Error::internal("compute", "a result is missing"))
    }

    /// The array with its values computed and kept in memory, with the default [`Session`].
    pub fn persist(&self) -> Result<Array> {
        let mut arrays = default_session()?.persist(&[self])?;
        arrays
            .pop()
            .ok_or_else(|| Error::internal("persist", "a result is missing"))
    }

    /// Computes the array and writes it to a `.npy` file without holding the whole, with the default
    /// [`Session`].
    pub fn to_npy(&self, path: impl AsRef<Path>) -> Result<()> {
        default_session()?.to_npy(self, path)
    }

    /// What [`compute`](Self::compute) would do, as text.
    ///
    /// ```
    /// use chunkwise::Random;
    /// let x = Random::new(1).standard_normal([10_000, 10_000], 1000)?;
    /// let text = x.mean(0)?.get_str("0:100")?.explain()?;
    /// assert!(text.contains("over [10000, 100]"), "{text}");
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    pub fn explain(&self) -> Result<String> {
        default_session()?.explain(&[self])
    }
}

/// Computes several arrays with the default [`Session`], what they share once.
pub fn compute(arrays: &[&Array]) -> Result<Vec<Chunk>> {
    default_session()?.compute(arrays)
}
