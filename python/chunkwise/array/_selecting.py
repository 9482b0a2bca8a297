"""Functions that choose elements: by positions, by conditions, by choices."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import _chunkwise as _native
from ._array import Array, _operand
from ._convert import asarray

__all__ = [
    "append",
    "argwhere",
    "choose",
    "compress",
    "delete",
    "diag_indices",
    "diag_indices_from",
    "extract",
    "flatnonzero",
    "insert",
    "ix_",
    "nonzero",
    "piecewise",
    "ravel_multi_index",
    "select",
    "take",
    "take_along_axis",
    "unravel_index",
]

_elementwise = _native.elementwise
#: As for NumPy.
_MOST_AXES = 64


def _axis(axis: Any, ndim: int) -> int:
    axis = operator.index(axis)
    if not -ndim <= axis < ndim:
        raise np.exceptions.AxisError(axis, ndim)
    return axis % ndim


def _ravel(x: Array) -> Array:
    return Array(_native.reshape(x._resolve(), [-1] if x.size else [0]))


def _along(x: Array, axis: int, part: Any) -> Array:
    return x[(slice(None),) * axis + (part,)]


def take(
    x: Any, indices: Any, /, axis: int | None = None, *, out: None = None, mode: str = "raise"
) -> Array:
    """The elements at positions along an axis, or of all in C order.

    Parameters
    ----------
    x : array
    indices : array of int
        Of any shape, whose axes come in place of `axis`. Positions that are not known yet are
        looked at when the result is computed.
    axis : int, optional
    mode : {"raise", "wrap", "clip"}
        What becomes of positions outside the axis.

    Examples
    --------
    >>> da.take(da.arange(10) * 10, [1, -1]).compute()
    array([10, 90])
    """
    _no_out(out)
    x = asarray(x)
    if axis is None:
        x, axis = _ravel(x), 0
    axis = _axis(axis, x.ndim)
    if not isinstance(indices, Array):
        indices = np.asarray(indices)
        if not indices.size:
            indices = indices.astype(np.int64)
    if indices.dtype.kind == "b":
        indices = indices.astype(np.int64)
    size = x.shape[axis]
    if mode == "wrap":
        indices = indices % size
    elif mode == "clip":
        indices = _clipped(indices, size)
    elif mode != "raise":
        raise ValueError(f"clipmode must be one of 'clip', 'raise', or 'wrap' (got {mode!r})")
    return _along(x, axis, indices)


def _clipped(indices: Any, size: int) -> Any:
    if isinstance(indices, Array):
        low = _elementwise("maximum", indices._expr, 0)
        return Array(_elementwise("minimum", low, size - 1))
    return np.clip(indices, 0, size - 1)


def _no_out(out: Any) -> None:
    if out is not None:
        raise TypeError("arrays are immutable expressions: there is nothing to write into")


def take_along_axis(x: Any, indices: Any, /, axis: int | None = -1) -> Array:
    """The elements whose position along an axis is what `indices` says, element by element.

    Examples
    --------
    >>> x = da.asarray([[3, 1, 2]])
    >>> da.take_along_axis(x, da.asarray([[2, 0]]), axis=1).compute()
    array([[2, 3]])
    """
    x, indices = asarray(x), asarray(indices)
    if indices.dtype.kind not in "iu":
        raise IndexError("`indices` must be an integer array")
    if axis is None:
        if indices.ndim != 1:
            raise ValueError("when axis=None, `indices` must have a single dimension.")
        x, axis = _ravel(x), 0
    if x.ndim != indices.ndim:
        raise ValueError("`indices` and `arr` must have the same number of dimensions")
    axis = _axis(axis, x.ndim)
    return Array(_native.take_along_axis(x._resolve(), indices._resolve(), axis))


def compress(condition: Any, a: Any, axis: int | None = None, out: None = None) -> Array:
    """The elements along an axis, or of all in C order, where a 1-dimensional condition is true.

    Examples
    --------
    >>> da.compress([False, True], da.asarray([[1, 2], [3, 4]]), axis=0).compute()
    array([[3, 4]])
    """
    _no_out(out)
    a = asarray(a)
    if axis is None:
        a, axis = _ravel(a), 0
    axis = _axis(axis, a.ndim)
    condition = condition if isinstance(condition, Array) else np.asarray(condition)
    if condition.ndim != 1:
        raise ValueError("condition must be a 1-d array")
    if not isinstance(condition, Array):
        return _along(a, axis, condition.nonzero()[0])
    condition = condition if condition.dtype == np.bool_ else condition != 0
    if len(condition) > a.shape[axis]:
        return compress(np.asarray(condition.compute()), a, axis)
    return _along(_along(a, axis, slice(len(condition))), axis, condition)


def extract(condition: Any, arr: Any) -> Array:
    """The elements, in C order, where a condition of the same size is true.

    Examples
    --------
    >>> x = da.arange(6)
    >>> da.extract(x % 2 == 1, x).compute()
    array([1, 3, 5])
    """
    return compress(_ravel(asarray(condition)), _ravel(asarray(arr)))


def nonzero(a: Any, /) -> tuple[Array, ...]:
    """For each axis, the positions along it of the elements that are not zero, in C order.

    Examples
    --------
    >>> [int(i) for i in da.nonzero(da.asarray([0, 1, 0, 2]))[0].compute()]
    [1, 3]
    """
    a = asarray(a)
    if not a.ndim:
        raise ValueError(
            "Calling nonzero on 0d arrays is not allowed. "
            "Use np.atleast_1d(scalar).nonzero() instead."
        )
    return tuple(map(Array, _native.nonzero(a._resolve())))


def argwhere(a: Any) -> Array:
    """The positions of the elements that are not zero, a row for each.

    Examples
    --------
    >>> da.argwhere(da.asarray([[0, 1], [2, 0]])).compute()
    array([[0, 1],
           [1, 0]])
    """
    return Array(_native.argwhere(asarray(a)._resolve()))


def flatnonzero(a: Any) -> Array:
    """The positions, among all elements in C order, of those that are not zero.

    Examples
    --------
    >>> da.flatnonzero(da.asarray([[0, 1], [2, 0]])).compute()
    array([1, 2])
    """
    return Array(_native.flatnonzero(asarray(a)._resolve()))


def _argument(x: Any) -> Any:
    """A number without a width as it is, anything else as an expression."""
    found = _operand(x)
    return asarray(x)._expr if found is NotImplemented else found


def _where(condition: Any, x: Any, y: Any) -> Any:
    return _elementwise("where", condition, _argument(x), _argument(y))


def delete(arr: Any, obj: Any, axis: int | None = None) -> Array:
    """Without the elements at some positions along an axis, or of all in C order.

    Parameters
    ----------
    arr : array
    obj : int, slice, or array of int or bool
    axis : int, optional

    Examples
    --------
    >>> da.delete(da.arange(5), [1, 3]).compute()
    array([0, 2, 4])
    """
    arr = asarray(arr)
    if axis is None:
        arr, axis = _ravel(arr), 0
    axis = _axis(axis, arr.ndim)
    keep = np.ones(arr.shape[axis], bool)
    if isinstance(obj, Array):
        obj = np.asarray(obj.compute())
    if not isinstance(obj, slice):
        obj = np.asarray(obj)
        obj = obj if obj.size else obj.astype(np.int64)
    try:
        keep[obj] = False
    except IndexError as error:
        if getattr(obj, "dtype", None) == np.bool_:
            raise ValueError(
                f"boolean array argument obj to delete must be one dimensional and match the axis "
                f"length of {len(keep)}"
            ) from None
        raise IndexError(str(error).replace("axis 0", f"axis {axis}", 1)) from None
    return _along(arr, axis, keep)


def insert(arr: Any, obj: Any, values: Any, axis: int | None = None) -> Array:
    """With values before some positions along an axis, or of all in C order.

    Parameters
    ----------
    arr : array
    obj : int, slice, or sequence of int
    values : array
        Broadcast to what is inserted, in `arr`'s dtype.
    axis : int, optional

    Examples
    --------
    >>> da.insert(da.arange(4), [1, 3], -1).compute()
    array([ 0, -1,  1,  2, -1,  3])
    """
    arr = asarray(arr)
    if axis is None:
        arr, axis = _ravel(arr), 0
    axis = _axis(axis, arr.ndim)
    size = arr.shape[axis]
    values = asarray(values)._resolve()
    if isinstance(obj, slice):
        where_to = np.arange(*obj.indices(size))
    else:
        where_to = np.asarray(obj.compute() if isinstance(obj, Array) else obj)
        if where_to.dtype == np.bool_:
            where_to = where_to.nonzero()[0]
        if not where_to.size:
            where_to = where_to.astype(np.int64)
        if where_to.dtype.kind not in "iu" or where_to.ndim > 1:
            raise IndexError("index array argument obj to insert must be one dimensional or scalar")
    if where_to.size and not -size <= where_to.min() <= where_to.max() <= size:
        wrong = next(i for i in where_to.ravel() if not -size <= i <= size)
        raise IndexError(f"index {wrong} is out of bounds for axis {axis} with size {size}")
    where_to = np.where(where_to < 0, where_to + size, where_to)
    if where_to.size == 1:
        # The values say how many there are.
        if len(values.shape) < arr.ndim:
            values = _native.reshape(
                values, [1] * (arr.ndim - len(values.shape)) + list(values.shape)
            )
        if where_to.ndim == 0:
            values = _native.moveaxis(values, [0], [axis])
        count = values.shape[axis]
        where_to = np.repeat(where_to.reshape(1), count)
    count = len(where_to)
    shape = list(arr.shape)
    shape[axis] = count
    values = _native.broadcast_to(_native.cast(values, arr._expr.dtype), shape)
    both = Array(_native.concatenate([arr._resolve(), values], axis))
    order = np.argsort(where_to, kind="stable")
    if count and where_to.min() == where_to.max():
        at = int(where_to[0])
        parts = [slice(0, at), slice(size, size + count), slice(at, size)]
        pieces = [_along(both, axis, p)._expr for p in parts]
        return Array(_native.concatenate(pieces, axis))
    taken = np.empty(size + count, np.int64)
    new = np.sort(where_to, kind="stable") + np.arange(count)
    old = np.ones(size + count, bool)
    old[new] = False
    taken[new] = size + order
    taken[old] = np.arange(size)
    return _along(both, axis, taken)


def ix_(*args: Any) -> tuple[Array, ...]:
    """Sequences as an index of the elements where they cross.

    Parameters
    ----------
    *args : array_like
        Integers or bools along one axis each; bools stand for the places where they are true, and
        are computed.

    Returns
    -------
    tuple of Array
        Each along an axis of its own.

    Raises
    ------
    ValueError
        A sequence with another number of axes than one.

    Examples
    --------
    >>> x = da.arange(12).reshape(3, 4)
    >>> x[da.ix_([0, 2], [1, 3])].compute()
    array([[ 1,  3],
           [ 9, 11]])
    """
    made = []
    for axis, given in enumerate(args):
        if not isinstance(given, Array):
            given = np.asarray(given)
            given = given if given.size else given.astype(np.int64)
        part = asarray(given)
        if part.ndim != 1:
            raise ValueError("Cross index must be 1 dimensional")
        if part.dtype == np.bool_:
            part = flatnonzero(part)
        others = [k for k in range(len(args)) if k != axis]
        made.append(Array(_native.expand_dims(part._resolve(), others)))
    return tuple(made)


def append(arr: Any, values: Any, axis: int | None = None) -> Array:
    """With values behind it along an axis, or of all in C order.

    Examples
    --------
    >>> da.append(da.arange(3), [[7, 8]]).compute()
    array([0, 1, 2, 7, 8])
    """
    arr, values = asarray(arr), asarray(values)
    if axis is None:
        arr, values, axis = _ravel(arr), _ravel(values), 0
    if arr.ndim != values.ndim:
        raise ValueError(
            "all the input arrays must have same number of dimensions, but the array at index 0 "
            f"has {arr.ndim} dimension(s) and the array at index 1 has {values.ndim} dimension(s)"
        )
    axis = _axis(axis, arr.ndim)
    return Array(_native.concatenate([arr._resolve(), values._resolve()], axis))


def _order(order: str) -> None:
    if order not in ("C", "F"):
        raise ValueError("only 'C' or 'F' order is permitted")


def unravel_index(indices: Any, shape: Any, order: str = "C") -> tuple[Array, ...]:
    """Positions among all elements as positions along each axis.

    Examples
    --------
    >>> [i.tolist() for i in da.unravel_index(da.asarray([5, 2]), (2, 3))]
    [[1, 0], [2, 2]]
    """
    _order(order)
    shape = (shape,) if isinstance(shape, int | np.integer) else tuple(shape)
    if not isinstance(indices, Array):
        return tuple(asarray(i) for i in np.unravel_index(np.asarray(indices), shape, order))
    if indices.dtype.kind not in "iu":
        raise TypeError("only int indices permitted")
    rest = indices.astype(np.int64)
    out = []
    for n in reversed(shape) if order == "C" else shape:
        out.append(rest % n)
        rest = rest // n
    return tuple(reversed(out)) if order == "C" else tuple(out)


def ravel_multi_index(
    multi_index: Sequence[Any], dims: Any, mode: Any = "raise", order: str = "C"
) -> Array:
    """Positions along each axis as positions among all elements.

    Examples
    --------
    >>> da.ravel_multi_index(da.asarray([[1, 0], [2, 2]]), (2, 3)).compute()
    array([5, 2])
    """
    _order(order)
    dims = (dims,) if isinstance(dims, int | np.integer) else tuple(dims)
    parts = list(multi_index)
    if len(parts) != len(dims):
        raise ValueError(f"parameter multi_index must be a sequence of length {len(dims)}")
    if not any(isinstance(p, Array) for p in parts):
        return asarray(np.ravel_multi_index(parts, dims, mode, order))
    modes = [mode] * len(dims) if isinstance(mode, str) else list(mode)
    total: Any = 0
    step = 1
    each = list(zip(parts, dims, modes, strict=True))
    for part, n, how in reversed(each) if order == "C" else each:
        part = asarray(part).astype(np.int64)
        if how == "wrap":
            part = part % n
        elif how == "clip":
            part = _clipped(part, n)
        elif how != "raise":
            raise ValueError(f"clipmode must be one of 'clip', 'raise', or 'wrap' (got {how!r})")
        total = part * step + total
        step *= n
    return total


def choose(a: Any, choices: Any, out: None = None, mode: str = "raise") -> Array:
    """For each element of an integer array, that of the choice with this number.

    Examples
    --------
    >>> da.choose(da.asarray([1, 0]), [da.asarray([1, 2]), da.asarray([10, 20])]).compute()
    array([10,  2])
    """
    _no_out(out)
    choices = [asarray(c)._resolve() for c in choices]
    a = asarray(a)
    if mode == "wrap":
        a = a % len(choices)
    elif mode == "clip":
        a = _clipped(a, len(choices))
    elif mode != "raise":
        raise ValueError(f"clipmode must be one of 'clip', 'raise', or 'wrap' (got {mode!r})")
    dtype = np.result_type(*[np.dtype(c.dtype) for c in choices])
    each = _native.broadcast_arrays([a.astype(np.int64)._resolve(), *choices])
    which, choices = each[0], [_native.cast(c, dtype.name) for c in each[1:]]
    stacked = _native.stack(choices, 0)
    chosen = _native.take_along_axis(stacked, _native.expand_dims(which, [0]), 0)
    return Array(_native.squeeze(chosen, [0]))


def select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Array:
    """For each element, that of the first choice whose condition is true.

    Examples
    --------
    >>> x = da.arange(5)
    >>> da.select([x < 1, x > 3], [x, x * 10], -1).compute()
    array([ 0, -1, -1, -1, 40])
    """
    if len(condlist) != len(choicelist):
        raise ValueError("list of cases must be same length as list of conditions")
    if not len(condlist):
        raise ValueError("select with an empty condition list is not possible")
    conditions = [asarray(c) for c in condlist]
    for k, condition in enumerate(conditions):
        if condition.dtype != np.bool_:
            raise TypeError(f"invalid entry {k} in condlist: should be boolean ndarray")
    out = _argument(default)
    for condition, choice in zip(reversed(conditions), reversed(choicelist), strict=True):
        out = _where(condition._expr, choice, _wrapped(out))
    return Array(out)


def _wrapped(x: Any) -> Any:
    return Array(x) if isinstance(x, _native.Expr) else x


def piecewise(
    x: Any, condlist: Any, funclist: Sequence[Callable | Any], *args: Any, **kw: Any
) -> Array:
    """For each element, the function or value of the last condition that is true there; one
    function more than conditions is for where none is; 0 elsewhere.

    Functions are called with the whole array, and must work element by element.

    Examples
    --------
    >>> x = da.linspace(-1, 1, 3)
    >>> da.piecewise(x, [x < 0, x >= 0], [lambda v: -v, 7]).compute()
    array([1., 7., 7.])
    """
    x = asarray(x)
    one = condlist.ndim == x.ndim if hasattr(condlist, "ndim") else not np.ndim(condlist[0])
    if one:
        condlist = [condlist]
    conditions = [asarray(c).astype(np.bool_) for c in condlist]
    functions = list(funclist)
    if len(functions) == len(conditions) + 1:
        some = conditions[0]
        for condition in conditions[1:]:
            some = some | condition
        conditions.append(~some)
    elif len(functions) != len(conditions):
        n = len(conditions)
        raise ValueError(f"with {n} condition(s), either {n} or {n + 1} functions are expected")
    zero = _native.full((), 0, x._expr.dtype, -1)
    made = Array(_native.broadcast_to(zero, list(x.shape)))
    for condition, function in zip(conditions, functions, strict=True):
        value = function(x, *args, **kw) if callable(function) else function
        made = Array(_where(condition._expr, asarray(value).astype(x.dtype), made))
    return made


def diag_indices(n: int, ndim: int = 2) -> tuple[Array, ...]:
    """The positions of the main diagonal of an array of `ndim` axes of length `n`.

    Examples
    --------
    >>> len(da.diag_indices(3))
    2
    """
    n, ndim = operator.index(n), operator.index(ndim)
    if ndim > _MOST_AXES:
        raise ValueError(f"diag_indices: at most {_MOST_AXES} axes, got {ndim}")
    line = Array(_native.arange(0, max(n, 0), 1, "int64", -1))
    return (line,) * ndim


def diag_indices_from(arr: Any) -> tuple[Array, ...]:
    """`diag_indices` of an array with at least 2 axes, all equally long.

    Examples
    --------
    >>> len(da.diag_indices_from(da.ones((3, 3))))
    2
    """
    arr = asarray(arr)
    if not arr.ndim >= 2:
        raise ValueError("input array must be at least 2-d")
    if len(set(arr.shape)) != 1:
        raise ValueError("All dimensions of input must be of equal length")
    return diag_indices(arr.shape[0], arr.ndim)
