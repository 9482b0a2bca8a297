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


def require(ok: bool, name: str, value: Any, what: str) -> None:
    """Checks a parameter that is a number."""
    if not ok:
        raise ValueError(f"{name} must be {what}, got {value}")


def real(name: str, value: Any, least: float = -math.inf, strictly: bool = False) -> Any:
    """A real parameter: a float that is checked, or an array of floats."""
    if not is_number(value):
        value = _arguments.array(value)
        if value.dtype.kind == "c":
            raise TypeError(f"{name} must be real, got an array of {value.dtype}")
        return Array(_native.cast(value._expr, "float64"))
    if isinstance(value, complex | str | bytes):
        raise TypeError(f"{name} must be a real number, got {value!r}")
    value = float(value)
    if least > -math.inf:
        ok = value > least if strictly else value >= least
        require(ok, name, value, f"above {least:g}" if strictly else f"at least {least:g}")
    return value


def chance(name: str, value: Any) -> Any:
    """A parameter between 0 and 1."""
    value = real(name, value)
    if is_number(value):
        require(0.0 <= value <= 1.0, name, value, "between 0 and 1")
    return value


def real_dtype(dtype: Any) -> str:
    """`float32` or `float64`."""
    name = _dtypes.name(dtype)
    if name not in ("float32", "float64"):
        raise TypeError(f"Unsupported dtype {name} for random values; float32 and float64 are")
    return name


def broadcast(size: Any, *parameters: Any) -> tuple[int, ...]:
    """The result's shape: `size`, which the parameters must fit, or what they have together."""
    shapes = [_arguments.array(p).shape for p in parameters if not is_number(p)]
    together = np.broadcast_shapes(*shapes)
    if size is None:
        return together
    asked = _arguments.shape(size)
    if np.broadcast_shapes(asked, together) != asked:
        raise ValueError(
            f"Output size {asked} is not compatible with broadcast dimensions of inputs {together}."
        )
    return asked


def call(name: str, *arguments: Any) -> Array:
    """A function of the elementwise table, of arrays and numbers."""
    return Array(_elementwise(name, *(native(a) for a in arguments)))


def native(value: Any) -> Any:
    """An array's expression, or a number."""
    return value._expr if isinstance(value, Array) else value


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
        """A native distribution whose parameters are numbers."""
        chunks = _arguments.cut(chunks, len(shape))
        return Array(self._streams.take().draw(name, parameters, shape, chunks, dtype))

    def _sample(self, name: str, parameters: list, shape: tuple[int, ...], chunks: Any) -> Array:
        """A native sampler, whose parameters may be arrays."""
        chunks = _arguments.cut(chunks, len(shape))
        operands = [native(p) for p in parameters]
        return Array(self._streams.take().sample(name, operands, shape, chunks))

    def _unit(self, shape: tuple[int, ...], chunks: Any) -> Array:
        """Evenly in (0, 1), without its ends."""
        # Multiples of 2^-52, moved up by half of that: exact, and alike from both ends.
        return self._draw("random", [], shape, chunks) + 2.0**-53

    def _exponential(self, shape: tuple[int, ...], chunks: Any) -> Array:
        """Exponential above zero, which the native one is with a chance of 2^-52."""
        return call("maximum", self._draw("exponential", [1.0], shape, chunks), 2.0**-53)

    def _normal(self, shape: tuple[int, ...], chunks: Any) -> Array:
        return self._draw("standard_normal", [], shape, chunks)

    def _gamma(self, alpha: Any, shape: tuple[int, ...], chunks: Any) -> Array:
        return self._sample("gamma", [alpha], shape, chunks)


def reduced(name: str, x: Array) -> Array:
    """A reduction over the last axis, which is kept."""
    return Array(_native.reduce(name, x._expr, [-1], True, 0.0))


def with_last(chunks: Any, ndim: int) -> Any:
    """Chunks of `ndim` axes, and one more axis in one piece."""
    chunks = _arguments.cut(chunks, ndim)
    if isinstance(chunks, tuple | list):
        if ndim == 1 and len(chunks) != 1:
            chunks = (tuple(chunks),)
        return (*chunks, -1)
    return (chunks,) * ndim + (-1,)
