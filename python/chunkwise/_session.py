"""The native session for the settings in force."""

from __future__ import annotations

import os
import threading

from . import _chunkwise as _native
from . import config

_lock = threading.Lock()
_sessions: dict[tuple, _native.Session] = {}
#: Sessions hold threads: only the last few are kept.
_KEPT = 4


def current() -> _native.Session:
    """The session that `config` asks for."""
    settings = config._settings
    key = (
        settings.get("num_threads"),
        settings.get("memory_limit"),
        settings.get("spill_directory"),
    )
    session = _sessions.get(key)
    return session if session is not None else _new(key)


def _new(key: tuple) -> _native.Session:
    threads, memory_limit, spill_directory = key
    with _lock:
        if key not in _sessions:
            while len(_sessions) >= _KEPT:
                _sessions.pop(next(iter(_sessions)))
            _sessions[key] = _native.Session(
                threads or 0,
                memory_limit or _native.default_memory_limit(),
                spill_directory,
            )
        return _sessions[key]


# A forked child has none of its parent's threads.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_sessions.clear)
