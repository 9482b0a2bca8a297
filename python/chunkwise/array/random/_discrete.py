"""Counts and integers."""

from __future__ import annotations

import math
from operator import index
from typing import Any

import numpy as np

from ... import _chunkwise as _native
from .. import _arguments, _dtypes
from .._array import Array
from ._base import broadcast, call, chance, is_number, real, require, with_last
from ._distributions import Distributions

#: The largest float below 2^63.
_MOST = 2.0**63 - 1024


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
        least, most = (0, 1) if name == "bool" else (np.iinfo(name).min, np.iinfo(name).max)
        if is_number(low) and is_number(high):
            low, high = int(low), int(high) + bool(endpoint)
            if low < least:
                raise ValueError(f"low is out of bounds for {name}, got {low}")
            if high > most + 1:
                raise ValueError(f"high is out of bounds for {name}, got {high}")
            if low >= high:
                raise ValueError(f"low >= high, got [{low}, {high})")
            drawn = self._streams.take().integers(
                low,
                high,
                shape,
                _arguments.cut(chunks, len(shape)),
                "uint8" if name == "bool" else name,
            )
            return Array(_native.cast(drawn, name))
        # In unsigned numbers of 64 bits, whose differences are right whatever the signs.
        first, last = (_unsigned(v) for v in (low, high))
        span = last - first
        if endpoint:
            span = span + 1
        offset = self._sample("below", [span], shape, chunks)
        return Array(_native.cast((first + offset)._expr, name))

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
        if is_number(lam):
            return self._draw("poisson", [lam], shape, chunks)
        return self._sample("poisson", [lam], shape, chunks)

    def binomial(self, n: Any, p: Any, size: Any = None, chunks: Any = "auto") -> Array:
        """How many of `n` trials succeed with chance `p` each: `int64`.

        Examples
        --------
        >>> x = da.random.default_rng(1).binomial(10, 0.5, size=100_000)
        >>> round(float(x.mean()))
        5
        """
        p = chance("p", p)
        n = _count("n", n)
        shape = broadcast(size, n, p)
        if is_number(n) and is_number(p):
            return self._draw("binomial", [float(n), p], shape, chunks)
        return self._sample("binomial", [n, p], shape, chunks)

    def geometric(self, p: Any, size: Any = None, chunks: Any = "auto") -> Array:
        """How many trials there are until the first success, itself counted: `int64`.

        Examples
        --------
        >>> x = da.random.default_rng(1).geometric(0.25, size=100_000)
        >>> round(float(x.mean()))
        4
        """
        p = chance("p", p)
        if is_number(p):
            require(p > 0, "p", p, "above 0")
            rate = -math.log1p(-p) if p < 1 else math.inf
        else:
            rate = -call("log1p", -p)
        drawn = self._draw("exponential", [1.0], broadcast(size, p), chunks)
        return _whole(call("ceil", drawn / rate))

    def negative_binomial(self, n: Any, p: Any, size: Any = None, chunks: Any = "auto") -> Array:
        """How many trials fail before the `n`-th success: `int64`.

        A Poisson count whose mean is a gamma variate.

        Examples
        --------
        >>> x = da.random.default_rng(1).negative_binomial(3, 0.5, size=100_000)
        >>> round(float(x.mean()))
        3
        """
        n = real("n", n, 0, strictly=True)
        p = chance("p", p)
        if is_number(p):
            require(p > 0, "p", p, "above 0")
        shape = broadcast(size, n, p)
        mean = self._gamma(n, shape, chunks) * ((1.0 - p) / p)
        return self._sample("poisson", [mean], shape, chunks)

    def logseries(self, p: Any, size: Any = None, chunks: Any = "auto") -> Array:
        """Counts from 1 with chances proportional to ``p ** k / k``: `int64`.

        By two uniform numbers (Kemp, 1981, method LK).

        Examples
        --------
        >>> x = da.random.default_rng(1).logseries(0.5, size=1000)
        >>> int(x.min())
        1
        """
        p = chance("p", p)
        if is_number(p):
            require(0 < p < 1, "p", p, "between 0 and 1, without 1")
            rate = math.log1p(-p)
        else:
            rate = call("log1p", -p)
        shape = broadcast(size, p)
        v, u = self._unit(shape, chunks), self._unit(shape, chunks)
        q = -call("expm1", rate * u)
        return _whole(call("floor", 1.0 + call("log", v) / call("log", q)))

    def zipf(self, a: Any, size: Any = None, chunks: Any = "auto") -> Array:
        """Counts from 1 with chances proportional to ``k ** -a``, `a` above 1: `int64`.

        Examples
        --------
        >>> x = da.random.default_rng(1).zipf(3.0, size=1000)
        >>> int(x.min())
        1
        """
        a = real("a", a, 1, strictly=True)
        return self._sample("zipf", [a], broadcast(size, a), chunks)

    def hypergeometric(
        self, ngood: int, nbad: int, nsample: int, size: Any = None, chunks: Any = "auto"
    ) -> Array:
        """How many good ones are among `nsample` drawn from `ngood` good and `nbad` bad: `int64`.

        The parameters are numbers, for the table of all counts' chances is made beforehand.

        Examples
        --------
        >>> x = da.random.default_rng(1).hypergeometric(10, 10, 5, size=1000)
        >>> int(x.max()) <= 5
        True
        """
        for name, value in (("ngood", ngood), ("nbad", nbad), ("nsample", nsample)):
            if not is_number(value):
                raise NotImplementedError(f"hypergeometric: {name} is one number, got an array")
        good, bad, drawn = (
            _count(name, v) for name, v in (("ngood", ngood), ("nbad", nbad), ("nsample", nsample))
        )
        require(drawn <= good + bad, "nsample", drawn, f"at most ngood + nbad = {good + bad}")
        first, weights = _hypergeometric(good, bad, drawn)
        shape = broadcast(size)
        chunks = _arguments.cut(chunks, len(shape))
        place = self._streams.take().choice(len(weights), weights.tolist(), shape, chunks)
        return Array(place) + first if first else Array(place)

    def multinomial(self, n: Any, pvals: Any, size: Any = None, chunks: Any = "auto") -> Array:
        """How many of `n` trials have each of several outcomes: `int64`.

        Parameters
        ----------
        n : int or array_like
        pvals : sequence of float
            The outcomes' chances; the last one takes what is left to 1.
        size : int or tuple of int
            The result has one more axis, as long as `pvals`.
        chunks

        Examples
        --------
        >>> x = da.random.default_rng(1).multinomial(20, [0.5, 0.25, 0.25], size=4)
        >>> x.shape, x.sum(axis=1).compute()
        ((4, 3), array([20, 20, 20, 20]))
        """
        chances = np.asarray(pvals, "float64")
        if chances.ndim != 1 or not len(chances):
            raise ValueError(f"pvals must be a sequence of chances, got shape {chances.shape}")
        if not ((chances >= 0) & (chances <= 1)).all():
            raise ValueError("pvals < 0, pvals > 1 or pvals contains NaNs")
        if chances[:-1].sum() > 1.0 + 1e-12:
            raise ValueError("sum(pvals[:-1].astype(np.float64)) > 1.0")
        n = _count("n", n)
        shape = broadcast(size, n)
        left = n if isinstance(n, Array) else Array(_native.full((), n, "int64", -1))
        left = Array(_native.broadcast_to(left._expr, shape))
        counts, rest = [], 1.0
        for p in chances[:-1].tolist():
            share = min(1.0, p / rest) if rest > 0 else 0.0
            counts.append(self._sample("binomial", [left, share], shape, "auto"))
            left, rest = left - counts[-1], rest - p
        made = _native.stack([c._expr for c in [*counts, left]], -1)
        return Array(_native.rechunk(made, with_last(chunks, len(shape))))

    def multivariate_hypergeometric(
        self,
        colors: Any,
        nsample: int,
        size: Any = None,
        method: str = "marginals",
        chunks: Any = "auto",
    ) -> Array:
        """How many of each color are among `nsample` things drawn without replacement: `int64`.

        Every thing takes a random number, and the least ones are drawn: the work for an element
        grows with the number of things.

        Parameters
        ----------
        colors : sequence of int
            How many things there are of each color.
        nsample : int
        size : int or tuple of int
            The result has one more axis, as long as `colors`.
        method : "marginals" or "count"
            Accepted as in NumPy; it changes nothing.
        chunks

        Examples
        --------
        >>> x = da.random.default_rng(1).multivariate_hypergeometric([3, 5, 2], 4, size=6)
        >>> x.shape, x.sum(axis=1).compute()
        ((6, 3), array([4, 4, 4, 4, 4, 4]))
        """
        if method not in ("marginals", "count"):
            raise ValueError(f'method must be "count" or "marginals", got {method!r}')
        given = np.asarray(colors)
        if given.ndim != 1 or given.dtype.kind not in "iu" or (given < 0).any():
            raise ValueError(f"colors must be a sequence of counts, got {colors!r}")
        total, nsample = int(given.sum()), _count("nsample", nsample)
        require(nsample <= total, "nsample", nsample, f"at most sum(colors) = {total}")
        shape = broadcast(size)
        ends = np.cumsum(given).tolist()
        if nsample == 0:
            made = _native.full((*shape, len(ends)), 0, "int64", -1)
            return Array(_native.rechunk(made, with_last(chunks, len(shape))))
        keys = self._draw("random", [], (*shape, total), "auto")
        drawn = Array(_native.topk(keys._expr, -nsample, -1, True))
        below = [_native.reduce("sum", (drawn < end)._expr, [-1], False, 0.0) for end in [0, *ends]]
        counts = [
            _native.elementwise("subtract", high, low)
            for low, high in zip(below, below[1:], strict=False)
        ]
        made = _native.cast(_native.stack(counts, -1), "int64")
        return Array(_native.rechunk(made, with_last(chunks, len(shape))))


def _unsigned(value: Any) -> Array:
    """Integers modulo 2^64."""
    value = _arguments.array(value)
    if value.dtype.kind not in "iub":
        raise TypeError(f"integers between integers, got {value.dtype}")
    return Array(_native.cast(value._expr, "uint64"))


def _count(name: str, value: Any) -> Any:
    """A number of things, or an array of them."""
    if is_number(value):
        value = int(value) if isinstance(value, float) and value.is_integer() else index(value)
        require(value >= 0, name, value, "at least 0")
        return value
    value = _arguments.array(value)
    if value.dtype.kind not in "iub":
        raise TypeError(f"{name} must be integers, got {value.dtype}")
    return value


def _whole(trials: Array) -> Array:
    """Floats as counts from 1 on."""
    within = call("minimum", call("maximum", trials, 1.0), _MOST)
    return Array(_native.cast(within._expr, "int64"))


def _hypergeometric(good: int, bad: int, drawn: int) -> tuple[int, np.ndarray]:
    """The first count that matters and the chances, scaled, of it and those that follow."""
    low, high = max(0, drawn - bad), min(drawn, good)
    total = good + bad
    mean = drawn * good / total if total else 0.0
    spread = mean * (1 - mean / drawn) if drawn else 0.0
    # Beyond 40 standard deviations chances are below a uniform number's resolution.
    reach = 50 + 40 * math.sqrt(max(spread, 0.0))
    low, high = max(low, math.floor(mean - reach)), min(high, math.ceil(mean + reach))
    k = np.arange(low, high, dtype="float64")
    ratios = np.log((good - k) / (k + 1) * ((drawn - k) / (bad - drawn + k + 1)))
    logs = np.concatenate([[0.0], np.cumsum(ratios)])
    return low, np.exp(logs - logs.max())
