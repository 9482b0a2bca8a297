"""The native session for the settings in force."""

from __future__ import annotations

import atexit
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
    return session if session is not None and not session.abandoned else _new(key)


def of_threads(count: int) -> _native.Session:
    """A session of so many threads, whatever `config` says of them."""
    settings = config._settings
    key = (count, settings.get("memory_limit"), settings.get("spill_directory"))
    session = _sessions.get(key)
    return session if session is not None and not session.abandoned else _new(key)


def _new(key: tuple) -> _native.Session:
    threads, memory_limit, spill_directory = key
    with _lock:
        known = _sessions.get(key)
        if known is None or known.abandoned:
            _sessions.pop(key, None)
            while len(_sessions) >= _KEPT:
                _sessions.pop(next(iter(_sessions)))
            _sessions[key] = _native.Session(
                threads or 0,
                memory_limit or _native.default_memory_limit(),
                spill_directory,
            )
        return _sessions[key]


def _forked() -> None:
    # A child has none of its parent's threads, and perhaps a lock that one of them held.
    global _lock
    _lock = threading.Lock()
    config._lock = threading.Lock()
    _sessions.clear()
    _native.forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
# Threads of ours that came to an interpreter which is going down would take the process with them,
# and so may those that it finds waiting.
atexit.register(_native.close, 5.0)
