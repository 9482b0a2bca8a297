"""`chunkwise.get` runs what Dask's own schedulers run."""

from __future__ import annotations

import contextvars
import gc
import operator
import signal
import subprocess
import sys
import threading
import time
import traceback
import weakref

import chunkwise
import numpy as np
import pytest

dask = pytest.importorskip("dask")
import dask.array as dask_array  # noqa: E402
from dask._task_spec import Alias, DataNode, Dict, List, Set, Task, TaskRef, Tuple  # noqa: E402
from dask.callbacks import Callback  # noqa: E402
from dask.diagnostics import ProgressBar  # noqa: E402
from dask.threaded import get as threaded  # noqa: E402
from dask.utils_test import GetFunctionTestMixin, add, inc  # noqa: E402

get = chunkwise.get


class TestDasksOwn(GetFunctionTestMixin):
    """What Dask expects of every scheduler."""

    get = staticmethod(chunkwise.get)


def test_nodes_of_every_kind() -> None:
    graph = {
        "data": DataNode("data", 5),
        "alias": Alias("alias", "data"),
        "chain": Alias("chain", "alias"),
        "task": Task("task", add, TaskRef("chain"), 1),
        "nested": Task("nested", add, Task(None, inc, TaskRef("task")), Alias("data")),
        "keyword": Task("keyword", dict, a=TaskRef("task"), b=List(1, TaskRef("data"))),
        "containers": Task(
            "containers",
            lambda *a: a,
            List(TaskRef("data"), 1),
            Tuple(TaskRef("data"), 2),
            Set(TaskRef("data"), 3),
            Dict({"k": TaskRef("data")}),
            Dict({"k": List(TaskRef("data"))}),
        ),
    }
    expected = {
        "data": 5,
        "alias": 5,
        "chain": 5,
        "task": 6,
        "nested": 12,
        "keyword": {"a": 6, "b": [1, 5]},
        "containers": ([5, 1], (5, 2), {5, 3}, {"k": 5}, {"k": [5]}),
    }
    keys = list(graph)
    assert dict(zip(keys, get(graph, keys), strict=True)) == expected
    assert get(graph, keys) == threaded(graph, keys)


def test_a_task_of_another_class_is_called_as_it_is() -> None:
    class Own(Task):
        __slots__ = ()

        def __call__(self, values=()):
            return "own", super().__call__(values)

    graph = {"x": DataNode("x", 1), "y": Own("y", add, TaskRef("x"), 1)}
    assert get(graph, "y") == ("own", 2)


def test_fused_chains_run() -> None:
    tasks = [Task("a", inc, 1), Task("b", inc, TaskRef("a")), Task("c", inc, TaskRef("b"))]
    assert get({"c": Task.fuse(*tasks, key="c")}, "c") == 4


def test_fused_tasks_read_what_is_outside() -> None:
    tasks = [
        Task("a", add, TaskRef("x"), TaskRef("y")),
        Task("b", add, TaskRef("a"), TaskRef("x")),
        Task("c", lambda some, n: [*some, n], List(TaskRef("a"), TaskRef("b")), Task(None, inc, 1)),
    ]
    inner = Task.fuse(*tasks[:2], key="b")
    outer = Task.fuse(inner, Task("d", add, TaskRef("b"), TaskRef("y")), key="d")
    graph = {
        "x": DataNode("x", 1),
        "y": Task("y", inc, TaskRef("x")),
        "c": Task.fuse(*tasks, key="c"),
        "d": outer,
    }
    assert get(graph, ["c", "d"]) == threaded(graph, ["c", "d"]) == ([3, 4, 2], 6)


def test_an_error_in_a_fused_task_is_its_own() -> None:
    tasks = [Task("a", operator.truediv, 1, TaskRef("x")), Task("b", inc, TaskRef("a"))]
    graph = {"x": DataNode("x", 0), "b": Task.fuse(*tasks, key="b")}
    with pytest.raises(ZeroDivisionError) as caught:
        get(graph, "b")
    assert caught.value.__notes__ == ["in task 'b'"]


def test_an_error_is_the_tasks_own() -> None:
    class Odd(Exception):
        pass

    def inner() -> None:
        raise Odd("no", 3)

    def fails(x: int) -> None:
        inner()

    graph = {"x": 1, "bad": (fails, "x"), "after": (inc, "bad"), "last": (inc, "after")}
    with pytest.raises(Odd) as caught:
        get(graph, "last")
    assert caught.value.args == ("no", 3)
    names = [f.name for f in traceback.extract_tb(caught.value.__traceback__)]
    assert names[-2:] == ["fails", "inner"]
    assert caught.value.__notes__ == ["in task 'bad', needed by 'after', for 'last'"]


def test_a_cycle_is_named() -> None:
    graph = {"a": (inc, "b"), "b": (inc, "c"), "c": (inc, "b")}
    with pytest.raises(RuntimeError, match="'b' -> 'c' -> 'b'"):
        get(graph, "a")


def test_what_is_missing_is_named() -> None:
    graph = {"y": Task("y", inc, TaskRef("x"))}
    with pytest.raises(ValueError, match="Missing dependency 'x' for dependents {'y'}"):
        get(graph, "y")
    assert get(graph, "y", cache={"x": 1}) == 2


def test_each_task_runs_once_and_only_if_needed() -> None:
    ran = []
    graph = {"x": (lambda: ran.append("x") or 1,), "no": (ran.append, "no")}
    graph |= {("y", n): (add, "x", n) for n in range(50)}
    graph["sum"] = (sum, [("y", n) for n in range(50)])
    assert get(graph, "sum") == sum(range(50)) + 50
    assert ran == ["x"]


def test_results_are_dropped_after_their_last_reader() -> None:
    class Big:
        pass

    alive: weakref.WeakSet[Big] = weakref.WeakSet()
    most = []

    def make(*_: object) -> Big:
        made = Big()
        alive.add(made)
        most.append(len(alive))
        return made

    graph: dict = {("x", 0): (make,)}
    graph |= {("x", n): (make, ("x", n - 1)) for n in range(1, 200)}
    get(graph, ("x", 199), num_workers=1)
    gc.collect()
    assert max(most) <= 2
    assert len(alive) == 0


def test_a_tree_is_reduced_depth_first() -> None:
    held, most = set(), []

    def leaf(n: int) -> int:
        held.add(n)
        most.append(len(held))
        return n

    def pair(a: int, b: int) -> int:
        held.discard(b)
        return a

    level = [("x", n) for n in range(256)]
    graph: dict = {key: (leaf, key[1]) for key in level}
    while len(level) > 1:
        above = [("p", len(level), n) for n in range(len(level) // 2)]
        for n, key in enumerate(above):
            graph[key] = (pair, level[2 * n], level[2 * n + 1])
        level = above
    get(graph, level[0], num_workers=1)
    # A result for each level, and one more.
    assert max(most) <= 9


def test_callbacks_hear_of_every_task() -> None:
    heard: list = []

    class Ear(Callback):
        def _start(self, dsk):
            heard.append("start")

        def _start_state(self, dsk, state):
            heard.append(("state", sorted(state["ready"])))

        def _pretask(self, key, dsk, state):
            assert key in state["running"]
            heard.append(("pre", key))

        def _posttask(self, key, result, dsk, state, worker):
            assert key in state["finished"]
            heard.append(("post", key, result))

        def _finish(self, dsk, state, failed):
            heard.append(("finish", failed, len(state["finished"])))

    graph = {"x": 1, "y": (inc, "x"), "z": (add, "y", "x")}
    with Ear():
        assert get(graph, "z", num_workers=1) == 3
        assert heard == [
            "start",
            ("state", ["y"]),
            ("pre", "y"),
            ("post", "y", 2),
            ("pre", "z"),
            ("post", "z", 3),
            ("finish", False, 2),
        ]
        heard.clear()
        with pytest.raises(ZeroDivisionError):
            get({"x": (operator.truediv, 1, 0)}, "x")
        assert heard[-1] == ("finish", True, 0)


def test_dasks_own_listeners(capsys: pytest.CaptureFixture[str]) -> None:
    from dask.cache import Cache
    from dask.diagnostics import Profiler

    graph = {("x", n): (time.sleep, 0.001) for n in range(20)}
    with ProgressBar(), Profiler() as profiler:
        get(graph, list(graph))
    assert "100% Completed" in capsys.readouterr().out
    assert {r.key for r in profiler.results} == set(graph)
    pytest.importorskip("cachey")
    with Cache(10_000):
        assert get({"x": 1, "y": (inc, "x")}, "y") == 2


def test_a_run_within_a_task() -> None:
    def inner(n: int) -> int:
        return get({"a": n, "b": (inc, "a"), "c": (sum, ["a", "b"])}, "c", num_workers=4)

    graph: dict = {("x", n): (inner, n) for n in range(20)}
    graph["sum"] = (sum, list(graph))
    assert get(graph, "sum") == sum(2 * n + 1 for n in range(20))


def test_many_threads_at_once() -> None:
    graph = {"x": (time.sleep, 0.01), "y": (lambda _: 1, "x")}
    results: list = []
    threads = [threading.Thread(target=lambda: results.append(get(graph, "y"))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert results == [1] * 20


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_tasks_run_on_as_many_threads_as_are_asked_for(workers: int) -> None:
    barrier = threading.Barrier(workers)
    graph = {("x", n): (barrier.wait, 20) for n in range(workers)}
    assert sorted(get(graph, list(graph), num_workers=workers)) == list(range(workers))


def test_settings_are_honoured() -> None:
    def who() -> int:
        time.sleep(0.005)
        return threading.get_ident()

    graph = {("x", n): (who,) for n in range(10)}
    with dask.config.set(num_workers=1):
        assert len(set(get(graph, list(graph)))) == 1
    with dask.config.set(scheduler=get):
        assert dask.delayed(inc)(1).compute() == 2


def test_context_variables_are_the_callers() -> None:
    variable = contextvars.ContextVar("variable", default=1)
    graph = {("x", n): (variable.get,) for n in range(4)}
    assert set(get(graph, list(graph))) == {1}
    token = variable.set(2)
    try:
        assert set(get(graph, list(graph))) == {2}
    finally:
        variable.reset(token)


def test_rerun_exceptions_locally() -> None:
    threads = []

    def fails() -> None:
        threads.append(threading.current_thread())
        raise ValueError

    with pytest.raises(ValueError):
        get({"x": (fails,)}, "x", rerun_exceptions_locally=True)
    assert threads[-1] is threading.main_thread()
    assert threads[0] is not threading.main_thread()


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_ctrl_c_is_heard() -> None:
    released = threading.Event()
    main = threading.get_ident()

    def interrupt() -> None:
        signal.pthread_kill(main, signal.SIGINT)

    graph = {"a": (interrupt,), "b": (released.wait, 20)}
    start = time.perf_counter()
    try:
        with pytest.raises(KeyboardInterrupt):
            get(graph, ["a", "b"], num_workers=2)
        assert time.perf_counter() - start < 10
    finally:
        released.set()


def test_dask_is_not_imported_unless_it_is_used() -> None:
    code = "import sys, chunkwise; chunkwise.get; chunkwise.delayed; print('dask' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.fixture
def ours():
    with dask.config.set(scheduler=get):
        yield


def test_delayed(ours: None) -> None:
    @dask.delayed
    def square(n: int) -> int:
        return n * n

    with dask.annotate(priority=3):
        total = dask.delayed(sum)([square(n) for n in range(20)])
    assert total.compute() == sum(n * n for n in range(20))
    a, b = dask.compute(square(3), {"b": square(4)})
    assert (a, b) == (9, {"b": 16})
    assert square(5).persist().compute() == 25


def test_bag(ours: None) -> None:
    bag = pytest.importorskip("dask.bag")
    numbers = bag.from_sequence(range(100), npartitions=7)
    assert numbers.map(inc).filter(lambda n: n % 2).sum().compute() == sum(range(1, 101, 2))
    counts = dict(numbers.groupby(lambda n: n % 3).map(lambda g: (g[0], len(g[1]))).compute())
    assert counts == {0: 34, 1: 33, 2: 33}
    assert numbers.fold(operator.add).compute() == 4950


def test_array(ours: None) -> None:
    data = np.arange(600.0).reshape(20, 30)
    x = dask_array.from_array(data, chunks=(7, 8))
    np.testing.assert_allclose((x.T @ x).compute(), data.T @ data)
    np.testing.assert_allclose((x - x.mean(axis=0)).std().compute(), (data - data.mean(0)).std())
    np.testing.assert_array_equal(x.rechunk((5, 30))[::-2, 3].compute(), data[::-2, 3])
    np.testing.assert_allclose(dask_array.linalg.svd(x.rechunk((7, 30)))[1].compute()[0], 8467.2, 1)
    kept = x.persist()
    assert kept.sum().compute() == data.sum()
    assert dask_array.random.default_rng(1).normal(size=100, chunks=9).compute().shape == (100,)


def test_dataframe(ours: None) -> None:
    pandas = pytest.importorskip("pandas")
    frames = pytest.importorskip("dask.dataframe")
    frame = pandas.DataFrame({"k": np.arange(50) % 5, "v": np.arange(50.0)})
    lazy = frames.from_pandas(frame, npartitions=4)
    expected = frame.groupby("k").v.mean()
    got = lazy.groupby("k").v.mean().compute().sort_index()
    np.testing.assert_allclose(got.to_numpy(), expected.to_numpy())
    merged = lazy.merge(lazy, on="k").v_x.sum().compute()
    assert merged == frame.merge(frame, on="k").v_x.sum()


def test_xarray(ours: None) -> None:
    xarray = pytest.importorskip("xarray")
    data = np.random.default_rng(0).normal(size=(12, 5))
    lazy = xarray.DataArray(data, dims=("t", "x")).chunk({"t": 5})
    np.testing.assert_allclose(lazy.mean("t").compute().values, data.mean(0))
    rolled = lazy.rolling(t=3).mean().compute().values
    np.testing.assert_allclose(rolled[2], data[:3].mean(0))


def test_what_is_no_graph_is_a_type_error():
    with pytest.raises(TypeError, match="ndarray is no graph"):
        chunkwise.get(np.ones(3), ["x"])
