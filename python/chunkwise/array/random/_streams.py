"""Seeds, and the numbers that tell the arrays of one seed apart."""

from __future__ import annotations

import os
import threading
from operator import index
from typing import Any

import numpy as np

from ... import _chunkwise as _native

#: Names of the native generators of bits.
BIT_GENERATORS = ("ars7", "philox4x32")


def _word(seed: Any) -> int | None:
    """The seed itself where it is an int of 64 bits, as it is taken in Rust."""
    try:
        number = index(seed)
    except TypeError:
        return None
    return number if 0 <= number < 2**64 else None


def _sequence(seed: Any) -> np.random.SeedSequence:
    if isinstance(seed, bool | float):
        raise TypeError(f"a seed is an int, a sequence of ints or a SeedSequence, got {seed!r}")
    if isinstance(seed, np.random.SeedSequence):
        return seed
    # NumPy's generators go on from where they are.
    bits = getattr(seed, "bit_generator", getattr(seed, "_bit_generator", seed))
    if hasattr(bits, "random_raw"):
        return np.random.SeedSequence([int(bits.random_raw()) for _ in range(4)])
    return np.random.SeedSequence(seed)


class Streams:
    """A seed and the number of the next array."""

    __slots__ = ("_lock", "_sequence", "bit_generator", "next", "seed")

    def __init__(self, seed: Any = None, bit_generator: str = "ars7") -> None:
        if bit_generator not in BIT_GENERATORS:
            raise ValueError(
                f"unknown bit generator {bit_generator!r}; known are {', '.join(BIT_GENERATORS)}"
            )
        self.bit_generator = bit_generator
        self.next = 0
        self._lock = threading.Lock()
        self._sequence = None
        if seed is None:
            seed = int.from_bytes(os.urandom(8))
        word = None if isinstance(seed, bool) else _word(seed)
        if word is None:
            # Loaded where it is needed: most seeds do without.
            self._sequence = _sequence(seed)
            word = int(self._sequence.generate_state(1, np.uint64)[0])
        self.seed = word

    def spawn(self, n: int) -> list[Streams]:
        """Seeds that are independent of this one and of each other."""
        with self._lock:
            if self._sequence is None:
                self._sequence = np.random.SeedSequence(self.seed)
            return [Streams(child, self.bit_generator) for child in self._sequence.spawn(n)]

    def take(self) -> _native.Random:
        """What makes the next array."""
        with self._lock:
            number = self.next
            self.next += 1
        return _native.Random(self.seed, number, self.bit_generator)

    def __getstate__(self) -> tuple:
        return self.bit_generator, self.next, self.seed, self._sequence

    def __setstate__(self, state: tuple) -> None:
        self.bit_generator, self.next, self.seed, self._sequence = state
        self._lock = threading.Lock()
