"""Settings: how much memory, how many threads, where intermediates go that do not fit.

| setting | environment variable | default |
|---|---|---|
| `memory_limit` | `CHUNKWISE_MEMORY_LIMIT` | 60 % of the memory that the process may use |
| `num_threads` | `CHUNKWISE_NUM_THREADS` | as many as the process may use processors |
| `spill_directory` | `CHUNKWISE_SPILL_DIRECTORY` | the system's folder for temporary files |

>>> import chunkwise
>>> with chunkwise.config.set(memory_limit="1GiB", num_threads=2):
...     chunkwise.config.get("memory_limit")
1073741824
"""

from __future__ import annotations

import os
import threading
from typing import Any

from . import _chunkwise as _native

__all__ = ["get", "set"]


def _memory_limit(value: Any) -> int:
    if isinstance(value, str):
        value = _native.parse_bytes(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(
            f'memory_limit must be a number of bytes or a text such as "2GiB", got {value!r}'
        )
    if value <= 0:
        raise ValueError(f"memory_limit must be above zero, got {value}")
    return value


def _num_threads(value: Any) -> int:
    if isinstance(value, str):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"num_threads must be an int, got {value!r}")
    if not 1 <= value <= 4096:
        raise ValueError(f"num_threads must be between 1 and 4096, got {value}")
    return value


def _spill_directory(value: Any) -> str:
    return os.fspath(value)


_CHECKS = {
    "memory_limit": _memory_limit,
    "num_threads": _num_threads,
    "spill_directory": _spill_directory,
}

_lock = threading.Lock()
#: What the environment says.
_environment: dict[str, Any] = {}
#: What was chosen for each setting, in order: the last one is in force.
_chosen: dict[str, list[set]] = {}
#: The settings in force, to be read without the lock.
_settings: dict[str, Any] = {}


def _key(name: str) -> str:
    if name not in _CHECKS:
        raise KeyError(f"unknown setting {name!r}; known are {', '.join(_CHECKS)}")
    return name


def get(name: str, default: Any = None) -> Any:
    """The value of a setting, or `default` where none was chosen.

    Examples
    --------
    >>> chunkwise.config.get("spill_directory", "unset")
    'unset'
    """
    value = _settings.get(_key(name))
    return default if value is None else value


class set:  # noqa: A001 - Dask's name
    """Chooses settings, for good or, as a context manager, for a while; `None` is the default.

    They are those of the whole process. Where several threads choose for a while, the last choice
    that has not ended is in force.

    Parameters
    ----------
    memory_limit : int or str
        Bytes that a computation may hold at once, results included: ``2**30`` or ``"1GiB"``.
    num_threads : int
        Threads that compute.
    spill_directory : path
        Where intermediates go that do not fit.

    Raises
    ------
    KeyError, TypeError, ValueError
        An unknown setting, or a value that it cannot have.

    Examples
    --------
    >>> with chunkwise.config.set(memory_limit="64MiB"):
    ...     total = da.ones((1000, 1000), chunks=100).sum().compute()
    """

    def __init__(self, **settings: Any) -> None:
        self._values = {
            _key(name): None if value is None else _CHECKS[name](value)
            for name, value in settings.items()
        }
        self._thread = threading.get_ident()
        self._ends = False
        with _lock:
            for name in self._values:
                self._choose(name)

    def __enter__(self) -> set:
        with _lock:
            self._ends = True
            for name in self._values:
                if self not in _chosen[name]:
                    self._choose(name)
        return self

    def __exit__(self, *exception: object) -> None:
        with _lock:
            for name in self._values:
                line = _chosen[name]
                if self not in line:
                    continue
                place = line.index(self)
                # What was chosen for good in between ends too, unless another thread did.
                rest = line[place + 1 :]
                line[place:] = [s for s in rest if s._ends or s._thread != self._thread]
                _put_in_force(name)

    def _choose(self, name: str) -> None:
        line = _chosen.setdefault(name, [])
        if len(line) > 1 and not line[-1]._ends and not line[-2]._ends:
            # Of two choices for good, the first does not come back.
            del line[-2]
        line.append(self)
        _put_in_force(name)


def _put_in_force(name: str) -> None:
    line = _chosen[name]
    _settings[name] = line[-1]._values[name] if line else _environment.get(name)


def _read_environment() -> None:
    for name, check in _CHECKS.items():
        variable = f"CHUNKWISE_{name.upper()}"
        if text := os.environ.get(variable):
            try:
                _environment[name] = _settings[name] = check(text)
            except (TypeError, ValueError) as error:
                raise type(error)(f"environment variable {variable}: {error}") from None


_read_environment()


def __dir__() -> list[str]:
    return sorted(__all__)
