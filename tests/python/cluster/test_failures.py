"""Workers that die, freeze and come late; a scheduler that goes; clients that vanish.

Every result is compared bit by bit with that of a run of this process, and every test has a limit:
to hang is to fail.
"""

from __future__ import annotations

import concurrent.futures
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import blocks
import chunkwise.array as da
import distributed
import numpy as np
import pytest
from chunkwise.distributed import Client
from processes import LONG, Cluster, have, idle, until
from work import KINDS, MEMORY, TINY, work

tiny = pytest.mark.parametrize("cluster", [TINY], indirect=True)


def leftovers(folder: Path) -> list[str]:
    """What fragments have left in the workers' folders."""
    return [str(p) for p in folder.rglob("*.scratch")] + [
        str(p) for p in folder.rglob("*unfinished*")
    ]


@tiny
def test_the_work_has_every_kind(cluster: Cluster, expected: bytes) -> None:
    cluster.workers(2, memory=MEMORY)
    with Client(cluster.address, timeout=LONG) as client:
        have(client, 2)
        assert client.compute(work()).result(LONG).tobytes() == expected
        names = {str(k[0]) for k in client.client.run_on_scheduler(_keys)}
        until(lambda: not client.client.run_on_scheduler(_keys), "everything is forgotten")
        assert all(any(kind in name for name in names) for kind in KINDS), names


def _keys(dask_scheduler: distributed.Scheduler) -> list:
    return [key for key in dask_scheduler.tasks if isinstance(key, tuple)]


@tiny
@pytest.mark.parametrize(
    "kind",
    # Those that are like others take too long together.
    [pytest.param(k, marks=pytest.mark.slow if k in ("brief", "mean") else ()) for k in KINDS],
)
def test_a_worker_is_killed(cluster: Cluster, expected: bytes, kind: str) -> None:
    cluster.workers(3, memory=MEMORY)
    with Client(cluster.address, timeout=LONG) as client:
        have(client, 3)
        cluster.order("kill", kind)
        future = client.compute(work())
        assert future.result(LONG).tobytes() == expected
        assert cluster.orders() == [] and len(cluster.told("done-*")) == 1
    assert leftovers(cluster.folder) == []


@tiny
@pytest.mark.parametrize("nanny", [False, True])
def test_all_are_killed_one_after_another(cluster: Cluster, expected: bytes, nanny: bool) -> None:
    cluster.workers(2, memory=MEMORY, nanny=nanny)
    with Client(cluster.address, timeout=LONG) as client:
        have(client, 2)
        for kind in ("slow", "brief", "merge"):
            cluster.order("kill", kind)
        future = client.compute(work())
        if not nanny:
            until(lambda: len(cluster.told("done-*")) == 2, "two are dead")
            cluster.workers(2, memory=MEMORY)
        assert future.result(LONG).tobytes() == expected
        assert cluster.orders() == []


@tiny
def test_a_worker_is_killed_while_it_stores(
    cluster: Cluster, expected: bytes, tmp_path: Path
) -> None:
    cluster.workers(2, memory=MEMORY)
    path = tmp_path / "out" / "x.zarr"
    with Client(cluster.address, timeout=LONG) as client:
        have(client, 2)
        cluster.order("kill", "subtract")
        future = client.to_zarr(work(), path)
        assert not path.exists()
        until(lambda: cluster.orders() == [], "one is dead")
        cluster.worker(memory=MEMORY)
        assert future.result(LONG) is None
    assert da.from_zarr(path).compute().tobytes() == expected
    assert [p.name for p in path.parent.iterdir()] == ["x.zarr"]


@tiny
def test_who_holds_persisted_chunks_is_killed_twice(cluster: Cluster, expected: bytes) -> None:
    first, second = cluster.workers(2, memory=MEMORY)
    with Client(cluster.address, timeout=LONG) as client:
        have(client, 2)
        kept = client.persist(work())
        total = client.compute(kept.sum()).result(LONG)
        for worker in (first, second):
            cluster.worker(memory=MEMORY)
            have(client, 3)
            worker.kill()
            assert client.compute(kept * 1).result(LONG).tobytes() == expected
            assert client.compute(kept.sum()).result(LONG) == total
            assert kept.compute().tobytes() == expected


@tiny
def test_a_chunk_that_cannot_be_made_again(cluster: Cluster, tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    np.save(path, np.arange(200_000.0))
    worker = cluster.worker(memory=MEMORY)
    with Client(cluster.address, timeout=LONG) as client:
        have(client, 1)
        kept = client.persist(da.from_npy(path) + 1)
        assert client.compute(kept.max()).result(LONG) == 200_000
        path.unlink()
        cluster.worker(memory=MEMORY)
        have(client, 2)
        worker.kill()
        with pytest.raises(FileNotFoundError, match=r"x\.npy"):
            client.compute(kept.max()).result(LONG)


def test_the_scheduler_is_killed(cluster: Cluster, tmp_path: Path) -> None:
    cluster.workers(2)
    path = tmp_path / "out" / "x.zarr"
    with Client(cluster.address, timeout=LONG) as client:
        have(client, 2)
        held = da.ones(10, chunks=5).map_blocks(blocks.gate, "scheduler", dtype="f8")
        kept = client.persist(da.ones(10, chunks=5) + 1)
        future, stored = client.compute(held.sum()), client.to_zarr(held, path)
        until(lambda: cluster.told("began-scheduler-*"), "it runs")
        began = time.monotonic()
        cluster.scheduler.kill()
        for waiting in (future, stored):
            with pytest.raises((ConnectionError, concurrent.futures.CancelledError)):
                waiting.result(LONG)
        assert isinstance(_raised(lambda: future.result(LONG)), ConnectionError)
        assert time.monotonic() - began < 10
        # Nobody is there: an error soon, and not a wait.
        began = time.monotonic()
        with pytest.raises(ConnectionError):
            client.compute(da.ones(3))
        assert time.monotonic() - began < 30
        # Nothing half-written can be seen, nor is it left.
        until(lambda: not list(tmp_path.glob("out/*")), "what was written is gone")
        (cluster.folder / "open-scheduler").touch()
        cluster.restart_scheduler()
        until(lambda: client.status == "running", "it is found again")
        cluster.workers(2)
        assert client.compute(held.sum()).result(LONG) == 20
        client.to_zarr(held, path).result(LONG)
        assert da.from_zarr(path).compute().tolist() == [2.0] * 10
        # What was persisted went with the cluster, which says so.
        with pytest.raises((LookupError, ConnectionError)):
            client.compute(kept.sum()).result(LONG)


def _raised(function) -> BaseException | None:
    try:
        function()
    except Exception as error:
        return error
    return None


#: How long a worker may be silent, and be tried to be reached.
SOON = {"scheduler.worker-ttl": "4s", "comm.timeouts.connect": "3s"}


@pytest.mark.parametrize("cluster", [TINY | SOON], indirect=True)
def test_a_worker_freezes(cluster: Cluster, expected: bytes) -> None:
    cluster.workers(2, memory=MEMORY)
    with Client(cluster.address, timeout=LONG) as client:
        have(client, 2)
        cluster.order("stop", "brief")
        future = client.compute(work())
        until(lambda: cluster.orders() == [], "one is frozen")
        assert future.result(LONG).tobytes() == expected
        for process in cluster.processes:
            process.thaw()


@pytest.mark.parametrize("cluster", [TINY | SOON], indirect=True)
def test_a_worker_freezes_that_is_asked_for_data(cluster: Cluster) -> None:
    """Its system takes the request, which it never answers."""
    one, _ = (cluster.worker(memory=MEMORY, name=name) for name in ("one", "other"))
    with Client(cluster.address, timeout=LONG) as client:
        have(client, 2)

        # Of `distributed`: ours do not wish for a worker that may be another.
        def asked(before: Callable[[], None]) -> distributed.Future:
            options = {"allow_other_workers": True, "pure": False}
            held = client.client.submit(np.ones, 1000, workers=["one"], **options)
            with client.client.as_current():
                distributed.wait(held, LONG)
            before()
            return client.client.submit(len, held, workers=["other"], **options)

        # From now on there is a line between them.
        assert asked(lambda: None).result(LONG) == 1000
        try:
            assert asked(one.freeze).result(60) == 1000
        finally:
            one.thaw()


@tiny
def test_a_worker_is_slow(cluster: Cluster, expected: bytes) -> None:
    """Twenty times slower than the others: it holds them up by what it has begun."""
    *_, slow = cluster.workers(3, memory=MEMORY)
    with Client(cluster.address, timeout=LONG) as client:
        have(client, 3)
        assert client.compute(work()).result(LONG).tobytes() == expected
        with slow.slowed(20):
            assert client.compute(work()).result(60).tobytes() == expected
        # It was not given up.
        assert client.compute(work()).result(LONG).tobytes() == expected
        assert _count(client) == 3


@pytest.mark.parametrize("cluster", [TINY | {"scheduler.worker-ttl": "3s"}], indirect=True)
@pytest.mark.parametrize("seconds", [8, pytest.param(60, marks=pytest.mark.slow)])
def test_a_long_fragment_keeps_its_worker(cluster: Cluster, seconds: float) -> None:
    """The engine lets go of the interpreter, so that the worker is heard of."""
    cluster.worker(memory="1GiB")
    x = da.random.default_rng(3).normal(size=10**8, chunks=10**6)
    with Client(cluster.address, timeout=LONG) as client:
        have(client, 1)
        before = _pids(client)
        for _ in range(2):
            x = da.sin(da.cos(da.tan(x)))
        began = time.monotonic()
        rounds = 0
        while time.monotonic() - began < seconds:
            assert np.isfinite(client.compute((x + rounds).std()).result(580))
            rounds += 1
        assert _pids(client) == before


def _pids(client: Client) -> dict:
    return client.client.run(os.getpid)


@pytest.mark.parametrize("cluster", [{"scheduler.allowed-failures": 0}], indirect=True)
@pytest.mark.parametrize("name", ["aborts", "crashes", "overflows"])
def test_a_fragment_that_ends_its_worker(cluster: Cluster, name: str) -> None:
    """The client always returns, and the cluster goes on with a new worker."""
    cluster.worker(nanny=True)
    with Client(cluster.address, timeout=LONG) as client:
        have(client, 1)
        x = da.ones(10, chunks=5).map_blocks(getattr(blocks, name), dtype="f8")
        with pytest.raises((distributed.KilledWorker, RuntimeError, MemoryError)):
            client.compute(x.sum()).result(LONG)
        assert client.compute(da.ones(3).sum()).result(LONG) == 3


def test_transient_errors_of_sources_are_tried_again(steady: Cluster, client: Client) -> None:
    source = blocks.Source(failures=2)
    x = da.from_array(source, chunks=1000)
    assert client.compute(x.sum()).result(LONG) == np.arange(1000).sum()
    assert len(steady.told("began-read-0-1000-*")) == 3


def test_permanent_errors_of_sources_are_errors(steady: Cluster, client: Client) -> None:
    for word in steady.told("began-read-*"):
        word.unlink()
    x = da.from_array(blocks.Source(failures=1000), chunks=1000)
    with pytest.raises(OSError, match="line is down"):
        client.compute(x.sum()).result(LONG)
    assert len(steady.told("began-read-0-1000-*")) == 4


def test_errors_of_functions_are_not_tried_again(steady: Cluster, client: Client) -> None:
    before = len(steady.told("began-fails-*"))
    x = da.ones(4, chunks=4).map_blocks(blocks.fails, dtype="f8")
    with pytest.raises(LookupError):
        client.compute(x).result(LONG)
    assert len(steady.told("began-fails-*")) - before == 1


def test_a_source_that_changes_meanwhile(cluster: Cluster, tmp_path: Path) -> None:
    """It is an error, and not half of each."""
    path = tmp_path / "x.npy"
    np.save(path, np.arange(1000.0))
    with Client(cluster.address, timeout=LONG) as client:
        x = da.from_npy(path).sum()
        cluster.worker()
        have(client, 1)
        gate = client.submit(blocks.gate, 1, "change")
        until(lambda: cluster.told("began-change-*"), "the only worker is busy")
        future = client.compute(x)
        np.save(path, np.ones(2000))
        (cluster.folder / "open-change").touch()
        assert gate.result(LONG) == 2
        with pytest.raises((ValueError, RuntimeError, OSError)):
            future.result(LONG)


def test_a_client_is_killed(steady: Cluster, client: Client) -> None:
    """What it wanted is given up, and the slots are free within a moment."""
    code = f"""
import chunkwise.array as da, blocks, time
from chunkwise.distributed import Client
client = Client({steady.address!r})
future = client.compute(da.ones(5000, chunks=1).map_blocks(blocks.slow, 0.1, dtype="f8").sum())
print("submitted", flush=True)
time.sleep(1000)
"""
    before = len(steady.told("began-slow-*"))
    other = subprocess.Popen(
        [sys.executable, "-c", code], env=steady.environment, stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout.readline().strip() == "submitted"
        until(lambda: len(steady.told("began-slow-*")) > before, "it runs")
    finally:
        other.send_signal(signal.SIGKILL)
        other.wait(30)
        other.stdout.close()
    until(lambda: idle(client), "the slots are free")
    assert len(steady.told("began-slow-*")) - before < 1000
    assert client.compute(da.ones(3).sum()).result(LONG) == 3


@tiny
@pytest.mark.parametrize("count", [1, 5])
def test_the_same_bits_whoever_works(cluster: Cluster, expected: bytes, count: int) -> None:
    cluster.workers(count, memory=MEMORY)
    with Client(cluster.address, timeout=LONG) as client:
        have(client, count)
        assert client.compute(work()).result(LONG).tobytes() == expected


@tiny
def test_shared_work_together_and_apart(cluster: Cluster) -> None:
    cluster.workers(2, memory=MEMORY)
    x = da.random.default_rng(8).normal(size=(400, 1000), chunks=(20, 1000))
    shared = x.map_blocks(blocks.counted, dtype="f8")
    wanted = [shared.mean(axis=0), shared.max(), (shared - shared.mean(axis=0)).std(axis=1)]
    with Client(cluster.address, timeout=LONG) as client, pytest.MonkeyPatch.context() as patch:
        have(client, 2)
        patch.setenv("CLUSTER_FOLDER", str(cluster.folder))
        together = client.gather(client.compute(wanted))
        calls = len(cluster.told("began-counted-*"))
        apart = [client.compute(one).result(LONG) for one in wanted]
        here = [one.compute() for one in wanted]
        for a, b, c in zip(together, apart, here, strict=True):
            assert np.asarray(a).tobytes() == np.asarray(b).tobytes() == np.asarray(c).tobytes()
        # Once for each chunk, though three of them read it.
        assert calls == 20


@tiny
def test_workers_come_and_go(cluster: Cluster, expected: bytes) -> None:
    """All through an exchange."""
    old = cluster.workers(2, memory=MEMORY)
    with Client(cluster.address, timeout=LONG) as client:
        have(client, 2)
        future = client.compute(work())
        for worker in old:
            until(lambda: future.done() or cluster.told("began-*"), "it runs")
            cluster.worker(memory=MEMORY)
            until(lambda: future.done() or _count(client) >= 3, "one has come")
            worker.kill()
        assert future.result(LONG).tobytes() == expected


@pytest.mark.slow
@tiny
def test_workers_come_and_go_all_the_time(cluster: Cluster, expected: bytes) -> None:
    """In turn one that says goodbye, and one that does not; a new one before each."""
    workers = cluster.workers(2, memory=MEMORY)
    with Client(cluster.address, timeout=LONG) as client:
        have(client, 2)
        future = client.compute(work(0.5))
        until(lambda: cluster.told("began-*"), "it runs")
        turns = 0
        while not future.done() and turns < 6:
            workers.append(cluster.worker(memory=MEMORY))
            until(lambda: future.done() or _count(client) >= 3, "one has come")
            workers.pop(0).signal(signal.SIGTERM if turns % 2 else signal.SIGKILL)
            until(lambda: future.done() or _count(client) == 2, "one has gone")
            turns += 1
        assert future.result(LONG).tobytes() == expected
        assert turns > 1


def _count(client: Client) -> int:
    return len(client.client.scheduler_info(n_workers=-1)["workers"])


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
@tiny
def test_kills_at_random(cluster: Cluster, expected: bytes, seed: int) -> None:
    """Whoever works, whenever."""
    random = np.random.default_rng(seed)
    workers = cluster.workers(3, memory=MEMORY)
    with Client(cluster.address, timeout=LONG) as client:
        have(client, 3)
        for _ in range(5):
            future = client.compute(work())
            time.sleep(random.uniform(0.05, 1.0))
            victim = workers.pop(int(random.integers(len(workers))))
            victim.kill()
            workers.append(cluster.worker(memory=MEMORY))
            assert future.result(LONG).tobytes() == expected
            del future
            have(client, 3)


@pytest.mark.slow
@pytest.mark.parametrize("cluster", [{"scheduler.worker-ttl": "60s"}], indirect=True)
def test_persist_three_times_the_memory(cluster: Cluster) -> None:
    cluster.workers(2, memory="512MiB", nanny=True)
    x = da.random.default_rng(4).normal(size=(24_000, 16_000), chunks=(1000, 4000))
    with Client(cluster.address, timeout=LONG) as client:
        have(client, 2)
        kept = client.persist(x)
        assert client.compute(kept.max()).result(500) == x.max().compute()
        lowest = client.compute(kept.min(axis=1)).result(500)
        assert lowest.tobytes() == x.min(axis=1).compute().tobytes()
        rows = slice(12_340, 12_345)
        assert client.compute(kept[rows]).result(500).tobytes() == x[rows].compute().tobytes()


@tiny
def test_memory_stays_level_over_many_exchanges(cluster: Cluster) -> None:
    """Nothing stays of what fragments have made, of which each has some 100 KiB."""
    cluster.worker(memory=MEMORY)
    with Client(cluster.address, timeout=LONG) as client:
        have(client, 1)
        levels = []
        for n in range(13):
            x = da.random.default_rng(n).normal(size=(640, 2000), chunks=(10, 2000))
            y = x.map_blocks(blocks.brief, dtype="f8").rechunk((640, 100))
            client.compute(y.map_blocks(blocks.brief, dtype="f8").std(axis=0)).result(LONG)
            if n % 6 == 0:
                levels.append(max(client.client.run(_resident).values()))
        # After the first it has yet to warm up.
        assert levels[2] < levels[1] + (16 << 20), levels


def _resident() -> int:
    import psutil

    return psutil.Process().memory_info().rss


@pytest.mark.slow
def test_memory_stays_level_over_a_thousand_fragments(cluster: Cluster) -> None:
    cluster.worker(memory="2GiB")
    with Client(cluster.address, timeout=LONG) as client:
        have(client, 1)

        def one(n: int) -> float:
            x = da.random.default_rng(n).normal(size=(2000, 500), chunks=500)
            return float(client.compute((x * 2).std()).result(LONG))

        levels = []
        for n in range(1000):
            one(n)
            if n % 250 == 249:
                levels.append(max(client.client.run(_resident).values()))
        assert levels[-1] < levels[0] * 1.1 + (16 << 20), levels
