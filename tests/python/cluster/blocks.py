"""Functions on chunks that workers find by their name: they wait, fail, and end their process."""

from __future__ import annotations

import ctypes
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np


def folder() -> Path:
    return Path(os.environ["CLUSTER_FOLDER"])


def began(name: str) -> None:
    """Leaves word that it runs, and where."""
    (folder() / f"began-{name}-{os.getpid()}-{time.monotonic_ns()}").touch()


def gate(block: np.ndarray, name: str) -> np.ndarray:
    """Waits for a file."""
    began(name)
    end = time.monotonic() + 200
    while not (folder() / f"open-{name}").exists():
        assert time.monotonic() < end
        time.sleep(0.01)
    return block + 1


def slow(block: np.ndarray, seconds: float) -> np.ndarray:
    """Takes its time, and lets go of the interpreter."""
    began("slow")
    time.sleep(seconds)
    return block


def brief(block: np.ndarray) -> np.ndarray:
    """The same elements."""
    return block + 0


def counted(block: np.ndarray) -> np.ndarray:
    """Leaves word of each call."""
    began("counted")
    return block * 2


def stuck(block: np.ndarray, seconds: float) -> np.ndarray:
    """Does not look up for a while."""
    began("stuck")
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass
    return block


def fails(block: np.ndarray) -> np.ndarray:
    began("fails")
    raise LookupError("no such thing")


def late() -> None:
    raise TimeoutError("the service does not answer")


def exits(block: np.ndarray) -> np.ndarray:
    sys.exit(3)


class PanicException(BaseException):
    """As PyO3 raises it."""


def panics(block: np.ndarray) -> np.ndarray:
    raise PanicException("index out of bounds")


def interrupted(block: np.ndarray) -> np.ndarray:
    raise KeyboardInterrupt


def aborts(block: np.ndarray) -> np.ndarray:
    os.abort()


def crashes(block: np.ndarray) -> np.ndarray:
    ctypes.string_at(0)
    return block


class Awkward(Exception):
    """It cannot be made again from what pickle writes of it."""

    def __init__(self, a: int, b: int) -> None:
        super().__init__(f"{a} and {b}")
        self.kept = lambda: a

    def __reduce__(self) -> tuple:
        return Awkward, (1,)


def awkward(block: np.ndarray) -> np.ndarray:
    raise Awkward(1, 2)


def recurses(block: np.ndarray) -> np.ndarray:
    return recurses(block) + 1


def overflows(block: np.ndarray) -> np.ndarray:
    """Overflows the stack of the thread, where the interpreter does not notice."""
    sys.setrecursionlimit(10**9)

    def deeper(x: object) -> list:
        return list(map(deeper, [x]))

    return deeper(block)


class Source:
    """An array of another library, which fails a number of times for each region."""

    shape, dtype, ndim = (1000,), np.dtype("f8"), 1

    def __init__(self, failures: int) -> None:
        self.failures = failures

    def __getitem__(self, index: Any) -> np.ndarray:
        (one,) = index if isinstance(index, tuple) else (index,)
        start, stop, _ = one.indices(1000)
        name = f"{start}-{stop}"
        began(f"read-{name}")
        if len(list(folder().glob(f"began-read-{name}-*"))) <= self.failures:
            raise OSError("the line is down")
        return np.arange(start, stop, dtype="f8")
