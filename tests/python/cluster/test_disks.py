"""Workers whose disks are full: an error soon, and never a wait for ever."""

from __future__ import annotations

import errno
import gc
import subprocess
from collections.abc import Iterator
from pathlib import Path

import blocks
import chunkwise.array as da
import pytest
from chunkwise import MemoryLimitError
from chunkwise.distributed import Client
from chunkwise.distributed._spill import Spill
from distributed.spill import Slow, SpillBuffer
from processes import LONG, Cluster, have, until

STILL = pytest.mark.parametrize(
    "cluster", [{"chunkwise.distributed.standstill": "3s"}], indirect=True
)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 16 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(folder)]
    mounted = subprocess.run(command, capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.parametrize("kind", [SpillBuffer, Spill])
def test_what_is_on_a_full_disk_is_read(
    kind: type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = kind(str(tmp_path), target=1500)
    data["a"], data["b"] = bytes(1000), bytes(range(250)) * 4
    assert "a" in data.disk and "b" in data.memory

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Slow, "__setitem__", full)
        if kind is SpillBuffer:
            # Should this pass one day, ours is not needed.
            with pytest.raises(OSError, match="No space"):
                data["a"]
        else:
            assert data["a"] == bytes(1000)
        assert data["b"] == bytes(range(250)) * 4
    # There is room again, and nothing is lost.
    data["c"] = bytes(1100)
    assert set(data) == {"a", "b", "c"} and data.disk
    assert data["a"] == bytes(1000) and data["c"] == bytes(1100)


@STILL
@pytest.mark.parametrize("nanny", [pytest.param(False, marks=pytest.mark.slow), True])
def test_more_is_persisted_than_memory_and_disk_hold(
    cluster: Cluster, disk: Path, nanny: bool
) -> None:
    cluster.workers(2, memory="384MiB", folder=disk, nanny=nanny)
    x = da.ones((16_000, 8_000), chunks=(500, 8_000)) * 3
    with Client(cluster.address, timeout=LONG) as client:
        have(client, 2)
        kept = client.persist(x)
        smallest, largest = client.compute([kept.min(), kept.max()])
        assert smallest.cancel()
        with pytest.raises(MemoryLimitError, match="nothing has moved") as caught:
            largest.result(100)
        # The workers, and where they write to.
        text = str(caught.value)
        assert "tcp://127.0.0.1:" in text and f"free in {disk}" in text
        # It goes on once there is room. The error and the future hold each other, and the array.
        del kept, smallest, largest, caught
        gc.collect()
        assert client.compute(da.ones(10, chunks=5).sum()).result(LONG) == 10
    cluster.close()


@STILL
def test_one_of_two_has_no_room_left(cluster: Cluster, disk: Path) -> None:
    """The other does its work too."""
    cluster.worker(memory="384MiB", folder=disk, name="full")
    cluster.worker(memory="384MiB", name="roomy")
    x = da.arange(8_000 * 8_000, chunks=200 * 8_000, dtype="f8").reshape(8_000, 8_000)
    x = x.map_blocks(blocks.brief, dtype="f8")
    with Client(cluster.address, timeout=LONG) as client:
        have(client, 2)
        kept = client.persist(x)
        parts = list(client.client.futures.values())
        until(lambda: all(p.status != "pending" for p in parts), "all is there, or has failed", 60)
        assert {p.status for p in parts} == {"finished"}
        largest = client.compute(kept.max(axis=1)).result(100)
        assert largest.tolist() == [row * 8_000 + 7_999 for row in range(8_000)]
    said = "".join(process.log.read_text() for process in cluster.processes)
    assert "Pausing worker" in said


def exchange(rows: int) -> da.Array:
    """Every part of the result needs something of every part of what it is of."""
    x = da.arange(rows * 8_000, chunks=200 * 8_000, dtype="f8").reshape(rows, 8_000)
    across = x.map_blocks(blocks.brief, dtype="f8").rechunk((rows, 100))
    return across.map_blocks(blocks.brief, dtype="f8").max(axis=0)


@STILL
def test_an_exchange_of_more_than_memory_and_disk_hold(cluster: Cluster, disk: Path) -> None:
    cluster.workers(2, memory="384MiB", folder=disk)
    with Client(cluster.address, timeout=LONG) as client:
        have(client, 2)
        future = client.compute(exchange(16_000))
        with pytest.raises(MemoryLimitError, match="nothing has moved"):
            future.result(100)
        del future
        gc.collect()
        assert client.compute(da.ones(10, chunks=5).sum()).result(LONG) == 10


#: Workers write to disk what they hold, as far as they can, and go on where they cannot.
EARLY = {
    "worker.memory.target": 0.05,
    "worker.memory.spill": 0.05,
    "worker.memory.pause": False,
    "worker.memory.terminate": False,
}


@pytest.mark.parametrize("cluster", [EARLY], indirect=True)
def test_an_exchange_whose_disk_is_full_but_not_the_memory(cluster: Cluster, disk: Path) -> None:
    """What cannot be written stays in memory, and what was written by half is not read."""
    cluster.workers(2, memory="768MiB", folder=disk)
    x = exchange(4_000)
    with Client(cluster.address, timeout=LONG) as client:
        have(client, 2)
        assert client.compute(x).result(100).tobytes() == x.compute().tobytes()
    said = "".join(process.log.read_text() for process in cluster.processes)
    assert "No space left on device" in said
