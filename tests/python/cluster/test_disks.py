"""Workers whose disks are full: an error soon, and never a wait for ever."""

from __future__ import annotations

import gc
import subprocess
from collections.abc import Iterator
from pathlib import Path

import chunkwise.array as da
import pytest
from chunkwise import MemoryLimitError
from chunkwise.distributed import Client
from processes import LONG, Cluster, have

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


@STILL
@pytest.mark.parametrize("nanny", [False, True])
def test_more_is_persisted_than_memory_and_disk_hold(
    cluster: Cluster, disk: Path, nanny: bool
) -> None:
    cluster.workers(2, memory="384MiB", folder=disk, nanny=nanny)
    x = da.ones((16_000, 8_000), chunks=(500, 8_000)) * 3
    with Client(cluster.address, timeout=LONG) as client:
        have(client, 2)
        kept = client.persist(x)
        largest = client.compute(kept.max())
        with pytest.raises(MemoryLimitError, match="nothing has moved") as caught:
            largest.result(100)
        # The workers, and where they write to.
        text = str(caught.value)
        assert "tcp://127.0.0.1:" in text and f"free in {disk}" in text
        # It goes on once there is room. The error and the future hold each other, and the array.
        del kept, largest, caught
        gc.collect()
        assert client.compute(da.ones(10, chunks=5).sum()).result(LONG) == 10
    cluster.close()
