"""Discrete Fourier transforms: `numpy.fft`'s names, the array API standard's extension, Dask's.

A transform along an axis needs whole lines; how the array is cut along it does not matter, and
along the other axes the result keeps the chunks. ``float32`` and ``complex64`` are transformed in
single precision, everything else in double.

>>> import chunkwise.array as da
>>> x = da.asarray([1.0, 0.0, -1.0, 0.0], chunks=2)
>>> bool(da.allclose(da.fft.rfft(x), [0, 2, 0]))
True
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import _chunkwise as _native
from . import _dtypes
from ._array import Array
from ._convert import _check_device, asarray

__all__ = [
    "fft",
    "fft2",
    "fft_wrap",
    "fftfreq",
    "fftn",
    "fftshift",
    "hfft",
    "ifft",
    "ifft2",
    "ifftn",
    "ifftshift",
    "ihfft",
    "irfft",
    "irfft2",
    "irfftn",
    "rfft",
    "rfft2",
    "rfftfreq",
    "rfftn",
]

#: Transforms whose default length is that of the whole signal, of which half is given.
_FROM_HALF = ("irfft", "hfft", "irfftn", "irfft2")


def _axis(axis: Any, ndim: int) -> int:
    axis = operator.index(axis)
    if not -ndim <= axis < ndim:
        raise np.exceptions.AxisError(axis, ndim)
    return axis % ndim


def _length(n: int) -> int:
    if n < 1:
        raise ValueError(f"Invalid number of FFT data points ({n}) specified.")
    return n


def _along(name: str, a: Any, n: Any, axis: Any, norm: Any) -> Array:
    a = asarray(a)
    axis = _axis(-1 if axis is None else axis, a.ndim)
    if n is None:
        n = a.shape[axis]
        if name in _FROM_HALF:
            n = 2 * (n - 1)
    n = _length(operator.index(n))
    return Array(_native.fft_along(name, a._resolve(), n, axis, norm))


def _over(name: str, a: Any, s: Any, axes: Any, norm: Any) -> Array:
    a = asarray(a)
    if s is not None:
        s = [operator.index(n) for n in s]
    if axes is None:
        axes = range(-len(s), 0) if s is not None else range(a.ndim)
    axes = [_axis(axis, a.ndim) for axis in axes]
    if s is not None and len(s) != len(axes):
        raise ValueError("Shape and axes have different lengths.")
    if not axes and name != "fftn" and name != "ifftn":
        raise IndexError("at least one axis is needed")
    lengths = [a.shape[axis] if s is None or s[k] == -1 else s[k] for k, axis in enumerate(axes)]
    if axes and s is None and name in _FROM_HALF:
        lengths[-1] = 2 * (lengths[-1] - 1)
    for n in lengths:
        _length(n)
    return Array(_native.fft_over(name, a._resolve(), lengths, axes, norm))


def fft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Array:
    """The discrete Fourier transform along an axis.

    Parameters
    ----------
    a : array
    n : int, optional
        The length to which lines are cut, or continued by zeros, before.
    axis : int
    norm : {"backward", "ortho", "forward"}, optional
        Which direction is divided: the inverse by `n`, both by its root, or this one by `n`.

    Returns
    -------
    Array
        ``complex64`` of single precision, else ``complex128``.

    Examples
    --------
    >>> bool(da.allclose(da.fft.fft(da.ones(4, chunks=2)), [4, 0, 0, 0]))
    True
    """
    return _along("fft", a, n, axis, norm)


def ifft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Array:
    """The inverse of `fft`, with the same parameters.

    Examples
    --------
    >>> bool(da.allclose(da.fft.ifft(da.fft.fft(da.arange(3))), [0, 1, 2]))
    True
    """
    return _along("ifft", a, n, axis, norm)


def rfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Array:
    """The first ``n // 2 + 1`` numbers of the transform of real numbers; the rest mirror them.

    Raises
    ------
    TypeError
        Complex numbers.

    Examples
    --------
    >>> da.fft.rfft(da.ones((2, 6))).shape
    (2, 4)
    """
    return _along("rfft", a, n, axis, norm)


def irfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Array:
    """The inverse of `rfft`: `n` real numbers, by default ``2 * (m - 1)`` of `m`.

    Examples
    --------
    >>> da.fft.irfft(da.fft.rfft(da.arange(5)), n=5).compute().round(6)
    array([0., 1., 2., 3., 4.])
    """
    return _along("irfft", a, n, axis, norm)


def hfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Array:
    """The transform, which is real, of a signal whose other half is its conjugate mirrored.

    Examples
    --------
    >>> da.fft.hfft(da.ones(3)).compute()
    array([4., 0., 0., 0.])
    """
    return _along("hfft", a, n, axis, norm)


def ihfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Array:
    """The inverse of `hfft`: half of the signal whose transform is given.

    Examples
    --------
    >>> da.fft.ihfft(da.asarray([4.0, 0.0, 0.0, 0.0])).real.compute()
    array([1., 1., 1.])
    """
    return _along("ihfft", a, n, axis, norm)


_Axes = Sequence[int] | None


def fftn(a: Any, s: _Axes = None, axes: _Axes = None, norm: str | None = None) -> Array:
    """The transform over several axes.

    Parameters
    ----------
    a : array
    s : sequence of int, optional
        The length to which each axis is cut, or continued by zeros; -1 leaves it.
    axes : sequence of int, optional
        By default all, or the last as many as `s` has.
    norm : {"backward", "ortho", "forward"}, optional

    Examples
    --------
    >>> bool(da.allclose(da.fft.fftn(da.ones((2, 3))), [[6, 0, 0], [0, 0, 0]]))
    True
    """
    return _over("fftn", a, s, axes, norm)


def ifftn(a: Any, s: _Axes = None, axes: _Axes = None, norm: str | None = None) -> Array:
    """The inverse of `fftn`, with the same parameters.

    Examples
    --------
    >>> da.fft.ifftn(da.fft.fftn(da.ones((2, 2)))).real.compute()
    array([[1., 1.],
           [1., 1.]])
    """
    return _over("ifftn", a, s, axes, norm)


def rfftn(a: Any, s: _Axes = None, axes: _Axes = None, norm: str | None = None) -> Array:
    """The transform of real numbers over several axes; along the last, the first half of it.

    Examples
    --------
    >>> da.fft.rfftn(da.ones((4, 6))).shape
    (4, 4)
    """
    return _over("rfftn", a, s, axes, norm)


def irfftn(a: Any, s: _Axes = None, axes: _Axes = None, norm: str | None = None) -> Array:
    """The inverse of `rfftn`, with the same parameters.

    Examples
    --------
    >>> da.fft.irfftn(da.fft.rfftn(da.ones((4, 6)))).shape
    (4, 6)
    """
    return _over("irfftn", a, s, axes, norm)


def fft2(a: Any, s: _Axes = None, axes: _Axes = (-2, -1), norm: str | None = None) -> Array:
    """`fftn` over the last two axes.

    Examples
    --------
    >>> da.fft.fft2(da.ones((3, 2, 2))).shape
    (3, 2, 2)
    """
    return _over("fftn", a, s, axes, norm)


def ifft2(a: Any, s: _Axes = None, axes: _Axes = (-2, -1), norm: str | None = None) -> Array:
    """`ifftn` over the last two axes.

    Examples
    --------
    >>> da.fft.ifft2(da.ones((3, 2, 2))).shape
    (3, 2, 2)
    """
    return _over("ifftn", a, s, axes, norm)


def rfft2(a: Any, s: _Axes = None, axes: _Axes = (-2, -1), norm: str | None = None) -> Array:
    """`rfftn` over the last two axes.

    Examples
    --------
    >>> da.fft.rfft2(da.ones((3, 4, 4))).shape
    (3, 4, 3)
    """
    return _over("rfftn", a, s, axes, norm)


def irfft2(a: Any, s: _Axes = None, axes: _Axes = (-2, -1), norm: str | None = None) -> Array:
    """`irfftn` over the last two axes.

    Examples
    --------
    >>> da.fft.irfft2(da.ones((3, 4, 3))).shape
    (3, 4, 4)
    """
    return _over("irfftn", a, s, axes, norm)


def _frequencies(n: Any, d: float, half: bool, dtype: Any, device: Any, chunks: Any) -> Array:
    _check_device(device)
    if not isinstance(n, int | np.integer):
        raise ValueError("n should be an integer")
    name = "float64" if dtype is None else _dtypes.name(dtype)
    if name not in ("float32", "float64"):
        raise ValueError(f"frequencies are real floats, not {name}")
    if n * d == 0:
        raise ZeroDivisionError("float division by zero")
    made = _native.fftfreq(operator.index(n), float(d), half, chunks)
    return Array(made if name == "float64" else _native.cast(made, name))


def fftfreq(
    n: int, d: float = 1.0, *, dtype: Any = None, device: Any = None, chunks: Any = "auto"
) -> Array:
    """The frequencies of the numbers of a transform of length `n` with samples `d` apart.

    Examples
    --------
    >>> da.fft.fftfreq(4, 0.5).compute()
    array([ 0. ,  0.5, -1. , -0.5])
    """
    return _frequencies(n, d, False, dtype, device, chunks)


def rfftfreq(
    n: int, d: float = 1.0, *, dtype: Any = None, device: Any = None, chunks: Any = "auto"
) -> Array:
    """The frequencies of the numbers of `rfft`.

    Examples
    --------
    >>> da.fft.rfftfreq(4, 0.5).compute()
    array([0. , 0.5, 1. ])
    """
    return _frequencies(n, d, True, dtype, device, chunks)


def _shift(x: Any, axes: Any, inverse: bool) -> Array:
    x = asarray(x)
    if axes is None:
        axes = range(x.ndim)
    elif isinstance(axes, int | np.integer):
        axes = [axes]
    axes = sorted({_axis(axis, x.ndim) for axis in axes})
    return Array(_native.fftshift(x._resolve(), axes, inverse))


def fftshift(x: Any, axes: Any = None) -> Array:
    """The elements turned around so that frequency 0 comes to the middle of the axes.

    Examples
    --------
    >>> da.fft.fftshift(da.fft.fftfreq(5, 0.2)).compute()
    array([-2., -1.,  0.,  1.,  2.])
    """
    return _shift(x, axes, False)


def ifftshift(x: Any, axes: Any = None) -> Array:
    """The inverse of `fftshift`.

    Examples
    --------
    >>> da.fft.ifftshift(da.fft.fftshift(da.arange(5))).compute()
    array([0, 1, 2, 3, 4])
    """
    return _shift(x, axes, True)


def fft_wrap(
    fft_func: Callable, kind: str | None = None, dtype: Any = None
) -> Callable[..., Array]:
    """The function of this module that transforms lazy arrays as `fft_func` does NumPy's.

    Parameters
    ----------
    fft_func : function
        One that behaves as a function of ``numpy.fft`` does, for instance one of ``scipy.fft``.
    kind : str, optional
        The name of that function; by default its own.
    dtype : optional
        Accepted: the result's dtype follows from the array's.

    Examples
    --------
    >>> bool(da.allclose(da.fft.fft_wrap(np.fft.ifft, kind="ifft")(da.ones(2)), [1, 0]))
    True
    """
    kind = fft_func.__name__ if kind is None else kind
    own = globals().get(kind)
    if kind not in __all__ or not kind.endswith(("fft", "fft2", "fftn")):
        raise ValueError(f"Given unknown `kind` {kind}.")
    return own


def __dir__() -> list[str]:
    return sorted(__all__)
