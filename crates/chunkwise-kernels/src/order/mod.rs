//! Order: sorting, selecting by rank, searching in what is sorted.
//!
//! Every dtype is compared through a [`Keyed::Key`], an unsigned integer whose order is NumPy's: NaN
//! after everything else, -0.0 equal to 0.0, complex numbers by real and then by imaginary part.

mod key;
mod search;
mod select;
mod sort;
mod split;

pub use key::Keyed;
pub use search::{Side, contains, search};
pub use select::select;
pub use sort::{pair_bytes, sort_pairs, sort_rows};
pub use split::{SAMPLE_BYTES, Split, split};
