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
    _chunks,
    _convert,
    _creation,
    _cumulative,
    _elementwise,
    _joining,
    _nan_reductions,
    _products,
    _reductions,
    _selecting,
    _shapes,
    _standard,
    _statistics,
    _ufuncs,
    fft,
    random,
)
from ._chunks import *  # noqa: F403
from ._convert import *  # noqa: F403
from ._creation import *  # noqa: F403
from ._cumulative import *  # noqa: F403
from ._elementwise import *  # noqa: F403
from ._joining import *  # noqa: F403
from ._nan_reductions import *  # noqa: F403
from ._products import *  # noqa: F403
from ._reductions import *  # noqa: F403
from ._selecting import *  # noqa: F403
from ._shapes import *  # noqa: F403
from ._standard import *  # noqa: F403
from ._statistics import *  # noqa: F403
from ._ufuncs import *  # noqa: F403


def __dir__() -> list[str]:
    return sorted(__all__)


__all__ = ["Array", "fft", "random"]
__all__ += _chunks.__all__
__all__ += _convert.__all__
__all__ += _creation.__all__
__all__ += _cumulative.__all__
__all__ += _elementwise.__all__
__all__ += _joining.__all__
__all__ += _nan_reductions.__all__
__all__ += _products.__all__
__all__ += _reductions.__all__
__all__ += _selecting.__all__
__all__ += _shapes.__all__
__all__ += _standard.__all__
__all__ += _statistics.__all__
__all__ += _ufuncs.__all__
