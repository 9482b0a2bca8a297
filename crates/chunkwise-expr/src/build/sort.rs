use chunkwise_core::{DType, Error, Result, normalize_axis};

use crate::{Expr, Kind};

impl Expr {
    /// Each lane along an axis in order, or where its elements stood.
    pub fn sort(&self, axis: isize, descending: bool, indices: bool) -> Result<Expr> {
        let axis = normalize_axis(axis, self.ndim())?;
        if let Some(unknown) = self.unknown_axis() {
            return Err(Error::UnknownLength {
                operation: if indices { "argsort" } else { "sort" },
                axis: unknown,
            });
        }
        let dtype = if indices { DType::I64 } else { self.dtype() };
        let kind = Kind::Sort {
            input: self.clone(),
            axis,
            descending,
            indices,
        };
        Ok(Expr::new(
            kind,
            self.shape().into(),
            dtype,
            self.grid().clone(),
        ))
    }
}
