"""Linear algebra: the array API standard's extension, with NumPy's and Dask's names beside it.

The last two axes of an array are a matrix, the axes before them a stack. Tall matrices are
factorized in rows, in bounded memory; others are held whole by one task.

>>> import chunkwise.array as da
>>> x = da.asarray([[2.0, 0.0], [0.0, 4.0]])
>>> da.linalg.inv(x).compute()
array([[0.5 , 0.  ],
       [0.  , 0.25]])
"""

from __future__ import annotations

from operator import index
from typing import Any, NamedTuple

from numpy.linalg import LinAlgError

from .. import _chunkwise as _native
from . import _dtypes
from ._array import Array
from ._convert import asarray

__all__ = [
    "LinAlgError",
    "cholesky",
    "compression_level",
    "cond",
    "cross",
    "det",
    "diagonal",
    "eig",
    "eigh",
    "eigvals",
    "eigvalsh",
    "inv",
    "lstsq",
    "lu",
    "matmul",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "matrix_transpose",
    "multi_dot",
    "norm",
    "outer",
    "pinv",
    "qr",
    "sfqr",
    "slogdet",
    "solve",
    "solve_triangular",
    "svd",
    "svd_compressed",
    "svdvals",
    "tensordot",
    "trace",
    "tsqr",
    "vecdot",
    "vector_norm",
]


class EighResult(NamedTuple):
    """What `eigh` gives."""

    eigenvalues: Array
    eigenvectors: Array


class EigResult(NamedTuple):
    """What `eig` gives."""

    eigenvalues: Array
    eigenvectors: Array


class QRResult(NamedTuple):
    """What `qr` gives."""

    Q: Array
    R: Array


class SlogdetResult(NamedTuple):
    """What `slogdet` gives."""

    sign: Array
    logabsdet: Array


class SVDResult(NamedTuple):
    """What `svd` gives."""

    U: Array
    S: Array
    Vh: Array


def _expr(x: Any) -> Any:
    return asarray(x)._expr


def _one(name: str, x: Any) -> Array:
    return Array(_native.linalg_one(name, _expr(x)))


def _arrays(exprs: Any) -> list[Array]:
    return [Array(e) for e in exprs]


def _matrices(x: Any, square: bool = False) -> Any:
    """The expression of stacks of matrices; NumPy's exception where they are none."""
    expr = _expr(x)
    if expr.ndim < 2:
        raise LinAlgError(f"{expr.ndim}-dimensional array given; it must be at least 2-dimensional")
    if square and expr.shape[-1] != expr.shape[-2]:
        raise LinAlgError(f"the last 2 axes of an array of shape {expr.shape} must be equal")
    return expr


def _axes(axis: Any) -> list[int] | None:
    if axis is None:
        return None
    if isinstance(axis, tuple | list):
        return [index(a) for a in axis]
    return [index(axis)]


def cholesky(x: Any, /, *, upper: bool = False, lower: bool | None = None) -> Array:
    """The Cholesky factor ``l`` of Hermitian positive definite matrices ``l @ l.mT.conj()``.

    Parameters
    ----------
    x : array_like
        Matrices; only the triangle of the factor is read.
    upper : bool
        Whether the factor is the upper triangle ``u`` with ``u.mT.conj() @ u``.
    lower : bool
        The opposite of `upper`, under Dask's name.

    Raises
    ------
    LinAlgError
        While computing, where a matrix is not positive definite.

    Examples
    --------
    >>> da.linalg.cholesky(da.asarray([[4.0, 2.0], [2.0, 5.0]])).compute()
    array([[2., 0.],
           [1., 2.]])
    """
    if lower is not None:
        upper = not lower
    return Array(_native.triangular("cholesky", _matrices(x, square=True), bool(upper)))


def compression_level(n: int, q: int, n_oversamples: int = 10, min_subspace_size: int = 20) -> int:
    """How many random directions `svd_compressed` takes for rank `q` of matrices with side `n`.

    Examples
    --------
    >>> da.linalg.compression_level(100, 10)
    20
    """
    return _native.compression_level(n, q, n_oversamples, min_subspace_size)


def cond(x: Any, p: Any = None) -> Array:
    """The condition number of matrices in a norm; infinite where singular.

    Examples
    --------
    >>> da.linalg.cond(da.asarray([[2.0, 0.0], [0.0, 1.0]])).compute()
    np.float64(2.0)
    """
    return Array(_native.cond(_matrices(x), p))


def cross(x1: Any, x2: Any, /, *, axis: int = -1) -> Array:
    """The vector product along an axis of length 3.

    Examples
    --------
    >>> da.linalg.cross(da.asarray([1, 0, 0]), da.asarray([0, 1, 0])).compute()
    array([0, 0, 1])
    """
    return Array(_native.cross(_expr(x1), _expr(x2), axis))


def det(x: Any, /) -> Array:
    """The determinant of square matrices.

    Examples
    --------
    >>> round(float(da.linalg.det(da.asarray([[1.0, 2.0], [3.0, 4.0]]))), 12)
    -2.0
    """
    return Array(_native.linalg_one("det", _matrices(x, square=True)))


def diagonal(x: Any, /, *, offset: int = 0) -> Array:
    """The diagonals of matrices, as the last axis.

    Examples
    --------
    >>> da.linalg.diagonal(da.asarray([[1, 2], [3, 4]])).compute()
    array([1, 4])
    """
    return Array(_native.diagonal(_expr(x), offset, -2, -1))


def eig(x: Any, /) -> EigResult:
    """The eigenvalues and eigenvectors, as columns, of square matrices; always complex.

    Examples
    --------
    >>> w, v = da.linalg.eig(da.asarray([[0.0, 1.0], [-1.0, 0.0]]))
    >>> w.dtype
    dtype('complex128')
    """
    return EigResult(*_arrays(_native.linalg_pair("eig", _matrices(x, square=True))))


def eigvals(x: Any, /) -> Array:
    """The eigenvalues of square matrices; always complex.

    Examples
    --------
    >>> da.linalg.eigvals(da.asarray([[2.0]])).compute()
    array([2.+0.j])
    """
    return Array(_native.linalg_one("eigvals", _matrices(x, square=True)))


def _upper(uplo: str) -> bool:
    if not isinstance(uplo, str) or uplo.upper() not in ("L", "U"):
        raise ValueError(f"UPLO must be 'L' or 'U', not {uplo!r}")
    return uplo.upper() == "U"


def eigh(x: Any, /, UPLO: str = "L") -> EighResult:  # noqa: N803 - NumPy's name
    """The eigenvalues in ascending order and eigenvectors, as columns, of Hermitian matrices.

    Examples
    --------
    >>> da.linalg.eigh(da.asarray([[2.0, 0.0], [0.0, 1.0]])).eigenvalues.compute()
    array([1., 2.])
    """
    return EighResult(*_arrays(_native.eigh(_matrices(x, square=True), _upper(UPLO))))


def eigvalsh(x: Any, /, UPLO: str = "L") -> Array:  # noqa: N803 - NumPy's name
    """The eigenvalues of Hermitian matrices in ascending order.

    Examples
    --------
    >>> da.linalg.eigvalsh(da.asarray([[2.0, 0.0], [0.0, 1.0]])).compute()
    array([1., 2.])
    """
    return Array(_native.triangular("eigvalsh", _matrices(x, square=True), _upper(UPLO)))


def inv(x: Any, /) -> Array:
    """The inverse of square matrices.

    Raises
    ------
    LinAlgError
        While computing, where a matrix is singular.

    Examples
    --------
    >>> da.linalg.inv(da.asarray([[2.0]])).compute()
    array([[0.5]])
    """
    return Array(_native.linalg_one("inv", _matrices(x, square=True)))


def lstsq(a: Any, b: Any, rcond: float | None = None) -> tuple[Array, Array, Array, Array]:
    """Least squares of ``a @ x = b``: solution, squared residuals, rank, singular values.

    The residuals are there for every column of `b`, as in Dask, also where NumPy leaves them out.

    Parameters
    ----------
    a : array_like of shape (m, n)
    b : array_like of shape (m,) or (m, k)
    rcond : float
        Singular values up to this times the largest count as zero; by default the machine epsilon
        times the larger side, also where it is negative.

    Examples
    --------
    >>> x, residuals, rank, s = da.linalg.lstsq(da.asarray([[1.0], [1.0]]), da.asarray([1.0, 3.0]))
    >>> x.compute().round(6)
    array([2.])
    """
    if rcond is not None and rcond < 0:
        rcond = None
    return tuple(_arrays(_native.lstsq(_matrices(a), _expr(b), rcond)))


def lu(a: Any) -> tuple[Array, Array, Array]:
    """The factors ``p @ l @ u``: a permutation, a lower triangle with ones, an upper triangle.

    Examples
    --------
    >>> p, l, u = da.linalg.lu(da.asarray([[0.0, 1.0], [2.0, 3.0]]))
    >>> u.compute()
    array([[2., 3.],
           [0., 1.]])
    """
    return tuple(_arrays(_native.lu(_matrices(a))))


def matmul(x1: Any, x2: Any, /) -> Array:
    """The matrix product, as ``x1 @ x2``.

    Examples
    --------
    >>> da.linalg.matmul(da.asarray([1, 2]), da.asarray([3, 4])).compute()
    np.int64(11)
    """
    return Array(_native.matmul(_expr(x1), _expr(x2)))


def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Array:
    """The norm of matrices: ``"fro"``, ``"nuc"``, 1, 2, infinity and their negatives.

    Examples
    --------
    >>> da.linalg.matrix_norm(da.asarray([[3.0, 4.0]])).compute()
    np.float64(5.0)
    """
    return Array(_native.norm(_matrices(x), ord, [-2, -1], keepdims))


def matrix_power(x: Any, n: int, /) -> Array:
    """Square matrices times themselves `n` times; inverses where `n` is negative.

    Examples
    --------
    >>> da.linalg.matrix_power(da.asarray([[1, 1], [0, 1]]), 5).compute()
    array([[1, 5],
           [0, 1]])
    """
    return Array(_native.matrix_power(_matrices(x, square=True), index(n)))


def _tolerance(x: Any, tol: Any, rtol: Any) -> Any:
    """What both arguments say relative to the largest singular value; absolute ones stay apart."""
    if tol is not None and rtol is not None:
        raise ValueError("give one of tol and rtol, not both")
    return None if rtol is None else asarray(rtol)


def matrix_rank(x: Any, /, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Array:
    """The number of singular values that are not zero, nearly.

    Parameters
    ----------
    x : array_like
        Matrices, or a vector, whose rank is 1 unless it is zero.
    tol : array_like
        Singular values up to this count as zero.
    hermitian : bool
        Whether the matrices are known to be Hermitian, which is faster.
    rtol : array_like
        The same relative to the largest; by default the machine epsilon times the larger side.

    Examples
    --------
    >>> da.linalg.matrix_rank(da.ones((3, 3))).compute()
    np.int64(1)
    """
    x = asarray(x)
    rtol = _tolerance(x, tol, rtol)
    if x.ndim < 2:
        some = _native.reduce("any", x._expr, None, False, 0.0)
        return Array(_native.cast(some, "int64"))
    if tol is not None:
        values = abs(eigvalsh(x)) if hermitian else svdvals(x)
        least = Array(_native.expand_dims(_expr(tol), [-1]))
        return Array(_native.reduce("count_nonzero", (values > least)._expr, [-1], False, 0.0))
    rtol = None if rtol is None else rtol._expr
    return Array(_native.tolerant("matrix_rank", x._expr, rtol, hermitian))


def matrix_transpose(x: Any, /) -> Array:
    """Matrices with rows and columns exchanged.

    Examples
    --------
    >>> da.linalg.matrix_transpose(da.ones((2, 3, 4))).shape
    (2, 4, 3)
    """
    expr = _expr(x)
    if expr.ndim < 2:
        raise ValueError(f"{expr.ndim}-dimensional array given; it must be at least 2-dimensional")
    return Array(_native.linalg_one("matrix_transpose", expr))


def multi_dot(arrays: Any) -> Array:
    """The product of two or more matrices in the cheapest order.

    Examples
    --------
    >>> da.linalg.multi_dot([da.ones((2, 9)), da.ones((9, 3)), da.ones((3, 4))]).shape
    (2, 4)
    """
    return Array(_native.multi_dot([_expr(a) for a in arrays]))


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Array:
    """The norm of vectors, along one axis, or of matrices, along two.

    Without an axis and without `ord` it is the 2-norm of all elements.

    Parameters
    ----------
    x : array_like
    ord : number, "fro" or "nuc"
        Which norm; as in `numpy.linalg.norm`.
    axis : int or pair of ints
        The vectors' axis, or the matrices' rows and columns.
    keepdims : bool
        Whether the axes stay with length 1.

    Examples
    --------
    >>> da.linalg.norm(da.asarray([3.0, 4.0])).compute()
    np.float64(5.0)
    """
    return Array(_native.norm(_expr(x), ord, _axes(axis), keepdims))


def outer(x1: Any, x2: Any, /) -> Array:
    """The products of all elements of a vector with all of another.

    Examples
    --------
    >>> da.linalg.outer(da.asarray([1, 2]), da.asarray([3, 4])).compute()
    array([[3, 4],
           [6, 8]])
    """
    a, b = _expr(x1), _expr(x2)
    if a.ndim != 1 or b.ndim != 1:
        raise ValueError(f"outer takes vectors, not arrays of {a.ndim} and {b.ndim} dimensions")
    return Array(_native.outer(a, b))


def pinv(x: Any, /, rcond: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Array:
    """The Moore-Penrose inverse of matrices.

    Parameters
    ----------
    x : array_like
    rcond, rtol : array_like
        Singular values up to this times the largest count as zero; by default the machine epsilon
        times the larger side.
    hermitian : bool
        Whether the matrices are known to be Hermitian, which is faster.

    Examples
    --------
    >>> da.linalg.pinv(da.asarray([[2.0], [0.0]])).compute()
    array([[0.5, 0. ]])
    """
    if rcond is not None and rtol is not None:
        raise ValueError("give one of rcond and rtol, not both")
    rtol = rcond if rtol is None else rtol
    rtol = None if rtol is None else _expr(rtol)
    return Array(_native.tolerant("pinv", _matrices(x), rtol, hermitian))


def qr(x: Any, /, mode: str = "reduced") -> Any:
    """The factors ``q @ r``: orthonormal columns, and an upper triangle.

    Parameters
    ----------
    x : array_like
        Matrices; a tall one is factorized in rows, in parallel and in bounded memory.
    mode : {"reduced", "complete", "r"}
        Whether `q` has as many columns as needed or is square; ``"r"`` gives `r` alone.

    Examples
    --------
    >>> q, r = da.linalg.qr(da.ones((100, 3)))
    >>> q.shape, r.shape
    ((100, 3), (3, 3))
    """
    expr = _matrices(x)
    if mode == "r":
        return Array(_native.linalg_one("qr_r", expr))
    if mode not in ("reduced", "complete"):
        raise ValueError(f"unknown mode {mode!r}; known are 'reduced', 'complete' and 'r'")
    return QRResult(*_arrays(_native.qr(expr, mode == "complete")))


def sfqr(data: Any, name: Any = None) -> QRResult:
    """`qr` of a matrix with at most as many rows as columns, by its first columns.

    Examples
    --------
    >>> da.linalg.sfqr(da.ones((3, 100))).R.shape
    (3, 100)
    """
    return QRResult(*_arrays(_native.linalg_pair("sfqr", _expr(data))))


def slogdet(x: Any, /) -> SlogdetResult:
    """The sign of determinants and the logarithm of their absolute values.

    Examples
    --------
    >>> da.linalg.slogdet(da.asarray([[-1.0]])).sign.compute()
    np.float64(-1.0)
    """
    return SlogdetResult(*_arrays(_native.linalg_pair("slogdet", _matrices(x, square=True))))


def solve(x1: Any, x2: Any, /, assume_a: str = "gen") -> Array:
    """The solution ``x`` of ``x1 @ x = x2``; `x2` is a vector or matrices.

    Parameters
    ----------
    x1 : array_like
        Square matrices.
    x2 : array_like
        A vector, or matrices.
    assume_a : {"gen", "pos"}
        ``"pos"`` says that the matrices are Hermitian and positive definite, which is faster.

    Raises
    ------
    LinAlgError
        While computing, where a matrix is singular, or not positive definite as said.

    Examples
    --------
    >>> da.linalg.solve(da.asarray([[2.0]]), da.asarray([4.0])).compute()
    array([2.])
    """
    a = _matrices(x1, square=True)
    if assume_a == "pos":
        lower = cholesky(Array(a))
        upper = Array(_native.elementwise("conj", matrix_transpose(lower)._expr))
        if lower.dtype.kind != "c":
            upper = matrix_transpose(lower)
        return solve_triangular(upper, solve_triangular(lower, x2, lower=True))
    if assume_a != "gen":
        raise ValueError(f"assume_a must be 'gen' or 'pos', not {assume_a!r}")
    return Array(_native.solve(a, _expr(x2)))


def solve_triangular(a: Any, b: Any, lower: bool = False, unit_diagonal: bool = False) -> Array:
    """The solution ``x`` of ``a @ x = b`` with one triangle of `a`.

    Examples
    --------
    >>> a = da.asarray([[2.0, 9.0], [1.0, 4.0]])
    >>> da.linalg.solve_triangular(a, da.asarray([2.0, 5.0]), lower=True).compute()
    array([1., 1.])
    """
    expr = _matrices(a, square=True)
    return Array(_native.solve_triangular(expr, _expr(b), lower, unit_diagonal))


def svd(
    x: Any, /, full_matrices: bool = True, *, compute_uv: bool = True, coerce_signs: Any = None
) -> Any:
    """The singular value decomposition ``u * s @ vh``, with `s` descending.

    Parameters
    ----------
    x : array_like
        Matrices; a tall or wide one is factorized in rows first.
    full_matrices : bool
        Whether `u` and `vh` are square, as by default in NumPy and in the standard. Dask's are
        never: for large tall or wide matrices say ``False``, as Dask does.
    compute_uv : bool
        Without it only `s` is given.
    coerce_signs
        Accepted for Dask's sake; signs are those of the factorization.

    Examples
    --------
    >>> u, s, vh = da.linalg.svd(da.ones((100, 3)), full_matrices=False)
    >>> u.shape, s.shape, vh.shape
    ((100, 3), (3,), (3, 3))
    """
    expr = _matrices(x)
    if not compute_uv:
        return Array(_native.linalg_one("svdvals", expr))
    return SVDResult(*_arrays(_native.svd(expr, full_matrices)))


def svd_compressed(
    a: Any,
    k: int,
    iterator: str = "power",
    n_power_iter: int = 0,
    n_oversamples: int = 10,
    seed: int | None = None,
    compute: bool = False,
    coerce_signs: Any = None,
) -> SVDResult:
    """The `k` largest singular values and their vectors, nearly, by random directions.

    The matrix is read twice, and twice more for each power iteration, and never held.

    Parameters
    ----------
    a : array_like of shape (m, n)
    k : int
        How many.
    iterator : {"power", "QR"}
        Whether directions are made orthogonal between iterations; small values stay accurate then.
    n_power_iter, n_oversamples : int
        Iterations, at most 1000, and directions beyond `k`.
    seed : int
        Seed of the random directions; 0 by default, so that results are the same each time.
    compute, coerce_signs
        Accepted for Dask's sake.

    Raises
    ------
    ValueError
        Not two axes, an unknown `iterator`, more than 1000 iterations.

    Examples
    --------
    >>> u, s, vh = da.linalg.svd_compressed(da.ones((100, 50)), 1)
    >>> u.shape, s.shape, vh.shape
    ((100, 1), (1,), (1, 50))
    """
    if iterator not in ("power", "QR"):
        raise ValueError(f"iterator must be 'power' or 'QR', not {iterator!r}")
    made = _native.svd_compressed(
        _matrices(a), k, seed or 0, n_power_iter, n_oversamples, iterator == "QR"
    )
    return SVDResult(*_arrays(made))


def svdvals(x: Any, /) -> Array:
    """The singular values of matrices, descending.

    Examples
    --------
    >>> da.linalg.svdvals(da.asarray([[3.0, 0.0], [0.0, 4.0]])).compute()
    array([4., 3.])
    """
    return Array(_native.linalg_one("svdvals", _matrices(x)))


def tensordot(x1: Any, x2: Any, /, *, axes: Any = 2) -> Array:
    """The sum over pairs of axes: so many last with so many first, or two lists of axes.

    Examples
    --------
    >>> da.linalg.tensordot(da.ones((2, 3)), da.ones((3, 4)), axes=1).shape
    (2, 4)
    """
    a, b = _expr(x1), _expr(x2)
    if hasattr(axes, "__index__"):
        count = index(axes)
        if not 0 <= count <= min(a.ndim, b.ndim):
            raise ValueError(f"axes = {count}: the arrays have {a.ndim} and {b.ndim} axes")
        axes = (list(range(a.ndim - count, a.ndim)), list(range(count)))
    first, second = (_axes(each) for each in axes)
    return Array(_native.tensordot(a, b, (first, second)))


def trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Array:
    """The sums of matrices' diagonals.

    Examples
    --------
    >>> da.linalg.trace(da.asarray([[1, 2], [3, 4]])).compute()
    np.int64(5)
    """
    line = diagonal(x, offset=offset)._expr
    if dtype is not None:
        line = _native.cast(line, _dtypes.name(dtype))
    total = _native.reduce("sum", line, [-1], False, 0.0)
    return Array(total if dtype is None else _native.cast(total, _dtypes.name(dtype)))


def tsqr(data: Any, compute_svd: bool = False, _max_vchunk_size: Any = None) -> Any:
    """`qr` of a matrix with at least as many rows as columns, in rows; or its `svd`.

    Examples
    --------
    >>> da.linalg.tsqr(da.ones((100, 3))).Q.shape
    (100, 3)
    """
    if compute_svd:
        return svd(data, full_matrices=False)
    return QRResult(*_arrays(_native.linalg_pair("tsqr", _expr(data))))


def vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Array:
    """The sums of products along an axis, the first array conjugated.

    Examples
    --------
    >>> da.linalg.vecdot(da.asarray([1, 2]), da.asarray([3, 4])).compute()
    np.int64(11)
    """
    return Array(_native.vecdot(_expr(x1), _expr(x2), axis))


def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Array:
    """The norm of the elements along some axes together, as of one vector.

    Examples
    --------
    >>> da.linalg.vector_norm(da.asarray([[3.0, 4.0]]), ord=da.inf).compute()
    np.float64(4.0)
    """
    return Array(_native.vector_norm(_expr(x), float(ord), _axes(axis), keepdims))


def __dir__() -> list[str]:
    return sorted(__all__)
