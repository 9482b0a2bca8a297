"""The array API standard's constants, dtypes, inspection and exchange."""

from __future__ import annotations

from dataclasses import dataclass
from math import e, inf, nan, pi
from typing import Any

import numpy as np
from numpy import (
    bool,  # noqa: A004 - the standard's name
    complex64,
    complex128,
    euler_gamma,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    uint8,
    uint16,
    uint32,
    uint64,
)

from .. import _chunkwise as _native
from . import _dtypes
from ._array import Array
from ._convert import _check_device, asarray

newaxis = None

__all__ = [
    "__array_api_version__",
    "__array_namespace_info__",
    "astype",
    "bool",
    "can_cast",
    "complex128",
    "complex64",
    "e",
    "euler_gamma",
    "finfo",
    "float32",
    "float64",
    "from_dlpack",
    "iinfo",
    "inf",
    "int16",
    "int32",
    "int64",
    "int8",
    "isdtype",
    "nan",
    "newaxis",
    "pi",
    "promote_types",
    "result_type",
    "uint16",
    "uint32",
    "uint64",
    "uint8",
]

__array_api_version__ = "2025.12"


def astype(
    x: Array, dtype: Any, /, *, copy: Any = True, device: str | None = None, casting: str = "unsafe"
) -> Array:
    """The elements converted to another dtype.

    Integers wrap, floats to integers truncate, complex to real is an error as in the standard's
    ``astype`` only where `casting` forbids it.

    Parameters
    ----------
    x : Array
    dtype
        The dtype of the result.
    copy : bool
        Accepted: arrays are immutable, so that a copy makes no difference.
    device : "cpu" or None
    casting : {"unsafe", "same_kind", "safe", "equiv", "no"}
        Which conversions are allowed; others raise `TypeError`.

    Examples
    --------
    >>> da.astype(da.asarray([1.7, -1.7]), da.int8).compute()
    array([ 1, -1], dtype=int8)
    """
    _check_device(device)
    x = asarray(x)
    name = _dtypes.name(dtype)
    if not np.can_cast(x.dtype, _dtypes.DTYPES[name], casting=casting):
        raise TypeError(f"cannot cast from {x.dtype} to {name} according to the rule {casting!r}")
    return x if name == x._expr.dtype else Array(_native.cast(x._expr, name))


def _dtype_of(thing: Any) -> Any:
    return thing.dtype if isinstance(thing, Array) else thing


def can_cast(from_: Any, to: Any, /, casting: str = "safe") -> bool:
    """Whether a dtype, or an array's, can be converted to another without loss.

    Examples
    --------
    >>> da.can_cast(da.int8, da.float32)
    True
    """
    return np.can_cast(_dtype_of(from_), _dtype_of(to), casting=casting)


def result_type(*arrays_and_dtypes: Any) -> np.dtype:
    """The dtype that arrays, dtypes and Python numbers have together.

    Examples
    --------
    >>> da.result_type(da.int8, da.ones(3, dtype=da.float32), 1.5)
    dtype('float32')
    """
    return np.result_type(*(_dtype_of(thing) for thing in arrays_and_dtypes))


def promote_types(a: Any, b: Any) -> np.dtype:
    """The smallest dtype to which two dtypes can be converted without loss, as NumPy defines it.

    Examples
    --------
    >>> da.promote_types(da.int32, da.float32)
    dtype('float64')
    """
    return np.promote_types(a, b)


def isdtype(dtype: Any, kind: Any) -> bool:
    """Whether a dtype is of a kind: a dtype, ``"bool"``, ``"signed integer"``,
    ``"unsigned integer"``, ``"integral"``, ``"real floating"``, ``"complex floating"``,
    ``"numeric"``, or one of several in a tuple.

    Examples
    --------
    >>> da.isdtype(da.int8, "integral")
    True
    """
    return np.isdtype(np.dtype(dtype), kind)


@dataclass(frozen=True)
class finfo:  # noqa: N801 - the standard's name
    """The limits of a floating dtype, or of a complex one's parts, as Python floats.

    Examples
    --------
    >>> da.finfo(da.float32).bits
    32
    """

    bits: int
    eps: float
    max: float
    min: float
    smallest_normal: float
    dtype: np.dtype

    def __init__(self, type: Any, /) -> None:
        limits = np.finfo(_dtype_of(type))
        values = {
            "bits": int(limits.bits),
            "eps": float(limits.eps),
            "max": float(limits.max),
            "min": float(limits.min),
            "smallest_normal": float(limits.smallest_normal),
            "dtype": np.dtype(limits.dtype),
        }
        for field, value in values.items():
            object.__setattr__(self, field, value)

    @property
    def tiny(self) -> float:
        """The same as `smallest_normal`."""
        return self.smallest_normal


@dataclass(frozen=True)
class iinfo:  # noqa: N801 - the standard's name
    """The limits of an integer dtype.

    Examples
    --------
    >>> da.iinfo(da.int8).max
    127
    """

    bits: int
    max: int
    min: int
    dtype: np.dtype

    def __init__(self, type: Any, /) -> None:
        limits = np.iinfo(_dtype_of(type))
        values = {
            "bits": int(limits.bits),
            "max": int(limits.max),
            "min": int(limits.min),
            "dtype": np.dtype(limits.dtype),
        }
        for field, value in values.items():
            object.__setattr__(self, field, value)


def from_dlpack(x: Any, /, *, device: str | None = None, copy: Any = None) -> Array:
    """An array over the memory of an object with the DLPack protocol, without a copy.

    Examples
    --------
    >>> da.from_dlpack(np.arange(3)).sum().compute()
    np.int64(3)
    """
    _check_device(device)
    if isinstance(x, Array):
        return asarray(x, copy=copy)
    if not hasattr(x, "__dlpack__"):
        raise TypeError(f"{type(x).__name__} has no __dlpack__")
    # NumPy 2.0 has no keyword for it.
    return asarray(np.from_dlpack(x) if copy is None else np.from_dlpack(x, copy=copy))


class _Info:
    """What `__array_namespace_info__` answers."""

    def capabilities(self) -> dict[str, Any]:
        """Boolean indexing and data-dependent shapes are there; NumPy's limit on axes holds."""
        return {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": 64}

    def default_device(self) -> str:
        """The only device."""
        return "cpu"

    def devices(self) -> tuple[str, ...]:
        """The only device."""
        return ("cpu",)

    def default_dtypes(self, *, device: str | None = None) -> dict[str, np.dtype]:
        """What arrays have where no dtype is given."""
        _check_device(device)
        return {
            "real floating": np.dtype("float64"),
            "complex floating": np.dtype("complex128"),
            "integral": np.dtype("int64"),
            "indexing": np.dtype("int64"),
        }

    def dtypes(self, *, device: str | None = None, kind: Any = None) -> dict[str, np.dtype]:
        """The dtypes of a kind, or all."""
        _check_device(device)
        return {
            name: dtype
            for name, dtype in _dtypes.DTYPES.items()
            if kind is None or np.isdtype(dtype, kind)
        }


def __array_namespace_info__() -> _Info:
    """The standard's inspection of capabilities, devices and dtypes.

    Examples
    --------
    >>> da.__array_namespace_info__().devices()
    ('cpu',)
    """
    return _Info()
