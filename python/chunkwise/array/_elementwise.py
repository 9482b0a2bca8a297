"""Elementwise functions that NumPy has as plain functions: `where`, `clip`, `round`, `isclose`."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from .. import _chunkwise as _native
from ._array import Array, _elementwise
from ._convert import asarray
from ._reductions import all as _all
from ._ufuncs import _argument, _store

__all__ = [
    "allclose",
    "angle",
    "around",
    "array_equal",
    "array_equiv",
    "clip",
    "fix",
    "i0",
    "imag",
    "isclose",
    "iscomplex",
    "iscomplexobj",
    "isneginf",
    "isnull",
    "isposinf",
    "isreal",
    "isrealobj",
    "nan_to_num",
    "notnull",
    "real",
    "round",
    "round_",
    "sinc",
    "where",
]


def _of_one(row: str, x: Any, out: Any = None) -> Any:
    result = Array(_elementwise(row, asarray(x)._expr))
    return result if out is None else _store(out, result, row, "same_kind")


def where(condition: Any, x: Any = None, y: Any = None, /) -> Any:
    """The element of `x` where a condition is true (not zero), that of `y` elsewhere.

    Parameters
    ----------
    condition, x, y : array_like
        Broadcast together. With the condition alone, the indices where it is true, as `nonzero`
        gives them.

    Examples
    --------
    >>> x = da.asarray([-1.0, 2.0])
    >>> da.where(x > 0, x, 0).compute()
    array([0., 2.])
    """
    if x is None and y is None:
        from ._selecting import nonzero

        return nonzero(condition)
    if x is None or y is None:
        raise ValueError("where takes the condition alone, or two values as well")
    return Array(_elementwise("where", _argument(condition), _argument(x), _argument(y)))


def clip(
    x: Any,
    /,
    min: Any = None,
    max: Any = None,
    out: Any = None,
    *,
    a_min: Any = None,
    a_max: Any = None,
) -> Any:
    """The elements limited to lie between two limits; NaN where any is NaN; the upper limit wins.

    Parameters
    ----------
    x : array_like
    min, max : array_like or None
        The limits, also called `a_min` and `a_max`; `None` for no limit. A Python integer that the
        dtype cannot hold limits as far as the dtype goes.
    out : Array or numpy.ndarray, optional
        What becomes the result.

    Examples
    --------
    >>> da.clip([1, 5, 9], 2, 6).compute()
    array([2, 5, 6])
    """
    if a_min is not None or a_max is not None:
        if min is not None or max is not None:
            raise ValueError("clip: a limit is given by both of its names")
        min, max = a_min, a_max
    x = asarray(x)
    low = None if min is None else _limit(min, x.dtype, -1)
    high = None if max is None else _limit(max, x.dtype, 1)
    result = Array(_native.clip(x._expr, low, high))
    return result if out is None else _store(out, result, "clip", "same_kind")


def _limit(value: Any, dtype: np.dtype, side: int) -> Any:
    """A limit from below (-1) or above (1); one beyond the dtype on that side limits nothing."""
    if type(value) is int and dtype.kind in "iu":
        limits = np.iinfo(dtype)
        end = int(limits.max if side > 0 else limits.min)
        if (value - end) * side > 0:
            return end
    return _argument(value)


def round(a: Any, decimals: int = 0, out: Any = None) -> Any:
    """The elements rounded to so many decimals, to the even one of two equally near.

    Parameters
    ----------
    a : array_like
    decimals : int
        Negative for tens, hundreds and so on; integers are rounded only by these.
    out : Array or numpy.ndarray, optional
        What becomes the result.

    Examples
    --------
    >>> da.round([1.25, 3.75, 2.5]).compute()
    array([1., 4., 2.])
    >>> da.round([123, 178], -1).compute()
    array([120, 180])
    """
    result = Array(_native.round(asarray(a)._expr, operator.index(decimals)))
    return result if out is None else _store(out, result, "round", "same_kind")


around = round_ = round


def fix(x: Any, out: Any = None) -> Any:
    """The nearest integer towards zero; integers as they are.

    Examples
    --------
    >>> da.fix([2.7, -2.7]).compute()
    array([ 2., -2.])
    """
    return _of_one("trunc", x, out)


def isclose(
    a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Array:
    """Whether elements are equal within ``atol + rtol * abs(b)``.

    Parameters
    ----------
    a, b : array_like
        Broadcast together.
    rtol, atol : float
        The relative and the absolute tolerance.
    equal_nan : bool
        Whether NaN equals NaN.

    Examples
    --------
    >>> da.isclose([1.0, 2.0], [1.0 + 1e-9, 2.1]).compute()
    array([ True, False])
    """
    x, y = asarray(a), _argument(b)
    return Array(_native.isclose(x._expr, y, float(rtol), float(atol), bool(equal_nan)))


def allclose(
    a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Array:
    """Whether all elements are equal within a tolerance, as a 0-dimensional array.

    Parameters
    ----------
    a, b : array_like
        Broadcast together.
    rtol, atol : float
        The relative and the absolute tolerance.
    equal_nan : bool
        Whether NaN equals NaN.

    Examples
    --------
    >>> bool(da.allclose([1.0, 2.0], [1.0, 2.0 + 1e-9]))
    True
    """
    return _all(isclose(a, b, rtol, atol, equal_nan))


def array_equal(a1: Any, a2: Any, equal_nan: bool = False) -> Array:
    """Whether two arrays have the same shape and equal elements, as a 0-dimensional array.

    Parameters
    ----------
    a1, a2 : array_like
    equal_nan : bool
        Whether NaN equals NaN.

    Examples
    --------
    >>> bool(da.array_equal([1, 2], [1, 2]))
    True
    """
    x, y = asarray(a1), asarray(a2)
    if x.shape != y.shape:
        return asarray(False)
    same = Array(_elementwise("equal", x._expr, y._expr))
    if equal_nan:
        both = _elementwise(
            "logical_and", _elementwise("isnan", x._expr), _elementwise("isnan", y._expr)
        )
        same = Array(_elementwise("logical_or", same._expr, both))
    return _all(same)


def array_equiv(a1: Any, a2: Any) -> Array:
    """Whether two arrays can be broadcast together and are then equal, as a 0-dimensional array.

    Examples
    --------
    >>> bool(da.array_equiv([1, 1], 1))
    True
    """
    x, y = asarray(a1), asarray(a2)
    try:
        same = _elementwise("equal", x._expr, y._expr)
    except ValueError:
        return asarray(False)
    return _all(Array(same))


def nan_to_num(
    x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None
) -> Array:
    """NaN and infinities replaced, in both parts of complex numbers.

    Parameters
    ----------
    x : array_like
    copy : bool
        Accepted: arrays are immutable, so that a copy makes no difference.
    nan : float
        Instead of NaN.
    posinf, neginf : float or None
        Instead of infinities; by default the largest and the smallest number of the dtype.

    Examples
    --------
    >>> da.nan_to_num([1.0, np.nan, -np.inf], neginf=-9.0).compute()
    array([ 1.,  0., -9.])
    """
    limits = (None if v is None else float(v) for v in (posinf, neginf))
    return Array(_native.nan_to_num(asarray(x)._expr, float(nan), *limits))


def angle(z: Any, deg: bool = False) -> Array:
    """The angle of a complex number with the positive real axis.

    Parameters
    ----------
    z : array_like
    deg : bool
        In degrees instead of radians.

    Examples
    --------
    >>> da.angle([1.0, 1.0j], deg=True).compute()
    array([ 0., 90.])
    """
    angles = _of_one("angle", z)
    return Array(_elementwise("multiply", angles._expr, 180 / np.pi)) if deg else angles


def real(val: Any, /) -> Array:
    """The real part.

    Examples
    --------
    >>> da.real([1 + 2j]).compute()
    array([1.])
    """
    return _of_one("real", val)


def imag(val: Any, /) -> Array:
    """The imaginary part; 0 for real numbers.

    Examples
    --------
    >>> da.imag([1 + 2j]).compute()
    array([2.])
    """
    return _of_one("imag", val)


def iscomplex(x: Any) -> Array:
    """Whether the imaginary part is not zero.

    Examples
    --------
    >>> da.iscomplex([1 + 2j, 3 + 0j]).compute()
    array([ True, False])
    """
    return _of_one("iscomplex", x)


def isreal(x: Any) -> Array:
    """Whether the imaginary part is zero.

    Examples
    --------
    >>> da.isreal([1 + 2j, 3 + 0j]).compute()
    array([False,  True])
    """
    return _of_one("isreal", x)


def iscomplexobj(x: Any) -> bool:
    """Whether the dtype is complex.

    Examples
    --------
    >>> da.iscomplexobj(da.asarray([1.0]))
    False
    """
    return asarray(x).dtype.kind == "c"


def isrealobj(x: Any) -> bool:
    """Whether the dtype is not complex.

    Examples
    --------
    >>> da.isrealobj(da.asarray([1.0]))
    True
    """
    return not iscomplexobj(x)


def isneginf(x: Any, out: Any = None) -> Any:
    """Whether negative infinity.

    Examples
    --------
    >>> da.isneginf([-np.inf, np.inf, 1.0]).compute()
    array([ True, False, False])
    """
    return _of_one("isneginf", x, out)


def isposinf(x: Any, out: Any = None) -> Any:
    """Whether positive infinity.

    Examples
    --------
    >>> da.isposinf([-np.inf, np.inf, 1.0]).compute()
    array([False,  True, False])
    """
    return _of_one("isposinf", x, out)


def isnull(values: Any) -> Array:
    """Whether NaN, in either part.

    Examples
    --------
    >>> da.isnull([1.0, np.nan]).compute()
    array([False,  True])
    """
    return _of_one("isnan", values)


def notnull(values: Any) -> Array:
    """Whether not NaN, in neither part.

    Examples
    --------
    >>> da.notnull([1.0, np.nan]).compute()
    array([ True, False])
    """
    return _of_one("logical_not", isnull(values))


def i0(x: Any) -> Array:
    """The modified Bessel function of the first kind, order 0.

    Examples
    --------
    >>> da.i0([0.0, 1.0]).compute()
    array([1.        , 1.26606588])
    """
    return _of_one("i0", x)


def sinc(x: Any) -> Array:
    """sin(pi x) / (pi x), 1 at 0.

    Examples
    --------
    >>> da.sinc([0.0, 0.5]).compute()
    array([1.        , 0.63661977])
    """
    return _of_one("sinc", x)
