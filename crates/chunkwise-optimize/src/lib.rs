//! stub
use chunkwise_core::Result;
use chunkwise_expr::Expr;
/// stub
pub fn optimize(exprs: &[Expr]) -> Result<Vec<Expr>> {
    Ok(exprs.to_vec())
}
