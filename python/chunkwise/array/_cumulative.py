"""Cumulative operations, and the largest elements along an axis."""

from __future__ import annotations

import operator
from typing import Any

from .. import _chunkwise as _native
from . import _arguments, _dtypes
from ._array import Array
from ._convert import asarray
from ._documentation import documented
from ._ufuncs import _store

__all__ = [
    "argtopk",
    "cumprod",
    "cumsum",
    "cumulative_prod",
    "cumulative_sum",
    "nancumprod",
    "nancumsum",
    "push",
    "topk",
]


def _scan(name: str, a: Any, axis: Any, dtype: Any, out: Any = None) -> Any:
    x = asarray(a)._expr
    axis = None if axis is None else operator.index(axis)
    if x.ndim == 0 and axis in (0, -1):
        axis = None
    if dtype is None:
        result = Array(_native.scan(name, x, axis))
    else:
        wanted = _dtypes.name(dtype)
        result = Array(_native.cast(_native.scan(name, _native.cast(x, wanted), axis), wanted))
    return result if out is None else _store(out, result, name, "unsafe", exact=True)


@documented
def cumsum(
    x: Any, axis: Any = None, dtype: Any = None, out: Any = None, method: str = "sequential"
) -> Any:
    """The sum of the elements up to each, along an axis; of all in C order without one.

    Sums of bools and integers are 64 bits wide.

    Examples
    --------
    >>> da.cumsum([[1, 2], [3, 4]], axis=1).compute()
    array([[1, 3],
           [3, 7]])
    """
    return _scan("cumsum", x, axis, dtype, out)


@documented
def cumprod(
    x: Any, axis: Any = None, dtype: Any = None, out: Any = None, method: str = "sequential"
) -> Any:
    """The product of the elements up to each, along an axis; of all in C order without one.

    Products of bools and integers are 64 bits wide.

    Examples
    --------
    >>> da.cumprod([1, 2, 3, 4]).compute()
    array([ 1,  2,  6, 24])
    """
    return _scan("cumprod", x, axis, dtype, out)


@documented
def nancumsum(
    x: Any, axis: Any = None, dtype: Any = None, out: Any = None, *, method: str = "sequential"
) -> Any:
    """The sum of the elements up to each that are not NaN.

    Examples
    --------
    >>> da.nancumsum([1.0, np.nan, 2.0]).compute()
    array([1., 1., 3.])
    """
    return _scan("nancumsum", x, axis, dtype, out)


@documented
def nancumprod(
    x: Any, axis: Any = None, dtype: Any = None, out: Any = None, *, method: str = "sequential"
) -> Any:
    """The product of the elements up to each that are not NaN.

    Examples
    --------
    >>> da.nancumprod([2.0, np.nan, 3.0]).compute()
    array([2., 2., 6.])
    """
    return _scan("nancumprod", x, axis, dtype, out)


def _cumulative(
    name: str, identity: int, x: Any, axis: Any, dtype: Any, out: Any, include_initial: bool
) -> Any:
    x = asarray(x)
    if axis is None:
        if x.ndim > 1:
            raise ValueError(f"{name}: axis must be given for an array of shape {x.shape}")
        x, axis = Array(_native.reshape(x._expr, [-1])), 0
    axis = operator.index(axis)
    result = _scan(name, x, axis, dtype)
    if include_initial:
        shape = list(result.shape)
        shape[axis] = 1
        first = _native.full(shape, identity, result._expr.dtype, -1)
        result = Array(_native.concatenate([first, result._expr], axis))
    return result if out is None else _store(out, result, name, "unsafe", exact=True)


def cumulative_sum(
    x: Any,
    /,
    *,
    axis: int | None = None,
    dtype: Any = None,
    out: Any = None,
    include_initial: bool = False,
) -> Any:
    """The sum of the elements up to each, along an axis: the array API standard's name.

    Parameters
    ----------
    x : array_like
        What is summed.
    axis : int or None
        The axis; it may be left out where there is one.
    dtype
        The dtype to compute in, and that of the result.
    out : Array or numpy.ndarray, optional
        What becomes the result.
    include_initial : bool
        Whether the result starts with 0, and is longer by one.

    Examples
    --------
    >>> da.cumulative_sum([1, 2, 3], include_initial=True).compute()
    array([0, 1, 3, 6])
    """
    return _cumulative("cumsum", 0, x, axis, dtype, out, include_initial)


def cumulative_prod(
    x: Any,
    /,
    *,
    axis: int | None = None,
    dtype: Any = None,
    out: Any = None,
    include_initial: bool = False,
) -> Any:
    """The product of the elements up to each, along an axis: the array API standard's name.

    Parameters
    ----------
    x : array_like
        What is multiplied.
    axis : int or None
        The axis; it may be left out where there is one.
    dtype
        The dtype to compute in, and that of the result.
    out : Array or numpy.ndarray, optional
        What becomes the result.
    include_initial : bool
        Whether the result starts with 1, and is longer by one.

    Examples
    --------
    >>> da.cumulative_prod([2, 3, 4], include_initial=True).compute()
    array([ 1,  2,  6, 24])
    """
    return _cumulative("cumprod", 1, x, axis, dtype, out, include_initial)


def push(array: Any, n: int | None, axis: int) -> Array:
    """The last element that was not NaN, in the place of NaN along an axis.

    What comes before the first such element stays NaN. Integers are as they are.

    Parameters
    ----------
    array : array_like
    n : int or None
        For how many places an element stands in at most; `None` for all.
    axis : int
        The axis.

    Raises
    ------
    ValueError
        A negative `n`.

    Examples
    --------
    >>> nan = float("nan")
    >>> da.push([nan, 1.0, nan, nan, 4.0], None, 0).compute()
    array([nan,  1.,  1.,  1.,  4.])
    >>> da.push([nan, 1.0, nan, nan, 4.0], 1, 0).compute()
    array([nan,  1.,  1., nan,  4.])
    """
    x = asarray(array)
    expr = x._resolve()
    axis = _arguments.axis_of(axis, expr.ndim)
    if n is not None and operator.index(n) < 0:
        raise ValueError(f"push: n must not be negative, got {n}")
    if x.dtype.kind not in "fc" or not expr.size:
        return x
    call = _native.elementwise
    missing = call("isnan", expr)
    places = _arguments.index_along(expr.shape, axis, expr.chunks)._expr
    last = _native.scan("cummax", call("where", missing, -1, places), axis)
    filled = _native.take_along_axis(expr, call("maximum", last, 0), axis)
    if n is not None:
        near = call("less_equal", call("subtract", places, last), operator.index(n))
        filled = call("where", near, filled, expr)
    return Array(filled)


def topk(a: Any, k: int, axis: int = -1, split_every: Any = None) -> Array:
    """The `k` largest elements along an axis, largest first; for a negative `k` the smallest ones.

    Parameters
    ----------
    a : array_like
        Real numbers; NaN is larger than all.
    k : int
        How many; more than there are gives all.
    axis : int
        The axis.
    split_every
        Accepted, without effect: the engine cuts the work itself.

    Examples
    --------
    >>> da.topk([5, 1, 3, 6], 2).compute()
    array([6, 5])
    >>> da.topk([5, 1, 3, 6], -2).compute()
    array([1, 3])
    """
    return Array(_native.topk(asarray(a)._expr, operator.index(k), operator.index(axis), False))


def argtopk(a: Any, k: int, axis: int = -1, split_every: Any = None) -> Array:
    """The indices along an axis of what `topk` gives, as `int64`.

    Parameters
    ----------
    a : array_like
        Real numbers; NaN is larger than all.
    k : int
        How many; more than there are gives all.
    axis : int
        The axis.
    split_every
        Accepted, without effect: the engine cuts the work itself.

    Examples
    --------
    >>> da.argtopk([5, 1, 3, 6], 2).compute()
    array([3, 0])
    """
    return Array(_native.topk(asarray(a)._expr, operator.index(k), operator.index(axis), True))
