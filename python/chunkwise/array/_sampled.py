"""Sampled functions: values between samples, integrals, convolutions."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from .. import _chunkwise as _native
from . import _arguments
from ._array import Array
from ._convert import asarray
from ._elementwise import where
from ._joining import concatenate
from ._order import argsort, searchsorted
from ._ufuncs import isnan

__all__ = ["convolve", "correlate", "interp", "trapezoid"]

#: Up to so many, the products of a convolution are added one after another in one expression, which
#: is quickest; more would make the expression large.
_TAPS = 1024


def interp(
    x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None
) -> Array:
    """The values of a function between samples of it, by straight lines.

    Parameters
    ----------
    x : array_like
        Where the function is asked for: real numbers of any shape.
    xp : array_like
        Where the samples are: one axis in ascending order. Every task holds them all.
    fp : array_like
        The samples, real or complex, as many.
    left, right : number, optional
        The values before the first sample and behind the last; by default those samples.
    period : float, optional
        The function repeats itself; the samples may be in any order then, and `left` and `right`
        mean nothing.

    Returns
    -------
    Array
        Of the shape of `x`; `float64` or `complex128`.

    Raises
    ------
    ValueError
        No samples, another number of them than of places, a period of zero.
    TypeError
        Complex places.

    Examples
    --------
    >>> da.interp([0.5, 2.0, 9.0], [1, 2, 3], [10, 20, 40]).compute()
    array([10., 20., 40.])
    >>> da.interp([1.5, 9.0], [1, 2, 3], [10, 20, 40], right=-1).compute()
    array([15., -1.])
    """
    x, xp, fp = (asarray(a) for a in (x, xp, fp))
    if x.dtype.kind == "c" or xp.dtype.kind == "c":
        raise TypeError("interp: the places must be real numbers")
    if xp.ndim != 1 or fp.ndim != 1:
        raise ValueError(f"interp: samples along one axis are needed, got {xp.ndim} and {fp.ndim}")
    x, xp = x.astype(np.float64), xp.astype(np.float64)
    fp = fp.astype(np.complex128 if fp.dtype.kind == "c" else np.float64)
    if not xp.size:
        raise ValueError("array of sample points is empty")
    if xp.shape != fp.shape:
        raise ValueError("fp and xp are not of the same length.")
    if period is not None:
        if period == 0:
            raise ValueError("period must be a non-zero value")
        period = abs(float(period))
        x, xp = x % period, xp % period
        order = argsort(xp)
        xp, fp = xp[order], fp[order]
        xp = concatenate([xp[-1:] - period, xp, xp[:1] + period])
        fp = concatenate([fp[-1:], fp, fp[:1]])
        left = right = None
    left = fp[0] if left is None else left
    right = fp[-1] if right is None else right
    last = xp.shape[0] - 1
    if not last:
        return where(x < xp[0], left, where(x > xp[0], right, fp[0]))
    below = searchsorted(xp, x, "right") - 1
    k = below.clip(0, last - 1)
    x0, x1, f0, f1 = xp[k], xp[k + 1], fp[k], fp[k + 1]
    if fp.dtype.kind == "c":
        between = _line(x, x0, x1, f0.real, f1.real) + 1j * _line(x, x0, x1, f0.imag, f1.imag)
    else:
        between = _line(x, x0, x1, f0, f1)
    made = where(x == x0, f0, between)
    made = where(below < 0, left, where(x == xp[last], fp[last], where(x > xp[last], right, made)))
    return where(isnan(x), x, made)


def _line(x: Array, x0: Array, x1: Array, f0: Array, f1: Array) -> Array:
    """A straight line from one sample to the next. Between samples of which one is infinite, the
    line from the other end may have a value where the one from this end is NaN."""
    slope = (f1 - f0) / (x1 - x0)
    made = slope * (x - x0) + f0
    made = where(isnan(made), slope * (x - x1) + f1, made)
    return where(isnan(made) & (f0 == f1), f0, made)


def trapezoid(y: Any, x: Any = None, dx: float = 1.0, axis: int = -1) -> Array:
    """The integral along an axis by the trapezoidal rule.

    Parameters
    ----------
    y : array_like
        The samples.
    x : array_like, optional
        Where they are: along one axis, or broadcast with the samples.
    dx : number
        How far apart they are, where `x` is not given.
    axis : int
        The axis.

    Examples
    --------
    >>> float(da.trapezoid([1, 2, 3]))
    4.0
    >>> float(da.trapezoid([1, 2, 3], x=[4, 6, 8]))
    8.0
    """
    y = asarray(y)
    axis = _arguments.axis_of(axis, y.ndim)
    width: Any = dx
    if x is not None:
        x = asarray(x)
        if x.ndim == 1:
            width = Array(_native.diff(x._resolve(), 1, 0))
            shape = [1] * y.ndim
            shape[axis] = width.shape[0]
            width = Array(_native.reshape(width._expr, shape))
        else:
            width = Array(_native.diff(x._resolve(), 1, _arguments.axis_of(axis, x.ndim)))
    before = (slice(None),) * axis
    return (width * (y[(*before, slice(1, None))] + y[(*before, slice(-1))]) / 2.0).sum(axis=axis)


def convolve(a: Any, v: Any, mode: str = "full") -> Array:
    """The discrete convolution of two sequences: the sums of products with one of them reversed.

    The products are added, and not transformed: integers are exact. The time is the product of both
    lengths.

    Parameters
    ----------
    a, v : array_like
        Along one axis. Every task reads the whole of the shorter one.
    mode : {"full", "same", "valid"}
        Where they overlap at all; as many as the longer one has, of the middle; or only where the
        shorter one is covered.

    Raises
    ------
    ValueError
        Nothing in one of them, more than one axis, another mode.

    Examples
    --------
    >>> da.convolve([1, 2, 3], [0, 1, 10]).compute()
    array([ 0,  1, 12, 23, 30])
    >>> da.convolve([1, 2, 3], [0, 1, 10], "same").compute()
    array([ 1, 12, 23])
    """
    a, v = (_sequence(x, "convolve") if asarray(x).ndim else asarray(x).reshape(1) for x in (a, v))
    for x, name in ((a, "a"), (v, "v")):
        if not x.size:
            raise ValueError(f"{name} cannot be empty")
    if v.size > a.size:
        a, v = v, a
    return _slid(a, v[::-1], mode)


def correlate(a: Any, v: Any, mode: str = "valid") -> Array:
    """The cross-correlation of two sequences: the sums of products with one of them shifted.

    Parameters
    ----------
    a, v : array_like
        Along one axis; that of `v` is conjugated.
    mode : {"valid", "same", "full"}
        As for `convolve`.

    Raises
    ------
    ValueError
        Nothing in one of them, another number of axes, another mode.

    Examples
    --------
    >>> da.correlate([1, 2, 3], [0, 1, 10]).compute()
    array([32])
    """
    a, v = (_sequence(x, "correlate") for x in (a, v))
    for x, name in ((a, "first"), (v, "second")):
        if not x.size:
            raise ValueError(f"{name} array argument cannot be empty")
    v = v.conj() if v.dtype.kind == "c" else v
    return _slid(v, a, mode)[::-1] if v.size > a.size else _slid(a, v, mode)


def _sequence(x: Any, name: str) -> Array:
    x = asarray(x)
    if x.ndim != 1:
        depth = "deep for" if x.ndim else "small a depth for"
        raise ValueError(f"{name}: object too {depth} one axis")
    return Array(x._resolve())


_MODES = ("valid", "same", "full")


def _slid(a: Array, v: Array, mode: Any) -> Array:
    """The sums of products with the shorter sequence at each place along the longer one."""
    if mode not in _MODES:
        try:
            mode = _MODES[operator.index(mode)]
        except (TypeError, IndexError):
            raise ValueError(
                f"mode must be one of 'valid', 'same', or 'full' (got {mode!r})"
            ) from None
    dtype = np.result_type(a.dtype, v.dtype)
    a, v = a.astype(dtype), v.astype(dtype)
    n, m = a.shape[0], v.shape[0]
    before = {"valid": 0, "same": m // 2, "full": m - 1}[mode]
    after = {"valid": 0, "same": m - before - 1, "full": m - 1}[mode]
    parts = [_sums(a, None, v)]
    # At the ends, what is beyond counts for nothing: not even times infinity.
    if before:
        part = concatenate([_zeros(before, dtype), a[: m - 1]])
        parts.insert(0, _sums(part, _inside(before, m - 1), v))
    if after:
        part = concatenate([a[n - m + 1 :], _zeros(after, dtype)])
        parts.append(_sums(part, _inside(after, m - 1)[::-1], v))
    return concatenate(parts) if len(parts) > 1 else parts[0]


def _zeros(n: int, dtype: np.dtype) -> Array:
    return Array(_native.full((n,), 0, dtype.name, -1))


def _inside(before: int, n: int) -> Array:
    return Array(_native.arange(-before, n, 1, "int64", -1)) >= 0


def _sums(a: Array, inside: Array | None, v: Array) -> Array:
    m = v.shape[0]
    rows = a.shape[0] - m + 1
    if m > _TAPS:
        products = _windows(a, m) * v[:, None]
        if inside is not None:
            products = where(_windows(inside, m), products, _zeros(1, v.dtype))
        if v.dtype.kind == "b":
            return products.any(axis=0)
        return products.sum(axis=0, dtype=v.dtype)
    total = None
    for k in range(m):
        product = a[k : k + rows] * v[k]
        if inside is not None:
            product = where(inside[k : k + rows], product, _zeros(1, v.dtype))
        total = product if total is None else total + product
    return total


def _windows(a: Array, m: int) -> Array:
    """Row `k` is the array from its element `k` on, without what not all rows have.

    The array again and again, in rows longer by one: each starts one element later.
    """
    n = a.shape[0]
    again = _native.reshape(_native.broadcast_to(a._expr, [m + 1, n]), [-1])
    rows = _native.reshape(_native.basic_index(again, (slice(0, m * (n + 1)),)), [m, n + 1])
    return Array(_native.basic_index(rows, (slice(None), slice(0, n - m + 1))))
