"""What futures have in common, of this process's threads and of a cluster's workers."""

from __future__ import annotations

import asyncio
import concurrent.futures
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

__all__ = ["BaseFuture", "as_completed", "every", "replaced", "wait"]


class BaseFuture:
    """A value that will be there. It has a name, and the methods of `concurrent.futures.Future`."""

    key: Any

    def _when_done(self, fn: Callable[[Any], Any]) -> None:
        """As `add_done_callback` for who does not ask that the value be made."""
        self.add_done_callback(fn)  # type: ignore[attr-defined]

    def _put_when_done(self, fn: Callable[[Any], Any]) -> None:
        """As `add_done_callback` for what waits for nothing."""
        self.add_done_callback(fn)  # type: ignore[attr-defined]

    def __repr__(self) -> str:
        return f"<Future {named(self.key)}: {self.status}>"  # type: ignore[attr-defined]


def named(key: Any) -> str:
    """A key as text."""
    return key if isinstance(key, str) else str(key[0])


_SEQUENCES = (list, tuple, set, frozenset)


def every(thing: Any, kind: Any = BaseFuture, *, iterables: bool = False) -> Iterator[Any]:
    """What is of a kind in nested lists, tuples, sets and dicts, in the order in which it stands;
    with `iterables`, in all that can be iterated over."""
    if isinstance(thing, kind):
        yield thing
    elif type(thing) is dict or iterables and isinstance(thing, dict):
        for part in thing.values():
            yield from every(part, kind, iterables=iterables)
    elif type(thing) in _SEQUENCES or (
        iterables and isinstance(thing, Iterable) and not isinstance(thing, str | bytes)
    ):
        for part in thing:
            yield from every(part, kind, iterables=iterables)


def replaced(thing: Any, value: Callable[[Any], Any], kind: Any = BaseFuture) -> Any:
    """The same with values in the places of what is of a kind."""
    if isinstance(thing, kind):
        return value(thing)
    if type(thing) in _SEQUENCES:
        return type(thing)(replaced(part, value, kind) for part in thing)
    if type(thing) is dict:
        return {key: replaced(part, value, kind) for key, part in thing.items()}
    return thing


class as_completed:
    """Futures in the order in which they are done; with ``for`` or ``async for``.

    Parameters
    ----------
    futures : iterable of Future
        Which: a `LocalClient`'s, a cluster's client's, or both.
    with_results : bool
        Whether to give pairs of futures and their results, which raise what the function raised.

    Examples
    --------
    >>> from chunkwise.futures import LocalClient, as_completed
    >>> with LocalClient(threads=2) as client:
    ...     sorted(f.result() for f in as_completed(client.map(abs, [-2, 3])))
    [2, 3]
    """

    def __init__(self, futures: Iterable[Any] = (), with_results: bool = False) -> None:
        self._done: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._with_results = with_results
        self._count = 0
        for future in futures:
            self.add(future)

    def add(self, future: Any) -> None:
        """One more, while the others are waited for."""
        self._count += 1
        future._put_when_done(self._done.put)

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


#: How many of some futures are to be done before a `wait` returns, if none of them fails.
_ENOUGH: dict[str, Callable[[int], int]] = {
    "ALL_COMPLETED": lambda count: count,
    "FIRST_EXCEPTION": lambda count: count,
    "FIRST_COMPLETED": lambda count: min(count, 1),
}


def wait(
    futures: Any, timeout: float | None = None, return_when: str = "ALL_COMPLETED"
) -> concurrent.futures._base.DoneAndNotDoneFutures:
    """Waits for futures.

    Parameters
    ----------
    futures
        Futures, also in lists: a `LocalClient`'s, a cluster's client's, or both.
    timeout : float, optional
        Seconds after which it returns anyway.
    return_when : {"ALL_COMPLETED", "FIRST_COMPLETED", "FIRST_EXCEPTION"}
        As in `concurrent.futures`.

    Returns
    -------
    done, not_done : sets of futures

    Raises
    ------
    ValueError
        Another `return_when`.

    Examples
    --------
    >>> from chunkwise.futures import LocalClient, wait
    >>> with LocalClient(threads=2) as client:
    ...     done, not_done = wait(client.map(abs, [-2, 3]))
    >>> len(done), len(not_done)
    (2, 0)
    """
    if return_when not in _ENOUGH:
        raise ValueError(f"return_when must be as in concurrent.futures, got {return_when!r}")
    found = set(every(futures, iterables=True))
    enough = _ENOUGH[return_when](len(found))
    by_failure = return_when == "FIRST_EXCEPTION"
    told, changed = 0, threading.Condition()

    def tell(future: BaseFuture) -> None:
        nonlocal told
        with changed:
            told += 1
            # Who waits for thousands does not look at all of them for each.
            if told >= enough or by_failure and future.status == "error":
                changed.notify_all()

    for future in found:
        future._when_done(tell)
    ends = None if timeout is None else time.monotonic() + timeout
    with changed:
        while True:
            done = {future for future in found if future.done()}
            failed = by_failure and any(f.status == "error" for f in done)
            if len(done) >= enough or failed:
                break
            left = None if ends is None else ends - time.monotonic()
            if left is not None and left <= 0:
                break
            # What has been told may not be true any more: of what a worker took with it.
            changed.wait(min(left, 1.0) if left is not None else 1.0)
    return concurrent.futures._base.DoneAndNotDoneFutures(done, found - done)
