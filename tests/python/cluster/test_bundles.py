"""What travels: bundles, fragments and programs as bytes, right and wrong."""

from __future__ import annotations

import gc
import pickle

import chunkwise
import chunkwise.array as da
import numpy as np
import pytest
from chunkwise.distributed import (
    _bundle,  # noqa: F401 - which registers how bundles are pickled
    _graph,
    _versions,
)
from chunkwise.distributed._program import Program
from chunkwise.distributed._run import Capacity, Run
from chunkwise.distributed._worker import _travels, ordinary, room
from dask.sizeof import sizeof
from distributed.protocol import deserialize, serialize

native = chunkwise._chunkwise
SESSION = native.Session(1, 1 << 30, None)


def plan_of(*arrays: da.Array, slots: int = 4, memory: int = 1 << 30):
    plan = native.ClusterPlan([a._expr for a in arrays], memory, [None] * len(arrays))
    return plan, plan.cut(slots, memory)


def run_all(plan, cut) -> list:
    """Every fragment, one after another."""
    bundles: list = []
    for fragment in cut.fragments:
        given = [bundles[n] for n in fragment.reads]
        made, moved = plan.run(SESSION, fragment.spec, given, 1 << 30, native.CancelToken())
        assert set(moved) >= {"read", "written", "spilled"}
        bundles.append(made)
    return bundles


def array_of(plan, cut, bundles: list, n: int = 0) -> np.ndarray:
    return np.asarray(cut.collect(n, [bundles[r] for r in cut.results[n]]))


X = da.random.default_rng(5).normal(size=(64, 33), chunks=(10, 33))


@pytest.mark.parametrize("dtype", ["?", "i1", "u2", "i4", "i8", "f4", "f8", "c8", "c16"])
@pytest.mark.parametrize("shape", [(), (0,), (1,), (7, 3), (3, 0, 2), (5, 1, 4)])
def test_a_bundle_goes_through_every_carrier(dtype: str, shape: tuple) -> None:
    values = (np.arange(int(np.prod(shape))) % 2).astype(dtype).reshape(shape)
    plan, cut = plan_of(da.from_array(values, chunks=3 if shape else ()) * True)
    bundles = run_all(plan, cut)
    for protocol in (2, 4, 5):
        again = [pickle.loads(pickle.dumps(b, protocol=protocol)) for b in bundles]
        assert np.array_equal(array_of(plan, cut, again), values)
    carried = []
    for bundle in bundles:
        header, frames = serialize(bundle)
        assert header["serializer"] == "dask"
        carried.append(deserialize(header, frames))
        assert sizeof(bundle) == bundle.nbytes == sum(memoryview(f).nbytes for f in frames[1:])
    assert np.array_equal(array_of(plan, cut, carried), values)


@pytest.mark.parametrize("offset", range(64))
def test_buffers_at_any_address(offset: int) -> None:
    plan, cut = plan_of(X + 1)
    expected = (X + 1).compute()
    moved = []
    for bundle in run_all(plan, cut):
        header, parts = bundle.parts()
        buffers = []
        for part in parts:
            data = np.asarray(part)
            memory = np.zeros(data.nbytes + 128, np.uint8)
            start = (-memory.ctypes.data) % 64 + offset
            memory[start : start + data.nbytes] = data
            buffers.append(memory[start : start + data.nbytes].data)
        moved.append(native.Bundle.build(header, buffers))
    assert array_of(plan, cut, moved).tobytes() == expected.tobytes()


def test_what_is_aligned_is_not_copied() -> None:
    plan, cut = plan_of(X + 1)
    (bundle, *_) = run_all(plan, cut)
    header, parts = bundle.parts()
    memory = [np.asarray(part).copy() for part in parts]
    built = native.Bundle.build(header, [m.data for m in memory])
    shown = [np.asarray(part) for part in built.parts()[1]]
    assert [a.ctypes.data for a in shown] == [m.ctypes.data for m in memory]
    del memory, built
    gc.collect()
    assert shown[0].nbytes


def test_the_first_frame_is_one_that_nobody_reads() -> None:
    plan, cut = plan_of(X + 1)
    (bundle, *_) = run_all(plan, cut)
    _, frames = serialize(bundle)
    # `bytes` would be passed over by `distributed`, and elements would lie behind the header.
    assert memoryview(frames[0]).nbytes == 1 and not isinstance(frames[0], bytes)


def broken(spec: bytes) -> list[bytes]:
    flips = [
        spec[:n] + bytes([spec[n] ^ (1 << bit)]) + spec[n + 1 :]
        for n in range(len(spec))
        for bit in (0, 3, 7)
    ]
    cuts = [spec[:n] for n in range(len(spec))]
    more = [b"", b"\0" * 8, spec + b"\0", spec + spec, b"cwf\x7f" + spec[4:], bytes(range(256)) * 9]
    return flips + cuts + more


def test_broken_fragments_are_errors() -> None:
    plan, cut = plan_of(X.mean(axis=0))
    fragment = cut.fragments[0]
    token = native.CancelToken()
    for spec in broken(fragment.spec):
        with pytest.raises((ValueError, RuntimeError)):
            plan.run(SESSION, spec, [], 1 << 30, token)
    # One of a later format: both are named.
    with pytest.raises(ValueError, match="format 127 of fragments, where this worker knows format"):
        plan.run(SESSION, b"cwf\x7f" + fragment.spec[4:], [], 1 << 30, token)
    # And the right one still runs.
    plan.run(SESSION, fragment.spec, [], 1 << 30, token)


def test_fragments_of_another_plan_are_errors() -> None:
    plan, cut = plan_of(X.mean(axis=0))
    other, _ = plan_of(X.sum(axis=1))
    assert plan.fingerprint != other.fingerprint
    with pytest.raises(ValueError):
        other.run(SESSION, cut.fragments[0].spec, [], 1 << 30, native.CancelToken())


def test_broken_bundles_are_errors() -> None:
    plan, cut = plan_of(X + 1)
    (bundle, *_) = run_all(plan, cut)
    header, parts = bundle.parts()
    data = [np.asarray(part).tobytes() for part in parts]
    with pytest.raises(ValueError):
        native.Bundle.build(header, [])
    with pytest.raises((ValueError, RuntimeError)):
        native.Bundle.build(header, [d[:-8] for d in data])
    for wrong in broken(header)[::7]:
        try:
            native.Bundle.build(wrong, data)
        except (ValueError, RuntimeError, TypeError, MemoryError):
            continue


def program_of(x: da.Array, capacity: Capacity | None = None) -> tuple[Program, Run]:
    run = Run([x._expr], [None], [], capacity or Capacity(4, 1 << 28))
    return run.program, run


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_a_program_makes_the_same_plan_elsewhere(protocol: int) -> None:
    y = (X + da.from_array(np.arange(33.0))).std(axis=0)
    program, run = program_of(y)
    there = pickle.loads(pickle.dumps(program, protocol=protocol))
    assert there.plan().fingerprint == run.plan.fingerprint
    assert there.plan() is there.plan()
    assert there.token() == program.token()
    buffers: list = []
    out = pickle.loads(
        pickle.dumps(program, protocol=5, buffer_callback=buffers.append), buffers=buffers
    )
    assert len(buffers) == 1 and out.cut().explain() == run.cut.explain()


def test_equal_work_has_equal_keys() -> None:
    def made(seed: int, capacity: Capacity | None = None) -> list:
        x = da.random.default_rng(seed).normal(size=(50, 4), chunks=5)
        return program_of((x * 2).sum(axis=0), capacity)[1].keys

    assert made(1) == made(1)
    assert made(1) != made(2)
    assert made(1) != made(1, Capacity(3, 1 << 28))


def test_another_build_is_refused_by_the_worker() -> None:
    program, _ = program_of(X + 1)
    version, platform, digest = program.build
    for build in [("0.0.0", platform, digest), (version, platform, "0" * 12)]:
        other = Program(program.payload, program.limits, program.fingerprint, build, {})
        with pytest.raises(_versions.VersionMismatchError) as caught:
            other.plan()
        assert build[2] in str(caught.value) and digest in str(caught.value)
    elsewhere = Program(
        program.payload, program.limits, program.fingerprint, (version, "else", "0"), {}
    )
    assert elsewhere.plan().fingerprint == program.fingerprint


def test_another_plan_is_refused_by_the_worker() -> None:
    program, _ = program_of(X + 1)
    other = Program(program.payload, program.limits, program.fingerprint ^ 1, program.build, {})
    with pytest.raises(RuntimeError, match="plan made here"):
        other.plan()


def test_a_graph_is_small_on_the_wire_and_whole_behind_it() -> None:
    x = da.random.default_rng(1).normal(size=(2000, 1000), chunks=100)
    _, run = program_of(x.rechunk((2000, 10)) + x.mean(axis=0), Capacity(8, 1 << 20))
    layer = run.fragments()
    assert len(run.keys) > 20
    there = pickle.loads(pickle.dumps(layer))
    assert not there.is_materialized()
    graph = dict(_graph.graph(there, {}))
    assert len(graph) == len(layer) == len(run.keys) + 1
    for key, fragment in zip(run.keys, run.parts, strict=True):
        needs = set(graph[key].dependencies) - {there.program_key}
        assert needs == {run.keys[r] for r in fragment.reads}
        assert there.retries_of(key) == (3 if fragment.is_source or fragment.is_sink else 0)
    assert there.retries_of(there.program_key) == 0


def test_room() -> None:
    assert room(1000, 2) == 150
    assert room(None, 1) > 1 << 20 and room(0, 1) == room(None, 1)
    assert room(1, 8) == 1


def deep(n: int) -> None:
    if n == 0:
        raise ValueError("deep")
    deep(n - 1)


class Held(Exception):
    """It has something that cannot travel."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.lock = (x for x in ())


def test_every_error_can_be_sent() -> None:
    with pytest.raises(ValueError, match="deep") as caught:
        deep(700)
    sent = ordinary("it", caught.value)
    assert sent is caught.value and _travels(sent)
    unsent = ordinary("it", Held("held"))
    assert type(unsent) is RuntimeError and str(unsent) == "it: Held: held"
    try:
        try:
            raise Held("inner")
        except Held:
            raise KeyError("outer") from None
    except KeyError as error:
        outer = ordinary("it", error)
    assert type(outer) is KeyError and _travels(outer)
    assert str(ordinary("it", SystemExit(3))) == "it: SystemExit: 3"
