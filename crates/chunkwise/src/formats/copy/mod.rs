//! Copies from any format that is read into any that is written.

mod layout;
mod staged;
mod step;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chunkwise_core::{Chunks, Error, Result};
use chunkwise_zarr::{Compressor, Location, Version, check_replaceable};

use super::{Dataset, Group, Opened, Target};
use crate::{Array, Session};
use layout::{layout_for, version_of};
use staged::Staged;
use step::Into;

pub use step::CopyStep;

/// What becomes of shards.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Shards {
    /// Those of the source, where it has such, made longer where the chunks do not fit them.
    #[default]
    Keep,
    /// There are none.
    None,
    /// These lengths.
    Of(Vec<usize>),
}

/// How arrays are copied: what is not said stays as it is in the source.
#[derive(Clone, Debug, Default)]
pub struct CopyOptions {
    /// The stored chunks.
    pub chunks: Option<Chunks>,
    /// The shards.
    pub shards: Shards,
    /// How chunks are packed.
    pub compressor: Option<Compressor>,
    /// The version of Zarr.
    pub version: Option<Version>,
    /// Whether what is there may be replaced, once the copy is complete.
    pub overwrite: bool,
    /// Whether to keep what is written if the run is interrupted, and to go on from what an
    /// interrupted one has kept.
    pub resume: bool,
}

/// A copy that was prepared: checked as far as can be without reading elements.
///
/// Each array appears under its name when it is complete, a group when all of it is.
///
/// ```
/// use chunkwise::formats::{self, CopyOptions, Copying};
/// use chunkwise::{Array, Session};
/// # let folder = std::env::temp_dir().join(format!("chunkwise-doc-copy-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// # let at = |name: &str| folder.join(name).to_str().unwrap().to_owned();
/// Array::arange(0, 10_000, 1, 1000)?.reshape([100, 100])?.to_npy(at("x.npy"))?;
/// let session = Session::new(2, 64 << 20)?;
/// let options = CopyOptions { chunks: Some((100, 10).into()), ..CopyOptions::default() };
/// let copy = Copying::new(&formats::open(&at("x.npy"))?, &at("x.zarr"), &options)?;
/// assert_eq!(copy.steps()[0].nbytes(), 80_000);
/// copy.run(|_| session.clone())?;
/// let copied = formats::open(&at("x.zarr"))?.into_dataset()?;
/// assert_eq!(copied.array().sum(..)?.compute()?.item::<i64>()?, 49_995_000);
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Copying {
    steps: Vec<CopyStep>,
    /// A group that is written beside its place.
    staged: Option<Staged>,
}

impl Copying {
    /// Prepares a copy. Nothing is written.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for what the target's format does not have; [`Error::Io`] where
    /// something is there that may not be replaced; as opening for members of a group.
    pub fn new(from: &Opened, to: &str, options: &CopyOptions) -> Result<Copying> {
        let target = Target::parse(to)?;
        if let Some(path) = target.file() {
            let bad = |argument, reason: &str| Err(Error::argument("copy", argument, to, reason));
            if options.chunks.is_some()
                || matches!(options.shards, Shards::Of(_))
                || options.compressor.is_some()
                || options.version.is_some()
            {
                return bad("chunks", "chunks, shards and codecs are Zarr's");
            }
            if options.resume {
                return bad("resume", "only Zarr stores can be gone on with");
            }
            if !options.overwrite && path.exists() {
                let kind = std::io::ErrorKind::AlreadyExists;
                let reason = "it is there, and only an overwrite replaces it";
                return Err(Error::io(
                    "creating",
                    path,
                    std::io::Error::new(kind, reason),
                ));
            }
        }
        match from {
            Opened::Array(dataset) => Copying::of_array(dataset, target, options),
            Opened::Group(group) => Copying::of_group(group, target, options),
        }
    }

    fn of_array(dataset: &Dataset, mut target: Target, options: &CopyOptions) -> Result<Copying> {
        let there = target.version()?;
        let layout = layout_for(dataset, options, there)?;
        if let Target::Npz(_, name) = &mut target
            && name.is_empty()
        {
            *name = dataset.place().stem().to_owned();
        }
        if let Target::Zarr(location) = &target {
            check_replaceable(&*location.store, &location.full(), options.overwrite)?;
        }
        let step = CopyStep {
            name: dataset.place().to_string(),
            arrays: vec![dataset.array().clone()],
            into: Into::One {
                target,
                layout: Box::new(layout),
                overwrite: options.overwrite,
                resume: options.resume,
            },
        };
        Ok(Copying {
            steps: vec![step],
            staged: None,
        })
    }

    fn of_group(group: &Group, target: Target, options: &CopyOptions) -> Result<Copying> {
        let found = group.walk()?;
        match target {
            Target::Npz(path, member) if member.is_empty() => {
                let arrays = found.iter().filter_map(|(name, opened)| match opened {
                    Opened::Array(dataset) => Some((name.clone(), dataset.array().clone())),
                    Opened::Group(_) => None,
                });
                let (names, arrays) = arrays.unzip();
                let step = CopyStep {
                    name: group.place().to_string(),
                    arrays,
                    into: Into::Npz(path, names),
                };
                Ok(Copying {
                    steps: vec![step],
                    staged: None,
                })
            }
            Target::Zarr(location) => Copying::of_hierarchy(group, &found, location, options),
            _ => {
                // A group of one array is that array.
                let dataset = group.only()?;
                Copying::of_array(&dataset, target, options)
            }
        }
    }

    fn of_hierarchy(
        group: &Group,
        found: &[(String, Opened)],
        location: Location,
        options: &CopyOptions,
    ) -> Result<Copying> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let target = location.full();
        check_replaceable(&*location.store, &target, options.overwrite)?;
        let there = Target::Zarr(location.clone()).version()?;
        let own = found.iter().find_map(|(_, opened)| match opened {
            Opened::Array(dataset) => dataset.zarr().map(|z| version_of(z)),
            Opened::Group(_) => None,
        });
        let version = options.version.or(there).or(own).unwrap_or_default();
        let options = CopyOptions {
            version: Some(version),
            ..options.clone()
        };
        let (parent, name) = target.rsplit_once('/').unwrap_or(("", &target));
        let place = match (parent, options.resume) {
            ("", true) => format!(".{name}.group.unfinished"),
            (parent, true) => format!("{parent}/.{name}.group.unfinished"),
            (parent, false) => {
                let n = NEXT.fetch_add(1, Ordering::Relaxed);
                let own = format!(".{name}.{}-{n}.group.unfinished", std::process::id());
                match parent {
                    "" => own,
                    parent => format!("{parent}/{own}"),
                }
            }
        };
        let mut groups = vec![(String::new(), group.attributes().clone())];
        let mut steps = Vec::new();
        for (name, opened) in found {
            match opened {
                Opened::Group(group) => groups.push((name.clone(), group.attributes().clone())),
                Opened::Array(dataset) => {
                    let staged = Location {
                        root: place.clone(),
                        ..location.clone()
                    };
                    steps.push(CopyStep {
                        name: dataset.place().to_string(),
                        arrays: vec![dataset.array().clone()],
                        into: Into::One {
                            target: Target::Zarr(staged.at(name)),
                            layout: Box::new(layout_for(dataset, &options, None)?),
                            overwrite: false,
                            resume: options.resume,
                        },
                    });
                }
            }
        }
        Ok(Copying {
            steps,
            staged: Some(Staged {
                target: location,
                at: place,
                version,
                groups,
                resume: options.resume,
                overwrite: options.overwrite,
                consolidated: group.is_consolidated()?,
            }),
        })
    }

    /// The runs that it takes, in their order.
    pub fn steps(&self) -> &[CopyStep] {
        &self.steps
    }

    /// What would be done, as text. The target's folder must be writable: the plan is made of what
    /// is begun there and taken back.
    ///
    /// # Errors
    /// As planning and as creating the target.
    pub fn explain(&self, session: &Session) -> Result<String> {
        let mut text = String::new();
        for step in &self.steps {
            let sinks = step.sinks(false)?;
            let targets = sinks
                .iter()
                .map(|s| chunkwise_exec::Target::Sink(Arc::clone(s)));
            let targets: Vec<_> = targets.collect();
            let arrays: Vec<&Array> = step.arrays.iter().collect();
            text.push_str(&step.describe(&sinks));
            let plan = session.plan_for(&arrays, &targets)?;
            text.push_str(&plan.explain());
            // What the plan reckons with are nanoseconds.
            let seconds = plan.cost() / 1e9;
            text.push_str(&format!("cost: about {seconds:.3} s of one core\n"));
            for sink in sinks {
                sink.abort();
            }
        }
        if let Some(staged) = &self.staged {
            staged.clear_if_empty();
        }
        Ok(text)
    }

    /// Copies, each run in the session that is given for it. On an error nothing remains that reads
    /// as data, unless the copy can be resumed.
    ///
    /// # Errors
    /// As reading, computing and writing; [`Error::Cancelled`].
    pub fn run(self, mut session: impl FnMut(&CopyStep) -> Session) -> Result<()> {
        self.run_by(|step, arrays, sinks| session(step).store(arrays, sinks))
    }

    /// The same with each step's arrays stored in their sinks by `store`: on a cluster, say.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn run_by(
        self,
        mut store: impl FnMut(&CopyStep, &[&Array], Vec<Arc<dyn chunkwise_core::Sink>>) -> Result<()>,
    ) -> Result<()> {
        let mut steps = || -> Result<()> {
            for step in &self.steps {
                if step.is_done()? {
                    continue;
                }
                let arrays: Vec<&Array> = step.arrays.iter().collect();
                let sinks = step.sinks(step.resume())?;
                store(step, &arrays, sinks)?;
            }
            Ok(())
        };
        match (steps(), &self.staged) {
            (done, None) => done,
            (Ok(()), Some(staged)) => staged.commit(),
            (Err(error), Some(staged)) => {
                staged.abort();
                Err(error)
            }
        }
    }
}

impl Session {
    /// Copies what a path holds to another: from any format that is read into any that is written.
    ///
    /// ```
    /// use chunkwise::formats::{self, CopyOptions};
    /// use chunkwise::{Array, Layout, Session};
    /// # let folder = std::env::temp_dir().join(format!("chunkwise-doc-session-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let at = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    /// let layout = Layout { attributes: [("units".into(), "m".into())].into_iter().collect(), ..Layout::new(&[5]) };
    /// Array::arange(0, 12, 1, 5)?.to_zarr(&at("a.zarr"), &layout)?;
    /// let session = Session::new(2, 64 << 20)?;
    /// let options = CopyOptions { chunks: Some(4.into()), ..CopyOptions::default() };
    /// session.copy(&at("a.zarr"), &at("b.zarr"), &options)?;
    /// let copy = formats::open(&at("b.zarr"))?.into_dataset()?;
    /// assert_eq!(copy.zarr().unwrap().attributes()["units"], "m");
    /// assert_eq!(copy.stored_chunks().unwrap().to_string(), "(4,)");
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`open`](super::open) and [`Copying`].
    pub fn copy(&self, from: &str, to: &str, options: &CopyOptions) -> Result<()> {
        Copying::new(&super::open(from)?, to, options)?.run(|_| self.clone())
    }
}
