use std::fmt;
use std::sync::{Arc, LazyLock};

use chunkwise_core::{DType, Dims, Error, Grid, Location, Result, format_bytes};
use chunkwise_expr::Expr;

/// A lazy chunked array: an immutable description of what to compute. Cheap to clone.
///
/// Methods return `Result<Array>` and check shapes, dtypes and axes at once, before anything is
/// computed. Each result remembers the place in the program that made it.
///
/// # Failed arrays
/// Rust's operators cannot return a `Result`. Where an operator cannot be applied (shapes that do not
/// broadcast, say), its result is a *failed* array: it has shape `()` and dtype `float64`, every
/// operator on it fails in the same way, and every method that returns a `Result` returns the first
/// error, with the place of the operator. [`check`](Array::check) tells at once.
///
/// ```
/// use chunkwise::{Array, DType};
/// let x = Array::ones([3, 4], DType::F64, 2)?;
/// let y = (&x + 1.0) * &x;
/// assert_eq!(y.check()?.shape(), [3, 4]);
/// let wrong = &x + Array::ones([5], DType::F64, 5)?;
/// assert!(wrong.sum(..).is_err());
/// # Ok::<_, chunkwise::Error>(())
/// ```
#[derive(Clone)]
pub struct Array {
    inner: Result<Expr>,
}

static NO_GRID: LazyLock<Grid> = LazyLock::new(Grid::default);

impl Array {
    /// The expression; the error of a failed array.
    pub fn expr(&self) -> Result<&Expr> {
        self.inner.as_ref().map_err(Clone::clone)
    }

    /// The expression; the error of a failed array.
    pub fn into_expr(self) -> Result<Expr> {
        self.inner
    }

    /// The array itself, or the error of a failed one.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let a = Array::zeros([3], DType::F64, 3)?;
    /// let b = Array::zeros([4], DType::F64, 4)?;
    /// let error = (a + b).check().unwrap_err().to_string();
    /// assert!(error.contains("(3,) and (4,) cannot be broadcast"), "{error}");
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    pub fn check(&self) -> Result<&Array> {
        self.expr().map(|_| self)
    }

    /// The length of each axis; an upper bound for an axis that a boolean index has made.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// assert_eq!(Array::zeros([3, 4], DType::F64, 2)?.shape(), [3, 4]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    pub fn shape(&self) -> &[usize] {
        self.inner.as_ref().map_or(&[], |e| e.shape())
    }

    /// Number of axes.
    pub fn ndim(&self) -> usize {
        self.shape().len()
    }

    /// The dtype of the elements.
    pub fn dtype(&self) -> DType {
        self.inner.as_ref().map_or(DType::F64, Expr::dtype)
    }

    /// Number of elements.
    pub fn size(&self) -> usize {
        self.inner.as_ref().map_or(0, Expr::len)
    }

    /// Bytes that the array would fill in memory.
    pub fn nbytes(&self) -> u64 {
        self.inner.as_ref().map_or(0, Expr::nbytes)
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.size() == 0
    }

    /// How the array is cut into chunks.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::zeros([10, 7], DType::F64, [4, 7])?;
    /// assert_eq!(x.chunks().to_string(), "(4 (last 2), 7)");
    /// assert_eq!(x.numblocks().as_slice(), [3, 1]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    pub fn chunks(&self) -> &Grid {
        self.inner.as_ref().map_or(&NO_GRID, Expr::grid)
    }

    /// The number of chunks along each axis.
    pub fn numblocks(&self) -> Dims {
        self.chunks().counts()
    }

    /// Where in the program the array was made.
    pub fn location(&self) -> Option<Location> {
        self.inner.as_ref().ok().and_then(Expr::location)
    }

    /// An array that has failed at `location`.
    pub(crate) fn failed(error: Error, location: Location) -> Array {
        let inner = match error {
            Error::Deferred { .. } => Err(error),
            cause => Err(Error::Deferred {
                location,
                cause: Arc::new(cause),
            }),
        };
        Array { inner }
    }
}

impl From<Expr> for Array {
    fn from(expr: Expr) -> Array {
        Array { inner: Ok(expr) }
    }
}

impl AsRef<Array> for Array {
    fn as_ref(&self) -> &Array {
        self
    }
}

/// An expression that becomes the user's array, with the place of the call.
pub(crate) trait Here {
    fn here(self) -> Result<Array>;
}

impl Here for Expr {
    #[track_caller]
    fn here(self) -> Result<Array> {
        Ok(Array::from(self.at(Location::caller())))
    }
}

impl Here for Result<Expr> {
    #[track_caller]
    fn here(self) -> Result<Array> {
        match self {
            Ok(expr) => expr.here(),
            Err(e) => Err(e),
        }
    }
}

impl fmt::Display for Array {
    /// `Array<float64 (10000, 10000) chunks (1000, 1000), 762.94 MiB>`; the length of an axis that is
    /// known only after computing is written `?`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let e = match &self.inner {
            Ok(e) => e,
            Err(e) => return write!(f, "Array<failed: {e}>"),
        };
        write!(f, "Array<{} (", e.dtype())?;
        let unknown = e.unknown_axis();
        for (axis, len) in e.shape().iter().enumerate() {
            if axis > 0 {
                f.write_str(", ")?;
            }
            if unknown == Some(axis) {
                f.write_str("?")?;
            } else {
                write!(f, "{len}")?;
            }
        }
        let comma = if e.ndim() == 1 { "," } else { "" };
        let bound = if unknown.is_some() { "at most " } else { "" };
        write!(
            f,
            "{comma}) chunks {}, {bound}{}>",
            e.grid(),
            format_bytes(e.nbytes())
        )
    }
}

impl fmt::Debug for Array {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
