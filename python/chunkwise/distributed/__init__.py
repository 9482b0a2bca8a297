"""Arrays, tasks and functions on many machines, by the package `distributed` of Dask.

A `Client` has the methods of `chunkwise.futures.LocalClient`. Without an address it starts a
cluster of processes on this machine; with one it reaches a scheduler that is there, as
``dask-scheduler``, Kubernetes' operator, ``dask_jobqueue`` and others start them.

>>> from chunkwise.distributed import Client
>>> client = Client(processes=False, dashboard_address=":0")  # within this process, for the example
>>> x = da.random.default_rng(1).normal(size=(2000, 2000), chunks=500)
>>> future = client.compute(x.mean(axis=0))
>>> future.result().shape
(2000,)
>>> client.close()
"""

import importlib.util as _util

if _util.find_spec("distributed") is None:
    raise ImportError(
        "chunkwise.distributed needs the package distributed: pip install 'chunkwise[distributed]'"
    )

from .._futures import as_completed, wait  # noqa: E402
from ._client import Client  # noqa: E402
from ._futures import Future  # noqa: E402
from ._versions import VersionMismatchError  # noqa: E402

__all__ = ["Client", "Future", "VersionMismatchError", "as_completed", "wait"]


def __dir__() -> list[str]:
    return sorted(__all__)
