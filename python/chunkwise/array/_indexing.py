"""What stands between the square brackets."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from .. import _chunkwise as _native
from .. import _session
from . import _array
from ._convert import asarray

_VALID = (
    "only integers, slices (`:`), ellipsis (`...`), numpy.newaxis (`None`) and integer or boolean "
    "arrays are valid indices"
)
_WHOLE = slice(None)


def _is_basic(part: Any) -> bool:
    return part is None or part is Ellipsis or type(part) is int or isinstance(part, slice)


def _part(part: Any) -> Any:
    """One part of a key: a basic one, a NumPy array of bools or int64, or a lazy array."""
    if _is_basic(part):
        return part
    if isinstance(part, _array.Array):
        if part.dtype.kind not in "biu":
            raise IndexError("arrays used as indices must be of integer (or boolean) type")
        if part.dtype.kind == "b" and part.ndim == 0:
            return np.asarray(part.compute())
        return part
    if isinstance(part, bool | np.bool_):
        return np.asarray(part)
    if not isinstance(part, np.ndarray | list | tuple):
        if hasattr(part, "__array__") and getattr(part, "ndim", 0):
            part = np.asarray(part)
        else:
            try:
                return operator.index(part)
            except TypeError:
                raise IndexError(_VALID) from None
    try:
        found = np.asarray(part)
    except ValueError:
        raise IndexError(_VALID) from None
    if found.size == 0 and not isinstance(part, np.ndarray):
        found = found.astype(np.int64)
    if found.dtype.kind not in "biu":
        if not isinstance(part, np.ndarray):
            raise IndexError(_VALID)
        raise IndexError("arrays used as indices must be of integer (or boolean) type")
    if found.dtype.kind != "b" and found.ndim == 0:
        return int(found)
    return found


def _consumed(part: Any) -> int:
    """How many axes a part is about."""
    if part is None or part is Ellipsis:
        return 0
    return part.ndim if getattr(part, "dtype", None) == np.bool_ else 1


def _written_out(key: Any, ndim: int) -> list[Any]:
    """The parts of a key, one for each axis or mask, without an ellipsis."""
    parts = [_part(p) for p in key] if isinstance(key, tuple) else [_part(key)]
    ellipses = sum(p is Ellipsis for p in parts)
    if ellipses > 1:
        raise IndexError("an index can only have a single ellipsis ('...')")
    consumed = sum(map(_consumed, parts))
    if consumed > ndim:
        raise IndexError(
            f"too many indices for array: array is {ndim}-dimensional, but {consumed} were indexed"
        )
    rest = [_WHOLE] * (ndim - consumed)
    if not ellipses:
        return parts + rest
    at = next(k for k, p in enumerate(parts) if p is Ellipsis)
    return parts[:at] + rest + parts[at + 1 :]


def _checked(parts: list[Any], shape: tuple[int, ...]) -> None:
    """Raises NumPy's errors for what does not fit the shape."""
    axis = 0
    for part in parts:
        if part is None:
            continue
        if isinstance(part, slice):
            part.indices(1)
        elif getattr(part, "dtype", None) == np.bool_:
            for k, size in enumerate(part.shape):
                if size != shape[axis + k]:
                    raise IndexError(
                        f"boolean index did not match indexed array along axis {axis + k}; size "
                        f"of axis is {shape[axis + k]} but size of corresponding boolean axis is "
                        f"{size}"
                    )
        elif not isinstance(part, _array.Array):
            size = shape[axis]
            ends: tuple = (part,)
            if isinstance(part, np.ndarray):
                ends = (part.min(), part.max()) if part.size else ()
            for i in ends:
                if not -size <= i < size:
                    raise IndexError(f"index {i} is out of bounds for axis {axis} with size {size}")
        axis += _consumed(part)


def _points(parts: list[Any]) -> list[Any]:
    """With positions in place of what is known: of lazy arrays one may stay, where it is the only
    array."""
    arrays = sum(not _is_basic(p) for p in parts)
    out: list[Any] = []
    for part in parts:
        if isinstance(part, _array.Array):
            if arrays == 1:
                out.append(part._resolve())
                continue
            part = np.asarray(part.compute())
            part = part if part.ndim else int(part)
        if isinstance(part, np.ndarray):
            found = part.nonzero() if part.dtype == np.bool_ else (part,)
            out.extend(np.ascontiguousarray(p, dtype=np.int64).reshape(p.shape) for p in found)
        else:
            out.append(part)
    shapes = [p.shape for p in out if isinstance(p, np.ndarray)]
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        raise IndexError(
            "shape mismatch: indexing arrays could not be broadcast together with shapes "
            + " ".join(str(s) for s in shapes)
        ) from None
    return out


def _truths(expr: Any, parts: list[Any]) -> tuple[Any, list[Any], list[int]]:
    """Bools without axes as positions along axes of length 1 that are added for them, and where
    these are."""
    if not any(isinstance(p, np.ndarray) and p.dtype == np.bool_ and not p.ndim for p in parts):
        return expr, parts, []
    basic: list[Any] = []
    out: list[Any] = []
    added = []
    for part in parts:
        if isinstance(part, np.ndarray) and part.dtype == np.bool_ and not part.ndim:
            added.append(len(basic))
            basic.append(None)
            part = np.arange(int(part))
        else:
            basic.extend([_WHOLE] * _consumed(part))
        out.append(part)
    return _native.basic_index(expr, tuple(basic)), out, added


def _without_empty_masks(parts: list[Any]) -> list[Any]:
    """Masks without elements as the positions that they choose, none: in NumPy such a mask need not
    fit the shape."""
    out: list[Any] = []
    for part in parts:
        if getattr(part, "dtype", None) == np.bool_ and part.ndim and not part.size:
            out.extend([np.empty(0, np.int64)] * part.ndim)
        else:
            out.append(part)
    return out


def _parts(expr: Any, key: Any) -> tuple[Any, list[Any], list[int]]:
    parts = _without_empty_masks(_written_out(key, expr.ndim))
    _checked(parts, expr.shape)
    expr, parts, added = _truths(expr, parts)
    return expr, _points(parts), added


def getitem(x: _array.Array, key: Any) -> _array.Array:
    """``x[key]``"""
    expr = x._expr
    if _is_basic(key) or (type(key) is tuple and all(map(_is_basic, key))):
        try:
            return _array.Array(_native.basic_index(expr, key))
        except (IndexError, ValueError):
            # In NumPy's words, or of an array whose lengths are known.
            expr = x._resolve()
            _checked(_written_out(key, expr.ndim), expr.shape)
            return _array.Array(_native.basic_index(expr, key))
    expr, parts, _ = _parts(x._resolve(), key)
    return _array.Array(_native.advanced_index(expr, parts, False))


def setitem(x: _array.Array, key: Any, value: Any) -> None:
    """``x[key] = value``: the handle stands for another array then."""
    whole = x._resolve()
    if isinstance(value, _array.Array):
        value = value._resolve()
    elif isinstance(value, np.ndarray):
        value = asarray(value)._expr
    else:
        value = asarray(np.asarray(value, dtype=x.dtype))._expr
    expr, parts, added = _parts(whole, key)
    parts = [_known(p) for p in parts]
    try:
        made = _native.assign(expr, parts, value)
    except ValueError:
        shown = _native.advanced_index(expr, parts, False)
        if shown.unknown_axis is None:
            _fits(value.shape, shown.shape, any(not _is_basic(p) for p in parts))
        raise
    x._expr = _native.squeeze(made, added) if added else made


def _known(part: Any) -> Any:
    """Positions that were to be computed, computed."""
    if isinstance(part, _native.Expr) and part.dtype != "bool":
        (chunk,) = _session.current().compute([part])
        part = np.asarray(chunk).astype(np.int64)
        part = part if part.ndim else int(part)
    return part


def _fits(value: tuple[int, ...], shown: tuple[int, ...], by_arrays: bool) -> None:
    try:
        if np.broadcast_shapes(value, shown) == shown:
            return
    except ValueError:
        pass
    if by_arrays:
        raise ValueError(
            f"shape mismatch: value array of shape {value} could not be broadcast to indexing "
            f"result of shape {shown}"
        ) from None
    raise ValueError(
        f"could not broadcast input array from shape {value} into shape {shown}"
    ) from None


class PointIndexer:
    """`Array.vindex`: positions along several axes, element by element, whose axes come first."""

    __slots__ = ("_x",)

    def __init__(self, x: _array.Array) -> None:
        self._x = x

    def __getitem__(self, key: Any) -> _array.Array:
        expr, parts, _ = _parts(self._x._resolve(), key)
        if any(p is None for p in parts):
            raise IndexError("vindex does not support indexing with None (np.newaxis)")
        return _array.Array(_native.advanced_index(expr, parts, True))


class BlockIndexer:
    """`Array.blocks`: the array as an array of chunks."""

    __slots__ = ("_x",)

    def __init__(self, x: _array.Array) -> None:
        self._x = x

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of chunks along each axis."""
        return self._x.numblocks

    @property
    def size(self) -> int:
        """The number of chunks."""
        return self._x.npartitions

    def ravel(self) -> list[_array.Array]:
        """Every chunk as an array, in C order."""
        return [self[index] for index in np.ndindex(self.shape)]

    def __getitem__(self, key: Any) -> _array.Array:
        x = self._x
        if any(p is None for p in (key if isinstance(key, tuple) else (key,))):
            raise ValueError("Slicing with np.newaxis or None is not supported")
        parts = _written_out(key, x.ndim)
        if sum(not _is_basic(p) for p in parts) > 1:
            raise ValueError("Can only slice with a single list")
        _checked(parts, self.shape)
        index: list[Any] = []
        chunks = []
        for part, sizes in zip(parts, x.chunks, strict=True):
            chosen = np.atleast_1d(
                np.arange(len(sizes))[np.asarray(part) if isinstance(part, _array.Array) else part]
            )
            if chosen.ndim > 1:
                raise ValueError("chunks along an axis are chosen by a list at most")
            starts = np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])
            chunks.append(tuple(sizes[k] for k in chosen))
            if len(chosen) and (np.diff(chosen) == 1).all():
                index.append(slice(int(starts[chosen[0]]), int(starts[chosen[-1] + 1])))
            else:
                ranges = [np.arange(starts[k], starts[k + 1]) for k in chosen]
                index.append(np.concatenate([np.empty(0, np.int64), *ranges]))
        for axis, part in enumerate(index):
            x = getitem(x, (_WHOLE,) * axis + (part,))
        whole = [c or (0,) for c in chunks]
        return _array.Array(_native.rechunk(x._expr, whole)) if x.ndim else x
