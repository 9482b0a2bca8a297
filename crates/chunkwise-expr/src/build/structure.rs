use std::sync::Arc;

use chunkwise_core::{
    AxisGrid, Chunks, DType, Dims, Error, Grid, Result, element_count, normalize_axis,
};

use crate::{Expr, Kind};

impl Expr {
    /// The same elements in C order under another shape with as many.
    pub fn reshape(&self, shape: &[usize]) -> Result<Expr> {
        if shape == self.shape() {
            return Ok(self.clone());
        }
        if let Some(axis) = self.unknown_axis() {
            return Err(Error::UnknownLength {
                operation: "reshape",
                axis,
            });
        }
        if element_count(shape)? != self.len() {
            return Err(Error::ShapeMismatch {
                operation: "reshape",
                expected: self.shape().to_vec(),
                got: shape.to_vec(),
            });
        }
        let grid = reshaped_grid(self.grid(), shape, self.dtype().size());
        // Axes of length 1 alone come and go: a view.
        let real = |s: &[usize]| s.iter().copied().filter(|d| *d != 1).collect::<Dims>();
        if real(shape) == real(self.shape()) {
            let ones = |s: &[usize]| -> Vec<isize> {
                (0..s.len())
                    .filter(|a| s[*a] == 1)
                    .map(|a| a as isize)
                    .collect()
            };
            return self.squeeze(&ones(self.shape()))?.expand_dims(&ones(shape));
        }
        let input = match self.kind() {
            Kind::Reshape(inner) => inner.clone(),
            Kind::Constant(value) => {
                return Ok(Expr::new(
                    Kind::Constant(*value),
                    shape.into(),
                    self.dtype(),
                    grid,
                ));
            }
            _ => self.clone(),
        };
        if input.shape() == shape {
            return Ok(input);
        }
        Ok(Expr::new(
            Kind::Reshape(input),
            shape.into(),
            self.dtype(),
            grid,
        ))
    }

    /// Arrays one after another along an axis, promoted to one dtype.
    pub fn concat(inputs: &[Expr], axis: isize) -> Result<Expr> {
        let Some(first) = inputs.first() else {
            return Err(Error::argument(
                "concatenate",
                "arrays",
                0,
                "at least one is needed",
            ));
        };
        let axis = normalize_axis(axis, first.ndim())?;
        let dtype = inputs
            .iter()
            .map(Expr::dtype)
            .reduce(DType::promote)
            .unwrap_or(first.dtype());
        let mut shape: Dims = first.shape().into();
        let mut cuts: Vec<AxisGrid> = Vec::new();
        shape[axis] = 0;
        for e in inputs {
            if let Some(axis) = e.unknown_axis() {
                return Err(Error::UnknownLength {
                    operation: "concatenate",
                    axis,
                });
            }
            let fits = e.ndim() == shape.len()
                && (0..shape.len()).all(|a| a == axis || e.shape()[a] == shape[a]);
            if !fits {
                let mut expected = first.shape().to_vec();
                if let (Some(e), Some(own)) = (expected.get_mut(axis), e.shape().get(axis)) {
                    *e = *own;
                }
                return Err(Error::ShapeMismatch {
                    operation: "concatenate",
                    expected,
                    got: e.shape().to_vec(),
                });
            }
            shape[axis] += e.shape()[axis];
            cuts.push(e.grid().axes()[axis].clone());
        }
        element_count(&shape)?;
        let mut parts = Vec::with_capacity(inputs.len());
        for e in inputs.iter().filter(|e| e.shape()[axis] > 0) {
            let e = e.cast(dtype)?;
            match e.kind() {
                Kind::Concat { inputs, axis: own } if *own == axis => {
                    parts.extend(inputs.iter().cloned())
                }
                _ => parts.push(e),
            }
        }
        match parts.as_slice() {
            [] => return first.cast(dtype),
            [one] => return Ok(one.clone()),
            _ => {}
        }
        let grid = Grid::new(shape.iter().enumerate().map(|(a, _)| {
            if a == axis {
                AxisGrid::joined(&cuts)
            } else {
                first.grid().axes()[a].clone()
            }
        }));
        Ok(Expr::new(
            Kind::Concat {
                inputs: parts,
                axis,
            },
            shape,
            dtype,
            grid,
        ))
    }

    /// The elements at these positions along an axis; negative ones count from the end.
    pub fn take(&self, indices: &[isize], axis: isize) -> Result<Expr> {
        let axis = normalize_axis(axis, self.ndim())?;
        if self.unknown_axis().is_some() {
            return Err(Error::UnknownLength {
                operation: "take",
                axis,
            });
        }
        let size = self.shape()[axis];
        let n = size as isize;
        let positions: Vec<usize> = indices
            .iter()
            .map(|&i| {
                if i >= -n && i < n {
                    Ok(if i < 0 { i + n } else { i } as usize)
                } else {
                    Err(Error::IndexOutOfRange {
                        index: i,
                        axis,
                        size,
                    })
                }
            })
            .collect::<Result<_>>()?;
        self.take_positions(positions.into(), axis)
    }

    pub(crate) fn take_positions(&self, indices: Arc<[usize]>, axis: usize) -> Result<Expr> {
        let mut shape: Dims = self.shape().into();
        shape[axis] = indices.len();
        element_count(&shape)?;
        let chunk = self.grid().axes()[axis].longest();
        let grid = Grid::new(self.grid().axes().iter().enumerate().map(|(a, g)| {
            if a == axis {
                AxisGrid::regular(indices.len(), chunk)
            } else {
                g.clone()
            }
        }));
        let kind = Kind::Take {
            input: self.clone(),
            axis,
            indices,
        };
        Ok(Expr::new(kind, shape, self.dtype(), grid))
    }

    /// The positions along an axis where `mask`, a 1-dimensional bool array of the axis's length, is
    /// true. The shape keeps the axis's length as an upper bound.
    pub fn compress(&self, mask: &Expr, axis: isize) -> Result<Expr> {
        let axis = normalize_axis(axis, self.ndim())?;
        if mask.dtype() != DType::Bool {
            return Err(Error::DTypeMismatch {
                operation: "boolean index",
                expected: DType::Bool,
                got: mask.dtype(),
            });
        }
        if mask.shape() != [self.shape()[axis]] {
            return Err(Error::ShapeMismatch {
                operation: "boolean index",
                expected: vec![self.shape()[axis]],
                got: mask.shape().to_vec(),
            });
        }
        if self.unknown_axis().is_some() || mask.unknown_axis().is_some() {
            return Err(Error::UnknownLength {
                operation: "boolean index",
                axis,
            });
        }
        let kind = Kind::Compress {
            input: self.clone(),
            mask: mask.clone(),
            axis,
        };
        Ok(Expr::new(
            kind,
            self.shape().into(),
            self.dtype(),
            self.grid().clone(),
        ))
    }

    /// The same data cut into other chunks.
    pub fn rechunk(&self, chunks: &Chunks) -> Result<Expr> {
        let grid = chunks.resolve(self.shape(), self.dtype().size())?;
        if &grid == self.grid() {
            return Ok(self.clone());
        }
        if self.unknown_axis().is_some() {
            return Ok(self.clone());
        }
        let input = match self.kind() {
            Kind::Rechunk(inner) => inner.clone(),
            _ => self.clone(),
        };
        if input.grid() == &grid {
            return Ok(input);
        }
        Ok(Expr::new(
            Kind::Rechunk(input),
            self.shape().into(),
            self.dtype(),
            grid,
        ))
    }
}

/// Chunks of about the same number of elements, whole along as many last axes as fit.
fn reshaped_grid(input: &Grid, shape: &[usize], item: usize) -> Grid {
    let elements: usize = input.largest().iter().product::<usize>().max(1);
    let mut left = elements;
    let mut chunk: Dims = shape.into();
    for c in chunk.iter_mut().rev() {
        *c = (*c).min(left.max(1));
        left = (left / (*c).max(1)).max(1);
    }
    debug_assert!(item > 0);
    Grid::regular(shape, &chunk)
}
