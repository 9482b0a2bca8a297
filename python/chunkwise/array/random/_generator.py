"""NumPy's `Generator`, lazily."""

from __future__ import annotations

from operator import index
from typing import Any

import numpy as np

from .._array import Array
from ._choices import Choices
from ._streams import Streams


class Generator(Choices):
    """Draws random arrays from a seed; made by `default_rng`.

    Every value depends on the seed, the array's number (each array takes the next one) and the
    element's index alone: any chunks, any slice and any number of threads give the same values.

    Parameters
    ----------
    seed
        As in `default_rng`.
    bit_generator : "ars7" or "philox4x32"
        The source of bits.

    Examples
    --------
    >>> rng = da.random.default_rng(42)
    >>> x = rng.random((1000, 1000), chunks=100)
    >>> y = da.random.default_rng(42).random((1000, 1000), chunks=(1000, 7))
    >>> bool((x == y).all())
    True
    """

    def __init__(self, seed: Any = None, bit_generator: str = "ars7") -> None:
        self._streams = Streams(seed, bit_generator)

    def __repr__(self) -> str:
        return f"Generator({self._streams.bit_generator})"

    def spawn(self, n_children: int) -> list[Generator]:
        """Generators that are independent of this one and of each other.

        Examples
        --------
        >>> [a, b] = da.random.default_rng(1).spawn(2)
        >>> bool((a.random(5) == b.random(5)).any())
        False
        """
        children = []
        for streams in self._streams.spawn(index(n_children)):
            child = object.__new__(Generator)
            child._streams = streams
            children.append(child)
        return children

    def random(
        self, size: Any = None, dtype: Any = np.float64, out: None = None, chunks: Any = "auto"
    ) -> Array:
        """Evenly in ``[0, 1)``.

        Parameters
        ----------
        size : int or tuple of int
            The shape; no axes by default.
        dtype : float32 or float64
        out : None
            Arrays do not change.
        chunks
            How the array is cut.

        Examples
        --------
        >>> da.random.default_rng(1).random((2, 3), dtype="float32").dtype
        dtype('float32')
        """
        _no_out(out)
        return self._typed("random", [], size, dtype, chunks)

    def standard_normal(
        self, size: Any = None, dtype: Any = np.float64, out: None = None, chunks: Any = "auto"
    ) -> Array:
        """Gaussian with mean 0 and standard deviation 1. The parameters are those of `random`.

        Examples
        --------
        >>> x = da.random.default_rng(1).standard_normal(100_000)
        >>> round(float(x.std()), 1)
        1.0
        """
        _no_out(out)
        return self._typed("standard_normal", [], size, dtype, chunks)

    def standard_exponential(
        self,
        size: Any = None,
        dtype: Any = np.float64,
        method: str = "zig",
        out: None = None,
        chunks: Any = "auto",
    ) -> Array:
        """With density ``exp(-x)``, by inversion. The parameters are those of `random`.

        Examples
        --------
        >>> da.random.default_rng(1).standard_exponential(3).shape
        (3,)
        """
        _no_out(out)
        if method not in ("zig", "inv"):
            raise ValueError(f'method is "zig" or "inv", got {method!r}')
        return self._typed("exponential", [1.0], size, dtype, chunks)

    def integers(
        self,
        low: Any,
        high: Any = None,
        size: Any = None,
        dtype: Any = np.int64,
        endpoint: bool = False,
        chunks: Any = "auto",
    ) -> Array:
        """Integers in ``[low, high)``, all equally likely.

        Parameters
        ----------
        low, high : int or array_like
            With one alone that is `high`, and `low` is 0.
        size : int or tuple of int
        dtype
            Any integer dtype, or `bool`.
        endpoint : bool
            Whether `high` itself can be drawn.
        chunks

        Raises
        ------
        ValueError
            No integers between the ends, or ends that the dtype cannot hold.

        Examples
        --------
        >>> x = da.random.default_rng(1).integers(1, 6, size=1000, endpoint=True)
        >>> int(x.min()), int(x.max())
        (1, 6)
        """
        return self._integers(low, high, size, dtype, endpoint, chunks)

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

        Parameters
        ----------
        a : int or array_like
            What is chosen from.
        size : int or tuple of int
            How many; its axes stand in the place of `axis` in the result.
        replace : bool
            Whether something can be chosen several times.
        p : sequence of float
            The chances; all alike by default. They sum to 1.
        axis : int
        shuffle : bool
            Accepted as in NumPy: without replacement, the order is always random.
        chunks

        Raises
        ------
        ValueError
            More choices than things, without replacement; chances that do not sum to 1.

        Examples
        --------
        >>> x = da.random.default_rng(1).choice([10, 20], size=1000)
        >>> int(x.min()), int(x.max())
        (10, 20)
        """
        return self._choice(a, size, replace, p, axis, shuffle, chunks)

    def bytes(self, length: int) -> bytes:
        """Random bytes, at once.

        Examples
        --------
        >>> len(da.random.default_rng(1).bytes(10))
        10
        """
        length = index(length)
        if length < 0:
            raise ValueError(f"negative dimensions are not allowed, got {length}")
        words = self._draw("bits", [], (-(-length // 8),), -1)
        return np.asarray(words.compute()).astype("<u8").tobytes()[:length]


def _no_out(out: Any) -> None:
    if out is not None:
        raise TypeError("arrays do not change: out must be None")


def default_rng(seed: Any = None) -> Generator:
    """A generator of random arrays.

    Parameters
    ----------
    seed : int, sequence of int, SeedSequence, NumPy's BitGenerator or Generator, Generator or None
        An int below 2^64 is taken as it is; anything else through NumPy's `SeedSequence`. `None` is
        fresh entropy. A generator of this package is answered as it is.

    Examples
    --------
    >>> a = da.random.default_rng(7).normal(size=3)
    >>> b = da.random.default_rng(7).normal(size=3)
    >>> bool((a == b).all())
    True
    """
    return seed if isinstance(seed, Generator) else Generator(seed)
