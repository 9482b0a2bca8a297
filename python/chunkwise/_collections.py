"""Several things computed in one run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import _session
from ._delayed import Delayed, _compute, _persisted, _picture

__all__ = ["compute", "explain", "persist", "visualize"]


def _array_type() -> type:
    from .array._array import Array

    return Array


def _collect(thing: Any, found: list) -> Callable[[list], Any]:
    """Puts the arrays and `Delayed` in a nested thing into `found`; answers what rebuilds it."""
    if isinstance(thing, (Delayed, _array_type())):
        place = len(found)
        found.append(thing)
        return lambda results: results[place]
    if type(thing) in (list, tuple, set, frozenset):
        parts = [_collect(part, found) for part in thing]
        kind = type(thing)
        return lambda results: kind(part(results) for part in parts)
    if type(thing) is dict:
        keys = [_collect(key, found) for key in thing]
        values = [_collect(value, found) for value in thing.values()]
        return lambda results: {
            key(results): value(results) for key, value in zip(keys, values, strict=True)
        }
    return lambda results: thing


def compute(*things: Any, traverse: bool = True) -> tuple:
    """Computes arrays and `Delayed` in one go: what they share is computed once.

    All arrays are computed in one run, those that `Delayed` read among them; then the tasks.

    Parameters
    ----------
    *things
        Arrays and `Delayed`; lists, tuples, sets and dicts of them, nested; anything else is
        answered as it is.
    traverse : bool
        Whether to look into containers.

    Returns
    -------
    tuple
        NumPy arrays (NumPy scalars for 0-dimensional arrays) in the places of the arrays, and
        what the functions gave in those of the `Delayed`.

    Raises
    ------
    MemoryLimitError
        What cannot run within the memory limit, before anything is computed.

    Examples
    --------
    >>> x = da.arange(10, chunks=5)
    >>> low, rest = chunkwise.compute(x.min(), {"max": x.max(), "n": 10})
    >>> int(low), int(rest["max"]), rest["n"]
    (0, 9, 10)
    >>> chunkwise.compute([chunkwise.delayed(len)(x), x.sum()])
    ([10, np.int64(45)],)
    """
    found: list = []
    look = _collect if traverse else _flat
    rebuild = [look(thing, found) for thing in things]
    results = _compute_all(found)
    return tuple(r(results) for r in rebuild)


def _flat(thing: Any, found: list) -> Callable[[list], Any]:
    whole = isinstance(thing, (Delayed, _array_type()))
    return _collect(thing, found) if whole else lambda results: thing


def _compute_all(things: list) -> list:
    """The values of arrays and `Delayed`, in their order."""
    calls = [t for t in things if isinstance(t, Delayed)]
    if not calls:
        return _compute_arrays(things)
    made, elements = _compute(calls, [t for t in things if not isinstance(t, Delayed)])
    of_calls, of_arrays = iter(made), iter(elements)
    return [next(of_calls if isinstance(t, Delayed) else of_arrays) for t in things]


def _compute_arrays(arrays: list) -> list:
    from .array._array import _result

    if not arrays:
        return []
    return [_result(c) for c in _session.current().compute([a._expr for a in arrays])]


def persist(*things: Any, traverse: bool = True) -> tuple:
    """Computes several arrays in one run and keeps them in memory, as arrays of the same chunks;
    and `Delayed`, with their values.

    Examples
    --------
    >>> x = da.ones((4, 4), chunks=2)
    >>> (kept,) = chunkwise.persist(x + 1)
    >>> float(kept.sum())
    32.0
    """
    found: list = []
    look = _collect if traverse else _flat
    rebuild = [look(thing, found) for thing in things]
    arrays = [t for t in found if not isinstance(t, Delayed)]
    exprs = _session.current().persist([a._expr for a in arrays]) if arrays else []
    calls = [t for t in found if isinstance(t, Delayed)]
    made = iter(_compute(calls))
    new = iter(exprs)
    kept = [
        _persisted(t, next(made)) if isinstance(t, Delayed) else type(t)(next(new)) for t in found
    ]
    return tuple(r(kept) for r in rebuild)


def explain(*things: Any) -> str:
    """What computing several arrays would do: stages, tasks, bytes, the predicted peak of memory.

    Examples
    --------
    >>> print(chunkwise.explain(da.ones((4, 4), chunks=2).sum()))
    plan: 1 stage, 1 task, at most ... per task
    expression
      sum  float64[]  chunks ()
    ...
    """
    found: list = []
    for thing in things:
        _collect(thing, found)
    if any(isinstance(t, Delayed) for t in found):
        raise TypeError("explain is of arrays: what functions do is not known")
    return _session.current().explain([a._expr for a in found])


def visualize(*things: Any, filename: Any = None, format: str | None = None) -> Any:
    """A picture of what several arrays are made of, and of the plan to compute them in one run; or
    of the graph of several `Delayed`.

    Parameters
    ----------
    *things
        Arrays, or `Delayed`, and containers of them.
    filename : path, optional
        A file to write it to: SVG, PNG or HTML by its ending.
    format : {"svg", "png", "html"}, optional
        Where the file's name does not tell.

    Returns
    -------
    chunkwise.diagnostics.Picture
        Shows itself in a notebook.

    Examples
    --------
    >>> x = da.asarray([1.0, 2.0, 3.0])
    >>> chunkwise.visualize(x + 1, [x * 2])
    <picture of the expression and the plan of 2 arrays, ...>
    """
    from ._svg import deliver
    from .diagnostics._plan import plan_picture

    found: list = []
    for thing in things:
        _collect(thing, found)
    if not found:
        raise ValueError("no arrays to draw")
    calls = [t for t in found if isinstance(t, Delayed)]
    if calls and len(calls) < len(found):
        raise TypeError("a picture is of arrays or of Delayed, not of both")
    if calls:
        return deliver(_picture(calls), filename, format, show=False)
    return deliver(plan_picture([a._expr for a in found]), filename, format, show=False)
