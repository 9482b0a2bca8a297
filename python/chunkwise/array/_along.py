"""Users' functions along axes, on indices and on single elements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Integral
from typing import Any

import numpy as np

from .. import _chunkwise as _native
from . import _dtypes
from ._array import Array
from ._blockwise import Argument, Function, Input, call, function_name, infer_dtype
from ._functions import map_blocks
from ._gufunc import apply_gufunc

__all__ = ["apply_along_axis", "apply_over_axes", "frompyfunc", "reduction"]


def _axis(axis: int, ndim: int) -> int:
    if not -ndim <= axis < ndim:
        raise np.exceptions.AxisError(axis, ndim)
    return int(axis) % ndim


class _Along(Function):
    """A function of 1-dimensional arrays along an axis."""

    axis: int

    def call(self, parts: list[np.ndarray], block: tuple, start: tuple, shape: tuple) -> Any:
        if 0 in shape:
            return np.empty(shape, self.dtype)
        arguments = [a.of(parts) if isinstance(a, Argument) else a for a in self.arguments]
        array, *rest = arguments
        return np.apply_along_axis(self.function, self.axis, array, *rest, **self.keywords)


def apply_along_axis(
    func1d: Callable,
    axis: int,
    arr: Any,
    *args: Any,
    dtype: Any = None,
    shape: tuple[int, ...] | None = None,
    **kwargs: Any,
) -> Array:
    """A function of 1-dimensional arrays on each line along an axis.

    Parameters
    ----------
    func1d : callable
        Called with a line and what else is given; returns an array or a number.
    axis : int
    arr : array_like
    *args, **kwargs
        Passed to the function.
    dtype, shape
        What the function returns; by default found by calling it once on a line of ones.

    Returns
    -------
    Array
        With the axes of what the function returns in the place of `axis`.

    Examples
    --------
    >>> x = da.arange(6, chunks=3).reshape(2, 3)
    >>> da.apply_along_axis(lambda line: line.max() - line.min(), 1, x).compute()
    array([2, 2])
    """
    from ._convert import asarray

    x = asarray(arr)
    axis = _axis(axis, x.ndim)
    if dtype is None or shape is None:
        line = np.ones(x.shape[axis], x.dtype)
        trial = np.asarray(func1d(line, *args, **kwargs))
        dtype = trial.dtype if dtype is None else dtype
        shape = trial.shape if shape is None else shape
    shape = (int(shape),) if isinstance(shape, Integral) else tuple(shape)
    kind = _dtypes.DTYPES[_dtypes.name(dtype)]
    name = function_name(func1d)
    function = _Along(func1d, [Argument(0), *args], kwargs, name, kind)
    function.axis = axis
    labels = list(range(x.ndim))
    inputs = [Input(x, tuple("whole" if k == axis else k for k in labels))]
    made = [("out", n) for n in range(len(shape))]
    out = [*labels[:axis], *made, *labels[axis + 1 :]]
    chunks = [*x.chunks[:axis], *((n,) for n in shape), *x.chunks[axis + 1 :]]
    return call(function, name, inputs, out, chunks, kind)


def apply_over_axes(func: Callable, a: Any, axes: int | Sequence[int]) -> Array:
    """A function `func(x, axis)` applied along one axis after another.

    The function takes and returns arrays of this package; where its result lacks the axis, the axis
    is put back with length 1.

    Examples
    --------
    >>> x = da.ones((2, 3, 4), chunks=2)
    >>> da.apply_over_axes(lambda x, axis: x.sum(axis=axis), x, [0, 2]).shape  # doctest: +SKIP
    (1, 3, 1)
    """
    from ._convert import asarray

    result = asarray(a)
    ndim = result.ndim
    for axis in [axes] if isinstance(axes, Integral) else axes:
        axis = _axis(axis, ndim)
        made = asarray(func(result, axis))
        if made.ndim == ndim - 1:
            made = Array(_native.expand_dims(made._expr, [axis]))
        if made.ndim != ndim:
            raise ValueError(
                f"the function returned an array of {made.ndim} axes, where {ndim} or {ndim - 1} "
                "were expected"
            )
        result = made
    return result


class _Step(Function):
    """A step of a reduction: the user's function with the axes."""

    axis: tuple[int, ...]
    keepdims: bool
    #: Whether the parts that are joined are passed one by one, in nested lists.
    apart: bool

    def call(self, parts: list[np.ndarray], block: tuple, start: tuple, shape: tuple) -> Any:
        given, *rest = parts
        if self.apart:
            given = _pieces(given, list(self.axis))
        return self.function(given, *rest, axis=self.axis, keepdims=self.keepdims, **self.keywords)


def _pieces(part: np.ndarray, axes: list[int]) -> list:
    axis, *rest = axes
    pieces = np.split(part, part.shape[axis], axis)
    return [_pieces(p, rest) for p in pieces] if rest else pieces


def reduction(
    x: Any,
    chunk: Callable,
    aggregate: Callable,
    axis: int | Sequence[int] | None = None,
    keepdims: bool = False,
    dtype: Any = None,
    split_every: int | dict | None = None,
    combine: Callable | None = None,
    name: str | None = None,
    out: Any = None,
    concatenate: bool = True,
    output_size: int = 1,
    meta: Any = None,
    weights: Any = None,
) -> Array:
    """A reduction made of Python functions: one for each chunk, one that joins their results.

    Parameters
    ----------
    x : array_like
    chunk : callable
        ``chunk(part, axis, keepdims)``, called for each chunk with `keepdims=True`; with `weights`,
        ``chunk(part, weights, axis, keepdims)``. Returns an array of one of the supported dtypes.
    aggregate : callable
        ``aggregate(parts, axis, keepdims)``, called last, with what is left side by side.
    axis : int or sequence of int
        The reduced axes; by default all.
    keepdims : bool
        Whether they stay with length 1.
    dtype : dtype
        What `aggregate` returns; by default found by calling it once.
    split_every : int or dict
        How many results are joined at once, by default 16 along each axis.
    combine : callable
        As `aggregate`, for all joints but the last; by default `aggregate`.
    name : str
        A name for plans and errors.
    concatenate : bool
        Whether the parts are passed as one array; otherwise as nested lists of arrays.
    output_size : int
        The length of the reduced axis in what `chunk` and `combine` return.
    meta : array
        An array of the result's dtype, instead of `dtype`.
    weights : array_like
        Broadcast with `x` and passed beside it.

    Examples
    --------
    >>> x = da.arange(10, chunks=3)
    >>> squares = lambda part, axis, keepdims: (part**2).sum(axis=axis, keepdims=keepdims)
    >>> int(da.reduction(x, chunk=squares, aggregate=np.sum, dtype="int64").compute())
    285
    """
    from ._convert import asarray

    if out is not None:
        raise NotImplementedError("out is not supported: arrays are not written to")
    x = asarray(x)
    if axis is None:
        axes = tuple(range(x.ndim))
    else:
        given = (axis,) if isinstance(axis, Integral) else tuple(axis)
        axes = tuple(sorted(_axis(a, x.ndim) for a in given))
        if len(set(axes)) != len(axes):
            raise ValueError(f"an axis is given twice: {axis}")
    inputs = [Input(x, tuple(range(x.ndim)))]
    if weights is not None:
        weights = Array(_native.broadcast_to(asarray(weights)._expr, x.shape))
        weights = Array(_native.rechunk(weights._expr, x.chunks))
        inputs.append(Input(weights, tuple(range(x.ndim))))
    name = name or function_name(aggregate)
    sample = [np.ones((1,) * i.array.ndim, i.array.dtype) for i in inputs]
    try:
        with np.errstate(all="ignore"):
            first = np.asarray(chunk(*sample, axis=axes, keepdims=True))
        partial = _dtypes.DTYPES[_dtypes.name(first.dtype)]
    except TypeError as error:
        raise TypeError(
            f"reduction: chunk must return an array of a supported dtype; on an array of one "
            f"element: {error}"
        ) from error
    if dtype is None and meta is None:
        final = infer_dtype(
            aggregate,
            [first if concatenate else _pieces(first, list(axes))],
            {"axis": axes, "keepdims": True},
            "reduction",
        )
    else:
        final = np.dtype(dtype) if dtype is not None else meta.dtype
    final = _dtypes.DTYPES[_dtypes.name(final)]

    def step(
        function: Callable, given: list[Input], wide: int, kind: np.dtype, last: bool, apart: bool
    ) -> Array:
        made = _Step(function, (), {}, name, kind)
        made.axis, made.keepdims, made.apart = axes, keepdims or not last, apart
        own = given[0].array
        labels = [k for k in range(x.ndim) if made.keepdims or k not in axes]
        chunks = [(wide,) * len(own.chunks[k]) if k in axes else own.chunks[k] for k in labels]
        return call(made, name, given, labels, chunks, kind)

    parts = step(chunk, inputs, output_size, partial, last=False, apart=False)
    every = _every(split_every, axes)
    while any(parts.numblocks[k] > every[k] for k in axes):
        parts = step(
            combine or aggregate,
            [Input(_joined(parts, every, output_size), tuple(range(x.ndim)))],
            output_size,
            partial,
            last=False,
            apart=not concatenate,
        )
    whole = {k: parts.numblocks[k] for k in axes}
    joined = [Input(_joined(parts, whole, output_size), tuple(range(x.ndim)))]
    return step(aggregate, joined, 1, final, last=True, apart=not concatenate)


def _every(given: Any, axes: tuple[int, ...]) -> dict[int, int]:
    if isinstance(given, dict):
        return {k: max(int(given.get(k, 16)), 2) for k in axes}
    if given is None:
        return dict.fromkeys(axes, 16)
    each = max(int(given ** (1 / (len(axes) or 1))), 2)
    return dict.fromkeys(axes, each)


def _joined(parts: Array, every: dict[int, int], wide: int) -> Array:
    """The same in chunks of `every` parts along each reduced axis."""
    chunks = tuple(
        _regular(len(sizes) * wide, every[k] * wide) if k in every else sizes
        for k, sizes in enumerate(parts.chunks)
    )
    return Array(_native.rechunk(parts._expr, chunks))


def _regular(length: int, chunk: int) -> tuple[int, ...]:
    full, rest = divmod(length, max(chunk, 1))
    return (chunk,) * full + ((rest,) if rest else ())


class _Elementwise:
    """A Python function of single elements as one of arrays."""

    def __init__(self, function: Callable, nin: int, nout: int) -> None:
        self.function, self.nin, self.nout = function, nin, nout

    def __call__(self, *parts: np.ndarray) -> Any:
        made = np.frompyfunc(self.function, self.nin, self.nout)(*parts)
        made = made if isinstance(made, tuple) else (made,)
        typed = tuple(np.array(np.asarray(m).tolist()).reshape(np.shape(m)) for m in made)
        return typed if self.nout != 1 else typed[0]

    def __reduce__(self) -> tuple:
        from ._pickle import pack, unpack_elementwise

        return unpack_elementwise, (pack(self.function), self.nin, self.nout)


class _PyUfunc:
    """What `frompyfunc` answers."""

    def __init__(self, function: Callable, nin: int, nout: int) -> None:
        self.function = _Elementwise(function, nin, nout)
        self.nin, self.nout, self.nargs = nin, nout, nin + nout
        self.__name__ = f"{function_name(function)} (vectorized)"

    def __repr__(self) -> str:
        return f"<elementwise function {self.__name__!r}>"

    def __call__(self, *args: Any, dtype: Any = None) -> Array | tuple[Array, ...]:
        from ._convert import asarray

        if len(args) != self.nin:
            raise TypeError(f"{self.__name__} takes {self.nin} arguments, got {len(args)}")
        arrays = [asarray(a) for a in args]
        if self.nout == 1:
            return map_blocks(self.function, *arrays, dtype=dtype, name=self.__name__)
        signature = f"{','.join(['()'] * self.nin)}->{','.join(['()'] * self.nout)}"
        return apply_gufunc(
            self.function, signature, *arrays, output_dtypes=dtype, allow_rechunk=True
        )


def frompyfunc(func: Callable, nin: int, nout: int) -> _PyUfunc:
    """A function of arrays from a Python function of single elements.

    Unlike NumPy's, its results have a dtype of numbers: that of the function's result for ones, or
    the `dtype` that a call is given.

    Parameters
    ----------
    func : callable
    nin, nout : int
        How many arguments it takes and how many results it returns.

    Examples
    --------
    >>> weekday = da.frompyfunc(lambda n: n % 7, 1, 1)
    >>> weekday(da.arange(6, 9, chunks=2)).compute()
    array([6, 0, 1])
    """
    if not callable(func):
        raise TypeError(f"the first argument must be a function, not {type(func).__name__}")
    if nin < 1 or nout < 1:
        raise ValueError(f"a function of {nin} arguments and {nout} results")
    return _PyUfunc(func, nin, nout)
