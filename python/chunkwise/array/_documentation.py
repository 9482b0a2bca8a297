"""Parameters that many functions share, described once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

F = TypeVar("F", bound=Callable)

_SHARED = {
    "a": ("a : array_like", "What is reduced."),
    "x": ("x : array_like", "What is reduced."),
    "axis": ("axis : int, tuple of int or None", "The axes, or all of them."),
    "dtype": ("dtype", "The dtype to compute in, and that of the result."),
    "keepdims": ("keepdims : bool", "Whether the axes stay, with length 1."),
    "ddof": ("ddof : float", "What is subtracted from the number of elements."),
    "split_every": ("split_every", "Accepted, without effect: the engine cuts the work itself."),
    "out": (
        "out : Array or numpy.ndarray, optional",
        "What becomes the result: an `Array` is given another expression, NumPy memory is written.",
    ),
    "initial": ("initial : scalar, optional", "A value reduced together with the elements."),
    "where": ("where : array_like of bool", "Which elements take part."),
    "correction": ("correction : float, optional", "Another name of `ddof`."),
    "offset": ("offset : int", "Which diagonal: positive above the main one, negative below."),
    "axis1": ("axis1 : int", "The first axis."),
    "axis2": ("axis2 : int", "The second axis."),
    "method": ("method", "Accepted, without effect: there is one method."),
}
_LATER = ("Returns\n", "Raises\n", "Examples\n")


def documented(function: F) -> F:
    """Puts the descriptions of a function's parameters into its docstring."""
    code = function.__code__
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    lines = ["Parameters", "----------"]
    for name in names:
        if name in _SHARED:
            head, text = _SHARED[name]
            lines += [head, "    " + text]
    doc = function.__doc__ or ""
    at = min(doc.index(section) for section in _LATER if section in doc)
    margin = doc[doc.rindex("\n", 0, at) + 1 : at]
    section = "".join(f"{margin}{line}\n" for line in lines)
    start = at - len(margin)
    function.__doc__ = f"{doc[:start]}{section}\n{doc[start:]}"
    return function
