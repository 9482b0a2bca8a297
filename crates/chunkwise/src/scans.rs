//! Cumulative operations: a method per row of the table in `chunkwise-kernels`.

use chunkwise_core::{DType, Error, Result, Scalar};
use chunkwise_kernels::scan::{SCANS, Scan};

use crate::array::Here;
use crate::creation::extreme;
use crate::masked;
use crate::{Array, Axes};

/// The value of a dtype that changes nothing before the others.
type Identity = fn(DType) -> Scalar;

fn row(name: &'static str) -> Result<&'static Scan> {
    SCANS
        .iter()
        .find(|s| s.name == name)
        .ok_or_else(|| Error::internal("front door", format!("no scan {name}")))
}

#[track_caller]
fn scan(name: &'static str, identity: Identity, array: &Array, axes: &Axes) -> Result<Array> {
    match axes.chosen.as_deref() {
        None if array.ndim() == 1 => along(name, identity, array, 0),
        None => along(name, identity, &array.ravel()?, 0),
        Some([axis]) => along(name, identity, array, *axis),
        Some(many) => Err(Error::argument(
            name,
            "axis",
            format!("{many:?}"),
            "one axis, or .. for all elements in C order",
        )),
    }
}

#[track_caller]
fn along(name: &'static str, identity: Identity, array: &Array, axis: isize) -> Result<Array> {
    let e = array.expr()?;
    if e.unknown_axis().is_some() {
        return masked::scan(array, identity(array.dtype()), |filled| {
            along(name, identity, filled, axis)
        });
    }
    e.scan(row(name)?, axis).here()
}

macro_rules! scans {
    ($($method:ident $name:literal $identity:expr, $doc:literal;)*) => {
        impl Array {$(
            #[doc = $doc]
            ///
            /// `..` takes all elements in C order as one axis. Sums and products of bools and integers
            /// are 64 bits wide.
            ///
            /// ```
            /// # use chunkwise::{Array, DType};
            /// let x = Array::ones([4, 5], DType::F64, 2)?;
            #[doc = concat!("assert_eq!(x.", stringify!($method), "(0)?.shape(), [4, 5]);")]
            #[doc = concat!("assert_eq!(x.", stringify!($method), "(..)?.shape(), [20]);")]
            /// # Ok::<_, chunkwise::Error>(())
            /// ```
            #[track_caller]
            pub fn $method(&self, axis: impl Into<Axes>) -> Result<Array> {
                scan($name, $identity, self, &axis.into())
            }
        )*}

        impl Array {
            /// A cumulative operation by its name in [`SCANS`](crate::SCANS).
            ///
            /// ```
            /// # use chunkwise::{Array, DType};
            /// let x = Array::ones([4, 5], DType::F64, 2)?;
            /// assert_eq!(x.scan("cummax", 0)?.shape(), [4, 5]);
            /// assert!(x.scan("cummode", 0).is_err());
            /// # Ok::<_, chunkwise::Error>(())
            /// ```
            #[track_caller]
            pub fn scan(&self, name: &str, axis: impl Into<Axes>) -> Result<Array> {
                match name {
                    $($name => self.$method(axis),)*
                    _ => Err(Error::argument("scan", "name", name, "no such cumulative operation")),
                }
            }
        }
        #[cfg(test)]
        const METHODS: &[&str] = &[$($name),*];
    };
}

scans! {
    cumsum "cumsum" |_| false.into(), "The sum of the elements up to each, along an axis.";
    cumprod "cumprod" |_| true.into(), "The product of the elements up to each, along an axis.";
    cummin "cummin" |dtype| extreme(dtype, true), "The smallest of the elements up to each, along an axis.";
    cummax "cummax" |dtype| extreme(dtype, false), "The largest of the elements up to each, along an axis.";
    nancumsum "nancumsum" |_| false.into(), "The sum of the elements up to each that are not NaN, along an axis.";
    nancumprod "nancumprod" |_| true.into(), "The product of the elements up to each that are not NaN, along an axis.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_a_method() {
        for s in SCANS {
            assert!(METHODS.contains(&s.name), "no method for {}", s.name);
        }
        for name in METHODS {
            assert!(row(name).is_ok(), "no row for {name}");
        }
    }
}
