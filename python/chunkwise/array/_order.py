"""Sorts, searches in what is sorted, quantiles."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from .. import _chunkwise as _native
from ._array import Array
from ._convert import asarray
from ._reductions import _axes, _finished

__all__ = [
    "argsort",
    "digitize",
    "median",
    "nanmedian",
    "nanpercentile",
    "nanquantile",
    "percentile",
    "quantile",
    "searchsorted",
    "sort",
]

_KINDS = ("quicksort", "mergesort", "heapsort", "stable")
_DISCRETE = dict(_native.QUANTILE_METHODS)


def _known(a: Any) -> _native.Expr:
    """An array's expression with every length known: one that is not is computed."""
    return asarray(a)._resolve()


def _sorted(a: Any, axis: Any, kind: Any, order: Any, descending: bool, indices: bool) -> Array:
    name = "argsort" if indices else "sort"
    if kind is not None and kind not in _KINDS:
        raise ValueError(f"{name}: kind must be one of {', '.join(_KINDS)}, got {kind!r}")
    if order is not None:
        raise ValueError(f"{name}: there are no fields to order by")
    expr = _known(a)
    if axis is None:
        expr, axis = _native.reshape(expr, [-1]), 0
    return Array(_native.sort(expr, operator.index(axis), bool(descending), indices))


def sort(
    a: Any,
    axis: int | None = -1,
    kind: str | None = None,
    order: Any = None,
    *,
    descending: bool = False,
    stable: bool | None = None,
) -> Array:
    """The elements along an axis in order.

    NaN counts as larger than everything, complex numbers are ordered by real and then by imaginary
    part. An axis of any length is sorted within the memory limit.

    Parameters
    ----------
    a : array_like
        What is sorted.
    axis : int or None
        The axis; `None` for all elements as one axis.
    kind : str, optional
        NumPy's names are accepted, without effect: there is one sort, which is stable.
    order
        Must be `None`: there are no fields.
    descending : bool
        Whether the largest come first. Equal elements keep their order either way.
    stable : bool, optional
        Accepted, without effect: the sort is stable.

    Examples
    --------
    >>> da.sort([3, 1, 2]).compute()
    array([1, 2, 3])
    >>> da.sort([3, 1, 2], descending=True).compute()
    array([3, 2, 1])
    """
    return _sorted(a, axis, kind, order, descending, indices=False)


def argsort(
    a: Any,
    axis: int | None = -1,
    kind: str | None = None,
    order: Any = None,
    *,
    descending: bool = False,
    stable: bool | None = None,
) -> Array:
    """Where along an axis the elements stand that `sort` gives, as `int64`.

    Parameters
    ----------
    a : array_like
        What is sorted.
    axis : int or None
        The axis; `None` for all elements as one axis.
    kind, order, descending, stable
        As for `sort`.

    Examples
    --------
    >>> da.argsort([3, 1, 2]).compute()
    array([1, 2, 0])
    """
    return _sorted(a, axis, kind, order, descending, indices=True)


def searchsorted(a: Any, v: Any, side: str = "left", sorter: Any = None) -> Array:
    """Where values belong in a sorted array, as `int64` of the values' shape.

    Parameters
    ----------
    a : array_like
        One axis, in ascending order. Every task holds the whole.
    v : array_like
        The values.
    side : {"left", "right"}
        Whether a place is before all equal elements or after them.
    sorter : array_like of int, optional
        The positions that put `a` in order; both are computed then.

    Raises
    ------
    ValueError
        More than one axis, or another side.

    Examples
    --------
    >>> da.searchsorted([1, 2, 2, 5], [2, 9]).compute()
    array([1, 4])
    """
    if sorter is not None:
        a = np.take(np.asarray(a), np.asarray(sorter))
    return Array(_native.searchsorted(_known(a), asarray(v)._expr, side))


def digitize(a: Any, bins: Any, right: bool = False) -> Array:
    """The number of the bin that each element lies in, as `int64`.

    Parameters
    ----------
    a : array_like
        Real numbers.
    bins : array_like
        One axis in ascending or in descending order; it is computed.
    right : bool
        Whether a bin holds its right edge instead of its left one.

    Raises
    ------
    ValueError
        Bins without order.

    Examples
    --------
    >>> da.digitize([0.2, 6.4, 3.0], [0.0, 1.0, 2.5, 4.0, 10.0]).compute()
    array([1, 4, 3])
    """
    edges = np.asarray(bins)
    if edges.ndim != 1:
        raise ValueError("object too deep for desired array" if edges.ndim else "bins has no axis")
    if edges.dtype.kind == "c":
        raise TypeError("x may not be complex")
    return Array(_native.digitize(asarray(a)._expr, edges.astype(float).tolist(), bool(right)))


def _median(name: str, a: Any, axis: Any, keepdims: Any, out: Any, skip: bool) -> Any:
    expr = _known(a)
    result = Array(_native.median(expr, _axes(axis, expr.ndim), bool(keepdims), skip))
    return _finished(name, result, None, out)


def median(a: Any, axis: Any = None, keepdims: bool = False, out: Any = None) -> Any:
    """The median: the middle element in order, or the mean of the middle two.

    NaN where there is one. Floats keep their dtype, integers and bools give `float64`.

    Parameters
    ----------
    a : array_like
        Real numbers.
    axis : int, tuple of int or None
        The axes, or all of them.
    keepdims : bool
        Whether the axes stay, with length 1.
    out : Array or numpy.ndarray, optional
        What becomes the result.

    Examples
    --------
    >>> float(da.median([[1, 7], [3, 4]]))
    3.5
    """
    return _median("median", a, axis, keepdims, out, skip=False)


def nanmedian(a: Any, axis: Any = None, keepdims: bool = False, out: Any = None) -> Any:
    """The median of the elements that are not NaN; NaN of none.

    Parameters
    ----------
    a : array_like
        Real numbers.
    axis : int, tuple of int or None
        The axes, or all of them.
    keepdims : bool
        Whether the axes stay, with length 1.
    out : Array or numpy.ndarray, optional
        What becomes the result.

    Examples
    --------
    >>> float(da.nanmedian([1.0, float("nan"), 3.0]))
    2.0
    """
    return _median("nanmedian", a, axis, keepdims, out, skip=True)


def _quantile(
    name: str,
    a: Any,
    q: Any,
    scale: float,
    axis: Any,
    out: Any,
    method: str,
    keepdims: Any,
    weights: Any,
    interpolation: Any,
    skip: bool,
) -> Any:
    if weights is not None:
        raise NotImplementedError(f"{name}: weights are not supported")
    method = method if interpolation is None else interpolation
    if method not in _DISCRETE:
        raise ValueError(f"{name}: unknown method {method!r}; known are {', '.join(_DISCRETE)}")
    shares = np.asarray(q, dtype=float) / scale
    if not np.all((shares >= 0) & (shares <= 1)):
        within = "[0, 1]" if scale == 1 else "[0, 100]"
        raise ValueError(f"{name}: q must be in the range {within}")
    expr = _known(a)
    if expr.dtype == "float32" and type(q) not in (int, float) and not _DISCRETE[method]:
        # As for NumPy, quantiles that are an array have its dtype, which is wider.
        expr = _native.cast(expr, "float64")
    axes = _axes(axis, expr.ndim)
    made = _native.quantile(expr, shares.ravel().tolist(), axes, method, bool(keepdims), skip)
    if shares.ndim != 1:
        made = _native.reshape(made, [*shares.shape, *made.shape[1:]])
    return _finished(name, Array(made), None, out)


def quantile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: Any = None,
    interpolation: str | None = None,
) -> Any:
    """Quantiles, exactly: what a share of the elements lies below. NaN where there is one.

    Parameters
    ----------
    a : array_like
        Real numbers.
    q : array_like
        Shares from 0 to 1. The result has its axes in front.
    axis : int, tuple of int or None
        The axes, or all of them.
    out : Array or numpy.ndarray, optional
        What becomes the result.
    overwrite_input : bool
        Accepted, without effect: nothing is overwritten.
    method : str
        One of NumPy's thirteen.
    keepdims : bool
        Whether the axes stay, with length 1.
    weights
        Not supported.
    interpolation : str, optional
        An old name of `method`.

    Raises
    ------
    ValueError
        Shares outside the range, or an unknown method.

    Examples
    --------
    >>> da.quantile([1, 2, 3, 4], [0.25, 0.5]).compute()
    array([1.75, 2.5 ])
    """
    return _quantile(
        "quantile", a, q, 1, axis, out, method, keepdims, weights, interpolation, False
    )


def nanquantile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: Any = None,
    interpolation: str | None = None,
) -> Any:
    """Quantiles of the elements that are not NaN; NaN of none.

    Parameters
    ----------
    a, q, axis, out, overwrite_input, method, keepdims, weights, interpolation
        As for `quantile`.

    Examples
    --------
    >>> float(da.nanquantile([1.0, float("nan"), 3.0], 0.5))
    2.0
    """
    return _quantile(
        "nanquantile", a, q, 1, axis, out, method, keepdims, weights, interpolation, True
    )


def percentile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: Any = None,
    interpolation: str | None = None,
) -> Any:
    """Quantiles in percent, exactly, along any axes.

    Parameters
    ----------
    a, axis, out, overwrite_input, method, keepdims, weights, interpolation
        As for `quantile`.
    q : array_like
        From 0 to 100.

    Examples
    --------
    >>> float(da.percentile([1, 2, 3, 4], 50))
    2.5
    """
    return _quantile(
        "percentile", a, q, 100, axis, out, method, keepdims, weights, interpolation, False
    )


def nanpercentile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: Any = None,
    interpolation: str | None = None,
) -> Any:
    """Quantiles in percent of the elements that are not NaN; NaN of none.

    Parameters
    ----------
    a, q, axis, out, overwrite_input, method, keepdims, weights, interpolation
        As for `percentile`.

    Examples
    --------
    >>> float(da.nanpercentile([1.0, float("nan"), 3.0], 50))
    2.0
    """
    return _quantile(
        "nanpercentile", a, q, 100, axis, out, method, keepdims, weights, interpolation, True
    )
