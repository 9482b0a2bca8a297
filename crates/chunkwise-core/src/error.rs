use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crate::{DType, format_bytes};

/// The result of anything that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A place in the user's program: where an operation was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Location {
    /// Source file.
    pub file: &'static str,
    /// Line in it, from 1.
    pub line: u32,
}

thread_local! {
    /// The place that [`Location::scoped`] has set.
    static SCOPE: Cell<Option<Location>> = const { Cell::new(None) };
}

impl Location {
    /// A place in a program of another language. The file's name is kept for good, once however many
    /// places name it.
    pub fn new(file: &str, line: u32) -> Location {
        static FILES: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);
        let mut files = FILES.lock().unwrap_or_else(PoisonError::into_inner);
        let files = files.get_or_insert_default();
        let file = match files.get(file) {
            Some(known) => known,
            None => {
                let kept: &'static str = Box::leak(file.into());
                files.insert(kept);
                kept
            }
        };
        Location { file, line }
    }

    /// The place that called the function which calls this (through `#[track_caller]`), or the one
    /// whose [scope](Location::scoped) this is in.
    #[track_caller]
    pub fn caller() -> Location {
        let at = std::panic::Location::caller();
        SCOPE.get().unwrap_or(Location {
            file: at.file(),
            line: at.line(),
        })
    }

    /// Runs `f`, in which this is the caller's place.
    ///
    /// ```
    /// use chunkwise_core::Location;
    /// let notebook = Location::new("analysis.py", 12);
    /// assert_eq!(notebook.scoped(Location::caller), notebook);
    /// assert_ne!(Location::caller(), notebook);
    /// ```
    pub fn scoped<R>(self, f: impl FnOnce() -> R) -> R {
        struct Restore(Option<Location>);
        impl Drop for Restore {
            fn drop(&mut self) {
                SCOPE.set(self.0);
            }
        }
        let _restore = Restore(SCOPE.replace(Some(self)));
        f()
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// Everything that can go wrong, with the values that made it so.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A name that is no dtype.
    #[error(
        "unknown dtype {0:?}; known are bool, int8..int64, uint8..uint64, float32, float64, complex64, complex128"
    )]
    UnknownDType(String),
    /// An operation that has no meaning for a dtype.
    #[error("{operation} is not defined for {}", list(dtypes))]
    UnsupportedDType {
        /// The operation.
        operation: String,
        /// The dtypes it was given.
        dtypes: Vec<DType>,
    },
    /// Two dtypes that should be equal.
    #[error("{operation}: expected {expected}, got {got}")]
    DTypeMismatch {
        /// The operation.
        operation: &'static str,
        /// The dtype it needs.
        expected: DType,
        /// The dtype it was given.
        got: DType,
    },
    /// Shapes that do not broadcast together.
    #[error("shapes {} cannot be broadcast together", shapes.iter().map(|s| tuple(s)).collect::<Vec<_>>().join(" and "))]
    Broadcast {
        /// The shapes.
        shapes: Vec<Vec<usize>>,
    },
    /// Two shapes that should fit.
    #[error("{operation}: expected shape {}, got {}", tuple(expected), tuple(got))]
    ShapeMismatch {
        /// The operation.
        operation: &'static str,
        /// The shape it needs.
        expected: Vec<usize>,
        /// The shape it was given.
        got: Vec<usize>,
    },
    /// A shape whose bytes do not fit the address space.
    #[error(
        "an array of shape {} has more elements than can be addressed",
        tuple(shape)
    )]
    TooLarge {
        /// The shape.
        shape: Vec<usize>,
    },
    /// An axis that the array does not have.
    #[error("axis {axis} is out of range for an array of {ndim} dimension{}", if *ndim == 1 { "" } else { "s" })]
    AxisOutOfRange {
        /// The axis.
        axis: isize,
        /// The array's number of axes.
        ndim: usize,
    },
    /// The same axis twice.
    #[error("axis {axis} is given twice")]
    DuplicateAxis {
        /// The axis.
        axis: isize,
    },
    /// An index outside its axis.
    #[error("index {index} is out of range for axis {axis} with size {size}")]
    IndexOutOfRange {
        /// The index.
        index: isize,
        /// The axis.
        axis: usize,
        /// Its length.
        size: usize,
    },
    /// More indices than axes.
    #[error("too many indices: {given} for an array of {ndim} dimension{}", if *ndim == 1 { "" } else { "s" })]
    TooManyIndices {
        /// How many were given.
        given: usize,
        /// The array's number of axes.
        ndim: usize,
    },
    /// Chunks that do not cut the shape.
    #[error("chunks {chunks} do not fit shape {}: {reason}", tuple(shape))]
    InvalidChunks {
        /// As given.
        chunks: String,
        /// The array's shape.
        shape: Vec<usize>,
        /// What is wrong.
        reason: String,
    },
    /// A text that is no byte size.
    #[error("{0:?} is not a byte size; write for instance 256MiB, 1.5GB or 1000000")]
    InvalidByteSize(String),
    /// An argument outside what the operation takes.
    #[error("{operation}: {argument} = {value}: {reason}")]
    InvalidArgument {
        /// The operation.
        operation: &'static str,
        /// The argument's name.
        argument: &'static str,
        /// Its value.
        value: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A number that the dtype beside it cannot hold.
    #[error("{operation}: {value} is out of range for {dtype}")]
    OutOfRange {
        /// The operation.
        operation: &'static str,
        /// The number.
        value: String,
        /// The dtype.
        dtype: DType,
    },
    /// An operation whose result depends on data that is not computed yet.
    #[error(
        "{operation}: the length of axis {axis} is known only after computing; call persist() first"
    )]
    UnknownLength {
        /// The operation.
        operation: &'static str,
        /// The axis.
        axis: usize,
    },
    /// A reduction without identity over no elements.
    #[error("{operation} of an empty axis has no value")]
    EmptyReduction {
        /// The reduction.
        operation: &'static str,
    },
    /// `nanargmin`, `nanargmax` where all is NaN.
    #[error("{operation}: all values along the axis are NaN")]
    AllNan {
        /// The reduction.
        operation: &'static str,
    },
    /// A matrix without an inverse where one is needed.
    #[error("{operation}: the matrix is singular: pivot {pivot} is zero")]
    SingularMatrix {
        /// The operation.
        operation: &'static str,
        /// The first pivot that is zero, from 0.
        pivot: usize,
    },
    /// A matrix that is not positive definite where it has to be.
    #[error(
        "{operation}: the matrix is not positive definite: its leading minor of order {minor} is not positive"
    )]
    NotPositiveDefinite {
        /// The operation.
        operation: &'static str,
        /// The order of the first leading minor that is not positive, from 1.
        minor: usize,
    },
    /// An iteration that did not converge, as on NaN and infinities.
    #[error("{operation} did not converge")]
    NoConvergence {
        /// The operation.
        operation: &'static str,
    },
    /// A plan that cannot run within its memory limit.
    #[error("{operation}{} needs {} at once, more than the memory limit of {}; the smallest limit that would do is {}",
        at(location), format_bytes(*needed), format_bytes(*limit), format_bytes(*smallest))]
    OverBudget {
        /// The operation that does not fit.
        operation: String,
        /// Where it was made.
        location: Option<Location>,
        /// Bytes that it needs at once.
        needed: u64,
        /// The memory limit.
        limit: u64,
        /// The smallest limit under which the whole plan would run.
        smallest: u64,
    },
    /// The system refused memory.
    #[error("could not allocate {}", format_bytes(*bytes))]
    OutOfMemory {
        /// Bytes asked for.
        bytes: u64,
    },
    /// The run was cancelled.
    #[error("cancelled")]
    Cancelled,
    /// A task failed; the cause is the source.
    #[error(
        "{operation}{} failed in chunk {}: {cause}",
        at(location),
        tuple(index)
    )]
    Task {
        /// The operation.
        operation: String,
        /// Where it was made.
        location: Option<Location>,
        /// The chunk's index in its grid.
        index: Vec<usize>,
        /// What went wrong.
        #[source]
        cause: Arc<Error>,
    },
    /// A task of a graph failed; the cause is the source.
    #[error("task {task} failed{}: {cause}", needed_by(dependents))]
    GraphTask {
        /// The task.
        task: String,
        /// Who wanted its result, who wanted theirs, and so on.
        dependents: Vec<String>,
        /// What went wrong.
        #[source]
        cause: Arc<Error>,
    },
    /// An error raised by a user's function.
    #[error("{0}")]
    User(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// A user's function panicked.
    #[error("panicked: {message}")]
    Panic {
        /// The panic's message.
        message: String,
    },
    /// An operator that could not be built, kept until the array is used.
    #[error("{cause} (at {location})")]
    Deferred {
        /// Where the operator was applied.
        location: Location,
        /// What was wrong.
        #[source]
        cause: Arc<Error>,
    },
    /// The system's input/output failed.
    #[error("{action} {}: {cause}", path.display())]
    Io {
        /// What was tried, as a verb: `"reading"`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's error.
        #[source]
        cause: Arc<std::io::Error>,
    },
    /// A file that is not what it says.
    #[error("{}: {reason}", path.display())]
    InvalidFile {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A promise that this program makes to itself was broken: a bug in chunkwise.
    #[error("internal error in {stage}: {detail}; please report it")]
    Internal {
        /// The stage whose promise it was.
        stage: &'static str,
        /// What was seen.
        detail: String,
    },
}

impl Error {
    /// An input/output error with its file.
    pub fn io(action: &'static str, path: impl Into<PathBuf>, cause: std::io::Error) -> Error {
        Error::Io {
            action,
            path: path.into(),
            cause: Arc::new(cause),
        }
    }

    /// A broken promise of our own.
    pub fn internal(stage: &'static str, detail: impl Into<String>) -> Error {
        Error::Internal {
            stage,
            detail: detail.into(),
        }
    }

    /// An argument that the operation does not take.
    pub fn argument(
        operation: &'static str,
        argument: &'static str,
        value: impl fmt::Display,
        reason: impl Into<String>,
    ) -> Error {
        Error::InvalidArgument {
            operation,
            argument,
            value: value.to_string(),
            reason: reason.into(),
        }
    }

    /// The error beneath [`Error::Task`], [`Error::GraphTask`] and [`Error::Deferred`].
    pub fn root(&self) -> &Error {
        match self {
            Error::Task { cause, .. }
            | Error::GraphTask { cause, .. }
            | Error::Deferred { cause, .. } => cause.root(),
            other => other,
        }
    }
}

/// ` (needed by b, for c)`.
fn needed_by(dependents: &[String]) -> String {
    match dependents {
        [] => String::new(),
        some => format!(" (needed by {})", some.join(", for ")),
    }
}

/// A shape as NumPy prints it: `(3,)`, `(2, 4)`.
fn tuple(dims: &[usize]) -> String {
    match dims {
        [one] => format!("({one},)"),
        many => format!(
            "({})",
            many.iter()
                .map(usize::to_string)
                .collect::<Vec<_>>()
                .join(", ")
        ),
    }
}

fn list(dtypes: &[DType]) -> String {
    dtypes
        .iter()
        .map(|d| d.name())
        .collect::<Vec<_>>()
        .join(", ")
}

fn at(location: &Option<Location>) -> String {
    location.map(|l| format!(" (at {l})")).unwrap_or_default()
}
