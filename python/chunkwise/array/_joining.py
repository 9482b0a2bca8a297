"""Arrays put together and taken apart."""

from __future__ import annotations

from operator import index
from typing import Any

import numpy as np

from .. import _chunkwise as _native
from . import _arguments, _dtypes, _shapes
from ._array import Array

__all__ = [
    "array_split",
    "block",
    "column_stack",
    "concat",
    "concatenate",
    "dsplit",
    "dstack",
    "hsplit",
    "hstack",
    "split",
    "stack",
    "unstack",
    "vsplit",
    "vstack",
]


# Put together.


def _joined(arrays: list, dtype: Any, casting: str) -> list:
    if dtype is None:
        return arrays
    name = _dtypes.name(dtype)
    for e in arrays:
        if not np.can_cast(e.dtype, name, casting):
            raise TypeError(f"Cannot cast array data from {e.dtype} to {name} by {casting!r}")
    return [_native.cast(e, name) for e in arrays]


def _sequence(arrays: Any) -> list:
    if isinstance(arrays, Array):
        return unstack(arrays)
    if not np.iterable(arrays):
        raise TypeError(f"expected a sequence of arrays, got {type(arrays).__name__}")
    return list(arrays)


def concatenate(
    arrays: Any,
    axis: int | None = 0,
    allow_unknown_chunksizes: bool = False,
    *,
    dtype: Any = None,
    casting: str = "same_kind",
) -> Array:
    """Arrays one after another along an axis.

    Parameters
    ----------
    arrays : sequence of array_like
        Of the same shape but along the axis.
    axis : int or None
        Without one the elements of all lie along one axis.
    allow_unknown_chunksizes
        Accepted as in Dask; lengths that are not known are computed.
    dtype
        By default what the arrays' dtypes become together.
    casting : str
        Which conversions are allowed, in NumPy's words.

    Raises
    ------
    ValueError
        No arrays, or shapes that differ.

    Examples
    --------
    >>> da.concatenate([[1, 2], [3.5]]).compute()
    array([1. , 2. , 3.5])
    """
    exprs = [_arguments.known(a) for a in _sequence(arrays)]
    if axis is None:
        exprs, axis = [_native.reshape(e, [e.size]) for e in exprs], 0
    elif any(e.ndim == 0 for e in exprs):
        raise ValueError("zero-dimensional arrays cannot be concatenated")
    return Array(_native.concatenate(_joined(exprs, dtype, casting), index(axis)))


def concat(
    arrays: Any,
    axis: int | None = 0,
    *,
    dtype: Any = None,
    casting: str = "same_kind",
) -> Array:
    """The same as `concatenate`.

    Examples
    --------
    >>> da.concat([[[1]], [[2]]], axis=1).compute()
    array([[1, 2]])
    """
    return concatenate(arrays, axis, dtype=dtype, casting=casting)


def stack(
    arrays: Any,
    axis: int = 0,
    allow_unknown_chunksizes: bool = False,
    *,
    dtype: Any = None,
    casting: str = "same_kind",
) -> Array:
    """Arrays beside each other along a new axis.

    Parameters
    ----------
    arrays : sequence of array_like
        Of the same shape.
    axis : int
        Where the new axis is in the result.
    allow_unknown_chunksizes, dtype, casting
        As in `concatenate`.

    Examples
    --------
    >>> da.stack([[1, 2], [3, 4]], axis=1).compute()
    array([[1, 3],
           [2, 4]])
    """
    exprs = [_arguments.known(a) for a in _sequence(arrays)]
    if not exprs:
        raise ValueError("need at least one array to stack")
    return Array(_native.stack(_joined(exprs, dtype, casting), index(axis)))


def vstack(
    tup: Any,
    allow_unknown_chunksizes: bool = False,
    *,
    dtype: Any = None,
    casting: str = "same_kind",
) -> Array:
    """Arrays below each other: along the first axis, each of two axes at least.

    Examples
    --------
    >>> da.vstack([[1, 2], [3, 4]]).compute()
    array([[1, 2],
           [3, 4]])
    """
    rows = [_shapes.atleast_2d(a) for a in _sequence(tup)]
    return concatenate(rows, 0, dtype=dtype, casting=casting)


def hstack(
    tup: Any,
    allow_unknown_chunksizes: bool = False,
    *,
    dtype: Any = None,
    casting: str = "same_kind",
) -> Array:
    """Arrays side by side: along the second axis, or the first where they have one.

    Examples
    --------
    >>> da.hstack([[1, 2], [3]]).compute()
    array([1, 2, 3])
    """
    parts = [_shapes.atleast_1d(a) for a in _sequence(tup)]
    axis = 0 if parts and parts[0].ndim == 1 else 1
    return concatenate(parts, axis, dtype=dtype, casting=casting)


def dstack(tup: Any, allow_unknown_chunksizes: bool = False) -> Array:
    """Arrays behind each other: along the third axis, each of three axes at least.

    Examples
    --------
    >>> da.dstack([[1, 2], [3, 4]]).shape
    (1, 2, 2)
    """
    return concatenate([_shapes.atleast_3d(a) for a in _sequence(tup)], 2)


def column_stack(tup: Any) -> Array:
    """Arrays side by side, those of one axis as columns.

    Examples
    --------
    >>> da.column_stack([[1, 2], [3, 4]]).compute()
    array([[1, 3],
           [2, 4]])
    """
    columns = []
    for a in _sequence(tup):
        a = _arguments.array(a)
        columns.append(a if a.ndim >= 2 else _shapes.reshape(a, (-1, 1)))
    return concatenate(columns, 1)


def block(arrays: Any, allow_unknown_chunksizes: bool = False) -> Array:
    """An array from nested lists of its parts: the innermost lists lie along the last axis.

    Raises
    ------
    ValueError
        Lists that are empty or not of one depth.
    TypeError
        Tuples in the place of lists.

    Examples
    --------
    >>> da.block([[da.ones((2, 2)), da.zeros((2, 1))], [da.zeros((1, 3))]]).shape
    (3, 3)
    """
    depth = _depth(arrays, "arrays")
    ndim = max(depth, _most_axes(arrays))
    return _blocked(arrays, depth, ndim)


def _depth(part: Any, place: str) -> int:
    if isinstance(part, tuple):
        raise TypeError(
            f"{place} is a tuple. Only lists can be used to arrange blocks; "
            "a tuple is not read as an array."
        )
    if not isinstance(part, list):
        return 0
    if not part:
        raise ValueError(f"List at {place} cannot be empty")
    depths = [_depth(p, f"{place}[{i}]") for i, p in enumerate(part)]
    if len(set(depths)) > 1:
        i = next(i for i, d in enumerate(depths) if d != depths[0])
        raise ValueError(
            f"List depths are mismatched. {place}[0] has depth {depths[0]}, "
            f"{place}[{i}] has {depths[i]}."
        )
    return depths[0] + 1


def _most_axes(part: Any) -> int:
    if isinstance(part, list):
        return max(_most_axes(p) for p in part)
    return _arguments.array(part).ndim


def _blocked(part: Any, depth: int, ndim: int) -> Array:
    if depth == 0:
        part = _arguments.array(part)
        return (
            _shapes.expand_dims(part, tuple(range(ndim - part.ndim))) if part.ndim < ndim else part
        )
    return concatenate([_blocked(p, depth - 1, ndim) for p in part], -depth)


# Taken apart.


def array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Array]:
    """Parts along an axis.

    Parameters
    ----------
    ary : array_like
    indices_or_sections : int or sequence of int
        How many parts, the first ones longer by one where the length is no multiple; or where the
        second and later parts begin.
    axis : int

    Examples
    --------
    >>> [p.compute().tolist() for p in da.array_split([1, 2, 3], 2)]
    [[1, 2], [3]]
    """
    expr = _arguments.known(ary)
    axis = _arguments.axis_of(axis, expr.ndim)
    if np.iterable(indices_or_sections):
        places = [index(i) for i in indices_or_sections]
    else:
        n = index(indices_or_sections)
        if n <= 0:
            raise ValueError("number sections must be larger than 0.")
        each, longer = divmod(expr.shape[axis], n)
        places = [i * each + min(i, longer) for i in range(1, n)]
    return [Array(e) for e in _native.split_at(expr, places, axis)]


def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Array]:
    """Equal parts along an axis, or parts that begin at given places; else as `array_split`.

    Raises
    ------
    ValueError
        A length that is no multiple of the number of parts.

    Examples
    --------
    >>> [p.compute().tolist() for p in da.split([1, 2, 3, 4], 2)]
    [[1, 2], [3, 4]]
    """
    if not np.iterable(indices_or_sections):
        a = _arguments.array(ary)
        n = index(indices_or_sections)
        length = a.shape[_arguments.axis_of(axis, a.ndim)]
        if n and length % n:
            raise ValueError(
                f"array split does not result in an equal division: {length} elements, {n} parts"
            )
    return array_split(ary, indices_or_sections, axis)


def hsplit(ary: Any, indices_or_sections: Any) -> list[Array]:
    """`split` along the second axis, or the first where there is one.

    Examples
    --------
    >>> [p.shape for p in da.hsplit(da.ones((2, 4)), 2)]
    [(2, 2), (2, 2)]
    """
    a = _of_axes_to_split(ary, 1, "hsplit")
    return split(a, indices_or_sections, 1 if a.ndim > 1 else 0)


def vsplit(ary: Any, indices_or_sections: Any) -> list[Array]:
    """`split` along the first axis, of an array of two at least.

    Examples
    --------
    >>> [p.shape for p in da.vsplit(da.ones((4, 2)), 2)]
    [(2, 2), (2, 2)]
    """
    return split(_of_axes_to_split(ary, 2, "vsplit"), indices_or_sections, 0)


def dsplit(ary: Any, indices_or_sections: Any) -> list[Array]:
    """`split` along the third axis.

    Examples
    --------
    >>> [p.shape for p in da.dsplit(da.ones((2, 2, 4)), 2)]
    [(2, 2, 2), (2, 2, 2)]
    """
    return split(_of_axes_to_split(ary, 3, "dsplit"), indices_or_sections, 2)


def _of_axes_to_split(ary: Any, n: int, name: str) -> Array:
    a = _arguments.array(ary)
    if a.ndim < n:
        raise ValueError(f"{name} only works on arrays of {n} or more dimensions, got {a.ndim}")
    return a


def unstack(x: Any, /, *, axis: int = 0) -> tuple[Array, ...]:
    """The parts of length one along an axis, without it.

    Raises
    ------
    ValueError
        An array without axes.

    Examples
    --------
    >>> [p.compute().tolist() for p in da.unstack([[1, 2], [3, 4]], axis=1)]
    [[1, 3], [2, 4]]
    """
    expr = _arguments.known(x)
    if not expr.ndim:
        raise ValueError("Input array must be at least 1-d.")
    return tuple(Array(e) for e in _native.unstack(expr, _arguments.axis_of(axis, expr.ndim)))
