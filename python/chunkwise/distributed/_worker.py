"""What runs on workers."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
from distributed import get_worker
from distributed.protocol import pickle
from distributed.system import MEMORY_LIMIT
from distributed.worker import thread_state

from .. import _chunkwise as _native
from .. import config
from . import _bundle  # noqa: F401 - which registers how bundles are pickled
from ._program import Program

__all__: list[str] = []

#: Of a worker's memory, what tasks may use. Results are kept in up to 0.6 of it before some are
#: written to disk, what Python itself needs comes on top, and above 0.95 a worker is killed.
_SHARE = 0.3
#: Seconds between two looks at whether a fragment is still wanted.
_LOOK = 0.02
#: The topic of events.
TOPIC = "chunkwise"


def room(memory_limit: int | None, threads: int) -> int:
    """Bytes that one task may need on a worker."""
    return max(int((memory_limit or MEMORY_LIMIT) * _SHARE) // max(threads, 1), 1)


class _Watch:
    """Cancels the fragments that the scheduler no longer wants.

    A task is not told that it was cancelled; its state in the worker says so.
    """

    def __init__(self) -> None:
        self._running: dict[_native.CancelToken, tuple[Any, Any]] = {}
        self._lock = threading.Condition()
        self._thread: threading.Thread | None = None

    def add(self, token: _native.CancelToken, worker: Any, key: Any) -> None:
        with self._lock:
            self._running[token] = worker, key
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._look, name="chunkwise-cancel", daemon=True
                )
                self._thread.start()
            self._lock.notify()

    def remove(self, token: _native.CancelToken) -> None:
        with self._lock:
            self._running.pop(token, None)

    def _look(self) -> None:
        while True:
            with self._lock:
                while not self._running:
                    self._lock.wait()
                running = list(self._running.items())
            for token, (worker, key) in running:
                if not wanted(worker, key):
                    token.cancel()
            # A worker that has been closed must not live on in this thread's variables.
            del running, token, worker, key
            time.sleep(_LOOK)


_watch = _Watch()


def wanted(worker: Any, key: Any) -> bool:
    """Whether a running task's result is still asked for."""
    task = worker.state.tasks.get(key)
    return task is not None and task.state != "cancelled"


def run_fragment(program: Program, label: str, number: int, run: str, spec: bytes, *bundles):
    """Runs one fragment in a task."""
    worker = get_worker()
    key = thread_state.key
    begun = time.time()
    made, moved, error = None, {}, None
    try:
        made, moved = _run(program, spec, list(bundles), worker, key)
    except BaseException as raised:
        error = ordinary(label, raised)
        error.add_note(f"in fragment {number}, {label!r}, on the worker at {worker.address}")
    told = {
        "run": run,
        "fragment": number,
        "start": begun,
        "end": time.time(),
        "worker": worker.address,
        "thread": threading.get_ident(),
        "ok": error is None,
        **moved,
    }
    worker.log_event(TOPIC, told)
    if error is not None:
        raise error
    return made


def ordinary(what: str, error: BaseException) -> Exception:
    """An exception as one that ends a task and nothing more: what is no `Exception`, as a panic or
    `SystemExit`, would end the worker's thread, and the client would wait for ever."""
    if isinstance(error, Exception):
        _shorten(error, 10)
        # What cannot be read by the client would not end its waiting either.
        if _travels(error):
            return error
        error.__cause__ = error.__context__ = None
        if _travels(error):
            return error
    return RuntimeError(f"{what}: {type(error).__name__}: {error}")


def guarded(what: str, function: Any, *args: Any, **kwargs: Any) -> Any:
    """Calls a function; nothing but ordinary exceptions come out."""
    try:
        return function(*args, **kwargs)
    except BaseException as raised:
        error = ordinary(what, raised)
    # Out of the handler, or the exception would go along as the context of its substitute.
    raise error


def _travels(error: Exception) -> bool:
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return False
    return True


#: Of a traceback, what is sent: one of a thousand frames cannot be pickled, and again the client
#: would wait for ever.
_FRAMES = 60


def _shorten(error: BaseException | None, chain: int) -> None:
    if error is None:
        return
    last, count = error.__traceback__, 1
    while last is not None and count < _FRAMES:
        last, count = last.tb_next, count + 1
    if last is not None:
        last.tb_next = None
    if chain == 0:
        error.__cause__ = error.__context__ = None
    _shorten(error.__cause__, chain - 1)
    if error.__context__ is not error.__cause__:
        _shorten(error.__context__, chain - 1)


def _run(program: Program, spec: bytes, bundles: list, worker: Any, key: Any) -> tuple[Any, dict]:
    plan = program.plan()
    limit = room(worker.memory_manager.memory_limit, worker.state.nthreads)
    session = _session_of(worker)
    while True:
        token = _native.CancelToken()
        _watch.add(token, worker, key)
        try:
            return plan.run(session, spec, bundles, limit, token, program.folder)
        except _native.CancelledError:
            # Cancelled and asked for again meanwhile: the scheduler takes it to have run on.
            if not (token.cancelled and wanted(worker, key)):
                raise
        finally:
            _watch.remove(token)


_sessions: dict[str, _native.Session] = {}
_lock = threading.Lock()


def _session_of(worker: Any) -> _native.Session:
    """The session in which a worker's fragments run, with its folder for what does not fit."""
    folder = str(worker.local_directory)
    with _lock:
        if folder not in _sessions:
            threads = worker.state.nthreads
            limit = room(worker.memory_manager.memory_limit, threads) * threads
            _sessions[folder] = _native.Session(1, limit, folder)
        return _sessions[folder]


def whole(program: Program, array: int, *bundles: Any) -> Any:
    """An array's elements, on a worker, for functions that read it."""

    def elements() -> np.ndarray:
        return np.asarray(program.cut().collect(array, list(bundles)))

    made = guarded("collect", elements)
    return made if made.ndim else made[()]


class Guarded:
    """A user's function on a worker."""

    def __init__(self, function: Any) -> None:
        self.function = function
        self.__name__ = getattr(function, "__name__", type(function).__name__)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        settle()
        return guarded(self.__name__, self.function, *args, **kwargs)

    def __reduce__(self) -> tuple:
        return Guarded, (self.function,)

    def __dask_tokenize__(self) -> Any:
        return self.function


_settled: list[Any] = []


def not_a_workers() -> None:
    """Leaves the settings of this process, which is a client's, to it."""
    # Workers may be threads of it.
    if not _settled:
        _settled.append(None)


def settle() -> None:
    """What functions compute on a worker by themselves keeps within the worker's memory."""
    if _settled:
        return
    worker = get_worker()
    threads = worker.state.nthreads
    wishes = {
        "num_threads": threads,
        "memory_limit": room(worker.memory_manager.memory_limit, threads) * threads,
    }
    left = {name: value for name, value in wishes.items() if config.get(name) is None}
    # Held, since it lasts as long as the object does.
    _settled.append(config.set(**left))
