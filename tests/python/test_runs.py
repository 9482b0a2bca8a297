"""Runs within runs, and runs that wait for each other."""

import threading
from concurrent.futures import ThreadPoolExecutor

import chunkwise
import chunkwise.array as da
import numpy as np
import pytest

VALUES = np.random.default_rng(4).normal(size=(24, 20))


@pytest.fixture(params=[1, 2, 4])
def threads(request):
    with chunkwise.config.set(num_threads=request.param):
        yield request.param


def own(part):
    """A run of its own, of many tasks."""
    y = da.ones((800, 300), chunks=50).map_blocks(np.sin, dtype="f8")
    return part + (y.sum() / y.size).compute()


def nested(part):
    return da.from_array(part, chunks=4).map_blocks(own, dtype="f8").compute()


def within(work, seconds=60):
    """The result of `work`, which must not wait for ever."""
    done = []
    thread = threading.Thread(target=lambda: done.append(work()), daemon=True)
    thread.start()
    thread.join(seconds)
    assert done, "still running"
    return done[0]


EXPECTED = VALUES + np.sin(1.0)


def test_a_run_within_a_run(threads):
    x = da.from_array(VALUES, chunks=10)
    np.testing.assert_allclose(x.map_blocks(own, dtype="f8").compute(), EXPECTED)


def test_two_deep(threads):
    x = da.from_array(VALUES, chunks=10)
    np.testing.assert_allclose(x.map_blocks(nested, dtype="f8").compute(), EXPECTED)
    with chunkwise.config.set(memory_limit="16MB"):
        got = chunkwise.compute(x.map_blocks(nested, dtype="f8"), x.map_blocks(own, dtype="f8"))
    np.testing.assert_allclose(got, [EXPECTED, EXPECTED])


def test_a_function_that_waits_for_another_threads_run(threads):
    with ThreadPoolExecutor(4) as others:
        x = da.from_array(VALUES, chunks=10)
        y = x.map_blocks(lambda part: others.submit(nested, part).result(), dtype="f8")
        np.testing.assert_allclose(within(y.compute), EXPECTED)


def test_runs_of_several_threads(threads):
    x = da.from_array(VALUES, chunks=10).map_blocks(own, dtype="f8")
    with ThreadPoolExecutor(6) as others:
        made = [others.submit((x * n).compute) for n in range(6)]
        for n, one in enumerate(made):
            np.testing.assert_allclose(one.result(60), EXPECTED * n)


def test_a_foreign_array_that_computes():
    class Lazy:
        shape, dtype = VALUES.shape, VALUES.dtype
        array = da.from_array(VALUES, chunks=7) * 2

        def __getitem__(self, index):
            return self.array[index].compute()

    x = da.from_array(Lazy(), chunks=(6, 20), lock=True)
    np.testing.assert_allclose(within((x + x.T[0, 0]).compute), VALUES * 2 + VALUES[0, 0] * 2)


def test_errors_of_the_inner_run_come_out():
    def wrong(part):
        return da.from_array(part, chunks=4).map_blocks(lambda p: 1 / 0, dtype="f8").compute()

    x = da.from_array(VALUES, chunks=10).map_blocks(wrong, dtype="f8")
    with pytest.raises(ZeroDivisionError):
        x.compute()
