"""The client of a cluster."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import dask
import distributed

from .. import _collections
from .._delayed import Delayed, _is_array, _key, _name_of
from . import _events, _exchange, _graph, _sources, _tasks, _worker
from ._connection import Connection
from ._futures import Future, Stored, arrived, gathered, when_done
from ._persisted import Kept, Shelf
from ._run import Run

__all__ = ["Client"]


class Client:
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
        self._finalizer = weakref.finalize(self, self._connection.close)

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

    def _run(self, arrays: list, sinks: list | None = None) -> Run:
        """Some arrays, planned for the workers that there are. `sinks` has what sinks say of their
        parts."""
        exprs = [array._expr for array in arrays]
        exprs, states = _sources.placed(exprs, self._connection.scratch, self._written)
        capacity = self._connection.capacity(self._worker_timeout)
        folder = self._folders.named(self._connection.scratch)
        run = Run(exprs, sinks or [None] * len(exprs), states, capacity, folder)
        run.elsewhere = self._shelf.keys(run.needs())
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
            when_done(parts, told.finish)
        if folder is not None:
            when_done(parts, lambda ok: self._folders.empty(folder))
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
        delayed = [thing for thing in things if isinstance(thing, Delayed)]
        inner = _tasks.inner_arrays(delayed)
        arrays = [t for t in things if not isinstance(t, Delayed)] + list(inner.values())
        run = self._run(arrays) if arrays else None
        if run is None and delayed:
            self._connection.ready()
        place = iter(range(len(arrays)))
        of_things = [None if isinstance(t, Delayed) else next(place) for t in things]
        of_inner = dict(zip(inner, place, strict=True))
        tasks: dict[Any, Any] = {}

        def put_together(array: int) -> Any:
            key, tasks[key] = run.whole(array)
            return key

        tasks.update(_tasks.tasks(delayed, {k: put_together(n) for k, n in of_inner.items()}))
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

    def _future(
        self, run: Run | None, mine: list, rebuild: Callable, made: dict, whole: bool
    ) -> Future:
        parts = [made[key] for _, keys in mine for key in keys]

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
        """Computes arrays and keeps them on the workers, as arrays over what lies there.

        It returns at once; what is computed with such arrays waits for them. They are kept as long
        as one of them, or an array made of it, is held here, or while they are published.

        Parameters
        ----------
        *things
            Arrays; lists, tuples, sets and dicts of them, nested.
        priority, workers
            As in `compute`.

        Returns
        -------
        The same with other arrays; a tuple of them for several things.

        Examples
        --------
        >>> from chunkwise.distributed import Client
        >>> with Client(processes=False, dashboard_address=":0") as client:
        ...     x = client.persist(da.arange(10, chunks=5) ** 2)
        ...     int(client.compute(x[3:5].sum()).result())
        25
        """
        found: list = []
        rebuild = [_collections._collect(thing, found) for thing in things]
        if any(isinstance(thing, Delayed) for thing in found):
            raise TypeError("persist is of arrays: `compute` gives futures of Delayed")
        kept = []
        if found:
            run = self._run(found)
            owners = [run.cut.owner(n) for n in range(len(found))]
            keys = [run.result_keys(n) for n in range(len(found))]
            wanted = list(dict.fromkeys(key for part in keys for key in part))
            made = self._submit(run, {}, wanted, {"priority": priority, "workers": workers})
            for n, array in enumerate(found):
                name = f"persisted-{run.token}-{n}"
                parts = [made[key] for key in keys[n]]
                about = Kept(name, array.dtype.name, owners[n], parts)
                kept.append(self._shelf.put(self, about))
        new = tuple(r(kept) for r in rebuild)
        return new if len(things) != 1 else new[0]

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

    # Functions.

    def submit(
        self,
        func: Callable,
        *args: Any,
        key: str | None = None,
        pure: bool = False,
        priority: int = 0,
        workers: Any = None,
        **kwargs: Any,
    ) -> Future:
        """Calls a function on a worker soon.

        Parameters
        ----------
        func : callable
            The function.
        *args, **kwargs
            Its arguments. Futures, arrays and `Delayed` among them, in lists, tuples, sets and
            dicts too, arrive as their values.
        key : str, optional
            The future's name. A second call under the key of a living future is that future.
        pure : bool
            Whether a call with the same arguments is the same future.
        priority : int
            Higher ones first.
        workers : str or list of str, optional
            Where; anywhere by default.

        Examples
        --------
        >>> from chunkwise.distributed import Client
        >>> with Client(processes=False, dashboard_address=":0") as client:
        ...     a = client.submit(int, "20")
        ...     client.submit(lambda a, x: a + int(x.sum()), a, da.arange(3)).result()
        23
        """
        if not callable(func):
            raise TypeError(f"{func!r} is no function")
        self._connection.ready()
        given = self._given((args, kwargs))
        name = key or _key(_name_of(func), pure, func, args, kwargs)
        part = self.client.submit(
            _worker.Guarded(func),
            *given[0],
            key=name,
            priority=priority,
            workers=workers,
            **given[1],
        )
        return Future(self, name, [part], _first)

    def map(self, func: Callable, *iterables: Iterable, **kwargs: Any) -> list[Future]:
        """A call for each element of one iterable, or for each tuple of several; the futures.

        Keywords are those of `submit`, and the function's.

        Examples
        --------
        >>> from chunkwise.distributed import Client
        >>> with Client(processes=False, dashboard_address=":0") as client:
        ...     client.gather(client.map(pow, [2, 3], [3, 2]))
        [8, 9]
        """
        calls = list(zip(*iterables, strict=False))
        own = {"key", "pure"} & set(kwargs)
        if own or not calls or any(_holds(part) for call in calls for part in call):
            return [self.submit(func, *call, **kwargs) for call in calls]
        self._connection.ready()
        options = {name: kwargs.pop(name) for name in ("priority", "workers") if name in kwargs}
        kwargs = self._given(kwargs)
        # All of them at once, so that thousands take no longer than one by one.
        columns = [list(column) for column in zip(*calls, strict=True)]
        keys = [_key(_name_of(func), False) for _ in calls]
        parts = self.client.map(
            _worker.Guarded(func), *columns, key=keys, pure=False, **options, **kwargs
        )
        return [Future(self, part.key, [part], _first) for part in parts]

    def _given(self, thing: Any) -> Any:
        """Arguments with futures of `distributed` in the places of what is to arrive as a value."""
        if isinstance(thing, Delayed) or _is_array(thing):
            (future,) = self._futures([([thing], _first)], whole=True)
            return future._parts[0]
        if isinstance(thing, Future):
            return self._passed(thing)
        if type(thing) in (list, tuple, set, frozenset):
            return type(thing)(self._given(part) for part in thing)
        if type(thing) is dict:
            return {key: self._given(part) for key, part in thing.items()}
        return thing

    def _passed(self, future: Future) -> Any:
        """What stands for a future as an argument."""
        things = getattr(future, "_things", None)
        if things is None:
            return future._parts[0]
        run, mine, rebuild = things
        tasks: dict[Any, Any] = {}
        keys = []
        for array, own in mine:
            if array is None:
                keys.append(own[0])
                continue
            key, tasks[key] = run.whole(array)
            keys.append(key)
        known = {part.key: part for part in future._parts}
        made = self._submit(run, tasks, list(tasks), {}) if tasks else {}
        return rebuild([made[key] if key in made else known[key] for key in keys])

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
        found: list = []
        _every(futures, found)
        parts = [part for future in found for part in _parts(future)]
        if errors == "raise":
            rest = iter(gathered(self, parts))
            values = {}
            for future in found:
                own = [next(rest) for _ in _parts(future)]
                values[id(future)] = future._arrived(own) if isinstance(future, Future) else own[0]
            return _replaced(futures, values)
        arrived(self, parts, None)
        good = {id(f) for f in found if f.status == "finished"}
        kept = [f for f in futures if not isinstance(f, _FUTURES) or id(f) in good]
        return self.gather(kept)

    def cancel(self, futures: Any) -> None:
        """Cancels futures, also in lists, those that run too."""
        found: list = []
        _every(futures, found)
        for future in found:
            future.cancel()

    def scatter(self, data: Any) -> Any:
        """Futures of a value, or of each value of a list, tuple or dict, which travel with what
        reads them.

        They are not kept on a worker only: what was lost with it could not be made again.

        Examples
        --------
        >>> from chunkwise.distributed import Client
        >>> with Client(processes=False, dashboard_address=":0") as client:
        ...     client.submit(sum, client.scatter([1, 2])).result()
        3
        """
        if type(data) in (list, tuple):
            return type(data)(self.submit(_same, value) for value in data)
        if type(data) is dict:
            return {key: self.submit(_same, value) for key, value in data.items()}
        return self.submit(_same, data)

    def progress(self, futures: Any, **kwargs: Any) -> Any:
        """Shows how far futures are: on a terminal until they are done, in a notebook as a bar.

        `chunkwise.diagnostics.ProgressBar` and `Profiler` hear of the runs of a cluster too.
        """
        found: list = []
        _every(futures, found)
        with self.client.as_current():
            return distributed.progress([p for f in found for p in _parts(f)], **kwargs)

    def publish(self, name: str, array: Any, override: bool = False) -> None:
        """Keeps a persisted array under a name, for other clients and after this one is closed.

        Parameters
        ----------
        name : str
        array : Array
            One that `persist` has given, as it is; or lists, tuples and dicts of such.
        override : bool
            Whether to take the place of what is published under the name.

        Raises
        ------
        KeyError
            The name is taken.
        ValueError
            An array that was not persisted.

        Examples
        --------
        >>> from chunkwise.distributed import Client
        >>> with Client(processes=False, dashboard_address=":0") as client:
        ...     client.publish("squares", client.persist(da.arange(4) ** 2))
        ...     client.get("squares").compute()
        array([0, 1, 4, 9])
        """
        self._connection.ready()

        self.client.publish_dataset(self._described(array), name=name, override=override)
        self._published.add(name)

    def unpublish(self, name: str) -> None:
        """Forgets a name; what nobody holds any more is dropped."""
        self._connection.ready()
        self.client.unpublish_dataset(name)
        self._published.discard(name)

    def get(self, name: str) -> Any:
        """What was published under a name, by this client or another.

        Raises
        ------
        KeyError
            Nothing was.
        """
        self._connection.ready()

        return self._found(self.client.get_dataset(name))

    def _described(self, thing: Any) -> Any:
        """Persisted arrays as plain data."""
        if _is_array(thing):
            kept = self._shelf.of(thing)
            if kept is None:
                raise ValueError("publish: an array that is not persisted: persist it first")
            return {"chunkwise": kept.described()}
        if type(thing) in (list, tuple):
            return type(thing)(self._described(part) for part in thing)
        if type(thing) is dict:
            return {key: self._described(part) for key, part in thing.items()}
        return thing

    def _found(self, thing: Any) -> Any:
        """What `_described` has described."""
        if type(thing) is dict and set(thing) == {"chunkwise"}:
            return self._shelf.put(self, Kept(**thing["chunkwise"]))
        if type(thing) in (list, tuple):
            return type(thing)(self._found(part) for part in thing)
        if type(thing) is dict:
            return {key: self._found(part) for key, part in thing.items()}
        return thing

    # The end.

    def close(self) -> None:
        """Lets go of the cluster; one that the client has started is ended. Files in the scratch
        directory are removed, but for those that something published may need."""
        if not self._finalizer.alive:
            return
        if not self._published:
            for path in self._written:
                path.unlink(missing_ok=True)
            self._folders.close()
        self._finalizer()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Client: {self.address}, {self.status}>"


_FUTURES = (Future, distributed.Future)


def _spread(thing: Any, units: list[tuple[list, Callable]]) -> Callable[[list], Any]:
    """Puts what is to have a future of its own into `units`; answers what rebuilds the whole."""
    if type(thing) in (list, tuple):
        kind, parts = type(thing), [_spread(part, units) for part in thing]
        return lambda futures: kind(part(futures) for part in parts)
    place, found = len(units), []
    units.append((found, _collections._collect(thing, found)))
    return lambda futures: futures[place]


def _same(value: Any) -> Any:
    return value


def _first(values: list) -> Any:
    return values[0]


def _holds(thing: Any) -> bool:
    """Whether an argument has something in it that is to be computed."""
    if isinstance(thing, (Delayed, Future)) or _is_array(thing):
        return True
    if type(thing) in (list, tuple, set, frozenset):
        return any(map(_holds, thing))
    return type(thing) is dict and any(map(_holds, thing.values()))


def _every(thing: Any, found: list) -> None:
    """Futures, of `distributed` too, in the order in which they stand."""
    if isinstance(thing, _FUTURES):
        found.append(thing)
    elif type(thing) is dict:
        for part in thing.values():
            _every(part, found)
    elif isinstance(thing, Iterable) and not isinstance(thing, str | bytes):
        for part in thing:
            _every(part, found)


def _parts(future: Any) -> list:
    return future._parts if isinstance(future, Future) else [future]


def _replaced(thing: Any, values: dict[int, Any]) -> Any:
    if isinstance(thing, _FUTURES):
        return values[id(thing)]
    if type(thing) in (list, tuple, set, frozenset):
        return type(thing)(_replaced(part, values) for part in thing)
    if type(thing) is dict:
        return {key: _replaced(part, values) for key, part in thing.items()}
    return thing
