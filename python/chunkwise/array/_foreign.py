"""Objects of others as arrays, and arrays into objects of others."""

from __future__ import annotations

import math
import operator
import os
import pickle
import threading
import weakref
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np

from .. import _chunkwise as _native
from .. import _session
from . import _dtypes
from ._array import Array
from ._convert import _from_numpy, from_npy

__all__ = ["compute", "from_array", "from_npy_stack", "store", "to_npy", "to_npy_stack"]

#: Bytes of a chunk where none are asked for.
_AUTO_BYTES = 128 << 20


class Lock:
    """A lock that can be pickled: what is unpickled in the same process is the same lock."""

    _known: weakref.WeakValueDictionary[str, Lock] = weakref.WeakValueDictionary()
    _guard = threading.Lock()

    def __new__(cls, token: str | None = None) -> Lock:
        token = token or os.urandom(16).hex()
        with cls._guard:
            known = cls._known.get(token)
            if known is None:
                known = cls._known[token] = object.__new__(cls)
                known.token = token
                known.lock = threading.Lock()
            return known

    def __enter__(self) -> None:
        self.lock.acquire()

    def __exit__(self, *exception: object) -> None:
        self.lock.release()

    def __reduce__(self) -> tuple:
        return Lock, (self.token,)


def _lock(given: Any) -> Any:
    if given is True:
        return Lock()
    if not given:
        return None
    if not hasattr(given, "__enter__"):
        raise TypeError(f"lock must be True, False or a lock, got {given!r}")
    return given


class _Getter:
    """What reads a region of a foreign object."""

    def __init__(self, source: Any, dtype: np.dtype, lock: Any, getitem: Callable | None) -> None:
        self.source, self.dtype, self.lock, self.getitem = source, dtype, lock, getitem

    def __call__(self, start: tuple, stop: tuple) -> np.ndarray:
        index = tuple(map(slice, start, stop))
        with self.lock or nullcontext():
            part = self.source[index] if self.getitem is None else self.getitem(self.source, index)
            if isinstance(part, np.ma.MaskedArray) and np.ma.is_masked(part):
                raise TypeError(
                    f"masked elements between {start} and {stop} of {type(self.source).__name__}: "
                    "arrays have none; read it with them filled"
                )
            part = np.asarray(part)
        expected = tuple(b - a for a, b in zip(start, stop, strict=True))
        if part.shape != expected:
            raise ValueError(
                f"{type(self.source).__name__} gave an array of shape {part.shape} between "
                f"{start} and "
                f"{stop}, where {expected} was expected"
            )
        if part.dtype != self.dtype:
            if not np.can_cast(part.dtype, self.dtype, "equiv"):
                raise TypeError(
                    f"{type(self.source).__name__} gave elements of dtype {part.dtype}, where "
                    f"{self.dtype} was expected"
                )
            part = part.astype(self.dtype)
        if not part.flags.aligned or any(s % part.itemsize for s in part.strides):
            part = part.copy()
        return part

    def __reduce__(self) -> tuple:
        return _Getter, (self.source, self.dtype, self.lock, self.getitem)


def _whole_chunks(shape: Sequence[int], own: Sequence[int], itemsize: int) -> tuple[int, ...]:
    """Chunks for an object that is itself cut: as many of its own as make up a chunk of ours."""
    sizes = [min(max(int(c), 1), max(n, 1)) for c, n in zip(own, shape, strict=True)]
    while True:
        short = [k for k, n in enumerate(shape) if sizes[k] < n]
        if not short:
            return tuple(sizes)
        axis = min(short, key=lambda k: sizes[k] / shape[k])
        wider = [
            min(2 * s, n) if k == axis else s
            for k, (s, n) in enumerate(zip(sizes, shape, strict=True))
        ]
        if math.prod(wider) * itemsize > _AUTO_BYTES:
            return tuple(sizes)
        sizes = wider


def from_array(
    x: Any,
    chunks: Any = "auto",
    name: Any = None,
    lock: Any = False,
    asarray: bool | None = None,
    fancy: bool = True,
    getitem: Callable | None = None,
    meta: Any = None,
    inline_array: bool = False,
) -> Array:
    """An array over any object with `shape`, `dtype` and slices: of h5py, zarr, netCDF4, ...

    Only the regions that a computation needs are read, when it needs them, from several threads at
    once. The memory of a NumPy array is shared, not copied; so is that of an Arrow array or chunked
    array of numbers without nulls (of booleans it is unpacked). Nulls become NaN.

    Parameters
    ----------
    x : array_like
        Sliced with a tuple of slices of step 1; what it gives is converted to NumPy arrays.
    chunks
        How the array is cut; by default by size, in whole chunks of the object where it has some.
    name : str
        A name for plans and errors.
    lock : bool or lock
        What is held while `x` is read: for objects that threads cannot share.
    asarray, fancy, inline_array
        Accepted as in Dask; chunks are always NumPy arrays, and `x` is never asked for more than
        slices.
    getitem : callable
        ``getitem(x, index)``, called in the place of ``x[index]``.
    meta : array
        An array of the elements' dtype, where `x` has no `dtype`.

    Raises
    ------
    ValueError
        An array of this package, for which there is `rechunk`.
    TypeError
        Elements of a dtype that arrays cannot have.

    Examples
    --------
    >>> x = da.from_array(np.arange(12).reshape(3, 4), chunks=2)
    >>> x.chunks
    ((2, 1), (2, 2))
    >>> class Squares:
    ...     shape, dtype = (10,), np.dtype("int64")
    ...     def __getitem__(self, index):
    ...         return np.arange(10)[index] ** 2
    >>> da.from_array(Squares(), chunks=5).compute()
    array([ 0,  1,  4,  9, 16, 25, 36, 49, 64, 81])
    """
    if isinstance(x, Array):
        raise ValueError("x is an array already; use rechunk to cut it differently")
    guard = _lock(lock)
    if isinstance(x, list | tuple | memoryview | bytes) or np.isscalar(x):
        x = np.asarray(x)
    if type(x).__module__.partition(".")[0] == "pyarrow" and isinstance(
        getattr(x, "chunks", None), list
    ):
        # The parts of a ChunkedArray lie apart: each is shared where it is.
        parts = [from_array(part, chunks)._expr for part in x.chunks]
        if guard is None and getitem is None and parts:
            return Array(_native.concatenate(parts, 0)) if len(parts) > 1 else Array(parts[0])
    if isinstance(x, np.ma.MaskedArray):
        if np.ma.is_masked(x):
            raise TypeError("masked arrays are not supported: fill them first")
        x = x.data
    if isinstance(x, np.ndarray) and guard is None and getitem is None:
        return _from_numpy(np.asarray(x), chunks)
    if not hasattr(x, "shape") or not (hasattr(x, "__getitem__") or getitem is not None):
        x = np.asarray(x)
        if guard is None and getitem is None:
            return _from_numpy(x, chunks)
    kind = getattr(x, "dtype", getattr(meta, "dtype", None))
    if kind is None:
        raise TypeError(f"{type(x).__name__} has no dtype; give one as meta=np.empty(0, dtype)")
    dtype = _dtypes.DTYPES[_dtypes.name(kind)]
    shape = tuple(int(n) for n in x.shape)
    own = getattr(x, "chunks", None)
    is_cut = isinstance(own, tuple) and all(isinstance(c, int | np.integer) for c in own)
    if isinstance(chunks, str) and chunks == "auto" and is_cut and len(own) == len(shape):
        chunks = _whole_chunks(shape, own, dtype.itemsize)
    if isinstance(chunks, dict):
        chunks = tuple(chunks.get(k, chunks.get(k - len(shape), -1)) for k in range(len(shape)))
    read = _Getter(x, dtype, guard, getitem)
    label = name if isinstance(name, str) else type(x).__name__
    return Array(_native.from_getter(read, label, shape, dtype.name, chunks))


class _Stored:
    """A store that waits for `compute`; `what` are its arrays, their targets and regions."""

    def __init__(self, run: Callable[[], Any], what: Any = None) -> None:
        self._run = run
        self.what = what

    def compute(self) -> Any:
        """Computes and stores."""
        return self._run()


class _Writer:
    """What writes a region into a foreign object."""

    def __init__(self, target: Any, region: tuple, lock: Any) -> None:
        self.target, self.region, self.lock = target, region, lock

    def __call__(self, start: tuple, stop: tuple, chunk: Any) -> None:
        index = []
        spans = iter(zip(start, stop, strict=True))
        for part in self.region:
            if isinstance(part, slice):
                low, high = next(spans)
                index.append(
                    slice(part.start + low * part.step, part.start + high * part.step, part.step)
                )
            else:
                index.append(part)
        with self.lock or nullcontext():
            self.target[tuple(index)] = np.asarray(chunk)


def _region(target: Any, source: Array, region: Any) -> tuple:
    """A region of a target as slices with bounds, and ints; an error where the source does not
    fit."""
    if not hasattr(target, "shape"):
        raise TypeError(f"a target has a shape and takes slices, got {type(target).__name__}")
    shape = tuple(int(n) for n in target.shape)
    if region is None:
        region = (slice(None),) * len(shape)
    region = region if isinstance(region, tuple) else (region,)
    if any(part is Ellipsis for part in region):
        at = region.index(Ellipsis)
        missing = len(shape) - len(region) + 1
        region = region[:at] + (slice(None),) * missing + region[at + 1 :]
    region += (slice(None),) * (len(shape) - len(region))
    found, lengths = [], []
    for part, length in zip(region, shape, strict=True):
        if isinstance(part, slice):
            start, stop, step = part.indices(length)
            if step < 1:
                raise NotImplementedError(f"regions with steps below 1 are not supported: {part}")
            found.append(slice(start, stop, step))
            lengths.append(len(range(start, stop, step)))
        else:
            found.append(operator.index(part))
    if tuple(lengths) != source.shape:
        raise ValueError(
            f"an array of shape {source.shape} does not fit the region {region} of shape "
            f"{tuple(lengths)}"
        )
    return tuple(found)


def compute(*args: Any, traverse: bool = True, **kwargs: Any) -> tuple:
    """Several arrays in one run: the same as `chunkwise.compute`.

    Parameters
    ----------
    *args
        Arrays, and containers of them.
    traverse : bool
        Whether to look into containers.
    **kwargs
        Dask's options are accepted, without effect.

    Examples
    --------
    >>> x = da.arange(10, chunks=5)
    >>> low, high = da.compute(x.min(), x.max())
    >>> int(low), int(high)
    (0, 9)
    """
    unknown = kwargs.keys() - {"optimize_graph", "scheduler", "get"}
    if unknown:
        raise TypeError(f"compute: unexpected options {', '.join(sorted(unknown))}")
    from .. import _collections

    return _collections.compute(*args, traverse=traverse)


def store(
    sources: Any,
    targets: Any,
    lock: Any = True,
    regions: Any = None,
    compute: bool = True,
    return_stored: bool = False,
    load_stored: bool | None = None,
    **kwargs: Any,
) -> Any:
    """Computes arrays and writes them, chunk by chunk, into objects with slice assignment.

    No more is held in memory at once than the memory limit allows.

    Parameters
    ----------
    sources : Array or sequence of Array
    targets : object or sequence of objects
        With a `shape` and ``target[slices] = array``: NumPy arrays, h5py datasets, zarr arrays, ...
    lock : bool or lock
        What is held during each write.
    regions : tuple of slices, or a list of them
        Where in the targets to write.
    compute : bool
        Whether to store now; otherwise an object is answered whose `compute` does it.
    return_stored : bool
        Whether to answer arrays over what was stored.
    load_stored : bool
        Accepted as in Dask.

    Examples
    --------
    >>> target = np.zeros((4, 6))
    >>> da.store(da.ones((4, 2), chunks=2), target, regions=(slice(None), slice(1, 3)))
    >>> target.sum(axis=0)
    array([0., 4., 4., 0., 0., 0.])
    """
    single = isinstance(sources, Array)
    sources, targets, places = _matched(sources, targets, regions)
    guard = _lock(lock)
    writers = [_Writer(t, p, guard) for t, p in zip(targets, places, strict=True)]

    def run() -> Any:
        _session.current().store([s._expr for s in sources], writers)
        if not return_stored:
            return None
        stored = []
        for target, place, source in zip(targets, places, sources, strict=True):
            whole = from_array(target, lock=lock)
            part = Array(_native.basic_index(whole._expr, place))
            stored.append(Array(_native.rechunk(part._expr, source.chunks)))
        return stored[0] if single else tuple(stored)

    return run() if compute else _Stored(run, (sources, targets, places))


def _matched(sources: Any, targets: Any, regions: Any) -> tuple[list, list, list]:
    """Arrays, as many targets, and where in them to write; an error where they do not fit."""
    if isinstance(sources, Array):
        sources, targets = [sources], [targets]
    sources = list(sources)
    if any(not isinstance(s, Array) for s in sources):
        kinds = {type(s).__name__ for s in sources}
        raise ValueError(f"all sources must be arrays of this package, got {', '.join(kinds)}")
    targets = list(targets)
    if len(targets) != len(sources):
        raise ValueError(f"{len(sources)} sources and {len(targets)} targets")
    if isinstance(regions, tuple | slice) or regions is None:
        regions = [regions] * len(sources)
    if len(regions) != len(sources):
        raise ValueError(f"{len(regions)} regions for {len(sources)} sources")
    places = [_region(t, s, r) for t, s, r in zip(targets, sources, regions, strict=True)]
    return sources, targets, places


def to_npy(file: Any, x: Array) -> None:
    """Computes an array and writes it to a ``.npy`` file, without holding the whole.

    The file appears under its name once it is complete.

    Examples
    --------
    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "x.npy")
    >>> da.to_npy(path, da.arange(4, chunks=2))
    >>> np.load(path)
    array([0, 1, 2, 3])
    """
    from ._convert import asarray

    _session.current().to_npy(asarray(x)._expr, os.fspath(file))


def to_npy_stack(dirname: Any, x: Array, axis: int = 0) -> None:
    """Writes an array to a folder with a ``.npy`` file for each chunk along an axis.

    The folder is what Dask's function of this name writes.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> da.to_npy_stack(folder, da.arange(5, chunks=2))
    >>> da.from_npy_stack(folder).compute()
    array([0, 1, 2, 3, 4])
    """
    from ._arguments import array, axis_of

    x = array(x)
    axis = axis_of(axis, x.ndim)
    folder = os.fspath(dirname)
    os.makedirs(folder, exist_ok=True)
    chunks = tuple(c if k == axis else (sum(c),) for k, c in enumerate(x.chunks))
    info = {"chunks": chunks, "dtype": x.dtype, "axis": axis}
    with open(os.path.join(folder, "info"), "wb") as file:
        file.write(pickle.dumps(info))
    start = 0
    for number, size in enumerate(chunks[axis]):
        index = tuple(
            slice(start, start + size) if k == axis else slice(None) for k in range(x.ndim)
        )
        part = Array(_native.basic_index(x._expr, index))
        to_npy(os.path.join(folder, f"{number}.npy"), part)
        start += size


class _Info(pickle.Unpickler):
    """Reads the description of a stack, in which nothing but a dtype is an object."""

    def find_class(self, module: str, name: str) -> Any:
        if (module.partition(".")[0], name) == ("numpy", "dtype"):
            return np.dtype
        raise pickle.UnpicklingError(f"unexpected {module}.{name} in the description of a stack")


def from_npy_stack(dirname: Any, mmap_mode: str | None = "r") -> Array:
    """The array in a folder that `to_npy_stack` has written; its files are read when needed.

    `mmap_mode` is accepted as in Dask; files are never mapped.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> da.to_npy_stack(folder, da.ones((4, 3), chunks=2))
    >>> da.from_npy_stack(folder).chunks
    ((2, 2), (3,))
    """
    folder = os.fspath(dirname)
    with open(os.path.join(folder, "info"), "rb") as file:
        info = _Info(file).load()
    chunks, axis = info["chunks"], info["axis"]
    parts = [from_npy(os.path.join(folder, f"{n}.npy"))._expr for n in range(len(chunks[axis]))]
    joined = _native.concatenate(parts, axis)
    return Array(_native.rechunk(joined, chunks))
