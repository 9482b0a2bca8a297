//! Factorizations of matrices in chunks, by the `faer` crate: each [`Factorization`] says what it
//! makes of matrices of given shapes, how much memory that takes, and does it for a stack of them.
//!
//! A chunk of shape `(.., m, n)` is a stack of matrices; every one is factorized by itself, on the
//! thread that asks. Dtypes are `float32`, `float64`, `complex64` and `complex128`.
//!
//! ```
//! use chunkwise_core::{Chunk, DType, Pool};
//! use chunkwise_linalg::Factorization;
//! let a = Chunk::from_owner(vec![4.0, 2.0, 2.0, 3.0], &[2, 2])?;
//! let f = Factorization::Cholesky { upper: false };
//! assert_eq!(f.outputs(DType::F64, &[&[2, 2]])?[0].1.as_slice(), [2, 2]);
//! let l = f.run(&[a], &Pool::new(1 << 20))?[0].to_vec::<f64>()?;
//! assert!((l[3] - 2f64.sqrt()).abs() < 1e-15);
//! # Ok::<_, chunkwise_core::Error>(())
//! ```
#![forbid(unsafe_code)]

mod eigen;
mod factorization;
mod field;
mod lu;
mod orthogonal;
mod singular;
mod stack;
mod triangular;

pub use factorization::Factorization;
