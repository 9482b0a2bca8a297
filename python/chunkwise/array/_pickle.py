"""Arrays as plain data: an expression's bytes, and the data and functions that they name by number.

An array in memory is pickled with its elements (out of band with protocol 5), a file by its
path, any other object and Python functions as `pickle` does it; functions that it cannot find
again by name are pickled by `cloudpickle` where that is installed.
"""

from __future__ import annotations

import copyreg
import pickle
import threading
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import _chunkwise as _native

#: One handle for one thing, so that a pickle of several arrays holds what they share once.
_handles: weakref.WeakValueDictionary[tuple, Any] = weakref.WeakValueDictionary()
_lock = threading.Lock()


def _shared(handle: Any) -> Any:
    with _lock:
        return _handles.setdefault((type(handle), handle.id), handle)


def reduce_expr(expr: _native.Expr) -> tuple:
    """What `pickle` makes an expression from."""
    data, sources, functions = _native.encode([expr])
    return _expr, (data, [_shared(s) for s in sources], [_shared(f) for f in functions])


def _expr(data: bytes, sources: list, functions: list) -> _native.Expr:
    return _native.decode(data, sources, functions)[0]


def _reduce_source(source: _native.Source) -> tuple:
    kind, parts = source.parts()
    if kind == "memory":
        chunk, dtype, name = parts
        return _source, (kind, np.asarray(chunk), dtype, name)
    return _source, (kind, *parts)


def _source(kind: str, *parts: Any) -> _native.Source:
    if kind == "memory":
        array, dtype, name = parts
        if not array.flags.aligned:
            # Bytes that came out of band lie where their carrier put them.
            parts = (array.copy(), dtype, name)
    return getattr(_native.Source, kind)(*parts)


def _reduce_callable(function: _native.Callable) -> tuple:
    return _native.Callable, function.parts()


copyreg.pickle(_native.Expr, reduce_expr)
copyreg.pickle(_native.Source, _reduce_source)
copyreg.pickle(_native.Callable, _reduce_callable)


class _Packed:
    """A function that `cloudpickle` has pickled."""

    def __init__(self, data: bytes) -> None:
        self.data = data


def pack(function: Callable) -> Any:
    """A user's function as something that `pickle` takes: itself, where it can be found by its
    name."""
    try:
        data = pickle.dumps(function, protocol=5)
        if b"__main__" not in data:
            return function
    except Exception:
        data = None
    try:
        import cloudpickle
    except ImportError:
        # Itself, or the error that pickle gives for it.
        return function
    return _Packed(cloudpickle.dumps(function, protocol=5))


def _unpacked(function: Any) -> Callable:
    return pickle.loads(function.data) if isinstance(function, _Packed) else function


def unpack(kind: type, function: Any, state: dict) -> Any:
    """A function on chunks from what its `__reduce__` gave."""
    made = kind.__new__(kind)
    made.__dict__.update(state, function=_unpacked(function))
    return made


def unpack_elementwise(function: Any, nin: int, nout: int) -> Any:
    from ._along import _Elementwise

    return _Elementwise(_unpacked(function), nin, nout)
