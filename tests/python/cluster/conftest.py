"""Clusters of processes for tests. Long tests run with CHUNKWISE_SLOW=1."""

from __future__ import annotations

import faulthandler
import logging
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("distributed")

from chunkwise.distributed import Client
from processes import LONG, Cluster, have
from work import work

# Tasks of `distributed` that end unheard are written about when they are collected: within Python's
# parser too, which does not bear it that a traceback is parsed meanwhile (SystemError in 3.11).
logging.getLogger("asyncio").setLevel(logging.CRITICAL)

#: Seconds of one test; one that hangs fails.
LIMIT = {False: 150, True: 580}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.environ.get("CHUNKWISE_SLOW"):
        return
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.skip(reason="long: CHUNKWISE_SLOW=1 runs it"))


@pytest.fixture(autouse=True)
def a_limit(request: pytest.FixtureRequest) -> Iterator[None]:
    """A hang is a failure."""

    def late(*_: object) -> None:
        faulthandler.dump_traceback()
        raise TimeoutError(f"{request.node.name} hangs")

    old = signal.signal(signal.SIGALRM, late)
    signal.alarm(LIMIT[request.node.get_closest_marker("slow") is not None])
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, old)


@pytest.fixture(scope="session")
def expected(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The elements of `work()`, by a run of this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLUSTER_FOLDER", str(tmp_path_factory.mktemp("here")))
        return work().compute().tobytes()


@pytest.fixture(scope="session")
def steady(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A scheduler and two workers, for tests that leave them as they are."""
    cluster = Cluster(tmp_path_factory.mktemp("steady"))
    cluster.workers(2)
    yield cluster
    cluster.close()


@pytest.fixture
def client(steady: Cluster) -> Iterator[Client]:
    with Client(steady.address, timeout=LONG) as client:
        have(client, 2)
        yield client


@pytest.fixture
def cluster(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """A scheduler of the test's own, to which it adds workers; settings by indirection."""
    cluster = Cluster(tmp_path / "cluster", getattr(request, "param", None))
    yield cluster
    failed = getattr(request.node, "failed", False)
    cluster.close()
    if failed:
        print(cluster.logs())


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    outcome = yield
    report = outcome.get_result()
    if report.when == "call" and report.failed:
        item.failed = True
