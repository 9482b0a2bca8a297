//! Elements one after another, without a header: what C programs, `numpy.ndarray.tofile` and many
//! instruments write.

mod sink;
mod source;

pub use sink::RawSink;
pub use source::{RawLayout, RawSource};
