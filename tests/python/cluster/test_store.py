"""`Client.store` and `Client.to_zarr` of several arrays, by workers and by the client's process."""

from __future__ import annotations

import concurrent.futures
import threading
import types
from pathlib import Path
from typing import Any

import blocks
import chunkwise
import chunkwise.array as da
import numpy as np
import pytest
from chunkwise.array._foreign import _matched
from chunkwise.distributed import Client, _pieces, _targets
from processes import LONG, Cluster, have, idle, until

RNG = np.random.default_rng(17)
VALUES = RNG.normal(size=(60, 40))


def kinds(sources: Any, targets: Any, regions: Any = None) -> list[type]:
    """How they would be stored."""
    found = _targets.chosen(*_matched(sources, targets, regions), True, None, 1 << 26)
    _targets.give_up(found)
    return [type(way) for way in found]


def source(chunks: Any = (7, 40)) -> da.Array:
    return da.from_array(VALUES, chunks=chunks)


def test_shared_work_is_done_once(steady: Cluster, client: Client) -> None:
    before = len(steady.told("began-counted-*"))
    x = da.ones((12, 3), chunks=(2, 3)).map_blocks(blocks.counted, dtype="f8")
    first, second = np.zeros((12, 3)), np.zeros((3, 12), np.float32)
    future = client.store([x + 1, (x * 2).T], [first, second])
    assert future.result(LONG) is None and future.status == "finished"
    assert (first == 3).all() and (second == 4).all()
    assert len(steady.told("began-counted-*")) - before == 6


@pytest.mark.parametrize("chunks", [(7, 40), (60, 3), (13, 11), -1])
def test_into_arrays_of_this_process(client: Client, chunks: Any) -> None:
    x = source(chunks)
    targets = [
        np.zeros((60, 40)),
        np.zeros(40),
        np.zeros((70, 2, 90)),
        np.zeros(()),
        np.zeros((0, 4)),
    ]
    sources = [x.rechunk((60, 5)), x.mean(axis=0), x, x.sum(), x[:0, :4]]
    regions = [None, None, (slice(5, 65), 1, slice(2, 82, 2)), None, None]
    client.store(sources, targets, regions=regions).result(LONG)
    # In one run, as there: what is shared decides in which order is summed.
    expected = chunkwise.compute(*sources)
    assert np.array_equal(targets[0], VALUES)
    assert np.array_equal(targets[1], expected[1])
    assert np.array_equal(targets[2][5:65, 1, 2:82:2], VALUES)
    assert np.count_nonzero(targets[2]) == VALUES.size
    assert targets[3] == expected[3]


def test_pieces_cover_every_bundle() -> None:
    """The boxes of each bundle are its cells, each once."""
    rng = np.random.default_rng(2)
    for shape, cuts in [((7, 9), (2, (4, 5))), ((5,), (2,)), ((4, 3, 2), (1, 1, 1)), ((), ())]:
        grid = [len(_pieces._edges(n, c)) - 1 for n, c in zip(shape, cuts, strict=True)]
        owners = rng.integers(0, 3, size=grid).astype("<u4")
        seen = np.full(shape, -1)
        for parcel, found in _pieces.boxes((shape, cuts, owners.tobytes(), (0, 0)), 8).items():
            for start, stop in found:
                assert (seen[tuple(map(slice, start, stop))] == -1).all()
                seen[tuple(map(slice, start, stop))] = parcel
        expected = owners
        for axis, (n, c) in enumerate(zip(shape, cuts, strict=True)):
            expected = np.repeat(expected, np.diff(_pieces._edges(n, c)), axis=axis)
        assert np.array_equal(seen, expected)
    assert _pieces.boxes(((0, 4), (1, 4), b"", (0, 0)), 8) == {}
    # One row of cells is one piece, as long as it is not too large.
    many = np.zeros(1000, "<u4").tobytes()
    assert len(_pieces.boxes(((1000,), (1,), many, (0, 0)), 8)[0]) == 1
    assert len(_pieces.boxes(((1000,), (1,), many, (0, 0)), 1 << 20)[0]) == 16


@pytest.mark.parametrize("order", ["C", "F"])
def test_into_mapped_files(steady: Cluster, client: Client, tmp_path: Path, order: str) -> None:
    path = tmp_path / "x.bin"
    whole = np.memmap(path, ">f4", mode="w+", offset=5000, shape=(61, 90), order=order)
    plain = np.asarray(whole)
    views = [whole[1:, :40], plain[:60:-1, 40:80], plain[60:0:-1, 80:81]]
    x = source()
    sources = [x, x[:0], x[:, :1]]
    views[1] = plain[60:, 40:80][:0]
    assert kinds(sources, views) == [_targets.ByWorkers] * 3
    client.store(sources, views).result(LONG)
    assert np.array_equal(whole[1:, :40], VALUES.astype("f4"))
    assert np.array_equal(whole[60:0:-1, 80:81], VALUES[:, :1].astype("f4"))
    assert not whole[0].any() and not whole[:, 41:80].any() and not whole[:, 82:].any()
    again = np.memmap(path, ">f4", mode="r", offset=5000, shape=(61, 90), order=order)
    assert np.array_equal(again, whole)
    # What is a copy of the file, or reads it only, is in this process.
    copied = np.memmap(path, ">f4", mode="c", offset=5000, shape=(61, 90))
    assert kinds(x, copied[1:, :40]) == [_targets.ByClient]
    assert kinds(x, whole[1:, :40].copy()) == [_targets.ByClient]
    with pytest.raises(ValueError, match="read-only"):
        client.store(x, again[1:, :40])


def test_into_zarr_arrays(client: Client, tmp_path: Path) -> None:
    zarr = pytest.importorskip("zarr")
    x = source()
    folder = zarr.create_array(str(tmp_path / "a.zarr"), shape=(80, 40), chunks=(9, 16), dtype="f4")
    memory = zarr.create_array(
        zarr.storage.MemoryStore(), shape=(60, 40), chunks=(9, 16), dtype="f8"
    )
    fsspec = zarr.storage.FsspecStore.from_url(
        f"file://{tmp_path}/b", storage_options={"auto_mkdir": True}
    )
    service = zarr.create_array(
        fsspec, name="b", shape=(130, 2, 44), chunks=(5, 1, 4), shards=(15, 1, 8), dtype="f8"
    )
    targets = [folder, memory, service]
    regions = [(slice(11, 71), slice(None)), None, (slice(3, 123, 2), 1, slice(2, 42))]
    expected = [_targets.ByEngine, _targets.ByClient, _targets.ByWorkers]
    assert kinds([x, x, x], targets, regions) == expected
    client.store([x, x * 2, x + 1], targets, regions=regions).result(LONG)
    assert np.array_equal(folder[11:71], VALUES.astype("f4"))
    assert not folder[:11].any() and not folder[71:].any()
    assert np.array_equal(memory[:], VALUES * 2)
    assert np.array_equal(service[3:123:2, 1, 2:42], VALUES + 1)
    assert not service[:, 0].any() and not service[4:123:2].any()
    # Each block of what workers write has whole shards, at any step.
    _, _, (place,) = _matched(x, service, [regions[2]])
    rows = _targets._in_blocks(x, place, (15, 1, 8), 1 << 12).chunks[0]
    edges = np.cumsum([0, *rows])
    assert len(rows) > 1
    shards = [
        {(3 + 2 * i) // 15 for i in range(a, b)} for a, b in zip(edges, edges[1:], strict=False)
    ]
    assert sum(map(len, shards)) == len(set.union(*shards))
    read = zarr.open_array(str(tmp_path / "a.zarr"), mode="r")
    with pytest.raises(ValueError, match="read-only"):
        client.store(x, read, regions=regions[0])


def test_regions_that_share_stored_chunks(client: Client, tmp_path: Path) -> None:
    zarr = pytest.importorskip("zarr")
    target = zarr.create_array(
        str(tmp_path / "a.zarr"), shape=(60, 40), chunks=(10, 40), dtype="f8"
    )
    x = source()
    for cut, kind in [(20, _targets.ByEngine), (25, _targets.ByClient)]:
        halves = [(slice(0, cut), slice(None)), (slice(cut, 60), slice(None))]
        parts = [x[:cut], x[cut:]]
        assert kinds(parts, [target, target], halves) == [kind, kind]
        target[:] = 0
        client.store(parts, [target, target], regions=halves).result(LONG)
        assert np.array_equal(target[:], VALUES)
    with pytest.raises(ValueError, match="shares stored chunks"):
        client.store(parts, [target, target], regions=halves, by="workers")
    with pytest.raises(ValueError, match="two arrays"):
        client.to_zarr(parts, [target, target], region=halves)


def test_into_hdf5(client: Client, tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "x.h5", "w") as file:
        first = file.create_dataset("a", (60, 40), "f8", chunks=(7, 9), compression="gzip")
        second = file.create_dataset("b", (40,), "f8")
        x = source()
        assert kinds([x, x.mean(axis=0)], [first, second]) == [_targets.ByClient] * 2
        client.store([x, x.mean(axis=0)], [first, second], lock=threading.Lock()).result(LONG)
        assert np.array_equal(first[:], VALUES)
        assert np.array_equal(second[:], x.mean(axis=0).compute())
        with pytest.raises(TypeError, match="pickled"):
            client.store(x, first, by="workers")


class Rows:
    """An object of somebody's: rows in files, which a writer reads and writes whole."""

    shape, dtype, ndim = (60, 40), np.dtype("f8"), 2

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        np.save(folder / "rows.npy", np.zeros(self.shape))

    def __setitem__(self, index: Any, value: Any) -> None:
        whole = self[:]
        whole[index] = value
        np.save(self.folder / "rows.npy", whole)

    def __getitem__(self, index: Any) -> np.ndarray:
        return np.load(self.folder / "rows.npy")[index]


def test_into_any_object(client: Client, tmp_path: Path) -> None:
    import cloudpickle

    x = source()
    cloudpickle.register_pickle_by_value(__import__(__name__))
    for by in ("workers", None, "client"):
        target = Rows(tmp_path / str(by))
        # Writes of two workers would take each other's away but for the lock.
        client.store(x, target, by=by).result(LONG)
        assert np.array_equal(target[:], VALUES)


def test_what_is_refused_before_anything_runs(steady: Cluster, client: Client) -> None:
    before = len(steady.told("began-counted-*"))
    x = da.ones((4, 3), chunks=2).map_blocks(blocks.counted, dtype="f8")
    target = np.zeros((4, 3))
    fixed = np.zeros((4, 3))
    fixed.flags.writeable = False
    frozen = types.SimpleNamespace(shape=(4, 3))
    for error, words, args, options in [
        (ValueError, "does not fit", (x, np.zeros(4)), {}),
        (ValueError, "1 sources and 2", ([x], [target, target]), {}),
        (ValueError, "read-only", ([x, x], [target, fixed]), {}),
        (ValueError, "memory of this process", (x, target), {"by": "workers"}),
        (ValueError, "by must be", (x, target), {"by": "me"}),
        (TypeError, "has a shape", (x, [1, 2]), {}),
        (TypeError, "takes slices", (x, frozen), {}),
        (TypeError, "lock", (x, target), {"lock": 3}),
    ]:
        with pytest.raises(error, match=words):
            client.store(*args, **options)
    assert not target.any()
    assert len(steady.told("began-counted-*")) == before


def test_a_failure_leaves_no_new_arrays(steady: Cluster, client: Client, tmp_path: Path) -> None:
    x = source()
    failing = x.map_blocks(blocks.fails, dtype="f8")
    future = client.to_zarr([x, failing], [tmp_path / "x.zarr", tmp_path / "y.zarr"])
    with pytest.raises(LookupError, match="no such thing"):
        future.result(LONG)
    assert isinstance(future.exception(LONG), LookupError) and future.status == "error"
    assert list(tmp_path.iterdir()) == []
    target = np.zeros((60, 40))
    stored = client.store([x, failing], [target, target.copy()])
    assert isinstance(stored.exception(LONG), LookupError)

    class Full:
        shape, dtype = (60, 40), np.dtype("f8")

        def __setitem__(self, index: Any, value: Any) -> None:
            raise OSError("the disk is full")

    gated = da.ones(2, chunks=2).map_blocks(blocks.gate, "full", dtype="f8")
    with pytest.raises(OSError, match="full"):
        client.store([x, gated], [Full(), np.zeros(2)]).result(LONG)
    # What nobody wants any more is given up, before the gate opens.
    until(lambda: idle(client), "idle")
    (steady.folder / "open-full").touch()
    assert client.gather([client.store(x, Full()), client.submit(abs, -1)], errors="skip") == [1]


def test_several_zarr_arrays_in_one_go(steady: Cluster, client: Client, tmp_path: Path) -> None:
    before = len(steady.told("began-counted-*"))
    x = da.ones((12, 3), chunks=(2, 3)).map_blocks(blocks.counted, dtype="f8")
    path = tmp_path / "group.zarr"
    client.to_zarr([x + 1, x.sum(axis=0)], path, ["a", "b/c"], chunks=3).result(LONG)
    assert (da.from_zarr(path, "a").compute() == 3).all()
    assert da.from_zarr(path, "b/c").compute().tolist() == [24.0] * 3
    assert len(steady.told("began-counted-*")) - before == 6
    regions = [(slice(0, 6), slice(None)), (slice(0, 1),)]
    zeros = [da.zeros((6, 3)), da.zeros(1)]
    client.to_zarr(zeros, [path, path], ["a", "b/c"], region=regions).result(LONG)
    assert da.from_zarr(path, "a").sum(axis=1).compute().tolist() == [0.0] * 6 + [9.0] * 6
    assert client.to_zarr([], []).result(LONG) is None
    for args in [([x, x], path), ([x, x], [path]), ([x, x], path, ["a"]), ([x, x], [path, path])]:
        with pytest.raises(ValueError, match="to_zarr"):
            client.to_zarr(*args)
    with pytest.raises(FileExistsError):
        client.to_zarr([x, x], [tmp_path / "new.zarr", path], ["a", "a"])
    assert not (tmp_path / "new.zarr" / "a").exists()
    client.to_zarr([1, 2, 3], tmp_path / "list.zarr").result(LONG)
    assert da.from_zarr(tmp_path / "list.zarr").compute().tolist() == [1, 2, 3]
    client.to_zarr([x], [tmp_path / "one.zarr"]).result(LONG)
    assert (da.from_zarr(tmp_path / "one.zarr").compute() == 2).all()


def test_zarr_stores_of_others(client: Client, tmp_path: Path) -> None:
    zarr = pytest.importorskip("zarr")
    x = source()
    store = zarr.storage.MemoryStore()
    client.to_zarr([x, x.T], store, ["a", "b"]).result(LONG)
    assert np.array_equal(zarr.open_array(store, path="a")[:], VALUES)
    assert np.array_equal(zarr.open_array(store, path="b")[:], VALUES.T)
    with pytest.raises(ValueError, match="memory of this process"):
        client.to_zarr(x, da.MemoryStore())


def test_a_store_that_is_cancelled(steady: Cluster, client: Client, tmp_path: Path) -> None:
    before = len(steady.told("began-slow-*"))
    x = da.ones((2000, 2), chunks=(1, 2)).map_blocks(blocks.slow, 0.2, dtype="f8")
    target = np.zeros((2000, 2))
    future = client.store(x, target)
    until(lambda: len(steady.told("began-slow-*")) > before, "it runs")
    assert future.cancel() and future.cancelled() and future.done()
    with pytest.raises(concurrent.futures.CancelledError):
        future.result(LONG)
    with pytest.raises(TypeError, match="no argument"):
        client.submit(len, future)
    assert client.compute(da.ones(3).sum()).result(LONG) == 3


def test_a_worker_dies_while_its_results_are_written(cluster: Cluster, tmp_path: Path) -> None:
    cluster.workers(2)
    x = da.from_array(np.arange(4000.0).reshape(400, 10), chunks=(10, 10))
    slow = x.map_blocks(blocks.slow, 0.02, dtype="f8")
    target = np.zeros((400, 10))
    mapped = np.memmap(tmp_path / "m.bin", "f8", mode="w+", shape=(400, 10))
    with Client(cluster.address, timeout=LONG) as client:
        have(client, 2)
        cluster.order("kill", "slow")
        client.store([slow, slow + 1], [target, mapped]).result(LONG)
        assert not cluster.orders()
        assert np.array_equal(target, x.compute())
        assert np.array_equal(mapped, x.compute() + 1)


def test_a_callback_waits_for_a_store(client: Client, tmp_path: Path) -> None:
    x = da.ones((4, 4), chunks=2)
    stored = client.to_zarr(x, tmp_path / "x.zarr")
    heard = []
    client.compute(x.sum()).add_done_callback(lambda _: heard.append(stored.result(LONG)))
    until(lambda: heard == [None], "the callback returns")
