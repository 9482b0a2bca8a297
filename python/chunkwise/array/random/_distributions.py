"""Distributions whose values are functions of one or a few uniform, normal or exponential ones."""

from __future__ import annotations

import math
from typing import Any

from .._array import Array
from ._base import Drawing, broadcast, call, finite, is_number, real, real_dtype, require


class Distributions(Drawing):
    """The distributions that the old and the new interface share."""

    def uniform(
        self, low: Any = 0.0, high: Any = 1.0, size: Any = None, chunks: Any = "auto"
    ) -> Array:
        """Evenly in ``[low, high)``: `float64`.

        Examples
        --------
        >>> x = da.random.default_rng(1).uniform(-1, 1, size=1000)
        >>> bool(abs(x).max() <= 1)
        True
        """
        low, high = real("low", low), real("high", high)
        shape = broadcast(size, low, high)
        if is_number(low) and is_number(high):
            span = high - low
            if not math.isfinite(span):
                raise OverflowError("high - low range exceeds valid bounds")
            if span > 0:
                return self._draw("uniform", [low, high], shape, chunks)
            require(span == 0, "high", high, f"at least low = {low:g}")
        unit = self._draw("random", [], shape, chunks)
        return unit * (high - low) + low

    def normal(
        self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None, chunks: Any = "auto"
    ) -> Array:
        """Gaussian with mean `loc` and standard deviation `scale`: `float64`.

        Examples
        --------
        >>> x = da.random.default_rng(1).normal(10, 2, size=100_000)
        >>> round(float(x.mean())), round(float(x.std()))
        (10, 2)
        """
        loc, scale = real("loc", loc), real("scale", scale, 0)
        shape = broadcast(size, loc, scale)
        if is_number(loc) and is_number(scale) and math.isfinite(loc) and math.isfinite(scale):
            return self._draw("normal", [loc, scale], shape, chunks)
        return self._standard_normal(shape, chunks) * scale + loc

    def standard_cauchy(self, size: Any = None, chunks: Any = "auto") -> Array:
        """The ratio of two Gaussian numbers: `float64`.

        Examples
        --------
        >>> da.random.default_rng(1).standard_cauchy(size=3).shape
        (3,)
        """
        unit = self._unit(broadcast(size), chunks)
        return call("tan", (unit - 0.5) * math.pi)

    def exponential(self, scale: Any = 1.0, size: Any = None, chunks: Any = "auto") -> Array:
        """With density ``exp(-x / scale) / scale``, whose mean is `scale`: `float64`.

        Examples
        --------
        >>> x = da.random.default_rng(1).exponential(3.0, size=100_000)
        >>> round(float(x.mean()))
        3
        """
        scale = real("scale", scale, 0)
        shape = broadcast(size, scale)
        if is_number(scale) and math.isfinite(scale):
            return self._draw("exponential", [scale], shape, chunks)
        return self._draw("exponential", [1.0], shape, chunks) * scale

    def gumbel(
        self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None, chunks: Any = "auto"
    ) -> Array:
        """The distribution of maxima: ``loc - scale * log(-log(u))``, `float64`.

        Examples
        --------
        >>> da.random.default_rng(1).gumbel(size=3).shape
        (3,)
        """
        loc, scale = real("loc", loc), real("scale", scale, 0)
        drawn = self._standard_exponential(broadcast(size, loc, scale), chunks)
        return loc - scale * call("log", drawn)

    def laplace(
        self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None, chunks: Any = "auto"
    ) -> Array:
        """With density ``exp(-abs(x - loc) / scale) / (2 * scale)``: `float64`.

        Examples
        --------
        >>> da.random.default_rng(1).laplace(size=3).shape
        (3,)
        """
        loc, scale = real("loc", loc), real("scale", scale, 0)
        centred = self._unit(broadcast(size, loc, scale), chunks) - 0.5
        magnitude = -call("log1p", -2.0 * abs(centred))
        return loc + scale * call("copysign", magnitude, centred)

    def logistic(
        self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None, chunks: Any = "auto"
    ) -> Array:
        """``loc + scale * log(u / (1 - u))``: `float64`.

        Examples
        --------
        >>> da.random.default_rng(1).logistic(size=3).shape
        (3,)
        """
        loc, scale = real("loc", loc), real("scale", scale, 0)
        unit = self._unit(broadcast(size, loc, scale), chunks)
        return loc + scale * call("log", unit / (1.0 - unit))

    def lognormal(
        self, mean: Any = 0.0, sigma: Any = 1.0, size: Any = None, chunks: Any = "auto"
    ) -> Array:
        """The exponential function of Gaussian numbers: `float64`.

        Examples
        --------
        >>> da.random.default_rng(1).lognormal(size=3).shape
        (3,)
        """
        sigma = real("sigma", sigma, 0)
        return call("exp", self.normal(mean, sigma, size, chunks))

    def pareto(self, a: Any, size: Any = None, chunks: Any = "auto") -> Array:
        """Pareto II, also called Lomax: with density ``a / (1 + x) ** (a + 1)``, `float64`.

        Examples
        --------
        >>> da.random.default_rng(1).pareto(3.0, size=3).shape
        (3,)
        """
        a = real("a", a, 0, strictly=True)
        return call("expm1", self._draw("exponential", [1.0], broadcast(size, a), chunks) / a)

    def power(self, a: Any, size: Any = None, chunks: Any = "auto") -> Array:
        """In ``[0, 1]`` with density ``a * x ** (a - 1)``: `float64`.

        Examples
        --------
        >>> da.random.default_rng(1).power(2.0, size=3).shape
        (3,)
        """
        a = real("a", a, 0, strictly=True)
        return call("pow", self._unit(broadcast(size, a), chunks), 1.0 / a)

    def rayleigh(self, scale: Any = 1.0, size: Any = None, chunks: Any = "auto") -> Array:
        """The length of a vector of two Gaussian components: `float64`.

        Examples
        --------
        >>> da.random.default_rng(1).rayleigh(size=3).shape
        (3,)
        """
        scale = real("scale", scale, 0)
        drawn = self._draw("exponential", [1.0], broadcast(size, scale), chunks)
        return scale * call("sqrt", 2.0 * drawn)

    def triangular(
        self, left: Any, mode: Any, right: Any, size: Any = None, chunks: Any = "auto"
    ) -> Array:
        """Between `left` and `right` with a density that rises to `mode` and falls again: `float64`.

        Examples
        --------
        >>> da.random.default_rng(1).triangular(0, 1, 3, size=3).shape
        (3,)
        """
        left, mode, right = real("left", left), real("mode", mode), real("right", right)
        for name, value in (("left", left), ("mode", mode), ("right", right)):
            finite(name, value)
        if all(is_number(v) for v in (left, mode, right)):
            require(left <= mode, "mode", mode, f"at least left = {left:g}")
            require(mode <= right, "mode", mode, f"at most right = {right:g}")
            require(left < right, "right", right, f"above left = {left:g}")
        unit = self._unit(broadcast(size, left, mode, right), chunks)
        width = right - left
        rising = left + call("sqrt", unit * width * (mode - left))
        falling = right - call("sqrt", (1.0 - unit) * width * (right - mode))
        return call("where", unit * width <= mode - left, rising, falling)

    def wald(self, mean: Any, scale: Any, size: Any = None, chunks: Any = "auto") -> Array:
        """The inverse Gaussian distribution: `float64`.

        From one Gaussian and one uniform number (Michael, Schucany and Haas, 1976).

        Examples
        --------
        >>> da.random.default_rng(1).wald(3, 2, size=3).shape
        (3,)
        """
        mean = real("mean", mean, 0, strictly=True)
        scale = real("scale", scale, 0, strictly=True)
        shape = broadcast(size, mean, scale)
        normal = self._standard_normal(shape, chunks)
        unit = self._draw("random", [], shape, chunks)
        # The smaller root of the quadratic equation, in a form that does not cancel.
        half = mean * call("square", normal) / (2.0 * scale)
        root = mean / (1.0 + half + call("sqrt", half * (half + 2.0)))
        return call("where", unit * (mean + root) <= mean, root, mean / (root / mean))

    def weibull(self, a: Any, size: Any = None, chunks: Any = "auto") -> Array:
        """An exponential number to the power of ``1 / a``: `float64`.

        Examples
        --------
        >>> da.random.default_rng(1).weibull(2.0, size=3).shape
        (3,)
        """
        a = real("a", a, 0)
        drawn = self._draw("exponential", [1.0], broadcast(size, a), chunks)
        if is_number(a):
            return call("pow", drawn, 1.0 / a) if a else drawn * 0.0
        return call("where", a == 0, 0.0, call("pow", drawn, 1.0 / a))

    def geometric(self, p: Any, size: Any = None, chunks: Any = "auto") -> Array:
        """How many trials there are until the first success, itself counted: `int64`.

        Examples
        --------
        >>> x = da.random.default_rng(1).geometric(0.25, size=100_000)
        >>> round(float(x.mean()))
        4
        """
        p = real("p", p, 0, strictly=True)
        if is_number(p):
            require(p <= 1, "p", p, "at most 1")
            rate = -math.log1p(-p) if p < 1 else math.inf
        else:
            rate = -call("log1p", -p)
        drawn = self._draw("exponential", [1.0], broadcast(size, p), chunks)
        trials = call("ceil", drawn / rate)
        # Within int64: the largest float below 2^63.
        trials = call("minimum", call("maximum", trials, 1.0), 2.0**63 - 1024)
        from .._array import _native

        return Array(_native.cast(trials._expr, "int64"))

    def _typed(self, name: str, parameters: list, size: Any, dtype: Any, chunks: Any) -> Array:
        return self._draw(name, parameters, broadcast(size), chunks, real_dtype(dtype))
