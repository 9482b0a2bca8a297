use std::ops::RangeFull;

use chunkwise_core::{Result, normalize_axes};
use smallvec::SmallVec;

/// The axes that a reduction works along, and whether it keeps them with length 1.
///
/// `..` stands for all axes; an integer for one, counted from the end where negative; arrays, slices
/// and vectors of integers for several.
///
/// ```
/// use chunkwise::{Array, Axes, DType};
/// let x = Array::ones([4, 5, 6], DType::F64, 3)?;
/// assert_eq!(x.sum(..)?.ndim(), 0);
/// assert_eq!(x.sum(-1)?.shape(), [4, 5]);
/// assert_eq!(x.sum([0, 2])?.shape(), [5]);
/// assert_eq!(x.sum(Axes::from(1).keepdims())?.shape(), [4, 1, 6]);
/// # Ok::<_, chunkwise::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axes {
    pub(crate) chosen: Option<Vec<isize>>,
    pub(crate) keepdims: bool,
}

impl Axes {
    /// All axes.
    pub const ALL: Axes = Axes {
        chosen: None,
        keepdims: false,
    };

    /// The same axes, kept in the result with length 1.
    pub fn keepdims(self) -> Axes {
        Axes {
            keepdims: true,
            ..self
        }
    }

    /// The same axes without keeping them.
    pub(crate) fn dropped(&self) -> Axes {
        Axes {
            keepdims: false,
            ..self.clone()
        }
    }

    /// The axes of an array of `ndim` axes, sorted.
    pub(crate) fn resolve(&self, ndim: usize) -> Result<SmallVec<[usize; 6]>> {
        match &self.chosen {
            None => Ok((0..ndim).collect()),
            Some(axes) => normalize_axes(axes, ndim),
        }
    }
}

impl From<RangeFull> for Axes {
    fn from(_: RangeFull) -> Axes {
        Axes::ALL
    }
}

impl From<&Axes> for Axes {
    fn from(axes: &Axes) -> Axes {
        axes.clone()
    }
}

macro_rules! from_ints {
    ($($t:ty),*) => {$(
        impl From<$t> for Axes {
            fn from(axis: $t) -> Axes {
                Axes::from([axis])
            }
        }
        impl<const N: usize> From<[$t; N]> for Axes {
            fn from(axes: [$t; N]) -> Axes {
                Axes::from(&axes[..])
            }
        }
        impl From<&[$t]> for Axes {
            fn from(axes: &[$t]) -> Axes {
                Axes {
                    chosen: Some(axes.iter().map(|a| *a as isize).collect()),
                    keepdims: false,
                }
            }
        }
        impl From<Vec<$t>> for Axes {
            fn from(axes: Vec<$t>) -> Axes {
                Axes::from(&axes[..])
            }
        }
    )*};
}
from_ints!(isize, i32, i64, usize);
