"""Windows that slide along axes."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ... import _chunkwise as _native
from .. import _arguments
from .._array import Array

__all__ = ["sliding_window_view"]

#: Positions that are held at once for the windows along an axis.
_POSITIONS = 1 << 22


def __dir__() -> list[str]:
    return sorted(__all__)


def sliding_window_view(
    x: Any,
    window_shape: Any,
    axis: Any = None,
    subok: bool = False,
    writeable: bool = False,
    *,
    automatic_rechunk: bool = True,
) -> Array:
    """Every window of a shape, along new axes at the end.

    Parameters
    ----------
    x : array_like
    window_shape : int or tuple of int
        The length of a window along each axis of `axis`.
    axis : int or tuple of int
        Axes along which windows slide, which may be named more than once; by default all.
    subok, writeable, automatic_rechunk
        Accepted as in NumPy and in Dask; they change nothing.

    Returns
    -------
    Array
        Along each axis of `axis` as many elements as windows fit; then an axis for each window.

    Raises
    ------
    ValueError
        Windows that are longer than their axis or negative, or not one for each axis.

    Examples
    --------
    >>> x = da.arange(6, chunks=2)
    >>> windows = da.lib.stride_tricks.sliding_window_view(x, 3)
    >>> windows.compute()
    array([[0, 1, 2],
           [1, 2, 3],
           [2, 3, 4],
           [3, 4, 5]])
    >>> windows.mean(axis=-1).compute()
    array([1., 2., 3., 4.])
    """
    expr = _arguments.known(x)
    lengths = window_shape if isinstance(window_shape, tuple | list) else (window_shape,)
    windows = [operator.index(n) for n in lengths]
    if axis is None:
        axes = list(range(expr.ndim))
    else:
        given = axis if isinstance(axis, tuple | list) else (axis,)
        axes = [_arguments.axis_of(a, expr.ndim) for a in given]
    if len(windows) != len(axes):
        raise ValueError(
            f"sliding_window_view: {len(windows)} lengths of windows for {len(axes)} axes: "
            f"window_shape={window_shape}, axis={axis}"
        )
    if any(n < 0 for n in windows):
        raise ValueError(f"sliding_window_view: window_shape has negative lengths: {window_shape}")
    for place, length in zip(axes, windows, strict=True):
        count = expr.shape[place] - length + 1
        if count < 1:
            raise ValueError(
                f"sliding_window_view: a window of length {length} does not fit axis {place} of "
                f"length {expr.shape[place]}"
            )
        expr = _windows(expr, place, length, count)
    return Array(expr)


def _windows(expr: Any, axis: int, length: int, count: int) -> Any:
    """Windows along one axis: elements at positions, which are those of a stretch again and again,
    so that there are never many of them."""
    before = [slice(None)] * axis
    stretch = min(count, max(_POSITIONS // max(length, 1), 1))
    places = np.arange(stretch)[:, None] + np.arange(length)
    parts = []
    for start in range(0, count, stretch):
        size = min(stretch, count - start)
        part = _native.basic_index(expr, (*before, slice(start, start + size + length - 1)))
        found = _native.advanced_index(part, [*before, places[:size]], False)
        parts.append(_native.moveaxis(found, [axis + 1], [-1]))
    return parts[0] if len(parts) == 1 else _native.concatenate(parts, axis)
