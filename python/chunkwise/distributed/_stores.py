"""Arrays that workers write into stores."""

from __future__ import annotations

import concurrent.futures
import threading
import time
from collections.abc import Callable
from typing import Any

from .._delayed import _key
from .._futures import named
from ._futures import Future, gathered, when_done

__all__ = ["Stored", "Stores"]


class Stores:
    """The methods of a client that store."""

    _connection: Any
    _run: Callable
    _submit: Callable

    def to_zarr(self, array: Any, url: Any, *args: Any, **kwargs: Any) -> Future:
        """Computes an array and stores it in a Zarr store; every worker writes what it has made.

        The array appears under its name once it is complete.

        Parameters
        ----------
        array : Array
        url, *args, **kwargs
            As in `chunkwise.array.to_zarr`, but for ``compute``, ``return_stored`` and ``resume``.
            Workers must reach the same place under the same name.

        Returns
        -------
        Future
            Of ``None``, done when the array is in its place.

        Raises
        ------
        FileExistsError
            Where something is there already that may not be replaced.

        Examples
        --------
        >>> import os, tempfile
        >>> from chunkwise.distributed import Client
        >>> path = os.path.join(tempfile.mkdtemp(), "x.zarr")
        >>> with Client(processes=False, dashboard_address=":0") as client:
        ...     client.to_zarr(da.ones((4, 4), chunks=2), path).result()
        >>> float(da.from_zarr(path).sum().compute())
        16.0
        """
        from ..array._zarr import _sink

        options = {"priority": kwargs.pop("priority", 0), "workers": kwargs.pop("workers", None)}
        self._connection.ready()
        array, sink = _sink(array, url, *args, **kwargs)
        try:
            part = sink.part()
            if part is None:
                raise ValueError(
                    "to_zarr: a store in the memory of this process: workers have none"
                )
            run = self._run([array], [part])
            keys = run.result_keys(0)
            made = self._submit(run, {}, list(dict.fromkeys(keys)), options)
        except BaseException:
            sink.abort()
            raise
        return Stored(self, keys[0], list(made.values()), sink)

    def _store_parts(self, arrays: list, parts: list) -> Future:
        """Arrays written by workers into sinks that the caller commits: the client in Rust does."""
        run = self._run(arrays, parts)
        keys = list(dict.fromkeys(k for n in range(len(arrays)) for k in run.result_keys(n)))
        made = self._submit(run, {}, keys, {})
        return Future(self, _key("store", False), list(made.values()), lambda values: None)


class Stored(Future):
    """An array on its way into a store: done when it is in its place there, or given up."""

    def __init__(self, client: Any, key: Any, parts: list, sink: Any) -> None:
        super().__init__(client, key, parts, self._commit)
        self._sink = sink
        self._failed: BaseException | None = None
        self._closed = threading.Event()
        when_done(parts, self._close)

    def _commit(self, values: list) -> None:
        self._sink.commit()

    def _close(self, ok: bool) -> None:
        with self._lock:
            if self._closed.is_set():
                return
            try:
                if ok and not self._cancelled:
                    self._value = (self._sink.commit(),)
                else:
                    self._sink.abort()
            except Exception as error:
                self._failed = error
            finally:
                self._closed.set()
        self._tell()

    @property
    def status(self) -> str:
        """As of other futures."""
        if self._failed is not None:
            return "error"
        found = super().status
        return "pending" if found == "finished" and not self._closed.is_set() else found

    def cancel(self) -> bool:
        """Cancels it unless it has ended; what was written is removed."""
        cancelled = super().cancel()
        if cancelled:
            self._close(False)
        return cancelled

    def result(self, timeout: float | None = None) -> None:
        """Nothing, once the array is in its place; raises what was raised on the worker."""
        end = None if timeout is None else time.monotonic() + timeout
        if not self._cancelled and not self._closed.is_set():
            # What the bundles of such tasks hold is nothing; the first error ends the waiting.
            gathered(self._client, self._parts, timeout)
        left = None if end is None else max(end - time.monotonic(), 0.0)
        if not self._closed.wait(left):
            raise TimeoutError(f"not there after {timeout} seconds")
        if self._failed is not None:
            raise self._failed
        if self._value is None:
            if self._cancelled:
                raise concurrent.futures.CancelledError(named(self.key))
            gathered(self._client, self._parts, timeout)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """What was raised, waited for."""
        return self._failed or super().exception(timeout)

    def _arrived(self, values: list) -> None:
        return self.result()

    def add_done_callback(self, fn: Callable[[Any], Any]) -> None:
        """Calls `fn` with the future, in another thread, when it is done."""
        with self._lock:
            self._told.append(fn)
        if self._closed.is_set():
            self._tell()
