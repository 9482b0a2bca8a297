"""How far a run is."""

from __future__ import annotations

import contextvars
import shutil
import sys
import threading
from collections.abc import Callable
from typing import Any

from .. import _chunkwise as _native
from .._svg import COLOURS, escape, in_notebook
from ._callback import Listener

__all__ = ["ProgressBar"]

_CLEAR = "\r\x1b[2K"
# A line longer than a narrow terminal is cut off there instead of breaking.
_NO_WRAP, _WRAP = "\x1b[?7l", "\x1b[?7h"
_ENOUGH = 100_000


class ProgressBar(Listener):
    """Shows how far each run is, how fast it goes and how long it still takes.

    On a terminal it is one line that is drawn over again; in a notebook a bar below the cell. Where
    the output is neither, as in a log, one line is written when a run has ended. The share done is
    measured by what the plan reckons each task to cost. Of runs at the same time one is shown.

    Parameters
    ----------
    minimum : float
        Runs shorter than this many seconds are not shown.
    width : int
        The most characters of the bar itself.
    dt : float
        Seconds between two drawings.
    out : file, optional
        Where to write; standard error by default.

    Examples
    --------
    >>> from chunkwise.diagnostics import ProgressBar
    >>> with ProgressBar(minimum=1):  # nothing is shown: this is faster
    ...     total = (da.asarray([1, 2, 3]) + 1).compute()
    """

    def __init__(
        self, minimum: float = 0, width: int = 40, dt: float = 0.1, out: Any = None
    ) -> None:
        if width < 0:
            raise ValueError(f"width must not be negative, got {width}")
        self._width = width
        self._out = out
        self._dt, self._minimum = dt, minimum
        self._native = _native.ProgressBar(self._begin, dt, minimum)

    def _begin(self) -> Callable[[Any, bool], None]:
        """What draws the run that this thread is about to begin."""
        out = self._out
        if out is None and in_notebook():
            return _Notebook(self._width)
        if out is None:
            out = sys.stderr
        if out is None:
            return lambda progress, finished: None
        try:
            moves = out.isatty()
        except (AttributeError, ValueError):
            moves = False
        return _Terminal(out, self._width) if moves else _Log(out)

    def _elsewhere(self, run: Any) -> tuple[Callable, Callable]:
        draw = self._begin()
        ended = threading.Event()

        def keep_drawing() -> None:
            ended.wait(self._minimum)
            while not ended.wait(self._dt):
                draw(run, False)
            if run.elapsed >= self._minimum:
                draw(run, True)

        thread = threading.Thread(target=keep_drawing, name="chunkwise-progress", daemon=True)
        thread.start()
        return lambda *task: None, ended.set


class _Terminal:
    def __init__(self, out: Any, width: int) -> None:
        self._out = out
        self._width = width
        self._drawn = False

    def __call__(self, progress: Any, finished: bool) -> None:
        if finished:
            self._write((_CLEAR if self._drawn else "") + progress.summary() + "\n")
            return
        # The last column stays free: some terminals break the line when it is written.
        columns = shutil.get_terminal_size().columns - 1
        self._drawn = True
        self._write(f"{_CLEAR}{_NO_WRAP}{progress.line(columns, self._width)}{_WRAP}")

    def _write(self, text: str) -> None:
        # What cannot be written is not drawn.
        try:
            self._out.write(text)
            self._out.flush()
        except (OSError, ValueError):
            pass


class _Log(_Terminal):
    def __init__(self, out: Any) -> None:
        super().__init__(out, 0)

    def __call__(self, progress: Any, finished: bool) -> None:
        if finished:
            super().__call__(progress, finished)


class _Notebook:
    """A bar below the cell that began the run."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._handle: Any = None
        # The run's threads know nothing of the cell: what it is to be found by is taken along.
        self._context = contextvars.copy_context()

    def __call__(self, progress: Any, finished: bool) -> None:
        self._context.run(self._draw, progress, finished)

    def _draw(self, progress: Any, finished: bool) -> None:
        from IPython.display import display

        fraction = progress.fraction
        if finished:
            text = plain = progress.summary()
        else:
            text = progress.line(_ENOUGH, 0)
            plain = progress.line(_ENOUGH, self._width)
        bundle = {
            "text/plain": plain,
            "text/html": _html(fraction, text, self._width, finished and not progress.ok),
        }
        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)


def _html(fraction: float, text: str, width: int, failed: bool) -> str:
    colour = COLOURS[3] if failed else COLOURS[0] if fraction < 1 else COLOURS[2]
    return (
        '<div style="display:flex;align-items:center;gap:0.8em;font-size:0.9em;'
        'font-variant-numeric:tabular-nums">'
        f'<div role="progressbar" aria-valuenow="{fraction * 100:.0f}" aria-valuemin="0" '
        f'aria-valuemax="100" style="flex:none;width:{width / 2:g}em;height:0.7em;'
        'border:1px solid rgba(128,128,128,0.7);border-radius:0.4em;overflow:hidden">'
        f'<div style="width:{fraction * 100:.1f}%;height:100%;background:{colour}"></div></div>'
        f'<span style="white-space:nowrap">{escape(text.strip())}</span></div>'
    )
