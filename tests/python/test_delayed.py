"""`chunkwise.delayed`: calls made when they are asked for."""

from __future__ import annotations

import dataclasses
import operator
import pickle
import threading
import time
from collections import namedtuple

import chunkwise
import chunkwise.array as da
import numpy as np
import pytest
from chunkwise import delayed

Pair = namedtuple("Pair", "a b")


@dataclasses.dataclass
class Record:
    x: object
    y: object = 0


def inc(x: int) -> int:
    return x + 1


def add(x: int, y: int) -> int:
    return x + y


def test_functions_and_objects() -> None:
    x = delayed(inc)(1)
    assert delayed(add)(x, y=delayed(10)).compute() == 12
    assert delayed(5).compute() == 5
    assert delayed(inc).compute() is inc
    assert delayed(x) is x
    assert x.key.startswith("inc-")
    assert repr(delayed(inc)(1, dask_key_name="k")) == "Delayed('k')"
    assert delayed(3, name="three").key == "three"


def test_decorated() -> None:
    @delayed
    def twice(x: int) -> int:
        """Twice."""
        return 2 * x

    @delayed(nout=2)
    def both(x: int) -> tuple:
        return x, -x

    assert twice(twice(3)).compute() == 12
    low, high = both(1)
    assert (low + high).compute() == 0
    assert twice.__name__ == "twice"
    assert twice.__doc__ == "Twice."
    assert twice.__wrapped__(2) == 4


def test_a_method_may_be_decorated() -> None:
    class Thing:
        def __init__(self, n: int) -> None:
            self.n = n

        @delayed
        def plus(self, m: int) -> int:
            return self.n + m

    assert Thing(3).plus(4).compute() == 7


@pytest.mark.parametrize(
    "make",
    [
        lambda a, b: [a, [b], 3],
        lambda a, b: (a, (b, 3)),
        lambda a, b: {a, b},
        lambda a, b: frozenset([a, b]),
        lambda a, b: {"k": a, "l": [b]},
        lambda a, b: {a: b},
        lambda a, b: slice(a, b, None),
        lambda a, b: Pair(a, [b]),
        lambda a, b: Record(a, {"b": b}),
    ],
)
def test_containers_are_looked_into(make) -> None:
    given = make(delayed(1), delayed(inc)(1))
    expected = make(1, 2)
    assert delayed(lambda x: x)(given).compute() == expected
    assert delayed(lambda *, x: x)(x=given).compute() == expected
    assert delayed(given).compute() == expected


def test_containers_without_delayed_stay_the_same_object() -> None:
    given = [1, {"a": (2,)}]
    assert delayed(lambda x: x)(given).compute() is given
    assert delayed([1, delayed(2)], traverse=False)._inputs == ()


def test_attributes_and_methods() -> None:
    x = delayed(3 + 4j)
    assert x.real.compute() == 3.0
    assert x.conjugate().compute() == 3 - 4j
    text = delayed("a,b")
    assert text.split(",").compute() == ["a", "b"]
    assert text.split(sep=",", maxsplit=0).compute() == ["a,b"]
    assert delayed([1, 2, 2]).count(delayed(2)).compute() == 2
    assert text.upper().lower().compute() == "a,b"
    # An attribute that is a function.
    assert delayed(np).add(1, 2).compute() == 3
    with pytest.raises(AttributeError):
        _ = x._hidden
    assert delayed(operator.itemgetter)(0)([7]).compute() == 7


@pytest.mark.parametrize(
    "name", ["add", "sub", "mul", "floordiv", "truediv", "mod", "pow", "and_", "or_", "xor"]
)
def test_binary_operators(name: str) -> None:
    function = getattr(operator, name)
    assert function(delayed(7), 3).compute() == function(7, 3)
    assert function(7, delayed(3)).compute() == function(7, 3)
    assert function(delayed(7), delayed(3)).compute() == function(7, 3)


def test_other_operators() -> None:
    for function in (operator.neg, operator.pos, operator.invert, abs):
        assert function(delayed(-5)).compute() == function(-5)
    for function in (operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge):
        assert function(delayed(1), 2).compute() is function(1, 2)
    assert (delayed(1) << 4).compute() == 16
    assert (64 >> delayed(2)).compute() == 16
    eye = np.eye(2)
    assert (delayed(eye) @ eye).compute().tolist() == eye.tolist()
    assert delayed({"a": [1, 2]})["a"][delayed(1)].compute() == 2


def test_nout() -> None:
    a, b = delayed(divmod, nout=2)(17, 5)
    assert chunkwise.compute(a, b) == (3, 2)
    assert len(delayed(divmod, nout=2)(1, 1)) == 2
    assert list(delayed(tuple, nout=0)([])) == []
    one = delayed(inc)(1)
    for act in (iter, len, bool):
        with pytest.raises(TypeError):
            act(one)
    for wrong in (-1, 1.0, "2", True):
        with pytest.raises(ValueError, match="nout"):
            delayed(inc, nout=wrong)


def test_purity() -> None:
    assert delayed(inc)(1).key != delayed(inc)(1).key
    assert delayed(inc, pure=True)(1).key == delayed(inc, pure=True)(1).key
    assert delayed(inc, pure=True)(1).key != delayed(inc, pure=True)(2).key
    data = np.arange(5)
    assert delayed(np.sum, pure=True)(data).key == delayed(np.sum, pure=True)(data.copy()).key
    a, b = (delayed(lambda x, n=n: x + n, pure=True)(1) for n in range(2))
    assert a.key != b.key
    x = delayed([1])
    assert x.count.key == x.count.key
    assert (x + [2]).key == (x + [2]).key
    ran = []
    one = delayed(ran.append, pure=True)
    assert chunkwise.compute(one(1), one(1)) == (None, None)
    assert ran == [1]


def test_what_is_shared_runs_once() -> None:
    ran = []

    @delayed
    def base() -> int:
        ran.append(1)
        return 10

    x = base()
    results = chunkwise.compute(x, {"a": [x + 1, (x * 2,)]}, 5)
    assert results == (10, {"a": [11, (20,)]}, 5)
    assert len(ran) == 1


def test_persist() -> None:
    ran = []
    x = delayed(lambda: ran.append(1) or 3)()
    kept = x.persist()
    assert kept.key == x.key
    assert (kept.compute(), (kept + 1).compute()) == (3, 4)
    array, (again,) = chunkwise.persist(da.ones(3, chunks=1), [x])
    assert isinstance(array, da.Array)
    assert (float(array.sum()), again.compute()) == (3.0, 3)
    assert len(ran) == 2


def test_immutable() -> None:
    x = delayed([1])
    with pytest.raises(TypeError):
        x.a = 1
    with pytest.raises(TypeError):
        x[0] = 1


def test_an_error_keeps_its_type_and_names_its_chain() -> None:
    def fails(x: int) -> None:
        raise KeyError("gone")

    bad = delayed(fails)(1, dask_key_name="load")
    last = delayed(inc)(delayed(inc)(bad, dask_key_name="middle"), dask_key_name="end")
    with pytest.raises(KeyError) as caught:
        last.compute()
    assert caught.value.__notes__ == ["in task 'load', needed by 'middle', for 'end'"]


def test_a_long_chain() -> None:
    x = delayed(0)
    for _ in range(20_000):
        x = delayed(inc)(x)
    assert x.compute() == 20_000


def test_tasks_run_at_the_same_time() -> None:
    barrier = threading.Barrier(2)
    with chunkwise.config.set(num_threads=2):
        waits = [delayed(barrier.wait)(10) for _ in range(2)]
        assert sorted(chunkwise.compute(*waits)) == [0, 1]


def test_an_array_arrives_as_a_numpy_array() -> None:
    x = da.arange(10, chunks=3)
    kind = delayed(type)(x)
    assert kind.compute() is np.ndarray
    assert delayed(np.sum)(x + 1).compute() == 55
    assert delayed(x).compute().tolist() == list(range(10))
    assert delayed(lambda d: d["k"][0].shape)({"k": [x]}).compute() == (10,)


def test_arrays_and_delayed_in_one_run() -> None:
    calls = []

    def seen(block: np.ndarray) -> np.ndarray:
        calls.append(len(block))
        return block + 1

    x = da.arange(8, chunks=4).map_blocks(seen, dtype=np.int64)
    total = delayed(np.sum)(x)
    result, again, elements = chunkwise.compute(total, [total * 2], x)
    assert (result, again) == (36, [72])
    assert elements.tolist() == list(range(1, 9))
    assert calls == [4, 4]


def test_from_delayed() -> None:
    data = np.arange(6.0).reshape(2, 3)
    ran = []

    @delayed
    def load() -> np.ndarray:
        ran.append(1)
        return data

    x = da.from_delayed(load(), (2, 3), dtype=float)
    assert x.shape == (2, 3)
    assert x.dtype == np.float64
    assert x.numblocks == (1, 1)
    assert ran == []
    np.testing.assert_array_equal((x * 2).sum(axis=0).compute(), (data * 2).sum(0))
    parts = [da.from_delayed(delayed(np.full)(3, n), (3,), meta=np.empty(0)) for n in range(3)]
    assert da.concatenate(parts).compute().tolist() == [0.0] * 3 + [1.0] * 3 + [2.0] * 3
    assert da.from_delayed(data, (2, 3), dtype=float).sum().compute() == 15
    wrong = da.from_delayed(load(), (3, 3), dtype=float)
    with pytest.raises(ValueError, match="shape"):
        wrong.compute()
    with pytest.raises(TypeError):
        da.from_delayed(load(), (2, 3))


def test_to_delayed() -> None:
    data = np.arange(24).reshape(4, 6)
    blocks = da.from_array(data, chunks=(2, 4)).to_delayed()
    assert blocks.shape == (2, 2)
    assert blocks[1, 1].compute().tolist() == data[2:, 4:].tolist()
    sums = chunkwise.compute(*[delayed(np.sum)(b) for b in blocks.ravel()])
    assert sum(sums) == data.sum()


def test_pictures(tmp_path) -> None:
    x = delayed(inc)(1)
    picture = delayed(add)(x, x).visualize(filename=tmp_path / "graph.svg")
    assert "inc" in picture.svg
    assert (tmp_path / "graph.svg").read_text().count("<rect") >= 1
    deep = delayed(0)
    for _ in range(300):
        deep = deep + 1
    assert len(deep.visualize().svg) < 100_000
    with pytest.raises(TypeError):
        chunkwise.visualize(x, da.ones(3))
    with pytest.raises(TypeError):
        chunkwise.explain(x)


def test_pickle() -> None:
    x = delayed(operator.add)(delayed(1), [delayed(2)][0])
    again = pickle.loads(pickle.dumps(x))
    assert again.key == x.key
    assert again.compute() == 3


def test_progress_is_told() -> None:
    from chunkwise.diagnostics import Profiler

    with Profiler() as profiler:
        chunkwise.compute(*[delayed(time.sleep)(0.001) for _ in range(5)])
    assert len(profiler.results) == 5


def test_two_arrays_of_one_task_run_it_once():
    runs = []

    def load(n):
        runs.append(n)
        return np.full(3, n)

    task = chunkwise.delayed(load)(7)
    a, b = (da.from_delayed(task, (3,), dtype=float) for _ in range(2))
    np.testing.assert_array_equal((a + b * 2).compute(), [21.0] * 3)
    assert runs == [7]
    chunkwise.compute(a.sum(), b)
    assert runs == [7] * 2
    # Other tasks, and other results of the same, are their own.
    other = da.from_delayed(chunkwise.delayed(load)(8), (3,), dtype=float)
    whole = da.from_delayed(task, (3,), dtype=int)
    got = chunkwise.compute(a, other, whole)
    assert [x.dtype.kind for x in got] == ["f", "f", "i"]
    assert [x[0] for x in got] == [7, 8, 7] and sorted(runs[2:]) == [7, 7, 8]


def test_declared_bytes_are_held_to_the_memory_limit():
    lock, held, most, ran = threading.Lock(), 0, 0, 0

    def make(n):
        nonlocal held, most, ran
        with lock:
            ran += 1
            held += 1
            most = max(most, held)
        time.sleep(0.005)
        return n

    def take(n, _before=None):
        nonlocal held
        with lock:
            held -= 1
        return n

    with chunkwise.config.set(num_threads=4):
        for limit, least, expected in (("16 MiB", 2, 4), ("2 MiB", 1, 2)):
            most = 0
            load = chunkwise.delayed(make, nbytes="1 MiB")
            parts = [chunkwise.delayed(take)(load(n)) for n in range(24)]
            with chunkwise.config.set(memory_limit=limit):
                assert chunkwise.compute(*parts) == tuple(range(24))
            assert least <= most <= expected
        # One thread would have two of them, and the room beside, at once.
        ran = 0
        load = chunkwise.delayed(make, nbytes=2**20, scratch=2**19)
        both = chunkwise.delayed(lambda a, b: a + b)(load(1), load(2))
        refused = r"2\.50 MiB at once, more than the memory limit of 2\.00 MiB.* 2\.50 MiB"
        with (
            chunkwise.config.set(memory_limit="2 MiB"),
            pytest.raises(chunkwise.MemoryLimitError, match=refused),
        ):
            both.compute()
        assert ran == 0
        with chunkwise.config.set(memory_limit="2.5 MiB"):
            assert both.compute() == 3


def test_declared_bytes_are_of_calls_only():
    declared = chunkwise.delayed(nbytes="1 TiB")(len)
    again = pickle.loads(pickle.dumps(declared))
    for function in (declared, again):
        with pytest.raises(chunkwise.MemoryLimitError):
            function("four").compute()
    assert declared.compute() is len
    with pytest.raises(TypeError, match="of a function's calls, got 'list'"):
        chunkwise.delayed([1, 2], nbytes=8)
    with pytest.raises(TypeError, match="nbytes must be a number of bytes"):
        chunkwise.delayed(len, nbytes=1.5)
    with pytest.raises(ValueError, match="scratch must be from 0"):
        chunkwise.delayed(len, scratch=-1)
    with pytest.raises(ValueError):
        chunkwise.delayed(len, nbytes="much")


def test_from_delayed_of_elements_at_any_address() -> None:
    def odd() -> np.ndarray:
        return np.frombuffer(bytes(1) + np.arange(3.0).tobytes(), "f8", 3, 1)

    assert not odd().flags.aligned
    assert da.from_delayed(chunkwise.delayed(odd)(), (3,), dtype="f8").sum().compute() == 3
