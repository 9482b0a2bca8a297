"""Counts, integers, choices and permutations."""

from __future__ import annotations

from operator import index
from typing import Any

import numpy as np

from ... import _chunkwise as _native
from .. import _arguments, _dtypes
from .._array import Array
from ._base import broadcast, is_number, real, require
from ._distributions import Distributions


class Discrete(Distributions):
    """What draws integers."""

    def _integers(
        self, low: Any, high: Any, size: Any, dtype: Any, endpoint: bool, chunks: Any
    ) -> Array:
        if high is None:
            low, high = 0, low
        name = _dtypes.name(dtype)
        if np.dtype(name).kind not in "iub":
            raise TypeError(f"Unsupported dtype {name} for integers")
        shape = broadcast(size, low, high)
        if not (is_number(low) and is_number(high)):
            raise NotImplementedError("integers: ends that are arrays")
        low, high = int(low), int(high) + bool(endpoint)
        kind = "uint8" if name == "bool" else name
        least, most = (0, 1) if name == "bool" else (np.iinfo(name).min, np.iinfo(name).max)
        if low < least:
            raise ValueError(f"low is out of bounds for {name}, got {low}")
        if high > most + 1:
            raise ValueError(f"high is out of bounds for {name}, got {high}")
        if low >= high:
            raise ValueError(f"low >= high, got [{low}, {high})")
        chunks = _arguments.cut(chunks, len(shape))
        drawn = self._streams.take().integers(low, high, shape, chunks, kind)
        return Array(_native.cast(drawn, name))

    def poisson(self, lam: Any = 1.0, size: Any = None, chunks: Any = "auto") -> Array:
        """How many events there are where `lam` are expected: `int64`.

        Examples
        --------
        >>> x = da.random.default_rng(1).poisson(3.0, size=100_000)
        >>> round(float(x.mean()))
        3
        """
        lam = real("lam", lam, 0)
        shape = broadcast(size, lam)
        return self._draw("poisson", [lam], shape, chunks)

    def binomial(self, n: Any, p: Any, size: Any = None, chunks: Any = "auto") -> Array:
        """How many of `n` trials succeed with chance `p` each: `int64`.

        Examples
        --------
        >>> x = da.random.default_rng(1).binomial(10, 0.5, size=100_000)
        >>> round(float(x.mean()))
        5
        """
        p = real("p", p, 0)
        shape = broadcast(size, n, p)
        n = index(n)
        require(n >= 0, "n", n, "at least 0")
        require(p <= 1, "p", p, "at most 1")
        return self._draw("binomial", [float(n), p], shape, chunks)

    def permutation(self, x: Any, axis: int = 0) -> Array:
        """The numbers below an int, or the parts of an array along an axis, in random order.

        Parameters
        ----------
        x : int or array_like
        axis : int

        Examples
        --------
        >>> sorted(da.random.default_rng(1).permutation(5).compute().tolist())
        [0, 1, 2, 3, 4]
        """
        if is_number(x):
            n = index(x)
            require(n >= 0, "x", n, "at least 0")
            return Array(self._streams.take().permutation(n, "auto"))
        x = _arguments.array(x)
        axis = _arguments.axis_of(axis, x.ndim)
        order = self._streams.take().permutation(x.shape[axis], -1)
        positions = np.asarray(Array(order).compute()).tolist()
        return Array(_native.take(x._resolve(), positions, axis))

    def choice(
        self,
        a: Any,
        size: Any = None,
        replace: bool = True,
        p: Any = None,
        axis: int = 0,
        shuffle: bool = True,
        chunks: Any = "auto",
    ) -> Array:
        """Some of the numbers below an int, or of the parts of an array along an axis.

        Examples
        --------
        >>> x = da.random.default_rng(1).choice([10, 20], size=1000)
        >>> int(x.min()), int(x.max())
        (10, 20)
        """
        raise NotImplementedError
