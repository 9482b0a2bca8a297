use chunkwise_core::{AxisGrid, DType, Dims, Error, Grid, Result, Scalar, broadcast_shapes};
use chunkwise_kernels::elementwise::Function;
use smallvec::SmallVec;

use crate::{Expr, Kind};

/// An argument of an elementwise function: an array, or a number without a width.
#[derive(Clone, Debug)]
pub enum Operand {
    /// An array.
    Expr(Expr),
    /// A number, which takes its dtype from the arrays beside it.
    Scalar(Scalar),
}

impl From<&Expr> for Operand {
    fn from(e: &Expr) -> Operand {
        Operand::Expr(e.clone())
    }
}
impl From<Expr> for Operand {
    fn from(e: Expr) -> Operand {
        Operand::Expr(e)
    }
}
impl<T: Into<Scalar>> From<T> for Operand {
    fn from(s: T) -> Operand {
        Operand::Scalar(s.into())
    }
}

/// Functions whose result for a number outside the array's range is known without wrapping it.
const COMPARISONS: [&str; 6] = [
    "equal",
    "not_equal",
    "less",
    "less_equal",
    "greater",
    "greater_equal",
];

/// Above this many cuts in an axis, unequal chunks are not refined but the finer ones taken.
const REFINED_CHUNKS: usize = 1 << 20;

impl Expr {
    /// An elementwise function of arguments that are broadcast together and cast to the dtypes that
    /// the function takes.
    pub fn map(function: &'static Function, args: &[Operand]) -> Result<Expr> {
        let arrays: SmallVec<[&Expr; 3]> = args
            .iter()
            .filter_map(|a| match a {
                Operand::Expr(e) => Some(e),
                Operand::Scalar(_) => None,
            })
            .collect();
        if let Some(result) = map_compressed(function, args, &arrays)? {
            return Ok(result);
        }
        let shapes: SmallVec<[&[usize]; 3]> = arrays.iter().map(|e| e.shape()).collect();
        let shape = broadcast_shapes(&shapes)?;
        chunkwise_core::element_count(&shape)?;
        let grid = unify(&arrays, &shape);
        let dtypes = argument_dtypes(function, args);
        check_power(function, args, &dtypes)?;
        let resolved = function.resolve(&dtypes)?;
        let inputs = args
            .iter()
            .zip(&resolved.inputs)
            .map(|(arg, wanted)| match arg {
                Operand::Scalar(s) => {
                    let kind = Kind::Constant(taken(function, *s, *wanted)?);
                    Ok(Expr::new(kind, shape.clone(), *wanted, grid.clone()))
                }
                Operand::Expr(e) => e.broadcast_with(&shape, &grid)?.cast(*wanted),
            })
            .collect::<Result<SmallVec<[Expr; 3]>>>()?;
        Ok(Expr::new(
            Kind::Map { function, inputs },
            shape,
            resolved.output,
            grid,
        ))
    }

    /// The elements converted to another dtype: integers wrap, floats to integers truncate and
    /// saturate, complex to real drops the imaginary part.
    pub fn cast(&self, dtype: DType) -> Result<Expr> {
        if self.dtype() == dtype {
            return Ok(self.clone());
        }
        if let Kind::Constant(value) = self.kind() {
            let value = through(through(*value, self.dtype()), dtype);
            let (shape, grid) = (self.shape().into(), self.grid().clone());
            return Ok(Expr::new(Kind::Constant(value), shape, dtype, grid));
        }
        if let Kind::Compress { input, mask, axis } = self.kind() {
            return input.cast(dtype)?.compress(mask, *axis as isize);
        }
        let (shape, grid) = (self.shape().into(), self.grid().clone());
        Ok(Expr::new(Kind::Cast(self.clone()), shape, dtype, grid))
    }
}

/// A number as it is once stored in a dtype.
fn through(value: Scalar, dtype: DType) -> Scalar {
    use chunkwise_core::{Element, dispatch};
    dispatch!(all dtype, T => T::from_scalar(value).to_scalar())
}

/// NumPy's rule: an integer has no power that is a negative integer.
fn check_power(function: &'static Function, args: &[Operand], dtypes: &[DType]) -> Result<()> {
    match args {
        [_, Operand::Scalar(s @ Scalar::Int(i))]
            if *i < 0
                && function.name == "pow"
                && dtypes.iter().all(|d| s.fits(*d) && !d.is_inexact()) =>
        {
            let reason = "integers to negative integer powers are not allowed";
            Err(Error::argument("pow", "exponent", s, reason))
        }
        _ => Ok(()),
    }
}

/// A number as a function takes it: in the dtype of its kernel, whatever the arrays' own is.
fn taken(function: &'static Function, s: Scalar, wanted: DType) -> Result<Scalar> {
    if let Scalar::Int(i) = s
        && COMPARISONS.contains(&function.name)
        && !s.fits(s.dtype())
    {
        // Beyond every integer dtype: as a float, another one beyond them says the same.
        return Ok(Scalar::Float(i.signum() as f64 * 2f64.powi(65)));
    }
    if wanted.is_integer() && !s.fits(wanted) {
        return Err(Error::OutOfRange {
            operation: function.name,
            value: s.to_string(),
            dtype: wanted,
        });
    }
    Ok(through(s, wanted))
}

/// The dtypes of the arguments, as far as the rule asks: those of numbers are their arrays'.
fn argument_dtypes(function: &'static Function, args: &[Operand]) -> SmallVec<[DType; 3]> {
    // `where` takes its condition as it is, `ldexp` its exponent.
    let independent = usize::from(function.name == "where");
    let exponent = |i: usize| i == 1 && function.name == "ldexp";
    let alone = function.name.starts_with("logical_");
    let beside = args[independent.min(args.len())..]
        .iter()
        .filter_map(|a| match a {
            Operand::Expr(e) => Some(e.dtype()),
            Operand::Scalar(_) => None,
        })
        .reduce(DType::promote);
    args.iter()
        .enumerate()
        .map(|(i, arg)| match (arg, beside) {
            (Operand::Expr(e), _) => e.dtype(),
            (Operand::Scalar(s), Some(other)) if i >= independent && !exponent(i) && !alone => {
                let dtype = s.dtype_beside(other);
                if s.fits(dtype) || !COMPARISONS.contains(&function.name) {
                    dtype
                } else if s.fits(s.dtype()) {
                    s.dtype()
                } else {
                    DType::F64
                }
            }
            (Operand::Scalar(s), _) => s.dtype(),
        })
        .collect()
}

/// An elementwise function of equally compressed arrays is the compressed function.
fn map_compressed(
    function: &'static Function,
    args: &[Operand],
    arrays: &[&Expr],
) -> Result<Option<Expr>> {
    let Some((axis, mask)) = arrays.iter().find_map(|e| match e.kind() {
        Kind::Compress { axis, mask, .. } => Some((*axis, mask)),
        _ => None,
    }) else {
        return Ok(None);
    };
    let unknown = || Error::UnknownLength {
        operation: function.name,
        axis,
    };
    let ndim = arrays.iter().map(|e| e.ndim()).max().unwrap_or(0);
    let from_end = |e: &Expr, axis: usize| axis + ndim - e.ndim();
    let place = arrays
        .iter()
        .find_map(|e| e.unknown_axis().map(|a| from_end(e, a)))
        .unwrap_or(axis);
    let inner = args
        .iter()
        .map(|arg| match arg {
            Operand::Scalar(_) => Ok(arg.clone()),
            Operand::Expr(e) => match e.kind() {
                Kind::Compress {
                    input,
                    mask: own,
                    axis,
                } if own.id() == mask.id() && from_end(e, *axis) == place => {
                    Ok(Operand::Expr(input.clone()))
                }
                Kind::Compress { .. } => Err(unknown()),
                // Broadcast along the masked axis.
                _ if place < ndim - e.ndim() || e.shape()[place + e.ndim() - ndim] == 1 => {
                    Ok(arg.clone())
                }
                _ => Err(unknown()),
            },
        })
        .collect::<Result<SmallVec<[Operand; 3]>>>()?;
    Expr::map(function, &inner)?
        .compress(mask, place as isize)
        .map(Some)
}

/// The chunks of arrays broadcast together: along each axis the cuts of all.
pub(crate) fn unify(arrays: &[&Expr], shape: &[usize]) -> Grid {
    if let [one] = arrays
        && one.shape() == shape
    {
        return one.grid().clone();
    }
    let axes = shape.iter().enumerate().map(|(axis, &len)| {
        let mut cuts: Option<AxisGrid> = None;
        for e in arrays {
            let Some(own) = (axis + e.ndim()).checked_sub(shape.len()) else {
                continue;
            };
            let grid = &e.grid().axes()[own];
            if grid.len() != len || (len == 1 && cuts.is_some()) {
                continue;
            }
            cuts = Some(match cuts {
                None => grid.clone(),
                Some(other) => refine(&other, grid),
            });
        }
        cuts.unwrap_or_else(|| AxisGrid::regular(len, len))
    });
    Grid::new(axes)
}

/// The cuts of both.
fn refine(a: &AxisGrid, b: &AxisGrid) -> AxisGrid {
    if a == b {
        return a.clone();
    }
    match (a, b) {
        (AxisGrid::Regular { chunk: x, .. }, AxisGrid::Regular { chunk: y, .. })
            if x.is_multiple_of(*y) || y.is_multiple_of(*x) || a.count() == 1 || b.count() == 1 =>
        {
            if x < y {
                a.clone()
            } else {
                b.clone()
            }
        }
        _ if a.count().saturating_add(b.count()) > REFINED_CHUNKS => {
            if a.count() > b.count() {
                a.clone()
            } else {
                b.clone()
            }
        }
        _ => {
            let mut ends: Vec<usize> = [a, b]
                .iter()
                .flat_map(|g| (0..g.count()).map(|i| g.extent(i).end))
                .collect();
            ends.sort_unstable();
            ends.dedup();
            let mut last = 0;
            let sizes: Vec<usize> = ends
                .into_iter()
                .map(|e| {
                    let n = e - last;
                    last = e;
                    n
                })
                .collect();
            AxisGrid::from_sizes(&sizes)
        }
    }
}

impl Expr {
    fn broadcast_with(&self, shape: &Dims, grid: &Grid) -> Result<Expr> {
        if self.shape() == shape.as_slice() {
            return Ok(self.clone());
        }
        if let Kind::Constant(value) = self.kind() {
            let kind = Kind::Constant(*value);
            return Ok(Expr::new(kind, shape.clone(), self.dtype(), grid.clone()));
        }
        self.broadcast_to(shape)
    }
}
