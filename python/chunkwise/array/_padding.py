"""Arrays made larger at their edges."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _chunkwise as _native
from . import _arguments
from ._array import Array
from ._creation import _linspace_between

__all__ = ["pad"]

_elementwise = _native.elementwise

#: The options of each mode, and what they are where they are not given.
_OPTIONS: dict[str, dict[str, Any]] = {
    "constant": {"constant_values": 0},
    "edge": {},
    "empty": {},
    "linear_ramp": {"end_values": 0},
    "maximum": {"stat_length": None},
    "mean": {"stat_length": None},
    "median": {"stat_length": None},
    "minimum": {"stat_length": None},
    "reflect": {"reflect_type": "even"},
    "symmetric": {"reflect_type": "even"},
    "wrap": {},
}


def pad(array: Any, pad_width: Any, mode: str = "constant", **kwargs: Any) -> Array:
    """The array with more elements before and after those of each axis.

    Parameters
    ----------
    array : array_like
    pad_width : int, sequence or dict
        How many: for all sides, ``(before, after)`` for all axes, such pairs for each axis, or a
        dictionary of these by axis.
    mode : str
        - ``"constant"``: `constant_values`, one or like `pad_width`; 0 by default.
        - ``"edge"``: the first and last elements again.
        - ``"linear_ramp"``: evenly from the edge to `end_values`.
        - ``"maximum"``, ``"minimum"``, ``"mean"``, ``"median"``: of the nearest `stat_length`
          elements, of all by default.
        - ``"reflect"``, ``"symmetric"``: mirrored, without or with the edge; the `reflect_type`
          ``"odd"`` goes on with the slope.
        - ``"wrap"``: from the other end.
        - ``"empty"``: anything, here zeros.

    Raises
    ------
    ValueError
        Widths below zero, an unknown mode or option, an empty axis without a constant.
    TypeError
        Widths that are no ints.

    Examples
    --------
    >>> da.pad([1, 2, 3], (1, 2), "reflect").compute()
    array([2, 1, 2, 3, 2, 1])
    """
    expr = _arguments.known(array)
    if callable(mode):
        raise NotImplementedError("pad: a function as mode writes into the array, which cannot be")
    if mode not in _OPTIONS:
        raise ValueError(f"mode {mode!r} is not supported")
    if unknown := sorted(set(kwargs) - set(_OPTIONS[mode])):
        raise ValueError(f"unsupported keyword arguments for mode {mode!r}: {', '.join(unknown)}")
    options = _OPTIONS[mode] | kwargs
    widths = _widths(pad_width, expr.ndim)
    if mode in ("constant", "empty"):
        return Array(_constant(expr, widths, options.get("constant_values", 0)))
    for axis, (width, length) in enumerate(zip(widths, expr.shape, strict=True)):
        if any(width) and not length:
            raise ValueError(
                f"can't extend empty axis {axis} using modes other than 'constant' or 'empty'"
            )
    if mode == "linear_ramp":
        return Array(_ramp(expr, widths, options["end_values"]))
    if mode in ("maximum", "mean", "median", "minimum"):
        return Array(_statistic(expr, widths, mode, options["stat_length"]))
    if options.get("reflect_type", "even") == "odd":
        return Array(_odd(expr, widths, mode == "symmetric"))
    return Array(_native.pad(expr, widths, mode, 0) if widths else expr)


def _pairs(value: Any, ndim: int) -> list:
    """(before, after) for each axis, from one value, one pair, or pairs."""
    return np.broadcast_to(np.asarray(value), (ndim, 2)).tolist()


def _widths(pad_width: Any, ndim: int) -> list[tuple[int, int]]:
    if isinstance(pad_width, dict):
        by_axis: list[Any] = [(0, 0)] * ndim
        for axis, width in pad_width.items():
            by_axis[_arguments.axis_of(axis, ndim)] = np.broadcast_to(width, 2).tolist()
        pad_width = by_axis
    given = np.asarray(pad_width)
    if given.dtype.kind not in "iu" and given.size:
        raise TypeError("`pad_width` must be of integral type.")
    if (given < 0).any():
        raise ValueError("index can't contain negative values")
    return [(int(before), int(after)) for before, after in _pairs(given, ndim)]


def _beside(expr: Any, axis: int, before: Any, after: Any) -> Any:
    """Parts put together along an axis; `None` is nothing."""
    parts = [part for part in (before, expr, after) if part is not None]
    return _native.concatenate(parts, axis) if len(parts) > 1 else expr


def _part(expr: Any, axis: int, start: int, stop: int) -> Any:
    return _native.basic_index(expr, (slice(None),) * axis + (slice(start, stop),))


def _spread(part: Any, axis: int, width: int) -> Any:
    """A part of length one, repeated."""
    shape = list(part.shape)
    shape[axis] = width
    return _native.broadcast_to(part, shape)


def _constant(expr: Any, widths: list, values: Any) -> Any:
    for axis, ((before, after), (low, high)) in enumerate(
        zip(widths, _pairs(values, len(widths)), strict=True)
    ):
        for sides, value in (((before, 0), low), ((0, after), high)):
            if any(sides):
                each = [(0, 0)] * len(widths)
                each[axis] = sides
                # NumPy decides what the value becomes in the array's dtype.
                value = np.array(value).astype(expr.dtype).item()
                expr = _native.pad(expr, each, "constant", value)
    return expr


def _ramp(expr: Any, widths: list, values: Any) -> Any:
    def ramp(edge: Any, value: Any, width: int, axis: int) -> Any:
        edge = Array(_native.squeeze(edge, [axis]))
        made, _ = _linspace_between(value, edge, width, width, False, edge.dtype, axis, -1)
        return made._expr

    for axis, ((before, after), (low, high)) in enumerate(
        zip(widths, _pairs(values, len(widths)), strict=True)
    ):
        n = expr.shape[axis]
        left = right = None
        if before:
            left = ramp(_part(expr, axis, 0, 1), low, before, axis)
        if after:
            right = ramp(_part(expr, axis, n - 1, n), high, after, axis)
            right = _native.flip(right, [axis])
        expr = _beside(expr, axis, left, right)
    return expr


def _statistic(expr: Any, widths: list, mode: str, stat_length: Any) -> Any:
    from .. import array as namespace

    function = getattr(namespace, {"maximum": "max", "minimum": "min"}.get(mode, mode))
    dtype = expr.dtype
    lengths = [(None, None)] * len(widths)
    if stat_length is not None:
        lengths = _widths(stat_length, len(widths))
        if mode in ("maximum", "minimum") and any(0 in pair for pair in lengths):
            raise ValueError("stat_length of 0 yields no value for padding")

    def value(part: Any, axis: int, width: int) -> Any:
        made = function(Array(part), axis=axis, keepdims=True)._expr
        if np.dtype(dtype).kind in "iu" and made.dtype != dtype:
            made = _elementwise("round", made)
        return _spread(_native.cast(made, dtype), axis, width)

    for axis, ((before, after), (first, last)) in enumerate(zip(widths, lengths, strict=True)):
        n = expr.shape[axis]
        left = right = None
        if before:
            left = value(_part(expr, axis, 0, n if first is None else min(first, n)), axis, before)
        if after:
            start = 0 if last is None else max(0, n - last)
            right = value(_part(expr, axis, start, n), axis, after)
        expr = _beside(expr, axis, left, right)
    return expr


def _odd(expr: Any, widths: list, with_edge: bool) -> Any:
    """Mirrored in the points at both edges, again and again until the widths are filled."""
    for axis, (before, after) in enumerate(widths):
        n = expr.shape[axis]
        if n == 1:
            left = _spread(expr, axis, before) if before else None
            right = _spread(expr, axis, after) if after else None
            expr = _beside(expr, axis, left, right)
            continue
        skip = 0 if with_edge else 1
        left = right = None
        if before > n - skip:
            left = _slope(expr, axis, -before, 0, with_edge)
        elif before:
            left = _mirrored(expr, axis, skip, skip + before, 0)
        if after > n - skip:
            right = _slope(expr, axis, n, n + after, with_edge)
        elif after:
            right = _mirrored(expr, axis, n - skip - after, n - skip, n - 1)
        expr = _beside(expr, axis, left, right)
    return expr


def _slope(expr: Any, axis: int, start: int, stop: int, with_edge: bool) -> Any:
    """What stands between two positions beside an array that goes on with its slope.

    Mirrored twice, the array is there again, moved by a period, and all of it higher by twice the
    difference of its edges.
    """
    n = expr.shape[axis]
    skip = 0 if with_edge else 1
    again = _mirrored(expr, axis, skip, n - skip, n - 1) if n > 2 * skip else None
    unit = _beside(expr, axis, None, again)
    period = unit.shape[axis]
    first, last = start // period, -(-stop // period)
    times = [1] * expr.ndim
    times[axis] = last - first
    turn = _native.repeat(_native.arange(first, last, 1, "int64", "auto"), period, 0)
    turn = _native.reshape(turn, [-1 if a == axis else 1 for a in range(expr.ndim)])
    edges = [_part(expr, axis, at, at + 1) for at in (0, n - 1)]
    rise = _elementwise("multiply", _elementwise("subtract", edges[1], edges[0]), 2)
    rise = _elementwise("multiply", _native.cast(turn, rise.dtype), rise)
    made = _elementwise("add", _native.tile(unit, times), rise)
    return _part(made, axis, start - first * period, stop - first * period)


def _mirrored(expr: Any, axis: int, start: int, stop: int, edge: int) -> Any:
    part = _native.flip(_part(expr, axis, start, stop), [axis])
    twice = _elementwise("multiply", _part(expr, axis, edge, edge + 1), 2)
    return _elementwise("subtract", twice, part)
