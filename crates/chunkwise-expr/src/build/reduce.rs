use chunkwise_core::{
    AxisGrid, Chunks, Dims, Error, Grid, Result, Scalar, element_count, normalize_axis,
};
use chunkwise_kernels::reduce::{Params, Reduction};
use chunkwise_kernels::scan::Scan;
use smallvec::SmallVec;

use crate::{Expr, Kind};

impl Expr {
    /// A reduction over axes (sorted, each once), which the result lacks; `topk` and `bincount` add a last
    /// axis.
    pub fn reduce(
        &self,
        reduction: &'static Reduction,
        params: Params,
        axes: &[usize],
    ) -> Result<Expr> {
        let dtype = reduction.output_dtype(self.dtype())?;
        if let Some(axis) = self.unknown_axis() {
            return Err(Error::UnknownLength {
                operation: reduction.name,
                axis,
            });
        }
        let mut shape: Dims = (0..self.ndim())
            .filter(|a| !axes.contains(a))
            .map(|a| self.shape()[a])
            .collect();
        let reduced: usize = axes.iter().map(|a| self.shape()[*a]).product();
        if reduced == 0 && !shape.contains(&0) && !reduction.has_identity() {
            return Err(Error::EmptyReduction {
                operation: reduction.name,
            });
        }
        let mut cuts: Vec<AxisGrid> = (0..self.ndim())
            .filter(|a| !axes.contains(a))
            .map(|a| self.grid().axes()[a].clone())
            .collect();
        let mut params = params;
        if reduction.adds_axis() {
            let mut k = params.k.unsigned_abs();
            if reduction.is_topk() {
                k = k.min(reduced);
                params.k = params.k.signum() * k as isize;
            }
            shape.push(k);
            cuts.push(AxisGrid::regular(k, k));
            element_count(&shape)?;
            if k == 0 {
                // Nothing of nothing: the other axes are empty too, or nothing is counted.
                let chunks = Chunks::Grid(Grid::new(cuts));
                return Expr::constant(Scalar::Bool(false), dtype, &shape, &chunks);
            }
        }
        let kind = Kind::Reduce {
            reduction,
            params,
            input: self.clone(),
            axes: SmallVec::from_slice(axes),
        };
        Ok(Expr::new(kind, shape, dtype, Grid::new(cuts)))
    }

    /// A cumulative operation along an axis.
    pub fn scan(&self, scan: &'static Scan, axis: isize) -> Result<Expr> {
        let axis = normalize_axis(axis, self.ndim())?;
        if let Some(unknown) = self.unknown_axis() {
            return Err(Error::UnknownLength {
                operation: scan.name,
                axis: unknown,
            });
        }
        let dtype = scan.output_dtype(self.dtype())?;
        let kind = Kind::Scan {
            scan,
            input: self.clone(),
            axis,
        };
        Ok(Expr::new(
            kind,
            self.shape().into(),
            dtype,
            self.grid().clone(),
        ))
    }
}
