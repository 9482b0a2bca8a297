//! Discrete Fourier transforms of one [`Chunk`](chunkwise_core::Chunk) along one axis.
//!
//! - [`Transform`]: which transform, of which length, along which axis; it is applied to chunks.
//! - [`Norm`]: which direction is divided by what.
//!
//! The transforms of single lines are the crates `rustfft`'s and `realfft`'s, which choose among
//! algorithms by the length and by the machine's vector instructions: the last bits of a result may
//! differ between machines.
#![forbid(unsafe_code)]

mod lanes;
mod line;
mod norm;
mod transform;

pub use norm::Norm;
pub use transform::{Kind, Transform};
