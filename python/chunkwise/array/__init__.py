"""Lazy chunked arrays with NumPy's and Dask's names; the namespace of the array API standard.

>>> import chunkwise.array as da
>>> x = da.ones((1000, 1000), chunks=100)
>>> x.mean(axis=0).compute().shape
(1000,)
"""

# First, because the others need the class and it needs their functions.
from ._array import Array

# isort: split
from . import _along, _convert, _foreign, _functions, _gufunc, _standard, overlap
from ._along import *  # noqa: F403
from ._convert import *  # noqa: F403
from ._foreign import *  # noqa: F403
from ._functions import *  # noqa: F403
from ._gufunc import *  # noqa: F403
from ._standard import *  # noqa: F403
from .overlap import map_overlap

__all__ = ["Array", "map_overlap", "overlap"]
__all__ += _along.__all__
__all__ += _convert.__all__
__all__ += _foreign.__all__
__all__ += _functions.__all__
__all__ += _gufunc.__all__
__all__ += _standard.__all__
