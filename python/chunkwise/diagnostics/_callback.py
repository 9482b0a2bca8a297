"""What is told of runs, and functions of one's own."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable as Function
from typing import Any

from .. import _chunkwise as _native

__all__ = ["Callback"]

#: Those that are registered, each as often as it is: for runs in other processes.
_registered: list[Listener] = []
_lock = threading.Lock()


def listeners() -> list[Listener]:
    """Those that are to be told of a run that begins, each once."""
    with _lock:
        return list(dict.fromkeys(_registered))


class Listener:
    """Told of every run between `register` and `unregister`, or as a context manager within it."""

    def register(self) -> None:
        """Listens to every run from now on."""
        self._native.attach()
        self._listen()

    def unregister(self) -> None:
        """Ends what `register` began.

        Raises
        ------
        RuntimeError
            Where nothing was registered.
        """
        if not self._native.detach():
            raise RuntimeError(f"this {type(self).__name__} is not registered")
        self._unlisten()

    def _listen(self) -> None:
        """Hears of runs in other processes."""
        with _lock:
            _registered.append(self)

    def _unlisten(self) -> None:
        with _lock:
            _registered.remove(self)

    def _elsewhere(self, run: Any) -> tuple[Function, Function] | None:
        """What is called for each task of a run in other processes, with its stage, number, thread,
        begin and end and what else is known of it, and what is called at its end; `None` where
        nothing is heard of such."""
        return None

    def __enter__(self) -> Any:
        self.register()
        return self

    def __exit__(self, *exception: object) -> None:
        self.unregister()


class Callback(Listener):
    """Functions that are called as runs go on, from the threads of the run.

    Give functions, or derive a class that has methods of these names. An exception in one is
    reported through `sys.unraisablehook`, and the run goes on.

    Parameters
    ----------
    start : callable, optional
        ``start(stages, threads, memory_limit)``: a run begins; the labels of its stages.
    task : callable, optional
        ``task(stage, number, thread, start, end)``: a task has ended; times are in seconds since
        the begin of the run.
    finish : callable, optional
        ``finish(ok, elapsed, peak)``: it has ended; the most bytes that arrays held.

    Examples
    --------
    >>> from chunkwise.diagnostics import Callback
    >>> with Callback(start=lambda stages, *_: print(stages)):
    ...     total = (da.asarray([1, 2, 3]) + 1).compute()
    ['add']
    """

    start: Function[[list[str], int, int], None] | None = None
    task: Function[[int, int, int, float, float], None] | None = None
    finish: Function[[bool, float, int], None] | None = None

    def __init__(
        self,
        start: Function[[list[str], int, int], None] | None = None,
        task: Function[[int, int, int, float, float], None] | None = None,
        finish: Function[[bool, float, int], None] | None = None,
    ) -> None:
        given = {"start": start, "task": task, "finish": finish}
        for name, function in given.items():
            if function is not None:
                setattr(self, name, function)
        self._native = _native.Hooks(self.start, self.task, self.finish)

    def _elsewhere(self, run: Any) -> tuple[Function, Function]:
        _called(self.start, run.stages, run.threads, run.limit)

        def task(stage: int, number: int, thread: int, start: float, end: float, done: Any) -> None:
            _called(self.task, stage, number, thread, start - run.start, end - run.start)

        return task, lambda: _called(self.finish, run.ok, run.elapsed, 0)


def _called(function: Function | None, *args: Any) -> None:
    if function is not None:
        try:
            function(*args)
        except Exception as error:
            sys.unraisablehook(
                sys.UnraisableHookArgs((type(error), error, error.__traceback__, None, function))
            )
