"""On a worker: whom of the others it cannot reach.

A worker that gets no data from another takes it to have died and asks the scheduler who else has
them. If the scheduler hears from that other worker, the answer is the same one, and so it would go
on for ever. After a few times the scheduler is told here; what comes of it is in `_guard`.
"""

from __future__ import annotations

import shutil
from time import monotonic
from typing import Any

import dask
from dask.utils import parse_timedelta
from distributed.diagnostics.plugin import WorkerPlugin
from tornado.ioloop import PeriodicCallback

__all__: list[str] = []

#: Seconds between two looks.
_LOOK = 1.0
#: Requests that must have failed, one after another.
_TIMES = 3


class Peers(WorkerPlugin):
    """Follows the requests for data of a worker to others."""

    name = "chunkwise-peers"

    def setup(self, worker: Any) -> None:
        self._worker = worker
        self._asked = worker.gather_dep
        #: Of each worker, since when requests fail, how many did, and when the last one has.
        self._failed: dict[str, tuple[float, int, float]] = {}
        self._connect = parse_timedelta(dask.config.get("distributed.comm.timeouts.connect"))
        worker.gather_dep = self._gather
        worker.handlers["chunkwise_disk"] = self._disk
        callback = PeriodicCallback(self._look, _LOOK * 1000)
        worker.periodic_callbacks[self.name] = callback
        callback.start()

    def teardown(self, worker: Any) -> None:
        worker.gather_dep = self._asked
        del worker.handlers["chunkwise_disk"]
        worker.periodic_callbacks.pop(self.name).stop()

    async def _gather(self, peer: str, *args: Any, **kwargs: Any) -> Any:
        began = monotonic()
        event = await self._asked(peer, *args, **kwargs)
        # By its name, for it is no public one.
        if type(event).__name__ == "GatherDepNetworkFailureEvent":
            first, times, last = self._failed.get(peer, (began, 0, began))
            if began - last > 60 + self._connect:
                # That was another matter.
                first, times = began, 0
            self._failed[peer] = first, times + 1, monotonic()
        else:
            self._failed.pop(peer, None)
        return event

    async def _look(self) -> None:
        now = monotonic()
        # Requests that are refused fail at once: of a worker, say, that is just being started anew.
        if not any(
            times >= _TIMES and now - first >= 2 * self._connect
            for first, times, _ in self._failed.values()
        ):
            return
        # Others that are on the way there belong to it: who reaches nobody is at fault itself.
        lost = [peer for peer, (_, times, _) in self._failed.items() if times > 1]
        self._failed.clear()
        worker = self._worker
        await worker.scheduler.chunkwise_unreachable(worker=worker.address, peers=lost)

    def _disk(self) -> tuple[str, int]:
        """Where it writes what does not fit its memory, and the bytes that are free there."""
        folder = self._worker.local_directory
        return folder, shutil.disk_usage(folder).free


async def install(dask_worker: Any) -> None:
    """Begins to follow a worker's requests, unless that is done."""
    if Peers.name not in dask_worker.plugins:
        await dask_worker.plugin_add(Peers(), name=Peers.name)
        from ._spill import mend

        mend(dask_worker)
