"""Records of runs: tasks, processors, memory."""

from __future__ import annotations

import os
import time
from typing import Any, NamedTuple

from .. import _chunkwise as _native
from .._svg import Picture, deliver
from ._callback import Listener

__all__ = ["Profiler", "ResourceData", "ResourceProfiler", "RunData", "TaskData", "visualize"]

# Times are given on the axis of `time.perf_counter`, so that they can be set beside others.
_OFFSET = time.perf_counter() - _native.now()


class TaskData(NamedTuple):
    """A task. Times are `time.perf_counter`'s."""

    #: Which run it belongs to, a place in `Profiler.runs`.
    run: int
    #: Which stage of the run's plan.
    stage: int
    #: Its place in the stage's order.
    number: int
    #: What the stage does, in a word or two.
    label: str
    #: Which thread of the run did it, from 0.
    thread: int
    start: float
    end: float


class RunData(NamedTuple):
    """A run. Times are `time.perf_counter`'s, sizes in bytes."""

    #: What its stages do, in a word or two each.
    stages: list[str]
    #: Threads that it might use.
    threads: int
    memory_limit: int
    start: float
    #: `None` while it goes on.
    end: float | None
    #: Whether it ended well.
    ok: bool
    #: The most bytes that arrays held at once.
    peak: int
    #: Written to scratch files.
    spilled: int
    #: Read back from them.
    loaded: int
    #: Read from sources that are not in memory, as elements: before, they may have been compressed.
    read: int
    #: Written to sinks, as elements.
    written: int


class ResourceData(NamedTuple):
    """What the process did and held at a moment: `time.perf_counter`'s time, sizes in bytes."""

    time: float
    #: Processors at work since the sample before, in percent of one.
    cpu: float | None
    #: Resident memory.
    memory: int | None
    #: Of it, in arrays: those of the runs that were heard of, and their results.
    arrays: int
    #: The memory limit of the latest run.
    limit: int | None


class Profiler(Listener):
    """Writes down every task of every run: what, on which thread, from when to when.

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
                TaskData(own + n, stage, number, run.stages[stage], thread, start, end)
                for stage, number, thread, start, end in list(tasks)
            ]
        return found

    @property
    def runs(self) -> list[RunData]:
        """The runs, in the order in which they began; those of clusters, of whose bytes nothing is
        known, after those of here."""
        runs = self._native.runs()
        return [
            RunData(*r[:3], r[3] + _OFFSET, None if r[4] is None else r[4] + _OFFSET, *r[5:])
            for r in runs
        ] + [
            RunData(r.stages, r.threads, r.limit, r.start, r.end, r.ok, 0, 0, 0, 0, 0)
            for r, _ in self._others
        ]

    def clear(self) -> None:
        """Forgets all that was recorded."""
        self._native.clear()
        self._others.clear()

    def trace(self, filename: Any, resources: ResourceProfiler | None = None) -> None:
        """Writes a trace file, which https://ui.perfetto.dev shows, and Chrome's ``about:tracing``.

        It has the tasks of each thread and the runs, and how many bytes were in arrays. The page
        that shows it reads the file in the browser; nothing is sent anywhere.

        Parameters
        ----------
        filename : path
            A JSON file, in the Trace Event Format.
        resources : ResourceProfiler, optional
            Its memory and processors are put beside the tasks.

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
        self._native.trace(os.fspath(filename), resources and resources._native)

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
        import json
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "trace.json")
            self.trace(path, resources)
            with open(path, encoding="utf-8") as file:
                return json.load(file)

    def visualize(
        self, filename: Any = None, format: str | None = None, show: bool = False
    ) -> Picture:
        """A picture of the threads' tasks over time; see `visualize` of this package."""
        return visualize(self, filename, format, show)


class ResourceProfiler(Listener):
    """Samples processors and memory: within a ``with`` all the time, registered while runs go on.

    Parameters
    ----------
    dt : float
        Seconds between two samples.

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

    def __enter__(self) -> ResourceProfiler:
        self.clear()
        self._native.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._native.stop()

    @property
    def results(self) -> list[ResourceData]:
        """The samples, in their order."""
        return [ResourceData(s[0] + _OFFSET, *s[1:]) for s in self._native.samples()]

    def clear(self) -> None:
        """Forgets all samples."""
        self._native.clear()

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
    for profiler in profilers:
        if isinstance(profiler, Profiler):
            own = profiler.results
            tasks += [t._replace(run=t.run + len(runs)) for t in own]
            runs += profiler.runs
        elif isinstance(profiler, ResourceProfiler):
            samples.append(profiler.results)
        else:
            raise TypeError(f"expected Profiler or ResourceProfiler, got {type(profiler).__name__}")
    has_tasks = any(isinstance(p, Profiler) for p in profilers)
    picture = chart(tasks if has_tasks else None, runs, samples)
    return deliver(picture, filename, format, show)
