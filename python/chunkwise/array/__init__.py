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
    _convert,
    _cumulative,
    _elementwise,
    _histogram,
    _nan_reductions,
    _order,
    _reductions,
    _sets,
    _standard,
    _statistics,
    _ufuncs,
)
from ._convert import *  # noqa: F403
from ._cumulative import *  # noqa: F403
from ._elementwise import *  # noqa: F403
from ._histogram import *  # noqa: F403
from ._nan_reductions import *  # noqa: F403
from ._order import *  # noqa: F403
from ._reductions import *  # noqa: F403
from ._sets import *  # noqa: F403
from ._standard import *  # noqa: F403
from ._statistics import *  # noqa: F403
from ._ufuncs import *  # noqa: F403

__all__ = ["Array"]
__all__ += _convert.__all__
__all__ += _cumulative.__all__
__all__ += _elementwise.__all__
__all__ += _histogram.__all__
__all__ += _nan_reductions.__all__
__all__ += _order.__all__
__all__ += _reductions.__all__
__all__ += _sets.__all__
__all__ += _standard.__all__
__all__ += _statistics.__all__
__all__ += _ufuncs.__all__
