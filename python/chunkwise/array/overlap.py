"""Chunks with some of their neighbours' elements around them: `map_overlap` and its parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Integral
from typing import Any

import numpy as np

from .. import _chunkwise as _native
from . import _arguments, _functions
from ._array import Array
from ._blockwise import Argument, Function, Input, chosen_dtype, conform, function_name, unify

__all__ = ["map_overlap", "overlap", "trim_overlap"]

#: Our name of NumPy's padding for each kind of boundary.
_PADDING = {"reflect": "symmetric", "periodic": "wrap", "nearest": "edge"}

#: Elements before and after.
Sides = tuple[int, int]


def _depths(given: Any, ndim: int) -> list[Sides]:
    """The depth of each axis: an int, a tuple or a dict, by axis an int or a pair."""
    if given is None:
        given = 0
    if isinstance(given, Integral):
        given = (given,) * ndim
    if isinstance(given, tuple):
        if len(given) != ndim:
            raise ValueError(f"depth has {len(given)} entries, the array {ndim} axes")
        given = dict(enumerate(given))
    if not isinstance(given, dict):
        raise TypeError(f"depth must be an int, a tuple or a dict, got {given!r}")
    found = []
    for axis in range(ndim):
        depth = given.get(axis, given.get(axis - ndim, 0))
        before, after = depth if isinstance(depth, tuple) else (depth, depth)
        if int(before) != before or int(after) != after or before < 0 or after < 0:
            raise ValueError(f"depth must be a number of elements, got {depth!r}")
        found.append((int(before), int(after)))
    return found


def _boundaries(given: Any, ndim: int) -> list[Any]:
    if isinstance(given, tuple):
        given = dict(enumerate(given))
    if not isinstance(given, dict):
        given = dict.fromkeys(range(ndim), given)
    found = []
    for axis in range(ndim):
        kind = given.get(axis, given.get(axis - ndim))
        if isinstance(kind, str) and kind not in (*_PADDING, "none"):
            raise ValueError(
                f'boundary must be "reflect", "periodic", "nearest", "none" or a number, got '
                f"{kind!r}"
            )
        found.append("none" if kind is None else kind)
    return found


def _padded(x: Array, depths: Sequence[Sides], boundaries: Sequence[Any]) -> Array:
    """The array with what stands beyond its edges."""
    for axis, (sides, kind) in enumerate(zip(depths, boundaries, strict=True)):
        if max(sides) > x.shape[axis]:
            raise ValueError(
                f"the depth {max(sides)} is larger than the array along axis {axis}: "
                f"{x.shape[axis]}"
            )
        if isinstance(kind, str) and kind == "none" or sides == (0, 0):
            continue
        widths = [(0, 0)] * x.ndim
        widths[axis] = sides
        if isinstance(kind, str):
            x = Array(_native.pad(x._expr, widths, _PADDING[kind], 0))
        else:
            value = np.asarray(kind).astype(x.dtype).item()
            x = Array(_native.pad(x._expr, widths, "constant", value))
    return x


def _is_bare(kind: Any) -> bool:
    return isinstance(kind, str) and kind == "none"


def _fitting(x: Array, depths: Sequence[Sides], allow_rechunk: bool) -> Array:
    """The array in chunks that are no shorter than the depth."""
    wanted = []
    for axis, (sizes, sides) in enumerate(zip(x.chunks, depths, strict=True)):
        depth = max(sides)
        if min(sizes) >= depth:
            wanted.append(sizes)
            continue
        if not allow_rechunk:
            raise ValueError(
                f"the depth {depth} is larger than the shortest chunk along axis {axis}, "
                f"{min(sizes)}, "
                "and allow_rechunk is False"
            )
        joined: list[int] = []
        for size in sizes:
            if joined and (size < depth or joined[-1] < depth):
                joined[-1] += size
            else:
                joined.append(size)
        if len(joined) > 1 and joined[-1] < depth:
            joined[-2:] = [joined[-2] + joined[-1]]
        wanted.append(tuple(joined))
    return x if tuple(wanted) == x.chunks else Array(_native.rechunk(x._expr, tuple(wanted)))


def _taken(x: Array, spans: Sequence[list[range]]) -> Array:
    """The array's elements in these spans along each axis, each span a chunk."""
    for axis, ranges in enumerate(spans):
        sizes = [len(r) for r in ranges]
        if ranges == _spans(x.chunks[axis]):
            continue
        positions = [p for r in ranges for p in r]
        x = Array(_native.take(x._expr, positions, axis))
        chunks = list(x.chunks)
        chunks[axis] = tuple(sizes)
        x = Array(_native.rechunk(x._expr, tuple(chunks)))
    return x


def _spans(sizes: Sequence[int]) -> list[range]:
    start = 0
    found = []
    for size in sizes:
        found.append(range(start, start + size))
        start += size
    return found


def overlap(x: Array, depth: Any, boundary: Any, *, allow_rechunk: bool = True) -> Array:
    """An array whose chunks hold some of their neighbours' elements too.

    Parameters
    ----------
    x : Array
    depth : int, tuple or dict
        How many elements on both sides of each axis; a pair where the sides differ.
    boundary : str, number, tuple or dict
        What stands beyond the edges: ``"reflect"`` (mirrored, the edge repeated), ``"periodic"``,
        ``"nearest"``, ``"none"``, or a number.
    allow_rechunk : bool
        Whether chunks shorter than the depth are joined; otherwise they are an error.

    Examples
    --------
    >>> x = da.arange(6, chunks=3)
    >>> da.overlap.overlap(x, depth=1, boundary="periodic").compute()
    array([5, 0, 1, 2, 3, 2, 3, 4, 5, 0])
    """
    x = _arguments.array(x)
    depths, boundaries = _depths(depth, x.ndim), _boundaries(boundary, x.ndim)
    x = _fitting(x, depths, allow_rechunk)
    padded = _padded(x, depths, boundaries)
    spans = []
    for axis, (before, after) in enumerate(depths):
        bare = _is_bare(boundaries[axis])
        end = x.shape[axis] if bare else x.shape[axis] + before + after
        shift = 0 if bare else before
        spans.append(
            [
                range(max(s.start + shift - before, 0), min(s.stop + shift + after, end))
                for s in _spans(x.chunks[axis])
            ]
        )
    return _taken(padded, spans)


def trim_overlap(x: Array, depth: Any, boundary: Any = None) -> Array:
    """An array whose chunks lack the elements that `overlap` has put around them.

    Examples
    --------
    >>> x = da.arange(6, chunks=3)
    >>> wide = da.overlap.overlap(x, depth=1, boundary=0)
    >>> da.overlap.trim_overlap(wide, depth=1, boundary=0).compute()
    array([0, 1, 2, 3, 4, 5])
    """
    x = _arguments.array(x)
    depths, boundaries = _depths(depth, x.ndim), _boundaries(boundary, x.ndim)
    spans = []
    for axis, (before, after) in enumerate(depths):
        bare = _is_bare(boundaries[axis])
        own = _spans(x.chunks[axis])
        last = len(own) - 1
        spans.append(
            [
                range(
                    s.start + (0 if bare and n == 0 else before),
                    s.stop - (0 if bare and n == last else after),
                )
                for n, s in enumerate(own)
            ]
        )
    return _taken(x, spans)


trim_internal = trim_overlap


class _Trimmed(Function):
    """A function whose results are wider than what is wanted of them."""

    #: For each axis: elements before and after, the axis's length, whether its edges are bare.
    edges: list[tuple[int, int, int, bool]]

    def __call__(self, chunks: list, block: tuple, start: tuple, shape: tuple) -> np.ndarray:
        parts = [np.asarray(chunk) for chunk in chunks]
        cut, wide = [], []
        for (before, after, length, bare), first, size in zip(
            self.edges, start, shape, strict=True
        ):
            if bare:
                before, after = min(before, first), min(after, length - first - size)
            cut.append(slice(before, before + size))
            wide.append(before + size + after)
        result = self.call(parts, block, start, shape)
        return conform(result, self.name, self.dtype, tuple(wide), block)[tuple(cut)]


def map_overlap(
    func: Callable,
    *args: Array,
    depth: Any = None,
    boundary: Any = None,
    trim: bool = True,
    align_arrays: bool = True,
    allow_rechunk: bool = True,
    **kwargs: Any,
) -> Array:
    """A function on each chunk with some of its neighbours' elements around it.

    Parameters
    ----------
    func : callable
        Called with NumPy arrays, as by `map_blocks`.
    *args : Array
        Arrays that are broadcast together.
    depth : int, tuple, dict or list
        How many elements on both sides: one number, or by axis; a pair where the sides differ. A
        list has an entry for each array.
    boundary : str, number, tuple, dict or list
        What stands beyond the edges: ``"reflect"`` (mirrored, the edge repeated), ``"periodic"``,
        ``"nearest"``, a number, or ``"none"`` (nothing: chunks at the edges are given less).
    trim : bool
        Whether the neighbours' elements are cut from what the function returns; otherwise it
        returns the chunk without them.
    align_arrays, allow_rechunk : bool
        As for `blockwise` and `overlap`.
    **kwargs
        The other arguments of `map_blocks`, and the function's.

    Examples
    --------
    >>> x = da.arange(8, chunks=4)
    >>> smooth = lambda part: np.convolve(part, [1, 1, 1], "same")
    >>> da.map_overlap(smooth, x, depth=1, boundary=0).compute()
    array([ 1,  3,  6,  9, 12, 15, 18, 13])
    """
    if isinstance(func, Array) and args and callable(args[0]):
        raise TypeError("the function comes first: map_overlap(function, x, ...)")
    if not callable(func):
        raise TypeError(f"the first argument must be a function, not {type(func).__name__}")
    if not args or not all(isinstance(a, Array) for a in args):
        kinds = ", ".join(type(a).__name__ for a in args)
        raise TypeError(f"map_overlap(function, x, ...) takes arrays, got {kinds or 'none'}")
    depths = [
        _depths(d, a.ndim) for a, d in zip(args, _for_each(depth, args, "depth"), strict=True)
    ]
    boundaries = [
        _boundaries(b, a.ndim)
        for a, b in zip(args, _for_each(boundary, args, "boundary"), strict=True)
    ]
    inputs = [Input(a, tuple(range(a.ndim))[::-1]) for a in args]
    if align_arrays:
        _, inputs = unify(inputs)
    arrays = [i.array for i in inputs]
    if all(sides == (0, 0) for d in depths for sides in d):
        return _functions.map_blocks(func, *arrays, **kwargs)
    special = {"chunks", "drop_axis", "new_axis"} & kwargs.keys()
    told = any(_functions.takes(func, k) for k in ("block_id", "block_info"))
    if not special and not told and align_arrays:
        return _windowed(func, arrays, depths, boundaries, trim, allow_rechunk, kwargs)

    if not trim and "chunks" not in kwargs:
        kwargs["chunks"] = arrays[0].chunks
    wide = [
        overlap(a, dict(enumerate(d)), dict(enumerate(b)), allow_rechunk=allow_rechunk)
        for a, d, b in zip(arrays, depths, boundaries, strict=True)
    ]
    made = _functions.map_blocks(func, *wide, **kwargs)
    if not trim:
        return made
    highest = max(range(len(arrays)), key=lambda n: arrays[n].ndim)
    depth, boundary = depths[highest], boundaries[highest]
    dropped = _functions._axes(kwargs.get("drop_axis"), len(depth), "drop_axis")
    depth = [d for axis, d in enumerate(depth) if axis not in dropped]
    boundary = [b for axis, b in enumerate(boundary) if axis not in dropped]
    for axis in sorted(_functions._axes(kwargs.get("new_axis"), made.ndim, "new_axis")):
        depth.insert(axis, (0, 0))
        boundary.insert(axis, "none")
    return trim_overlap(made, dict(enumerate(depth)), dict(enumerate(boundary)))


def _for_each(given: Any, arrays: Sequence[Array], argument: str) -> list:
    if not isinstance(given, list):
        return [given] * len(arrays)
    if len(given) != len(arrays):
        raise ValueError(f"{argument} has {len(given)} entries for {len(arrays)} arrays")
    return given


def _windowed(
    func: Callable,
    arrays: Sequence[Array],
    depths: Sequence[list[Sides]],
    boundaries: Sequence[list],
    trim: bool,
    allow_rechunk: bool,
    kwargs: dict[str, Any],
) -> Array:
    """The usual case: each chunk's windows are read from the arrays, which are not cut anew."""
    ndim = max(a.ndim for a in arrays)
    highest = max(range(len(arrays)), key=lambda n: arrays[n].ndim)
    chunks: list[tuple[int, ...]] = [(1,)] * ndim
    for a in arrays:
        for axis, sizes in enumerate(a.chunks, ndim - a.ndim):
            if sum(chunks[axis]) == 1:
                chunks[axis] = sizes
    options = {k: kwargs.pop(k) for k in ("name", "token", "dtype", "meta") if k in kwargs}
    kwargs.pop("enforce_ndim", None)
    if not allow_rechunk:
        for a, d in zip(arrays, depths, strict=True):
            _fitting(a, d, allow_rechunk)
    name = options.get("name") or options.get("token") or function_name(func)
    dtype = options.get("dtype")
    kind = chosen_dtype(func, arrays, kwargs, "map_overlap", dtype, options.get("meta"))
    given = []
    for a, depth, boundary in zip(arrays, depths, boundaries, strict=True):
        lead = ndim - a.ndim
        flat = [a.shape[k] == 1 and sum(chunks[lead + k]) != 1 for k in range(a.ndim)]
        depth = [(0, 0) if f else d for f, d in zip(flat, depth, strict=True)]
        follows = [
            None if flat[k] else (lead + k, 0 if _is_bare(boundary[k]) else depth[k][0], *depth[k])
            for k in range(a.ndim)
        ]
        given.append((_padded(a, depth, boundary)._expr, follows))
    wholes = {k: v for k, v in kwargs.items() if isinstance(v, Array)}
    keywords = kwargs | {k: Argument(len(given) + n) for n, k in enumerate(wholes)}
    given += [(v._expr, [None] * v.ndim) for v in wholes.values()]
    function = _Trimmed(func, [Argument(n) for n in range(len(arrays))], keywords, name, kind)
    function.edges = [
        (*sides, sum(chunks[axis]), _is_bare(kind)) if trim else (0, 0, 0, False)
        for axis, (sides, kind) in enumerate(zip(depths[highest], boundaries[highest], strict=True))
    ]
    sizes = [list(c) for c in chunks]
    return Array(_native.call(function, name, given, kind.name, sizes, [(0, 0)] * ndim))


def __dir__() -> list[str]:
    return sorted(__all__)
