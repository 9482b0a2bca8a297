"""In every worker of a test: kills or freezes it when it begins a task of the name ordered."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from distributed.diagnostics.plugin import WorkerPlugin

SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}


class Saboteur(WorkerPlugin):
    name = "saboteur"

    def __init__(self) -> None:
        self.folder = Path(os.environ["CLUSTER_FOLDER"])

    def transition(self, key: Any, start: str, finish: str, **kwargs: Any) -> None:
        if finish != "executing":
            return
        group = key[0] if isinstance(key, tuple) else key
        for order in sorted(self.folder.glob("order-*")):
            _, what, label, *_ = order.name.split("-")
            if label not in group:
                continue
            try:
                # Whoever gets it away does it.
                order.rename(order.with_name(f"done-{order.name}-{os.getpid()}"))
            except FileNotFoundError:
                continue
            os.kill(os.getpid(), SIGNALS[what])


async def dask_setup(worker: Any) -> None:
    await worker.plugin_add(Saboteur())
