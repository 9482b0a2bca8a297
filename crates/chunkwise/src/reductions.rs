//! Reductions: a method per row of the table in `chunkwise-kernels`.

use chunkwise_core::{DType, Error, Result};
use chunkwise_expr::Expr;
use chunkwise_kernels::reduce::{Params, REDUCTIONS, Reduction};

use crate::array::Here;
use crate::masked;
use crate::{Array, Axes};

fn row(name: &'static str) -> Result<&'static Reduction> {
    REDUCTIONS
        .iter()
        .find(|r| r.name == name)
        .ok_or_else(|| Error::internal("front door", format!("no reduction {name}")))
}

/// A reduction of the table, by name.
#[track_caller]
pub(crate) fn reduce(
    name: &'static str,
    array: &Array,
    params: Params,
    axes: &Axes,
) -> Result<Array> {
    let e = array.expr()?;
    let chosen = axes.resolve(e.ndim())?;
    if e.unknown_axis().is_some() {
        return masked::reduce(name, array, params, axes);
    }
    e.reduce(row(name)?, params, &chosen)
        .here()?
        .kept(axes, &chosen)
}

macro_rules! reductions {
    ($($method:ident $name:literal $dtype:ident $doc:literal;)*) => {
        impl Array {$(
            #[doc = $doc]
            ///
            /// ```
            /// # use chunkwise::{Array, DType};
            #[doc = concat!("let x = Array::ones([4, 5], DType::", stringify!($dtype), ", 2)?;")]
            #[doc = concat!("assert_eq!(x.", stringify!($method), "(..)?.ndim(), 0);")]
            #[doc = concat!("assert_eq!(x.", stringify!($method), "(0)?.shape(), [5]);")]
            /// # Ok::<_, chunkwise::Error>(())
            /// ```
            #[track_caller]
            pub fn $method(&self, axes: impl Into<Axes>) -> Result<Array> {
                reduce($name, self, Params::default(), &axes.into())
            }
        )*}
        #[cfg(test)]
        const METHODS: &[&str] = &[$($name),*];
    };
}

reductions! {
    sum "sum" F64 "The sum of the elements; 0 of none. Integers and bools give 64-bit integers.";
    prod "prod" F64 "The product of the elements; 1 of none. Integers and bools give 64-bit integers.";
    mean "mean" F64 "The arithmetic mean; NaN of none. Integers and bools give `float64`.";
    min "min" F64 "The smallest element; NaN if there is one. An error over no elements.";
    max "max" F64 "The largest element; NaN if there is one. An error over no elements.";
    argmin "argmin" F64 "The index of the first smallest element, or of the first NaN, as `int64`: along one axis, or in C order over several.";
    argmax "argmax" F64 "The index of the first largest element, or of the first NaN, as `int64`: along one axis, or in C order over several.";
    any "any" F64 "Whether some element is not zero.";
    all "all" F64 "Whether no element is zero.";
    count_nonzero "count_nonzero" F64 "The number of elements that are not zero, as `int64`.";
    ptp "ptp" F64 "The largest element minus the smallest. An error over no elements.";
    nansum "nansum" F64 "The sum of the elements that are not NaN; 0 of none.";
    nanprod "nanprod" F64 "The product of the elements that are not NaN; 1 of none.";
    nanmean "nanmean" F64 "The mean of the elements that are not NaN; NaN of none.";
    nanmin "nanmin" F64 "The smallest element that is not NaN; NaN if all are.";
    nanmax "nanmax" F64 "The largest element that is not NaN; NaN if all are.";
    nanargmin "nanargmin" F64 "The index of the first smallest element that is not NaN; an error where all are.";
    nanargmax "nanargmax" F64 "The index of the first largest element that is not NaN; an error where all are.";
}

macro_rules! moments {
    ($($method:ident $name:literal $doc:literal;)*) => {
        impl Array {$(
            #[doc = $doc]
            ///
            /// `ddof` is subtracted from the number of elements: 0 for a population, 1 for a sample.
            /// Integers and bools give `float64`, complex numbers a real result.
            ///
            /// ```
            /// # use chunkwise::{Array, DType};
            /// let x = Array::ones([4, 5], DType::F32, 2)?;
            #[doc = concat!("let y = x.", stringify!($method), "(0, 1.0)?;")]
            /// assert_eq!((y.shape(), y.dtype()), (&[5][..], DType::F32));
            /// # Ok::<_, chunkwise::Error>(())
            /// ```
            #[track_caller]
            pub fn $method(&self, axes: impl Into<Axes>, ddof: f64) -> Result<Array> {
                let params = Params { ddof, ..Params::default() };
                reduce($name, self, params, &axes.into())
            }
        )*}
        #[cfg(test)]
        const MOMENTS: &[&str] = &[$($name),*];
    };
}

moments! {
    var "var" "The variance: the mean of the squared distances from the mean.";
    std "std" "The standard deviation: the square root of the variance.";
    nanvar "nanvar" "The variance of the elements that are not NaN.";
    nanstd "nanstd" "The standard deviation of the elements that are not NaN.";
}

/// Rows whose methods are written below.
#[cfg(test)]
const OTHER: &[&str] = &["topk", "argtopk", "bincount", "bincount_weighted"];

macro_rules! in_dtype {
    ($($method:ident $of:ident;)*) => {
        impl Array {$(
            #[doc = concat!("[`", stringify!($of), "`](Self::", stringify!($of),
                ") of the elements converted to a dtype, in that dtype.")]
            ///
            /// ```
            /// # use chunkwise::{Array, DType};
            /// let x = Array::ones([4, 5], DType::I8, 2)?;
            #[doc = concat!("assert_eq!(x.", stringify!($method),
                "(.., DType::F32)?.dtype(), DType::F32);")]
            /// # Ok::<_, chunkwise::Error>(())
            /// ```
            #[track_caller]
            pub fn $method(&self, axes: impl Into<Axes>, dtype: DType) -> Result<Array> {
                self.astype(dtype)?.$of(axes)?.astype(dtype)
            }
        )*}
    };
}

in_dtype! {
    sum_as sum;
    prod_as prod;
    mean_as mean;
    nansum_as nansum;
    nanprod_as nanprod;
}

impl Array {
    /// A reduction by its name in [`REDUCTIONS`](crate::REDUCTIONS). `ddof` matters to `var`, `std`
    /// and their nan- forms; `topk` and `argtopk` have methods of their own.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::ones([4, 5], DType::F64, 2)?;
    /// assert_eq!(x.reduce("nanmax", 0, 0.0)?.shape(), [5]);
    /// assert!(x.reduce("mode", 0, 0.0).is_err());
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn reduce(&self, name: &str, axes: impl Into<Axes>, ddof: f64) -> Result<Array> {
        let mut known = REDUCTIONS.iter().filter(|r| !r.adds_axis()).map(|r| r.name);
        let Some(found) = known.clone().find(|n| *n == name) else {
            let names: Vec<&str> = known.by_ref().collect();
            let reason = format!("unknown reduction; known are {}", names.join(", "));
            return Err(Error::argument("reduce", "name", name, reason));
        };
        let params = Params {
            ddof,
            ..Params::default()
        };
        reduce(found, self, params, &axes.into())
    }

    /// The `k` largest elements along an axis, largest first; where `k` is negative the smallest,
    /// smallest first.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::ones([4, 50], DType::F64, 10)?;
    /// assert_eq!(x.topk(3, 1)?.shape(), [4, 3]);
    /// assert_eq!(x.topk(-3, 0)?.shape(), [3, 50]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn topk(&self, k: isize, axis: isize) -> Result<Array> {
        self.leading("topk", k, axis)
    }

    /// The indices along an axis of what [`topk`](Self::topk) gives, as `int64`.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::ones([4, 50], DType::F64, 10)?;
    /// assert_eq!(x.argtopk(3, 1)?.dtype(), DType::I64);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn argtopk(&self, k: isize, axis: isize) -> Result<Array> {
        self.leading("argtopk", k, axis)
    }

    #[track_caller]
    fn leading(&self, name: &'static str, k: isize, axis: isize) -> Result<Array> {
        if k == 0 {
            return Err(Error::argument(name, "k", k, "it must not be zero"));
        }
        let params = Params {
            k,
            ..Params::default()
        };
        let e = self.expr()?;
        let axis = chunkwise_core::normalize_axis(axis, e.ndim())?;
        let last: Expr = e.reduce(row(name)?, params, &[axis])?;
        Array::from(last).moveaxis([-1], [axis as isize])
    }

    /// With the reduced axes back as length 1, where they are to be kept.
    #[track_caller]
    pub(crate) fn kept(self, axes: &Axes, reduced: &[usize]) -> Result<Array> {
        if !axes.keepdims || reduced.is_empty() {
            return Ok(self);
        }
        let places: Vec<isize> = reduced.iter().map(|a| *a as isize).collect();
        self.expand_dims(&places)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_a_method() {
        let methods: Vec<&str> = [METHODS, MOMENTS, OTHER].concat();
        for r in REDUCTIONS {
            assert!(methods.contains(&r.name), "no method for {}", r.name);
        }
        for name in methods {
            assert!(row(name).is_ok(), "no row for {name}");
        }
    }
}
