"""Medians and quantiles."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _chunkwise as _native
from ._array import Array
from ._order import _known
from ._reductions import _axes, _finished

__all__ = [
    "median",
    "nanmedian",
    "nanpercentile",
    "nanquantile",
    "percentile",
    "quantile",
]

_DISCRETE = dict(_native.QUANTILE_METHODS)


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
