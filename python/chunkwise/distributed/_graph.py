"""Fragments as a graph for the scheduler, small on the wire: tasks are made of it there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from dask._task_spec import Task, TaskRef
from dask.highlevelgraph import HighLevelGraph, Layer, MaterializedLayer

from ._program import Program, same_program
from ._worker import run_fragment

__all__: list[str] = []

#: Of a task that reads or writes files or services: they fail now and then. Nothing else would end
#: better a second time; what is lost with a worker is made again in any case.
RETRIES = 3


def names(token: str, labels: list[str]) -> list[tuple[str, int]]:
    """The keys of fragments: as Dask groups and colours them."""
    plain = [re.sub(r"[^0-9A-Za-z_]+", "_", label).strip("_") or "fragment" for label in labels]
    return [(f"chunkwise-{label}-{token}", n) for n, label in enumerate(plain)]


class Fragments(Layer):
    """The fragments of one computation, and what they all read."""

    def __init__(
        self,
        program: Program,
        token: str,
        labels: list[str],
        specs: list[bytes],
        reads: list[list[Any]],
        retried: list[int],
    ) -> None:
        self.program, self.token, self.labels, self.specs = program, token, labels, specs
        #: Of each fragment, the numbers of others, or the keys of what lies in the cluster.
        self.reads = reads
        self.retried = retried
        self._tasks: dict[Any, Task] | None = None
        super().__init__(annotations={"retries": self.retries_of})

    @property
    def program_key(self) -> tuple[str, int]:
        return f"chunkwise-program-{self.token}", 0

    def retries_of(self, key: Any) -> int:
        return RETRIES if key[1] in self._often and key != self.program_key else 0

    @property
    def _often(self) -> set[int]:
        known = self.__dict__.get("_retried_set")
        if known is None:
            known = self.__dict__["_retried_set"] = set(self.retried)
        return known

    def _made(self) -> dict[Any, Task]:
        if self._tasks is None:
            keys = names(self.token, self.labels)
            program = TaskRef(self.program_key)
            values = [TaskRef(key) for key in self.program.values]
            first = Task(self.program_key, same_program, self.program, *values)
            tasks = {self.program_key: first}
            run = self.token
            rest = zip(keys, self.labels, self.specs, self.reads, strict=True)
            for number, (key, label, spec, reads) in enumerate(rest):
                inputs = [TaskRef(keys[r] if isinstance(r, int) else r) for r in reads]
                tasks[key] = Task(key, run_fragment, program, label, number, run, spec, *inputs)
            self._tasks = tasks
        return self._tasks

    def __reduce__(self) -> tuple:
        parts = (self.program, self.token, self.labels, self.specs, self.reads, self.retried)
        return Fragments, parts

    def is_materialized(self) -> bool:
        return self._tasks is not None

    def get_output_keys(self) -> Any:
        return self._made().keys()

    def __getitem__(self, key: Any) -> Task:
        return self._made()[key]

    def __iter__(self) -> Iterator:
        return iter(self._made())

    def __len__(self) -> int:
        return 1 + len(self.specs)

    def __contains__(self, key: Any) -> bool:
        return key in self._made()


def graph(fragments: Fragments | None, tasks: dict[Any, Any]) -> HighLevelGraph:
    """Fragments, and tasks that may read them."""
    layers: dict[str, Layer] = {}
    if fragments is not None:
        layers[f"chunkwise-{fragments.token}"] = fragments
    if tasks:
        layers["chunkwise-tasks"] = MaterializedLayer(tasks)
    first = set(layers) - {"chunkwise-tasks"}
    needs = {name: (first if name == "chunkwise-tasks" else set()) for name in layers}
    return HighLevelGraph(layers, needs)
