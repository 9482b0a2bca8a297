"""NumPy's functions called with lazy arrays: what `__array_ufunc__` and `__array_function__` do."""

from __future__ import annotations

import functools
import importlib
import types
import warnings
from typing import Any

import numpy as np

from ._array import _NUMBERS, Array
from ._ufuncs import _OURS

#: What may stand beside an array in a ufunc. Others, such as a labelled array, know how to handle
#: us; a masked array's mask would be lost.
_BESIDE = (Array, np.ndarray, np.generic, list, tuple, *_NUMBERS)


def array_ufunc(ufunc: np.ufunc, method: str, inputs: tuple, kwargs: dict) -> Any:
    """A NumPy ufunc of arrays: ours by the same name; one that is not ours, chunk by chunk."""
    for value in inputs:
        if not isinstance(value, _BESIDE) or isinstance(value, np.ma.MaskedArray):
            return NotImplemented
    ours = _OURS.get(ufunc)
    if ours is not None:
        if method == "__call__":
            return ours(*inputs, **kwargs)
        if method in ("outer", "reduce", "accumulate"):
            return getattr(ours, method)(*inputs, **kwargs)
        return NotImplemented
    if method != "__call__":
        return NotImplemented
    namespace = importlib.import_module("chunkwise.array")
    ours = getattr(namespace, ufunc.__name__, None)
    if ours is not None and getattr(np, ufunc.__name__, None) is ufunc:
        # matmul, vecdot: generalised ufuncs that NumPy has and that are functions here.
        return ours(*inputs, **kwargs)
    if ufunc.signature is None and ufunc.nout == 1 and not kwargs:
        return _by_chunk(namespace, ufunc, inputs)
    return NotImplemented


def _by_chunk(namespace: Any, ufunc: np.ufunc, inputs: tuple) -> Any:
    """Somebody's ufunc, such as those of `scipy.special`, called with NumPy chunks."""
    map_blocks = getattr(namespace, "map_blocks", None)
    if map_blocks is None:
        return NotImplemented
    # Numbers stay numbers, so that chunks promote with them as the whole array would.
    args = [i if type(i) in (int, float, complex) else namespace.asarray(i) for i in inputs]
    kinds = (a.dtype if isinstance(a, Array) else type(a) for a in args)
    dtype = ufunc.resolve_dtypes((*kinds, None))[-1]
    places = tuple(i for i, a in enumerate(args) if isinstance(a, Array))
    arrays = namespace.broadcast_arrays(*(args[i] for i in places))
    numbers = tuple(None if isinstance(a, Array) else a for a in args)
    call = functools.partial(_call, ufunc, numbers, places)
    return map_blocks(call, *arrays, dtype=dtype)


def _call(ufunc: np.ufunc, numbers: tuple, places: tuple[int, ...], *chunks: np.ndarray) -> Any:
    args = list(numbers)
    for place, chunk in zip(places, chunks, strict=True):
        args[place] = chunk
    return ufunc(*args)


def array_function(func: Any, kinds: Any, args: tuple, kwargs: dict) -> Any:
    """A NumPy function of arrays: ours by the same name; for one that is not ours the arrays are
    computed, with a warning."""
    if not all(issubclass(kind, Array | np.ndarray) for kind in kinds):
        return NotImplemented
    ours = _function(func)
    if ours is not None:
        return ours(*args, **kwargs)
    if func in (np.array_repr, np.array_str):
        return repr(args[0])
    warnings.warn(
        f"{_name(func)} is not a function of chunkwise.array: its arrays are computed",
        stacklevel=3,
    )
    return func(*_computed(args), **_computed(kwargs))


def _name(func: Any) -> str:
    return f"{func.__module__}.{func.__name__}"


@functools.cache
def _function(func: Any) -> Any:
    """Our function for one of NumPy's: of the same name, in the module of the same name."""
    module, _, rest = func.__module__.partition(".")
    if module != "numpy":
        return None
    namespace: Any = importlib.import_module("chunkwise.array")
    for part in rest.split(".") if rest else ():
        namespace = getattr(namespace, part, None)
        if not isinstance(namespace, types.ModuleType):
            return None
    found = getattr(namespace, func.__name__, None)
    return None if found is func else found


def _computed(thing: Any) -> Any:
    """A nested argument with NumPy arrays in the places of ours, computed in one run."""
    from .._collections import compute

    (done,) = compute(thing)
    return done
