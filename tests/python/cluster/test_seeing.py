"""What is heard of a cluster's runs: streams, tables, trace files, samples of workers."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import blocks
import chunkwise.array as da
import numpy as np
import pytest
from chunkwise.diagnostics import Profiler, ResourceProfiler, visualize
from chunkwise.distributed import Client
from processes import LONG, Cluster, have, until

SHAPE = (32, 1000)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Two runs on two workers of two threads, one here, and what is known of them."""
    folder = tmp_path_factory.mktemp("seeing")
    np.save(folder / "x.npy", np.ones(SHAPE))
    cluster = Cluster(folder / "cluster")
    cluster.workers(2, threads=2)
    try:
        with Client(cluster.address, timeout=LONG) as client:
            have(client, 2)
            x = da.from_npy(folder / "x.npy", chunks=(1, 1000))
            x = x.map_blocks(blocks.slow, 0.05, dtype="f8")
            with Profiler() as prof, ResourceProfiler(dt=0.01) as rprof:
                (x[:8] + 1).compute()
                made = client.compute([(x + 1).sum(axis=0), x.mean()])
                client.gather(made)
                client.to_zarr(x * 2, folder / "y.zarr").result(LONG)
                until(lambda: all(run.end is not None for run in prof.runs), "ends are heard of")
            workers = sorted(client.scheduler_info()["workers"])
            yield {"prof": prof, "rprof": rprof, "workers": workers, "client": client, "x": x}
    finally:
        cluster.close()


@pytest.fixture(autouse=True)
def words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLUSTER_FOLDER", str(tmp_path))


@pytest.fixture(scope="module", autouse=True)
def words_of_the_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLUSTER_FOLDER", str(tmp_path_factory.mktemp("words")))
        yield


def test_tasks_are_those_of_workers_threads(recorded: dict[str, Any]) -> None:
    prof = recorded["prof"]
    here, both, stored = prof.runs
    assert (here.ok, both.ok, stored.ok) == (True, True, True)
    own = [t for t in prof.results if t.run == 0]
    theirs = [t for t in prof.results if t.run > 0]
    assert own and all(t.worker is None and t.read is None for t in own)
    assert {t.worker for t in theirs} == set(recorded["workers"])
    for n, run in enumerate((both, stored), 1):
        tasks = [t for t in theirs if t.run == n]
        # Each fragment once, and each within its run.
        assert len({(t.stage, t.number) for t in tasks}) == len(tasks)
        assert all(run.start <= t.start <= t.end <= run.end for t in tasks)
        assert all(t.label == run.stages[t.stage] for t in tasks)
        # A thread is one of one worker, and does one thing at a time.
        for thread in {t.thread for t in tasks}:
            mine = sorted((t.start, t.end, t.worker) for t in tasks if t.thread == thread)
            assert len({worker for *_, worker in mine}) == 1
            assert all(a[1] <= b[0] + 0.005 for a, b in zip(mine, mine[1:], strict=False))
        assert len({t.thread for t in tasks}) <= 4
    size = 8 * np.prod(SHAPE)
    assert both.read == stored.read == size and both.written == 0
    assert stored.written == size == sum(t.written for t in theirs)
    assert sum(t.read for t in theirs) == 2 * size
    assert all(t.result >= 0 for t in theirs) and any(t.result > 0 for t in theirs)


def test_a_table_of_stages(recorded: dict[str, Any]) -> None:
    prof = recorded["prof"]
    table = prof.table()
    assert sum(row.tasks for row in table) == len(prof.results)
    assert {row.run for row in table} == {0, 1, 2}
    (slow,) = [row for row in table if row.run == 2 and row.label == "slow"]
    assert (slow.workers, slow.threads) == (2, 4) and slow.read == 8 * np.prod(SHAPE)
    # 32 chunks of 50 ms.
    assert slow.seconds >= 1.6 > slow.longest > 0.05
    assert sum(row.written for row in table if row.run == 2) == 8 * np.prod(SHAPE)
    assert table[0].written is None and table[0].workers == 0
    text = str(table).splitlines()
    assert text[0].split()[:5] == ["run", "stage", "tasks", "threads", "workers"]
    assert len(text) == len(table) + 1 and len(set(map(len, text))) == 1
    assert "250.00 KiB" in str(table)
    page = ET.fromstring(table._repr_html_())
    assert len(page.findall("./tbody/tr")) == len(table)


def test_a_trace_has_a_process_for_each_worker(recorded: dict[str, Any], tmp_path: Path) -> None:
    prof, rprof = recorded["prof"], recorded["rprof"]
    prof.trace(tmp_path / "run.json", rprof)
    trace = json.loads((tmp_path / "run.json").read_text())
    assert trace == prof.to_trace(rprof)
    events = trace["traceEvents"]
    needed = {"X": {"ts", "dur", "tid", "cat"}, "C": {"ts", "args"}, "M": {"args"}}
    for event in events:
        assert needed[event["ph"]] | {"name", "pid"} <= set(event)
        assert event.get("ts", 0) >= 0 and event.get("dur", 0) >= 0
    names = {e["args"]["name"]: e["pid"] for e in events if e["name"] == "process_name"}
    processes = {name: names[f"worker {name}"] for name in recorded["workers"]}
    assert set(names) == {"chunkwise", "cluster", *(f"worker {name}" for name in processes)}
    assert len(set(names.values())) == 4
    # Times are the profile's, of all three runs on one axis.
    first = prof.results[0]
    by_place = {
        (e["args"]["run"], e["args"]["stage"], e["args"]["number"]): e
        for e in events
        if e.get("cat") == "task"
    }
    assert len(by_place) == len(prof.results)
    origin = first.start - by_place[0, first.stage, first.number]["ts"] / 1e6
    rows = {(e["pid"], e["tid"]) for e in events if e["name"] == "thread_name"}
    for task in prof.results:
        event = by_place[task.run, task.stage, task.number]
        assert event["name"] == task.label
        assert event["pid"] == (1 if task.worker is None else processes[task.worker])
        assert event["ts"] == pytest.approx((task.start - origin) * 1e6, abs=2)
        assert event["dur"] == pytest.approx((task.end - task.start) * 1e6, abs=2)
        assert (event["pid"], event["tid"]) in rows
        if task.worker is not None:
            assert event["args"]["read"] == task.read
            assert event["args"]["result"] == task.result
    # Threads of two runs are the same ones.
    for process in processes.values():
        assert {e["tid"] for e in by_place.values() if e["pid"] == process} == {1, 2}
    runs = [e for e in events if e.get("cat") == "run"]
    assert [e["pid"] for e in runs] == [1, 2, 2]
    counters = {(e["pid"], e["name"]) for e in events if e["ph"] == "C"}
    assert {(p, n) for p in processes.values() for n in ("memory", "processors")} <= counters


def test_samples_of_workers(recorded: dict[str, Any]) -> None:
    samples = recorded["rprof"].workers
    assert {s.worker for s in samples} == set(recorded["workers"])
    assert all(s.limit == 1 << 30 for s in samples)
    assert all(10 << 20 < s.memory < 1 << 30 for s in samples if s.memory)
    assert any(s.memory for s in samples)
    runs = recorded["prof"].runs[1:]
    assert min(r.start for r in runs) <= samples[0].time <= samples[-1].time


def test_charts_of_workers(recorded: dict[str, Any], tmp_path: Path) -> None:
    picture = visualize([recorded["prof"], recorded["rprof"]])
    root = ET.fromstring(picture.svg)
    texts = [t.text for t in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"worker 0.0", "worker 0.1", "worker 1.0", "worker 1.1", "thread 0"} <= set(texts)
    assert "memory of 2 workers" in texts
    assert "processors of 2 workers at work, % of one" in texts
    assert any(text.startswith("limit 2.00 GiB") for text in texts)


def test_a_cluster_alone(recorded: dict[str, Any]) -> None:
    """Without a run of this process, times count from the cluster's."""
    client = recorded["client"]
    with Profiler() as prof:
        client.compute(da.ones(10, chunks=5).sum()).result(LONG)
        until(lambda: prof.runs[0].end is not None, "its end is heard of")
    events = prof.to_trace()["traceEvents"]
    (run,) = [e for e in events if e.get("cat") == "run"]
    assert run["ts"] == 0 and run["name"] == "run 0: sum" and run["args"]["ok"] is True
    assert len(prof.table()) == 1
    with ResourceProfiler() as rprof:
        client.compute(da.ones(10, chunks=2).sum()).result(LONG)
        until(lambda: rprof.workers, "a sample")
    rprof.clear()
    assert rprof.workers == []


def test_a_run_that_failed(recorded: dict[str, Any]) -> None:
    client = recorded["client"]
    with Profiler() as prof:
        future = client.compute(da.ones(4, chunks=1).map_blocks(blocks.fails, dtype="f8"))
        assert isinstance(future.exception(LONG), LookupError)
        until(lambda: prof.runs[0].end is not None, "its end is heard of")
    assert not prof.runs[0].ok
    (run,) = [e for e in prof.to_trace()["traceEvents"] if e.get("cat") == "run"]
    assert run["args"]["ok"] is False
