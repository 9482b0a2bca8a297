"""Lazy chunked arrays with NumPy's and Dask's names; the namespace of the array API standard.

>>> import chunkwise.array as da
>>> x = da.ones((1000, 1000), chunks=100)
>>> x.mean(axis=0).compute().shape
(1000,)
"""

# First, because the others need the class and it needs their functions.
from ._array import Array

# isort: split
from . import _convert, _selecting, _standard, fft
from ._convert import *  # noqa: F403
from ._selecting import *  # noqa: F403
from ._standard import *  # noqa: F403

__all__ = ["Array", "fft"]
__all__ += _convert.__all__
__all__ += _selecting.__all__
__all__ += _standard.__all__
