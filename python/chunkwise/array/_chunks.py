"""How arrays are cut."""

from __future__ import annotations

import itertools
import math
from operator import index
from typing import Any

import numpy as np

from .. import _chunkwise as _native
from . import _arguments
from ._array import Array

__all__ = [
    "coarsen",
    "normalize_chunks",
    "rechunk",
    "reshape_blockwise",
    "shuffle",
    "unify_chunks",
]


def normalize_chunks(
    chunks: Any,
    shape: Any = None,
    limit: Any = None,
    dtype: Any = None,
    previous_chunks: Any = None,
) -> tuple[tuple[int, ...], ...]:
    """The lengths of the chunks along each axis.

    Parameters
    ----------
    chunks : int, tuple, dict or str
        A length for all axes; a length, -1 or `None` for the whole axis, ``"auto"``, or a tuple of
        lengths for each axis; a dictionary by axis; ``"auto"`` or a size in bytes for chunks about
        alike along all axes.
    shape : tuple of int
        By default what the lengths add up to.
    limit : int or str
        Bytes of an automatic chunk.
    dtype
        Of the elements, for automatic chunks; one byte each by default.
    previous_chunks
        Accepted as in Dask; it changes nothing.

    Raises
    ------
    ValueError
        Chunks that do not add up to the shape.

    Examples
    --------
    >>> da.normalize_chunks(4, shape=(10, 3))
    ((4, 4, 2), (3,))
    >>> da.normalize_chunks(((2, 2), (3,)))
    ((2, 2), (3,))
    """
    if chunks is None:
        raise ValueError("normalize_chunks: no chunks are given")
    if shape is None:
        if not isinstance(chunks, tuple | list) or not all(np.iterable(c) for c in chunks):
            raise ValueError(f"normalize_chunks: chunks {chunks!r} need a shape")
        shape = tuple(sum(c) for c in chunks)
    lengths = _arguments.shape(shape)
    size = np.dtype("uint8" if dtype is None else dtype).itemsize
    # Any dtype of that many bytes does.
    name = {1: "uint8", 2: "uint16", 4: "uint32", 8: "uint64", 16: "complex128"}.get(size, "uint8")
    chunks = _arguments.cut(chunks, len(lengths))
    if limit is not None:
        limit = limit if isinstance(limit, str) else f"{int(limit)}B"
        if isinstance(chunks, str):
            chunks = limit if chunks == "auto" else chunks
        elif isinstance(chunks, tuple | list):
            chunks = tuple(limit if isinstance(c, str) and c == "auto" else c for c in chunks)
    return _native.full(lengths, 0, name, chunks).chunks


def balanced(lengths: tuple[int, ...]) -> tuple[int, ...]:
    """Equal chunks, about as many and as long as these but for a short last one."""
    total, longest = sum(lengths), max(lengths, default=0)
    if not total or len(lengths) < 2:
        return lengths
    n = max(1, round(total / longest))
    size = -(-total // n)
    return tuple(min(size, total - start) for start in range(0, total, size))


def rechunk(
    x: Any,
    chunks: Any = "auto",
    threshold: Any = None,
    block_size_limit: Any = None,
    balance: bool = False,
    method: Any = None,
) -> Array:
    """The same elements cut otherwise: it costs no pass over the data.

    Parameters
    ----------
    x : array_like
    chunks : int, tuple, dict or str
        A dictionary gives the chunks of some axes by number. `None` leaves an axis as it is, -1 is
        the whole axis, ``"auto"`` a length that makes chunks of the usual size.
    block_size_limit : int
        Bytes of an automatic chunk.
    balance : bool
        Whether to make the chunks along an axis of equal lengths, about those asked for.
    threshold, method
        Accepted as in Dask; they change nothing.

    Raises
    ------
    ValueError
        Chunks that do not add up to the array's lengths.

    Examples
    --------
    >>> da.ones((10, 10), chunks=2).rechunk({0: 5, 1: -1}).chunks
    ((5, 5), (10,))
    """
    expr = _arguments.known(x)
    n = expr.ndim
    if isinstance(chunks, dict):
        asked = {_arguments.axis_of(axis, n): size for axis, size in chunks.items()}
        chunks = tuple(asked.get(axis) for axis in range(n))
    if isinstance(chunks, tuple | list) and any(c is None for c in chunks) and len(chunks) == n:
        chunks = tuple(old if c is None else c for c, old in zip(chunks, expr.chunks, strict=True))
    if block_size_limit is not None or balance:
        chunks = normalize_chunks(chunks, expr.shape, block_size_limit, expr.dtype)
    if balance:
        chunks = tuple(balanced(c) for c in chunks)
    return Array(_native.rechunk(expr, _arguments.cut(chunks, n)))


def unify_chunks(*args: Any, **kwargs: Any) -> tuple[dict, list]:
    """Arrays cut alike along the axes that they share.

    Parameters
    ----------
    *args
        Arrays and their indices in turn: an array, then one label for each of its axes, a text or a
        tuple; an index of `None` leaves the array as it is.

    Returns
    -------
    chunks : dict
        The chunks for each label.
    arrays : list of Array

    Examples
    --------
    >>> x, y = da.ones(10, chunks=5), da.ones(10, chunks=4)
    >>> chunks, (a, b) = da.unify_chunks(x, "i", y, "i")
    >>> chunks
    {'i': (4, 1, 3, 2)}
    """
    if len(args) % 2:
        raise ValueError(f"unify_chunks: arrays and indices in turn, got {len(args)} arguments")
    pairs = [(a, i) for a, i in zip(args[::2], args[1::2], strict=True)]
    cuts: dict[Any, list[tuple[int, ...]]] = {}
    for array, labels in pairs:
        if labels is None:
            continue
        array = _arguments.array(array)
        if len(labels) != array.ndim:
            raise ValueError(f"unify_chunks: index {labels!r} for an array of {array.ndim} axes")
        for label, cut in zip(labels, array.chunks, strict=True):
            cuts.setdefault(label, []).append(cut)
    common = {label: _common(label, found) for label, found in cuts.items()}
    arrays = []
    for array, labels in pairs:
        if labels is None:
            arrays.append(array)
            continue
        array = _arguments.array(array)
        chunks = tuple(
            (1,) if n == 1 else common[label] for n, label in zip(array.shape, labels, strict=True)
        )
        arrays.append(array if chunks == array.chunks else rechunk(array, chunks))
    return common, arrays


def _common(label: Any, cuts: list[tuple[int, ...]]) -> tuple[int, ...]:
    """Chunks that every one of several can be cut into; length 1 is broadcast."""
    long = {c for c in cuts if sum(c) != 1} or set(cuts[:1])
    lengths = {sum(c) for c in long}
    if len(lengths) > 1:
        raise ValueError(
            f"Chunks do not add up to same value: label {label!r} has lengths {sorted(lengths)}"
        )
    if len(long) == 1:
        return next(iter(long))
    ends = sorted({int(e) for c in long for e in np.cumsum(c)})
    return tuple(b - a for a, b in zip([0, *ends], ends, strict=False) if b > a)


def coarsen(reduction: Any, x: Any, axes: dict, trim_excess: bool = False, **kwargs: Any) -> Array:
    """A reduction of neighbours: of every `k` elements along an axis.

    Parameters
    ----------
    reduction : callable or str
        A reduction of arrays along several axes, of NumPy or of this package, or its name.
    x : array_like
    axes : dict
        How many neighbours along which axis.
    trim_excess : bool
        Whether to leave out the last elements where a length is no multiple, which is an error
        otherwise.
    **kwargs
        More arguments for the reduction.

    Examples
    --------
    >>> da.coarsen(np.sum, [1, 2, 3, 4], {0: 2}).compute()
    array([3, 7])
    """
    if not isinstance(axes, dict):
        raise TypeError(f"coarsen: axes must be a dictionary, got {type(axes).__name__}")
    x = _arguments.array(x)
    expr = x._resolve()
    lengths = expr.shape
    factors = [1] * expr.ndim
    for axis, k in axes.items():
        factors[_arguments.axis_of(axis, expr.ndim)] = index(k)
    if any(k < 1 for k in factors):
        raise ValueError(f"Coarsening factors are at least 1, got {axes}.")
    if any(n % k for n, k in zip(lengths, factors, strict=True)):
        if not trim_excess:
            raise ValueError(f"Coarsening factors {axes} do not align with array shape {lengths}.")
        expr = _native.basic_index(
            expr, tuple(slice(0, n - n % k) for n, k in zip(lengths, factors, strict=True))
        )
    split_shape: list[int] = []
    inner: list[int] = []
    for n, k in zip(expr.shape, factors, strict=True):
        split_shape.append(n // k)
        if k > 1:
            inner.append(len(split_shape))
            split_shape.append(k)
    if not inner:
        inner = [expr.ndim]
        split_shape.append(1)
    parts = Array(_native.reshape(expr, split_shape))
    made = _reduction(reduction)(parts, axis=tuple(inner), **kwargs)
    chunks = tuple(max(1, c // k) for c, k in zip(x.chunksize, factors, strict=True))
    return rechunk(made, chunks)


def _reduction(reduction: Any) -> Any:
    if isinstance(reduction, str):
        name = reduction
    elif not callable(reduction):
        raise TypeError(f"coarsen: expected a reduction, got {type(reduction).__name__}")
    elif getattr(reduction, "__module__", "").split(".")[0] in ("numpy", "dask"):
        name = reduction.__name__
    else:
        return reduction
    from .. import array as namespace

    name = {"amax": "max", "amin": "min"}.get(name, name)
    found = getattr(namespace, name, None)
    if found is None:
        raise ValueError(f"coarsen: unknown reduction {name!r}")
    return found


def shuffle(x: Any, indexer: list[list[int]], axis: int, chunks: str = "auto") -> Array:
    """The elements along an axis in another order, in groups of which none is cut.

    Parameters
    ----------
    x : array_like
    indexer : list of list of int
        The positions of each group. Several groups share a chunk where that makes chunks about as
        long as those of `x`.
    axis : int
        The axis.
    chunks : "auto"
        Accepted as in Dask; the other axes stay as they are cut.

    Raises
    ------
    ValueError
        Something else than a list of lists.
    IndexError
        Positions outside the axis.

    Examples
    --------
    >>> x = da.arange(8, chunks=4).shuffle([[6, 5, 2], [4, 1], [3, 0, 7]], axis=0)
    >>> x.compute(), x.chunks
    (array([6, 5, 2, 4, 1, 3, 0, 7]), ((5, 3),))
    """
    if chunks != "auto":
        raise ValueError(f"shuffle: chunks must be 'auto', got {chunks!r}")
    if not isinstance(indexer, list) or not all(isinstance(group, list) for group in indexer):
        raise ValueError("indexer must be a list of lists of positional indices")
    expr = _arguments.known(x)
    axis = _arguments.axis_of(axis, expr.ndim)
    places = np.array([index(i) for group in indexer for i in group], np.int64)
    cuts = list(expr.chunks)
    cuts[axis] = _grouped([len(group) for group in indexer], sum(cuts[axis]) / len(cuts[axis]))
    taken = _native.advanced_index(expr, [slice(None)] * axis + [places], False)
    return Array(_native.rechunk(taken, tuple(cuts)))


#: How much longer than before a chunk may become.
_TOLERANCE = 1.25


def _grouped(groups: list[int], usual: float) -> tuple[int, ...]:
    """Chunks of whole groups, about as long as usual."""
    made = [0]
    for length in groups:
        if made[-1] > usual or (made[-1] and made[-1] + length > usual * _TOLERANCE):
            made.append(0)
        made[-1] += length
    return tuple(made)


def reshape_blockwise(x: Any, shape: Any, chunks: Any = None) -> Array:
    """Every chunk in another shape, side by side: not the order of `reshape`, but no chunk needs
    another one's elements.

    Parameters
    ----------
    x : array_like
    shape : int or tuple of int
        The new shape: neighbouring axes made one, or one axis made several. One length may be -1.
    chunks : tuple of tuple of int
        The chunks of the result, where it has more axes; those of the same place in both arrays
        have as many elements.

    Raises
    ------
    ValueError
        A shape that is not made so, or chunks of other sizes; chunks where axes are joined.
    TypeError
        No chunks where axes are split.

    Examples
    --------
    >>> x = da.arange(8, chunks=8).reshape(2, 4).rechunk((2, 2))
    >>> y = da.reshape_blockwise(x, 8)
    >>> y.compute()
    array([0, 1, 4, 5, 2, 3, 6, 7])
    >>> da.reshape_blockwise(y, (2, 4), x.chunks).compute()
    array([[0, 1, 2, 3],
           [4, 5, 6, 7]])
    """
    expr = _arguments.known(x)
    lengths = _filled_in(shape, expr.size)
    if lengths == expr.shape:
        return Array(expr)
    if not expr.size:
        return Array(_native.reshape(expr, lengths))
    if len(lengths) > expr.ndim:
        if chunks is None:
            raise TypeError("Need to specify chunks if expanding dimensions.")
        cuts = normalize_chunks(chunks, lengths)
        parts = [[cuts[k] for k in group] for group in _axis_groups(lengths, expr.shape)]
        for axis, (own, asked) in enumerate(zip(expr.chunks, parts, strict=True)):
            if own != _products(asked):
                raise ValueError(
                    f"Chunk sizes do not match: axis {axis} has chunks {own}, those asked for have "
                    f"{_products(asked)} elements"
                )
        for axis, asked in reversed(list(enumerate(parts))):
            expr = _apart(expr, axis, asked)
        return Array(_native.rechunk(expr, cuts))
    if chunks is not None:
        raise ValueError("Setting chunks is not allowed when reducing the number of dimensions.")
    groups = _axis_groups(expr.shape, lengths)
    parts = [[expr.chunks[k] for k in group] for group in groups]
    for group, cut in reversed(list(zip(groups, parts, strict=True))):
        expr = _together(expr, group[0], cut)
    return Array(_native.rechunk(expr, tuple(_products(cut) for cut in parts)))


def _filled_in(shape: Any, size: int) -> tuple[int, ...]:
    """A shape with the length that is -1."""
    lengths = [index(n) for n in (shape if np.iterable(shape) else (shape,))]
    if lengths.count(-1) == 1:
        rest = math.prod(n for n in lengths if n != -1)
        if not rest or size % rest:
            raise ValueError(f"cannot reshape {size} elements into shape {tuple(lengths)}")
        lengths[lengths.index(-1)] = size // rest
    if any(n < 0 for n in lengths) or math.prod(lengths) != size:
        raise ValueError(f"cannot reshape {size} elements into shape {tuple(lengths)}")
    return tuple(lengths)


def _axis_groups(many: tuple[int, ...], few: tuple[int, ...]) -> list[list[int]]:
    """Which neighbouring axes of the longer shape become each axis of the shorter one."""
    groups: list[list[int]] = []
    axis = 0
    for place, length in enumerate(few):
        group, product = [], 1
        # The last one takes the rest, which is of length 1.
        while axis < len(many) and (
            not group or product != length or (place == len(few) - 1 and many[axis] == 1)
        ):
            group.append(axis)
            product *= many[axis]
            axis += 1
        if product != length or not group:
            break
        groups.append(group)
    if len(groups) != len(few) or axis != len(many):
        raise ValueError(f"reshape_blockwise: the axes of {few} are not joined axes of {many}")
    return groups


def _products(cuts: list[tuple[int, ...]]) -> tuple[int, ...]:
    return tuple(math.prod(sizes) for sizes in itertools.product(*cuts))


def _runs(sizes: tuple[int, ...]) -> list[tuple[int, int, int]]:
    """Chunks of equal lengths one after another: where they start, how many, how long."""
    runs, start = [], 0
    for size, same in itertools.groupby(sizes):
        count = len(list(same))
        runs.append((start, count, size))
        start += count * size
    return runs


def _together(expr: _native.Expr, axis: int, cuts: list[tuple[int, ...]]) -> _native.Expr:
    """Neighbouring axes as one, chunk by chunk."""
    for k in reversed(range(len(cuts) - 1)):
        expr = _joined(expr, axis + k, cuts[k], _products(cuts[k + 1 :]))
    return expr


def _apart(expr: _native.Expr, axis: int, cuts: list[tuple[int, ...]]) -> _native.Expr:
    """One axis as several, chunk by chunk."""
    for k in range(len(cuts) - 1):
        expr = _parted(expr, axis + k, cuts[k], _products(cuts[k + 1 :]))
    return expr


def _joined(
    expr: _native.Expr, axis: int, rows: tuple[int, ...], columns: tuple[int, ...]
) -> _native.Expr:
    """Two axes as one, chunk by chunk: the number of a chunk along the columns goes before the
    place in it along the rows.

    Chunks of equal lengths are an axis of their own in between, so that it takes an expression for
    each run of them, and not for each chunk.
    """
    before, after = list(expr.shape[:axis]), list(expr.shape[axis + 2 :])
    order = [*range(axis), axis, axis + 2, axis + 1, *range(axis + 3, expr.ndim + 2)]
    bands = []
    for top, n, height in _runs(rows):
        band = _stretch(expr, axis, top, n * height)
        pieces = []
        for left, m, width in _runs(columns):
            piece = _stretch(band, axis + 1, left, m * width)
            piece = _native.reshape(piece, [*before, n, height, m, width, *after])
            piece = _native.transpose(piece, order)
            pieces.append(_native.reshape(piece, [*before, n, m * height * width, *after]))
        band = _native.concatenate(pieces, axis + 1)
        bands.append(_native.reshape(band, [*before, n * height * sum(columns), *after]))
    return _native.concatenate(bands, axis)


def _parted(
    expr: _native.Expr, axis: int, rows: tuple[int, ...], columns: tuple[int, ...]
) -> _native.Expr:
    """The way back from `_joined`."""
    before, after = list(expr.shape[:axis]), list(expr.shape[axis + 1 :])
    order = [*range(axis), axis, axis + 2, axis + 1, *range(axis + 3, expr.ndim + 3)]
    length = sum(columns)
    bands = []
    for top, n, height in _runs(rows):
        band = _stretch(expr, axis, top * length, n * height * length)
        band = _native.reshape(band, [*before, n, height * length, *after])
        pieces = []
        for left, m, width in _runs(columns):
            piece = _stretch(band, axis + 1, height * left, height * m * width)
            piece = _native.reshape(piece, [*before, n, m, height, width, *after])
            piece = _native.transpose(piece, order)
            pieces.append(_native.reshape(piece, [*before, n * height, m * width, *after]))
        bands.append(_native.concatenate(pieces, axis + 1))
    return _native.concatenate(bands, axis)


def _stretch(expr: _native.Expr, axis: int, start: int, length: int) -> _native.Expr:
    index = (slice(None),) * axis + (slice(start, start + length),)
    return _native.basic_index(expr, index)
