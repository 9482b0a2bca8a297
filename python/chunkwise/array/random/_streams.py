"""Seeds, and the numbers that tell the arrays of one seed apart."""

from __future__ import annotations

import threading
from operator import index
from typing import Any

import numpy as np

from ... import _chunkwise as _native

#: Names of the native generators of bits.
BIT_GENERATORS = ("ars7", "philox4x32")


def _sequence(seed: Any) -> np.random.SeedSequence:
    if isinstance(seed, np.random.SeedSequence):
        return seed
    bits = getattr(seed, "bit_generator", getattr(seed, "_bit_generator", seed))
    if hasattr(bits, "random_raw"):
        # NumPy's generators go on from where they are.
        return np.random.SeedSequence([int(bits.random_raw()) for _ in range(4)])
    return np.random.SeedSequence(seed)


class Streams:
    """A seed and the number of the next array."""

    __slots__ = ("_lock", "bit_generator", "next", "seed", "sequence")

    def __init__(self, seed: Any = None, bit_generator: str = "ars7") -> None:
        if bit_generator not in BIT_GENERATORS:
            raise ValueError(
                f"unknown bit generator {bit_generator!r}; known are {', '.join(BIT_GENERATORS)}"
            )
        self.bit_generator = bit_generator
        self._lock = threading.Lock()
        self.next = 0
        if isinstance(seed, bool) or isinstance(seed, float):
            raise TypeError(f"a seed is an int, a sequence of ints or a SeedSequence, got {seed!r}")
        self.sequence = _sequence(seed)
        self.seed = self._word(seed)

    def _word(self, seed: Any) -> int:
        """64 bits: an int that fits is taken as it is, as in Rust."""
        try:
            number = index(seed)
        except TypeError:
            number = -1
        if 0 <= number < 2**64:
            return number
        return int(self.sequence.generate_state(1, np.uint64)[0])

    def take(self) -> _native.Random:
        """What makes the next array."""
        with self._lock:
            number = self.next
            self.next += 1
        return _native.Random(self.seed, number, self.bit_generator)

    def __getstate__(self) -> tuple:
        return self.bit_generator, self.next, self.sequence, self.seed

    def __setstate__(self, state: tuple) -> None:
        self.bit_generator, self.next, self.sequence, self.seed = state
        self._lock = threading.Lock()
