"""What workers tell of fragments, for those who listen here."""

from __future__ import annotations

import sys
import threading
import weakref
from typing import Any

from ._worker import TOPIC

__all__: list[str] = []


def _listeners() -> list[Any]:
    # Who listens has loaded it.
    module = sys.modules.get("chunkwise.diagnostics._callback")
    return [] if module is None else module.listeners()


class Events:
    """Hears of fragments while somebody wants to know."""

    def __init__(self) -> None:
        #: By the name of a run, what is told of it.
        self._runs: weakref.WeakValueDictionary[str, Any] = weakref.WeakValueDictionary()
        #: The client of `distributed` that tells; there may be another after a while.
        self._teller: Any = None
        self._lock = threading.Lock()

    def begin(self, client: Any, run: Any) -> Any:
        """Tells those who listen now that a run begins; answers what is to be told of its end."""
        listeners = _listeners()
        if not listeners:
            return None
        from ..diagnostics._elsewhere import ElsewhereRun

        costs = [fragment.seconds for fragment in run.parts]
        sizes = [fragment.size for fragment in run.parts]
        room = run.capacity.room * run.capacity.slots
        told = ElsewhereRun(
            run.labels, costs, sizes, run.capacity.slots, room, lambda: _workers(client)
        )
        told.begin(listeners)
        with self._lock:
            self._runs[run.token] = told
            if self._teller is not client:
                self._teller = client
                client.subscribe_topic(TOPIC, _handler(weakref.ref(self)))
        return told

    def heard(self, message: dict[str, Any]) -> None:
        """Of a fragment that has ended."""
        run = self._runs.get(message["run"])
        if run is not None and message["ok"]:
            thread = message["worker"], message["thread"]
            moved = [message.get(what, 0) for what in ("read", "written", "spilled")]
            run.task(message["fragment"], thread, message["start"], message["end"], moved)


def _workers(client: Any) -> list[tuple]:
    """What the workers have last told of themselves."""
    found = []
    for address, about in client.scheduler_info(n_workers=-1)["workers"].items():
        metrics = about.get("metrics") or {}
        spilled = metrics.get("spilled_bytes") or {}
        held = metrics.get("managed_bytes")
        limit = about.get("memory_limit") or None
        cpu, memory, disk = metrics.get("cpu"), metrics.get("memory"), spilled.get("disk")
        found.append((address, cpu, memory, held, disk, limit))
    return found


def _handler(events: weakref.ref) -> Any:
    # The client of `distributed` may outlive ours.
    def heard(event: tuple[float, Any]) -> None:
        found = events()
        if found is not None:
            found.heard(event[1])

    return heard
