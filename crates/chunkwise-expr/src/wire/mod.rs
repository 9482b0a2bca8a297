//! Expressions as bytes, to be kept or sent, and back.
//!
//! The form is [`format::Document`] in postcard's encoding (a documented, stable format: varints, lengths
//! before lists, enums by their position), after three bytes that name it and its version. Each node is
//! listed once, its inputs before it. What has no plain form, data and functions, is left to the caller:
//! a node holds its number in a list of attachments.
//!
//! Reading goes through the constructors that made the expression, so that bytes which someone has
//! changed give an error or another valid expression, never a panic.

mod decode;
mod encode;
mod format;

pub use decode::{Attachments, decode};
pub use encode::{Encoded, encode};
pub use format::DTypeForm;

/// What the bytes begin with: `cw` and the version of the format.
const HEADER: [u8; 3] = *b"cw\x01";
