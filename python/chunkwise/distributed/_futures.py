"""Values that are being made in a cluster."""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import distributed
from distributed.client import FutureCancelledError, FuturesCancelledError

from .._futures import BaseFuture, named
from ._errors import raised_anew

_log = logging.getLogger(__name__)

__all__ = ["Future"]


class Future(BaseFuture):
    """A value that will be there. A client's methods make them.

    It stands for some tasks of the cluster, whose results lie on workers until they are asked for;
    they are dropped when nobody holds the future any more.

    Examples
    --------
    >>> from chunkwise.distributed import Client
    >>> with Client(processes=False, dashboard_address=":0") as client:
    ...     future = client.compute(da.arange(10, chunks=5).sum())
    ...     int(future.result()), future.status
    (45, 'finished')
    """

    def __init__(self, client: Any, key: Any, parts: list, made: Callable[[list], Any]) -> None:
        self.key = key
        self._client = client
        #: Futures of `distributed`, and what makes the value of their values.
        self._parts = parts
        self._made = made
        #: What it is of, where it is of arrays and `Delayed`: for who reads it on workers.
        self._things: Any = None
        self._lock = threading.RLock()
        self._value: tuple[Any] | None = None
        self._cancelled = False
        #: Who is to be told of its end, each once.
        self._told: list[tuple[Callable[[Any], Any], bool]] = []

    @property
    def status(self) -> str:
        """`"pending"`, `"finished"`, `"error"` or `"cancelled"`; `"lost"` while something is made
        again that a worker took with it."""
        if self._cancelled:
            return "cancelled"
        if self._value is not None:
            return "finished"
        found = {part.status for part in self._parts}
        for status in ("error", "cancelled", "lost", "pending"):
            if status in found:
                return status
        return "finished"

    def done(self) -> bool:
        """Whether the value is there, or will never be."""
        return self.status in ("finished", "error", "cancelled")

    def cancelled(self) -> bool:
        """Whether it was cancelled."""
        return self.status == "cancelled"

    def running(self) -> bool:
        """Whether it is still to come."""
        return not self.done()

    def cancel(self) -> bool:
        """Cancels it unless it has ended, also while it runs; whether it is cancelled. What other
        futures need, of this client or of others, goes on."""
        with self._lock:
            if self.done():
                return self.cancelled()
            self._cancelled = True
        # Not by `distributed`'s own cancelling, which takes other clients' futures along.
        self.release()
        self._tell()
        return True

    def result(self, timeout: float | None = None) -> Any:
        """The value, waited for; raises what was raised on the worker.

        Raises
        ------
        TimeoutError
            It was not there after so many seconds.
        concurrent.futures.CancelledError
            It was cancelled.
        ConnectionError
            The scheduler is gone.
        """
        if self._value is not None and not self._cancelled:
            return self._value[0]
        if self._cancelled:
            raise concurrent.futures.CancelledError(named(self.key))
        return self._arrived(gathered(self._client, self._parts, timeout))

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """What was raised on the worker, waited for; None if nothing was."""
        if not self._cancelled:
            arrived(self._client, self._parts, timeout)
        for part in self._parts:
            if part.status == "error" and not self._cancelled:
                return part.exception()
        if self.cancelled():
            self.result()
        return None

    def add_done_callback(self, fn: Callable[[Any], Any]) -> None:
        """Calls `fn` with the future, in another thread, when it is done. Until then it is held."""
        self._listen(fn, False)

    def _put_when_done(self, fn: Callable[[Any], Any]) -> None:
        self._listen(fn, True)

    _when_done = _put_when_done

    def _listen(self, fn: Callable[[Any], Any], quick: bool) -> None:
        with self._lock:
            self._told.append((fn, quick))
            first = len(self._told) == 1
        if self._cancelled or not self._parts:
            self._tell()
        elif first:
            when_done(self._parts, lambda _: self._tell())
        elif self.done():
            self._tell()

    def _tell(self) -> None:
        with self._lock:
            told, self._told = self._told, []
        slow = [fn for fn, quick in told if not quick]
        self._call([fn for fn, quick in told if quick])
        if slow:
            # In a thread of their own: `distributed` has one for all callbacks, and what a user's
            # waits for may need it.
            threading.Thread(
                target=self._call, args=(slow,), name="chunkwise-callback", daemon=True
            ).start()

    def _call(self, told: list[Callable[[Any], Any]]) -> None:
        for fn in told:
            try:
                fn(self)
            except Exception:
                _log.exception("a callback of %s", self)

    def retry(self) -> None:
        """Makes what has failed once more."""
        self._client.client.retry([part for part in self._parts if part.status == "error"])

    def release(self) -> None:
        """Says that the value is not needed any more. It is said, too, when the future is
        dropped."""
        for part in list(self._parts):
            part.release()

    def _needed(self) -> list:
        """The futures of `distributed` whose values make its own."""
        return self._parts

    def _arrived(self, values: list) -> Any:
        """The value, of those of its parts."""
        with self._lock:
            if self._cancelled:
                raise concurrent.futures.CancelledError(named(self.key))
            if self._value is None:
                self._value = (self._made(values),)
            return self._value[0]

    def __await__(self) -> Iterator[Any]:
        return self._arrival().__await__()

    async def _arrival(self) -> Any:
        loop = asyncio.get_running_loop()
        there = loop.create_future()

        def tell() -> None:
            if not there.done():
                there.set_result(None)

        self._when_done(lambda _: loop.call_soon_threadsafe(tell))
        await there
        return await asyncio.to_thread(self.result)


def when_done(parts: list, fn: Callable[[bool], Any]) -> None:
    """Calls `fn` once, in another thread, when all of some futures of `distributed` are done or one
    of them has failed: with whether all went well."""
    left = len(parts)
    lock = threading.Lock()

    def less(part: Any) -> None:
        nonlocal left
        with lock:
            # What was finished and is lost since is made again.
            ok = part.status not in ("error", "cancelled")
            ends = left > 0 and (left == 1 or not ok)
            left = 0 if ends else left - 1
        if ends:
            fn(ok)

    for part in parts:
        part.add_done_callback(less)


def when_ended(client: Any, parts: list, fn: Callable[[bool], Any]) -> None:
    """Calls `fn` once, in another thread, when each of some futures of `distributed` is done or not
    held any more: with whether all went well. They are not held for it."""
    states = [part._state for part in parts]

    async def wait() -> None:
        for state in states:
            await state.wait()
        ok = not any(state.status in ("error", "cancelled") for state in states)
        await asyncio.to_thread(fn, ok)

    client.loop.add_callback(wait)


def gathered(client: Any, parts: list, timeout: float | None = None) -> list:
    """The values of futures of `distributed`, in their order."""
    if not parts:
        return []
    inner = client.client
    try:
        return inner.sync(lambda: inner.gather(parts, asynchronous=True), callback_timeout=timeout)
    except (FutureCancelledError, FuturesCancelledError) as error:
        raise _translated(client, error) from None
    except Exception as raised:
        error = raised_anew(raised)
        failed = any(part.status == "error" for part in parts)
        if isinstance(raised, TimeoutError) and timeout is not None and not failed:
            error = TimeoutError(f"not there after {timeout} seconds")
    # Out of the handler, or one would be the context of the other.
    raise error


def arrived(client: Any, parts: list, timeout: float | None) -> None:
    """Waits until all of some futures of `distributed` have ended."""
    try:
        if parts:
            with client.client.as_current():
                distributed.wait(parts, timeout=timeout)
    except (FutureCancelledError, FuturesCancelledError):
        pass
    except TimeoutError:
        raise TimeoutError(f"not there after {timeout} seconds") from None


def _translated(client: Any, error: Exception) -> Exception:
    """The error for futures that were cancelled: by somebody, or since something is gone."""
    groups = getattr(error, "error_groups", None)
    reason = groups[0].reason if groups else getattr(error, "reason", "")
    if reason in ("scheduler-connection-lost", "scheduler-restart"):
        return ConnectionError(
            f"the scheduler at {client.address} was lost or has begun anew ({reason}), and what "
            "was being computed there with it: compute it again once workers are back"
        )
    if reason == "lost dependencies":
        return LookupError("what it reads is no longer in the cluster: persist it again")
    return concurrent.futures.CancelledError(reason)
