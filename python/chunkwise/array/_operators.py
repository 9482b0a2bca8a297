"""The operators of arrays, stamped from tables: each is a row of the engine's functions.

An operator's own frame is the only one between the user's line and the engine: finding out where an
operation was made costs time for each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import _chunkwise as _native
from ._array import Array, _operand

_elementwise = _native.elementwise

_ARITHMETIC = {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "truediv": "divide",
    "floordiv": "floor_divide",
    "mod": "remainder",
    "pow": "pow",
    "lshift": "bitwise_left_shift",
    "rshift": "bitwise_right_shift",
    "and": "bitwise_and",
    "or": "bitwise_or",
    "xor": "bitwise_xor",
}
_COMPARISONS = {
    "eq": "equal",
    "ne": "not_equal",
    "lt": "less",
    "le": "less_equal",
    "gt": "greater",
    "ge": "greater_equal",
}
_UNARY = {"neg": "negative", "pos": "positive", "abs": "abs", "invert": "bitwise_invert"}


def _binary(row: str) -> Callable:
    def operate(self: Array, other: Any, /) -> Array:
        operand = other._expr if type(other) is Array else _operand(other)
        if operand is NotImplemented:
            return NotImplemented
        return Array(_elementwise(row, self._expr, operand))

    return operate


def _reflected(row: str) -> Callable:
    def operate(self: Array, other: Any, /) -> Array:
        operand = _operand(other)
        if operand is NotImplemented:
            return NotImplemented
        return Array(_elementwise(row, operand, self._expr))

    return operate


def _in_place(row: str) -> Callable:
    """`x += y` binds to `x` an array of the same shape and dtype, as NumPy requires; other handles
    keep what they were."""

    def operate(self: Array, other: Any, /) -> Array:
        operand = _operand(other)
        if operand is NotImplemented:
            return NotImplemented
        before = self._expr
        after = _elementwise(row, before, operand)
        result = Array(after)
        if not np.can_cast(result.dtype, self.dtype, "same_kind"):
            raise TypeError(
                f"{row} in place: cannot cast the result from {after.dtype} to {before.dtype} "
                "according to the rule 'same_kind'"
            )
        if before.shape != after.shape:
            raise ValueError(
                f"{row} in place: the result of shape {after.shape} does not fit {before.shape}"
            )
        return result if before.dtype == after.dtype else Array(_native.cast(after, before.dtype))

    return operate


def _unary(row: str) -> Callable:
    def operate(self: Array, /) -> Array:
        return Array(_elementwise(row, self._expr))

    return operate


def _divmod(self: Array, other: Any, /) -> tuple[Array, Array]:
    quotient = self.__floordiv__(other)
    return NotImplemented if quotient is NotImplemented else (quotient, self.__mod__(other))


def _reflected_divmod(self: Array, other: Any, /) -> tuple[Array, Array]:
    quotient = self.__rfloordiv__(other)
    return NotImplemented if quotient is NotImplemented else (quotient, self.__rmod__(other))


def _install(name: str, method: Callable) -> None:
    method.__name__ = f"__{name}__"
    method.__qualname__ = f"Array.__{name}__"
    setattr(Array, method.__name__, method)


for _name, _row in _ARITHMETIC.items():
    _install(_name, _binary(_row))
    _install(f"r{_name}", _reflected(_row))
    _install(f"i{_name}", _in_place(_row))
for _name, _row in _COMPARISONS.items():
    _install(_name, _binary(_row))
for _name, _row in _UNARY.items():
    _install(_name, _unary(_row))
_install("divmod", _divmod)
_install("rdivmod", _reflected_divmod)
