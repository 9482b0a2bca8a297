"""The way to a scheduler, lost and found again; which workers there are, and what they can do."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import distributed
from distributed.system import MEMORY_LIMIT

from . import _guard, _versions, _worker
from ._run import Capacity

__all__: list[str] = []

#: Seconds in which a client that has lost its scheduler is given to find it again.
_PATIENCE = 5.0
#: Seconds in which a worker is to say which build it has; longer than it takes to load one.
_QUESTION_TIME = 30.0


class Connection:
    """A client of `distributed`, with what was begun for it."""

    def __init__(self, address: Any, scheduler_file: Any, scratch: Any, kwargs: dict) -> None:
        self._stack = contextlib.ExitStack()
        self._closed = False
        #: Where arrays go that are too large to travel.
        self.scratch = None if scratch is None else Path(scratch)
        #: Makes a client again, where this one has made it.
        self._again: Callable[[], Any] | None = None
        #: The scheduler that was asked, and what its workers may use of their machines' memory.
        self._asked: str | None = None
        self._memory: dict[str, int] = {}
        #: The client over whose work the scheduler watches.
        self._watched: str | None = None
        try:
            self.client = self._first(address, scheduler_file, kwargs)
            self.address: str = self.client.scheduler.address
            self.workers()
        except BaseException:
            self.close()
            raise

    def _first(self, address: Any, scheduler_file: Any, kwargs: dict) -> Any:
        if isinstance(address, distributed.Client):
            if address.asynchronous:
                raise ValueError("a client with asynchronous=True: give one without")
            if kwargs:
                raise TypeError(f"a client takes no options: {', '.join(sorted(kwargs))}")
            return address
        if address is None and scheduler_file is None:
            if self.scratch is None:
                self.scratch = Path(tempfile.mkdtemp(prefix="chunkwise-"))
                self._stack.callback(shutil.rmtree, self.scratch, ignore_errors=True)
            address = self._stack.enter_context(distributed.LocalCluster(**kwargs))
            kwargs = {}
        # Dask's own collections go on to run where they did.
        kwargs.setdefault("set_as_default", False)
        if scheduler_file is not None:
            kwargs["scheduler_file"] = str(scheduler_file)
        stack = self._stack
        self._again = lambda: stack.enter_context(distributed.Client(address, **kwargs))
        return self._again()

    def ready(self) -> None:
        """Raises where the scheduler is out of reach."""
        ends = time.monotonic() + _PATIENCE
        while self.client.status == "connecting" and time.monotonic() < ends:
            time.sleep(0.05)
        if self.client.status == "closed" and self._again is not None and not self._closed:
            # It gives up after a while; the scheduler may be back since.
            try:
                self.client = self._again()
            except OSError as error:
                raise ConnectionError(
                    f"the scheduler at {self.address} does not answer: {error}"
                ) from None
        if self.client.status != "running":
            what = "is closed" if self.client.status == "closed" else "has lost its scheduler"
            raise ConnectionError(f"the client of {self.address} {what}")

    def workers(self) -> dict[str, Any]:
        """The workers that there are, once it is known that they have the same build."""
        info = self.client.scheduler_info(n_workers=-1)
        if self._asked != info["id"]:
            _versions.check_scheduler(self.client)
            self._asked = info["id"]
            self._memory.clear()
            self._watched = None
        if self._watched != self.client.id:
            self.client.run_on_scheduler(_guard.watch, self.client.id)
            self._watched = self.client.id
        workers = info["workers"]
        new = [address for address in workers if address not in self._memory]
        if new:
            found = _versions.check_workers(self.client, new, _QUESTION_TIME)
            # Who does not answer is not asked again.
            self._memory.update({address: found.get(address, 0) for address in new})
        self._memory = {a: m for a, m in self._memory.items() if a in workers}
        return workers

    def capacity(self, timeout: float) -> Capacity:
        """What the workers can do. Where there are none, they are waited for.

        Raises
        ------
        TimeoutError
            There are still none after so many seconds.
        """
        self.ready()
        ends = time.monotonic() + timeout
        asked = None
        while not (workers := self.workers()):
            if asked is None:
                # A cluster that grows with its work begins to by this.
                asked = self.client.submit(int, pure=False)
            if time.monotonic() > ends:
                raise TimeoutError(
                    f"no worker at {self.address} after {timeout:g} seconds: start some, or give "
                    "the client a longer worker_timeout="
                )
            time.sleep(0.1)
            self.ready()
        # Workers without a limit share their machine.
        sharing = Counter(w["host"] for w in workers.values() if not w["memory_limit"])

        def room(address: str, worker: dict) -> int:
            own = (self._memory.get(address) or MEMORY_LIMIT) // max(sharing[worker["host"]], 1)
            return _worker.room(worker["memory_limit"] or own, worker["nthreads"])

        slots = sum(worker["nthreads"] for worker in workers.values())
        return Capacity(slots, min(room(a, w) for a, w in workers.items()))

    def close(self) -> None:
        """Ends what was begun, and nothing else."""
        self._closed = True
        self._stack.close()
