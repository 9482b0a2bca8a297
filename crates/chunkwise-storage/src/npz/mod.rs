//! NumPy's `.npz` files: zip files whose members are `.npy` files.
//!
//! A member that is stored, as `numpy.savez` does it, is read by region at its place in the zip file.
//! A member that is packed, as `numpy.savez_compressed` does it, has no regions: at its first use it is
//! unpacked into a scratch file, once, in a stream, so that memory does not depend on its size.
//! Checksums are those of whole members: a packed member's is checked while it is unpacked, a stored
//! member's is not.

mod member;
mod sink;

pub use member::{Npz, NpzSource};
pub use sink::NpzSink;
