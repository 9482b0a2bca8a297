use chunkwise_core::{Dims, Error, Result};

/// A shape as an argument: a length, or an array, slice or vector of lengths, or `()` for no axes.
///
/// ```
/// use chunkwise::{Array, DType};
/// assert_eq!(Array::zeros(5, DType::I32, 5)?.shape(), [5]);
/// assert_eq!(Array::zeros([2, 3], DType::I32, 3)?.shape(), [2, 3]);
/// assert_eq!(Array::zeros((), DType::I32, 1)?.ndim(), 0);
/// # Ok::<_, chunkwise::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Shape(pub(crate) Dims);

impl From<()> for Shape {
    fn from(_: ()) -> Shape {
        Shape(Dims::new())
    }
}
impl From<usize> for Shape {
    fn from(len: usize) -> Shape {
        Shape(Dims::from_slice(&[len]))
    }
}
impl<const N: usize> From<[usize; N]> for Shape {
    fn from(lens: [usize; N]) -> Shape {
        Shape(Dims::from_slice(&lens))
    }
}
impl From<&[usize]> for Shape {
    fn from(lens: &[usize]) -> Shape {
        Shape(Dims::from_slice(lens))
    }
}
impl From<Vec<usize>> for Shape {
    fn from(lens: Vec<usize>) -> Shape {
        Shape(lens.into())
    }
}
impl From<Dims> for Shape {
    fn from(lens: Dims) -> Shape {
        Shape(lens)
    }
}

/// A shape in which one length may be `-1`: whatever the number of elements makes it.
///
/// ```
/// use chunkwise::{Array, DType};
/// let x = Array::zeros([4, 6], DType::F64, 3)?;
/// assert_eq!(x.reshape([-1, 8])?.shape(), [3, 8]);
/// assert_eq!(x.reshape(-1)?.shape(), [24]);
/// # Ok::<_, chunkwise::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewShape(Vec<isize>);

impl NewShape {
    /// The shape for an array of shape `old`.
    pub(crate) fn resolve(&self, old: &[usize]) -> Result<Dims> {
        let bad =
            |reason: &str| Error::argument("reshape", "shape", format!("{:?}", self.0), reason);
        let size: usize = old.iter().product();
        if self.0.iter().any(|d| *d < -1) {
            return Err(bad("lengths are not negative; one may be -1"));
        }
        let free = self.0.iter().filter(|d| **d == -1).count();
        if free > 1 {
            return Err(bad("only one length may be -1"));
        }
        let known = self
            .0
            .iter()
            .filter(|d| **d >= 0)
            .try_fold(1usize, |n, d| n.checked_mul(*d as usize))
            .ok_or_else(|| bad("too many elements"))?;
        if free == 1 && (known == 0 || !size.is_multiple_of(known)) {
            return Err(bad(&format!(
                "{size} elements are not a multiple of {known}"
            )));
        }
        Ok(self
            .0
            .iter()
            .map(|d| if *d < 0 { size / known } else { *d as usize })
            .collect())
    }
}

impl From<()> for NewShape {
    fn from(_: ()) -> NewShape {
        NewShape(Vec::new())
    }
}

macro_rules! new_shape {
    ($($t:ty),*) => {$(
        impl From<$t> for NewShape {
            fn from(len: $t) -> NewShape {
                NewShape(vec![len as isize])
            }
        }
        impl<const N: usize> From<[$t; N]> for NewShape {
            fn from(lens: [$t; N]) -> NewShape {
                NewShape::from(&lens[..])
            }
        }
        impl From<&[$t]> for NewShape {
            fn from(lens: &[$t]) -> NewShape {
                NewShape(lens.iter().map(|d| *d as isize).collect())
            }
        }
        impl From<Vec<$t>> for NewShape {
            fn from(lens: Vec<$t>) -> NewShape {
                NewShape::from(&lens[..])
            }
        }
    )*};
}
new_shape!(isize, i32, usize);
