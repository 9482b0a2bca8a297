"""Differences, averages, covariances."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from .. import _chunkwise as _native
from . import _dtypes, _reductions
from ._array import Array
from ._convert import asarray
from ._cumulative import cumsum
from ._elementwise import clip, where
from ._reductions import _finished

__all__ = [
    "average",
    "corrcoef",
    "cov",
    "diff",
    "ediff1d",
    "gradient",
    "moment",
    "unwrap",
]


def _part(x: Array, axis: int, start: int | None, stop: int | None) -> Array:
    """A slice along one axis."""
    index = (slice(None),) * axis + (slice(start, stop),)
    return Array(_native.basic_index(x._expr, index))


def _join(parts: list[Array], axis: int) -> Array:
    return Array(_native.concatenate([p._expr for p in parts], axis))


def _cast(x: Array, dtype: Any) -> Array:
    return Array(_native.cast(x._expr, _dtypes.name(dtype)))


def _beside(value: Any, x: Array, axis: int) -> Array:
    """What is put before or after an array along an axis; a number once."""
    part = asarray(value)
    if part.ndim:
        return part
    shape = list(x.shape)
    shape[axis] = 1
    return Array(_native.broadcast_to(part._expr, shape))


def diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Array:
    """The difference of neighbours along an axis, taken `n` times; of bools whether they differ.

    Parameters
    ----------
    a : array_like
        With one axis at least.
    n : int
        How many times; 0 gives the array itself.
    axis : int
        The axis.
    prepend, append : array_like, optional
        Put before and after the array along the axis first; a number is put there once.

    Raises
    ------
    ValueError
        A negative `n`, or an array without axes.

    Examples
    --------
    >>> da.diff([1, 2, 4, 7]).compute()
    array([1, 2, 3])
    >>> da.diff([1, 2, 4, 7], n=2, prepend=0).compute()
    array([0, 1, 1])
    """
    x = asarray(a)
    n = operator.index(n)
    if n == 0:
        return x
    if n < 0:
        raise ValueError(f"diff: n must not be negative, got {n}")
    if not x.ndim:
        raise ValueError("diff is for arrays with one axis at least")
    axis = normalize_axis_index(axis, x.ndim)
    parts = [_beside(prepend, x, axis)] if prepend is not None else []
    parts.append(x)
    if append is not None:
        parts.append(_beside(append, x, axis))
    if len(parts) > 1:
        x = _join(parts, axis)
    return Array(_native.diff(x._expr, n, axis))


def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Array:
    """The differences of neighbours among all elements in C order.

    Parameters
    ----------
    ary : array_like
    to_end, to_begin : array_like, optional
        Put after and before the differences.

    Examples
    --------
    >>> da.ediff1d([1, 2, 4], to_end=[9]).compute()
    array([1, 2, 9])
    """
    x = Array(_native.reshape(asarray(ary)._expr, [-1]))
    parts = [Array(_native.diff(x._expr, 1, 0))]
    for value, before in ((to_begin, True), (to_end, False)):
        if value is None:
            continue
        part = asarray(value)
        if not np.can_cast(part.dtype, x.dtype, "same_kind"):
            raise TypeError(f"ediff1d: {part.dtype} values beside differences of {x.dtype}")
        part = _cast(Array(_native.reshape(part._expr, [-1])), x.dtype)
        parts.insert(0 if before else len(parts), part)
    return _join(parts, 0) if len(parts) > 1 else parts[0]


def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """The slope along axes: central differences inside, one-sided ones at the ends.

    Parameters
    ----------
    f : array_like
    *varargs
        The distance between neighbours, for all axes or one for each; or, for an axis, the
        coordinates of its elements, which are computed.
    axis : int, tuple of int or None
        The axes, or all of them.
    edge_order : {1, 2}
        The order of the differences at the ends.

    Returns
    -------
    Array or tuple of Array
        A tuple where there is more than one axis. Of `f`'s shape; `float64` for integers.

    Raises
    ------
    ValueError
        Axes shorter than ``edge_order + 1``; coordinates that do not fit.
    TypeError
        A number of distances that is neither 1 nor that of the axes.

    Examples
    --------
    >>> da.gradient([1.0, 2.0, 4.0, 7.0]).compute()
    array([1. , 1.5, 2.5, 3. ])
    """
    x = asarray(f)
    if edge_order not in (1, 2):
        raise ValueError(f"gradient: edge_order must be 1 or 2, got {edge_order}")
    axes = range(x.ndim) if axis is None else normalize_axis_tuple(axis, x.ndim)
    steps = varargs * len(axes) if len(varargs) == 1 else varargs or (1.0,) * len(axes)
    if len(steps) != len(axes):
        raise TypeError(f"gradient: {len(varargs)} distances for {len(axes)} axes")
    if len(varargs) == 1 and len(axes) > 1 and np.ndim(varargs[0]) > 0:
        raise ValueError("gradient: coordinates must be given for each axis")
    if x.dtype.kind in "iu":
        x = _cast(x, np.float64)
    slopes = [
        _slope(x, ax, _spacing(x, ax, s), edge_order) for ax, s in zip(axes, steps, strict=True)
    ]
    return slopes[0] if len(slopes) == 1 else tuple(slopes)


def _spacing(x: Array, axis: int, step: Any) -> Any:
    """The distances along an axis: a number, or a NumPy array where they are not all the same."""
    step = np.asarray(step)
    if step.ndim == 0:
        return step.item()
    if step.ndim != 1 or len(step) != x.shape[axis]:
        raise ValueError(
            f"gradient: coordinates of shape {step.shape} for an axis of length {x.shape[axis]}"
        )
    if step.dtype.kind in "iu":
        step = step.astype(np.float64)
    distances = np.diff(step)
    if len(distances) and (distances == distances[0]).all():
        return distances[0].item()
    return distances


def _slope(x: Array, axis: int, h: Any, edge_order: int) -> Array:
    n = x.shape[axis]
    if n < edge_order + 1:
        raise ValueError(
            f"gradient: axis {axis} has length {n}, it must be at least {edge_order + 1}"
        )
    whole = x.dtype

    def at(i: int) -> Array:
        return _part(x, axis, i % n, i % n + 1)

    if isinstance(h, np.ndarray):
        low, high = h[:-1], h[1:]
        shape = (1,) * axis + (-1,) + (1,) * (x.ndim - axis - 1)
        weights = (
            (-high / (low * (low + high))).reshape(shape),
            ((high - low) / (low * high)).reshape(shape),
            (low / (high * (low + high))).reshape(shape),
        )
        parts = (_part(x, axis, i, n - 2 + i) for i in range(3))
        inside = _weighted(weights, parts)
    else:
        inside = (_part(x, axis, 2, None) - _part(x, axis, None, -2)) / (2.0 * h)
    if edge_order == 1:
        first, last = (h[0].item(), h[-1].item()) if isinstance(h, np.ndarray) else (h, h)
        ends = (at(1) - at(0)) / first, (at(-1) - at(-2)) / last
    else:
        begin = (h[0].item(), h[1].item()) if isinstance(h, np.ndarray) else (h, h)
        end = (h[-1].item(), h[-2].item()) if isinstance(h, np.ndarray) else (h, h)
        ends = (
            _weighted(_one_sided(*begin, -1.0), (at(0), at(1), at(2))),
            _weighted(_one_sided(*end, 1.0), (at(-1), at(-2), at(-3))),
        )
    parts = [ends[0], inside, ends[1]] if n > 2 else list(ends)
    return _join([_cast(p, whole) for p in parts], axis)


def _one_sided(near: float, far: float, sign: float) -> tuple[float, float, float]:
    """Weights of an end and its next two neighbours for a slope of second order, by the distances
    between them."""
    both = near + far
    return (
        sign * (2.0 * near + far) / (near * both),
        -sign * both / (near * far),
        sign * near / (far * both),
    )


def _weighted(weights: Any, parts: Any) -> Array:
    a, b, c = (part * weight for part, weight in zip(parts, weights, strict=True))
    return a + b + c


def average(
    a: Any, axis: Any = None, weights: Any = None, returned: bool = False, keepdims: bool = False
) -> Any:
    """The weighted average.

    Parameters
    ----------
    a : array_like
    axis : int, tuple of int or None
        The axes, or all of them.
    weights : array_like, optional
        Of `a`'s shape, or along the axes alone; without them the mean.
    returned : bool
        Whether the sum of the weights is given too.
    keepdims : bool
        Whether the axes stay, with length 1.

    Returns
    -------
    Array, or a tuple of two
        The average, and with `returned` the sum of the weights, of the same shape.

    Raises
    ------
    TypeError
        Weights of another shape without an axis.
    ValueError
        Weights that do not fit the axes.

    Examples
    --------
    >>> da.average([1.0, 2.0, 4.0], weights=[3, 2, 1]).compute()
    np.float64(1.8333333333333333)
    """
    x = asarray(a)
    if weights is None:
        mean = _reductions.mean(x, axis, keepdims=keepdims)
        if not returned:
            return mean
        count = x.size // mean.size if mean.size else 0
        full = _native.full(list(mean.shape), count, mean._expr.dtype, -1)
        return mean, Array(full)
    w = asarray(weights)
    if w.shape != x.shape:
        w = _along(w, x, axis)
    dtype = np.result_type(x.dtype, w.dtype, np.float64 if x.dtype.kind in "biu" else x.dtype)
    scale = _reductions.sum(w, axis, dtype, keepdims)
    mean = _reductions.sum(x * w, axis, dtype, keepdims) / scale
    if not returned:
        return mean
    return mean, Array(_native.broadcast_to(scale._expr, list(mean.shape)))


def _along(w: Array, x: Array, axis: Any) -> Array:
    """Weights along some axes, spread over the others."""
    if axis is None:
        raise TypeError(
            f"average: axis must be given for weights of shape {w.shape} and an array of {x.shape}"
        )
    axes = normalize_axis_tuple(axis, x.ndim, "axis")
    if w.shape != tuple(x.shape[ax] for ax in axes):
        raise ValueError(f"average: weights of shape {w.shape} do not fit the axes {axes}")
    order = sorted(range(len(axes)), key=axes.__getitem__)
    expr = _native.transpose(w._expr, order)
    others = [ax for ax in range(x.ndim) if ax not in axes]
    expr = _native.expand_dims(expr, others) if others else expr
    return Array(_native.broadcast_to(expr, list(x.shape)))


def cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: Any = None,
    aweights: Any = None,
    *,
    dtype: Any = None,
) -> Array:
    """The covariances of variables.

    Parameters
    ----------
    m : array_like
        With at most 2 axes: a variable per row, an observation per column.
    y : array_like, optional
        More variables, in the same form.
    rowvar : bool
        Whether variables are rows, else columns.
    bias : bool
        Whether sums are divided by the number of observations, else by one less.
    ddof : int, optional
        What is subtracted from the number of observations, whatever `bias` says.
    fweights, aweights : array_like, optional
        How often each observation was made, and how much it weighs; they are computed.
    dtype
        The dtype to compute in; by default `float64` or `complex128`.

    Returns
    -------
    Array
        Of shape (variables, variables), or () for one variable.

    Examples
    --------
    >>> da.cov([[0, 1, 2], [2, 1, 0]]).compute()
    array([[ 1., -1.],
           [-1.,  1.]])
    """
    if ddof is not None and ddof != int(ddof):
        raise ValueError(f"cov: ddof must be an integer, got {ddof}")
    arrays = [asarray(m)] + ([] if y is None else [asarray(y)])
    for array in arrays:
        if array.ndim > 2:
            raise ValueError(f"cov: arrays must have at most 2 axes, got shape {array.shape}")
    if dtype is None:
        dtype = np.result_type(np.float64, *(a.dtype for a in arrays))
    parts = []
    for array in arrays:
        x = _cast(array, dtype)
        if x.ndim < 2:
            x = Array(_native.reshape(x._expr, [1, -1]))
        elif not rowvar and x.shape[0] != 1:
            x = Array(_native.transpose(x._expr, None))
        parts.append(x)
    x = _join(parts, 0) if len(parts) > 1 else parts[0]
    n = x.shape[1]
    if ddof is None:
        ddof = 0 if bias else 1
    weights = _observation_weights(fweights, aweights, n)
    if weights is None:
        total, factor = float(n), float(n - ddof)
        x = x - _reductions.mean(x, 1, keepdims=True)
        weighted = x
    else:
        total = float(weights.sum())
        lost = 1.0 if aweights is None else (weights * np.asarray(aweights)).sum() / total
        factor = float(total - ddof * lost)
        w = asarray(weights)
        x = x - _reductions.sum(x * w, 1, keepdims=True) / total
        weighted = x * w
    products = _native.matmul(x._expr, _native.transpose(weighted.conj()._expr, None))
    # NumPy divides by zero where there are too few observations.
    with np.errstate(divide="ignore"):
        scale = float(np.float64(1.0) / max(factor, 0.0))
    scaled = Array(products) * scale
    return Array(_native.reshape(scaled._expr, [])) if scaled.shape == (1, 1) else scaled


def _observation_weights(fweights: Any, aweights: Any, n: int) -> np.ndarray | None:
    product = None
    for name, given in (("fweights", fweights), ("aweights", aweights)):
        if given is None:
            continue
        w = np.asarray(given, dtype=float)
        if name == "fweights" and not (w == np.around(w)).all():
            raise TypeError("cov: fweights must be integers")
        if w.ndim > 1:
            raise RuntimeError(f"cov: {name} must have one axis, got shape {w.shape}")
        if len(w) != n:
            raise RuntimeError(f"cov: {len(w)} {name} for {n} observations")
        if (w < 0).any():
            raise ValueError(f"cov: {name} must not be negative")
        product = w if product is None else product * w
    return product


def corrcoef(x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Array:
    """The correlation coefficients of variables.

    Parameters
    ----------
    x, y, rowvar
        As for `cov`.
    dtype
        The dtype to compute in; by default `float64` or `complex128`.

    Returns
    -------
    Array
        Of shape (variables, variables), or () for one variable; between -1 and 1.

    Examples
    --------
    >>> da.corrcoef([[0, 1, 2], [2, 1, 0]]).compute()
    array([[ 1., -1.],
           [-1.,  1.]])
    """
    c = cov(x, y, rowvar, dtype=dtype)
    if c.ndim == 0:
        return c / c
    # What it is divided by uses the whole product: make it once.
    deviation = np.sqrt(Array(_native.diagonal(c._expr, 0, 0, 1)).real)
    c = c / Array(_native.expand_dims(deviation._expr, [1])) / deviation
    if c.dtype.kind == "c":
        return clip(c.real, -1, 1) + clip(c.imag, -1, 1) * 1j
    return clip(c, -1, 1)


def moment(
    a: Any,
    order: int,
    axis: Any = None,
    dtype: Any = None,
    keepdims: bool = False,
    ddof: float = 0,
    split_every: Any = None,
    out: Any = None,
) -> Any:
    """The central moment of an order: the mean of that power of the distances from the mean.

    Parameters
    ----------
    a : array_like
    order : int
        Not negative; the variance is that of order 2.
    axis : int, tuple of int or None
        The axes, or all of them.
    dtype
        The dtype to compute in, and that of the result.
    keepdims : bool
        Whether the axes stay, with length 1.
    ddof : float
        What is subtracted from the number of elements.
    split_every
        Accepted, without effect: the engine cuts the work itself.
    out : Array or numpy.ndarray, optional
        What becomes the result.

    Examples
    --------
    >>> da.moment([1.0, 2.0, 6.0], 3).compute()
    np.float64(6.0)
    """
    if not isinstance(order, int | np.integer) or order < 0:
        raise ValueError(f"moment: order must be an integer not below 0, got {order!r}")
    x = asarray(a)
    if dtype is not None:
        x = _cast(x, dtype)
    mean = _reductions.mean(x, axis, keepdims=True)
    total = _reductions.sum((x - mean) ** int(order), axis, keepdims=keepdims)
    count = x.size / mean.size if mean.size else math.nan
    wanted = None if dtype is None else _dtypes.name(dtype)
    return _finished("moment", total / (count - ddof), wanted, out)


def unwrap(
    p: Any, discont: float | None = None, axis: int = -1, *, period: float = 2 * math.pi
) -> Array:
    """Steps between neighbours of more than half a period made smaller by whole periods.

    Parameters
    ----------
    p : array_like
    discont : float, optional
        The step that is left as it is; at least half the period.
    axis : int
        The axis.
    period : float
        The period.

    Examples
    --------
    >>> da.unwrap([0, 1, 2, -1, 0], period=4).compute()
    array([0, 1, 2, 3, 4])
    """
    x = asarray(p)
    axis = normalize_axis_index(axis, x.ndim)
    steps = diff(x, axis=axis)
    dtype = np.result_type(steps.dtype, period)
    if dtype.kind in "iu":
        high, rest = divmod(period, 2)
        ambiguous = rest == 0
    else:
        high, ambiguous = period / 2, True
    low = -high
    wrapped = (steps - low) % period + low
    if ambiguous:
        # Half a period up stays up.
        wrapped = where((wrapped == low) & (steps > 0), high, wrapped)
    correction = where(abs(steps) < (high if discont is None else discont), 0, wrapped - steps)
    moved = _part(x, axis, 1, None) + cumsum(correction, axis)
    return _join([_cast(part, dtype) for part in (_part(x, axis, None, 1), moved)], axis)
