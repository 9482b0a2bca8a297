"""Arrays from nothing: constants, ranges, matrices of ones and zeros, coordinates."""

from __future__ import annotations

import math
from collections.abc import Callable
from operator import index
from typing import Any

import numpy as np

from .. import _chunkwise as _native
from . import _arguments, _dtypes
from ._array import Array
from ._convert import _check_device

__all__ = [
    "arange",
    "diag",
    "diagflat",
    "diagonal",
    "empty",
    "empty_like",
    "eye",
    "fromfunction",
    "full",
    "full_like",
    "geomspace",
    "identity",
    "indices",
    "linspace",
    "logspace",
    "mask_indices",
    "meshgrid",
    "ones",
    "ones_like",
    "tri",
    "tril",
    "tril_indices",
    "tril_indices_from",
    "triu",
    "triu_indices",
    "triu_indices_from",
    "zeros",
    "zeros_like",
]

_elementwise = _native.elementwise


def zeros(
    shape: Any,
    dtype: Any = None,
    order: str = "C",
    *,
    chunks: Any = "auto",
    device: str | None = None,
    name: Any = None,
    like: Any = None,
) -> Array:
    """Zeros.

    Parameters
    ----------
    shape : int or sequence of int
    dtype
        By default `float64`.
    order, name, like
        Accepted as in NumPy and Dask; they change nothing.
    chunks
        How the array is cut.
    device : "cpu" or None

    Examples
    --------
    >>> da.zeros((2, 3), chunks=2).compute()
    array([[0., 0., 0.],
           [0., 0., 0.]])
    """
    _check_device(device)
    return _arguments.filled(shape, 0, _arguments.dtype_name(dtype, "float64"), chunks)


def ones(
    shape: Any,
    dtype: Any = None,
    order: str = "C",
    *,
    chunks: Any = "auto",
    device: str | None = None,
    name: Any = None,
    like: Any = None,
) -> Array:
    """Ones. The parameters are those of `zeros`.

    Examples
    --------
    >>> da.ones(3, dtype="int8").compute()
    array([1, 1, 1], dtype=int8)
    """
    _check_device(device)
    return _arguments.filled(shape, 1, _arguments.dtype_name(dtype, "float64"), chunks)


def empty(
    shape: Any,
    dtype: Any = None,
    order: str = "C",
    *,
    chunks: Any = "auto",
    device: str | None = None,
    name: Any = None,
    like: Any = None,
) -> Array:
    """An array of any elements: here zeros. The parameters are those of `zeros`.

    Examples
    --------
    >>> da.empty((2, 3)).shape
    (2, 3)
    """
    return zeros(shape, dtype, order, chunks=chunks, device=device)


def _full(lengths: Any, fill_value: Any, dtype: Any, chunks: Any) -> Array:
    """`fill_value` has a dtype of its own unless one is asked for; it may be an array."""
    if isinstance(fill_value, Array) or np.ndim(fill_value):
        value = _native.broadcast_to(_arguments.known(fill_value), _arguments.shape(lengths))
        if dtype is not None:
            value = _native.cast(value, _dtypes.name(dtype))
        return Array(_native.rechunk(value, _arguments.cut(chunks, len(value.shape))))
    # NumPy decides what the number becomes, and what cannot become anything.
    name = None if dtype is None else _dtypes.name(dtype)
    value = np.full((), fill_value, name)
    return _arguments.filled(lengths, value.item(), _dtypes.name(value.dtype), chunks)


def full(
    shape: Any,
    fill_value: Any,
    dtype: Any = None,
    order: str = "C",
    *,
    chunks: Any = "auto",
    device: str | None = None,
    name: Any = None,
    like: Any = None,
) -> Array:
    """One value everywhere.

    Parameters
    ----------
    shape : int or sequence of int
    fill_value : number or array
        An array is broadcast to the shape.
    dtype
        By default that of the value.
    chunks, order, device, name, like
        As in `zeros`.

    Raises
    ------
    OverflowError
        A Python int that the dtype cannot hold.

    Examples
    --------
    >>> da.full((2, 2), 7).compute()
    array([[7, 7],
           [7, 7]])
    """
    _check_device(device)
    return _full(shape, fill_value, dtype, chunks)


def _like(a: Any, value: Any, dtype: Any, shape: Any, chunks: Any) -> Array:
    a = _arguments.array(a)
    dtype = a.dtype if dtype is None else dtype
    if shape is not None:
        return _full(shape, value, dtype, "auto" if chunks is None else chunks)
    expr = a._resolve()
    if chunks is not None:
        return _full(expr.shape, value, dtype, chunks)
    if isinstance(value, Array) or np.ndim(value):
        return _full(expr.shape, value, dtype, expr.chunks)
    name = _dtypes.name(dtype)
    return Array(_native.full_like(expr, np.full((), value, name).item(), name))


def zeros_like(
    a: Any,
    dtype: Any = None,
    order: str = "C",
    chunks: Any = None,
    name: Any = None,
    shape: Any = None,
    *,
    device: str | None = None,
) -> Array:
    """Zeros in the shape, dtype and chunks of another array.

    Parameters
    ----------
    a : array_like
    dtype, chunks, shape
        Instead of the other array's; with a `shape`, chunks are automatic by default.
    order, name
        Accepted as in NumPy and Dask; they change nothing.
    device : "cpu" or None

    Examples
    --------
    >>> x = da.ones((4, 4), dtype="int16", chunks=2)
    >>> da.zeros_like(x).chunks
    ((2, 2), (2, 2))
    """
    _check_device(device)
    return _like(a, 0, dtype, shape, chunks)


def ones_like(
    a: Any,
    dtype: Any = None,
    order: str = "C",
    chunks: Any = None,
    name: Any = None,
    shape: Any = None,
    *,
    device: str | None = None,
) -> Array:
    """Ones in the shape, dtype and chunks of another array: the parameters of `zeros_like`.

    Examples
    --------
    >>> da.ones_like([1.5, 2.5]).compute()
    array([1., 1.])
    """
    _check_device(device)
    return _like(a, 1, dtype, shape, chunks)


def empty_like(
    a: Any,
    dtype: Any = None,
    order: str = "C",
    chunks: Any = None,
    name: Any = None,
    shape: Any = None,
    *,
    device: str | None = None,
) -> Array:
    """Any elements (here zeros) in the shape, dtype and chunks of another array, as `zeros_like`.

    Examples
    --------
    >>> da.empty_like([[1, 2]]).shape
    (1, 2)
    """
    return zeros_like(a, dtype, order, chunks, name, shape, device=device)


def full_like(
    a: Any,
    fill_value: Any,
    dtype: Any = None,
    order: str = "C",
    chunks: Any = None,
    name: Any = None,
    shape: Any = None,
    *,
    device: str | None = None,
) -> Array:
    """One value in the shape, dtype and chunks of another array; else as `zeros_like`.

    Examples
    --------
    >>> da.full_like([1, 2], 7).compute()
    array([7, 7])
    """
    _check_device(device)
    return _like(a, fill_value, dtype, shape, chunks)


def arange(
    start: Any = None,
    stop: Any = None,
    step: Any = 1,
    dtype: Any = None,
    *,
    chunks: Any = "auto",
    device: str | None = None,
    like: Any = None,
) -> Array:
    """The numbers from `start` up to, not including, `stop`, `step` apart.

    Parameters
    ----------
    start : number
        The first; with one number alone that is `stop`, and the first is 0.
    stop : number
    step : number
    dtype
        By default what NumPy makes of the numbers' types.
    chunks, device, like
        As in `zeros`.

    Returns
    -------
    Array
        ``ceil((stop - start) / step)`` numbers. The first two are made in `dtype`, the others go on
        by their difference, as NumPy's.

    Raises
    ------
    ZeroDivisionError
        A step of zero.

    Examples
    --------
    >>> da.arange(5).compute()
    array([0, 1, 2, 3, 4])
    >>> da.arange(1.0, 0.0, -0.25).compute()
    array([1.  , 0.75, 0.5 , 0.25])
    """
    _check_device(device)
    if stop is None:
        if start is None:
            raise TypeError("arange() requires stop to be specified.")
        start, stop = 0, start
    elif start is None:
        start = 0
    step = 1 if step is None else step
    start, stop, step = (_number(v, "arange") for v in (start, stop, step))
    if dtype is None:
        kinds = (
            np.zeros((), np.asarray(v).dtype)[()] if _typed(v) else type(v)(0)
            for v in (start, stop)
        )
        dtype = np.arange(*kinds, step).dtype if step else np.result_type(start, stop, step)
    name = _dtypes.name(dtype)
    # Integers neither wrap nor warn; floats keep their precision, as in NumPy.
    start, stop, step = (int(v) if isinstance(v, np.integer) else v for v in (start, stop, step))
    n = _count(start, stop, step)
    if name == "bool" and n > 2:
        raise TypeError(
            "arange() is only supported for booleans when the result has at most length 2."
        )
    numbers = np.array([start, start + step] if n > 1 else [start] * n, dtype=name)
    return _progression(numbers, n, name, _arguments.cut(chunks, 1))


def _typed(value: Any) -> bool:
    return isinstance(value, np.generic)


def _number(value: Any, function: str) -> Any:
    """A number, Python's or NumPy's, from what may be an array without axes."""
    if isinstance(value, Array):
        value = value.compute()
    if isinstance(value, np.ndarray) and not value.ndim:
        value = value[()]
    if isinstance(value, int | float | complex | np.generic):
        return value
    raise TypeError(f"{function}: expected a number, got {type(value).__name__}")


def _count(start: Any, stop: Any, step: Any) -> int:
    if all(isinstance(v, int) for v in (start, stop, step)):
        if not step:
            raise ZeroDivisionError("arange: the step is zero")
        return len(range(int(start), int(stop), int(step)))
    if any(isinstance(v, complex) for v in (start, stop, step)):
        length = (stop - start) / step
        return max(0, min(math.ceil(length.real), math.ceil(length.imag)))
    length = (stop - start) / step
    if not math.isfinite(length):
        raise ValueError(f"arange: cannot compute length of range({start}, {stop}, {step})")
    return max(0, math.ceil(length))


def _progression(first: np.ndarray, n: int, name: str, chunks: Any) -> Array:
    """`n` numbers that begin with `first` and go on by the difference of its two."""
    if n <= len(first):
        return Array(_native.from_buffer(first, name, chunks))
    line = _native.arange(0, n, 1, "int64", chunks)
    place = line
    with np.errstate(over="ignore"):
        delta = first[1] - first[0]
        second = first[0] + delta
    if name != "int64":
        line = _native.cast(line, name)
    if delta != 1:
        line = _elementwise("multiply", line, delta.item())
    if first[0] or np.signbit(first[0].real):
        line = _elementwise("add", line, first[0].item())
    if second != first[1]:
        line = _elementwise("where", _elementwise("equal", place, 1), first[1].item(), line)
    return Array(line)


def linspace(
    start: Any,
    stop: Any,
    num: Any = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
    *,
    chunks: Any = "auto",
    device: str | None = None,
) -> Any:
    """`num` numbers evenly from `start` to `stop`.

    Parameters
    ----------
    start, stop : number or array_like
        Arrays are broadcast against each other; the numbers then lie along a new axis.
    num : int
    endpoint : bool
        Whether `stop` is the last number, or the one that would follow.
    retstep : bool
        Whether to answer ``(numbers, step)``.
    dtype
        By default `float64`, or `complex128` where a number is complex. For integers the numbers
        are rounded down.
    axis : int
        Where the new axis is in the result, for arrays.
    chunks, device
        As in `zeros`.

    Examples
    --------
    >>> da.linspace(0, 1, 5).compute()
    array([0.  , 0.25, 0.5 , 0.75, 1.  ])
    """
    _check_device(device)
    num = index(num)
    if num < 0:
        raise ValueError(f"Number of samples, {num}, must be non-negative.")
    parts = num - 1 if endpoint else num
    if not (_is_number(start) and _is_number(stop)):
        made, step = _linspace_between(start, stop, num, parts, endpoint, dtype, axis, chunks)
        return (made, step) if retstep else made
    inexact = np.result_type(start, stop, float(num))
    name = _arguments.dtype_name(dtype, inexact.name)
    start, stop = (np.asarray(v, inexact)[()] for v in (start, stop))
    with np.errstate(all="ignore"):
        delta = stop - start
        step = delta / parts if parts > 0 else np.array(np.nan, inexact)[()]
    place = _native.arange(0, num, 1, "int64", _arguments.cut(chunks, 1))
    line = _native.cast(place, inexact.name)
    if parts > 0 and step == 0:
        # The step underflows, or nothing lies between: divide first, as NumPy does.
        line = _elementwise("divide", line, float(parts))
        line = _elementwise("multiply", line, delta.item())
    else:
        line = _elementwise("multiply", line, step.item() if parts > 0 else delta.item())
    line = _elementwise("add", line, start.item())
    if endpoint and num > 1:
        line = _elementwise("where", _elementwise("equal", place, num - 1), stop.item(), line)
    line = _rounded_down(line, name)
    return (Array(line), step) if retstep else Array(line)


def _is_number(value: Any) -> bool:
    return not isinstance(value, Array) and np.ndim(value) == 0


def _rounded_down(line: _native.Expr, name: str) -> _native.Expr:
    if name == line.dtype:
        return line
    if np.dtype(name).kind in "iu":
        line = _elementwise("floor", line)
    return _native.cast(line, name)


def _linspace_between(
    start: Any,
    stop: Any,
    num: int,
    parts: int,
    endpoint: bool,
    dtype: Any,
    axis: int,
    chunks: Any,
) -> tuple[Array, Any]:
    first, last = (_arguments.known(v) for v in (start, stop))
    inexact = np.result_type(first.dtype, last.dtype, float(num)).name
    name = _arguments.dtype_name(dtype, inexact)
    first, last = (_native.cast(v, inexact) for v in (first, last))
    delta = _elementwise("subtract", last, first)
    step = _elementwise("divide", delta, float(parts)) if parts > 0 else None
    place = _native.arange(0, num, 1, "int64", -1)
    place = _native.expand_dims(place, list(range(1, delta.ndim + 1)))
    line = _native.cast(place, inexact)
    if parts > 0:
        by_step = _elementwise("multiply", line, step)
        by_parts = _elementwise("multiply", _elementwise("divide", line, float(parts)), delta)
        line = _elementwise("where", _elementwise("equal", step, 0), by_parts, by_step)
    else:
        line = _elementwise("multiply", line, delta)
    line = _elementwise("add", line, first)
    if endpoint and num > 1:
        line = _elementwise("where", _elementwise("equal", place, num - 1), last, line)
    line = _native.moveaxis(_rounded_down(line, name), [0], [axis])
    made = Array(_native.rechunk(line, _arguments.cut(chunks, line.ndim)))
    return made, math.nan if step is None else Array(step)


def logspace(
    start: Any,
    stop: Any,
    num: Any = 50,
    endpoint: bool = True,
    base: Any = 10.0,
    dtype: Any = None,
    axis: int = 0,
    *,
    chunks: Any = "auto",
) -> Array:
    """Numbers evenly on a logarithmic scale: `base` to the powers of `linspace`.

    Parameters
    ----------
    start, stop : number or array_like
        The exponents of the first and the last number.
    num, endpoint, axis, chunks
        As in `linspace`.
    base : number
    dtype

    Examples
    --------
    >>> da.logspace(0, 2, 3).compute()
    array([  1.,  10., 100.])
    """
    exponents = linspace(start, stop, num, endpoint, axis=axis, chunks=chunks)
    made = base**exponents
    return made if dtype is None else Array(_native.cast(made._expr, _dtypes.name(dtype)))


def geomspace(
    start: Any,
    stop: Any,
    num: Any = 50,
    endpoint: bool = True,
    dtype: Any = None,
    *,
    chunks: Any = "auto",
) -> Array:
    """Numbers in a geometric progression from `start` to `stop`.

    Parameters
    ----------
    start, stop : number
        Neither is zero; of one sign unless complex.
    num, endpoint, chunks
        As in `linspace`.
    dtype

    Examples
    --------
    >>> da.geomspace(1, 8, 4).compute()
    array([1., 2., 4., 8.])
    """
    start, stop = (_number(v, "geomspace") for v in (start, stop))
    if start == 0 or stop == 0:
        raise ValueError("Geometric sequence cannot include zero")
    inexact = np.result_type(start, stop, float(num), np.zeros((), dtype))
    name = inexact.name if dtype is None else _dtypes.name(dtype)
    start, stop = (np.asarray(v, inexact)[()] for v in (start, stop))
    # Divided by the first number's direction, a real progression is a positive one.
    direction = np.sign(start)
    start, stop = start / direction, stop / direction
    with np.errstate(invalid="ignore"):
        low, high = np.log10(start), np.log10(stop)
    num = index(num)
    line = logspace(low, high, num, endpoint, chunks=chunks)._expr
    place = _native.arange(0, num, 1, "int64", line.chunks)
    line = _elementwise("where", _elementwise("equal", place, 0), start.item(), line)
    if endpoint and num > 1:
        line = _elementwise("where", _elementwise("equal", place, num - 1), stop.item(), line)
    return Array(_native.cast(_elementwise("multiply", line, direction.item()), name))


def eye(
    N: Any,
    M: Any = None,
    k: int = 0,
    dtype: Any = None,
    order: str = "C",
    *,
    chunks: Any = "auto",
    device: str | None = None,
    like: Any = None,
) -> Array:
    """Ones on a diagonal, zeros elsewhere.

    The second argument is NumPy's and the standard's, the number of columns; Dask has chunks there.

    Parameters
    ----------
    N, M : int
        Rows and columns; as many columns as rows by default.
    k : int
        The diagonal: 0 is the main one, positive ones are above.
    dtype
        By default `float64`.
    chunks, order, device, like
        As in `zeros`.

    Examples
    --------
    >>> da.eye(2, 3, k=1, dtype=int).compute()
    array([[0, 1, 0],
           [0, 0, 1]])
    """
    _check_device(device)
    n, m = _arguments.shape((N, N if M is None else M))
    return Array(
        _native.eye(
            n, m, _diagonal(k), _arguments.dtype_name(dtype, "float64"), _arguments.cut(chunks, 2)
        )
    )


def _diagonal(k: Any) -> int:
    """Diagonals beyond any matrix are all the same."""
    return max(-(2**62), min(2**62, index(k)))


def identity(n: Any, dtype: Any = None, *, chunks: Any = "auto", like: Any = None) -> Array:
    """The identity matrix: `eye` of `n` rows and columns.

    Examples
    --------
    >>> da.identity(2).compute()
    array([[1., 0.],
           [0., 1.]])
    """
    return eye(n, dtype=dtype, chunks=chunks)


def tri(
    N: Any,
    M: Any = None,
    k: int = 0,
    dtype: Any = float,
    chunks: Any = "auto",
    *,
    like: Any = None,
) -> Array:
    """Ones on and below a diagonal, zeros above. The parameters are those of `eye`.

    Examples
    --------
    >>> da.tri(3, dtype=int).compute()
    array([[1, 0, 0],
           [1, 1, 0],
           [1, 1, 1]])
    """
    # NumPy's range of rows is empty below zero.
    n, m = (max(0, index(v)) for v in (N, N if M is None else M))
    return Array(
        _native.tri(
            n, m, _diagonal(k), _arguments.dtype_name(dtype, "float64"), _arguments.cut(chunks, 2)
        )
    )


def _triangle(m: Any, k: Any, upper: bool) -> Array:
    expr = _arguments.known(m)
    if expr.ndim == 0:
        raise TypeError("a matrix has two axes, got an array without any")
    if expr.ndim == 1:
        expr = _native.broadcast_to(expr, expr.shape * 2)
    return Array(_native.triangle(expr, _diagonal(k), upper))


def tril(m: Any, k: int = 0) -> Array:
    """The array with zeros above a diagonal of the last two axes.

    Parameters
    ----------
    m : array_like
        Of two axes at least; of one, it is every row of a square matrix.
    k : int
        The diagonal: 0 is the main one, positive ones are above.

    Examples
    --------
    >>> da.tril(da.ones((2, 3))).compute()
    array([[1., 0., 0.],
           [1., 1., 0.]])
    """
    return _triangle(m, k, upper=False)


def triu(m: Any, k: int = 0) -> Array:
    """The array with zeros below a diagonal of the last two axes; else as `tril`.

    Examples
    --------
    >>> da.triu(da.ones((2, 3))).compute()
    array([[1., 1., 1.],
           [0., 1., 1.]])
    """
    return _triangle(m, k, upper=True)


def _triangle_indices(n: Any, k: Any, m: Any, upper: bool, chunks: Any) -> tuple[Array, Array]:
    mask = tri(n, m, k - 1 if upper else k, bool, chunks)
    mask = ~mask if upper else mask
    where = (_arguments.index_along(mask.shape, axis, mask.chunks) for axis in range(2))
    return tuple(Array(_native.mask(i._expr, mask._expr)) for i in where)


def tril_indices(n: Any, k: int = 0, m: Any = None, chunks: Any = "auto") -> tuple[Array, Array]:
    """The rows and the columns of the elements on and below a diagonal of an `n` by `m` matrix.

    Examples
    --------
    >>> rows, columns = da.tril_indices(2)
    >>> rows.compute(), columns.compute()
    (array([0, 1, 1]), array([0, 0, 1]))
    """
    return _triangle_indices(n, k, m, False, chunks)


def triu_indices(n: Any, k: int = 0, m: Any = None, chunks: Any = "auto") -> tuple[Array, Array]:
    """The rows and the columns of the elements on and above a diagonal of an `n` by `m` matrix.

    Examples
    --------
    >>> rows, columns = da.triu_indices(2)
    >>> rows.compute(), columns.compute()
    (array([0, 0, 1]), array([0, 1, 1]))
    """
    return _triangle_indices(n, k, m, True, chunks)


def _matrix(arr: Any) -> tuple[int, int]:
    lengths = _arguments.array(arr).shape
    if len(lengths) != 2:
        raise ValueError(f"input array must be 2-d, got {len(lengths)} axes")
    return lengths


def tril_indices_from(arr: Any, k: int = 0) -> tuple[Array, Array]:
    """`tril_indices` of an array's shape.

    Examples
    --------
    >>> [i.compute().tolist() for i in da.tril_indices_from(da.ones((2, 2)))]
    [[0, 1, 1], [0, 0, 1]]
    """
    n, m = _matrix(arr)
    return tril_indices(n, k, m)


def triu_indices_from(arr: Any, k: int = 0) -> tuple[Array, Array]:
    """`triu_indices` of an array's shape.

    Examples
    --------
    >>> [i.compute().tolist() for i in da.triu_indices_from(da.ones((2, 2)))]
    [[0, 0, 1], [0, 1, 1]]
    """
    n, m = _matrix(arr)
    return triu_indices(n, k, m)


def mask_indices(n: Any, mask_func: Any, k: Any = 0) -> tuple[Array, Array]:
    """Where a function of a square matrix of ones leaves ones: rows and columns.

    Parameters
    ----------
    n : int
        The length of the matrix.
    mask_func : callable
        ``mask_func(ones, k)``, such as `triu`: called with an array of this package.
    k
        Passed to the function.

    Examples
    --------
    >>> rows, columns = da.mask_indices(3, da.triu, 1)
    >>> rows.tolist(), columns.tolist()
    ([0, 0, 1], [1, 2, 2])
    """
    made = _arguments.array(mask_func(ones((n, n), dtype="int64"), k)) != 0
    rows, columns = _native.nonzero(made._resolve())
    return Array(rows), Array(columns)


def diag(v: Any, k: int = 0) -> Array:
    """A diagonal of a matrix, or a matrix with a diagonal.

    Parameters
    ----------
    v : array_like
        Of two axes: its `k`-th diagonal is answered. Of one: a square matrix with it as the `k`-th
        diagonal and zeros elsewhere.
    k : int

    Raises
    ------
    ValueError
        An array of other dimensions.

    Examples
    --------
    >>> da.diag([1, 2]).compute()
    array([[1, 0],
           [0, 2]])
    >>> da.diag([[1, 2], [3, 4]]).compute()
    array([1, 4])
    """
    return Array(_native.diag(_arguments.known(v), index(k)))


def diagflat(v: Any, k: int = 0) -> Array:
    """A square matrix with the elements in C order as a diagonal, and zeros elsewhere.

    Parameters
    ----------
    v : array_like
    k : int
        Which diagonal: those above the main one are positive.

    Examples
    --------
    >>> da.diagflat([[1], [2]]).compute()
    array([[1, 0],
           [0, 2]])
    """
    return diag(Array(_native.reshape(_arguments.known(v), [-1])), k)


def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    """A diagonal of two axes, along a new last axis.

    Parameters
    ----------
    a : array_like
        Of two axes at least.
    offset : int
        Positive ones are to the right along `axis2`.
    axis1, axis2 : int

    Raises
    ------
    ValueError
        Fewer than two axes, or the same axis twice.

    Examples
    --------
    >>> da.arange(6).reshape(2, 3).diagonal(1).compute()
    array([1, 5])
    """
    expr = _arguments.known(a)
    if expr.ndim < 2:
        raise ValueError(f"diag requires an array of at least two dimensions, got {expr.ndim}")
    return Array(_native.diagonal(expr, _diagonal(offset), index(axis1), index(axis2)))


def indices(
    dimensions: Any, dtype: Any = int, chunks: Any = "auto", *, sparse: bool = False
) -> Any:
    """The indices of every element of an array of a shape.

    Parameters
    ----------
    dimensions : sequence of int
        The shape.
    dtype
    chunks
        How the shape is cut.
    sparse : bool
        Whether to answer a tuple of arrays that are long along one axis each.

    Returns
    -------
    Array or tuple of Array
        Of shape ``(len(dimensions), *dimensions)``.

    Examples
    --------
    >>> da.indices((2, 3)).compute()[1]
    array([[0, 1, 2],
           [0, 1, 2]])
    """
    lengths = _arguments.shape(tuple(dimensions))
    name = _dtypes.name(dtype)
    if not sparse:
        made = _native.indices(lengths, _arguments.cut(chunks, len(lengths)))
        if not lengths:
            made = _native.full((0,), 0, "int64", -1)
        return Array(_native.cast(made, name))
    cuts = _arguments.filled(lengths, 0, name, chunks).chunks
    lines = (_native.arange(0, n, 1, name, (cut,)) for n, cut in zip(lengths, cuts, strict=True))
    return tuple(
        Array(_native.expand_dims(line, [a for a in range(len(lengths)) if a != axis]))
        for axis, line in enumerate(lines)
    )


def meshgrid(
    *xi: Any, sparse: bool = False, indexing: str = "xy", copy: bool = True
) -> tuple[Array, ...]:
    """Coordinates of a grid from the coordinates along its axes.

    Parameters
    ----------
    *xi : array_like
        Of one axis each, or flattened.
    sparse : bool
        Whether the results are long along one axis each, for broadcasting.
    indexing : "xy" or "ij"
        Whether the first two arrays lie along columns and rows, or all along their own axes.
    copy
        Accepted as in NumPy; it changes nothing.

    Returns
    -------
    tuple of Array
        Of shape ``(len(x2), len(x1), ...)``, or ``(len(x1), len(x2), ...)`` for ``"ij"``.

    Examples
    --------
    >>> x, y = da.meshgrid([1, 2, 3], [10, 20])
    >>> (x + y).compute()
    array([[11, 12, 13],
           [21, 22, 23]])
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(f"Valid values for `indexing` are 'xy' and 'ij', got {indexing!r}.")
    lines = [_arguments.known(x) for x in xi]
    if not sparse:
        return tuple(Array(e) for e in _native.meshgrid(lines, indexing == "xy")) if lines else ()
    n = len(lines)
    swapped = {0: 1, 1: 0} if indexing == "xy" and n > 1 else {}
    return tuple(
        Array(
            _native.expand_dims(
                _native.reshape(line, [-1]) if line.ndim != 1 else line,
                [a for a in range(n) if a != swapped.get(i, i)],
            )
        )
        for i, line in enumerate(lines)
    )


def fromfunction(
    func: Callable[..., Any],
    chunks: Any = "auto",
    shape: Any = None,
    dtype: Any = None,
    **kwargs: Any,
) -> Array:
    """The array of `func` of each element's indices.

    Parameters
    ----------
    func : callable
        Is called once, with one lazy array of indices for each axis, and makes an array of them:
        anything made of operators and functions of arrays.
    chunks
    shape : sequence of int
    dtype
        Of the indices, by default `float64`.
    **kwargs
        More arguments for `func`.

    Examples
    --------
    >>> da.fromfunction(lambda i, j: i + 10 * j, shape=(2, 3), dtype=int).compute()
    array([[ 0, 10, 20],
           [ 1, 11, 21]])
    """
    if shape is None:
        raise TypeError("fromfunction: a shape is needed")
    lengths = _arguments.shape(shape)
    name = _arguments.dtype_name(dtype, "float64")
    cuts = _arguments.filled(lengths, 0, name, chunks).chunks
    where = (_arguments.index_along(lengths, axis, cuts) for axis in range(len(lengths)))
    made = func(*(Array(_native.cast(i._expr, name)) for i in where), **kwargs)
    made = _arguments.array(made)
    return made if made.shape == lengths else Array(_native.broadcast_to(made._expr, lengths))
