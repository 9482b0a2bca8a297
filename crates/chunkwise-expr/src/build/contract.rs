use chunkwise_core::{DType, Dims, Error, Grid, Result, element_count};

use crate::{Expr, Kind};

impl Expr {
    /// Batched matrix product of `a[batch.., m.., k..]` and `b[batch.., k.., n..]`, with `batch` axes
    /// in front and `k` contracted axes; promoted to one dtype (bool counts as logical or of ands).
    pub fn contract(a: &Expr, b: &Expr, batch: usize, k: usize) -> Result<Expr> {
        for e in [a, b] {
            if let Some(axis) = e.unknown_axis() {
                return Err(Error::UnknownLength {
                    operation: "matmul",
                    axis,
                });
            }
        }
        let mismatch = || Error::ShapeMismatch {
            operation: "matmul",
            expected: a.shape().to_vec(),
            got: b.shape().to_vec(),
        };
        if a.ndim() < batch + k || b.ndim() < batch + k {
            return Err(mismatch());
        }
        let (m, n) = (a.ndim() - batch - k, b.ndim() - batch - k);
        let same = a.shape()[..batch] == b.shape()[..batch]
            && a.shape()[batch + m..] == b.shape()[batch..batch + k];
        if !same {
            return Err(mismatch());
        }
        let dtype: DType = a.dtype().promote(b.dtype());
        let mut shape: Dims = a.shape()[..batch + m].into();
        shape.extend_from_slice(&b.shape()[batch + k..]);
        element_count(&shape)?;
        let axes = a.grid().axes()[..batch + m]
            .iter()
            .chain(&b.grid().axes()[b.ndim() - n..]);
        let grid = Grid::new(axes.cloned());
        let kind = Kind::Contract {
            a: a.cast(dtype)?,
            b: b.cast(dtype)?,
            batch,
            k,
        };
        Ok(Expr::new(kind, shape, dtype, grid))
    }
}
