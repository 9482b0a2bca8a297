//! Linear algebra: products, factorizations, and what is made of them.
//!
//! The last two axes of an array are a matrix; axes before them are a stack, whose matrices are
//! factorized in parallel. Tall matrices are factorized in rows ([`Array::qr`], [`Array::svd`]);
//! others are held whole by one task. Integers and bools are taken for `float64`.

mod eigen;
mod factor;
mod norms;
mod orthogonal;
mod powers;
mod products;
mod singular;
mod solving;

pub(crate) use factor::Factor;
pub use norms::Norm;
pub use orthogonal::QrMode;
pub(crate) use orthogonal::Reflected;
pub use powers::multi_dot;
pub use products::Contracted;
pub(crate) use products::contract;
pub use singular::{SvdCompressed, compression_level};
