"""NumPy's older interface, lazily."""

from __future__ import annotations

from typing import Any

from ._discrete import Discrete
from ._streams import Streams


class RandomState(Discrete):
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

    def seed(self, seed: Any = None) -> None:
        """Begins anew from a seed.

        Examples
        --------
        >>> state = da.random.RandomState()
        >>> state.seed(5)
        """
        self._streams = Streams(seed)
