"""Lazy chunked arrays larger than memory, with NumPy's names.

>>> import chunkwise.array as da
>>> x = da.random.default_rng(42).normal(size=(10_000, 10_000), chunks=(1000, 1000))
>>> x.mean(axis=0)[0:100].compute().shape
(100,)

- `chunkwise.array`: arrays.
- `chunkwise.compute`, `chunkwise.persist`: several things in one run, what they share once.
- `chunkwise.config`: the memory limit, the number of threads, where intermediates go.
- `chunkwise.diagnostics`: progress, profiles, charts of CPU and memory.
"""

from typing import TYPE_CHECKING

from . import config
from ._chunkwise import CancelledError, InternalError, MemoryLimitError, __version__
from ._collections import compute, explain, persist, visualize

if TYPE_CHECKING:
    from . import array, diagnostics

__all__ = [
    "CancelledError",
    "InternalError",
    "MemoryLimitError",
    "__version__",
    "array",
    "compute",
    "config",
    "diagnostics",
    "explain",
    "persist",
    "visualize",
]


def __getattr__(name: str):
    # Sub-packages are loaded when they are named, so that `import chunkwise` stays quick.
    if name in ("array", "diagnostics"):
        import importlib

        return importlib.import_module(f"chunkwise.{name}")
    raise AttributeError(f"module 'chunkwise' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
