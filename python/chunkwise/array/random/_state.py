"""NumPy's older interface, lazily."""

from __future__ import annotations

from typing import Any

from .._array import Array
from ._choices import Choices
from ._streams import Streams


class RandomState(Choices):
    """Draws random arrays from a seed: NumPy's older names for what `Generator` does.

    The values are those of this package, not the Mersenne Twister's.

    Parameters
    ----------
    seed
        As in `default_rng`.

    Examples
    --------
    >>> da.random.RandomState(1234).normal(10, 0.1, size=3).shape
    (3,)
    """

    def __init__(self, seed: Any = None) -> None:
        self._streams = Streams(seed)

    def __repr__(self) -> str:
        return f"RandomState({self._streams.bit_generator})"

    def seed(self, seed: Any = None) -> None:
        """Begins anew from a seed.

        Examples
        --------
        >>> state = da.random.RandomState()
        >>> state.seed(5)
        """
        self._streams = Streams(seed)

    def random_sample(self, size: Any = None, chunks: Any = "auto") -> Array:
        """Evenly in ``[0, 1)``: `float64`.

        Examples
        --------
        >>> da.random.RandomState(1).random_sample((2, 3)).shape
        (2, 3)
        """
        return self._typed("random", [], size, "float64", chunks)

    def random(self, size: Any = None, chunks: Any = "auto") -> Array:
        """The same as `random_sample`.

        Examples
        --------
        >>> da.random.random((2, 3), chunks=2).shape
        (2, 3)
        """
        return self.random_sample(size, chunks)

    def standard_normal(self, size: Any = None, chunks: Any = "auto") -> Array:
        """Gaussian with mean 0 and standard deviation 1: `float64`.

        Examples
        --------
        >>> da.random.RandomState(1).standard_normal(3).shape
        (3,)
        """
        return self._typed("standard_normal", [], size, "float64", chunks)

    def standard_exponential(self, size: Any = None, chunks: Any = "auto") -> Array:
        """With density ``exp(-x)``: `float64`.

        Examples
        --------
        >>> da.random.RandomState(1).standard_exponential(3).shape
        (3,)
        """
        return self._typed("exponential", [1.0], size, "float64", chunks)

    def randint(
        self, low: Any, high: Any = None, size: Any = None, chunks: Any = "auto", dtype: Any = int
    ) -> Array:
        """Integers in ``[low, high)``; with one alone that is `high`, and `low` is 0.

        Examples
        --------
        >>> int(da.random.RandomState(1).randint(6, size=1000).max())
        5
        """
        return self._integers(low, high, size, dtype, False, chunks)

    def random_integers(
        self, low: Any, high: Any = None, size: Any = None, chunks: Any = "auto"
    ) -> Array:
        """Integers from `low` to `high`, itself included; with one alone from 1 to that.

        Examples
        --------
        >>> int(da.random.RandomState(1).random_integers(6, size=1000).min())
        1
        """
        low, high = (1, low) if high is None else (low, high)
        return self._integers(low, high, size, int, True, chunks)

    def tomaxint(self, size: Any = None, chunks: Any = "auto") -> Array:
        """Integers from 0 to the largest `int64`.

        Examples
        --------
        >>> da.random.RandomState(1).tomaxint(3).dtype
        dtype('int64')
        """
        return self._integers(0, 2**63, size, "int64", False, chunks)

    def choice(
        self,
        a: Any,
        size: Any = None,
        replace: bool = True,
        p: Any = None,
        chunks: Any = "auto",
    ) -> Array:
        """Some of the numbers below an int, or of an array: as `Generator.choice`.

        Examples
        --------
        >>> int(da.random.RandomState(1).choice(6, size=1000).max())
        5
        """
        return self._choice(a, size, replace, p, 0, True, chunks)
