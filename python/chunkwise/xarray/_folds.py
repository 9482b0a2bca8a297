"""Reductions and scans made of functions on chunks, as xarray gives them."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from xarray.core import nputils

from .. import array as da
from ..array import Array, _arguments
from ..array._blockwise import infer_dtype

#: How many chunks' results are combined in one step.
_FAN = 16


def _axes(axis: Any, ndim: int) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(ndim))
    axes = axis if isinstance(axis, tuple | list) else (axis,)
    return tuple(_arguments.axis_of(operator.index(a), ndim) for a in axes)


def first_or_last(x: Array, func: Any, axis: Any, keepdims: bool) -> Array | None:
    """xarray's reduction to the first or last element that is not NaN, of lazy operations; `None`
    where the function is another one."""
    op = getattr(func, "keywords", {}).get("op") if isinstance(func, functools.partial) else None
    if op not in (nputils.nanfirst, nputils.nanlast):
        return None
    (axis,) = _axes(axis, x.ndim)
    turned = x if op is nputils.nanfirst else da.flip(x, axis)
    if x.dtype.kind in "fc":
        place = da.argmax(~da.isnan(turned), axis=axis, keepdims=True)
        found = da.take_along_axis(turned, place, axis)
    else:
        found = turned[(slice(None),) * axis + (slice(0, 1),)]
    return found if keepdims else da.squeeze(found, axis)


def reduction(
    x: Array,
    func: Callable[..., Any],
    combine: Callable[..., Any] | None,
    aggregate: Callable[..., Any] | None,
    axis: Any,
    dtype: Any,
    keepdims: bool,
) -> Array:
    """`func` on each chunk, `combine` on results side by side, `aggregate` on the last of them."""
    axes = _axes(axis, x.ndim)
    aggregate = aggregate or func
    combine = combine or aggregate
    parts = _each(x, func, axes, None)
    while max((len(parts.chunks[a]) for a in axes), default=1) > _FAN:
        cut = {a: _grouped(len(parts.chunks[a])) for a in axes}
        parts = _each(parts.rechunk(cut), combine, axes, parts.dtype)
    return _each(parts.rechunk(dict.fromkeys(axes, -1)), aggregate, axes, dtype, keepdims)


def _grouped(count: int) -> tuple[int, ...]:
    return tuple(min(_FAN, count - start) for start in range(0, count, _FAN))


def _each(
    x: Array, func: Callable[..., Any], axes: Sequence[int], dtype: Any, keepdims: bool = True
) -> Array:
    """`func` along some axes of each chunk."""
    given = {"axis": tuple(axes) if len(axes) != 1 else axes[0], "keepdims": keepdims}
    if dtype is None:
        dtype = infer_dtype(func, (x,), given, "reduction")
    if keepdims:
        cut = tuple((1,) * len(c) if a in axes else c for a, c in enumerate(x.chunks))
        return da.map_blocks(func, x, dtype=dtype, chunks=cut, **given)
    return da.map_blocks(func, x, dtype=dtype, drop_axis=list(axes), **given)


def scan(
    func: Callable[..., Any],
    binop: Callable[..., Any],
    ident: Any,
    x: Array,
    axis: int | None,
    dtype: Any,
) -> Array:
    """`func` along each chunk; each chunk's last element carried to those after it by `binop`.

    The expression has the same few nodes for any number of chunks.
    """
    if axis is None:
        x, axis = da.ravel(x), 0
    (axis,) = _axes(axis, x.ndim)
    if dtype is None:
        dtype = infer_dtype(func, (x,), {"axis": axis}, "scan")
    called = functools.partial(func, axis=axis, **_taken(func, dtype))
    within = da.map_blocks(called, x, dtype=dtype)
    chunks = within.chunks
    if len(chunks[axis]) < 2:
        return within
    ends = np.cumsum(chunks[axis]) - 1
    last = da.take(within, ends, axis)
    whole = last.rechunk({axis: -1})
    carry = da.map_blocks(_carried, whole, binop, ident, axis, dtype=dtype)
    carry = carry.rechunk({axis: (1,) * len(ends)})
    labels = tuple(range(x.ndim))
    options = {"dtype": dtype, "align_arrays": False}
    return da.blockwise(_Joined(binop), labels, within, labels, carry, labels, **options)


def _taken(func: Any, dtype: Any) -> dict[str, Any]:
    from ..array._functions import takes

    return {"dtype": dtype} if takes(func, "dtype") else {}


class _Joined:
    """What came before a chunk, joined to its elements."""

    def __init__(self, binop: Callable[..., Any]) -> None:
        self.binop = binop

    def __call__(self, part: np.ndarray, carry: np.ndarray) -> np.ndarray:
        return self.binop(carry, part)


def _carried(last: np.ndarray, binop: Any, ident: Any, axis: int) -> np.ndarray:
    """For each chunk, `binop` over the last elements of those before it."""
    lanes = np.moveaxis(last, axis, 0)
    made = np.empty_like(lanes)
    total = np.full_like(lanes[0], ident)
    for n, lane in enumerate(lanes):
        made[n] = total
        total = binop(total, lane)
    return np.moveaxis(made, 0, axis)
