"""Anything as an array."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _chunkwise as _native
from . import _array, _dtypes
from ._array import Array

__all__ = ["array", "asanyarray", "asarray", "copy", "from_npy"]


def _from_numpy(array: np.ndarray, chunks: Any = "auto") -> Array:
    """A NumPy array's memory, without a copy where it lies as native code can read it."""
    name = _dtypes.name(array.dtype)
    if not array.ndim:
        return _scalar(array.item(), name)
    if not array.dtype.isnative or not array.flags.aligned:
        array = array.astype(name)
    elif any(s % array.itemsize for s in array.strides):
        array = np.ascontiguousarray(array)
    return Array(_native.from_buffer(array, name, chunks))


def _scalar(value: Any, name: str) -> Array:
    return Array(_native.full((), value, name, -1))


def asarray(
    obj: Any,
    dtype: Any = None,
    *,
    chunks: Any = "auto",
    device: str | None = None,
    copy: bool | None = None,
) -> Array:
    """An array of anything that has elements: numbers, nested sequences, NumPy arrays, arrays.

    The memory of a NumPy array is shared, not copied, unless `copy` asks for it.

    Parameters
    ----------
    obj
        An array, a number, a nested sequence of these, or an object with the buffer protocol,
        ``__array__`` or ``__dlpack__``.
    dtype
        The dtype of the elements; by default the object's own.
    chunks
        How the array is cut; see the guide on chunks.
    device : "cpu" or None
        The only device is ``"cpu"``.
    copy : bool or None
        Whether the memory is copied: always, never (an error where it must be), or where needed.

    Examples
    --------
    >>> da.asarray([[1, 2], [3, 4]]).sum(axis=0).compute()
    array([4, 6])
    """
    _check_device(device)
    if isinstance(obj, Array):
        wanted = obj._expr.dtype if dtype is None else _dtypes.name(dtype)
        if wanted == obj._expr.dtype:
            return Array(obj._expr) if copy else obj
        if copy is False:
            raise ValueError(f"a conversion from {obj.dtype} to {wanted} needs a copy")
        return Array(_native.cast(obj._expr, wanted))
    if type(obj) in _array._NUMBERS and not copy:
        natural = _natural(obj)
        return _scalar(obj, natural if dtype is None else _dtypes.name(dtype))
    if isinstance(obj, np.generic):
        return _scalar(obj.item(), _dtypes.name(obj.dtype if dtype is None else dtype))
    if isinstance(obj, list | tuple) and _holds_arrays(obj):
        from ._joining import stack

        return asarray(stack([asarray(o) for o in obj]), dtype, copy=copy)
    if hasattr(obj, "__dlpack__") and not hasattr(obj, "__array__"):
        array = np.from_dlpack(obj)
    else:
        array = np.asarray(obj) if not copy else np.array(obj)
    if copy is False and not np.shares_memory(array, np.asarray(obj)):
        raise ValueError(f"an array of {type(obj).__name__} needs a copy")
    if dtype is not None and array.dtype != np.dtype(_dtypes.name(dtype)):
        if copy is False:
            raise ValueError(f"a conversion from {array.dtype} to {dtype} needs a copy")
        array = array.astype(_dtypes.name(dtype))
    return _from_numpy(array, chunks)


def _natural(number: Any) -> str:
    if type(number) is int and not -(2**63) <= number < 2**63:
        return "uint64"
    return _dtypes.name(type(number))


def _holds_arrays(obj: Any) -> bool:
    return any(
        isinstance(o, Array) or (isinstance(o, list | tuple) and _holds_arrays(o)) for o in obj
    )


def _check_device(device: Any) -> None:
    if device not in (None, "cpu"):
        raise ValueError(f'unknown device {device!r}; the only one is "cpu"')


def asanyarray(obj: Any, dtype: Any = None, **kwargs: Any) -> Array:
    """The same as `asarray`.

    Examples
    --------
    >>> da.asanyarray([1, 2]).dtype
    dtype('int64')
    """
    return asarray(obj, dtype, **kwargs)


def array(
    object: Any,
    dtype: Any = None,
    copy: bool | None = True,
    order: str = "K",
    ndmin: int = 0,
    *,
    chunks: Any = "auto",
    like: Any = None,
) -> Array:
    """An array of anything that has elements, whose memory is copied.

    Parameters
    ----------
    object, dtype, chunks
        As in `asarray`.
    copy : bool or None
        As in `asarray`, but copied by default.
    ndmin : int
        The least number of axes; new ones are first.
    order, like
        Accepted as in NumPy; they change nothing.

    Examples
    --------
    >>> da.array([1, 2, 3], ndmin=2).shape
    (1, 3)
    """
    made = asarray(object, dtype, chunks=chunks, copy=copy)
    missing = (ndmin or 0) - made.ndim
    if missing > 0:
        made = Array(_native.expand_dims(made._expr, list(range(missing))))
    return made


def copy(a: Any, order: str = "K", subok: bool = False) -> Array:
    """An array of anything that has elements, whose memory is copied; of an array, another handle,
    so that assigning to one leaves the other.

    Parameters
    ----------
    a : array_like
    order, subok
        Accepted as in NumPy; they change nothing.

    Examples
    --------
    >>> x = np.array([1, 2])
    >>> y = da.copy(x)
    >>> x[0] = 7
    >>> y.compute()
    array([1, 2])
    """
    return asarray(a, copy=True)


def from_npy(path: Any, chunks: Any = None) -> Array:
    """The array in a ``.npy`` file, of which only what is needed is read, when it is needed.

    Parameters
    ----------
    path : path
        The file.
    chunks
        How the array is cut; by default by size.

    Examples
    --------
    >>> x = da.from_npy("heights.npy")  # doctest: +SKIP
    """
    return Array(_native.from_npy(path, chunks))
