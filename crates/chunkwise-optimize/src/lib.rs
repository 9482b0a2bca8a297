//! The optimizer: expressions in, expressions out, with the same shapes, dtypes and chunks.
//!
//! Two mechanisms, each a table with one file per entry:
//! - [`rules`]: local rewrites, applied to every node from the leaves up until none applies;
//! - [`narrow`]: what the roots ask for is followed down to the leaves, and every operation is made
//!   again for the elements that someone asks of it. A slice so passes through reductions,
//!   products, scans, concatenations and elementwise operations.
//!
//! After each rule shape and dtype are compared with what was there before; a broken promise is an
//! [`Error::Internal`](chunkwise_core::Error::Internal) that names the rule. What is shared stays
//! shared: a node is made again once for all who use it. No step uses the stack for depth.
#![forbid(unsafe_code)]

pub mod narrow;
mod promise;
mod rewrite;
pub mod rules;
mod selection;
mod walk;

use chunkwise_core::Result;
use chunkwise_expr::Expr;

pub use rewrite::{Rule, rewrite};
pub use selection::{Selection, Span};

/// Rounds of rewriting and narrowing. Narrowing makes views meet leaves and takes shorter, which may
/// let a rule apply; the second round usually finds nothing more.
const ROUNDS: usize = 4;

/// Expressions with the same values, shapes, dtypes and chunks that ask for less.
///
/// Arrays that are computed together are optimised together: an operation that several of them use
/// stays one operation.
///
/// ```
/// use chunkwise_core::{Chunks, DType, Result};
/// use chunkwise_expr::{Expr, parse_indices};
/// use chunkwise_kernels::reduce::{Params, reduction};
/// use chunkwise_optimize::optimize;
///
/// let x = Expr::index(&[1000, 1000], 0, &Chunks::AUTO)?;
/// let Some(mean) = reduction("mean") else { return Ok(()) };
/// let part = x.reduce(mean, Params::default(), &[0])?.get(&parse_indices("0:10")?)?;
/// let better = optimize(&[part])?;
/// assert!(better[0].label().starts_with("mean"));
/// assert_eq!(better[0].inputs()[0].shape(), [1000, 10]);
/// # Ok::<(), chunkwise_core::Error>(())
/// ```
pub fn optimize(exprs: &[Expr]) -> Result<Vec<Expr>> {
    let mut roots = exprs.to_vec();
    for _ in 0..ROUNDS {
        let next = narrow::narrow(&rewrite(&roots, rules::RULES)?)?;
        let settled = next.iter().zip(&roots).all(|(a, b)| a.id() == b.id());
        roots = next;
        if settled {
            break;
        }
    }
    Ok(roots)
}
