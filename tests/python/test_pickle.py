"""Arrays survive being pickled."""

import copy
import functools
import pickle
import subprocess
import sys
import textwrap

import chunkwise
import chunkwise.array as da
import numpy as np
import pytest

RNG = np.random.default_rng(5)
VALUES = RNG.normal(size=(12, 10))


@pytest.fixture
def x():
    return da.from_array(VALUES, chunks=(5, 4))


def again(array, protocol=pickle.HIGHEST_PROTOCOL):
    data = pickle.dumps(array, protocol=protocol)
    return pickle.loads(data)


def double(part):
    return part * 2


def scaled(part, factor, *, shift):
    return part * factor + shift


def both(part):
    return part.min(-1), part.argmax(-1)


class Table:
    """A foreign object."""

    shape, dtype, chunks = VALUES.shape, VALUES.dtype, (4, 5)

    def __getitem__(self, index):
        return VALUES[index]


MADE = {
    "memory": lambda x: x,
    "constant": lambda x: da.full((12, 10), 2.5, chunks=5),
    "index": lambda x: da.arange(30, chunks=7),
    "random": lambda x: da.random.default_rng(3).normal(size=(20, 20), chunks=6),
    "map": lambda x: np.exp(x) + x * 2 - (x > 0),
    "cast": lambda x: x.astype("f4"),
    "view": lambda x: x[::-2, None, 3].T,
    "reduce": lambda x: x.std(axis=0, ddof=1),
    "scan": lambda x: da.cumsum(x, axis=1),
    "reshape": lambda x: x.reshape(5, 24),
    "concat": lambda x: da.concatenate([x, x.astype("f4")], axis=1),
    "take": lambda x: x[[3, 1, 1, -2]],
    "compress": lambda x: x[x[:, 0] > 0],
    "contract": lambda x: x @ x.T,
    "rechunk": lambda x: x.rechunk((7, 3)),
    "map_blocks": lambda x: x.map_blocks(double),
    "arguments": lambda x: x.map_blocks(scaled, 3, shift=np.arange(4)[:1], dtype="f8"),
    "block_info": lambda x: x.map_blocks(functools.partial(scaled, factor=1), shift=2.0),
    "map_overlap": lambda x: da.map_overlap(double, x, depth=1, boundary="reflect"),
    "gufunc": lambda x: da.apply_gufunc(
        both, "(i)->(),()", x, output_dtypes=("f8", "i8"), allow_rechunk=True
    )[1],
    "along": lambda x: da.apply_along_axis(np.sort, 0, x),
    "reduction": lambda x: da.reduction(x, np.sum, np.sum, dtype="f8"),
    "fromfunction": lambda x: da.fromfunction(np.add, shape=(5, 4), chunks=2),
    "getter": lambda x: da.from_array(Table(), lock=True),
}


@pytest.mark.parametrize("kind", MADE)
@pytest.mark.parametrize("protocol", [2, 5])
def test_every_kind(x, kind, protocol):
    array = MADE[kind](x)
    back = again(array, protocol)
    assert type(back) is da.Array
    assert (back.dtype, back.chunks) == (array.dtype, array.chunks)
    assert back._expr.location == array._expr.location
    expected = np.asarray(array.compute())
    got = np.asarray(back.compute())
    assert got.dtype == expected.dtype
    assert got.tobytes() == expected.tobytes()
    # And once more from what came back.
    assert np.asarray(again(back).compute()).tobytes() == expected.tobytes()


def test_memory_travels_out_of_band(x):
    values = RNG.normal(size=(300, 400))
    array = da.from_array(values, chunks=100) + 1
    buffers = []
    data = pickle.dumps(array, protocol=5, buffer_callback=buffers.append)
    assert len(data) < 2000
    assert [b.raw().nbytes for b in buffers] == [values.nbytes]
    moved = [bytearray(b.raw()) for b in buffers]
    np.testing.assert_array_equal(pickle.loads(data, buffers=moved).compute(), values + 1)
    odd = bytearray(values.nbytes + 1)
    odd[1:] = buffers[0].raw()
    back = pickle.loads(data, buffers=[memoryview(odd)[1:]])
    np.testing.assert_array_equal(back.compute(), values + 1)


def test_only_what_is_seen_of_memory_is_pickled():
    values = np.zeros((1000, 1000))
    assert len(pickle.dumps(da.from_array(values[:3, :4]))) < 2000


def test_what_arrays_share_is_pickled_once(x):
    calls = []

    class Counted:
        shape, dtype = (4,), np.dtype("f8")

        def __getitem__(self, index):
            calls.append(index)
            return np.arange(4.0)[index]

    base = da.from_array(VALUES.repeat(100, 0), chunks=50)
    one = len(pickle.dumps(base))
    assert len(pickle.dumps([base + 1, base * 2, base])) < one + 2000
    a, b = again([base + 1, base * 2])
    assert a._expr.key != b._expr.key
    first, second = chunkwise.compute(a, b)
    np.testing.assert_array_equal((first - 1) * 2, second)


def test_files_by_their_path(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, VALUES)
    array = da.from_npy(path) + 1
    data = pickle.dumps(array)
    assert len(data) < 1000 and b"x.npy" in data
    np.testing.assert_array_equal(pickle.loads(data).compute(), VALUES + 1)
    path.unlink()
    with pytest.raises(FileNotFoundError):
        pickle.loads(data)


def test_functions_that_have_no_name(x):
    pytest.importorskip("cloudpickle")
    factor = 7
    array = x.map_blocks(lambda part: part * factor)
    np.testing.assert_array_equal(again(array).compute(), VALUES * 7)


def test_what_cannot_be_pickled_says_so(x):
    import threading

    class Handle:
        shape, dtype = (3,), np.dtype("f8")

        def __init__(self):
            self.lock = threading.Lock()

        def __getitem__(self, index):
            return np.zeros(3)[index]

    with pytest.raises((TypeError, AttributeError, pickle.PicklingError)):
        pickle.dumps(da.from_array(Handle()))


def test_copies(x):
    y = x + 1
    for made in (copy.copy(y), copy.deepcopy(y), copy.deepcopy([y])[0], y.copy()):
        assert made is not y
        np.testing.assert_array_equal(made.compute(), VALUES + 1)


def test_a_lock_is_the_same_one_again():
    from chunkwise.array._foreign import Lock

    lock = Lock()
    assert again(lock) is lock


def test_a_deep_expression(x):
    y = x
    for _ in range(5000):
        y = y + 1
    np.testing.assert_allclose(again(y).compute(), VALUES + 5000)


@pytest.mark.parametrize("change", ["cut", "flip", "version", "text"])
def test_other_bytes_are_errors(x, change):
    native = chunkwise._chunkwise
    data, sources, functions = native.encode([(x + 1)._expr])
    wrong = {
        "cut": data[:-3],
        "flip": data[:5] + b"\xff\xff\xff" + data[8:],
        "version": b"cw\x63" + data[3:],
        "text": b"something else",
    }[change]
    with pytest.raises(ValueError):
        native.decode(wrong, sources, functions)
    with pytest.raises(ValueError, match="source 0 is missing"):
        native.decode(data, [], functions)


def test_another_process(x, tmp_path):
    """A pickle is whole: another interpreter computes the same bits."""
    array = (np.sin(x) @ x.T).std(axis=0)
    path = tmp_path / "array.pickle"
    path.write_bytes(pickle.dumps(array))
    program = textwrap.dedent(f"""
        import pickle, sys
        array = pickle.load(open({str(path)!r}, "rb"))
        sys.stdout.write(array.compute().tobytes().hex())
    """)
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120
    )
    assert run.stdout == array.compute().tobytes().hex()
