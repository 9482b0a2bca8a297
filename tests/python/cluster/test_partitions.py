"""Workers in network namespaces of their own, cut off from the scheduler or from each other."""

from __future__ import annotations

import itertools
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from chunkwise.distributed import Client
from processes import LONG, Cluster, have, until
from work import MEMORY, TINY, work

SETTINGS = TINY | {"scheduler.worker-ttl": "5s", "comm.timeouts.tcp": "12s"}


def ip(*words: str, inside: str | None = None) -> None:
    command = ["ip", "netns", "exec", inside, "ip", *words] if inside else ["ip", *words]
    subprocess.run(command, check=True, capture_output=True)


class Network:
    """A bridge, with the scheduler and the client at its first address, and two namespaces."""

    counter = itertools.count(os.getpid() % 200)

    def __init__(self) -> None:
        # What was there before may take a moment to go.
        number = next(self.counter) % 200 + 20
        self.bridge = f"cw{os.getpid() % 10000}x{number}"
        self.names = [f"{self.bridge}{letter}" for letter in "ab"]
        self.hosts = [f"10.{number}.77.{n}" for n in (1, 2, 3)]

    def open(self) -> None:
        ip("addr", "add", f"{self.hosts[0]}/24", "dev", self.bridge)
        ip("link", "set", self.bridge, "up")
        for name, host in zip(self.names, self.hosts[1:], strict=True):
            ip("netns", "add", name)
            ip("link", "add", f"{name}0", "type", "veth", "peer", "name", f"{name}1")
            ip("link", "set", f"{name}0", "master", self.bridge)
            ip("link", "set", f"{name}0", "up")
            ip("link", "set", f"{name}1", "netns", name)
            ip("link", "set", "lo", "up", inside=name)
            ip("addr", "add", f"{host}/24", "dev", f"{name}1", inside=name)
            ip("link", "set", f"{name}1", "up", inside=name)

    def close(self) -> None:
        for name in self.names:
            subprocess.run(["ip", "netns", "del", name], capture_output=True)
            subprocess.run(["ip", "link", "del", f"{name}0"], capture_output=True)
        subprocess.run(["ip", "link", "del", self.bridge], capture_output=True)

    def cut(self, place: int, host: int) -> None:
        """What is sent from a namespace to a host vanishes."""
        ip("rule", "add", "to", self.hosts[host], "blackhole", inside=self.names[place])

    def heal(self, place: int, host: int) -> None:
        ip("rule", "del", "to", self.hosts[host], "blackhole", inside=self.names[place])


@pytest.fixture
def network() -> Iterator[Network]:
    network = Network()
    try:
        ip("netns", "add", f"{network.bridge}p")
        ip("netns", "del", f"{network.bridge}p")
        ip("link", "add", network.bridge, "type", "bridge")
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no network namespaces here: {getattr(error, 'stderr', error)!r}")
    try:
        network.open()
        yield network
    finally:
        network.close()


@pytest.fixture
def spread(network: Network, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """A worker in each namespace; more settings by indirection."""
    settings = SETTINGS | getattr(request, "param", {})
    cluster = Cluster(tmp_path / "cluster", settings, host=network.hosts[0])
    for name, host in zip(network.names, network.hosts[1:], strict=True):
        cluster.worker(memory=MEMORY, prefix=["ip", "netns", "exec", name], host=host)
    yield cluster
    cluster.close()


def running(cluster: Cluster) -> None:
    until(lambda: cluster.told("began-slow-*"), "it runs")


def test_namespaces_work_together(spread: Cluster, expected: bytes) -> None:
    with Client(spread.address, timeout=LONG) as client:
        have(client, 2)
        assert client.compute(work()).result(LONG).tobytes() == expected
        hosts = {address.split("//")[1].split(":")[0] for address in client.client.ncores()}
        assert len(hosts) == 2


#: Between whom, after how long it heals: before anybody has noticed, after that, or never; and how
#: many workers there are then at least. One that the scheduler has given up ends itself.
CUTS = [
    pytest.param(0, 1.0, 2, id="scheduler, soon healed"),
    pytest.param(0, None, 1, id="scheduler, for good"),
    pytest.param(0, 15.0, 1, id="scheduler, healed late", marks=pytest.mark.slow),
    pytest.param(2, 1.0, 2, id="worker, soon healed"),
    pytest.param(2, 15.0, 2, id="worker, healed late", marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("host", "heals", "left"), CUTS)
def test_a_worker_is_cut_off(
    network: Network,
    spread: Cluster,
    expected: bytes,
    host: int,
    heals: float | None,
    left: int,
) -> None:
    import threading

    with Client(spread.address, timeout=LONG) as client:
        have(client, 2)
        future = client.compute(work())
        running(spread)
        network.cut(0, host)
        timer = None
        if heals is not None:
            timer = threading.Timer(heals, network.heal, (0, host))
            timer.start()
        assert future.result(500).tobytes() == expected
        if timer is not None:
            timer.join()
        until(lambda: len(client.client.ncores()) >= left, f"{left} workers")
        doubled = np.frombuffer(expected) * 2
        assert client.compute(work() * 2).result(LONG).tobytes() == doubled.tobytes()


#: How soon a request for data fails; of one that is under way, no sooner than in 12 seconds.
BRIEF = {"comm.timeouts.connect": "2s"}


@pytest.mark.parametrize("spread", [BRIEF], indirect=True)
@pytest.mark.parametrize(
    ("nanny", "early"),
    [
        pytest.param(False, True, id="from the start"),
        pytest.param(False, False, id="meanwhile", marks=pytest.mark.slow),
        pytest.param(True, False, id="with nannies", marks=pytest.mark.slow),
    ],
)
def test_two_workers_are_cut_off_from_each_other(
    network: Network, spread: Cluster, expected: bytes, nanny: bool, early: bool
) -> None:
    """For good, while the scheduler hears from both: one of them is given up."""
    if nanny:
        for process in spread.processes[1:]:
            process.kill()
        for name, host in zip(network.names, network.hosts[1:], strict=True):
            prefix = ["ip", "netns", "exec", name]
            spread.worker(memory=MEMORY, prefix=prefix, host=host, nanny=True)
    with Client(spread.address, timeout=LONG) as client:
        have(client, 2)
        if early:
            network.cut(0, 2)
        future = client.compute(work())
        if not early:
            running(spread)
            network.cut(0, 2)
        assert future.result(100).tobytes() == expected
        have(client, 1)
        doubled = np.frombuffer(expected) * 2
        assert client.compute(work() * 2).result(LONG).tobytes() == doubled.tobytes()
    said = spread.scheduler.log.read_text()
    # In the scheduler's words, with both names.
    (line,) = [line for line in said.splitlines() if "cannot reach" in line]
    assert all(f"tcp://{host}:" in line for host in network.hosts[1:])
