"""What draws arrays: sizes, chunks and parameters in NumPy's forms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ... import _chunkwise as _native
from .. import _arguments, _dtypes
from .._array import Array
from ._streams import Streams

_elementwise = _native.elementwise


def is_number(value: Any) -> bool:
    """Whether a parameter is one number for all elements."""
    return not isinstance(value, Array) and np.ndim(value) == 0


def number(name: str, value: Any) -> float:
    """A parameter as a float."""
    if isinstance(value, complex | str | bytes):
        raise TypeError(f"{name} must be a real number, got {value!r}")
    return float(value)


def broadcast(size: Any, *parameters: Any) -> tuple[int, ...]:
    """The shape of the result: `size`, which the parameters must fit, or what they have together."""
    shapes = [_arguments.array(p).shape for p in parameters if not is_number(p)]
    if size is None:
        return np.broadcast_shapes(*shapes)
    asked = _arguments.shape(size)
    if shapes and np.broadcast_shapes(asked, *shapes) != asked:
        raise ValueError(
            f"Output size {asked} is not compatible with broadcast dimensions of inputs "
            f"{np.broadcast_shapes(*shapes)}."
        )
    return asked


def require(ok: bool, name: str, value: Any, what: str) -> None:
    """Checks a parameter that is a number."""
    if not ok:
        raise ValueError(f"{name} must be {what}, got {value}")


class Drawing:
    """A seed, and how to draw with it."""

    _streams: Streams

    def _draw(
        self,
        name: str,
        parameters: list[float],
        shape: tuple[int, ...],
        chunks: Any,
        dtype: str | None = None,
    ) -> Array:
        chunks = _arguments.cut(chunks, len(shape))
        return Array(self._streams.take().draw(name, parameters, shape, chunks, dtype))

    def _unit(self, shape: tuple[int, ...], chunks: Any) -> Array:
        """Evenly in (0, 1), without its ends."""
        # Multiples of 2^-52, moved up by half of that: exact, and alike from both ends.
        return self._draw("random", [], shape, chunks) + 2.0**-53

    def _standard_exponential(self, shape: tuple[int, ...], chunks: Any) -> Array:
        """Exponential above zero, which the native one is with a chance of 2^-52."""
        drawn = self._draw("exponential", [1.0], shape, chunks)
        return Array(_elementwise("maximum", drawn._expr, 2.0**-53))

    def _standard_normal(self, shape: tuple[int, ...], chunks: Any) -> Array:
        return self._draw("standard_normal", [], shape, chunks)


def real(name: str, value: Any, least: float | None = None, strictly: bool = False) -> Any:
    """A real parameter: a float that is checked, or an array."""
    if not is_number(value):
        value = _arguments.array(value)
        return value if value.dtype.kind == "f" else Array(_native.cast(value._expr, "float64"))
    value = number(name, value)
    if least is not None:
        ok = value > least if strictly else value >= least
        require(ok, name, value, f"above {least:g}" if strictly else f"at least {least:g}")
    return value


def real_dtype(dtype: Any) -> str:
    """`float32` or `float64`."""
    name = _dtypes.name(dtype)
    if name not in ("float32", "float64"):
        raise TypeError(f"Unsupported dtype {name} for random values; float32 and float64 are")
    return name


def call(name: str, *arguments: Any) -> Array:
    """A function of the elementwise table, of arrays and numbers."""
    return Array(_elementwise(name, *(a._expr if isinstance(a, Array) else a for a in arguments)))


def finite(name: str, value: Any) -> None:
    """A number that is neither infinite nor NaN."""
    if is_number(value):
        require(math.isfinite(value), name, value, "finite")
