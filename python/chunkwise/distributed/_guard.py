"""On the scheduler: ends what would wait for ever, which `distributed` does not tell from slow.

- Two workers cannot reach each other, though both reach the scheduler: one of them is given up, and
  what it held is made again by others.
- Workers have paused, since their memory is full and so are their disks, and nothing moves any
  more: what they were to do is given to others, and where there are none, it fails with an error
  that names them.
- Tasks are queued while workers have nothing to do.
"""

from __future__ import annotations

import asyncio
import logging
import pickle
from collections.abc import Iterable
from time import monotonic, time
from typing import Any

import dask
from dask.utils import format_bytes, parse_timedelta
from distributed.core import Status
from distributed.diagnostics.plugin import SchedulerPlugin
from distributed.protocol.pickle import dumps
from tornado.ioloop import PeriodicCallback

from .. import MemoryLimitError
from . import _peers

__all__: list[str] = []

_log = logging.getLogger("distributed.scheduler")

#: Seconds between two looks.
_LOOK = 1.0
#: Seconds of a standstill before what a worker was to do that has paused is given to others.
_MOVE = 5.0
#: Seconds in which a worker must have been heard of to be known to live.
_HEARD = 15.0
#: Seconds for which a worker is asked about its disk.
_ASK = 5.0


class Guard(SchedulerPlugin):
    """Watches over the work of chunkwise's clients."""

    name = "chunkwise-guard"

    def __init__(self) -> None:
        #: Clients of `distributed` that are within one of ours. The work of others is left alone.
        self.clients: set[str] = set()
        self._mark: Any = None
        self._since = 0.0

    async def start(self, scheduler: Any) -> None:
        self._scheduler = scheduler
        scheduler.handlers["chunkwise_unreachable"] = self.unreachable
        callback = PeriodicCallback(self._look, _LOOK * 1000)
        scheduler.periodic_callbacks[self.name] = callback
        callback.start()
        await self._install(list(scheduler.workers))

    def add_worker(self, scheduler: Any, worker: str) -> None:
        # It is not served before this returns.
        scheduler.loop.add_callback(self._install, [worker])

    async def _install(self, workers: list[str]) -> None:
        message = {"op": "run", "function": dumps(_peers.install)}
        # One without chunkwise may well work for others.
        await self._scheduler.broadcast(msg=message, workers=workers, on_error="ignore")

    # Workers that cannot reach each other.

    async def unreachable(self, worker: str, peers: list[str]) -> None:
        """Hears from a worker that it cannot reach some others, time and again."""
        known = self._scheduler.workers
        # Who is not heard of here either is dealt with by the scheduler, after its `worker-ttl`.
        peers = [peer for peer in peers if peer in known and self._heard(known[peer])]
        if worker not in known or not peers:
            return
        # Who reaches nobody is at fault itself.
        gone = worker if len(peers) > 1 else peers[0]
        _log.warning(
            "The worker at %s cannot reach %s, from which the scheduler hears: %s is given up, and "
            "what it held is made again",
            worker,
            ", ".join(peers),
            gone,
        )
        self._scheduler.log_event(
            "chunkwise-cut-off", {"worker": worker, "peers": peers, "gone": gone}
        )
        await self._scheduler.remove_worker(
            address=gone, stimulus_id=f"chunkwise-cut-off-{time()}", expected=True
        )

    def _heard(self, worker: Any) -> bool:
        return time() - worker.last_seen < _HEARD

    # Work that stands still.

    async def _look(self) -> None:
        self._hand_out()
        mark, now = self._still(), monotonic()
        if mark is None or mark != self._mark:
            self._mark, self._since = mark, now
            return
        patience = parse_timedelta(dask.config.get("chunkwise.distributed.standstill", "30s"))
        if now - self._since < min(patience, _MOVE) or self._elsewhere():
            return
        if now - self._since < patience:
            return
        waiting = self._waiting()
        paused = [w for w in self._scheduler.workers.values() if w.status == Status.paused]
        if waiting and paused:
            told = await self._disks([w.address for w in paused])
            if self._still() == mark:
                self._fail(waiting, self._error(paused, told, now - self._since))
        self._mark = None

    def _hand_out(self) -> None:
        """Hands out queued tasks where workers have room.

        `distributed` does so whenever a task ends. One that is taken from its worker, since what it
        reads was lost with another, does not end: with it the queue would wait for ever.
        """
        scheduler = self._scheduler
        if scheduler.queued and scheduler.idle_task_count:
            scheduler.stimulus_queue_slots_maybe_opened(stimulus_id=f"chunkwise-queue-{time()}")

    def _still(self) -> Any:
        """What stays the same as long as nothing moves; None where something does."""
        workers = self._scheduler.workers.values()
        paused = [w for w in workers if w.status == Status.paused]
        if not paused or any(w.executing or _fetches(w) for w in workers):
            return None
        # One that writes to its disk is silent meanwhile.
        if not all(map(self._heard, paused)):
            return None
        spilled = [(w.address, w.metrics.get("spilled_bytes")) for w in workers]
        return self._scheduler.transition_counter, spilled

    def _elsewhere(self) -> bool:
        """Takes from workers that have paused what they were to do, where there are others."""
        workers = self._scheduler.workers.values()
        if not any(w.status == Status.running for w in workers):
            return False
        paused = [w for w in workers if w.status == Status.paused]
        found = {task.key: "released" for w in paused for task in w.processing}
        self._scheduler.transitions(found, f"chunkwise-elsewhere-{time()}")
        return bool(found)

    def _waiting(self) -> list[Any]:
        """The tasks that could begin, of those that our clients' futures need."""
        clients = (self._scheduler.clients.get(name) for name in self.clients)
        wanted = [task for client in clients if client for task in client.wants_what]
        seen, found = set(wanted), []
        while wanted:
            task = wanted.pop()
            if task.state in ("processing", "queued", "no-worker"):
                found.append(task)
            elif task.state == "waiting":
                new = task.waiting_on - seen
                seen |= new
                wanted += new
        return found

    async def _disks(self, workers: list[str]) -> dict[str, Any]:
        asked = self._scheduler.broadcast(
            msg={"op": "chunkwise_disk"}, workers=workers, on_error="ignore"
        )
        try:
            return await asyncio.wait_for(asked, _ASK)
        except TimeoutError:
            return {}

    def _error(self, paused: list[Any], told: dict, seconds: float) -> MemoryLimitError:
        names = [f"{w.address} ({_state(w, told.get(w.address))})" for w in paused[:3]]
        if len(paused) > 3:
            names.append(f"{len(paused) - 3} more")
        count = len(self._scheduler.workers)
        return MemoryLimitError(
            f"nothing has moved for {seconds:.0f} s: {len(paused)} of {count} workers hold more "
            f"than lets them begin anything, {'; '.join(names)}. Let go of persisted arrays and of "
            "futures, or give the workers more memory or more room on their disks"
        )

    def _fail(self, tasks: Iterable[Any], error: MemoryLimitError) -> None:
        _log.error("%s", error)
        text, stimulus = str(error), f"chunkwise-standstill-{time()}"
        for task in tasks:
            if task.state not in ("processing", "queued", "no-worker"):
                continue
            on = {"worker": task.processing_on.address} if task.state == "processing" else {}
            more = self._scheduler.transition(
                task.key,
                "erred",
                cause=task.key,
                exception=pickle.dumps(error),
                exception_text=text,
                stimulus_id=stimulus,
                **on,
            )
            self._scheduler.transitions(more, stimulus)


def _fetches(worker: Any) -> bool:
    """Whether data are on their way to a worker."""
    return worker.metrics.get("transfer", {}).get("incoming_count", 0) > 0


def _state(worker: Any, told: Any) -> str:
    used, limit = worker.metrics.get("memory", 0), worker.memory_limit
    memory = f"{format_bytes(used)} of {format_bytes(limit)} in use"
    if told is None:
        return memory
    folder, free = told
    return f"{memory}, {format_bytes(free)} free in {folder}"


async def watch(client: str, dask_scheduler: Any) -> None:
    """Begins to watch over what a client wants."""
    try:
        if Guard.name not in dask_scheduler.plugins:
            await dask_scheduler.register_scheduler_plugin(Guard(), Guard.name, idempotent=True)
        dask_scheduler.plugins[Guard.name].clients.add(client)
    except Exception:
        # Much of it is not `distributed`'s public face. What can be computed is so without it.
        _log.exception("nobody watches over the work of %s", client)
