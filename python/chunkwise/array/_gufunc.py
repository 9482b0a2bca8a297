"""Generalized universal functions: `apply_gufunc`."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np

from .. import _chunkwise as _native
from . import _dtypes
from ._array import Array
from ._blockwise import Argument, Function, Input, call, conform, function_name, infer_dtype, unify

__all__ = ["apply_gufunc", "as_gufunc", "gufunc"]

_NAME = r"\w+"
_LIST = rf"\((?:{_NAME}(?:,{_NAME})*,?)?\)"
_SIGNATURE = re.compile(rf"(?:{_LIST}(?:,{_LIST})*,?)?->{_LIST}(?:,{_LIST})*,?")


def parse_signature(signature: str) -> tuple[list[tuple], list[tuple], bool]:
    """The core axes of the inputs and of the outputs, and whether there is one bare output."""
    if not isinstance(signature, str):
        raise TypeError(f"the signature must be a text, got {signature!r}")
    text = re.sub(r"\s+", "", signature)
    if not _SIGNATURE.fullmatch(text):
        raise ValueError(f"not a signature such as (i,j),(j)->(i): {signature!r}")
    given, made = (
        [tuple(re.findall(_NAME, part)) for part in re.findall(_LIST, side)]
        for side in text.split("->")
    )
    return given, made, len(made) == 1 and not text.endswith(",")


def _axes_of(
    axes: Any, axis: Any, keepdims: bool, given: list[tuple], made: list[tuple]
) -> tuple[list[tuple], list[tuple]]:
    """For each input and output, the axes that are its core axes."""
    if axes is not None and axis is not None:
        raise ValueError("only one of axis and axes can be given")
    cores = [core for core in given if core]
    if keepdims:
        if any(made):
            raise ValueError("keepdims needs outputs without core axes")
        if not cores or any(core != cores[0] for core in given):
            raise ValueError("keepdims needs inputs of the same core axes")
        made = [cores[0]] * len(made)
    if axis is not None:
        if not isinstance(axis, int):
            raise ValueError(f"axis must be an int, got {axis!r}")
        if any(core != cores[0] or len(core) != 1 for core in cores):
            raise ValueError("axis needs one core axis, the same in all inputs")
        axes = [(axis,) if core else () for core in (*given, *made)]
    elif axes is None:
        axes = [tuple(range(-len(core), 0)) for core in (*given, *made)]
    if not isinstance(axes, list):
        raise ValueError(f"axes must be a list, got {axes!r}")
    axes = [(a,) if isinstance(a, int) else tuple(a) for a in axes]
    if len(axes) == len(given) and (keepdims or not any(made)):
        outer = [axes[0] if keepdims else () for _ in made]
        axes = [*axes, *outer]
    if len(axes) != len(given) + len(made):
        raise ValueError(f"axes has {len(axes)} entries for {len(given) + len(made)} arrays")
    for n, (a, core) in enumerate(zip(axes, (*given, *made), strict=True)):
        if len(a) != len(core):
            raise ValueError(f"entry {n} of axes has {len(a)} axes, the signature has {len(core)}")
    return axes[: len(given)], axes[len(given) :]


def _last(x: Array, axes: tuple[int, ...]) -> Array:
    """The array with these axes last."""
    if axes == tuple(range(-len(axes), 0)):
        return x
    return Array(_native.moveaxis(x._expr, list(axes), list(range(-len(axes), 0))))


def apply_gufunc(
    func: Callable,
    signature: str,
    *args: Any,
    axes: list | None = None,
    axis: int | None = None,
    keepdims: bool = False,
    output_dtypes: Any = None,
    output_sizes: dict[str, int] | None = None,
    vectorize: bool | None = None,
    allow_rechunk: bool = False,
    meta: Any = None,
    **kwargs: Any,
) -> Array | tuple[Array, ...]:
    """A function of some axes, its core axes, on every position of the other axes.

    Parameters
    ----------
    func : callable
        Called with NumPy arrays whose last axes are the core axes, whole; returns an array, or a
        tuple of them where the signature has several outputs.
    signature : str
        The core axes, such as ``"(i,j),(j)->(i)"``.
    *args
        Arrays, whose other axes are broadcast together.
    axes : list of tuples
        Where the core axes of the inputs and outputs are, where not last.
    axis : int
        The same for the only core axis of all.
    keepdims : bool
        Whether the core axes stay with length 1, for outputs without core axes.
    output_dtypes : dtype or list of dtypes
        What the function returns; by default found by calling it once on arrays of one element.
    output_sizes : dict
        The lengths of core axes that only outputs have.
    vectorize : bool
        Whether `func` takes the core axes only: `numpy.vectorize` is applied.
    allow_rechunk : bool
        Whether core axes may be cut into chunks, which are joined, and other axes cut differently.
    meta : array or tuple of arrays
        Arrays of the outputs' dtypes, instead of `output_dtypes`.
    **kwargs
        Passed to the function.

    Returns
    -------
    Array or tuple of Array
        As many as the signature has outputs. Several are computed in one call for each chunk.

    Examples
    --------
    >>> x = da.ones((10, 20, 30), chunks=(5, 10, 30))
    >>> spread = lambda v: (v.mean(axis=-1), v.std(axis=-1))
    >>> mean, std = da.apply_gufunc(spread, "(i)->(),()", x, output_dtypes=(float, float))
    >>> mean.shape, float(std.sum())
    ((10, 20), 0.0)
    >>> outer = lambda v, w: np.einsum("i,j->ij", v, w)
    >>> da.apply_gufunc(outer, "(i),(j)->(i,j)", x, da.ones(4), vectorize=True).shape
    (10, 20, 30, 4)
    """
    from ._convert import asarray

    given, made, single = parse_signature(signature)
    if len(given) != len(args):
        raise ValueError(
            f"the signature {signature} has {len(given)} inputs, {len(args)} are given"
        )
    arrays = [asarray(a) for a in args]
    input_axes, output_axes = _axes_of(axes, axis, keepdims, given, made)
    dtypes = _output_dtypes(
        func, signature, arrays, kwargs, vectorize, output_dtypes, meta, single, len(made)
    )
    name = function_name(func)
    if vectorize:
        otypes = [d.char for d in dtypes]
        func = np.vectorize(func, signature=re.sub(r"\s+", "", signature), otypes=otypes)

    sizes: dict[Hashable, int] = dict(output_sizes or {})
    inputs = []
    for n, (array, core, where) in enumerate(zip(arrays, given, input_axes, strict=True)):
        if array.ndim < len(core):
            raise ValueError(f"argument {n} has {array.ndim} axes, the signature needs {len(core)}")
        array = _last(array, where)
        loop = array.ndim - len(core)
        for label, length, chunks in zip(
            core, array.shape[loop:], array.chunks[loop:], strict=True
        ):
            if sizes.setdefault(label, length) != length:
                raise ValueError(f"core axis {label!r} has lengths {sizes[label]} and {length}")
            if len(chunks) > 1 and not allow_rechunk:
                raise ValueError(
                    f"core axis {label!r} is cut into {len(chunks)} chunks: rechunk it into one, "
                    "or "
                    "give allow_rechunk=True"
                )
        loops = tuple(range(loop))[::-1]
        inputs.append(Input(array, (*loops, *(("core", label) for label in core))))
    ndim = max((i.array.ndim - len(c) for i, c in zip(inputs, given, strict=True)), default=0)
    loops = tuple(range(ndim))[::-1]
    if not allow_rechunk:
        _same_cuts(inputs)
    common, inputs = unify(inputs)
    outputs = []
    for core in made:
        if unknown := [label for label in core if label not in sizes]:
            raise ValueError(f"the lengths of {unknown} are unknown: give them as output_sizes")
        outputs.append(tuple(int(sizes[label]) for label in core))
    chunks = [common[label] for label in loops]
    arguments = [Argument(n) for n in range(len(inputs))]
    if len(made) == 1:
        function = _One(func, arguments, kwargs, name, dtypes[0])
        function.single = single
        labels = (*loops, *(("out", n) for n in range(len(made[0]))))
        whole = [(length,) for length in outputs[0]]
        results = [call(function, name, inputs, labels, [*chunks, *whole], dtypes[0])]
    else:
        results = _several(func, arguments, kwargs, name, inputs, loops, chunks, outputs, dtypes)
    results = [
        _placed(r, where, len(core), keepdims)
        for r, where, core in zip(results, output_axes, made, strict=True)
    ]
    return results[0] if single else tuple(results)


def _output_dtypes(
    func: Callable,
    signature: str,
    arrays: Sequence[Array],
    kwargs: dict[str, Any],
    vectorize: bool | None,
    output_dtypes: Any,
    meta: Any,
    single: bool,
    count: int,
) -> list[np.dtype]:
    if meta is not None and output_dtypes is not None:
        raise ValueError("only one of meta and output_dtypes can be given")
    if meta is not None:
        many = isinstance(meta, tuple | list)
        dtypes = [np.asarray(m).dtype for m in (meta if many else [meta])]
        output_dtypes = dtypes if many else dtypes[0]
    if output_dtypes is None:
        trial = np.vectorize(func, signature=re.sub(r"\s+", "", signature)) if vectorize else func
        wanted = None if single else count
        output_dtypes = infer_dtype(trial, arrays, kwargs, "apply_gufunc", wanted)
    chosen = list(output_dtypes) if isinstance(output_dtypes, tuple | list) else [output_dtypes]
    if len(chosen) != count:
        raise ValueError(f"output_dtypes has {len(chosen)} entries, the signature {count} outputs")
    return [_dtypes.DTYPES[_dtypes.name(d)] for d in chosen]


def _same_cuts(inputs: Sequence[Input]) -> None:
    known: dict[Hashable, tuple[int, ...]] = {}
    for array, labels in inputs:
        for label, chunks in zip(labels, array.chunks, strict=True):
            if sum(chunks) == 1:
                continue
            if known.setdefault(label, chunks) != chunks and sum(known[label]) == sum(chunks):
                raise ValueError(
                    f"arrays are cut in different places along loop axis {label} from the last: "
                    "rechunk them, or give allow_rechunk=True"
                )


def _placed(x: Array, axes: tuple[int, ...], core: int, keepdims: bool) -> Array:
    """An output with its core axes, which are last, where they should be."""
    if keepdims:
        ndim = x.ndim + len(axes)
        return Array(_native.expand_dims(x._expr, [a % ndim for a in axes]))
    if axes == tuple(range(-core, 0)):
        return x
    return Array(_native.moveaxis(x._expr, list(range(-core, 0)), list(axes)))


class _One(Function):
    """A function of one output, which may be in a tuple."""

    single: bool

    def call(self, parts: list[np.ndarray], block: tuple, start: tuple, shape: tuple) -> Any:
        made = super().call(parts, block, start, shape)
        return made if self.single else made[0]


class _Several(Function):
    """A function of several outputs, which have axes of length 1 at the end for those that others
    have more."""

    dtypes: list[np.dtype]
    #: The number of axes that each output has itself.
    ndims: list[int]

    def __call__(self, chunks: list, block: tuple, start: tuple, shape: Any) -> Any:
        parts = [np.asarray(chunk) for chunk in chunks]
        made = self.call(parts, block, start, shape)
        if not isinstance(made, tuple | list) or len(made) != len(self.dtypes):
            count = len(made) if isinstance(made, tuple | list) else type(made).__name__
            raise ValueError(
                f"{self.name} must return {len(self.dtypes)} arrays, got {count} for chunk {block}"
            )
        return [
            conform(array, self.name, dtype, wide[:ndim], block).reshape(wide)
            for array, dtype, ndim, wide in zip(made, self.dtypes, self.ndims, shape, strict=True)
        ]


def _several(
    func: Callable,
    arguments: list[Argument],
    kwargs: dict[str, Any],
    name: str,
    inputs: Sequence[Input],
    loops: tuple,
    chunks: list[tuple[int, ...]],
    outputs: list[tuple[int, ...]],
    dtypes: list[np.dtype],
) -> list[Array]:
    function = _Several(func, arguments, kwargs, name, np.dtype(bool))
    function.dtypes = dtypes
    function.ndims = [len(loops) + len(core) for core in outputs]
    widest = max(function.ndims)
    cuts = [
        [*map(list, chunks), *([n] for n in core), *([1] for _ in range(widest - ndim))]
        for core, ndim in zip(outputs, function.ndims, strict=True)
    ]
    places = {label: axis for axis, label in enumerate(loops)}
    given = [(i.array._expr, [places.get(label) for label in i.labels]) for i in inputs]
    kinds = [(d.name, c) for d, c in zip(dtypes, cuts, strict=True)]
    made = _native.calls(function, name, given, kinds)
    return [
        Array(_native.squeeze(m, list(range(ndim, widest))))
        for m, ndim in zip(made, function.ndims, strict=True)
    ]


class gufunc:  # noqa: N801 - Dask's name
    """A function with a signature, which takes arrays.

    Parameters
    ----------
    pyfunc : callable
    signature, vectorize, axes, axis, keepdims, output_sizes, output_dtypes, allow_rechunk, meta
        As for `apply_gufunc`.

    Examples
    --------
    >>> total = da.gufunc(lambda v: v.sum(axis=-1), signature="(i)->()", output_dtypes=float)
    >>> total(da.ones((2, 3))).compute()
    array([3., 3.])
    """

    def __init__(
        self,
        pyfunc: Callable,
        *,
        signature: str | None = None,
        vectorize: bool = False,
        axes: list | None = None,
        axis: int | None = None,
        keepdims: bool = False,
        output_sizes: dict[str, int] | None = None,
        output_dtypes: Any = None,
        allow_rechunk: bool = False,
        meta: Any = None,
    ) -> None:
        self.pyfunc = pyfunc
        self.signature = signature
        self.options = {
            "vectorize": vectorize,
            "axes": axes,
            "axis": axis,
            "keepdims": keepdims,
            "output_sizes": output_sizes,
            "output_dtypes": output_dtypes,
            "meta": meta,
        }
        self.allow_rechunk = allow_rechunk
        self.__doc__ = getattr(pyfunc, "__doc__", None)
        self.__name__ = function_name(pyfunc)

    def __call__(self, *args: Any, allow_rechunk: bool | None = None, **kwargs: Any) -> Any:
        allow = self.allow_rechunk if allow_rechunk is None else allow_rechunk
        options = self.options | {"allow_rechunk": allow}
        return apply_gufunc(self.pyfunc, self.signature, *args, **(options | kwargs))


def as_gufunc(signature: str | None = None, **kwargs: Any) -> Callable[[Callable], gufunc]:
    """Makes a `gufunc` of the function below it.

    Examples
    --------
    >>> @da.as_gufunc(signature="(i)->()", output_dtypes=float)
    ... def largest(v):
    ...     return v.max(axis=-1)
    >>> largest(da.ones((2, 3))).compute()
    array([1., 1.])
    """
    allowed = {
        "vectorize",
        "axes",
        "axis",
        "keepdims",
        "output_sizes",
        "output_dtypes",
        "allow_rechunk",
        "meta",
    }
    if unknown := kwargs.keys() - allowed:
        raise TypeError(f"unknown arguments: {', '.join(sorted(unknown))}")
    return lambda function: gufunc(function, signature=signature, **kwargs)
