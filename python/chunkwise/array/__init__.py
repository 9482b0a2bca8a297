"""Lazy chunked arrays with NumPy's and Dask's names; the namespace of the array API standard.

>>> import chunkwise.array as da
>>> x = da.ones((1000, 1000), chunks=100)
>>> x.mean(axis=0).compute().shape
(1000,)
"""

# First, because the others need the class and it needs their functions.
from ._array import Array

# isort: split
from . import (
    _along,
    _bits,
    _blockwise,
    _chunks,
    _convert,
    _creation,
    _cumulative,
    _elementwise,
    _foreign,
    _formats,
    _functions,
    _gufunc,
    _hdf5,
    _histogram,
    _joining,
    _nan_reductions,
    _order,
    _padding,
    _products,
    _quantiles,
    _reductions,
    _sampled,
    _selecting,
    _sets,
    _shapes,
    _standard,
    _statistics,
    _tasks,
    _ufuncs,
    _zarr,
    fft,
    lib,
    linalg,
    overlap,
    random,
)
from ._along import *  # noqa: F403
from ._bits import *  # noqa: F403
from ._blockwise import *  # noqa: F403
from ._chunks import *  # noqa: F403
from ._convert import *  # noqa: F403
from ._creation import *  # noqa: F403
from ._cumulative import *  # noqa: F403
from ._elementwise import *  # noqa: F403
from ._foreign import *  # noqa: F403
from ._formats import *  # noqa: F403
from ._functions import *  # noqa: F403
from ._gufunc import *  # noqa: F403
from ._hdf5 import *  # noqa: F403
from ._histogram import *  # noqa: F403
from ._joining import *  # noqa: F403
from ._nan_reductions import *  # noqa: F403
from ._order import *  # noqa: F403
from ._padding import *  # noqa: F403
from ._products import *  # noqa: F403
from ._quantiles import *  # noqa: F403
from ._reductions import *  # noqa: F403
from ._sampled import *  # noqa: F403
from ._selecting import *  # noqa: F403
from ._sets import *  # noqa: F403
from ._shapes import *  # noqa: F403
from ._standard import *  # noqa: F403
from ._statistics import *  # noqa: F403
from ._tasks import *  # noqa: F403
from ._ufuncs import *  # noqa: F403
from ._zarr import *  # noqa: F403
from .overlap import map_overlap


def __dir__() -> list[str]:
    return sorted(__all__)


__all__ = ["Array", "fft", "lib", "linalg", "map_overlap", "overlap", "random"]
__all__ += _along.__all__
__all__ += _bits.__all__
__all__ += _blockwise.__all__
__all__ += _chunks.__all__
__all__ += _convert.__all__
__all__ += _creation.__all__
__all__ += _cumulative.__all__
__all__ += _elementwise.__all__
__all__ += _foreign.__all__
__all__ += _formats.__all__
__all__ += _functions.__all__
__all__ += _gufunc.__all__
__all__ += _histogram.__all__
__all__ += _joining.__all__
__all__ += _nan_reductions.__all__
__all__ += _order.__all__
__all__ += _padding.__all__
__all__ += _products.__all__
__all__ += _quantiles.__all__
__all__ += _reductions.__all__
__all__ += _sampled.__all__
__all__ += _selecting.__all__
__all__ += _sets.__all__
__all__ += _shapes.__all__
__all__ += _standard.__all__
__all__ += _statistics.__all__
__all__ += _tasks.__all__
__all__ += _ufuncs.__all__
__all__ += _hdf5.__all__
__all__ += _zarr.__all__
