//! Assignment: the array that has other values at an index.

use chunkwise_core::{AxisGrid, Chunk, Chunks, DType, Error, Grid, Result};
use chunkwise_expr::{Call, CallInput, CallTask, Expr, Follow, PlainFunction};
use chunkwise_kernels::gather;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::advanced::{apart, linear};
use crate::array::Here;
use crate::joining::concatenate;
use crate::{Array, Index, Operand, Part, where_};

/// Separate runs of positions up to which the parts between them are put together; beyond, the
/// stretch that holds them is chosen from element by element.
const RUNS: usize = 64;

/// The positions `start`, `start + step`, ... of an axis, with `step > 0`.
#[derive(Clone, Copy)]
struct Stride {
    start: usize,
    step: usize,
    len: usize,
}

impl Array {
    /// The array that has `value` at an index and its own elements elsewhere: what `x[index] = value`
    /// makes of `x` in NumPy.
    ///
    /// The value is broadcast to the indexed shape and cast to this array's dtype, as NumPy does;
    /// only complex numbers in a real array are an error. Where positions are given twice, the last
    /// value counts. A mask may take a value for each place where it is true, in C order: another
    /// number of them is an error of the run.
    ///
    /// ```
    /// # use chunkwise::{Array, DType, Index, Part};
    /// let x = Array::zeros(6, DType::F64, 3)?;
    /// let every_second = [Index::slice(None, None, 2).into()];
    /// let y = x.assign(&every_second, 1.0)?;
    /// let z = y.assign(&[Part::Mask(y.equal(0.0)?)], 2.0)?;
    /// assert_eq!(z.compute()?.to_vec::<f64>()?, [1.0, 2.0, 1.0, 2.0, 1.0, 2.0]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn assign(&self, parts: &[Part], value: impl Into<Operand>) -> Result<Array> {
        let e = self.expr()?;
        if let Some(axis) = e.unknown_axis() {
            return Err(Error::UnknownLength {
                operation: "assignment",
                axis,
            });
        }
        let value = self.assigned(value.into())?;
        let apart = apart(parts, e.ndim())?;
        let shown = self.get(&apart.basic)?;
        let made = match &apart.arrays[..] {
            [] => value.fitted(shown.shape())?,
            [(axis, Part::Mask(mask))] => shown.assign_mask(mask, *axis, apart.place, &value)?,
            [(_, Part::Lazy(_))] => {
                return Err(Error::argument(
                    "assignment",
                    "positions",
                    "lazy",
                    "positions must be known: compute them first",
                ));
            }
            arrays => shown.assign_positions(arrays, apart.place, &value)?,
        };
        self.recut(self.paste(&apart.basic, &made)?)
    }

    /// A value as an array of this one's dtype.
    #[track_caller]
    fn assigned(&self, value: Operand) -> Result<Array> {
        let dtype = self.dtype();
        let value = match value {
            Operand::Array(a) => a.check()?.clone(),
            Operand::Scalar(s) if !s.fits(dtype) => {
                return Err(Error::argument(
                    "assignment",
                    "value",
                    s,
                    format!("out of bounds for {dtype}"),
                ));
            }
            Operand::Scalar(s) => Array::full((), s, s.dtype_beside(dtype), 1)?,
        };
        if value.dtype().is_complex() && !dtype.is_complex() && dtype != DType::Bool {
            return Err(Error::DTypeMismatch {
                operation: "assignment",
                expected: dtype,
                got: value.dtype(),
            });
        }
        if let Some(axis) = value.expr()?.unknown_axis() {
            return Err(Error::UnknownLength {
                operation: "assignment",
                axis,
            });
        }
        value.astype(dtype)
    }

    /// Broadcast to a shape, axes of length 1 in front being ignored as NumPy does.
    #[track_caller]
    fn fitted(&self, shape: &[usize]) -> Result<Array> {
        let extra = self.ndim().saturating_sub(shape.len());
        let front: Vec<isize> = (0..extra as isize).collect();
        let wrong = || Error::ShapeMismatch {
            operation: "assignment",
            expected: shape.to_vec(),
            got: self.shape().to_vec(),
        };
        if self.shape()[..extra].iter().any(|d| *d != 1) {
            return Err(wrong());
        }
        let own = self.squeeze(&front[..])?;
        own.broadcast_to(shape).map_err(|e| match e {
            Error::Broadcast { .. } => wrong(),
            other => other,
        })
    }

    /// With `made`, of the shape that a basic index shows, at that index.
    #[track_caller]
    fn paste(&self, index: &[Index], made: &Array) -> Result<Array> {
        let mut spans: SmallVec<[Stride; 4]> = SmallVec::new();
        let mut made = made.clone();
        let mut axis = 0;
        for part in index {
            let size = self.shape().get(spans.len()).copied().unwrap_or(0);
            match part {
                Index::NewAxis => made = made.squeeze(axis as isize)?,
                Index::Ellipsis => {}
                Index::At(i) => {
                    let start = gather::place(*i as i64, spans.len(), size)?;
                    made = made.expand_dims(&[axis as isize])?;
                    spans.push(Stride {
                        start,
                        step: 1,
                        len: 1,
                    });
                    axis += 1;
                }
                Index::Slice { step, .. } => {
                    let len = made.shape()[axis];
                    let (first, _) = part.within(size)?;
                    let by = step.unsigned_abs().max(1);
                    let start = if *step < 0 && len > 0 {
                        made = made.flip(axis as isize)?;
                        first - (len - 1) * by
                    } else {
                        first
                    };
                    spans.push(Stride {
                        start,
                        step: if len < 2 { 1 } else { by },
                        len,
                    });
                    axis += 1;
                }
            }
        }
        if spans.iter().any(|s| s.len == 0) {
            return Ok(self.clone());
        }
        self.pasted(&spans, 0, &made)
    }

    #[track_caller]
    fn pasted(&self, spans: &[Stride], axis: usize, made: &Array) -> Result<Array> {
        let Some(span) = spans.get(axis).copied() else {
            return Ok(made.clone());
        };
        let size = self.shape()[axis];
        if span.len == size {
            return self.pasted(spans, axis + 1, made);
        }
        let end = span.start + (span.len - 1) * span.step + 1;
        let middle = self.slice_axis(axis, span.start..end)?;
        let middle = if span.step == 1 {
            middle.pasted(spans, axis + 1, made)?
        } else {
            let mut every = vec![Index::FULL; axis];
            every.push(Index::slice(None, None, span.step as isize));
            let inner = middle.get(every)?.pasted(spans, axis + 1, made)?;
            let wide = inner.repeat(span.step, Some(axis as isize))?;
            let wide = wide.slice_axis(axis, 0..end - span.start)?;
            let place = Array::indices_along(
                middle.shape(),
                axis as isize,
                &Chunks::Grid(middle.chunks().clone()),
            )?;
            where_(place.remainder(span.step)?.equal(0)?, wide, &middle)?
        };
        let before = self.slice_axis(axis, 0..span.start)?;
        let after = self.slice_axis(axis, end..size)?;
        self.recut(concatenate([before, middle, after], axis as isize)?)
    }

    /// In this array's chunks.
    #[track_caller]
    fn recut(&self, made: Array) -> Result<Array> {
        made.rechunk(Chunks::Grid(self.chunks().clone()))
    }

    /// With a value where a mask of some neighbouring axes is true.
    #[track_caller]
    fn assign_mask(&self, mask: &Array, axis: usize, place: usize, value: &Array) -> Result<Array> {
        let n = mask.check()?.ndim();
        let own = &self.shape()[axis..axis + n];
        if mask.dtype() != DType::Bool {
            return Err(Error::DTypeMismatch {
                operation: "boolean index",
                expected: DType::Bool,
                got: mask.dtype(),
            });
        }
        if own != mask.shape() {
            return Err(Error::ShapeMismatch {
                operation: "boolean index",
                expected: own.to_vec(),
                got: mask.shape().to_vec(),
            });
        }
        // The mask's axes as one, and that in front: values come in its order.
        let from: Vec<isize> = (axis..axis + n).map(|a| a as isize).collect();
        let front: Vec<isize> = (0..n as isize).collect();
        let moved = self.moveaxis(&from, &front)?;
        let rest: Vec<usize> = moved.shape()[n..].to_vec();
        // Of the result's axes, the one that the mask makes stands at `place`.
        let mut shape = rest.clone();
        shape.insert(place, 1);
        let extra = value.ndim().saturating_sub(shape.len()) as isize;
        let lead: Vec<isize> = (0..extra).collect();
        let value = match value.shape()[..extra as usize].iter().all(|d| *d == 1) {
            true => value.squeeze(&lead[..])?,
            false => value.fitted(&shape)?,
        };
        let chosen = (value.ndim() + place).checked_sub(shape.len());
        let count = chosen.map_or(1, |axis| value.shape()[axis]);
        shape[place] = count;
        let value = value.fitted(&shape)?.moveaxis([place as isize], [0])?;
        let beside: Vec<isize> = (n..moved.ndim()).map(|a| a as isize).collect();
        let wide = mask.expand_dims(&beside)?;
        let values = if count == 1 {
            let ones: Vec<isize> = (1..n as isize).collect();
            match n {
                0 => value.squeeze(0)?,
                _ => value.expand_dims(&ones)?,
            }
        } else {
            let mut full = own.to_vec();
            full.extend_from_slice(&rest);
            value.in_order_of(mask)?.reshape(&full[..])?
        };
        let made = where_(&wide, values, &moved)?;
        self.recut(made.moveaxis(front, from)?)
    }

    /// The next of this array's rows for each place where a mask is true, as many rows as the mask has
    /// elements. Another number of true places than rows is an error of the run.
    #[track_caller]
    fn in_order_of(&self, mask: &Array) -> Result<Array> {
        let flat = mask.ravel()?;
        let rows = self.shape()[0];
        let total = flat.sum(..)?.astype(DType::I64)?;
        let rank = flat.cumsum(0)?.astype(DType::I64)?.subtract(1)?;
        let rank = rank.clip(0, rows.saturating_sub(1))?.into_expr()?;
        let e = self.expr()?;
        let size: usize = e.shape()[1..].iter().product();
        let chunk = ((1 << 20) / (size * e.dtype().size()).max(1)).max(1);
        let mut cuts: Vec<AxisGrid> = e
            .shape()
            .iter()
            .map(|d| AxisGrid::regular(*d, *d))
            .collect();
        cuts[0] = AxisGrid::regular(rank.len(), chunk);
        let grid = Grid::new(cuts.clone());
        let rank = rank.rechunk(&Chunks::Grid(Grid::new([cuts[0].clone()])))?;
        let whole = |expr: &Expr| CallInput {
            expr: expr.clone(),
            follow: (0..expr.ndim()).map(|_| Follow::Whole).collect(),
        };
        let inputs = vec![
            whole(e),
            CallInput {
                expr: rank,
                follow: SmallVec::from_elem(Follow::Chunk { axis: 0 }, 1),
            },
            whole(total.expr()?),
        ];
        let call = Call::plain("assignment by a mask", inputs, Vec::new(), InOrder);
        Expr::call(call.scratch(16 * chunk as u64), e.dtype(), grid).here()
    }

    /// With a value at positions along some axes, the later of equal ones counting.
    #[track_caller]
    fn assign_positions(
        &self,
        arrays: &[(usize, Part)],
        place: usize,
        value: &Array,
    ) -> Result<Array> {
        let (positions, together) = linear(arrays, self.shape())?;
        let (merged, rest) = self.merged(arrays)?;
        let mut shape: Vec<usize> = rest.to_vec();
        shape.splice(place..place, together.iter().copied());
        let range = |at: usize, n: usize| (at..at + n).map(|a| a as isize).collect::<Vec<_>>();
        let n = together.len();
        let mut rows = vec![positions.len()];
        rows.extend_from_slice(&rest);
        let value = value
            .fitted(&shape)?
            .moveaxis(range(place, n), range(0, n))?
            .reshape(&rows[..])?;
        let mut last: Vec<(usize, isize)> = positions
            .iter()
            .enumerate()
            .map(|(k, p)| (*p as usize, k as isize))
            .collect();
        // The last of equal positions comes last, and is kept.
        last.sort_unstable_by_key(|(p, k)| (*p, std::cmp::Reverse(*k)));
        last.dedup_by_key(|(p, _)| *p);
        let made = merged.with_rows(&last, &value)?;
        // Back to the axes as they were.
        let axes: Vec<isize> = arrays.iter().map(|(a, _)| *a as isize).collect();
        let mut full: Vec<usize> = arrays.iter().map(|(a, _)| self.shape()[*a]).collect();
        full.extend_from_slice(&rest);
        let made = made.reshape(&full[..])?;
        self.recut(made.moveaxis(range(0, axes.len()), axes)?)
    }

    /// With some rows from `value`: at each position, in order, the row of that number.
    #[track_caller]
    fn with_rows(&self, rows: &[(usize, isize)], value: &Array) -> Result<Array> {
        let (Some((low, _)), Some((high, _))) = (rows.first(), rows.last()) else {
            return Ok(self.clone());
        };
        let numbers: Vec<isize> = rows.iter().map(|(_, k)| *k).collect();
        let runs = 1 + rows.windows(2).filter(|w| w[1].0 != w[0].0 + 1).count();
        let before = self.slice_axis(0, 0..*low)?;
        let after = self.slice_axis(0, high + 1..self.shape()[0])?;
        let mut parts = vec![before];
        if runs <= RUNS {
            let chosen = value.take(&numbers, 0)?;
            let mut at = 0;
            for run in rows.chunk_by(|a, b| b.0 == a.0 + 1) {
                if at > 0 {
                    parts.push(self.slice_axis(0, rows[at - 1].0 + 1..run[0].0)?);
                }
                parts.push(chosen.slice_axis(0, at..at + run.len())?);
                at += run.len();
            }
        } else {
            let mut next = numbers.iter().copied();
            let mut own = rows.iter().map(|(p, _)| *p).peekable();
            let mut number = 0;
            let (mut inside, mut from) = (Vec::new(), Vec::new());
            for p in *low..=*high {
                let here = own.next_if_eq(&p).is_some();
                if here {
                    number = next.next().unwrap_or(number);
                }
                inside.push(here);
                from.push(number);
            }
            let middle = self.slice_axis(0, *low..high + 1)?;
            let others: Vec<isize> = (1..self.ndim() as isize).collect();
            let inside = Array::from_vec(inside, *high + 1 - low, Chunks::AUTO)?;
            parts.push(where_(
                inside.expand_dims(&others)?,
                value.take(&from, 0)?,
                middle,
            )?);
        }
        parts.push(after);
        concatenate(parts, 0)
    }
}

/// Rows of values at the ranks of the places of a mask, of which there must be as many as rows.
#[derive(Serialize, Deserialize)]
pub(crate) struct InOrder;

impl PlainFunction for InOrder {
    const NAME: &'static str = "in_order";

    fn call(&self, task: &CallTask<'_>) -> Result<Vec<Chunk>> {
        let [values, rank, total] = task.inputs else {
            return Err(Error::internal("front door", "a call without its chunks"));
        };
        let given = values.shape().first().copied().unwrap_or(0);
        let total = total.item::<i64>()?;
        if total != given as i64 {
            return Err(Error::argument(
                "assignment",
                "values",
                given,
                format!(
                    "NumPy boolean array indexing assignment cannot assign {given} input values \
                     to the {total} output values where the mask is true"
                ),
            ));
        }
        let places: Vec<usize> = rank.to_vec::<i64>()?.iter().map(|i| *i as usize).collect();
        let shape = &task.region().shape;
        let made = Chunk::build(task.pool, values.dtype(), shape, |mut out| match given {
            0 => Ok(()),
            _ => gather::take(&values.view(), 0, 0, &places, &mut out),
        })?;
        Ok(vec![made])
    }
}
