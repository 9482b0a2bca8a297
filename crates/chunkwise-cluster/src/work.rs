//! What a fragment does, as data and as bytes.

use std::hash::{DefaultHasher, Hash, Hasher};

use chunkwise_core::{Error, Region, Result};
use chunkwise_plan::{CellRef, Plan};
use serde::{Deserialize, Serialize};

/// What the bytes begin with: `cwf` and the version of the format.
const HEADER: [u8; 4] = *b"cwf\x02";
/// Bytes of the sum that ends them.
const SUM: usize = 8;

/// What a fragment does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Work {
    /// Tasks of a stage.
    Tasks {
        /// The stage.
        stage: usize,
        /// The first, by its place in the stage's order.
        start: usize,
        /// The end of them.
        end: usize,
        /// Stages of which it makes for itself what it reads.
        own: Vec<usize>,
        /// What it reads of files.
        pieces: Option<Pieces>,
    },
    /// A merge of nodes of the trees of a stage's reductions.
    Merge {
        /// The stage.
        stage: usize,
        /// Whether it merges what other merges have made.
        later: bool,
    },
    /// Of a bundle, what others read.
    Pick {
        /// Cells, or parts of them.
        parts: Vec<Picked>,
        /// The stage of whose reductions the nodes are handed on.
        nodes: Option<usize>,
    },
    /// Of sorted runs, what tasks of a merge read: the table in the first bundle says what that is.
    Stretch {
        /// The stage that merges.
        stage: usize,
        /// The first task.
        start: usize,
        /// The end of them.
        end: usize,
    },
    /// Of a bundle, what each of many others reads, into a file.
    Spread {
        /// The file's name, a number of its own.
        file: usize,
        /// How many others there are.
        places: usize,
        /// What each of them reads, by its place.
        shares: Shares,
    },
}

/// What each of many reads of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shares {
    /// Cells, or parts of them; places rise.
    Parts(Vec<(usize, Vec<Picked>)>),
    /// The stretches of sorted runs that tasks of a merge read, each from a first task to an end.
    Stretches {
        /// The stage that merges.
        stage: usize,
        /// The tasks of each place.
        tasks: Vec<(usize, usize)>,
    },
}

/// The pieces of files that one of many readers reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pieces {
    /// Its place.
    pub place: usize,
    /// The files.
    pub files: Vec<usize>,
}

/// A cell, or a region of it, counted from the cell's start.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Picked {
    /// Stage, output, cell.
    at: (usize, usize, usize),
    /// Start and shape; the whole by default.
    region: Option<(Vec<usize>, Vec<usize>)>,
}

impl Picked {
    pub(crate) fn new(at: &CellRef, region: Option<&Region>) -> Picked {
        Picked {
            at: (at.stage, at.output, at.cell),
            region: region.map(|r| (r.start.to_vec(), r.shape.to_vec())),
        }
    }

    pub(crate) fn at(&self) -> CellRef {
        CellRef {
            stage: self.at.0,
            output: self.at.1,
            cell: self.at.2,
        }
    }

    pub(crate) fn region(&self) -> Option<Region> {
        let (start, shape) = self.region.as_ref()?;
        (start.len() == shape.len()).then(|| Region::new(start, shape))
    }
}

/// For a bundle of another plan's: which of its outputs is which stage of this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relabel {
    /// Stage and output there.
    pub from: (usize, usize),
    /// The stage here, of which it is the only output.
    pub to: usize,
}

#[derive(Serialize, Deserialize)]
struct Form {
    plan: u64,
    inputs: Vec<Option<Relabel>>,
    work: Work,
}

/// A fragment's work as bytes: with the [`fingerprint`] of the plan that it is of, and for each bundle that
/// it is given where it comes from.
///
/// # Errors
/// [`Error::Internal`] where that fails.
pub fn encode(plan: u64, inputs: &[Option<Relabel>], work: &Work) -> Result<Vec<u8>> {
    let form = Form {
        plan,
        inputs: inputs.to_vec(),
        work: work.clone(),
    };
    let mut bytes = postcard::to_extend(&form, HEADER.to_vec())
        .map_err(|e| Error::internal("cluster", format!("a fragment as bytes: {e}")))?;
    let sum = checksum(&bytes);
    bytes.extend_from_slice(&sum);
    Ok(bytes)
}

/// The work that [`encode`] wrote, and of each bundle where it comes from.
///
/// ```
/// use chunkwise_cluster::{Work, decode, encode};
/// let work = Work::Merge { stage: 1, later: false };
/// let bytes = encode(7, &[None], &work)?;
/// assert_eq!(decode(7, &bytes)?, (work, vec![None]));
/// assert!(decode(8, &bytes).unwrap_err().to_string().contains("another plan"));
/// assert!(decode(7, &bytes[1..]).is_err());
/// # Ok::<_, chunkwise_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::InvalidArgument`] for anything else: bytes that were cut off or changed, those of another
/// version, and a fragment of another plan.
pub fn decode(plan: u64, bytes: &[u8]) -> Result<(Work, Vec<Option<Relabel>>)> {
    let wrong = |reason: String| Error::argument("run of a fragment", "bytes", bytes.len(), reason);
    let Some((body, sum)) = bytes.split_last_chunk::<SUM>() else {
        return Err(wrong("fewer than a fragment has".to_owned()));
    };
    match body.first_chunk::<4>() {
        Some(header) if *header == HEADER => {}
        Some([b'c', b'w', b'f', version]) => {
            let (got, own) = (version, HEADER[3]);
            return Err(wrong(format!(
                "format {got} of fragments, where this worker knows format {own}: client and workers must \
                 have one version of chunkwise"
            )));
        }
        _ => return Err(wrong("they do not begin as a fragment does".to_owned())),
    }
    if *sum != checksum(body) {
        return Err(wrong("they were changed on their way".to_owned()));
    }
    let form: Form = postcard::from_bytes(&body[HEADER.len()..])
        .map_err(|e| wrong(format!("no fragment: {e}")))?;
    if form.plan != plan {
        return Err(wrong(format!(
            "of another plan ({:016x}) than this worker has made ({plan:016x}): client and workers must \
             have one version of chunkwise, and read the same files",
            form.plan
        )));
    }
    Ok((form.work, form.inputs))
}

fn checksum(bytes: &[u8]) -> [u8; SUM] {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish().to_le_bytes()
}

/// A number that is the same for plans that are the same: the one that a client and each worker makes for
/// itself.
pub fn fingerprint(plan: &Plan) -> u64 {
    let mut hasher = DefaultHasher::new();
    plan.explain().hash(&mut hasher);
    for stage in &plan.stages {
        stage.order.hash(&mut hasher);
        let outputs = stage.outputs.iter().map(|o| &o.grid);
        for axis in outputs.chain([&stage.tasks]).flat_map(|g| g.axes()) {
            (axis.len(), axis.count(), axis.longest()).hash(&mut hasher);
        }
    }
    hasher.finish()
}
