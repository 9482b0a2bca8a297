"""Arguments in NumPy's and Dask's forms, as the native functions take them."""

from __future__ import annotations

from operator import index
from typing import Any

import numpy as np

from .. import _chunkwise as _native
from . import _dtypes
from ._array import Array
from ._convert import asarray


def array(x: Any) -> Array:
    """Anything as an array."""
    return x if isinstance(x, Array) else asarray(x)


def expr(x: Any) -> _native.Expr:
    """The expression of anything as an array."""
    return array(x)._expr


def known(x: Any) -> _native.Expr:
    """The same with every length known: that of a boolean index is computed."""
    return array(x)._resolve()


def shape(given: Any) -> tuple[int, ...]:
    """A shape from an int or a sequence of ints."""
    try:
        lengths = (index(given),)
    except TypeError:
        if isinstance(given, str | bytes) or not np.iterable(given):
            raise TypeError(
                f"expected a sequence of integers or a single integer, got {given!r}"
            ) from None
        lengths = tuple(index(n) for n in given)
    if any(n < 0 for n in lengths):
        raise ValueError(f"negative dimensions are not allowed, got shape {lengths}")
    return lengths


def axes(axis: Any) -> list[int] | None:
    """Axes from `None`, an int or a sequence of ints."""
    if axis is None:
        return None
    if isinstance(axis, tuple | list | range):
        return [index(a) for a in axis]
    return [index(axis)]


def axis_of(axis: Any, ndim: int) -> int:
    """An axis counted from the front."""
    chosen = index(axis)
    if not -ndim <= chosen < ndim:
        raise np.exceptions.AxisError(chosen, ndim)
    return chosen % ndim


def cut(chunks: Any, ndim: int) -> Any:
    """Chunks without dictionaries and NumPy's own numbers."""
    if isinstance(chunks, dict):
        each: list[Any] = [-1] * ndim
        for axis, size in chunks.items():
            each[axis_of(axis, ndim)] = size
        chunks = tuple(each)
    if isinstance(chunks, np.ndarray):
        chunks = chunks.tolist()
    if isinstance(chunks, float) and chunks.is_integer():
        chunks = int(chunks)
    return chunks


def filled(shape: Any, value: Any, dtype: str, chunks: Any) -> Array:
    """One number everywhere."""
    lengths = globals()["shape"](shape)
    return Array(_native.full(lengths, value, dtype, cut(chunks, len(lengths))))


def index_along(lengths: tuple[int, ...], axis: int, chunks: Any) -> Array:
    """Every element's index along an axis, of this shape: `int64`."""
    line = _native.arange(0, lengths[axis], 1, "int64", -1)
    others = [a for a in range(len(lengths)) if a != axis]
    spread = _native.broadcast_to(_native.expand_dims(line, others), lengths)
    return Array(_native.rechunk(spread, cut(chunks, len(lengths))))


def dtype_name(dtype: Any, default: str) -> str:
    """A dtype's name, or the default where none is given."""
    return default if dtype is None else _dtypes.name(dtype)
