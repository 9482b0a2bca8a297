"""Reductions over axes."""

from __future__ import annotations

import math
import operator
from typing import Any

from .. import _chunkwise as _native
from . import _dtypes
from ._array import Array, _elementwise
from ._convert import asarray
from ._documentation import documented
from ._ufuncs import _NO_VALUE, _argument, _mask, _store

__all__ = [
    "all",
    "amax",
    "amin",
    "any",
    "argmax",
    "argmin",
    "count_nonzero",
    "max",
    "mean",
    "min",
    "prod",
    "ptp",
    "std",
    "sum",
    "trace",
    "var",
]


def _axes(axis: Any, ndim: int) -> list[int] | None:
    """The axes as a list, `None` for all. An array without axes has, as in NumPy, 0 and -1."""
    if axis is None:
        return None
    if isinstance(axis, tuple | list):
        return [operator.index(a) for a in axis]
    axis = operator.index(axis)
    return None if ndim == 0 and axis in (0, -1) else [axis]


def _reduce(name: str, x: Array, axis: Any, keepdims: Any, ddof: float = 0.0) -> Array:
    expr = x._expr
    return Array(_native.reduce(name, expr, _axes(axis, expr.ndim), keepdims, ddof))


def _in_dtype(a: Any, dtype: Any) -> tuple[Array, str | None]:
    """An array in the dtype that is to be computed in, and that dtype's name."""
    x = asarray(a)
    if dtype is None:
        return x, None
    name = _dtypes.name(dtype)
    return Array(_native.cast(x._expr, name)), name


def _masked(name: str, x: Array, where: Any, other: Any) -> Array:
    """The elements where a mask is true, elsewhere one that leaves the result as it is."""
    if where is True:
        return x
    masked = _elementwise("where", _mask(name, where)._expr, x._expr, _argument(other))
    if masked.shape != x._expr.shape:
        raise ValueError(f"{name}: where does not fit the shape {x._expr.shape} of what is reduced")
    return Array(masked)


def _finished(name: str, result: Array, dtype: str | None, out: Any) -> Any:
    if dtype is not None:
        result = Array(_native.cast(result._expr, dtype))
    return result if out is None else _store(out, result, name, "unsafe", exact=True)


def _total(
    name: str,
    function: str,
    identity: bool,
    a: Any,
    axis: Any,
    dtype: Any,
    keepdims: Any,
    out: Any,
    initial: Any,
    where: Any,
) -> Any:
    """A sum or a product."""
    x, wanted = _in_dtype(a, dtype)
    result = _reduce(name, _masked(name, x, where, identity), axis, keepdims)
    if initial is not _NO_VALUE:
        kind = wanted or result._expr.dtype
        first = asarray(initial, dtype=_dtypes.DTYPES[kind])
        result = Array(_elementwise(function, result._expr, first._expr))
    return _finished(name, result, wanted, out)


@documented
def sum(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    keepdims: bool = False,
    split_every: Any = None,
    out: Any = None,
    *,
    initial: Any = _NO_VALUE,
    where: Any = True,
) -> Any:
    """The sum of the elements; 0 of none.

    Integers and bools give 64-bit integers. Float sums carry their rounding error along.

    Examples
    --------
    >>> da.sum([[1, 2], [3, 4]], axis=0).compute()
    array([4, 6])
    """
    return _total("sum", "add", False, a, axis, dtype, keepdims, out, initial, where)


@documented
def prod(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    keepdims: bool = False,
    split_every: Any = None,
    out: Any = None,
    *,
    initial: Any = _NO_VALUE,
    where: Any = True,
) -> Any:
    """The product of the elements; 1 of none. Integers and bools give 64-bit integers.

    Examples
    --------
    >>> da.prod([[1, 2], [3, 4]], axis=1).compute()
    array([ 2, 12])
    """
    return _total("prod", "multiply", True, a, axis, dtype, keepdims, out, initial, where)


def _count(x: Array, axis: Any, keepdims: Any, where: Any, name: str) -> Array:
    """How many elements take part in each element of a reduction."""
    mask = _native.broadcast_to(_mask(name, where)._expr, list(x.shape))
    return _reduce("count_nonzero", Array(mask), axis, keepdims)


@documented
def mean(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    keepdims: bool = False,
    split_every: Any = None,
    out: Any = None,
    *,
    where: Any = True,
) -> Any:
    """The arithmetic mean; NaN of no elements. Integers and bools give `float64`.

    Examples
    --------
    >>> da.mean([[1, 2], [3, 5]], axis=0).compute()
    array([2. , 3.5])
    """
    x, wanted = _in_dtype(a, dtype)
    if where is True:
        result = _reduce("mean", x, axis, keepdims)
    else:
        result = _masked_mean(x, axis, keepdims, where, "mean")
    return _finished("mean", result, wanted, out)


def _masked_mean(x: Array, axis: Any, keepdims: Any, where: Any, name: str) -> Array:
    wide = x if x.dtype.kind in "fc" else Array(_native.cast(x._expr, "float64"))
    total = _reduce("sum", _masked(name, wide, where, False), axis, keepdims)
    count = _count(wide, axis, keepdims, where, name)
    mean = _elementwise("divide", total._expr, count._expr)
    return Array(_native.cast(mean, wide._expr.dtype))


def _spread(
    name: str,
    a: Any,
    axis: Any,
    dtype: Any,
    keepdims: Any,
    ddof: Any,
    out: Any,
    where: Any,
    correction: Any,
) -> Any:
    """A variance or a standard deviation."""
    if correction is not None:
        if ddof != 0:
            raise ValueError(f"{name}: ddof={ddof} and correction={correction} mean the same")
        ddof = correction
    x, wanted = _in_dtype(a, dtype)
    if where is True:
        result = _reduce(name, x, axis, keepdims, float(ddof))
    else:
        result = _masked_variance(x, axis, keepdims, float(ddof), where, name)
        if name.endswith("std"):
            result = Array(_elementwise("sqrt", result._expr))
    if wanted is not None:
        # A variance of complex numbers is real.
        wanted = _dtypes.DTYPES[wanted].type(0).real.dtype.name
    return _finished(name, result, wanted, out)


def _masked_variance(
    x: Array, axis: Any, keepdims: Any, ddof: float, where: Any, name: str
) -> Array:
    centre = _masked_mean(x, axis, True, where, name)
    away = _elementwise("subtract", x._expr, centre._expr)
    squared = _elementwise("real", _elementwise("multiply", away, _elementwise("conj", away)))
    total = _reduce("sum", _masked(name, Array(squared), where, False), axis, keepdims)
    count = _count(x, axis, keepdims, where, name)
    over = _elementwise("maximum", _elementwise("subtract", count._expr, ddof), 0)
    variance = _elementwise("divide", total._expr, over)
    return Array(_native.cast(variance, total._expr.dtype))


@documented
def var(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    keepdims: bool = False,
    ddof: float = 0,
    split_every: Any = None,
    out: Any = None,
    *,
    where: Any = True,
    correction: Any = None,
) -> Any:
    """The variance: the mean of the squared distances from the mean.

    Integers and bools give `float64`, complex numbers a real result.

    Examples
    --------
    >>> da.var([1.0, 2.0, 4.0, 5.0], ddof=1).compute()
    np.float64(3.3333333333333335)
    """
    return _spread("var", a, axis, dtype, keepdims, ddof, out, where, correction)


@documented
def std(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    keepdims: bool = False,
    ddof: float = 0,
    split_every: Any = None,
    out: Any = None,
    *,
    where: Any = True,
    correction: Any = None,
) -> Any:
    """The standard deviation: the square root of the variance.

    Examples
    --------
    >>> da.std([[1.0, 3.0], [2.0, 6.0]], axis=1).compute()
    array([1., 2.])
    """
    return _spread("std", a, axis, dtype, keepdims, ddof, out, where, correction)


def _extremum(
    name: str, of_two: str, a: Any, axis: Any, keepdims: Any, out: Any, initial: Any, where: Any
) -> Any:
    """The smallest or the largest element."""
    x = asarray(a)
    if initial is _NO_VALUE:
        if where is not True:
            raise ValueError(f"{name} has no identity: with where, initial must be given")
        return _finished(name, _reduce(name, x, axis, keepdims), None, out)
    first = _first(initial, x)
    x = _masked(name, x, where, Array(first))
    if _reduced_size(x, axis):
        result = _elementwise(of_two, _reduce(name, x, axis, keepdims)._expr, first)
    else:
        # Over no elements only the shape is asked of the reduction.
        shape = _reduce("any", x, axis, keepdims).shape
        result = _native.broadcast_to(first, list(shape))
    return _finished(name, Array(result), None, out)


def _first(initial: Any, x: Array) -> _native.Expr:
    kind = x._expr.dtype
    if type(initial) in (bool, int, float, complex):
        return _native.full((), initial, kind, -1)
    return asarray(initial, dtype=_dtypes.DTYPES[kind])._expr


def _reduced_size(x: Array, axis: Any) -> int:
    axes = _axes(axis, x.ndim)
    shape = x.shape
    return math.prod(shape if axes is None else [shape[a] for a in axes])


@documented
def min(
    a: Any,
    axis: Any = None,
    keepdims: bool = False,
    split_every: Any = None,
    out: Any = None,
    *,
    initial: Any = _NO_VALUE,
    where: Any = True,
) -> Any:
    """The smallest element; NaN if there is one. Complex numbers are ordered by real part first.

    Raises
    ------
    ValueError
        Over no elements, without `initial`.

    Examples
    --------
    >>> da.min([[4, 1], [2, 3]], axis=0).compute()
    array([2, 1])
    """
    return _extremum("min", "minimum", a, axis, keepdims, out, initial, where)


@documented
def max(
    a: Any,
    axis: Any = None,
    keepdims: bool = False,
    split_every: Any = None,
    out: Any = None,
    *,
    initial: Any = _NO_VALUE,
    where: Any = True,
) -> Any:
    """The largest element; NaN if there is one. Complex numbers are ordered by real part first.

    Raises
    ------
    ValueError
        Over no elements, without `initial`.

    Examples
    --------
    >>> da.max([[4, 1], [2, 3]], axis=0).compute()
    array([4, 3])
    """
    return _extremum("max", "maximum", a, axis, keepdims, out, initial, where)


amin = min
amax = max


def _index_of(name: str, a: Any, axis: Any, keepdims: Any, out: Any) -> Any:
    x = asarray(a)
    if axis is not None:
        axis = operator.index(axis)
    return _finished(name, _reduce(name, x, axis, keepdims), None, out)


@documented
def argmin(
    a: Any, axis: Any = None, keepdims: bool = False, split_every: Any = None, out: Any = None
) -> Any:
    """The index of the first smallest element, or of the first NaN, along one axis, or in C order.

    Examples
    --------
    >>> da.argmin([[4, 1], [2, 3]]).compute()
    np.int64(1)
    """
    return _index_of("argmin", a, axis, keepdims, out)


@documented
def argmax(
    a: Any, axis: Any = None, keepdims: bool = False, split_every: Any = None, out: Any = None
) -> Any:
    """The index of the first largest element, or of the first NaN, along one axis, or in C order.

    Examples
    --------
    >>> da.argmax([[4, 1], [2, 3]], axis=1).compute()
    array([0, 1])
    """
    return _index_of("argmax", a, axis, keepdims, out)


@documented
def any(
    a: Any,
    axis: Any = None,
    keepdims: bool = False,
    split_every: Any = None,
    out: Any = None,
    *,
    where: Any = True,
) -> Any:
    """Whether some element is not zero; False of none.

    Examples
    --------
    >>> da.any([[True, False], [False, False]], axis=1).compute()
    array([ True, False])
    """
    x = _masked("any", asarray(a), where, False)
    return _finished("any", _reduce("any", x, axis, keepdims), None, out)


@documented
def all(
    a: Any,
    axis: Any = None,
    keepdims: bool = False,
    split_every: Any = None,
    out: Any = None,
    *,
    where: Any = True,
) -> Any:
    """Whether no element is zero; True of none.

    Examples
    --------
    >>> da.all([[True, False], [True, True]], axis=1).compute()
    array([False,  True])
    """
    x = _masked("all", asarray(a), where, True)
    return _finished("all", _reduce("all", x, axis, keepdims), None, out)


@documented
def count_nonzero(
    a: Any, axis: Any = None, keepdims: bool = False, split_every: Any = None
) -> Array:
    """The number of elements that are not zero, as `int64`.

    Examples
    --------
    >>> da.count_nonzero([[0, 1], [2, 3]], axis=0).compute()
    array([1, 2])
    """
    return _reduce("count_nonzero", asarray(a), axis, keepdims)


@documented
def ptp(
    a: Any, axis: Any = None, keepdims: bool = False, split_every: Any = None, out: Any = None
) -> Any:
    """The largest element minus the smallest; integers wrap.

    Examples
    --------
    >>> da.ptp([[4, 9], [2, 3]], axis=1).compute()
    array([5, 1])
    """
    x = asarray(a)
    if x.dtype.kind == "c":
        high, low = (_reduce(name, x, axis, keepdims)._expr for name in ("max", "min"))
        return _finished("ptp", Array(_elementwise("subtract", high, low)), None, out)
    return _finished("ptp", _reduce("ptp", x, axis, keepdims), None, out)


@documented
def trace(
    a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None, out: Any = None
) -> Any:
    """The sum of a diagonal of two axes.

    Examples
    --------
    >>> da.trace(da.eye(3) * 2).compute()
    np.float64(6.0)
    """
    diagonal = Array(_native.diagonal(asarray(a)._expr, offset, axis1, axis2))
    return sum(diagonal, axis=-1, dtype=dtype, out=out)
