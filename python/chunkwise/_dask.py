"""Dask's graphs on our threads. Dask is imported when one is run, and not before."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from . import _chunkwise as _native
from . import _session

__all__ = ["get"]


def get(
    dsk: Any,
    keys: Any,
    cache: Any = None,
    num_workers: int | None = None,
    pool: Any = None,
    callbacks: Any = None,
    rerun_exceptions_locally: bool | None = None,
    **kwargs: Any,
) -> Any:
    """Runs a graph of Dask's: a scheduler for ``dask.config.set(scheduler=chunkwise.get)``.

    Delayed, Bag, ``dask.array``, ``dask.dataframe`` and xarray on Dask run with it as they do with
    ``dask.threaded.get``. Each task that the keys need runs once, depth first, and its result is
    dropped after the last task that reads it. A thread keeps Python's lock from task to task;
    others take part while tasks let go of it, as NumPy's do.

    Parameters
    ----------
    dsk : dict, HighLevelGraph or anything with ``__dask_graph__``
        The graph: nodes of ``dask._task_spec``, or tuples as Dask once had them.
    keys : key, or nested lists of keys
        What is wanted.
    cache : dict, optional
        Values of keys that the graph does not have; data and results are put there.
    num_workers : int, optional
        Threads; those of `chunkwise.config` by default.
    pool : optional
        Only its number of threads is used.
    callbacks : optional
        Dask's callbacks, beside which a run is as slow as Dask's own.
    rerun_exceptions_locally : bool, optional
        Whether to run everything again in this thread after an error, for a debugger.
    **kwargs
        What other schedulers take is ignored.

    Returns
    -------
    value, or nested tuples of values in the places of the keys

    Raises
    ------
    Exception
        What a task raises, with its traceback, and with the task and those that need it as a note.
    KeyError
        A key that the graph does not have.
    ValueError
        A task that reads what the graph does not have.
    RuntimeError
        A cycle, whose keys are named.

    Examples
    --------
    >>> chunkwise.get({"x": 1, "y": (lambda x: x + 1, "x")}, ["y", ["x"]])
    (2, (1,))
    """
    from dask import config
    from dask.callbacks import local_callbacks
    from dask.core import flatten
    from dask.local import get_sync
    from dask.utils import ensure_dict

    if not isinstance(dsk, Mapping):
        if not hasattr(dsk, "__dask_graph__"):
            raise TypeError(f"get: {type(dsk).__name__} is no graph of Dask's")
        dsk = dsk.__dask_graph__()
    dsk = ensure_dict(dsk)
    wanted = list(dict.fromkeys(flatten(keys))) if isinstance(keys, list) else [keys]
    if cache is None:
        cache = config.get("cache", None)
    if rerun_exceptions_locally is None:
        rerun_exceptions_locally = config.get("rerun_exceptions_locally", False)
    session, threads = _threads(num_workers, pool)

    def run(graph: _native.Graph, hooks: Any = None) -> list:
        return session.run_graph(graph, threads, hooks)

    try:
        with local_callbacks(callbacks) as active:
            if active or cache is not None:
                values = _watched(dsk, wanted, cache, list(active), run)
            else:
                values = run(_graph(dsk, wanted))
    except Exception:
        if rerun_exceptions_locally:
            get_sync(dsk, keys, cache=cache)
        raise
    return _nested(keys, dict(zip(wanted, values, strict=True)))


def _threads(num_workers: int | None, pool: Any) -> tuple[_native.Session, int | None]:
    """Who runs it, and on how many of its threads."""
    from dask import config

    pool = pool or config.get("pool", None)
    if pool is not None:
        # Of an executor, and of a pool of `multiprocessing`.
        count = getattr(pool, "_max_workers", None) or getattr(pool, "_processes", None)
    else:
        count = num_workers or config.get("num_workers", None)
    session = _session.current()
    if count is not None and count > session.threads:
        session = _session.of_threads(count)
    return session, count


def _graph(dsk: dict, wanted: list, cache: dict | None = None) -> _native.Graph:
    from dask import _task_spec
    from dask._task_spec import Alias, DataNode, GraphNode, Task, TaskRef, convert_legacy_graph

    classes = [TaskRef, DataNode, Alias, Task, GraphNode]
    # What Dask has fused into one task is taken apart again: it would put it in order for each.
    fused = getattr(_task_spec, "_execute_subgraph", None)
    try:
        return _native.Graph(dsk, wanted, cache, classes, fused)
    except TypeError:
        # Tuples and plain data, as Dask once had them.
        known = dsk.keys() if cache is None else dsk.keys() | cache.keys()
        return _native.Graph(convert_legacy_graph(dsk, known), wanted, cache, classes, fused)


def _nested(keys: Any, values: dict) -> Any:
    if isinstance(keys, list):
        return tuple(_nested(key, values) for key in keys)
    return values[keys]


class _Ready(dict):
    """A list of keys, as Dask's callbacks know it, from which any is removed at once."""

    def append(self, key: Any) -> None:
        self[key] = None


def _watched(dsk: dict, wanted: list, cache: Any, active: list, run: Callable) -> list:
    """Runs a graph with Dask's record of it, for callbacks."""
    from dask._task_spec import DataNode, convert_legacy_graph
    from dask.callbacks import unpack_callbacks
    from dask.local import finish_task, start_state_from_dask

    _, _, pretask, posttask, _ = unpack_callbacks(active)
    dsk = convert_legacy_graph(dsk, all_keys=set(dsk) | set(cache or ()))
    started = []
    state: dict = {}
    succeeded = False
    try:
        for callback in active:
            if callback[0]:
                callback[0](dsk)
            started.append(callback)
        cache = {} if cache is None else cache
        # Callbacks may have put data in the graph.
        dsk = convert_legacy_graph(dsk, all_keys=set(dsk) | set(cache))
        given = {key: value for key, value in cache.items() if key not in dsk}
        graph = _graph(dsk, wanted, given)
        place = {key: n for n, key in enumerate(graph.order())}
        state = start_state_from_dask(dsk, cache=cache, sortkey=place.get, keys=wanted)
        ready, state["ready"] = state["ready"], _Ready()
        for key in ready:
            state["ready"].append(key)
        for callback in active:
            if callback[1]:
                callback[1](dsk, state)
        # Callbacks expect one task at a time.
        lock = threading.RLock()
        results = set(wanted)

        def is_task(key: Any) -> bool:
            return key in dsk and not isinstance(dsk[key], DataNode)

        def before(key: Any) -> None:
            if is_task(key):
                with lock:
                    state["ready"].pop(key, None)
                    state["running"].add(key)
                    for tell in pretask:
                        tell(key, dsk, state)

        def after(key: Any, value: Any) -> None:
            if is_task(key):
                with lock:
                    state["cache"][key] = value
                    finish_task(dsk, key, state, results, place.get)
                    for tell in posttask:
                        tell(key, value, dsk, state, threading.get_ident())

        values = run(graph, (before, after))
        succeeded = True
        return values
    finally:
        for callback in started:
            if callback[4]:
                callback[4](dsk, state, not succeeded)
