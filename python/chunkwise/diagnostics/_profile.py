"""Records of runs: tasks, processors, memory."""

from __future__ import annotations

import json
import os
import tempfile
import threading
import time
from typing import Any

from .. import _chunkwise as _native
from .._svg import Picture, deliver
from ._callback import Listener
from ._records import ResourceData, RunData, TaskData, WorkerData
from ._table import Table, table

__all__ = ["Profiler", "ResourceProfiler", "visualize"]

# Times are given on the axis of `time.perf_counter`, so that they can be set beside others.
_OFFSET = time.perf_counter() - _native.now()


class Profiler(Listener):
    """Writes down every task of every run: what, on which thread, from when to when.

    Of a cluster's runs a task is a fragment, and a thread one of a worker's.

    Examples
    --------
    >>> from chunkwise.diagnostics import Profiler
    >>> with Profiler() as prof:
    ...     total = (da.asarray([1, 2, 3]) + 1).compute()
    >>> [(task.label, task.thread) for task in prof.results]
    [('add', 0)]
    >>> prof.runs[0].ok
    True
    """

    def __init__(self) -> None:
        self._native = _native.Profile()
        #: Runs in other processes, each with its tasks.
        self._others: list[tuple[Any, list[tuple]]] = []

    def _elsewhere(self, run: Any) -> tuple[Any, Any]:
        tasks: list[tuple] = []
        self._others.append((run, tasks))
        return lambda *task: tasks.append(task), lambda: None

    def __enter__(self) -> Profiler:
        self.clear()
        return super().__enter__()

    @property
    def results(self) -> list[TaskData]:
        """The tasks, in the order in which they ended; those of clusters after those of here."""
        found = [TaskData(*t[:5], t[5] + _OFFSET, t[6] + _OFFSET) for t in self._native.tasks()]
        own = len(self._native.runs())
        for n, (run, tasks) in enumerate(self._others):
            found += [
                TaskData(own + n, stage, number, run.stages[stage], thread, start, end, *done)
                for stage, number, thread, start, end, done in list(tasks)
            ]
        return found

    @property
    def runs(self) -> list[RunData]:
        """The runs, in the order in which they began; those of clusters, of whose arrays' memory
        nothing is known, after those of here."""
        runs = self._native.runs()
        return [
            RunData(*r[:3], r[3] + _OFFSET, None if r[4] is None else r[4] + _OFFSET, *r[5:])
            for r in runs
        ] + [_run_elsewhere(r) for r, _ in self._others]

    def table(self) -> Table:
        """What the stages of the runs came to: their tasks, times, threads and bytes.

        Examples
        --------
        >>> from chunkwise.diagnostics import Profiler
        >>> with Profiler() as prof:
        ...     total = (da.ones((100, 100), chunks=50) + 1).sum().compute()
        >>> print(prof.table())
        run  stage  tasks  threads  seconds  longest
          0    sum      ...
        """
        return table(self.results)

    def clear(self) -> None:
        """Forgets all that was recorded."""
        self._native.clear()
        self._others.clear()

    def trace(self, filename: Any, resources: ResourceProfiler | None = None) -> None:
        """Writes a trace file, which https://ui.perfetto.dev shows, and Chrome's ``about:tracing``.

        It has the tasks of each thread and the runs, and how many bytes were in arrays; of runs in
        clusters a process for each worker, with its threads. The page that shows it reads the file
        in the browser; nothing is sent anywhere.

        Parameters
        ----------
        filename : path
            A JSON file, in the Trace Event Format.
        resources : ResourceProfiler, optional
            Its memory and processors are put beside the tasks, those of workers too.

        Raises
        ------
        TypeError
            Resources of another type.
        OSError
            The file cannot be written.

        Examples
        --------
        >>> import os, tempfile
        >>> from chunkwise.diagnostics import Profiler
        >>> with Profiler() as prof:
        ...     total = (da.asarray([1, 2, 3]) + 1).compute()
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     prof.trace(os.path.join(folder, "run.json"))
        ...     os.listdir(folder)
        ['run.json']
        """
        if not isinstance(resources, ResourceProfiler | None):
            raise TypeError(f"expected ResourceProfiler, got {type(resources).__name__}")
        workers = [] if resources is None else resources.workers
        if not self._others and not workers:
            self._native.trace(os.fspath(filename), resources and resources._native)
            return
        document = self.to_trace(resources)
        with open(filename, "w", encoding="utf-8") as file:
            json.dump(document, file)

    def to_trace(self, resources: ResourceProfiler | None = None) -> dict[str, Any]:
        """What `trace` writes, as a dictionary.

        Examples
        --------
        >>> from chunkwise.diagnostics import Profiler
        >>> with Profiler() as prof:
        ...     total = (da.asarray([1, 2, 3]) + 1).compute()
        >>> events = prof.to_trace()["traceEvents"]
        >>> [event["name"] for event in events if event.get("cat") == "task"]
        ['add']
        """
        if not isinstance(resources, ResourceProfiler | None):
            raise TypeError(f"expected ResourceProfiler, got {type(resources).__name__}")
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "trace.json")
            self._native.trace(path, resources and resources._native)
            with open(path, encoding="utf-8") as file:
                document = json.load(file)
        self._add_workers(document, resources)
        return document

    def _add_workers(self, document: dict[str, Any], resources: ResourceProfiler | None) -> None:
        from ._trace import add_workers

        samples = [] if resources is None else resources.workers
        if not self._others and not samples:
            return
        runs = list(enumerate(self.runs))
        own = len(runs) - len(self._others)
        moments = [run.start for _, run in runs[:own]]
        moments += [s.time for s in resources.results] if resources is not None else []
        # A thread has one row, whatever its number was in each run.
        rows: dict[str, dict[Any, int]] = {}
        places = {}
        for n, (run, _) in enumerate(self._others, own):
            for number, (worker, thread) in enumerate(list(run.where)):
                known = rows.setdefault(worker, {})
                places[n, number] = known.setdefault(thread, len(known))
        tasks = [t for t in self.results if t.worker is not None]
        begin = min(moments, default=None)
        add_workers(document, runs[own:], tasks, samples, places, begin)

    def visualize(
        self, filename: Any = None, format: str | None = None, show: bool = False
    ) -> Picture:
        """A picture of the threads' tasks over time; see `visualize` of this package."""
        return visualize(self, filename, format, show)


def _run_elsewhere(run: Any) -> RunData:
    read, written, spilled = run.moved
    about = (run.stages, run.threads, run.limit, run.start, run.end, run.ok)
    return RunData(*about, 0, spilled, 0, read, written)


#: Seconds between two questions what workers do: they do not tell more often.
_WORKERS = 0.5


class ResourceProfiler(Listener):
    """Samples processors and memory: within a ``with`` all the time, registered while runs go on.

    While runs of a cluster go on, those of its workers too.

    Parameters
    ----------
    dt : float
        Seconds between two samples; of workers, 0.5 at least.

    Examples
    --------
    >>> from chunkwise.diagnostics import ResourceProfiler
    >>> with ResourceProfiler(dt=0.01) as rprof:
    ...     total = (da.asarray([1, 2, 3]) + 1).compute()
    >>> len(rprof.results) >= 2
    True
    """

    def __init__(self, dt: float = 1.0) -> None:
        self._native = _native.Sampler(dt)
        self._dt = max(dt, _WORKERS)
        self._workers: list[WorkerData] = []

    def __enter__(self) -> ResourceProfiler:
        self.clear()
        self._native.start()
        self._listen()
        return self

    def __exit__(self, *exception: object) -> None:
        self._unlisten()
        self._native.stop()

    def _elsewhere(self, run: Any) -> tuple[Any, Any] | None:
        if run.workers is None:
            return None
        ended = threading.Event()
        samples = self._workers

        def sample() -> None:
            try:
                found = run.workers()
            except Exception:
                # Who is asked is gone, and the run with it.
                ended.set()
                return
            now = time.perf_counter()
            samples.extend(WorkerData(now, *one) for one in found)

        def keep_sampling() -> None:
            sample()
            while not ended.wait(self._dt):
                sample()
            sample()

        threading.Thread(target=keep_sampling, name="chunkwise-workers", daemon=True).start()
        return lambda *task: None, ended.set

    @property
    def results(self) -> list[ResourceData]:
        """The samples, in their order."""
        return [ResourceData(s[0] + _OFFSET, *s[1:]) for s in self._native.samples()]

    @property
    def workers(self) -> list[WorkerData]:
        """The samples of clusters' workers, in their order."""
        return list(self._workers)

    def clear(self) -> None:
        """Forgets all samples."""
        self._native.clear()
        self._workers = []

    def visualize(
        self, filename: Any = None, format: str | None = None, show: bool = False
    ) -> Picture:
        """A chart of processors and memory over time; see `visualize` of this package."""
        return visualize(self, filename, format, show)


def visualize(
    profilers: Any, filename: Any = None, format: str | None = None, show: bool = False
) -> Picture:
    """The records of profilers in one picture, on one axis of time.

    Parameters
    ----------
    profilers : Profiler, ResourceProfiler or a sequence of them
        Whose records to show.
    filename : path, optional
        A file to write the picture to: SVG, PNG or HTML by its ending.
    format : {"svg", "png", "html"}, optional
        Where the file's name does not tell.
    show : bool
        Show it in the notebook at once; the picture that is returned shows itself too where it is
        a cell's last value.

    Returns
    -------
    Picture
        Shows itself in notebooks; ``picture.svg`` is its text, ``picture.save("name.png")`` writes
        it.

    Raises
    ------
    TypeError
        Something else than profilers.

    Examples
    --------
    >>> from chunkwise.diagnostics import ResourceProfiler, visualize
    >>> with ResourceProfiler(dt=0.01) as rprof:
    ...     total = (da.asarray([1, 2, 3]) + 1).compute()
    >>> picture = visualize(rprof)
    """
    from ._chart import chart

    if isinstance(profilers, Profiler | ResourceProfiler):
        profilers = [profilers]
    tasks: list[TaskData] = []
    runs: list[RunData] = []
    samples: list[list[ResourceData]] = []
    workers: list[list[WorkerData]] = []
    for profiler in profilers:
        if isinstance(profiler, Profiler):
            own = profiler.results
            tasks += [t._replace(run=t.run + len(runs)) for t in own]
            runs += profiler.runs
        elif isinstance(profiler, ResourceProfiler):
            samples.append(profiler.results)
            workers.append(profiler.workers)
        else:
            raise TypeError(f"expected Profiler or ResourceProfiler, got {type(profiler).__name__}")
    has_tasks = any(isinstance(p, Profiler) for p in profilers)
    picture = chart(tasks if has_tasks else None, runs, samples, workers)
    return deliver(picture, filename, format, show)
