use std::sync::Arc;

use chunkwise_core::{Chunks, DType, Error, Result, Scalar, Source, element_count, normalize_axis};
use chunkwise_kernels::random::RandomSpec;

use crate::{Expr, Kind};

impl Expr {
    /// Data from outside; its own chunks where it has some and none are asked for.
    pub fn source(source: Arc<dyn Source>, chunks: Option<&Chunks>) -> Result<Expr> {
        let (shape, dtype) = (source.shape(), source.dtype());
        element_count(shape)?;
        let grid = match (chunks, source.grid()) {
            (Some(chunks), _) => chunks.resolve(shape, dtype.size())?,
            (None, Some(own)) => own,
            (None, None) => Chunks::AUTO.resolve(shape, dtype.size())?,
        };
        let shape = shape.into();
        Ok(Expr::new(Kind::Source(source), shape, dtype, grid))
    }

    /// One value everywhere.
    pub fn constant(value: Scalar, dtype: DType, shape: &[usize], chunks: &Chunks) -> Result<Expr> {
        element_count(shape)?;
        if !value.fits(dtype) {
            return Err(Error::OutOfRange {
                operation: "full",
                value: value.to_string(),
                dtype,
            });
        }
        let grid = chunks.resolve(shape, dtype.size())?;
        Ok(Expr::new(Kind::Constant(value), shape.into(), dtype, grid))
    }

    /// Each element's own index along an axis, as `i64`.
    pub fn index(shape: &[usize], axis: isize, chunks: &Chunks) -> Result<Expr> {
        element_count(shape)?;
        let axis = normalize_axis(axis, shape.len())?;
        let grid = chunks.resolve(shape, DType::I64.size())?;
        Ok(Expr::new(
            Kind::Index { axis },
            shape.into(),
            DType::I64,
            grid,
        ))
    }

    /// Random numbers; the value at an index depends on the index and the specification alone.
    pub fn random(spec: RandomSpec, shape: &[usize], chunks: &Chunks) -> Result<Expr> {
        element_count(shape)?;
        spec.validate()?;
        let dtype = spec.dtype;
        let grid = chunks.resolve(shape, dtype.size())?;
        Ok(Expr::new(Kind::Random(spec), shape.into(), dtype, grid))
    }
}
