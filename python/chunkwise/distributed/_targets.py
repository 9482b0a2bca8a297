"""Objects that arrays are stored in: which of them workers can write into, and how."""

from __future__ import annotations

import math
import mmap
import pickle
import uuid
from contextlib import nullcontext
from itertools import accumulate
from typing import Any

import distributed
import numpy as np

from .. import _chunkwise as _native
from ..array import Array
from ..array._chunks import rechunk
from ..array._foreign import _lock, _Writer
from ..array._zarr import _store, to_zarr

__all__: list[str] = []

#: The most bytes of a block that is written in one call.
_BLOCK = 64 << 20
#: Stores of the library zarr that several processes may write into: by the name of their class.
_SHARED = ("LocalStore", "FsspecStore", "ObjectStore")


class ByClient:
    """An array that this process writes as it comes."""

    def __init__(self, source: Array, writer: Any) -> None:
        self.array, self.writer = source, writer


class ByWorkers:
    """An array that workers write block by block; `array` says of each block that it is there."""

    def __init__(self, array: Array) -> None:
        self.array = array


class ByEngine:
    """An array that workers write by the engine's own sink, committed here."""

    def __init__(self, array: Array, sink: Any) -> None:
        self.array, self.sink = array, sink


def chosen(
    sources: list[Array], targets: list, places: list, lock: Any, by: str | None, room: int
) -> list[Any]:
    """How each of several arrays is stored; an error where it cannot be so."""
    if by not in (None, "workers", "client"):
        raise ValueError(f"store: by must be None, 'workers' or 'client', got {by!r}")
    names = [_name(target) for target in targets]
    several = {name for name in names if name is not None and names.count(name) > 1}
    found: list[Any] = []
    # What this process writes with a lock of its own is written with one.
    guard = _lock(lock)
    try:
        for source, target, place, name in zip(sources, targets, places, names, strict=True):
            _check(target)
            if by == "client" or (name in several and not _on_edges(target, place)):
                # Two writers of one stored chunk would take each other's elements away.
                _refuse_two(by, target, place)
                found.append(ByClient(source, _Writer(target, place, guard)))
                continue
            found.append(_one(source, target, place, lock, guard, by, room))
    except BaseException:
        give_up(found)
        raise
    return found


def give_up(ways: list[Any]) -> None:
    """Removes what was begun."""
    for way in ways:
        if isinstance(way, ByEngine):
            way.sink.abort()


def _one(
    source: Array, target: Any, place: tuple, lock: Any, guard: Any, by: str | None, room: int
) -> Any:
    whole = all(isinstance(part, slice) and part.step == 1 for part in place)
    if _is_zarr(target) and whole and _store(target) is not None:
        begun = to_zarr(source.astype(target.dtype), target, region=place, compute=False)
        return ByEngine(begun.array, begun.begin())
    shared = _reference(target)
    if shared is None and by is None:
        return ByClient(source, _Writer(target, place, guard))
    if shared is None:
        shared = _pickled(target)
        # Whether their writes bear each other is not known.
        held = lock if hasattr(lock, "__enter__") else bool(lock)
    else:
        held = False
    source = _in_blocks(source, place, _own_chunks(target), room)
    return ByWorkers(_written(source, _Writer(shared, place, None), held))


def _check(target: Any) -> None:
    if not hasattr(target, "__setitem__"):
        raise TypeError(f"store: a target takes slices, {type(target).__name__} does not")
    flags = getattr(target, "flags", None)
    if getattr(target, "read_only", False) or (
        isinstance(target, np.ndarray) and not flags.writeable
    ):
        raise ValueError(f"store: a target of type {type(target).__name__} that is read-only")


def _refuse_two(by: str | None, target: Any, place: tuple) -> None:
    if by == "workers":
        raise ValueError(
            f"store: the region {place} shares stored chunks of {_own_chunks(target)} elements "
            "with another region of the same array, and workers would write them at once: cut "
            "regions at the edges of chunks, or leave by= out to have this process write"
        )


def _is_zarr(target: Any) -> bool:
    return hasattr(target, "metadata") and hasattr(target, "store") and hasattr(target, "chunks")


def _name(target: Any) -> Any:
    """The same for two objects that stand for the same stored array."""
    if not _is_zarr(target):
        return None
    return type(target.store).__name__, str(target.store), getattr(target, "path", "")


def _own_chunks(target: Any) -> tuple[int, ...] | None:
    """The chunks in which an object is stored, of which each is to have one writer."""
    own = getattr(target, "shards", None) or getattr(target, "chunks", None)
    plain = isinstance(own, tuple) and all(isinstance(c, int | np.integer) for c in own)
    return own if plain and len(own) == len(target.shape) else None


def _on_edges(target: Any, place: tuple) -> bool:
    """Whether a region has no stored chunk in part."""
    own = _own_chunks(target) or tuple(target.shape)
    return all(
        isinstance(part, slice)
        and part.step == 1
        and part.start % chunk == 0
        and (part.stop % chunk == 0 or part.stop >= length)
        for part, chunk, length in zip(place, own, target.shape, strict=True)
    )


class Mapped:
    """An array in a file that is mapped into memory, as other processes map it."""

    def __init__(
        self, path: str, offset: int, dtype: np.dtype, shape: tuple, strides: tuple
    ) -> None:
        self.path, self.offset = path, offset
        self.dtype, self.shape, self.strides = dtype, shape, strides

    def __setitem__(self, index: Any, value: Any) -> None:
        file = np.memmap(self.path, "u1", mode="r+")
        whole = np.ndarray(self.shape, self.dtype, file, self.offset, self.strides)
        whole[index] = value
        # Other machines see it by the file.
        file.flush()


def _reference(target: Any) -> Any:
    """What writes into the same place from other processes, where that is known to be so."""
    if isinstance(target, np.ndarray):
        return _mapped(target)
    if _is_zarr(target) and type(target).__module__.partition(".")[0] == "zarr":
        store = target.store
        protocols = getattr(getattr(store, "fs", None), "protocol", ())
        inner = type(getattr(store, "store", None)).__name__
        if type(store).__name__ in _SHARED and "memory" not in protocols and "Mem" not in inner:
            return target
    return None


def _mapped(target: np.ndarray) -> Mapped | None:
    root: Any = target
    found = None
    while isinstance(root, np.ndarray):
        found = root if isinstance(root, np.memmap) else found
        root = root.base
    # Of a copy on write, nobody else sees anything.
    if found is None or found.filename is None or found.mode not in ("r+", "w+", "readwrite"):
        return None
    if not hasattr(root, "flush") or target.dtype.hasobject:
        return None
    start = np.frombuffer(root, "u1").__array_interface__["data"][0]
    # Where in the file the mapping begins: at a page.
    first = found.offset - found.offset % mmap.ALLOCATIONGRANULARITY
    offset = target.__array_interface__["data"][0] - start + first
    return Mapped(str(found.filename), offset, target.dtype, target.shape, target.strides)


def _pickled(target: Any) -> Any:
    """An object that is said to be written from workers; an error where it cannot be."""
    kind = type(target).__name__
    inner = type(getattr(target, "store", None)).__name__
    if isinstance(target, np.ndarray) or "Memory" in inner:
        raise ValueError(
            f"store: {kind} lies in the memory of this process, and workers would write into "
            "copies: leave by= out to have this process write"
        )
    try:
        pickle.dumps(target, protocol=5)
    except Exception as error:
        raise TypeError(
            f"store: {kind} cannot be pickled, so that workers cannot write into it ({error}): "
            "leave by= out to have this process write"
        ) from error
    return target


def _in_blocks(source: Array, place: tuple, own: tuple[int, ...] | None, room: int) -> Array:
    """The same array cut so that each block fits a worker, and no stored chunk is in two."""
    limit = max(min(_BLOCK, room // 8), 1)
    if own is None:
        largest = math.prod(max(c, default=1) for c in source.chunks) * source.dtype.itemsize
        return source if largest <= limit else rechunk(source, "auto", block_size_limit=limit)
    pairs = [(part, c) for part, c in zip(place, own, strict=True) if isinstance(part, slice)]
    many = [1] * len(pairs)

    def nbytes() -> int:
        spans = zip(source.shape, pairs, many, strict=True)
        sizes = [min(n, max(m * c // p.step, 1)) for n, (p, c), m in spans]
        return math.prod(sizes) * source.dtype.itemsize

    # The last axes first: what is stored there lies together.
    for axis in reversed(range(len(pairs))):
        while many[axis] * pairs[axis][1] < pairs[axis][0].stop and 2 * nbytes() <= limit:
            many[axis] *= 2
    cuts = [_cut(part, c * m, n) for (part, c), m, n in zip(pairs, many, source.shape, strict=True)]
    return rechunk(source, tuple(cuts)) if cuts else source


def _cut(place: slice, chunk: int, length: int) -> tuple[int, ...]:
    """The lengths of a slice's parts in each chunk."""
    if not length:
        return (0,)
    edges = range((place.start // chunk + 1) * chunk, place.stop, chunk)
    bounds = sorted({0, length, *(-(-(e - place.start) // place.step) for e in edges)})
    bounds = [b for b in bounds if b <= length]
    return tuple(b - a for a, b in zip(bounds, bounds[1:], strict=False))


class _Blocks:
    """Writes the blocks of an array, in a worker."""

    def __init__(self, writer: _Writer, chunks: tuple, lock: Any) -> None:
        self.writer, self.lock = writer, lock
        self.edges = [tuple(accumulate(sizes, initial=0)) for sizes in chunks]

    def __call__(self, parts: list, block: tuple, start: tuple, shape: tuple) -> np.ndarray:
        ends = list(zip(self.edges, block, strict=True))
        low = tuple(edges[number] for edges, number in ends)
        high = tuple(edges[number + 1] for edges, number in ends)
        if low == () or all(a < b for a, b in zip(low, high, strict=True)):
            held = distributed.Lock(self.lock) if isinstance(self.lock, str) else self.lock
            with held or nullcontext():
                self.writer(low, high, parts[0])
        return np.ones(shape, bool)


def _written(source: Array, writer: _Writer, lock: Any) -> Array:
    # Of a lock for all workers, the name.
    lock = f"chunkwise-store-{uuid.uuid4().hex}" if lock is True else lock or None
    blocks = _Blocks(writer, source.chunks, lock)
    chunks = [[1] * len(sizes) for sizes in source.chunks]
    trim = [(0, 0)] * source.ndim
    given = [(source._expr, list(range(source.ndim)))]
    return Array(_native.call(blocks, "store", given, "bool", chunks, trim))
