"""Bits as bytes, and bytes as bits."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from .. import _chunkwise as _native
from . import _arguments
from ._array import Array
from ._convert import asarray
from ._joining import concatenate

__all__ = ["packbits", "unpackbits"]


def _bits(bitorder: Any) -> np.ndarray:
    """The number of each bit of a byte, in order."""
    if bitorder not in ("big", "little"):
        raise ValueError("'order' must be either 'little' or 'big'")
    return np.arange(8, dtype=np.uint8)[:: -1 if bitorder == "big" else 1]


def _along(x: Array, axis: Any) -> tuple[_native.Expr, int]:
    """The array with the axis that is meant: all elements are one axis where none is."""
    expr = x._resolve()
    if axis is None:
        return _native.reshape(expr, [expr.size]), 0
    return expr, _arguments.axis_of(axis, expr.ndim)


def packbits(a: Any, /, axis: int | None = None, bitorder: str = "big") -> Array:
    """Eight elements as one byte: a bit for each, which says whether it is not zero.

    Parameters
    ----------
    a : array_like
        Integers or bools.
    axis : int, optional
        The axis; all elements in C order without one. What is missing in the last byte is 0.
    bitorder : {"big", "little"}
        Whether the first element is the highest bit or the lowest.

    Raises
    ------
    TypeError
        Other numbers.
    ValueError
        Another order.

    Examples
    --------
    >>> da.packbits([1, 0, 1, 0, 0, 0, 0, 0, 1]).compute()
    array([160, 128], dtype=uint8)
    """
    x = asarray(a)
    if x.dtype.kind not in "iub":
        raise TypeError("Expected an input array of integer or boolean data type")
    worth = (1 << _bits(bitorder).astype(np.int64)).astype(np.uint8)
    expr, axis = _along(x, axis)
    bits = _native.cast(_native.cast(expr, "bool"), "uint8")
    shape = list(expr.shape)
    if missing := -shape[axis] % 8:
        bits = _native.pad(
            bits, [(0, missing * (k == axis)) for k in range(len(shape))], "constant", 0
        )
    shape[axis : axis + 1] = [-(-shape[axis] // 8), 8]
    bytes_ = Array(_native.reshape(bits, shape)) * worth.reshape(
        [8] + [1] * (len(shape) - axis - 2)
    )
    return bytes_.sum(axis=axis + 1, dtype=np.uint8)


def unpackbits(
    a: Any, /, axis: int | None = None, count: int | None = None, bitorder: str = "big"
) -> Array:
    """The bits of bytes, each as a byte of 0 or 1.

    Parameters
    ----------
    a : array_like of uint8
    axis : int, optional
        The axis, which becomes eight times as long; all elements in C order without one.
    count : int, optional
        How many bits are given, with zeros behind where there are not so many; if negative, how
        many are left out at the end.
    bitorder : {"big", "little"}
        Whether the highest bit is first or the lowest.

    Raises
    ------
    TypeError
        Another dtype.
    ValueError
        Another order; more bits left out than there are.

    Examples
    --------
    >>> da.unpackbits(da.asarray([5], dtype="uint8")).compute()
    array([0, 0, 0, 0, 0, 1, 0, 1], dtype=uint8)
    """
    x = asarray(a)
    if x.dtype != np.uint8:
        raise TypeError("Expected an input array of unsigned byte data type")
    numbers = _bits(bitorder)
    expr, axis = _along(x, axis)
    shape = list(expr.shape)
    numbers = numbers.reshape([8] + [1] * (len(shape) - axis - 1))
    bits = (Array(_native.expand_dims(expr, [axis + 1])) >> numbers) & np.uint8(1)
    shape[axis] *= 8
    made = Array(_native.reshape(bits._expr, shape))
    if count is None:
        return made
    count = operator.index(count)
    if count < -shape[axis]:
        raise ValueError("-count larger than number of elements")
    extra = count - shape[axis]
    if extra > 0:
        shape[axis] = extra
        return concatenate([made, Array(_native.full(shape, 0, "uint8", -1))], axis=axis)
    wanted = count if count >= 0 else shape[axis] + count
    return made[(slice(None),) * axis + (slice(wanted),)]
