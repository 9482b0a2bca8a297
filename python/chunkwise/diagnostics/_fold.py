"""Graphs made small: what is there many times is drawn once."""

from __future__ import annotations

import re
from typing import Any

from ._graph import Box

#: So many of a kind are told one by one.
_FEW = 4
#: The most boxes that are repeated as one.
_PERIOD = 60


def folded(boxes: list[Box], roots: list[int], most: int) -> list[Box]:
    """At most so many boxes: siblings of a kind as one, repeats left out between their first and
    their last, and what is nearest to the roots where that is not enough."""
    if len(boxes) > most:
        boxes, roots = _siblings(boxes, roots)
    if len(boxes) > most:
        boxes, roots = _repeats(boxes, roots)
    return _nearest(boxes, roots, most)


def _kind(box: Box) -> tuple[Any, ...]:
    """What boxes of a kind have in common: all but their numbers."""
    name = re.sub(r"\d+", "#", box.lines[0])
    return (name, *box.lines[1:], box.colour, box.round, len(box.inputs))


def _siblings(boxes: list[Box], roots: list[int]) -> tuple[list[Box], list[int]]:
    """Boxes of a kind whose takers are the same, or of a kind in their turn, become one."""
    takers: list[list[int]] = [[] for _ in boxes]
    for n, box in enumerate(boxes):
        for i in box.inputs:
            takers[i].append(n)
    classes: dict[Any, int] = {}
    group = [0] * len(boxes)
    results = set(roots)
    for n in reversed(range(len(boxes))):
        # A result is itself. Takers stand behind what they take from: their groups are known.
        own = n if n in results else None
        key = (_kind(boxes[n]), frozenset(group[t] for t in takers[n]), own)
        group[n] = classes.setdefault(key, len(classes))
    members: dict[int, list[int]] = {}
    for n, g in enumerate(group):
        members.setdefault(g, []).append(n)
    first = {n: n for n in range(len(boxes))}
    for own in members.values():
        if len(own) >= _FEW:
            first.update(dict.fromkeys(own, own[-1]))
            box = boxes[own[-1]]
            # The rest of a name that differs is one of several.
            names = {boxes[n].lines[0] for n in own}
            name = box.lines[0] if len(names) == 1 else re.sub(r"\d+", "…", box.lines[0])
            inputs = [i for n in own for i in boxes[n].inputs]
            lines = [f"{len(own):,} × {name}", *box.lines[1:]]
            boxes[own[-1]] = Box(lines, inputs, box.colour, box.round, box.title)
    return _renumbered(boxes, roots, first)


def _repeats(boxes: list[Box], roots: list[int]) -> tuple[list[Box], list[int]]:
    """Stretches that follow each other again and again: the first, the last, and how many."""
    kinds = [_kind(box) for box in boxes]
    first = {n: n for n in range(len(boxes))}
    at = 0
    while at < len(boxes):
        period, times = _longest(boxes, kinds, at)
        if times < _FEW:
            at += 1
            continue
        begin, end = at + period, at + period * (times - 1)
        if not any(begin <= r < end for r in roots):
            inputs = [i for n in range(begin, end) for i in boxes[n].inputs if i < begin]
            count = times - 2
            lines = [f"the same {count:,} times more", f"{end - begin:,} boxes"]
            boxes[end - 1] = Box(lines, inputs, None, True)
            first.update(dict.fromkeys(range(begin, end), end - 1))
        at += period * times
    return _renumbered(boxes, roots, first)


def _longest(boxes: list[Box], kinds: list[Any], at: int) -> tuple[int, int]:
    """The period at a place whose repeats cover most, and how often it is there."""
    best = (0, 0)
    for period in range(1, min(_PERIOD, (len(boxes) - at) // 2) + 1):
        n = at + period
        while n < len(boxes) and _alike(boxes, kinds, n, n - period):
            n += 1
        times = (n - at) // period
        if times >= _FEW and times * period > best[0] * best[1]:
            best = (period, times)
    return best


def _alike(boxes: list[Box], kinds: list[Any], n: int, m: int) -> bool:
    """Whether two boxes do the same, with the same or with what stands as far before them."""
    if kinds[n] != kinds[m]:
        return False
    pairs = zip(boxes[n].inputs, boxes[m].inputs, strict=True)
    return all(i == j or n - i == m - j for i, j in pairs)


def _renumbered(
    boxes: list[Box], roots: list[int], first: dict[int, int]
) -> tuple[list[Box], list[int]]:
    """The boxes that stand for themselves, in an order in which inputs come first."""
    inputs = {
        n: list(dict.fromkeys(first[i] for i in box.inputs if first[i] != n))
        for n, box in enumerate(boxes)
        if first[n] == n
    }
    new: dict[int, int] = {}
    out: list[Box] = []
    for start in inputs:
        # Depth first, without recursion: chains are long.
        stack = [(start, iter(inputs[start]))]
        waiting = {start}
        while stack and start not in new:
            n, rest = stack[-1]
            above = next((i for i in rest if i not in new and i not in waiting), None)
            if above is not None:
                waiting.add(above)
                stack.append((above, iter(inputs[above])))
                continue
            stack.pop()
            waiting.discard(n)
            if n not in new:
                new[n] = len(out)
                box = boxes[n]
                own = [new[i] for i in inputs[n] if i in new]
                out.append(Box(box.lines, own, box.colour, box.round, box.title))
    return out, [new[first[r]] for r in roots]


def _nearest(boxes: list[Box], roots: list[int], most: int) -> list[Box]:
    """The boxes that are nearest to the roots, and a word on the others."""
    if len(boxes) <= most:
        return boxes
    kept = list(dict.fromkeys(roots))[:most]
    for n in kept:
        kept += [i for i in dict.fromkeys(boxes[n].inputs) if i not in kept][: most - len(kept)]
    kept.sort()
    new = {n: k + 1 for k, n in enumerate(kept)}
    out = [Box([f"{len(boxes) - len(kept):,} more"], round=True)]
    for n in kept:
        box = boxes[n]
        inputs = list(dict.fromkeys(new.get(i, 0) for i in box.inputs))
        out.append(Box(box.lines, inputs, box.colour, box.round, box.title))
    return out
