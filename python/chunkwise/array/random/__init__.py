"""Random arrays: every value depends on the seed, the array's number and the element's index alone.

Any chunks, any slice, any number of threads and any machine give the same values.

>>> rng = da.random.default_rng(42)
>>> x = rng.normal(size=(10_000, 10_000), chunks=(1000, 1000))
>>> x.mean(axis=0)[0:100].compute().shape
(100,)

The functions of this module draw from one generator that is seeded freshly; `default_rng` makes one
that can be repeated.
"""

from ._generator import Generator, default_rng
from ._state import RandomState

__all__ = ["Generator", "RandomState", "default_rng"]

_shared = RandomState()

seed = _shared.seed
