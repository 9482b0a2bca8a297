"""What an expression reads, on its way to workers: small arrays by value, large ones as files."""

from __future__ import annotations

import hashlib
import os
import time
import uuid
from pathlib import Path
from typing import Any

import numpy as np

from .. import _chunkwise as _native

__all__: list[str] = []

#: Bytes of arrays in memory that travel with a computation, together.
INLINE = 64 << 20
#: Sources that are files, whose path comes first among their parts.
_FILES = ("npy", "npz", "raw", "parquet")
#: Nanoseconds after which a change of a file shows in its time: it is as fine as the system's tick.
_TICK = 100_000_000


def placed(exprs: list, scratch: Path | None, written: set[Path]) -> tuple[list, list]:
    """The same arrays with what is large read from files in the scratch directory, and what tells
    whether their sources have changed."""
    data, sources, functions = _native.encode(exprs)
    parts = [_parts(source) for source in sources]
    states = [_state(kind, rest) for kind, rest in parts]
    sizes = {
        n: np.asarray(rest[0]).nbytes for n, (kind, rest) in enumerate(parts) if kind == "memory"
    }
    total = sum(sizes.values())
    if total <= INLINE:
        return exprs, states
    if scratch is None:
        raise ValueError(
            f"arrays in memory of {_native.format_bytes(total)} are to be computed with, and at "
            f"most {_native.format_bytes(INLINE)} of them travel with a computation: give the "
            "client a scratch_directory= that workers can read, or keep the arrays in files"
        )
    for n in sorted(sizes, key=lambda n: -sizes[n]):
        if total <= INLINE:
            break
        total -= sizes[n]
        path = _write(np.asarray(parts[n][1][0]), scratch)
        written.add(path)
        sources[n] = _native.Source.npy(str(path))
    return _native.decode(data, sources, functions), states


def _parts(source: Any) -> tuple[str, tuple]:
    try:
        return source.parts()
    except TypeError:
        # Pickling it raises the error that names it.
        return "unknown", ()


def _state(kind: str, parts: tuple) -> Any:
    """What is another where a source is no longer what it was."""
    if kind in ("memory", "elsewhere"):
        # Their elements are in the pickle; their name is of their elements.
        return None
    if kind in _FILES:
        found = os.stat(parts[0])
        if time.time_ns() - found.st_mtime_ns > _TICK:
            return str(parts[0]), found.st_size, found.st_mtime_ns
    # Of stores and of other objects nothing tells whether they have changed: read anew each time.
    return uuid.uuid4().hex


def _write(array: np.ndarray, scratch: Path) -> Path:
    """A file of an array, by the name of what it holds: equal arrays are written once."""
    array = np.ascontiguousarray(array)
    digest = hashlib.blake2b(repr((array.dtype.str, array.shape)).encode(), digest_size=16)
    digest.update(array.reshape(-1).view(np.uint8))
    path = scratch / f"chunkwise-{digest.hexdigest()}.npy"
    if not path.exists():
        scratch.mkdir(parents=True, exist_ok=True)
        beside = scratch / f".{path.name}.{uuid.uuid4().hex}"
        try:
            with open(beside, "wb") as file:
                np.save(file, array)
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, path)
        finally:
            beside.unlink(missing_ok=True)
    return path
