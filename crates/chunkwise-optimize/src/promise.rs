//! What every rule promises: the same shape, dtype and chunks.

use chunkwise_core::{DType, Error, Grid, Location, Result};
use chunkwise_expr::Expr;

/// The node that a rule made, with the chunks of what it stands for and, where it has none of its
/// own, the location. An error that names the rule where it is of another shape or dtype.
pub(crate) fn keep(
    rule: &'static str,
    made: Expr,
    dtype: DType,
    grid: &Grid,
    location: Option<Location>,
) -> Result<Expr> {
    let shape = grid.shape();
    if made.shape() != shape.as_slice() || made.dtype() != dtype {
        return Err(Error::internal(
            "optimizer",
            format!(
                "rule {rule} made {} of {}{:?} where {dtype}{shape:?} was",
                made.label(),
                made.dtype(),
                made.shape(),
            ),
        ));
    }
    Ok(located(regrid(made, grid), location))
}

/// The node with other chunks; itself, not a copy, where they are the same.
pub(crate) fn regrid(made: Expr, grid: &Grid) -> Expr {
    match made.grid() == grid {
        true => made,
        false => made.with_grid(grid),
    }
}

/// The node with a location, where it has none and is not yet shared.
pub(crate) fn located(made: Expr, location: Option<Location>) -> Expr {
    match location {
        Some(location) => made.at(location),
        None => made,
    }
}
