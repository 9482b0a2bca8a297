"""What workers did in a trace file: a process for each of them, beside this one."""

from __future__ import annotations

import math
from typing import Any

#: The process of the file in which a cluster's runs are drawn; workers come after it.
_CLUSTER = 2


def add_workers(
    document: dict[str, Any],
    runs: list[Any],
    tasks: list[Any],
    samples: list[Any],
    places: dict[tuple[int, int], int],
    begin: float | None,
) -> None:
    """Puts the runs of a cluster, their tasks and samples of workers into a file.

    Parameters
    ----------
    document : dict
        In the Trace Event Format, of this process.
    runs : list of (number, RunData)
    tasks : list of TaskData
    samples : list of WorkerData
    places : dict
        By a run's number and a thread's, which of its worker's threads it is.
    begin : float, optional
        The moment from which times in the file count.
    """
    events = document["traceEvents"]
    moments = [run.start for _, run in runs] + [s.time for s in samples]
    first = min([*moments, *([] if begin is None else [begin])])
    for event in events:
        if "ts" in event and begin is not None:
            event["ts"] += (begin - first) * 1e6
    workers = sorted({t.worker for t in tasks} | {s.worker for s in samples})
    pid = {worker: n for n, worker in enumerate(workers, _CLUSTER + 1)}

    def time(at: float) -> float:
        return round((at - first) * 1e6, 3)

    def name(process: int, thread: int, kind: str, text: str) -> None:
        events.append(
            {"name": kind, "ph": "M", "pid": process, "tid": thread, "args": {"name": text}}
        )

    name(_CLUSTER, 0, "process_name", "cluster")
    for number, (row, run) in _rows(runs).items():
        name(_CLUSTER, row, "thread_name", "runs" if row == 1 else f"runs, at the same time: {row}")
        own = [t for t in tasks if t.run == number]
        end = run.end if run.end is not None else max((t.end for t in own), default=run.start)
        about = {"ok": run.ok, "threads": run.threads, "memory limit": run.memory_limit}
        about |= {"read": run.read, "written": run.written, "spilled": run.spilled}
        events.append(
            {
                "name": f"run {number}: {run.stages[-1] if run.stages else ''}",
                "cat": "run",
                "ph": "X",
                "pid": _CLUSTER,
                "tid": row,
                "ts": time(run.start),
                "dur": round((end - run.start) * 1e6, 3),
                "args": about,
            }
        )
    for worker, process in pid.items():
        name(process, 0, "process_name", f"worker {worker}")
        events.append(
            {
                "name": "process_sort_index",
                "ph": "M",
                "pid": process,
                "tid": 0,
                "args": {"sort_index": process},
            }
        )
    for worker, thread in sorted({(t.worker, places[t.run, t.thread]) for t in tasks}):
        name(pid[worker], thread + 1, "thread_name", f"thread {thread}")
    for task in tasks:
        about = {"run": task.run, "stage": task.stage, "number": task.number}
        sizes = {"read": task.read, "written": task.written, "spilled": task.spilled}
        about |= {**sizes, "result": task.result}
        events.append(
            {
                "name": task.label,
                "cat": "task",
                "ph": "X",
                "pid": pid[task.worker],
                "tid": places[task.run, task.thread] + 1,
                "ts": time(task.start),
                "dur": round((task.end - task.start) * 1e6, 3),
                "args": about,
            }
        )
    for sample in samples:
        counters = {
            "memory": {"bytes": sample.memory},
            "results": {"bytes": sample.results},
            "processors": {"percent": sample.cpu},
        }
        for counter, values in counters.items():
            if None not in values.values():
                events.append(
                    {
                        "name": counter,
                        "ph": "C",
                        "pid": pid[sample.worker],
                        "tid": 0,
                        "ts": time(sample.time),
                        "args": values,
                    }
                )


def _rows(runs: list[Any]) -> dict[int, tuple[int, Any]]:
    """For each run its row: those at the same time have different ones."""
    ends: list[float] = []
    found = {}
    for number, run in sorted(runs, key=lambda pair: pair[1].start):
        row = next((n for n, end in enumerate(ends) if end <= run.start), len(ends))
        ends[row : row + 1] = [math.inf if run.end is None else run.end]
        found[number] = (row + 1, run)
    return found
