"""Arrays of what functions give, and the chunks of arrays as tasks."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _chunkwise as _native
from . import _dtypes
from ._array import Array

__all__ = ["from_delayed"]


def from_delayed(
    value: Any,
    shape: tuple[int, ...],
    dtype: Any = None,
    meta: Any = None,
    name: str | None = None,
) -> Array:
    """An array of one chunk, whose elements a `chunkwise.delayed` function gives.

    Parameters
    ----------
    value : Delayed
        What gives an array of this shape; anything else is taken as it is.
    shape : tuple of int
        The shape.
    dtype : dtype
        The dtype, unless `meta` has it.
    meta : array, optional
        An array whose dtype it is.
    name : str, optional
        What it is called in plans and errors.

    Returns
    -------
    Array
        The function runs when elements are asked for: once in each run, on one thread, also
        where several arrays of the same dtype and shape are made of it. Join several with
        `concatenate`, `stack` or `block`.

    Raises
    ------
    TypeError
        Neither a dtype nor `meta`.
    ValueError
        When it is computed: a value of another shape.

    Examples
    --------
    >>> load = chunkwise.delayed(lambda n: np.full(3, n))
    >>> parts = [da.from_delayed(load(n), (3,), dtype=int) for n in range(2)]
    >>> da.concatenate(parts).compute()
    array([0, 0, 0, 1, 1, 1])
    """
    from .._delayed import delayed

    if dtype is None and meta is None:
        raise TypeError("from_delayed: a dtype is needed, or a meta that has one")
    wanted = np.dtype(dtype if dtype is not None else meta.dtype)
    task = delayed(value)
    chunks = [[int(n)] for n in shape]

    def made(inputs: list, block: tuple, start: tuple, expected: tuple) -> np.ndarray:
        value = np.asarray(task.compute(), dtype=wanted)
        # What has travelled lies where its carrier put it.
        return value if value.flags.aligned else value.copy()

    trim = [(0, 0)] * len(chunks)
    called = name or "from_delayed"
    kind = _dtypes.name(wanted)
    # One key is one task: arrays of the same task are the same expression, which runs once.
    return Array(_native.call(made, called, [], kind, chunks, trim, f"delayed {task.key}"))


def to_delayed(x: Array) -> np.ndarray:
    """Each chunk as a `chunkwise.delayed` value, in an array of objects."""
    from .._delayed import delayed

    blocks = np.empty(x.numblocks, dtype=object)
    for index in np.ndindex(*x.numblocks):
        blocks[index] = delayed(x.blocks[index] if index else x)
    return blocks
