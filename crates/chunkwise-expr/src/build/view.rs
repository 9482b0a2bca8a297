use chunkwise_core::{Dims, Error, Grid, Result, element_count, normalize_axes, normalize_axis};
use smallvec::SmallVec;

use crate::index::{Index, resolve};
use crate::{AxisIndex, Expr, IndexMap, Kind};

impl Expr {
    /// Other indices of the same data. The map must stay within this array for every index of
    /// `shape`. Views of views and of constants are composed here.
    pub fn view(&self, map: IndexMap, shape: &[usize]) -> Result<Expr> {
        element_count(shape)?;
        check(&map, self.shape(), shape)?;
        if map.is_identity() && shape == self.shape() {
            return Ok(self.clone());
        }
        let grid = map.grid(self.grid(), shape);
        self.view_with_grid(map, shape, grid)
    }

    fn view_with_grid(&self, map: IndexMap, shape: &[usize], grid: Grid) -> Result<Expr> {
        match self.kind() {
            Kind::Constant(value) => Ok(Expr::new(
                Kind::Constant(*value),
                shape.into(),
                self.dtype(),
                grid,
            )),
            Kind::View { input, map: inner } => {
                let both = map.after(inner);
                if both.is_identity() && shape == input.shape() {
                    return Ok(input.with_grid(&grid));
                }
                input.view_with_grid(both, shape, grid)
            }
            Kind::Compress { input, mask, axis } => {
                let kept = map.axes()[*axis];
                let Some(to) = kept.from.filter(|f| {
                    kept.start == 0
                        && kept.step == 1
                        && shape[*f] == self.shape()[*axis]
                        && map.moved_by(*f).count() == 1
                }) else {
                    return Err(Error::UnknownLength {
                        operation: "index",
                        axis: *axis,
                    });
                };
                input.view(map, shape)?.compress(mask, to as isize)
            }
            _ => {
                let kind = Kind::View {
                    input: self.clone(),
                    map,
                };
                Ok(Expr::new(kind, shape.into(), self.dtype(), grid))
            }
        }
    }

    /// NumPy's basic indexing: positions, slices, new axes, an ellipsis.
    pub fn get(&self, indices: &[Index]) -> Result<Expr> {
        let (map, shape) = resolve(self.shape(), indices)?;
        self.view(map, &shape)
    }

    /// The axes in another order; all of them, each once.
    pub fn transpose(&self, axes: &[isize]) -> Result<Expr> {
        let order = axes
            .iter()
            .map(|a| normalize_axis(*a, self.ndim()))
            .collect::<Result<Dims>>()?;
        normalize_axes(axes, self.ndim())?;
        if order.len() != self.ndim() {
            return Err(Error::argument(
                "transpose",
                "axes",
                format!("{axes:?}"),
                format!("the array has {} axes", self.ndim()),
            ));
        }
        let shape: Dims = order.iter().map(|a| self.shape()[*a]).collect();
        let map = (0..self.ndim()).map(|k| AxisIndex {
            from: order.iter().position(|a| *a == k),
            start: 0,
            step: 1,
        });
        self.view(IndexMap::new(map, self.ndim()), &shape)
    }

    /// The array repeated along new leading axes and axes of length 1, without copies.
    pub fn broadcast_to(&self, shape: &[usize]) -> Result<Expr> {
        let mismatch = || Error::Broadcast {
            shapes: vec![self.shape().to_vec(), shape.to_vec()],
        };
        let lead = shape.len().checked_sub(self.ndim()).ok_or_else(mismatch)?;
        let axes = self
            .shape()
            .iter()
            .enumerate()
            .map(|(k, &d)| {
                let to = shape[lead + k];
                if d == to {
                    Ok(AxisIndex {
                        from: Some(lead + k),
                        start: 0,
                        step: 1,
                    })
                } else if d == 1 {
                    Ok(AxisIndex {
                        from: None,
                        start: 0,
                        step: 0,
                    })
                } else {
                    Err(mismatch())
                }
            })
            .collect::<Result<SmallVec<[AxisIndex; 4]>>>()?;
        self.view(IndexMap::new(axes, shape.len()), shape)
    }

    /// New axes of length 1 at these places of the result.
    pub fn expand_dims(&self, axes: &[isize]) -> Result<Expr> {
        let ndim = self.ndim() + axes.len();
        let new = normalize_axes(axes, ndim)?;
        let mut own = 0..self.ndim();
        let mut shape = Dims::new();
        let mut map = Vec::new();
        for place in 0..ndim {
            if new.contains(&place) {
                shape.push(1);
            } else if let Some(k) = own.next() {
                shape.push(self.shape()[k]);
                map.push(AxisIndex {
                    from: Some(place),
                    start: 0,
                    step: 1,
                });
            }
        }
        self.view(IndexMap::new(map, ndim), &shape)
    }

    /// Without these axes, each of length 1.
    pub fn squeeze(&self, axes: &[isize]) -> Result<Expr> {
        let gone = normalize_axes(axes, self.ndim())?;
        for &axis in &gone {
            if self.shape()[axis] != 1 {
                return Err(Error::argument(
                    "squeeze",
                    "axis",
                    axis,
                    format!("its length is {}, not 1", self.shape()[axis]),
                ));
            }
        }
        let shape: Dims = (0..self.ndim())
            .filter(|a| !gone.contains(a))
            .map(|a| self.shape()[a])
            .collect();
        self.view(IndexMap::identity(self.ndim()).without_axes(&gone), &shape)
    }

    /// Backwards along these axes.
    pub fn flip(&self, axes: &[isize]) -> Result<Expr> {
        let flipped = normalize_axes(axes, self.ndim())?;
        let map = (0..self.ndim()).map(|k| {
            let back = flipped.contains(&k);
            AxisIndex {
                from: Some(k),
                start: if back {
                    self.shape()[k].saturating_sub(1)
                } else {
                    0
                },
                step: if back { -1 } else { 1 },
            }
        });
        self.view(IndexMap::new(map, self.ndim()), self.shape())
    }

    /// The elements where the indices along two axes differ by `offset`, as a new last axis.
    pub fn diagonal(&self, offset: isize, axis1: isize, axis2: isize) -> Result<Expr> {
        let a = normalize_axis(axis1, self.ndim())?;
        let b = normalize_axis(axis2, self.ndim())?;
        if a == b {
            return Err(Error::DuplicateAxis { axis: axis2 });
        }
        let (down, right) = (offset.min(0).unsigned_abs(), offset.max(0) as usize);
        let n = self.shape()[a]
            .saturating_sub(down)
            .min(self.shape()[b].saturating_sub(right));
        let mut shape: Dims = (0..self.ndim())
            .filter(|k| *k != a && *k != b)
            .map(|k| self.shape()[k])
            .collect();
        let last = shape.len();
        shape.push(n);
        let mut kept = 0;
        let map: Vec<AxisIndex> = (0..self.ndim())
            .map(|k| {
                let start = match k {
                    _ if n == 0 => 0,
                    _ if k == a => down,
                    _ if k == b => right,
                    _ => 0,
                };
                let from = if k == a || k == b {
                    last
                } else {
                    kept += 1;
                    kept - 1
                };
                AxisIndex {
                    from: Some(from),
                    start,
                    step: 1,
                }
            })
            .collect();
        self.view(IndexMap::new(map, last + 1), &shape)
    }
}

fn check(map: &IndexMap, input: &[usize], shape: &[usize]) -> Result<()> {
    let wrong = |detail: String| Err(Error::internal("expression", detail));
    if map.axes().len() != input.len() || map.ndim() != shape.len() {
        return wrong(format!("view {map:?} of shape {input:?} as {shape:?}"));
    }
    if shape.contains(&0) {
        return Ok(());
    }
    for (a, &len) in map.axes().iter().zip(input) {
        let last = match a.from {
            Some(f) => a.start as isize + a.step * (shape[f] as isize - 1),
            None => a.start as isize,
        };
        if a.start >= len || last < 0 || last >= len as isize {
            return wrong(format!(
                "view {map:?} of shape {input:?} as {shape:?} leaves the array"
            ));
        }
    }
    Ok(())
}
