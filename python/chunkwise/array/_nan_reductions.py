"""Reductions that leave NaN out."""

from __future__ import annotations

from typing import Any

from ._array import Array
from ._convert import asarray
from ._documentation import documented
from ._reductions import (
    _extremum,
    _finished,
    _in_dtype,
    _index_of,
    _masked,
    _reduce,
    _spread,
    _total,
)
from ._ufuncs import _NO_VALUE

__all__ = [
    "nanargmax",
    "nanargmin",
    "nanmax",
    "nanmean",
    "nanmin",
    "nanprod",
    "nanstd",
    "nansum",
    "nanvar",
]


@documented
def nansum(
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
    """The sum of the elements that are not NaN; 0 of none.

    Examples
    --------
    >>> da.nansum([1.0, np.nan, 2.0]).compute()
    np.float64(3.0)
    """
    return _total("nansum", "add", False, a, axis, dtype, keepdims, out, initial, where)


@documented
def nanprod(
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
    """The product of the elements that are not NaN; 1 of none.

    Examples
    --------
    >>> da.nanprod([3.0, np.nan, 2.0]).compute()
    np.float64(6.0)
    """
    return _total("nanprod", "multiply", True, a, axis, dtype, keepdims, out, initial, where)


def _without(name: str, x: Array, where: Any) -> Array:
    """The elements where a mask is true, elsewhere NaN."""
    if where is True:
        return x
    if x.dtype.kind not in "fc":
        raise TypeError(f"{name}: where is for floats and complex numbers, got {x.dtype}")
    return _masked(name, x, where, float("nan"))


@documented
def nanmean(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    keepdims: bool = False,
    split_every: Any = None,
    out: Any = None,
    *,
    where: Any = True,
) -> Any:
    """The mean of the elements that are not NaN; NaN of none.

    Examples
    --------
    >>> da.nanmean([1.0, np.nan, 2.0]).compute()
    np.float64(1.5)
    """
    x, wanted = _in_dtype(a, dtype)
    if where is not True and x.dtype.kind not in "fc":
        # There is no NaN to leave out.
        from ._reductions import mean

        return mean(x, axis, dtype, keepdims, out=out, where=where)
    result = _reduce("nanmean", _without("nanmean", x, where), axis, keepdims)
    return _finished("nanmean", result, wanted, out)


def _nan_spread(name: str, a: Any, where: Any, *rest: Any) -> Any:
    x = asarray(a)
    axis, dtype, keepdims, ddof, out, correction = rest
    if x.dtype.kind not in "fc":
        return _spread(
            name.removeprefix("nan"), x, axis, dtype, keepdims, ddof, out, where, correction
        )
    x = _without(name, x, where)
    return _spread(name, x, axis, dtype, keepdims, ddof, out, True, correction)


@documented
def nanvar(
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
    """The variance of the elements that are not NaN; NaN of no more than `ddof`.

    Examples
    --------
    >>> da.nanvar([1.0, np.nan, 3.0]).compute()
    np.float64(1.0)
    """
    return _nan_spread("nanvar", a, where, axis, dtype, keepdims, ddof, out, correction)


@documented
def nanstd(
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
    """The standard deviation of the elements that are not NaN; NaN of no more than `ddof`.

    Examples
    --------
    >>> da.nanstd([1.0, np.nan, 5.0]).compute()
    np.float64(2.0)
    """
    return _nan_spread("nanstd", a, where, axis, dtype, keepdims, ddof, out, correction)


@documented
def nanmin(
    a: Any,
    axis: Any = None,
    keepdims: bool = False,
    split_every: Any = None,
    out: Any = None,
    *,
    initial: Any = _NO_VALUE,
    where: Any = True,
) -> Any:
    """The smallest element that is not NaN; NaN if all are.

    Raises
    ------
    ValueError
        Over no elements, without `initial`.

    Examples
    --------
    >>> da.nanmin([3.0, np.nan, 2.0]).compute()
    np.float64(2.0)
    """
    return _extremum("nanmin", "fmin", a, axis, keepdims, out, initial, where)


@documented
def nanmax(
    a: Any,
    axis: Any = None,
    keepdims: bool = False,
    split_every: Any = None,
    out: Any = None,
    *,
    initial: Any = _NO_VALUE,
    where: Any = True,
) -> Any:
    """The largest element that is not NaN; NaN if all are.

    Raises
    ------
    ValueError
        Over no elements, without `initial`.

    Examples
    --------
    >>> da.nanmax([3.0, np.nan, 2.0]).compute()
    np.float64(3.0)
    """
    return _extremum("nanmax", "fmax", a, axis, keepdims, out, initial, where)


@documented
def nanargmin(
    a: Any, axis: Any = None, keepdims: bool = False, split_every: Any = None, out: Any = None
) -> Any:
    """The index of the first smallest element that is not NaN, along one axis, or in C order.

    Raises
    ------
    ValueError
        When computed, where all are NaN.

    Examples
    --------
    >>> da.nanargmin([np.nan, 3.0, 2.0]).compute()
    np.int64(2)
    """
    return _index_of("nanargmin", a, axis, keepdims, out)


@documented
def nanargmax(
    a: Any, axis: Any = None, keepdims: bool = False, split_every: Any = None, out: Any = None
) -> Any:
    """The index of the first largest element that is not NaN, along one axis, or in C order.

    Raises
    ------
    ValueError
        When computed, where all are NaN.

    Examples
    --------
    >>> da.nanargmax([np.nan, 3.0, 2.0]).compute()
    np.int64(1)
    """
    return _index_of("nanargmax", a, axis, keepdims, out)
