"""Arrays on their way from workers into stores and other objects."""

from __future__ import annotations

import concurrent.futures
import threading
from collections.abc import Callable
from typing import Any

from .._delayed import _key
from .._futures import named
from ..array import Array
from ..array._foreign import _matched
from ..array._zarr import _pending
from . import _targets
from ._futures import Future, gathered, when_done
from ._pieces import Lies, Pieces

__all__ = ["Stored", "Stores"]


class Stores:
    """The methods of a client that store."""

    _connection: Any
    _run: Callable
    _submit: Callable
    _worker_timeout: float

    def to_zarr(
        self, array: Any, url: Any, component: Any = None, *args: Any, **kwargs: Any
    ) -> Future:
        """Computes an array and stores it in a Zarr store; every worker writes what it has made.

        The array appears under its name once it is complete. Of several arrays, what they share is
        computed once, and all appear once all are complete.

        Parameters
        ----------
        array : Array, or list of Array
        url, component, *args, **kwargs
            As in `chunkwise.array.to_zarr`, but for ``compute``, ``return_stored`` and ``resume``.
            For a list of arrays, ``url`` or ``component`` is a list too, and ``region`` may be one;
            everything else is for all of them. Workers must reach the same place under the same
            name; for stores of the library ``zarr``, see `store`.
        priority, workers
            As in `compute`.

        Returns
        -------
        Future
            Of ``None``, done when the array is in its place.

        Raises
        ------
        FileExistsError
            Where something is there already that may not be replaced.
        ValueError
            Lists of different lengths; a store in the memory of this process.

        Examples
        --------
        >>> import os, tempfile
        >>> from chunkwise.distributed import Client
        >>> path = os.path.join(tempfile.mkdtemp(), "x.zarr")
        >>> x = da.ones((4, 4), chunks=2)
        >>> with Client(processes=False, dashboard_address=":0") as client:
        ...     client.to_zarr([x, x * 2], path, ["x", "twice"]).result()
        >>> float(da.from_zarr(path, "twice").sum().compute())
        32.0
        """
        options = {"priority": kwargs.pop("priority", 0), "workers": kwargs.pop("workers", None)}
        self._connection.ready()
        ways: list[Any] = []
        try:
            for one, place, name, more in _several(array, url, component, kwargs):
                pending = _pending(one, place, name, *args, **more)
                if pending.what is None:
                    ways.append(_targets.ByEngine(pending.array, pending.begin()))
                else:
                    ways += _targets.chosen(*pending.what, True, None, self._room())
        except BaseException:
            _targets.give_up(ways)
            raise
        return self._store(ways, options)

    def store(
        self,
        sources: Any,
        targets: Any,
        lock: Any = True,
        regions: Any = None,
        *,
        by: str | None = None,
        priority: int = 0,
        workers: Any = None,
    ) -> Future:
        """Computes arrays and writes them into objects with slice assignment.

        What several arrays share is computed once.

        Parameters
        ----------
        sources : Array or sequence of Array
        targets : object or sequence of objects
            With a `shape` and ``target[slices] = array``: zarr arrays, NumPy arrays, memory-mapped
            files, h5py datasets, ...
        lock : bool or lock
            What this process holds during each write, or workers with ``by="workers"``, where a
            lock must be one for all of them, as `distributed.Lock` is, which True makes.
        regions : tuple of slices, or a list of them
            Where in the targets to write.
        by : {None, "workers", "client"}
            Who writes. By default workers do into what they are known to reach: arrays of the
            library ``zarr`` in folders and services, and `numpy.memmap` of files that lie under the
            same name there. Into everything else, which may be in the memory of this process, or
            open in it, this process writes what arrives. With ``"workers"`` they write into copies
            that `pickle` makes: what these write must be seen by all.
        priority, workers
            As in `compute`.

        Returns
        -------
        Future
            Of ``None``, done when all is written.

        Raises
        ------
        TypeError
            A target without slices, or one that cannot be pickled for workers.
        ValueError
            Arrays that do not fit their targets; read-only targets; with ``by="workers"``, targets
            in memory.

        Notes
        -----
        Everything that can be known is checked before anything runs. If the computation fails
        later, or is cancelled, what was written until then stays: only new Zarr arrays, which
        `to_zarr` makes, come and go as a whole. Stored chunks are each written by one worker;
        regions of one zarr array that share a stored chunk are written by this process.

        Examples
        --------
        >>> from chunkwise.distributed import Client
        >>> x = da.arange(6, chunks=2)
        >>> squares, cubes = np.zeros(6, int), np.zeros(6, int)
        >>> with Client(processes=False, dashboard_address=":0") as client:
        ...     client.store([x**2, x**3], [squares, cubes]).result()
        >>> squares, cubes
        (array([ 0,  1,  4,  9, 16, 25]), array([  0,   1,   8,  27,  64, 125]))
        """
        sources, targets, places = _matched(sources, targets, regions)
        self._connection.ready()
        ways = _targets.chosen(sources, targets, places, lock, by, self._room())
        return self._store(ways, {"priority": priority, "workers": workers})

    def _room(self) -> int:
        return self._connection.capacity(self._worker_timeout).room

    def _store(self, ways: list, options: dict[str, Any]) -> Future:
        """Arrays, each stored in its way, in one go."""
        sinks = [way.sink for way in ways if isinstance(way, _targets.ByEngine)]
        here = {n: way for n, way in enumerate(ways) if isinstance(way, _targets.ByClient)}
        there = {n for n, way in enumerate(ways) if isinstance(way, _targets.ByWorkers)}
        try:
            parts = [sink.part() for sink in sinks]
            if None in parts:
                raise ValueError(
                    "to_zarr: a store in the memory of this process: workers have none"
                )
            rest = iter(parts)
            given = [next(rest) if isinstance(w, _targets.ByEngine) else None for w in ways]
            run = self._run([way.array for way in ways], given, frozenset(there))
            keys = [run.result_keys(n) for n in range(len(ways))]
            made = self._submit(
                run, {}, list(dict.fromkeys(k for own in keys for k in own)), options
            )
        except BaseException:
            _targets.give_up(ways)
            raise
        lies = [
            Lies(way.array.dtype, run.cut.owner(n), keys[n], way.writer) for n, way in here.items()
        ]
        pieces = Pieces(self, lies, made)
        # What this process waits for in any case is waited for once.
        taken = {part.key for part in pieces.parts}
        others = [part for part in made.values() if part.key not in taken]
        return Stored(self, _key("store", False), others, sinks, pieces)

    def _store_parts(self, arrays: list, parts: list) -> Future:
        """Arrays written by workers into sinks that the caller commits: the client in Rust does."""
        run = self._run(arrays, parts)
        keys = list(dict.fromkeys(k for n in range(len(arrays)) for k in run.result_keys(n)))
        made = self._submit(run, {}, keys, {})
        return Future(self, _key("store", False), list(made.values()), lambda values: None)


class Stored(Future):
    """Arrays on their way into stores: done when they are in their places there, or given up."""

    def __init__(self, client: Any, key: Any, parts: list, sinks: list, pieces: Pieces) -> None:
        super().__init__(client, key, [*parts, *pieces.parts], lambda values: None)
        self._sinks, self._pieces = sinks, pieces
        self._failed: BaseException | None = None
        self._closed = threading.Event()
        #: Of what workers write and what is written here, what is still to end.
        self._rest = bool(parts) + bool(pieces.parts)
        if pieces.parts:
            pieces.start(self._written, self._ended)
        if parts:
            when_done(parts, lambda ok: self._ended(None if ok else self._reason(parts)))
        elif not pieces.parts:
            self._close(None)

    def _reason(self, parts: list) -> BaseException:
        """Why some of the workers' tasks have no result."""
        try:
            gathered(self._client, [p for p in parts if p.status in ("error", "cancelled")])
        except BaseException as error:
            return error
        return concurrent.futures.CancelledError(named(self.key))

    def _written(self, part: Any) -> None:
        with self._lock:
            self._parts.remove(part)
        part.release()

    def _ended(self, error: BaseException | None) -> None:
        with self._lock:
            self._rest -= 1
            last = self._rest == 0
        if last or error is not None:
            self._close(error)

    def _close(self, error: BaseException | None) -> None:
        with self._lock:
            if self._closed.is_set():
                return
            ok = error is None and not self._cancelled
            try:
                while ok and self._sinks:
                    self._sinks[0].commit()
                    del self._sinks[0]
            except Exception as raised:
                error = raised
            for sink in self._sinks:
                sink.abort()
            if not self._cancelled:
                self._failed = error
            self._closed.set()
        self._pieces.stop()
        if error is not None:
            # Nobody wants the rest.
            self.release()
        self._tell()

    @property
    def status(self) -> str:
        """As of other futures."""
        if self._cancelled:
            return "cancelled"
        if not self._closed.is_set():
            return "pending"
        return "finished" if self._failed is None else "error"

    def cancel(self) -> bool:
        """Cancels it unless it has ended; new Zarr arrays do not come to be."""
        cancelled = super().cancel()
        if cancelled:
            self._close(None)
        return cancelled

    def result(self, timeout: float | None = None) -> None:
        """Nothing, once all is in its place; raises what was raised on a worker or here."""
        if not self._closed.wait(timeout):
            raise TimeoutError(f"not there after {timeout} seconds")
        if self._cancelled:
            raise concurrent.futures.CancelledError(named(self.key))
        if self._failed is not None:
            raise self._failed

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """What was raised, waited for."""
        try:
            self.result(timeout)
        except BaseException as error:
            if error is not self._failed:
                raise
        return self._failed

    def _needed(self) -> list:
        return []

    def _arrived(self, values: list) -> None:
        self.result()

    def _listen(self, fn: Callable[[Any], Any], quick: bool) -> None:
        with self._lock:
            self._told.append((fn, quick))
        if self._closed.is_set():
            self._tell()


def _several(array: Any, url: Any, component: Any, kwargs: dict) -> list[tuple]:
    """For each array its URL, its component and the options."""
    names = isinstance(url, list) or isinstance(component, list)
    # Other lists are arrays themselves, of numbers.
    whole = isinstance(array, list | tuple) and any(isinstance(one, Array) for one in array)
    if not (names or whole):
        return [(array, url, component, kwargs)]
    given = {"url": url, "component": component, "region": kwargs.get("region")}
    lists = {name: thing for name, thing in given.items() if isinstance(thing, list)}
    if array and not {"url", "component"} & set(lists):
        raise ValueError("to_zarr: several arrays need a list of url or of component, one for each")
    for name, thing in lists.items():
        if len(thing) != len(array):
            raise ValueError(f"to_zarr: {len(array)} arrays, and {len(thing)} of {name}")
    found = []
    for n, one in enumerate(array):
        own = {name: thing[n] if name in lists else thing for name, thing in given.items()}
        more = kwargs | {"region": own["region"]} if "region" in kwargs else kwargs
        found.append((one, own["url"], own["component"], more))
    places = [(str(place), name) for _, place, name, _ in found]
    for place, name in places:
        if places.count((place, name)) > 1:
            # Regions may share stored chunks.
            raise ValueError(
                f"to_zarr: two arrays for {name or place}: `store` takes regions of one"
            )
    return found
