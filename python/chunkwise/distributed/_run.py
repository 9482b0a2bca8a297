"""From arrays to fragments, and from fragments to tasks of the cluster."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from dask._task_spec import Task, TaskRef

from .. import MemoryLimitError, _session
from .. import _chunkwise as _native
from . import _graph, _worker
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
    exprs: list, stored: list[bool], capacity: Capacity
) -> tuple[_native.ClusterPlan, _native.Cut, int]:
    """The plan of some arrays, how it is cut, and the memory limit that it was made for.

    What a plan comes to depends on its memory limit. That of this process is tried first, so that
    results have the bits of a local run; then what all workers have together; then what one task may
    need.
    """
    limits = [_session.current().memory_limit, capacity.slots * capacity.room, capacity.room]
    for n, limit in enumerate(limits):
        try:
            plan = _native.ClusterPlan(exprs, limit)
            return plan, plan.cut(capacity.slots, capacity.room, stored), limit
        except MemoryLimitError:
            if n + 1 == len(limits):
                raise
    raise AssertionError


class Run:
    """Several arrays on their way through the cluster."""

    def __init__(self, exprs: list, sinks: list, states: list, capacity: Capacity) -> None:
        stored = [sink is not None for sink in sinks]
        self.plan, self.cut, limit = planned(exprs, stored, capacity)
        self.program = Program.of(exprs, sinks, limit, self.plan)
        # What is written is written anew.
        once = [uuid.uuid4().hex] if any(stored) else []
        self.token = self.program.token(states, capacity.slots, capacity.room, once)
        self.labels = [fragment.label for fragment in self.cut.fragments]
        self.keys = _graph.names(self.token, self.labels)
        self.capacity = capacity
        self.stored = stored

    def needs(self) -> set[str]:
        """The names of the arrays in the cluster that it reads."""
        return {r[0] for f in self.cut.fragments for r in f.reads if not isinstance(r, int)}

    def fragments(self, elsewhere: dict[str, list]) -> _graph.Fragments:
        """As a part of a graph. `elsewhere` has the keys of the bundles of arrays by their name."""
        parts = self.cut.fragments
        reads = [
            [r if isinstance(r, int) else elsewhere[r[0]][r[1]] for r in f.reads] for f in parts
        ]
        often = [n for n, f in enumerate(parts) if f.is_source or f.is_sink]
        commits = [
            (array, [n for n, f in enumerate(parts) if f.is_sink])
            for array, stored in enumerate(self.stored)
            if stored
        ]
        specs = [f.spec for f in parts]
        return _graph.Fragments(
            self.program, self.token, self.labels, specs, reads, often, commits
        )

    def result_keys(self, array: int) -> list:
        """The keys of the bundles that hold an array, or of what stores it."""
        if self.stored[array]:
            return [(f"chunkwise-commit-{self.token}", array)]
        return [self.keys[n] for n in self.cut.results[array]]

    def whole(self, array: int) -> tuple[Any, Task]:
        """The key of a task that puts an array together on a worker, and the task."""
        key = (f"chunkwise-whole-{self.token}", array)
        bundles = [TaskRef(k) for k in self.result_keys(array)]
        program = TaskRef((f"chunkwise-program-{self.token}", 0))
        return key, Task(key, _worker.whole, program, array, *bundles)

    def collect(self, array: int, bundles: list) -> Any:
        """An array's elements from its bundles."""
        from ..array._array import _result

        return None if self.stored[array] else _result(self.plan.collect(array, bundles))
