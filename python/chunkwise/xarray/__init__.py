"""chunkwise's arrays in xarray: a chunk manager, chosen by ``chunked_array_type="chunkwise"``.

>>> import xarray as xr
>>> ds = xr.Dataset({"t": (("time", "x"), np.arange(12.0).reshape(4, 3))})
>>> lazy = ds.chunk({"time": 2}, chunked_array_type="chunkwise")
>>> type(lazy.t.data).__module__.partition(".")[0]
'chunkwise'
>>> (lazy - lazy.mean("time")).t.max().item()
4.5

xarray finds it by the package's entry point; nothing need be imported.
"""

from . import _dispatch
from ._manager import ChunkwiseManager

__all__ = ["ChunkwiseManager"]


def __dir__() -> list[str]:
    return sorted(__all__)


_dispatch.install()
