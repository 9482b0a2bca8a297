"""A scheduler and workers as processes of their own, which tests can kill, freeze and cut off."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import chunkwise

HERE = Path(__file__).parent
#: Seconds that anything may take here; a machine may be busy with other things.
LONG = 120.0


def until(met: Callable[[], Any], what: str, seconds: float = LONG) -> Any:
    """Waits for a state of other processes, of which nothing tells."""
    end = time.monotonic() + seconds
    while not (found := met()):
        assert time.monotonic() < end, f"{what}: not after {seconds:g} seconds"
        time.sleep(0.01)
    return found


class Process:
    """A scheduler or a worker."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path) -> None:
        self.log = log
        with open(log, "wb") as out:
            self.popen = subprocess.Popen(
                command,
                env=environment,
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                # A nanny's worker is killed with it.
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self.popen.pid

    def signal(self, number: int) -> None:
        """To the process and all that it has started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        self.popen.wait(30)

    def freeze(self) -> None:
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.signal(signal.SIGCONT)

    @contextlib.contextmanager
    def slowed(self, times: int) -> Iterator[None]:
        """It runs for one of so many moments only."""
        ends = threading.Event()

        def cycle() -> None:
            while not ends.is_set():
                self.thaw()
                ends.wait(0.005)
                self.freeze()
                ends.wait(0.005 * (times - 1))
            self.thaw()

        thread = threading.Thread(target=cycle)
        thread.start()
        try:
            yield
        finally:
            ends.set()
            thread.join()

    def running(self) -> bool:
        return self.popen.poll() is None


class Cluster:
    """A scheduler, and workers that are added.

    `settings` are of `distributed`, as ``{"scheduler.worker-ttl": "5s"}``, or ours, with
    ``chunkwise.`` before them; `preload` is a file for the scheduler, as workers may have theirs.
    """

    def __init__(
        self,
        folder: Path,
        settings: dict[str, Any] | None = None,
        preload: Path | None = None,
        prefix: list[str] | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.host = host
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.processes: list[Process] = []
        self.environment = dict(os.environ)
        paths = [str(Path(chunkwise.__file__).parents[1]), str(HERE)]
        if "PYTHONPATH" in os.environ:
            paths.append(os.environ["PYTHONPATH"])
        self.environment["PYTHONPATH"] = os.pathsep.join(paths)
        #: Where tests and what runs on workers leave each other word.
        self.environment["CLUSTER_FOLDER"] = str(folder)
        # Processes of one machine are not to fight for its processors.
        self.environment["OMP_NUM_THREADS"] = "1"
        # Who is dead is not to be waited for half a minute.
        settings = {"comm.timeouts.connect": "10s"} | (settings or {})
        for name, value in settings.items():
            whole = name if name.startswith("chunkwise.") else f"distributed.{name}"
            variable = "DASK_" + whole.upper().replace("-", "_").replace(".", "__")
            self.environment[variable] = str(value)
        self._preload, self._prefix = preload, prefix or []
        self.scheduler = self._scheduler()

    @property
    def address(self) -> str:
        return f"tcp://{self.host}:{self.port}"

    def _start(self, name: str, command: list[str], prefix: list[str], more: dict) -> Process:
        log = self.folder / f"{name}.{len(self.processes)}.log"
        whole = [*prefix, sys.executable, "-W", "ignore", "-m", *command]
        process = Process(whole, {**self.environment, **more}, log)
        self.processes.append(process)
        return process

    def _scheduler(self) -> Process:
        command = ["distributed.cli.dask_scheduler", "--host", self.host, "--port", str(self.port)]
        command += ["--dashboard-address", f"{self.host}:0"]
        if self._preload:
            command += ["--preload", str(self._preload)]
        return self._start("scheduler", command, self._prefix, {})

    def restart_scheduler(self) -> None:
        self.scheduler.kill()
        self.scheduler = self._scheduler()

    def worker(
        self,
        threads: int = 1,
        memory: str = "1GiB",
        nanny: bool = False,
        preload: Path | None = HERE / "saboteur.py",
        prefix: list[str] | None = None,
        host: str | None = None,
        folder: Path | None = None,
        name: str | None = None,
        **more: str,
    ) -> Process:
        command = ["distributed.cli.dask_worker", self.address, "--nthreads", str(threads)]
        command += ["--memory-limit", memory, "--no-dashboard"]
        command += ["--nanny" if nanny else "--no-nanny"]
        command += ["--local-directory", str(folder or self.folder)]
        command += ["--host", host or self.host, "--death-timeout", "100"]
        if name:
            command += ["--name", name]
        if preload:
            command += ["--preload", str(preload)]
        return self._start("worker", command, prefix or [], more)

    def workers(self, count: int, **options: Any) -> list[Process]:
        return [self.worker(**options) for _ in range(count)]

    # What the saboteur in each worker does.

    def order(self, what: str, label: str, times: int = 1) -> None:
        """`what` ("kill", "stop") is done by the next workers that begin a task of such a name."""
        for n in range(times):
            (self.folder / f"order-{what}-{label}-{time.monotonic_ns()}-{n}").touch()

    def orders(self) -> list[str]:
        """What is still to be done."""
        return sorted(path.name for path in self.folder.glob("order-*"))

    def told(self, pattern: str) -> list[Path]:
        """Words that what runs on workers has left."""
        return sorted(self.folder.glob(pattern))

    def logs(self) -> str:
        """The last of what every process has said."""
        parts = []
        for process in self.processes:
            text = process.log.read_text(errors="replace")[-3000:]
            parts.append(f"--- {process.log.name}, exit {process.popen.poll()}\n{text}")
        return "\n".join(parts)

    def close(self) -> None:
        for process in self.processes:
            process.signal(signal.SIGKILL)
        for process in self.processes:
            process.popen.wait(30)


def have(client: Any, count: int) -> None:
    """Waits until a cluster has just so many workers."""

    def met() -> bool:
        return len(client.client.scheduler_info(n_workers=-1)["workers"]) == count

    until(met, f"{count} workers")


def idle(client: Any) -> bool:
    """Whether no worker runs anything."""
    return not any(client.client.processing().values())


def leave(folder: str, name: str, **words: Any) -> None:
    """Leaves word for the test, all of it at once."""
    path = Path(folder) / name
    beside = path.with_name(f".{name}.{os.getpid()}")
    beside.write_text(json.dumps(words))
    beside.rename(path)
