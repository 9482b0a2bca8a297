"""`chunkwise.futures`: a client for this process."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import gc
import threading
import time
import weakref

import chunkwise
import chunkwise.array as da
import numpy as np
import pytest
from chunkwise.futures import Future, LocalClient, as_completed, wait


@pytest.fixture
def client():
    with LocalClient(threads=2) as client:
        yield client


def inc(x: int) -> int:
    return x + 1


def fails(*_: object) -> None:
    raise LookupError("no")


def until(met, seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < end, "in vain"
        time.sleep(0.001)


class Gate:
    """Holds a thread of a client."""

    def __init__(self, client: LocalClient) -> None:
        self.began, self.open = threading.Event(), threading.Event()
        self.future = client.submit(self.hold)
        assert self.began.wait(10)

    def hold(self) -> None:
        self.began.set()
        assert self.open.wait(20)


def test_submit_and_result(client: LocalClient) -> None:
    future = client.submit(inc, 1)
    assert isinstance(future, Future)
    assert future.result(10) == 2
    assert (future.done(), future.cancelled(), future.status) == (True, False, "finished")
    assert future.exception() is None
    assert client.submit(dict, a=1).result() == {"a": 1}
    with pytest.raises(TypeError):
        client.submit(3)
    assert "inc-" in repr(future)


def test_map_and_gather(client: LocalClient) -> None:
    assert client.gather(client.map(inc, range(5))) == [1, 2, 3, 4, 5]
    assert client.gather(client.map(pow, [2, 3], [3, 2])) == [8, 9]
    one = client.submit(inc, 1)
    assert client.gather({"a": [one], "b": (one, 7)}) == {"a": [2], "b": (2, 7)}
    assert client.gather(one) == 2
    both = [client.submit(fails), one]
    with pytest.raises(LookupError):
        client.gather(both)
    assert client.gather(both, errors="skip") == [2]
    with pytest.raises(ValueError, match="errors"):
        client.gather(both, errors="no")


def test_futures_are_arguments(client: LocalClient) -> None:
    a = client.submit(inc, 1)
    assert client.submit(inc, client.submit(inc, a)).result(10) == 4
    total = client.submit(lambda x, k: sum(x["l"]) + k, {"l": [a, 10]}, k=a)
    assert total.result(10) == 14
    done = client.scatter([1, 2])
    assert [f.done() for f in done] == [True, True]
    assert client.submit(sum, done).result(10) == 3
    assert client.gather(client.scatter({"a": 5})) == {"a": 5}


def test_arrays_and_delayed_are_arguments(client: LocalClient) -> None:
    x = da.arange(10, chunks=3)
    assert client.submit(lambda x: (type(x), x.sum()), x).result(10) == (np.ndarray, 45)
    assert client.submit(inc, chunkwise.delayed(inc)(1)).result(10) == 3
    total, twice = client.compute([x.sum(), chunkwise.delayed(inc)(1)])
    assert (int(total.result()), twice.result()) == (45, 2)


def test_an_error_is_passed_on(client: LocalClient) -> None:
    bad = client.submit(fails)
    after = client.submit(inc, bad)
    for future in (bad, after):
        with pytest.raises(LookupError, match="no"):
            future.result(10)
        assert isinstance(future.exception(), LookupError)
        assert future.status == "error"


def test_cancel(client: LocalClient) -> None:
    gates = [Gate(client) for _ in range(2)]
    queued = client.submit(inc, 1)
    after = client.submit(inc, queued)
    assert queued.status == "pending"
    assert queued.cancel()
    assert not gates[0].future.cancel()
    for future in (queued, after):
        assert future.cancelled()
        assert future.status == "cancelled"
        with pytest.raises(concurrent.futures.CancelledError):
            future.result(10)
    more = client.map(inc, range(3))
    client.cancel(more)
    done, rest = wait(more, 10)
    assert (len(done), len(rest)) == (3, 0)
    for gate in gates:
        gate.open.set()
    assert client.submit(inc, 5).result(10) == 6


def test_timeouts(client: LocalClient) -> None:
    gate = Gate(client)
    with pytest.raises(TimeoutError):
        gate.future.result(0.01)
    done, rest = wait([gate.future, client.submit(inc, 1)], 10, "FIRST_COMPLETED")
    assert (len(done), len(rest)) == (1, 1)
    gate.open.set()


def test_callbacks(client: LocalClient) -> None:
    heard: list = []
    gate = Gate(client)
    client.submit(inc, 1).add_done_callback(lambda f: heard.append(f.result()))
    client.submit(lambda _: 5, gate.future).add_done_callback(lambda f: heard.append(f.result()))
    gc.collect()
    gate.open.set()
    until(lambda: len(heard) == 2)
    assert sorted(heard) == [2, 5]


def test_as_completed(client: LocalClient) -> None:
    gate = Gate(client)
    quick = client.map(inc, range(4))
    order = as_completed([gate.future, *quick])
    first = [next(order) for _ in quick]
    assert set(first) == set(quick)
    assert order.count() == 1
    order.add(client.submit(inc, 9))
    gate.open.set()
    assert len(list(order)) == 2
    assert [r for _, r in as_completed(client.map(inc, [1]), with_results=True)] == [2]
    # Those of the standard library work too.
    assert {f.result() for f in concurrent.futures.as_completed(quick)} == {1, 2, 3, 4}


def test_a_task_may_wait_for_others() -> None:
    with LocalClient(threads=1) as client:

        def deep(n: int) -> int:
            return n if n == 0 else client.submit(deep, n - 1).result() + 1

        assert client.submit(deep, 20).result(20) == 20
        assert client.submit(lambda: sum(client.gather(client.map(inc, range(9))))).result(20) == 45


def test_no_more_threads_than_asked_for(client: LocalClient) -> None:
    most, now, lock = [0], [0], threading.Lock()

    def busy(_: int) -> None:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.002)
        with lock:
            now[0] -= 1

    client.gather(client.map(busy, range(50)))
    assert most == [2]


def test_what_nobody_holds_is_not_begun(client: LocalClient) -> None:
    ran: list = []
    gates = [Gate(client) for _ in range(2)]
    client.submit(ran.append, 1)
    kept = client.submit(ran.append, 2)
    gc.collect()
    for gate in gates:
        gate.open.set()
    kept.result(10)
    assert ran == [2]


def test_results_are_dropped_with_their_futures(client: LocalClient) -> None:
    class Big:
        pass

    future = client.submit(Big)
    alive = weakref.ref(future.result())
    assert alive() is not None
    del future
    gc.collect()
    until(lambda: alive() is None)


def test_keys_and_purity(client: LocalClient) -> None:
    ran: list = []
    a = client.submit(ran.append, 1, key="k")
    b = client.submit(ran.append, 1, key="k")
    assert a is b
    a.result()
    assert len(ran) == 1
    x, y = (client.submit(inc, 1, pure=True) for _ in range(2))
    assert x is y
    assert client.submit(inc, 1) is not client.submit(inc, 1)


def test_priorities() -> None:
    order: list = []
    with LocalClient(threads=1) as client:
        gate = Gate(client)
        futures = [client.submit(order.append, n, priority=n) for n in (0, -1, 5, 1)]
        gate.open.set()
        wait(futures)
    assert order == [5, 1, 0, -1]


def test_context_variables(client: LocalClient) -> None:
    variable = contextvars.ContextVar("variable", default=0)
    variable.set(3)
    assert client.submit(variable.get).result() == 3


def test_leaving_waits_and_errors_cancel() -> None:
    with LocalClient(threads=1) as client:
        futures = client.map(lambda n: time.sleep(0.001) or n, range(20))
    assert [f.result() for f in futures] == list(range(20))
    with pytest.raises(RuntimeError, match="closed"):
        client.submit(inc, 1)
    with pytest.raises(KeyError), LocalClient(threads=1) as client:
        gate = Gate(client)
        queued = client.submit(inc, 1)
        gate.open.set()
        with client._work.lock:
            raise KeyError
    assert queued.done()
    with pytest.raises(ValueError, match="threads"):
        LocalClient(threads=0)


def test_threads_end_with_their_client() -> None:
    client = LocalClient(threads=3)
    client.gather(client.map(inc, range(9)))
    workers = list(client._work.workers)
    assert workers
    del client
    gc.collect()
    for worker in workers:
        worker.join(10)
        assert not worker.is_alive()


def test_many_submitters(client: LocalClient) -> None:
    totals: list = []

    def submit() -> None:
        futures = [client.submit(inc, n) for n in range(200)]
        totals.append(client.submit(sum, futures).result(30))

    threads = [threading.Thread(target=submit) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert totals == [sum(range(1, 201))] * 8


def test_an_executor_of_the_standard_library() -> None:
    client = LocalClient(threads=2)
    with client.get_executor() as pool:
        assert isinstance(pool, concurrent.futures.Executor)
        assert list(pool.map(inc, range(5))) == [1, 2, 3, 4, 5]
        assert pool.submit(dict, key=1, pure=2).result() == {"key": 1, "pure": 2}
        ran: list = []
        pool.submit(ran.append, 1)
    assert ran == [1]


def test_await(client: LocalClient) -> None:
    async def main() -> tuple:
        gate = Gate(client)
        both = asyncio.gather(client.submit(inc, 1), client.submit(lambda _: 7, gate.future))
        await asyncio.sleep(0)
        gate.open.set()
        values = await asyncio.wait_for(both, 10)
        order = [f.result() async for f in as_completed(client.map(inc, range(3)))]
        with pytest.raises(LookupError):
            await client.submit(fails)
        loop = asyncio.get_running_loop()
        executed = await loop.run_in_executor(client.get_executor(), inc, 1)
        return values, sorted(order), executed

    assert asyncio.run(main()) == ([2, 7], [1, 2, 3], 2)


def test_waiting_does_not_ask_for_what_nobody_holds(client: LocalClient) -> None:
    gates = [Gate(client) for _ in range(2)]
    ran = threading.Event()
    future = client.submit(ran.set)
    done, rest = wait(future, timeout=0.01)
    assert (done, rest) == (set(), {future})
    del future, done, rest
    gc.collect()
    for gate in gates:
        gate.open.set()
    assert client.submit(inc, 1).result(10) == 2
    assert not ran.is_set()


def test_waiting_for_nested_futures(client: LocalClient) -> None:
    futures = client.map(inc, range(500))
    done, rest = wait([futures[:250], {"rest": iter(futures[250:])}, futures[:3]], 60)
    assert (len(done), len(rest)) == (500, 0)
    assert wait([], 60, "FIRST_COMPLETED") == (set(), set())
