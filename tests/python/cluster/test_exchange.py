"""Exchanges that go through files in a folder that all workers share."""

from __future__ import annotations

import gc
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import blocks
import chunkwise.array as da
import numpy as np
import pytest
from chunkwise.distributed import Client, _exchange
from processes import LONG, Cluster, have, until
from work import MEMORY, TINY, work

tiny = pytest.mark.parametrize("cluster", [TINY], indirect=True)
#: Which kinds of fragments such an exchange of `work` has.
KINDS = ["slow", "spread", "exchange", "brief"]


@pytest.fixture(autouse=True)
def few_picks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_exchange, "PICKS", 8)


@pytest.fixture
def scratch(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "scratch"
    yield folder
    assert list(folder.glob("**/*")) == [], "nothing is left behind"


def files(scratch: Path) -> list[Path]:
    return [path for path in scratch.glob("*/*") if path.is_file()]


@tiny
def test_bits_are_those_of_a_local_run(cluster: Cluster, scratch: Path, expected: bytes) -> None:
    cluster.workers(3, memory=MEMORY)
    with Client(cluster.address, timeout=LONG, scratch_directory=scratch) as client:
        have(client, 3)
        text = client.explain(work())
        assert " x spread" in text, text
        line = da.random.default_rng(2).normal(size=400_000, chunks=50_000)
        arrays = [work(), da.sort(line), da.argsort(line)]
        futures = client.compute(arrays)
        assert files(scratch) or not futures[0].done()
        found = [future.result(LONG) for future in futures]
        assert found[0].tobytes() == expected
        assert np.array_equal(found[1], np.sort(line.compute()))
        assert np.array_equal(found[2], np.argsort(line.compute(), kind="stable"))
        until(lambda: files(scratch) == [], "the files are removed")


@tiny
@pytest.mark.parametrize("kind", KINDS)
def test_a_worker_is_killed(cluster: Cluster, scratch: Path, expected: bytes, kind: str) -> None:
    cluster.workers(3, memory=MEMORY)
    with Client(cluster.address, timeout=LONG, scratch_directory=scratch) as client:
        have(client, 3)
        cluster.order("kill", kind)
        assert client.compute(work()).result(LONG).tobytes() == expected
        assert cluster.orders() == []


@tiny
def test_a_persisted_exchange_is_made_again(
    cluster: Cluster, scratch: Path, expected: bytes
) -> None:
    first, _ = cluster.workers(2, memory=MEMORY)
    with Client(cluster.address, timeout=LONG, scratch_directory=scratch) as client:
        have(client, 2)
        kept = client.persist(work())
        client.compute(kept.sum()).result(LONG)
        until(lambda: files(scratch) == [], "the files are removed")
        first.kill()
        assert client.compute(kept * 1).result(LONG).tobytes() == expected


@tiny
def test_it_is_cancelled(cluster: Cluster, scratch: Path) -> None:
    cluster.workers(2, memory=MEMORY)
    with Client(cluster.address, timeout=LONG, scratch_directory=scratch) as client:
        have(client, 2)
        future = client.compute(work())
        until(lambda: files(scratch), "a file")
        assert future.cancel()
        until(lambda: not any(client.client.processing().values()), "nobody works")


@tiny
@pytest.mark.parametrize("how", ["cancel", "error"])
def test_what_others_read_stays(cluster: Cluster, scratch: Path, expected: bytes, how: str) -> None:
    cluster.workers(2, memory=MEMORY)
    with Client(cluster.address, timeout=LONG, scratch_directory=scratch) as client:
        have(client, 2)
        x = da.arange(1000.0, chunks=10)
        function = [blocks.slow, 0.05] if how == "cancel" else [_fails]
        other = x.map_blocks(*function, dtype="f8")
        ours, theirs = client.compute([work(), other])
        until(lambda: files(scratch), "a file")
        if how == "cancel":
            theirs.cancel()
        assert ours.result(LONG).tobytes() == expected
        until(lambda: files(scratch) == [], "the files are removed")


def _fails(block: np.ndarray) -> np.ndarray:
    raise ValueError("of no use")


@tiny
def test_nothing_is_left_by_a_client_that_is_not_closed(cluster: Cluster, scratch: Path) -> None:
    cluster.workers(2, memory=MEMORY)
    client = Client(cluster.address, timeout=LONG, scratch_directory=scratch)
    have(client, 2)
    future = client.compute(work())
    until(lambda: files(scratch), "a file")
    del future
    inner = client.client
    del client
    gc.collect()
    until(lambda: inner.status == "closed", "the client is gone")


@tiny
def test_workers_without_the_folder_say_so(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.workers(2, memory=MEMORY)
    scratch = tmp_path / "scratch"
    with Client(cluster.address, timeout=LONG, scratch_directory=scratch) as client:
        have(client, 2)
        # As where workers have another folder under this name.
        monkeypatch.setattr(_exchange.Folders, "make", lambda self, folder: None)
        with pytest.raises(FileNotFoundError, match=r"creating: .*chunkwise-exchange-.*pieces"):
            client.compute(work()).result(LONG)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2M", "none", str(folder)]
    if os.name != "posix" or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a file system of 2 MiB cannot be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@tiny
def test_the_disk_is_full(cluster: Cluster, small_disk: Path, expected: bytes) -> None:
    cluster.workers(2, memory=MEMORY)
    with Client(cluster.address, timeout=LONG, scratch_directory=small_disk / "x") as client:
        have(client, 2)
        with pytest.raises(OSError, match=r"writing: No space left .*pieces"):
            client.compute(work()).result(LONG)
        until(lambda: files(small_disk / "x") == [], "the files are removed")
        # The cluster goes on.
        assert client.compute(da.ones(10, chunks=5).sum()).result(LONG) == 10.0
    assert list((small_disk / "x").iterdir()) == []


@tiny
def test_a_damaged_file_is_an_error(cluster: Cluster, scratch: Path) -> None:
    cluster.workers(2, memory=MEMORY)
    with Client(cluster.address, timeout=LONG, scratch_directory=scratch) as client:
        have(client, 2)
        future = client.compute(work())

        def complete() -> bool:
            return len([f for f in files(scratch) if f.suffix == ".pieces"]) >= 2

        until(complete, "two files")
        for file in files(scratch):
            if file.suffix == ".pieces":
                os.truncate(file, file.stat().st_size // 2)
        with pytest.raises(Exception, match=r"\.pieces"):
            future.result(LONG)
