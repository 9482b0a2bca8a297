"""Users' functions on chunks: what every function of that family is made of."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from .. import _chunkwise as _native
from . import _dtypes
from ._array import Array

__all__: list[str] = []


class Input(NamedTuple):
    """An array and a label for each of its axes, which says what axis of the result it goes
    with."""

    array: Array
    labels: tuple[Hashable, ...]


def function_name(function: Any) -> str:
    """A short name of a function for plans and errors."""
    while hasattr(function, "func"):
        function = function.func
    return getattr(function, "__name__", type(function).__name__).strip("<>")


def unify(inputs: Sequence[Input]) -> tuple[dict[Hashable, tuple[int, ...]], list[Input]]:
    """The chunks along each label that suit all arrays, and the arrays cut so.

    Axes of length 1 go with any length.
    """
    chunks: dict[Hashable, tuple[int, ...]] = {}
    for array, labels in inputs:
        for label, own in zip(labels, array.chunks, strict=True):
            chunks[label] = _refined(label, chunks.get(label), own)
    return chunks, [_cut(i, chunks) for i in inputs]


def _refined(label: Hashable, a: tuple[int, ...] | None, b: tuple[int, ...]) -> tuple[int, ...]:
    if a is None or a == b or sum(a) == 1:
        return b
    if sum(b) == 1:
        return a
    if sum(a) != sum(b):
        raise ValueError(
            f"arrays of lengths {sum(a)} and {sum(b)} along axis {label!r} cannot be broadcast "
            "together"
        )
    ends = sorted({*itertools.accumulate(a), *itertools.accumulate(b)})
    return tuple(end - start for start, end in zip([0, *ends], ends, strict=False))


def _cut(given: Input, chunks: dict[Hashable, tuple[int, ...]]) -> Input:
    array, labels = given
    wanted = tuple(
        own if sum(own) == 1 else chunks[label]
        for label, own in zip(labels, array.chunks, strict=True)
    )
    if wanted == array.chunks:
        return given
    return Input(Array(_native.rechunk(array._expr, wanted)), labels)


class Function:
    """What is called for each chunk: a user's function with its arguments put together.

    Plain data, so that an array made with it can be pickled.

    Parameters
    ----------
    function : callable
        The user's.
    arguments : sequence
        What it is called with; an `Argument` stands for a part of an array.
    keywords : dict
        The same by name.
    """

    def __init__(
        self,
        function: Callable,
        arguments: Sequence[Any],
        keywords: dict[str, Any],
        name: str,
        dtype: np.dtype,
    ) -> None:
        self.function = function
        self.arguments = tuple(arguments)
        self.keywords = dict(keywords)
        self.name = name
        self.dtype = dtype

    def __call__(self, chunks: list, block: tuple, start: tuple, shape: tuple) -> np.ndarray:
        parts = [np.asarray(chunk) for chunk in chunks]
        result = self.call(parts, block, start, shape)
        return conform(result, self.name, self.dtype, shape, block)

    def call(self, parts: list[np.ndarray], block: tuple, start: tuple, shape: tuple) -> Any:
        arguments = [a.of(parts) if isinstance(a, Argument) else a for a in self.arguments]
        keywords = {
            k: a.of(parts) if isinstance(a, Argument) else a for k, a in self.keywords.items()
        }
        return self.function(*arguments, **keywords)

    def __reduce__(self) -> tuple:
        from ._pickle import pack, unpack

        state = self.__dict__.copy()
        return unpack, (type(self), pack(state.pop("function")), state)


class Argument:
    """The part of an array that a call is given; in pieces along the axes of `pieces`."""

    def __init__(self, place: int, pieces: dict[int, tuple[int, ...]] | None = None) -> None:
        self.place = place
        self.pieces = pieces or {}

    def of(self, parts: list[np.ndarray]) -> Any:
        part = parts[self.place]
        return _split(part, sorted(self.pieces.items())) if self.pieces else part


def _split(part: np.ndarray, axes: list[tuple[int, tuple[int, ...]]]) -> list:
    (axis, sizes), *rest = axes
    pieces = np.split(part, list(itertools.accumulate(sizes))[:-1], axis)
    return [_split(piece, rest) for piece in pieces] if rest else pieces


def conform(result: Any, name: str, dtype: np.dtype, shape: tuple, block: tuple) -> np.ndarray:
    """A function's result as an array of the dtype and shape that were promised; an error where it
    is something else."""
    array = np.asarray(result)
    if array.dtype != dtype:
        if not np.can_cast(array.dtype, dtype, "same_kind"):
            raise TypeError(
                f"{name} returned elements of dtype {array.dtype} for chunk {block}, where {dtype} "
                f"was expected; dtype= says what it returns"
            )
        array = array.astype(dtype)
    if array.shape != shape:
        raise ValueError(
            f"{name} returned an array of shape {array.shape} for chunk {block}, where {shape} was "
            "expected; chunks=, drop_axis= and new_axis= say how its results are cut"
        )
    if not array.dtype.isnative or not array.flags.aligned:
        array = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("=")))
    return array


def call(
    function: Callable,
    name: str,
    inputs: Iterable[Input],
    out: Sequence[Hashable],
    chunks: Sequence[tuple[int, ...]],
    dtype: Any,
) -> Array:
    """An array made by a function on chunks.

    Along a label that the result has, the function is given the inputs' chunk of the same number
    (or the only one); along others, the whole axis.
    """
    places = {label: axis for axis, label in enumerate(out)}
    given = [(i.array._expr, [places.get(label) for label in i.labels]) for i in inputs]
    chunks = [list(c) for c in chunks]
    trim = [(0, 0)] * len(chunks)
    return Array(_native.call(function, name, given, _dtypes.name(dtype), chunks, trim))


def infer_dtype(
    function: Callable,
    arguments: Sequence[Any],
    keywords: dict[str, Any],
    operation: str,
    count: int | None = None,
) -> Any:
    """The dtype of what a function returns, or those of `count` results, by calling it on arrays of
    one element."""

    def small(value: Any) -> Any:
        return np.ones((1,) * value.ndim, value.dtype) if isinstance(value, Array) else value

    given = [small(a) for a in arguments]
    named = {k: small(v) for k, v in keywords.items()}
    try:
        with np.errstate(all="ignore"):
            made = function(*given, **named)
    except Exception as error:
        try:
            empty = [
                np.empty((0,) * a.ndim, a.dtype) if isinstance(a, Array) else a for a in arguments
            ]
            with np.errstate(all="ignore"):
                made = function(*empty, **named)
        except Exception:
            raise ValueError(
                f"the dtype of what {function_name(function)} returns is unknown: {operation} "
                "called it on "
                f"arrays of one element and it raised {type(error).__name__}: {error}. "
                "Give it with dtype= or output_dtypes=."
            ) from error
    if count is None:
        return np.asarray(made).dtype
    if not isinstance(made, tuple | list) or len(made) != count:
        raise ValueError(f"{operation}: the function must return a tuple of {count} arrays")
    return [np.asarray(m).dtype for m in made]


def chosen_dtype(
    function: Callable,
    arguments: Sequence[Any],
    keywords: dict[str, Any],
    operation: str,
    dtype: Any,
    meta: Any,
) -> np.dtype:
    """The dtype that was declared, or that of `meta`, or the one that a trial call gives."""
    if dtype is not None:
        chosen = np.dtype(dtype)
    elif meta is not None:
        chosen = meta.dtype if hasattr(meta, "dtype") else np.asarray(meta).dtype
    else:
        chosen = infer_dtype(function, arguments, keywords, operation)
    return _dtypes.DTYPES[_dtypes.name(chosen)]
