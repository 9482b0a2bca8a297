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

import concurrent.futures
import threading
import weakref
from collections.abc import Callable, Iterable
from typing import Any

from . import _session
from ._delayed import _key, _name_of
from ._futures import as_completed, every, replaced, wait
from ._queue import Future, Job, Queue, start

__all__ = ["Future", "LocalClient", "as_completed", "wait"]


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
        self._work = Queue(threads)
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
        job = Job(future, func, args, kwargs)
        job.priority = priority
        start(job, list(every((args, kwargs), Future)), self._work)
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
            return replaced(futures, lambda f: f.result(), Future)
        if errors != "skip":
            raise ValueError(f"errors must be 'raise' or 'skip', got {errors!r}")
        found = list(every(futures, Future))
        wait(found)
        good = {id(f) for f in found if f.status == "finished"}
        kept = [f for f in futures if not isinstance(f, Future) or id(f) in good]
        return replaced(kept, lambda f: f.result(), Future)

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
        for future in every(futures, Future):
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


def __dir__() -> list[str]:
    return sorted(__all__)
