"""Graphs of Dask's on Dask's threads and on ours, side by side in one process.

    python benches/dask_graphs.py [tasks]

For each graph the best of three runs on each scheduler, two threads, in microseconds per task: the
whole of the call, from the graph as a dict to the result.
"""

from __future__ import annotations

import operator
import sys
import time

import chunkwise
import dask
import numpy as np
from dask._task_spec import Task, TaskRef
from dask.threaded import get as threaded

THREADS = 2


def one(n: int) -> int:
    return n


def total(*numbers: int) -> int:
    return sum(numbers)


def trivial(tasks: int) -> tuple[dict, str]:
    """Tasks without inputs, and sums of a thousand of them each."""
    graph = {("x", n): Task(("x", n), one, n) for n in range(tasks)}
    parts = []
    for at in range(0, tasks, 1000):
        key = ("part", at)
        refs = [TaskRef(("x", n)) for n in range(at, min(tasks, at + 1000))]
        graph[key] = Task(key, total, *refs)
        parts.append(TaskRef(key))
    graph["all"] = Task("all", total, *parts)
    return graph, "all"


def tuples(tasks: int) -> tuple[dict, str]:
    """The same as Dask once wrote graphs."""
    graph: dict = {("x", n): (one, n) for n in range(tasks)}
    graph["all"] = (sum, [("x", n) for n in range(tasks)])
    return graph, "all"


def tree(tasks: int) -> tuple[dict, tuple]:
    """Pairs of pairs."""
    level = [("x", n) for n in range(tasks // 2)]
    graph = {key: Task(key, one, key[1]) for key in level}
    depth = 0
    while len(level) > 1:
        depth += 1
        above = []
        for n in range(0, len(level) - 1, 2):
            key = ("sum", depth, n)
            graph[key] = Task(key, operator.add, TaskRef(level[n]), TaskRef(level[n + 1]))
            above.append(key)
        if len(level) % 2:
            above.append(level[-1])
        level = above
    return graph, level[0]


def chain(tasks: int) -> tuple[dict, tuple]:
    """One after the other."""
    graph = {("x", 0): Task(("x", 0), one, 0)}
    for n in range(1, tasks):
        graph["x", n] = Task(("x", n), one, TaskRef(("x", n - 1)))
    return graph, ("x", tasks - 1)


def numpy_work(tasks: int) -> tuple[dict, str]:
    """Tasks of about a millisecond that let go of Python's lock."""
    data = np.linspace(0.0, 1.0, 100_000)
    graph = {("x", n): Task(("x", n), np.sin, data) for n in range(tasks)}
    for n in range(tasks):
        graph["sum", n] = Task(("sum", n), np.sum, TaskRef(("x", n)))
    graph["all"] = Task("all", total, *[TaskRef(("sum", n)) for n in range(tasks)])
    return graph, "all"


def best(get, graph: dict, key, rounds: int = 3) -> tuple[float, object]:
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        result = get(graph, key, num_workers=THREADS)
        times.append(time.perf_counter() - start)
    return min(times), result


def main() -> None:
    tasks = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    graphs = [
        (trivial, tasks),
        (tuples, tasks),
        (tree, tasks),
        (chain, tasks),
        (numpy_work, max(1, tasks // 200)),
    ]
    print(f"dask {dask.__version__}, chunkwise {chunkwise.__version__}, {THREADS} threads")
    print(f"{'graph':12} {'tasks':>8} {'dask us/task':>13} {'ours us/task':>13} {'times':>7}")
    for make, count in graphs:
        graph, key = make(count)
        theirs, expected = best(threaded, graph, key)
        ours, got = best(chunkwise.get, graph, key)
        assert got == expected, make.__name__
        each = 1e6 / len(graph)
        print(
            f"{make.__name__:12} {len(graph):8,} {theirs * each:13.2f} {ours * each:13.2f} "
            f"{theirs / ours:7.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
