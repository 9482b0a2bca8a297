"""Charts over time: tasks, processors, memory."""

from __future__ import annotations

import math
import os
from typing import Any

from .. import _chunkwise as _native
from .._svg import COLOURS, Drawing, Picture, shortened, text_width
from ._records import summed

#: Pixels.
WIDTH = 860
LEFT = 84
RIGHT = 20
PLOT = WIDTH - LEFT - RIGHT
GAP = 34
PANEL = 130
ROW = 22
_CPU, _RESIDENT, _ARRAYS, _LIMIT = COLOURS[0], COLOURS[1], COLOURS[2], COLOURS[3]
#: What the lines of memory are in this process.
_HERE = ("process", "arrays", "limit for arrays")
#: A limit this many times above all else is noted at the edge: on the scale the rest would be flat.
_FAR = 10


def chart(
    tasks: list[Any] | None,
    runs: list[Any],
    samples: list[list[Any]],
    workers: list[list[Any]] | None = None,
) -> Picture:
    """The records in panels that share the axis of time; `None` for tasks where no profiler was.
    `samples` are of this process, `workers` of those of clusters."""
    workers = [each for each in workers or () if each]
    moments = [t.start for t in tasks or ()] + [t.end for t in tasks or ()]
    moments += [r.start for r in runs] + [r.end for r in runs if r.end is not None]
    moments += [s.time for each in [*samples, *workers] for s in each]
    begin = min(moments, default=0.0)
    span = max(max(moments, default=1.0) - begin, 1e-9)
    axis = _Time(begin, span)
    whole = Drawing()
    y = 8.0
    shown = []
    for panel, name in _panels(tasks, runs, samples, workers):
        y = panel(whole, axis, y) + GAP
        shown.append(name)
    if not shown:
        whole.text(WIDTH / 2, y + 20, "nothing was recorded", 12, "middle", faint=True)
        return whole.picture(WIDTH, y + 36, "nothing")
    y = _time_axis(whole, axis, y - GAP)
    what = f"{', '.join(shown[:-1])} and {shown[-1]}" if len(shown) > 1 else "".join(shown)
    return whole.picture(WIDTH, y, f"{what} over time")


def _panels(
    tasks: list[Any] | None, runs: list[Any], samples: list[list[Any]], workers: list[list[Any]]
) -> list[Any]:
    panels: list[Any] = []
    if tasks is not None:
        panels.append((lambda d, a, y: _tasks(d, a, y, tasks, runs), "tasks"))
    for each in samples:
        panels.append((lambda d, a, y, each=each: _cpu(d, a, y, each), "processors"))
        panels.append((lambda d, a, y, each=each: _memory(d, a, y, each), "memory"))
    for each in workers:
        of, total = summed(each)
        panels.append((lambda d, a, y, t=total, of=of: _cpu(d, a, y, t, of), f"processors{of}"))
        panels.append((lambda d, a, y, t=total, of=of: _memory(d, a, y, t, of), f"memory{of}"))
    return panels


class _Time:
    def __init__(self, begin: float, span: float) -> None:
        self.begin, self.span = begin, span

    def x(self, time: float) -> float:
        return LEFT + (time - self.begin) / self.span * PLOT


def nice_step(span: float, count: int, base: int = 10) -> float:
    """A round step that cuts a span into about `count` parts."""
    rough = max(span, 1e-300) / count
    power = float(base) ** math.floor(math.log(rough, base))
    steps = (1, 2, 5, 10) if base == 10 else (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
    return next((s * power for s in steps if s * power >= rough * 0.999), base * power)


def _ticks(top: float, step: float) -> list[float]:
    return [k * step for k in range(int(top / step * 1.0001) + 1)]


def _time_axis(d: Drawing, axis: _Time, y: float) -> float:
    step = nice_step(axis.span, 7)
    scale, unit = next(
        (s, u)
        for s, u in ((3600, "h"), (60, "min"), (1, "s"), (1e-3, "ms"), (1e-6, "µs"), (0, ""))
        if axis.span >= 2 * s
    )
    scale = scale or 1e-9
    unit = unit or "ns"
    if scale >= 60:
        step = nice_step(axis.span / scale, 7) * scale
    digits = max(0, -math.floor(math.log10(step / scale) + 1e-9))
    for tick in _ticks(axis.span, step):
        x = LEFT + tick / axis.span * PLOT
        d.line(x, y, x, y + 5, stroke_opacity="0.6")
        last = x > LEFT + PLOT - 14
        d.text(x, y + 18, f"{tick / scale:.{digits}f}", 11, "end" if last else "middle", faint=True)
    d.text(LEFT - 22, y + 18, f"time, {unit}", 11, "end", faint=True)
    return y + 28


def _frame(d: Drawing, y: float, height: float, title: str) -> None:
    d.text(LEFT, y + 10, title, 12, bold=True)
    d.line(LEFT, y + 18 + height, LEFT + PLOT, y + 18 + height, stroke_opacity="0.6")


def _grid(d: Drawing, y: float, height: float, top: float, ticks: list[tuple[float, str]]) -> None:
    for value, label in ticks:
        at = y + 18 + height * (1 - value / top)
        if value:
            d.line(LEFT, at, LEFT + PLOT, at, stroke_opacity="0.14")
        d.text(LEFT - 8, at + 4, label, 11, "end", faint=True)


def _legend(d: Drawing, y: float, entries: list[tuple[str, str, str | None]]) -> None:
    """Names with their colours and dashes, at the right of a panel's title."""
    x = LEFT + PLOT
    for name, colour, dash in reversed(entries):
        x -= text_width(name, 11) + 2
        d.text(x, y + 10, name, 11, faint=True)
        x -= 22
        d.line(x, y + 6, x + 16, y + 6, stroke=colour, stroke_width=2.5, stroke_dasharray=dash)
        x -= 14


def _no_data(d: Drawing, y: float, height: float, why: str) -> None:
    d.text(LEFT + PLOT / 2, y + 22 + height / 2, why, 12, "middle", faint=True)


def _thinned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """At most four points for each pixel: the first, the lowest, the highest and the last."""
    if len(points) <= 2 * PLOT:
        return points
    out: list[tuple[float, float]] = []
    column: list[tuple[float, float]] = []
    for point in [*points, (math.inf, 0.0)]:
        if column and int(point[0] if point[0] < 1e9 else 1e9) != int(column[0][0]):
            by_height = sorted(column, key=lambda p: p[1])
            out += sorted({column[0], by_height[0], by_height[-1], column[-1]})
            column = []
        column.append(point)
    return out


def _cpu(d: Drawing, axis: _Time, y: float, samples: list[Any], of: str = "") -> float:
    _frame(d, y, PANEL, f"processors{of} at work, % of one")
    # A sample says what was done since the one before: a step, not a point. Samples that are too
    # close together for a picture are joined.
    steps: list[tuple[float, float, float]] = []
    before = None
    for sample in samples:
        if before is not None and sample.cpu is not None:
            steps.append((before, sample.time, sample.cpu))
        before = sample.time
    least = axis.span / PLOT * 2
    joined: list[tuple[float, float, float]] = []
    for step in steps:
        if joined and joined[-1][1] - joined[-1][0] < least and step[0] <= joined[-1][1]:
            joined[-1] = _together(joined[-1], step)
        else:
            joined.append(step)
    if len(joined) > 1 and joined[-1][1] - joined[-1][0] < least:
        joined[-2:] = [_together(*joined[-2:])]
    if not joined:
        _no_data(d, y, PANEL, "no samples")
        return y + 18 + PANEL
    cores = os.cpu_count() or 1
    most = max(c for _, _, c in joined)
    top = max(100 * math.ceil(most / 100 - 0.05), 100)
    top = max(top, min(100 * cores, 400))
    step = nice_step(top, 4)
    _grid(d, y, PANEL, top, [(t, f"{t:.0f}") for t in _ticks(top, step)])

    def at(cpu: float) -> float:
        return y + 18 + PANEL * (1 - min(cpu, top) / top)

    runs: list[list[tuple[float, float, float]]] = []
    for one in joined:
        if runs and one[0] <= runs[-1][-1][1] + 1e-9:
            runs[-1].append(one)
        else:
            runs.append([one])
    for run in runs:
        points = []
        for start, end, cpu in run:
            points += [(axis.x(start), at(cpu)), (axis.x(end), at(cpu))]
        ground = [(points[-1][0], at(0)), (points[0][0], at(0))]
        d.path(points + ground, True, fill=_CPU, fill_opacity="0.22")
        d.path(points, stroke=_CPU, stroke_width=1.8, stroke_linejoin="round")
    total = sum((e - s) * c for s, e, c in steps)
    length = sum(e - s for s, e, _ in steps)
    if length > 0:
        _legend(d, y, [(f"mean {total / length:.0f} %", _CPU, None)])
    return y + 18 + PANEL


def _together(
    a: tuple[float, float, float], b: tuple[float, float, float]
) -> tuple[float, float, float]:
    """Two steps as one of their mean."""
    first, second = a[1] - a[0], b[1] - b[0]
    mean = (a[2] * first + b[2] * second) / max(first + second, 1e-12)
    return (a[0], b[1], mean)


def _memory(d: Drawing, axis: _Time, y: float, samples: list[Any], of: str = "") -> float:
    _frame(d, y, PANEL, f"memory{of}")
    # Of a worker the limit is of its process, and what it holds of arrays are results.
    process, held, limited = ("processes", "results", "limit") if of else _HERE
    resident = [(s.time, s.memory) for s in samples if s.memory is not None]
    arrays = [(s.time, s.arrays) for s in samples]
    limits = [(s.time, s.limit) for s in samples if s.limit is not None]
    if not arrays:
        _no_data(d, y, PANEL, "no samples")
        return y + 18 + PANEL
    most = max(v for _, v in resident + arrays)
    limit = max((v for _, v in limits), default=None)
    near = limit is not None and limit <= _FAR * max(most, 1)
    top = max(most, limit if near else 0, 1) * 1.08
    # Steps and the upper end are round numbers of bytes.
    step = nice_step(top, 4, 1024)
    top = math.ceil(top / step - 1e-9) * step
    _grid(d, y, PANEL, top, [(t, _size(t)) for t in _ticks(top, step)])

    def at(value: float) -> float:
        return y + 18 + PANEL * (1 - value / top)

    legend = []
    if resident:
        points = _thinned([(axis.x(t), at(v)) for t, v in resident])
        ground = [(points[-1][0], at(0)), (points[0][0], at(0))]
        d.path(points + ground, True, fill=_RESIDENT, fill_opacity="0.16")
        d.path(points, stroke=_RESIDENT, stroke_width=1.8, stroke_linejoin="round")
        highest = _native.format_bytes(max(v for _, v in resident))
        legend.append((f"{process}, at most {highest}", _RESIDENT, None))
    points = _thinned([(axis.x(t), at(v)) for t, v in arrays])
    d.path(points, stroke=_ARRAYS, stroke_width=1.8, stroke_linejoin="round")
    highest = _native.format_bytes(max(v for _, v in arrays))
    legend.append((f"{held}, at most {highest}", _ARRAYS, None))
    if limit is not None:
        if near:
            changes: list[tuple[float, float]] = []
            for t, v in limits:
                if changes and changes[-1][1] != at(v):
                    changes.append((axis.x(t), changes[-1][1]))
                changes.append((axis.x(t), at(v)))
            d.path(
                [(LEFT, changes[0][1]), *_ends(changes), (LEFT + PLOT, changes[-1][1])],
                stroke=_LIMIT,
                stroke_width=1.8,
                stroke_dasharray="6 4",
            )
            name = f"{limited} {_native.format_bytes(limit)}"
        else:
            d.line(
                LEFT,
                y + 18,
                LEFT + PLOT,
                y + 18,
                stroke=_LIMIT,
                stroke_width=1.8,
                stroke_dasharray="2 5",
            )
            name = f"{limited} {_native.format_bytes(limit)}, far above ↑"
        legend.append((name, _LIMIT, "6 4" if near else "2 5"))
    _legend(d, y, legend)
    return y + 18 + PANEL


def _ends(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """A line of steps without the points between that change nothing."""
    return [
        p
        for k, p in enumerate(points)
        if not (0 < k < len(points) - 1 and points[k - 1][1] == p[1] == points[k + 1][1])
    ]


def _size(value: float) -> str:
    if value == 0:
        return "0"
    number, unit = _native.format_bytes(int(value)).split(" ")
    return f"{float(number):g} {unit}"


def _tasks(d: Drawing, axis: _Time, y: float, tasks: list[Any], runs: list[Any]) -> float:
    # Runs at the same time have threads of the same numbers: rows of their own.
    slots: list[float] = []
    slot: dict[int, int] = {}
    for n in sorted(range(len(runs)), key=lambda n: runs[n].start):
        end = runs[n].end if runs[n].end is not None else math.inf
        free = next((k for k, e in enumerate(slots) if e <= runs[n].start), len(slots))
        slots[free : free + 1] = [end]
        slot[n] = free
    rows = sorted({_row(slot, t) for t in tasks})
    row = {key: k for k, key in enumerate(rows)}
    workers = sorted({worker for _, worker, _ in rows if worker})
    height = max(len(rows), 1) * ROW
    _frame(d, y, height, "tasks")
    if not tasks:
        _no_data(d, y, height, "no tasks")
        return y + 18 + height
    seen: dict[tuple[int, str], int] = {}
    for (at, worker, thread), k in row.items():
        # Threads of workers are numbered through the run: here, through the worker.
        own = seen[at, worker] = seen.get((at, worker), -1) + 1
        of = f"worker {workers.index(worker)}.{own}" if worker else f"thread {thread}"
        name = of if len(slots) == 1 else f"{of.partition(' ')[0]} {at}.{of.partition(' ')[2]}"
        d.text(LEFT - 8, y + 18 + k * ROW + ROW / 2 + 4, name, 11, "end", faint=True)
    labels = list(dict.fromkeys(t.label for t in sorted(tasks, key=lambda t: t.start)))
    spent = dict.fromkeys(labels, 0.0)
    for task in tasks:
        spent[task.label] += task.end - task.start
    ranked = sorted(labels, key=lambda name: -spent[name])
    colour = {name: COLOURS[k] for k, name in enumerate(ranked[: len(COLOURS) - 1])}
    other = COLOURS[8] if len(ranked) >= len(COLOURS) else COLOURS[-1]
    for key, first, last, label, count in _bars(axis, tasks, slot):
        top = y + 18 + row[key] * ROW + 3
        busy = f"{label}: {count:,} task{'s' if count > 1 else ''}"
        busy += f" on {key[1]}" if key[1] else ""
        d.rect(
            axis.x(first),
            top,
            max(axis.x(last) - axis.x(first), 0.6),
            ROW - 6,
            title=busy,
            fill=colour.get(label, other),
            fill_opacity="0.85",
        )
    return _names(d, y + 18 + height, ranked, spent, colour, other)


def _row(slot: dict[int, int], task: Any) -> tuple[int, str, int]:
    """In which row a task is drawn: among those of runs at the same time, by worker and thread."""
    return slot[task.run], task.worker or "", task.thread


def _bars(axis: _Time, tasks: list[Any], slot: dict[int, int]) -> list[Any]:
    """Tasks as bars; those of one label that are closer than a pixel can show are one."""
    close = axis.span / PLOT * 0.7
    # Without this a gap would be left out of sight between tasks that can be told apart.
    open_: dict[tuple[int, str, int], list[Any]] = {}
    bars = []
    for task in sorted(tasks, key=lambda t: t.start):
        key = _row(slot, task)
        bar = open_.get(key)
        short = task.end - task.start < 4 * close
        if bar and bar[3] == task.label and short and task.start - bar[2] < close:
            bar[2] = max(bar[2], task.end)
            bar[4] += 1
        else:
            open_[key] = bar = [key, task.start, task.end, task.label, 1]
            bars.append(bar)
    return bars


def _names(
    d: Drawing, y: float, ranked: list[str], spent: dict[str, float], colour: Any, other: str
) -> float:
    """What the colours mean, below the panel, with the share of the time."""
    total = sum(spent.values()) or 1.0
    entries = [(n, colour[n], spent[n]) for n in ranked if n in colour]
    rest = [n for n in ranked if n not in colour]
    if rest:
        entries.append((f"{len(rest)} others", other, sum(spent[n] for n in rest)))
    x, y = float(LEFT), y + 8
    for name, fill, time in entries:
        text = f"{shortened(name, 240, 11)}  {100 * time / total:.0f} %"
        wide = 16 + text_width(text, 11) + 18
        if x + wide > LEFT + PLOT and x > LEFT:
            x, y = float(LEFT), y + 18
        d.rect(x, y, 10, 10, title=name, fill=fill, rx=2)
        d.text(x + 15, y + 9, text, 11, faint=True)
        x += wide
    return y + 14
