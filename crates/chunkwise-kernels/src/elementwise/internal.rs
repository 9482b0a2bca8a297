//! Functions that other operations are made of, and that have no name of their own: they are rows
//! like those of the table, but not in it.

// Bodies serve several types, for one of which a cast does nothing.
#![allow(clippy::unnecessary_cast)]

use num_complex::Complex;

use super::stamp::row;
use super::{Function, rule};
use crate::order::Keyed;

/// A 64-bit integer that orders as a sort does: NaN last, -0.0 equal to 0.0.
pub static SORT_KEY: Function = row!("sort key", 1, 0.2, rule::key, "An integer that orders as a sort does.",
    bool |a| -> u64 { a as u64 }
    integer |a| -> u64 { a.key() as u64 }
    float |a| -> u64 { a.key() as u64 });

/// The complex number with these two parts.
pub static PAIR: Function = row!("pair", 2, 0.2, rule::pair, "The complex number with these two parts.",
    float |a, b| -> Complex<T> { Complex::new(a, b) });

/// The one with a name.
pub fn function(name: &str) -> Option<&'static Function> {
    [&SORT_KEY, &PAIR].into_iter().find(|f| f.name == name)
}
