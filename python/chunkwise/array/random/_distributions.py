"""Continuous distributions, of one or a few uniform, normal, exponential or gamma numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ... import _chunkwise as _native
from .._array import Array
from ._base import (
    Drawing,
    broadcast,
    call,
    is_number,
    real,
    real_dtype,
    reduced,
    require,
    with_last,
)


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
        return self._normal(shape, chunks) * scale + loc

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
        drawn = self._exponential(broadcast(size, loc, scale), chunks)
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
        """Between `left` and `right`, with a density that rises to `mode` and falls: `float64`.

        Examples
        --------
        >>> da.random.default_rng(1).triangular(0, 1, 3, size=3).shape
        (3,)
        """
        left, mode, right = real("left", left), real("mode", mode), real("right", right)
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
        normal = self._normal(shape, chunks)
        unit = self._draw("random", [], shape, chunks)
        # The smaller root of the quadratic equation, in a form that does not cancel.
        half = mean * call("square", normal) / (2.0 * scale)
        root = mean / (1.0 + half + call("sqrt", half * (half + 2.0)))
        return call("where", unit * (mean + root) <= mean, root, mean * (mean / root))

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

    def standard_gamma(self, shape: Any, size: Any = None, chunks: Any = "auto") -> Array:
        """With a density like ``x ** (shape - 1) * exp(-x)``: `float64`.

        By Marsaglia and Tsang's rejection, like all that is made of it: `gamma`, `beta`,
        `chisquare`, `f`, `standard_t` and the noncentral ones.

        Examples
        --------
        >>> da.random.default_rng(1).standard_gamma([0.5, 1, 5], size=(10, 3)).shape
        (10, 3)
        """
        shape = real("shape", shape, 0)
        return self._gamma(shape, broadcast(size, shape), chunks)

    def gamma(self, shape: Any, scale: Any = 1.0, size: Any = None, chunks: Any = "auto") -> Array:
        """`standard_gamma` times `scale`.

        Examples
        --------
        >>> x = da.random.default_rng(1).gamma(2.0, 3.0, size=100_000)
        >>> round(float(x.mean()))
        6
        """
        shape, scale = real("shape", shape, 0), real("scale", scale, 0)
        return self._gamma(shape, broadcast(size, shape, scale), chunks) * scale

    def beta(self, a: Any, b: Any, size: Any = None, chunks: Any = "auto") -> Array:
        """In ``[0, 1]`` with density like ``x ** (a - 1) * (1 - x) ** (b - 1)``: `float64`.

        Examples
        --------
        >>> x = da.random.default_rng(1).beta(2.0, 3.0, size=100_000)
        >>> round(float(x.mean()), 1)
        0.4
        """
        a, b = real("a", a, 0, strictly=True), real("b", b, 0, strictly=True)
        shape = broadcast(size, a, b)
        # Of logarithms, because gamma variates of small shapes underflow.
        ratio = self._sample("ln_gamma", [b], shape, chunks) - self._sample(
            "ln_gamma", [a], shape, chunks
        )
        return 1.0 / (1.0 + call("exp", ratio))

    def chisquare(self, df: Any, size: Any = None, chunks: Any = "auto") -> Array:
        """The sum of `df` squared Gaussian numbers: `float64`.

        Examples
        --------
        >>> x = da.random.default_rng(1).chisquare(3, size=100_000)
        >>> round(float(x.mean()))
        3
        """
        df = real("df", df, 0, strictly=True)
        return 2.0 * self._gamma(df / 2.0, broadcast(size, df), chunks)

    def noncentral_chisquare(
        self, df: Any, nonc: Any, size: Any = None, chunks: Any = "auto"
    ) -> Array:
        """The sum of `df` squared Gaussian numbers whose squared means sum to `nonc`: `float64`.

        Examples
        --------
        >>> x = da.random.default_rng(1).noncentral_chisquare(3, 2, size=100_000)
        >>> round(float(x.mean()))
        5
        """
        df, nonc = real("df", df, 0, strictly=True), real("nonc", nonc, 0)
        shape = broadcast(size, df, nonc)
        # A central one whose degrees of freedom are drawn: a Poisson mixture.
        more = self._sample("poisson", [nonc / 2.0], shape, chunks)
        return 2.0 * self._gamma(df / 2.0 + more, shape, chunks)

    def f(self, dfnum: Any, dfden: Any, size: Any = None, chunks: Any = "auto") -> Array:
        """The ratio of two means of squared Gaussian numbers: Fisher's distribution, `float64`.

        Examples
        --------
        >>> da.random.default_rng(1).f(3, 10, size=3).shape
        (3,)
        """
        dfnum = real("dfnum", dfnum, 0, strictly=True)
        dfden = real("dfden", dfden, 0, strictly=True)
        shape = broadcast(size, dfnum, dfden)
        over = self._gamma(dfnum / 2.0, shape, chunks) / dfnum
        return over / (self._gamma(dfden / 2.0, shape, chunks) / dfden)

    def noncentral_f(
        self, dfnum: Any, dfden: Any, nonc: Any, size: Any = None, chunks: Any = "auto"
    ) -> Array:
        """`f` with a noncentral numerator: `float64`.

        Examples
        --------
        >>> da.random.default_rng(1).noncentral_f(3, 10, 2, size=3).shape
        (3,)
        """
        dfnum = real("dfnum", dfnum, 0, strictly=True)
        dfden = real("dfden", dfden, 0, strictly=True)
        shape = broadcast(size, dfnum, dfden, nonc)
        over = self.noncentral_chisquare(dfnum, nonc, shape, chunks) / dfnum
        return over / (self.chisquare(dfden, shape, chunks) / dfden)

    def standard_t(self, df: Any, size: Any = None, chunks: Any = "auto") -> Array:
        """A Gaussian number over the root of a mean of `df` squared ones: Student's, `float64`.

        Examples
        --------
        >>> da.random.default_rng(1).standard_t(5, size=3).shape
        (3,)
        """
        df = real("df", df, 0, strictly=True)
        shape = broadcast(size, df)
        half = df / 2.0
        return self._normal(shape, chunks) * call("sqrt", half / self._gamma(half, shape, chunks))

    def vonmises(self, mu: Any, kappa: Any, size: Any = None, chunks: Any = "auto") -> Array:
        """Angles in ``[-pi, pi]`` around `mu` with a density like ``exp(kappa * cos(x - mu))``.

        Above a `kappa` of 10^6 they are Gaussian, as in NumPy.

        Examples
        --------
        >>> x = da.random.default_rng(1).vonmises(0.0, 4.0, size=1000)
        >>> bool(abs(x).max() <= np.pi)
        True
        """
        mu, kappa = real("mu", mu), real("kappa", kappa, 0)
        angle = self._sample("von_mises", [kappa], broadcast(size, mu, kappa), chunks)
        if is_number(mu) and mu == 0:
            return angle
        turned = angle + mu
        wrapped = call("remainder", turned + math.pi, 2 * math.pi) - math.pi
        return call("where", abs(turned) <= math.pi, turned, wrapped)

    def dirichlet(self, alpha: Any, size: Any = None, chunks: Any = "auto") -> Array:
        """Numbers that sum to 1: gamma variates of shapes `alpha` over their sum, `float64`.

        Parameters
        ----------
        alpha : sequence of float
            Above 0.
        size : int or tuple of int
            The result has one more axis, as long as `alpha`.
        chunks

        Examples
        --------
        >>> x = da.random.default_rng(1).dirichlet([1, 2, 3], size=5)
        >>> x.shape, bool((abs(x.sum(axis=1) - 1) < 1e-12).all())
        ((5, 3), True)
        """
        alpha = np.asarray(alpha, "float64")
        if alpha.ndim != 1 or not (alpha > 0).all():
            raise ValueError(f"alpha must be a sequence of numbers above 0, got {alpha}")
        shape = (*broadcast(size), len(alpha))
        logs = self._sample("ln_gamma", [real("alpha", alpha)], shape, "auto")
        # Scaled by the largest, because small shapes underflow.
        weights = call("exp", logs - reduced("max", logs))
        made = weights / reduced("sum", weights)
        return Array(_native.rechunk(made._expr, with_last(chunks, len(shape) - 1)))

    def _typed(self, name: str, parameters: list, size: Any, dtype: Any, chunks: Any) -> Array:
        return self._draw(name, parameters, broadcast(size), chunks, real_dtype(dtype))
