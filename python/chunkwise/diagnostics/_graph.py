"""Boxes and arrows: a graph without cycles, laid out from top to bottom."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .._svg import Drawing, shortened, text_width

#: Pixels.
PADDING = 10
LINE = 16
ACROSS = 22
DOWN = 34
WIDEST = 310
ARROW = 5
#: How much wider bold letters are.
BOLD = 1.1
#: More boxes in a row than this are one.
ACROSS_MOST = 7


@dataclass
class Box:
    """A node: its lines, of which the first is its name, and the boxes that it takes from."""

    lines: list[str]
    inputs: list[int] = field(default_factory=list)
    colour: str | None = None
    round: bool = False
    title: str = ""

    @property
    def height(self) -> float:
        return LINE * len(self.lines) + PADDING

    @property
    def width(self) -> float:
        widths = [
            text_width(line, 12) * BOLD if i == 0 else text_width(line, 11)
            for i, line in enumerate(self.lines)
        ]
        ends = self.height / 2 if self.round else PADDING
        return min(max(widths, default=0), WIDEST) + 2 * ends


def draw(boxes: list[Box]) -> tuple[Drawing, float, float]:
    """A graph's drawing, its width and height. Inputs stand before what takes from them."""
    boxes = _narrowed(boxes)
    level = _levels(boxes)
    rows, edges = _rows(boxes, level)
    _untangle(rows, edges)
    place, width, height = _places(boxes, rows)
    tall = [max((boxes[n].height for n in row if isinstance(n, int)), default=0) for row in rows]
    # How far a box is from the ends of its row.
    room = [(tall[at] - box.height) / 2 for at, box in zip(level, boxes, strict=True)]
    drawing = Drawing()
    for path in _paths(boxes, level):
        _arrow(drawing, boxes, place, tall, room, path)
    for n, box in enumerate(boxes):
        _box(drawing, box, *place[n])
    return drawing, width, height


def _narrowed(boxes: list[Box]) -> list[Box]:
    """The boxes, where a row has too many of them the last ones joined."""
    level = _levels(boxes)
    rows: dict[int, list[int]] = {}
    for n, at in enumerate(level):
        rows.setdefault(at, []).append(n)
    joined: dict[int, int] = {}
    for row in rows.values():
        if len(row) > ACROSS_MOST:
            joined |= dict.fromkeys(row[ACROSS_MOST - 1 :], row[ACROSS_MOST - 1])
    if not joined:
        return boxes
    counts: dict[int, list[int]] = {}
    for n, first in joined.items():
        counts.setdefault(first, []).append(n)
    # Rows from above to below, so that inputs stand before what takes from them.
    order = [n for at in sorted(rows) for n in rows[at] if joined.get(n, n) == n]
    new = {n: k for k, n in enumerate(order)}
    out = []
    for n in order:
        members = counts.get(n, [n])
        inputs = [new[joined.get(i, i)] for m in members for i in boxes[m].inputs]
        box = boxes[n]
        if n in counts:
            names = {boxes[m].lines[0] for m in members}
            lines = [f"{len(members):,} more", *(sorted(names) if len(names) < 3 else ())]
            box = Box(lines, [], box.colour, box.round)
        out.append(Box(box.lines, list(dict.fromkeys(inputs)), box.colour, box.round, box.title))
    return out


def _levels(boxes: list[Box]) -> list[int]:
    level = [0] * len(boxes)
    for n, box in enumerate(boxes):
        level[n] = max((level[i] + 1 for i in box.inputs), default=0)
    # What takes from nothing stands right above what takes from it.
    for n in reversed(range(len(boxes))):
        takers = [level[m] for m, other in enumerate(boxes) if n in other.inputs]
        if takers and not boxes[n].inputs:
            level[n] = min(takers) - 1
    return level


def _rows(boxes: list[Box], level: list[int]) -> tuple[list[list[Any]], dict[Any, list[Any]]]:
    """The nodes of each level, with a place for every arrow that passes; and the arrows in steps of
    one level, from below to above."""
    rows: list[list[Any]] = [[] for _ in range(max(level, default=0) + 1)]
    edges: dict[Any, list[Any]] = {}
    for n, box in enumerate(boxes):
        rows[level[n]].append(n)
        edges[n] = []
        for i in dict.fromkeys(box.inputs):
            below = n
            for row in range(level[n] - 1, level[i], -1):
                passing = (i, n, row)
                rows[row].append(passing)
                edges[below] = edges.get(below, []) + [passing]
                edges[passing] = []
                below = passing
            edges[below] = edges.get(below, []) + [i]
    return rows, edges


def _untangle(rows: list[list[Any]], edges: dict[Any, list[Any]]) -> None:
    """Orders each row by where its neighbours stand, a few times up and down (Sugiyama 1981)."""
    users: dict[Any, list[Any]] = {}
    for below, above in edges.items():
        for node in above:
            users.setdefault(node, []).append(below)
    for sweep in range(6):
        down = sweep % 2 == 0
        order = range(1, len(rows)) if down else range(len(rows) - 2, -1, -1)
        for r in order:
            fixed = rows[r - 1] if down else rows[r + 1]
            at = {node: (k + 0.5) / len(fixed) for k, node in enumerate(fixed)}
            near = edges if down else users
            own = {node: (k + 0.5) / len(rows[r]) for k, node in enumerate(rows[r])}

            def mean(node: Any, near: Any = near, at: Any = at, own: Any = own) -> float:
                known = [at[m] for m in near.get(node, ()) if m in at]
                return sum(known) / len(known) if known else own[node]

            rows[r].sort(key=mean)


def _places(
    boxes: list[Box], rows: list[list[Any]]
) -> tuple[dict[Any, tuple[float, float]], float, float]:
    """The middle of each node's upper side."""

    def wide(node: Any) -> float:
        return boxes[node].width if isinstance(node, int) else 8

    widths = [sum(map(wide, row)) + ACROSS * (len(row) - 1) for row in rows]
    width = max(widths, default=0)
    place: dict[Any, tuple[float, float]] = {}
    y = 0.0
    for row, taken in zip(rows, widths, strict=True):
        x = (width - taken) / 2
        tall = max((boxes[n].height for n in row if isinstance(n, int)), default=0)
        for node in row:
            own = boxes[node].height if isinstance(node, int) else tall
            place[node] = (x + wide(node) / 2, y + (tall - own) / 2)
            x += wide(node) + ACROSS
        y += tall + DOWN
    return place, width, max(y - DOWN, 0)


def _paths(boxes: list[Box], level: list[int]) -> list[list[Any]]:
    """The arrows, each with the places that it passes, from above to below."""
    paths = []
    for n, box in enumerate(boxes):
        for i in dict.fromkeys(box.inputs):
            passed = [(i, n, row) for row in range(level[i] + 1, level[n])]
            paths.append([i, *passed, n])
    return paths


def _arrow(
    drawing: Drawing,
    boxes: list[Box],
    place: dict[Any, Any],
    tall: list[float],
    room: list[float],
    path: list[Any],
) -> None:
    first, last = path[0], path[-1]
    takers = list(dict.fromkeys(boxes[last].inputs))
    x, y = place[first]
    points = [(x, y + boxes[first].height)]
    # A low box has higher ones beside it.
    if room[first] > 1:
        points.append((x, points[0][1] + room[first]))
    for node in path[1:-1]:
        # Straight down between the boxes of the rows that it passes.
        px, py = place[node]
        points += [(px, py), (px, py + tall[node[2]])]
    x, y = place[last]
    # Arrows that end at one box end beside each other.
    spread = min(14.0, (boxes[last].width - 20) / max(len(takers), 1))
    order = sorted(takers, key=lambda i: place[i][0])
    x += (order.index(first) - (len(order) - 1) / 2) * spread
    if room[last] > 1:
        points.append((x, y - room[last]))
    points.append((x, y - 2))
    steps = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
    for (ax, ay), (bx, by) in zip(points, points[1:], strict=False):
        bend = (by - ay) / 2
        steps += f" C{ax:.1f} {ay + bend:.1f} {bx:.1f} {by - bend:.1f} {bx:.1f} {by:.1f}"
    drawing.add("path", d=steps, fill="none", stroke="currentColor", stroke_opacity="0.55")
    tip = [(x - ARROW, y - 2 - ARROW * 1.4), (x, y - 1), (x + ARROW, y - 2 - ARROW * 1.4)]
    drawing.path(tip, stroke="currentColor", stroke_opacity="0.55")


def _box(drawing: Drawing, box: Box, x: float, y: float) -> None:
    colour = box.colour or "currentColor"
    drawing.rect(
        x - box.width / 2,
        y,
        box.width,
        box.height,
        title=box.title or None,
        rx=box.height / 2 if box.round else 6,
        fill=colour,
        fill_opacity="0.16" if box.colour else "0.06",
        stroke=colour,
        stroke_opacity="0.9" if box.colour else "0.45",
    )
    for i, line in enumerate(box.lines):
        size = 12 if i == 0 else 11
        drawing.text(
            x,
            y + PADDING / 2 + LINE * i + 12,
            shortened(line, (box.width - PADDING) / (BOLD if i == 0 else 1), size),
            size=size,
            anchor="middle",
            faint=i > 0,
            bold=i == 0,
            pointer_events="none",
        )
