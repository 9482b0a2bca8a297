//! Files and stores of every known format: what a path holds, and copies from one to another.
//!
//! - [`open`]: a [`Dataset`], which is an array with what its format says of it, or a [`Group`] of such.
//! - [`FORMATS`]: the table of formats.
//! - [`Place`]: a path, and the name of a member within what lies there: `run.npz::u`.
//! - [`Copying`], [`Session::copy`](crate::Session::copy): from any format into those that can be
//!   written.

mod copy;
mod dataset;
mod group;
mod place;
mod read;
mod table;
mod target;

pub use copy::{CopyOptions, CopyStep, Copying, Shards};
pub use dataset::Dataset;
pub use group::Group;
pub use place::Place;
pub use table::{FORMATS, Format, OpenOptions, Opened, open, open_with};
pub use target::Target;
