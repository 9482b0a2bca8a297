"""The chunk manager: what xarray asks of a library of chunked arrays, answered with ours."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from xarray.core.indexing import ImplicitToExplicitIndexingAdapter
from xarray.namedarray.parallelcompat import ChunkManagerEntrypoint

from .. import _collections
from .. import array as da
from ..array import Array, _dtypes
from . import _folds
from ._stored import stored

#: Bytes of a chunk whose length is left to us: those of the package's own automatic chunks.
AUTO_BYTES = 128 << 20


def is_held(dtype: Any) -> bool:
    """Whether arrays can have elements of this dtype; dates, texts and objects are not held."""
    try:
        _dtypes.name(dtype)
    except TypeError:
        return False
    return True


class ChunkwiseManager(ChunkManagerEntrypoint[Array]):
    """Lets xarray hold, cut and compute arrays of `chunkwise.array`.

    xarray makes it, for the entry point ``xarray.chunkmanagers``. Variables of a dtype that arrays
    cannot have (dates, texts, objects) are left as they are: NumPy's stay NumPy's, those of a file
    are read when they are asked for.

    Examples
    --------
    >>> import xarray as xr
    >>> x = xr.DataArray(np.ones((4, 6)), dims=("y", "x"))
    >>> lazy = x.chunk({"x": 3}, chunked_array_type="chunkwise")
    >>> lazy.sum("y").values
    array([4., 4., 4., 4., 4., 4.])
    """

    array_cls: type[Array]
    available = True

    def __init__(self) -> None:
        self.array_cls = Array

    def is_chunked_array(self, data: Any) -> bool:
        """Whether this is one of our arrays; those of other libraries are not claimed."""
        return isinstance(data, Array)

    # How arrays are cut.

    def chunks(self, data: Array) -> tuple[tuple[int, ...], ...]:
        """The lengths of the chunks along each axis."""
        return data.chunks

    def normalize_chunks(
        self,
        chunks: Any,
        shape: Any = None,
        limit: Any = None,
        dtype: Any = None,
        previous_chunks: Any = None,
    ) -> tuple[tuple[int, ...], ...]:
        """The lengths of the chunks along each axis, from any way to write them.

        Where they are left to us, they are whole numbers of `previous_chunks`, those of the store.
        """
        if shape is not None and previous_chunks is not None:
            chunks = _multiples(chunks, tuple(shape), limit, dtype, previous_chunks)
        return da.normalize_chunks(chunks, shape, limit, dtype)

    def rechunk(self, data: Array, chunks: Any, **kwargs: Any) -> Array:
        """The same elements cut otherwise, at no cost."""
        return data.rechunk(chunks, **kwargs)

    def unify_chunks(self, *args: Any, **kwargs: Any) -> tuple[dict, list[Array]]:
        """Arrays cut alike along the axes that they share."""
        return da.unify_chunks(*args, **kwargs)

    def get_auto_chunk_size(self) -> int:
        """Bytes of a chunk whose length is left to us."""
        return AUTO_BYTES

    def shuffle(self, x: Array, indexer: list[list[int]], axis: int, chunks: Any) -> Array:
        """Groups of elements along an axis, of which none is cut."""
        groups = [[int(i) for i in group] for group in indexer]
        return da.shuffle(x, groups, axis, "auto" if chunks is None else chunks)

    # In and out.

    def from_array(self, data: Any, chunks: Any, **kwargs: Any) -> Any:
        """An array over what xarray holds: a NumPy array, or a variable of a file, which is read by
        region when it is needed: by the engine itself where it can be.

        What has elements that arrays cannot have is answered as it is: lazily indexed where it was.
        """
        if not is_held(data.dtype):
            return data.array if isinstance(data, ImplicitToExplicitIndexingAdapter) else data
        found = stored(data, chunks)
        if found is not None:
            return found
        if kwargs.get("name") is None:
            kwargs["name"] = _label(data)
        return da.from_array(data, chunks, **kwargs)

    def compute(self, *data: Any, **kwargs: Any) -> tuple:
        """NumPy arrays for our arrays, computed in one run; anything else as it is."""
        found = da.compute(*data, traverse=False, **kwargs)
        return tuple(np.asarray(f) if isinstance(f, np.generic) else f for f in found)

    def persist(self, *data: Any, **kwargs: Any) -> tuple:
        """Our arrays with their elements computed and kept in memory."""
        return _collections.persist(*data, traverse=False)

    def store(self, sources: Any, targets: Any, **kwargs: Any) -> Any:
        """Writes arrays in one run into objects with slice assignment, in whole chunks.

        With ``compute=False`` it is answered as `dask.delayed`, which is what xarray goes on with.
        """
        if kwargs.get("compute", True):
            return da.store(sources, targets, **kwargs)
        from dask import delayed

        return delayed(da.store(sources, targets, **kwargs).compute)()

    @property
    def array_api(self) -> Any:
        """The namespace `chunkwise.array`."""
        return da

    # Functions on chunks.

    def reduction(
        self,
        arr: Array,
        func: Callable[..., Any],
        combine_func: Callable[..., Any] | None = None,
        aggregate_func: Callable[..., Any] | None = None,
        axis: Any = None,
        dtype: Any = None,
        keepdims: bool = False,
    ) -> Array:
        """A reduction made of functions on chunks; that to the first or last element that is not
        NaN is our own."""
        native = _folds.first_or_last(arr, func, axis, keepdims)
        if native is not None:
            return native
        return _folds.reduction(arr, func, combine_func, aggregate_func, axis, dtype, keepdims)

    def scan(
        self,
        func: Callable[..., Any],
        binop: Callable[..., Any],
        ident: float,
        arr: Array,
        axis: int | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> Array:
        """A cumulative operation made of a function on chunks and one that joins two results."""
        return _folds.scan(func, binop, ident, arr, axis, dtype)

    def apply_gufunc(
        self, func: Callable[..., Any], signature: str, *args: Any, **kwargs: Any
    ) -> Any:
        """A function of some axes, whole, on every position of the others."""
        func, args = _with_dates(func, args)
        return da.apply_gufunc(func, signature, *args, **kwargs)

    def map_blocks(
        self,
        func: Callable[..., Any],
        *args: Any,
        dtype: Any = None,
        chunks: Any = None,
        drop_axis: Any = None,
        new_axis: Any = None,
        **kwargs: Any,
    ) -> Any:
        """A function on each chunk. Where it gives elements that arrays cannot have, such as dates
        decoded of numbers, it is called once, with the whole, and a NumPy array is the answer."""
        if dtype is not None and not is_held(dtype):
            return func(*self.compute(*args), **kwargs)
        options = {"dtype": dtype, "chunks": chunks, "drop_axis": drop_axis, "new_axis": new_axis}
        return da.map_blocks(func, *args, **options, **kwargs)

    def blockwise(
        self, func: Callable[..., Any], out_ind: Iterable[Any], *args: Any, **kwargs: Any
    ) -> Array:
        """A function on chunks that are chosen by labels of axes."""
        return da.blockwise(func, tuple(out_ind), *args, **kwargs)


def _label(data: Any) -> str:
    """A name for plans and errors: that of the variable in its file, where there is one."""
    while data is not None:
        for given in (getattr(data, "variable_name", None), getattr(data, "basename", None)):
            if isinstance(given, str) and given:
                return given
        inner = getattr(data, "array", None)
        data = getattr(data, "_array", None) if inner is None else inner
    return "xarray"


def _multiples(chunks: Any, shape: tuple, limit: Any, dtype: Any, previous: Any) -> Any:
    """The same chunks with every ``"auto"`` a whole number of what was cut before."""
    asked = chunks if isinstance(chunks, tuple | list) else (chunks,) * len(shape)
    auto = [k for k, c in enumerate(asked) if isinstance(c, str) and c == "auto"]
    if not auto or len(asked) != len(shape) or not isinstance(limit, int | None):
        return chunks
    before = [previous[k] if k < len(previous) else None for k in range(len(shape))]
    if all(before[k] is None for k in auto):
        return chunks
    sizes = []
    for n, c, b in zip(shape, asked, before, strict=True):
        given = b if isinstance(c, str) else c
        longest = max(given, default=n) if isinstance(given, tuple | list) else given
        whole = longest is None or longest == -1
        sizes.append(max(min(n if whole else int(longest), n), 1))
    room = (AUTO_BYTES if limit is None else limit) // np.dtype(dtype or "uint8").itemsize
    while True:
        short = [k for k in auto if sizes[k] < shape[k]]
        if not short:
            break
        axis = min(short, key=lambda k: sizes[k] / shape[k])
        wider = min(2 * sizes[axis], shape[axis])
        if math.prod(sizes) // sizes[axis] * wider > room:
            break
        sizes[axis] = wider
    return tuple(sizes[k] if k in auto else c for k, c in enumerate(asked))


class _Dated:
    """A function of arrays of which some are dates, called with their numbers."""

    def __init__(self, func: Callable[..., Any], dtypes: Sequence[Any]) -> None:
        self.func, self.dtypes = func, dtypes
        self.__name__ = getattr(func, "__name__", type(func).__name__)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        given = [
            a if d is None else np.asarray(a).view(d)
            for a, d in zip(args, self.dtypes, strict=True)
        ]
        return self.func(*given, **kwargs)


def _with_dates(func: Callable[..., Any], args: Sequence[Any]) -> tuple[Any, tuple]:
    """A function and its arguments with dates as the integers that they are made of."""
    dtypes = [a.dtype if isinstance(a, np.ndarray) and a.dtype.kind in "mM" else None for a in args]
    if not any(d is not None for d in dtypes):
        return func, tuple(args)
    numbers = tuple(a if d is None else a.view("int64") for a, d in zip(args, dtypes, strict=True))
    return _Dated(func, dtypes), numbers
