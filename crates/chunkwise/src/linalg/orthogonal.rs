//! QR: of stacks, of tall matrices in rows, of wide ones by their first columns.

use chunkwise_core::{AxisGrid, Chunk, Chunks, Error, Grid, Result};
use chunkwise_expr::{Call, CallInput, CallOutput, CallTask, Expr, Follow, PlainFunction};
use chunkwise_linalg::Factorization;
use serde::{Deserialize, Serialize};
use smallvec::smallvec;

use super::factor::{Factor, floating, matrix, one, several};
use crate::array::Here;
use crate::{Array, concatenate, s};

/// About so many bytes of a tall matrix are factorized together: they stay in the second cache.
const PANEL: usize = 1 << 21;

/// What [`Array::qr`] makes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QrMode {
    /// `q` with as many columns as needed.
    #[default]
    Reduced,
    /// A square `q`.
    Complete,
}

/// A tall matrix factorized in rows: `q r`, with `q` in parts that are put together when they are
/// applied to something.
pub(super) struct Tall {
    /// The reflectors of each part, those of one behind those of the other.
    reflectors: Expr,
    coefficients: Expr,
    rows: AxisGrid,
    /// For each part as many rows as there are columns.
    pub(super) top: Array,
    pub(super) r: Array,
}

impl Array {
    /// The QR factorization `q r` of each matrix: `q` with orthonormal columns, `r` upper triangular.
    /// A matrix (m, n) gives (m, k) and (k, n) with `k` the smaller of both, or (m, m) and (m, n).
    ///
    /// A tall matrix is cut into rows, which are factorized in parallel; what is left of them is
    /// factorized again. Where `q` is asked for, the parts are kept meanwhile, in scratch files where
    /// they do not fit.
    ///
    /// ```
    /// # use chunkwise::{Array, DType, QrMode, Random};
    /// let x = Random::new(1).standard_normal([500, 4], 100)?;
    /// let (q, r) = x.qr(QrMode::Reduced)?;
    /// assert_eq!((q.shape(), r.shape()), (&[500, 4][..], &[4, 4][..]));
    /// let off = q.matmul(&r)?.subtract(&x)?.abs()?.max(..)?.compute()?.item::<f64>()?;
    /// assert!(off < 1e-13);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn qr(&self, mode: QrMode) -> Result<(Array, Array)> {
        let a = floating(self)?;
        let (m, n) = matrix("qr", &a)?;
        if mode == QrMode::Reduced && a.ndim() == 2 {
            if is_tall(&a) {
                return a.tsqr();
            }
            if n > m && m > 0 && a.numblocks()[1] > 1 {
                return a.sfqr();
            }
        }
        let full = mode == QrMode::Complete;
        let [q, r] = several(Factorization::Qr { q: true, full }, &[&a])?;
        Ok((q, r))
    }

    /// The `r` of [`qr`](Self::qr) alone, which takes less than half the time and keeps nothing.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// assert_eq!(Array::ones([500, 4], DType::F64, 100)?.qr_r()?.shape(), [4, 4]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn qr_r(&self) -> Result<Array> {
        let a = floating(self)?;
        matrix("qr", &a)?;
        if is_tall(&a) {
            return Ok(tall(&a)?.r);
        }
        one(
            Factorization::Qr {
                q: false,
                full: false,
            },
            &[&a],
        )
    }

    /// [`qr`](Self::qr) of a matrix with at least as many rows as columns, in rows.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let (q, r) = Array::ones([500, 4], DType::F64, 100)?.tsqr()?;
    /// assert_eq!((q.shape(), r.shape()), (&[500, 4][..], &[4, 4][..]));
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    ///
    /// # Errors
    /// Not two axes, or fewer rows than columns.
    #[track_caller]
    pub fn tsqr(&self) -> Result<(Array, Array)> {
        let a = floating(self)?;
        if let &[_, 0] = a.shape() {
            let what = Factorization::Qr {
                q: true,
                full: false,
            };
            let [q, r] = several(what, &[&a])?;
            return Ok((q, r));
        }
        let parts = tall(&a)?;
        let q = parts.apply(&parts.top)?;
        Ok((q, parts.r))
    }

    /// [`qr`](Self::qr) of a matrix with at most as many rows as columns, by its first columns.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let (q, r) = Array::ones([4, 500], DType::F64, 100)?.sfqr()?;
    /// assert_eq!((q.shape(), r.shape()), (&[4, 4][..], &[4, 500][..]));
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    ///
    /// # Errors
    /// Not two axes, or fewer columns than rows.
    #[track_caller]
    pub fn sfqr(&self) -> Result<(Array, Array)> {
        let a = floating(self)?;
        let &[m, n] = a.shape() else {
            return Err(Error::argument("sfqr", "array", &a, "two axes are needed"));
        };
        if m > n {
            return Err(Error::argument(
                "sfqr",
                "array",
                &a,
                "it has more rows than columns",
            ));
        }
        let all = Factorization::Qr {
            q: true,
            full: false,
        };
        let [q, first] = several(all, &[&a.get(s![.., ..m])?])?;
        let rest = q.adjoint()?.matmul(&a.get(s![.., m..])?)?;
        Ok((q, concatenate([&first, &rest], 1)?))
    }
}

/// Whether rows are worth cutting.
pub(super) fn is_tall(a: &Array) -> bool {
    let &[m, n] = a.shape() else { return false };
    let rows = panel_rows(n, a.dtype().size());
    n > 0 && m >= 4 * n && m >= 2 * rows
}

fn panel_rows(n: usize, item: usize) -> usize {
    (PANEL / (n * item).max(1)).max(4 * n).max(1)
}

/// A matrix in rows, factorized part by part, and what is left of the parts again.
#[track_caller]
pub(super) fn tall(a: &Array) -> Result<Tall> {
    let &[m, n] = a.check()?.shape() else {
        return Err(Error::argument("tsqr", "array", a, "two axes are needed"));
    };
    if m < n {
        return Err(Error::argument(
            "tsqr",
            "array",
            a,
            "it has fewer rows than columns",
        ));
    }
    // Parts of nearly equal length, none with fewer rows than columns.
    let count = (m / panel_rows(n, a.dtype().size())).max(1);
    let sizes: Vec<usize> = (0..count)
        .map(|i| m / count + usize::from(i < m % count))
        .collect();
    let longest = sizes.first().copied().unwrap_or(m);
    let rows = AxisGrid::from_sizes(&sizes);
    let flat: Vec<usize> = sizes.iter().map(|s| s * n).collect();
    let what = Factorization::Reflectors;
    let dtype = a.dtype();
    let block = match &what.outputs(dtype, &[&[longest, n]])?[..] {
        [_, (_, c), _] => c[1],
        _ => return Err(Error::internal("front door", "reflectors without parts")),
    };
    let grid = Grid::new([rows.clone(), AxisGrid::regular(n, n)]);
    let each = |columns: usize| {
        let cuts = [
            AxisGrid::regular(count * n, n),
            AxisGrid::regular(columns, columns),
        ];
        CallOutput {
            dtype,
            grid: Grid::new(cuts),
        }
    };
    let vectors = CallOutput {
        dtype,
        grid: Grid::new([AxisGrid::from_sizes(&flat), AxisGrid::regular(1, 1)]),
    };
    let input = CallInput {
        expr: a.expr()?.rechunk(&Chunks::Grid(grid))?,
        follow: smallvec![Follow::Chunk { axis: 0 }, Follow::Whole],
    };
    let outputs = vec![vectors, each(block), each(n)];
    let call = Call::plain(what.name(), vec![input], outputs, Factor(what))
        .scratch(what.scratch_bytes(dtype, &[&[longest, n]])?);
    let [reflectors, coefficients, left]: [Expr; 3] = Expr::calls(call)?
        .try_into()
        .map_err(|_| Error::internal("front door", "reflectors without parts"))?;
    let left: Array = left.here()?;
    let (top, r) = match count {
        1 => (Array::eye(n, n, 0, dtype, -1)?, left),
        _ => left.qr(QrMode::Reduced)?,
    };
    Ok(Tall {
        reflectors,
        coefficients,
        rows,
        top,
        r,
    })
}

impl Tall {
    /// `q` where it is applied to the rows that belong to each part: [`Tall::top`], or that times a
    /// matrix.
    #[track_caller]
    pub(super) fn apply(&self, top: &Array) -> Result<Array> {
        let what = Factorization::ApplyReflectors;
        let dtype = top.dtype();
        let (n, columns) = (self.r.shape()[1], top.shape()[1]);
        let cuts = [
            AxisGrid::regular(top.shape()[0], n),
            AxisGrid::regular(columns, columns),
        ];
        let top = top.expr()?.rechunk(&Chunks::Grid(Grid::new(cuts)))?;
        let part = |expr: &Expr| CallInput {
            expr: expr.clone(),
            follow: smallvec![Follow::Chunk { axis: 0 }, Follow::Whole],
        };
        let longest = self.rows.longest();
        let block = self.coefficients.shape()[1];
        let cores: [&[usize]; 3] = [&[n, longest], &[n, block], &[n, columns]];
        let scratch = what.scratch_bytes(dtype, &cores)?;
        let inputs = vec![part(&self.reflectors), part(&self.coefficients), part(&top)];
        let grid = Grid::new([self.rows.clone(), AxisGrid::regular(columns, columns)]);
        let call = Call::plain(what.name(), inputs, Vec::new(), Reflected);
        Expr::call(call.scratch(scratch), dtype, grid).here()
    }
}

/// `Q` of the reflectors of some rows, which lie one after another, times a matrix.
#[derive(Serialize, Deserialize)]
pub(crate) struct Reflected;

impl PlainFunction for Reflected {
    const NAME: &'static str = "reflected";

    fn call(&self, task: &CallTask<'_>) -> Result<Vec<Chunk>> {
        let lost = |what| Error::internal("front door", what);
        let [v, c, top] = task.inputs else {
            return Err(lost("a part without its reflectors"));
        };
        let v = match (top.shape(), task.region().shape.as_slice()) {
            ([n, _], [rows, _]) => v.reshaped(&[*n, *rows]),
            _ => None,
        };
        let v = v.ok_or_else(|| lost("reflectors with gaps"))?;
        Factorization::ApplyReflectors.run(&[v, c.clone(), top.clone()], task.pool)
    }
}
