"""Calls that wait for their inputs, and the threads that make them."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from . import _collections
from ._futures import BaseFuture, replaced

__all__: list[str] = []


class Future(BaseFuture, concurrent.futures.Future):
    """A value that will be there. A client's methods make them.

    A future that nobody holds any more is not begun. One as an argument of another call arrives
    as its value.

    Examples
    --------
    >>> from chunkwise.futures import LocalClient
    >>> with LocalClient(threads=1) as client:
    ...     future = client.submit(pow, 2, 10)
    ...     future.result(), future.status
    (1024, 'finished')
    """

    def __init__(self, key: str, work: Queue) -> None:
        super().__init__()
        self.key = key
        self._work = work
        #: Whoever takes it says that it begins, or that it was cancelled.
        self._told = threading.Lock()

    @property
    def status(self) -> str:
        """`"pending"`, `"finished"`, `"error"` or `"cancelled"`."""
        if not self.done():
            return "pending"
        if self.cancelled():
            return "cancelled"
        return "error" if super().exception() is not None else "finished"

    def cancel(self) -> bool:
        """Cancels it unless it runs or has ended; whether it is cancelled."""
        cancelled = super().cancel()
        if cancelled and self._told.acquire(blocking=False):
            self.set_running_or_notify_cancel()
        return cancelled

    def _begin(self) -> bool:
        return self._told.acquire(blocking=False) and self.set_running_or_notify_cancel()

    def result(self, timeout: float | None = None) -> Any:
        """The value, waited for; raises what the function has raised."""
        with self._work.waiting(self):
            return super().result(timeout)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """What the function has raised, waited for; None if it has not."""
        with self._work.waiting(self):
            return super().exception(timeout)

    def add_done_callback(self, fn: Callable[[Any], Any]) -> None:
        """Calls `fn` with the future when it is done. Until then it is held."""
        held = self._work.held
        if not self.done():
            held.add(self)
        super().add_done_callback(held.discard)
        super().add_done_callback(fn)

    def _when_done(self, fn: Callable[[Any], Any]) -> None:
        super().add_done_callback(fn)

    def __await__(self) -> Iterator[Any]:
        return asyncio.wrap_future(self).__await__()


class Job:
    """A call that waits for its inputs, or for a thread."""

    __slots__ = ("args", "context", "function", "future", "kwargs", "left", "priority")

    def __init__(self, future: Future, function: Callable, args: Any, kwargs: Any) -> None:
        self.future = weakref.ref(future)
        self.function, self.args, self.kwargs = function, args, kwargs
        self.context = contextvars.copy_context()
        self.left = 0
        self.priority = 0


class Queue:
    """Calls that are ready, and the threads that make them. Lives as long as threads and futures
    do, not as long as the client."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self.lock = threading.Condition(threading.RLock())
        self.ready: deque[Job] = deque()
        self.urgent: list[Job] = []
        self.workers: set[threading.Thread] = set()
        self.idle = 0
        #: Workers that wait for a future, in whose place others work.
        self.waiters = 0
        self.closed = False
        self.held: set[Future] = set()

    def add(self, job: Job) -> None:
        with self.lock:
            if job.priority:
                self.urgent.append(job)
                self.urgent.sort(key=lambda j: j.priority)
            else:
                self.ready.append(job)
            self._staff()

    def _staff(self) -> None:
        waiting = len(self.ready) + len(self.urgent)
        if self.idle:
            self.lock.notify()
        if waiting > self.idle and len(self.workers) < self.threads + self.waiters:
            name = f"chunkwise-client-{len(self.workers)}"
            thread = threading.Thread(target=self._serve, name=name, daemon=True)
            self.workers.add(thread)
            thread.start()

    def _next(self) -> Job | None:
        with self.lock:
            while True:
                if len(self.workers) > self.threads + self.waiters:
                    break
                if self.urgent and (self.urgent[-1].priority > 0 or not self.ready):
                    return self.urgent.pop()
                if self.ready:
                    return self.ready.popleft()
                if self.closed:
                    break
                self.idle += 1
                self.lock.wait()
                self.idle -= 1
            self.workers.discard(threading.current_thread())
            self.lock.notify_all()
            return None

    def _serve(self) -> None:
        while (job := self._next()) is not None:
            _perform(job)
            # What it holds is not to live until the next one comes.
            del job

    @contextmanager
    def waiting(self, future: Future) -> Iterator[None]:
        """While a worker waits for a future, another takes its place."""
        mine = threading.current_thread() in self.workers and not future.done()
        if mine:
            with self.lock:
                self.waiters += 1
                self._staff()
        try:
            yield
        finally:
            if mine:
                with self.lock:
                    self.waiters -= 1

    def close(self, cancel: bool) -> list[threading.Thread]:
        with self.lock:
            self.closed = True
            if cancel:
                jobs = [*self.ready, *self.urgent]
                self.ready.clear()
                self.urgent.clear()
            else:
                jobs = []
            self.lock.notify_all()
            workers = list(self.workers)
        for job in jobs:
            if (future := job.future()) is not None:
                future.cancel()
        return workers


def _perform(job: Job) -> None:
    future = job.future()
    if future is None or not future._begin():
        return
    try:
        args, kwargs = _values((job.args, job.kwargs))
        value = job.context.run(job.function, *args, **kwargs)
    except BaseException as error:
        future.set_exception(error)
    else:
        future.set_result(value)


def _values(thing: Any) -> Any:
    """Arguments with values in the places of futures, arrays and `Delayed`."""
    return _collections.compute(replaced(thing, lambda f: f.result(), Future))[0]


def start(job: Job, inputs: list[Future], work: Queue) -> None:
    """Puts a job in the queue when all inputs are there; fails it when one fails."""
    # One more than the inputs, so that none of them begins it while others are looked at.
    job.left = len(inputs) + 1

    def less(done: Future | None) -> None:
        if done is not None and not _good(done, job):
            return
        with work.lock:
            job.left -= 1
            ready = job.left == 0
        if ready:
            work.add(job)

    for one in inputs:
        one._when_done(less)
    less(None)


def _good(done: Future, job: Job) -> bool:
    """Whether an input has a value; if not, the call has none either."""
    if not done.cancelled() and concurrent.futures.Future.exception(done) is None:
        return True
    future = job.future()
    if future is None:
        return False
    if done.cancelled():
        future.cancel()
    elif future._begin():
        future.set_exception(concurrent.futures.Future.exception(done))
    return False
