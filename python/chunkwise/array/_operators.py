"""What makes the operators of arrays out of rows of the engine's elementwise functions.

An operator's own frame is the only one between the user's line and the engine: to find out where an
operation was made costs time for each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _chunkwise as _native

# The class is made with these functions, which need its module when they are called.
from . import _array

if TYPE_CHECKING:
    from ._array import Array

Unary = Callable[["Array"], "Array"]
Binary = Callable[["Array", Any], "Array"]
_elementwise = _native.elementwise


def unary(name: str, row: str) -> Unary:
    """The operator of one array."""

    def operate(self: Array, /) -> Array:
        return type(self)(_elementwise(row, self._expr))

    return _named(operate, name)


def binary(name: str, row: str) -> Binary:
    """The operator between an array and anything."""

    def operate(self: Array, other: Any, /) -> Array:
        cls = type(self)
        operand = other._expr if type(other) is cls else _array._operand(other)
        if operand is NotImplemented:
            return NotImplemented
        return cls(_elementwise(row, self._expr, operand))

    return _named(operate, name)


def arithmetic(name: str, row: str) -> tuple[Binary, Binary, Binary]:
    """The operator between an array and anything, between anything and an array, and in place."""
    return binary(name, row), _reflected(f"r{name}", row), _in_place(f"i{name}", row)


def _reflected(name: str, row: str) -> Binary:
    def operate(self: Array, other: Any, /) -> Array:
        operand = _array._operand(other)
        if operand is NotImplemented:
            return NotImplemented
        return type(self)(_elementwise(row, operand, self._expr))

    return _named(operate, name)


def _in_place(name: str, row: str) -> Binary:
    """`x += y` binds to `x` an array of the same shape and dtype, as NumPy requires; other handles
    keep what they were."""

    def operate(self: Array, other: Any, /) -> Array:
        operand = _array._operand(other)
        if operand is NotImplemented:
            return NotImplemented
        before = self._expr
        after = _elementwise(row, before, operand)
        result = type(self)(after)
        if not np.can_cast(result.dtype, self.dtype, "same_kind"):
            raise TypeError(
                f"{row} in place: cannot cast the result from {after.dtype} to {before.dtype} "
                "according to the rule 'same_kind'"
            )
        if before.shape != after.shape:
            raise ValueError(
                f"{row} in place: the result of shape {after.shape} does not fit {before.shape}"
            )
        if before.dtype == after.dtype:
            return result
        return type(self)(_native.cast(after, before.dtype))

    return _named(operate, name)


def _named(operate: Any, name: str) -> Any:
    operate.__name__ = f"__{name}__"
    operate.__qualname__ = f"Array.__{name}__"
    return operate
