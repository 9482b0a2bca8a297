"""Runs in other processes, told to the listeners of this one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple

__all__: list[str] = []


class Done(NamedTuple):
    """What is known of a task that another process has done; sizes in bytes."""

    #: The worker's address.
    worker: str
    read: int
    written: int
    spilled: int
    #: About what its result has.
    result: int


class ElsewhereRun:
    """A run of a cluster as listeners here hear of it.

    A stage is what fragments of one name do, a task is a fragment, and a thread one of those of the
    workers, numbered in the order in which they are heard of.
    """

    def __init__(
        self,
        labels: list[str],
        costs: list[float],
        sizes: list[int],
        threads: int,
        limit: int,
        workers: Callable[[], list[Any]] | None = None,
    ) -> None:
        self.stages = list(dict.fromkeys(labels))
        self.threads, self.limit = threads, limit
        stage = {label: n for n, label in enumerate(self.stages)}
        counts = [0] * len(self.stages)
        #: Of each fragment, its stage and its place in it.
        self.places: list[tuple[int, int]] = []
        for label in labels:
            n = stage[label]
            self.places.append((n, counts[n]))
            counts[n] += 1
        self.costs = [max(cost, 1e-6) for cost in costs]
        self.sizes = sizes
        #: Asks what the workers do and hold, as `WorkerData` without the time.
        self.workers = workers
        #: Of what has been heard: bytes read, written and put into scratch files.
        self.moved = [0, 0, 0]
        #: Of each thread, the worker, and which of its threads it is to it.
        self.where: list[tuple[str, Any]] = []
        self.start = time.perf_counter()
        self._ended: float | None = None
        self._epoch = time.time() - self.start
        self.ok = False
        self._done: set[int] = set()
        self._threads: dict[Any, int] = {}
        self._lock = threading.Lock()
        self._tell: list[tuple[Callable, Callable]] = []

    def begin(self, listeners: list[Any]) -> None:
        """Tells listeners that it begins."""
        self._tell = [told for one in listeners if (told := one._elsewhere(self)) is not None]

    def task(
        self, fragment: int, thread: tuple[str, Any], start: float, end: float, moved: list[int]
    ) -> None:
        """A fragment has ended, on a thread of a worker; times are of its worker's clock, in
        seconds since the epoch. `moved` are bytes read, written and put into scratch files."""
        with self._lock:
            if self._ended is not None or fragment in self._done:
                return
            self._done.add(fragment)
            number = self._threads.setdefault(thread, len(self._threads))
            if number == len(self.where):
                self.where.append(thread)
            self.moved = [a + b for a, b in zip(self.moved, moved, strict=True)]
        # Clocks differ: what a fragment took is right, and it was between begin and now.
        last = min(end - self._epoch, time.perf_counter())
        first = max(last - max(end - start, 0.0), self.start)
        done = Done(thread[0], *moved, self.sizes[fragment])
        for task, _ in self._tell:
            task(*self.places[fragment], number, first, max(first, last), done)

    def finish(self, ok: bool) -> None:
        """It has ended."""
        with self._lock:
            if self._ended is not None:
                return
            self._ended = time.perf_counter()
            self.ok = ok
        for _, end in self._tell:
            end()

    @property
    def elapsed(self) -> float:
        """Seconds since it began, or that it took."""
        return (self._ended or time.perf_counter()) - self.start

    @property
    def end(self) -> float | None:
        """When it ended, on the axis of `time.perf_counter`."""
        return self._ended

    @property
    def fraction(self) -> float:
        """The share done, by what fragments are reckoned to take."""
        if self.ok:
            return 1.0
        with self._lock:
            return min(sum(self.costs[n] for n in self._done) / sum(self.costs or [1.0]), 1.0)

    def line(self, width: int, cells: int) -> str:
        """One line of at most `width` characters with a bar of at most `cells`."""
        fraction, elapsed = self.fraction, self.elapsed
        percent = f"{int(fraction * 100):3}%"
        left = _clock(elapsed / fraction - elapsed) if fraction else "-:--"
        times = f"{_clock(elapsed)} < {left}"
        room = min(width - len(percent) - len(times) - 2, cells + 2)
        if room >= 8 and cells > 0:
            filled = int(fraction * (room - 2))
            tip = ">" if filled < room - 2 and fraction else ""
            return f"{percent} [{('=' * filled + tip).ljust(room - 2)}] {times}"
        whole = f"{percent} {times}"
        return whole if len(whole) <= width else percent[:width]

    def summary(self) -> str:
        """What is left to say when it is over."""
        if self.ok:
            return f"done in {_clock(self.elapsed)}"
        return f"stopped at {int(self.fraction * 100)}% after {_clock(self.elapsed)}"


def _clock(seconds: float) -> str:
    whole = int(seconds)
    hours, minutes = divmod(whole // 60, 60)
    if hours:
        return f"{hours}:{minutes:02}:{whole % 60:02}"
    return f"{minutes}:{whole % 60:02}"
