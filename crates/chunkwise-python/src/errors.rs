//! From the engine's errors to Python's exceptions: the one place where that is decided.

use std::error::Error as StdError;
use std::fmt;
use std::io::ErrorKind;
use std::sync::Arc;

use chunkwise::Error;
use pyo3::create_exception;
use pyo3::exceptions::{
    PyFileExistsError, PyFileNotFoundError, PyIndexError, PyMemoryError, PyOSError,
    PyOverflowError, PyPermissionError, PyRuntimeError, PyTimeoutError, PyTypeError, PyValueError,
};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

create_exception!(
    chunkwise,
    MemoryLimitError,
    PyMemoryError,
    "A computation that cannot run within the memory limit; the message names the smallest limit that would do."
);
create_exception!(
    chunkwise,
    CancelledError,
    PyRuntimeError,
    "A computation that was cancelled."
);
create_exception!(
    chunkwise,
    InternalError,
    PyRuntimeError,
    "A bug in chunkwise: please report it."
);

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = m.py();
    m.add("MemoryLimitError", py.get_type::<MemoryLimitError>())?;
    m.add("CancelledError", py.get_type::<CancelledError>())?;
    m.add("InternalError", py.get_type::<InternalError>())
}

/// An exception of a user's function, on its way through the engine.
struct Raised(Py<PyAny>);

impl fmt::Debug for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Raised")
    }
}

impl fmt::Display for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Python::attach(|py| write!(f, "{}", PyErr::from_value(self.0.bind(py).clone())))
    }
}

impl StdError for Raised {}

/// An exception of a user's function as the engine's error.
pub(crate) fn raised(py: Python<'_>, error: PyErr) -> Error {
    Error::User(Arc::new(Raised(error.into_value(py).into_any())))
}

/// The engine's results as Python's.
pub(crate) trait OrRaise<T> {
    fn or_raise(self) -> PyResult<T>;
}

impl<T> OrRaise<T> for chunkwise::Result<T> {
    fn or_raise(self) -> PyResult<T> {
        self.map_err(|e| Python::attach(|py| exception(py, &e)))
    }
}

/// The Python exception for an error, with the chunk and the place where its operation was made as a
/// note.
pub(crate) fn exception(py: Python<'_>, error: &Error) -> PyErr {
    match error {
        Error::Task {
            operation,
            location,
            index,
            cause,
        } => {
            let raised = exception(py, cause);
            let place = location
                .map(|l| format!(", made at {l}"))
                .unwrap_or_default();
            let note = format!("in {operation}, chunk {}{place}", tuple(index));
            // A failure to annotate must not hide the error itself.
            let _ = raised.value(py).call_method1("add_note", (note,));
            raised
        }
        Error::GraphTask {
            task,
            dependents,
            cause,
        } => {
            let raised = exception(py, cause);
            let needed = match dependents.as_slice() {
                [] => String::new(),
                some => format!(", needed by {}", some.join(", for ")),
            };
            let _ = note(raised.value(py), format!("in task {task}{needed}"));
            raised
        }
        Error::Deferred { cause, .. } => exception(py, cause),
        Error::User(cause) => match cause.downcast_ref::<Raised>() {
            Some(Raised(value)) => PyErr::from_value(value.bind(py).clone()),
            None => PyRuntimeError::new_err(error.to_string()),
        },
        Error::UnknownDType(_) | Error::UnsupportedDType { .. } | Error::DTypeMismatch { .. } => {
            PyTypeError::new_err(error.to_string())
        }
        Error::AxisOutOfRange { .. } => {
            numpys(py, &AXIS_ERROR, ("numpy.exceptions", "AxisError"), error)
        }
        Error::SingularMatrix { .. }
        | Error::NotPositiveDefinite { .. }
        | Error::NoConvergence { .. } => {
            numpys(py, &LINALG_ERROR, ("numpy.linalg", "LinAlgError"), error)
        }
        Error::IndexOutOfRange { .. } | Error::TooManyIndices { .. } => {
            PyIndexError::new_err(error.to_string())
        }
        Error::OutOfRange { .. } => PyOverflowError::new_err(error.to_string()),
        Error::OverBudget { .. } => MemoryLimitError::new_err(error.to_string()),
        Error::OutOfMemory { .. } => PyMemoryError::new_err(error.to_string()),
        Error::Cancelled => CancelledError::new_err(error.to_string()),
        Error::Io {
            action,
            path,
            cause,
        } => match cause.raw_os_error() {
            // With these arguments OSError makes itself a FileNotFoundError and the like.
            Some(code) => PyOSError::new_err((code, format!("{action}: {cause}"), path.clone())),
            // Where the system gave no number, the class is by kind.
            None => match cause.kind() {
                ErrorKind::NotFound => PyFileNotFoundError::new_err(error.to_string()),
                ErrorKind::AlreadyExists => PyFileExistsError::new_err(error.to_string()),
                ErrorKind::PermissionDenied => PyPermissionError::new_err(error.to_string()),
                ErrorKind::TimedOut => PyTimeoutError::new_err(error.to_string()),
                _ => PyOSError::new_err(error.to_string()),
            },
        },
        Error::Panic { .. } => PyRuntimeError::new_err(error.to_string()),
        Error::Internal { .. } => InternalError::new_err(error.to_string()),
        _ => PyValueError::new_err(error.to_string()),
    }
}

/// Adds a note that is not there: an exception may be raised more than once.
fn note(exception: &Bound<'_, PyAny>, text: String) -> PyResult<()> {
    let notes = exception.getattr_opt("__notes__")?;
    if notes.map_or(Ok(false), |n| n.contains(&text))? {
        return Ok(());
    }
    exception.call_method1("add_note", (text,)).map(drop)
}

/// Both a `ValueError` and an `IndexError`.
static AXIS_ERROR: PyOnceLock<Py<PyType>> = PyOnceLock::new();
static LINALG_ERROR: PyOnceLock<Py<PyType>> = PyOnceLock::new();

/// An exception of a type of NumPy's own.
fn numpys(
    py: Python<'_>,
    class: &PyOnceLock<Py<PyType>>,
    (module, name): (&str, &str),
    error: &Error,
) -> PyErr {
    match class.import(py, module, name) {
        Ok(class) => PyErr::from_type(class.clone(), (error.to_string(),)),
        Err(failed) => failed,
    }
}

/// As Python prints it: `(3,)`.
pub(crate) fn tuple(numbers: &[usize]) -> String {
    match numbers {
        [one] => format!("({one},)"),
        many => {
            let texts: Vec<String> = many.iter().map(usize::to_string).collect();
            format!("({})", texts.join(", "))
        }
    }
}
