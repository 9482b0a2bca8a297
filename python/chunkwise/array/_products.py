"""Products of vectors, matrices and tensors."""

from __future__ import annotations

from operator import index
from typing import Any

import numpy as np

from .. import _chunkwise as _native
from . import _arguments, _dtypes
from ._array import Array

__all__ = [
    "cross",
    "dot",
    "einsum",
    "inner",
    "kron",
    "matmul",
    "matvec",
    "outer",
    "tensordot",
    "vdot",
    "vecdot",
    "vecmat",
]


def matmul(a: Any, b: Any) -> Array:
    """The product of matrices, over the last two axes; the others are broadcast.

    Parameters
    ----------
    a, b : array_like
        Of shapes ``(..., m, k)`` and ``(..., k, n)``; a vector is a row on the left and a column on
        the right, without that axis in the result.

    Returns
    -------
    Array
        Of shape ``(..., m, n)``.

    Raises
    ------
    ValueError
        Shapes that do not fit, or an array without axes.

    Examples
    --------
    >>> da.matmul([[1, 2], [3, 4]], [1, 1]).compute()
    array([3, 7])
    """
    return Array(_native.matmul(_arguments.known(a), _arguments.known(b)))


def _vector(x: Any, axis: int, name: str) -> _native.Expr:
    e = _arguments.known(x)
    if not e.ndim:
        raise ValueError(f"{name}: a vector is needed, got an array without axes")
    return _native.expand_dims(e, [axis % (e.ndim + 1)])


def _matrices(x: Any, name: str) -> _native.Expr:
    e = _arguments.known(x)
    if e.ndim < 2:
        raise ValueError(f"{name}: a matrix is needed, got an array with {e.ndim} axes")
    return e


def matvec(x1: Any, x2: Any) -> Array:
    """The product of matrices and vectors; the axes before those are broadcast.

    Parameters
    ----------
    x1 : array_like of shape (..., m, n)
        Matrices.
    x2 : array_like of shape (..., n)
        Vectors.

    Returns
    -------
    Array
        Of shape ``(..., m)``.

    Raises
    ------
    ValueError
        Shapes that do not fit.

    Examples
    --------
    >>> da.matvec([[1, 2], [3, 4]], [[1, 0], [1, 1]]).compute()
    array([[1, 3],
           [3, 7]])
    """
    product = _native.matmul(_matrices(x1, "matvec"), _vector(x2, -1, "matvec"))
    return Array(_native.squeeze(product, [product.ndim - 1]))


def vecmat(x1: Any, x2: Any) -> Array:
    """The product of vectors, conjugated, and matrices; the axes before those are broadcast.

    Parameters
    ----------
    x1 : array_like of shape (..., n)
        Vectors.
    x2 : array_like of shape (..., n, m)
        Matrices.

    Returns
    -------
    Array
        Of shape ``(..., m)``.

    Raises
    ------
    ValueError
        Shapes that do not fit.

    Examples
    --------
    >>> da.vecmat([1, 1], [[1, 2], [3, 4]]).compute()
    array([4, 6])
    """
    row = _vector(x1, -2, "vecmat")
    if row.dtype.startswith("complex"):
        row = _native.elementwise("conj", row)
    product = _native.matmul(row, _matrices(x2, "vecmat"))
    return Array(_native.squeeze(product, [product.ndim - 2]))


def dot(a: Any, b: Any) -> Array:
    """The sum of products over the last axis of one array and the last but one of the other.

    Parameters
    ----------
    a, b : array_like
        With a vector on the right, over its only axis; with a number, the plain product.

    Examples
    --------
    >>> int(da.dot([1, 2], [3, 4]))
    11
    """
    return Array(_native.dot(_arguments.known(a), _arguments.known(b)))


def vdot(a: Any, b: Any) -> Array:
    """The sum of products of all elements in C order, those of the first array conjugated.

    Examples
    --------
    >>> complex(da.vdot([1j], [1j]))
    (1+0j)
    """
    return Array(_native.vdot(_arguments.known(a), _arguments.known(b)))


def inner(a: Any, b: Any) -> Array:
    """The sum of products over the last axes of both arrays.

    Examples
    --------
    >>> da.inner([[1, 2], [3, 4]], [1, 1]).compute()
    array([3, 7])
    """
    return Array(_native.inner(_arguments.known(a), _arguments.known(b)))


def outer(a: Any, b: Any) -> Array:
    """Every element of one array times every element of the other: a matrix.

    Examples
    --------
    >>> da.outer([1, 2], [1, 10]).compute()
    array([[ 1, 10],
           [ 2, 20]])
    """
    return Array(_native.outer(_arguments.known(a), _arguments.known(b)))


def kron(a: Any, b: Any) -> Array:
    """The Kronecker product: each element of the first array times all of the second, in its place.

    Examples
    --------
    >>> da.kron([1, 10], [1, 2]).compute()
    array([ 1,  2, 10, 20])
    """
    return Array(_native.kron(_arguments.known(a), _arguments.known(b)))


def tensordot(lhs: Any, rhs: Any, axes: Any = 2) -> Array:
    """The sum of products over several axes of two arrays.

    Parameters
    ----------
    lhs, rhs : array_like
    axes : int or (sequence of int, sequence of int)
        How many last axes of the first array go with as many first axes of the second; or which
        axes of each.

    Returns
    -------
    Array
        With the other axes of the first array, then those of the second.

    Raises
    ------
    ValueError
        Axes whose lengths differ.

    Examples
    --------
    >>> da.tensordot(da.ones((2, 3, 4)), da.ones((3, 4, 5))).shape
    (2, 5)
    """
    a, b = _arguments.known(lhs), _arguments.known(rhs)
    if np.iterable(axes):
        left, right = axes
        of_a, of_b = (_arguments.axes(list(v) if np.iterable(v) else v) for v in (left, right))
    else:
        n = index(axes)
        if n < 0:
            raise ValueError(f"tensordot: axes must be at least 0, got {n}")
        if n > min(a.ndim, b.ndim):
            raise ValueError(f"tensordot: {n} axes of arrays with {a.ndim} and {b.ndim}")
        of_a, of_b = list(range(a.ndim - n, a.ndim)), list(range(n))
    if len(of_a) != len(of_b):
        raise ValueError(f"shape-mismatch for sum: {len(of_a)} axes and {len(of_b)}")
    return Array(_native.tensordot(a, b, (of_a, of_b)))


_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def _labels(given: Any) -> str:
    return "".join("..." if label is Ellipsis else _LETTERS[index(label)] for label in given)


def einsum(
    *operands: Any,
    out: Any = None,
    dtype: Any = None,
    order: str = "K",
    casting: str = "safe",
    optimize: Any = True,
    split_every: Any = None,
) -> Array:
    """Einstein's summation: sums of products of labelled axes.

    Parameters
    ----------
    subscripts : str
        The labels of each array's axes, ``"ij,jk->ik"``; without an arrow the result has those that
        occur once, in the order of the alphabet.
    *operands : array_like
        Or arrays and lists of numbers in turn, then a list for the result, in the place of
        `subscripts`.
    dtype
        In which is computed.
    casting : str
        Which conversions to `dtype` are allowed, in NumPy's words.
    out : None
        Arrays do not change.
    order, optimize, split_every
        Accepted as in NumPy and Dask. The order of the products is always chosen by cost.

    Examples
    --------
    >>> da.einsum("ij,jk->ik", da.ones((2, 3)), da.ones((3, 4))).shape
    (2, 4)
    """
    if out is not None:
        raise TypeError("einsum: arrays do not change: out must be None")
    if not operands:
        raise ValueError("must specify the einstein sum subscripts string and at least one operand")
    if isinstance(operands[0], str):
        subscripts, arrays = operands[0], operands[1:]
    else:
        pairs = len(operands) // 2
        arrays = operands[: 2 * pairs : 2]
        subscripts = ",".join(_labels(i) for i in operands[1 : 2 * pairs : 2])
        if len(operands) % 2:
            subscripts += "->" + _labels(operands[-1])
    exprs = [_arguments.known(a) for a in arrays]
    if dtype is not None:
        name = _dtypes.name(dtype)
        for e in exprs:
            if not np.can_cast(e.dtype, name, casting):
                raise TypeError(f"Cannot cast array data from {e.dtype} to {name} by {casting!r}")
        exprs = [_native.cast(e, name) for e in exprs]
    return Array(_native.einsum(subscripts, exprs))


def vecdot(x1: Any, x2: Any, *, axis: int = -1) -> Array:
    """The sum of products along one axis, the elements of the first array conjugated.

    Parameters
    ----------
    x1, x2 : array_like
        Broadcast against each other but along the axis.
    axis : int

    Examples
    --------
    >>> da.vecdot([[1, 2], [3, 4]], [1, 1]).compute()
    array([3, 7])
    """
    a, b = _arguments.known(x1), _arguments.known(x2)
    return Array(_native.vecdot(a, b, index(axis)))


def cross(
    a: Any,
    b: Any,
    axisa: int = -1,
    axisb: int = -1,
    axisc: int = -1,
    axis: int | None = None,
) -> Array:
    """The vector product of vectors of three components.

    Parameters
    ----------
    a, b : array_like
        Broadcast against each other but along the components.
    axisa, axisb, axisc : int
        Along which axes the components of the arrays and of the result lie.
    axis : int
        In the place of all three.

    Raises
    ------
    ValueError
        Another number of components than three.

    Examples
    --------
    >>> da.cross([1, 0, 0], [0, 1, 0]).compute()
    array([0, 0, 1])
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    left, right = _arguments.known(a), _arguments.known(b)
    parts = []
    for e, at in ((left, axisa), (right, axisb)):
        if not e.ndim:
            raise ValueError("At least one array has zero dimension")
        at = _arguments.axis_of(at, e.ndim)
        if e.shape[at] != 3:
            raise ValueError(f"cross: vectors of 3 components are needed, got {e.shape[at]}")
        parts.append(_native.unstack(e, at))
    (a0, a1, a2), (b0, b1, b2) = parts
    multiply, subtract = "multiply", "subtract"
    call = _native.elementwise

    def minor(p: Any, q: Any, r: Any, s: Any) -> Any:
        return call(subtract, call(multiply, p, q), call(multiply, r, s))

    made = [minor(a1, b2, a2, b1), minor(a2, b0, a0, b2), minor(a0, b1, a1, b0)]
    ndim = made[0].ndim + 1
    return Array(_native.stack(made, _arguments.axis_of(axisc, ndim)))
