"""From arrays to fragments, and from fragments to tasks of the cluster."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dask._task_spec import Task, TaskRef

from .. import MemoryLimitError, _session
from .. import _chunkwise as _native
from . import _exchange, _graph, _worker
from ._program import Program

__all__: list[str] = []


@dataclass
class Capacity:
    """What the workers can do."""

    #: Tasks at once.
    slots: int
    #: Bytes that one of them may need, on the worker that has least.
    room: int


def planned(
    exprs: list, sinks: list, capacity: Capacity, picks: int | None
) -> tuple[_native.ClusterPlan, _native.Cut, tuple]:
    """The plan of some arrays, how it is cut, and the limits by which both were made.

    What a plan comes to depends on its memory limit. That of this process is tried first, so that
    results have the bits of a local run; then what all workers have together; then what one task
    may need.
    """
    slots, room = capacity.slots, capacity.room
    tried = [_session.current().memory_limit, slots * room, room]
    for n, limit in enumerate(tried):
        try:
            plan = _native.ClusterPlan(exprs, limit, sinks)
            return plan, plan.cut(slots, room, picks), (limit, slots, room, picks)
        except MemoryLimitError:
            if n + 1 == len(tried):
                raise
    raise AssertionError


class Run:
    """Several arrays on their way through the cluster.

    `sinks` has, for each, what a sink says of its parts, or `None`; `writing` those whose functions
    write something themselves. `folder` is where exchanges may go through files.
    """

    def __init__(
        self,
        exprs: list,
        sinks: list,
        states: list,
        capacity: Capacity,
        writing: frozenset[int] = frozenset(),
        folder: Path | None = None,
    ) -> None:
        picks = None if folder is None else _exchange.PICKS
        self.plan, self.cut, limits = planned(exprs, sinks, capacity, picks)
        self.parts = self.cut.fragments
        #: Where exchanges go through files, if some do.
        self.folder = folder if any(part.is_spread for part in self.parts) else None
        #: `values` are what gives the values of the cluster that it reads, by their keys.
        self.program, self.values = Program.of(exprs, sinks, limits, self.plan, self.folder)
        # What is written is written anew.
        anew = any(sinks) or writing or self.folder is not None
        once = uuid.uuid4().hex if anew else ""
        self.token = self.program.token(states, once)
        self.results = self.cut.results
        self.writers = {r for n in writing for r in self.results[n] if isinstance(r, int)}
        self.labels = [fragment.label for fragment in self.parts]
        self.keys = _graph.names(self.token, self.labels)
        self.capacity = capacity
        #: The keys of the bundles of arrays in the cluster, by their names.
        self.elsewhere: dict[str, list] = {}

    def needs(self) -> set[str]:
        """The names of the arrays in the cluster that it reads."""
        lists = [fragment.reads for fragment in self.parts] + self.results
        return {r[0] for reads in lists for r in reads if not isinstance(r, int)}

    def fragments(self) -> _graph.Fragments:
        """As a part of a graph."""
        known = self.elsewhere
        reads = [
            [r if isinstance(r, int) else known[r[0]][r[1]] for r in f.reads] for f in self.parts
        ]
        often = [
            n
            for n, f in enumerate(self.parts)
            if f.is_source or f.is_sink or f.is_spread or n in self.writers
        ]
        specs = [f.spec for f in self.parts]
        return _graph.Fragments(self.program, self.token, self.labels, specs, reads, often)

    def result_keys(self, array: int) -> list:
        """The keys of the bundles that hold an array, or of what stores it."""
        return [
            self.keys[r] if isinstance(r, int) else self.elsewhere[r[0]][r[1]]
            for r in self.results[array]
        ]

    def whole(self, array: int) -> tuple[Any, Task]:
        """The key of a task that puts an array together on a worker, and the task."""
        key = (f"chunkwise-whole-{self.token}", array)
        bundles = [TaskRef(k) for k in self.result_keys(array)]
        program = TaskRef((f"chunkwise-program-{self.token}", 0))
        return key, Task(key, _worker.whole, program, array, *bundles)

    def collect(self, array: int, bundles: list) -> Any:
        """An array's elements from its bundles."""
        from ..array._array import _result

        return _result(self.cut.collect(array, bundles))
