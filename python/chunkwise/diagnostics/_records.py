"""What is recorded of tasks, runs, stages, processors and memory."""

from __future__ import annotations

from typing import Any, NamedTuple

__all__ = ["ResourceData", "RunData", "StageData", "TaskData", "WorkerData"]


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
    #: The address of the worker that did it; `None` for this process. What follows is known of
    #: workers' tasks, in bytes.
    worker: str | None = None
    #: Read from sources that are not in memory, as elements.
    read: int | None = None
    #: Written to sinks, as elements.
    written: int | None = None
    #: Written to scratch files.
    spilled: int | None = None
    #: About what its result has, which other tasks are given or which is fetched.
    result: int | None = None


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


class WorkerData(NamedTuple):
    """What a worker of a cluster did and held at a moment: `time.perf_counter`'s time, sizes in
    bytes. It is what the worker has last told its scheduler, half a second or so before."""

    time: float
    #: The worker's address.
    worker: str
    #: Processors at work, in percent of one.
    cpu: float | None
    #: Resident memory.
    memory: int | None
    #: Of it, in results of tasks.
    results: int | None
    #: Of results, what is on its disk.
    spilled: int | None
    #: Its memory limit, where it has one.
    limit: int | None


class StageData(NamedTuple):
    """What the tasks of a stage came to. Times are in seconds, sizes in bytes; sizes of runs in
    this process are known of the run alone, so that they are `None` here."""

    #: Which run it belongs to, a place in `Profiler.runs`.
    run: int
    #: Which stage of the run's plan.
    stage: int
    label: str
    #: How many.
    tasks: int
    #: How many threads, of how many workers, did them.
    threads: int
    workers: int
    #: What all of them took, and the longest.
    seconds: float
    longest: float
    #: Read from sources that are not in memory.
    read: int | None
    #: Written to sinks.
    written: int | None
    #: About what their results have.
    result: int | None


def summed(samples: list[WorkerData]) -> tuple[str, list[ResourceData]]:
    """How many workers samples are of, and those of a moment together, as of one process."""
    by_time: dict[float, list[WorkerData]] = {}
    for sample in samples:
        by_time.setdefault(sample.time, []).append(sample)

    def total(own: list[Any], name: str, partly: bool = False) -> Any:
        known = [getattr(s, name) for s in own if getattr(s, name) is not None]
        return sum(known) if known and (partly or len(known) == len(own)) else None

    found = [
        ResourceData(
            time,
            total(own, "cpu", True),
            total(own, "memory", True),
            total(own, "results", True) or 0,
            total(own, "limit"),
        )
        for time, own in sorted(by_time.items())
    ]
    count = max(map(len, by_time.values()))
    return f" of {count} worker{'s' if count > 1 else ''}", found
