"""Users' functions on chunks: `map_blocks` and `blockwise`."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from numbers import Integral
from typing import Any

import numpy as np

from ._array import Array
from ._blockwise import (
    Argument,
    Function,
    Input,
    call,
    chosen_dtype,
    function_name,
    unify,
)

__all__ = ["blockwise", "map_blocks"]


def takes(function: Callable, name: str) -> bool:
    """Whether a function has a parameter of this name."""
    import inspect

    try:
        return name in inspect.signature(function).parameters
    except (TypeError, ValueError):
        return False


class _Informed(Function):
    """A function that is told which chunk it is given."""

    informs: tuple[str, ...]
    grids: dict[int | None, tuple]
    #: For each array, by the place of the argument: the axis of the result that each axis goes
    #: with.
    follows: dict[int, tuple]

    def call(self, parts: list[np.ndarray], block: tuple, start: tuple, shape: tuple) -> Any:
        self_keywords = dict(self.keywords)
        if "block_id" in self.informs:
            self_keywords["block_id"] = block
        if "block_info" in self.informs:
            self_keywords["block_info"] = self._info(block, shape)
        told = Function(self.function, self.arguments, self_keywords, self.name, self.dtype)
        return told.call(parts, block, start, shape)

    def _info(self, block: tuple, shape: tuple) -> dict:
        info: dict[int | None, dict] = {}
        for place, follow in self.follows.items():
            where = [None if axis is None else block[axis] for axis in follow]
            info[place] = _location(self.grids[place], where)
        info[None] = _location(self.grids[None], block)
        info[None] |= {"chunk-shape": shape, "dtype": self.dtype}
        return info


def _location(chunks: tuple, block: Sequence[int | None]) -> dict:
    """Where a chunk lies; along axes of `None`, all of them."""
    numbers, extents = [], []
    for sizes, number in zip(chunks, block, strict=True):
        if number is None:
            numbers.append(0)
            extents.append((0, sum(sizes)))
        else:
            number = min(number, len(sizes) - 1)
            start = sum(sizes[:number])
            numbers.append(number)
            extents.append((start, start + sizes[number]))
    return {
        "shape": tuple(sum(sizes) for sizes in chunks),
        "num-chunks": tuple(len(sizes) for sizes in chunks),
        "array-location": extents,
        "chunk-location": tuple(numbers),
    }


def map_blocks(
    func: Callable,
    *args: Any,
    name: str | None = None,
    token: str | None = None,
    dtype: Any = None,
    chunks: Any = None,
    drop_axis: int | Sequence[int] | None = None,
    new_axis: int | Sequence[int] | None = None,
    enforce_ndim: bool = False,
    meta: Any = None,
    **kwargs: Any,
) -> Array:
    """A function on each chunk of one or several arrays, which are broadcast together.

    Parameters
    ----------
    func : callable
        Called with a NumPy array for each array of `args`, which it must not write to, and
        everything else as it is; from several threads at once. With a parameter `block_info` or
        `block_id` it is told which chunk it is given.
    *args
        Arrays, whose chunks are passed; anything else is passed as it is, NumPy arrays whole.
    name, token : str
        A name for plans and errors; by default the function's.
    dtype : dtype
        What the function returns; by default found by calling it once on arrays of one element.
    chunks : tuple
        How the result is cut, where not like the arrays: for each axis the length of every chunk,
        or a tuple of their lengths.
    drop_axis : int or sequence of int
        Axes that the result lacks; the function is given all of them.
    new_axis : int or sequence of int
        Axes that the result has anew, of length 1 unless `chunks` says otherwise.
    enforce_ndim : bool
        Accepted as in Dask; what the function returns is always checked.
    meta : array
        An array of the result's dtype, instead of `dtype`.
    **kwargs
        Passed to the function; arrays among them are computed whole.

    Returns
    -------
    Array
        Of the shape and chunks of the arrays broadcast together, unless `chunks`, `drop_axis` and
        `new_axis` say otherwise.

    Raises
    ------
    TypeError, ValueError
        Arrays that do not go together; when computed, a result of another shape or dtype. An
        exception of the function keeps its type and traceback, and notes which chunk it was.

    Examples
    --------
    >>> x = da.arange(6, chunks=2)
    >>> da.map_blocks(lambda part: part * 100, x).compute()
    array([  0, 100, 200, 300, 400, 500])
    >>> sums = x.map_blocks(lambda part: part.sum(keepdims=True), chunks=(1,))
    >>> sums.compute()
    array([1, 5, 9])
    >>> def place(part, block_info=None):
    ...     (start, stop), = block_info[0]["array-location"]
    ...     return part + 1000 * start
    >>> x.map_blocks(place, dtype="int64").compute()
    array([   0,    1, 2002, 2003, 4004, 4005])
    """
    if not callable(func):
        raise TypeError(
            f"the first argument must be a function, not {type(func).__name__}: "
            "map_blocks(function, x, ...)"
        )
    arrays = {i: a for i, a in enumerate(args) if isinstance(a, Array)}
    ndim = max((a.ndim for a in arrays.values()), default=0)
    # Axes are labelled from the last, which are the ones that broadcasting puts side by side.
    out: list[Hashable] = list(range(ndim))[::-1]
    wholes = {k: v for k, v in kwargs.items() if isinstance(v, Array)}
    chosen = chosen_dtype(func, args, kwargs, "map_blocks", dtype, meta)

    dropped = _axes(drop_axis, ndim, "drop_axis")
    out = [label for axis, label in enumerate(out) if axis not in dropped]
    if chunks is not None:
        chunks = tuple(chunks) if isinstance(chunks, tuple | list) else (chunks,)
    if new_axis is None and chunks is not None and len(out) < len(chunks):
        new_axis = range(len(chunks) - len(out))
    if isinstance(new_axis, Integral):
        new_axis = [int(new_axis)]
    new_sizes: dict[Hashable, Any] = {}
    total = len(out) + len(new_axis or ())
    for axis in sorted(_axes(new_axis, total, "new_axis")):
        label = ("new", axis)
        out.insert(axis, label)
        new_sizes[label] = 1 if chunks is None else chunks[axis] if axis < len(chunks) else 1
    if chunks is not None and len(chunks) != len(out):
        raise ValueError(
            f"chunks are given for {len(chunks)} axes, the result has {len(out)}: {chunks}"
        )
    inputs = [Input(a, tuple(range(a.ndim))[::-1]) for a in arrays.values()]
    common, inputs = unify(inputs)
    common |= {label: _sizes(size) for label, size in new_sizes.items()}
    sizes = [
        common[label] if chunks is None else _adjusted(chunks[axis], common[label], axis)
        for axis, label in enumerate(out)
    ]
    inputs += [Input(v, ((k, None),) * v.ndim) for k, v in wholes.items()]
    arguments = list(args)
    for place, i in enumerate(arrays):
        arguments[i] = Argument(place)
    keywords = kwargs | {k: Argument(len(arrays) + n) for n, k in enumerate(wholes)}
    label = name or token or function_name(func)
    function: Function = Function(func, arguments, keywords, label, chosen)
    informs = tuple(k for k in ("block_id", "block_info") if takes(func, k) and k not in kwargs)
    if informs:
        function = _Informed(func, arguments, keywords, label, chosen)
        function.informs = informs
        places = {label: axis for axis, label in enumerate(out)}
        function.grids = {None: tuple(sizes)}
        function.follows = {}
        for i, given in zip(arrays, inputs, strict=False):
            function.grids[i] = given.array.chunks
            function.follows[i] = tuple(places.get(label) for label in given.labels)
    return call(function, label, inputs, out, sizes, chosen)


def _axes(given: Any, ndim: int, argument: str) -> list[int]:
    if given is None:
        return []
    axes = [given] if isinstance(given, Integral) else list(given)
    for axis in axes:
        if not -ndim <= axis < ndim:
            raise ValueError(f"{argument} out of range: {axis} of {ndim} axes")
    found = [int(axis) % ndim for axis in axes]
    if len(set(found)) != len(found):
        raise ValueError(f"an axis is given twice: {argument}={given}")
    return found


def _sizes(given: Any) -> tuple[int, ...]:
    return tuple(given) if isinstance(given, tuple | list) else (given,)


def _adjusted(given: Any, own: tuple[int, ...], axis: int) -> tuple[int, ...]:
    """The chunks along an axis of the result, as `chunks` or `adjust_chunks` say."""
    if callable(given):
        return tuple(int(given(n)) for n in own)
    if isinstance(given, Integral):
        return (int(given),) * len(own)
    if isinstance(given, tuple | list):
        if len(given) != len(own):
            raise ValueError(
                f"axis {axis} has {len(own)} chunks, but {len(given)} lengths are given: {given}"
            )
        return tuple(given)
    raise TypeError(f"chunks of axis {axis} must be an int, a tuple or a function, got {given!r}")


def blockwise(
    func: Callable,
    out_ind: Any,
    *args: Any,
    name: str | None = None,
    token: str | None = None,
    dtype: Any = None,
    adjust_chunks: dict | None = None,
    new_axes: dict | None = None,
    align_arrays: bool = True,
    concatenate: bool | None = None,
    meta: Any = None,
    **kwargs: Any,
) -> Array:
    """A function on chunks that are chosen by index: generalized inner and outer products.

    Parameters
    ----------
    func : callable
        Called with NumPy arrays; from several threads at once.
    out_ind : str or sequence
        A label for each axis of the result.
    *args
        Arrays and their labels in turn; anything else with `None`, which is passed as it is. Along
        a label that the result lacks, the function is given all chunks, as a list.
    name, token : str
        A name for plans and errors; by default the function's.
    dtype : dtype
        What the function returns; by default found by calling it once on arrays of one element.
    adjust_chunks : dict
        For labels of the result: the length of every chunk, a tuple of their lengths, or a function
        from a chunk's length to that of the result's.
    new_axes : dict
        The lengths, or the chunks, of labels that no array has.
    align_arrays : bool
        Whether arrays that are cut in different places are cut in both; otherwise these are an
        error.
    concatenate : bool
        Whether the chunks along a label that the result lacks are passed as one array, not as a
        list.
    meta : array
        An array of the result's dtype, instead of `dtype`.
    **kwargs
        Passed to the function; arrays among them are computed whole.

    Examples
    --------
    >>> a, b = da.arange(3, chunks=1), da.arange(4, chunks=2)
    >>> da.blockwise(np.outer, "ij", a, "i", b, "j", dtype="int64").compute()
    array([[0, 0, 0, 0],
           [0, 1, 2, 3],
           [0, 2, 4, 6]])
    >>> total = lambda parts: sum(part.sum() for part in parts)
    >>> int(da.blockwise(total, "", b, "j", dtype="int64").compute())
    6
    """
    if not callable(func):
        raise TypeError(f"the first argument must be a function, not {type(func).__name__}")
    out = tuple(out_ind)
    if len(set(out)) != len(out):
        raise ValueError(f"a label is repeated in the result's: {out_ind!r}")
    if len(args) % 2:
        raise ValueError("arrays and their labels must be given in pairs")
    new_axes = dict(new_axes or {})
    from ._convert import asarray

    values, arguments, inputs = [], [], []
    for value, labels in zip(args[::2], args[1::2], strict=True):
        if labels is None and not isinstance(value, Array):
            values.append(value)
            arguments.append(value)
            continue
        array = asarray(value)
        values.append(array)
        whole = labels is None
        labels = tuple(("whole", len(inputs), k) for k in range(array.ndim)) if whole else labels
        if len(labels) != array.ndim:
            raise ValueError(f"{len(labels)} labels {labels!r} for an array of {array.ndim} axes")
        arguments.append(Argument(len(inputs)))
        inputs.append(Input(array, tuple(labels)))
    known = {label for i in inputs for label in i.labels} | set(new_axes)
    if unknown := [label for label in out if label not in known]:
        raise ValueError(f"labels of the result that no array has: {unknown}")
    label = name or token or function_name(func)
    kind = chosen_dtype(func, values, kwargs, "blockwise", dtype, meta)

    if align_arrays:
        common, inputs = unify(inputs)
    else:
        common = _as_they_are(inputs)
    common |= {k: _sizes(v) for k, v in new_axes.items()}
    adjust_chunks = adjust_chunks or {}
    sizes = [
        _adjusted(adjust_chunks[k], common[k], axis) if k in adjust_chunks else common[k]
        for axis, k in enumerate(out)
    ]
    if not concatenate:
        for argument in arguments:
            if isinstance(argument, Argument):
                array, labels = inputs[argument.place]
                argument.pieces = {
                    axis: array.chunks[axis]
                    for axis, k in enumerate(labels)
                    if k not in out and not (isinstance(k, tuple) and k[0] == "whole")
                }
    keywords = dict(kwargs)
    for k, v in kwargs.items():
        if isinstance(v, Array):
            keywords[k] = Argument(len(inputs))
            inputs.append(Input(v, tuple(("whole", k, n) for n in range(v.ndim))))
    function = Function(func, arguments, keywords, label, kind)
    return call(function, label, inputs, out, sizes, kind)


def _as_they_are(inputs: Sequence[Input]) -> dict[Hashable, tuple[int, ...]]:
    common: dict[Hashable, tuple[int, ...]] = {}
    for array, labels in inputs:
        for k, own in zip(labels, array.chunks, strict=True):
            known = common.setdefault(k, own)
            if len(known) != len(own) and 1 not in (len(known), len(own)):
                raise ValueError(
                    f"arrays have {len(known)} and {len(own)} chunks along axis {k!r}, "
                    "and align_arrays is False"
                )
            if len(own) > len(known):
                common[k] = own
    return common
