"""What the stages of runs came to, as a table."""

from __future__ import annotations

from typing import Any

from .. import _chunkwise as _native
from .._svg import escape
from ._records import StageData

__all__ = ["Table"]


class Table(list[StageData]):
    """The stages of some runs, one a line: a list of `StageData` that is readable as text and in
    notebooks.

    Examples
    --------
    >>> from chunkwise.diagnostics import Profiler
    >>> with Profiler() as prof:
    ...     total = (da.asarray([1, 2, 3]) + 1).compute()
    >>> table = prof.table()
    >>> table[0].label, table[0].tasks
    ('add', 1)
    >>> print(table)
    run  stage  tasks  threads  seconds  longest
      0    add      1        1  ...
    """

    def _cells(self) -> list[list[str]]:
        """The table as text, of those columns that say something."""
        columns: list[tuple[str, list[Any]]] = [
            ("run", [s.run for s in self]),
            ("stage", [s.label for s in self]),
            ("tasks", [f"{s.tasks:,}" for s in self]),
            ("threads", [s.threads for s in self]),
            ("workers", [s.workers or None for s in self]),
            ("seconds", [f"{s.seconds:.3f}" for s in self]),
            ("longest", [f"{s.longest:.3f}" for s in self]),
        ]
        for name in ("read", "written", "result"):
            sizes = [getattr(s, name) for s in self]
            columns.append((name, [n and _native.format_bytes(n) for n in sizes]))
        shown = [(name, column) for name, column in columns if any(c is not None for c in column)]
        lines = [[name for name, _ in shown]]
        for n in range(len(self)):
            lines.append(["" if c[n] is None else str(c[n] or 0) for _, c in shown])
        return lines

    def __str__(self) -> str:
        lines = self._cells()
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        pairs = [zip(line, widths, strict=True) for line in lines]
        return "\n".join("  ".join(cell.rjust(wide) for cell, wide in pair) for pair in pairs)

    def _repr_html_(self) -> str:
        first, *rest = self._cells()
        head = "".join(f"<th>{escape(cell)}</th>" for cell in first)
        rows = ("".join(f"<td>{escape(cell)}</td>" for cell in line) for line in rest)
        body = "".join(f"<tr>{row}</tr>" for row in rows)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def table(tasks: list[Any]) -> Table:
    """Tasks by their stages."""
    found: dict[tuple[int, int], list[Any]] = {}
    for task in tasks:
        found.setdefault((task.run, task.stage), []).append(task)

    def total(own: list[Any], name: str) -> int | None:
        known = [getattr(t, name) for t in own if getattr(t, name) is not None]
        return sum(known) if known else None

    return Table(
        StageData(
            run,
            stage,
            own[0].label,
            len(own),
            len({(t.worker, t.thread) for t in own}),
            len({t.worker for t in own if t.worker is not None}),
            sum(t.end - t.start for t in own),
            max(t.end - t.start for t in own),
            *(total(own, name) for name in ("read", "written", "result")),
        )
        for (run, stage), own in sorted(found.items())
    )
