"""Pictures: SVG that is readable on light and dark grounds, in notebooks, files and browsers.

What is drawn takes its lines and letters from the text colour around it (`currentColor`) and its
fills from colours of middle lightness, so that the same drawing does on any ground. A picture that
stands alone brings its ground along.
"""

from __future__ import annotations

import os
from typing import Any

__all__ = ["Picture", "Drawing", "text_width"]

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
#: Ground and letters where a picture stands alone.
LIGHT = ("#ffffff", "#1f2328")
DARK = ("#15181d", "#e6e8eb")
#: Of middle lightness, told apart also by those who see few colours (after Okabe and Ito, 2008).
COLOURS = (
    "#3a8fc4",
    "#de8f05",
    "#0fa37f",
    "#cc6677",
    "#9479d8",
    "#a8893c",
    "#4fb3bf",
    "#d55e00",
    "#7f8c99",
    "#c469b5",
)


def escape(value: Any) -> str:
    """A text that can stand in a document and in its attributes."""
    text = "".join(c if c.isprintable() else " " for c in str(value))
    # What only pictures need is loaded for the first of them: `import chunkwise.array` stays quick.
    import html

    return html.escape(text, quote=True)


def number(value: float) -> str:
    """A coordinate, with a tenth of a pixel."""
    text = f"{value:.1f}"
    return text.removesuffix(".0")


def text_width(text: str, size: float = 12) -> float:
    """About how wide a text is at most, in pixels: no fonts are read, and the wide ones count."""
    narrow = sum(c in "iljtfr.,:;|!'()[]I " for c in text)
    wide = sum(c in "mwMW@%" or ord(c) > 0x2E80 for c in text)
    return size * (0.39 * narrow + 0.95 * wide + 0.63 * (len(text) - narrow - wide))


def shortened(text: str, width: float, size: float = 12) -> str:
    """A text cut to about this many pixels."""
    if text_width(text, size) <= width:
        return text
    while text and text_width(text + "…", size) > width:
        text = text[:-1]
    return text.rstrip(" ,(") + "…"


class Drawing:
    """Elements of a picture, in the order in which they are drawn."""

    def __init__(self) -> None:
        self.parts: list[str] = []

    def add(self, tag: str, content: str | None = None, **attributes: Any) -> None:
        """An element; underscores in attributes' names are hyphens. The content is markup."""
        written = []
        for name, value in attributes.items():
            if value is None:
                continue
            value = number(value) if isinstance(value, float | int) else escape(value)
            written.append(f' {name.rstrip("_").replace("_", "-")}="{value}"')
        end = "/>" if content is None else f">{content}</{tag}>"
        self.parts.append(f"<{tag}{''.join(written)}{end}")

    def text(
        self,
        x: float,
        y: float,
        text: Any,
        size: float = 12,
        anchor: str | None = None,
        faint: bool = False,
        bold: bool = False,
        **attributes: Any,
    ) -> None:
        self.add(
            "text",
            escape(text),
            x=x,
            y=y,
            font_size=size,
            text_anchor=anchor,
            fill="currentColor",
            fill_opacity="0.72" if faint else None,
            font_weight="600" if bold else None,
            **attributes,
        )

    def rect(self, x: float, y: float, w: float, h: float, title: Any = None, **kw: Any) -> None:
        content = None if title is None else f"<title>{escape(title)}</title>"
        self.add("rect", content, x=x, y=y, width=w, height=h, **kw)

    def line(self, x1: float, y1: float, x2: float, y2: float, **kw: Any) -> None:
        kw.setdefault("stroke", "currentColor")
        self.add("line", x1=x1, y1=y1, x2=x2, y2=y2, **kw)

    def path(self, points: list[tuple[float, float]], close: bool = False, **kw: Any) -> None:
        kw.setdefault("fill", "none")
        steps = " L".join(f"{number(x)} {number(y)}" for x, y in points)
        self.add("path", d=f"M{steps}{' Z' if close else ''}", **kw)

    def group(self, inner: Drawing, x: float, y: float) -> None:
        """Another drawing, moved."""
        self.add("g", "".join(inner.parts), transform=f"translate({number(x)},{number(y)})")

    def picture(self, width: float, height: float, title: str) -> Picture:
        """The finished picture; `title` says in words what it shows."""
        return Picture("".join(self.parts), width, height, title)


class Picture:
    """A picture that shows itself in a notebook and can be saved.

    Attributes
    ----------
    svg : str
        The picture as an SVG document.

    Examples
    --------
    >>> picture = (da.asarray([1, 2, 3]) + 1).visualize()
    >>> picture.svg.startswith("<svg")
    True
    """

    def __init__(self, body: str, width: float, height: float, title: str) -> None:
        self._body = body
        self._width = width
        self._height = height
        self._title = title

    def __repr__(self) -> str:
        return f"<picture of {self._title}, {self._width:.0f} x {self._height:.0f}>"

    def _markup(self, attributes: str, before: str = "") -> str:
        w, h = number(self._width), number(self._height)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" '
            f'width="{w}" height="{h}" role="img" font-family="{escape(FONT)}" {attributes}>'
            f"<title>{escape(self._title)}</title>{before}{self._body}</svg>"
        )

    @property
    def svg(self) -> str:
        """The picture as a document of its own, with its ground; dark where its reader's is."""
        return self._document(LIGHT, adapts=True)

    def _document(self, colours: tuple[str, str], adapts: bool = False) -> str:
        ground, letters = colours
        style = ""
        if adapts:
            style = (
                "<style>@media (prefers-color-scheme: dark){"
                f".chunkwise-picture{{color:{DARK[1]}}}.chunkwise-ground{{fill:{DARK[0]}}}"
                "}</style>"
            )
        rect = f'<rect class="chunkwise-ground" width="100%" height="100%" fill="{ground}"/>'
        return self._markup(f'class="chunkwise-picture" color="{letters}"', style + rect)

    def _repr_svg_(self) -> str:
        return self.svg

    def _repr_html_(self) -> str:
        # Without a ground, in the colours of the page around it.
        style = 'style="max-width:100%;height:auto;overflow:visible"'
        return f"<div>{self._markup(style)}</div>"

    def save(self, filename: Any, format: str | None = None, *, dark: bool = False) -> None:
        """Writes the picture to a file.

        Parameters
        ----------
        filename : path
            The file; without an ending it gets the format's.
        format : {"svg", "png", "html"}, optional
            By default what the name ends in, else SVG.
        dark : bool
            Light letters on a dark ground. SVG and HTML files follow their reader by themselves.

        Raises
        ------
        ValueError
            Another format.
        RuntimeError
            PNG, where neither the package ``cairosvg`` nor one of the programs ``rsvg-convert``,
            ``inkscape`` and ``magick`` is there to make it.
        """
        filename = os.fspath(filename)
        ending = os.path.splitext(filename)[1][1:].lower()
        format = (format or ending or "svg").lower()
        if format not in ("svg", "png", "html"):
            raise ValueError(f'format must be "svg", "png" or "html", got {format!r}')
        if ending != format:
            filename = f"{filename}.{format}"
        svg = self._document(DARK) if dark else self.svg
        if format == "png":
            data = png(self._document(DARK if dark else LIGHT))
        elif format == "html":
            data = (
                '<!DOCTYPE html><meta charset="utf-8">'
                '<meta name="color-scheme" content="light dark">'
                f"<title>{escape(self._title)}</title>{svg}"
            ).encode()
        else:
            data = svg.encode()
        with open(filename, "wb") as file:
            file.write(data)


#: How many pixels of a PNG there are for one of the picture.
SCALE = 2


def png(svg: str) -> bytes:
    """An SVG document as a PNG, by whatever can make one here."""
    try:
        import cairosvg
    except ImportError:
        pass
    else:
        return cairosvg.svg2png(bytestring=svg.encode(), scale=SCALE)
    import shutil
    import subprocess

    dpi = str(96 * SCALE)
    ways = {
        "rsvg-convert": ["--zoom", str(SCALE), "--format", "png"],
        "inkscape": [
            "--pipe",
            "--export-type=png",
            "--export-filename=-",
            f"--export-dpi={dpi}",
        ],
        "magick": ["-density", dpi, "svg:-", "png:-"],
    }
    for program, arguments in ways.items():
        if found := shutil.which(program):
            made = subprocess.run(
                [found, *arguments], input=svg.encode(), capture_output=True, check=False
            )
            if made.returncode == 0 and made.stdout.startswith(b"\x89PNG"):
                return made.stdout
    raise RuntimeError(
        f"a PNG needs the package cairosvg or one of the programs {', '.join(ways)}; "
        "SVG files need nothing"
    )


def deliver(picture: Picture, filename: Any, format: str | None, show: bool) -> Picture:
    """A picture saved where that is asked for, and shown at once in a notebook."""
    if filename is not None:
        picture.save(filename, format)
    if show and in_notebook():
        from IPython.display import display

        display(picture)
    return picture


def in_notebook() -> bool:
    """Whether this runs in a notebook's kernel."""
    import sys

    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return getattr(shell, "kernel", None) is not None
