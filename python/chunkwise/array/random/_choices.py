"""Choices and permutations."""

from __future__ import annotations

import math
from operator import index
from typing import Any

import numpy as np

from ... import _chunkwise as _native
from .. import _arguments
from .._array import Array
from ._base import broadcast, is_number, require
from ._discrete import Discrete


class Choices(Discrete):
    """What draws from a given array."""

    def permutation(self, x: Any, axis: int = 0, chunks: Any = "auto") -> Array:
        """The numbers below an int, or the parts of an array along an axis, in random order.

        Parameters
        ----------
        x : int or array_like
        axis : int
        chunks
            How the numbers below an int are cut.

        Examples
        --------
        >>> sorted(da.random.default_rng(1).permutation(5).compute().tolist())
        [0, 1, 2, 3, 4]
        """
        if is_number(x):
            n = index(x)
            require(n >= 0, "x", n, "at least 0")
            return Array(self._streams.take().permutation(n, _arguments.cut(chunks, 1)))
        x = _arguments.array(x)
        axis = _arguments.axis_of(axis, x.ndim)
        order = self._streams.take().permutation(x.shape[axis], -1)
        return _taken(x, Array(order), axis)

    def _choice(
        self, a: Any, size: Any, replace: bool, p: Any, axis: int, shuffle: bool, chunks: Any
    ) -> Array:
        shape = broadcast(size)
        if is_number(a):
            n, things = index(a), None
            require(n > 0 or 0 in shape, "a", n, "a positive integer unless no samples are taken")
            axis = 0
        else:
            things = _arguments.array(a)
            if not things.ndim:
                raise ValueError("a must be an integer or an array with one axis at least")
            axis = _arguments.axis_of(axis, things.ndim)
            n = things.shape[axis]
            require(n > 0 or 0 in shape, "a", n, "not empty unless no samples are taken")
        weights = None if p is None else _weights(p, n)
        if replace:
            places = self._with_replacement(n, weights, shape, chunks)
        else:
            places = self._without_replacement(n, weights, shape, shuffle, chunks)
        if things is None:
            return places
        return _taken(things, places, axis)

    def _with_replacement(self, n: int, weights: Any, shape: Any, chunks: Any) -> Array:
        chunks = _arguments.cut(chunks, len(shape))
        return Array(self._streams.take().choice(max(n, 1), weights, shape, chunks))

    def _without_replacement(
        self, n: int, weights: Any, shape: Any, shuffle: bool, chunks: Any
    ) -> Array:
        count = math.prod(shape)
        if count > n:
            raise ValueError(
                f"Cannot take a larger sample than population when replace is False: {count} of {n}"
            )
        if weights is None:
            order = self._streams.take().permutation(n, -1)
            chosen = _native.basic_index(order, (slice(0, count),))
        else:
            if count > np.count_nonzero(weights):
                raise ValueError("Fewer non-zero entries in p than size")
            # The first to arrive, each at its own rate: an exponential race.
            arrival = self._exponential((n,), -1) / np.asarray(weights)
            chosen = _native.topk(arrival._expr, -count, 0, True) if count else arrival._expr
            chosen = _native.cast(_native.basic_index(chosen, (slice(0, count),)), "int64")
        made = _native.reshape(chosen, list(shape))
        return Array(_native.rechunk(made, _arguments.cut(chunks, len(shape))))


def _weights(p: Any, n: int) -> list[float]:
    p = np.asarray(p, "float64")
    if p.ndim != 1:
        raise ValueError("p must be one dimensional")
    if len(p) != n:
        raise ValueError(f"a and p must have the same size, got {n} and {len(p)}")
    if not (p >= 0).all():
        raise ValueError("Probabilities are not non-negative")
    if abs(p.sum() - 1.0) > 1.5e-8:
        raise ValueError(f"Probabilities do not sum to 1, but to {p.sum()}.")
    return p.tolist()


def _taken(things: Array, places: Array, axis: int) -> Array:
    """The parts at places along an axis, in whose stead the axes of the places stand."""
    expr = things._resolve()
    made = _native.take_lazily(expr, places._expr, axis)
    chunks = (*expr.chunks[:axis], *places.chunks, *expr.chunks[axis + 1 :])
    return Array(_native.rechunk(made, chunks))
