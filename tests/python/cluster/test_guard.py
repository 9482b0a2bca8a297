"""Whom the scheduler gives up when workers cannot reach each other, and when work stands still."""

from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace
from typing import Any

import pytest
from chunkwise.distributed import Client
from chunkwise.distributed._guard import Guard
from distributed.core import Status
from processes import HERE, LONG, Cluster, until


class Scheduler:
    """As much of one as is asked."""

    def __init__(self, workers: list[SimpleNamespace]) -> None:
        self.workers = {worker.address: worker for worker in workers}
        self.transition_counter = 7
        self.removed: list[str] = []
        self.queued: list[str] = []
        self.idle_task_count: set[str] = set()
        self.handed_out = 0

    def stimulus_queue_slots_maybe_opened(self, stimulus_id: str) -> None:
        self.handed_out += 1

    def log_event(self, topic: str, message: Any) -> None:
        pass

    async def remove_worker(self, address: str, stimulus_id: str, expected: bool) -> None:
        self.removed.append(address)


def worker(address: str, silent: float = 0.0, **more: Any) -> SimpleNamespace:
    about = {
        "status": Status.running,
        "executing": {},
        "processing": [],
        "metrics": {"transfer": {"incoming_count": 0}, "spilled_bytes": {"memory": 0, "disk": 0}},
    }
    about |= {"address": address, "silent": silent} | more
    return SimpleNamespace(**about)


def guard(*workers: SimpleNamespace) -> Guard:
    for one in workers:
        one.last_seen = time.time() - one.silent
    made = Guard()
    made._scheduler = Scheduler(list(workers))
    return made


@pytest.mark.parametrize(
    ("who", "whom", "gone"),
    [
        ("a", ["b"], ["b"]),
        # It reaches nobody.
        ("a", ["b", "c"], ["a"]),
        # One of which nobody hears is left to the scheduler.
        ("a", ["silent"], []),
        ("a", ["b", "silent"], ["b"]),
        # Who has gone meanwhile.
        ("a", ["x"], []),
        ("x", ["b"], []),
    ],
)
def test_who_is_given_up(who: str, whom: list[str], gone: list[str]) -> None:
    watched = guard(worker("a"), worker("b"), worker("c"), worker("silent", 60.0))
    asyncio.run(watched.unreachable(who, whom))
    assert watched._scheduler.removed == gone


PAUSED = {"status": Status.paused}


@pytest.mark.parametrize(
    ("workers", "still"),
    [
        ([worker("a", **PAUSED)], True),
        ([worker("a", **PAUSED), worker("b")], True),
        ([worker("a"), worker("b")], False),
        ([], False),
        ([worker("a", **PAUSED), worker("b", executing={"x": 1.0})], False),
        ([worker("a", **PAUSED, executing={"x": 1.0})], False),
        # It writes to its disk.
        ([worker("a", 60.0, **PAUSED)], False),
        # Data are on their way.
        (
            [
                worker("a", **PAUSED),
                worker("b", metrics={"transfer": {"incoming_count": 1}}),
            ],
            False,
        ),
    ],
)
def test_what_stands_still(workers: list, still: bool) -> None:
    assert (guard(*workers)._still() is not None) == still


@pytest.mark.parametrize(
    ("others", "moved"), [([], []), ([worker("b")], ["x"]), ([worker("b", **PAUSED)], [])]
)
def test_what_goes_elsewhere(others: list, moved: list[str]) -> None:
    """What a worker that has paused has not begun, where another can do it."""
    watched = guard(worker("a", **PAUSED, processing=[SimpleNamespace(key="x")]), *others)
    released: dict[str, str] = {}
    watched._scheduler.transitions = lambda found, stimulus: released.update(found)
    assert watched._elsewhere() == bool(moved)
    assert released == dict.fromkeys(moved, "released")


def test_every_move_is_another_state() -> None:
    watched = guard(worker("a", **PAUSED))
    before = watched._still()
    assert watched._still() == before
    watched._scheduler.transition_counter += 1
    after = watched._still()
    assert after != before
    watched._scheduler.workers["a"].metrics["spilled_bytes"] = {"memory": 5, "disk": 5}
    assert watched._still() != after


def watched_by(dask_worker: Any) -> bool:
    return "chunkwise-peers" in dask_worker.plugins


def test_workers_that_join_later(cluster: Cluster) -> None:
    """They are watched too, and one without chunkwise works for others."""
    with Client(cluster.address, timeout=LONG, worker_timeout=LONG) as client:
        cluster.worker(name="with")
        cluster.worker(name="without", preload=HERE / "odd_build.py", ODD_BUILD="none")
        dask = client.client

        def found() -> dict[str, str]:
            workers = dask.scheduler_info(n_workers=-1)["workers"]
            return {about["name"]: address for address, about in workers.items()}

        until(lambda: len(found()) == 2, "two workers")
        one = found()["with"]
        until(lambda: dask.run(watched_by, workers=[one])[one], "it is watched")
        assert dask.submit(pow, 2, 10, workers=["without"]).result(LONG) == 1024


@pytest.mark.parametrize(
    ("queued", "idle", "handed_out"),
    [(["task"], {"worker"}, 1), ([], {"worker"}, 0), (["task"], set(), 0)],
)
def test_idle_workers_are_given_what_is_queued(
    queued: list[str], idle: set[str], handed_out: int
) -> None:
    made = guard(worker("a"))
    made._scheduler.queued, made._scheduler.idle_task_count = queued, idle
    asyncio.run(made._look())
    assert made._scheduler.handed_out == handed_out
