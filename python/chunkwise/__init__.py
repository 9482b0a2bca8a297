"""Lazy chunked arrays larger than memory, with NumPy's names.

>>> import chunkwise.array as da
>>> x = da.random.default_rng(42).normal(size=(10_000, 10_000), chunks=(1000, 1000))
>>> x.mean(axis=0)[0:100].compute().shape
(100,)

- `chunkwise.array`: arrays.
- `chunkwise.compute`, `chunkwise.persist`: several things in one run, what they share once.
- `chunkwise.delayed`: functions as tasks; `chunkwise.futures`: functions that run meanwhile;
  `chunkwise.get`: Dask's graphs on our threads.
- `chunkwise.distributed`: all of these on many machines, with the package `distributed`.
- `chunkwise.config`: the memory limit, the number of threads, where intermediates go.
- `chunkwise.diagnostics`: progress, profiles, charts of CPU and memory.
"""

from typing import TYPE_CHECKING

from . import config
from ._chunkwise import CancelledError, InternalError, MemoryLimitError, __version__
from ._collections import compute, explain, persist, visualize
from ._dask import get
from ._delayed import Delayed, delayed

if TYPE_CHECKING:
    from . import array, diagnostics, futures
    from . import distributed as distributed

__all__ = [
    "CancelledError",
    "Delayed",
    "InternalError",
    "MemoryLimitError",
    "__version__",
    "array",
    "compute",
    "config",
    "delayed",
    "diagnostics",
    "explain",
    "futures",
    "get",
    "persist",
    "visualize",
]


def __getattr__(name: str):
    # Sub-packages are loaded when they are named, so that `import chunkwise` stays quick.
    if name in ("array", "diagnostics", "distributed", "futures"):
        import importlib

        return importlib.import_module(f"chunkwise.{name}")
    raise AttributeError(f"module 'chunkwise' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
