//! Zarr arrays: open one as a [`Source`](chunkwise_core::Source), make one as a
//! [`Sink`](chunkwise_core::Sink).
//!
//! - [`Location`]: where a store is: a folder, memory, a zip file, a URL.
//! - [`Store`]: keys and bytes. A value appears under its key whole or not at all.
//!   A [`ReferenceStore`]'s are stretches of files of other formats.
//! - [`ZarrArray`]: an array's metadata, and its chunks, decoded and encoded.
//! - [`ZarrSource`], [`ZarrSink`]: regions in, regions out.
//! - [`Layout`]: how a new array is cut, encoded and described.
//!
//! Metadata and codecs are those of the `zarrs` crate; chains of Zstandard, zlib, gzip, shuffle and checksum are decoded
//! here, without a buffer for each.
#![forbid(unsafe_code)]

mod ahead;
mod array;
mod buffers;
mod codec;
mod filters;
mod hierarchy;
mod layout;
mod like;
mod location;
mod plain;
mod shard;
mod sink;
mod source;
pub mod store;
mod zstandard;

pub use array::ZarrArray;
pub use hierarchy::{
    Node, check_replaceable, children, consolidate, describe_group, is_consolidated, stored_bytes,
    write_group,
};
pub use layout::{Compressor, Layout, Shuffle, Version};
pub use location::Location;
pub use sink::ZarrSink;
pub use source::ZarrSource;
pub use store::{Fetch, FolderStore, MemoryStore, Reference, ReferenceStore, Store, ZipStore};
#[cfg(feature = "remote")]
pub use store::{RemoteOptions, RemoteStore};
