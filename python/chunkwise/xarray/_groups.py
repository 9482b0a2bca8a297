"""Reductions of groups by flox, called with chunks.

xarray leaves reductions of groups to flox where it is installed, and flox knows Dask's graphs and
NumPy's arrays. Here it is called with NumPy arrays, a chunk at a time, in the way that reads the
data once: whole groups where they lie side by side; states of chunks that are combined; or whole
lanes.
"""

from __future__ import annotations

import functools
import itertools
import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from .. import array as da
from ..array import Array

#: Bytes of a chunk that is put together of others.
_BYTES = 128 << 20


class Parts(NamedTuple):
    """How a reduction is made of states of chunks."""

    #: flox's functions on a chunk, with what they give for a group that is not there.
    states: tuple[tuple[str, float], ...]
    #: How the states of all chunks are combined, for each.
    combine: tuple[Callable[..., Array], ...]
    #: The result, from the combined states.
    finish: Callable[..., Array]


def _only(state: Array, **options: Any) -> Array:
    return state


def _mean(total: Array, count: Array, **options: Any) -> Array:
    return total / count


def _simple(name: str, missing: float, combine: Callable[..., Array]) -> Parts:
    return Parts(((name, missing),), (combine,), _only)


#: The reductions whose states of chunks are small. Extremes of nothing are handled by the count.
COMBINED = {
    "sum": _simple("sum", 0, da.sum),
    "nansum": _simple("nansum", 0, da.sum),
    "prod": _simple("prod", 1, da.prod),
    "nanprod": _simple("nanprod", 1, da.prod),
    "count": _simple("count", 0, da.sum),
    "max": _simple("max", -math.inf, da.max),
    "nanmax": _simple("nanmax", -math.inf, da.nanmax),
    "min": _simple("min", math.inf, da.min),
    "nanmin": _simple("nanmin", math.inf, da.nanmin),
    "mean": Parts((("sum", 0), ("count", 0)), (da.sum, da.sum), _mean),
    "nanmean": Parts((("nansum", 0), ("count", 0)), (da.sum, da.sum), _mean),
}


def reduce(
    theirs: Callable[..., Any],
    array: Array,
    *by: Any,
    func: Any,
    axis: Any = None,
    **options: Any,
) -> tuple:
    """`flox.groupby_reduce` of one of our arrays; labels are computed."""
    labels = [np.asarray(b) for b in by]
    ndim = max(b.ndim for b in labels)
    axes = tuple(range(-ndim, 0)) if axis is None else tuple(np.atleast_1d(axis))
    called = functools.partial(theirs, func=func, axis=axes, **options)
    groups = _trial(called, labels, array.dtype, ndim)
    shape = np.shape(groups[0])
    whole = len(axes) == ndim == len(shape)
    if whole and ndim == 1 and len(labels) == 1:
        result = _side_by_side(called, array, labels[0], groups[0])
        if result is not None:
            return result, *groups[1:]
    if whole and _is_combined(func, array, math.prod(shape), options):
        return _combined(theirs, array, labels, func, axes, options, groups[0]), *groups[1:]
    return _lanes(called, array, labels, groups[0], ndim), *groups[1:]


def scan(theirs: Callable[..., Any], array: Array, *by: Any, **options: Any) -> Array:
    """`flox.groupby_scan` of one of our arrays."""
    labels = [np.asarray(b) for b in by]
    ndim = max(b.ndim for b in labels)
    called = functools.partial(_first_of, functools.partial(theirs, **options))
    groups = _trial(called, labels, array.dtype, ndim)
    return _lanes(called, array, labels, groups[0], ndim)


def _first_of(called: Callable[..., Any], *args: Any) -> tuple:
    made = called(*args)
    return made if isinstance(made, tuple) else (made,)


def _trial(called: Callable[..., Any], labels: list, dtype: Any, ndim: int) -> tuple:
    """What flox gives for one lane: the dtype and the shape of the result, and the groups."""
    shape = np.broadcast_shapes(*(b.shape for b in labels))
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return called(np.ones(shape, dtype), *labels)


def _call(called: Callable[..., Any], block: np.ndarray, *labels: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.asarray(called(block, *labels)[0])


def _lanes(
    called: Callable[..., Any], array: Array, labels: list, lane: np.ndarray, ndim: int
) -> Array:
    """Whole lanes at a time; the other axes are cut finer where that is too much."""
    loop = array.ndim - ndim
    cuts = list(array.chunks[:loop])
    room = max(_BYTES // max(math.prod(array.shape[loop:]) * array.dtype.itemsize, 1), 1)
    for place in range(loop):
        longest = [max(c, default=1) for c in cuts]
        if math.prod(longest) > room:
            finer = max(room // max(math.prod(longest) // longest[place], 1), 1)
            cuts[place] = tuple(n for c in cuts[place] for n in _pieces(c, finer))
    array = array.rechunk((*cuts, *((n,) for n in array.shape[loop:])))
    before = lane.ndim - _trailing(called, labels, ndim, lane)
    names = [f"loop{k}" for k in range(loop)]
    old = [f"old{k}" for k in range(ndim)]
    new = [f"new{k}" for k in range(lane.ndim)]
    out = (*new[:before], *names, *new[before:])
    made = functools.partial(_with_labels, called, labels)
    sizes = dict(zip(new, lane.shape, strict=True))
    options = {"dtype": lane.dtype, "new_axes": sizes, "concatenate": True}
    return da.blockwise(made, out, array, (*names, *old), **options)


def _trailing(called: Any, labels: list, ndim: int, lane: np.ndarray) -> int:
    """How many axes of a lane's result are behind those of the array: quantiles are in front."""
    options = getattr(called, "keywords", {})
    quantiles = (options.get("finalize_kwargs") or {}).get("q")
    several = quantiles is not None and np.ndim(quantiles) > 0
    return lane.ndim - 1 if several else lane.ndim


def _with_labels(called: Callable[..., Any], labels: list, block: np.ndarray) -> np.ndarray:
    return _call(called, block, *labels)


def _pieces(length: int, most: int) -> list[int]:
    return [min(most, length - start) for start in range(0, length, most)]


def _side_by_side(
    called: Callable[..., Any], array: Array, by: np.ndarray, lane: np.ndarray
) -> Array | None:
    """Groups that follow one another: chunks are moved to their ends, so that each has whole
    groups. `None` where they do not, or where that makes chunks much longer."""
    if by.dtype.kind not in "iu" or not by.size or np.any(by < 0) or np.any(np.diff(by) < 0):
        return None
    starts = np.flatnonzero(np.diff(by, prepend=by[0] - 1))
    if len(starts) != len(lane) or by[0] != 0 or by[-1] != len(lane) - 1:
        return None
    own = array.chunks[-1]
    ends = np.array([*starts[1:], len(by)])
    places = np.searchsorted(ends, np.cumsum(own))
    cut_ends = np.unique(ends[np.minimum(places, len(ends) - 1)])
    cuts = np.diff(cut_ends, prepend=0)
    if cuts.max() > 2 * max(own):
        return None
    counts = np.diff(np.searchsorted(ends, cut_ends, side="right"), prepend=0)
    array = array.rechunk({array.ndim - 1: tuple(int(c) for c in cuts)})
    firsts = np.array([0, *np.cumsum(counts)[:-1]])
    made = functools.partial(_stretch, called, by, cut_ends - cuts, firsts, counts)
    chunks = (*array.chunks[:-1], tuple(int(c) for c in counts))
    return da.map_blocks(made, array, dtype=lane.dtype, chunks=chunks)


def _stretch(
    called: Any,
    by: np.ndarray,
    starts: np.ndarray,
    firsts: np.ndarray,
    counts: np.ndarray,
    block: np.ndarray,
    block_id: Sequence[int] = (),
) -> np.ndarray:
    """The groups of one chunk, counted from its first."""
    import pandas as pd

    n = block_id[-1]
    part = by[starts[n] : starts[n] + block.shape[-1]] - firsts[n]
    groups = (pd.RangeIndex(int(counts[n])),)
    return _call(functools.partial(called, expected_groups=groups), block, part)


def _is_combined(func: Any, array: Array, groups: int, options: dict[str, Any]) -> bool:
    """Whether states of chunks are made: where they are smaller than the data, or lanes are
    long."""
    if func not in COMBINED or options.get("dtype") is not None or array.dtype.kind not in "biuf":
        return False
    is_long = array.shape[-1] * array.dtype.itemsize > (1 << 20)
    is_small = groups * 4 <= max(array.chunksize[-1], 64)
    return is_long or (is_small and array.npartitions > 1)


def _combined(
    theirs: Callable[..., Any],
    array: Array,
    labels: list,
    func: str,
    axes: tuple[int, ...],
    options: dict[str, Any],
    lane: np.ndarray,
) -> Array:
    """States of chunks side by side, combined by our own reductions."""
    parts = COMBINED[func]
    least = options.get("min_count") or 0
    counted = least > 0 or "min" in func or "max" in func
    states = parts.states
    if counted and ("count", 0) not in states:
        states = (*states, ("count", 0))
    exact = array.dtype.kind in "biu" and func in ("sum", "prod", "nansum", "nanprod", "max", "min")
    kind = np.dtype(("uint64" if array.dtype.kind == "u" else "int64") if exact else "float64")
    ndim = len(axes)
    loop = array.ndim - ndim
    shape = array.shape[loop:]
    names, old = [f"loop{k}" for k in range(loop)], [f"old{k}" for k in range(ndim)]
    new = [f"new{k}" for k in range(lane.ndim)]
    given = []
    for label in labels:
        label = np.broadcast_to(label, shape)
        given += [da.from_array(np.ascontiguousarray(label), array.chunks[loop:]), old]
    call = {k: v for k, v in options.items() if k not in ("fill_value", "min_count", "dtype")}
    made = functools.partial(_states, theirs, states, axes, call, kind)
    found = da.blockwise(
        made,
        ("state", *names, *old, *new),
        array,
        (*names, *old),
        *given,
        dtype=kind,
        adjust_chunks=dict.fromkeys(old, 1),
        new_axes={"state": len(states), **dict(zip(new, lane.shape, strict=True))},
    )
    across = tuple(range(loop, loop + ndim))
    ways = itertools.chain(parts.combine, itertools.repeat(da.sum))
    totals = [way(found[k], axis=across) for k, way in zip(range(len(states)), ways, strict=False)]
    result = parts.finish(*totals[: len(parts.states)])
    if counted and lane.dtype.kind not in "iu":
        # Integers have no group that is empty, and would lose digits beside NaN.
        count = totals[states.index(("count", 0))]
        fill = options.get("fill_value")
        result = da.where(count < max(least, 1), np.nan if fill is None else fill, result)
    return result.astype(lane.dtype)


def _states(
    theirs: Callable[..., Any],
    states: tuple,
    axes: tuple[int, ...],
    options: dict[str, Any],
    kind: np.dtype,
    block: np.ndarray,
    *labels: np.ndarray,
) -> np.ndarray:
    """flox's functions on one chunk; the reduced axes stay with length 1."""
    made = []
    block = block.astype(kind, copy=False)
    for name, missing in states:
        if kind.kind in "iu" and not math.isfinite(missing):
            limits = np.iinfo(kind)
            missing = limits.max if missing > 0 else limits.min
        call = functools.partial(theirs, func=name, axis=axes, fill_value=missing, **options)
        part = _call(call, block, *labels)
        place = part.ndim - (part.ndim - (block.ndim - len(axes)))
        made.append(np.expand_dims(part, tuple(range(place, place + len(axes)))).astype(kind))
    return np.stack(made)
