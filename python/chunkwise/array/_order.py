"""Sorts, and searches in what is sorted."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from .. import _chunkwise as _native
from ._array import Array
from ._convert import asarray
from ._selecting import take_along_axis

__all__ = [
    "argpartition",
    "argsort",
    "digitize",
    "lexsort",
    "partition",
    "searchsorted",
    "sort",
    "sort_complex",
]

_KINDS = ("quicksort", "mergesort", "heapsort", "stable")


def _known(a: Any) -> _native.Expr:
    """An array's expression with every length known: one that is not is computed."""
    return asarray(a)._resolve()


def _sorted(a: Any, axis: Any, kind: Any, order: Any, descending: bool, indices: bool) -> Array:
    name = "argsort" if indices else "sort"
    if kind is not None and kind not in _KINDS:
        raise ValueError(f"{name}: kind must be one of {', '.join(_KINDS)}, got {kind!r}")
    if order is not None:
        raise ValueError(f"{name}: there are no fields to order by")
    expr = _known(a)
    if axis is None:
        expr, axis = _native.reshape(expr, [-1]), 0
    return Array(_native.sort(expr, operator.index(axis), bool(descending), indices))


def sort(
    a: Any,
    axis: int | None = -1,
    kind: str | None = None,
    order: Any = None,
    *,
    descending: bool = False,
    stable: bool | None = None,
) -> Array:
    """The elements along an axis in order.

    NaN counts as larger than everything, complex numbers are ordered by real and then by imaginary
    part. An axis of any length is sorted within the memory limit.

    Parameters
    ----------
    a : array_like
        What is sorted.
    axis : int or None
        The axis; `None` for all elements as one axis.
    kind : str, optional
        NumPy's names are accepted, without effect: there is one sort, which is stable.
    order
        Must be `None`: there are no fields.
    descending : bool
        Whether the largest come first. Equal elements keep their order either way.
    stable : bool, optional
        Accepted, without effect: the sort is stable.

    Examples
    --------
    >>> da.sort([3, 1, 2]).compute()
    array([1, 2, 3])
    >>> da.sort([3, 1, 2], descending=True).compute()
    array([3, 2, 1])
    """
    return _sorted(a, axis, kind, order, descending, indices=False)


def argsort(
    a: Any,
    axis: int | None = -1,
    kind: str | None = None,
    order: Any = None,
    *,
    descending: bool = False,
    stable: bool | None = None,
) -> Array:
    """Where along an axis the elements stand that `sort` gives, as `int64`.

    Parameters
    ----------
    a : array_like
        What is sorted.
    axis : int or None
        The axis; `None` for all elements as one axis.
    kind, order, descending, stable
        As for `sort`.

    Examples
    --------
    >>> da.argsort([3, 1, 2]).compute()
    array([1, 2, 0])
    """
    return _sorted(a, axis, kind, order, descending, indices=True)


def sort_complex(a: Any) -> Array:
    """The elements along the last axis in order, as complex numbers.

    Parameters
    ----------
    a : array_like
        With one axis at least. Integers of up to 16 bits become `complex64`, other real numbers
        `complex128`.

    Examples
    --------
    >>> da.sort_complex([3, 1, 2]).compute()
    array([1.+0.j, 2.+0.j, 3.+0.j])
    """
    x = sort(a)
    if x.dtype.kind == "c":
        return x
    small = x.dtype.kind in "iu" and x.dtype.itemsize <= 2
    return Array(_native.cast(x._expr, "complex64" if small else "complex128"))


def lexsort(keys: Any, axis: int = -1) -> Array:
    """Where along an axis the elements stand that sorting by several keys gives, as `int64`.

    The last key counts most; the one before it where that is equal, and so on. The order of what is
    equal in all keys is kept.

    Parameters
    ----------
    keys : sequence of array_like, or array_like of shape (k, ...)
        Of equal shapes.
    axis : int
        The axis that is sorted.

    Raises
    ------
    TypeError
        No keys.
    ValueError
        Keys of different shapes.

    Examples
    --------
    >>> surnames, years = da.asarray([1, 0, 1]), da.asarray([1983, 1990, 1970])
    >>> da.lexsort((years, surnames)).compute()
    array([1, 2, 0])
    """
    if not np.iterable(keys) or not len(keys):
        raise TypeError("need sequence of keys with len > 0 in lexsort")
    first, *others = (asarray(key) for key in keys)
    if any(key.shape != first.shape for key in others):
        raise ValueError("all keys need to be the same shape")
    if not first.ndim:
        return Array(_native.full((), 0, "int64", -1))
    order = argsort(first, axis)
    for key in others:
        again = argsort(take_along_axis(key, order, axis), axis)
        order = take_along_axis(order, again, axis)
    return order


def _check_partition(a: Any, kth: Any, axis: Any, kind: str) -> None:
    if kind != "introselect":
        raise ValueError(f"select kind must be 'introselect' (got {kind!r})")
    x = asarray(a)
    places = np.asarray(kth)
    if places.dtype.kind == "b":
        raise ValueError("Booleans unacceptable as partition index")
    if places.dtype.kind not in "iu":
        raise TypeError("Partition index must be integer")
    if places.ndim > 1:
        raise ValueError(f"partition: kth must have one axis at most, got {places.ndim}")
    n = x.size if axis is None else x.shape[normalize_axis_index(operator.index(axis), x.ndim)]
    for k in places.ravel().tolist():
        if not -n <= k < n:
            raise ValueError(f"kth(={k}) out of bounds ({n})")


def partition(
    a: Any, kth: Any, axis: int | None = -1, kind: str = "introselect", order: Any = None
) -> Array:
    """The elements along an axis, those at some places where a sort would put them, smaller ones
    before and larger ones after them.

    Here the others are in order too: it is the same as `sort`. For a few of the largest or the
    smallest elements, `topk` is quicker.

    Parameters
    ----------
    a : array_like
        What is partitioned.
    kth : int or sequence of int
        The places.
    axis : int or None
        The axis; `None` for all elements as one axis.
    kind : {"introselect"}
        NumPy's only one.
    order
        Must be `None`: there are no fields.

    Raises
    ------
    ValueError
        Places outside the axis, another kind.

    Examples
    --------
    >>> da.partition([7, 1, 5, 3], 2).compute()[2]
    np.int64(5)
    """
    _check_partition(a, kth, axis, kind)
    return _sorted(a, axis, None, order, descending=False, indices=False)


def argpartition(
    a: Any, kth: Any, axis: int | None = -1, kind: str = "introselect", order: Any = None
) -> Array:
    """Where along an axis the elements stand that `partition` gives, as `int64`.

    Parameters
    ----------
    a, kth, axis, kind, order
        As for `partition`.

    Examples
    --------
    >>> da.argpartition([7, 1, 5, 3], 2).compute()[2]
    np.int64(2)
    """
    _check_partition(a, kth, axis, kind)
    return _sorted(a, axis, None, order, descending=False, indices=True)


def searchsorted(a: Any, v: Any, side: str = "left", sorter: Any = None) -> Array:
    """Where values belong in a sorted array, as `int64` of the values' shape.

    Parameters
    ----------
    a : array_like
        One axis, in ascending order. Every task holds the whole.
    v : array_like
        The values.
    side : {"left", "right"}
        Whether a place is before all equal elements or after them.
    sorter : array_like of int, optional
        The positions that put `a` in order; both are computed then.

    Raises
    ------
    ValueError
        More than one axis, or another side.

    Examples
    --------
    >>> da.searchsorted([1, 2, 2, 5], [2, 9]).compute()
    array([1, 4])
    """
    if sorter is not None:
        a = np.take(np.asarray(a), np.asarray(sorter))
    return Array(_native.searchsorted(_known(a), asarray(v)._expr, side))


def digitize(a: Any, bins: Any, right: bool = False) -> Array:
    """The number of the bin that each element lies in, as `int64`.

    Parameters
    ----------
    a : array_like
        Real numbers.
    bins : array_like
        One axis in ascending or in descending order; it is computed.
    right : bool
        Whether a bin holds its right edge instead of its left one.

    Raises
    ------
    ValueError
        Bins without order.

    Examples
    --------
    >>> da.digitize([0.2, 6.4, 3.0], [0.0, 1.0, 2.5, 4.0, 10.0]).compute()
    array([1, 4, 3])
    """
    edges = np.asarray(bins)
    if edges.ndim != 1:
        raise ValueError("object too deep for desired array" if edges.ndim else "bins has no axis")
    if edges.dtype.kind == "c":
        raise TypeError("x may not be complex")
    return Array(_native.digitize(asarray(a)._expr, edges.astype(float).tolist(), bool(right)))
