"""Other shapes of the same elements, their axes in another order, repetition."""

from __future__ import annotations

from operator import index
from typing import Any

import numpy as np

from .. import _chunkwise as _native
from . import _arguments
from ._array import Array

__all__ = [
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "broadcast_arrays",
    "broadcast_shapes",
    "broadcast_to",
    "expand_dims",
    "flip",
    "fliplr",
    "flipud",
    "matrix_transpose",
    "moveaxis",
    "ndim",
    "permute_dims",
    "ravel",
    "repeat",
    "reshape",
    "roll",
    "rollaxis",
    "rot90",
    "shape",
    "size",
    "squeeze",
    "swapaxes",
    "tile",
    "transpose",
]


# The same elements in another shape.


def _check_order(order: Any, allowed: str = "CFAK") -> str:
    if order is None or str(order).upper() not in allowed:
        raise ValueError(f"order must be one of {', '.join(map(repr, allowed))}, got {order!r}")
    return str(order).upper()


def reshape(
    x: Any,
    shape: Any,
    order: str = "C",
    *,
    copy: bool | None = None,
    merge_chunks: bool = True,
    limit: Any = None,
) -> Array:
    """The elements in C order in another shape.

    Parameters
    ----------
    x : array_like
    shape : int or sequence of int
        One length may be -1: it is reckoned from the others.
    order : "C", "F" or "A"
        Whether the last or the first index changes fastest; ``"A"`` is ``"C"``.
    copy, merge_chunks, limit
        Accepted as in NumPy and Dask; they change nothing: an expression owns no memory.

    Raises
    ------
    ValueError
        A shape with another number of elements.

    Examples
    --------
    >>> da.reshape(da.arange(6), (2, -1)).compute()
    array([[0, 1, 2],
           [3, 4, 5]])
    """
    lengths = [index(n) for n in shape] if np.iterable(shape) else [index(shape)]
    expr = _arguments.known(x)
    if _check_order(order, "CFA") != "F":
        return Array(_native.reshape(expr, lengths))
    reversed_ = _native.reshape(_native.transpose(expr, None), lengths[::-1])
    return Array(_native.transpose(reversed_, None))


def ravel(x: Any, order: str = "C") -> Array:
    """The elements along one axis.

    Parameters
    ----------
    x : array_like
    order : "C", "F", "A" or "K"
        As in `reshape`; ``"K"`` is ``"C"``.

    Examples
    --------
    >>> da.ravel([[1, 2], [3, 4]]).compute()
    array([1, 2, 3, 4])
    """
    order = _check_order(order)
    x = _arguments.array(x)
    if x.ndim == 1:
        return x
    return reshape(x, -1 if x.size else 0, "F" if order == "F" else "C")


def squeeze(x: Any, axis: Any = None) -> Array:
    """The array without axes of length 1.

    Parameters
    ----------
    x : array_like
    axis : int or tuple of int
        The axes; all of length 1 by default.

    Raises
    ------
    ValueError
        A chosen axis of another length.

    Examples
    --------
    >>> da.squeeze(da.ones((1, 3, 1))).shape
    (3,)
    """
    expr = _arguments.known(x)
    chosen = _arguments.axes(axis)
    if chosen is None:
        chosen = [a for a, n in enumerate(expr.shape) if n == 1]
    return Array(_native.squeeze(expr, chosen))


def expand_dims(a: Any, axis: Any = 0) -> Array:
    """The array with new axes of length 1.

    Parameters
    ----------
    a : array_like
    axis : int or tuple of int
        Where the new axes are in the result.

    Examples
    --------
    >>> da.expand_dims([1, 2], 0).compute()
    array([[1, 2]])
    """
    return Array(_native.expand_dims(_arguments.expr(a), _arguments.axes(axis)))


def _atleast(arys: tuple, widen: Any) -> Any:
    made = tuple(Array(widen(_arguments.expr(a))) for a in arys)
    return made[0] if len(made) == 1 else made


def _one(expr: _native.Expr) -> _native.Expr:
    return expr if expr.ndim else _native.expand_dims(expr, [0])


def _two(expr: _native.Expr) -> _native.Expr:
    new = {0: [0, 1], 1: [0]}.get(expr.ndim)
    return _native.expand_dims(expr, new) if new else expr


def _three(expr: _native.Expr) -> _native.Expr:
    new = {0: [0, 1, 2], 1: [0, 2], 2: [2]}.get(expr.ndim)
    return _native.expand_dims(expr, new) if new else expr


def atleast_1d(*arys: Any) -> Any:
    """Arrays with one axis at least; a tuple of them unless there is one.

    Examples
    --------
    >>> da.atleast_1d(3).shape
    (1,)
    """
    return _atleast(arys, _one)


def atleast_2d(*arys: Any) -> Any:
    """Arrays with two axes at least, new ones first; a tuple of them unless there is one.

    Examples
    --------
    >>> da.atleast_2d([1, 2]).shape
    (1, 2)
    """
    return _atleast(arys, _two)


def atleast_3d(*arys: Any) -> Any:
    """Arrays with three axes at least: of shape ``(1, n, 1)`` and ``(m, n, 1)`` from fewer.

    Examples
    --------
    >>> da.atleast_3d([1, 2]).shape
    (1, 2, 1)
    """
    return _atleast(arys, _three)


# The axes in another order.


def transpose(a: Any, axes: Any = None) -> Array:
    """The axes in another order.

    Parameters
    ----------
    a : array_like
    axes : sequence of int
        Where each axis of the result comes from; reversed by default.

    Raises
    ------
    ValueError
        Axes that do not name each axis once.

    Examples
    --------
    >>> da.transpose(da.ones((2, 3, 4)), (1, 0, 2)).shape
    (3, 2, 4)
    """
    return Array(_native.transpose(_arguments.expr(a), _arguments.axes(axes)))


def permute_dims(a: Any, axes: Any = None) -> Array:
    """The same as `transpose`.

    Examples
    --------
    >>> da.permute_dims(da.ones((2, 3)), (1, 0)).shape
    (3, 2)
    """
    return transpose(a, axes)


def matrix_transpose(x: Any) -> Array:
    """The last two axes exchanged.

    Raises
    ------
    ValueError
        An array of fewer axes.

    Examples
    --------
    >>> da.matrix_transpose(da.ones((2, 3, 4))).shape
    (2, 4, 3)
    """
    if _arguments.array(x).ndim < 2:
        raise ValueError(f"a matrix has two axes, got {_arguments.array(x).ndim}")
    return swapaxes(x, -1, -2)


def swapaxes(a: Any, axis1: int, axis2: int) -> Array:
    """Two axes exchanged.

    Examples
    --------
    >>> da.swapaxes(da.ones((2, 3, 4)), 0, 2).shape
    (4, 3, 2)
    """
    expr = _arguments.expr(a)
    order = list(range(expr.ndim))
    one, other = _arguments.axis_of(axis1, expr.ndim), _arguments.axis_of(axis2, expr.ndim)
    order[one], order[other] = other, one
    return Array(_native.transpose(expr, order))


def moveaxis(a: Any, source: Any, destination: Any) -> Array:
    """Axes moved to other places; the others keep their order.

    Parameters
    ----------
    a : array_like
    source, destination : int or sequence of int

    Examples
    --------
    >>> da.moveaxis(da.ones((2, 3, 4)), 0, -1).shape
    (3, 4, 2)
    """
    expr = _arguments.expr(a)
    return Array(_native.moveaxis(expr, _arguments.axes(source), _arguments.axes(destination)))


def rollaxis(a: Any, axis: int, start: int = 0) -> Array:
    """One axis moved before another.

    Parameters
    ----------
    a : array_like
    axis : int
    start : int
        The axis that it is to lie before; the number of axes for the end.

    Examples
    --------
    >>> da.rollaxis(da.ones((2, 3, 4)), 2).shape
    (4, 2, 3)
    """
    expr = _arguments.expr(a)
    n = expr.ndim
    axis = _arguments.axis_of(axis, n)
    start = index(start)
    if not -n <= start <= n:
        raise np.exceptions.AxisError(start, n + 1)
    start = start + n if start < 0 else start
    order = [a for a in range(n) if a != axis]
    order.insert(start - (axis < start), axis)
    return Array(_native.transpose(expr, order))


# Turned round.


def flip(m: Any, axis: Any = None) -> Array:
    """The elements in reverse order along axes, all by default.

    Examples
    --------
    >>> da.flip([[1, 2], [3, 4]], axis=1).compute()
    array([[2, 1],
           [4, 3]])
    """
    return Array(_native.flip(_arguments.known(m), _arguments.axes(axis)))


def _of_axes(x: Any, n: int) -> Array:
    x = _arguments.array(x)
    if x.ndim < n:
        raise ValueError(f"Input must be >= {n}-d, got {x.ndim} axes.")
    return x


def flipud(m: Any) -> Array:
    """The elements in reverse order along the first axis.

    Examples
    --------
    >>> da.flipud([1, 2]).compute()
    array([2, 1])
    """
    return flip(_of_axes(m, 1), 0)


def fliplr(m: Any) -> Array:
    """The elements in reverse order along the second axis.

    Examples
    --------
    >>> da.fliplr([[1, 2]]).compute()
    array([[2, 1]])
    """
    return flip(_of_axes(m, 2), 1)


def roll(a: Any, shift: Any, axis: Any = None) -> Array:
    """The elements moved along axes; those that leave at one end enter at the other.

    Parameters
    ----------
    a : array_like
    shift : int or tuple of int
    axis : int or tuple of int
        Without one the elements are moved in C order.

    Examples
    --------
    >>> da.roll([1, 2, 3, 4], 1).compute()
    array([4, 1, 2, 3])
    """
    expr = _arguments.known(a)
    shifts = [index(s) for s in shift] if np.iterable(shift) else [index(shift)]
    if axis is None:
        flat = _native.reshape(expr, [expr.size])
        return Array(_native.reshape(_native.roll(flat, [sum(shifts)], [0]), expr.shape))
    chosen = _arguments.axes(axis)
    if len(shifts) != len(chosen):
        if 1 not in (len(shifts), len(chosen)):
            raise ValueError(f"roll: {len(shifts)} shifts for {len(chosen)} axes")
        n = max(len(shifts), len(chosen))
        shifts, chosen = (v * n if len(v) == 1 else v for v in (shifts, chosen))
    by_axis: dict[int, int] = {}
    for s, c in zip(shifts, chosen, strict=True):
        where = _arguments.axis_of(c, expr.ndim)
        by_axis[where] = by_axis.get(where, 0) + s
    lengths = expr.shape
    shifts = [s % lengths[a] if lengths[a] else 0 for a, s in by_axis.items()]
    return Array(_native.roll(expr, shifts, list(by_axis)) if by_axis else expr)


def rot90(m: Any, k: int = 1, axes: Any = (0, 1)) -> Array:
    """The array turned by quarter turns, from the first of two axes towards the second.

    Parameters
    ----------
    m : array_like
    k : int
        How many quarter turns.
    axes : (int, int)

    Examples
    --------
    >>> da.rot90([[1, 2], [3, 4]]).compute()
    array([[2, 4],
           [1, 3]])
    """
    expr = _arguments.known(m)
    chosen = [index(a) for a in axes]
    if len(chosen) != 2:
        raise ValueError("len(axes) must be 2.")
    n = expr.ndim
    if any(not -n <= a < n for a in chosen):
        raise ValueError(f"Axes={tuple(chosen)} out of range for array of ndim={n}.")
    if chosen[0] % n == chosen[1] % n:
        raise ValueError("Axes must be different.")
    return Array(_native.rot90(expr, index(k) % 4, *chosen))


# Larger by repetition.


def broadcast_to(x: Any, shape: Any, chunks: Any = None, meta: Any = None) -> Array:
    """The array repeated along axes of length 1 and new first axes.

    Parameters
    ----------
    x : array_like
    shape : int or sequence of int
    chunks
        How the result is cut; by default as the array, and new axes in one piece.
    meta
        Accepted as in Dask; it changes nothing.

    Raises
    ------
    ValueError
        A shape that the array cannot be broadcast to.

    Examples
    --------
    >>> da.broadcast_to([1, 2], (2, 2)).compute()
    array([[1, 2],
           [1, 2]])
    """
    lengths = _arguments.shape(shape)
    made = _native.broadcast_to(_arguments.known(x), lengths)
    if chunks is not None:
        made = _native.rechunk(made, _arguments.cut(chunks, len(lengths)))
    return Array(made)


def broadcast_arrays(*args: Any, subok: bool = False) -> tuple[Array, ...]:
    """Arrays broadcast against each other.

    Examples
    --------
    >>> a, b = da.broadcast_arrays([1, 2], [[3], [4]])
    >>> a.shape, b.shape
    ((2, 2), (2, 2))
    """
    if not args:
        return ()
    return tuple(Array(e) for e in _native.broadcast_arrays([_arguments.known(a) for a in args]))


def broadcast_shapes(*shapes: Any) -> tuple[int, ...]:
    """The shape that arrays of these shapes have together.

    Raises
    ------
    ValueError
        Shapes that cannot be broadcast.

    Examples
    --------
    >>> da.broadcast_shapes((3, 1), (4,))
    (3, 4)
    """
    return np.broadcast_shapes(*shapes)


def repeat(a: Any, repeats: Any, axis: int | None = None) -> Array:
    """Each element several times.

    Parameters
    ----------
    a : array_like
    repeats : int or sequence of int
        How often, for all or for each position along the axis. A lazy array is computed: the shape
        depends on it.
    axis : int
        Without one the elements lie along one axis.

    Examples
    --------
    >>> da.repeat([1, 2], [1, 3]).compute()
    array([1, 2, 2, 2])
    """
    expr = _arguments.known(a)
    if axis is None:
        expr, axis = _native.reshape(expr, [expr.size]), 0
    axis = _arguments.axis_of(axis, expr.ndim)
    counts = np.asarray(repeats)
    if counts.dtype.kind not in "biu" and counts.size:
        raise TypeError(f"Cannot cast array data from {counts.dtype} to int64 without loss")
    if counts.ndim > 1:
        raise ValueError("object too deep for desired array")
    if (counts < 0).any():
        raise ValueError("repeats may not contain negative values.")
    if counts.ndim == 0 or (counts.size == 1 and expr.shape[axis] != 1):
        return Array(_native.repeat(expr, int(counts.reshape(())), axis))
    if counts.size != expr.shape[axis]:
        raise ValueError(
            f"operands could not be broadcast together with shape ({expr.shape[axis]},) "
            f"({counts.size},)"
        )
    return Array(_native.repeat_each(expr, counts.tolist(), axis))


def tile(A: Any, reps: Any) -> Array:
    """The whole array several times.

    Parameters
    ----------
    A : array_like
    reps : int or sequence of int
        How often along each axis; missing ones are first, and 1.

    Examples
    --------
    >>> da.tile([1, 2], (2, 2)).compute()
    array([[1, 2, 1, 2],
           [1, 2, 1, 2]])
    """
    times = [index(r) for r in reps] if np.iterable(reps) else [index(reps)]
    if any(r < 0 for r in times):
        raise ValueError("Negative `reps` are not allowed.")
    return Array(_native.tile(_arguments.known(A), times))


# What an array is.


def shape(array: Any) -> tuple[int, ...]:
    """The length of each axis.

    Examples
    --------
    >>> da.shape([[1, 2]])
    (1, 2)
    """
    return _arguments.array(array).shape


def ndim(a: Any) -> int:
    """The number of axes.

    Examples
    --------
    >>> da.ndim([[1, 2]])
    2
    """
    return _arguments.array(a).ndim


def size(a: Any, axis: Any = None) -> int:
    """The number of elements, or the length of an axis.

    Examples
    --------
    >>> da.size([[1, 2]]), da.size([[1, 2]], axis=0)
    (2, 1)
    """
    a = _arguments.array(a)
    if axis is None:
        return a.size
    count = 1
    for chosen in _arguments.axes(axis):
        count *= a.shape[_arguments.axis_of(chosen, a.ndim)]
    return count
