"""Arrays as sets."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .. import _chunkwise as _native
from ._array import Array
from ._convert import asarray
from ._joining import concatenate
from ._order import _known, sort

__all__ = [
    "intersect1d",
    "isin",
    "setdiff1d",
    "setxor1d",
    "union1d",
    "unique",
    "unique_all",
    "unique_counts",
    "unique_inverse",
    "unique_values",
]


class UniqueAllResult(NamedTuple):
    """What `unique_all` gives."""

    values: Array
    indices: Array
    inverse_indices: Array
    counts: Array


class UniqueCountsResult(NamedTuple):
    """What `unique_counts` gives."""

    values: Array
    counts: Array


class UniqueInverseResult(NamedTuple):
    """What `unique_inverse` gives."""

    values: Array
    inverse_indices: Array


def _inverse(values: Array, x: _native.Expr) -> Array:
    """Where each element stands among the values, which are computed for that."""
    return Array(_native.searchsorted(values._resolve(), x, "left"))


def unique(
    ar: Any,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: Any = None,
    *,
    equal_nan: bool = True,
    sorted: bool = True,  # noqa: A002 - NumPy's name
) -> Any:
    """The different elements in ascending order.

    How many there are is known after computing: asking for the shape computes them.

    Parameters
    ----------
    ar : array_like
        The elements, in C order.
    return_index : bool
        Whether the index of the first occurrence of each is given too.
    return_inverse : bool
        Whether the place of each element among the different ones is given too, in the shape of
        `ar`; the different ones are computed for that.
    return_counts : bool
        Whether the number of occurrences of each is given too.
    axis
        Must be `None`: slices are not compared.
    equal_nan : bool
        Whether NaN are one value. Where they are not, all have the inverse of the first.
    sorted : bool
        Accepted, without effect: they are in order.

    Examples
    --------
    >>> da.unique([3, 1, 3]).compute()
    array([1, 3])
    """
    if axis is not None:
        raise NotImplementedError(
            "unique: slices along an axis are not compared; axis must be None"
        )
    x = _known(ar)
    if not (return_index or return_inverse or return_counts):
        return Array(_native.unique(x, bool(equal_nan), False)[0])
    values, indices, counts = map(Array, _native.unique(x, bool(equal_nan), True))
    result = [values]
    if return_index:
        result.append(indices)
    if return_inverse:
        result.append(_inverse(values, x))
    if return_counts:
        result.append(counts)
    return tuple(result)


def unique_all(x: Array, /) -> UniqueAllResult:
    """The different elements, where each occurs first, which of them each element is, and counts.

    NaN are different from each other.

    Examples
    --------
    >>> da.unique_all(da.asarray([3, 1, 3])).counts.compute()
    array([1, 2])
    """
    every = {"return_index": True, "return_inverse": True, "return_counts": True}
    return UniqueAllResult(*unique(x, **every, equal_nan=False))


def unique_counts(x: Array, /) -> UniqueCountsResult:
    """The different elements, and how often each occurs; NaN are different from each other.

    Examples
    --------
    >>> da.unique_counts(da.asarray([3, 1, 3])).counts.compute()
    array([1, 2])
    """
    return UniqueCountsResult(*unique(x, return_counts=True, equal_nan=False))


def unique_inverse(x: Array, /) -> UniqueInverseResult:
    """The different elements, and which of them each element is.

    Examples
    --------
    >>> da.unique_inverse(da.asarray([3, 1, 3])).inverse_indices.compute()
    array([1, 0, 1])
    """
    return UniqueInverseResult(*unique(x, return_inverse=True, equal_nan=False))


def unique_values(x: Array, /) -> Array:
    """The different elements; NaN are different from each other.

    Examples
    --------
    >>> da.unique_values(da.asarray([3, 1, 3])).compute()
    array([1, 3])
    """
    return unique(x, equal_nan=False)


def isin(
    element: Any, test_elements: Any, assume_unique: bool = False, invert: bool = False
) -> Array:
    """Whether each element is among others.

    Parameters
    ----------
    element : array_like
        The elements.
    test_elements : array_like
        The others; every task holds them all.
    assume_unique : bool
        Accepted, without effect.
    invert : bool
        Whether the answer is the other way round.

    Examples
    --------
    >>> da.isin([1, 5, 2], [2, 1]).compute()
    array([ True, False,  True])
    """
    return Array(_native.isin(asarray(element)._expr, _known(test_elements), bool(invert)))


def _flat(*arrays: Any) -> list[Array]:
    """The elements of each in C order, in the dtype of all together."""
    exprs = [_known(a) for a in arrays]
    dtype = np.result_type(*(np.dtype(e.dtype) for e in exprs)).name
    return [Array(_native.cast(_native.reshape(e, [-1]), dtype)) for e in exprs]


def _among(x: Array, others: Array, invert: bool) -> Array:
    """The elements of one array that are, or are not, among those of another."""
    return x[isin(x, others, invert=invert)]


def union1d(ar1: Any, ar2: Any) -> Array:
    """The different elements of two arrays in ascending order.

    Parameters
    ----------
    ar1, ar2 : array_like
        Of any shapes. NaN are one value.

    Examples
    --------
    >>> da.union1d([3, 1], [2, 3]).compute()
    array([1, 2, 3])
    """
    return unique(concatenate(_flat(ar1, ar2)))


def intersect1d(
    ar1: Any, ar2: Any, assume_unique: bool = False, return_indices: bool = False
) -> Array | tuple[Array, Array, Array]:
    """The different elements that are in both arrays, in ascending order.

    Which of the elements of `ar1` are in `ar2` is computed.

    Parameters
    ----------
    ar1, ar2 : array_like
        Of any shapes. NaN is equal to nothing. Every task holds the whole of `ar2`.
    assume_unique : bool
        Accepted, without effect.
    return_indices : bool
        Whether the indices where each is found first, in the arrays' elements in C order, are given
        too; the common elements are computed for that.

    Examples
    --------
    >>> da.intersect1d([3, 1, 2], [3, 2, 4]).compute()
    array([2, 3])
    """
    a, b = _flat(ar1, ar2)
    common = unique(_among(a, b, invert=False))
    if not return_indices:
        return common
    common = common.compute_chunk_sizes()
    return common, *(_first_places(x, common) for x in (a, b))


def _first_places(x: Array, values: Array) -> Array:
    """The index in `x` of the first element that equals each value; all occur."""
    order = Array(_native.sort(x._expr, 0, False, True))
    places = _native.searchsorted(_native.sort(x._expr, 0, False, False), values._expr, "left")
    return order[Array(places)]


def setdiff1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Array:
    """The different elements of one array that are not in another, in ascending order.

    Which they are is computed, unless they are unique.

    Parameters
    ----------
    ar1, ar2 : array_like
        Of any shapes. NaN is equal to nothing. Every task holds the whole of `ar2`.
    assume_unique : bool
        Whether those of `ar1` are different already: then they stay in their order.

    Examples
    --------
    >>> da.setdiff1d([3, 1, 2, 3], [2]).compute()
    array([1, 3])
    """
    dtype = _known(ar1).dtype
    left = _among(*_flat(ar1, ar2), invert=True)
    left = Array(_native.cast(left._expr, dtype))
    return left if assume_unique else unique(left)


def setxor1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Array:
    """The different elements that are in one of two arrays alone, in ascending order.

    They are computed once to know how many there are.

    Parameters
    ----------
    ar1, ar2 : array_like
        Of any shapes. NaN is equal to nothing. Every task holds the whole of the other array.
    assume_unique : bool
        Accepted, without effect.

    Examples
    --------
    >>> da.setxor1d([3, 1], [3, 2]).compute()
    array([1, 2])
    """
    a, b = _flat(ar1, ar2)
    alone = [unique(_among(a, b, invert=True)), unique(_among(b, a, invert=True))]
    return sort(concatenate([x.compute_chunk_sizes() for x in alone]))
