"""Functions that run while the program goes on: a client for this machine's threads.

`LocalClient` has the methods of a cluster's client, so that a program moves between them by
changing one line; its futures are those of `concurrent.futures`, and can be awaited.

>>> from chunkwise.futures import LocalClient, as_completed
>>> with LocalClient(threads=2) as client:
...     squares = client.map(lambda n: n * n, range(4))
...     total = client.submit(sum, squares)
...     total.result()
14
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import queue
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from . import _collections, _session
from ._delayed import _key, _name_of

__all__ = ["Future", "LocalClient", "as_completed", "wait"]


class Future(concurrent.futures.Future):
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

    def __init__(self, key: str, work: _Queue) -> None:
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

    def __await__(self) -> Iterator[Any]:
        return asyncio.wrap_future(self).__await__()

    def __repr__(self) -> str:
        return f"<Future {self.key}: {self.status}>"


class _Job:
    """A call that waits for its inputs, or for a thread."""

    __slots__ = ("args", "context", "function", "future", "kwargs", "left", "priority")

    def __init__(self, future: Future, function: Callable, args: Any, kwargs: Any) -> None:
        self.future = weakref.ref(future)
        self.function, self.args, self.kwargs = function, args, kwargs
        self.context = contextvars.copy_context()
        self.left = 0
        self.priority = 0


class _Queue:
    """Calls that are ready, and the threads that make them. Lives as long as threads and futures
    do, not as long as the client."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self.lock = threading.Condition(threading.RLock())
        self.ready: deque[_Job] = deque()
        self.urgent: list[_Job] = []
        self.workers: set[threading.Thread] = set()
        self.idle = 0
        #: Workers that wait for a future, in whose place others work.
        self.waiters = 0
        self.closed = False
        self.held: set[Future] = set()

    def add(self, job: _Job) -> None:
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

    def _next(self) -> _Job | None:
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


def _perform(job: _Job) -> None:
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


def _futures(thing: Any, found: list[Future]) -> None:
    if isinstance(thing, Future):
        found.append(thing)
    elif type(thing) in (list, tuple, set, frozenset):
        for part in thing:
            _futures(part, found)
    elif type(thing) is dict:
        for part in thing.values():
            _futures(part, found)


def _replaced(thing: Any, value: Callable[[Future], Any]) -> Any:
    if isinstance(thing, Future):
        return value(thing)
    if type(thing) in (list, tuple, set, frozenset):
        return type(thing)(_replaced(part, value) for part in thing)
    if type(thing) is dict:
        return {key: _replaced(part, value) for key, part in thing.items()}
    return thing


def _values(thing: Any) -> Any:
    """Arguments with values in the places of futures, arrays and `Delayed`."""
    return _collections.compute(_replaced(thing, lambda f: f.result()))[0]


class LocalClient:
    """Runs functions on threads of this process.

    Parameters
    ----------
    threads : int, optional
        How many calls run at the same time; `num_threads` of `chunkwise.config` by default.

    Notes
    -----
    A context manager: leaving it waits for what was submitted; leaving it by an exception cancels
    what has not begun. ``map`` gives futures, as a cluster's client does; what
    `concurrent.futures` calls an executor is `get_executor`.

    Examples
    --------
    >>> from chunkwise.futures import LocalClient
    >>> with LocalClient(threads=2) as client:
    ...     a = client.submit(int, "20")
    ...     b = client.submit(lambda a, x: a + int(x.sum()), a, da.arange(3))
    ...     b.result()
    23
    """

    def __init__(self, threads: int | None = None) -> None:
        threads = _session.current().threads if threads is None else threads
        if threads < 1:
            raise ValueError(f"threads must be at least 1, got {threads}")
        self._work = _Queue(threads)
        self._known: weakref.WeakValueDictionary[str, Future] = weakref.WeakValueDictionary()
        self._finalizer = weakref.finalize(self, self._work.close, False)

    @property
    def threads(self) -> int:
        """How many calls run at the same time."""
        return self._work.threads

    def submit(
        self,
        func: Callable,
        *args: Any,
        key: str | None = None,
        pure: bool = False,
        priority: int = 0,
        **kwargs: Any,
    ) -> Future:
        """Calls a function soon.

        Parameters
        ----------
        func : callable
            The function.
        *args, **kwargs
            Its arguments. Futures among them, in lists, tuples, sets and dicts too, are waited
            for without holding a thread; arrays and `Delayed` are computed. A future that failed
            makes the call fail with the same exception.
        key : str, optional
            The future's name. A second call under the key of a living future is that future.
        pure : bool
            Whether a call with the same arguments is the same future.
        priority : int
            Higher ones first.

        Returns
        -------
        Future
        """
        if not callable(func):
            raise TypeError(f"{func!r} is no function")
        if self._work.closed:
            raise RuntimeError("the client is closed")
        key = key or _key(_name_of(func), pure, func, args, kwargs)
        known = self._known.get(key)
        if known is not None and not known.cancelled():
            return known
        future = self._known[key] = Future(key, self._work)
        job = _Job(future, func, args, kwargs)
        job.priority = priority
        inputs: list[Future] = []
        _futures((args, kwargs), inputs)
        _when_done(inputs, job, self._work)
        return future

    def map(self, func: Callable, *iterables: Iterable, **kwargs: Any) -> list[Future]:
        """A call for each element of one iterable, or for each tuple of several; the futures.

        Keywords are those of `submit`, and the function's.
        """
        return [self.submit(func, *args, **kwargs) for args in zip(*iterables, strict=False)]

    def gather(self, futures: Any, errors: str = "raise") -> Any:
        """Waits for futures, also in lists, tuples, sets and dicts; values in their places.

        Parameters
        ----------
        futures
            Futures, nested.
        errors : {"raise", "skip"}
            Whether to raise the first error, or to leave failed ones out of lists.
        """
        if errors == "raise":
            return _replaced(futures, lambda f: f.result())
        if errors != "skip":
            raise ValueError(f"errors must be 'raise' or 'skip', got {errors!r}")
        found: list[Future] = []
        _futures(futures, found)
        wait(found)
        good = {id(f) for f in found if f.status == "finished"}
        kept = [f for f in futures if not isinstance(f, Future) or id(f) in good]
        return _replaced(kept, lambda f: f.result())

    def scatter(self, data: Any) -> Any:
        """Futures that are done, of a value, or of each value of a list, tuple or dict."""

        def ready(value: Any) -> Future:
            future = Future(_key("scatter", False), self._work)
            future._begin()
            future.set_result(value)
            return future

        if type(data) in (list, tuple):
            return type(data)(ready(value) for value in data)
        if type(data) is dict:
            return {key: ready(value) for key, value in data.items()}
        return ready(data)

    def compute(self, things: Any) -> Any:
        """Futures of arrays and `Delayed`: one of each in a list, else one."""
        if type(things) in (list, tuple):
            return type(things)(self.compute(thing) for thing in things)
        return self.submit(_same, things)

    def cancel(self, futures: Any) -> None:
        """Cancels futures, also in lists, that have not begun."""
        found: list[Future] = []
        _futures(futures, found)
        for future in found:
            future.cancel()

    def get_executor(self) -> concurrent.futures.Executor:
        """An executor of `concurrent.futures` on the same threads: its ``map`` gives results, and
        what is submitted to it runs whether or not somebody holds the future."""
        return _Executor(self)

    def close(self, *, cancel: bool = False) -> None:
        """Waits for what was submitted, and ends the threads. With `cancel`, what has not begun is
        cancelled. Futures keep their values."""
        me = threading.current_thread()
        for worker in self._work.close(cancel):
            if worker is not me:
                worker.join()

    def __enter__(self) -> LocalClient:
        return self

    def __exit__(self, kind: Any, *rest: Any) -> None:
        self.close(cancel=kind is not None)

    def __repr__(self) -> str:
        return f"<LocalClient: {self.threads} threads>"


def _same(thing: Any) -> Any:
    return thing


def _when_done(inputs: list[Future], job: _Job, work: _Queue) -> None:
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
        concurrent.futures.Future.add_done_callback(one, less)
    less(None)


def _good(done: Future, job: _Job) -> bool:
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


class _Executor(concurrent.futures.Executor):
    def __init__(self, client: LocalClient) -> None:
        self._client = client

    def submit(self, fn: Callable, /, *args: Any, **kwargs: Any) -> Future:
        future = self._client.submit(_Keywords(fn, kwargs), *args)
        # Held until it is done.
        future.add_done_callback(_same)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        if wait:
            self._client.close(cancel=cancel_futures)
        else:
            self._client._work.close(cancel_futures)


class _Keywords:
    """A function with keywords that are not the client's."""

    def __init__(self, function: Callable, kwargs: dict[str, Any]) -> None:
        self.__name__ = _name_of(function)
        self.function, self.kwargs = function, kwargs

    def __call__(self, *args: Any) -> Any:
        return self.function(*args, **self.kwargs)


class as_completed:
    """Futures in the order in which they are done; with ``for`` or ``async for``.

    Parameters
    ----------
    futures : iterable of Future
        Which.
    with_results : bool
        Whether to give pairs of futures and their results, which raise what the function raised.

    Examples
    --------
    >>> from chunkwise.futures import LocalClient, as_completed
    >>> with LocalClient(threads=2) as client:
    ...     sorted(f.result() for f in as_completed(client.map(abs, [-2, 3])))
    [2, 3]
    """

    def __init__(self, futures: Iterable[Future] = (), with_results: bool = False) -> None:
        self._done: queue.SimpleQueue[Future] = queue.SimpleQueue()
        self._with_results = with_results
        self._count = 0
        for future in futures:
            self.add(future)

    def add(self, future: Future) -> None:
        """One more, while the others are waited for."""
        self._count += 1
        future.add_done_callback(self._done.put)

    def count(self) -> int:
        """How many are still to come."""
        return self._count

    def __iter__(self) -> as_completed:
        return self

    def __next__(self) -> Any:
        if not self._count:
            raise StopIteration
        future = self._done.get()
        self._count -= 1
        return (future, future.result()) if self._with_results else future

    def __aiter__(self) -> as_completed:
        return self

    async def __anext__(self) -> Any:
        if not self._count:
            raise StopAsyncIteration
        return await asyncio.to_thread(self.__next__)


def wait(
    futures: Any, timeout: float | None = None, return_when: str = "ALL_COMPLETED"
) -> concurrent.futures._base.DoneAndNotDoneFutures:
    """Waits for futures.

    Parameters
    ----------
    futures
        Futures, also in lists.
    timeout : float, optional
        Seconds after which it returns anyway.
    return_when : {"ALL_COMPLETED", "FIRST_COMPLETED", "FIRST_EXCEPTION"}
        As in `concurrent.futures`.

    Returns
    -------
    done, not_done : sets of futures

    Examples
    --------
    >>> from chunkwise.futures import LocalClient, wait
    >>> with LocalClient(threads=2) as client:
    ...     done, not_done = wait(client.map(abs, [-2, 3]))
    >>> len(done), len(not_done)
    (2, 0)
    """
    found: list[Future] = []
    _futures(futures if isinstance(futures, Future) else list(futures), found)
    return concurrent.futures.wait(found, timeout, return_when)


def __dir__() -> list[str]:
    return sorted(__all__)
