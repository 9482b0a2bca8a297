"""Counting."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from .. import _chunkwise as _native
from .. import _session
from ._array import Array
from ._convert import asarray
from ._elementwise import where

__all__ = ["bincount", "histogram", "histogram2d", "histogram_bin_edges", "histogramdd"]


def bincount(x: Any, weights: Any = None, minlength: int = 0, split_every: Any = None) -> Array:
    """How often each integer from 0 on occurs, or the sum of the weights beside it.

    The length of the result depends on the largest element, which is computed.

    Parameters
    ----------
    x : array_like
        Integers that are not negative, along one axis.
    weights : array_like, optional
        As many; the result is `float64` then.
    minlength : int
        The result is at least so long.
    split_every
        Accepted, without effect: the engine cuts the work itself.

    Raises
    ------
    ValueError
        Negative elements, another number of axes or of weights.
    TypeError
        Elements that are not integers.

    Examples
    --------
    >>> da.bincount([1, 3, 1, 0]).compute()
    array([1, 2, 0, 1])
    """
    numbers = asarray(x)
    minlength = operator.index(minlength)
    if minlength < 0:
        raise ValueError("'minlength' must not be negative")
    if numbers.ndim != 1:
        raise ValueError(f"bincount: x must have one axis, got {numbers.ndim}")
    if numbers.dtype.kind not in "iub" and numbers._expr.size:
        raise TypeError(f"bincount: cannot cast {numbers.dtype} to int64 safely")
    if numbers.dtype.kind not in "iub":
        numbers = asarray(np.zeros(0, np.int64))
    if weights is not None:
        weights = asarray(weights)
        if weights.shape != numbers.shape:
            raise ValueError("The weights and list don't have the same length.")
        if weights.dtype.kind == "c":
            raise TypeError("bincount: cannot cast complex weights to float64 safely")
    length = minlength
    if numbers.size:
        ends = [_native.reduce(name, numbers._expr, None, False, 0.0) for name in ("min", "max")]
        low, high = (int(np.asarray(c)) for c in _session.current().compute(ends))
        if low < 0:
            raise ValueError("'list' argument must have no negative elements")
        length = max(length, high + 1)
    beside = None if weights is None else weights._expr
    return Array(_native.bincount(numbers._expr, beside, length))


def _bins(name: str, bins: Any, limits: Any) -> tuple[list[float] | None, int, Any]:
    """Given edges, or a number of bins; the range of those."""
    if isinstance(bins, str):
        raise NotImplementedError(f"{name}: give the number of bins or their edges, not {bins!r}")
    if limits is not None:
        low, high = (float(np.asarray(end)) for end in limits)
        if not (math.isfinite(low) and math.isfinite(high)):
            raise ValueError(f"supplied range of [{low}, {high}] is not finite")
        if low > high:
            raise ValueError("max must be larger than min in range parameter.")
        limits = (low, high)
    edges = np.asarray(bins)
    if edges.ndim == 0:
        try:
            count = operator.index(edges[()])
        except TypeError:
            raise TypeError(f"{name}: `bins` must be an integer, or edges") from None
        if count < 1:
            raise ValueError("`bins` must be positive, when an integer")
        return None, count, limits
    if edges.ndim != 1:
        raise ValueError("`bins` must be 1d, when an array")
    edges = edges.astype(float)
    if (edges[:-1] > edges[1:]).any():
        raise ValueError("`bins` must increase monotonically, when an array")
    if len(edges) < 2:
        raise ValueError(f"{name}: edges must be at least two, got {len(edges)}")
    return edges.tolist(), len(edges) - 1, None


def _numbered(name: str, x: Array, bins: Any, limits: Any) -> tuple[Array, Array, int]:
    """The number of each element's bin, the edges, and how many bins there are."""
    edges, count, limits = _bins(name, bins, limits)
    numbers, edges = _native.bin_numbers(x._expr, edges, count, limits)
    return Array(numbers), Array(edges), count


def _counted(name: str, numbers: Array, weights: Any, count: int) -> Array:
    if weights is None:
        return Array(_native.bincount(numbers._expr, None, count))
    weights = asarray(weights)
    if weights.shape != numbers.shape:
        raise ValueError("weights should have the same shape as a.")
    if weights.dtype.kind == "c":
        return _counted(name, numbers, weights.real, count) + 1j * _counted(
            name, numbers, weights.imag, count
        )
    total = Array(_native.bincount(numbers._expr, weights._expr, count))
    return total.astype(weights.dtype) if weights.dtype.kind in "iu" else total


def histogram(
    a: Any,
    bins: Any = 10,
    range: Any = None,  # noqa: A002 - NumPy's name
    normed: Any = None,
    weights: Any = None,
    density: bool | None = None,
) -> tuple[Array, Array]:
    """How many elements lie in each of some bins, and the bins' edges.

    A bin holds its lower edge, the last one its upper edge too; NaN is in none.

    Parameters
    ----------
    a : array_like
        Real numbers.
    bins : int or array_like
        The number of bins of equal width, or the edges in ascending order, which are computed.
    range : (float, float), optional
        What bins of equal width span; by default from the smallest to the largest element.
    normed
        Must be `None` or false: NumPy has it no more.
    weights : array_like, optional
        What each element counts for.
    density : bool, optional
        Whether the result is divided by the total and by the widths.

    Returns
    -------
    counts, edges : Array

    Examples
    --------
    >>> counts, edges = da.histogram([1.0, 2.0, 1.0, 4.0], bins=3)
    >>> counts.compute(), edges.compute()
    (array([2, 1, 1]), array([1., 2., 3., 4.]))
    """
    if normed:
        raise ValueError("histogram: `normed` is gone; use `density`")
    numbers, edges, count = _numbered("histogram", asarray(a), bins, range)
    counts = _counted("histogram", numbers, weights, count)
    if density:
        counts = counts / Array(_native.diff(edges._expr, 1, 0)) / counts.sum()
    return counts, edges


def histogram_bin_edges(
    a: Any,
    bins: Any = 10,
    range: Any = None,  # noqa: A002 - NumPy's name
    weights: Any = None,
) -> Array:
    """The edges of the bins that `histogram` counts in.

    Parameters
    ----------
    a, bins, range
        As for `histogram`.
    weights
        Accepted, without effect.

    Examples
    --------
    >>> da.histogram_bin_edges([1.0, 2.0, 4.0], bins=3).compute()
    array([1., 2., 3., 4.])
    """
    return _numbered("histogram_bin_edges", asarray(a), bins, range)[1]


def histogramdd(
    sample: Any,
    bins: Any = 10,
    range: Any = None,  # noqa: A002 - NumPy's name
    normed: Any = None,
    weights: Any = None,
    density: bool | None = None,
) -> tuple[Array, list[Array]]:
    """How many points lie in each cell of a grid, as `float64`, and the edges along each axis.

    Parameters
    ----------
    sample : array_like of shape (n, d), or d arrays of n elements
        The points.
    bins : int, or for each axis an int or the edges
        As for `histogram`.
    range : sequence, optional
        For each axis what its bins span, or `None`.
    normed
        Must be `None` or false.
    weights : array_like, optional
        What each point counts for.
    density : bool, optional
        Whether the result is divided by the total and by the cells' volumes.

    Returns
    -------
    counts : Array
        With an axis for each of the points' coordinates.
    edges : list of Array

    Examples
    --------
    >>> points = da.asarray([[0.5, 0.5], [1.5, 0.5], [1.5, 0.25]])
    >>> counts, edges = da.histogramdd(points, bins=2, range=[(0, 2), (0, 1)])
    >>> counts.compute()
    array([[0., 1.],
           [1., 1.]])
    """
    if normed:
        raise ValueError("histogramdd: `normed` is gone; use `density`")
    if isinstance(sample, list | tuple):
        axes = [asarray(part) for part in sample]
    else:
        points = asarray(sample)
        if points.ndim == 1:
            axes = [points]
        elif points.ndim == 2:
            axes = [
                Array(_native.basic_index(points._expr, (slice(None), i)))
                for i in np.arange(points.shape[1]).tolist()
            ]
        else:
            raise ValueError(f"histogramdd: sample must have two axes, got {points.ndim}")
    if not np.iterable(bins):
        bins = [bins] * len(axes)
    if len(bins) != len(axes):
        raise ValueError("The dimension of bins must be equal to the dimension of the sample x.")
    if range is None:
        range = [None] * len(axes)  # noqa: A001 - the parameter's name
    if len(range) != len(axes):
        raise ValueError("range argument must have one entry per dimension")
    parts = [
        _numbered("histogramdd", x, own, limits)
        for x, own, limits in zip(axes, bins, range, strict=True)
    ]
    place, inside, total = 0, None, 1
    for numbers, _, count in parts:
        within = (numbers >= 0) & (numbers < count)
        inside = within if inside is None else inside & within
        place = place * count + numbers
        total *= count
    if inside is None:
        raise ValueError("histogramdd: there are no coordinates")
    counts = _counted("histogramdd", where(inside, place, -1), weights, total)
    counts = counts.astype("float64") if counts.dtype.kind in "iu" else counts
    shape = [count for _, _, count in parts]
    counts = Array(_native.reshape(counts._expr, shape))
    edges = [edges for _, edges, _ in parts]
    if density:
        whole = counts.sum()
        for axis, edge in enumerate(edges):
            width = [1] * len(shape)
            width[axis] = shape[axis]
            counts = counts / Array(_native.reshape(_native.diff(edge._expr, 1, 0), width))
        counts = counts / whole
    return counts, edges


def histogram2d(
    x: Any,
    y: Any,
    bins: Any = 10,
    range: Any = None,  # noqa: A002 - NumPy's name
    normed: Any = None,
    weights: Any = None,
    density: bool | None = None,
) -> tuple[Array, Array, Array]:
    """How many points lie in each cell of a grid, and the edges along both axes.

    Parameters
    ----------
    x, y : array_like
        The points' coordinates, along one axis.
    bins : int, (int, int), edges, or edges for each axis
        As for `histogramdd`.
    range, normed, weights, density
        As for `histogramdd`.

    Examples
    --------
    >>> counts, _, _ = da.histogram2d([0.5, 1.5], [0.5, 0.5], bins=2, range=[(0, 2), (0, 1)])
    >>> counts.compute()
    array([[0., 1.],
           [0., 1.]])
    """
    first, second = asarray(x), asarray(y)
    if first.shape != second.shape:
        raise ValueError("x and y must have the same length.")
    if isinstance(bins, Array):
        bins = np.asarray(bins)
    if np.iterable(bins) and not isinstance(bins, str) and len(bins) not in (1, 2):
        # Edges for both axes.
        bins = [np.asarray(bins), np.asarray(bins)]
    counts, edges = histogramdd([first, second], bins, range, normed, weights, density)
    return counts, edges[0], edges[1]
