"""A mix of builds is refused before anything runs, with both named."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import blocks
import chunkwise
import chunkwise.array as da
import pytest
from chunkwise.distributed import Client, VersionMismatchError
from processes import HERE, LONG, Cluster, have, until

ODD = HERE / "odd_build.py"


def workers(cluster: Cluster, count: int) -> None:
    """Waits for workers, which no client of ours could be asked about."""
    import distributed

    with distributed.Client(cluster.address, set_as_default=False, timeout=LONG) as client:
        client.wait_for_workers(count, timeout=LONG)


@pytest.mark.parametrize("odd", ["99.0.0", "0.0.1", "rebuilt"])
def test_a_worker_of_another_build(cluster: Cluster, odd: str) -> None:
    cluster.worker()
    cluster.worker(preload=ODD, ODD_BUILD=odd)
    workers(cluster, 2)
    with pytest.raises(VersionMismatchError) as caught:
        Client(cluster.address, timeout=LONG)
    text = str(caught.value)
    assert chunkwise.__version__ in text and "worker at tcp://" in text
    assert ("0" * 12 if odd == "rebuilt" else odd) in text


def test_a_worker_that_joins_later(cluster: Cluster) -> None:
    cluster.worker()
    with Client(cluster.address, timeout=LONG) as client:
        have(client, 1)
        assert client.compute(da.ones(3).sum()).result(LONG) == 3
        odd = cluster.worker(preload=ODD, ODD_BUILD="99.0.0")
        have(client, 2)
        with pytest.raises(VersionMismatchError, match=r"99\.0\.0"):
            client.compute(da.ones(4).sum())
        odd.kill()
        have(client, 1)
        assert client.compute(da.ones(5).sum()).result(LONG) == 5


def test_a_worker_without(cluster: Cluster) -> None:
    cluster.worker(preload=ODD, ODD_BUILD="none")
    workers(cluster, 1)
    with pytest.raises(VersionMismatchError, match="has no chunkwise"):
        Client(cluster.address, timeout=LONG)


@pytest.mark.parametrize("odd", ["none", "99.0.0"])
def test_the_scheduler(tmp_path: Path, odd: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ODD_BUILD", odd)
    cluster = Cluster(tmp_path, preload=ODD)
    try:
        expected = "has no chunkwise" if odd == "none" else odd
        with pytest.raises(VersionMismatchError, match="the scheduler at tcp") as caught:
            Client(cluster.address, timeout=LONG)
        assert expected in str(caught.value)
    finally:
        cluster.close()


def test_a_worker_that_is_asked_in_vain(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is left to what its tasks say: they refuse the program."""
    from chunkwise.distributed import _connection

    monkeypatch.setattr(_connection, "_QUESTION_TIME", 0.0)
    cluster.worker(preload=ODD, ODD_BUILD="99.0.0")
    workers(cluster, 1)
    with Client(cluster.address, timeout=LONG) as client:
        future = client.compute(da.ones(3).sum())
        with pytest.raises(VersionMismatchError, match=r"99\.0\.0"):
            future.result(LONG)
        until(future.done, "done")


#: A client process: one that asks what the cluster has, and one of a time when none did.
ASKS = """
import sys, odd_build
odd_build.pretend()
import chunkwise.array as da
from chunkwise.distributed import Client, VersionMismatchError, _versions
if sys.argv[2] == "rash":
    _versions.check_scheduler = lambda client: None
    _versions.check_workers = lambda client, workers, timeout: {}
try:
    with Client(sys.argv[1]) as client:
        client.compute(da.ones(11).sum()).result(60)
except VersionMismatchError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("odd", "manner"),
    [("99.0.0", "asks"), ("0.0.1", "asks"), ("rebuilt", "asks"), ("99.0.0", "rash")],
)
def test_a_client_of_another_build(steady: Cluster, client: Client, odd: str, manner: str) -> None:
    found = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ASKS, steady.address, manner],
        env=steady.environment | {"ODD_BUILD": odd},
        capture_output=True,
        text=True,
        timeout=LONG,
    )
    assert found.returncode == 0, found.stderr
    assert chunkwise.__version__ in found.stdout
    assert ("0" * 12 if odd == "rebuilt" else odd) in found.stdout
    # Who has the same as the cluster goes on.
    assert client.compute(da.ones(11).sum()).result(LONG) == 11


def test_a_worker_of_another_build_joins_meanwhile(cluster: Cluster) -> None:
    """What it is given it refuses, and so the computation ends soon."""
    cluster.worker()
    with Client(cluster.address, timeout=LONG) as client:
        have(client, 1)
        x = da.ones(600, chunks=1).map_blocks(blocks.slow, 0.1, dtype="f8")
        future = client.compute(x.map_blocks(blocks.brief, dtype="f8").sum())
        until(lambda: cluster.told("began-slow-*"), "it runs")
        cluster.worker(preload=ODD, ODD_BUILD="99.0.0")
        with pytest.raises(VersionMismatchError, match=r"99\.0\.0") as caught:
            future.result(40)
        assert chunkwise.__version__ in str(caught.value)
