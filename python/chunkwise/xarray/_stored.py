"""Variables of files that xarray has opened, read by the engine itself.

xarray wraps what a file holds in layers: lazy indexing, decoding, copies on write. Where all of
them are known, and beneath them is an array in a Zarr folder or an HDF5 file, the same elements are
given by an array of our own over that file: decoded on all threads, chunk by chunk, without the
interpreter.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any

import numpy as np
from xarray.coding import variables
from xarray.core import indexing

from .. import array as da
from ..array import Array
from ..array._zarr import _store

#: Layers that change nothing.
_PLAIN = (
    indexing.ImplicitToExplicitIndexingAdapter,
    indexing.CopyOnWriteArray,
    variables.NativeEndiannessArray,
)


def stored(data: Any, chunks: Any) -> Array | None:
    """The array that xarray's layers around an array in a file stand for, cut as `chunks` says;
    `None` where there is a layer or a file that is not known."""
    dtype = data.dtype
    steps: list[Callable[[Array], Array]] = []
    while True:
        if isinstance(data, _PLAIN):
            data = data.array
        elif isinstance(data, indexing.LazilyIndexedArray):
            key = data.key.tuple
            if not all(isinstance(k, slice | int | np.integer) for k in key):
                return None
            if any(k != slice(None) for k in key):
                steps.append(functools.partial(_indexed, key))
            data = data.array
        elif type(data).__name__ == "_ElementwiseFunctionArray":
            steps.append(functools.partial(_decoded, data.func, data.dtype))
            data = data.array
        else:
            break
    array = _in_zarr(data) if hasattr(data, "_array") else _in_hdf5(data)
    if array is None or array.shape != data.shape:
        return None
    for step in reversed(steps):
        array = step(array)
    return array.rechunk(chunks) if array.dtype == dtype else None


def _in_zarr(data: Any) -> Array | None:
    if type(data).__name__ != "ZarrArrayWrapper":
        return None
    array = data._array
    try:
        return da.from_zarr(array) if _store(array) is not None else None
    except (OSError, ValueError):
        # What the engine does not read, Zarr's own library may.
        return None


def _in_hdf5(data: Any) -> Array | None:
    if type(data).__name__ not in ("H5NetCDFArrayWrapper", "NetCDF4ArrayWrapper"):
        return None
    there = data.datastore
    path, group = getattr(there, "_filename", None), getattr(there, "_group", None)
    if not isinstance(path, str) or not os.path.isfile(path):
        return None
    try:
        return da.from_hdf5(path, "/".join(filter(None, [group, data.variable_name])))
    except (ImportError, KeyError, OSError, TypeError, ValueError):
        # NetCDF-3, for instance.
        return None


def _indexed(key: tuple, array: Array) -> Array:
    return array[key]


def _decoded(func: Callable[..., Any], dtype: np.dtype, array: Array) -> Array:
    """An elementwise function of xarray's on an array: the usual ones are the engine's own work."""
    name = getattr(getattr(func, "func", None), "__name__", None)
    options = getattr(func, "keywords", {})
    if name == "_apply_mask" and not func.args:
        made = cast = array.astype(options["dtype"])
        for missing in options["encoded_fill_values"]:
            made = da.where(cast == missing, options["decoded_fill_value"], made)
        if made.dtype == dtype:
            return made
    if name == "_scale_offset_decoding" and not func.args:
        made = array.astype(options["dtype"])
        # As in place: the result keeps its dtype, whatever a factor's is.
        for apply, by in ((da.multiply, "scale_factor"), (da.add, "add_offset")):
            if options[by] is not None:
                made = apply(made, options[by]).astype(made.dtype)
        if made.dtype == dtype:
            return made
    return array.map_blocks(func, dtype=dtype)
