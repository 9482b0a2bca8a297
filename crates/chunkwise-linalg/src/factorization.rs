//! The list of factorizations: what each makes, what it needs, and its run over a stack.

use chunkwise_core::{Chunk, Complex32, Complex64, DType, Dims, Error, Pool, Result, ViewMut};

use serde::{Deserialize, Serialize};

use crate::field::Field;
use crate::stack::{build, elements, item};
use crate::{eigen, lu, orthogonal, singular, triangular};

/// What can be done with stacks of matrices.
///
/// `m` and `n` are a matrix's rows and columns, `k` the smaller of both. Their order is what is written:
/// new ones go to the end.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Factorization {
    /// `q` (m, k) and `r` (k, n); where `full`, (m, m) and (m, n); without `q` only `r`.
    Qr {
        /// Whether `q` is made.
        q: bool,
        /// Whether `q` is square.
        full: bool,
    },
    /// The parts of a QR of a matrix that is cut into rows: reflectors (n, m), their coefficients
    /// (n, b) and `r` (n, n), with rows of zeros where `m < n`.
    Reflectors,
    /// Of reflectors, coefficients and a matrix (n, p): `Q` of these times the matrix, (m, p).
    ApplyReflectors,
    /// `u` (m, k), the singular values (k) and `vh` (k, n); where `full`, (m, m) and (n, n).
    Svd {
        /// Whether `u` and `vh` are square.
        full: bool,
    },
    /// The singular values (k).
    Svdvals,
    /// Of a Hermitian matrix: eigenvalues (n), ascending, and eigenvectors (n, n) as columns.
    Eigh {
        /// Whether the upper triangle is read, not the lower.
        upper: bool,
    },
    /// Of a Hermitian matrix: eigenvalues (n), ascending.
    Eigvalsh {
        /// Whether the upper triangle is read, not the lower.
        upper: bool,
    },
    /// Complex eigenvalues (n) and eigenvectors (n, n).
    Eig,
    /// Complex eigenvalues (n).
    Eigvals,
    /// The Cholesky factor (n, n) of a positive definite matrix.
    Cholesky {
        /// Whether it is the upper one.
        upper: bool,
    },
    /// Row order (m), `l` (m, k), `u` (k, n).
    Lu,
    /// Of `a` (n, n) and `b` (n, p): the solution (n, p).
    Solve,
    /// As `Solve` with one triangle of `a`.
    SolveTriangular {
        /// Whether it is the lower one.
        lower: bool,
        /// Whether its diagonal counts as ones.
        unit: bool,
    },
    /// The inverse (n, n).
    Inv {
        /// Whether the inverse of a singular matrix is NaN, not an error.
        lenient: bool,
    },
    /// The determinant.
    Det,
    /// The determinant's sign and the logarithm of its absolute value.
    Slogdet,
    /// Of `a` (m, n) and `b` (m, p): the shortest least-squares solution (n, p), the rank, and the
    /// singular values (k).
    Lstsq {
        /// Singular values below this times the largest count as zero.
        rcond: f64,
    },
}

impl Factorization {
    /// Its name, for plans and errors.
    pub fn name(&self) -> &'static str {
        match self {
            Factorization::Qr { .. } => "qr",
            Factorization::Reflectors => "qr of rows",
            Factorization::ApplyReflectors => "q of rows",
            Factorization::Svd { .. } => "svd",
            Factorization::Svdvals => "svdvals",
            Factorization::Eigh { .. } => "eigh",
            Factorization::Eigvalsh { .. } => "eigvalsh",
            Factorization::Eig => "eig",
            Factorization::Eigvals => "eigvals",
            Factorization::Cholesky { .. } => "cholesky",
            Factorization::Lu => "lu",
            Factorization::Solve => "solve",
            Factorization::SolveTriangular { .. } => "solve_triangular",
            Factorization::Inv { .. } => "inv",
            Factorization::Det => "det",
            Factorization::Slogdet => "slogdet",
            Factorization::Lstsq { .. } => "lstsq",
        }
    }

    /// The dtypes and shapes of what is made of one item of inputs of these core shapes.
    pub fn outputs(&self, dtype: DType, cores: &[&[usize]]) -> Result<Vec<(DType, Dims)>> {
        let given = Given::of(*self, dtype, cores)?;
        let (m, n, p) = (given.m, given.n, given.p);
        let k = m.min(n);
        let (real, complex) = (dtype.real(), dtype.promote(DType::C64));
        let shape = |dims: &[usize]| -> Dims { dims.into() };
        Ok(match self {
            Factorization::Qr { q, full } => {
                let k = if *full { m } else { k };
                let r = (dtype, shape(&[k, n]));
                if *q {
                    vec![(dtype, shape(&[m, k])), r]
                } else {
                    vec![r]
                }
            }
            Factorization::Reflectors => vec![
                (dtype, shape(&[n, m])),
                (dtype, shape(&[n, orthogonal::block(m, n)])),
                (dtype, shape(&[n, n])),
            ],
            Factorization::ApplyReflectors => vec![(dtype, shape(&[m, p]))],
            Factorization::Svd { full } => {
                let (mu, nv) = if *full { (m, n) } else { (k, k) };
                vec![
                    (dtype, shape(&[m, mu])),
                    (real, shape(&[k])),
                    (dtype, shape(&[nv, n])),
                ]
            }
            Factorization::Svdvals => vec![(real, shape(&[k]))],
            Factorization::Eigh { .. } => vec![(real, shape(&[n])), (dtype, shape(&[n, n]))],
            Factorization::Eigvalsh { .. } => vec![(real, shape(&[n]))],
            Factorization::Eig => vec![(complex, shape(&[n])), (complex, shape(&[n, n]))],
            Factorization::Eigvals => vec![(complex, shape(&[n]))],
            Factorization::Cholesky { .. } | Factorization::Inv { .. } => {
                vec![(dtype, shape(&[n, n]))]
            }
            Factorization::Lu => vec![
                (DType::I64, shape(&[m])),
                (dtype, shape(&[m, k])),
                (dtype, shape(&[k, n])),
            ],
            Factorization::Solve | Factorization::SolveTriangular { .. } => {
                vec![(dtype, shape(&[n, p]))]
            }
            Factorization::Det => vec![(dtype, shape(&[]))],
            Factorization::Slogdet => vec![(dtype, shape(&[])), (real, shape(&[]))],
            Factorization::Lstsq { .. } => vec![
                (dtype, shape(&[n, p])),
                (DType::I64, shape(&[])),
                (real, shape(&[k])),
            ],
        })
    }

    /// The most bytes that a run needs beside inputs and results, however many items there are.
    pub fn scratch_bytes(&self, dtype: DType, cores: &[&[usize]]) -> Result<u64> {
        let given = Given::of(*self, dtype, cores)?;
        chunkwise_core::dispatch!(inexact dtype, T => Ok(given.scratch::<T>()),
            else Err(given.unsupported(dtype)))
    }

    /// Factorizes stacks of matrices, whose leading axes are equal; results come from `pool`.
    pub fn run(&self, inputs: &[Chunk], pool: &Pool) -> Result<Vec<Chunk>> {
        let Some(first) = inputs.first() else {
            return Err(Error::internal("linalg", "no input"));
        };
        let dtype = first.dtype();
        if first.shape().len() < 2
            || inputs
                .iter()
                .any(|i| i.shape().len() != first.shape().len())
        {
            return Err(Error::internal("linalg", "stacks of unlike depth"));
        }
        let split = first.shape().len() - 2;
        let items: usize = first.shape()[..split].iter().product();
        let cores: Vec<&[usize]> = inputs.iter().map(|i| &i.shape()[split..]).collect();
        let given = Given::of(*self, dtype, &cores)?;
        let made: Vec<(DType, Dims)> = self
            .outputs(dtype, &cores)?
            .into_iter()
            .map(|(d, core)| {
                (
                    d,
                    first.shape()[..split]
                        .iter()
                        .chain(&core)
                        .copied()
                        .collect(),
                )
            })
            .collect();
        build(pool, &made, &mut |views| match dtype {
            DType::F32 => given.run::<f32>(inputs, items, views, pool),
            DType::F64 => given.run::<f64>(inputs, items, views, pool),
            DType::C64 => given.run::<Complex32>(inputs, items, views, pool),
            DType::C128 => given.run::<Complex64>(inputs, items, views, pool),
            _ => Err(given.unsupported(dtype)),
        })
    }
}

/// A factorization of matrices of checked shapes.
#[derive(Clone, Copy)]
struct Given {
    what: Factorization,
    m: usize,
    n: usize,
    /// Columns of the right side.
    p: usize,
}

impl Given {
    fn of(what: Factorization, dtype: DType, cores: &[&[usize]]) -> Result<Given> {
        let mismatch = |expected: Vec<usize>, got: &[usize]| Error::ShapeMismatch {
            operation: what.name(),
            expected,
            got: got.to_vec(),
        };
        let given = match (what, cores) {
            (Factorization::ApplyReflectors, [[n, m], [_, _], [rows, p]]) if rows == n => Given {
                what,
                m: *m,
                n: *n,
                p: *p,
            },
            (
                Factorization::Solve
                | Factorization::SolveTriangular { .. }
                | Factorization::Lstsq { .. },
                [[m, n], [rows, p]],
            ) => {
                if rows != m {
                    return Err(mismatch(vec![*m, *p], cores[1]));
                }
                Given {
                    what,
                    m: *m,
                    n: *n,
                    p: *p,
                }
            }
            (_, [[m, n]]) => Given {
                what,
                m: *m,
                n: *n,
                p: 0,
            },
            _ => {
                return Err(Error::internal(
                    "linalg",
                    format!("{what:?} of shapes {cores:?}"),
                ));
            }
        };
        let any = matches!(
            what,
            Factorization::Qr { .. }
                | Factorization::Reflectors
                | Factorization::ApplyReflectors
                | Factorization::Svd { .. }
                | Factorization::Svdvals
                | Factorization::Lu
                | Factorization::Lstsq { .. }
        );
        if !any && given.m != given.n {
            return Err(mismatch(vec![given.m, given.m], cores[0]));
        }
        if !dtype.is_inexact() {
            return Err(given.unsupported(dtype));
        }
        Ok(given)
    }

    fn unsupported(&self, dtype: DType) -> Error {
        Error::UnsupportedDType {
            operation: self.what.name().to_owned(),
            dtypes: vec![dtype],
        }
    }

    fn scratch<T: Field>(&self) -> u64 {
        let (m, n, p) = (self.m, self.n, self.p);
        match self.what {
            Factorization::Qr { q, full } => {
                let k = if full { m } else { m.min(n) };
                orthogonal::qr_bytes::<T>(m, n, if q { k } else { 0 })
            }
            Factorization::Reflectors => orthogonal::qr_bytes::<T>(m, n, 0),
            Factorization::ApplyReflectors => orthogonal::qr_bytes::<T>(m, n, p),
            Factorization::Svd { full } => singular::svd_bytes::<T>(m, n, true, full),
            Factorization::Svdvals => singular::svd_bytes::<T>(m, n, false, false),
            Factorization::Eigh { .. } => eigen::eigh_bytes::<T>(n, true),
            Factorization::Eigvalsh { .. } => eigen::eigh_bytes::<T>(n, false),
            Factorization::Eig => eigen::eig_bytes::<T>(n, true),
            Factorization::Eigvals => eigen::eig_bytes::<T>(n, false),
            Factorization::Cholesky { .. } => triangular::cholesky_bytes::<T>(n),
            Factorization::Solve => lu::lu_bytes::<T>(n, n, p),
            Factorization::SolveTriangular { .. } => triangular::solve_bytes::<T>(n, p),
            Factorization::Inv { .. } => lu::lu_bytes::<T>(n, n, n),
            Factorization::Lu | Factorization::Det | Factorization::Slogdet => {
                // A second copy where the matrix is singular.
                2 * lu::lu_bytes::<T>(m, n, 0)
            }
            Factorization::Lstsq { .. } => {
                singular::svd_bytes::<T>(m, n, true, false)
                    + 2 * triangular::solve_bytes::<T>(m.min(n), p)
            }
        }
    }

    fn run<T>(
        &self,
        inputs: &[Chunk],
        items: usize,
        views: &mut [ViewMut<'_>],
        pool: &Pool,
    ) -> Result<()>
    where
        T: eigen::General,
        T::C: Field,
    {
        let all = inputs
            .iter()
            .map(elements::<T>)
            .collect::<Result<Vec<_>>>()?;
        let shape = |i: usize| -> (usize, usize) {
            let core = &inputs[i].shape()[inputs[i].shape().len() - 2..];
            (core[0], core[1])
        };
        let input = |i: usize, at: usize| -> &[T] {
            let (r, c) = shape(i);
            item(&all[i], at, r * c)
        };
        let (m, n, p) = (self.m, self.n, self.p);
        for at in 0..items {
            let a = input(0, at);
            let two = || (a, input(1, at));
            match self.what {
                Factorization::Qr { q, full } => {
                    let k = if full { m } else { m.min(n) };
                    orthogonal::qr(a, (m, n), k, q, views, at, pool)?;
                }
                Factorization::Reflectors => orthogonal::reflectors(a, (m, n), views, at)?,
                Factorization::ApplyReflectors => {
                    let parts = (a, input(1, at), input(2, at));
                    orthogonal::apply_reflectors(parts, (m, n), p, views, at, pool)?;
                }
                Factorization::Svd { full } => singular::run(a, (m, n), true, full, views, at)?,
                Factorization::Svdvals => singular::run(a, (m, n), false, false, views, at)?,
                Factorization::Eigh { upper } => eigen::eigh(a, n, (true, upper), views, at)?,
                Factorization::Eigvalsh { upper } => eigen::eigh(a, n, (false, upper), views, at)?,
                Factorization::Eig => eigen::eig(a, n, true, views, at)?,
                Factorization::Eigvals => eigen::eig(a, n, false, views, at)?,
                Factorization::Cholesky { upper } => triangular::cholesky(a, n, upper, views, at)?,
                Factorization::Lu => lu::lu(a, (m, n), views, at)?,
                Factorization::Solve => lu::solve(two(), n, p, views, at)?,
                Factorization::SolveTriangular { lower, unit } => {
                    triangular::solve(two(), n, p, (lower, unit), views, at)?;
                }
                Factorization::Inv { lenient } => lu::inv(a, n, lenient, views, at)?,
                Factorization::Det => lu::det(a, n, views, at)?,
                Factorization::Slogdet => lu::slogdet(a, n, views, at)?,
                Factorization::Lstsq { rcond } => {
                    singular::lstsq(two(), (m, n), p, rcond, views, at)?;
                }
            }
        }
        Ok(())
    }
}
