"""Pictures of expressions and plans."""

from __future__ import annotations

import os
from typing import Any

from .. import _chunkwise as _native
from .. import _session
from .._svg import COLOURS, Drawing, Picture, shortened
from ._fold import folded
from ._graph import WIDEST, Box, draw

#: A colour for each kind of stage and node that does more than elementwise work.
_COLOUR = {
    "map": COLOURS[0],
    "reduce": COLOURS[1],
    "contract": COLOURS[3],
    "scan": COLOURS[4],
    "call": COLOURS[5],
    "compress": COLOURS[6],
    "sort": COLOURS[9],
    "sort runs of": COLOURS[9],
    "split": COLOURS[9],
    "merge": COLOURS[9],
    "source": COLOURS[2],
    "random": COLOURS[2],
    "index": COLOURS[2],
    "constant": COLOURS[2],
}
#: In more boxes than this, chains are folded; in more than that, repeats, and what is left out.
_FOLD = 12
_MOST = 40
_MARGIN = 16
_HEAD = 34
#: Expression and plan stand beside each other up to this width, else one above the other.
_BESIDE = 1000


def plan_picture(exprs: list[Any]) -> Picture:
    """What some arrays are made of, and what would be done to compute them."""
    panels = [
        ("Expression", *draw(_expression(exprs))),
        ("Plan", *draw(_plan(exprs))),
    ]
    whole = Drawing()
    beside = sum(w for _, _, w, _ in panels) + 5 * _MARGIN <= _BESIDE
    x = y = float(_MARGIN)
    width = height = 0.0
    for name, drawing, w, h in panels:
        w = max(w, 60)
        whole.text(x, y + 12, name, size=13, bold=True)
        whole.line(x, y + 20, x + w, y + 20, stroke_opacity="0.3")
        whole.group(drawing, x, y + _HEAD)
        width, height = max(width, x + w), max(height, y + _HEAD + h)
        if beside:
            x += w + 3 * _MARGIN
        else:
            y += _HEAD + h + 2 * _MARGIN
    title = "the expression and the plan of " + (
        "an array" if len(exprs) == 1 else f"{len(exprs)} arrays"
    )
    return whole.picture(width + _MARGIN, height + _MARGIN, title)


def _shape(shape: Any) -> str:
    return " × ".join("?" if n is None else f"{n:,}" for n in shape) or "a single value"


def _place(node: dict) -> str:
    """Where the user made it: no paths, which say more of a machine than of the program."""
    if not node["location"]:
        return ""
    file, line = node["location"]
    if "ipykernel_" in file or file.startswith("<ipython"):
        return f"line {line} of its cell"
    return f"{os.path.basename(file)}, line {line}"


def _expression(exprs: list[Any]) -> list[Box]:
    nodes, roots = _native.expression_outline(exprs)
    # Numbers are shown where they are used.
    numbers = {n: node["label"] for n, node in enumerate(nodes) if node["kind"] == "constant"}
    numbers = {n: text for n, text in numbers.items() if n not in roots}
    users: dict[int, int] = dict.fromkeys(range(len(nodes)), 0)
    for node in nodes:
        for i in set(node["inputs"]):
            users[i] += 1
    for root in roots:
        users[root] += 1
    boxes: list[Box] = []
    place: dict[int, int] = {}
    count = len(nodes) - len(numbers)
    chains: dict[int, list[str]] = {}
    for n, node in enumerate(nodes):
        if n in numbers:
            continue
        label = node["label"]
        given = [numbers[i] for i in node["inputs"] if i in numbers]
        if given:
            label += f" ({', '.join(given)})"
        inputs = [place[i] for i in node["inputs"] if i not in numbers]
        kind = node["kind"]
        lines = [label, f"{node['dtype']}, {_shape(node['shape'])}"]
        if node["chunks"] > 1:
            lines.append(f"{node['chunks']:,} chunks")
        box = Box(lines, inputs, _COLOUR.get(kind), not node["inputs"], _place(node))
        above = inputs[0] if len(set(inputs)) == 1 else None
        only = [i for i in node["inputs"] if i not in numbers]
        chained = (
            count > _FOLD
            and above is not None
            and boxes[above].inputs
            and all(users[i] == 1 for i in only)
            and kind in ("map", "cast")
            and boxes[above].colour == _COLOUR["map"]
        )
        if chained:
            names = chains.setdefault(above, [boxes[above].lines[0]])
            names.append(label)
            box.inputs = boxes[above].inputs
            shown = names if len(names) <= 3 else [names[0], f"… {len(names) - 2:,} more", label]
            box.lines = [", ".join(shown), *box.lines[1:]]
            box.title = f"{len(names)} operations"
            box.colour = _COLOUR["map"]
            boxes[above] = box
            place[n] = above
            continue
        if kind == "cast":
            box.colour = _COLOUR["map"]
        place[n] = len(boxes)
        boxes.append(box)
    return folded(boxes, [place[r] for r in roots], _MOST)


def _plan(exprs: list[Any]) -> list[Box]:
    stages, outputs = _native.plan_outline(_session.current(), exprs)
    boxes: list[Box] = []
    leaves: dict[str, int] = {}
    place: dict[int, int] = {}
    for number, stage in enumerate(stages):
        inputs = [place[s] for s in dict.fromkeys(s for s, _ in stage["inputs"])]
        for load in stage["loads"]:
            if load.startswith("stage "):
                continue
            if load not in leaves:
                word, _, what = load.partition(" ")
                if what.endswith(" through a view"):
                    what = what.removesuffix(" through a view")
                    word += " a part of"
                leaves[load] = len(boxes)
                boxes.append(Box([what, word], [], COLOURS[2], True, load))
            inputs.append(leaves[load])
        tasks = stage["tasks"]
        lines = [
            f"stage {number}: {stage['kind']}",
            stage["label"],
            f"over {_shape(stage['shape'])}",
            f"{tasks:,} task{'s' if tasks != 1 else ''} of at most "
            f"{_native.format_bytes(stage['memory'])}",
        ]
        if len(stage["operations"]) > 1 or stage["kind"] == "reduce" and stage["operations"]:
            lines.insert(2, _operations(stage["operations"]))
        place[number] = len(boxes)
        title = ", ".join(stage["operations"][:40])
        boxes.append(Box(lines, inputs, _COLOUR.get(stage["kind"]), False, title or _place(stage)))
    for k, (stage, output) in enumerate(outputs):
        dtype, shape, nbytes = stages[stage]["outputs"][output]
        name = "result" if len(outputs) == 1 else f"result {k}"
        shape = _shape(shape)
        if stages[stage]["kind"] == "compress":
            shape = f"at most {shape}"
        size = _native.format_bytes(nbytes)
        boxes.append(Box([name, f"{dtype}, {shape}", size], [place[stage]], None, True))
    return folded(boxes, list(range(len(boxes) - len(outputs), len(boxes))), _MOST)


def _operations(names: list[str]) -> str:
    counts = dict.fromkeys(names, 0)
    for name in names:
        counts[name] += 1
    words = [n if c == 1 else f"{n} × {c:,}" for n, c in counts.items()]
    return shortened("fused " + ", ".join(words), WIDEST, 11)
