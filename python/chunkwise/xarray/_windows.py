"""Reductions of sliding windows by xarray itself, called with chunks and what lies beside them.

xarray would make an axis of every window's elements, and that of the whole array.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import array as da

#: Bytes of all windows' elements that are worked on at once.
_BYTES = 32 << 20


def reduce(theirs: Callable[..., Any], rolling: Any, *args: Any, **kwargs: Any) -> Any:
    """`theirs`, a method of xarray's windows, of one of our arrays."""
    obj = rolling.obj
    axes = tuple(obj.get_axis_num(d) for d in rolling.dim)
    shape = tuple(min(n, 1) for n in obj.shape)
    shape = tuple(max(w, 1) if k in axes else 1 for k, w in _by_axis(axes, rolling.window, shape))
    settings = {
        "windows": dict(zip(axes, rolling.window, strict=True)),
        "min_periods": rolling.min_periods,
        "center": dict(zip(axes, rolling.center, strict=True)),
    }
    made = functools.partial(_reduced, theirs, settings, args, kwargs)
    dtype = made(np.ones(shape, obj.dtype)).dtype
    depth = {
        axis: (window - 1, window - 1 if center else 0)
        for axis, window, center in zip(axes, rolling.window, rolling.center, strict=True)
    }
    data = da.map_overlap(made, obj.data, depth=depth, boundary="none", dtype=dtype)
    attrs = obj.attrs if kwargs.get("keep_attrs") in (None, True) else {}
    return type(obj)(data, obj.coords, dims=obj.dims, attrs=attrs, name=obj.name)


def _by_axis(axes: tuple[int, ...], window: Any, shape: tuple[int, ...]) -> Any:
    lengths = dict(zip(axes, window, strict=True))
    return [(k, lengths.get(k, n)) for k, n in enumerate(shape)]


def _reduced(
    theirs: Callable[..., Any], settings: dict, args: tuple, kwargs: dict, block: np.ndarray
) -> np.ndarray:
    """The windows of one block, a slab after another."""
    free = [k for k in range(block.ndim) if k not in settings["windows"]]
    wide = block.size * 8 * math.prod(settings["windows"].values())
    if not free or wide <= _BYTES:
        return _slab(theirs, settings, args, kwargs, block)
    axis = max(free, key=lambda k: block.shape[k])
    slabs = np.array_split(block, min(-(-wide // _BYTES), max(block.shape[axis], 1)), axis)
    return np.concatenate([_slab(theirs, settings, args, kwargs, s) for s in slabs], axis)


def _slab(
    theirs: Callable[..., Any], settings: dict, args: tuple, kwargs: dict, block: np.ndarray
) -> np.ndarray:
    from xarray import DataArray

    named = DataArray(block, dims=tuple(f"axis{k}" for k in range(block.ndim)))
    rolling = named.rolling(
        {f"axis{k}": n for k, n in settings["windows"].items()},
        min_periods=settings["min_periods"],
        center={f"axis{k}": c for k, c in settings["center"].items()},
    )
    with np.errstate(all="ignore"):
        return theirs(rolling, *args, **kwargs).values
