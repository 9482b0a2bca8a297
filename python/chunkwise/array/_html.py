"""How an array looks: at the prompt, and in a notebook with a picture of its chunks."""

from __future__ import annotations

from typing import Any

from .. import _chunkwise as _native
from .._svg import COLOURS, FONT, Drawing, escape, number, text_width

#: Pixels: the longest side, the shortest, the least room between two lines.
LONG = 130
SHORT = 16
LEAST = 2.5
#: More pictures than this beside each other tell nothing any more.
PICTURES = 3


def facts(expr: Any) -> dict[str, Any]:
    """What an expression says of itself without computing; unknown lengths are `None`."""
    unknown = expr.unknown_axis

    def known(lengths: Any) -> tuple[int | None, ...]:
        return tuple(None if axis == unknown else n for axis, n in enumerate(lengths))

    return {
        "label": " ".join(expr.label.split()),
        "shape": known(expr.shape),
        "chunksize": known(expr.chunksize),
        "dtype": expr.dtype,
        "nbytes": expr.nbytes if unknown is None else None,
        "numblocks": expr.numblocks,
    }


def shape_text(shape: Any) -> str:
    """A shape as Python writes it, `?` for what is not known."""
    inner = ", ".join("?" if n is None else str(n) for n in shape)
    return f"({inner},)" if len(shape) == 1 else f"({inner})"


def bytes_text(expr: Any, about: dict[str, Any]) -> str:
    """Bytes, or the most that they can be."""
    if about["nbytes"] is None:
        return f"at most {_native.format_bytes(expr.nbytes)}"
    return _native.format_bytes(about["nbytes"])


def array_repr(expr: Any) -> str:
    """One line."""
    about = facts(expr)
    label = "".join(c if c.isprintable() else "?" for c in about["label"])
    if len(label) > 60:
        label = f"{label[:57]}..."
    return (
        f"chunkwise.array<{label}, shape={shape_text(about['shape'])}, dtype={about['dtype']}, "
        f"chunksize={shape_text(about['chunksize'])}, bytes={bytes_text(expr, about)}>"
    )


def array_html(expr: Any) -> str:
    """A table of the array and its chunks, and the picture of how it is cut."""
    about = facts(expr)
    count = 1
    for n in about["numblocks"]:
        count *= n
    most = 1
    for n in expr.chunksize:
        most *= n
    chunk_bytes = _native.format_bytes(most * (expr.nbytes // expr.size if expr.size else 1))
    if not expr.size:
        chunk_bytes = _native.format_bytes(0)
    blocks = " × ".join(f"{n:,}" for n in about["numblocks"])
    chunks = f"{count:,} chunk{'' if count == 1 else 's'}"
    if len(about["numblocks"]) > 1 and count > 1:
        chunks += f" ({blocks})"
    rows = [
        ("Bytes", bytes_text(expr, about), chunk_bytes),
        ("Shape", shape_text(about["shape"]), shape_text(about["chunksize"])),
        ("Count", _elements(expr, about), chunks),
        ("dtype", about["dtype"], None),
        ("Made by", about["label"], None),
    ]
    cell = "padding:0.15em 0.8em;text-align:left;background:none;color:inherit"
    rule = "border-bottom:1px solid rgba(128,128,128,0.5)"
    body = []
    for name, array, chunk_text in rows:
        head = f'<th scope="row" style="{cell};font-weight:600">{escape(name)}</th>'
        if chunk_text is None:
            body.append(f'<tr>{head}<td colspan="2" style="{cell}">{escape(_cut(array))}</td></tr>')
        else:
            cells = "".join(f'<td style="{cell}">{escape(t)}</td>' for t in (array, chunk_text))
            body.append(f"<tr>{head}{cells}</tr>")
    heads = "".join(
        f'<th scope="col" style="{cell};{rule};font-weight:600">{t}</th>'
        for t in ("", "Array", "Chunk")
    )
    return (
        '<div style="display:flex;flex-wrap:wrap;align-items:center;gap:1.5em;color:inherit">'
        '<table style="border-collapse:collapse;background:none;color:inherit;margin:0">'
        f"<thead><tr>{heads}</tr></thead><tbody>{''.join(body)}</tbody></table>"
        f"{grid_svg(expr)}</div>"
    )


def _elements(expr: Any, about: dict[str, Any]) -> str:
    word = "element" if expr.size == 1 else "elements"
    return f"{'at most ' if about['nbytes'] is None else ''}{expr.size:,} {word}"


def _cut(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:79]}…"


def grid_svg(expr: Any) -> str:
    """The chunks as a picture: a bar, a rectangle, a box; several for more than three axes."""
    unknown = expr.unknown_axis
    axes = []
    for axis, (length, blocks) in enumerate(zip(expr.shape, expr.numblocks, strict=True)):
        axes.append(_Axis(length, blocks, axis, expr, axis == unknown))
    groups: list[list[_Axis]] = []
    rest = axes
    while len(rest) > 3:
        groups.insert(0, rest[-3:])
        rest = rest[:-3]
    groups.insert(0, rest)
    left_out = max(len(groups) - PICTURES, 0)
    drawing = Drawing()
    x, height = 0.0, 0.0
    if left_out:
        hidden = sum(len(g) for g in groups[:left_out])
        drawing.text(0, LONG / 2, f"{hidden} axes,", 11, faint=True)
        drawing.text(0, LONG / 2 + 14, "then", 11, faint=True)
        x = 58
    for group in groups[left_out:]:
        one = Drawing()
        w, h = _draw(one, group)
        drawing.group(one, x, 0)
        x, height = x + w + 20, max(height, h)
    width = x - 20
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-1 -1 {number(width + 2)} '
        f'{number(height + 2)}" width="{number(width + 2)}" height="{number(height + 2)}" '
        f'role="img" font-family="{escape(FONT)}" style="flex:none;overflow:visible">'
        f"<title>the chunks of an array of shape {escape(shape_text(facts(expr)['shape']))}"
        f"</title>{''.join(drawing.parts)}</svg>"
    )


class _Axis:
    """An axis of a picture: its side in pixels and where the lines between chunks are."""

    def __init__(self, length: int, blocks: int, axis: int, expr: Any, unknown: bool) -> None:
        self.length = length
        self.label = "?" if unknown else f"{length:,}"
        self.unknown = unknown
        self._axis, self._expr, self._blocks = axis, expr, blocks

    def cuts(self, side: float) -> list[float]:
        """The edges of chunks in pixels, those left out that would be too close to tell."""
        if not self.length:
            return [0.0, side]
        if self._blocks * LEAST > 8 * side:
            # So many that only their number matters: lines that are as dense as can be.
            step = side / max(int(side / LEAST), 1)
            return [k * step for k in range(int(side / LEAST) + 1)]
        out, at = [0.0], 0
        for n in self._expr.chunks[self._axis]:
            at += n
            place = at / self.length * side
            if place - out[-1] >= LEAST and side - place >= LEAST:
                out.append(place)
        return [*out, side]


def _sides(axes: list[_Axis]) -> list[float]:
    """Sides in pixels: their ratios tell which is longer, and the short ones can still be seen."""
    longest = max((a.length for a in axes), default=1) or 1
    return [max(LONG * (max(a.length, 0) / longest) ** 0.5, SHORT) for a in axes]


_FILL = {"fill": COLOURS[1], "fill_opacity": "0.25", "stroke": "none"}
_SIDE = {"fill": COLOURS[1], "fill_opacity": "0.42", "stroke": "none"}
_EDGE = {"stroke": "currentColor", "stroke_width": 1.4}
_CUT = {"stroke": "currentColor", "stroke_opacity": "0.5", "stroke_width": 1}
_LABEL = 20


def _draw(d: Drawing, axes: list[_Axis]) -> tuple[float, float]:
    """Draws up to three axes; answers width and height."""
    if not axes:
        d.rect(0, 0, SHORT, SHORT, **(_FILL | _EDGE))
        return SHORT, SHORT
    sides = _sides(axes)
    if len(axes) == 1:
        (axis,), (w,) = axes, (LONG,)
        _face(d, axis, None, w, 22)
        d.text(w / 2, 22 + 15, axis.label, 12, "middle")
        return w, 22 + _LABEL
    if len(axes) == 2:
        (rows, columns), (h, w) = axes, sides
        _face(d, columns, rows, w, h)
        d.text(w / 2, h + 15, columns.label, 12, "middle")
        d.text(
            0,
            0,
            rows.label,
            12,
            "middle",
            transform=f"translate({w + 14:.0f},{h / 2:.0f}) rotate(-90)",
        )
        return w + 22, h + _LABEL
    (deep, rows, columns), (z, h, w) = axes, sides
    # The first axis goes back into the picture, up and to the right.
    dx, dy = z * 0.5, z * 0.35
    outer, d = d, Drawing()
    front = Drawing()
    _face(front, columns, rows, w, h)
    top = [(0, dy), (dx, 0), (dx + w, 0), (w, dy)]
    side = [(w, dy), (w + dx, 0), (w + dx, h), (w, dy + h)]
    d.path(top, True, **_SIDE)
    d.path(side, True, **_SIDE)
    for cut in deep.cuts(dy)[1:-1]:
        x, y = cut / dy * dx, dy - cut
        d.path([(x, y), (x + w, y), (x + w, y + h)], **_CUT)
    for cut in columns.cuts(w)[1:-1]:
        d.line(cut, dy, cut + dx, 0, **_CUT)
    for cut in rows.cuts(h)[1:-1]:
        d.line(w, dy + cut, w + dx, cut, **_CUT)
    edge = _EDGE | ({"stroke_dasharray": "4 3"} if deep.unknown else {})
    d.path([(0, dy), (dx, 0), (dx + w, 0), (dx + w, h), (w, dy + h)], **edge)
    d.line(w, dy, w + dx, 0, **edge)
    d.group(front, 0, dy)
    d.text(w / 2, dy + h + 15, columns.label, 12, "middle")
    d.text(
        0,
        0,
        rows.label,
        12,
        "middle",
        transform=f"translate({w + dx + 14:.0f},{h / 2:.0f}) rotate(-90)",
    )
    d.text(dx / 2 - 5, dy / 2 + 2, deep.label, 12, "end")
    # The label stands to the left of the slanted edge.
    room = max(text_width(deep.label) + 5 - dx / 2, 0)
    outer.group(d, room, 0)
    return room + w + dx + 22, dy + h + _LABEL


def _upright(d: Drawing, x: float, y: float, text: str) -> None:
    d.text(0, 0, text, 12, "middle", transform=f"translate({x:.0f},{y:.0f}) rotate(-90)")


def _face(d: Drawing, columns: _Axis, rows: _Axis | None, w: float, h: float) -> None:
    d.rect(0, 0, w, h, **_FILL)
    for cut in columns.cuts(w)[1:-1]:
        d.line(cut, 0, cut, h, **_CUT)
    if rows is not None:
        for cut in rows.cuts(h)[1:-1]:
            d.line(0, cut, w, cut, **_CUT)
    across = _EDGE | ({"stroke_dasharray": "4 3"} if columns.unknown else {})
    down = _EDGE | ({"stroke_dasharray": "4 3"} if rows is not None and rows.unknown else {})
    d.path([(0, 0), (w, 0)], **across)
    d.path([(0, h), (w, h)], **across)
    d.path([(0, 0), (0, h)], **down)
    d.path([(w, 0), (w, h)], **down)
