"""The client of a cluster."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dask
import distributed

from .. import _collections
from .._delayed import Delayed, _key
from .._futures import every, replaced, wait
from . import _events, _exchange, _graph, _sources, _tasks, _values, _worker
from ._calls import Calls, _first
from ._connection import Connection
from ._futures import Future, arrived, gathered, when_ended
from ._persisted import Kept, Shelf
from ._published import Published
from ._run import Run
from ._stores import Stores

__all__ = ["Client"]


class Client(Calls, Stores, Published):
    """Computes arrays, tasks and functions on the workers of a Dask cluster.

    Parameters
    ----------
    address : str, distributed cluster or distributed.Client, optional
        The address of a scheduler (``"tcp://10.0.0.5:8786"``); a cluster object, as those of
        ``dask_jobqueue``, ``dask_kubernetes`` or ``distributed.SSHCluster``; or a client of
        `distributed`, which is not closed with this one. By default a cluster is started on this
        machine, and closed with the client.
    scheduler_file : path, optional
        What a scheduler has written with ``--scheduler-file``, instead of an address.
    scratch_directory : path, optional
        A folder that this process and all workers can read and write. Arrays in memory of more than
        64 MiB go there as files, and so does, for as long as it takes, what many fragments read of
        many others (a transposition, a rechunk, a sort) where that would be too many tasks.
    worker_timeout : float
        Seconds that a computation waits for the first worker.
    **kwargs
        For `distributed.LocalCluster` where one is started (``n_workers``, ``threads_per_worker``,
        ``memory_limit``, ``processes``), else for `distributed.Client` (``security``, ``timeout``).

    Raises
    ------
    VersionMismatchError
        The scheduler or a worker has no chunkwise, or another version.
    OSError
        Nobody answers at the address.

    Notes
    -----
    A context manager. Methods are those of `chunkwise.futures.LocalClient`, so that a program moves
    between them by changing one line.

    Examples
    --------
    >>> from chunkwise.distributed import Client
    >>> client = Client(processes=False, dashboard_address=":0")
    >>> x = da.ones((1000, 1000), chunks=100)
    >>> low, high = client.compute([x.min(), x.max()])
    >>> low.result(), high.result()
    (np.float64(1.0), np.float64(1.0))
    >>> client.submit(pow, 2, 10).result()
    1024
    >>> client.close()
    """

    def __init__(
        self,
        address: Any = None,
        *,
        scheduler_file: Any = None,
        scratch_directory: Any = None,
        worker_timeout: float = 60.0,
        **kwargs: Any,
    ) -> None:
        _worker.not_a_workers()
        self._connection = Connection(address, scheduler_file, scratch_directory, kwargs)
        #: Where it is.
        self.address = self._connection.address
        self._worker_timeout = worker_timeout
        self._shelf = Shelf()
        self._events = _events.Events()
        self._written: set[Path] = set()
        self._folders = _exchange.Folders()
        #: Names under which something is published that may have to be made again from files.
        self._published: set[str] = set()
        self._finalizer = weakref.finalize(
            self, _closed, self._connection, self._published, self._written, self._folders
        )

    @property
    def client(self) -> distributed.Client:
        """The client of `distributed`."""
        return self._connection.client

    @property
    def status(self) -> str:
        """`"running"`, `"connecting"` or `"closed"`."""
        return self.client.status

    @property
    def dashboard_link(self) -> str:
        """Where Dask's page is that shows the cluster at work."""
        return self.client.dashboard_link

    def scheduler_info(self) -> dict[str, Any]:
        """What the scheduler says of itself and of its workers."""
        self._connection.ready()
        return self.client.scheduler_info(n_workers=-1)

    # How something comes to run.

    def _run(
        self, arrays: list, sinks: list | None = None, writing: frozenset[int] = frozenset()
    ) -> Run:
        """Some arrays, planned for the workers that there are. `sinks` has what sinks say of their
        parts, `writing` those whose functions write."""
        exprs = [array._expr for array in arrays]
        exprs, states = _sources.placed(exprs, self._connection.scratch, self._written)
        capacity = self._connection.capacity(self._worker_timeout)
        folder = self._folders.named(self._connection.scratch)
        run = Run(exprs, sinks or [None] * len(exprs), states, capacity, writing, folder)
        run.elsewhere = self._shelf.keys(run.needs())
        _values.check(self, run.values.values())
        return run

    def _submit(
        self, run: Run | None, tasks: dict, keys: list, options: dict[str, Any]
    ) -> dict[Any, Any]:
        """Futures of `distributed` of some keys of a graph."""
        if not keys:
            return {}
        graph = _graph.graph(None if run is None else run.fragments(), tasks)
        folder = None if run is None else run.folder
        if folder is not None:
            self._folders.make(folder)
        # Before it begins, or what is heard of it may come too late.
        told = None if run is None else self._events.begin(self.client, run)
        # What is in memory is sent on purpose, up to a size of ours.
        with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1GiB"}):
            parts = self.client.get(graph, keys, sync=False, **options)
        if told is not None:
            when_ended(self.client, parts, told.finish)
        if folder is not None:
            when_ended(self.client, parts, lambda ok: _exchange.empty(folder))
        return dict(zip(keys, parts, strict=True))

    # Computing.

    def compute(self, *things: Any, priority: int = 0, workers: Any = None) -> Any:
        """Futures of arrays and `Delayed`: one of each in a list or tuple, else one.

        What they share is computed once.

        Parameters
        ----------
        *things
            Arrays and `Delayed`; lists and tuples of them, nested. Of a dict or a set that holds
            some it is one future. Of several things it is a tuple.
        priority : int
            Higher ones first.
        workers : str or list of str, optional
            Which workers may take part; all by default.

        Raises
        ------
        MemoryLimitError
            A part of the work cannot fit a worker, before anything runs.
        ValueError
            Arrays in memory that are too large to travel, and no scratch directory.
        TimeoutError
            There are no workers.

        Examples
        --------
        >>> from chunkwise.distributed import Client
        >>> with Client(processes=False, dashboard_address=":0") as client:
        ...     x = da.arange(10, chunks=5)
        ...     first, second = client.compute([x.sum(), chunkwise.delayed(len)(x)])
        ...     int(first.result()), second.result()
        (45, 10)
        """
        units: list[tuple[list, Callable]] = []
        rebuild = _spread(things if len(things) != 1 else things[0], units)
        return rebuild(self._futures(units, priority=priority, workers=workers))

    def _futures(
        self, units: list[tuple[list, Callable]], whole: bool = False, **options: Any
    ) -> list[Future]:
        """A future for each unit: the things in it, and what makes its value of theirs. Those of
        arrays are put together here, or, if `whole`, by a task of the cluster."""
        things = [thing for found, _ in units for thing in found]
        calls = [thing for thing in things if isinstance(thing, Delayed)]
        arrays = [thing for thing in things if not isinstance(thing, Delayed)]
        run, tasks = self._planned(arrays, calls)
        place = iter(range(len(arrays)))
        of_things = [None if isinstance(t, Delayed) else next(place) for t in things]

        def put_together(array: int) -> Any:
            key, tasks[key] = run.whole(array)
            return key

        keys_of: list[list] = []
        for thing, array in zip(things, of_things, strict=True):
            if array is None:
                keys_of.append([thing.key])
            else:
                keys_of.append([put_together(array)] if whole else run.result_keys(array))
        keys = list(dict.fromkeys(key for keys in keys_of for key in keys))
        made = self._submit(run, tasks, keys, options)
        futures = []
        rest = iter(zip(of_things, keys_of, strict=True))
        for found, rebuild in units:
            mine = [next(rest) for _ in found]
            futures.append(self._future(run, mine, rebuild, made, whole))
        return futures

    def _planned(self, arrays: list, calls: list[Delayed]) -> tuple[Run | None, dict[Any, Any]]:
        """Arrays, with those that some `Delayed` read after them, and the tasks of these."""
        inner = _tasks.inner_arrays(calls)
        both = [*arrays, *inner.values()]
        run = self._run(both) if both else None
        if run is None and calls:
            self._connection.ready()
        _values.check(self, _tasks.persisted(calls).values())
        tasks: dict[Any, Any] = {}
        elements = {}
        for n, key in enumerate(inner, len(arrays)):
            elements[key], task = run.whole(n)
            tasks[elements[key]] = task
        return run, tasks | _tasks.tasks(calls, elements)

    def _future(
        self, run: Run | None, mine: list, rebuild: Callable, made: dict, whole: bool
    ) -> Future:
        # Of what several futures share each holds its own: to cancel one leaves the others.
        parts = [
            made.pop(key, None) or distributed.Future(key, self.client)
            for _, keys in mine
            for key in keys
        ]

        def value(values: list) -> Any:
            rest = iter(values)
            results = []
            for array, keys in mine:
                own = [next(rest) for _ in keys]
                direct = array is None or whole
                results.append(own[0] if direct else run.collect(array, own))
            return rebuild(results)

        key = mine[0][1][0] if len(mine) == 1 and mine[0][1] else _key("compute", False)
        future = Future(self, key, parts, value)
        future._things = (run, mine, rebuild)
        return future

    def persist(self, *things: Any, priority: int = 0, workers: Any = None) -> Any:
        """Computes arrays and `Delayed` and keeps them on the workers: as arrays over what lies
        there, and as `Delayed` whose values do.

        It returns at once; what is computed with them waits for them. They are kept as long as one
        of them, or what is made of it, is held here, or while they are published.

        Parameters
        ----------
        *things
            Arrays and `Delayed`; lists, tuples, sets and dicts of them, nested.
        priority, workers
            As in `compute`.

        Returns
        -------
        The same with other arrays and `Delayed`; a tuple of them for several things.

        Examples
        --------
        >>> from chunkwise.distributed import Client
        >>> with Client(processes=False, dashboard_address=":0") as client:
        ...     x = client.persist(da.arange(10, chunks=5) ** 2)
        ...     int(client.compute(x[3:5].sum()).result())
        ...     count = client.persist(chunkwise.delayed(len)(x))
        ...     client.compute(count + 1).result()
        25
        11
        """
        found: list = []
        rebuild = [_collections._collect(thing, found) for thing in things]
        arrays = [thing for thing in found if not isinstance(thing, Delayed)]
        calls = [thing for thing in found if isinstance(thing, Delayed)]
        run, tasks = self._planned(arrays, calls)
        keys = [run.result_keys(n) for n in range(len(arrays))]
        wanted = dict.fromkeys([*(k for own in keys for k in own), *(one.key for one in calls)])
        made = self._submit(run, tasks, list(wanted), {"priority": priority, "workers": workers})
        of_arrays = iter(enumerate(zip(arrays, keys, strict=True)))
        new: list = []
        for thing in found:
            if isinstance(thing, Delayed):
                future = Future(self, thing.key, [made[thing.key]], _first)
                new.append(_values.kept(thing, future))
            else:
                n, (array, own) = next(of_arrays)
                name = f"persisted-{run.token}-{n}"
                parts = [made[key] for key in own]
                about = Kept(name, array.dtype.name, run.cut.owner(n), parts)
                new.append(self._shelf.put(self, about))
        results = tuple(r(new) for r in rebuild)
        return results if len(things) != 1 else results[0]

    def explain(self, *things: Any) -> str:
        """What computing some arrays would do here: the plan, and its fragments.

        Examples
        --------
        >>> from chunkwise.distributed import Client
        >>> with Client(processes=False, dashboard_address=":0") as client:
        ...     print(client.explain(da.ones((4, 4), chunks=2).sum()))
        plan...
        """
        found: list = []
        for thing in things:
            _collections._collect(thing, found)
        if any(isinstance(t, Delayed) for t in found):
            raise TypeError("explain is of arrays: what functions do is not known")
        run = self._run(found)
        return f"{run.plan.explain()}\n{run.cut.explain()}"

    # What became of it.

    def gather(self, futures: Any, errors: str = "raise") -> Any:
        """Waits for futures, also in lists, tuples, sets and dicts; values in their places.

        Parameters
        ----------
        futures
            Futures of this client or of `distributed`, nested.
        errors : {"raise", "skip"}
            Whether to raise the first error, or to leave failed ones out of lists.

        Examples
        --------
        >>> from chunkwise.distributed import Client
        >>> with Client(processes=False, dashboard_address=":0") as client:
        ...     client.gather({"a": client.submit(abs, -2)})
        {'a': 2}
        """
        if errors not in ("raise", "skip"):
            raise ValueError(f"errors must be 'raise' or 'skip', got {errors!r}")
        found = list(every(futures, FUTURES, iterables=True))
        if errors == "raise":
            needed = [f._needed() if isinstance(f, Future) else [f] for f in found]
            rest = iter(gathered(self, [part for parts in needed for part in parts]))
            values = {}
            for future, parts in zip(found, needed, strict=True):
                own = [next(rest) for _ in parts]
                values[id(future)] = future._arrived(own) if isinstance(future, Future) else own[0]
            return replaced(futures, lambda future: values[id(future)], FUTURES)
        arrived(self, [future for future in found if not isinstance(future, Future)], None)
        wait(found)
        good = {id(f) for f in found if f.status == "finished"}
        kept = [f for f in futures if not isinstance(f, FUTURES) or id(f) in good]
        return self.gather(kept)

    def cancel(self, futures: Any) -> None:
        """Cancels futures, also in lists, those that run too."""
        for future in every(futures, FUTURES, iterables=True):
            future.cancel()

    def progress(self, futures: Any, **kwargs: Any) -> Any:
        """Shows how far futures are: on a terminal until they are done, in a notebook as a bar.

        `chunkwise.diagnostics.ProgressBar` and `Profiler` hear of the runs of a cluster too.
        """
        found = every(futures, FUTURES, iterables=True)
        with self.client.as_current():
            return distributed.progress([p for f in found for p in _parts(f)], **kwargs)

    # The end.

    def close(self) -> None:
        """Lets go of the cluster; one that the client has started is ended. Files in the scratch
        directory are removed, but for those that something published may need."""
        self._finalizer()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Client: {self.address}, {self.status}>"


def _closed(
    connection: Connection, published: set[str], written: set[Path], folders: _exchange.Folders
) -> None:
    """The end of a client, also of one that nobody has closed."""
    if not published:
        for path in written:
            path.unlink(missing_ok=True)
        folders.close()
    connection.close()


#: What is taken for a future: those of `distributed` too.
FUTURES = (Future, distributed.Future)


def _parts(future: Any) -> list:
    return future._parts if isinstance(future, Future) else [future]


def _spread(thing: Any, units: list[tuple[list, Callable]]) -> Callable[[list], Any]:
    """Puts what is to have a future of its own into `units`; answers what rebuilds the whole."""
    if type(thing) in (list, tuple):
        kind, parts = type(thing), [_spread(part, units) for part in thing]
        return lambda futures: kind(part(futures) for part in parts)
    place, found = len(units), []
    units.append((found, _collections._collect(thing, found)))
    return lambda futures: futures[place]
