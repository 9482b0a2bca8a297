"""`chunkwise.distributed.Client` on a scheduler and two workers that are processes of their own."""

from __future__ import annotations

import asyncio
import concurrent.futures
import gc
import os
import subprocess
import sys
from pathlib import Path

import blocks
import chunkwise
import chunkwise.array as da
import distributed
import numpy as np
import pytest
from chunkwise.distributed import Client, Future, as_completed, wait
from chunkwise.futures import LocalClient
from processes import LONG, Cluster, have, idle, until

RNG = np.random.default_rng(7)
VALUES = RNG.normal(size=(60, 40))


def normal(shape: tuple, chunks: int, seed: int = 3) -> da.Array:
    return da.random.default_rng(seed).normal(size=shape, chunks=chunks)


EXPRESSIONS = {
    "elementwise": lambda x: x * 2 + 1,
    "mean": lambda x: x.mean(axis=0),
    "sum of all": lambda x: x.sum(),
    "std": lambda x: x.std(axis=1, keepdims=True),
    "view": lambda x: x[::-3, 5:].T,
    "rechunk": lambda x: x.rechunk((x.shape[0], 7)) - x,
    "product": lambda x: x @ x.T,
    "cumsum": lambda x: x.cumsum(axis=0),
    "sort": lambda x: da.sort(x, axis=0),
    "mask": lambda x: x[x > 0.5],
    "argmax": lambda x: x.argmax(axis=1),
    "concatenate": lambda x: da.concatenate([x, x[:3] * 2]),
    "reshape": lambda x: x.reshape(-1),
    "empty": lambda x: x[:0],
    "integers": lambda x: (x * 10).astype("i2"),
    "complex": lambda x: (x + 1j * x).sum(axis=0),
    "booleans": lambda x: (x > 0).any(axis=1),
    "map_blocks": lambda x: x.map_blocks(np.cumsum, 1),
    "fft": lambda x: da.fft.fft(x.rechunk((7, 40)), axis=1),
    "median": lambda x: da.median(x, axis=0),
}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_the_same_bits_as_here(client: Client, name: str) -> None:
    for x in (normal((60, 40), 9), da.from_array(VALUES, chunks=(16, 40))):
        y = EXPRESSIONS[name](x)
        expected = y.compute()
        got = client.compute(y).result(LONG)
        assert type(got) is type(expected)
        assert (got.dtype, got.shape) == (expected.dtype, expected.shape)
        assert np.asarray(got).tobytes() == np.asarray(expected).tobytes()


def test_special_values_travel(client: Client) -> None:
    x = np.array([np.nan, np.inf, -np.inf, -0.0, 5e-324, 1.0])
    y = da.from_array(x, chunks=2)
    assert client.compute(y * 1).result(LONG).tobytes() == x.tobytes()
    zero = client.compute(da.asarray(3.0) * 2).result(LONG)
    assert isinstance(zero, np.float64) and zero == 6.0
    assert client.compute(da.zeros((0, 4)).sum(axis=0)).result(LONG).tolist() == [0.0] * 4


def test_several_things_in_one_go(client: Client) -> None:
    x = normal((100, 10), 20)
    both = client.compute([x.min(), x.max()])
    assert [type(f) for f in both] == [Future, Future]
    low, (high, rest), three = client.compute(x.min(), (x.max(), {"mean": x.mean(), "n": 10}), 3)
    assert low.result(LONG) == x.min().compute() == both[0].result(LONG)
    assert high.result(LONG) == x.max().compute()
    assert rest.result(LONG) == {"mean": x.mean().compute(), "n": 10}
    assert three.result() == 3 and three.done()
    assert client.compute([]) == []


def test_delayed_with_arrays(client: Client) -> None:
    x = da.arange(10, chunks=5)

    def total(*parts: object) -> int:
        return int(sum(np.sum(part) for part in parts))

    shared = chunkwise.delayed(total)(x, [x + 1, {"a": 2}["a"]][0])
    made = chunkwise.delayed({"s": shared, "n": [shared + 1, chunkwise.delayed(len)(x)]})
    future, array = client.compute([made, x.sum()])
    assert future.result(LONG) == {"s": 100, "n": [101, 10]}
    assert array.result(LONG) == 45
    y = da.from_delayed(chunkwise.delayed(np.full)(3, 0.5), (3,), dtype=float)
    assert client.compute(y.sum()).result(LONG) == 1.5


class Same:
    """What clients of this process and of a cluster have in common."""

    def check(self, client: Client | LocalClient, as_completed, wait) -> None:
        future = client.submit(pow, 2, 10)
        assert future.result(LONG) == 1024
        assert (future.done(), future.cancelled(), future.status) == (True, False, "finished")
        assert future.exception() is None
        assert "pow" in repr(future) and "finished" in repr(future)
        assert client.submit(dict, a=1).result(LONG) == {"a": 1}
        with pytest.raises(TypeError):
            client.submit(3)
        assert client.gather(client.map(pow, [2, 3], [3, 2])) == [8, 9]
        assert client.gather(client.map(round, [1.26], ndigits=1)) == [1.3]
        assert client.map(abs, []) == []
        nested = {"a": [future], "b": (future, 7)}
        assert client.gather(nested) == {"a": [1024], "b": (1024, 7)}
        assert client.gather(future) == 1024
        total = client.submit(lambda x, k: sum(x["l"]) + k, {"l": [future, 10]}, k=future)
        assert total.result(LONG) == 2058
        both = [client.submit(divmod, 1, 0), future]
        with pytest.raises(ZeroDivisionError):
            client.gather(both)
        assert client.gather(both, errors="skip") == [1024]
        with pytest.raises(ValueError, match="errors"):
            client.gather(both, errors="no")
        assert isinstance(both[0].exception(LONG), ZeroDivisionError)
        with pytest.raises(ZeroDivisionError):
            client.submit(abs, both[0]).result(LONG)
        array = client.submit(lambda a, x: a + int(x.sum()), 20, da.arange(3))
        assert array.result(LONG) == 23
        later = client.submit(lambda x: x.shape, client.compute(da.ones((3, 2)) * 2))
        assert later.result(LONG) == (3, 2)
        call = client.submit(sum, [chunkwise.delayed(len)("abc"), 1])
        assert call.result(LONG) == 4
        assert client.submit(sum, client.scatter([1, 2])).result(LONG) == 3
        assert client.gather(client.scatter({"a": 5})) == {"a": 5}
        again = client.submit(pow, 2, 10, pure=True)
        assert again.key == client.submit(pow, 2, 10, pure=True).key
        assert client.submit(abs, -1, key="mine").key == "mine"
        found = sorted(f.result() for f in as_completed(client.map(abs, [-2, 3])))
        assert found == [2, 3]
        pairs = list(as_completed(client.map(abs, [-2, 3]), with_results=True))
        assert sorted(value for _, value in pairs) == [2, 3]
        done, rest = wait(client.map(abs, [-2, 3]), LONG)
        assert (len(done), len(rest)) == (2, 0)
        heard: concurrent.futures.Future = concurrent.futures.Future()
        client.submit(abs, -4).add_done_callback(heard.set_result)
        assert heard.result(LONG).result() == 4

        async def waits() -> tuple:
            one = client.submit(abs, -5)
            return await one, await asyncio.gather(*[client.submit(abs, -n) for n in range(3)])

        assert asyncio.run(waits()) == (5, [0, 1, 2])


def test_a_local_client_has_the_same_methods(client: Client) -> None:
    Same().check(client, as_completed, wait)
    import chunkwise.futures as local

    with LocalClient(threads=2) as here:
        Same().check(here, local.as_completed, local.wait)
        both = [here.submit(abs, -2), client.submit(abs, -3)]
        assert wait(both, LONG).not_done == set()
        assert sorted(f.result() for f in as_completed(both)) == [2, 3]
    theirs = {name for name in vars(LocalClient) if not name.startswith("_")}
    assert theirs - {"threads", "get_executor"} <= set(dir(client))


def test_wait_returns_in_time(steady: Cluster, client: Client) -> None:
    held = client.submit(blocks.gate, 1, "wait")
    done, rest = wait([held], timeout=0.05)
    assert (done, rest) == (set(), {held})
    with pytest.raises(TimeoutError):
        held.result(timeout=0.05)
    quick = client.submit(abs, -1)
    done, rest = wait([held, quick], LONG, "FIRST_COMPLETED")
    assert (done, rest) == ({quick}, {held})
    failing = client.submit(blocks.fails, 1)
    done, rest = wait([held, failing], LONG, "FIRST_EXCEPTION")
    assert (done, rest) == ({failing}, {held})
    (steady.folder / "open-wait").touch()
    assert held.result(LONG) == 2


def test_persist(client: Client) -> None:
    x = da.floor(normal((200, 30), 50) * 100)
    kept, pair = client.persist(x * 2, [x.sum(), 5])
    assert (kept.shape, kept.dtype) == (x.shape, x.dtype) and pair[1] == 5
    expected = (x * 2).compute()
    # Read by the cluster, and by a computation of this process.
    assert np.array_equal(client.compute(kept[5:150:7]).result(LONG), expected[5:150:7])
    assert np.array_equal(client.compute(kept.T.cumsum(axis=1)).result(LONG), expected.T.cumsum(1))
    assert np.array_equal(kept[3:170].compute(), expected[3:170])
    assert client.compute(pair[0] + kept.max()).result(LONG) == x.sum().compute() + expected.max()
    again = client.persist(kept[::2] + 1)
    assert np.array_equal(client.compute(again).result(LONG), expected[::2] + 1)


def test_what_is_persisted_goes_with_its_last_array(client: Client) -> None:
    kept = client.persist(normal((100, 10), 20, seed=11))
    derived = kept + 1
    until(lambda: all(f.done() for f in client.client.futures.values()), "persisted")
    held = set(client.client.futures)
    assert held
    del kept
    assert client.compute(derived.sum()).result(LONG) is not None
    assert held <= set(client.client.futures)
    del derived
    until(lambda: not held & set(client.client.futures), "released")


def test_what_a_failed_computation_has_read_is_let_go(client: Client) -> None:
    inner = client.client
    until(lambda: not inner.futures, "nothing is left of tests before")
    kept = client.persist(da.arange(1000, chunks=100) + 1)
    failing = client.compute(kept.map_blocks(blocks.fails, dtype="f8").sum())
    with pytest.raises(LookupError, match="no such thing") as caught:
        failing.result(LONG)
    # It says where, also when it is asked again.
    assert "on the worker at" in "".join(caught.value.__notes__)
    assert caught.traceback[-1].name == "fails"
    with pytest.raises(LookupError):
        failing.result(LONG)
    del failing, kept, caught
    gc.collect()
    until(lambda: not inner.futures, "nothing is held")


def test_a_timeout_of_a_function_is_its_own(client: Client) -> None:
    with pytest.raises(TimeoutError, match="the service"):
        client.submit(blocks.late).result(LONG)


def test_published_for_another_client(steady: Cluster, client: Client) -> None:
    x = normal((50, 4), 10, seed=12)
    with pytest.raises(ValueError, match="persist"):
        client.publish("no", x)
    with Client(steady.address, timeout=LONG) as first:
        kept = first.persist(x)
        first.publish("ours", {"x": [kept], "about": "rows"})
        with pytest.raises(KeyError):
            first.publish("ours", kept)
    found = client.get("ours")
    assert found["about"] == "rows"
    # The client that made it is gone.
    assert client.compute(found["x"][0].sum()).result(LONG) == x.sum().compute()
    assert np.array_equal(found["x"][0].compute(), x.compute())
    client.unpublish("ours")
    with pytest.raises(KeyError):
        client.get("ours")


def test_an_array_of_a_client_that_is_closed(steady: Cluster, client: Client) -> None:
    with Client(steady.address, timeout=LONG) as first:
        kept = first.persist(normal((50, 4), 10, seed=13))
        assert kept.sum().compute() is not None
    with pytest.raises(LookupError, match="publish"):
        client.compute(kept.sum())
    with pytest.raises(ConnectionError, match="closed"):
        kept.sum().compute()


def test_errors_say_where(client: Client) -> None:
    future = client.compute(da.ones(10, chunks=5).map_blocks(blocks.fails, dtype="f8"))
    with pytest.raises(LookupError, match="no such thing") as caught:
        future.result(LONG)
    notes = "\n".join(caught.value.__notes__)
    assert "worker at tcp://127.0.0.1" in notes and "test_client.py" in notes
    assert future.status == "error" and isinstance(future.exception(), LookupError)


@pytest.mark.parametrize("name", ["exits", "panics", "interrupted", "awkward", "recurses"])
def test_what_is_no_exception_becomes_one(client: Client, name: str) -> None:
    function = getattr(blocks, name)
    future = client.compute(da.ones(10, chunks=5).map_blocks(function, dtype="f8"))
    with pytest.raises(RuntimeError):
        future.result(LONG)
    with pytest.raises(RuntimeError):
        client.submit(function, np.ones(2)).result(LONG)
    assert client.compute(da.ones(3).sum()).result(LONG) == 3


def test_equal_work_of_two_clients_is_done_once(steady: Cluster, client: Client) -> None:
    x = da.ones(40, chunks=10).map_blocks(blocks.gate, "twice", dtype="f8").sum()
    first = client.compute(x)
    until(lambda: steady.told("began-twice-*"), "it runs")
    with Client(steady.address, timeout=LONG) as other:
        second = other.compute(x)
        assert first.key == second.key
        # What one no longer wants, the other still does.
        assert first.cancel() and first.cancelled()
        with pytest.raises(concurrent.futures.CancelledError):
            first.result()
        (steady.folder / "open-twice").touch()
        assert second.result(LONG) == 80
    assert client.compute(x).result(LONG) == 80


def test_of_two_that_share_a_fragment_one_is_cancelled(client: Client) -> None:
    x = da.random.default_rng(11).normal(size=1000, chunks=100)
    low, high, again = client.compute([x.min(), x.max(), x.max()])
    assert low.cancel() and again.cancel()
    assert high.result(LONG) == x.max().compute()
    with pytest.raises(concurrent.futures.CancelledError):
        low.result()


def test_cancelled_while_it_runs(steady: Cluster, client: Client) -> None:
    x = da.ones(2000, chunks=1).map_blocks(blocks.slow, 0.2, dtype="f8")
    before = len(steady.told("began-slow-*"))
    future = client.compute(x.sum())
    until(lambda: len(steady.told("began-slow-*")) > before, "it runs")
    assert future.cancel() and future.status == "cancelled"
    with pytest.raises(concurrent.futures.CancelledError):
        future.result()
    # The slots are free long before all functions have been called.
    until(lambda: idle(client), "idle")
    assert client.compute(da.ones(3).sum()).result(LONG) == 3
    assert len(steady.told("began-slow-*")) - before < 500


def test_a_function_that_does_not_hear_of_it(steady: Cluster, client: Client) -> None:
    before = len(steady.told("began-stuck-*"))
    x = da.ones(1, chunks=1).map_blocks(blocks.stuck, 3, dtype="f8")
    future = client.compute(x)
    until(lambda: len(steady.told("began-stuck-*")) > before, "it runs")
    assert future.cancel()
    # The client does not wait for it; the same again runs anew, or goes on.
    again = client.compute(x)
    assert client.compute(da.ones(3).sum()).result(LONG) == 3
    assert again.result(LONG).tolist() == [1.0]


def test_what_cannot_fit_is_refused_before(client: Client) -> None:
    x = normal((20_000, 20_000), 20_000)
    with pytest.raises(chunkwise.MemoryLimitError, match="[GM]iB|bytes"):
        client.compute(da.linalg.svd(x)[1])
    assert idle(client)


def test_large_arrays_go_to_scratch(steady: Cluster, client: Client, tmp_path: Path) -> None:
    values = RNG.normal(size=(9 << 20,))
    x = da.from_array(values, chunks=1 << 20)
    with pytest.raises(ValueError, match="scratch_directory"):
        client.compute(x.sum())
    with Client(steady.address, timeout=LONG, scratch_directory=tmp_path / "s") as other:
        assert other.compute(x.max()).result(LONG) == values.max()
        assert len(list((tmp_path / "s").iterdir())) == 1
        assert other.compute(x.min()).result(LONG) == values.min()
        assert len(list((tmp_path / "s").iterdir())) == 1
    assert list((tmp_path / "s").iterdir()) == []


def test_arrays_in_memory_travel_with_the_work(client: Client) -> None:
    values = RNG.normal(size=(6 << 20,))
    x = da.from_array(values, chunks=1 << 20)
    assert client.compute(x.max()).result(LONG) == values.max()
    assert client.compute((x + x[::-1]).min()).result(LONG) == (values + values[::-1]).min()


def test_progress_waits(client: Client, capsys: pytest.CaptureFixture) -> None:
    futures = client.compute([normal((200, 30), 50, seed=31).sum(), da.ones(3)])
    client.progress(futures)
    assert all(future.done() for future in futures)
    assert "Completed" in capsys.readouterr().out


def test_room_of_workers_without_a_limit(cluster: Cluster) -> None:
    from chunkwise.distributed._worker import room
    from distributed.system import MEMORY_LIMIT

    cluster.workers(2, memory="0", threads=2)
    with Client(cluster.address, timeout=LONG) as client:
        have(client, 2)
        capacity = client._connection.capacity(LONG)
        assert (capacity.slots, capacity.room) == (4, room(MEMORY_LIMIT // 2, 2))
        assert client.compute(da.ones(3).sum()).result(LONG) == 3


def test_a_program_that_does_not_close(tmp_path: Path) -> None:
    """It ends by itself, without complaint, and leaves no processes."""
    path = tmp_path / "program.py"
    path.write_text("""
import chunkwise.array as da
from chunkwise.distributed import Client

if __name__ == "__main__":
    client = Client(n_workers=1, threads_per_worker=1, dashboard_address=":0")
    print(int(client.compute(da.ones(7).sum()).result()))
""")
    done = subprocess.run([sys.executable, path], capture_output=True, text=True, timeout=LONG)
    assert done.stdout.strip() == "7" and done.returncode == 0
    assert "Traceback" not in done.stderr


def test_a_changed_file_is_other_work(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    np.save(path, np.arange(1000.0))
    first = client.compute(da.from_npy(path).sum())
    assert first.result(LONG) == 499500
    np.save(path, np.ones(2000))
    second = client.compute(da.from_npy(path).sum())
    assert second.result(LONG) == 2000 and second.key != first.key
    # What was written a moment ago may be written again, and have the same time.
    for n in range(5):
        np.save(path, np.full(2000, n))
        assert client.compute(da.from_npy(path).sum()).result(LONG) == 2000 * n
    os.utime(path, (1e9, 1e9))
    assert (
        client.compute(da.from_npy(path).sum()).key == client.compute(da.from_npy(path).sum()).key
    )


def test_to_zarr(client: Client, tmp_path: Path) -> None:
    x = normal((300, 20), 50)
    path = tmp_path / "x.zarr"
    future = client.to_zarr(x * 2, path, dimension_names=["t", "x"])
    assert future.result(LONG) is None
    assert np.array_equal(da.from_zarr(path).compute(), (x * 2).compute())
    assert [p.name for p in tmp_path.iterdir()] == ["x.zarr"]
    with pytest.raises(FileExistsError):
        client.to_zarr(x, path).result(LONG)
    client.to_zarr(x, path, overwrite=True).result(LONG)
    assert np.array_equal(da.from_zarr(path).compute(), x.compute())
    region = (slice(50, 100), slice(None))
    client.to_zarr(da.zeros((50, 20), chunks=10), path, region=region).result(LONG)
    assert not da.from_zarr(path)[50:100].any().compute()
    failing = x.map_blocks(blocks.fails, dtype="f8")
    with pytest.raises(LookupError):
        client.to_zarr(failing, tmp_path / "y.zarr").result(LONG)
    until(lambda: [p.name for p in tmp_path.iterdir()] == ["x.zarr"], "nothing is left behind")
    # What is there may be read and written elsewhere in one go.
    client.to_zarr(da.from_zarr(path).T, tmp_path / "t.zarr").result(LONG)
    assert np.array_equal(
        da.from_zarr(tmp_path / "t.zarr").compute(), da.from_zarr(path).compute().T
    )


def test_listeners_hear_of_it(client: Client) -> None:
    import io

    from chunkwise.diagnostics import Callback, Profiler, ProgressBar

    told: list = []
    hooks = Callback(
        start=lambda *a: told.append(("start", *a)),
        task=lambda *a: told.append(("task", *a)),
        finish=lambda *a: told.append(("finish", *a)),
    )
    out = io.StringIO()
    x = normal((200, 30), 50, seed=21)
    with Profiler() as prof, hooks, ProgressBar(out=out, dt=0.01):
        client.compute((x + 1).mean(axis=0)).result(LONG)
        until(lambda: told and told[-1][0] == "finish", "its end is heard of")
        until(lambda: "done in" in out.getvalue(), "its end is drawn")
    assert told[0][0] == "start" and told[-1][1] is True
    tasks = [t for t in told if t[0] == "task"]
    assert tasks and len(tasks) == len(prof.results)
    assert prof.runs[0].ok and prof.runs[0].threads == 2
    assert {t.label for t in prof.results} <= set(prof.runs[0].stages)
    assert all(prof.runs[0].start <= t.start <= t.end for t in prof.results)
    picture = prof.visualize()
    assert "svg" in picture.svg


def test_explain(client: Client) -> None:
    text = client.explain(normal((100, 10), 10).mean(axis=0))
    assert text.startswith("plan") and "fragment" in text
    with pytest.raises(TypeError):
        client.explain(chunkwise.delayed(1))


def test_a_client_of_distributed_is_wrapped(steady: Cluster) -> None:
    with distributed.Client(steady.address, set_as_default=False, timeout=LONG) as inner:
        with Client(inner) as client:
            assert client.client is inner
            have(client, 2)
            assert client.compute(da.ones(3).sum()).result(LONG) == 3
            theirs = inner.submit(pow, 2, 3)
            assert client.gather([theirs, client.submit(pow, 2, 4)]) == [8, 16]
        assert inner.status == "running" and client.client is inner
        with pytest.raises(TypeError, match="options"):
            Client(inner, security=None)


def test_it_starts_a_cluster_of_its_own() -> None:
    with Client(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=":0") as own:
        assert own.compute(da.ones(30, chunks=3).sum()).result(LONG) == 30
        scratch = own._connection.scratch
        big = da.from_array(np.ones(9 << 20), chunks=1 << 20)
        assert own.compute(big.sum()).result(LONG) == 9 << 20
        assert scratch.exists()
        assert "running" in repr(own)
    assert own.status == "closed" and not scratch.exists()
    with pytest.raises(ConnectionError, match="closed"):
        own.compute(da.ones(3))
    own.close()


def test_no_workers_is_an_error_soon(cluster: Cluster) -> None:
    with Client(cluster.address, worker_timeout=0.5, timeout=LONG) as client:
        with pytest.raises(TimeoutError, match="no worker"):
            client.compute(da.ones(3).sum())
        cluster.worker()
    with Client(cluster.address, worker_timeout=LONG, timeout=LONG) as client:
        assert client.compute(da.ones(3).sum()).result(LONG) == 3


def test_nobody_answers() -> None:
    with pytest.raises(OSError):
        Client("tcp://127.0.0.1:9", timeout=0.5)


def test_distributed_is_loaded_when_it_is_asked_for() -> None:
    code = "import sys, chunkwise.array; print('distributed' in sys.modules, 'dask' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
    code = """
import importlib.util as util
known = util.find_spec
util.find_spec = lambda name, *more: None if name == "distributed" else known(name, *more)
try:
    import chunkwise.distributed
except ImportError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'chunkwise[distributed]'" in done.stdout


def test_an_array_is_no_collection_of_dasks() -> None:
    assert not hasattr(da.ones(3), "__dask_graph__")


def _total(x: np.ndarray) -> float:
    return float(da.asarray(x).sum().compute())


def test_workers_in_this_process_leave_its_settings_alone() -> None:
    names = ("num_threads", "memory_limit")
    before = [chunkwise.config.get(name) for name in names]
    with Client(processes=False, dashboard_address=":0") as client:
        assert client.submit(_total, da.ones(3)).result(60) == 3.0
    assert [chunkwise.config.get(name) for name in names] == before


def test_an_array_that_is_opened_twice_is_read_once(client: Client, tmp_path: Path) -> None:
    da.to_zarr(da.ones((40, 40), chunks=(4, 40)), tmp_path / "x.zarr")
    first, second = (da.from_zarr(tmp_path / "x.zarr") for _ in range(2))
    once = client.explain(first.sum(), first.mean())
    assert client.explain(first.sum(), second.mean()) == once
    assert client.gather(client.compute([first.sum(), second.mean()])) == [1600, 1]
