"""Objects of others as arrays, and arrays into objects of others."""

import pickle
import threading

import chunkwise
import chunkwise.array as da
import numpy as np
import pytest


def ones(shape, chunks="auto"):
    return da.from_array(np.ones(shape), chunks=chunks)


class Recorder:
    """An object with shape, dtype and slices, which remembers what it was asked for."""

    def __init__(self, values, chunks=None):
        self.values = values
        self.shape = values.shape
        self.dtype = values.dtype
        self.asked = []
        if chunks:
            self.chunks = chunks

    def __getitem__(self, index):
        assert isinstance(index, tuple)
        assert all(type(i) is slice and i.step is None for i in index)
        self.asked.append(index)
        return self.values[index]

    def elements(self):
        return sum(self.values[i].size for i in self.asked)


VALUES = np.arange(60 * 40, dtype="f4").reshape(60, 40)


@pytest.mark.parametrize("chunks", [7, (60, 1), -1, "auto", ((10, 50), (40,)), {0: 13}])
def test_any_object_with_slices(chunks):
    source = Recorder(VALUES)
    x = da.from_array(source, chunks=chunks)
    assert source.asked == []
    assert (x.shape, x.dtype) == (VALUES.shape, VALUES.dtype)
    np.testing.assert_array_equal(x.compute(), VALUES)


def test_only_what_is_needed_is_read():
    source = Recorder(VALUES)
    x = da.from_array(source, chunks=10)
    part = da.Array(chunkwise._chunkwise.basic_index(x._expr, (slice(5, 9), slice(0, 3))))
    np.testing.assert_array_equal(part.compute(), VALUES[5:9, 0:3])
    assert source.elements() == 12


def test_an_objects_own_chunks_are_kept_whole():
    source = Recorder(np.zeros((1000, 600), "u1"), chunks=(100, 50))
    x = da.from_array(source)
    assert x.chunks == ((1000,), (600,))
    big = Recorder(np.lib.stride_tricks.as_strided(np.zeros(1), (10**5, 10**4), (0, 0)), (300, 200))
    rows, columns = da.from_array(big).chunksize
    assert rows % 300 == columns % 200 == 0
    assert 2**25 <= rows * columns * 8 <= 2**27


def test_numpy_memory_is_shared():
    values = np.arange(6.0)
    x = da.from_array(values, chunks=2)
    values[0] = 99
    assert x.compute()[0] == 99
    for odd in (values[::-1], values[::2], values.reshape(2, 3).T, values.astype(">f8")):
        np.testing.assert_array_equal(da.from_array(odd).compute(), odd)
    unaligned = np.frombuffer(b"x" + values.tobytes(), "f8", offset=1)
    np.testing.assert_array_equal(da.from_array(unaligned).compute(), values)
    read_only = np.arange(3)
    read_only.flags.writeable = False
    np.testing.assert_array_equal(da.from_array(read_only).compute(), read_only)


def test_memory_maps_and_sequences(tmp_path):
    mapped = np.memmap(tmp_path / "raw", "i4", "w+", shape=(5, 3))
    mapped[:] = np.arange(15).reshape(5, 3)
    np.testing.assert_array_equal(da.from_array(mapped, chunks=2).compute(), mapped)
    assert da.from_array([[1, 2], [3, 4]]).compute().tolist() == [[1, 2], [3, 4]]
    assert da.from_array(5).compute() == 5
    assert da.from_array(memoryview(b"abc")).compute().tolist() == [97, 98, 99]


def test_arrays_of_others_by_their_protocol():
    dask = pytest.importorskip("dask.array")
    there = dask.arange(10, chunks=3) * 2
    np.testing.assert_array_equal(da.asarray(there).compute(), np.arange(10) * 2)

    class Table:
        def __array__(self, dtype=None, copy=None):
            return np.eye(3)

    np.testing.assert_array_equal(da.asarray(Table()).compute(), np.eye(3))
    np.testing.assert_array_equal(da.from_array(Table()).compute(), np.eye(3))


def test_h5py_and_zarr(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "x.h5", "w") as file:
        data = file.create_dataset("x", data=VALUES, chunks=(20, 20))
        np.testing.assert_array_equal(da.from_array(data, lock=True).compute(), VALUES)


class OneAtATime(Recorder):
    """Fails where two threads are in it at once."""

    busy = 0

    def __getitem__(self, index):
        self.busy += 1
        assert self.busy == 1, "two threads at once"
        threading.Event().wait(0.002)
        self.busy -= 1
        return super().__getitem__(index)


def test_a_lock_is_held():
    with chunkwise.config.set(num_threads=4):
        x = da.from_array(OneAtATime(VALUES), chunks=10, lock=True)
        np.testing.assert_array_equal(x.map_blocks(np.copy, dtype="f4").compute(), VALUES)
        lock = threading.Lock()
        pair = [da.from_array(OneAtATime(VALUES), chunks=10, lock=lock) for _ in range(2)]
        assert (pair[0] - pair[1]).compute().sum() == 0
    with pytest.raises(TypeError, match="lock must be"):
        da.from_array(Recorder(VALUES), lock=3)


def test_getitem_and_meta():
    class Opaque:
        shape = (4,)

    read = lambda source, index: np.arange(4.0)[index]  # noqa: E731
    x = da.from_array(Opaque(), getitem=read, meta=np.empty(0, "f8"), chunks=2)
    np.testing.assert_array_equal(x.compute(), np.arange(4.0))
    with pytest.raises(TypeError, match="no dtype"):
        da.from_array(Opaque(), getitem=read)


@pytest.mark.parametrize(
    ("wrong", "kind", "text"),
    [
        (lambda part: part[:1], ValueError, "gave an array of shape"),
        (lambda part: part.astype("f8"), TypeError, "gave elements of dtype float64"),
        (lambda part: np.ma.masked_greater(part, 3), TypeError, "masked elements"),
        (lambda part: 1 / 0, ZeroDivisionError, "division"),
    ],
)
def test_wrong_reads_are_errors(wrong, kind, text):
    class Wrong(Recorder):
        def __getitem__(self, index):
            return wrong(super().__getitem__(index))

    x = da.from_array(Wrong(VALUES), chunks=20)
    with pytest.raises(kind, match=text):
        x.compute()


def test_what_cannot_be_an_array():
    with pytest.raises(ValueError, match="rechunk"):
        da.from_array(ones(3))
    for values in (np.array(["a"]), np.array([None]), np.zeros(3, "M8[s]"), np.zeros(2, "i4,i4")):
        with pytest.raises(TypeError, match="not supported"):
            da.from_array(values)
        with pytest.raises(TypeError, match="not supported"):
            da.from_array(Recorder(values))
    with pytest.raises(TypeError, match="masked"):
        da.from_array(np.ma.masked_equal([1, 2], 2))


# store


@pytest.mark.parametrize("chunks", [7, (60, 1), -1])
def test_store(chunks):
    x = da.from_array(VALUES, chunks=chunks) + 1
    target = np.zeros(VALUES.shape)
    assert x.store(target) is None
    np.testing.assert_array_equal(target, VALUES + 1)


def test_store_in_regions_and_several():
    x = da.from_array(VALUES, chunks=9)
    wide = np.full((3, 70, 90), -1.0)
    region = (1, slice(5, 65), slice(3, 83, 2))
    da.store(x, wide, regions=region)
    expected = np.full((3, 70, 90), -1.0)
    expected[region] = VALUES
    np.testing.assert_array_equal(wide, expected)
    targets = [np.zeros(VALUES.shape), np.zeros(40)]
    da.store([x, ones(40, chunks=7)], targets, lock=False)
    np.testing.assert_array_equal(targets[0], VALUES)
    assert targets[1].sum() == 40
    with pytest.raises(ValueError, match="does not fit"):
        da.store(x, np.zeros((60, 41)))
    with pytest.raises(ValueError, match="2 sources and 1 targets"):
        da.store([x, x], [np.zeros(VALUES.shape)])
    with pytest.raises(NotImplementedError):
        da.store(x, np.zeros(VALUES.shape), regions=(slice(None, None, -1), slice(None)))


def test_store_later_and_what_was_stored():
    x = da.from_array(VALUES, chunks=9)
    target = np.zeros(VALUES.shape)
    later = da.store(x, target, compute=False)
    assert target.sum() == 0
    later.compute()
    np.testing.assert_array_equal(target, VALUES)
    stored = da.store(x, target, return_stored=True)
    assert stored.chunks == x.chunks
    np.testing.assert_array_equal(stored.compute(), VALUES)


def test_a_failing_target():
    class Full:
        shape = VALUES.shape

        def __setitem__(self, index, value):
            raise OSError(28, "no space left")

    with pytest.raises(OSError, match="no space left"):
        da.from_array(VALUES, chunks=10).store(Full())


# .npy


def test_npy_files_and_stacks(tmp_path):
    x = da.from_array(VALUES, chunks=(13, 40))
    x.to_npy(tmp_path / "x.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "x.npy"), VALUES)
    for axis in (0, -1):
        folder = tmp_path / f"stack{axis}"
        da.to_npy_stack(folder, x, axis=axis)
        back = da.from_npy_stack(folder)
        np.testing.assert_array_equal(back.compute(), VALUES)
    with pytest.raises(np.exceptions.AxisError):
        da.to_npy_stack(tmp_path / "no", x, axis=2)
    dask = pytest.importorskip("dask.array")
    there = dask.from_npy_stack(str(tmp_path / "stack0"))
    np.testing.assert_array_equal(there.compute(), VALUES)
    dask.to_npy_stack(str(tmp_path / "theirs"), there)
    np.testing.assert_array_equal(da.from_npy_stack(tmp_path / "theirs").compute(), VALUES)


def test_the_description_of_a_stack_cannot_run_code(tmp_path):
    import os

    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "evil"),)

    (tmp_path / "info").write_bytes(pickle.dumps({"chunks": Evil(), "axis": 0}))
    with pytest.raises(pickle.UnpicklingError, match="unexpected"):
        da.from_npy_stack(tmp_path)
    assert not (tmp_path / "evil").exists()
