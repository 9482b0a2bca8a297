//! NumPy's `.npy` files: versions 1.0, 2.0 and 3.0, the thirteen dtypes in both byte orders, C and
//! Fortran order. The format is described in NumPy's documentation of `numpy.lib.format`.

mod header;
mod literal;
mod sink;
mod source;

pub(crate) use header::header_len;
pub use header::{Header, HeaderError, parse_dtype, parse_header, write_header};
pub use sink::{NpySink, write_npy};
pub use source::NpySource;
