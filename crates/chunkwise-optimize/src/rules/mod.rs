//! Local rewrites, one per file. Each keeps shape, dtype and every bit of the result, save that a
//! second power becomes a square.

mod arithmetic;
mod cast;
mod empty;
mod flatten;
mod inverse;
mod take;

pub use crate::rewrite::Rule;

/// The rules in the order in which they are tried.
///
/// First what makes a whole branch disappear, so that nothing else looks at it; then dtype and
/// arithmetic, which take nodes out of chains; then structure, whose patterns are seen best when
/// nothing stands between; takes last, because a take that becomes a view is then narrowed.
pub static RULES: &[Rule] = &[
    empty::RULE,
    cast::RULE,
    arithmetic::RULE,
    inverse::RULE,
    flatten::RULE,
    take::RULE,
];

#[cfg(test)]
pub(crate) mod cases {
    //! What the rules' tests are written with.

    use chunkwise_core::{Chunks, DType, Scalar};
    use chunkwise_expr::{Expr, Operand};
    use chunkwise_kernels::elementwise::function;

    use crate::Rule;

    /// An array of a dtype that is no constant.
    pub fn array(dtype: DType, shape: &[usize]) -> Expr {
        Expr::index(shape, -1, &Chunks::from(3))
            .and_then(|e| e.cast(dtype))
            .unwrap()
    }

    pub fn map(name: &str, args: &[Operand]) -> Expr {
        Expr::map(function(name).unwrap(), args).unwrap()
    }

    pub fn number(value: impl Into<Scalar>) -> Operand {
        Operand::Scalar(value.into())
    }

    /// What the rule alone makes of an expression.
    pub fn applied(rule: &Rule, e: &Expr) -> Option<Expr> {
        (rule.apply)(e).unwrap()
    }
}
