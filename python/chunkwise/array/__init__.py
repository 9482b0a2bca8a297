"""Lazy chunked arrays with NumPy's and Dask's names; the namespace of the array API standard.

>>> import chunkwise.array as da
>>> x = da.ones((1000, 1000), chunks=100)
>>> x.mean(axis=0).compute().shape
(1000,)
"""

# First, because the others need the class and it needs their functions.
from ._array import Array

# isort: split
from . import _chunks, _convert, _creation, _joining, _products, _shapes, _standard, random
from ._chunks import *  # noqa: F403
from ._convert import *  # noqa: F403
from ._creation import *  # noqa: F403
from ._joining import *  # noqa: F403
from ._products import *  # noqa: F403
from ._shapes import *  # noqa: F403
from ._standard import *  # noqa: F403

__all__ = ["Array", "random"]
__all__ += _chunks.__all__
__all__ += _convert.__all__
__all__ += _creation.__all__
__all__ += _joining.__all__
__all__ += _products.__all__
__all__ += _shapes.__all__
__all__ += _standard.__all__
